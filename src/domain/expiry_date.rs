//! Reads the dates that providers, tools and people write for the end of a credential, in every form that was met.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde_json::Number;

use super::{Expiry, Text};

/// Before this (1980-01-01) nothing that is asked about was made: a smaller number is a span, or nonsense.
const EARLIEST: i64 = 315_532_800;
/// From 9999-01-01 on: what tools write for "never".
const FOREVER: i64 = 253_370_764_800;
/// From 1990 on in milliseconds; no number of seconds that stands for a moment is as high.
const MILLISECONDS: i64 = 631_152_000_000;
/// The same in microseconds: nobody is known to write these, so they are not guessed at.
const MICROSECONDS: i64 = 631_152_000_000_000;
/// What Go writes for "no time", in seconds.
const GO_ZERO: i64 = -62_135_596_800;

/// What a field that tells an end holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DateRead {
    /// A moment.
    At(Timestamp),
    /// A value that stands for no end at all.
    Never,
    /// Nothing: null, an empty text, zero, or Go's year 1.
    Absent,
    /// A value that means nothing here, such as a local time whose zone nobody knows.
    Unreadable(Text),
}

/// What it means where a field is absent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Absent {
    /// There is no end: the provider is known to say so in this way.
    Never,
    /// Nothing is told.
    Untold,
}

impl DateRead {
    /// Reads a JSON value as it stands in the text.
    #[must_use]
    pub fn json(raw: Option<&str>) -> Self {
        let Some(raw) = raw.map(str::trim).filter(|raw| *raw != "null") else { return Self::Absent };
        if let Ok(text) = serde_json::from_str::<String>(raw) {
            return Self::text(&text);
        }
        match serde_json::from_str::<Number>(raw) {
            Ok(number) => Self::number(&number, raw),
            Err(_) => Self::Unreadable(raw.into()),
        }
    }

    /// Reads a text: RFC 3339, GitHub's two formats, a date alone, seconds or milliseconds, or a word for "never".
    #[must_use]
    pub fn text(text: &str) -> Self {
        let text = text.trim();
        let unreadable = || Self::Unreadable(text.into());
        if text.is_empty() || matches!(text.to_ascii_lowercase().as_str(), "null" | "none") {
            return Self::Absent;
        }
        if matches!(text.to_ascii_lowercase().as_str(), "never" | "forever" | "infinity") {
            return Self::Never;
        }
        if let Ok(seconds) = text.parse::<i64>() {
            return Self::epoch(seconds).unwrap_or_else(unreadable);
        }
        if is_forever(text) {
            return Self::Never;
        }
        instant(text).and_then(Self::moment).unwrap_or_else(unreadable)
    }

    /// Reads seconds since 1970, as certificates and SSH write them; the highest numbers stand for no end.
    #[must_use]
    pub fn seconds(seconds: u64) -> Self {
        let forever = |seconds: &i64| *seconds >= FOREVER;
        match i64::try_from(seconds) {
            Ok(seconds) if !forever(&seconds) => Self::epoch(seconds).unwrap_or(Self::Absent),
            Ok(_) | Err(_) => Self::Never,
        }
    }

    /// Returns what is known of the end.
    #[must_use]
    pub fn expiry(self, absent: Absent) -> Expiry {
        match (self, absent) {
            (Self::At(at), _) => Expiry::At(at),
            (Self::Never, _) | (Self::Absent, Absent::Never) => Expiry::Never,
            (Self::Absent, Absent::Untold) => Expiry::Untold,
            (Self::Unreadable(words), _) => Expiry::Unreadable(words),
        }
    }

    /// Returns the moment, where it is one.
    #[must_use]
    pub fn at(&self) -> Option<Timestamp> {
        match self {
            Self::At(at) => Some(*at),
            Self::Never | Self::Absent | Self::Unreadable(_) => None,
        }
    }

    fn number(number: &Number, raw: &str) -> Self {
        let unreadable = || Self::Unreadable(raw.into());
        if let Some(seconds) = number.as_i64() {
            return Self::epoch(seconds).unwrap_or_else(unreadable);
        }
        if number.is_u64() {
            return Self::Never;
        }
        // ECR and JWTs write fractions of seconds. Nobody minds them.
        let whole = raw.split(['.', 'e', 'E']).next().and_then(|whole| whole.parse::<i64>().ok());
        if let Some(seconds) = whole.filter(|_| !raw.contains(['e', 'E'])) {
            return Self::epoch(seconds).unwrap_or_else(unreadable);
        }
        let seconds = number.as_f64().filter(|seconds| seconds.is_finite()).map(|seconds| format!("{seconds:.0}"));
        let seconds = seconds.and_then(|seconds| seconds.parse::<i64>().ok());
        seconds.and_then(Self::epoch).unwrap_or_else(unreadable)
    }

    /// Reads a number; nothing where it can be no moment.
    fn epoch(number: i64) -> Option<Self> {
        match number {
            0 | GO_ZERO => Some(Self::Absent),
            -1 | i64::MAX => Some(Self::Never),
            EARLIEST..FOREVER => Timestamp::from_second(number).ok().map(Self::At),
            FOREVER..MILLISECONDS => Some(Self::Never),
            MILLISECONDS..MICROSECONDS if number / 1000 < FOREVER => {
                Timestamp::from_millisecond(number).ok().map(Self::At)
            }
            MILLISECONDS..MICROSECONDS => Some(Self::Never),
            _ => None,
        }
    }

    fn moment(at: Timestamp) -> Option<Self> {
        match at.as_second() {
            EARLIEST..FOREVER => Some(Self::At(at)),
            FOREVER.. => Some(Self::Never),
            0 | ..=GO_ZERO => Some(Self::Absent),
            _ => None,
        }
    }
}

/// Returns whether a text names the year 9999 or a later one, which stands for no end, and mostly cannot be counted.
fn is_forever(text: &str) -> bool {
    let text = text.strip_prefix('+').unwrap_or(text);
    let year = text.split_once('-').map(|(year, _)| year).filter(|year| matches!(year.len(), 4 | 5));
    year.is_some_and(|year| {
        year.bytes().all(|byte| byte.is_ascii_digit()) && year.parse().is_ok_and(|it: u32| it >= 9999)
    })
}

/// Reads a moment whose zone is told. A date alone is its first moment in UTC: from then on GitLab's tokens are dead.
fn instant(text: &str) -> Option<Timestamp> {
    if let Some(utc) = text.strip_suffix("UTC") {
        return format!("{}Z", utc.trim_end()).parse().ok();
    }
    if text.len() <= 10
        && let Ok(date) = text.parse::<Date>()
    {
        return date.to_zoned(TimeZone::UTC).ok().map(|start| start.timestamp());
    }
    let github = || Timestamp::strptime("%Y-%m-%d %H:%M:%S %z", text).ok();
    text.parse().ok().or_else(github)
}
