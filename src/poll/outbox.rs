//! What was seen, on its way out. Answers that nobody waits for go together, so that whoever takes them in wakes up
//! once for a burst of them.

use std::collections::BTreeSet;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::Instant;

use super::desk::Gone;
use crate::domain::{Observation, SourceId};

/// No answer is held longer than this.
const LONGEST: Duration = Duration::from_millis(200);

/// What was seen, on its way out, in the order of its answers.
pub(super) struct Outbox {
    out: mpsc::Sender<Observation>,
    held: Vec<Observation>,
    since: Option<Instant>,
    /// Whose answers were held, and of whom it is not told yet how they are doing.
    untold: BTreeSet<SourceId>,
}

impl Outbox {
    pub(super) fn new(out: mpsc::Sender<Observation>) -> Self {
        Self { out, held: Vec::new(), since: None, untold: BTreeSet::new() }
    }

    /// Sends what was seen, after all that is held.
    pub(super) async fn send(&mut self, observation: Observation) -> Result<(), Gone> {
        self.send_held().await?;
        self.out.send(observation).await.map_err(|_| Gone)
    }

    /// Holds an answer that nobody waits for until others are there that were asked with it.
    pub(super) fn hold(&mut self, observation: Observation, now: Instant) {
        self.untold.insert(observation.source.clone());
        self.held.push(observation);
        self.since.get_or_insert(now);
    }

    /// Returns when what is held is sent at the latest.
    pub(super) fn due(&self) -> Option<Instant> {
        Some(self.since? + LONGEST)
    }

    /// Sends what is held.
    pub(super) async fn send_held(&mut self) -> Result<(), Gone> {
        self.since = None;
        for observation in std::mem::take(&mut self.held) {
            self.out.send(observation).await.map_err(|_| Gone)?;
        }
        Ok(())
    }

    /// Returns whose answers were held and are sent by now, once each.
    pub(super) fn take_untold(&mut self) -> BTreeSet<SourceId> {
        if self.held.is_empty() { std::mem::take(&mut self.untold) } else { BTreeSet::new() }
    }
}
