//! What there is to tell of a source in figures: what it was sent, what that cost, how it is being asked.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::domain::{Budget, Health};

/// One figure of a source, in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceFigure {
    /// What it is.
    pub name: &'static str,
    /// The figure itself.
    pub words: String,
    /// Whether it is to be looked at.
    pub scarce: bool,
}

impl SourceFigure {
    fn new(name: &'static str, words: impl Into<String>) -> Self {
        Self { name, words: words.into(), scarce: false }
    }
}

/// Returns what a source was sent, and what that cost.
#[must_use]
pub fn traffic_figures(health: &Health) -> Vec<SourceFigure> {
    let traffic = &health.traffic;
    let mut figures = vec![
        SourceFigure::new("last hour", sent(traffic.requests_last_hour, traffic.not_modified_last_hour)),
        SourceFigure::new("since start", sent(traffic.requests, traffic.not_modified)),
        SourceFigure::new("billed", format!("{} count against the budget", thousands(traffic.billed))),
    ];
    if traffic.cache_bytes > 0 {
        let words = format!("{} kB in memory of answers that are asked for conditionally", traffic.cache_bytes / 1000);
        figures.push(SourceFigure::new("remembered", words));
    }
    if let Some(budget) = &traffic.budget {
        let resets = budget.resets_at.map(|at| format!(", starts anew at {}", utc(at))).unwrap_or_default();
        let words = format!("{}{resets}", budget_words(budget));
        figures.push(SourceFigure { scarce: is_scarce(budget), ..SourceFigure::new("budget left", words) });
    }
    figures
}

/// Returns how a source is being asked, and how far its clock is off.
#[must_use]
pub fn pace_figures(health: &Health) -> Vec<SourceFigure> {
    let pace = &health.pace;
    let mut figures = Vec::new();
    if pace.stopped {
        let words = "the credential was refused; it goes on by itself once there is another";
        figures.push(SourceFigure::new("stopped", words));
    } else if let Some((until, why)) = &pace.closed {
        figures.push(SourceFigure::new("gate", format!("closed until {}: {why}", utc(*until))));
    } else {
        figures.push(SourceFigure::new("gate", "open"));
    }
    if let Some(slower) = slower(health) {
        figures.push(SourceFigure::new("slowed", slower));
    }
    if pace.under_way + pace.waiting > 0 {
        let words = format!("{} looks under way, {} due and waiting", pace.under_way, pace.waiting);
        figures.push(SourceFigure::new("now", words));
    }
    if let Some(next) = pace.next {
        figures.push(SourceFigure::new("next look", utc(next)));
    }
    if let Some(skew) = health.traffic.clock_skew {
        let words = skewed(health).unwrap_or_else(|| format!("agrees, to {} s", skew.abs().as_secs().max(1)));
        figures.push(SourceFigure::new("clock", words));
    }
    figures
}

/// Returns what is left of a budget.
#[must_use]
pub fn budget_words(budget: &Budget) -> String {
    match budget.limit {
        Some(limit) => format!("{}/{}", thousands(budget.remaining), thousands(limit)),
        None => thousands(budget.remaining),
    }
}

/// Returns whether less than a fifth of a budget is left.
#[must_use]
pub fn is_scarce(budget: &Budget) -> bool {
    budget.limit.is_some_and(|limit| budget.remaining < limit / 5)
}

/// Says how much slower a source is asked than usual, what is left, and until when; nothing where all is as usual.
#[must_use]
pub fn slower(health: &Health) -> Option<String> {
    let tenths = health.pace.slowed.filter(|tenths| *tenths > 10)?;
    let left = match &health.traffic.budget {
        Some(Budget { remaining, limit: Some(limit), .. }) => {
            format!(", {} of {} left", thousands(*remaining), thousands(*limit))
        }
        Some(Budget { limit: None, .. }) | None => String::new(),
    };
    let until = resets(health).map(|at| format!(", resets {} UTC", clock(at))).unwrap_or_default();
    Some(format!("slowed ×{}.{}{left}{until}", tenths / 10, tenths % 10))
}

/// Says how far a source's clock is off, where that is more than a minute.
#[must_use]
pub fn skewed(health: &Health) -> Option<String> {
    let skew = health.clock_is_off()?;
    let way = if skew.is_positive() { "ahead of" } else { "behind" };
    Some(format!("its clock is {:#} {way} this one", SignedDuration::from_secs(skew.abs().as_secs())))
}

/// Returns when a source's budget starts anew.
#[must_use]
pub fn resets(health: &Health) -> Option<Timestamp> {
    health.traffic.budget.as_ref()?.resets_at
}

/// Returns a part of a whole in percent; nothing of nothing.
#[must_use]
pub fn percent(part: u64, whole: u64) -> Option<u64> {
    part.saturating_mul(100).checked_div(whole)
}

/// Returns a number with a comma between thousands.
#[must_use]
pub fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Returns the hour and minute of a moment, in UTC.
#[must_use]
pub fn clock(at: Timestamp) -> String {
    at.to_zoned(TimeZone::UTC).strftime("%H:%M").to_string()
}

/// Returns the second of a moment, in UTC.
#[must_use]
pub fn second(at: Timestamp) -> String {
    at.to_zoned(TimeZone::UTC).strftime("%H:%M:%S").to_string()
}

/// Returns the moment in full, in UTC.
#[must_use]
pub fn utc(time: Timestamp) -> String {
    time.to_zoned(TimeZone::UTC).strftime("%Y-%m-%d %H:%M:%S UTC").to_string()
}

fn sent(requests: u64, not_modified: u64) -> String {
    let noun = if requests == 1 { "request" } else { "requests" };
    format!("{} {noun}, {} of them answered by 304", thousands(requests), thousands(not_modified))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn large_numbers_are_cut_into_thousands() {
        let cases = [(0, "0"), (999, "999"), (1000, "1,000"), (1_234_567, "1,234,567")];
        for (number, text) in cases {
            assert_eq!(thousands(number), text);
        }
    }
}
