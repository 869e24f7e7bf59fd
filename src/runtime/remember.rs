//! What is remembered of runs that are over, handed on repository by repository, so that no key waits for all of it.

use tokio::sync::{mpsc, oneshot};

use super::SystemClock;
use crate::domain::{Fact, Observation, Seen};
use crate::poll::Clock as _;

/// Waits for what is remembered, hands it on, and says when there is no more.
pub(super) async fn hand_on(remembered: oneshot::Receiver<Vec<Fact>>, seen: mpsc::Sender<Observation>) {
    let facts = remembered.await.unwrap_or_default();
    let pieces = facts.chunk_by(belongs_with).map(|piece| Seen::Remembered(piece.to_vec()));
    for piece in pieces.chain([Seen::Recalled]) {
        // What earlier processes remember is no answer of a source; the name is not kept.
        let observation = Observation::own(SystemClock.now(), piece);
        if seen.send(observation).await.is_err() {
            return;
        }
    }
}

fn belongs_with(one: &Fact, next: &Fact) -> bool {
    one.concerns() == next.concerns()
}
