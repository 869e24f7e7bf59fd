//! JUnit reports in, test cases out: one report a dialect, and the files that are no reports.
#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

#[path = "junit/abuse.rs"]
mod abuse;
#[path = "junit/encodings.rs"]
mod encodings;
#[path = "junit/values.rs"]
mod values;

use std::fs;
use std::path::Path;

use landfall::domain::{Ending, TestReport, TestResult};
use landfall::junit::parse;
use rstest::rstest;

fn fixture(name: &str) -> TestReport {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/junit").join(name);
    let report = parse(&fs::read(&path).unwrap()).unwrap_or_else(|error| panic!("{name}: {error}"));
    assert_eq!(report.ending, Ending::Whole, "{name}");
    report
}

/// One line a case: how it ended, its failed tries, and its name.
fn lines(report: &TestReport) -> Vec<String> {
    let line = |case: landfall::domain::TestCase<'_>| {
        let result = match case.result {
            TestResult::Passed => "P",
            TestResult::Skipped => "S",
            TestResult::Failed => "F",
            TestResult::Error => "E",
        };
        format!("{result} {}f {}r {} | {}", case.flaky, case.reruns, case.classname, case.name)
    };
    report.cases().map(|(_, case)| line(case)).collect()
}

#[rstest]
#[case::surefire("surefire.xml", &[
    "P 0f 0r shop.CartTest | addsUp", "P 2f 0r shop.CartTest | reserves",
    "F 0f 2r shop.CartTest | ships", "S 0f 0r shop.CartTest | prints",
])]
#[case::pytest("pytest.xml", &[
    "P 0f 0r tests.test_tax | test_rate[7 %-\"a\"]", "F 0f 0r tests.test_tax | test_round",
    "E 0f 0r tests.test_tax | test_fetch", "S 0f 0r tests.test_tax | test_old",
])]
#[case::nextest("nextest.xml", &[
    "P 0f 0r ledger::booking | books_once", "P 1f 0r ledger::booking | books_late",
    "F 0f 1r ledger::booking | never_books",
])]
#[case::nested_suites("phpunit_nested.xml", &[
    "P 0f 0r CartTest | testEmpty", "P 0f 0r CartTest | testAdds with data set #0",
    "F 0f 0r CartTest | testAdds with data set #1",
])]
#[case::a_status_instead_of_an_element("googletest.xml", &[
    "P 0f 0r Ring | Wraps", "S 0f 0r Ring | DISABLED_Grows", "S 0f 0r Ring | Waits", "S 0f 0r Ring | Skips",
    "F 0f 0r Ring | Overflows",
])]
#[case::duplicates("gotestsum_reruns.xml", &[
    "F 0f 0r acme.test/queue | TestDrains", "P 0f 0r acme.test/queue | TestDrains",
    "P 0f 0r acme.test/queue | TestFills",
])]
#[case::prefixes("prefixed.xml", &["E 0f 0r a | one", "P 0f 0r a | two"])]
#[case::several_roots_of_which_one_is_no_report("several_roots.xml", &["P 0f 0r a | one", "F 0f 0r b | two"])]
#[case::another_root("testrun.xml", &["P 0f 0r shop.PriceTest | rounds", "E 0f 0r shop.PriceTest | converts"])]
#[case::what_no_parser_should_take("ill_formed.xml", &["F 0f 0r  | a < b && c", "P 0f 0r x | single \"quotes\""])]
fn each_dialect_is_read(#[case] name: &str, #[case] expected: &[&str]) {
    assert_eq!(lines(&fixture(name)), expected);
}

#[test]
fn elements_are_counted_and_attributes_of_suites_are_not_believed() {
    let counts = fixture("pytest.xml").counts;
    assert_eq!((counts.tests(), counts.passed, counts.failed, counts.errors, counts.skipped), (4, 1, 1, 1, 1));
    let counts = fixture("surefire.xml").counts;
    assert_eq!((counts.suites, counts.flaky, counts.tests()), (1, 1, 4));
    assert_eq!(fixture("phpunit_nested.xml").counts.suites, 3);
    assert_eq!(fixture("googletest.xml").counts.several_results, 1);
}

#[test]
fn an_error_of_a_whole_suite_is_counted_beside_the_cases() {
    let report = fixture("jest_suite_error.xml");
    assert_eq!((report.counts.suites, report.counts.suite_errors, report.counts.tests()), (2, 1, 1));
    assert_eq!(report.counts.errors, 0);
}

#[test]
fn the_gravest_of_several_results_counts() {
    let case = |inner: &str| {
        let xml = format!("<testsuite><testcase name='a'>{inner}</testcase></testsuite>");
        parse(xml.as_bytes()).unwrap().cases().next().unwrap().1.result
    };
    assert_eq!(case("<failure/><error/><skipped/>"), TestResult::Error);
    assert_eq!(case("<error/><failure/>"), TestResult::Error);
    assert_eq!(case("<skipped/><failure/>"), TestResult::Failed);
    assert_eq!(case("<skipped/><system-out/>"), TestResult::Skipped);
    assert_eq!(case("<flakyFailure/>"), TestResult::Passed);
    assert_eq!(case("<properties><failure/></properties>"), TestResult::Passed);
    let nested =
        parse(b"<testsuite><testcase name='a'><x><failure/></x></testcase><x><error/></x></testsuite>").unwrap();
    assert_eq!(nested.counts.suite_errors, 0);
}

#[test]
fn a_test_that_failed_only_by_its_status_is_not_called_passed() {
    let report =
        parse(b"<testsuite><testcase name='a' status='failed'/><testcase name='b' status='ERROR'/></testsuite>");
    assert_eq!(lines(&report.unwrap()), ["F 0f 0r  | a", "E 0f 0r  | b"]);
}

#[test]
fn the_message_is_that_of_the_gravest_result_or_of_the_first_failed_try() {
    let messages = |name: &str| -> Vec<Option<String>> {
        fixture(name).cases().map(|(_, case)| case.message.map(str::to_owned)).collect()
    };
    assert_eq!(
        messages("surefire.xml"),
        [None, Some("expected: <3> but was: <2>".to_owned()), Some("too late".to_owned()), None]
    );
    assert_eq!(
        messages("phpunit_nested.xml")[2].as_deref(),
        Some("CartTest::testAdds with data set #1 (2, 2, 5)\nFailed asserting that 4 matches expected 5.")
    );
    assert_eq!(messages("ill_formed.xml")[0].as_deref(), Some("1 < 2 & so on &hellip;"));
    assert_eq!(messages("jest_suite_error.xml"), [None]);
}

#[test]
fn nested_suites_are_named_by_their_path() {
    let report = fixture("phpunit_nested.xml");
    let suites: Vec<&str> = report.cases().map(|(_, case)| case.suite).collect();
    assert_eq!(
        suites,
        ["unit › CartTest", "unit › CartTest › CartTest::testAdds", "unit › CartTest › CartTest::testAdds"]
    );
    let report = fixture("playwright_two_browsers.xml");
    assert_eq!(
        report.cases().map(|(_, case)| case.host).collect::<Vec<_>>(),
        ["chromium", "chromium", "webkit", "webkit"]
    );
}
