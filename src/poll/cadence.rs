//! When a look that was answered is due again: at its own place in the interval, so that many looks of one interval
//! are spread over it, and stay where they are.

use std::time::Duration;

use tokio::time::Instant;

use crate::domain::Urgency;

/// Shorter intervals are kept as they are.
const PHASED: Duration = Duration::from_secs(10);

/// Looks of a minute and more come in beats, so that the machine wakes up for many at once, and for none in between.
const BEAT: Duration = Duration::from_secs(30);
const BEATS_AT_LEAST: u32 = 2;

/// No interval is stretched beyond this.
const LONGEST: Duration = Duration::from_mins(15);

/// Turns intervals into moments.
#[derive(Debug)]
pub(super) struct Cadence {
    epoch: Instant,
    /// Whether looks have their places. Where somebody waits for the answer they have none.
    steady: bool,
}

/// What follows an answer.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rest {
    /// When the answer came.
    pub(super) since: Instant,
    /// After which time another one is wanted.
    pub(super) interval: Duration,
    /// Whether that is the same every time.
    pub(super) regular: bool,
    /// How far ahead it was when it was first wanted.
    pub(super) ahead: Duration,
}

/// How much longer than wished the intervals are, in tenths: never below ten.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stretch {
    pub(super) again: u32,
    pub(super) watched: u32,
}

impl Stretch {
    pub(super) const NONE: Self = Self { again: 10, watched: 10 };

    /// Returns whether an interval stays as it is, however short the budget.
    pub(super) fn spares(interval: Duration) -> bool {
        interval >= LONGEST
    }

    /// Returns how long an interval is to be. None is stretched beyond a quarter of an hour.
    pub(super) fn of(self, urgency: Urgency, interval: Duration) -> Duration {
        let tenths = if urgency == Urgency::Watched { self.watched } else { self.again };
        interval.max(LONGEST.min(interval.saturating_mul(tenths) / 10))
    }
}

impl Cadence {
    pub(super) fn new(epoch: Instant, steady: bool) -> Self {
        Self { epoch, steady }
    }

    pub(super) fn is_steady(&self) -> bool {
        self.steady
    }

    /// Returns when a look is due again. `id` is its hash, in which this process differs from any other.
    ///
    /// What has a regular interval comes at the first moment of its phase that lies half an interval or more after
    /// the answer; so it is never later than one and a half, and from the second time on it comes each interval.
    /// What has none comes at most a tenth late.
    pub(super) fn again(&self, id: u64, rest: &Rest, interval: Duration) -> Instant {
        if !self.steady || interval < PHASED {
            return rest.since + interval;
        }
        if rest.regular {
            return self.slot(id, interval, rest.since + interval / 2);
        }
        let since = rest.since.saturating_duration_since(self.epoch);
        let (due, late) = (since + interval, rest.ahead / 10);
        // The next beat is as good as any moment, where it is not too late.
        let beat = on_the_beat(due + BEAT, due + BEAT);
        if beat <= due + late {
            return self.epoch + beat;
        }
        let part = mixed(id ^ since.as_secs() ^ u64::from(since.subsec_nanos()).rotate_left(32));
        rest.since + interval + part_of(late, part)
    }

    /// Returns the look's first moment from then on.
    fn slot(&self, id: u64, interval: Duration, from: Instant) -> Instant {
        let phase = on_the_beat(part_of(interval, id), interval);
        let past = from.saturating_duration_since(self.epoch).saturating_sub(phase);
        let rounds = past.as_nanos().div_ceil(interval.as_nanos().max(1));
        let whole = rounds.saturating_mul(interval.as_nanos());
        self.epoch + phase + Duration::from_nanos(u64::try_from(whole).unwrap_or(u64::MAX >> 1))
    }
}

/// Returns the beat before that moment of an interval, where the interval has enough of them.
fn on_the_beat(moment: Duration, interval: Duration) -> Duration {
    if interval < BEAT * BEATS_AT_LEAST {
        return moment;
    }
    let beats = moment.as_nanos() / BEAT.as_nanos();
    BEAT * u32::try_from(beats).unwrap_or(u32::MAX)
}

/// Returns a part of a duration: none of it for 0, nearly all of it for the largest number.
fn part_of(whole: Duration, part: u64) -> Duration {
    let nanos = (whole.as_nanos() * u128::from(part)) >> 64;
    Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
}

/// Spreads numbers that are alike over all numbers.
fn mixed(number: u64) -> u64 {
    let mixed = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_mins(1);

    fn rest(since: Instant, regular: bool) -> Rest {
        Rest { since, interval: MINUTE, regular, ahead: MINUTE }
    }

    #[test]
    fn a_look_comes_between_half_and_one_and_a_half_intervals_after_its_answer() {
        let cadence = Cadence::new(Instant::now(), true);
        for step in 0..500_u64 {
            let answered = cadence.epoch + Duration::from_millis(step * 977);
            let after = cadence.again(mixed(step), &rest(answered, true), MINUTE) - answered;
            assert!((MINUTE / 2..=MINUTE * 3 / 2).contains(&after), "{after:?}");
        }
    }

    #[test]
    fn a_look_stays_at_its_place_however_late_its_answers_are() {
        let cadence = Cadence::new(Instant::now(), true);
        let first = cadence.again(mixed(7), &rest(cadence.epoch, true), MINUTE);
        let mut due = first;
        for round in 1..5_000_u32 {
            due = cadence.again(mixed(7), &rest(due + Duration::from_millis(900), true), MINUTE);
            assert_eq!(due, first + MINUTE * round);
        }
    }

    #[test]
    fn looks_of_one_minute_are_spread_over_its_beats() {
        let cadence = Cadence::new(Instant::now(), true);
        let mut beats = [0; 2];
        for look in 0..600 {
            let due = cadence.again(mixed(look), &rest(cadence.epoch, true), MINUTE) - cadence.epoch;
            assert_eq!(due.as_millis() % BEAT.as_millis(), 0);
            if let Some(count) = beats.get_mut(usize::try_from(due.as_secs() % 60 / 30).unwrap_or(2)) {
                *count += 1;
            }
        }
        assert!(beats.iter().all(|count| (250..=350).contains(count)), "{beats:?}");
    }

    #[test]
    fn looks_of_half_a_minute_are_spread_over_its_seconds() {
        let cadence = Cadence::new(Instant::now(), true);
        let mut seconds = [0; 30];
        for look in 0..600 {
            let rest = Rest { interval: MINUTE / 2, ..rest(cadence.epoch, true) };
            let due = cadence.again(mixed(look), &rest, MINUTE / 2) - cadence.epoch;
            if let Some(count) = seconds.get_mut(usize::try_from(due.as_secs() % 30).unwrap_or(30)) {
                *count += 1;
            }
        }
        assert!(seconds.iter().all(|count| (5..=40).contains(count)), "{seconds:?}");
    }

    #[test]
    fn what_has_no_regular_interval_comes_at_most_a_tenth_late_and_never_early() {
        let cadence = Cadence::new(Instant::now(), true);
        let due = |look| cadence.again(mixed(look), &rest(cadence.epoch, false), MINUTE) - cadence.epoch;
        assert!((0..500).all(|look| (MINUTE..=MINUTE * 11 / 10).contains(&due(look))));
        assert!((0..500).any(|look| due(look) > MINUTE * 21 / 20));
        assert_eq!(due(3), due(3));
        let overdue = Rest { ahead: Duration::ZERO, ..rest(cadence.epoch, false) };
        assert_eq!(cadence.again(mixed(3), &overdue, MINUTE), cadence.epoch + MINUTE);
    }

    #[test]
    fn short_intervals_and_looks_that_somebody_waits_for_are_kept_to_the_point() {
        let epoch = Instant::now();
        let short = Duration::from_secs(9);
        assert_eq!(Cadence::new(epoch, true).again(5, &rest(epoch, true), short), epoch + short);
        assert_eq!(Cadence::new(epoch, false).again(5, &rest(epoch, true), MINUTE), epoch + MINUTE);
    }

    #[test]
    fn nothing_is_stretched_beyond_a_quarter_of_an_hour() {
        let stretch = Stretch { again: 35, watched: 10 };
        assert_eq!(stretch.of(Urgency::Again, MINUTE), Duration::from_secs(210));
        assert_eq!(stretch.of(Urgency::Watched, MINUTE), MINUTE);
        assert_eq!(stretch.of(Urgency::Again, MINUTE * 10), MINUTE * 15);
        assert_eq!(stretch.of(Urgency::Again, MINUTE * 30), MINUTE * 30);
    }
}
