//! When a pipeline starts by itself the next time, by its schedule.

use cronexpr::{FallbackTimezoneOption, MakeTimestamp, ParseOptions, parse_crontab_with};
use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::domain::Schedule;

/// No schedule is asked for what comes after this (the year 9000): what has no end says so with a year like 9999.
const LATEST: i64 = 221_845_392_000;

/// Returns when the schedule starts its pipeline the first time after `after`.
///
/// # Errors
/// Why nobody can tell, in words. A schedule that never comes is one that cannot be read.
pub(super) fn next_run(schedule: &Schedule, after: Timestamp) -> Result<Timestamp, String> {
    // Where only the provider understands its schedule, its word holds as far as it goes.
    let told = schedule.next_run_at.filter(|at| *at > after);
    computed(schedule, after).or_else(|why| told.ok_or(why))
}

fn computed(schedule: &Schedule, after: Timestamp) -> Result<Timestamp, String> {
    let written = schedule.cron.raw();
    let odd = || format!("its schedule {} cannot be read", quoted(&schedule.cron));
    if written.split_ascii_whitespace().count() != 5 || after.as_second() > LATEST {
        return Err(odd());
    }
    let zone = schedule.zone.as_ref().map_or("UTC", |zone| zone.raw());
    if TimeZone::get(zone).is_err() {
        return Err(format!("the time zone {} of its schedule is not known", quoted(&zone.into())));
    }
    let mut options = ParseOptions::default();
    options.fallback_timezone_option = FallbackTimezoneOption::UTC;
    let crontab = parse_crontab_with(&format!("{written} {zone}"), options).map_err(|_| odd())?;
    crontab.find_next(MakeTimestamp(after)).map(|at| at.timestamp()).map_err(|_| odd())
}

fn quoted(text: &crate::domain::Text) -> String {
    if text.is_empty() { "without a cron".to_owned() } else { format!("`{text}`") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_schedule_tells_its_next_run_or_why_not() {
        for (cron, zone, after, wanted) in [
            ("0 2 * * 0", None, "2026-11-27T12:00:00Z", Some("2026-11-29T02:00:00Z")),
            ("0 2 * * SUN", None, "2026-11-29T02:00:00Z", Some("2026-12-06T02:00:00Z")),
            ("*/15 3-4 * * 1-5", None, "2026-11-27T03:50:00Z", Some("2026-11-27T04:00:00Z")),
            ("30 5 * * *", Some("America/New_York"), "2026-11-27T12:00:00Z", Some("2026-11-28T10:30:00Z")),
            ("0 0 13 * 5", None, "2026-11-27T12:00:00Z", Some("2026-12-04T00:00:00Z")),
            ("0 0 29 2 *", None, "2026-11-27T12:00:00Z", Some("2028-02-29T00:00:00Z")),
            ("0 0 31 2 *", None, "2026-11-27T12:00:00Z", None),
            ("0 2 * *", None, "2026-11-27T12:00:00Z", None),
            ("0 2 * * * UTC", None, "2026-11-27T12:00:00Z", None),
            ("@daily", None, "2026-11-27T12:00:00Z", None),
            ("99 2 * * *", None, "2026-11-27T12:00:00Z", None),
            ("", None, "2026-11-27T12:00:00Z", None),
            ("0 2 * * *", Some("Mars/Base"), "2026-11-27T12:00:00Z", None),
            ("0 2 * * *", None, "9999-12-30T22:00:00Z", None),
        ] {
            let schedule = Schedule { cron: cron.into(), zone: zone.map(Into::into), ..Schedule::default() };
            let next = next_run(&schedule, after.parse().unwrap_or_default()).ok();
            assert_eq!(next, wanted.and_then(|at| at.parse().ok()), "{cron} {zone:?}");
        }
    }

    #[test]
    fn what_only_the_provider_understands_it_tells_itself() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap_or_default();
        let (cron, next_run_at) = ("@daily".into(), Some(at("2026-11-28T00:00:00Z")));
        let schedule = Schedule { cron, next_run_at, ..Schedule::default() };
        assert_eq!(next_run(&schedule, at("2026-11-27T12:00:00Z")).ok(), next_run_at);
        assert!(next_run(&schedule, at("2026-11-28T00:00:00Z")).is_err());
    }
}
