//! What a dashboard makes of what its sources told the one before: a told limit outlives it, anything else is tried.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, dead_code, reason = "tests")]

#[path = "support/polled.rs"]
mod polled;

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;
use std::time::Duration;

use jiff::SignedDuration;
use landfall::domain::{AuthKind, AuthStage, Failure, Health, SourceId, SourceKind, Urgency};

use polled::{Bench, MINUTE, STEADY, bench, image, limited, list, seconds, start, tag, wish};

/// A dashboard whose sources told the one before, so many seconds ago, and that wants ten lists at once.
fn begun(ago: i64, source: &str, earlier: Failure) -> Bench {
    let bench = bench(STEADY, |_| Ok(()));
    let kind = if source == "github" { SourceKind::Ci } else { SourceKind::Registry };
    let earlier = Some((start() - SignedDuration::from_secs(ago), earlier));
    let health = BTreeMap::from([(SourceId::parse(source).unwrap(), Health { earlier, ..Health::new(kind) })]);
    bench.poller.begin_with(&health);
    bench.poller.warm(image("acme/shop"));
    bench.poller.want((0..10).map(|number| wish(list(number), Urgency::Newest)).collect());
    bench
}

fn first(bench: &Bench) -> Option<Duration> {
    bench.source.log.lock().unwrap().first().map(|(at, _)| *at)
}

#[tokio::test(start_paused = true)]
async fn nothing_is_asked_before_a_limit_is_over_that_was_told_before_the_start() {
    let until = MINUTE * 18;
    let mut bench = begun(30, "github", limited(Some(until)));
    bench.keep((0..10).map(list), MINUTE);
    bench.pass(MINUTE * 17).await;
    assert_eq!(bench.asked(Duration::ZERO, until), 0);
    let pace = bench.pace("github");
    assert!(matches!(&pace.closed, Some((_, Failure::RateLimited { .. }))), "{pace:?}");
    let told = bench.failures(&list(1));
    assert!(matches!(&told[..], [Failure::RateLimited { .. }]), "what waits is told why, once: {told:?}");
    bench.source.most.store(0, Ordering::SeqCst);
    *bench.source.latency.lock().unwrap() = seconds(1);
    bench.pass(MINUTE + Duration::from_millis(900)).await;
    assert!(first(&bench).unwrap() >= until);
    assert_eq!(bench.source.most.load(Ordering::SeqCst), 1, "one look finds out");
    bench.pass(MINUTE * 2).await;
    assert!((0..10).all(|number| !bench.times(&list(number)).is_empty()));
}

#[tokio::test(start_paused = true)]
async fn what_the_user_asks_under_such_a_limit_finds_out_whether_it_is_that_of_todays_credential() {
    let mut bench = begun(30, "github", limited(Some(MINUTE * 18)));
    bench.keep((0..10).map(list), MINUTE);
    bench.pass(seconds(5)).await;
    assert_eq!(bench.asked(Duration::ZERO, MINUTE), 0);
    bench.ask([list(1)]);
    bench.pass(seconds(5)).await;
    assert!((0..10).all(|number| !bench.times(&list(number)).is_empty()), "it answers, so the limit was another's");
}

#[tokio::test(start_paused = true)]
async fn a_limit_without_an_end_shuts_for_what_is_left_of_a_minute() {
    let mut bench = begun(20, "github", limited(None));
    bench.keep((0..10).map(list), MINUTE);
    bench.pass(MINUTE * 3).await;
    assert!(first(&bench).unwrap() >= seconds(40), "{:?}", first(&bench));
    assert!(first(&bench).unwrap() < seconds(50), "{:?}", first(&bench));
}

#[tokio::test(start_paused = true)]
async fn no_limit_silences_for_more_than_an_hour() {
    let mut bench = begun(20, "github", limited(Some(MINUTE * 60 * 24 * 365)));
    bench.keep((0..10).map(list), MINUTE);
    bench.pass(MINUTE * 62).await;
    assert!(first(&bench).unwrap() >= MINUTE * 60, "{:?}", first(&bench));
}

#[tokio::test(start_paused = true)]
async fn what_is_over_or_was_told_by_a_clock_that_was_ahead_shuts_nothing() {
    for (ago, until) in [(3600, Some(Duration::ZERO)), (90, None), (-3600, Some(MINUTE * 90))] {
        let mut bench = begun(ago, "github", limited(until));
        bench.pass(seconds(2)).await;
        assert!(first(&bench).unwrap() < seconds(2), "{ago} {until:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_refused_credential_and_an_outage_are_tried_at_once() {
    let refused = Failure::Auth { stage: AuthStage::Api, kind: AuthKind::InvalidToken, says: "".into() };
    for earlier in [refused, polled::down()] {
        let mut bench = begun(5, "github", earlier);
        bench.pass(seconds(2)).await;
        assert!(first(&bench).unwrap() < seconds(2));
    }
}

#[tokio::test(start_paused = true)]
async fn a_registry_under_a_limit_is_not_asked_for_a_login_either_and_others_are_asked() {
    let mut bench = begun(5, "registry.test", limited(Some(MINUTE * 5)));
    bench.poller.want(vec![wish(tag("acme/shop", 1), Urgency::Newest)]);
    bench.pass(MINUTE).await;
    assert_eq!(bench.source.warmed.load(Ordering::SeqCst), 0);
    assert!(bench.times(&tag("acme/shop", 1)).is_empty());
    assert!(!bench.times(&list(1)).is_empty());
}
