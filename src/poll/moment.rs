//! One moment by both clocks: the wall's, which is told and may jump, and the steady one, by which things are due.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::time::Instant;

/// No moment on the wall is believed to be farther away: a clock that was wrong must not silence anybody for longer.
const FARTHEST: Duration = Duration::from_hours(1);

/// Clocks that differ by less agree.
const SLACK: SignedDuration = SignedDuration::from_secs(5);

/// A wall clock that went on by this much more than the steady one slept, or was set.
const SLEPT: SignedDuration = SignedDuration::from_mins(1);

/// One moment by both clocks.
#[derive(Debug, Clone, Copy)]
pub(super) struct Moment {
    pub(super) wall: Timestamp,
    pub(super) at: Instant,
}

impl Moment {
    /// Returns how long it is until then: from nothing to an hour.
    pub(super) fn until(self, wall: Timestamp) -> Duration {
        Duration::try_from(wall.duration_since(self.wall)).unwrap_or_default().min(FARTHEST)
    }

    /// Returns when it is then by the steady clock, between now and in an hour.
    pub(super) fn due(self, wall: Timestamp) -> Instant {
        self.at + self.until(wall)
    }

    /// Returns what the wall shows then, or showed, if it does not jump.
    pub(super) fn wall_at(self, at: Instant) -> Timestamp {
        let ahead = SignedDuration::try_from(at.saturating_duration_since(self.at)).unwrap_or_default();
        let ago = SignedDuration::try_from(self.at.saturating_duration_since(at)).unwrap_or_default();
        self.wall.saturating_add(ahead - ago).unwrap_or(self.wall)
    }

    /// Returns how much farther the wall went than the steady clock, from this moment to a later one.
    fn jump(self, later: Self) -> SignedDuration {
        later.wall_at(self.at).duration_since(self.wall)
    }

    /// Returns whether the wall went on by much more than the steady clock between this moment and a later one.
    pub(super) fn slept_until(self, later: Self) -> bool {
        self.jump(later) >= SLEPT
    }

    /// Returns whether an answer of this moment was given after one that is dated by the wall, as it shows `now`
    /// or showed then.
    pub(super) fn covers(self, date: Timestamp, now: Self) -> bool {
        let jumped = self.jump(now).abs() >= SLACK;
        // What lies ahead of the wall was dated before the wall was set back.
        date <= self.wall && (!jumped || date <= now.wall_at(self.at) || date > now.wall)
    }

    /// Returns whether that is long over, but for the steady clock, which stood still meanwhile.
    pub(super) fn overslept(self, date: Timestamp, now: Self) -> bool {
        let late = now.wall.duration_since(date);
        let interval = SignedDuration::try_from(self.until(date)).unwrap_or_default();
        self.jump(now) >= SLACK && late > interval / 2
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moment(wall: i64, at: Instant) -> Moment {
        Moment { wall: Timestamp::from_second(1_000_000 + wall).unwrap_or_default(), at }
    }

    #[test]
    fn nothing_is_due_in_the_past_or_in_more_than_an_hour() {
        let now = moment(0, Instant::now());
        let wall = |seconds| moment(seconds, now.at).wall;
        assert_eq!(now.until(wall(-30)), Duration::ZERO);
        assert_eq!(now.until(wall(30)), Duration::from_secs(30));
        assert_eq!(now.until(wall(40_000)), FARTHEST);
    }

    #[test]
    fn only_a_wall_that_outruns_the_steady_clock_has_slept() {
        let then = moment(0, Instant::now());
        let later = then.at + Duration::from_mins(10);
        assert!(!then.slept_until(moment(600, later)));
        assert!(!then.slept_until(moment(630, later)));
        assert!(!then.slept_until(moment(-3600, later)));
        assert!(then.slept_until(moment(8 * 3600, later)));
    }

    #[test]
    fn an_answer_covers_what_was_dated_before_it_by_either_wall() {
        let answer = moment(0, Instant::now());
        let later = answer.at + Duration::from_secs(10);
        let steady = moment(10, later);
        assert!(answer.covers(steady.wall_at(answer.at), steady));
        assert!(!answer.covers(moment(1, later).wall, steady));
        // The wall was set back by an hour: a date of five seconds ago is newer than the answer, though it reads older.
        let back = moment(10 - 3600, later);
        assert!(!answer.covers(moment(5 - 3600, later).wall, back));
        assert!(answer.covers(moment(-20 - 3600, later).wall, back));
        // And what was dated before the wall was set back is still covered.
        assert!(answer.covers(moment(-20, later).wall, back));
    }
}
