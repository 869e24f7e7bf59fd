//! What is remembered of runs that are over, longer than their list has them: by it green and red are trusted or not.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use rustc_hash::FxHashMap;

use super::{
    Batch, Fact, Failure, JobExecution, JobId, Miss, RepoPath, Reports, Retries, RetryLog, Run, RunKey, Service,
    SourceId,
};

/// Runs of one repository that are remembered.
const RUNS: usize = 300;

/// A run as it ended: what is read of that once stays so. GitHub counts attempts; on GitLab a pipeline ends anew when
/// one of its jobs is tried again.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Ended {
    /// The run.
    pub run: RunKey,
    /// When it ended, where its attempt does not tell one end from another.
    pub at: Option<Timestamp>,
}

impl Ended {
    /// Returns the end of a run that is over.
    #[must_use]
    pub fn of(run: &Run, retries: Retries) -> Self {
        let at = match retries {
            Retries::Runs => None,
            Retries::Jobs => run.finished_at,
        };
        Self { run: run.key.clone(), at }
    }
}

/// What was read of a run, and of which of its ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Read<T> {
    /// The end that it was read after.
    pub of: Ended,
    /// What was read.
    pub value: T,
}

/// What is known of one run that is over. Of most, in a large world, only how it ended.
#[derive(Debug, Clone)]
pub struct Sample {
    /// The run, as it was listed when its newest attempt was over.
    pub run: Arc<Run>,
    /// The attempts before it that were seen over in a list, oldest first.
    pub before: Vec<Arc<Run>>,
    /// Its jobs, of every try.
    pub tries: Option<Box<Read<Arc<Batch<JobExecution>>>>>,
    /// Why they could not be read the last time.
    pub tries_failure: Option<Box<Miss>>,
    /// What its tests left behind.
    pub reports: Option<Box<Read<Arc<Reports>>>>,
    /// Why that could not be read the last time.
    pub reports_failure: Option<Box<Miss>>,
    /// What the logs that were read say of retries.
    pub logs: BTreeMap<JobId, Arc<RetryLog>>,
}

/// What is remembered of the runs of every repository.
#[derive(Debug, Clone, Default)]
pub(super) struct Samples {
    repos: FxHashMap<(SourceId, RepoPath), Remembered>,
    /// What was learnt and not handed out to be kept yet.
    unkept: Vec<Fact>,
    /// Runs of lists that earlier processes kept, by repository, of which it is not known yet whether they kept their
    /// ends as well.
    unsure: FxHashMap<(SourceId, RepoPath), Vec<Arc<Run>>>,
}

#[derive(Debug, Clone, Default)]
struct Remembered {
    runs: BTreeMap<u64, Sample>,
    /// Counts whatever changes.
    edition: u64,
}

impl Samples {
    /// Takes in a run that is listed.
    pub(super) fn listed(&mut self, run: &Arc<Run>) {
        if run.state.is_finished() && self.ended(run) {
            self.unkept.push(Fact::Ended(run.clone()));
        }
    }

    /// Takes in a run of a list that an earlier process kept, which mostly kept its end as well.
    pub(super) fn listed_before(&mut self, run: &Arc<Run>) {
        if run.state.is_finished() && self.ended(run) {
            let place = (run.key.ci.clone(), run.key.repo.clone());
            self.unsure.entry(place).or_default().push(run.clone());
        }
    }

    /// Takes in a run whose end is kept.
    pub(super) fn is_kept(&mut self, run: &Arc<Run>) {
        if let Some(unsure) = self.unsure.get_mut(&(run.key.ci.clone(), run.key.repo.clone())) {
            unsure.retain(|listed| listed.key.id != run.key.id || listed != run);
        }
        self.ended(run);
    }

    /// Takes in that nothing more comes of what earlier processes kept: the ends that did not come are to be kept.
    pub(super) fn all_kept(&mut self) {
        let unsure = std::mem::take(&mut self.unsure).into_values().flatten();
        self.unkept.extend(unsure.map(Fact::Ended));
    }

    /// Takes in a run that is over, and returns whether that is news.
    pub(super) fn ended(&mut self, run: &Arc<Run>) -> bool {
        let known = self.repos.entry((run.key.ci.clone(), run.key.repo.clone())).or_default();
        let news = known.ended(run);
        known.edition += u64::from(news);
        news
    }

    /// Takes in the jobs of every try of a run.
    pub(super) fn tried(&mut self, of: &Ended, jobs: Arc<Batch<JobExecution>>) {
        self.change(&of.run, |sample| {
            sample.tries_failure = None;
            put(&mut sample.tries, of, jobs)
        });
    }

    /// Takes in what the tests of a run left behind.
    pub(super) fn reported(&mut self, of: &Ended, reports: Arc<Reports>) {
        let shared = self.sharing(&of.run, reports);
        self.change(&of.run, |sample| {
            sample.reports_failure = None;
            put(&mut sample.reports, of, shared)
        });
    }

    /// Takes in what a log says of retries.
    pub(super) fn logged(&mut self, run: &RunKey, job: JobId, log: &Arc<RetryLog>) {
        self.change(run, |sample| sample.logs.insert(job, log.clone()).as_ref() != Some(log));
    }

    /// Takes in why the jobs of a run could not be read.
    pub(super) fn untried(&mut self, run: &RunKey, at: Timestamp, failure: Failure) {
        self.change(run, |sample| sample.tries_failure.replace(Miss { at, failure }.into()).is_none());
    }

    /// Takes in why the reports of a run could not be looked for.
    pub(super) fn unreported(&mut self, run: &RunKey, at: Timestamp, failure: Failure) {
        self.change(run, |sample| sample.reports_failure.replace(Miss { at, failure }.into()).is_none());
    }

    /// Notes that more is known of a run.
    pub(super) fn touch(&mut self, run: &RunKey) {
        self.change(run, |_| true);
    }

    /// Returns what is to be kept for later processes, once.
    pub(super) fn keep(&mut self, fact: Fact) {
        self.unkept.push(fact);
    }

    /// Returns what was learnt since the last call and is to be kept for later processes.
    pub(super) fn unkept(&mut self) -> Vec<Fact> {
        std::mem::take(&mut self.unkept)
    }

    /// Returns what is remembered of the runs of the service's workflows, newest first.
    pub(super) fn of<'a>(&'a self, service: &'a Service) -> impl Iterator<Item = &'a Sample> {
        let runs = self.known(service).into_iter().flat_map(|known| known.runs.values().rev());
        runs.filter(|sample| service.watches(&sample.run))
    }

    /// Returns a number that differs from an earlier one where anything of a service's repository changed since.
    pub(super) fn edition(&self, service: &Service) -> u64 {
        self.known(service).map_or(0, |known| known.edition)
    }

    fn known(&self, service: &Service) -> Option<&Remembered> {
        self.repos.get(&(service.ci.clone(), service.repo.clone()))
    }

    fn change(&mut self, run: &RunKey, change: impl FnOnce(&mut Sample) -> bool) {
        let Some(known) = self.repos.get_mut(&(run.ci.clone(), run.repo.clone())) else { return };
        let changed = known.runs.get_mut(&run.id).is_some_and(change);
        known.edition += u64::from(changed);
    }

    /// Mostly the same tests pass in run after run: what says so is held once.
    fn sharing(&self, run: &RunKey, reports: Arc<Reports>) -> Arc<Reports> {
        let Some(known) = self.repos.get(&(run.ci.clone(), run.repo.clone())) else { return reports };
        let others = known.runs.values().rev().filter_map(|sample| sample.reports.as_ref());
        reports.sharing(others.map(|read| &*read.value))
    }
}

impl Remembered {
    fn ended(&mut self, run: &Arc<Run>) -> bool {
        if let Some(sample) = self.runs.get_mut(&run.key.id) {
            return sample.ended(run);
        }
        let is_full = self.runs.len() >= RUNS;
        if is_full && self.runs.first_key_value().is_some_and(|(oldest, _)| run.key.id < *oldest) {
            return false;
        }
        self.runs.insert(run.key.id, Sample::new(run.clone()));
        if is_full {
            self.runs.pop_first();
        }
        true
    }
}

impl Sample {
    fn new(run: Arc<Run>) -> Self {
        Self {
            run,
            before: Vec::new(),
            tries: None,
            tries_failure: None,
            reports: None,
            reports_failure: None,
            logs: BTreeMap::new(),
        }
    }

    /// Takes in the run as it ended, and returns whether that says anything new.
    fn ended(&mut self, run: &Arc<Run>) -> bool {
        if Arc::ptr_eq(&self.run, run) || self.run == *run {
            return false;
        }
        let (known, other) = (self.run.key.attempt, run.key.attempt);
        if other < known {
            let is_known = self.before.iter().any(|before| before.key.attempt == other);
            if !is_known {
                self.before.push(run.clone());
                self.before.sort_by_key(|before| before.key.attempt);
            }
            return !is_known;
        }
        let before = std::mem::replace(&mut self.run, run.clone());
        if known < other {
            self.before.push(before);
        }
        true
    }

    /// Returns its jobs, of every try, where they were read after the end that is known.
    #[must_use]
    pub fn tries(&self, retries: Retries) -> Option<&Batch<JobExecution>> {
        let read = self.tries.as_ref()?;
        (read.of == Ended::of(&self.run, retries)).then_some(&read.value)
    }

    /// Returns what its tests left behind, where that was read after the end that is known.
    #[must_use]
    pub fn reports(&self, retries: Retries) -> Option<&Reports> {
        let read = self.reports.as_ref()?;
        (read.of == Ended::of(&self.run, retries)).then_some(&read.value)
    }
}

/// Puts in what was read, unless something of a later end is there.
fn put<T: PartialEq>(slot: &mut Option<Box<Read<T>>>, of: &Ended, value: T) -> bool {
    let age = |ended: &Ended| (ended.run.attempt, ended.at);
    if slot.as_ref().is_some_and(|known| age(&known.of) > age(of)) {
        return false;
    }
    super::record::replace(slot, Some(Read { of: of.clone(), value }.into()))
}
