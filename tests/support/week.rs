//! Two providers and a registry in which a week passes: runs come and end, budgets start anew, and things go wrong.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use landfall::domain::{
    AuthKind, AuthStage, Batch, Budget, Conclusion, Digest, Event, Failure, ImageConfig, ImageName, Job, JobId,
    Manifest, Probe, PushLog, Run, RunKey, RunState, Service, ServiceName, SourceId, Stage, Tag, TagRef, Traffic,
};
use landfall::source::{CiProvider, Registry};
use tokio::time::Instant;

use crate::world::{World, absent, now as start, platform, sha, single};

/// A run begins in so many seconds, at each service a while before the next; and takes so many.
const PERIOD: i64 = 4 * 3600;
const OFFSET: i64 = 700;
const TAKES: i64 = 300;

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The large provider has a secondary limit, and does not say until when.
    Limit,
    /// It does not answer.
    Down,
    /// It refuses the token until there is another.
    BadToken,
    RegistryDown,
}

/// What time it is.
pub(crate) struct Times {
    begin: Instant,
    wall: Timestamp,
    sleep: Duration,
}

impl Times {
    /// How long the machine was awake.
    pub(crate) fn elapsed(&self) -> Duration {
        self.begin.elapsed()
    }

    /// What a clock shows that is right: eight hours more once the machine has slept.
    pub(crate) fn now(&self) -> Timestamp {
        let elapsed = self.elapsed();
        let slept = if elapsed >= self.sleep { Duration::from_hours(8) } else { Duration::ZERO };
        self.wall + elapsed + slept
    }
}

/// All of the world out there.
pub(crate) struct Server {
    pub(crate) times: Arc<Times>,
    services: Vec<Arc<Service>>,
    faults: Vec<(Fault, Duration, Duration)>,
    still: usize,
    /// How often each list was asked.
    asked: Mutex<HashMap<ServiceName, usize>>,
    /// The runs of each service, and of which moment they are.
    listed: Mutex<HashMap<usize, Listed>>,
    large: Arc<Meter>,
    tight: Arc<Meter>,
}

/// The number of the newest run, whether it is over, and the runs.
type Listed = ((i64, bool), Vec<Arc<Run>>);

/// A budget of so many requests an hour.
struct Meter {
    limit: u64,
    state: Mutex<(Traffic, HashMap<i64, u64>)>,
}

impl Meter {
    fn new(limit: u64) -> Arc<Self> {
        Arc::new(Self { limit, state: Mutex::default() })
    }

    /// Counts one request in the hour that it is.
    fn count(&self, now: Timestamp) {
        let hour = now.as_second().div_euclid(3600);
        let mut state = self.state.lock().unwrap();
        let (traffic, hours) = &mut *state;
        let used = hours.entry(hour).or_default();
        *used += 1;
        traffic.requests += 1;
        traffic.billed += 1;
        let resets_at = Timestamp::from_second((hour + 1) * 3600).ok();
        traffic.budget =
            Some(Budget { remaining: self.limit.saturating_sub(*used), limit: Some(self.limit), resets_at });
    }

    fn traffic(&self) -> Traffic {
        self.state.lock().unwrap().0.clone()
    }
}

impl Server {
    pub(crate) fn new(
        still: usize,
        busy: usize,
        tight: usize,
        faults: &[(Fault, Duration, Duration)],
        sleep: Duration,
    ) -> Arc<Self> {
        let service = |place: usize| {
            let world = World::new().change(|service| {
                service.name = ServiceName::parse(&format!("service-{place}")).unwrap();
                service.ci = SourceId::parse(if place < still + busy { "large" } else { "tight" }).unwrap();
                service.repo = landfall::domain::RepoPath::parse(&format!("acme/service-{place}")).unwrap();
                service.images[0].repository = ImageName::parse(&format!("registry.test/acme/app-{place}")).unwrap();
            });
            world.service
        };
        Arc::new(Self {
            times: Arc::new(Times { begin: Instant::now(), wall: start(), sleep }),
            services: (0..still + busy + tight).map(service).collect(),
            faults: faults.to_vec(),
            still,
            asked: Mutex::default(),
            listed: Mutex::default(),
            large: Meter::new(5000),
            tight: Meter::new(80),
        })
    }

    pub(crate) fn services(&self) -> Vec<Arc<Service>> {
        self.services.clone()
    }

    pub(crate) fn providers(self: &Arc<Self>) -> Vec<(SourceId, Arc<dyn CiProvider>)> {
        let provider = |name, meter: &Arc<Meter>| {
            let provider = Provider { server: self.clone(), meter: meter.clone(), large: name == "large" };
            (SourceId::parse(name).unwrap(), Arc::new(provider) as Arc<dyn CiProvider>)
        };
        vec![provider("large", &self.large), provider("tight", &self.tight)]
    }

    pub(crate) fn registry(self: &Arc<Self>) -> (SourceId, Arc<dyn Registry>) {
        (SourceId::parse("registry.test").unwrap(), Arc::new(Shelf(self.clone())))
    }

    /// How often the list of the service at this place was asked.
    pub(crate) fn asked(&self, place: usize) -> usize {
        self.asked.lock().unwrap().get(&self.services[place].name).copied().unwrap_or_default()
    }

    pub(crate) fn traffics(&self) -> (u64, u64, u64) {
        (
            self.large.traffic().requests,
            self.tight.traffic().requests,
            self.asked.lock().unwrap().values().sum::<usize>() as u64,
        )
    }
    pub(crate) fn hold_the_budgets(&self) {
        for meter in [&self.large, &self.tight] {
            let state = meter.state.lock().unwrap();
            let most = state.1.values().copied().max().unwrap();
            assert!(most <= meter.limit, "{most} requests in an hour that allows {}", meter.limit);
        }
    }

    fn has(&self, fault: Fault) -> bool {
        let now = self.times.elapsed();
        self.faults.iter().any(|(what, from, to)| *what == fault && (*from..*to).contains(&now))
    }

    /// The runs of the service at this place, newest first: one that never changes, or one more every four hours.
    fn runs(&self, place: usize) -> Vec<Arc<Run>> {
        let now = self.times.now().as_second() - self.times.wall.as_second() + OFFSET * i64::try_from(place).unwrap();
        let newest = if place < self.still { 0 } else { now.div_euclid(PERIOD) };
        let over = place < self.still || now.rem_euclid(PERIOD) >= TAKES;
        let mut listed = self.listed.lock().unwrap();
        let known = listed.entry(place).or_default();
        if known.0 != (newest, over) {
            let oldest = if place < self.still { newest } else { newest - 1 };
            let runs = (oldest..=newest).rev().map(|number| self.run(place, number, over || number < newest));
            *known = ((newest, over), runs.collect());
        }
        known.1.clone()
    }

    fn run(&self, place: usize, number: i64, over: bool) -> Arc<Run> {
        let since = number * PERIOD - OFFSET * i64::try_from(place).unwrap();
        let begin = self.times.wall + SignedDuration::from_secs(since);
        let end = begin + SignedDuration::from_secs(TAKES);
        let number = u64::try_from(number + 100).unwrap();
        Arc::new(Run {
            key: RunKey {
                ci: self.services[place].ci.clone(),
                repo: self.services[place].repo.clone(),
                id: number,
                attempt: 1,
            },
            number,
            workflow: "release".into(),
            workflow_file: None,
            event: Event("push".into()),
            branch: Some("main".into()),
            git_tag: None,
            pull_request: None,
            sha: sha(number),
            title: "Change something".into(),
            url: "https://ci.test/run".into(),
            state: if over { RunState::Finished(Conclusion::Success) } else { RunState::Running },
            created_at: Some(begin.into()),
            committed_at: None,
            started_at: Some(begin.into()),
            finished_at: over.then_some(end.into()),
        })
    }
}

struct Provider {
    server: Arc<Server>,
    meter: Arc<Meter>,
    large: bool,
}

impl Provider {
    fn ask(&self) -> Result<(), Failure> {
        self.meter.count(self.server.times.now());
        if !self.large {
            return Ok(());
        }
        if self.server.has(Fault::Limit) {
            return Err(Failure::RateLimited { until: None, says: "secondary rate limit".into() });
        }
        if self.server.has(Fault::Down) {
            return Err(Failure::Unreachable { stage: Stage::Server(502), says: "bad gateway".into() });
        }
        if self.server.has(Fault::BadToken) {
            return Err(Failure::Auth { stage: AuthStage::Api, kind: AuthKind::InvalidToken, says: "no".into() });
        }
        Ok(())
    }
}

#[async_trait]
impl CiProvider for Provider {
    async fn runs(&self, service: &Service, _: usize) -> Result<Batch<Arc<Run>>, Failure> {
        *self.server.asked.lock().unwrap().entry(service.name.clone()).or_default() += 1;
        self.ask()?;
        let place = self.server.services.iter().position(|known| known.name == service.name).unwrap();
        Ok(whole(self.server.runs(place)))
    }

    async fn jobs(&self, run: &RunKey) -> Result<Arc<Batch<Job>>, Failure> {
        self.ask()?;
        let job = Job {
            id: JobId(run.id),
            name: "docker push".into(),
            stage: None,
            state: RunState::Finished(Conclusion::Success),
            allow_failure: false,
            started_at: None,
            finished_at: None,
        };
        Ok(whole(vec![job]).into())
    }

    async fn push_log(&self, _: &RunKey, _: JobId) -> Result<PushLog, Failure> {
        self.ask().map(|()| PushLog::default())
    }

    async fn renewed(&self) -> bool {
        !self.server.has(Fault::BadToken)
    }

    fn traffic(&self) -> Traffic {
        self.meter.traffic()
    }
}

/// The registry: a tag is there half a minute after its run.
struct Shelf(Arc<Server>);

impl Shelf {
    fn probe<T>(&self, answer: Probe<T>) -> Probe<T> {
        if self.0.has(Fault::RegistryDown) {
            return Probe::Unseen(Failure::Unreachable { stage: Stage::Connect, says: "refused".into() });
        }
        answer
    }
}

#[async_trait]
impl Registry for Shelf {
    async fn tag(&self, tag_ref: &TagRef) -> Probe<Arc<Manifest>> {
        let place = self.0.services.iter().position(|known| known.images[0].repository == tag_ref.image).unwrap();
        let lag = SignedDuration::from_secs(30);
        let there = self.0.runs(place).into_iter().find(|run| {
            let pushed = run.finished_at.is_some_and(|end| self.0.times.now() >= end.at() + lag);
            pushed && tag_ref.tag.as_str().strip_prefix("sha-").is_some_and(|sha| run.sha.as_str().starts_with(sha))
        });
        let manifest = there.map(|run| Arc::new(single(&run.number.to_string())));
        self.probe(manifest.map_or_else(absent, Probe::Present))
    }

    async fn manifest(&self, _: &ImageName, _: &Digest) -> Probe<Arc<Manifest>> {
        self.probe(absent())
    }

    async fn config(&self, _: &ImageName, _: &Digest) -> Probe<ImageConfig> {
        let platform = Some(platform("linux/amd64"));
        self.probe(Probe::Present(ImageConfig { created: None, revision: None, platform }))
    }

    async fn blob(&self, _: &ImageName, _: &Digest) -> Probe<()> {
        self.probe(Probe::Present(()))
    }

    async fn tags(&self, _: &ImageName) -> Probe<Batch<Tag>> {
        self.probe(Probe::Present(whole(vec![])))
    }

    async fn warm(&self, _: &ImageName) {}

    fn traffic(&self) -> Traffic {
        Traffic::default()
    }
}

fn whole<T>(items: Vec<T>) -> Batch<T> {
    Batch { items, skipped: 0, complete: true }
}
