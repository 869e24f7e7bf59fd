//! Marks of retries in logs, beside reports that hide them and reports that show them.

use std::sync::Arc;

use landfall::analysis::{Policy, TestsFlakiness, UnnamedFlakes, flakiness};
use landfall::domain::{RetriedTest, RetryLog, Strength, TestEvidence, TestRun};

use crate::executions::{evidence, key, now, reported, text};

fn judged(seen: &[TestRun]) -> TestsFlakiness {
    flakiness(&[], seen, &Policy::default(), now()).tests
}

fn log(commit: &str, id: u64, tests: &[(&str, u32, bool)], flaky: u32) -> TestRun {
    let tests = tests
        .iter()
        .map(|(name, failed, passed)| RetriedTest {
            classname: text(""),
            name: text(name),
            failed: *failed,
            passed: *passed,
        })
        .collect();
    let log = RetryLog { tests, flaky, reruns: 0, truncated: false };
    evidence(&key(id, 1), commit, "test", TestEvidence::Log(Arc::new(log)))
}

fn of<'a>(suite: &'a TestsFlakiness, name: &str) -> &'a landfall::analysis::TestFlakiness {
    suite.tests.iter().find(|test| test.name == text(name)).unwrap()
}

#[test]
fn a_log_shows_the_retry_that_the_report_hides() {
    let suite = judged(&[reported(&key(1, 1), "a", "test", "t=P u=P"), log("a", 1, &[("t", 1, true)], 1)]);
    assert_eq!(suite.tests.len(), 2);
    let test = of(&suite, "t");
    assert_eq!((test.behaviour.flaky, test.behaviour.strength), (1, Some(Strength::Strong)));
    assert_eq!(of(&suite, "u").behaviour.flaky, 0);
    assert!(suite.unnamed.is_empty());
}

#[test]
fn a_flake_that_report_and_log_show_counts_once() {
    let seen = [reported(&key(1, 1), "a", "test", "t=P+1f"), log("a", 1, &[("t", 1, true)], 1)];
    let behaviour = judged(&seen).tests[0].behaviour;
    assert_eq!((behaviour.flaky, behaviour.executions, behaviour.failures), (1, 2, 1));
    let [report, log] = seen;
    assert_eq!(judged(&[log, report.clone()]).tests[0].behaviour, judged(&[report]).tests[0].behaviour);
}

#[test]
fn a_log_alone_is_evidence_too() {
    let suite = judged(&[log("a", 1, &[("t", 2, true), ("u", 3, false)], 1)]);
    assert_eq!((of(&suite, "t").behaviour.flaky, of(&suite, "u").behaviour.red), (1, 1));
}

#[test]
fn a_name_that_two_tests_bear_is_given_to_neither() {
    let xml = b"<testsuite><testcase classname='a' name='t'/><testcase classname='b' name='t'/></testsuite>";
    let report = landfall::junit::parse(xml).unwrap();
    let report = evidence(&key(1, 1), "a", "test", TestEvidence::Report(Arc::new(report)));
    let suite = judged(&[report, log("a", 1, &[("t", 1, true)], 1)]);
    let flaky: Vec<&str> =
        suite.tests.iter().filter(|test| test.behaviour.flaky > 0).map(|test| test.classname.as_str()).collect();
    assert_eq!(flaky, [""]);
}

#[test]
fn flakes_without_a_name_are_counted_by_job() {
    let suite = judged(&[log("a", 1, &[], 2), log("b", 2, &[("t", 1, true)], 1), log("c", 3, &[("t", 1, true)], 3)]);
    assert_eq!(suite.unnamed, [UnnamedFlakes { job: (text("ci"), text("test")), commits: 2, flakes: 4 }]);
}
