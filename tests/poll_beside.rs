//! What is asked beside that which keeps the screen fresh: by who opens a row, and by scans of credentials.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, dead_code, reason = "tests")]

#[path = "support/polled.rs"]
mod polled;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use landfall::domain::{
    AuthKind, AuthStage, Batch, Budget, CredentialScan, Failure, Look, SourceId, Traffic, Urgency, Wanted,
};
use landfall::poll::{Clock as _, Doors, ExpiryWatch};
use landfall::source::{ExpirySource, Leave};
use tokio::sync::mpsc;

use polled::{Asked, Bench, MINUTE, STEADY, bench, limited, list, metered, seconds, start};

fn bad_token() -> Failure {
    Failure::Auth { stage: AuthStage::Api, kind: AuthKind::InvalidToken, says: "no".into() }
}

fn github() -> SourceId {
    SourceId::parse("github").unwrap()
}

impl Bench {
    /// Opens a row: what was looked at in the last ten seconds is fresh enough.
    fn open(&self, looks: impl IntoIterator<Item = Look>) {
        let not_before = Some(self.wall.now() - SignedDuration::from_secs(10));
        let wanted = looks.into_iter().map(|look| Wanted { look, urgency: Urgency::Opened, not_before });
        self.poller.want(wanted.collect());
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_opened_is_asked_at_once_unless_it_is_fresh() {
    let mut bench = bench(STEADY, |_| Ok(()));
    bench.keep((0..20).map(list), MINUTE * 10);
    bench.pass(MINUTE * 5).await;
    let before = bench.times(&list(7)).len();
    for _ in 0..4 {
        bench.open([list(7)]);
        bench.pass(seconds(2)).await;
    }
    let times = bench.times(&list(7));
    assert_eq!(times.len(), before + 1, "{times:?}");
    assert!(times.last().is_some_and(|at| *at <= MINUTE * 5 + Duration::from_millis(10)), "{times:?}");
    bench.pass(seconds(4)).await;
    bench.open([list(7)]);
    bench.pass(seconds(1)).await;
    assert_eq!(bench.times(&list(7)).len(), before + 2, "eleven seconds are not fresh");
    bench.pass(MINUTE * 25).await;
    let later = bench.times(&list(7)).len() - before - 2;
    assert!((2..=3).contains(&later), "it goes back to its own interval: {later}");
}

#[tokio::test(start_paused = true)]
async fn what_is_opened_goes_ahead_of_what_keeps_the_rest_fresh() {
    let mut bench = bench(STEADY, |_| Ok(()));
    *bench.source.latency.lock().unwrap() = seconds(1);
    bench.keep((0..200).map(list), MINUTE);
    bench.pass(MINUTE * 3).await;
    let opened = bench.now();
    let last = |number: &usize| bench.times(&list(*number)).last().copied();
    let oldest = (0..200).min_by_key(last).map(list).unwrap();
    bench.open([oldest.clone()]);
    bench.pass(seconds(2)).await;
    let asked = bench.times(&oldest).into_iter().filter(|at| *at >= opened).min();
    assert!(asked.is_some_and(|at| at <= opened + seconds(1)), "{asked:?} {opened:?}");
}

/// Opens a row every ten seconds for an hour while all is refused or limited, and returns how often anything was asked.
async fn opened_for_an_hour(script: impl Fn(&Asked<'_>) -> Result<(), Failure> + Send + Sync + 'static) -> usize {
    let mut bench = bench(STEADY, script);
    bench.keep((0..20).map(list), MINUTE);
    bench.pass(MINUTE * 10).await;
    for number in (0..20).cycle().take(360) {
        bench.open([list(number)]);
        bench.pass(seconds(10)).await;
    }
    bench.asked(MINUTE * 11, MINUTE * 70)
}

#[tokio::test(start_paused = true)]
async fn opening_rows_makes_no_attempts_with_a_token_that_is_refused() {
    let refused = |asked: &Asked<'_>| if asked.at < MINUTE * 10 { Ok(()) } else { Err(bad_token()) };
    let asked = opened_for_an_hour(refused).await;
    assert!(asked <= 5, "{asked}");
}

#[tokio::test(start_paused = true)]
async fn opening_rows_under_a_limit_asks_nothing_and_leaves_what_is_known() {
    let limit = |asked: &Asked<'_>| if asked.at < MINUTE * 10 { Ok(()) } else { Err(limited(Some(MINUTE * 60))) };
    let mut bench = bench(STEADY, limit);
    bench.keep((0..20).map(list), MINUTE);
    bench.pass(MINUTE * 11).await;
    let told = bench.told.len();
    for number in 0..20 {
        bench.open([list(number)]);
        bench.pass(seconds(1)).await;
    }
    assert_eq!(bench.asked(MINUTE * 11, MINUTE * 60), 0);
    let failures =
        bench.told.iter().skip(told).filter(|(_, seen)| matches!(seen.seen, landfall::domain::Seen::Failed(..)));
    assert_eq!(failures.count(), 0);
}

/// Leaves so much of a budget of a thousand.
fn left(remaining: u64) -> Arc<Mutex<Traffic>> {
    let resets_at = Some(start() + SignedDuration::from_mins(50));
    let budget = Some(Budget { remaining, limit: Some(1000), resets_at });
    Arc::new(Mutex::new(Traffic { budget, ..Traffic::default() }))
}

#[tokio::test(start_paused = true)]
async fn what_is_opened_may_use_what_is_kept_for_the_user() {
    let mut bench = metered(STEADY, left(150), |_| Ok(()));
    bench.keep((0..20).map(list), MINUTE);
    bench.pass(MINUTE * 5).await;
    let before = bench.times(&list(3)).len();
    bench.open([list(3)]);
    bench.pass(seconds(1)).await;
    assert_eq!(bench.times(&list(3)).len(), before + 1);
}

/// A scan that asks leave as those of CI providers do, and counts how often it then asks.
struct Scanned {
    id: SourceId,
    leave: Doors,
    asked: AtomicUsize,
    refused: AtomicUsize,
}

#[async_trait]
impl ExpirySource for Scanned {
    fn id(&self) -> &SourceId {
        &self.id
    }

    async fn scan(&self, _now: Timestamp) -> Vec<CredentialScan> {
        let refusal = self.leave.refusal(&self.id);
        let count = if refusal.is_some() { &self.refused } else { &self.asked };
        count.fetch_add(1, Ordering::SeqCst);
        let found = refusal.map_or(Ok(Batch { items: Vec::new(), skipped: 0, complete: true }), Err);
        vec![CredentialScan { scope: "list".into(), found }]
    }
}

/// Watches credentials of the source that the bench polls, and lets so much time pass.
fn watch(bench: &Bench) -> (Arc<Scanned>, ExpiryWatch) {
    let leave = bench.doors.clone();
    let scanned = Scanned { id: github(), leave, asked: AtomicUsize::new(0), refused: AtomicUsize::new(0) };
    let scanned = Arc::new(scanned);
    let (sender, mut inbox) = mpsc::channel(64);
    tokio::spawn(async move { while inbox.recv().await.is_some() {} });
    let sources: Vec<Arc<dyn ExpirySource>> = vec![scanned.clone()];
    let every = SignedDuration::from_hours(6);
    (scanned, ExpiryWatch::start(sources, every, bench.wall.clone(), sender, &bench.doors))
}

fn counts(scanned: &Scanned) -> (usize, usize) {
    (scanned.asked.load(Ordering::SeqCst), scanned.refused.load(Ordering::SeqCst))
}

#[tokio::test(start_paused = true)]
async fn credentials_are_not_scanned_with_a_refused_token_and_at_once_with_a_new_one() {
    let mut bench = bench(STEADY, |asked| if asked.at < MINUTE * 42 { Err(bad_token()) } else { Ok(()) });
    bench.keep((0..20).map(list), MINUTE);
    bench.pass(seconds(1)).await;
    let (scanned, _watch) = watch(&bench);
    bench.pass(MINUTE * 41).await;
    assert_eq!(counts(&scanned).0, 0);
    assert!(counts(&scanned).1 >= 1);
    assert_eq!(bench.doors.refusal(&github()), Some(bad_token()));
    bench.pass(MINUTE).await;
    bench.source.renewed.store(true, Ordering::SeqCst);
    bench.pass(seconds(15)).await;
    assert_eq!(bench.doors.refusal(&github()), None);
    assert_eq!(counts(&scanned).0, 1);
    bench.pass(MINUTE * 60).await;
    assert_eq!(counts(&scanned).0, 1, "all of it was read");
}

#[tokio::test(start_paused = true)]
async fn credentials_are_not_scanned_under_a_limit_nor_from_what_is_kept_for_the_user() {
    let limit = |asked: &Asked<'_>| if asked.at < MINUTE * 20 { Err(limited(Some(MINUTE * 20))) } else { Ok(()) };
    let mut limited = bench(STEADY, limit);
    limited.keep((0..20).map(list), MINUTE);
    limited.pass(seconds(1)).await;
    let (scanned, _watch) = watch(&limited);
    limited.pass(MINUTE * 19).await;
    assert_eq!(counts(&scanned).0, 0);
    limited.pass(MINUTE * 3).await;
    assert_eq!(counts(&scanned).0, 1, "as soon as the limit is over");

    let mut poor = metered(STEADY, left(150), |_| Ok(()));
    poor.keep((0..20).map(list), MINUTE);
    poor.pass(seconds(1)).await;
    let (scanned, _watch) = watch(&poor);
    poor.pass(MINUTE * 40).await;
    assert_eq!(counts(&scanned).0, 0);
    assert!(matches!(poor.doors.refusal(&github()), Some(Failure::RateLimited { until: Some(_), .. })));
}
