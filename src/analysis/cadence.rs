//! How often a service's list of runs is read: often while something happens, seldom where nothing does.

use jiff::{SignedDuration, Timestamp};

use super::Policy;
use crate::domain::{Listing, Moment, Run, RunState};

/// A list that changed, or whose newest run has just ended, is read this often …
const CHANGED: SignedDuration = SignedDuration::from_secs(15);
/// … for this long.
const FRESHLY: SignedDuration = SignedDuration::from_mins(2);

/// A run that began longer ago waits for a person, or its provider forgot to end it.
const HUNG: SignedDuration = SignedDuration::from_hours(6);

/// Without a run for this long a service is quiet …
const QUIET_AFTER: SignedDuration = SignedDuration::from_hours(24);
/// … and very quiet after this, where its list is read three times less often.
const VERY_QUIET_AFTER: SignedDuration = SignedDuration::from_hours(7 * 24);

/// After three intervals without an answer what is shown is stale, after ten it is outdated.
const STALE: i32 = 3;
const OUTDATED: i32 = 10;

/// Returns how long after the last look a list is read again.
#[must_use]
pub fn cadence(listing: &Listing, policy: &Policy, now: Timestamp, on_screen: bool) -> SignedDuration {
    if listing.runs.iter().any(|run| in_progress(run, now)) {
        return if on_screen { policy.on_screen.min(policy.running) } else { policy.running };
    }
    let last = listing.runs.iter().filter_map(|run| run.finished_at.or(run.started_at).or(run.created_at)).max();
    let fresh = |at: Option<Timestamp>| at.is_some_and(|at| now.duration_since(at).abs() < FRESHLY);
    if fresh(listing.changed_at) || fresh(last.map(Moment::at)) {
        return CHANGED.min(policy.idle);
    }
    match last.map(|last| now.duration_since(last.at())) {
        Some(silence) if silence > VERY_QUIET_AFTER => policy.idle.max(policy.quiet.saturating_mul(3)),
        Some(silence) if silence > QUIET_AFTER => policy.idle.max(policy.quiet),
        Some(_) => policy.idle,
        None => policy.idle.max(policy.quiet),
    }
}

/// Returns whether a run is in progress, and not one that hangs.
pub(super) fn in_progress(run: &Run, now: Timestamp) -> bool {
    let since = run.started_at.or(run.created_at);
    let hangs = since.is_some_and(|since| now.duration_since(since.at()) > HUNG);
    matches!(run.state, RunState::Waiting | RunState::Running) && !hangs
}

/// How old what is known of a service is, by how often it should be looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Freshness {
    /// As new as it should be.
    #[default]
    Live,
    /// Three intervals old or more.
    Stale,
    /// Ten intervals old or more.
    Outdated,
}

impl Freshness {
    /// Returns how fresh a list is; one that was never read is neither old nor new, and counts as live.
    #[must_use]
    pub fn of(listing: &Listing, policy: &Policy, now: Timestamp) -> Self {
        let Some(seen_at) = listing.seen_at else { return Self::Live };
        let (age, interval) = (now.duration_since(seen_at), cadence(listing, policy, now, false));
        match age {
            age if age > interval.saturating_mul(OUTDATED) => Self::Outdated,
            age if age > interval.saturating_mul(STALE) => Self::Stale,
            _ => Self::Live,
        }
    }
}
