//! One run with all its tries and jobs, as far as they tell how much its green or red can be trusted.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use rustc_hash::FxHashMap;

use super::{Conclusion, Event, Job, JobId, Moment, Outcome, Run, RunKey, RunState, Sha, Text};

/// What a provider tries again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retries {
    /// GitHub: the run, or its failed jobs, under the next attempt.
    Runs,
    /// GitLab: single jobs, within the same pipeline.
    Jobs,
}

/// One run, under whatever number of attempts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Execution {
    /// The run, with the newest attempt that is known.
    pub run: RunKey,
    /// The number that people see.
    pub number: u64,
    /// The workflow's name.
    pub workflow: Text,
    /// The commit.
    pub sha: Sha,
    /// What started it.
    pub event: Event,
    /// The branch it ran for.
    pub branch: Option<Text>,
    /// Whether it ran for the branch and event that the service publishes from.
    pub mainline: bool,
    /// When it was created.
    pub created_at: Option<Timestamp>,
    /// When its newest attempt started.
    pub started_at: Option<Timestamp>,
    /// When its newest attempt ended.
    pub finished_at: Option<Timestamp>,
    /// How long it waited, in the provider's own word (GitLab's `queued_duration`).
    pub queued: Option<SignedDuration>,
    /// How long it ran, in the provider's own word (GitLab's `duration`, which leaves retries and waiting out).
    pub took: Option<SignedDuration>,
    /// How the newest try ended.
    pub ended: Outcome,
    /// How each try whose number is known ended; tries count from 1.
    pub tries: BTreeSet<(u32, Outcome)>,
    /// Whether tries before the first of `tries` may have been, and were not looked at.
    pub earlier_unseen: bool,
    /// The jobs of every attempt that was looked at.
    pub jobs: Vec<JobExecution>,
}

/// One execution of a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobExecution {
    /// The provider's id; a job that is tried again has a new one.
    pub id: JobId,
    /// The name, with its matrix suffix.
    pub name: Text,
    /// GitLab's stage.
    pub stage: Option<Text>,
    /// The try, from 1: GitHub's `run_attempt`; on GitLab the place among the jobs of this name (`number_retries`).
    pub attempt: u32,
    /// Where it stands.
    pub state: RunState,
    /// GitLab's `failure_reason`, or the word of a triage.
    pub failure_reason: Option<Text>,
    /// Whether its failure does not fail the run.
    pub allow_failure: bool,
    /// When it was created: on GitHub, when the jobs that it needs were over.
    pub created_at: Option<Timestamp>,
    /// When it started.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
    /// How long it waited, in the provider's own word.
    pub queued: Option<SignedDuration>,
    /// How long it ran, in the provider's own word.
    pub took: Option<SignedDuration>,
    /// The jobs that it needs, where the provider says so.
    pub needs: Option<Arc<[Text]>>,
}

impl JobExecution {
    /// Returns what is known of a job that was listed; what a `Job` lacks is left open.
    #[must_use]
    pub fn of(job: &Job) -> Self {
        Self {
            id: job.id,
            name: job.name.clone(),
            stage: job.stage.clone(),
            attempt: 1,
            state: job.state.clone(),
            failure_reason: None,
            allow_failure: job.allow_failure,
            created_at: None,
            started_at: job.started_at.map(Moment::at),
            finished_at: job.finished_at.map(Moment::at),
            queued: None,
            took: None,
            needs: None,
        }
    }

    /// Returns what it says about the code.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        Outcome::of(&self.state, self.failure_reason.as_ref().map(Text::raw))
    }

    /// Returns how long it waited for a runner.
    #[must_use]
    pub fn waited(&self) -> Option<SignedDuration> {
        self.queued.or_else(|| between(self.created_at, self.started_at))
    }

    /// Returns how long it ran.
    #[must_use]
    pub fn ran(&self) -> Option<SignedDuration> {
        self.took.or_else(|| between(self.started_at, self.finished_at))
    }

    /// A look at a job that is over outweighs one at the same job in progress.
    fn weight(&self) -> (bool, Option<Timestamp>, u32, std::cmp::Reverse<Outcome>) {
        (self.state.is_finished(), self.finished_at, self.attempt, std::cmp::Reverse(self.outcome()))
    }
}

/// Returns how much later, never less than nothing: clocks of different machines disagree.
fn between(start: Option<Timestamp>, end: Option<Timestamp>) -> Option<SignedDuration> {
    Some(end?.duration_since(start?).max(SignedDuration::ZERO))
}

/// Numbers the tries of GitLab's jobs: those of one name, in the order of their ids.
pub fn number_retries(jobs: &mut Vec<JobExecution>) {
    jobs.sort_by_key(|job| job.id);
    jobs.dedup_by_key(|job| job.id);
    let mut seen: FxHashMap<Text, u32> = FxHashMap::default();
    for job in jobs {
        let count = seen.entry(job.name.clone()).or_default();
        *count = count.saturating_add(1);
        job.attempt = *count;
    }
}

impl Execution {
    /// Returns what a run and its jobs say. Without jobs only the newest try is known, and on GitLab not even whether
    /// it is the first. `mainline` says whether the run is one that the service publishes from.
    #[must_use]
    pub fn of(run: &Run, mainline: bool, retries: Retries, jobs: Option<Vec<JobExecution>>) -> Self {
        let looked = jobs.is_some();
        let jobs = jobs.unwrap_or_default();
        let newest = jobs.iter().map(|job| job.attempt).max().unwrap_or(1).max(run.key.attempt).max(1);
        let first = jobs.iter().map(|job| job.attempt).min().unwrap_or(newest);
        let tolerated = tolerated(run, &jobs);
        let ended = outcome(run, &jobs, &tolerated);
        let earlier_unseen = match retries {
            Retries::Runs => first > 1,
            Retries::Jobs => !looked,
        };
        let mut tries: BTreeSet<_> = (first..newest).map(|round| (round, derived(&jobs, round, &tolerated))).collect();
        if retries == Retries::Runs || looked {
            tries.insert((newest, ended));
        }
        Self {
            run: run.key.clone(),
            number: run.number,
            workflow: run.workflow.clone(),
            sha: run.sha.clone(),
            event: run.event.clone(),
            branch: run.branch.clone(),
            mainline,
            created_at: run.created_at.map(Moment::at),
            started_at: run.started_at.map(Moment::at),
            finished_at: run.finished_at.map(Moment::at),
            queued: None,
            took: None,
            ended,
            tries,
            earlier_unseen,
            jobs,
        }
    }

    /// Returns the number of the newest try.
    #[must_use]
    pub fn newest_try(&self) -> u32 {
        self.tries.last().map_or(1, |(round, _)| *round).max(self.run.attempt)
    }

    /// Returns how long it waited: in the provider's word, or until the first of its jobs started.
    #[must_use]
    pub fn waited(&self) -> Option<SignedDuration> {
        let first = self.jobs.iter().filter_map(|job| job.started_at).min();
        self.queued.or_else(|| between(self.created_at, first))
    }

    /// Returns how long it ran: in the provider's word, or from its start to the end of its last job. A run that was
    /// tried again in part ran for no time that could be compared.
    #[must_use]
    pub fn ran(&self) -> Option<SignedDuration> {
        let last = self.jobs.iter().filter_map(|job| job.finished_at).max().or(self.finished_at);
        self.took.or_else(|| between(self.started_at, last).filter(|_| self.newest_try() == 1))
    }

    /// Returns the newest try of each job, siblings of one name together.
    #[must_use]
    pub fn newest_jobs(&self) -> Vec<&JobExecution> {
        as_of(&self.jobs, u32::MAX)
    }

    /// Returns every job but those that an attempt carried over from the one before: they have the same times.
    #[must_use]
    pub fn fresh_jobs(&self) -> Vec<&JobExecution> {
        let times = |job: &JobExecution| (job.started_at, job.finished_at);
        let is_copy = |job: &JobExecution| {
            let same = |other: &JobExecution| other.name == job.name && times(other) == times(job);
            job.started_at.is_some() && self.jobs.iter().any(|other| other.attempt < job.attempt && same(other))
        };
        self.jobs.iter().filter(|job| !is_copy(job)).collect()
    }

    /// Returns the try that was under way, or just over, at a moment: what GitHub does not say of an artifact.
    #[must_use]
    pub fn try_at(&self, at: Timestamp) -> Option<u32> {
        let begun = self.fresh_jobs().into_iter().filter(|job| job.started_at.is_some_and(|start| start <= at));
        begun.map(|job| job.attempt).max().or((self.newest_try() == 1).then_some(1))
    }

    /// Takes in what another look at the same run says. The order of looks makes no difference.
    pub fn merge(&mut self, other: Self) {
        let newness = |it: &Self| (it.newest_try(), it.finished_at, std::cmp::Reverse(it.ended));
        let newer = newness(&other) > newness(self);
        self.mainline |= other.mainline;
        self.earlier_unseen &= other.earlier_unseen;
        self.tries.extend(other.tries);
        self.forget_guesses();
        self.queued = self.queued.max(other.queued);
        self.took = self.took.max(other.took);
        self.created_at = earlier(self.created_at, other.created_at);
        if newer {
            self.run = other.run;
            self.ended = other.ended;
            self.started_at = other.started_at.or(self.started_at);
            self.finished_at = other.finished_at.or(self.finished_at);
        } else {
            self.started_at = self.started_at.or(other.started_at);
            self.finished_at = self.finished_at.or(other.finished_at);
        }
        self.merge_jobs(other.jobs);
    }

    /// A try that was seen in progress is over by now, and its jobs tell why it failed where the run alone does not.
    fn forget_guesses(&mut self) {
        let known = self.tries.clone();
        let also = |round: u32, outcome| known.contains(&(round, outcome));
        self.tries.retain(|&(round, outcome)| match outcome {
            Outcome::Undecided => {
                ![Outcome::Failed, Outcome::Infrastructure, Outcome::Passed].iter().any(|&other| also(round, other))
            }
            Outcome::Failed => !also(round, Outcome::Infrastructure),
            Outcome::Infrastructure | Outcome::Passed => true,
        });
    }

    fn merge_jobs(&mut self, others: Vec<JobExecution>) {
        self.jobs.extend(others);
        self.jobs.sort_by(|one, two| one.id.cmp(&two.id).then_with(|| two.weight().cmp(&one.weight())));
        self.jobs.dedup_by(|later, kept| later.id == kept.id);
    }
}

fn earlier(one: Option<Timestamp>, two: Option<Timestamp>) -> Option<Timestamp> {
    match (one, two) {
        (Some(one), Some(two)) => Some(one.min(two)),
        (one, two) => one.or(two),
    }
}

/// Returns the jobs as they stood after a try: of each name those with the highest attempt up to it.
fn as_of(jobs: &[JobExecution], round: u32) -> Vec<&JobExecution> {
    let mut highest: FxHashMap<&Text, u32> = FxHashMap::default();
    for job in jobs.iter().filter(|job| job.attempt <= round) {
        let attempt = highest.entry(&job.name).or_default();
        *attempt = job.attempt.max(*attempt);
    }
    jobs.iter().filter(|job| highest.get(&job.name) == Some(&job.attempt)).collect()
}

/// Returns the jobs that fail without failing the run: said so, or seen so in the run's own end.
fn tolerated(run: &Run, jobs: &[JobExecution]) -> BTreeSet<Text> {
    let passed = run.state.is_success();
    let failed = |job: &&JobExecution| matches!(job.outcome(), Outcome::Failed | Outcome::Infrastructure);
    let in_the_end = as_of(jobs, u32::MAX).into_iter().filter(|job| passed && failed(job));
    in_the_end.chain(jobs.iter().filter(|job| job.allow_failure)).map(|job| job.name.clone()).collect()
}

fn outcome(run: &Run, jobs: &[JobExecution], tolerated: &BTreeSet<Text>) -> Outcome {
    let said = Outcome::of(&run.state, None);
    let blamed = said == Outcome::Failed && derived(jobs, u32::MAX, tolerated) == Outcome::Infrastructure;
    if blamed { Outcome::Infrastructure } else { said }
}

/// Returns how a try must have ended, by its jobs.
fn derived(jobs: &[JobExecution], round: u32, tolerated: &BTreeSet<Text>) -> Outcome {
    let blocking: Vec<_> = as_of(jobs, round).into_iter().filter(|job| !tolerated.contains(&job.name)).collect();
    let any = |outcome| blocking.iter().any(|job| job.outcome() == outcome);
    let left_out = |job: &&JobExecution| job.state == RunState::Finished(Conclusion::Skipped);
    let open = blocking.iter().any(|job| job.outcome() == Outcome::Undecided && !left_out(job));
    if any(Outcome::Failed) {
        Outcome::Failed
    } else if any(Outcome::Infrastructure) {
        Outcome::Infrastructure
    } else if any(Outcome::Passed) && !open {
        Outcome::Passed
    } else {
        Outcome::Undecided
    }
}
