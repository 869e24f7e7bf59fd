//! Tests that pass and fail on the same code, by worked examples.

use std::sync::Arc;

use landfall::analysis::{Policy, TestFlakiness, TestsFlakiness, flakiness};
use landfall::domain::{Ending, TestEvidence, TestReport, TestRun, Text, Unreadable};
use rstest::rstest;

use crate::executions::{evidence, key, now, report, reported, reports, text};

fn judged(seen: &[TestRun]) -> TestsFlakiness {
    flakiness(&[], seen, &Policy::default(), now()).tests
}

/// `name [job]: flaky/red/green executions/failures reran state rate score`.
fn line(test: &TestFlakiness) -> String {
    let seen = &test.behaviour;
    let job = if test.job.1 == text("test") { String::new() } else { format!(" [{}]", test.job.1) };
    format!(
        "{}{job}: {}/{}/{} {}/{} {} {} {} {:.4}",
        test.name,
        seen.flaky,
        seen.red,
        seen.green,
        seen.executions,
        seen.failures,
        seen.observed.reran,
        seen.trust.word(),
        seen.rate(),
        seen.rate().lower()
    )
}

fn lines(suite: &TestsFlakiness) -> Vec<String> {
    suite.tests.iter().map(line).collect()
}

#[rstest]
#[case::a_flaky_failure(&["a: t=P+1f"], &["t: 1/0/0 2/1 1 suspect 1 of 1 0.2065"])]
#[case::reruns_that_all_failed(&["a: t=F+2r"], &["t: 0/1/0 3/3 1 failing 0 of 1 0.0000"])]
#[case::the_same_case_twice(&["a: t=F t=P"], &["t: 1/0/0 2/1 1 suspect 1 of 1 0.2065"])]
#[case::the_same_case_twice_and_green(&["a: t=P t=P"], &["t: 0/0/1 2/0 1 healthy 0 of 1 0.0000"])]
#[case::two_attempts(&["a: t=F", "a: t=P"], &["t: 1/0/0 2/1 1 suspect 1 of 1 0.2065"])]
#[case::two_platforms(
    &["a [windows]: t=F", "a [linux]: t=P"],
    &["t [windows]: 0/1/0 1/1 0 failing 0 of 1 0.0000", "t [linux]: 0/0/1 1/0 0 healthy 0 of 1 0.0000"]
)]
#[case::other_code(&["a: t=F", "b: t=P"], &["t: 0/1/1 2/1 0 failing 0 of 2 0.0000"])]
#[case::an_error_is_a_failure(&["a: t=E", "a: t=P"], &["t: 1/0/0 2/1 1 suspect 1 of 1 0.2065"])]
#[case::a_skip_says_nothing(&["a: t=S", "a: t=P"], &["t: 0/0/1 1/0 0 healthy 0 of 1 0.0000"])]
#[case::two_of_twelve(
    &["a: t=F t=P", "b: t=F t=P", "c: t=P", "d: t=P", "e: t=P", "f: t=P", "g: t=P", "h: t=P", "i: t=P", "j: t=P",
      "k: t=P", "l: t=P"],
    &["t: 2/0/10 14/2 2 flaky 17% (5–45) 0.0470"]
)]
#[case::broken(
    &["a: t=F t=F", "b: t=F t=F", "c: t=F t=F", "d: t=F t=F"], &["t: 0/4/0 8/8 4 broken 0 of 4 0.0000"]
)]
#[case::only_skipped(&["a: t=S"], &[])]
fn tests_are_sorted(#[case] written: &[&str], #[case] expected: &[&str]) {
    let suite = judged(&reports(written));
    assert_eq!(lines(&suite), expected);
    assert_eq!(suite.ignored_as_infrastructure, 0);
}

fn ten(failing: usize) -> String {
    (0..10)
        .map(|number| format!("t{number}={} ", if number < failing { "F" } else { "P" }))
        .collect::<Vec<_>>()
        .concat()
}

#[test]
fn a_report_in_which_nearly_all_failed_tells_of_the_machinery() {
    let suite = judged(&reports(&[&format!("a: {}", ten(9)), &format!("a: {}", ten(0))]));
    assert_eq!(suite.ignored_as_infrastructure, 1);
    assert_eq!(suite.tests.len(), 10);
    assert!(lines(&suite).iter().all(|line| line.ends_with(": 0/0/1 1/0 0 healthy 0 of 1 0.0000")), "{suite:?}");
}

#[test]
fn four_of_five_failing_still_count() {
    let suite = judged(&reports(&[&format!("a: {}", ten(8)), &format!("a: {}", ten(0))]));
    assert_eq!(suite.ignored_as_infrastructure, 0);
    let states: Vec<&str> = suite.tests.iter().map(|test| test.behaviour.trust.word()).collect();
    assert_eq!(states, ["suspect"; 8].into_iter().chain(["healthy"; 2]).collect::<Vec<_>>());
}

#[test]
fn nine_failing_tests_are_too_few_to_blame_the_machinery() {
    let nine = (0..9).map(|number| format!("t{number}=F ")).collect::<Vec<_>>().concat();
    assert_eq!(judged(&reports(&[&format!("a: {nine}")])).ignored_as_infrastructure, 0);
}

#[test]
fn a_mass_failure_is_one_of_all_the_files_of_a_job() {
    let part = |file: &str, cases: &str| {
        let run = reported(&key(1, 1), "a", "test", cases);
        TestRun { file: file.into(), ..run }
    };
    let files: Vec<TestRun> =
        (0..10).map(|n| part(&format!("TEST-{n}.xml"), &format!("t{n}={}", if n < 9 { "F" } else { "P" }))).collect();
    assert_eq!(judged(&files).ignored_as_infrastructure, 1);
    assert!(judged(&files).tests.is_empty());
}

#[test]
fn ten_of_fifty_ranks_above_one_of_two() {
    let mut written = vec!["s0: one=F one=P".to_owned(), "s1: one=P".to_owned()];
    written.extend((0..50).map(|number| format!("q{number}: ten={}", if number < 10 { "F ten=P" } else { "P" })));
    let suite = judged(&reports(&written.iter().map(String::as_str).collect::<Vec<_>>()));
    assert_eq!(
        lines(&suite),
        ["ten: 10/0/40 60/10 10 flaky 20% (11–33) 0.1124", "one: 1/0/1 3/1 1 suspect 1 of 2 0.0945"]
    );
    assert_eq!(suite.observed.words(), "11 of 52 commits ran more than once");
}

#[test]
fn the_same_file_of_the_same_try_counts_once() {
    let once = reports(&["a: t=F", "b: t=P"]);
    let mut twice = once.clone();
    twice.extend(once.clone());
    assert_eq!(judged(&twice), judged(&once));
}

#[test]
fn a_test_without_a_name_cannot_be_told_from_another() {
    let mut nameless = TestReport::default();
    for case in ["x=F", "x=P"] {
        let report = report(case);
        let (_, case) = report.cases().next().unwrap();
        nameless.push(&landfall::domain::TestCase { name: " ", ..case }).unwrap();
    }
    let suite = judged(&[evidence(&key(1, 1), "a", "test", TestEvidence::Report(Arc::new(nameless)))]);
    assert!(suite.tests.is_empty());
}

fn parsed(xml: &[u8]) -> TestRun {
    let report = landfall::junit::parse(xml).unwrap();
    evidence(&key(1, 1), "a", "test", TestEvidence::Report(Arc::new(report)))
}

#[test]
fn one_test_in_two_browsers_is_two_tests() {
    let suite = judged(&[parsed(include_bytes!("../fixtures/junit/playwright_two_browsers.xml"))]);
    assert_eq!(
        lines(&suite),
        [
            "login › by password: 0/1/0 1/1 0 failing 0 of 1 0.0000",
            "login › by link: 0/0/1 1/0 0 healthy 0 of 1 0.0000",
            "login › by link: 0/0/1 1/0 0 healthy 0 of 1 0.0000",
            "login › by password: 0/0/1 1/0 0 healthy 0 of 1 0.0000",
        ]
    );
}

#[test]
fn duplicates_in_one_suite_are_tries() {
    let suite = judged(&[parsed(include_bytes!("../fixtures/junit/gotestsum_reruns.xml"))]);
    assert_eq!(
        lines(&suite),
        ["TestDrains: 1/0/0 2/1 1 suspect 1 of 1 0.2065", "TestFills: 0/0/1 1/0 0 healthy 0 of 1 0.0000"]
    );
    assert_eq!(suite.tests[0].message.as_deref(), Some("Failed"));
}

#[test]
fn names_that_only_look_alike_are_different_tests() {
    let suite = judged(&[parsed(
        b"<testsuite><testcase name='a&#8203;'><failure/></testcase><testcase name='a&#8204;'/></testsuite>",
    )]);
    assert_eq!(suite.tests.iter().map(|test| test.behaviour.flaky).sum::<u32>(), 0);
    assert_eq!(suite.tests.len(), 2);
}

#[test]
fn reports_that_could_not_be_read_are_counted_and_say_nothing() {
    let unreadable = evidence(&key(1, 1), "a", "test", TestEvidence::Unreadable(Unreadable::Dtd));
    let mut cut = report("t=P");
    cut.ending = Ending::Cut { at: 7, why: Text::new("the file ends within an element"), open: None };
    let cut = evidence(&key(2, 1), "b", "test", TestEvidence::Report(Arc::new(cut)));
    let suite = judged(&[unreadable.clone(), cut]);
    assert_eq!((suite.unreadable, suite.cut, suite.tests.len()), (1, 1, 1));
    // A later look that could read the file counts instead.
    let read = reported(&key(1, 1), "a", "test", "t=P");
    for seen in [[unreadable.clone(), read.clone()], [read, unreadable]] {
        assert_eq!(judged(&seen).unreadable, 0);
        assert_eq!(judged(&seen).tests.len(), 1);
    }
}

#[test]
fn a_test_of_another_workflow_is_another_test() {
    let one = reported(&key(1, 1), "a", "test", "t=F");
    let two = TestRun { workflow: "nightly".into(), ..reported(&key(2, 1), "a", "test", "t=P") };
    assert_eq!(judged(&[one, two]).tests.iter().map(|test| test.behaviour.flaky).sum::<u32>(), 0);
}
