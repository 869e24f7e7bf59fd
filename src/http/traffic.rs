//! What one source was sent, and what that cost: counted as requests go out and answers come in.

use std::sync::{Mutex, MutexGuard, PoisonError};

use http::{HeaderMap, StatusCode};
use tokio::time::Instant;

use super::budget;
use super::hour::Hour;
use super::retry_after::here;
use super::skew::Skew;
use crate::domain::Traffic;

/// One source's counters.
#[derive(Debug)]
pub(super) struct Counters {
    started: Instant,
    counts: Mutex<Counts>,
}

#[derive(Debug, Default)]
struct Counts {
    requests: u64,
    not_modified: u64,
    billed: u64,
    hour: Hour,
    skew: Skew,
    budget: budget::Known,
}

/// A request that is on its way.
#[derive(Debug)]
pub(super) struct Sent {
    at: Instant,
    /// Whether it went to the source itself, and not to a token service or a store of logs.
    to_source: bool,
}

impl Default for Counters {
    fn default() -> Self {
        Self { started: Instant::now(), counts: Mutex::default() }
    }
}

impl Counters {
    /// Counts a request. It counts as billed until its answer shows that it was not.
    pub(super) fn sent(&self, to_source: bool) -> Sent {
        let mut counts = self.counts();
        counts.requests += 1;
        counts.billed += u64::from(to_source);
        counts.hour.request(self.started.elapsed());
        Sent { at: Instant::now(), to_source }
    }

    /// Takes in the head of an answer.
    pub(super) fn answered(&self, sent: &Sent, status: StatusCode, headers: &HeaderMap) {
        let now = here();
        let mut counts = self.counts();
        let not_modified = status == StatusCode::NOT_MODIFIED;
        if not_modified {
            counts.not_modified += 1;
            counts.hour.not_modified(self.started.elapsed());
        }
        if !sent.to_source {
            return;
        }
        counts.skew.answered(headers, sent.at.elapsed(), now);
        let fell = counts.budget.answered(headers, now);
        // GitHub does not charge for a 304 where the request was authorised. Others may, and say nothing of it.
        if not_modified && fell == Some(false) {
            counts.billed = counts.billed.saturating_sub(1);
        }
    }

    /// Returns what was counted; the cache is counted elsewhere.
    pub(super) fn traffic(&self) -> Traffic {
        let counts = self.counts();
        let (requests_last_hour, not_modified_last_hour) = counts.hour.sums(self.started.elapsed());
        let clock_skew = counts.skew.median();
        Traffic {
            requests: counts.requests,
            not_modified: counts.not_modified,
            requests_last_hour,
            not_modified_last_hour,
            billed: counts.billed,
            cache_bytes: 0,
            clock_skew,
            budget: counts.budget.at(here(), clock_skew),
        }
    }

    fn counts(&self) -> MutexGuard<'_, Counts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
