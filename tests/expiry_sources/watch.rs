//! When credentials are looked at: seldom, and sooner again where there was no answer, or where one ends by then.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use landfall::domain::{
    Batch, CredentialKind, CredentialRecord, CredentialScan, Expiry, Failure, PipelineScan, RepoPath, Seen, SourceId,
    Stage,
};
use landfall::poll::{Clock, Doors, ExpiryWatch, scan_once};
use landfall::source::ExpirySource;
use tokio::sync::mpsc;

use crate::{now, source};

struct Still;

impl Clock for Still {
    fn now(&self) -> Timestamp {
        now()
    }
}

fn nothing() -> Batch<CredentialRecord> {
    Batch { items: Vec::new(), skipped: 0, complete: true }
}

/// Counts how often it is asked; its first answers are failures.
struct Counted {
    id: SourceId,
    asked: AtomicUsize,
    failing: usize,
    failure: Failure,
}

fn counted(failing: usize, failure: Failure) -> Arc<Counted> {
    Arc::new(Counted { id: source("github"), asked: AtomicUsize::new(0), failing, failure })
}

fn down() -> Failure {
    Failure::Unreachable { stage: Stage::Connect, says: "".into() }
}

#[async_trait]
impl ExpirySource for Counted {
    fn id(&self) -> &SourceId {
        &self.id
    }

    async fn scan(&self, _now: Timestamp) -> Vec<CredentialScan> {
        let asked = self.asked.fetch_add(1, Ordering::Relaxed);
        let found = if asked < self.failing { Err(self.failure.clone()) } else { Ok(nothing()) };
        vec![CredentialScan { scope: "list".into(), found }]
    }
}

/// Knows what ends, and never whose it is.
struct Unread {
    id: SourceId,
    asked: AtomicUsize,
}

#[async_trait]
impl ExpirySource for Unread {
    fn id(&self) -> &SourceId {
        &self.id
    }

    async fn scan(&self, _now: Timestamp) -> Vec<CredentialScan> {
        vec![CredentialScan { scope: "list".into(), found: Ok(nothing()) }]
    }

    async fn pipelines(&self) -> Vec<PipelineScan> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        vec![PipelineScan { repo: RepoPath::parse("acme/web").unwrap(), found: Err(down()) }]
    }
}

#[tokio::test(start_paused = true)]
async fn who_uses_it_comes_after_what_ends_and_is_asked_again_sooner_where_there_was_no_answer() {
    let source = Arc::new(Unread { id: source("github"), asked: AtomicUsize::new(0) });
    let (sender, mut inbox) = mpsc::channel(64);
    let sources = vec![Arc::clone(&source) as Arc<dyn ExpirySource>];
    let _watch = ExpiryWatch::start(sources, SignedDuration::from_hours(6), Arc::new(Still), sender, &Doors::default());
    for round in 1..=2 {
        assert!(matches!(inbox.recv().await.unwrap().seen, Seen::CredentialLists(_)));
        assert!(matches!(inbox.recv().await.unwrap().seen, Seen::Credentials(_)));
        assert!(matches!(inbox.recv().await.unwrap().seen, Seen::Pipelines(_)));
        assert_eq!(source.asked.load(Ordering::Relaxed), round);
    }
}

struct Falls(SourceId);

#[async_trait]
impl ExpirySource for Falls {
    fn id(&self) -> &SourceId {
        &self.0
    }

    async fn scan(&self, _now: Timestamp) -> Vec<CredentialScan> {
        panic!("a source that falls over")
    }
}

async fn asked_within(source: &Arc<Counted>, time: Duration) -> usize {
    let (sender, mut inbox) = mpsc::channel(64);
    let falls: Arc<dyn ExpirySource> = Arc::new(Falls(crate::source("falls")));
    let sources = vec![falls, Arc::clone(source) as Arc<dyn ExpirySource>];
    let watch = ExpiryWatch::start(sources, SignedDuration::from_hours(6), Arc::new(Still), sender, &Doors::default());
    let _ = tokio::time::timeout(time, async { while inbox.recv().await.is_some() {} }).await;
    drop(watch);
    source.asked.load(Ordering::Relaxed)
}

#[tokio::test(start_paused = true)]
async fn whoever_asks_need_not_wait_and_what_a_source_has_is_told_once_it_came_to_its_end() {
    let id = source("github");
    let unread = vec![(id.clone(), None)];
    let whole = vec![(id, Some(vec!["list".into()]))];
    assert_eq!(lists_told(down()).await, [unread.clone(), unread.clone(), whole.clone()]);
    let closed = lists_told(Failure::Forbidden("no".into())).await;
    assert_eq!(closed, [unread, whole.clone(), whole], "a list that is closed is there, and keeps no other");
}

/// Returns what a source is said to have: at the start, after a look that fails, after one that does not.
async fn lists_told(failure: Failure) -> Vec<Vec<(SourceId, Option<Vec<landfall::domain::Text>>)>> {
    let (sender, mut inbox) = mpsc::channel(64);
    let source = counted(1, failure);
    let sources = vec![Arc::clone(&source) as Arc<dyn ExpirySource>];
    let watch = ExpiryWatch::start(sources, SignedDuration::from_hours(6), Arc::new(Still), sender, &Doors::default());
    let mut lists = Vec::new();
    while lists.len() < 3 {
        if let Seen::CredentialLists(told) = inbox.recv().await.unwrap().seen {
            lists.push(told);
            watch.look_now();
        }
    }
    assert_eq!(source.asked.load(Ordering::Relaxed), 2);
    lists
}

#[tokio::test(start_paused = true)]
async fn everything_is_looked_at_soon_after_the_start_and_then_seldom() {
    assert_eq!(asked_within(&counted(0, down()), Duration::from_secs(3)).await, 1);
    assert_eq!(asked_within(&counted(0, down()), Duration::from_hours(24)).await, 4);
}

#[tokio::test(start_paused = true)]
async fn what_gave_no_answer_is_asked_again_sooner_but_not_what_only_a_person_can_mend() {
    assert_eq!(asked_within(&counted(2, down()), Duration::from_hours(1)).await, 3);
    assert_eq!(asked_within(&counted(2, Failure::Forbidden("no".into())), Duration::from_hours(1)).await, 1);
}

#[tokio::test]
async fn one_look_asks_each_once_and_one_that_falls_over_spoils_nothing() {
    let good = counted(0, down());
    let sources: Vec<Arc<dyn ExpirySource>> = vec![Arc::new(Falls(source("falls"))), good.clone()];
    let seen: Vec<Seen> = scan_once(&sources, &Still).await.into_iter().map(|observation| observation.seen).collect();
    assert!(matches!(&seen[0], Seen::Credentials(scan) if matches!(scan.found, Err(Failure::Withheld(_)))));
    assert!(matches!(&seen[1], Seen::Credentials(scan) if scan.found.is_ok()));
    let lists = vec![(source("falls"), None), (source("github"), Some(vec!["list".into()]))];
    assert_eq!(seen[2..], [Seen::CredentialLists(lists)]);
    assert_eq!(good.asked.load(Ordering::Relaxed), 1);
}

/// Never comes to an end with its lists, or falls over where pipelines are read.
enum Odd {
    Hangs(SourceId),
    FallsLater(SourceId),
}

#[async_trait]
impl ExpirySource for Odd {
    fn id(&self) -> &SourceId {
        let (Self::Hangs(id) | Self::FallsLater(id)) = self;
        id
    }

    async fn scan(&self, _now: Timestamp) -> Vec<CredentialScan> {
        match self {
            Self::Hangs(_) => std::future::pending().await,
            Self::FallsLater(_) => vec![CredentialScan { scope: "list".into(), found: Ok(nothing()) }],
        }
    }

    async fn pipelines(&self) -> Vec<PipelineScan> {
        match self {
            Self::Hangs(_) => Vec::new(),
            Self::FallsLater(_) => panic!("a source that falls over"),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_scan_that_hangs_is_no_fault_of_ours_and_one_of_pipelines_that_falls_over_is_told() {
    let seen = async |odd| {
        let sources: Vec<Arc<dyn ExpirySource>> = vec![Arc::new(odd)];
        let scans = scan_once(&sources, &Still).await;
        scans.into_iter().filter_map(|observation| match observation.seen {
            Seen::Credentials(scan) => Some(scan),
            _ => None,
        })
    };
    assert_eq!(seen(Odd::Hangs(source("vault"))).await.count(), 0, "what was known stays as it was");
    let told: Vec<CredentialScan> = seen(Odd::FallsLater(source("github"))).await.collect();
    assert!(matches!(&told[..], [list, CredentialScan { found: Err(Failure::Withheld(_)), .. }] if list.found.is_ok()));
}

/// Tells of one token that ends after so long.
struct Ending(SourceId, SignedDuration, AtomicUsize);

#[async_trait]
impl ExpirySource for Ending {
    fn id(&self) -> &SourceId {
        &self.0
    }

    async fn scan(&self, now: Timestamp) -> Vec<CredentialScan> {
        self.2.fetch_add(1, Ordering::Relaxed);
        let mut record = CredentialRecord::new("own/short", "short", CredentialKind::OwnToken, now);
        record.expiry = Expiry::At(now + self.1);
        vec![CredentialScan {
            scope: "own/token".into(),
            found: Ok(Batch { items: vec![record], skipped: 0, complete: true }),
        }]
    }
}

#[tokio::test(start_paused = true)]
async fn what_ends_before_the_next_look_is_looked_at_again_by_then_and_nothing_else_with_it() {
    for (left, looks) in [
        (SignedDuration::from_hours(24), 1),
        (SignedDuration::from_mins(50), 6),
        (SignedDuration::from_secs(2), 28),
        (SignedDuration::from_secs(-2), 19),
    ] {
        let (sender, mut inbox) = mpsc::channel(64);
        let short = Arc::new(Ending(source("vault"), left, AtomicUsize::new(0)));
        let other = counted(0, down());
        let sources: Vec<Arc<dyn ExpirySource>> = vec![short.clone(), other.clone()];
        let watch =
            ExpiryWatch::start(sources, SignedDuration::from_hours(6), Arc::new(Still), sender, &Doors::default());
        let five = async { while inbox.recv().await.is_some() {} };
        let _ = tokio::time::timeout(Duration::from_hours(5), five).await;
        drop(watch);
        let asked = short.2.load(Ordering::Relaxed);
        assert!((looks - looks / 10..=looks + looks / 10).contains(&asked), "{left:?}: {asked}");
        assert_eq!(other.asked.load(Ordering::Relaxed), 1);
    }
}
