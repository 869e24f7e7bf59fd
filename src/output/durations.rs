//! The report's `durations`, a workflow each, and `delivery`, a service each.

use jiff::SignedDuration;
use serde::Serialize;

use super::json::named;
use super::number::{Proportion, Seconds, Times, rounded};
use crate::analysis::{
    Against, Basis, CriticalPath, Delivery, Figure, Frequency, JobDurations, OrderAdvice, PathBasis, Report,
    ServiceReport, Shift, Spread, TwoSpeeds, WorkflowDurations,
};
use crate::domain::{RepoPath, ServiceName, Sha, SourceId, Text};

#[derive(Serialize)]
pub(super) struct WorkflowTimes<'a> {
    service: &'a ServiceName,
    ci: &'a SourceId,
    repo: &'a RepoPath,
    workflow: Option<&'a Text>,
    #[serde(flatten)]
    timed: Timed<'a>,
    newest: Option<Newest>,
    critical_path: Option<Path<'a>>,
    advice: Vec<Advice<'a>>,
    jobs: Vec<JobTimes<'a>>,
}

/// Returns how long the runs of every workflow take.
pub(super) fn of(report: &Report) -> Vec<WorkflowTimes<'_>> {
    let all = report.services.iter().flat_map(|service| {
        let workflows = service.reliability.durations.iter();
        workflows.map(move |durations| workflow(service, durations))
    });
    all.collect()
}

/// What is told of a workflow's runs and of a job's alike.
#[derive(Serialize)]
struct Timed<'a> {
    run: Option<Times>,
    queue: Option<Times>,
    limit: Option<&'static str>,
    trend: Vec<Seconds>,
    drift: Option<Drifted<'a>>,
    two_speeds: Option<Speeds>,
}

impl<'a> Timed<'a> {
    fn of(
        [ran, waited]: [Option<Spread>; 2],
        limit: Option<Against>,
        trend: &[SignedDuration],
        shift: Option<&'a Shift>,
        speeds: Option<&TwoSpeeds>,
    ) -> Self {
        Self {
            run: ran.map(Times::from),
            queue: waited.map(Times::from),
            limit: limit.map(Against::word),
            trend: trend.iter().copied().map(Seconds).collect(),
            drift: shift.map(Drifted::from),
            two_speeds: speeds.map(Speeds::from),
        }
    }
}

#[derive(Serialize)]
struct Newest {
    run: Seconds,
    limit: &'static str,
}

#[derive(Serialize)]
struct Drifted<'a> {
    drift: &'static str,
    before: f64,
    now: f64,
    last_commit_before: Option<&'a Sha>,
    first_commit_after: Option<&'a Sha>,
}

impl<'a> From<&'a Shift> for Drifted<'a> {
    fn from(shift: &'a Shift) -> Self {
        Self {
            drift: shift.comparison.drift.word(),
            before: rounded(shift.comparison.baseline, 1_000.0),
            now: rounded(shift.comparison.recent, 1_000.0),
            last_commit_before: shift.before.as_ref(),
            first_commit_after: shift.first.as_ref(),
        }
    }
}

#[derive(Serialize)]
struct Speeds {
    fast: Seconds,
    slow: Seconds,
    slow_runs: u32,
    of: u32,
    words: String,
}

impl From<&TwoSpeeds> for Speeds {
    fn from(speeds: &TwoSpeeds) -> Self {
        let TwoSpeeds { fast, slow, slow_runs, of } = *speeds;
        Self { fast: Seconds(fast), slow: Seconds(slow), slow_runs, of, words: speeds.words() }
    }
}

#[derive(Serialize)]
struct Path<'a> {
    basis: &'static str,
    inferred: bool,
    total: Seconds,
    steps: Vec<Step<'a>>,
}

#[derive(Serialize)]
struct Step<'a> {
    job: &'a Text,
    stage: Option<&'a Text>,
    queue: Option<Seconds>,
    run: Seconds,
    parallelise: bool,
}

impl<'a> From<&'a CriticalPath> for Path<'a> {
    fn from(path: &'a CriticalPath) -> Self {
        let steps = path.steps.iter().map(|step| Step {
            job: &step.name,
            stage: step.stage.as_ref(),
            queue: step.waited.map(Seconds),
            run: Seconds(step.ran),
            parallelise: step.parallelise,
        });
        Self {
            basis: path.basis.word(),
            inferred: path.basis == PathBasis::Times,
            total: Seconds(path.total),
            steps: steps.collect(),
        }
    }
}

#[derive(Serialize)]
struct Advice<'a> {
    fast: &'a Text,
    fails: Proportion,
    slow: &'a Text,
    saves: Seconds,
    words: String,
}

impl<'a> From<&'a OrderAdvice> for Advice<'a> {
    fn from(advice: &'a OrderAdvice) -> Self {
        let OrderAdvice { fast, fails, slow, saves } = advice;
        Self { fast, fails: Proportion::known(*fails), slow, saves: Seconds(*saves), words: advice.words() }
    }
}

#[derive(Serialize)]
struct JobTimes<'a> {
    job: &'a Text,
    stage: Option<&'a Text>,
    #[serde(flatten)]
    timed: Timed<'a>,
    on_critical_path: Option<bool>,
}

fn workflow<'a>(service: &'a ServiceReport, workflow: &'a WorkflowDurations) -> WorkflowTimes<'a> {
    let WorkflowDurations { ran, waited, pipeline, trend, shift, two_speeds, .. } = workflow;
    WorkflowTimes {
        service: &service.service.name,
        ci: &service.service.ci,
        repo: &service.service.repo,
        workflow: named(&workflow.workflow),
        timed: Timed::of([*ran, *waited], *pipeline, trend, shift.as_deref(), two_speeds.as_deref()),
        newest: workflow.newest.map(|(run, against)| Newest { run: Seconds(run), limit: against.word() }),
        critical_path: workflow.path.as_ref().map(Path::from),
        advice: workflow.advice.iter().map(Advice::from).collect(),
        jobs: workflow.jobs.iter().map(|one| job(workflow, one)).collect(),
    }
}

fn job<'a>(workflow: &WorkflowDurations, job: &'a JobDurations) -> JobTimes<'a> {
    let path = workflow.path.as_ref();
    let JobDurations { ran, waited, stage_limit, trend, shift, two_speeds, .. } = job;
    JobTimes {
        job: &job.name,
        stage: job.stage.as_ref(),
        timed: Timed::of([*ran, *waited], *stage_limit, trend, shift.as_deref(), two_speeds.as_deref()),
        on_critical_path: path.map(|path| path.steps.iter().any(|step| step.name == job.name)),
    }
}

#[derive(Serialize)]
pub(super) struct Delivered<'a> {
    service: &'a ServiceName,
    landings: Figures,
    environment: Option<&'a Text>,
    deployments: Option<Figures>,
    deployments_failure: Option<String>,
}

/// Returns how often and how fast the changes of every service arrive.
pub(super) fn delivery(report: &Report) -> Vec<Delivered<'_>> {
    let delivered = report.services.iter().map(|service| Delivered {
        service: &service.service.name,
        landings: Figures::from(&service.reliability.landings),
        environment: service.reliability.deployments.environment.as_ref(),
        deployments: service.reliability.deployments.delivery.as_deref().map(Figures::from),
        deployments_failure: service.reliability.deployments.failure.as_ref().map(|miss| miss.failure.to_string()),
    });
    delivered.collect()
}

#[derive(Serialize)]
struct Figures {
    frequency: Option<Measured<Pace>>,
    lead_time: Option<Measured<Times>>,
    change_failure: Option<Measured<Proportion>>,
    recovery: Option<Measured<Seconds>>,
}

/// A figure, and what it was measured by.
#[derive(Serialize)]
struct Measured<T> {
    value: T,
    basis: &'static str,
    proxy: bool,
}

#[derive(Serialize)]
struct Pace {
    often: &'static str,
    per_week: f64,
    count: u32,
    weeks: u32,
}

impl From<Frequency> for Pace {
    fn from(frequency: Frequency) -> Self {
        let Frequency { often, per_week, count, weeks } = frequency;
        Self { often: often.word(), per_week: rounded(per_week, 1_000.0), count, weeks }
    }
}

impl From<&Delivery> for Figures {
    fn from(delivery: &Delivery) -> Self {
        Self {
            frequency: delivery.frequency.map(|figure| measured(figure, Pace::from)),
            lead_time: delivery.lead_time.map(|figure| measured(figure, Times::from)),
            change_failure: delivery.change_failure.map(|figure| measured(figure, Proportion::known)),
            recovery: delivery.recovery.map(|figure| measured(figure, Seconds)),
        }
    }
}

fn measured<T, U>(figure: Figure<T>, value: impl FnOnce(T) -> U) -> Measured<U> {
    let basis: Basis = figure.basis;
    Measured { value: value(figure.value), basis: basis.words(), proxy: basis.is_proxy() }
}
