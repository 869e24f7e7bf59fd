//! Lists that come empty, by the word of whoever answered, though they are not.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use landfall::demo::Kind;

use crate::fault::{Body, Fault, Host, Made, kind};
use crate::proxy::{Weather, calm};
use crate::shown::{Dashboard, HEALS, RUNS};
use crate::street::{Street, Town};

/// Until each list was read again, and was believed to be as it is.
const SPELL: Duration = Duration::from_mins(1);

/// Returns the weather in which every list of runs and of jobs comes empty once.
fn empty_once() -> Weather {
    let came: Mutex<BTreeSet<String>> = Mutex::default();
    Arc::new(move |host, request| {
        let path = request.target.split('?').next().unwrap_or_default();
        let is_first = matches!(kind(host, request), Kind::Runs | Kind::Jobs)
            && came.lock().unwrap().insert(format!("{host:?} {path}"));
        let body = if host == Host::GitLab { "[]" } else { r#"{"total_count":0,"workflow_runs":[],"jobs":[]}"# };
        is_first.then_some(Fault::Instead(Made { status: 200, headers: &[], body: Body::Json(body) }))
    })
}

#[tokio::test]
async fn no_row_goes_where_a_list_comes_empty_once() {
    let town = Town::start().await;
    let mut street = Street::to(&town, false).await;
    street.config.policy.runs = RUNS;
    let mut dashboard = Dashboard::open(&town, &street).await;
    dashboard.settle(HEALS).await;
    dashboard.change(empty_once());
    dashboard.look_now();
    dashboard.go_on(SPELL, |_, _| false).await;
    dashboard.change(calm());
    dashboard.settle(HEALS).await;
    assert!(dashboard.wrong.is_empty(), "{:#?}", dashboard.wrong);
    assert!(street.tally().faults() >= 7, "{}", street.tally().faults());
}
