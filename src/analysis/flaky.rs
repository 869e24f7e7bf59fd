//! How much a service's green and red can be trusted: its builds, its jobs and its tests.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::Policy;
use super::flaky_build::{BuildFlakiness, builds};
use super::flaky_job::{JobFlakiness, jobs};
use super::flaky_test::{TestsFlakiness, tests};
use crate::domain::{Execution, TestRun};

/// How much a service's green and red can be trusted.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Flakiness {
    /// Its builds.
    pub builds: BuildFlakiness,
    /// Its jobs, least trusted first.
    pub jobs: Vec<JobFlakiness>,
    /// Its tests.
    pub tests: TestsFlakiness,
}

/// Judges the runs and test reports of one service. Neither their order nor what is given twice makes a difference.
#[must_use]
pub fn flakiness(executions: &[Execution], tests_seen: &[TestRun], policy: &Policy, now: Timestamp) -> Flakiness {
    of_runs(&merged(executions), tests_seen, policy, now)
}

/// Judges runs that are given once each, oldest first.
pub(super) fn of_runs(executions: &[Execution], tests_seen: &[TestRun], policy: &Policy, now: Timestamp) -> Flakiness {
    Flakiness { builds: builds(executions, policy), jobs: jobs(executions, now), tests: tests(tests_seen, now) }
}

/// Returns each run once, with all that was seen of it, oldest first.
pub(super) fn merged(executions: &[Execution]) -> Vec<Execution> {
    let mut runs: BTreeMap<_, Execution> = BTreeMap::new();
    for run in executions {
        let key = (run.run.id, &run.run.repo, &run.run.ci);
        match runs.get_mut(&key) {
            Some(known) => known.merge(run.clone()),
            None => {
                runs.insert(key, run.clone());
            }
        }
    }
    runs.into_values().collect()
}
