//! What is remembered of runs that are over, longer than their list has them: by it green and red are trusted or not.

use std::collections::BTreeMap;
use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::{RepoPath, Run, RunKey, Service, SourceId};

/// Runs of one repository that are remembered.
const RUNS: usize = 400;

/// What is known of one run that is over.
#[derive(Debug, Clone)]
pub struct Sample {
    /// The run, as it was listed when its newest attempt was over.
    pub run: Arc<Run>,
    /// The attempts before it that were seen over in a list, oldest first.
    pub before: Vec<Arc<Run>>,
}

/// What is remembered of the runs of every repository.
#[derive(Debug, Clone, Default)]
pub(super) struct Samples(FxHashMap<(SourceId, RepoPath), Remembered>);

#[derive(Debug, Clone, Default)]
struct Remembered {
    runs: BTreeMap<u64, Sample>,
    /// Counts whatever changes.
    edition: u64,
}

impl Samples {
    /// Takes in a run that is listed.
    pub(super) fn listed(&mut self, run: &Arc<Run>) {
        if !run.state.is_finished() {
            return;
        }
        let known = self.0.entry((run.key.ci.clone(), run.key.repo.clone())).or_default();
        if let Some(sample) = known.runs.get_mut(&run.key.id) {
            if !sample.listed(run) {
                return;
            }
        } else {
            known.runs.insert(run.key.id, Sample { run: run.clone(), before: Vec::new() });
            if known.runs.len() > RUNS {
                known.runs.pop_first();
            }
        }
        known.edition += 1;
    }

    /// Notes that more is known of a run.
    pub(super) fn touch(&mut self, run: &RunKey) {
        let known = self.0.get_mut(&(run.ci.clone(), run.repo.clone()));
        if let Some(known) = known.filter(|known| known.runs.contains_key(&run.id)) {
            known.edition += 1;
        }
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
        self.0.get(&(service.ci.clone(), service.repo.clone()))
    }
}

impl Sample {
    /// Takes in the run as it is listed now, and returns whether that says anything new.
    fn listed(&mut self, run: &Arc<Run>) -> bool {
        if Arc::ptr_eq(&self.run, run) || run.key.attempt < self.run.key.attempt || self.run == *run {
            return false;
        }
        let before = std::mem::replace(&mut self.run, run.clone());
        if before.key.attempt < run.key.attempt {
            self.before.push(before);
        }
        true
    }
}
