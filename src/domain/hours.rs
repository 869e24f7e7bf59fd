//! When the team is at work, so that "ends on Sunday at 03:00" becomes a day on which somebody can act.

use jiff::SignedDuration;
use jiff::civil::{Date, Time, Weekday};
use jiff::tz::TimeZone;

/// The team's hours, in each of its time zones.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hours {
    /// The time zones; the first is the one that moments are told in.
    pub zones: Vec<TimeZone>,
    /// When work starts, in each zone.
    pub start: Time,
    /// When it ends.
    pub end: Time,
    /// The days of work.
    pub days: Vec<Weekday>,
    /// Days that are free although they are days of work.
    pub holidays: Vec<Date>,
    /// The working time that a replacement takes.
    pub lead: SignedDuration,
}

impl Default for Hours {
    fn default() -> Self {
        Self {
            zones: vec![TimeZone::UTC],
            start: Time::constant(9, 0, 0, 0),
            end: Time::constant(18, 0, 0, 0),
            days: vec![Weekday::Monday, Weekday::Tuesday, Weekday::Wednesday, Weekday::Thursday, Weekday::Friday],
            holidays: Vec::new(),
            lead: SignedDuration::from_hours(2),
        }
    }
}
