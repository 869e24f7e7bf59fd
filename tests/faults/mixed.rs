//! Faults mixed at random, the same again for the same seed.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rstest::rstest;

use crate::claims::Truth;
use crate::fault::{Host, number};
use crate::once::{look, named};
use crate::proxy::Weather;
use crate::shown::{Dashboard, HEALS, RUNS};
use crate::street::{Street, Town};
use crate::table::{FAULTS, OF_TLS, Rest};

/// How many of a hundred requests meet a fault.
const SHARE: u64 = 30;
/// How many looks are had in such weather, and for how long a dashboard lives in it.
const LOOKS: u64 = 4;
const SPELL: Duration = Duration::from_mins(1);
/// Those that are always asked.
const MAIN: [Host; 3] = [Host::GitHub, Host::GitLab, Host::Registry];

/// Returns the seed, and says how to have the same weather again.
fn seed() -> u64 {
    let given = std::env::var("LANDFALL_FAULT_SEED").ok().map(|seed| seed.parse().expect("a number"));
    let seed = given.unwrap_or_else(|| fastrand::u64(..));
    eprintln!("the same weather again: LANDFALL_FAULT_SEED={seed}");
    seed
}

/// Picks a fault for some requests. Which, goes by the seed, by what is asked for and by how often it was before, so
/// that the order in which requests come does not matter.
fn changeable(seed: u64) -> Weather {
    let asked: Mutex<BTreeMap<(String, String), u64>> = Mutex::default();
    Arc::new(move |host, request| {
        // A path that names no port is the same in each run.
        let path = request.target.split('?').next().unwrap_or_default().to_owned();
        let key = (format!("{host:?}"), path);
        let times = {
            let mut asked = asked.lock().unwrap();
            let times = asked.entry(key.clone()).or_default();
            *times += 1;
            *times
        };
        let drawn = number(&format!("{seed} {key:?} {times}"));
        let is_connection = request.target.is_empty();
        let cases = if is_connection { OF_TLS } else { FAULTS };
        let case = &cases[usize::try_from(drawn / 100).unwrap_or_default() % cases.len()];
        // There are few connections: the first of one of the hosts is always a bad one.
        let is_first = is_connection && times == 1 && host == MAIN[usize::try_from(seed % 3).unwrap_or_default()];
        (is_first || drawn % 100 < SHARE && case.which.fits(host, request)).then_some(case.fault)
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_mix_of_faults_makes_a_look_say_what_is_not_so() {
    let seed = seed();
    let town = Town::start().await;
    for (tls, seed) in (0..LOOKS).map(|more| (more % 2 == 1, seed.wrapping_add(more))) {
        let street = Street::to(&town, tls).await;
        street.change(changeable(seed));
        let mut truth = Truth::of(&town.servers);
        let report = look(&town, &street, &street.config).await;
        truth.or(&town.servers);
        let mut wrong = truth.wrong(&report, |row| truth.allows(named(row).0, named(row).1, row.verdict));
        wrong.extend(street.leaked());
        assert!(wrong.is_empty(), "LANDFALL_FAULT_SEED={seed}\n{}", wrong.join("\n"));
        assert!(street.tally().faults() > 0);
        assert_eq!(street.tally().flawed() > 0, tls, "LANDFALL_FAULT_SEED={seed}");
    }
    assert_eq!(town.servers.leaks(), 0);
}

#[rstest]
#[case::plain(false)]
#[case::tls(true)]
#[tokio::test]
async fn no_mix_of_faults_makes_the_dashboard_show_what_is_not_so_and_all_is_right_after_it(#[case] tls: bool) {
    let seed = seed();
    let town = Town::start().await;
    let mut street = Street::to(&town, tls).await;
    street.config.policy.runs = RUNS;
    let mut dashboard = Dashboard::open(&town, &street).await;
    dashboard.settle(HEALS).await;
    dashboard.change(changeable(seed));
    dashboard.look_now();
    dashboard.go_on(SPELL, |_, _| false).await;
    dashboard.heal(Rest::QuarterHour).await;
    let wrong: Vec<_> = dashboard.wrong.iter().cloned().chain(street.leaked()).chain(street.tally().early()).collect();
    assert!(wrong.is_empty(), "LANDFALL_FAULT_SEED={seed}\n{}", wrong.join("\n"));
    assert!(street.tally().faults() > 0);
    assert_eq!(street.tally().flawed() > 0, tls, "LANDFALL_FAULT_SEED={seed}");
}
