//! Everything that says how much a service's green and red can be trusted, and how long it lets people wait.

use std::sync::{Arc, LazyLock};

use jiff::{SignedDuration, Timestamp};

use super::executions::{execution, tests};
use super::flaky::Flakiness;
use super::landings::landings;
use super::{
    Delivery, Policy, Report, ServiceReport, WorkflowDurations, by_deployments, by_landed_images, duration, flaky,
};
use crate::domain::{
    Deployment, Deployments, Execution, LandedCommit, Miss, Moment, Run, RunKey, Sample, Service, Sha, Snapshot,
    TestEvidence, TestRun, Text, Unreadable,
};

/// From so many runs on a judgement takes a while, and stands for this long whatever comes in: while a long past is
/// read, something does all the time.
const MANY: usize = 50;
const PAUSE: SignedDuration = SignedDuration::from_secs(5);

/// What is judged by the time alone is judged anew after so many seconds.
const HOUR: i64 = 3_600;

/// How much a service's green and red can be trusted, how long it takes and how often it arrives, by every run that
/// is remembered.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Reliability {
    /// The runs that it is known from, newest first; those are over.
    pub runs: Vec<Arc<Run>>,
    /// How far what there is to know of them was read.
    pub coverage: Coverage,
    /// Its builds, jobs and tests.
    pub flakiness: Flakiness,
    /// How long it takes, workflow by workflow, with advice on the order of checks.
    pub durations: Vec<WorkflowDurations>,
    /// How often and how fast commits arrive as images.
    pub landings: Delivery,
    /// How often and how fast commits are deployed.
    pub deployments: DeploymentsReport,
    stamp: Option<(Stamp, Timestamp)>,
}

/// What is known of a service's deployments.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct DeploymentsReport {
    /// The environment that is asked for; `None` where the configuration wants none.
    pub environment: Option<Text>,
    /// The figures; `None` as long as the provider told nothing.
    pub delivery: Option<Box<Delivery>>,
    /// How many deployments could not be read.
    pub skipped: u64,
    /// Why the provider told nothing the last time.
    pub failure: Option<Miss>,
}

/// How far what there is to know of a service's runs was read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Coverage {
    /// Runs of whose jobs every try was read. Without it, jobs that were tried again are not seen.
    pub jobs_read: usize,
    /// The newest failure to read the jobs of a run whose jobs are not known yet.
    pub jobs_failure: Option<Miss>,
    /// Runs whose test reports were looked for; `None` where the configuration asks for none.
    pub reports_looked_for: Option<usize>,
    /// The newest failure to look for the test reports of a run.
    pub reports_failure: Option<Miss>,
    /// Test reports that were read, whole or in part.
    pub reports_read: usize,
    /// Test reports that could not be read, newest first. They are not "no tests".
    pub unread: Vec<UnreadReport>,
}

/// A test report that could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnreadReport {
    /// The run. Its attempt is the try, where that is known.
    pub run: RunKey,
    /// The job, or the artifact where that is all that is known.
    pub job: Text,
    /// The file.
    pub file: Text,
    /// Why.
    pub why: Unreadable,
}

/// What it was judged by: where this is the same, so is the judgement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stamp {
    samples: u64,
    landings: u64,
    hour: i64,
}

impl Stamp {
    /// Services are judged anew at different moments of the hour.
    fn of(snapshot: &Snapshot, service: &Service, now: Timestamp) -> Self {
        let (samples, landings) = snapshot.remembered(service);
        let spread = service.name.as_str().bytes().fold(0_i64, |sum, byte| sum * 31 % HOUR + i64::from(byte));
        Self { samples, landings, hour: (now.as_second() + spread).div_euclid(HOUR) }
    }
}

/// What a report says that nobody has assessed: nothing.
static UNASSESSED: LazyLock<Arc<Reliability>> = LazyLock::new(Arc::default);

impl Reliability {
    /// Returns that nothing is known yet.
    pub(super) fn unassessed() -> Arc<Self> {
        UNASSESSED.clone()
    }

    /// Returns whether it was judged. While what is remembered of its runs is still read it is not, and says nothing.
    #[must_use]
    pub fn is_assessed(self: &Arc<Self>) -> bool {
        !Arc::ptr_eq(self, &UNASSESSED)
    }

    /// Returns the runs by the provider's id, to find what a job or test names.
    #[must_use]
    pub fn run(&self, id: u64) -> Option<&Arc<Run>> {
        self.runs.iter().find(|run| run.key.id == id)
    }
}

/// Judges everything that is remembered of a service's runs. `report` has the verdicts over what they left behind.
#[must_use]
pub fn reliability(snapshot: &Snapshot, report: &ServiceReport, policy: &Policy, now: Timestamp) -> Reliability {
    let service = &*report.service;
    let retries = service.trust.retries;
    let mut samples: Vec<&Sample> = snapshot.samples(service).collect();
    let runs = samples.iter().map(|sample| sample.run.clone()).collect();
    samples.reverse();
    let executions: Vec<Execution> = samples.iter().map(|sample| execution(snapshot, service, sample)).collect();
    let both = samples.iter().zip(&executions);
    let tests: Vec<TestRun> =
        both.flat_map(|(sample, execution)| tests(snapshot, retries, sample, execution)).collect();
    let since = samples.iter().filter_map(|sample| sample.run.created_at).min().map_or(now, Moment::at);
    let fresh =
        landings(snapshot, &report.rows).into_iter().filter(|(run, _)| !snapshot.has_arrived(&service.name, run));
    let arrived = snapshot.arrivals(&service.name).cloned();
    let landed: Vec<LandedCommit> = arrived.chain(fresh.map(|(_, commit)| commit)).collect();
    Reliability {
        runs,
        coverage: Coverage::of(service, &samples, &tests),
        flakiness: flaky::of_runs(&executions, &tests, policy, now),
        durations: duration::of_runs(&executions, policy),
        landings: by_landed_images(&landed, since, now),
        deployments: deployments(snapshot, service, &samples, now),
        stamp: Some((Stamp::of(snapshot, service, now), now)),
    }
}

/// Weeks before the first deployment that is known are no weeks without one.
fn deployments(snapshot: &Snapshot, service: &Service, samples: &[&Sample], now: Timestamp) -> DeploymentsReport {
    let environment = service.trust.environment.clone();
    let place = service.deployments().unwrap_or_default();
    let is_meant = |known: &&Deployments| known.place == place || known.seen_at.is_none();
    let Some(known) = snapshot.deployments(&service.name).filter(is_meant) else {
        return DeploymentsReport { environment, ..DeploymentsReport::default() };
    };
    let first_run = |sha: &Sha| samples.iter().find(|sample| sample.run.sha == *sha).map(|sample| &sample.run);
    let mut over: Vec<Deployment> = known.over().cloned().collect();
    for deployment in over.iter_mut().filter(|deployment| deployment.committed_at.is_none()) {
        deployment.committed_at = first_run(&deployment.sha).and_then(|run| run.committed_at).map(Moment::at);
    }
    let since = over.iter().map(|deployment| deployment.finished_at).min().unwrap_or(now);
    DeploymentsReport {
        environment,
        delivery: known.seen_at.map(|_| by_deployments(&over, since, now).into()),
        skipped: known.skipped,
        failure: known.failure.clone(),
    }
}

impl Coverage {
    /// `samples` and `tests` are oldest first.
    fn of(service: &Service, samples: &[&Sample], tests: &[TestRun]) -> Self {
        let (retries, newest) = (service.trust.retries, samples.iter().rev());
        let unread = tests.iter().rev().filter_map(|run| match &run.evidence {
            TestEvidence::Unreadable(why) => {
                let TestRun { run, job, file, .. } = run.clone();
                Some(UnreadReport { run, job, file, why: why.clone() })
            }
            TestEvidence::Report(_) | TestEvidence::Summary(_) | TestEvidence::Log(_) => None,
        });
        let read = tests.iter().map(|run| match &run.evidence {
            TestEvidence::Report(_) => 1,
            TestEvidence::Summary(summary) => usize::try_from(summary.reports).unwrap_or_default(),
            TestEvidence::Log(_) | TestEvidence::Unreadable(_) => 0,
        });
        let looked_for = samples.iter().filter(|sample| sample.reports(retries).is_some()).count();
        Self {
            jobs_read: samples.iter().filter(|sample| sample.tries(retries).is_some()).count(),
            jobs_failure: newest.clone().find_map(|sample| sample.learnt().tries_failure.clone()),
            reports_looked_for: (service.trust.reports.is_some() || looked_for > 0).then_some(looked_for),
            reports_failure: newest.clone().find_map(|sample| sample.learnt().reports_failure.clone()),
            reports_read: read.sum(),
            unread: unread.collect(),
        }
    }
}

/// Returns the judgement that is known, where nothing changed since or it was just made, or a new one. `report` has the
/// verdicts.
#[must_use]
pub fn renewed(
    known: &Arc<Reliability>,
    snapshot: &Snapshot,
    report: &ServiceReport,
    policy: &Policy,
    now: Timestamp,
) -> Arc<Reliability> {
    if let Some((stamp, at)) = known.stamp {
        let is_recent = known.runs.len() >= MANY && now.duration_since(at).abs() < PAUSE;
        if is_recent || stamp == Stamp::of(snapshot, &report.service, now) {
            return known.clone();
        }
    }
    Arc::new(reliability(snapshot, report, policy, now))
}

/// Judges how much every service of the report can be trusted. What is judged already, and did not change, stays.
pub fn assess(report: &mut Report, snapshot: &Snapshot, policy: &Policy, now: Timestamp) {
    for service in &mut report.services {
        service.reliability = renewed(&service.reliability, snapshot, service, policy, now);
    }
}
