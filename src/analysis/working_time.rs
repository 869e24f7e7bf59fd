//! Who can act when: the last moment at which there is enough working time left before something ends.

use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan as _};

use crate::domain::Hours;

/// How many days are looked back, in turn: a week is nearly always enough, and more than a year off is no team.
const REACH: [i64; 3] = [8, 40, 400];

/// Returns whether somebody is at work at this moment, in any of the zones.
#[must_use]
pub fn is_working(hours: &Hours, at: Timestamp) -> bool {
    hours.zones.iter().any(|zone| {
        let date = at.to_zoned(zone.clone()).date();
        shift(hours, zone, date).is_some_and(|(start, end)| start <= at && at < end)
    })
}

/// Returns the last moment at which the lead is left in working time before `end`; nothing where there is none within
/// more than a year.
#[must_use]
pub fn act_by(hours: &Hours, end: Timestamp) -> Option<Timestamp> {
    REACH.into_iter().find_map(|days| {
        let mut lead = hours.lead;
        for (start, stop) in shifts(hours, end, days).into_iter().rev() {
            let worked = stop.duration_since(start);
            if worked >= lead {
                return stop.checked_sub(lead).ok();
            }
            lead -= worked;
        }
        None
    })
}

/// Returns a moment as the team reads it, with the year where it is another than that of `now`.
#[must_use]
pub fn team_time(hours: &Hours, at: Timestamp, now: Timestamp) -> String {
    let zone = hours.zones.first().cloned().unwrap_or(TimeZone::UTC);
    let (at, now) = (at.to_zoned(zone.clone()), now.to_zoned(zone));
    let format = if at.year() == now.year() { "%a %-d %b %H:%M" } else { "%a %-d %b %Y %H:%M" };
    at.strftime(format).to_string()
}

/// Returns the name of the time zone that [`team_time`] tells a moment in, as it is then: `CET`, `CEST`, `UTC`.
#[must_use]
pub(super) fn team_zone(hours: &Hours, at: Timestamp) -> String {
    let zone = hours.zones.first().cloned().unwrap_or(TimeZone::UTC);
    at.to_zoned(zone).strftime("%Z").to_string()
}

/// Returns when somebody is at work in the days before `end`, oldest first, none overlapping another.
fn shifts(hours: &Hours, end: Timestamp, days: i64) -> Vec<(Timestamp, Timestamp)> {
    let mut shifts: Vec<(Timestamp, Timestamp)> = Vec::new();
    for zone in &hours.zones {
        let last = end.to_zoned(zone.clone()).date();
        let dates = (0..days).filter_map(|back| last.checked_sub(back.days()).ok());
        let clipped = dates.filter_map(|date| shift(hours, zone, date)).map(|(start, stop)| (start, stop.min(end)));
        shifts.extend(clipped.filter(|(start, stop)| start < stop));
    }
    shifts.sort_unstable();
    let mut apart: Vec<(Timestamp, Timestamp)> = Vec::new();
    for (start, stop) in shifts {
        match apart.last_mut() {
            Some((_, before)) if start <= *before => *before = stop.max(*before),
            Some(_) | None => apart.push((start, stop)),
        }
    }
    apart
}

/// Returns the working hours of one day in one zone. Where the clock is put forward over one of their ends, that end
/// moves with it; where it is put back, they are as long as they are.
fn shift(hours: &Hours, zone: &TimeZone, date: Date) -> Option<(Timestamp, Timestamp)> {
    let free = !hours.days.contains(&date.weekday()) || hours.holidays.contains(&date);
    let moment = |time: Time| date.to_datetime(time).to_zoned(zone.clone()).ok().map(|at| at.timestamp());
    let (start, end) = (moment(hours.start)?, moment(hours.end)?);
    (!free && start < end).then_some((start, end))
}

/// Returns a span that is over in words, rounded down; never zero.
#[must_use]
pub fn time_past(past: SignedDuration) -> String {
    let seconds = past.as_secs();
    match seconds {
        172_800.. => format!("{} days", seconds / 86_400),
        7_200.. => format!("{} hours", seconds / 3_600),
        120.. => format!("{} minutes", seconds / 60),
        _ => "1 minute".to_owned(),
    }
}

/// Returns a span ahead in words: days rounded up, hours below two days, minutes below two hours; never zero.
#[must_use]
pub fn time_left(left: SignedDuration) -> String {
    let up = |unit: i64| (left.as_secs().max(1) - 1) / unit + 1;
    match left.as_secs() {
        172_801.. => format!("{} days", up(86_400)),
        7_200.. => format!("{} hours", up(3_600)),
        _ => match up(60) {
            1 => "1 minute".to_owned(),
            minutes => format!("{minutes} minutes"),
        },
    }
}
