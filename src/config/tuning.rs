//! `[poll]` and `[policy]`: how often, how hard, and what the verdicts are judged by.

use std::ops::RangeInclusive;

use jiff::SignedDuration;

use super::problem::Problems;
use super::reader::Table;
use super::{History, Poll};
use crate::analysis::Policy;

/// The keys of `[poll]`.
pub(super) const POLL: [&str; 7] =
    ["running", "on_screen", "idle", "quiet", "timeout", "ci_in_flight", "registry_in_flight"];
/// The keys of `[history]`.
pub(super) const HISTORY: [&str; 2] = ["days", "megabytes"];
/// The keys of `[policy]`.
pub(super) const POLICY: [&str; 7] =
    ["grace", "runs", "second_look", "canary", "slow_pipeline", "slow_stage", "flaky_gate"];

/// Reads `[poll]`. How often to look is part of the policy, because it decides what is asked next.
pub(super) fn poll(table: &Table<'_>, poll: &mut Poll, policy: &mut Policy, problems: &mut Problems<'_>) {
    time(table, "running", "500ms"..="1h", &mut policy.running, problems);
    time(table, "on_screen", "500ms"..="1h", &mut policy.on_screen, problems);
    time(table, "idle", "1s"..="24h", &mut policy.idle, problems);
    time(table, "quiet", "1s"..="24h", &mut policy.quiet, problems);
    time(table, "timeout", "1s"..="10m", &mut poll.timeout, problems);
    count(table, "ci_in_flight", 1..=64, &mut poll.ci_in_flight, problems);
    count(table, "registry_in_flight", 1..=64, &mut poll.registry_in_flight, problems);
}

/// Reads `[history]`.
pub(super) fn history(table: &Table<'_>, history: &mut History, problems: &mut Problems<'_>) {
    number(table, "days", 1..=3650, &mut history.days, problems);
    number(table, "megabytes", 8..=100_000, &mut history.megabytes, problems);
}

fn number(
    table: &Table<'_>,
    key: &'static str,
    bounds: RangeInclusive<usize>,
    into: &mut u32,
    problems: &mut Problems<'_>,
) {
    let count = table.get(key).and_then(|entry| entry.count(bounds, problems));
    *into = count.and_then(|count| u32::try_from(count).ok()).unwrap_or(*into);
}

/// Reads `[policy]`.
pub(super) fn policy(table: &Table<'_>, policy: &mut Policy, problems: &mut Problems<'_>) {
    time(table, "grace", "0s"..="24h", &mut policy.grace, problems);
    count(table, "runs", 1..=200, &mut policy.runs, problems);
    time(table, "second_look", "100ms"..="10m", &mut policy.second_look, problems);
    time(table, "canary", "1s"..="24h", &mut policy.canary, problems);
    time(table, "slow_pipeline", "1s"..="168h", &mut policy.slow_pipeline, problems);
    time(table, "slow_stage", "1s"..="168h", &mut policy.slow_stage, problems);
    if let Some(share) = table.get("flaky_gate").and_then(|entry| entry.share(problems)) {
        policy.flaky_gate = share;
    }
}

fn time(
    table: &Table<'_>,
    key: &'static str,
    bounds: RangeInclusive<&str>,
    into: &mut SignedDuration,
    problems: &mut Problems<'_>,
) {
    if let Some(time) = table.get(key).and_then(|entry| entry.duration(&bounds, problems)) {
        *into = time;
    }
}

fn count(
    table: &Table<'_>,
    key: &'static str,
    bounds: RangeInclusive<usize>,
    into: &mut usize,
    problems: &mut Problems<'_>,
) {
    if let Some(count) = table.get(key).and_then(|entry| entry.count(bounds, problems)) {
        *into = count;
    }
}
