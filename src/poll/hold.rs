//! Where somebody waits for the answer, the newest commit of every service is looked at before any older one.

use std::time::Duration;

use tokio::time::Instant;

/// For how long older commits wait at most: a source that is slow must not hold back the others.
const LONGEST: Duration = Duration::from_secs(1);

/// How soon after an answer the next look is wanted that follows from it.
const FOLLOWS: Duration = Duration::from_millis(5);

/// Whether older commits wait. A look at one of them takes the place of a look that is wanted a moment later, for as
/// long as an answer takes.
#[derive(Debug)]
pub(super) enum Hold {
    /// Nothing was wanted yet.
    Before,
    /// Until then at the latest; and `bare` since nothing for a newest commit is in sight.
    On { until: Instant, bare: Option<Instant> },
    /// Nobody waits, or all had their turn.
    Over,
}

impl Hold {
    /// Returns the hold; none where nobody waits for the answer.
    pub(super) fn new(steady: bool) -> Self {
        if steady { Self::Over } else { Self::Before }
    }

    /// Returns whether older commits wait now. `newest`: something that a newest commit needs waits or is under way.
    pub(super) fn holds(&mut self, newest: bool, now: Instant) -> bool {
        *self = match *self {
            Self::Before if newest => Self::On { until: now + LONGEST, bare: None },
            Self::On { until, .. } if newest => Self::On { until, bare: None },
            Self::On { until, bare } => Self::On { until, bare: bare.or(Some(now)) },
            Self::Before => Self::Before,
            Self::Over => Self::Over,
        };
        let holds = self.ends().is_some_and(|end| now < end);
        if !holds && matches!(self, Self::On { .. }) {
            *self = Self::Over;
        }
        holds
    }

    /// Returns when it is over if nothing happens.
    pub(super) fn ends(&self) -> Option<Instant> {
        match *self {
            Self::On { until, bare } => Some(bare.map_or(until, |bare| until.min(bare + FOLLOWS))),
            Self::Before | Self::Over => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn older_commits_wait_while_the_newest_are_looked_at_and_a_moment_longer() {
        let start = Instant::now();
        let mut hold = Hold::new(false);
        assert!(!hold.holds(false, start) && hold.ends().is_none(), "nothing is wanted yet");
        assert!(hold.holds(true, start));
        assert_eq!(hold.ends(), Some(start + LONGEST));
        let answered = start + Duration::from_millis(50);
        assert!(hold.holds(false, answered));
        assert!(hold.holds(true, answered + FOLLOWS / 2), "the next look follows");
        assert!(hold.holds(false, answered + FOLLOWS));
        assert_eq!(hold.ends(), Some(answered + FOLLOWS * 2));
        assert!(!hold.holds(false, answered + FOLLOWS * 2));
        assert!(!hold.holds(true, answered + FOLLOWS * 2), "it does not come back");
        assert_eq!(hold.ends(), None);
    }

    #[test]
    fn a_source_that_does_not_answer_holds_back_the_others_for_a_second_only() {
        let start = Instant::now();
        let mut hold = Hold::new(false);
        assert!(hold.holds(true, start));
        assert!(hold.holds(true, start + LONGEST / 2));
        assert!(!hold.holds(true, start + LONGEST));
    }

    #[test]
    fn nothing_is_held_back_on_the_dashboard() {
        assert!(!Hold::new(true).holds(true, Instant::now()));
    }
}
