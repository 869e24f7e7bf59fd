//! Runs, jobs and test reports in a short notation.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use landfall::domain::{
    Conclusion, Event, Execution, JobExecution, JobId, RepoPath, Retries, Run, RunKey, RunState, Sha, SourceId,
    TestCase, TestEvidence, TestReport, TestResult, TestRun, Text,
};

pub(crate) fn now() -> Timestamp {
    "2026-03-30T12:00:00Z".parse().unwrap()
}

pub(crate) fn days_ago(days: i64) -> Timestamp {
    now() - SignedDuration::from_hours(24 * days)
}

pub(crate) fn seconds(seconds: i64) -> SignedDuration {
    SignedDuration::from_secs(seconds)
}

/// The commit of a short name: its bytes in hex.
pub(crate) fn sha(name: &str) -> Sha {
    let hex = name.bytes().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat();
    Sha::parse(&format!("{hex:0<40}")).unwrap()
}

pub(crate) fn key(id: u64, attempt: u32) -> RunKey {
    RunKey { ci: SourceId::parse("ci").unwrap(), repo: RepoPath::parse("acme/shop").unwrap(), id, attempt }
}

pub(crate) fn state(word: &str) -> RunState {
    RunState::Finished(match word {
        "success" => Conclusion::Success,
        "failure" | "failed" => Conclusion::Failure,
        "cancelled" | "canceled" => Conclusion::Cancelled,
        "skipped" => Conclusion::Skipped,
        "timed_out" => Conclusion::TimedOut,
        "manual" => return RunState::Waiting,
        "running" => return RunState::Running,
        other => Conclusion::Other(other.into()),
    })
}

pub(crate) fn run(id: u64, attempt: u32, commit: &str, outcome: &str) -> Run {
    Run {
        key: key(id, attempt),
        number: id,
        workflow: "ci".into(),
        workflow_file: Some("ci.yml".into()),
        event: Event("push".into()),
        branch: Some("main".into()),
        git_tag: None,
        pull_request: None,
        sha: sha(commit),
        title: "Change something".into(),
        url: "https://ci.test/run".into(),
        state: state(outcome),
        created_at: Some(days_ago(1).into()),
        committed_at: None,
        started_at: Some(days_ago(1).into()),
        finished_at: Some((days_ago(1) + SignedDuration::from_mins(10 * i64::from(attempt))).into()),
    }
}

/// One try of a run at GitHub, as the list of runs shows it.
pub(crate) fn listed(run: &Run) -> Execution {
    let mut execution = Execution::of(run, true, Retries::Runs, None);
    // The list shows the newest try only; those before it were looked at when they were the newest.
    execution.earlier_unseen = false;
    execution
}

pub(crate) fn job(id: u64, name: &str, attempt: u32, word: &str) -> JobExecution {
    JobExecution {
        id: JobId(id),
        name: name.into(),
        stage: None,
        attempt,
        state: state(word),
        failure_reason: None,
        allow_failure: false,
        created_at: None,
        started_at: None,
        finished_at: None,
        queued: None,
        took: None,
        needs: None,
    }
}

/// A report of `name=result`: `P`, `F`, `E` or `S`, then `+2f` for flaky tries and `+2r` for reruns.
pub(crate) fn report(cases: &str) -> TestReport {
    let mut report = TestReport::default();
    for case in cases.split_whitespace() {
        let (name, said) = case.split_once('=').unwrap();
        let mut parts = said.split('+');
        let result = match parts.next().unwrap() {
            "P" => TestResult::Passed,
            "F" => TestResult::Failed,
            "E" => TestResult::Error,
            "S" => TestResult::Skipped,
            other => panic!("{other}"),
        };
        let tries = |kind: char| {
            let counts = said.split('+').skip(1).filter_map(|part| part.strip_suffix(kind));
            counts.map(|count| count.parse::<u32>().unwrap()).sum()
        };
        let (flaky, reruns) = (tries('f'), tries('r'));
        let case = TestCase {
            suite: "",
            host: "",
            classname: "",
            name,
            file: None,
            result,
            flaky,
            reruns,
            seconds: None,
            message: None,
        };
        report.push(&case).unwrap();
    }
    report
}

pub(crate) fn evidence(run: &RunKey, commit: &str, job: &str, evidence: TestEvidence) -> TestRun {
    TestRun {
        run: run.clone(),
        workflow: "ci".into(),
        sha: sha(commit),
        event: Event("push".into()),
        job: job.into(),
        file: "junit.xml".into(),
        at: Some(days_ago(1)),
        evidence,
    }
}

/// The report of one try of a job.
pub(crate) fn reported(run: &RunKey, commit: &str, job: &str, cases: &str) -> TestRun {
    evidence(run, commit, job, TestEvidence::Report(Arc::new(report(cases))))
}

/// Reports as `commit: case case`, or `commit [job]: …`. Those of one commit are tries of one run, in order.
pub(crate) fn reports(written: &[&str]) -> Vec<TestRun> {
    let commits: Vec<&str> = written.iter().map(|line| line.split([' ', ':']).next().unwrap()).collect();
    let one = |(place, line): (usize, &&str)| {
        let (head, cases) = line.split_once(':').unwrap();
        let job = head.split_once('[').map_or("test", |(_, job)| job.trim_end_matches(']'));
        let commit = commits[place];
        let first = commits.iter().position(|other| *other == commit).unwrap();
        let attempt = commits[..=place].iter().filter(|other| **other == commit).count();
        reported(&key(u64::try_from(first).unwrap(), u32::try_from(attempt).unwrap()), commit, job, cases)
    };
    written.iter().enumerate().map(one).collect()
}

pub(crate) fn text(word: &str) -> Text {
    word.into()
}
