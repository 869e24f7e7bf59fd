//! Single values: times, names, references, what makes a test unique.

use std::collections::HashSet;

use landfall::domain::{TestId, TestReport};
use landfall::junit::parse;
use rstest::rstest;

fn report(xml: &str) -> TestReport {
    parse(xml.as_bytes()).unwrap()
}

fn seconds(time: &str) -> Option<f32> {
    report(&format!("<testsuite><testcase name='a' time='{time}'/></testsuite>")).cases().next().unwrap().1.seconds
}

#[rstest]
#[case("0.25", 0.25)]
#[case(" 3 ", 3.0)]
#[case("1,234.56", 1234.56)]
#[case("12,345,678", 12_345_678.0)]
#[case("0,012", 0.012)]
#[case("12,5", 12.5)]
#[case("2.5E-1", 0.25)]
#[case("0.", 0.0)]
fn a_time_is_read_as_tools_write_it(#[case] written: &str, #[case] expected: f32) {
    assert_eq!(seconds(written), Some(expected));
}

#[rstest]
#[case("NaN")]
#[case("inf")]
#[case("-Infinity")]
#[case("1e999")]
#[case("-0.5")]
#[case("")]
#[case("1.5s")]
#[case("&lt;&lt;computed&gt;&gt;")]
#[case("1,23,456")]
#[case("1.234,5")]
#[case(",5,")]
fn a_time_that_nothing_can_take_is_unknown_and_not_zero(#[case] written: &str) {
    assert_eq!(seconds(written), None);
}

#[test]
fn a_missing_time_is_unknown() {
    assert_eq!(report("<testsuite><testcase name='a'/></testsuite>").cases().next().unwrap().1.seconds, None);
}

#[test]
fn names_are_clean_and_short_and_still_tell_tests_apart() {
    let long = "x".repeat(600);
    let xml = format!(
        "<testsuite><testcase name='a&#8203;'/><testcase name='a&#8238;'/><testcase name='{long}1'/>\
         <testcase name='{long}2'/></testsuite>"
    );
    let report = report(&xml);
    let names: Vec<&str> = report.cases().map(|(_, case)| case.name).collect();
    assert_eq!(names.first().zip(names.get(1)), Some((&"a", &"a")));
    assert!(names.iter().all(|name| name.chars().count() <= 513));
    assert_eq!(report.cases().map(|(id, _)| id).collect::<HashSet<_>>().len(), 4);
}

#[test]
fn what_could_move_the_cursor_never_gets_out() {
    let report = super::fixture("control_bytes.xml");
    let (_, case) = report.cases().next().unwrap();
    assert_eq!((case.name, case.classname, case.message), ("bell  and red", "xtxt", Some("gone")));
}

#[test]
fn references_that_are_not_known_stay_as_they_were_written() {
    let name = |raw: &str| {
        let report = report(&format!("<testsuite><testcase name=\"{raw}\"/></testsuite>"));
        report.cases().next().unwrap().1.name.to_owned()
    };
    assert_eq!(name("a &amp;&lt;&#65;&#x42; b"), "a &<AB b");
    assert_eq!(name("&nbsp;&unknown;&#0;&#xD800;&#99999999;"), "&nbsp;&unknown;&#0;&#xD800;&#99999999;");
    assert_eq!(name("R&D, 1 & 2 &"), "R&D, 1 & 2 &");
    assert_eq!(name("&amp;lt;"), "&lt;");
}

#[test]
fn a_message_keeps_its_lines_and_four_kilobytes() {
    let body = "0123456789\n".repeat(1_000);
    let report = report(&format!("<testsuite><testcase name='a'><failure>{body}</failure></testcase></testsuite>"));
    let message = report.cases().next().unwrap().1.message.unwrap().to_owned();
    assert!(message.starts_with("0123456789\n0123456789\n"), "{message:?}");
    assert!((3_000..=4_100).contains(&message.len()), "{}", message.len());
}

#[test]
fn messages_beyond_a_few_megabytes_are_counted_and_not_kept() {
    let body = "0123456789\n".repeat(350);
    let case = format!("<testcase name='a'><failure>{body}</failure></testcase>");
    let report = report(&format!("<testsuite>{}</testsuite>", case.repeat(1_000)));
    assert_eq!(report.counts.failed, 1_000);
    assert!(report.counts.messages_dropped > 300, "{}", report.counts.messages_dropped);
    assert!(report.bytes() < 3 << 20, "{}", report.bytes());
}

#[test]
fn class_name_and_file_make_a_test_unique() {
    assert_eq!(TestId::of("a", "b", None), TestId::of("a", "b", None));
    let ids = [
        TestId::of("a", "b", None),
        TestId::of("ab", "", None),
        TestId::of("a", "b", Some("")),
        TestId::of("a", "b", Some("f")),
        TestId::of("a", "b", None).within("s", "chromium"),
        TestId::of("a", "b", None).within("s", "webkit"),
    ];
    assert_eq!(ids.iter().collect::<HashSet<_>>().len(), ids.len());
}
