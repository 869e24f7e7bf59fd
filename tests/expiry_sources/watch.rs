//! When credentials are looked at: seldom, and sooner again where there was no answer.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use landfall::domain::{Batch, CredentialScan, Failure, PipelineScan, RepoPath, Seen, SourceId, Stage};
use landfall::poll::{Clock, ExpiryWatch, scan_once};
use landfall::source::ExpirySource;
use tokio::sync::mpsc;

use crate::{now, source};

struct Still;

impl Clock for Still {
    fn now(&self) -> Timestamp {
        now()
    }
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
        let found = if asked < self.failing {
            Err(self.failure.clone())
        } else {
            Ok(Batch { items: Vec::new(), skipped: 0, complete: true })
        };
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
        vec![CredentialScan {
            scope: "list".into(),
            found: Ok(Batch { items: Vec::new(), skipped: 0, complete: true }),
        }]
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
    let _watch = ExpiryWatch::start(sources, SignedDuration::from_hours(6), Arc::new(Still), sender);
    for round in 1..=2 {
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
    let watch = ExpiryWatch::start(sources, SignedDuration::from_hours(6), Arc::new(Still), sender);
    let _ = tokio::time::timeout(time, async { while inbox.recv().await.is_some() {} }).await;
    drop(watch);
    source.asked.load(Ordering::Relaxed)
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
    assert_eq!(scan_once(&sources, &Still).await.len(), 1);
    assert_eq!(good.asked.load(Ordering::Relaxed), 1);
}
