//! One value that many wait for and one fetches.

use std::future::Future;

use tokio::sync::Mutex;
use tokio::time::Instant;

use crate::domain::Failure;

/// One value that many wait for and one fetches. A failure is shared by those who waited for it, and by nobody later.
#[derive(Debug)]
pub(super) struct Flight<T>(Mutex<Slot<T>>);

#[derive(Debug)]
struct Slot<T> {
    value: Option<T>,
    failure: Option<(Instant, Failure)>,
}

impl<T> Default for Flight<T> {
    fn default() -> Self {
        Self(Mutex::new(Slot { value: None, failure: None }))
    }
}

impl<T: Clone> Flight<T> {
    /// Returns the value if it is still good, else what `fetch` brings.
    pub(super) async fn get(
        &self,
        good: impl Fn(&T) -> bool,
        fetch: impl Future<Output = Result<T, Failure>>,
    ) -> Result<T, Failure> {
        let arrived = Instant::now();
        let mut slot = self.0.lock().await;
        if let Some(value) = slot.value.as_ref().filter(|value| good(value)) {
            return Ok(value.clone());
        }
        if let Some((at, failure)) = &slot.failure
            && *at > arrived
        {
            return Err(failure.clone());
        }
        let fetched = fetch.await;
        match &fetched {
            Ok(value) => *slot = Slot { value: Some(value.clone()), failure: None },
            Err(failure) => *slot = Slot { value: None, failure: Some((Instant::now(), failure.clone())) },
        }
        fetched
    }

    /// Puts in a value that was learnt otherwise.
    pub(super) async fn set(&self, value: T) {
        *self.0.lock().await = Slot { value: Some(value), failure: None };
    }

    /// Drops the value if it is the one meant; another may have fetched a newer one.
    pub(super) async fn forget(&self, meant: impl Fn(&T) -> bool) {
        let mut slot = self.0.lock().await;
        if slot.value.as_ref().is_some_and(meant) {
            slot.value = None;
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use std::sync::atomic::{AtomicU32, Ordering};

    use tokio::task::JoinSet;

    use super::*;

    async fn fetches(outcome: Result<u32, Failure>) -> u32 {
        let flight = std::sync::Arc::new(Flight::<u32>::default());
        let fetched = std::sync::Arc::new(AtomicU32::new(0));
        let mut waiting = JoinSet::new();
        for _ in 0..8 {
            let (flight, fetched, outcome) = (flight.clone(), fetched.clone(), outcome.clone());
            waiting.spawn(async move {
                let fetch = async {
                    fetched.fetch_add(1, Ordering::SeqCst);
                    tokio::time::sleep(std::time::Duration::from_secs(1)).await;
                    outcome
                };
                flight.get(|_| true, fetch).await
            });
        }
        waiting.join_all().await;
        fetched.load(Ordering::SeqCst)
    }

    #[tokio::test(start_paused = true)]
    async fn eight_at_once_fetch_once() {
        assert_eq!(fetches(Ok(1)).await, 1);
    }

    #[tokio::test(start_paused = true)]
    async fn eight_at_once_share_one_failure() {
        assert_eq!(fetches(Err(Failure::TooLarge { limit: 1 })).await, 1);
    }

    #[tokio::test]
    async fn whoever_comes_after_a_failure_tries_again() {
        let flight = Flight::default();
        flight.get(|_| true, async { Err::<u32, _>(Failure::TooLarge { limit: 1 }) }).await.unwrap_err();
        assert_eq!(flight.get(|_| true, async { Ok(2) }).await, Ok(2));
    }
}
