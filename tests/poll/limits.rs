//! Limits, where somebody waits for the answer.

use jiff::SignedDuration;
use landfall::domain::Failure;
use landfall::poll::{Clock as _, Rhythm};
use rstest::rstest;

use super::{PATIENT, bench, broken, start};

#[tokio::test(start_paused = true)]
async fn a_short_rate_limit_is_waited_for() {
    let until = start() + SignedDuration::from_secs(5);
    let limited = move || Failure::RateLimited { until: Some(until), says: "slow down".into() };
    let mut bench = bench(PATIENT, move |_, before| if before == 0 { Err(limited()) } else { Ok(()) });
    bench.want([1]);
    assert_eq!(bench.settle().await.get(&1), Some(&Ok(())));
    assert!(bench.clock.now() >= until);
}

#[rstest]
#[case::at_once(0)]
#[case::in_the_past(-86_400)]
#[tokio::test(start_paused = true)]
async fn a_limit_that_is_over_at_once_is_waited_for_all_the_same(#[case] seconds: i64) {
    let until = start() + SignedDuration::from_secs(seconds);
    let limited = move || Failure::RateLimited { until: Some(until), says: "slow down".into() };
    let mut bench = bench(Rhythm { patience: SignedDuration::from_hours(1), ..PATIENT }, move |_, _| Err(limited()));
    bench.want([1]);
    bench.settle().await;
    let (asked, took) = (bench.asked().len(), bench.clock.now().duration_since(start()));
    assert_eq!(asked, usize::try_from(PATIENT.attempts).unwrap());
    // Each pause is at least twice the one before.
    assert!(took >= PATIENT.backoff * ((1 << (PATIENT.attempts - 1)) - 1), "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn a_long_rate_limit_ends_all_that_waits_with_its_reason() {
    let until = start() + SignedDuration::from_mins(40);
    let limited = move || Failure::RateLimited { until: Some(until), says: "slow down".into() };
    let mut bench = bench(PATIENT, move |_, _| Err(limited()));
    bench.want(1..=50);
    let seen = bench.settle().await;
    assert_eq!(seen.len(), 50);
    assert!(bench.asked().len() <= 4, "{:?}", bench.asked());
    assert!(bench.clock.now() < until);
}

#[tokio::test(start_paused = true)]
async fn what_fails_after_its_source_was_closed_for_long_is_not_waited_for() {
    let until = start() + SignedDuration::from_mins(40);
    let limited = move || Failure::RateLimited { until: Some(until), says: "slow down".into() };
    let mut bench = bench(PATIENT, move |id, _| Err(if id == 1 { limited() } else { broken() }));
    bench.want([1, 2]);
    assert_eq!(bench.settle().await.get(&2), Some(&Err(broken())));
    assert!(bench.clock.now() < until);
}
