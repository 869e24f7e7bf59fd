//! Moments in half of the room, because of a great many looks it is known when they were answered and when they are due.

use std::num::NonZeroU64;
use std::time::Duration;

use jiff::Timestamp;
use tokio::time::Instant;

use super::moment::Moment;

/// What ticks are counted from.
#[derive(Debug, Clone, Copy)]
pub(super) struct Epoch(Instant);

/// A moment of the steady clock, to the nanosecond. None lies before the epoch, or five centuries after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Tick(NonZeroU64);

/// One moment by both clocks. The wall shows a year between 1678 and 2261.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stamp {
    pub(super) at: Tick,
    wall: i64,
}

impl Epoch {
    pub(super) fn new(at: Instant) -> Self {
        Self(at)
    }

    pub(super) fn tick(self, at: Instant) -> Tick {
        let since = u64::try_from(at.saturating_duration_since(self.0).as_nanos()).unwrap_or(u64::MAX);
        Tick(NonZeroU64::MIN.saturating_add(since))
    }

    pub(super) fn instant(self, Tick(tick): Tick) -> Instant {
        self.0 + Duration::from_nanos(tick.get() - 1)
    }

    /// Returns how many whole seconds have passed by then.
    pub(super) fn seconds(self, at: Instant) -> u32 {
        u32::try_from(at.saturating_duration_since(self.0).as_secs()).unwrap_or(u32::MAX)
    }

    pub(super) fn stamp(self, moment: Moment) -> Stamp {
        let wall = moment.wall.as_nanosecond().clamp(i64::MIN.into(), i64::MAX.into());
        Stamp { at: self.tick(moment.at), wall: i64::try_from(wall).unwrap_or_default() }
    }

    pub(super) fn moment(self, stamp: Stamp) -> Moment {
        let wall = Timestamp::from_nanosecond(stamp.wall.into()).unwrap_or_default();
        Moment { wall, at: self.instant(stamp.at) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_comes_back_to_the_nanosecond_by_both_clocks() {
        let start = Instant::now();
        let epoch = Epoch::new(start);
        for (at, wall) in [(0, 0), (1, -1), (86_400_000_000_123, 1_900_000_000_123_456_789)] {
            let at = start + Duration::from_nanos(at);
            let moment = Moment { wall: Timestamp::from_nanosecond(wall).unwrap_or_default(), at };
            let back = epoch.moment(epoch.stamp(moment));
            assert_eq!((back.wall, back.at), (moment.wall, moment.at));
        }
    }

    #[test]
    fn no_clock_however_wrong_makes_a_moment_that_cannot_be_kept() {
        let start = Instant::now() + Duration::from_hours(1);
        let epoch = Epoch::new(start);
        let early = Moment { wall: Timestamp::MIN, at: start.checked_sub(Duration::from_mins(1)).unwrap_or(start) };
        assert_eq!(epoch.instant(epoch.tick(early.at)), start);
        assert!(epoch.moment(epoch.stamp(early)).wall < Timestamp::UNIX_EPOCH);
        assert!(epoch.moment(epoch.stamp(Moment { wall: Timestamp::MAX, ..early })).wall > Timestamp::UNIX_EPOCH);
    }
}
