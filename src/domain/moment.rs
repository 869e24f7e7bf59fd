//! A moment in less space than a timestamp takes: there are very many of them.

use std::fmt;
use std::num::NonZeroU32;

use jiff::Timestamp;

/// What is added to a nanosecond, which has the sign of its second, so that it is never zero.
const ABOVE: i32 = 1_000_000_000;

/// The very moment of a timestamp. It takes 12 bytes, also where there may be none: a timestamp takes 16, and then 24.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(C, packed(4))]
pub struct Moment {
    second: i64,
    /// From the nanosecond before the second to the one after it, both above zero.
    nanosecond: NonZeroU32,
}

impl Moment {
    /// Returns the timestamp.
    #[must_use]
    pub fn at(self) -> Timestamp {
        let nanosecond = self.nanosecond.get().cast_signed() - ABOVE;
        Timestamp::new(self.second, nanosecond).unwrap_or_default()
    }

    /// Returns the whole microseconds since 1970.
    #[must_use]
    pub fn as_microsecond(self) -> i64 {
        self.at().as_microsecond()
    }
}

impl From<Moment> for Timestamp {
    fn from(moment: Moment) -> Self {
        moment.at()
    }
}

impl From<Timestamp> for Moment {
    fn from(at: Timestamp) -> Self {
        let nanosecond = (at.subsec_nanosecond() + ABOVE).cast_unsigned();
        Self { second: at.as_second(), nanosecond: NonZeroU32::new(nanosecond).unwrap_or(NonZeroU32::MIN) }
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
    fn a_moment_is_the_timestamp_that_it_was_made_of() {
        let at = |second, nanosecond| Timestamp::new(second, nanosecond).unwrap_or_default();
        let all = [
            Timestamp::MIN,
            at(-62_135_596_800, 0),
            at(-1, -999_999_999),
            at(0, -1),
            Timestamp::UNIX_EPOCH,
            at(0, 1),
            at(1_796_045_438, 641_095_123),
            Timestamp::MAX,
        ];
        assert_eq!(all.map(|at| Moment::from(at).at()), all);
        assert!(all.map(Moment::from).is_sorted());
    }

    #[test]
    fn a_moment_that_may_be_none_takes_no_more() {
        assert_eq!((size_of::<Moment>(), size_of::<Option<Moment>>()), (12, 12));
    }
}
