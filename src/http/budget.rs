//! What may still be sent, as the answers' headers tell it.

use http::HeaderMap;
use jiff::{SignedDuration, Timestamp};

use crate::domain::Budget;

/// Above this a reset is a moment since 1970, below it a number of seconds from now.
const EPOCH_LIKE: i64 = 1_000_000_000;
/// No window is longer than this; a reset beyond it is none.
const LONGEST: SignedDuration = SignedDuration::from_hours(24);
/// The only one of GitHub's budgets that we draw on; others keep quiet about which one they mean.
const RESOURCE: &str = "core";

/// When a window starts anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reset {
    /// By the server's clock.
    At(Timestamp),
    /// After the answer.
    In(SignedDuration),
}

/// The budget of one source, as its newest answers told it.
#[derive(Debug, Default)]
pub(super) struct Known(Option<Told>);

#[derive(Debug)]
struct Told {
    remaining: u64,
    limit: Option<u64>,
    reset: Option<Reset>,
    /// When this was told; `Reset::In` counts from here.
    at: Timestamp,
}

impl Known {
    /// Takes in what an answer says; what it leaves out (a 304 may) stays as it was. Returns whether the budget fell,
    /// where this answer and one before it tell.
    pub(super) fn answered(&mut self, headers: &HeaderMap, now: Timestamp) -> Option<bool> {
        let other =
            headers.get("x-ratelimit-resource").is_some_and(|resource| resource.as_bytes() != RESOURCE.as_bytes());
        let remaining = number(headers, "remaining").filter(|_| !other).and_then(|value| u64::try_from(value).ok())?;
        let limit = number(headers, "limit").and_then(|value| u64::try_from(value).ok());
        let reset = reset(headers);
        let before = self.0.take();
        let fell = before.as_ref().map(|before| remaining < before.remaining);
        // A relative reset that is not said again still counts from when it was said.
        let kept = before.as_ref().and_then(|before| Some((before.reset?, before.at)));
        let (reset, at) = reset.map(|reset| (reset, now)).or(kept).map_or((None, now), |(reset, at)| (Some(reset), at));
        self.0 = Some(Told { remaining, limit: limit.or(before.and_then(|before| before.limit)), reset, at });
        fell
    }

    /// Returns the budget as it is now. Where its window is over, all of it is there again, as far as anybody told
    /// how much that is.
    pub(super) fn at(&self, now: Timestamp, skew: Option<SignedDuration>) -> Option<Budget> {
        let told = self.0.as_ref()?;
        let resets_at = match told.reset {
            Some(Reset::At(theirs)) => theirs.checked_sub(skew.unwrap_or_default()).ok(),
            Some(Reset::In(wait)) => told.at.checked_add(wait).ok(),
            None => None,
        };
        if resets_at.is_some_and(|resets_at| resets_at <= now) {
            return told.limit.map(|limit| Budget { remaining: limit, limit: Some(limit), resets_at: None });
        }
        let resets_at = resets_at.filter(|resets_at| resets_at.duration_since(now) <= LONGEST);
        Some(Budget { remaining: told.remaining, limit: told.limit, resets_at })
    }
}

/// Returns whether the headers say that nothing is left.
pub(super) fn is_spent(headers: &HeaderMap) -> bool {
    number(headers, "remaining").is_some_and(|remaining| remaining <= 0)
}

/// Returns when a spent budget starts anew, where the headers say that it is spent.
pub(super) fn spent_until(headers: &HeaderMap) -> Option<Reset> {
    if is_spent(headers) { reset(headers) } else { None }
}

/// Reads `x-ratelimit-<what>` or `ratelimit-<what>`; Docker Hub adds its window, as in `99;w=21600`.
fn number(headers: &HeaderMap, what: &str) -> Option<i64> {
    let value = ["x-ratelimit-", "ratelimit-"].iter().find_map(|prefix| headers.get(format!("{prefix}{what}")))?;
    let digits = value.to_str().ok()?.split([';', ',']).next()?.trim();
    digits.parse().ok()
}

fn reset(headers: &HeaderMap) -> Option<Reset> {
    let value = number(headers, "reset")?;
    if value > EPOCH_LIKE {
        return Timestamp::from_second(value).ok().map(Reset::At);
    }
    Some(Reset::In(SignedDuration::from_secs(value.max(0)).min(LONGEST)))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use http::{HeaderName, HeaderValue};

    use super::*;

    const NOON: i64 = 1_770_000_000;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(NOON + second).unwrap()
    }

    fn headers(pairs: &[(&'static str, String)]) -> HeaderMap {
        let one = |(name, value): &(&'static str, String)| (HeaderName::from_static(name), value.parse().unwrap());
        pairs.iter().map(one).collect::<HeaderMap<HeaderValue>>()
    }

    fn github(remaining: u64, reset: i64) -> HeaderMap {
        headers(&[
            ("x-ratelimit-limit", "5000".to_owned()),
            ("x-ratelimit-remaining", remaining.to_string()),
            ("x-ratelimit-reset", (NOON + reset).to_string()),
            ("x-ratelimit-resource", "core".to_owned()),
        ])
    }

    fn budget(remaining: u64, limit: Option<u64>, reset: Option<i64>) -> Budget {
        Budget { remaining, limit, resets_at: reset.map(at) }
    }

    #[test]
    fn what_an_answer_leaves_out_stays_as_it_was() {
        let mut known = Known::default();
        known.answered(&github(4_000, 600), at(0));
        known.answered(&HeaderMap::new(), at(1));
        known.answered(&headers(&[("x-ratelimit-remaining", "3999".to_owned())]), at(2));
        assert_eq!(known.at(at(3), None), Some(budget(3_999, Some(5_000), Some(600))));
    }

    #[test]
    fn another_resource_is_another_budget() {
        let mut known = Known::default();
        known.answered(&github(4_000, 600), at(0));
        let mut search = github(3, 60);
        search.insert("x-ratelimit-resource", HeaderValue::from_static("search"));
        assert_eq!(known.answered(&search, at(1)), None);
        assert_eq!(known.at(at(1), None), Some(budget(4_000, Some(5_000), Some(600))));
    }

    #[test]
    fn a_window_that_is_over_leaves_nothing_scarce() {
        let mut known = Known::default();
        known.answered(&github(0, 600), at(0));
        assert_eq!(known.at(at(599), None), Some(budget(0, Some(5_000), Some(600))));
        assert_eq!(known.at(at(600), None), Some(budget(5_000, Some(5_000), None)));
        let mut unlimited = Known::default();
        let told = [("ratelimit-remaining", "0".to_owned()), ("ratelimit-reset", "30".to_owned())];
        unlimited.answered(&headers(&told), at(0));
        assert_eq!(unlimited.at(at(29), None), Some(budget(0, None, Some(30))));
        assert_eq!(unlimited.at(at(30), None), None);
    }

    #[test]
    fn a_reset_by_the_servers_clock_is_read_with_its_skew() {
        let mut known = Known::default();
        known.answered(&github(0, 600), at(0));
        let ahead = Some(SignedDuration::from_secs(500));
        assert_eq!(known.at(at(0), ahead), Some(budget(0, Some(5_000), Some(100))));
        assert_eq!(known.at(at(100), ahead), Some(budget(5_000, Some(5_000), None)));
    }

    #[test]
    fn a_relative_reset_counts_from_the_answer_that_said_it() {
        let mut known = Known::default();
        known.answered(
            &headers(&[("ratelimit-remaining", "9".to_owned()), ("ratelimit-reset", "60".to_owned())]),
            at(0),
        );
        known.answered(&headers(&[("ratelimit-remaining", "8".to_owned())]), at(30));
        assert_eq!(known.at(at(31), None), Some(budget(8, None, Some(60))));
    }

    #[test]
    fn an_absurd_reset_is_none() {
        for (reset, want) in
            [("99999999999999", None), ("4102444800", None), ("-5", Some(0)), ("999999999", Some(86_400))]
        {
            let mut known = Known::default();
            known.answered(
                &headers(&[("ratelimit-remaining", "9".to_owned()), ("ratelimit-reset", reset.to_owned())]),
                at(0),
            );
            let got = known.at(at(-1), None).unwrap();
            assert_eq!((got.remaining, got.resets_at), (9, want.filter(|at| *at < 86_400).map(at)), "{reset}");
        }
    }

    #[test]
    fn whether_it_fell_is_told_by_two_answers() {
        let mut known = Known::default();
        assert_eq!(known.answered(&github(4_000, 600), at(0)), None);
        assert_eq!(known.answered(&github(4_000, 600), at(1)), Some(false));
        assert_eq!(known.answered(&github(3_999, 600), at(2)), Some(true));
        assert_eq!(known.answered(&HeaderMap::new(), at(3)), None);
        assert_eq!(known.answered(&github(4_999, 4_200), at(3_600)), Some(false));
    }

    #[test]
    fn only_a_spent_budget_says_when_it_starts_anew() {
        assert_eq!(spent_until(&github(0, 600)), Some(Reset::At(at(600))));
        assert_eq!(spent_until(&github(1, 600)), None);
        assert_eq!(spent_until(&headers(&[("ratelimit-remaining", "0;w=60".to_owned())])), None);
    }
}
