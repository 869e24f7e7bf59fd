//! Percentiles by nearest rank, and the median: what durations are summed up by.

use jiff::SignedDuration;

/// Fewer values make the 95th percentile little more than the greatest.
const SURE_FROM: u32 = 20;

/// How durations spread.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spread {
    /// Half of them took no longer.
    pub p50: SignedDuration,
    /// 95 of 100 took no longer.
    pub p95: SignedDuration,
    /// How many there are.
    pub of: u32,
}

impl Spread {
    /// Returns how these spread; nothing where there are none.
    #[must_use]
    pub fn of(mut values: Vec<SignedDuration>) -> Option<Self> {
        values.sort_unstable();
        let of = u32::try_from(values.len()).unwrap_or(u32::MAX);
        Some(Self { p50: nearest_rank(&values, 50)?, p95: nearest_rank(&values, 95)?, of })
    }

    /// Returns whether there are enough of them for the 95th percentile to be told from the greatest.
    #[must_use]
    pub fn p95_is_sure(self) -> bool {
        self.of >= SURE_FROM
    }
}

/// Returns a duration in minutes and seconds, and hours where it takes any: `0:07`, `12:34`, `1:02:10`.
#[must_use]
pub fn minutes(time: SignedDuration) -> String {
    let seconds = time.as_millis().saturating_add(500).div_euclid(1000).max(0);
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if hours > 0 { format!("{hours}:{minutes:02}:{seconds:02}") } else { format!("{minutes}:{seconds:02}") }
}

/// Returns the smallest value that `percent` of 100 do not exceed.
pub(super) fn nearest_rank<T: Copy>(sorted: &[T], percent: usize) -> Option<T> {
    let rank = (percent * sorted.len()).div_ceil(100).max(1);
    sorted.get(rank - 1).copied()
}

/// Returns the middle value, or the mean of the middle two.
pub(super) fn median(values: &[f64]) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let half = sorted.len() / 2;
    let upper = sorted.get(half).copied()?;
    if sorted.len() % 2 == 1 {
        Some(upper)
    } else {
        Some(f64::midpoint(sorted.get(half.checked_sub(1)?).copied()?, upper))
    }
}
