//! The jobs of every try of a run, and marks of retries in logs.

use jiff::SignedDuration;
use landfall::domain::{Conclusion, Event, Execution, JobId, Outcome, Retries, Run, RunState, Sha};

use super::*;

/// A run that passed at its last attempt, as a list has it.
fn listed(id: u64, attempt: u32) -> Run {
    Run {
        key: key(REPO, id, attempt),
        number: id,
        workflow: "ci".into(),
        workflow_file: None,
        event: Event("push".into()),
        branch: Some("main".into()),
        git_tag: None,
        pull_request: None,
        sha: Sha::parse(&"a".repeat(40)).unwrap(),
        title: "Change something".into(),
        url: "https://ci.test/run".into(),
        state: RunState::Finished(Conclusion::Success),
        created_at: None,
        committed_at: None,
        started_at: None,
        finished_at: None,
    }
}

fn job(id: u64, attempt: u32, conclusion: &str, started: &str, ended: &str) -> String {
    format!(
        r#"{{"id":{id},"run_id":101,"run_attempt":{attempt},"name":"test (linux)","html_url":null,"status":"completed",
            "conclusion":"{conclusion}","created_at":"2026-03-04T05:00:00Z","started_at":"2026-03-04T{started}Z",
            "completed_at":"2026-03-04T{ended}Z","steps":[],"runner_name":null}}"#
    )
}

#[tokio::test]
async fn the_jobs_of_every_attempt_are_read_with_one_request_and_an_earlier_failure_is_seen() {
    let first = job(11, 1, "failure", "05:01:00", "05:04:00");
    let second = job(12, 2, "success", "05:31:00", "05:34:00");
    let body = format!(r#"{{"total_count":3,"jobs":[{first},{second},{{"id":"odd"}}]}}"#);
    let server = Loopback::answering(move |_| answer(200, &[JSON, ("etag", "\"one\"")], body.clone())).await;
    let github = anonymous(&server);
    let batch = github.tries(&key(REPO, 101, 2)).await.unwrap();
    assert_eq!(paths(&server), ["/repos/acme/checkout/actions/runs/101/jobs?filter=all&per_page=100"]);
    assert_eq!((batch.items.len(), batch.skipped, batch.complete), (2, 1, true));
    assert_eq!(batch.items.iter().map(|job| job.attempt).collect::<Vec<_>>(), [1, 2]);
    assert_eq!(batch.items[0].waited(), Some(SignedDuration::from_secs(60)));
    let run = listed(101, 2);
    let execution = Execution::of(&run, true, Retries::Runs, Some(batch.items));
    let tries: Vec<_> = execution.tries.iter().copied().collect();
    assert_eq!(tries, [(1, Outcome::Failed), (2, Outcome::Passed)]);
    assert!(!execution.earlier_unseen);
    assert_eq!(github.traffic().cache_bytes, 0, "what is read once is not remembered to be asked for again");
}

#[tokio::test]
async fn a_list_of_tries_that_cannot_be_read_is_a_failure() {
    let server = Loopback::answering(|_| answer(404, &[JSON], fixture("github/not_found.json"))).await;
    let failure = anonymous(&server).tries(&key(REPO, 101, 2)).await.unwrap_err();
    assert!(matches!(failure, Failure::NotFound(_)), "{failure:?}");
}

#[tokio::test]
async fn a_log_that_is_read_anyhow_tells_of_retries_too() {
    let log = "TRY 1 FAIL [   0.1s] shop::cart cart_is_empty\nTRY 2 PASS [   0.1s] shop::cart cart_is_empty\n";
    let server = Loopback::answering(move |_| answer(200, &[("content-type", "text/plain")], log)).await;
    let read = anonymous(&server).push_log(&key(REPO, 101, 1), JobId(11)).await.unwrap();
    let marks = read.retries.unwrap();
    assert_eq!((marks.flaky, marks.tests[0].failed, marks.tests[0].passed), (1, 1, true));
    let server = Loopback::answering(|_| answer(200, &[("content-type", "text/plain")], "all is well\n")).await;
    assert_eq!(anonymous(&server).push_log(&key(REPO, 101, 1), JobId(11)).await.unwrap().retries, None);
}
