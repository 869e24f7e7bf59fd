//! How far the server's clock is from ours, as far as the `Date` of its answers tells.

use std::collections::VecDeque;
use std::time::Duration;

use http::{HeaderMap, header};
use jiff::{SignedDuration, Timestamp};

use super::retry_after::instant;

/// How many answers are looked at: one odd answer among them does no harm, nor do four.
const LAST: usize = 9;
/// Fewer say nothing.
const FEWEST: usize = 3;
/// What took longer has no middle worth the name.
const SLOWEST: Duration = Duration::from_secs(5);
/// `Date` is cut to the second, which makes it half a second late on average.
const CUT: SignedDuration = SignedDuration::from_millis(500);

/// The differences that the last few answers showed, the oldest first.
#[derive(Debug, Default)]
pub(super) struct Skew(VecDeque<SignedDuration>);

impl Skew {
    /// Takes in an answer that came now and took so long. One that some cache gave, as its `Age` tells, shows the
    /// clock of long ago.
    pub(super) fn answered(&mut self, headers: &HeaderMap, took: Duration, now: Timestamp) {
        let date = headers.get(header::DATE).and_then(|date| instant(date.to_str().ok()?));
        let half = SignedDuration::try_from(took / 2).ok();
        let middle = half.and_then(|half| now.checked_sub(half).ok());
        let (Some(date), Some(middle)) = (date, middle) else { return };
        if took > SLOWEST || headers.contains_key(header::AGE) {
            return;
        }
        if self.0.len() == LAST {
            self.0.pop_front();
        }
        self.0.push_back(date.duration_since(middle).saturating_add(CUT));
    }

    /// Returns how far the server is ahead, in whole seconds; less than one cannot be told.
    pub(super) fn median(&self) -> Option<SignedDuration> {
        let mut sorted: Vec<SignedDuration> = self.0.iter().copied().collect();
        sorted.sort_unstable();
        let median = sorted.get(sorted.len() / 2).filter(|_| sorted.len() >= FEWEST)?;
        Some(SignedDuration::from_secs(median.as_secs()))
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use http::HeaderName;

    use super::*;

    const QUICK: Duration = Duration::from_millis(40);

    /// Takes in answers that came at this second past 05:30:00 by our clock.
    fn after(answers: &[(&str, Duration, i64)]) -> Option<SignedDuration> {
        let mut skew = Skew::default();
        for (date, took, second) in answers {
            let headers = [(header::DATE, format!("Wed, 04 Mar 2026 {date} GMT").parse().unwrap())];
            let now: Timestamp = "2026-03-04T05:30:00Z".parse().unwrap();
            skew.answered(&headers.into_iter().collect(), *took, now + SignedDuration::from_secs(*second));
        }
        skew.median()
    }

    #[test]
    fn a_server_ahead_is_positive_and_one_behind_negative() {
        let ahead = [("05:31:30", QUICK, 0), ("05:31:31", QUICK, 1), ("05:31:31", QUICK, 2)];
        assert_eq!(after(&ahead), Some(SignedDuration::from_secs(90)));
        assert_eq!(after(&[("05:28:00", QUICK, 0); 3]), Some(SignedDuration::from_secs(-119)));
        assert_eq!(after(&[("05:29:59", QUICK, 0); 3]), Some(SignedDuration::ZERO), "half a second is none");
    }

    #[test]
    fn two_answers_say_nothing_and_odd_ones_among_nine_do_no_harm() {
        assert_eq!(after(&[("05:30:00", QUICK, 0); 2]), None);
        let mut answers = vec![("05:40:00", QUICK, 0); 20];
        for date in ["05:30:00", "00:00:00", "05:30:00", "23:59:59", "23:59:59", "00:00:00"] {
            answers.push((date, QUICK, 0));
        }
        answers.extend([("05:30:00", QUICK, 0); 3]);
        assert_eq!(after(&answers), Some(SignedDuration::ZERO), "the twenty before are forgotten");
    }

    #[test]
    fn the_middle_of_a_slow_answer_counts_and_a_very_slow_one_not() {
        let slow = Duration::from_secs(4);
        assert_eq!(after(&[("05:30:00", slow, 2); 3]), Some(SignedDuration::ZERO));
        assert_eq!(after(&[("05:30:00", SLOWEST + QUICK, 2); 3]), None);
    }

    #[test]
    fn what_a_cache_gave_or_what_is_no_date_is_left_out() {
        let mut skew = Skew::default();
        let date = (header::DATE, "Wed, 04 Mar 2026 05:00:00 GMT");
        let cases: [&[(HeaderName, &str)]; 3] = [&[date, (header::AGE, "0")], &[(header::DATE, "yesterday")], &[]];
        for case in cases {
            let headers: HeaderMap = case.iter().map(|(name, value)| (name.clone(), value.parse().unwrap())).collect();
            for _ in 0..FEWEST {
                skew.answered(&headers, QUICK, "2026-03-04T05:30:00Z".parse().unwrap());
            }
        }
        assert_eq!(skew.median(), None);
    }
}
