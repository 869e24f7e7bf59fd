//! What is remembered of runs that are over, longer than their list has them: by it green and red are trusted or not.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use rustc_hash::FxHashMap;

use super::record::insert;
use super::{
    Batch, Fact, Failure, JobExecution, JobId, Miss, Moment, RepoPath, Reports, Retries, RetryLog, Run, RunKey,
    Service, SourceId,
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
        Self { run: run.key.clone(), at: at.map(Moment::at) }
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

/// One run that is over, and what was learnt of it.
#[derive(Debug, Clone)]
pub struct Sample {
    /// The run, as it was listed when its newest attempt was over.
    pub run: Arc<Run>,
    /// Of most runs, in a large world, nothing.
    learnt: Option<Box<Learnt>>,
}

/// What was learnt of a run beyond how it ended.
#[derive(Debug, Clone, Default)]
pub struct Learnt {
    /// The attempts before it that were seen over in a list, oldest first.
    pub before: Vec<Arc<Run>>,
    /// Its jobs, of every try.
    pub tries: Option<Read<Arc<Batch<JobExecution>>>>,
    /// Why they could not be read the last time.
    pub tries_failure: Option<Miss>,
    /// What its tests left behind.
    pub reports: Option<Read<Arc<Reports>>>,
    /// Why that could not be read the last time.
    pub reports_failure: Option<Miss>,
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
    /// In the order of their numbers.
    runs: Vec<Sample>,
    /// Counts whatever changes.
    edition: u64,
}

impl Samples {
    /// Takes in a run that is listed. One that is known like this is held once, as whoever reads lists holds it.
    pub(super) fn listed(&mut self, run: &Arc<Run>) {
        if !run.state.is_finished() {
            return;
        }
        if self.ended(run) {
            self.unkept.push(Fact::Ended(run.clone()));
        } else if let Some(known) = self.around_mut(&run.key) {
            known.share(run);
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
        self.change(&of.run, |learnt| {
            learnt.tries_failure = None;
            put(&mut learnt.tries, of, jobs)
        });
    }

    /// Takes in what the tests of a run left behind.
    pub(super) fn reported(&mut self, of: &Ended, reports: Arc<Reports>) {
        let shared = self.sharing(&of.run, reports);
        self.change(&of.run, |learnt| {
            learnt.reports_failure = None;
            put(&mut learnt.reports, of, shared)
        });
    }

    /// Takes in what a log says of retries.
    pub(super) fn logged(&mut self, run: &RunKey, job: JobId, log: &Arc<RetryLog>) {
        self.change(run, |learnt| learnt.logs.insert(job, log.clone()).as_ref() != Some(log));
    }

    /// Takes in why the jobs of a run could not be read.
    pub(super) fn untried(&mut self, run: &RunKey, at: Timestamp, failure: Failure) {
        self.change(run, |learnt| learnt.tries_failure.replace(Miss { at, failure }).is_none());
    }

    /// Takes in why the reports of a run could not be looked for.
    pub(super) fn unreported(&mut self, run: &RunKey, at: Timestamp, failure: Failure) {
        self.change(run, |learnt| learnt.reports_failure.replace(Miss { at, failure }).is_none());
    }

    /// Notes that more is known of a run.
    pub(super) fn touch(&mut self, run: &RunKey) {
        let Some(known) = self.around_mut(run) else { return };
        known.edition += u64::from(known.find(run.id).is_ok());
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
        let runs = self.known(service).into_iter().flat_map(|known| known.runs.iter().rev());
        runs.filter(|sample| service.watches(&sample.run))
    }

    /// Returns a number that differs from an earlier one where anything of a service's repository changed since.
    pub(super) fn edition(&self, service: &Service) -> u64 {
        self.known(service).map_or(0, |known| known.edition)
    }

    /// Returns a run that is over, if it is remembered.
    pub(super) fn run(&self, key: &RunKey) -> Option<&Run> {
        let known = self.around(key)?;
        Some(&known.runs.get(known.find(key.id).ok()?)?.run)
    }

    fn known(&self, service: &Service) -> Option<&Remembered> {
        self.repos.get(&(service.ci.clone(), service.repo.clone()))
    }

    /// Returns what is remembered of the run's repository.
    fn around(&self, run: &RunKey) -> Option<&Remembered> {
        self.repos.get(&(run.ci.clone(), run.repo.clone()))
    }

    fn around_mut(&mut self, run: &RunKey) -> Option<&mut Remembered> {
        self.repos.get_mut(&(run.ci.clone(), run.repo.clone()))
    }

    fn change(&mut self, run: &RunKey, change: impl FnOnce(&mut Learnt) -> bool) {
        let Some(known) = self.around_mut(run) else { return };
        let sample = known.find(run.id).ok().and_then(|place| known.runs.get_mut(place));
        let changed = sample.is_some_and(|sample| change(sample.learnt.get_or_insert_default()));
        known.edition += u64::from(changed);
    }

    /// Mostly the same tests pass in run after run: what says so is held once.
    fn sharing(&self, run: &RunKey, reports: Arc<Reports>) -> Arc<Reports> {
        let Some(known) = self.around(run) else { return reports };
        let others = known.runs.iter().rev().filter_map(|sample| sample.learnt().reports.as_ref());
        reports.sharing(others.map(|read| &*read.value))
    }
}

impl Remembered {
    fn ended(&mut self, run: &Arc<Run>) -> bool {
        let place = match self.find(run.key.id) {
            Ok(known) => return self.runs.get_mut(known).is_some_and(|sample| sample.ended(run)),
            Err(place) => place,
        };
        let is_full = self.runs.len() >= RUNS;
        if is_full && place == 0 {
            return false;
        }
        insert(&mut self.runs, place, Sample { run: run.clone(), learnt: None });
        if is_full {
            self.runs.remove(0);
        }
        true
    }

    /// Puts a run in the place of one that is equal.
    fn share(&mut self, run: &Arc<Run>) {
        let place = self.find(run.key.id).ok();
        let sample = place.and_then(|place| self.runs.get_mut(place));
        if let Some(sample) = sample.filter(|sample| sample.run == *run) {
            sample.run = Arc::clone(run);
        }
    }

    /// Returns where a run is, or would be.
    fn find(&self, run: u64) -> Result<usize, usize> {
        self.runs.binary_search_by_key(&run, |sample| sample.run.key.id)
    }
}

/// What was learnt of most runs.
static NOTHING: Learnt = Learnt {
    before: Vec::new(),
    tries: None,
    tries_failure: None,
    reports: None,
    reports_failure: None,
    logs: BTreeMap::new(),
};

impl Sample {
    /// Returns what was learnt of the run.
    #[must_use]
    pub fn learnt(&self) -> &Learnt {
        self.learnt.as_deref().unwrap_or(&NOTHING)
    }

    /// Takes in the run as it ended, and returns whether that says anything new.
    fn ended(&mut self, run: &Arc<Run>) -> bool {
        if Arc::ptr_eq(&self.run, run) || self.run == *run {
            return false;
        }
        let (known, other) = (self.run.key.attempt, run.key.attempt);
        if other < known {
            let is_known = self.learnt().before.iter().any(|before| before.key.attempt == other);
            if !is_known {
                let before = &mut self.learnt.get_or_insert_default().before;
                before.push(run.clone());
                before.sort_by_key(|before| before.key.attempt);
            }
            return !is_known;
        }
        let before = std::mem::replace(&mut self.run, run.clone());
        if known < other {
            self.learnt.get_or_insert_default().before.push(before);
        }
        true
    }

    /// Returns its jobs, of every try, where they were read after the end that is known.
    #[must_use]
    pub fn tries(&self, retries: Retries) -> Option<&Batch<JobExecution>> {
        let read = self.learnt().tries.as_ref()?;
        (read.of == Ended::of(&self.run, retries)).then_some(&read.value)
    }

    /// Returns what its tests left behind, where that was read after the end that is known.
    #[must_use]
    pub fn reports(&self, retries: Retries) -> Option<&Reports> {
        let read = self.learnt().reports.as_ref()?;
        (read.of == Ended::of(&self.run, retries)).then_some(&read.value)
    }
}

/// Puts in what was read, unless something of a later end is there.
fn put<T: PartialEq>(slot: &mut Option<Read<T>>, of: &Ended, value: T) -> bool {
    let age = |ended: &Ended| (ended.run.attempt, ended.at);
    if slot.as_ref().is_some_and(|known| age(&known.of) > age(of)) {
        return false;
    }
    super::record::replace(slot, Some(Read { of: of.clone(), value }))
}
