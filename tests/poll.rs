//! When things are asked: order, single flight, retry and giving up, under paused time.
#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use landfall::domain::{
    Absence, AbsenceCode, AuthKind, AuthStage, Batch, Digest, Failure, ImageConfig, ImageName, Job, JobId, Look,
    Manifest, Observation, Probe, PushLog, RepoPath, Run, RunKey, Seen, Service, SourceId, Stage, Tag, TagRef, Traffic,
    Urgency, Wanted,
};
use landfall::poll::{Clock, Poller, Rhythm, Sources};
use landfall::source::{CiProvider, Registry};
use tokio::sync::mpsc;

#[path = "poll/limits.rs"]
mod limits;

/// Follows tokio's paused time.
struct Paused(tokio::time::Instant);

impl Clock for Paused {
    fn now(&self) -> Timestamp {
        start() + SignedDuration::try_from(self.0.elapsed()).unwrap()
    }
}

fn start() -> Timestamp {
    "2026-03-02T12:00:00Z".parse().unwrap()
}

/// Answers `jobs` by a script: run id and how often it was asked before.
type Script = Box<dyn Fn(u64, usize) -> Result<(), Failure> + Send + Sync>;

struct Scripted {
    script: Script,
    asked: Mutex<Vec<u64>>,
    under_way: AtomicUsize,
    most: AtomicUsize,
}

#[async_trait]
impl CiProvider for Scripted {
    async fn runs(&self, _: &Service, _: usize) -> Result<Batch<Arc<Run>>, Failure> {
        Ok(Batch { items: vec![], skipped: 0, complete: true })
    }

    async fn jobs(&self, run: &RunKey) -> Result<Arc<Batch<Job>>, Failure> {
        let before = self.asked.lock().unwrap().iter().filter(|id| **id == run.id).count();
        self.asked.lock().unwrap().push(run.id);
        let now = self.under_way.fetch_add(1, Ordering::SeqCst) + 1;
        self.most.fetch_max(now, Ordering::SeqCst);
        tokio::time::sleep(Duration::from_millis(50)).await;
        self.under_way.fetch_sub(1, Ordering::SeqCst);
        (self.script)(run.id, before).map(|()| Batch { items: vec![], skipped: 0, complete: true }.into())
    }

    async fn push_log(&self, _: &RunKey, _: JobId) -> Result<PushLog, Failure> {
        Ok(PushLog::default())
    }

    fn traffic(&self) -> Traffic {
        Traffic::default()
    }
}

#[async_trait]
impl Registry for Scripted {
    /// The tag is a run id of the script.
    async fn tag(&self, tag_ref: &TagRef) -> Probe<Arc<Manifest>> {
        let id = tag_ref.tag.as_str().parse().unwrap();
        match CiProvider::jobs(self, &run(id)).await {
            Ok(_) => Probe::Absent(Absence { code: AbsenceCode::ManifestUnknown, says: "".into() }),
            Err(failure) => Probe::Unseen(failure),
        }
    }

    async fn manifest(&self, _: &ImageName, _: &Digest) -> Probe<Arc<Manifest>> {
        panic!("not asked here")
    }

    async fn config(&self, _: &ImageName, _: &Digest) -> Probe<ImageConfig> {
        panic!("not asked here")
    }

    async fn blob(&self, _: &ImageName, _: &Digest) -> Probe<()> {
        panic!("not asked here")
    }

    async fn tags(&self, _: &ImageName) -> Probe<Batch<Tag>> {
        panic!("not asked here")
    }

    async fn warm(&self, _: &ImageName) {}

    fn traffic(&self) -> Traffic {
        Traffic::default()
    }
}

struct Bench {
    poller: Poller,
    ci: Arc<Scripted>,
    inbox: mpsc::Receiver<Observation>,
    clock: Arc<Paused>,
}

const PATIENT: Rhythm = Rhythm {
    runs: 20,
    ci_in_flight: 4,
    registry_in_flight: 4,
    attempts: 4,
    backoff: SignedDuration::from_millis(250),
    patience: SignedDuration::from_secs(10),
};

fn bench(rhythm: Rhythm, script: impl Fn(u64, usize) -> Result<(), Failure> + Send + Sync + 'static) -> Bench {
    let ci = Arc::new(Scripted {
        script: Box::new(script),
        asked: Mutex::default(),
        under_way: AtomicUsize::new(0),
        most: AtomicUsize::new(0),
    });
    let clock = Arc::new(Paused(tokio::time::Instant::now()));
    let (sender, inbox) = mpsc::channel(4096);
    let mut sources = Sources::default();
    sources.ci.insert(SourceId::parse("github").unwrap(), ci.clone());
    sources.registries.insert(SourceId::parse("registry.test").unwrap(), ci.clone());
    let poller = Poller::start(sources, &[], rhythm, clock.clone(), sender);
    Bench { poller, ci, inbox, clock }
}

fn run(id: u64) -> RunKey {
    let ci = SourceId::parse("github").unwrap();
    RunKey { ci, repo: RepoPath::parse("acme/checkout").unwrap(), id, attempt: 1 }
}

fn wanted(id: u64, urgency: Urgency) -> Wanted {
    Wanted { look: Look::Jobs(run(id)), urgency, not_before: None }
}

fn tagged(repository: &str, id: u64) -> Wanted {
    let image = ImageName::parse(&format!("registry.test/{repository}")).unwrap();
    let look = Look::Tag(TagRef { image, tag: Tag::parse(&id.to_string()).unwrap() });
    Wanted { look, urgency: Urgency::Depth, not_before: None }
}

impl Bench {
    fn want(&self, ids: impl IntoIterator<Item = u64>) {
        self.poller.want(ids.into_iter().map(|id| wanted(id, Urgency::Depth)).collect());
    }

    async fn settle(&mut self) -> HashMap<u64, Result<(), Failure>> {
        self.poller.idle().await;
        let mut seen = HashMap::new();
        while let Ok(observation) = self.inbox.try_recv() {
            match observation.seen {
                Seen::Jobs(run, _) => seen.insert(run.id, Ok(())),
                Seen::Failed(Look::Jobs(run), failure) => seen.insert(run.id, Err(failure)),
                Seen::Tag(tag_ref, probe) => {
                    let id = tag_ref.tag.as_str().parse().unwrap();
                    seen.insert(id, if let Probe::Unseen(failure) = probe { Err(failure) } else { Ok(()) })
                }
                _ => None,
            };
        }
        seen
    }

    fn asked(&self) -> Vec<u64> {
        self.ci.asked.lock().unwrap().clone()
    }
}

fn broken() -> Failure {
    Failure::Unreachable { stage: Stage::Server(503), says: "later".into() }
}

#[tokio::test(start_paused = true)]
async fn a_look_is_asked_once_however_often_it_is_wanted() {
    let mut bench = bench(PATIENT, |_, _| Ok(()));
    bench.want([1, 1, 1]);
    bench.want([1]);
    assert_eq!(bench.settle().await.len(), 1);
    bench.want([1]);
    bench.settle().await;
    assert_eq!(bench.asked(), [1]);
}

#[tokio::test(start_paused = true)]
async fn an_answered_look_is_asked_again_when_it_is_due_and_when_the_user_asks() {
    let mut bench = bench(PATIENT, |_, _| Ok(()));
    bench.want([1]);
    bench.settle().await;
    let due = bench.clock.now() + SignedDuration::from_secs(30);
    bench.poller.want(vec![Wanted { not_before: Some(due), ..wanted(1, Urgency::Depth) }]);
    bench.settle().await;
    assert!(bench.clock.now() >= due);
    bench.poller.want(vec![wanted(1, Urgency::Asked)]);
    bench.settle().await;
    assert_eq!(bench.asked(), [1, 1, 1]);
}

#[tokio::test(start_paused = true)]
async fn the_most_urgent_is_asked_first_and_never_more_at_once_than_allowed() {
    let mut bench = bench(Rhythm { ci_in_flight: 2, ..PATIENT }, |_, _| Ok(()));
    bench.poller.want((1..=10).map(|id| wanted(id, Urgency::Layers)).chain([wanted(99, Urgency::Newest)]).collect());
    bench.settle().await;
    assert!(bench.asked().first() == Some(&99), "{:?}", bench.asked());
    assert_eq!(bench.ci.most.load(Ordering::SeqCst), 2);
}

#[tokio::test(start_paused = true)]
async fn what_fails_once_is_tried_again_before_it_is_reported() {
    let mut bench = bench(PATIENT, |_, before| if before < 2 { Err(broken()) } else { Ok(()) });
    bench.want([1]);
    assert_eq!(bench.settle().await.get(&1), Some(&Ok(())));
    assert_eq!(bench.asked().len(), 3);
}

#[tokio::test(start_paused = true)]
async fn what_only_fails_is_reported_after_its_last_try() {
    let mut bench = bench(PATIENT, |id, _| if id == 1 { Err(broken()) } else { Ok(()) });
    bench.want(1..=3);
    let seen = bench.settle().await;
    assert_eq!(seen.get(&1), Some(&Err(broken())));
    assert_eq!(seen.get(&3), Some(&Ok(())));
    assert!(bench.asked().iter().filter(|id| **id == 1).count() <= 4);
}

#[tokio::test(start_paused = true)]
async fn a_source_that_is_down_is_given_up_for_all_that_waits() {
    let mut bench = bench(PATIENT, |_, _| Err(broken()));
    bench.want(1..=300);
    let seen = bench.settle().await;
    assert_eq!(seen.len(), 300);
    assert!(seen.values().all(|seen| *seen == Err(broken())));
    assert!(bench.asked().len() < 250, "{} requests to a dead source", bench.asked().len());
}

#[tokio::test(start_paused = true)]
async fn a_refused_token_is_not_tried_again_for_every_look() {
    let refused =
        || Failure::Auth { stage: AuthStage::Api, kind: AuthKind::BadPassword, says: "Bad credentials".into() };
    let mut bench = bench(Rhythm { ci_in_flight: 16, ..PATIENT }, move |_, _| Err(refused()));
    bench.want(1..=50);
    assert_eq!(bench.settle().await.len(), 50);
    assert!(bench.asked().len() <= 4, "{:?}", bench.asked());
}

#[tokio::test(start_paused = true)]
async fn a_look_that_panics_is_reported_and_the_poller_goes_on() {
    let mut bench = bench(PATIENT, |id, _| if id == 1 { panic!("a fault of ours") } else { Ok(()) });
    bench.want([1, 2]);
    let seen = bench.settle().await;
    assert!(matches!(seen.get(&1), Some(Err(Failure::Withheld(_)))));
    assert_eq!(seen.get(&2), Some(&Ok(())));
}

#[tokio::test(start_paused = true)]
async fn an_unknown_provider_is_an_answer_not_a_silence() {
    let mut bench = bench(PATIENT, |_, _| Ok(()));
    let mut nobody = wanted(1, Urgency::Depth);
    if let Look::Jobs(run) = &mut nobody.look {
        run.ci = SourceId::parse("elsewhere").unwrap();
    }
    bench.poller.want(vec![nobody]);
    assert!(matches!(bench.settle().await.get(&1), Some(Err(Failure::Withheld(_)))));
}

#[tokio::test(start_paused = true)]
async fn nobody_waits_for_the_next_try_of_what_was_reported_as_failed() {
    let mut bench = bench(PATIENT, |_, _| Err(Failure::Forbidden("no".into())));
    bench.want([1]);
    bench.settle().await;
    bench.want([1]);
    bench.settle().await;
    assert!(bench.clock.now() < start() + SignedDuration::from_secs(1));
    assert_eq!(bench.asked(), [1]);
}

#[tokio::test(start_paused = true)]
async fn what_was_let_go_is_asked_again_when_it_is_wanted_again() {
    let mut bench = bench(PATIENT, |_, _| Ok(()));
    bench.want([1, 2]);
    bench.settle().await;
    bench.poller.let_go(vec![wanted(1, Urgency::Depth).look]);
    bench.want([1, 2]);
    bench.settle().await;
    bench.want([1, 2]);
    bench.settle().await;
    assert_eq!(bench.asked(), [1, 2, 1]);
}

#[tokio::test(start_paused = true)]
async fn a_plan_made_before_a_failure_was_read_does_not_put_the_next_try_off() {
    let steady =
        Rhythm { attempts: 1, backoff: SignedDuration::from_secs(1), patience: SignedDuration::ZERO, ..PATIENT };
    let mut bench = bench(steady, |_, before| if before == 1 { Err(broken()) } else { Ok(()) });
    bench.want([1]);
    bench.settle().await;
    bench.poller.want(vec![wanted(1, Urgency::Asked)]);
    assert_eq!(bench.settle().await.get(&1), Some(&Err(broken())));
    let in_six_hours = bench.clock.now() + SignedDuration::from_hours(6);
    let again = |not_before| Wanted { urgency: Urgency::Again, not_before, ..wanted(1, Urgency::Again) };
    bench.poller.want(vec![again(Some(in_six_hours))]);
    bench.poller.want(vec![again(None)]);
    tokio::time::sleep(Duration::from_secs(10)).await;
    assert_eq!(bench.settle().await.get(&1), Some(&Ok(())));
}

#[tokio::test(start_paused = true)]
async fn nobody_waits_for_a_source_that_is_closed_for_long() {
    let until = start() + SignedDuration::from_mins(40);
    let limited = move || Failure::RateLimited { until: Some(until), says: "slow down".into() };
    let mut bench = bench(PATIENT, move |_, _| Err(limited()));
    bench.want([1]);
    bench.settle().await;
    bench.want([2]);
    assert_eq!(bench.settle().await.get(&2), Some(&Err(limited())));
    assert!(bench.clock.now() < start() + SignedDuration::from_secs(1));
    assert_eq!(bench.asked(), [1]);
}

fn denied() -> Failure {
    Failure::Auth { stage: AuthStage::Registry, kind: AuthKind::InsufficientScope, says: "denied".into() }
}

#[tokio::test(start_paused = true)]
async fn a_repository_that_refuses_is_not_asked_for_every_tag_and_another_is() {
    let one = Rhythm { registry_in_flight: 1, ..PATIENT };
    let mut bench = bench(one, |id, _| if id < 100 { Err(denied()) } else { Ok(()) });
    bench.poller.want((1..=50).map(|id| tagged("acme/secret", id)).chain([tagged("acme/open", 100)]).collect());
    let seen = bench.settle().await;
    assert!((1..=50).all(|id| seen.get(&id) == Some(&Err(denied()))));
    assert_eq!(seen.get(&100), Some(&Ok(())));
    bench.poller.want((51..=60).map(|id| tagged("acme/secret", id)).collect());
    assert_eq!(bench.settle().await.len(), 10);
    assert_eq!(bench.asked(), [1, 100]);
    bench.poller.want(vec![Wanted { urgency: Urgency::Asked, ..tagged("acme/secret", 61) }]);
    bench.settle().await;
    tokio::time::advance(Duration::from_secs(61)).await;
    bench.poller.want(vec![tagged("acme/secret", 62)]);
    bench.settle().await;
    assert_eq!(bench.asked(), [1, 100, 61, 62]);
}

#[tokio::test(start_paused = true)]
async fn one_forbidden_tag_does_not_close_its_repository_and_three_in_a_row_do() {
    let forbidden = || Failure::Forbidden("no".into());
    let one = Rhythm { registry_in_flight: 1, ..PATIENT };
    let mut bench = bench(one, move |id, _| if id % 3 == 0 || id > 10 { Err(forbidden()) } else { Ok(()) });
    bench.poller.want((1..=10).map(|id| tagged("acme/virtual", id)).collect());
    assert_eq!(bench.settle().await.values().filter(|seen| seen.is_ok()).count(), 7);
    bench.poller.want((11..=20).map(|id| tagged("acme/virtual", id)).collect());
    assert_eq!(bench.settle().await.len(), 10);
    assert_eq!(bench.asked().len(), 13);
}
