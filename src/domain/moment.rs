//! A moment in less space than a timestamp takes: there are very many of them.

use std::fmt;
use std::num::NonZeroU64;

use jiff::Timestamp;

/// With its highest bit the other way round a number keeps its order where it has no sign; no timestamp is so early that
/// nothing is left of it.
const SIGN: u64 = 1 << 63;

/// The moment of a timestamp, to the microsecond before it, which is what the history keeps. It takes 8 bytes, also where
/// there may be none: a timestamp takes 16, and then 24.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Moment(NonZeroU64);

impl Moment {
    /// Returns the timestamp.
    #[must_use]
    pub fn at(self) -> Timestamp {
        Timestamp::from_microsecond(self.as_microsecond()).unwrap_or_default()
    }

    /// Returns the whole microseconds since 1970.
    #[must_use]
    pub fn as_microsecond(self) -> i64 {
        (self.0.get() ^ SIGN).cast_signed()
    }
}

impl From<Moment> for Timestamp {
    fn from(moment: Moment) -> Self {
        moment.at()
    }
}

impl From<Timestamp> for Moment {
    fn from(at: Timestamp) -> Self {
        // Before 1970 what is left over is negative.
        let microsecond = at.as_microsecond() - i64::from(at.subsec_nanosecond() % 1_000 < 0);
        Self(NonZeroU64::new(microsecond.cast_unsigned() ^ SIGN).unwrap_or(NonZeroU64::MIN))
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.at().fmt(f)
    }
}

impl fmt::Debug for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.at(), f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_the_timestamp_that_it_was_made_of_to_the_microsecond_before() {
        let at = |second, nanosecond| Timestamp::new(second, nanosecond).unwrap_or_default();
        let all = [
            (at(-62_135_596_800, 0), at(-62_135_596_800, 0)),
            (at(-1, -999_999_999), at(-2, 0)),
            (at(0, -1_000), at(0, -1_000)),
            (Timestamp::UNIX_EPOCH, Timestamp::UNIX_EPOCH),
            (at(0, 1), Timestamp::UNIX_EPOCH),
            (at(1_796_045_438, 641_095_123), at(1_796_045_438, 641_095_000)),
            (Timestamp::MAX, Timestamp::from_microsecond(Timestamp::MAX.as_microsecond()).unwrap_or_default()),
        ];
        for (exact, whole) in all {
            assert_eq!(Moment::from(exact).at(), whole, "{exact}");
            assert_eq!(Moment::from(whole).at(), whole, "{whole}");
        }
        assert!(all.map(|(exact, _)| Moment::from(exact)).is_sorted());
        assert_eq!(Moment::from(Timestamp::MIN).at(), Timestamp::MIN);
    }

    #[test]
    fn a_moment_that_may_be_none_takes_no_more() {
        assert_eq!((size_of::<Moment>(), size_of::<Option<Moment>>()), (8, 8));
    }
}
