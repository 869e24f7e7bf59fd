//! When a server wants to be asked again: `Retry-After`, or the reset of a spent budget. Absurd values are bounded.

use http::{HeaderMap, header};
use jiff::{SignedDuration, Timestamp};

use super::budget::{self, Reset};

/// No server keeps us away longer than this by one header.
const LONGEST: SignedDuration = SignedDuration::from_hours(1);

/// Returns when to ask again, between now and an hour from now, where the headers say so.
///
/// A date is read against the answer's own `Date`, so that a server's wrong clock does no harm. A `Retry-After` that
/// cannot be read says nothing, and leaves the word to the budget.
#[must_use]
pub fn retry_at(headers: &HeaderMap) -> Option<Timestamp> {
    let now = here();
    let theirs = text(headers, &header::DATE).and_then(instant).unwrap_or(now);
    let asked = text(headers, &header::RETRY_AFTER).and_then(|value| {
        let until = || Some(instant(value)?.duration_since(theirs));
        seconds(value).or_else(until)
    });
    let reset = || match budget::spent_until(headers)? {
        Reset::At(reset) => Some(reset.duration_since(theirs)),
        Reset::In(wait) => Some(wait),
    };
    let wait = asked.or_else(reset)?.clamp(SignedDuration::ZERO, LONGEST);
    now.checked_add(wait).ok()
}

/// Returns the moment that an HTTP date names, as in `Sun, 06 Nov 1994 08:49:37 GMT`.
#[must_use]
pub fn instant(date: &str) -> Option<Timestamp> {
    jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(date.trim()).ok()
}

fn seconds(value: &str) -> Option<SignedDuration> {
    let value = value.trim();
    let digits = value.strip_prefix('-').unwrap_or(value);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let bound = LONGEST.as_secs();
    let seconds = value.parse::<i64>().unwrap_or(if value.starts_with('-') { 0 } else { bound });
    Some(SignedDuration::from_secs(seconds.clamp(0, bound)))
}

fn text<'a>(headers: &'a HeaderMap, name: &http::HeaderName) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

/// Returns this machine's time.
#[expect(clippy::disallowed_methods, reason = "waits that servers ask for are counted from the moment of the answer")]
pub(super) fn here() -> Timestamp {
    Timestamp::now()
}
