//! What is remembered of runs that are over, made from small numbers: tries of jobs, reports on tests, retries in logs.

use std::sync::Arc;

use jiff::SignedDuration;
use landfall::domain::{
    Batch, Ended, Fact, FoundReport, JobExecution, JobId, OddCase, Reports, RetriedTest, RetryLog, TestCounts, TestId,
    TestResult, TestSummary, Unreadable,
};

use super::{at, maybe, run_key, state, text};

/// A try of a job.
fn tried(number: u8, variant: u8) -> JobExecution {
    let after = |minutes| at(i64::from(variant) + minutes);
    JobExecution {
        id: JobId(u64::MAX - u64::from(number)),
        name: text(number),
        stage: maybe(number, text(variant)),
        attempt: u32::from(number),
        state: state(variant.wrapping_add(number)),
        failure_reason: maybe(number / 2, text(variant / 2)),
        allow_failure: variant.is_multiple_of(3),
        created_at: maybe(variant, after(1)),
        started_at: maybe(variant / 2, after(2)),
        finished_at: maybe(variant / 4, after(3)),
        queued: maybe(variant / 8, SignedDuration::from_micros(-7)),
        took: maybe(variant / 16, SignedDuration::from_micros(1_234_567)),
        needs: maybe(variant / 32, (0..number % 3).map(text).collect()),
    }
}

pub(crate) fn end(id: u64, minutes: i64) -> Ended {
    Ended { run: run_key(id), at: Some(at(minutes)) }
}

pub(crate) fn tries(id: u64, variant: u8, minutes: i64) -> Fact {
    let items = (0..variant % 4).map(|number| tried(number, variant)).collect();
    let batch = Batch { items, skipped: u64::from(variant), complete: variant.is_multiple_of(2) };
    Fact::Tries(end(id, minutes), Arc::new(batch))
}

fn unreadable(number: u8) -> Unreadable {
    let size = usize::from(number);
    match number % 13 {
        0 => Unreadable::Empty,
        1 => Unreadable::NotXml,
        2 => Unreadable::NotJunit(text(number)),
        3 => Unreadable::Dtd,
        4 => Unreadable::TooLarge(size),
        5 => Unreadable::TooDeep(size),
        6 => Unreadable::TooMany(size),
        7 => Unreadable::TooWordy(size),
        8 => Unreadable::Expired,
        9 => Unreadable::Archive(text(number)),
        10 => Unreadable::Bomb(u64::MAX),
        11 => Unreadable::TooManyFiles(size),
        _ => Unreadable::NotGiven(text(number)),
    }
}

pub(crate) fn reports(id: u64, variant: u8, minutes: i64) -> Fact {
    let results = [TestResult::Passed, TestResult::Skipped, TestResult::Failed, TestResult::Error];
    let odd = |number: u8| OddCase {
        id: TestId::of("shop", &format!("{number}"), maybe(number, "shop.rs")),
        classname: text(number),
        name: text(variant),
        file: maybe(number, text(number)),
        result: results[usize::from(number % 4)],
        tries: u32::from(variant),
        message: maybe(variant, "one\ntwo \u{202e}".into()),
    };
    let passed: Vec<u32> = [0, 1, 7, 1 << 30, u32::MAX].into_iter().take(usize::from(variant % 6)).collect();
    let summary = TestSummary {
        reports: u32::from(variant),
        cut: u32::from(variant / 2),
        counts: TestCounts { passed: u32::MAX, failed: u32::from(variant), ..TestCounts::default() },
        odd: (0..variant % 5).map(odd).collect(),
        passed: passed.into(),
        left_out: u32::from(variant / 3),
    };
    let found = |number: u8| FoundReport {
        job: text(number),
        at: maybe(variant, at(i64::from(number))),
        summary: maybe(variant / 2, Arc::new(summary.clone())),
        unread: (0..number % 3).map(|more| (text(more), unreadable(variant.wrapping_add(more)))).collect(),
    };
    Fact::Reports(end(id, minutes), Arc::new(Reports((0..variant % 4).map(found).collect())))
}

pub(crate) fn retried(id: u64, variant: u8) -> Fact {
    let test = |number: u8| RetriedTest {
        classname: text(number),
        name: text(variant),
        failed: u32::from(number),
        passed: number.is_multiple_of(2),
    };
    let log = RetryLog {
        tests: (0..variant % 3).map(test).collect(),
        flaky: u32::from(variant),
        reruns: u32::from(variant / 2),
        truncated: variant.is_multiple_of(2),
    };
    Fact::Retried(run_key(id), JobId(u64::MAX), Arc::new(log))
}
