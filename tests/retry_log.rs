//! Logs of test jobs in, tests that were tried again out.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::fmt::Write;

use landfall::domain::RetryLog;
use landfall::retry_log::parse;
use proptest::prelude::{ProptestConfig, any, prop, proptest};
use rstest::rstest;

fn read(log: &str) -> RetryLog {
    parse(log.as_bytes(), None)
}

/// `class|name failed+passed`, one for each test.
fn tests(log: &RetryLog) -> Vec<String> {
    let line = |test: &landfall::domain::RetriedTest| {
        format!("{}|{} {}{}", test.classname, test.name, test.failed, if test.passed { "+" } else { "-" })
    };
    log.tests.iter().map(line).collect()
}

#[rstest]
#[case::nextest(
    "   TRY 1 FAIL [   0.004s] ledger::booking books_late\n   TRY 2 FAIL [   0.004s] ledger::booking books_late\n\
     \x20  TRY 3 PASS [   0.003s] ledger::booking books_late\n     Summary [   0.1s] 4 tests run: 4 passed (1 flaky), 0 skipped\n\
     \x20  FLAKY 3/3 [   0.003s] ledger::booking books_late\n",
    &["ledger::booking|books_late 2+"], 1
)]
#[case::nextest_with_a_counter("  FLAKY 2/3 [   0.003s] (2/9) ledger::booking books_late\n", &["ledger::booking|books_late 1+"], 1)]
#[case::nextest_that_never_passed(
    "  TRY 1 FAIL [   0.1s] ledger a::b\n  TRY 2 FAIL [   0.1s] ledger a::b\n", &["ledger|a::b 2-"], 0
)]
#[case::playwright(
    "  1 failed\n    [chromium] › a.spec.ts:9:5 › never passes ─────\n  2 flaky\n    [chromium] › login.spec.ts:3:5 › login › by link ───────\n\
     \x20   [webkit] › login.spec.ts:3:5 › login › by link ───────\n  4 passed (9.1s)\n",
    &["login.spec.ts|login › by link 1+"], 2
)]
#[case::surefire(
    "[WARNING] Flakes: \n[WARNING] shop.CartTest.reserves\n[ERROR]   Run 1: CartTest.reserves:40 expected 3\n\
     [ERROR]   Run 2: CartTest.reserves:40 expected 3\n[INFO]   Run 3: PASS\n[INFO] \n[WARNING] shop.CartTest.ships\n\
     [ERROR]   Run 1: CartTest.ships:9 late\n[INFO]   Run 2: PASS\n[INFO] \n\
     [WARNING] Tests run: 9, Failures: 0, Errors: 0, Skipped: 0, Flakes: 2\n",
    &["shop.CartTest|reserves 2+", "shop.CartTest|ships 1+"], 2
)]
#[case::a_bare_count("Flakes: 1\n", &[], 1)]
#[case::pytest_while_it_runs(
    "tests/test_a.py::TestX::test_b[1::2] RERUN                    [ 50%]\ntests/test_a.py::TestX::test_b[1::2] PASSED [ 50%]\n\
     tests/test_a.py::test_c PASSED [100%]\n=== 2 passed, 1 rerun in 0.52s ===\n",
    &["tests.test_a.TestX|test_b[1::2] 1+"], 1
)]
#[case::pytest_side_by_side(
    "[gw0] [ 10%] RERUN tests/test_a.py::test_b \n[gw1] [ 20%] PASSED tests/test_a.py::test_b \n", &["tests.test_a|test_b 1+"], 1
)]
#[case::pytest_summary_alone(
    "RERUN tests/test_a.py::test_b\nRERUN tests/test_a.py::test_b\n======= 1 passed, 2 rerun in 0.52s =======\n",
    &["tests.test_a|test_b 2+"], 1
)]
#[case::pytest_that_lost_one(
    "RERUN tests/test_a.py::test_b\nFAILED tests/test_a.py::test_b - assert 0\n=== 1 failed, 1 rerun in 0.5s ===\n",
    &["tests.test_a|test_b 1-"], 0
)]
#[case::pytest_that_lost_one_and_names_only_repeats(
    "RERUN tests/test_a.py::test_b\n=== 1 failed, 1 rerun in 0.5s ===\n", &["tests.test_a|test_b 1-"], 0
)]
#[case::pytest_twice(
    "RERUN a.py::t\nFAILED a.py::t - no\n= 1 failed, 1 rerun in 1s =\nRERUN b.py::u\n= 1 passed, 1 rerun in 1s =\n",
    &["a|t 1-", "b|u 1-"], 0
)]
#[case::pytest_that_failed_after_a_pass(
    "a.py::t RERUN [ 9%]\na.py::t PASSED [ 9%]\na.py::t FAILED [ 9%]\n", &["a|t 1-"], 0
)]
#[case::cypress(
    "    (Attempt 1 of 3) shows the price\n    (Attempt 2 of 3) shows the price\n    ✓ shows the price (812ms)\n    ✓ adds up (9ms)\n",
    &["|shows the price 2+"], 1
)]
#[case::others("ok 3 FLAKY 2/3 sorts by name\n", &["|sorts by name 1+"], 1)]
#[case::bazel("//shop:cart_test    FLAKY, failed in 1 out of 2 in 3.2s\n", &["|//shop:cart_test 1+"], 1)]
#[case::without_a_name("FLAKY 2/3\n", &[], 1)]
#[case::nothing_was_tried_again(
    "4 passed (9.1s)\nSummary [ 0.1s] 4 tests run: 4 passed, 0 skipped\n✓ adds up\nFlakes:\nfix 3 flaky tests\n", &[], 0
)]
fn each_tool_is_understood(#[case] log: &str, #[case] expected: &[&str], #[case] flaky: u32) {
    let read = read(log);
    assert_eq!(tests(&read), expected);
    assert_eq!(read.flaky, flaky, "{read:?}");
}

#[test]
fn repeats_that_are_only_counted_are_no_flakes_yet() {
    let log = read("=========== 1 failed, 3 passed, 2 rerun in 1.52s ===========\n");
    assert_eq!((log.flaky, log.reruns, log.tests.len()), (0, 2, 0));
    assert_eq!(read("= 3 passed, 2 rerun in 1.52s =\n").reruns, 2);
}

#[test]
fn stamps_and_colours_of_the_runner_are_taken_off() {
    let log = "2026-03-02T10:00:00.0000000Z \x1b[33m  1 flaky\x1b[39m\n2026-03-02T10:00:00.0000000Z \x1b[33m    [chromium] › a.spec.ts:3:5 › b ────\x1b[39m\n";
    assert_eq!(tests(&read(log)), ["a.spec.ts|b 1+"]);
    let log = "2026-03-02T10:00:00.000000Z 01O   FLAKY 2/3 [   0.003s] ledger a::b\r\n";
    assert_eq!(tests(&read(log)), ["ledger|a::b 1+"]);
}

#[test]
fn a_gap_ends_what_the_lines_before_it_began() {
    let log =
        parse(b"[WARNING] Flakes: \nhalf a li", Some(b"ne\n[WARNING] shop.CartTest.ships\n[ERROR]   Run 1: no\n"));
    assert_eq!((log.tests.len(), log.truncated), (0, true));
    let whole = parse(b"[WARNING] Flakes: \n\n[WARNING] shop.CartTest.ships\n[ERROR]   Run 1: no\n", None);
    assert_eq!((whole.tests.len(), whole.truncated), (1, false));
}

#[test]
fn no_more_than_a_thousand_tests_are_kept() {
    let mut log = String::new();
    for number in 0..1_500 {
        writeln!(log, "  FLAKY 2/3 [   0.003s] ledger test_{number}").unwrap();
    }
    let read = read(&log);
    assert_eq!((read.tests.len(), read.truncated), (1_000, true));
}

#[test]
fn names_are_clean() {
    let log = read("  FLAKY 2/3 [   0.003s] ledger a\u{202e}b\n");
    assert_eq!(tests(&log), ["ledger|ab 1+"]);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn arbitrary_bytes_never_panic(head in prop::collection::vec(any::<u8>(), 0..300), tail in prop::collection::vec(any::<u8>(), 0..100)) {
        let _ = parse(&head, Some(&tail));
    }

    #[test]
    fn arbitrary_lines_of_tools_never_panic(
        text in r"(  FLAKY|TRY|Flakes:|RERUN|flaky|\(Attempt| 1| 2/3| \[ 0.1s\]|::| › |\n|\[WARNING\] |Run 1: |PASS| a|é){0,40}"
    ) {
        let log = read(&text);
        assert!(log.tests.iter().all(|test| test.failed > 0 && !test.name.is_empty()));
    }
}
