//! A dashboard lives through one fault after the other: nothing wrong is shown meanwhile, and all is right after it.

use std::time::Duration;

use rstest::rstest;

use crate::fault::{Fault, Host, Made};
use crate::once::weather;
use crate::shown::{Dashboard, HEALS, RUNS};
use crate::street::{SERVICES, Street, Town};
use crate::table::{Case, FAULTS, OF_TLS};

/// How long the weather is bad: a few of the intervals at which is looked again.
const SPELL: Duration = Duration::from_secs(30);

/// Lets the weather be bad for a spell, and looks whether everything is right again after it.
async fn through(dashboard: &mut Dashboard<'_>, case: &Case, hosts: &'static [Host]) -> Vec<String> {
    let met = dashboard.street.tally().faults();
    dashboard.change(weather(case.which, hosts, case.fault));
    dashboard.look_now();
    dashboard.go_on(SPELL, |_, _| false).await;
    let met = dashboard.street.tally().faults() - met;
    dashboard.heal(case.rest).await;
    let mut wrong: Vec<String> = std::mem::take(&mut dashboard.wrong).into_iter().collect();
    wrong.extend(dashboard.street.leaked());
    wrong.extend(dashboard.street.tally().early());
    if met == 0 {
        wrong.push("no request met the fault".to_owned());
    }
    wrong.into_iter().map(|wrong| format!("{}: {wrong}", case.name)).collect()
}

/// One dashboard lives through one fault after the other.
async fn live_through(
    cases: impl Iterator<Item = &'static Case>,
    hosts: &'static [Host],
    tls: bool,
    services: &[&str],
) {
    let town = Town::start().await;
    let mut street = Street::to(&town, tls).await;
    street.config = street.config.only(&services.iter().map(ToString::to_string).collect::<Vec<_>>()).unwrap();
    street.config.policy.runs = RUNS;
    let mut dashboard = Dashboard::open(&town, &street).await;
    dashboard.settle(HEALS).await;
    let mut wrong: Vec<String> = std::mem::take(&mut dashboard.wrong).into_iter().collect();
    for case in cases {
        wrong.extend(through(&mut dashboard, case, hosts).await);
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

/// What asks for a time is judged by the system's clock, which cannot be put forward: each has a dashboard of its own.
fn asks_to_be_left_alone(case: &Case) -> bool {
    matches!(case.fault, Fault::Instead(Made { status: 403 | 429, .. }))
}

#[rstest]
#[case::everybody(&Host::ALL)]
#[case::ci(&[Host::GitHub, Host::GitLab, Host::Logs])]
#[case::registry(&[Host::Registry, Host::Token])]
#[tokio::test]
async fn nothing_wrong_is_shown_through_a_fault_and_all_is_right_after_it(#[case] hosts: &'static [Host]) {
    let fits = |case: &&Case| hosts.iter().any(|host| case.which.can_fit(*host));
    let cases = FAULTS.iter().filter(|case| !asks_to_be_left_alone(case)).filter(fits);
    // Each fault comes over everybody, and over either the CI providers or the registry alone.
    let turn = |(number, _): &(usize, _)| hosts.len() == Host::ALL.len() || (number % 2 == 0) == (hosts.len() == 2);
    live_through(cases.enumerate().filter(turn).map(|(_, case)| case), hosts, false, &SERVICES).await;
}

#[tokio::test]
async fn nothing_wrong_is_shown_through_a_bad_certificate_and_all_is_right_after_it() {
    live_through(OF_TLS.iter(), &Host::ALL, true, &SERVICES).await;
}

/// On both CI providers, one of them healthy.
const A_FEW: [&str; 3] = ["checkout", "storefront", "gateway"];

#[test]
fn nothing_wrong_is_shown_while_servers_want_to_be_left_alone_and_all_is_right_after_it() {
    for case in FAULTS.iter().filter(|case| asks_to_be_left_alone(case)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(live_through(std::iter::once(case), &Host::ALL, false, &A_FEW));
    }
}
