//! How often the screen may be drawn: a key is answered at once, answers of sources wait for each other,
//! and no second sees more than thirty frames.

use std::time::Duration;

/// Frames in a row that need not wait.
const BURST: u32 = 5;
/// After which time one more frame need not wait. With the burst this makes 30 in a second.
const REFILL: Duration = Duration::from_millis(40);
/// Between two frames that no key asked for.
const CALM: Duration = Duration::from_millis(100);

/// How often the screen may be drawn. Moments are counted from the start.
pub(super) struct Pace {
    left: u32,
    counted: Duration,
    drawn: Option<Duration>,
}

impl Pace {
    pub(super) fn new() -> Self {
        Self { left: BURST, counted: Duration::ZERO, drawn: None }
    }

    /// Returns when the next frame may be drawn; `urgent` where the user waits for it.
    pub(super) fn due(&self, now: Duration, urgent: bool) -> Duration {
        let refilled = now.saturating_sub(self.counted) >= REFILL;
        let soonest = if self.left > 0 || refilled { now } else { self.counted + REFILL };
        let calm = self.drawn.map_or(now, |drawn| drawn + CALM);
        if urgent { soonest } else { soonest.max(calm) }
    }

    /// Counts a frame that was drawn.
    pub(super) fn count(&mut self, now: Duration) {
        let refills = u32::try_from(now.saturating_sub(self.counted).as_millis() / REFILL.as_millis()).unwrap_or(BURST);
        self.counted = if self.left + refills >= BURST { now } else { self.counted + REFILL * refills };
        self.left = (self.left + refills).min(BURST).saturating_sub(1);
        self.drawn = Some(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Draws whenever it may, and returns the frames of each second.
    fn frames(urgent: bool) -> Vec<usize> {
        let mut pace = Pace::new();
        let mut second = |second: u64| {
            let moments = (second * 1000..(second + 1) * 1000).map(Duration::from_millis);
            let drawn = moments.filter(|now| {
                let due = pace.due(*now, urgent) <= *now;
                if due {
                    pace.count(*now);
                }
                due
            });
            drawn.count()
        };
        (0..4).map(&mut second).collect()
    }

    #[test]
    fn no_second_sees_more_than_thirty_frames() {
        assert!(frames(true).iter().all(|frames| (20..=30).contains(frames)), "{:?}", frames(true));
        assert!(frames(false).iter().all(|frames| (9..=11).contains(frames)), "{:?}", frames(false));
    }

    #[test]
    fn a_key_does_not_wait_for_the_calm_that_answers_wait_for() {
        let mut pace = Pace::new();
        let start = Duration::from_secs(1);
        pace.count(start);
        let now = start + Duration::from_millis(1);
        assert_eq!(pace.due(now, true), now);
        assert_eq!(pace.due(now, false), start + CALM);
    }
}
