//! How urgent: every boundary, by lifetime and by whoever renews; what nobody knows is never well.

use jiff::{SignedDuration, Timestamp};
use landfall::analysis::{Severity, Urgency, urgency};
use landfall::domain::{CredentialKind, CredentialRecord, Expiry, Hours, LastUse, Renewal, Standing};
use proptest::prelude::*;
use rstest::rstest;

use super::{NOW, ending, secret, time, zone};

const MINUTE: i64 = 60;
const HOUR: i64 = 3600;
const DAY: i64 = 24 * HOUR;

fn now() -> Timestamp {
    time(NOW)
}

/// Somebody is always at work, and needs no time: only the thresholds decide.
fn awake() -> Hours {
    use jiff::civil::Weekday::{Saturday, Sunday};
    let mut hours = Hours { zones: vec![zone("UTC")], ..Hours::default() };
    hours.days.extend([Saturday, Sunday]);
    hours.start = jiff::civil::time(0, 0, 0, 0);
    hours.end = jiff::civil::time(23, 59, 59, 999_999_999);
    hours.lead = SignedDuration::ZERO;
    hours
}

fn words(urgency: &Urgency) -> Vec<String> {
    urgency.reasons.iter().map(ToString::to_string).collect()
}

fn severity(record: &CredentialRecord) -> Severity {
    urgency(record, &awake(), now()).severity
}

fn left(seconds: i64, life: Option<i64>, renewal: Renewal) -> CredentialRecord {
    let end = now() + SignedDuration::from_secs(seconds);
    let created_at = life.map(|life| end - SignedDuration::from_secs(life));
    CredentialRecord { created_at, renewal, ..ending(end) }
}

#[rstest]
#[case(0, Severity::Expired)]
#[case(-1, Severity::Expired)]
#[case(1, Severity::Critical)]
#[case(DAY, Severity::Critical)]
#[case(DAY + 1, Severity::Warning)]
#[case(7 * DAY, Severity::Warning)]
#[case(7 * DAY + 1, Severity::Notice)]
#[case(30 * DAY, Severity::Notice)]
#[case(30 * DAY + 1, Severity::Ok)]
fn boundaries_belong_to_the_worse_side(#[case] seconds: i64, #[case] wanted: Severity) {
    for renewal in Renewal::ALL {
        assert_eq!(severity(&left(seconds, None, renewal)), wanted);
        assert_eq!(severity(&left(seconds, Some(365 * DAY), renewal)), wanted);
    }
}

#[rstest]
#[case(-1, Severity::Overdue, Severity::Overdue)]
#[case(DAY, Severity::Notice, Severity::Ok)]
#[case(60 * DAY, Severity::Ok, Severity::Ok)]
fn a_rotation_by_a_program_is_nothing_to_notice_before_it_is_due(
    #[case] seconds: i64,
    #[case] by_hand: Severity,
    #[case] by_a_program: Severity,
) {
    let rotate_by = Some(now() + SignedDuration::from_secs(seconds));
    for (renewal, wanted) in [(Renewal::Manual, by_hand), (Renewal::Auto, by_a_program)] {
        assert_eq!(severity(&CredentialRecord { rotate_by, renewal, ..secret("TOKEN") }), wanted);
    }
}

#[rstest]
#[case::an_hour_with_forty_minutes_left(40 * MINUTE, HOUR, Severity::Ok)]
#[case::a_third(20 * MINUTE, HOUR, Severity::Notice)]
#[case::fourteen_minutes(14 * MINUTE, HOUR, Severity::Warning)]
#[case::a_tenth(6 * MINUTE, HOUR, Severity::Critical)]
#[case::just_more_than_a_tenth(6 * MINUTE + 1, HOUR, Severity::Warning)]
#[case::five_minutes(5 * MINUTE, HOUR, Severity::Critical)]
#[case::twelve_hours_of_a_registry(11 * HOUR, 12 * HOUR, Severity::Ok)]
#[case::six_days(4 * DAY, 6 * DAY, Severity::Ok)]
#[case::ten_years(40 * DAY, 3650 * DAY, Severity::Ok)]
#[case::ten_years_a_month_before(30 * DAY, 3650 * DAY, Severity::Notice)]
fn what_a_program_renews_is_judged_by_its_lifetime(#[case] seconds: i64, #[case] life: i64, #[case] wanted: Severity) {
    assert_eq!(severity(&left(seconds, Some(life), Renewal::Auto)), wanted);
}

#[rstest]
#[case::a_month_is_not_amber_from_birth(30 * DAY, 30 * DAY, Severity::Ok)]
#[case::a_third_of_a_month(10 * DAY, 30 * DAY, Severity::Notice)]
#[case::a_quarter_is_more_than_a_week(7 * DAY, 30 * DAY, Severity::Warning)]
#[case::a_week(7 * DAY, 7 * DAY, Severity::Ok)]
#[case::a_quarter_of_a_week(42 * HOUR, 7 * DAY, Severity::Warning)]
#[case::the_last_day_stays_critical(DAY, 4 * DAY, Severity::Critical)]
#[case::three_days_still(DAY, 3 * DAY, Severity::Critical)]
#[case::but_not_of_less_than_three_days(DAY, 3 * DAY - 1, Severity::Ok)]
fn what_a_person_renews_keeps_its_last_day(#[case] seconds: i64, #[case] life: i64, #[case] wanted: Severity) {
    assert_eq!(severity(&left(seconds, Some(life), Renewal::Manual)), wanted);
}

#[rstest]
#[case(Expiry::Untold)]
#[case(Expiry::Unreadable("2026-02-30".into()))]
fn no_end_that_is_known_and_no_policy_is_unknown_and_never_well(#[case] expiry: Expiry) {
    let record = CredentialRecord { expiry, created_at: Some(now()), standing: Standing::Accepted, ..secret("TOKEN") };
    let urgency = urgency(&record, &awake(), now());
    assert_eq!(urgency.severity, Severity::Unknown);
    let why = words(&urgency).join(" ");
    assert!(why.contains("no policy is set") != why.contains("cannot be read: 2026-02-30"), "{why}");
}

#[test]
fn what_a_program_renews_and_was_accepted_needs_no_known_end() {
    let record = CredentialRecord { standing: Standing::Accepted, renewal: Renewal::Auto, ..secret("TOKEN") };
    assert_eq!(severity(&record), Severity::Ok);
    assert_eq!(severity(&CredentialRecord { standing: Standing::Untried, ..record.clone() }), Severity::Unknown);
    assert_eq!(severity(&CredentialRecord { renewal: Renewal::Manual, ..record }), Severity::Unknown);
}

#[test]
fn an_end_that_cannot_be_read_is_unknown_whatever_the_policy_says() {
    let max_age = Some(SignedDuration::from_hours(24 * 90));
    let record = CredentialRecord {
        expiry: Expiry::Unreadable("soon".into()),
        created_at: Some(now()),
        max_age,
        ..secret("TOKEN")
    };
    assert_eq!(severity(&record), Severity::Unknown);
    assert_eq!(severity(&CredentialRecord { expiry: Expiry::Untold, ..record }), Severity::Ok);
}

#[rstest]
#[case(71, Severity::Ok)]
#[case(72, Severity::Notice)]
#[case(89, Severity::Notice)]
#[case(90, Severity::Overdue)]
#[case(400, Severity::Overdue)]
fn age_is_judged_where_there_is_a_policy_for_it(#[case] days: i64, #[case] wanted: Severity) {
    let created_at = Some(now() - SignedDuration::from_secs(days * DAY));
    let max_age = Some(SignedDuration::from_hours(24 * 90));
    let record = CredentialRecord { created_at, max_age, ..secret("TOKEN") };
    assert_eq!(severity(&record), wanted);
    let replaced = CredentialRecord { rotated_at: Some(now()), ..record.clone() };
    assert_eq!(severity(&replaced), Severity::Ok, "a new value is young");
    assert_eq!(
        severity(&CredentialRecord { created_at: None, ..record }),
        Severity::Unknown,
        "age of what nobody dates"
    );
}

#[rstest]
#[case(0, Severity::Overdue)]
#[case(1, Severity::Notice)]
#[case(30 * DAY, Severity::Notice)]
#[case(30 * DAY + 1, Severity::Ok)]
fn a_day_to_replace_it_by_is_a_policy_too(#[case] seconds: i64, #[case] wanted: Severity) {
    let rotate_by = Some(now() + SignedDuration::from_secs(seconds));
    assert_eq!(severity(&CredentialRecord { rotate_by, ..secret("TOKEN") }), wanted);
    let both = CredentialRecord { rotate_by, ..ending(now() + SignedDuration::from_secs(DAY)) };
    assert_eq!(severity(&both), Severity::Critical, "its end is worse");
}

#[test]
fn what_was_refused_is_broken_whatever_its_end_and_what_has_ended_is_expired() {
    let far = ending(now() + SignedDuration::from_secs(300 * DAY));
    let refused = CredentialRecord { standing: Standing::Refused("denied".into()), ..far.clone() };
    assert_eq!(severity(&refused), Severity::Broken);
    let ended = CredentialRecord { standing: Standing::Ended("Token is expired".into()), ..far.clone() };
    assert_eq!(severity(&ended), Severity::Expired);
    assert_eq!(severity(&CredentialRecord { expiry: Expiry::Never, ..far }), Severity::Never);
}

#[test]
fn a_certificate_of_tomorrow_is_not_valid_today() {
    let far = ending(now() + SignedDuration::from_secs(300 * DAY));
    let from = |seconds| {
        let created_at = Some(now() + SignedDuration::from_secs(seconds));
        severity(&CredentialRecord { kind: CredentialKind::Certificate, created_at, ..far.clone() })
    };
    assert_eq!(from(300), Severity::Ok, "clocks differ");
    assert_eq!(from(301), Severity::Broken);
}

#[test]
fn off_hours_are_told_and_one_level_is_added_once_the_time_to_act_is_over() {
    let berlin = Hours { zones: vec![zone("Berlin")], ..Hours::default() };
    let record = CredentialRecord { renewal: Renewal::Manual, ..ending(time("2026-11-29T02:00:00Z")) };
    let at = |now: &str| urgency(&record, &berlin, time(now));
    let before = at("2026-11-27T14:59:59Z");
    assert_eq!(before.severity, Severity::Warning);
    assert_eq!(words(&before), ["expires Sun 29 Nov 03:00 (off hours): act by Fri 27 Nov 16:00 CET"]);
    let after = at("2026-11-27T15:00:00Z");
    assert_eq!(after.severity, Severity::Critical);
    assert_eq!(
        words(&after),
        ["expires Sun 29 Nov 03:00 (off hours): act now, it was to be done by Fri 27 Nov 16:00 CET"]
    );
    let auto = CredentialRecord { renewal: Renewal::Auto, ..record.clone() };
    assert_eq!(
        urgency(&auto, &berlin, time("2026-11-27T15:00:00Z")).severity,
        Severity::Warning,
        "no person has to act"
    );
    let nobody = Hours { days: Vec::new(), ..berlin };
    assert_eq!(urgency(&record, &nobody, time("2026-11-27T14:00:00Z")).severity, Severity::Critical);
}

#[rstest]
#[case(40 * DAY, Severity::Notice)]
#[case(20 * DAY, Severity::Warning)]
#[case(3 * DAY, Severity::Critical)]
fn each_level_has_a_worse_one(#[case] seconds: i64, #[case] wanted: Severity) {
    let nobody = Hours { days: Vec::new(), ..Hours::default() };
    assert_eq!(urgency(&left(seconds, None, Renewal::Manual), &nobody, now()).severity, wanted);
}

#[test]
fn the_last_use_is_a_hint_and_changes_nothing() {
    let used = |last_use| {
        let record = CredentialRecord { last_use, ..ending(now() + SignedDuration::from_secs(300 * DAY)) };
        let urgency = urgency(&record, &awake(), now());
        assert_eq!(urgency.severity, Severity::Ok);
        urgency.hints.join(" ")
    };
    let ago = |seconds| LastUse::At(now() - SignedDuration::from_secs(seconds));
    assert!(used(ago(HOUR)).contains("within the last hour"));
    assert_eq!(used(ago(HOUR + 1)), "");
    assert_eq!(used(ago(90 * DAY)), "");
    assert!(used(ago(90 * DAY + 1)).contains("90 days ago"));
    assert!(used(LastUse::Never).contains("never used"));
    assert_eq!(used(LastUse::Untold), "");
}

#[test]
fn what_nobody_knows_ranks_above_what_is_to_be_done_some_day() {
    let words: Vec<_> = Severity::ALL.iter().map(|severity| severity.word()).collect();
    let wanted = ["expired", "broken", "critical", "warning", "unknown", "overdue", "notice", "ok", "never"];
    assert_eq!(words, wanted);
    assert!(Severity::ALL.is_sorted());
}

proptest! {
    #[test]
    fn the_nearer_the_end_the_worse(
        nearer in 1i64..400 * DAY, more in 0i64..400 * DAY, life in proptest::option::of(HOUR..4000 * DAY), auto: bool,
    ) {
        let renewal = if auto { Renewal::Auto } else { Renewal::Manual };
        let life = life.map(|life| life.max(nearer + more));
        let judged = |seconds: i64| {
            let created_at = life.map(|life| now() + SignedDuration::from_secs(nearer + more - life));
            // One credential at two moments: its start and its end stay where they are.
            let end = now() + SignedDuration::from_secs(nearer + more);
            let at = end - SignedDuration::from_secs(seconds);
            urgency(&CredentialRecord { created_at, renewal, ..ending(end) }, &awake(), at).severity
        };
        prop_assert!(judged(nearer) <= judged(nearer + more));
    }

    #[test]
    fn no_dates_make_it_stumble(dates in proptest::array::uniform5(-377_705_023_201i64..=253_402_207_200)) {
        let [now, end, created, by, used] = dates.map(|seconds| Timestamp::from_second(seconds).unwrap());
        let record = CredentialRecord {
            created_at: Some(created),
            rotate_by: Some(by),
            max_age: Some(SignedDuration::from_hours(1)),
            last_use: LastUse::At(used),
            ..ending(end)
        };
        let _ = urgency(&record, &Hours::default(), now);
    }
}

#[test]
fn rights_above_need_are_a_warning_and_what_nobody_like_us_is_shown_is_none() {
    let with = |standing, expiry| CredentialRecord { standing, expiry, ..secret("S") };
    let at = |record: &CredentialRecord| urgency(record, &Hours::default(), time(NOW));
    let far = Expiry::At(time(NOW) + SignedDuration::from_hours(24 * 300));
    let above = at(&with(Standing::AboveNeed("scopes above need: workflow".into()), far.clone()));
    assert_eq!((above.severity, words(&above)[0].as_str()), (Severity::Warning, "scopes above need: workflow"));
    let ended = Expiry::At(time(NOW) - SignedDuration::from_hours(1));
    assert_eq!(at(&with(Standing::AboveNeed("x".into()), ended)).severity, Severity::Expired);
    let closed = at(&with(Standing::OutOfReach("an owner".into()), Expiry::Untold));
    assert_eq!((closed.severity, words(&closed)), (Severity::Notice, vec!["is only shown to an owner".to_owned()]));
}
