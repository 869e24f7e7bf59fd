//! How long runs and jobs wait and take: typical times, trend, alarms, and what could be done about it.

use std::collections::BTreeMap;

use jiff::SignedDuration;

use super::Policy;
use super::check_order::{OrderAdvice, advice};
use super::critical_path::{CriticalPath, critical_path};
use super::flaky::merged;
use super::regression::{Shift, Timed, regression};
use super::spread::Spread;
use super::two_speeds::TwoSpeeds;
use crate::domain::{Execution, JobExecution, Outcome, Text};

/// The newest successful runs that are looked at.
const RUNS: usize = 100;

/// How a time stands to its limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Against {
    /// Below it.
    Below,
    /// Exactly at it: neither good nor over.
    AtLimit,
    /// Above it.
    Above,
}

impl Against {
    /// Returns the word that the report uses.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Below => "below",
            Self::AtLimit => "at-limit",
            Self::Above => "above",
        }
    }

    /// Compares a time with its limit.
    #[must_use]
    pub fn limit(time: SignedDuration, limit: SignedDuration) -> Self {
        match time.cmp(&limit) {
            std::cmp::Ordering::Less => Self::Below,
            std::cmp::Ordering::Equal => Self::AtLimit,
            std::cmp::Ordering::Greater => Self::Above,
        }
    }
}

/// How long the runs of one workflow take, by its successful runs on the main line.
#[derive(Debug, Clone, PartialEq)]
pub struct WorkflowDurations {
    /// The workflow.
    pub workflow: Text,
    /// How long runs take.
    pub ran: Option<Spread>,
    /// How long they wait before that.
    pub waited: Option<Spread>,
    /// How the typical run stands to the limit for pipelines.
    pub pipeline: Option<Against>,
    /// How the newest run stands to it.
    pub newest: Option<(SignedDuration, Against)>,
    /// How long each run took, oldest first.
    pub trend: Vec<SignedDuration>,
    /// The newest runs beside those before; nothing where there are too few.
    pub shift: Option<Box<Shift>>,
    /// Two heaps of durations, where there are two.
    pub two_speeds: Option<Box<TwoSpeeds>>,
    /// The jobs that the newest run had to wait for.
    pub path: Option<CriticalPath>,
    /// Its jobs, slowest first.
    pub jobs: Vec<JobDurations>,
    /// Where a check could run earlier.
    pub advice: Vec<OrderAdvice>,
}

/// How long one job takes.
#[derive(Debug, Clone, PartialEq)]
pub struct JobDurations {
    /// The job, with its matrix suffix.
    pub name: Text,
    /// GitLab's stage.
    pub stage: Option<Text>,
    /// How long it runs.
    pub ran: Option<Spread>,
    /// How long it waits for a runner.
    pub waited: Option<Spread>,
    /// How the typical one stands to the limit for stages and jobs.
    pub stage_limit: Option<Against>,
    /// How long it ran each time, oldest first.
    pub trend: Vec<SignedDuration>,
    /// The newest ones beside those before.
    pub shift: Option<Box<Shift>>,
    /// Two heaps of durations, where there are two.
    pub two_speeds: Option<Box<TwoSpeeds>>,
}

/// Sums up how long the runs of one service take, workflow by workflow.
#[must_use]
pub fn durations(executions: &[Execution], policy: &Policy) -> Vec<WorkflowDurations> {
    of_runs(&merged(executions), policy)
}

/// Sums up runs that are given once each, oldest first.
pub(super) fn of_runs(executions: &[Execution], policy: &Policy) -> Vec<WorkflowDurations> {
    let mut workflows: BTreeMap<&Text, Vec<&Execution>> = BTreeMap::new();
    for run in executions.iter().filter(|run| run.mainline) {
        workflows.entry(&run.workflow).or_default().push(run);
    }
    let mut found: Vec<_> = workflows.into_iter().map(|(workflow, runs)| one(workflow, &runs, policy)).collect();
    found.shrink_to_fit();
    found
}

/// `runs` are oldest first.
fn one(workflow: &Text, runs: &[&Execution], policy: &Policy) -> WorkflowDurations {
    // Runs that failed or were cancelled stopped early.
    let mut green: Vec<&Execution> = runs.iter().filter(|run| run.ended == Outcome::Passed).copied().collect();
    green.drain(..green.len().saturating_sub(RUNS));
    let timed = timed(green.iter().filter_map(|run| Some((*run, run.ran()?))));
    let trend: Vec<SignedDuration> = timed.iter().map(|run| run.took).collect();
    let ran = Spread::of(trend.clone());
    WorkflowDurations {
        workflow: workflow.clone(),
        ran,
        waited: Spread::of(green.iter().filter_map(|run| run.waited()).collect()),
        pipeline: ran.map(|ran| Against::limit(ran.p50, policy.slow_pipeline)),
        newest: trend.last().map(|&newest| (newest, Against::limit(newest, policy.slow_pipeline))),
        shift: regression(&timed).map(Box::new),
        two_speeds: TwoSpeeds::of(&trend).map(Box::new),
        trend,
        path: path(&green, policy),
        jobs: jobs(&green, policy),
        advice: advice(runs),
    }
}

/// Jobs that were tried again were created late for another reason than what they need: such runs come last.
fn path(green: &[&Execution], policy: &Policy) -> Option<CriticalPath> {
    let (first, again): (Vec<&Execution>, Vec<&Execution>) = green.iter().rev().partition(|run| run.newest_try() == 1);
    first.into_iter().chain(again).find_map(|run| critical_path(&run.newest_jobs(), policy.slow_stage))
}

fn jobs(green: &[&Execution], policy: &Policy) -> Vec<JobDurations> {
    let mut names: BTreeMap<&Text, Vec<(&Execution, &JobExecution)>> = BTreeMap::new();
    for run in green {
        for job in run.newest_jobs().into_iter().filter(|job| job.outcome() == Outcome::Passed) {
            names.entry(&job.name).or_default().push((run, job));
        }
    }
    let mut found: Vec<JobDurations> = names
        .into_iter()
        .map(|(name, tries)| {
            let timed = timed(tries.iter().filter_map(|(run, job)| Some((*run, job.ran()?))));
            let took: Vec<SignedDuration> = timed.iter().map(|run| run.took).collect();
            let ran = Spread::of(took.clone());
            JobDurations {
                name: name.clone(),
                stage: tries.last().and_then(|(_, job)| job.stage.clone()),
                ran,
                waited: Spread::of(tries.iter().filter_map(|(_, job)| job.waited()).collect()),
                stage_limit: ran.map(|ran| Against::limit(ran.p50, policy.slow_stage)),
                shift: regression(&timed).map(Box::new),
                two_speeds: TwoSpeeds::of(&took).map(Box::new),
                trend: took,
            }
        })
        .collect();
    found.sort_by_key(|job| std::cmp::Reverse(job.ran.map(|ran| ran.p50)));
    found.shrink_to_fit();
    found
}

fn timed<'a>(runs: impl Iterator<Item = (&'a Execution, SignedDuration)>) -> Vec<Timed> {
    runs.map(|(run, took)| Timed { sha: run.sha.clone(), took }).collect()
}
