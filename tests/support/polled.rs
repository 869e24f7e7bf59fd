//! A poller over a source that answers by a script and keeps count, under paused time with a wall clock of its own.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use landfall::domain::{
    Absence, AbsenceCode, Batch, Digest, Ended, Failure, Globs, ImageConfig, ImageName, Job, JobExecution, JobId, Look,
    Manifest, Observation, Pace, Probe, PushLog, RepoPath, Run, RunKey, Seen, Service, ServiceName, SourceId, Stage,
    Tag, TagRef, Traffic, Urgency, Wanted,
};
use landfall::poll::{Clock, Doors, Poller, Rhythm, Sources};
use landfall::source::{CiProvider, Registry};
use tokio::sync::mpsc;
use tokio::time::Instant;

pub(crate) const STEADY: Rhythm = Rhythm {
    runs: 20,
    ci_in_flight: 4,
    registry_in_flight: 4,
    attempts: 1,
    backoff: SignedDuration::from_secs(1),
    patience: SignedDuration::ZERO,
};

pub(crate) const MINUTE: Duration = Duration::from_mins(1);

pub(crate) fn start() -> Timestamp {
    "2026-03-02T12:00:00Z".parse().unwrap()
}

/// Follows paused time, and can be set.
pub(crate) struct Wall {
    begin: Instant,
    /// By how many seconds it is ahead.
    pub(crate) ahead: AtomicI64,
    /// Whether reading it panics, once.
    pub(crate) broken: AtomicBool,
    reads: AtomicUsize,
}

impl Wall {
    /// How often it was read.
    pub(crate) fn reads(&self) -> usize {
        self.reads.load(Ordering::SeqCst)
    }
}

impl Clock for Wall {
    fn now(&self) -> Timestamp {
        self.reads.fetch_add(1, Ordering::SeqCst);
        assert!(!self.broken.swap(false, Ordering::SeqCst), "the clock is broken");
        let ahead = SignedDuration::from_secs(self.ahead.load(Ordering::SeqCst));
        start() + SignedDuration::try_from(self.begin.elapsed()).unwrap() + ahead
    }
}

/// One question, as it came in.
pub(crate) struct Asked<'a> {
    pub(crate) look: &'a Look,
    /// Since the start.
    pub(crate) at: Duration,
    /// How often the same was asked before.
    pub(crate) before: usize,
}

type Script = Box<dyn Fn(&Asked<'_>) -> Result<(), Failure> + Send + Sync>;

/// Answers by a script, and keeps count.
pub(crate) struct Scripted {
    script: Script,
    begin: Instant,
    /// How long an answer takes.
    pub(crate) latency: Mutex<Duration>,
    pub(crate) log: Mutex<Vec<(Duration, Look)>>,
    count: Mutex<HashMap<Look, usize>>,
    under_way: AtomicUsize,
    pub(crate) most: AtomicUsize,
    pub(crate) traffic: Arc<Mutex<Traffic>>,
    pub(crate) renewed: AtomicBool,
    pub(crate) warmed: AtomicUsize,
}

impl Scripted {
    async fn ask(&self, look: Look) -> Result<(), Failure> {
        let at = self.begin.elapsed();
        let before = {
            let mut count = self.count.lock().unwrap();
            let count = count.entry(look.clone()).or_default();
            std::mem::replace(count, *count + 1)
        };
        self.log.lock().unwrap().push((at, look.clone()));
        let now = self.under_way.fetch_add(1, Ordering::SeqCst) + 1;
        self.most.fetch_max(now, Ordering::SeqCst);
        let latency = *self.latency.lock().unwrap();
        let answer = (self.script)(&Asked { look: &look, at, before });
        tokio::time::sleep(latency).await;
        self.under_way.fetch_sub(1, Ordering::SeqCst);
        answer
    }

    async fn probe<T>(&self, look: Look) -> Probe<T> {
        match self.ask(look).await {
            Ok(()) => Probe::Absent(Absence { code: AbsenceCode::ManifestUnknown, says: "".into() }),
            Err(failure) => Probe::Unseen(failure),
        }
    }
}

#[async_trait]
impl CiProvider for Scripted {
    async fn runs(&self, service: &Service, _: usize) -> Result<Batch<Arc<Run>>, Failure> {
        self.ask(Look::Runs(service.name.clone())).await.map(|()| whole(vec![]))
    }

    async fn jobs(&self, run: &RunKey) -> Result<Arc<Batch<Job>>, Failure> {
        self.ask(Look::Jobs(run.clone())).await.map(|()| whole(vec![]).into())
    }

    async fn push_log(&self, run: &RunKey, job: JobId) -> Result<PushLog, Failure> {
        self.ask(Look::PushLog(run.clone(), job)).await.map(|()| PushLog::default())
    }

    async fn tries(&self, run: &RunKey) -> Result<Batch<JobExecution>, Failure> {
        self.ask(Look::Tries(Ended { run: run.clone(), at: None })).await.map(|()| whole(vec![]))
    }

    async fn renewed(&self) -> bool {
        self.renewed.load(Ordering::SeqCst)
    }

    fn traffic(&self) -> Traffic {
        self.traffic.lock().unwrap().clone()
    }
}

#[async_trait]
impl Registry for Scripted {
    async fn tag(&self, tag_ref: &TagRef) -> Probe<Arc<Manifest>> {
        self.probe(Look::Tag(tag_ref.clone())).await
    }

    async fn manifest(&self, image: &ImageName, digest: &Digest) -> Probe<Arc<Manifest>> {
        self.probe(Look::Manifest(image.clone(), digest.clone())).await
    }

    async fn config(&self, image: &ImageName, digest: &Digest) -> Probe<ImageConfig> {
        self.probe(Look::Config(image.clone(), digest.clone())).await
    }

    async fn blob(&self, image: &ImageName, digest: &Digest) -> Probe<()> {
        self.probe(Look::Blob(image.clone(), digest.clone())).await
    }

    async fn tags(&self, image: &ImageName) -> Probe<Batch<Tag>> {
        self.probe(Look::Canary(image.clone())).await
    }

    async fn warm(&self, _: &ImageName) {
        self.warmed.fetch_add(1, Ordering::SeqCst);
    }

    async fn renewed(&self) -> bool {
        self.renewed.load(Ordering::SeqCst)
    }

    fn traffic(&self) -> Traffic {
        self.traffic.lock().unwrap().clone()
    }
}

fn whole<T>(items: Vec<T>) -> Batch<T> {
    Batch { items, skipped: 0, complete: true }
}

/// A poller, what it asks, and what it tells; with somebody who wants everything again as the dashboard does.
pub(crate) struct Bench {
    pub(crate) poller: Poller,
    pub(crate) source: Arc<Scripted>,
    pub(crate) wall: Arc<Wall>,
    /// Which sources are closed to what is asked besides.
    pub(crate) doors: Doors,
    inbox: mpsc::Receiver<Observation>,
    /// What is wanted each interval, and how urgently.
    kept: HashMap<Look, (Urgency, Duration)>,
    /// When each was last answered, by the wall.
    answered: HashMap<Look, Timestamp>,
    /// Everything that was told, and when.
    pub(crate) told: Vec<(Duration, Observation)>,
}

pub(crate) fn bench(
    rhythm: Rhythm,
    script: impl Fn(&Asked<'_>) -> Result<(), Failure> + Send + Sync + 'static,
) -> Bench {
    metered(rhythm, Arc::default(), script)
}

/// The same, with the source's counters in the hands of the script.
pub(crate) fn metered(
    rhythm: Rhythm,
    traffic: Arc<Mutex<Traffic>>,
    script: impl Fn(&Asked<'_>) -> Result<(), Failure> + Send + Sync + 'static,
) -> Bench {
    let begin = Instant::now();
    let source = Arc::new(Scripted {
        script: Box::new(script),
        begin,
        latency: Mutex::new(Duration::from_millis(50)),
        log: Mutex::default(),
        count: Mutex::default(),
        under_way: AtomicUsize::new(0),
        most: AtomicUsize::new(0),
        traffic,
        renewed: AtomicBool::new(false),
        warmed: AtomicUsize::new(0),
    });
    let wall =
        Arc::new(Wall { begin, ahead: AtomicI64::new(0), broken: AtomicBool::new(false), reads: AtomicUsize::new(0) });
    let (sender, inbox) = mpsc::channel(4096);
    let mut sources = Sources::default();
    sources.ci.insert(SourceId::parse("github").unwrap(), source.clone());
    sources.registries.insert(SourceId::parse("registry.test").unwrap(), source.clone());
    let services: Vec<_> = (0..300).map(service).collect();
    let doors = sources.doors.clone();
    let poller = Poller::start(sources, &services, rhythm, wall.clone(), sender);
    Bench { poller, source, wall, doors, inbox, kept: HashMap::new(), answered: HashMap::new(), told: Vec::new() }
}

fn service(number: usize) -> Arc<Service> {
    let any = || Globs::parse(&[]).unwrap();
    Arc::new(Service {
        name: name(number),
        ci: SourceId::parse("github").unwrap(),
        repo: RepoPath::parse(&format!("acme/service-{number}")).unwrap(),
        workflow: any(),
        branch: any(),
        event: any(),
        push_job: any(),
        images: vec![],
        claimed: Arc::default(),
        trust: landfall::domain::TrustSpec::default(),
    })
}

fn name(number: usize) -> ServiceName {
    ServiceName::parse(&format!("service-{number}")).unwrap()
}

/// The list of runs of the service with this number.
pub(crate) fn list(number: usize) -> Look {
    Look::Runs(name(number))
}

pub(crate) fn image(repository: &str) -> ImageName {
    ImageName::parse(&format!("registry.test/{repository}")).unwrap()
}

pub(crate) fn tag(repository: &str, number: usize) -> Look {
    Look::Tag(TagRef { image: image(repository), tag: Tag::parse(&number.to_string()).unwrap() })
}

pub(crate) fn wish(look: Look, urgency: Urgency) -> Wanted {
    Wanted { look, urgency, not_before: None }
}

impl Bench {
    /// Wants these now, and again each interval.
    pub(crate) fn keep(&mut self, looks: impl IntoIterator<Item = Look>, interval: Duration) {
        self.keep_as(Urgency::Again, looks, interval);
    }

    pub(crate) fn keep_as(&mut self, urgency: Urgency, looks: impl IntoIterator<Item = Look>, interval: Duration) {
        let looks: Vec<_> = looks.into_iter().collect();
        self.poller.want(looks.iter().map(|look| wish(look.clone(), Urgency::Newest)).collect());
        self.kept.extend(looks.into_iter().map(|look| (look, (urgency, interval))));
    }

    pub(crate) fn ask(&self, looks: impl IntoIterator<Item = Look>) {
        self.poller.want(looks.into_iter().map(|look| wish(look, Urgency::Asked)).collect());
    }

    /// Lets time pass, and does what the dashboard does: after each answer, and every minute for all.
    pub(crate) async fn pass(&mut self, time: Duration) {
        let end = Instant::now() + time;
        let mut round = tokio::time::interval(MINUTE);
        loop {
            tokio::select! {
                biased;
                Some(observation) = self.inbox.recv() => self.take(observation),
                _ = round.tick() => {
                    let all = self.kept.keys().map(|look| self.again(look)).collect();
                    self.poller.want(all);
                }
                () = tokio::time::sleep_until(end) => return,
            }
        }
    }

    fn again(&self, look: &Look) -> Wanted {
        let (urgency, interval) = self.kept[look];
        let not_before = self.answered.get(look).map(|at| *at + SignedDuration::try_from(interval).unwrap());
        match not_before {
            None => wish(look.clone(), urgency.max(Urgency::Newest)),
            not_before => Wanted { look: look.clone(), urgency, not_before },
        }
    }

    fn take(&mut self, observation: Observation) {
        let (look, failure) = outcome(&observation.seen);
        if let Some(look) = look.filter(|look| self.kept.contains_key(look)) {
            match failure {
                None => {
                    self.answered.insert(look.clone(), observation.at);
                    self.poller.want(vec![self.again(&look)]);
                }
                Some(_) => self.poller.want(vec![wish(look.clone(), self.kept[&look].0)]),
            }
        }
        self.told.push((self.source.begin.elapsed(), observation));
    }

    /// When this was asked, since the start.
    pub(crate) fn times(&self, look: &Look) -> Vec<Duration> {
        self.source.log.lock().unwrap().iter().filter(|(_, asked)| asked == look).map(|(at, _)| *at).collect()
    }

    /// Returns how often anything was asked in this time since the start.
    pub(crate) fn asked(&self, from: Duration, to: Duration) -> usize {
        self.source.log.lock().unwrap().iter().filter(|(at, _)| (from..to).contains(at)).count()
    }

    pub(crate) fn now(&self) -> Duration {
        self.source.begin.elapsed()
    }

    /// The failures that were told of a look.
    pub(crate) fn failures(&self, look: &Look) -> Vec<Failure> {
        let told = self.told.iter().map(|(_, observation)| outcome(&observation.seen));
        told.filter(|(of, _)| of.as_ref() == Some(look)).filter_map(|(_, failure)| failure).collect()
    }

    /// Every pace that was told of a source, and when.
    pub(crate) fn paces(&self, source: &str) -> Vec<(Duration, Pace)> {
        let told = self.told.iter().filter(|(_, observation)| observation.source.as_str() == source);
        told.filter_map(|(at, observation)| match &observation.seen {
            Seen::Pace(_, pace) => Some((*at, pace.clone())),
            _ => None,
        })
        .collect()
    }

    pub(crate) fn pace(&self, source: &str) -> Pace {
        self.paces(source).last().map(|(_, pace)| pace.clone()).unwrap_or_default()
    }
}

/// Returns what was answered, and the failure where that was one.
fn outcome(seen: &Seen) -> (Option<Look>, Option<Failure>) {
    match seen {
        Seen::Runs(service, _) => (Some(Look::Runs(service.clone())), None),
        Seen::Jobs(run, _) => (Some(Look::Jobs(run.clone())), None),
        Seen::Tries(ended, _) => (Some(Look::Tries(ended.clone())), None),
        Seen::Failed(look, failure) => (Some(look.clone()), Some(failure.clone())),
        Seen::Tag(tag_ref, probe) => {
            let failure = if let Probe::Unseen(failure) = probe { Some(failure.clone()) } else { None };
            (Some(Look::Tag(tag_ref.clone())), failure)
        }
        Seen::Canary(image, probe) => {
            let failure = if let Probe::Unseen(failure) = probe { Some(failure.clone()) } else { None };
            (Some(Look::Canary(image.clone())), failure)
        }
        _ => (None, None),
    }
}

pub(crate) fn down() -> Failure {
    Failure::Unreachable { stage: Stage::Server(503), says: "later".into() }
}

pub(crate) fn limited(until: Option<Duration>) -> Failure {
    let until = until.map(|until| start() + SignedDuration::try_from(until).unwrap());
    Failure::RateLimited { until, says: "slow down".into() }
}

/// Returns how long after each the next came.
pub(crate) fn gaps(times: &[Duration]) -> Vec<Duration> {
    times.windows(2).map(|pair| pair[1].saturating_sub(pair[0])).collect()
}

/// So many seconds.
pub(crate) fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}
