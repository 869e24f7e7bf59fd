//! What was sent and what may still be sent, as the answers' headers tell it.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use http::HeaderMap;
use jiff::{SignedDuration, Timestamp};

use super::retry_after;
use crate::domain::{Budget, Traffic};

/// Above this a reset is a moment since 1970, below it a number of seconds from now.
const EPOCH_LIKE: i64 = 1_000_000_000;

/// One source's counters.
#[derive(Debug, Default)]
pub(super) struct Counters {
    requests: AtomicU64,
    not_modified: AtomicU64,
    budget: Mutex<Option<Budget>>,
}

impl Counters {
    pub(super) fn request(&self) {
        self.requests.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn not_modified(&self) {
        self.not_modified.fetch_add(1, Ordering::Relaxed);
    }

    /// Takes in what an answer says. What it leaves out (a 304 may) stays as it was.
    pub(super) fn budget(&self, headers: &HeaderMap) {
        let Some(remaining) = number(headers, "remaining").and_then(|value| u64::try_from(value).ok()) else { return };
        let limit = number(headers, "limit").and_then(|value| u64::try_from(value).ok());
        let resets_at = number(headers, "reset").and_then(reset);
        let mut budget = self.budget.lock().unwrap_or_else(PoisonError::into_inner);
        let before = budget.take();
        *budget = Some(Budget {
            remaining,
            limit: limit.or_else(|| before.as_ref().and_then(|before| before.limit)),
            resets_at: resets_at.or_else(|| before.as_ref().and_then(|before| before.resets_at)),
        });
    }

    pub(super) fn traffic(&self) -> Traffic {
        Traffic {
            requests: self.requests.load(Ordering::Relaxed),
            not_modified: self.not_modified.load(Ordering::Relaxed),
            budget: self.budget.lock().unwrap_or_else(PoisonError::into_inner).clone(),
        }
    }
}

/// Reads `x-ratelimit-<what>` or `ratelimit-<what>`; Docker Hub adds its window, as in `99;w=21600`.
fn number(headers: &HeaderMap, what: &str) -> Option<i64> {
    let value = ["x-ratelimit-", "ratelimit-"].iter().find_map(|prefix| headers.get(format!("{prefix}{what}")))?;
    let digits = value.to_str().ok()?.split([';', ',']).next()?.trim();
    digits.parse().ok()
}

fn reset(value: i64) -> Option<Timestamp> {
    if value > EPOCH_LIKE {
        return Timestamp::from_second(value).ok();
    }
    let seconds = SignedDuration::from_secs(value.clamp(0, 86_400));
    retry_after::here().checked_add(seconds).ok()
}

/// Returns when a spent budget starts anew, where the headers say that it is spent.
pub(super) fn spent_until(headers: &HeaderMap) -> Option<Timestamp> {
    (number(headers, "remaining")? <= 0).then(|| number(headers, "reset").and_then(reset)).flatten()
}
