//! GitLab's merged configuration and schedules.

use std::sync::Arc;

use http::Method;
use landfall::domain::{Batch, Failure, NamedSecret, Pipeline, RepoPath, Schedule};
use landfall::source::{CiProvider, GitLab};

use crate::ci::options;
use crate::loopback::{Loopback, Seen, answer};

const JSON: (&str, &str) = ("content-type", "application/json");
const LINT: &str =
    r#"{"valid":true,"merged_yaml":"---\nbuild:\n  script:\n  - login $TOKEN\n","errors":[],"warnings":[]}"#;
const SCHEDULE: &str = r#"{"id":1,"description":"nightly release","ref":"refs/heads/main","cron":"0 1 * * *",
  "cron_timezone":"Berlin","next_run_at":"2026-11-28T00:00:00.000Z","active":true,
  "variables":[{"key":"A","value":"CANARY"}]}"#;

fn path(seen: &Seen) -> &str {
    seen.path.strip_prefix("/api/v4/projects/acme%2Fteam%2Fweb/").unwrap()
}

async fn read(server: &Loopback) -> Result<Arc<Batch<Pipeline>>, Failure> {
    let gitlab = GitLab::new(options(server.url.clone(), None)).unwrap();
    gitlab.pipelines(&RepoPath::parse("acme/team/web").unwrap()).await
}

#[tokio::test]
async fn the_merged_configuration_and_every_page_of_schedules_are_read() {
    let server = Loopback::answering(|seen| match path(seen) {
        "ci/lint" => answer(200, &[JSON], LINT),
        "pipeline_schedules?per_page=100" => answer(200, &[JSON, ("x-next-page", "2")], format!("[{SCHEDULE}]")),
        _ => answer(200, &[JSON], r#"[{"description":"","cron":"@daily","active":false}]"#),
    })
    .await;
    let batch = read(&server).await.unwrap();
    let [pipeline] = batch.items.as_slice() else { panic!("{batch:?}") };
    assert_eq!(pipeline.uses[0].secret, NamedSecret::Exactly("TOKEN".into()));
    let nightly = Schedule {
        name: Some("nightly release".into()),
        cron: "0 1 * * *".into(),
        zone: Some("Berlin".into()),
        next_run_at: Some("2026-11-28T00:00:00Z".parse().unwrap()),
        switched_off: false,
    };
    let other = Schedule { cron: "@daily".into(), switched_off: true, ..Schedule::default() };
    assert_eq!(pipeline.schedules, [nightly, other]);
    assert!(server.seen().iter().all(|seen| seen.method == Method::GET));
    assert!(!format!("{batch:?}").contains("CANARY"), "the values of a schedule's variables do not come through");
}

#[tokio::test]
async fn what_did_not_change_costs_two_304() {
    let server = Loopback::answering(|seen| {
        if seen.header("if-none-match").is_some() {
            return answer(304, &[("etag", "\"one\"")], "");
        }
        let body = if path(seen) == "ci/lint" { LINT } else { "[]" };
        answer(200, &[JSON, ("etag", "\"one\"")], body)
    })
    .await;
    let gitlab = GitLab::new(options(server.url.clone(), None)).unwrap();
    let repo = RepoPath::parse("acme/team/web").unwrap();
    let first = gitlab.pipelines(&repo).await.unwrap();
    let again = gitlab.pipelines(&repo).await.unwrap();
    assert!(Arc::ptr_eq(&first, &again));
    assert_eq!((server.asked(), gitlab.traffic().not_modified), (4, 2));
}

#[tokio::test]
async fn a_configuration_that_is_closed_absent_or_wrong_is_told_apart() {
    let lint = async |status: u16, body: &'static str| {
        let server = Loopback::answering(move |seen| match path(seen) {
            "ci/lint" => answer(status, &[JSON], body),
            _ => answer(200, &[JSON], "[]"),
        });
        read(&server.await).await
    };
    assert!(matches!(lint(403, r#"{"message":"403 Forbidden"}"#).await, Err(Failure::Forbidden(_))));
    assert!(matches!(lint(404, r#"{"message":"404 Project Not Found"}"#).await, Err(Failure::NotFound(_))));
    assert!(matches!(lint(200, "<html>Sign in</html>").await, Err(Failure::Malformed(_))));
    let none = lint(200, r#"{"valid":false,"errors":["Please provide content of .gitlab-ci.yml"],"merged_yaml":null}"#);
    assert_eq!(none.await.unwrap().items, []);
    let why = |batch: &Batch<Pipeline>| batch.items[0].unread.as_ref().unwrap().to_string();
    let wrong = lint(200, r#"{"valid":false,"errors":["jobs config should contain a job"],"merged_yaml":null}"#);
    assert!(why(&wrong.await.unwrap()).contains("not valid: jobs config"));
    let hostile = lint(200, r#"{"valid":true,"merged_yaml":"a: &a [*a]"}"#);
    assert!(why(&hostile.await.unwrap()).contains("itself a part"));
}

#[tokio::test]
async fn schedules_that_cannot_be_read_leave_the_uses_and_say_so() {
    let server = Loopback::answering(|seen| match path(seen) {
        "ci/lint" => answer(200, &[JSON], LINT),
        _ => answer(403, &[JSON], r#"{"message":"403 Forbidden"}"#),
    })
    .await;
    let batch = read(&server).await.unwrap();
    assert_eq!(batch.items[0].uses.len(), 1);
    assert!(batch.items[0].unread.as_ref().unwrap().raw().contains("schedules were not read"));
}
