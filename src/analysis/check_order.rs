//! Fastest checks first: where a slow job runs before a fast one that often fails, the failure could come sooner.

use std::collections::BTreeMap;

use jiff::SignedDuration;

use super::Rate;
use super::spread::{Spread, minutes};
use crate::domain::{Execution, JobExecution, Outcome, Text};

/// Failing so often, and one time in so many, is often.
const FAILURES: u32 = 3;
const ONE_IN: u32 = 10;

/// A job that takes less holds nobody up.
const SLOW: SignedDuration = SignedDuration::from_secs(60);

/// A fast job that often fails, and the slow one that it waits for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderAdvice {
    /// The fast job.
    pub fast: Text,
    /// How often it fails.
    pub fails: Rate,
    /// The slow job before it.
    pub slow: Text,
    /// How long that takes: so much sooner the failure could be known.
    pub saves: SignedDuration,
}

impl OrderAdvice {
    /// Returns the advice, as the question that it is.
    #[must_use]
    pub fn words(&self) -> String {
        let Self { fast, fails, slow, saves } = self;
        format!("{fast} fails in {fails} and runs after {slow} ({}): could it run first?", minutes(*saves))
    }
}

#[derive(Debug, Default)]
struct Record {
    times: Vec<SignedDuration>,
    failed: u32,
    decided: u32,
}

/// Returns where a job could run earlier. Each run of the one workflow is given once.
pub(super) fn advice(executions: &[&Execution]) -> Vec<OrderAdvice> {
    let mut records: BTreeMap<&Text, Record> = BTreeMap::new();
    for job in executions.iter().flat_map(|run| run.newest_jobs()) {
        let record = records.entry(&job.name).or_default();
        record.decided += u32::from(job.outcome().is_decisive());
        record.failed += u32::from(job.outcome() == Outcome::Failed);
        record.times.extend(job.ran().filter(|_| job.outcome() == Outcome::Passed));
    }
    let typical: BTreeMap<&Text, SignedDuration> =
        records.iter().filter_map(|(name, record)| Some((*name, Spread::of(record.times.clone())?.p50))).collect();
    let often = |record: &Record| record.failed >= FAILURES && record.failed * ONE_IN >= record.decided;
    let failing = records.iter().filter(|(_, record)| often(record));
    let mut found: Vec<OrderAdvice> = failing
        .filter_map(|(name, record)| {
            let own = *typical.get(name)?;
            let (slow, saves) = slowest_before(executions, name, &typical)?;
            let worth = saves >= SLOW && own * 2 <= saves;
            let fails = Rate::new(record.failed, record.decided);
            worth.then(|| OrderAdvice { fast: (*name).clone(), fails, slow: slow.clone(), saves })
        })
        .collect();
    found.sort_by_key(|advice| std::cmp::Reverse(advice.saves));
    found
}

/// Returns the slowest job that was over before this one could start, in the newest run that has it.
fn slowest_before<'a>(
    executions: &[&'a Execution],
    name: &Text,
    typical: &BTreeMap<&'a Text, SignedDuration>,
) -> Option<(&'a Text, SignedDuration)> {
    let could_start = |job: &JobExecution| job.created_at.or(job.started_at);
    let newest = executions.iter().rev().find_map(|run| {
        let jobs = run.newest_jobs();
        let start = jobs.iter().find(|job| job.name == *name).and_then(|job| could_start(job))?;
        Some((jobs, start))
    });
    let (jobs, start) = newest?;
    let before = jobs.into_iter().filter(|job| job.name != *name && job.finished_at.is_some_and(|end| end <= start));
    before.filter_map(|job| Some((&job.name, *typical.get(&job.name)?))).max_by_key(|(_, time)| *time)
}
