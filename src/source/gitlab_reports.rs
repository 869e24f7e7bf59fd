//! GitLab's own report on the tests of a pipeline, with what it leaves out.
//!
//! It is made from the newest try of each job alone: what a job that was tried again reported before is gone. Of test
//! cases of one name only the first is kept, and `flakyFailure` is not read: a test that passed at the second try may
//! stand there as failed, or as passed.

mod dto;

use std::collections::BTreeMap;

use super::api;
use crate::domain::{
    Ending, Failure, FoundReport, Globs, Reports, TestCase, TestReport, TestResult, TestSummary, Text, Unreadable,
};
use crate::http::Answer;
use dto::{CaseDto, ReportDto, SuiteDto};

/// Test cases of one job.
const CASES: usize = 200_000;

/// The longest reason that is kept, in characters.
const REASON: usize = 300;

/// Returns the reports of the jobs that are named so.
///
/// # Errors
/// An answer that is no such report.
pub(super) fn read(answer: &Answer, names: &Globs) -> Result<Reports, Failure> {
    let report: ReportDto<'_> = api::json(answer)?;
    let mut jobs: BTreeMap<&str, Vec<&SuiteDto<'_>>> = BTreeMap::new();
    for suite in &report.test_suites {
        let name = suite.name.as_deref().unwrap_or_default();
        if names.matches(name) {
            jobs.entry(name).or_default().push(suite);
        }
    }
    Ok(Reports(jobs.into_iter().map(|(job, suites)| of_job(job, &suites)).collect()))
}

fn of_job(job: &str, suites: &[&SuiteDto<'_>]) -> FoundReport {
    let mut unread = Vec::new();
    let mut read = Vec::new();
    for suite in suites {
        match &suite.suite_error {
            Some(why) if suite.test_cases.is_empty() => {
                let words: String = why.chars().take(REASON).collect();
                unread.push((Text::default(), Unreadable::NotGiven(words.into())));
            }
            _ => match cases(suite) {
                Ok(report) => read.push(report),
                Err(why) => unread.push((Text::default(), why)),
            },
        }
    }
    let summary = (!read.is_empty()).then(|| TestSummary::of(&read).into());
    FoundReport { job: job.into(), at: None, summary, unread }
}

fn cases(suite: &SuiteDto<'_>) -> Result<TestReport, Unreadable> {
    let mut report = TestReport::default();
    let mut odd = 0_usize;
    if suite.test_cases.len() > CASES {
        return Err(Unreadable::TooMany(CASES));
    }
    for raw in &suite.test_cases {
        let case: Option<CaseDto> = serde_json::from_str(raw.get()).ok();
        let Some((case, result)) =
            case.and_then(|case| Some((result(&case.status)?, case))).map(|(it, case)| (case, it))
        else {
            odd += 1;
            continue;
        };
        report.push(&TestCase {
            suite: "",
            host: "",
            classname: case.classname.as_deref().unwrap_or_default(),
            name: case.name.as_deref().unwrap_or_default(),
            file: case.file.as_deref(),
            result,
            flaky: 0,
            reruns: 0,
            seconds: case.execution_time.filter(|seconds| seconds.is_finite() && *seconds >= 0.0),
            message: case.system_output.as_ref().and_then(|output| output.as_str()),
        })?;
    }
    if odd > 0 {
        let why = format!("{odd} cases could not be read");
        report.ending = Ending::Cut { at: 0, why: why.into(), open: None };
    }
    report.seal();
    Ok(report)
}

fn result(status: &str) -> Option<TestResult> {
    match status {
        "success" => Some(TestResult::Passed),
        "failed" => Some(TestResult::Failed),
        "error" => Some(TestResult::Error),
        "skipped" => Some(TestResult::Skipped),
        _ => None,
    }
}
