//! GitLab CI against a loopback server that sends answers of the recorded shape.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

#[path = "support/ci.rs"]
mod ci;
#[expect(dead_code, reason = "shared with tests that need more of it")]
#[path = "support/loopback.rs"]
mod loopback;

#[path = "gitlab/deployments.rs"]
mod deployments;
#[path = "gitlab/trust.rs"]
mod trust;

use std::sync::Arc;

use ci::{fixture, jobs, key, options, runs, service, token};
use landfall::domain::{AuthKind, AuthStage, Failure, JobId, Stage};
use landfall::source::{CiProvider, GitLab};
use loopback::{Loopback, answer};
use rstest::rstest;

const REPO: &str = "platform/pay/core/api";
const JSON: (&str, &str) = ("content-type", "application/json");

fn anonymous(server: &Loopback) -> GitLab {
    GitLab::new(options(server.url.clone(), None)).unwrap()
}

/// Two pages of pipelines; the second is named by `x-next-page`, which the last page sends empty.
async fn two_pages() -> Loopback {
    Loopback::answering(|seen| {
        if seen.path.contains("scope=tags") {
            answer(200, &[JSON, ("x-next-page", "")], fixture("gitlab/pipelines_of_tags.json"))
        } else if seen.path.ends_with("page=2") {
            answer(200, &[JSON, ("x-next-page", "")], fixture("gitlab/pipelines_page2.json"))
        } else {
            answer(200, &[JSON, ("x-next-page", "2")], fixture("gitlab/pipelines_page1.json"))
        }
    })
    .await
}

fn paths(server: &Loopback) -> Vec<String> {
    server.seen().into_iter().map(|seen| seen.path).collect()
}

#[tokio::test]
async fn pipelines_are_read_with_their_nulls_and_odd_ones_are_counted() {
    let server = two_pages().await;
    let batch = anonymous(&server).runs(&service(REPO, &[], &[], "{sha}"), 20).await.unwrap();
    let (started, ended) = ("2026-03-04T05:00:00.123Z", "2026-03-04T05:10:00.456Z");
    assert_eq!(
        runs(&batch),
        [
            format!("209.1 #39 'Release' - push main - - running {started} -"),
            "208.1 #38 'Release' - push main - - waiting - -".to_owned(),
            "207.1 #37 '' - unknown - - - failure - -".to_owned(),
            format!("206.1 #36 'Release' - push main - - running {started} -"),
            format!("205.1 #35 'Release' - pull_request - - 42 success {started} {ended}"),
            format!("202.1 #32 'Release' - push main - - running {started} -"),
            format!("201.1 #31 'Release' - push v2.0.0 - - success {started} {ended}"),
            format!("200.1 #30 'Release' - schedule main - - cancelled {started} {ended}"),
            format!("199.1 #29 '' - push main - - skipped {started} {ended}"),
        ]
    );
    assert_eq!((batch.skipped, batch.complete), (3, true));
    let first = "/api/v4/projects/platform%2Fpay%2Fcore%2Fapi/pipelines?order_by=id&sort=desc&per_page=30";
    assert_eq!(paths(&server), [first.to_owned(), format!("{first}&page=2")]);
}

#[tokio::test]
async fn a_proxy_that_writes_its_own_addresses_does_not_lead_the_token_away() {
    let elsewhere = Loopback::answering(|_| answer(200, &[JSON], "[]")).await;
    let link = format!("<{}>; rel=\"next\"", elsewhere.at("api/v4/projects/1/pipelines?page=2&per_page=30"));
    let server = Loopback::answering(move |seen| {
        if seen.path.ends_with("page=2") {
            answer(200, &[JSON], fixture("gitlab/pipelines_page2.json"))
        } else {
            answer(200, &[JSON, ("link", &link)], fixture("gitlab/pipelines_page1.json"))
        }
    })
    .await;
    let batch = anonymous(&server).runs(&service(REPO, &[], &[], "{sha}"), 20).await.unwrap();
    assert!(batch.complete);
    assert_eq!((server.asked(), elsewhere.asked()), (2, 0));
}

#[tokio::test]
async fn which_pipeline_was_for_a_git_tag_is_asked_only_where_a_template_needs_it() {
    let server = two_pages().await;
    let batch = anonymous(&server).runs(&service(REPO, &[], &[], "{tag|lower}"), 20).await.unwrap();
    let tagged: Vec<_> = batch.items.iter().filter(|run| run.git_tag.is_some()).collect();
    assert_eq!(tagged.len(), 1);
    assert_eq!((tagged[0].key.id, tagged[0].branch.is_none()), (201, true));
    assert!(paths(&server)[2].contains("/pipelines?scope=tags&"), "{:?}", paths(&server));
}

#[tokio::test]
async fn an_instance_below_a_path_is_asked_there_with_a_bearer_token() {
    let server = two_pages().await;
    let folder = tempfile::tempdir().unwrap();
    let gitlab = GitLab::new(options(server.at("gitlab"), Some(token(&folder, "glpat-x")))).unwrap();
    gitlab.runs(&service(REPO, &[], &[], "{sha}"), 1).await.unwrap();
    let seen = &server.seen()[0];
    assert!(seen.path.starts_with("/gitlab/api/v4/projects/platform%2Fpay%2Fcore%2Fapi/"), "{}", seen.path);
    assert_eq!((seen.header("authorization"), seen.header("private-token")), (Some("Bearer glpat-x"), None));
}

#[tokio::test]
async fn the_newest_try_of_each_job_is_read_on_all_pages() {
    let server = Loopback::answering(|seen| {
        if seen.path.ends_with("page=2") {
            answer(200, &[JSON], fixture("gitlab/jobs_page2.json"))
        } else {
            answer(200, &[JSON, ("x-next-page", "2")], fixture("gitlab/jobs_page1.json"))
        }
    })
    .await;
    let batch = anonymous(&server).jobs(&key(REPO, 201, 1)).await.unwrap();
    assert_eq!(
        jobs(&batch),
        [
            "21 'docker' publish success false 2026-03-04T05:00:10.5Z 2026-03-04T05:09:00Z",
            "22 'scan' test failure true 2026-03-04T05:00:10.5Z 2026-03-04T05:09:00Z",
            "23 'deploy' deploy waiting false - -",
            "24 '' - cancelled false 2026-03-04T05:00:10.5Z 2026-03-04T05:09:00Z",
        ]
    );
    assert_eq!((batch.skipped, batch.complete), (1, true));
    let first = "/api/v4/projects/platform%2Fpay%2Fcore%2Fapi/pipelines/201/jobs?include_retried=false&per_page=100";
    assert_eq!(paths(&server)[0], first);
}

fn auth(kind: AuthKind) -> impl Fn(&Failure) -> bool {
    move |failure| matches!(failure, Failure::Auth { stage: AuthStage::Api, kind: found, .. } if *found == kind)
}

#[rstest]
#[case::expired(401, &[JSON], "expired.json", auth(AuthKind::Expired))]
#[case::unauthorized(401, &[JSON], "unauthorized.json", auth(AuthKind::Unknown))]
#[case::narrow(403, &[JSON], "insufficient_scope.json", auth(AuthKind::InsufficientScope))]
#[case::hidden(404, &[JSON], "not_found.json", |failure: &Failure| matches!(failure, Failure::NotFound(_)))]
#[case::retry_later(429, &[("retry-after", "30")], "login.html", |failure: &Failure| {
    matches!(failure, Failure::RateLimited { until: Some(_), .. })
})]
#[case::in_plain_text(429, &[("content-type", "text/plain"), ("retry-after", "60")], "retry_later.txt", |failure: &Failure| {
    matches!(failure, Failure::RateLimited { until: Some(_), says } if says.as_str() == "Retry later")
})]
#[case::broken(502, &[], "login.html", |failure: &Failure| {
    matches!(failure, Failure::Unreachable { stage: Stage::Server(502), .. })
})]
#[case::signed_out(200, &[("content-type", "text/html")], "login.html", |failure: &Failure| {
    matches!(failure, Failure::Malformed(says) if says.as_str().contains("Sign in"))
})]
#[case::no_list(200, &[JSON], "not_found.json", |failure: &Failure| matches!(failure, Failure::Malformed(_)))]
#[tokio::test]
async fn an_answer_that_is_no_list_is_a_failure_of_its_own_kind(
    #[case] status: u16,
    #[case] headers: &'static [(&str, &str)],
    #[case] body: &str,
    #[case] expected: impl Fn(&Failure) -> bool,
) {
    let body = fixture(&format!("gitlab/{body}"));
    let server = Loopback::answering(move |_| answer(status, headers, body.clone())).await;
    let failure = anonymous(&server).runs(&service(REPO, &[], &[], "{sha}"), 20).await.unwrap_err();
    assert!(expected(&failure), "{failure:?}");
}

#[tokio::test]
async fn a_trace_in_the_object_store_is_read_without_the_token() {
    let store =
        Loopback::answering(|_| answer(200, &[("content-type", "text/plain")], fixture("push_log/gitlab_docker.log")))
            .await;
    let there = store.at("trace?X-Amz-Signature=s3cret").to_string();
    let server = Loopback::answering(move |_| answer(302, &[("location", &there)], "")).await;
    let folder = tempfile::tempdir().unwrap();
    let gitlab = GitLab::new(options(server.url.clone(), Some(token(&folder, "glpat-x")))).unwrap();
    let log = gitlab.push_log(&key(REPO, 201, 1), JobId(21)).await.unwrap();
    assert_eq!(log.claims.len(), 1);
    assert_eq!(paths(&server), ["/api/v4/projects/platform%2Fpay%2Fcore%2Fapi/jobs/21/trace"]);
    assert_eq!(store.seen()[0].header("authorization"), None);
}

#[tokio::test]
async fn an_erased_trace_is_an_answer() {
    let server = Loopback::answering(|_| answer(200, &[("content-type", "text/plain")], "")).await;
    let log = anonymous(&server).push_log(&key(REPO, 201, 1), JobId(21)).await.unwrap();
    assert!(!log.available);
}

#[rstest]
#[case::its_own_word(r#"{"message":"404 Not Found"}"#, true)]
#[case::its_router(r#"{"error":"404 Not Found"}"#, true)]
#[case::a_gateways_word(r#"{"error":"no upstream"}"#, false)]
#[case::a_page("<html><title>404 Not Found</title></html>", false)]
#[tokio::test]
async fn a_trace_is_not_there_by_gitlabs_own_word_alone(#[case] body: &'static str, #[case] expected: bool) {
    let server = Loopback::answering(move |_| answer(404, &[JSON], body)).await;
    let log = anonymous(&server).push_log(&key(REPO, 201, 1), JobId(21)).await;
    assert_eq!(log.is_ok_and(|log| !log.available), expected);
}

/// Answers by `two_pages`, with a mark that never changes.
async fn marked_pages() -> Loopback {
    Loopback::answering(|seen| {
        if seen.header("if-none-match").is_some() {
            return answer(304, &[("etag", "W/\"one\"")], "");
        }
        let (body, next) = if seen.path.contains("scope=tags") {
            ("gitlab/pipelines_of_tags.json", "")
        } else if seen.path.ends_with("page=2") {
            ("gitlab/pipelines_page2.json", "")
        } else {
            ("gitlab/pipelines_page1.json", "2")
        };
        answer(200, &[JSON, ("x-next-page", next), ("etag", "W/\"one\"")], fixture(body))
    })
    .await
}

#[tokio::test]
async fn an_unchanged_list_comes_back_run_for_run_with_its_git_tags() {
    let server = marked_pages().await;
    let (gitlab, service) = (anonymous(&server), service(REPO, &[], &[], "{tag}"));
    let first = gitlab.runs(&service, 20).await.unwrap();
    let again = gitlab.runs(&service, 20).await.unwrap();
    assert_eq!(first.items.iter().filter(|run| run.git_tag.is_some()).count(), 1);
    assert!(first.items.iter().zip(&again.items).all(|(one, other)| Arc::ptr_eq(one, other)));
    assert_eq!((again.items.len(), again.complete), (first.items.len(), first.complete));
    let traffic = gitlab.traffic();
    assert_eq!((traffic.requests, traffic.not_modified), (6, 3));
}

#[tokio::test]
async fn a_refusal_names_the_token_and_a_new_one_is_noticed() {
    let server = Loopback::answering(|_| answer(401, &[JSON], fixture("gitlab/expired.json"))).await;
    let folder = tempfile::tempdir().unwrap();
    let gitlab = GitLab::new(options(server.url.clone(), Some(token(&folder, "glpat-x")))).unwrap();
    let failure = gitlab.runs(&service(REPO, &[], &[], "{sha}"), 1).await.unwrap_err();
    assert!(auth(AuthKind::Expired)(&failure), "{failure:?}");
    assert!(failure.to_string().contains("the token of ci (from the file "), "{failure}");
    assert!(!gitlab.renewed().await);
    token(&folder, "glpat-newer");
    assert!(gitlab.renewed().await);
    assert_eq!(server.asked(), 1);
}

#[tokio::test]
async fn jobs_that_are_confirmed_are_the_very_list_of_before() {
    let server = Loopback::answering(|seen| match seen.header("if-none-match") {
        Some(_) => answer(304, &[("etag", "W/\"one\"")], ""),
        None => answer(200, &[JSON, ("etag", "W/\"one\"")], fixture("gitlab/jobs_page2.json")),
    })
    .await;
    let gitlab = anonymous(&server);
    let first = gitlab.jobs(&key(REPO, 201, 1)).await.unwrap();
    let again = gitlab.jobs(&key(REPO, 201, 1)).await.unwrap();
    assert!(Arc::ptr_eq(&first, &again));
    assert_eq!((gitlab.traffic().requests, gitlab.traffic().not_modified), (2, 1));
}
