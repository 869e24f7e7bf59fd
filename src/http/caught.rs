//! Work whose panics are caught: whoever asked for it tells that it fell over, and nothing else ends for it. So it is with
//! a task, and with a thread that a task lends work to.

use std::panic::AssertUnwindSafe;

use futures_util::FutureExt as _;

tokio::task_local! {
    static CAUGHT: ();
}

/// Returns a task as one whose panics whoever joins it catches and tells.
pub fn supervised<F: Future>(task: F) -> impl Future<Output = F::Output> {
    CAUGHT.scope((), task)
}

/// Does the work, and returns what came of it; `None` where it fell over.
pub async fn caught<F: Future>(work: F) -> Option<F::Output> {
    supervised(AssertUnwindSafe(work).catch_unwind()).await.ok()
}

/// Does the work on a thread of its own, for the threads that look must not be held up, and returns what came of it;
/// `None` where it fell over.
pub async fn on_a_thread<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    tokio::task::spawn_blocking(|| CAUGHT.sync_scope((), work)).await.ok()
}

/// Returns whether a panic of this thread at this moment is caught and told by whoever asked for the work, so that nobody
/// else need do anything about it.
#[must_use]
pub fn catches() -> bool {
    CAUGHT.try_with(|()| ()).is_ok()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::panic, reason = "what falls over is tested by falling over")]
    use super::*;

    #[tokio::test]
    async fn work_that_falls_over_is_caught_in_a_task_and_on_a_thread() {
        assert!(!catches());
        assert_eq!(caught(async { catches() }).await, Some(true));
        assert_eq!(on_a_thread(catches).await, Some(true));
        assert_eq!(caught(async { panic!("a task") }).await, None::<()>);
        assert_eq!(on_a_thread(|| panic!("a thread")).await, None::<()>);
        assert!(!catches());
    }
}
