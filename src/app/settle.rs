//! What follows from a judgement for the memory: what is new is kept, what nothing depends on any more is let go.

use jiff::Timestamp;

use crate::analysis::{ServiceReport, keepsakes, newly_arrived, sheddable};
use crate::domain::{Fact, Look, Observation, Seen, Snapshot};

/// What is to be kept for later processes, and which looks' answers need not be at hand any more.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Settled {
    /// What is new.
    pub facts: Vec<Fact>,
    /// What was let go.
    pub shelved: Vec<Look>,
}

/// Takes what a report of a service found out into the snapshot, and lets go of what it needs no more. Which commits arrived
/// is news only where all came that earlier processes remember of the service.
pub fn settle(snapshot: &mut Snapshot, report: &ServiceReport, past_is_read: bool, now: Timestamp) -> Settled {
    let mut facts = keepsakes(snapshot, report, now);
    if past_is_read {
        facts.extend(newly_arrived(snapshot, report));
    }
    if !facts.is_empty() {
        let seen = Seen::Remembered(facts.clone());
        snapshot.absorb(Observation { at: now, source: report.service.ci.clone(), seen });
    }
    let sheddable = sheddable(snapshot, report);
    let mut shelved = snapshot.shed_runs(&sheddable.runs);
    for (image, tags) in &sheddable.tags {
        shelved.extend(snapshot.shed(image, tags));
    }
    Settled { facts, shelved }
}
