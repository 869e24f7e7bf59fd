//! Numbers as the report writes them: durations in seconds, shares that are null where they are not known.

use jiff::SignedDuration;
use serde::{Serialize, Serializer};

use crate::analysis::{Rate, Spread};

/// A duration in seconds: whole ones without a point.
pub(super) struct Seconds(pub(super) SignedDuration);

impl Serialize for Seconds {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.0.subsec_nanos() == 0 {
            serializer.serialize_i64(self.0.as_secs())
        } else {
            serializer.serialize_f64(rounded(self.0.as_secs_f64(), 1_000.0))
        }
    }
}

/// So many of so many, and the share with its interval where that is known.
#[derive(Serialize)]
pub(super) struct Proportion {
    hits: u32,
    of: u32,
    share: Option<f64>,
    low: Option<f64>,
    high: Option<f64>,
}

impl Proportion {
    /// Returns the counts, with the share where it is known.
    pub(super) fn of(counted: Rate, known: Option<Rate>) -> Self {
        let interval = known.map(Rate::interval);
        let share = known.filter(|rate| rate.of > 0).map(|rate| f64::from(rate.hits) / f64::from(rate.of));
        let four = |share: f64| rounded(share, 10_000.0);
        Self {
            hits: counted.hits,
            of: counted.of,
            share: share.map(four),
            low: interval.map(|(low, _)| four(low)),
            high: interval.map(|(_, high)| four(high)),
        }
    }

    /// Returns a share that is known wherever anything was counted.
    pub(super) fn known(rate: Rate) -> Self {
        Self::of(rate, Some(rate).filter(|rate| rate.of > 0))
    }
}

pub(super) fn rounded(number: f64, parts: f64) -> f64 {
    (number * parts).round() / parts
}

/// How durations spread.
#[derive(Serialize)]
pub(super) struct Times {
    p50: Seconds,
    p95: Seconds,
    /// Whether there are enough for the 95th percentile to be told from the greatest.
    p95_sure: bool,
    of: u32,
}

impl From<Spread> for Times {
    fn from(spread: Spread) -> Self {
        Self { p50: Seconds(spread.p50), p95: Seconds(spread.p95), p95_sure: spread.p95_is_sure(), of: spread.of }
    }
}
