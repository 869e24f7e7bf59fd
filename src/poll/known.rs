//! What is known of one look: where it is, and when it may be asked again. It is known of a great many, so it is small.

use std::time::Duration;

use tokio::time::Instant;

use super::cadence::Rest;
use super::lane::{Turn, Waiting};
use super::tick::{Stamp, Tick};
use crate::domain::{Look, Urgency};

/// What is known of one look.
#[derive(Debug, Clone, Copy)]
pub(super) struct State {
    pub(super) phase: Phase,
    pub(super) answered: Option<Stamp>,
    pub(super) pause: Option<Pause>,
    /// When it was last wanted, in seconds since the epoch.
    pub(super) wanted: u32,
    /// The number of its source's lane.
    pub(super) lane: u16,
    pub(super) urgency: Urgency,
    /// Failed tries in a row, as far as they are counted.
    pub(super) tries: u8,
    /// Whether it was told that it cannot be asked, and waits until it can.
    pub(super) told: bool,
    /// Whether it was ever needed for the newest green commit.
    pub(super) newest: bool,
    /// Whether the answer is not at hand any more.
    pub(super) let_go: bool,
}

#[derive(Debug, Clone, Copy)]
pub(super) enum Phase {
    Waiting(Turn),
    Later(Tick, u32),
    /// Due then, and so far ahead that it is wanted again by then: the look itself is not kept.
    Resting(Tick),
    UnderWay,
    Answered,
    /// Not to be asked again before this moment.
    Failed(Tick),
}

/// What follows the last answer.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pause {
    /// After which time another one is wanted, in milliseconds, rounded up.
    interval: u32,
    /// How far ahead that was when it was first wanted, in milliseconds.
    ahead: u32,
    /// Whether the interval is the same every time.
    regular: bool,
}

impl Pause {
    pub(super) fn interval(self) -> Duration {
        Duration::from_millis(self.interval.into())
    }

    /// Returns the rest that follows an answer of this moment.
    pub(super) fn since(self, since: Instant) -> Rest {
        let ahead = Duration::from_millis(self.ahead.into());
        Rest { since, interval: self.interval(), regular: self.regular, ahead }
    }
}

impl State {
    /// Returns the state of a look of this lane that is wanted for the first time.
    pub(super) fn new(urgency: Urgency, lane: u16) -> Self {
        Self {
            phase: Phase::Answered,
            answered: None,
            pause: None,
            wanted: 0,
            lane,
            urgency,
            tries: 0,
            told: false,
            newest: false,
            let_go: false,
        }
    }

    /// Returns with which urgency and when a look is to be asked that is wanted once more; `None` where it stays
    /// where it is. `due` is when the wish is, if its answer is not there already, and `dated` whether it names a
    /// moment. What rests until `near` or sooner rests no longer.
    pub(super) fn moves(
        &mut self,
        urgency: Urgency,
        dated: bool,
        due: Option<Tick>,
        (now, near): (Tick, Tick),
    ) -> Option<(Urgency, Tick)> {
        let asked = urgency == Urgency::Asked;
        let both_in_background = urgency.is_background() && self.urgency.is_background();
        match self.phase {
            Phase::Waiting(_) => {
                (urgency < self.urgency || (both_in_background && urgency != self.urgency)).then_some((urgency, now))
            }
            Phase::Later(..) | Phase::Resting(_) | Phase::Failed(_) if asked => Some((urgency, now)),
            Phase::Later(..) if self.tries > 0 || self.told => None,
            Phase::Later(until, _) | Phase::Resting(until) => {
                let wakes = matches!(self.phase, Phase::Resting(_)) && until <= near;
                // What the wall dates may be covered again and again after it was set back: the steady clock goes on.
                let Some(due) = due else { return wakes.then_some((self.urgency, until)) };
                if due < until || urgency < self.urgency {
                    return Some((urgency.min(self.urgency), due.min(until)));
                }
                if both_in_background {
                    self.urgency = urgency;
                }
                wakes.then_some((self.urgency, until))
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
    pub(super) fn rest(&mut self, since: Instant, interval: Duration, look: &Look, now: Instant) -> Rest {
        let first = matches!(self.phase, Phase::Answered);
        let ahead = millis((since + interval).saturating_duration_since(now));
        let interval = millis(interval);
        let pause = match self.pause {
            Some(pause) if pause.interval == interval && !first => pause,
            Some(pause) if pause.interval == interval => Pause { interval, ahead, regular: true },
            Some(_) | None => Pause { interval, ahead, regular: matches!(look, Look::Runs(_)) },
        };
        // Of several wishes the soonest counts.
        if first || self.pause.is_none_or(|pause| interval < pause.interval) {
            self.pause = Some(pause);
        }
        pause.since(since)
    }

    pub(super) fn waiting(&self, look: Look) -> Waiting {
        Waiting { look, unseen: self.answered.is_none(), told: self.told }
    }

    /// Returns whether it is to be asked again after its interval, and neither failed nor was turned away meanwhile.
    pub(super) fn rests(&self) -> Option<Pause> {
        self.pause.filter(|_| self.urgency.is_background() && self.tries == 0 && !self.told)
    }

    /// Returns what it is in the background wanted again after, if it is.
    pub(super) fn wants(&self, now: Tick) -> Option<Pause> {
        let is_wanted = match self.phase {
            Phase::Waiting(_) | Phase::Later(..) => true,
            // What is past was not wanted again.
            Phase::Resting(until) => until > now,
            Phase::UnderWay | Phase::Answered | Phase::Failed(_) => false,
        };
        self.pause.filter(|_| is_wanted && self.urgency.is_background())
    }

    /// Returns whether it is over, and nobody has wanted it since then, in seconds since the epoch.
    pub(super) fn is_forgotten(&self, then: u32) -> bool {
        match self.phase {
            Phase::Answered | Phase::Failed(_) | Phase::Resting(_) => self.wanted < then,
            Phase::Waiting(_) | Phase::Later(..) | Phase::UnderWay => false,
        }
    }
}

fn millis(time: Duration) -> u32 {
    u32::try_from(time.as_nanos().div_ceil(1_000_000)).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_known_of_a_look_takes_seven_words() {
        assert!(size_of::<State>() <= 56, "{}", size_of::<State>());
    }
}
