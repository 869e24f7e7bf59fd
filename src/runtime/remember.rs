//! What is remembered of runs that are over, handed on repository by repository, so that no key waits for all of it.

use tokio::sync::{mpsc, oneshot};

use super::SystemClock;
use crate::domain::{Fact, Observation, Seen, SourceId};
use crate::poll::Clock as _;

/// Waits for what is remembered, hands it on, and says when there is no more.
pub(super) async fn hand_on(remembered: oneshot::Receiver<Vec<Fact>>, seen: mpsc::Sender<Observation>) {
    let facts = remembered.await.unwrap_or_default();
    let pieces = facts.chunk_by(belongs_with).map(|piece| Seen::Remembered(piece.to_vec()));
    for piece in pieces.chain([Seen::Recalled]) {
        // What earlier processes remember is no answer of a source; the name is not kept.
        let observation = Observation { at: SystemClock.now(), source: SourceId::own(), seen: piece };
        if seen.send(observation).await.is_err() {
            return;
        }
    }
}

fn belongs_with(one: &Fact, next: &Fact) -> bool {
    owner(one) == owner(next)
}

/// Returns the repository, or the service, that a fact is about.
fn owner(fact: &Fact) -> Option<(&str, &str)> {
    let run = match fact {
        Fact::Ended(run) => &run.key,
        Fact::Tries(ended, _) | Fact::Reports(ended, _) => &ended.run,
        Fact::Retried(run, ..) => run,
        Fact::Arrived(service, ..) => return Some(("", service.as_str())),
        Fact::Runs { .. }
        | Fact::Jobs { .. }
        | Fact::PushLog(..)
        | Fact::Tag(_)
        | Fact::Manifest(..)
        | Fact::Config(..)
        | Fact::Blob(..)
        | Fact::Readable(..)
        | Fact::Landed(_)
        | Fact::Judged(_)
        | Fact::Answered(..) => return None,
    };
    Some((run.ci.as_str(), run.repo.as_str()))
}
