//! How long to wait after a failure.

use std::time::Duration;

use backon::{BackoffBuilder as _, ExponentialBuilder};

/// Returns a pause that doubles with every try, with a jitter as large as itself, and is never longer than the longest.
pub(super) fn pause(first: Duration, tries: u32, longest: Duration) -> Duration {
    let pauses = ExponentialBuilder::new().with_jitter().with_min_delay(first).with_max_delay(longest / 2);
    let doublings = usize::try_from(tries.saturating_sub(1).min(16)).unwrap_or_default();
    pauses.without_max_times().build().nth(doublings).unwrap_or(longest).min(longest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_with_jitter_and_end_somewhere() {
        let longest = Duration::from_mins(5);
        for tries in 1..40 {
            let pause = pause(Duration::from_secs(1), tries, longest);
            let doubled = Duration::from_secs(1 << (tries - 1).min(12));
            assert!(pause >= doubled.min(longest / 2) && pause <= longest.min(doubled * 2), "{tries}: {pause:?}");
        }
    }
}
