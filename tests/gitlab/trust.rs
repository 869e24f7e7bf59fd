//! The tries of a pipeline's jobs, and GitLab's own report on its tests.

use jiff::SignedDuration;
use landfall::domain::{FoundReport, Globs, Outcome, RunState};

use super::*;

fn job(id: u64, name: &str, status: &str, more: &str) -> String {
    format!(
        r#"{{"id":{id},"name":"{name}","stage":"test","status":"{status}","allow_failure":false,"web_url":"u",
            "created_at":"2026-03-04T05:00:00.000Z","started_at":"2026-03-04T05:01:00.000Z",
            "finished_at":"2026-03-04T05:03:00.000Z","queued_duration":12.5,"duration":108.25,"failure_reason":null{more}}}"#
    )
}

#[tokio::test]
async fn jobs_that_were_tried_again_are_read_and_numbered_by_their_ids() {
    let lost = job(11, "unit", "failed", "")
        .replace("\"failure_reason\":null", "\"failure_reason\":\"runner_system_failure\"");
    let body = format!(
        "[{},{},{},{}]",
        job(14, "unit", "success", ""),
        job(13, "lint", "success", ""),
        job(12, "unit", "failed", ""),
        lost
    );
    let server = Loopback::answering(move |_| answer(200, &[JSON, ("x-next-page", "")], body.clone())).await;
    let batch = anonymous(&server).tries(&key(REPO, 201, 1)).await.unwrap();
    let path = "/api/v4/projects/platform%2Fpay%2Fcore%2Fapi/pipelines/201/jobs?include_retried=true&per_page=100";
    assert_eq!(paths(&server), [path]);
    let tries: Vec<_> =
        batch.items.iter().map(|job| (job.id.0, job.name.as_str(), job.attempt, job.outcome())).collect();
    assert_eq!(
        tries,
        [
            (11, "unit", 1, Outcome::Infrastructure),
            (12, "unit", 2, Outcome::Failed),
            (13, "lint", 1, Outcome::Passed),
            (14, "unit", 3, Outcome::Passed),
        ]
    );
    assert_eq!(batch.items[0].waited(), Some(SignedDuration::from_millis(12_500)));
    assert_eq!(batch.items[0].ran(), Some(SignedDuration::from_millis(108_250)));
    assert_eq!(batch.items[0].stage.as_ref().map(landfall::domain::Text::as_str), Some("test"));
}

#[tokio::test]
async fn times_that_cannot_be_are_unknown() {
    let odd = job(11, "unit", "success", "").replace("12.5", "-3").replace("108.25", "1e300");
    let waits = job(12, "deploy", "manual", "").replace("12.5", "null").replace("108.25", "null");
    let body = format!("[{odd},{waits}]");
    let server = Loopback::answering(move |_| answer(200, &[JSON], body.clone())).await;
    let batch = anonymous(&server).tries(&key(REPO, 201, 1)).await.unwrap();
    assert_eq!((batch.items[0].queued, batch.items[0].took), (None, None));
    assert_eq!(batch.items[1].state, RunState::Waiting);
}

fn globs(patterns: &[&str]) -> Globs {
    Globs::parse(&patterns.iter().map(|&pattern| pattern.to_owned()).collect::<Vec<_>>()).unwrap()
}

/// What was found of each job: `NAME: REPORTS CASES CUT` and the reasons.
fn told(reports: &[FoundReport]) -> Vec<String> {
    let one = |found: &FoundReport| {
        let counted = found.summary.as_ref().map(|it| format!("{} {} {}", it.reports, it.counts.tests(), it.cut));
        let unread: Vec<String> = found.unread.iter().map(|(_, why)| why.to_string()).collect();
        format!("{}: {} {}", found.job, counted.unwrap_or_default(), unread.join("; ")).trim().to_owned()
    };
    reports.iter().map(one).collect()
}

#[tokio::test]
async fn the_report_of_a_pipeline_is_read_job_by_job_and_odd_cases_are_counted() {
    let server = Loopback::answering(|_| answer(200, &[JSON], fixture("gitlab/test_report.json"))).await;
    let reports = anonymous(&server).reports(&key(REPO, 201, 1), &globs(&["unit*", "e2e"])).await.unwrap();
    let path = "/api/v4/projects/platform%2Fpay%2Fcore%2Fapi/pipelines/201/test_report";
    assert_eq!(paths(&server), [path]);
    assert_eq!(
        told(&reports.0),
        ["e2e:  it was not given: JUnit XML parsing failed: 1:1: FATAL: Document is empty", "unit 1/2: 1 3 1"]
    );
    let unit = reports.0[1].summary.as_ref().unwrap();
    assert_eq!((unit.odd.len(), unit.passed.len(), unit.counts.skipped), (1, 1, 1));
    assert_eq!(unit.odd[0].name.as_str(), "refuses an empty cart");
    assert_eq!(unit.odd[0].message.as_deref(), Some("expected 0, got 1"));
}

#[tokio::test]
async fn a_pipeline_without_tests_has_an_empty_report() {
    let empty = r#"{"total_time":0,"total_count":0,"success_count":0,"failed_count":0,"skipped_count":0,"error_count":0,"test_suites":[]}"#;
    let server = Loopback::answering(move |_| answer(200, &[JSON], empty)).await;
    let reports = anonymous(&server).reports(&key(REPO, 201, 1), &globs(&["*"])).await.unwrap();
    assert!(reports.0.is_empty());
}

#[tokio::test]
async fn a_report_that_is_none_is_a_failure() {
    let server =
        Loopback::answering(|_| answer(200, &[("content-type", "text/html")], fixture("gitlab/login.html"))).await;
    let failure = anonymous(&server).reports(&key(REPO, 201, 1), &globs(&["*"])).await.unwrap_err();
    assert!(matches!(failure, Failure::Malformed(_)), "{failure:?}");
}
