//! What is remembered of runs that are over, handed on repository by repository, so that no key waits for all of it.

use tokio::sync::mpsc;

use super::SystemClock;
use crate::domain::{Fact, Observation, Seen};
use crate::poll::Clock as _;

/// Waits for what is remembered, hands it on, and says when there is no more.
pub(super) async fn hand_on(mut remembered: mpsc::Receiver<Vec<Fact>>, seen: mpsc::Sender<Observation>) {
    loop {
        let piece = remembered.recv().await;
        let is_last = piece.is_none();
        // What earlier processes remember is no answer of a source; the name is not kept.
        let observation = Observation::own(SystemClock.now(), piece.map_or(Seen::Recalled, Seen::Remembered));
        if seen.send(observation).await.is_err() || is_last {
            return;
        }
    }
}

/// Waits for all that is remembered.
pub(super) async fn all(mut remembered: mpsc::Receiver<Vec<Fact>>) -> Vec<Fact> {
    let mut facts = Vec::new();
    while let Some(piece) = remembered.recv().await {
        facts.extend(piece);
    }
    facts
}
