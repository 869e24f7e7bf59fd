//! Logins that were refused are not tried again and again: registries lock accounts for that.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rustc_hash::FxHashMap;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

use crate::domain::Failure;

/// A login that was refused once is tried once more after this time: the server may have been wrong.
const DOUBT: Duration = Duration::from_secs(2);
/// And after this time one that was refused again: an account may have been unlocked meanwhile.
const PATIENCE: Duration = Duration::from_mins(15);
/// A login refused for this many repositories, and accepted for none, is tried for no other.
const STRIKES: usize = 3;

/// So many at once try a login that was accepted for nothing yet.
const UNTRIED: usize = 4;

/// Which logins were refused, by the hash that tells one login from another.
#[derive(Debug, Default)]
pub(super) struct Refusals(Mutex<FxHashMap<u64, Record>>);

#[derive(Debug)]
struct Record {
    /// Held by whoever tries a login that was accepted for nothing yet; closed once it was.
    untried: Arc<Semaphore>,
    refused: FxHashMap<Box<str>, Refusal>,
}

impl Default for Record {
    fn default() -> Self {
        Self { untried: Arc::new(Semaphore::new(UNTRIED)), refused: FxHashMap::default() }
    }
}

#[derive(Debug)]
struct Refusal {
    at: Instant,
    failure: Failure,
    /// How long it stands.
    stands: Duration,
}

impl Refusal {
    fn is_standing(&self) -> bool {
        self.at.elapsed() < self.stands
    }
}

/// Leave to try a login that nobody knows to be good; to be held until the answer is taken in.
pub(super) type Turn = OwnedSemaphorePermit;

impl Refusals {
    /// Waits until this login may be tried: at once where it was accepted before, and else a few at a time, so that twenty
    /// repositories do not make twenty failed logins; but not long for a server that gives no answer. What was refused
    /// meanwhile is to be looked at after this.
    pub(super) async fn turn(&self, login: u64) -> Option<Turn> {
        let untried = {
            let mut records = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(&records.entry(login).or_default().untried)
        };
        tokio::time::timeout(DOUBT, untried.acquire_owned()).await.ok()?.ok()
    }

    /// Returns the refusal that stands against this login for this repository.
    pub(super) fn standing(&self, login: u64, repository: &str) -> Option<Failure> {
        let records = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let record = records.get(&login)?;
        let for_all = !record.untried.is_closed() && record.refused.len() >= STRIKES;
        let others = || record.refused.values().find(|refusal| for_all && refusal.is_standing());
        let standing = record.refused.get(repository).filter(|refusal| refusal.is_standing()).or_else(others);
        standing.map(|refusal| refusal.failure.clone())
    }

    pub(super) fn refused(&self, login: u64, repository: &str, failure: &Failure) {
        let mut records = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let record = records.entry(login).or_default();
        let stands = if record.refused.contains_key(repository) { PATIENCE } else { DOUBT };
        let refusal = Refusal { at: Instant::now(), failure: failure.clone(), stands };
        record.refused.insert(repository.into(), refusal);
    }

    pub(super) fn accepted(&self, login: u64, repository: &str) {
        let mut records = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let record = records.entry(login).or_default();
        record.untried.close();
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
    }

    #[tokio::test(start_paused = true)]
    async fn a_login_is_tried_a_second_time_soon_and_then_seldom() {
        let refusals = Refusals::default();
        for stands in [DOUBT, PATIENCE, PATIENCE] {
            refusals.refused(1, "a", &NO);
            tokio::time::advance(stands * 9 / 10).await;
            assert!(refusals.standing(1, "a").is_some());
            tokio::time::advance(stands / 10).await;
            assert!(refusals.standing(1, "a").is_none());
        }
        refusals.accepted(1, "a");
        refusals.refused(1, "a", &NO);
        tokio::time::advance(DOUBT).await;
        assert!(refusals.standing(1, "a").is_none());
    }

    #[tokio::test(start_paused = true)]
    async fn a_few_at_a_time_try_a_login_until_it_is_accepted() {
        let refusals = Refusals::default();
        let mut turns = Vec::new();
        for _ in 0..UNTRIED {
            turns.push(refusals.turn(1).await);
        }
        assert!(turns.iter().all(Option::is_some));
        let waits = tokio::time::timeout(DOUBT / 2, refusals.turn(1)).await;
        assert!(waits.is_err(), "one more tries as well");
        assert!(refusals.turn(1).await.is_none(), "a server that gives no answer keeps nobody waiting");
        turns.pop();
        assert!(refusals.turn(1).await.is_some(), "the next tries where one came to nothing");
        assert!(refusals.turn(2).await.is_some(), "another login is none of its business");
        refusals.accepted(1, "a");
        for _ in 0..20 {
            assert!(refusals.turn(1).await.is_none(), "it is good: nobody waits");
        }
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
