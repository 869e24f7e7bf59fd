//! Which jobs pass and fail on the same code.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::evidence::{Evidence, Scope};
use super::glimpse::{Glimpse, strip};
use super::trust::Behaviour;
use crate::domain::{Execution, JobExecution, Outcome, Sha, Text};

/// One job, and how it behaved.
#[derive(Debug, Clone, PartialEq)]
pub struct JobFlakiness {
    /// The workflow that it belongs to.
    pub workflow: Text,
    /// Its name, with its matrix suffix: a job that fails on one platform only is no flake.
    pub name: Text,
    /// Whether its failure does not fail the run.
    pub allow_failure: bool,
    /// How it behaved.
    pub behaviour: Behaviour,
    /// How its newest commits came out, oldest first.
    pub recent: Vec<Glimpse>,
}

#[derive(Debug, Default)]
struct Job<'a> {
    allow_failure: bool,
    commits: BTreeMap<&'a Sha, Evidence>,
}

/// Judges the jobs of one service, least trusted first. Each run is given once.
pub(super) fn jobs(executions: &[Execution], now: Timestamp) -> Vec<JobFlakiness> {
    let mut jobs: BTreeMap<(&Text, &Text), Job<'_>> = BTreeMap::new();
    for run in executions {
        let scope = Scope::of(&run.event, run.run.id);
        for (name, tries) in tries(run) {
            // One try of a job whose tries before were not looked at says nothing of whether it flaked.
            if run.earlier_unseen && tries.len() < 2 {
                continue;
            }
            let job = jobs.entry((&run.workflow, name)).or_default();
            let evidence = job.commits.entry(&run.sha).or_default();
            for siblings in tries.values() {
                job.allow_failure |= siblings.iter().any(|job| job.allow_failure);
                evidence.add(
                    scope,
                    run.run.id,
                    together(siblings),
                    siblings.iter().filter_map(|job| job.finished_at).max(),
                );
            }
        }
    }
    let mut found: Vec<JobFlakiness> = jobs
        .into_iter()
        .map(|((workflow, name), job)| JobFlakiness {
            workflow: workflow.clone(),
            name: name.clone(),
            allow_failure: job.allow_failure,
            behaviour: Behaviour::of(job.commits.values().map(Evidence::judge).collect(), now),
            recent: strip(job.commits.iter().map(|(sha, evidence)| (*sha, evidence))),
        })
        .collect();
    found.sort_by(|one, two| two.behaviour.rank(&one.behaviour));
    found.shrink_to_fit();
    found
}

type Tries<'a> = BTreeMap<u32, Vec<&'a JobExecution>>;

/// Returns the jobs of a run by name and try.
fn tries(run: &Execution) -> BTreeMap<&Text, Tries<'_>> {
    let mut by_name: BTreeMap<&Text, Tries<'_>> = BTreeMap::new();
    for job in run.fresh_jobs() {
        by_name.entry(&job.name).or_default().entry(job.attempt).or_default().push(job);
    }
    by_name
}

/// Jobs of one name in one try ran side by side: one that failed fails them all, and is no flake of the others.
fn together(siblings: &[&JobExecution]) -> Outcome {
    siblings.iter().map(|job| job.outcome()).min().unwrap_or(Outcome::Undecided)
}
