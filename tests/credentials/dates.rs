//! Every form in which an end is written: a moment, never, or unknown, and never a panic.

use landfall::domain::{Absent, DateRead, Expiry};
use proptest::prelude::*;
use rstest::rstest;

use super::time;

fn read(json: &str) -> DateRead {
    DateRead::json(Some(json))
}

#[rstest]
#[case::rfc_3339(r#""2026-12-01T00:00:00Z""#, "2026-12-01T00:00:00Z")]
#[case::offset(r#""2023-11-16T08:47:09.000-07:00""#, "2023-11-16T15:47:09Z")]
#[case::github_utc(r#""2026-08-14 08:15:54 UTC""#, "2026-08-14T08:15:54Z")]
#[case::github_offset(r#""2026-08-14 08:15:54 -0700""#, "2026-08-14T15:15:54Z")]
#[case::date_alone_dies_at_its_first_moment(r#""2026-11-28""#, "2026-11-28T00:00:00Z")]
#[case::leap_day(r#""2028-02-29""#, "2028-02-29T00:00:00Z")]
#[case::leap_second(r#""2016-12-31T23:59:60Z""#, "2016-12-31T23:59:59Z")]
#[case::seconds("1796083200", "2026-12-01T00:00:00Z")]
#[case::seconds_as_text(r#""1796083200""#, "2026-12-01T00:00:00Z")]
#[case::fraction("1796083200.25", "2026-12-01T00:00:00Z")]
#[case::exponent("1.7960832e9", "2026-12-01T00:00:00Z")]
#[case::milliseconds("1796083200000", "2026-12-01T00:00:00Z")]
#[case::last_second_of_all_that_counts(r#""9998-12-31T23:59:59Z""#, "9998-12-31T23:59:59Z")]
#[case::blanks_around(r#""  2026-12-01T00:00:00Z ""#, "2026-12-01T00:00:00Z")]
fn a_moment(#[case] json: &str, #[case] at: &str) {
    assert_eq!(read(json), DateRead::At(time(at)));
}

#[rstest]
#[case(r#""never""#)]
#[case(r#""Never""#)]
#[case("-1")]
#[case(r#""-1""#)]
#[case(r#""9999-12-31T23:59:59Z""#)]
#[case(r#""9999-12-31""#)]
#[case(r#""10000-01-01T00:00:00Z""#)]
#[case(r#""+10000-01-01T00:00:00Z""#)]
#[case("253402300799")]
#[case("253402300799.0")]
#[case("253402300799000")]
#[case("18446744073709551615")]
#[case("9223372036854775807")]
fn no_end_at_all(#[case] json: &str) {
    assert_eq!(read(json), DateRead::Never, "{json}");
}

#[rstest]
#[case("null")]
#[case(r#""""#)]
#[case(r#""  ""#)]
#[case(r#""null""#)]
#[case("0")]
#[case(r#""0""#)]
#[case(r#""0001-01-01T00:00:00Z""#)]
#[case(r#""0001-01-01""#)]
#[case("-62135596800")]
#[case(r#""1970-01-01T00:00:00Z""#)]
fn nothing_and_what_that_means_the_provider_decides(#[case] json: &str) {
    assert_eq!(read(json), DateRead::Absent, "{json}");
    assert_eq!(read(json).expiry(Absent::Untold), Expiry::Untold);
    assert_eq!(read(json).expiry(Absent::Never), Expiry::Never);
    assert_eq!(DateRead::json(None), DateRead::Absent);
}

#[rstest]
#[case::no_such_day(r#""2026-02-30""#)]
#[case::no_such_month(r#""2026-13-01T00:00:00Z""#)]
#[case::local_time_of_nowhere(r#""2026-12-01T00:00:00""#)]
#[case::local_time_with_a_blank(r#""2026-12-01 00:00:00""#)]
#[case::words(r#""soon""#)]
#[case::utc_alone(r#""UTC""#)]
#[case::a_span("3600")]
#[case::a_negative_span("-3600")]
#[case::microseconds("1796083200000000")]
#[case::beyond_all_numbers("1e400")]
#[case::minus_beyond("-1e400")]
#[case::a_truth("true")]
#[case::a_list("[]")]
#[case::a_table("{}")]
#[case::broken("{")]
#[case::lone_surrogate(r#""\ud800""#)]
#[case::no_json("NaN")]
fn what_cannot_be_read_is_said_to_be_so_and_never_taken_for_no_end(#[case] json: &str) {
    assert!(matches!(read(json), DateRead::Unreadable(_)), "{json}: {:?}", read(json));
    assert!(matches!(read(json).expiry(Absent::Never), Expiry::Unreadable(_)), "{json}");
}

#[rstest]
#[case(1_796_083_200, DateRead::At(time("2026-12-01T00:00:00Z")))]
#[case(u64::MAX, DateRead::Never)]
#[case(253_402_300_799, DateRead::Never)]
#[case(1_796_083_200_000, DateRead::Never)]
#[case(0, DateRead::Absent)]
#[case(5, DateRead::Absent)]
fn seconds_of_certificates_are_never_milliseconds(#[case] seconds: u64, #[case] read: DateRead) {
    assert_eq!(DateRead::seconds(seconds), read);
}

proptest! {
    #[test]
    fn no_text_makes_it_stumble(text in "\\PC{0,40}") {
        let _ = (DateRead::json(Some(&text)), DateRead::text(&text));
    }

    #[test]
    fn nothing_that_looks_like_a_date_makes_it_stumble(
        text in "[+-]?[0-9]{1,6}-[0-9]{1,2}-[0-9]{1,2}([T ][0-9]{1,2}:[0-9]{2}(:[0-9]{2})?)?( ?(Z|UTC|[+-][0-9]{4}))?",
    ) {
        let _ = DateRead::text(&text);
    }

    #[test]
    fn no_number_makes_it_stumble(whole in any::<i64>(), real in any::<f64>(), seconds in any::<u64>()) {
        let _ = (read(&whole.to_string()), read(&format!("{real:e}")), DateRead::seconds(seconds));
    }

    #[test]
    fn a_moment_is_read_back_as_it_was(seconds in 1_000_000_000i64..100_000_000_000) {
        let at = jiff::Timestamp::from_second(seconds).unwrap();
        prop_assert_eq!(read(&seconds.to_string()), DateRead::At(at));
        prop_assert_eq!(DateRead::text(&at.to_string()), DateRead::At(at));
        prop_assert_eq!(read(&format!("{}", seconds * 1000)), DateRead::At(at));
    }
}
