//! The loop of `check`: it asks all that can change a verdict, and it ends. Under paused time.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::expect_used, dead_code, reason = "tests")]

#[path = "support/world.rs"]
mod world;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use landfall::analysis::{Policy, Verdict, judge};
use landfall::domain::{
    Batch, Claim, Conclusion, Digest, Failure, Globs, ImageConfig, ImageName, Job, JobId, Manifest, Probe, PushLog,
    Run, RunKey, RunState, Service, ServiceName, Snapshot, SourceId, Stage, Tag, TagRef, Traffic,
};
use landfall::poll::{Clock, Rhythm, Sources};
use landfall::runtime::Oneshot;
use landfall::source::{CiProvider, Registry};

use world::{World, absent, digest, image, minutes_ago, now, single};

const TAG: &str = "sha-0000000";

struct Paused(tokio::time::Instant);

impl Clock for Paused {
    fn now(&self) -> Timestamp {
        now() + SignedDuration::try_from(self.0.elapsed()).unwrap()
    }
}

/// A provider and a registry that always answer the same.
#[derive(Clone, Default)]
struct Still {
    runs: HashMap<ServiceName, Arc<Run>>,
    jobs: Vec<Job>,
    log: PushLog,
    tags: HashMap<TagRef, Manifest>,
    /// Whether the registry says that it is overloaded.
    refuses: bool,
}

fn all<T>(items: Vec<T>) -> Batch<T> {
    Batch { items, skipped: 0, complete: true }
}

#[async_trait]
impl CiProvider for Still {
    async fn runs(&self, service: &Service, _: usize) -> Result<Batch<Arc<Run>>, Failure> {
        Ok(all(self.runs.get(&service.name).cloned().into_iter().collect()))
    }

    async fn jobs(&self, _: &RunKey) -> Result<Arc<Batch<Job>>, Failure> {
        Ok(all(self.jobs.clone()).into())
    }

    async fn push_log(&self, _: &RunKey, _: JobId) -> Result<PushLog, Failure> {
        Ok(self.log.clone())
    }

    fn traffic(&self) -> Traffic {
        Traffic::default()
    }
}

#[async_trait]
impl Registry for Still {
    async fn tag(&self, tag_ref: &TagRef) -> Probe<Arc<Manifest>> {
        if self.refuses {
            return Probe::Unseen(Failure::Unreachable { stage: Stage::Server(503), says: "overloaded".into() });
        }
        // The image of another service is answered last.
        tokio::time::sleep(Duration::from_millis(if tag_ref.image == image() { 10 } else { 900 })).await;
        self.tags.get(tag_ref).map_or_else(absent, |manifest| Probe::Present(Arc::new(manifest.clone())))
    }

    async fn manifest(&self, _: &ImageName, _: &Digest) -> Probe<Arc<Manifest>> {
        absent()
    }

    async fn config(&self, _: &ImageName, _: &Digest) -> Probe<ImageConfig> {
        Probe::Present(ImageConfig::default())
    }

    async fn blob(&self, _: &ImageName, _: &Digest) -> Probe<()> {
        Probe::Present(())
    }

    async fn tags(&self, _: &ImageName) -> Probe<Batch<Tag>> {
        Probe::Present(all(vec![]))
    }

    async fn warm(&self, _: &ImageName) {}

    fn traffic(&self) -> Traffic {
        Traffic::default()
    }
}

async fn look(still: Still, services: &[Arc<Service>]) -> Option<Snapshot> {
    waiting(still, services, SignedDuration::ZERO).await
}

async fn waiting(still: Still, services: &[Arc<Service>], wait: SignedDuration) -> Option<Snapshot> {
    let still = Arc::new(still);
    let mut sources = Sources::default();
    sources.ci.insert(SourceId::parse("github").unwrap(), still.clone());
    sources.registries.insert(SourceId::parse("registry.test").unwrap(), still);
    let rhythm = Rhythm {
        runs: 20,
        ci_in_flight: 4,
        registry_in_flight: 4,
        attempts: 2,
        backoff: SignedDuration::from_millis(100),
        patience: SignedDuration::from_secs(5),
    };
    let policy = Policy::default();
    let clock = Arc::new(Paused(tokio::time::Instant::now()));
    let oneshot = Oneshot { services, policy: &policy, rhythm, clock, wait, depth: None };
    let mut watcher = ();
    let looking = oneshot.look(sources, vec![], &mut watcher);
    tokio::time::timeout(Duration::from_mins(5), looking).await.ok()
}

fn job(id: u64, name: &str, state: RunState) -> Job {
    Job {
        id: JobId(id),
        name: name.into(),
        stage: None,
        finished_at: state.is_finished().then(|| minutes_ago(31)).map(Into::into),
        state,
        allow_failure: false,
        started_at: None,
    }
}

/// One green run of a service, whose push job is over.
fn green() -> (Still, Arc<Service>) {
    let mut world = World::new();
    let key = world.run(7, 30);
    let run = world.row(&key).run;
    let runs = HashMap::from([(world.service.name.clone(), run)]);
    let jobs = vec![job(1, "docker push", RunState::Finished(Conclusion::Success))];
    (Still { runs, jobs, ..Still::default() }, world.service)
}

fn verdict(snapshot: &Snapshot, service: &Arc<Service>) -> Verdict {
    let later = now() + SignedDuration::from_mins(1);
    judge(snapshot, service, &Policy::default(), later).rows[0].verdict
}

#[tokio::test(start_paused = true)]
async fn it_ends_though_a_manual_job_waits_for_ever() {
    for state in [RunState::Waiting, RunState::Running] {
        let (mut still, service) = green();
        still.jobs.push(job(2, "docker promote", state));
        let snapshot = look(still, std::slice::from_ref(&service)).await.expect("the look ends");
        assert_eq!(verdict(&snapshot, &service), Verdict::Missing);
    }
}

#[tokio::test(start_paused = true)]
async fn what_one_service_waits_for_may_be_another_services_image() {
    let (mut still, service) = green();
    let theirs = ImageName::parse("registry.test/acme/worker").unwrap();
    let mut other = (*service).clone();
    other.name = ServiceName::parse("worker").unwrap();
    other.images[0].repository = theirs.clone();
    let there = TagRef { image: theirs.clone(), tag: Tag::parse(TAG).unwrap() };
    let claim = Claim { image: Some(theirs), tag: Some(there.tag.clone()), digest: Some(digest("one")) };
    still.log = PushLog { claims: vec![claim], available: true, ..PushLog::default() };
    still.tags.insert(there, single("one"));
    let snapshot = look(still, &[service.clone(), other.into()]).await.expect("the look ends");
    assert_eq!(verdict(&snapshot, &service), Verdict::Misrouted);
}

#[tokio::test(start_paused = true)]
async fn a_run_that_names_no_branch_keeps_nobody_waiting_and_one_that_nobody_could_look_at_does() {
    let (still, service) = green();
    let only_main = Arc::new(Service { branch: Globs::parse(&["main".to_owned()]).unwrap(), ..(*service).clone() });
    let of = |branch: Option<&str>| {
        let run = Run { branch: branch.map(Into::into), ..(*still.runs[&service.name]).clone() };
        let runs = HashMap::from([(service.name.clone(), Arc::new(run))]);
        Still { runs, ..still.clone() }
    };
    let wait = SignedDuration::from_mins(4);
    let began = tokio::time::Instant::now();
    let snapshot = waiting(of(None), std::slice::from_ref(&only_main), wait).await.expect("the look ends");
    assert_eq!(verdict(&snapshot, &only_main), Verdict::Unknown);
    assert!(began.elapsed() < Duration::from_mins(1), "{:?}", began.elapsed());
    let refusing = Still { refuses: true, ..of(Some("main")) };
    let began = tokio::time::Instant::now();
    let snapshot = waiting(refusing, std::slice::from_ref(&only_main), wait).await.expect("the look ends");
    assert_eq!(verdict(&snapshot, &only_main), Verdict::Unknown);
    assert!(began.elapsed() >= Duration::from_mins(4), "it may answer yet: {:?}", began.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_wait_ends_in_time_however_slow_a_source_is() {
    let (still, service) = green();
    let mut other = (*service).clone();
    other.images[0].repository = ImageName::parse("registry.test/acme/worker").unwrap();
    for (wait, longest) in [(300, 400), (0, 60_000)] {
        let began = tokio::time::Instant::now();
        let services = [service.clone(), other.clone().into()];
        waiting(still.clone(), &services, SignedDuration::from_millis(wait)).await.expect("the look ends");
        assert!(began.elapsed() < Duration::from_millis(longest), "{:?}", began.elapsed());
        assert!(wait > 0 || began.elapsed() > Duration::from_millis(900), "one look takes as long as it takes");
    }
}
