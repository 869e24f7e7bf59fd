//! Working hours: who can act when, over week-ends, holidays, several time zones and changes of the clock.

use jiff::SignedDuration;
use jiff::civil::{Weekday, date, time as clock};
use landfall::analysis::{act_by, is_working, team_time, time_left, time_past};
use landfall::domain::Hours;
use proptest::prelude::*;
use rstest::rstest;

use super::{NOW, time, zone};

fn team(zones: &[&str]) -> Hours {
    Hours { zones: zones.iter().map(|name| zone(name)).collect(), ..Hours::default() }
}

#[rstest]
#[case::sunday_night(&["Berlin"], "2026-11-29T02:00:00Z", "2026-11-27T15:00:00Z")]
#[case::sunday_night_far_west(&["Los Angeles"], "2026-11-29T02:00:00Z", "2026-11-28T00:00:00Z")]
#[case::a_date_of_gitlab_is_saturday_here(&["Berlin"], "2026-11-28T00:00:00Z", "2026-11-27T15:00:00Z")]
#[case::and_friday_afternoon_there(&["Los Angeles"], "2026-11-28T00:00:00Z", "2026-11-27T22:00:00Z")]
#[case::in_hours(&["Berlin"], "2026-12-02T13:00:00Z", "2026-12-02T11:00:00Z")]
#[case::before_work_starts(&["Los Angeles"], "2026-12-02T13:00:00Z", "2026-12-02T00:00:00Z")]
#[case::soon_after_work_starts(&["Berlin"], "2026-11-30T09:00:00Z", "2026-11-27T16:00:00Z")]
#[case::at_the_start(&["Berlin"], "2026-11-30T08:00:00Z", "2026-11-27T15:00:00Z")]
#[case::whoever_works_last_can_act(&["Berlin", "Los Angeles"], "2026-11-29T02:00:00Z", "2026-11-28T00:00:00Z")]
fn the_last_moment_to_act(#[case] zones: &[&str], #[case] end: &str, #[case] by: &str) {
    assert_eq!(act_by(&team(zones), time(end)), Some(time(by)));
}

#[test]
fn hours_that_overlap_count_once() {
    let ten = Hours { lead: SignedDuration::from_hours(10), ..team(&["Berlin", "UTC"]) };
    assert_eq!(act_by(&ten, time("2026-11-27T20:00:00Z")), Some(time("2026-11-27T08:00:00Z")));
}

#[test]
fn work_on_the_day_of_a_change_of_the_clock_is_as_long_as_it_is() {
    // On 28 March 2027 the clock goes from 02:00 to 03:00, on 31 October from 03:00 to 02:00.
    let night =
        Hours { start: clock(1, 0, 0, 0), end: clock(5, 0, 0, 0), days: vec![Weekday::Sunday], ..team(&["Berlin"]) };
    let hours = |lead| Hours { lead: SignedDuration::from_hours(lead), ..night.clone() };
    let end = time("2027-03-28T12:00:00Z");
    assert_eq!(act_by(&hours(3), end), Some(time("2027-03-28T00:00:00Z")), "three hours on that day");
    assert_eq!(act_by(&hours(4), end), Some(time("2027-03-21T03:00:00Z")), "the fourth is the Sunday before");
    let end = time("2027-10-31T12:00:00Z");
    assert_eq!(act_by(&hours(5), end), Some(time("2027-10-30T23:00:00Z")), "five hours on that day");
    let gap = Hours { start: clock(2, 30, 0, 0), ..hours(1) };
    assert!(!is_working(&gap, time("2027-03-28T01:00:00Z")), "02:30 is not there: work starts as much later");
    assert!(is_working(&gap, time("2027-03-28T01:30:00Z")));
    let fold = Hours { start: clock(2, 30, 0, 0), ..hours(1) };
    assert!(is_working(&fold, time("2027-10-31T00:30:00Z")), "the first 02:30");
    assert!(!is_working(&fold, time("2027-10-31T00:29:59Z")));
}

#[test]
fn the_same_hour_of_the_day_is_another_moment_after_a_change_of_the_clock() {
    let berlin = team(&["Berlin"]);
    assert_eq!(act_by(&berlin, time("2026-10-23T23:00:00Z")), Some(time("2026-10-23T14:00:00Z")));
    assert_eq!(act_by(&berlin, time("2026-10-30T23:00:00Z")), Some(time("2026-10-30T15:00:00Z")));
}

#[test]
fn holidays_are_no_working_days_and_a_team_that_never_works_can_never_act() {
    let holidays = vec![date(2026, 11, 27), date(2026, 11, 26)];
    let away = Hours { holidays, ..team(&["Berlin"]) };
    assert_eq!(act_by(&away, time("2026-11-29T02:00:00Z")), Some(time("2026-11-25T15:00:00Z")));
    let never = Hours { days: Vec::new(), ..team(&["Berlin"]) };
    assert_eq!(act_by(&never, time("2026-11-29T02:00:00Z")), None);
}

#[test]
fn a_lead_of_weeks_is_counted_in_hours_of_work() {
    let slow = Hours { lead: SignedDuration::from_hours(9 * 10), ..team(&["UTC"]) };
    assert_eq!(act_by(&slow, time("2026-11-29T02:00:00Z")), Some(time("2026-11-16T09:00:00Z")));
    let endless = Hours { lead: SignedDuration::from_hours(9 * 300), ..team(&["UTC"]) };
    assert_eq!(act_by(&endless, time("2026-11-29T02:00:00Z")), None);
}

#[test]
fn the_end_of_work_is_no_working_moment_and_its_start_is_one() {
    let utc = team(&["UTC"]);
    for (at, working) in [("08:59:59", false), ("09:00:00", true), ("17:59:59", true), ("18:00:00", false)] {
        assert_eq!(is_working(&utc, time(&format!("2026-11-27T{at}Z"))), working, "{at}");
    }
}

#[test]
fn a_moment_is_told_in_the_first_zone_with_the_year_where_that_is_not_clear() {
    let team = team(&["Berlin", "Los Angeles"]);
    assert_eq!(team_time(&team, time("2026-11-29T02:00:00Z"), time(NOW)), "Sun 29 Nov 03:00");
    assert_eq!(team_time(&team, time("2026-12-31T23:30:00Z"), time(NOW)), "Fri 1 Jan 2027 00:30");
}

#[rstest]
#[case(1, "1 minute")]
#[case(60, "1 minute")]
#[case(61, "2 minutes")]
#[case(7_199, "120 minutes")]
#[case(7_200, "2 hours")]
#[case(7_201, "3 hours")]
#[case(172_800, "48 hours")]
#[case(172_801, "3 days")]
#[case(30 * 86_400, "30 days")]
fn what_is_left_is_rounded_up_and_never_nothing(#[case] seconds: i64, #[case] words: &str) {
    assert_eq!(time_left(SignedDuration::from_secs(seconds)), words);
}

#[rstest]
#[case(0, "1 minute")]
#[case(119, "1 minute")]
#[case(120, "2 minutes")]
#[case(7_199, "119 minutes")]
#[case(7_200, "2 hours")]
#[case(172_799, "47 hours")]
#[case(172_800, "2 days")]
#[case(259_199, "2 days")]
fn what_is_over_is_rounded_down(#[case] seconds: i64, #[case] words: &str) {
    assert_eq!(time_past(SignedDuration::from_secs(seconds)), words);
}

proptest! {
    #[test]
    fn whoever_must_act_is_at_work_and_before_the_end(seconds in 1_000_000_000i64..4_000_000_000, lead in 1i64..100) {
        let team = Hours { lead: SignedDuration::from_mins(lead * 7), ..team(&["Berlin", "Los Angeles"]) };
        let end = jiff::Timestamp::from_second(seconds).unwrap();
        let by = act_by(&team, end).unwrap();
        prop_assert!(is_working(&team, by) && by < end);
    }

    #[test]
    fn no_moment_makes_it_stumble(seconds in -377_705_023_201i64..=253_402_207_200) {
        let at = jiff::Timestamp::from_second(seconds).unwrap();
        let team = team(&["Berlin", "Los Angeles"]);
        let _ = (act_by(&team, at), is_working(&team, at), team_time(&team, at, at));
    }
}
