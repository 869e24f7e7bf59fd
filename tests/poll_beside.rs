//! What is asked beside that which keeps the screen fresh: by scans of credentials.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, dead_code, reason = "tests")]

#[path = "support/polled.rs"]
mod polled;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use landfall::domain::{AuthKind, AuthStage, Batch, Budget, CredentialScan, Failure, SourceId, Traffic};
use landfall::poll::{Doors, ExpiryWatch};
use landfall::source::{ExpirySource, Leave};
use tokio::sync::mpsc;

use polled::{Asked, Bench, MINUTE, STEADY, bench, limited, list, metered, seconds, start};

fn bad_token() -> Failure {
    Failure::Auth { stage: AuthStage::Api, kind: AuthKind::InvalidToken, says: "no".into() }
}

fn github() -> SourceId {
    SourceId::parse("github").unwrap()
}

/// Leaves so much of a budget of a thousand.
fn left(remaining: u64) -> Arc<Mutex<Traffic>> {
    let resets_at = Some(start() + SignedDuration::from_mins(50));
    let budget = Some(Budget { remaining, limit: Some(1000), resets_at });
    Arc::new(Mutex::new(Traffic { budget, ..Traffic::default() }))
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
