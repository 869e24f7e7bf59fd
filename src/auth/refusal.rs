//! Logins that were refused are not tried again and again: registries lock accounts for that.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use rustc_hash::FxHashMap;
use tokio::time::Instant;

use crate::domain::Failure;

/// After this long the same login may be tried once more: an account may have been unlocked meanwhile.
const PATIENCE: Duration = Duration::from_mins(30);
/// A login refused for this many repositories, and accepted for none, is tried for no other.
const STRIKES: usize = 3;

/// Which logins were refused, by the hash that tells one login from another.
#[derive(Debug, Default)]
pub(super) struct Refusals(Mutex<FxHashMap<u64, Record>>);

#[derive(Debug, Default)]
struct Record {
    accepted: bool,
    refused: FxHashMap<Box<str>, (Instant, Failure)>,
}

impl Refusals {
    /// Returns the refusal that stands against this login for this repository.
    pub(super) fn standing(&self, login: u64, repository: &str) -> Option<Failure> {
        let mut records = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let record = records.get_mut(&login)?;
        record.refused.retain(|_, (at, _)| at.elapsed() < PATIENCE);
        let for_all = !record.accepted && record.refused.len() >= STRIKES;
        let standing = record.refused.get(repository).or_else(|| record.refused.values().next().filter(|_| for_all));
        standing.map(|(_, failure)| failure.clone())
    }

    pub(super) fn refused(&self, login: u64, repository: &str, failure: &Failure) {
        let mut records = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let record = records.entry(login).or_default();
        record.refused.insert(repository.into(), (Instant::now(), failure.clone()));
    }

    pub(super) fn accepted(&self, login: u64, repository: &str) {
        let mut records = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let record = records.entry(login).or_default();
        record.accepted = true;
        record.refused.remove(repository);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NO: Failure = Failure::TooLarge { limit: 1 };

    #[tokio::test(start_paused = true)]
    async fn a_refused_login_rests_for_its_repository_only() {
        let refusals = Refusals::default();
        refusals.refused(1, "a", &NO);
        assert!(refusals.standing(1, "a").is_some());
        assert!(refusals.standing(1, "b").is_none());
        assert!(refusals.standing(2, "a").is_none());
        tokio::time::advance(PATIENCE).await;
        assert!(refusals.standing(1, "a").is_none());
    }

    #[tokio::test(start_paused = true)]
    async fn a_login_refused_everywhere_rests_everywhere() {
        let refusals = Refusals::default();
        for repository in ["a", "b", "c"] {
            refusals.refused(1, repository, &NO);
        }
        assert!(refusals.standing(1, "d").is_some());
        refusals.accepted(1, "e");
        assert!(refusals.standing(1, "d").is_none());
    }
}
