//! What is known of one look: where it is, and when it may be asked again.

use std::time::Duration;

use tokio::time::Instant;

use super::cadence::Rest;
use super::lane::{Turn, Waiting};
use super::moment::Moment;
use crate::domain::{Look, Urgency};

/// What is known of one look.
#[derive(Debug, Clone, Copy)]
pub(super) struct State {
    pub(super) phase: Phase,
    pub(super) urgency: Urgency,
    /// Failed tries in a row.
    pub(super) tries: u32,
    /// Whether it was told that it cannot be asked, and waits until it can.
    pub(super) told: bool,
    /// Whether it was ever needed for the newest green commit.
    pub(super) newest: bool,
    pub(super) answered: Option<Moment>,
    /// Whether the answer is not at hand any more.
    pub(super) let_go: bool,
    pub(super) rest: Option<Rest>,
    /// When it was last wanted.
    pub(super) wanted: Instant,
}

#[derive(Debug, Clone, Copy)]
pub(super) enum Phase {
    Waiting(Turn),
    Later(Instant, u64),
    UnderWay,
    Answered,
    /// Not to be asked again before this moment.
    Failed(Instant),
}

impl State {
    pub(super) fn new(urgency: Urgency, now: Instant) -> Self {
        Self {
            phase: Phase::Answered,
            urgency,
            tries: 0,
            told: false,
            newest: false,
            answered: None,
            let_go: false,
            rest: None,
            wanted: now,
        }
    }

    /// Returns with which urgency and when a look is to be asked that is wanted once more; `None` where it stays
    /// where it is. `due` is when the wish is, if its answer is not there already, and `dated` whether it names a
    /// moment.
    pub(super) fn moves(
        &mut self,
        urgency: Urgency,
        dated: bool,
        due: Option<Instant>,
        now: Instant,
    ) -> Option<(Urgency, Instant)> {
        let asked = urgency == Urgency::Asked;
        let both_in_background = urgency.is_background() && self.urgency.is_background();
        match self.phase {
            Phase::Waiting(_) => {
                (urgency < self.urgency || (both_in_background && urgency != self.urgency)).then_some((urgency, now))
            }
            Phase::Later(..) | Phase::Failed(_) if asked => Some((urgency, now)),
            Phase::Later(..) if self.tries > 0 || self.told => None,
            Phase::Later(until, _) => {
                let due = due?;
                if due < until || urgency < self.urgency {
                    return Some((urgency.min(self.urgency), due.min(until)));
                }
                if both_in_background {
                    self.urgency = urgency;
                }
                None
            }
            Phase::Answered if asked || dated || self.let_go => due.map(|due| (urgency, due)),
            Phase::Answered | Phase::UnderWay => None,
            Phase::Failed(until) => {
                // The failure was reported, perhaps to somebody who has not read it yet: nobody waits for more, and
                // a moment that is named goes by an answer that is in doubt now.
                let urgency = if urgency.is_background() { urgency } else { Urgency::Again };
                Some((urgency, until))
            }
        }
    }

    /// Returns what follows the answer, where another one is wanted after the interval.
    pub(super) fn rest(&mut self, since: Instant, interval: Duration, look: &Look, now: Moment) -> Rest {
        let first = matches!(self.phase, Phase::Answered);
        let regular = matches!(look, Look::Runs(_));
        let ahead = (since + interval).saturating_duration_since(now.at);
        let rest = match self.rest {
            Some(rest) if rest.interval == interval && !first => rest,
            Some(rest) if rest.interval == interval => Rest { since, interval, regular: true, ahead },
            Some(_) | None => Rest { since, interval, regular, ahead },
        };
        // Of several wishes the soonest counts.
        if first || self.rest.is_none_or(|rest| interval < rest.interval) {
            self.rest = Some(rest);
        }
        rest
    }

    pub(super) fn waiting(&self, look: Look) -> Waiting {
        Waiting { look, unseen: self.answered.is_none(), told: self.told }
    }

    /// Returns whether it is over, and nobody has wanted it since then.
    pub(super) fn is_forgotten(&self, then: Instant) -> bool {
        match self.phase {
            Phase::Answered | Phase::Failed(_) => self.wanted < then,
            Phase::Waiting(_) | Phase::Later(..) | Phase::UnderWay => false,
        }
    }
}
