//! What the tests of one job left behind in one try: a report, marks of retries in its log, or nothing readable.

use std::sync::Arc;

use jiff::Timestamp;

use super::{Event, RunKey, Sha, TestReport, TestSummary, Text, Unreadable};

/// What the tests of one job left behind in one try of one run.
#[derive(Debug, Clone)]
pub struct TestRun {
    /// The run. Its attempt is the try: on GitLab, that of the job.
    pub run: RunKey,
    /// The workflow's name.
    pub workflow: Text,
    /// The commit.
    pub sha: Sha,
    /// What started the run.
    pub event: Event,
    /// The job with its matrix suffix, or the artifact where that is all that is known. A test that fails on one
    /// platform and passes on another is no flake, so this is part of what makes a test unique.
    pub job: Text,
    /// Which of the job's files it is. The same file of the same try counts once.
    pub file: Text,
    /// When it was written.
    pub at: Option<Timestamp>,
    /// What was read.
    pub evidence: TestEvidence,
}

/// What was read.
#[derive(Debug, Clone)]
pub enum TestEvidence {
    /// A report.
    Report(Arc<TestReport>),
    /// The reports of one job, reduced.
    Summary(Arc<TestSummary>),
    /// What a job's log says of retries.
    Log(Arc<RetryLog>),
    /// A report that could not be read.
    Unreadable(Unreadable),
}

/// What a job's log says of retries.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RetryLog {
    /// The tests that the log names.
    pub tests: Vec<RetriedTest>,
    /// How many tests failed and then passed, named or not.
    pub flaky: u32,
    /// How many tries were repeats, where the log counts only those.
    pub reruns: u32,
    /// Whether the middle of a long log was not read, or more tests were named than are kept.
    pub truncated: bool,
}

/// A test that was tried again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RetriedTest {
    /// The class, module or file, written as the tool's report has it.
    pub classname: Text,
    /// The name.
    pub name: Text,
    /// How often it failed.
    pub failed: u32,
    /// Whether it passed in the end.
    pub passed: bool,
}
