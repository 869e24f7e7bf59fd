//! What is told of a source's pace, and how often: at most once a second, and only what is news.

use std::time::Duration;

use jiff::SignedDuration;
use tokio::time::Instant;

use crate::domain::Pace;

/// At most one report of a source in this time.
pub(super) const EVERY: Duration = Duration::from_secs(1);

/// Counts that changed without an answer are told after this time, where they have not changed back.
const SETTLED: Duration = Duration::from_secs(10);

/// Moments that lie no farther apart are the same.
const SLACK: SignedDuration = SignedDuration::from_secs(2);

/// What was told last of one source.
#[derive(Debug, Default)]
pub(super) struct Told {
    pub(super) traffic: Option<Instant>,
    pace: Pace,
    at: Option<Instant>,
    /// When counts are told that could not be told yet.
    later: Option<Instant>,
}

impl Told {
    /// Returns whether it is time to look at what is news. `answered` where an answer came just now: whoever is told
    /// is awake anyway, so lesser news are told as well.
    pub(super) fn is_due(&mut self, answered: bool, now: Instant) -> bool {
        let soonest = self.at.map(|at| at + EVERY).filter(|soonest| *soonest > now);
        if answered && soonest.is_some() {
            self.later = soonest;
        }
        soonest.is_none()
    }

    /// Returns whether this pace is news, and remembers it as told if it is. When the next look is due is no news of
    /// its own; it is told along with an answer.
    pub(super) fn is_news(&mut self, pace: &Pace, answered: bool, now: Instant) -> bool {
        let differ = counts(&self.pace) != counts(pace);
        let settled = self.later.is_some_and(|later| later <= now);
        let news = matters(&self.pace, pace) || answered || (settled && differ);
        self.later = if news || !differ { None } else { self.later.filter(|_| !settled).or(Some(now + SETTLED)) };
        if news {
            self.pace = pace.clone();
            self.at = Some(now);
        }
        news
    }

    /// Returns when it is time to look again at what is news.
    pub(super) fn wakes(&self) -> Option<Instant> {
        self.later
    }
}

fn counts(pace: &Pace) -> (usize, usize) {
    (pace.waiting, pace.under_way)
}

/// Returns whether somebody who looks at the source wants to know at once.
fn matters(old: &Pace, new: &Pace) -> bool {
    let same_end = match (&old.closed, &new.closed) {
        (Some((one, _)), Some((other, _))) => one.duration_since(*other).abs() <= SLACK,
        (None, None) => true,
        (Some(_), None) | (None, Some(_)) => false,
    };
    let why = |pace: &Pace| pace.closed.as_ref().map(|(_, why)| why.label());
    let started_to_wait = new.waiting > old.waiting.saturating_mul(2) && new.closed.is_some();
    !same_end || why(old) != why(new) || (old.stopped, old.slowed) != (new.stopped, new.slowed) || started_to_wait
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Failure;
    use jiff::Timestamp;

    fn closed(seconds: i64) -> Pace {
        let until = Timestamp::from_second(seconds).unwrap_or_default();
        Pace { closed: Some((until, Failure::Withheld("a budget".into()))), ..Pace::default() }
    }

    #[test]
    fn nothing_is_told_twice_and_nothing_within_a_second() {
        let start = Instant::now();
        let mut told = Told::default();
        assert!(told.is_due(false, start) && told.is_news(&closed(100), false, start));
        assert!(!told.is_due(false, start + EVERY / 2));
        assert!(told.is_due(false, start + EVERY) && !told.is_news(&closed(101), false, start + EVERY));
        assert!(told.is_news(&closed(200), false, start + EVERY));
    }

    #[test]
    fn counts_are_told_with_an_answer_or_once_after_one() {
        let start = Instant::now();
        let pace = |under_way| Pace { under_way, ..Pace::default() };
        let mut told = Told::default();
        assert!(!told.is_news(&pace(1), false, start));
        assert_eq!(told.wakes(), Some(start + SETTLED));
        assert!(told.is_news(&pace(1), true, start));
        assert_eq!(told.wakes(), None);
        assert!(!told.is_due(true, start + EVERY / 2));
        assert_eq!(told.wakes(), Some(start + EVERY));
        assert!(told.is_news(&pace(0), false, start + EVERY));
        assert_eq!(told.wakes(), None);
    }
}
