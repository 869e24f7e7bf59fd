//! Ages in few letters, and times in full.

use jiff::Timestamp;

pub use crate::analysis::utc;

/// Returns how long ago that was, as a person reads it off two clocks that show minutes: `now`, `3m`, `2h`, `4d`.
///
/// Every age changes at a full minute and at no other moment, so that a quiet screen stays quiet in between.
#[must_use]
pub fn age(then: Timestamp, now: Timestamp) -> String {
    let minute = |time: Timestamp| time.as_second().div_euclid(60);
    let minutes = minute(now).saturating_sub(minute(then));
    match minutes {
        ..=0 => "now".to_owned(),
        1..=99 => format!("{minutes}m"),
        100..=2879 => format!("{}h", minutes / 60),
        2880..=143_999 => format!("{}d", minutes / 1440),
        _ => format!("{}w", minutes / 10080),
    }
}

/// Returns how long ago that was as part of a sentence: `3m ago`, or `just now`.
#[must_use]
pub fn ago(then: Timestamp, now: Timestamp) -> String {
    match age(then, now) {
        age if age == "now" => "just now".to_owned(),
        age => format!("{age} ago"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_take_few_letters_and_change_at_full_minutes() {
        let now = Timestamp::UNIX_EPOCH;
        let before = |seconds: i64| Timestamp::from_second(-seconds).unwrap_or_default();
        let cases = [(0, "now"), (1, "1m"), (60, "1m"), (61, "2m"), (99 * 60, "99m"), (100 * 60, "1h")];
        for (seconds, words) in cases {
            assert_eq!(age(before(seconds), now), words, "{seconds} s");
        }
        assert_eq!(age(before(47 * 3600), now), "47h");
        assert_eq!(age(before(48 * 3600), now), "2d");
        assert_eq!(age(before(400 * 86400), now), "57w");
        assert_eq!(age(before(-90), now), "now", "a clock that runs ahead gives no negative age");
    }
}
