//! What the tests of the demo's runs leave behind: archives of JUnit reports on GitHub, GitLab's own report.

use std::fmt::Write as _;
use std::io::{Cursor, Write as _};

use serde_json::{Value, json};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::jobs::{Job, Outcome, State, jobs};
use super::stage::Stage;
use super::world::{Dialect, Fate, Provider, Run, Service, Workflow};

/// The name of the artifact that holds them.
pub(super) const ARTIFACT: &str = "junit-linux";

/// Artifacts of a run: one for each attempt.
const PER_RUN: u64 = 8;

/// The tests of every service: class and name.
const TESTS: [(&str, &str); 12] = [
    ("shop.Basket", "adds a line"),
    ("shop.Basket", "drops a line"),
    ("shop.Basket", "keeps the order of lines"),
    ("shop.Clock", "crosses midnight"),
    ("shop.Clock", "knows the summer time"),
    ("shop.Price", "rounds half up"),
    ("shop.Price", "splits without a rest"),
    ("shop.Mail", "sends once"),
    ("shop.Mail", "retries on a timeout"),
    ("shop.Search", "finds by prefix"),
    ("shop.Search", "ranks exact matches first"),
    ("shop.Search", "ignores accents"),
];

/// Fails now and then, and passes when it is tried again.
const FLAKY: usize = 3;
/// Failed in the runs that failed for good.
const BROKEN: usize = 6;
/// Passes at its second try in the runs that say so.
const RETRIED: usize = 8;

/// Whose tests end the process in the runs that failed for good.
const CRASHED: &str = "shop.Search";

/// How a test came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ended {
    Passed,
    /// At the second try.
    Retried,
    Failed,
}

pub(super) fn artifact_id(run: &Run, attempt: u64) -> u64 {
    run.id * PER_RUN + attempt
}

/// Returns the archive of an artifact that GitHub keeps.
pub(super) fn github(stage: &Stage, id: u64) -> Option<Vec<u8>> {
    let services = stage.world.services.iter().filter(|service| service.provider == Provider::GitHub);
    let mut found = services.filter_map(|service| archive_of(service, id, stage.clock.now()));
    found.next()
}

/// Returns the archive with this number, where the service has it.
pub(super) fn archive_of(service: &Service, id: u64, now: i64) -> Option<Vec<u8>> {
    let run = service.runs_at(now).find(|run| run.id == id / PER_RUN)?;
    archive(service, run, id % PER_RUN, now).map(|(archive, _)| archive)
}

/// Returns the reports of an attempt as an archive, and when it was written: when its tests were over.
pub(super) fn archive(service: &Service, run: &Run, attempt: u64, now: i64) -> Option<(Vec<u8>, i64)> {
    let dialect = service.tests?;
    let job = tested(service, run, attempt, now)?;
    let files = match dialect {
        Dialect::Surefire => surefire(run, &job),
        Dialect::Pytest => vec![("junit.xml".to_owned(), pytest(run, &job))],
    };
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, body) in files {
        writer.start_file(name, SimpleFileOptions::default()).ok()?;
        writer.write_all(body.as_bytes()).ok()?;
    }
    Some((writer.finish().ok()?.into_inner(), job.ends + 2))
}

/// Returns the job that ran the tests of an attempt, once it is over.
fn tested(service: &Service, run: &Run, attempt: u64, now: i64) -> Option<Job> {
    let exists = (1..=run.attempt).contains(&attempt) && run.workflow == Workflow::Release;
    let job = jobs(service, run, attempt).into_iter().find(|job| job.name == "test").filter(|_| exists)?;
    matches!(job.state(now), State::Over(Outcome::Success | Outcome::Failure)).then_some(job)
}

fn result(run: &Run, job: &Job, place: usize) -> Ended {
    let failed = job.outcome == Outcome::Failure;
    let for_good = run.fate == Fate::Failed;
    match place {
        FLAKY if failed && !for_good => Ended::Failed,
        BROKEN if failed && for_good => Ended::Failed,
        RETRIED if run.retried => Ended::Retried,
        _ => Ended::Passed,
    }
}

/// A file for each class, as the Maven plugin writes them. Where a run failed for good, its last class took the whole
/// process down with it, and left an empty file behind.
fn surefire(run: &Run, job: &Job) -> Vec<(String, String)> {
    let mut files: Vec<(String, String)> = Vec::new();
    for classes in tests().chunk_by(|(_, (one, _)), (_, (next, _))| one == next) {
        let Some((_, (class, _))) = classes.first() else { continue };
        let mut body = String::new();
        for (place, (class, name)) in classes {
            let inner = match result(run, job, *place) {
                Ended::Passed => "",
                Ended::Retried => "<flakyFailure message=\"timed out after 500 ms\" type=\"shop.Late\"/>",
                Ended::Failed => "<failure message=\"expected 1 but was 2\" type=\"AssertionError\">at shop</failure>",
            };
            let _ =
                writeln!(body, "  <testcase classname=\"{class}\" name=\"{name}\" time=\"0.21\">{inner}</testcase>");
        }
        let count = classes.len();
        let crashed = run.fate == Fate::Failed && *class == CRASHED;
        let xml = if crashed {
            String::new()
        } else {
            format!(
                "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuite name=\"{class}\" tests=\"{count}\">\n{body}</testsuite>\n"
            )
        };
        files.push((format!("target/surefire-reports/TEST-{class}.xml"), xml));
    }
    files
}

/// One file. Where a run failed for good, its job died while it was being written.
fn pytest(run: &Run, job: &Job) -> String {
    let mut body = String::new();
    for (place, (class, name)) in tests() {
        let inner = match result(run, job, place) {
            // This dialect does not tell.
            Ended::Passed | Ended::Retried => "",
            Ended::Failed => "<failure message=\"assert 1 == 2\">tests/test_shop.py:12: AssertionError</failure>",
        };
        let _ = write!(body, "<testcase classname=\"{class}\" name=\"{name}\" time=\"0.034\">{inner}</testcase>");
    }
    let xml = format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?><testsuites><testsuite name=\"pytest\" errors=\"0\" \
         hostname=\"runner\">{body}</testsuite></testsuites>"
    );
    let kept = if run.fate == Fate::Failed { xml.len() * 3 / 4 } else { xml.len() };
    xml.chars().take(kept).collect()
}

fn tests() -> Vec<(usize, (&'static str, &'static str))> {
    TESTS.into_iter().enumerate().collect()
}

/// Returns GitLab's report: of the newest try of the job alone, and without a word on retries.
pub(super) fn gitlab(service: &Service, run: &Run, now: i64) -> Value {
    let job = service.tests.and_then(|_| tested(service, run, run.attempt, now));
    let suites: Vec<Value> = job.iter().map(|job| suite(run, job)).collect();
    let sum = |field: &str| suites.iter().filter_map(|suite| suite.get(field)?.as_u64()).sum::<u64>();
    json!({
        "total_time": suites.iter().filter_map(|suite| suite.get("total_time")?.as_f64()).sum::<f64>(),
        "total_count": sum("total_count"), "success_count": sum("success_count"), "failed_count": sum("failed_count"),
        "skipped_count": 0, "error_count": 0, "test_suites": suites,
    })
}

fn suite(run: &Run, job: &Job) -> Value {
    let case = |(place, (class, name)): (usize, (&str, &str))| {
        let failed = result(run, job, place) == Ended::Failed;
        json!({
            "status": if failed { "failed" } else { "success" }, "name": name, "classname": class, "file": null,
            "execution_time": 0.4, "system_output": failed.then_some("expected 1 but was 2"), "stack_trace": null,
            "attachment_url": null,
            "recent_failures": failed.then(|| json!({ "count": 2, "base_branch": "main" })),
        })
    };
    let cases: Vec<Value> = tests().into_iter().map(case).collect();
    let failed = cases.iter().filter(|case| case.get("status").is_some_and(|status| status == "failed")).count();
    json!({
        "name": job.name, "total_time": 4.8, "total_count": cases.len(), "success_count": cases.len() - failed,
        "failed_count": failed, "skipped_count": 0, "error_count": 0, "suite_error": null, "test_cases": cases,
    })
}
