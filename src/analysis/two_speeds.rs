//! Durations that come in two heaps, a fast one and a slow one: mostly a cache that hits and misses.

use jiff::SignedDuration;

use super::spread::{minutes, nearest_rank};

/// Fewer durations show no heaps.
const LEAST: usize = 10;

/// Each heap holds so many, and one in so many.
const HEAP: usize = 3;
const HEAP_SHARE: usize = 5;

/// The gap between the heaps takes more than half of the whole range, and so many seconds.
const GAP_SECONDS: i64 = 30;

/// Two heaps of durations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TwoSpeeds {
    /// The median of the fast heap.
    pub fast: SignedDuration,
    /// The median of the slow heap.
    pub slow: SignedDuration,
    /// How many are slow.
    pub slow_runs: u32,
    /// Of how many.
    pub of: u32,
}

impl TwoSpeeds {
    /// Returns the two heaps, where there are two.
    #[must_use]
    pub fn of(durations: &[SignedDuration]) -> Option<Self> {
        if durations.len() < LEAST {
            return None;
        }
        let mut sorted = durations.to_vec();
        sorted.sort_unstable();
        let range = *sorted.last()? - *sorted.first()?;
        let gaps = sorted.iter().zip(sorted.iter().skip(1)).map(|(one, next)| *next - *one);
        let (place, gap) = gaps.enumerate().max_by_key(|(_, gap)| *gap)?;
        let (fast, slow) = sorted.split_at_checked(place + 1)?;
        let is_heap = |heap: &[SignedDuration]| heap.len() >= HEAP && heap.len() * HEAP_SHARE >= sorted.len();
        let is_gap = gap * 2 > range && gap >= SignedDuration::from_secs(GAP_SECONDS);
        if !is_gap || !is_heap(fast) || !is_heap(slow) {
            return None;
        }
        let count = |heap: &[SignedDuration]| u32::try_from(heap.len()).unwrap_or(u32::MAX);
        let (slow_runs, of) = (count(slow), count(&sorted));
        Some(Self { fast: nearest_rank(fast, 50)?, slow: nearest_rank(slow, 50)?, slow_runs, of })
    }

    /// Returns the suspicion in words.
    #[must_use]
    pub fn words(&self) -> String {
        let Self { fast, slow, slow_runs, of } = self;
        let (fast, slow) = (minutes(*fast), minutes(*slow));
        format!("{slow_runs} of {of} runs take {slow}, the others {fast}: does a cache miss?")
    }
}
