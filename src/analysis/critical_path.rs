//! The jobs that a run had to wait for, one after the other, and which of them are worth splitting.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

use crate::domain::{Conclusion, JobExecution, JobId, RunState, Text};

/// What the order of the jobs is known from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PathBasis {
    /// The provider says what each job needs.
    Needs,
    /// GitLab's stages run one after the other.
    Stages,
    /// The times: a job was created when the last one that it needs was over. A guess.
    Times,
}

impl PathBasis {
    /// Returns the word that the report uses.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Needs => "needs",
            Self::Stages => "stages",
            Self::Times => "times",
        }
    }

    /// Returns the words that stand beside the path.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Needs => "by what each job needs",
            Self::Stages => "by the order of stages",
            Self::Times => "inferred from when jobs were created",
        }
    }
}

/// One job on the path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PathStep {
    /// Its name.
    pub name: Text,
    /// GitLab's stage.
    pub stage: Option<Text>,
    /// How long it waited for a runner.
    pub waited: Option<SignedDuration>,
    /// How long it ran.
    pub ran: SignedDuration,
    /// Whether it ran longer than a stage or job should: could it be split, or run beside others?
    pub parallelise: bool,
}

/// The jobs that a run had to wait for, first to last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CriticalPath {
    /// What the order is known from.
    pub basis: PathBasis,
    /// The jobs.
    pub steps: Vec<PathStep>,
    /// How long they ran together.
    pub total: SignedDuration,
}

/// Returns the critical path through the jobs of one run.
#[must_use]
pub fn critical_path(jobs: &[&JobExecution], slow_stage: SignedDuration) -> Option<CriticalPath> {
    let ran: Vec<Ran<'_>> = jobs.iter().filter_map(|job| Ran::of(job)).collect();
    let (basis, path) = if ran.iter().any(|ran| ran.job.needs.is_some()) {
        (PathBasis::Needs, by_needs(&ran))
    } else if ran.iter().all(|ran| ran.job.stage.is_some()) {
        (PathBasis::Stages, by_stages(&ran))
    } else {
        let path = by_times(&ran);
        // Where nothing says when its first job was created, nothing says what that waited for.
        let is_open = ran.len() > 1 && path.first().is_some_and(|first| first.job.created_at.is_none());
        (PathBasis::Times, if is_open { Vec::new() } else { path })
    };
    let step = |ran: &Ran<'_>| PathStep {
        name: ran.job.name.clone(),
        stage: ran.job.stage.clone(),
        waited: ran.job.waited(),
        ran: ran.time,
        parallelise: ran.time > slow_stage,
    };
    let total = path.iter().fold(SignedDuration::ZERO, |total, ran| total.saturating_add(ran.time));
    (!path.is_empty()).then(|| CriticalPath { basis, steps: path.iter().map(step).collect(), total })
}

/// A job that ran, and how long.
#[derive(Debug, Clone, Copy)]
struct Ran<'a> {
    job: &'a JobExecution,
    time: SignedDuration,
}

impl<'a> Ran<'a> {
    fn of(job: &'a JobExecution) -> Option<Self> {
        let left_out = job.state == RunState::Finished(Conclusion::Skipped) || !job.state.is_finished();
        job.ran().filter(|_| !left_out).map(|time| Self { job, time })
    }

    fn needs(&self, other: &Self) -> bool {
        let is_meant = |name: &Text| {
            // A job with variants is needed by its name alone.
            let rest = other.job.name.raw().strip_prefix(name.raw());
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(" (") || rest.starts_with(": ["))
        };
        self.job.needs.as_ref().is_some_and(|needs| needs.iter().any(is_meant))
    }
}

/// The longest way through what the jobs need. Jobs that need each other in a circle are left out.
fn by_needs<'a>(jobs: &[Ran<'a>]) -> Vec<Ran<'a>> {
    let needed: Vec<Vec<usize>> = jobs
        .iter()
        .map(|job| jobs.iter().enumerate().filter(|(_, other)| job.needs(other)).map(|(place, _)| place).collect())
        .collect();
    let mut done: BTreeMap<usize, (SignedDuration, Option<usize>)> = BTreeMap::new();
    loop {
        let before = done.len();
        for (place, (job, needed)) in jobs.iter().zip(&needed).enumerate() {
            if done.contains_key(&place) || !needed.iter().all(|needed| done.contains_key(needed)) {
                continue;
            }
            let ways = needed.iter().filter_map(|needed| Some((done.get(needed)?.0, *needed)));
            let longest = ways.max_by_key(|(time, needed)| (*time, std::cmp::Reverse(*needed)));
            let time = longest.map_or(SignedDuration::ZERO, |(time, _)| time).saturating_add(job.time);
            done.insert(place, (time, longest.map(|(_, needed)| needed)));
        }
        if done.len() == before {
            break;
        }
    }
    let mut path = Vec::new();
    let mut next =
        done.iter().max_by_key(|(place, (time, _))| (*time, std::cmp::Reverse(**place))).map(|(place, _)| *place);
    while let Some(place) = next {
        path.extend(jobs.get(place));
        next = done.get(&place).and_then(|(_, before)| *before);
    }
    path.reverse();
    path
}

/// The slowest job of each stage. Stages are in the order in which GitLab created their jobs.
fn by_stages<'a>(jobs: &[Ran<'a>]) -> Vec<Ran<'a>> {
    let mut stages: BTreeMap<&Text, (JobId, Ran<'a>)> = BTreeMap::new();
    let mut sorted: Vec<&Ran<'a>> = jobs.iter().collect();
    sorted.sort_by_key(|ran| ran.job.id);
    for ran in sorted {
        let Some(stage) = &ran.job.stage else { continue };
        let (_, slowest) = stages.entry(stage).or_insert((ran.job.id, *ran));
        if ran.time > slowest.time {
            *slowest = *ran;
        }
    }
    let mut path: Vec<_> = stages.into_values().collect();
    path.sort_by_key(|(first, _)| *first);
    path.into_iter().map(|(_, slowest)| slowest).collect()
}

/// From the job that ended last, back to the one that ended last before it was created, and so on.
fn by_times<'a>(jobs: &[Ran<'a>]) -> Vec<Ran<'a>> {
    let end = |ran: &Ran<'_>| ran.job.finished_at;
    let last = |before: Option<Timestamp>, seen: &BTreeSet<JobId>| {
        let fits = |ran: &&Ran<'a>| {
            !seen.contains(&ran.job.id) && end(ran).is_some() && before.is_none_or(|before| end(ran) <= Some(before))
        };
        jobs.iter().filter(fits).max_by_key(|ran| (end(ran), ran.time, std::cmp::Reverse(ran.job.id))).copied()
    };
    let mut seen = BTreeSet::new();
    let mut path = Vec::new();
    let mut next = last(None, &seen);
    while let Some(ran) = next {
        seen.insert(ran.job.id);
        path.push(ran);
        next = ran.job.created_at.and_then(|created| last(Some(created), &seen));
    }
    path.reverse();
    path
}
