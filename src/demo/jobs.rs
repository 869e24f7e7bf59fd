//! The jobs of a run, and where they stand at a moment.

use super::world::{Fate, Run, Service, Workflow};

/// One job of one attempt.
#[derive(Debug, Clone)]
pub(super) struct Job {
    pub(super) id: u64,
    pub(super) name: String,
    pub(super) stage: &'static str,
    pub(super) starts: i64,
    pub(super) ends: i64,
    pub(super) outcome: Outcome,
    pub(super) pushes: bool,
    /// Whether its failure does not fail the run.
    pub(super) tolerated: bool,
}

/// How a job or run ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    Success,
    Failure,
    Cancelled,
    Skipped,
}

/// Where a job or run stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    Queued,
    Running,
    Over(Outcome),
}

/// Job ids tell run and attempt, so that no table is needed to find them again.
const PER_RUN: u64 = 32;
const PER_ATTEMPT: u64 = 8;

/// Returns the run's id and the attempt that a job id tells.
pub(super) fn run_of(job: u64) -> (u64, u64) {
    (job / PER_RUN, job % PER_RUN / PER_ATTEMPT + 1)
}

/// Returns how the run ends.
pub(super) fn outcome(run: &Run) -> Outcome {
    if run.fate == Fate::Failed {
        return Outcome::Failure;
    }
    if run.fate == Fate::Cancelled { Outcome::Cancelled } else { Outcome::Success }
}

/// Returns where the run stands.
pub(super) fn state(run: &Run, now: i64) -> State {
    state_of(run.at + 3, run.ends(), outcome(run), now)
}

impl Job {
    /// Returns where the job stands.
    pub(super) fn state(&self, now: i64) -> State {
        state_of(self.starts, self.ends, self.outcome, now)
    }
}

fn state_of(starts: i64, ends: i64, outcome: Outcome, now: i64) -> State {
    if now >= ends {
        State::Over(outcome)
    } else if now >= starts {
        State::Running
    } else {
        State::Queued
    }
}

/// Returns the jobs of an attempt; an earlier attempt failed in its tests.
pub(super) fn jobs(service: &Service, run: &Run, attempt: u64) -> Vec<Job> {
    let earlier = attempt < run.attempt;
    let fate = if earlier { Fate::Failed } else { run.fate };
    let starts = if earlier { run.at - EARLIER } else { run.at };
    let half = starts + 8 + run.took * 2 / 5;
    let id = run.id * PER_RUN + (attempt - 1) * PER_ATTEMPT;
    let first = Job {
        id,
        name: "test".to_owned(),
        stage: "test",
        starts: starts + 8,
        ends: half,
        outcome: if fate == Fate::Failed { Outcome::Failure } else { Outcome::Success },
        pushes: false,
        tolerated: false,
    };
    if run.workflow == Workflow::Checks {
        return vec![Job { name: "lint".to_owned(), ends: run.ends(), outcome: outcome(run), ..first }];
    }
    if service.long {
        return long(service, run, &first, fate);
    }
    let unpushed = if fate == Fate::Cancelled { Outcome::Cancelled } else { Outcome::Skipped };
    let outcome = if fate.pushes() { Outcome::Success } else { unpushed };
    let skipped = outcome == Outcome::Skipped;
    let push = Job {
        id: id + 1,
        name: service.push_job.clone(),
        stage: "publish",
        starts: if skipped { half } else { half + 4 },
        ends: if skipped { half } else { starts + run.took },
        outcome,
        pushes: !skipped,
        tolerated: false,
    };
    let contract = service.contract.then(|| contract(&first, id + 2));
    contract.into_iter().chain([first, push]).collect()
}

/// A check beside the tests that has failed since it was added. It may, and so nobody looks.
fn contract(test: &Job, id: u64) -> Job {
    Job {
        id,
        name: "contract".to_owned(),
        ends: test.starts + 31,
        outcome: Outcome::Failure,
        tolerated: true,
        ..test.clone()
    }
}

/// Returns the jobs of a pipeline whose images wait for a long end-to-end stage and, after that, for a short check of
/// licences: that is where its runs fail. `first` is its unit tests.
fn long(service: &Service, run: &Run, first: &Job, fate: Fate) -> Vec<Job> {
    let starts = first.starts - 8;
    let unit = Job { ends: first.starts + run.took * 3 / 20, outcome: Outcome::Success, ..first.clone() };
    // Where the tests were tried again, what passed before is carried over as it was.
    let begun = if run.attempt > 1 { run.at - EARLIER } else { run.at };
    let lint = Job {
        id: first.id + 2,
        name: "lint".to_owned(),
        stage: "test",
        starts: begun + 8,
        ends: begun + 49,
        outcome: Outcome::Success,
        pushes: false,
        tolerated: false,
    };
    let unrun = if fate == Fate::Cancelled { Outcome::Cancelled } else { Outcome::Skipped };
    let e2e = Job {
        id: first.id + 3,
        name: "e2e".to_owned(),
        stage: "verify",
        starts: unit.ends + 4,
        ends: starts + run.took * 3 / 4,
        ..unit.clone()
    };
    let licences = Job {
        id: first.id + 4,
        name: "licences".to_owned(),
        stage: "verify",
        starts: e2e.ends + 4,
        ends: e2e.ends + 26,
        outcome: if fate == Fate::Failed { Outcome::Failure } else { Outcome::Success },
        ..unit.clone()
    };
    let pushes = fate.pushes();
    let push = Job {
        id: first.id + 1,
        name: service.push_job.clone(),
        stage: "publish",
        starts: if pushes { licences.ends + 4 } else { licences.ends },
        ends: if pushes { starts + run.took } else { licences.ends },
        outcome: if pushes { Outcome::Success } else { unrun },
        pushes,
        tolerated: false,
    };
    vec![lint, unit, e2e, licences, push]
}

/// How long before the last attempt an earlier one started, in seconds.
pub(super) const EARLIER: i64 = 1_500;
