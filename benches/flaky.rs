//! How long it takes to judge 1,000 reports of 200 cases, and the runs and jobs around them.
#![expect(clippy::unwrap_used, reason = "a bench")]

use std::sync::{Arc, OnceLock};

use divan::Bencher;
use jiff::{SignedDuration, Timestamp};
use landfall::analysis::{Flakiness, Policy, WorkflowDurations, durations, flakiness};
use landfall::domain::{
    Conclusion, Event, Execution, JobExecution, JobId, RepoPath, Retries, Run, RunKey, RunState, Sha, SourceId,
    TestEvidence, TestRun, TestSummary,
};
use landfall::junit::parse;

const REPORTS: u64 = 1_000;
const CASES: u64 = 200;
const JOBS: u64 = 20;

#[global_allocator]
static HEAP: landfall::runtime::Heap = landfall::runtime::HEAP;

fn main() {
    divan::main();
}

fn now() -> Timestamp {
    "2026-03-30T12:00:00Z".parse().unwrap()
}

fn key(id: u64) -> RunKey {
    RunKey { ci: SourceId::parse("github").unwrap(), repo: RepoPath::parse("acme/shop").unwrap(), id, attempt: 1 }
}

fn sha(id: u64) -> Sha {
    Sha::parse(&format!("{id:0>40x}")).unwrap()
}

fn minutes_ago(minutes: u64) -> Timestamp {
    now() - SignedDuration::from_mins(i64::try_from(minutes).unwrap())
}

fn reports() -> &'static [TestRun] {
    static SEEN: OnceLock<Vec<TestRun>> = OnceLock::new();
    SEEN.get_or_init(|| (0..REPORTS).map(report).collect())
}

fn report(id: u64) -> TestRun {
    seen(id, TestEvidence::Report(Arc::new(parse(xml(id).as_bytes()).unwrap())))
}

fn xml(id: u64) -> String {
    let case = |number: u64| {
        let inner = match (id * 31 + number * 7) % 97 {
            0 => "<flakyFailure message=\"late\"/>",
            1 => "<failure message=\"wrong\"/>",
            _ => "",
        };
        format!(
            "<testcase classname=\"shop.cart{}\" name=\"test_{number}\" time=\"0.1\">{inner}</testcase>",
            number / 10
        )
    };
    format!("<testsuite name=\"all\">{}</testsuite>", (0..CASES).map(case).collect::<Vec<_>>().concat())
}

fn seen(id: u64, evidence: TestEvidence) -> TestRun {
    TestRun {
        run: key(id),
        workflow: "ci".into(),
        sha: sha(id),
        event: Event("push".into()),
        job: if id.is_multiple_of(2) { "linux" } else { "mac" }.into(),
        file: "junit.xml".into(),
        at: Some(minutes_ago(REPORTS - id)),
        evidence,
    }
}

fn executions() -> &'static [Execution] {
    static SEEN: OnceLock<Vec<Execution>> = OnceLock::new();
    SEEN.get_or_init(|| (1..=REPORTS).map(execution).collect())
}

fn execution(id: u64) -> Execution {
    let started_at = Some(minutes_ago(20 * (REPORTS - id) + 20));
    let run = Run {
        key: key(id),
        number: id,
        workflow: "ci".into(),
        workflow_file: None,
        event: Event("push".into()),
        branch: Some("main".into()),
        git_tag: None,
        pull_request: None,
        sha: sha(id),
        title: "Change something".into(),
        url: "".into(),
        state: RunState::Finished(if id.is_multiple_of(9) { Conclusion::Failure } else { Conclusion::Success }),
        created_at: started_at.map(Into::into),
        committed_at: None,
        started_at: started_at.map(Into::into),
        finished_at: Some(minutes_ago(20 * (REPORTS - id)).into()),
    };
    let job = |number: u64| JobExecution {
        id: JobId(id * 100 + number),
        name: format!("job {number}").as_str().into(),
        stage: None,
        attempt: 1,
        state: RunState::Finished(if id.is_multiple_of(9) && number == 3 {
            Conclusion::Failure
        } else {
            Conclusion::Success
        }),
        failure_reason: None,
        allow_failure: false,
        created_at: started_at,
        started_at,
        finished_at: started_at
            .map(|start| start + SignedDuration::from_secs(i64::try_from(60 + number * 20 + id % 7).unwrap())),
        queued: None,
        took: None,
        needs: None,
    };
    Execution::of(&run, true, Retries::Runs, Some((0..JOBS).map(job).collect()))
}

#[divan::bench]
fn a_thousand_reports_of_200_cases(bencher: Bencher<'_, '_>) {
    let seen = reports();
    bencher.bench(|| -> Flakiness { flakiness(&[], seen, &Policy::default(), now()) });
}

/// From the files to the verdict, as it is done once for each: read, summed up, judged.
#[divan::bench]
fn a_thousand_files_of_200_cases(bencher: Bencher<'_, '_>) {
    let files: Vec<String> = (0..REPORTS).map(xml).collect();
    bencher.bench(|| -> Flakiness {
        let read = |(id, file): (u64, &String)| {
            let summary = TestSummary::of(&[parse(file.as_bytes()).unwrap()]);
            seen(id, TestEvidence::Summary(Arc::new(summary)))
        };
        let seen: Vec<TestRun> = (0..).zip(&files).map(read).collect();
        flakiness(&[], &seen, &Policy::default(), now())
    });
}

#[divan::bench]
fn a_thousand_runs_of_20_jobs(bencher: Bencher<'_, '_>) {
    let seen = executions();
    bencher.bench(|| -> Flakiness { flakiness(seen, &[], &Policy::default(), now()) });
}

#[divan::bench]
fn durations_of_a_thousand_runs_of_20_jobs(bencher: Bencher<'_, '_>) {
    let seen = executions();
    bencher.bench(|| -> Vec<WorkflowDurations> { durations(seen, &Policy::default()) });
}
