//! Reports that were reduced say the same of every test that did not always pass.

use std::collections::BTreeMap;
use std::sync::Arc;

use landfall::analysis::{Behaviour, Policy, TestFlakiness, flakiness};
use landfall::domain::{
    Ending, TestCase, TestCounts, TestEvidence, TestReport, TestResult, TestRun, TestSummary, Text,
};
use proptest::prelude::{ProptestConfig, Strategy, prop, proptest};

use crate::executions::{days_ago, evidence, key, now, report, reported, reports};

/// Each job of each try with all of its reports reduced to one summary.
fn reduced(seen: &[TestRun]) -> Vec<TestRun> {
    let mut places: BTreeMap<_, (TestRun, Vec<TestReport>)> = BTreeMap::new();
    for run in seen {
        let TestEvidence::Report(report) = &run.evidence else { continue };
        let place = places.entry((run.run.clone(), run.job.clone())).or_insert_with(|| (run.clone(), Vec::new()));
        place.1.push((**report).clone());
    }
    let summary = |(run, reports): (TestRun, Vec<TestReport>)| TestRun {
        file: Text::default(),
        evidence: TestEvidence::Summary(Arc::new(TestSummary::of(&reports))),
        ..run
    };
    places.into_values().map(summary).collect()
}

/// What is said of each test that did not always pass. How often one passed within a single report is not kept.
fn odd(seen: &[TestRun]) -> Vec<String> {
    let line = |test: &TestFlakiness| {
        let Behaviour { flaky, red, green, failures, trust, strength, .. } = test.behaviour;
        let name = format!("{:?} {} {}", test.job, test.classname, test.name);
        format!("{name}: {flaky}/{red}/{green} {failures} {} {strength:?} {:?}", trust.word(), test.message)
    };
    let suite = flakiness(&[], seen, &Policy::default(), now()).tests;
    let mut lines: Vec<String> = suite.tests.iter().filter(|test| test.behaviour.failures > 0).map(line).collect();
    lines.sort();
    lines
}

const CASES: [&str; 7] = [
    "t=P u=F v=P",
    "t=F u=P v=P",
    "t=P+1f u=P v=S",
    "t=F+1r u=S v=P",
    "t=E t=P u=P",
    "t=P u=P v=P",
    "t=F u=F v=F w=F x=F y=F z=F a=F b=F c=F",
];

fn seen() -> impl Strategy<Value = Vec<TestRun>> {
    let one = (1_u64..9, 1_u32..3, 0..CASES.len(), 0..2_u8).prop_map(|(id, attempt, cases, variant)| {
        let job = ["linux", "mac"][usize::from(variant)];
        let run = reported(&key(id, attempt), &format!("c{}", id % 4), job, CASES[cases]);
        let at = Some(days_ago(i64::try_from(id).unwrap()));
        TestRun { file: format!("{cases}.xml").as_str().into(), at, ..run }
    });
    prop::collection::vec(one, 0..16).prop_map(|runs| {
        // The same file of the same try is given once.
        let mut known = std::collections::BTreeSet::new();
        runs.into_iter().filter(|run| known.insert((run.run.clone(), run.job.clone(), run.file.clone()))).collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn what_is_reduced_says_the_same_of_what_did_not_always_pass(seen in seen()) {
        assert_eq!(odd(&reduced(&seen)), odd(&seen));
    }
}

fn judged(seen: &[TestRun]) -> landfall::analysis::TestsFlakiness {
    flakiness(&[], seen, &Policy::default(), now()).tests
}

#[test]
fn tests_that_always_passed_are_counted_and_not_listed() {
    let seen = reduced(&reports(&["a: t=P u=P v=P", "b: t=P u=F v=P", "c: u=P v=P w=P"]));
    let suite = judged(&seen);
    assert_eq!(suite.tests.iter().map(|test| test.name.as_str()).collect::<Vec<_>>(), ["u"]);
    assert_eq!((suite.tests[0].behaviour.green, suite.tests[0].behaviour.red), (2, 1));
    assert_eq!(suite.steady, 3, "t, v and w");
    assert_eq!(suite.observed.words(), "none of 3 commits ran more than once: flakiness is unknown");
}

#[test]
fn a_commit_whose_tests_ran_in_two_attempts_ran_more_than_once() {
    let suite = judged(&reduced(&reports(&["a: t=P", "a: t=P", "b: t=P"])));
    assert_eq!(suite.observed.words(), "1 of 2 commits ran more than once");
}

#[test]
fn of_what_broke_off_the_summary_says_so() {
    let mut cut = report("t=P");
    cut.ending = Ending::Cut { at: 7, why: "the file ends within an element".into(), open: None };
    let summary = TestSummary::of(&[cut, report("u=P")]);
    assert_eq!((summary.reports, summary.cut), (2, 1));
    let run = evidence(&key(1, 1), "a", "test", TestEvidence::Summary(Arc::new(summary)));
    assert_eq!(judged(&[run]).cut, 1);
}

#[test]
fn a_summary_is_bounded_and_says_what_it_leaves_out() {
    let mut wide = TestReport::default();
    for number in 0..62_000_u32 {
        let name = number.to_string();
        let result = if number % 31 == 0 { TestResult::Failed } else { TestResult::Passed };
        let (flaky, reruns) = (0, 0);
        let (suite, host, classname, file) = ("", "", "shop", None);
        let case =
            TestCase { suite, host, classname, name: &name, file, result, flaky, reruns, seconds: None, message: None };
        wide.push(&case).unwrap();
    }
    let summary = TestSummary::of(&[wide]);
    assert_eq!(summary.odd.len(), 1_000);
    assert_eq!(summary.passed.len(), 50_000);
    assert_eq!(summary.left_out, 62_000 - 1_000 - 50_000);
    assert_eq!(summary.counts, TestCounts { passed: 60_000, failed: 2_000, ..TestCounts::default() });
}
