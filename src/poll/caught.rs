//! Tasks whose panics are caught: whoever runs them tells that they fell over, and nothing else ends for it.

use std::panic::AssertUnwindSafe;

use futures_util::FutureExt as _;

tokio::task_local! {
    static CAUGHT: ();
}

/// Returns a task as one whose panics whoever joins it catches and tells.
pub(super) fn supervised<F: Future>(task: F) -> impl Future<Output = F::Output> {
    CAUGHT.scope((), task)
}

/// Does the work, and returns what came of it; `None` where it fell over.
pub(super) async fn caught<F: Future>(work: F) -> Option<F::Output> {
    supervised(AssertUnwindSafe(work).catch_unwind()).await.ok()
}

/// Returns whether a panic of this thread at this moment is caught and told by the poller, so that nobody else need do
/// anything about it.
#[must_use]
pub fn catches() -> bool {
    CAUGHT.try_with(|()| ()).is_ok()
}
