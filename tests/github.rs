//! GitHub Actions against a loopback server that sends answers of the recorded shape.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

#[expect(dead_code, reason = "shared with tests that need more of it")]
#[path = "support/archive.rs"]
mod archive;
#[path = "support/ci.rs"]
mod ci;
#[path = "github/deployments.rs"]
mod deployments;
#[expect(dead_code, reason = "shared with tests that need more of it")]
#[path = "support/loopback.rs"]
mod loopback;
#[path = "github/memo.rs"]
mod memo;
#[path = "github/token.rs"]
mod refused;
#[path = "github/reports.rs"]
mod reports;
#[path = "github/tries.rs"]
mod tries;
#[path = "support/zipped.rs"]
mod zipped;

use ci::{fixture, jobs, key, options, runs, service, token};
use landfall::domain::{AuthKind, AuthStage, Failure, JobId, SecretSource, Stage};
use landfall::source::{CiProvider, GitHub};
use loopback::{Loopback, Seen, answer};
use rstest::rstest;

const REPO: &str = "acme/checkout";
const JSON: (&str, &str) = ("content-type", "application/json; charset=utf-8");

fn anonymous(server: &Loopback) -> GitHub {
    GitHub::new(options(server.url.clone(), None)).unwrap()
}

/// Two pages of runs; the second is named by `Link`.
async fn two_pages() -> Loopback {
    Loopback::answering(|seen| {
        let link =
            format!("<http://{}{}&page=2>; rel=\"next\", <x>; rel=\"last\"", seen.header("host").unwrap(), seen.path);
        if seen.path.contains("/tags") {
            answer(200, &[JSON], fixture("github/tags.json"))
        } else if seen.path.ends_with("page=2") {
            answer(200, &[JSON], fixture("github/runs_page2.json"))
        } else {
            answer(200, &[JSON, ("link", &link)], fixture("github/runs_page1.json"))
        }
    })
    .await
}

fn paths(server: &Loopback) -> Vec<String> {
    server.seen().into_iter().map(|seen| seen.path).collect()
}

#[tokio::test]
async fn runs_are_read_with_their_nulls_and_odd_ones_are_counted() {
    let server = two_pages().await;
    let batch = anonymous(&server).runs(&service(REPO, &["release*"], &[], "{sha}"), 20).await.unwrap();
    assert_eq!(
        runs(&batch),
        [
            "109.2 #29 'release' release.yml push main - - running 2026-03-04T05:30:00Z -",
            "108.1 #28 'release' release.yml push main - - waiting 2026-03-04T05:00:05Z -",
            "107.1 #27 'release.yml' release.yml push - - - stale 2026-03-04T05:00:00Z 2026-03-04T05:10:00Z",
            "106.1 #26 'release' release.yml push main - - running 2026-03-04T05:00:05Z -",
            "102.1 #22 'release' release.yml pull_request fix/red - 17 success 2026-03-04T05:00:05Z 2026-03-04T05:10:00Z",
            "101.1 #21 'release' release.yml push main - - success 2026-03-04T05:00:05Z 2026-03-04T05:10:00Z",
            "100.1 #20 'release' release.yml push main - - timed out 2026-03-04T05:00:05Z 2026-03-04T05:10:00Z",
            "99.1 #19 'release' release.yml push main - - skipped 2026-03-04T05:00:05Z 2026-03-04T05:10:00Z",
            "98.1 #18 'release' release.yml release - v1.8.0 - success 2026-03-04T05:00:05Z 2026-03-04T05:10:00Z",
            "97.1 #17 'release' release.yml push v1.7.0 - - success 2026-03-04T05:00:05Z 2026-03-04T05:10:00Z",
        ]
    );
    assert_eq!((batch.skipped, batch.complete), (3, true));
    assert!(!batch.items[2].state.is_success());
}

#[tokio::test]
async fn one_workflow_file_is_asked_for_by_its_own_route() {
    let server = two_pages().await;
    let github = anonymous(&server);
    github.runs(&service(REPO, &["release.yml"], &[], "{sha}"), 3).await.unwrap();
    github.runs(&service(REPO, &["release*.yml"], &["pull_request"], "{sha}"), 40).await.unwrap();
    let paths = paths(&server);
    let first = "/repos/acme/checkout/actions/workflows/release.yml/runs?per_page=30&exclude_pull_requests=true";
    assert_eq!(paths[..2], [first, "/repos/acme/checkout/actions/runs?per_page=60"]);
}

#[tokio::test]
async fn pages_are_read_until_enough_runs_are_to_publish() {
    let server = two_pages().await;
    let batch = anonymous(&server).runs(&service(REPO, &["release.yml"], &[], "{sha}"), 5).await.unwrap();
    let ids: Vec<u64> = batch.items.iter().map(|run| run.key.id).collect();
    assert_eq!(ids, [109, 108, 107, 106, 102, 101], "the pull request stands between and is kept");
    assert!(batch.complete);
    assert_eq!(server.asked(), 1);
}

#[tokio::test]
async fn which_run_was_for_a_git_tag_is_asked_only_where_a_template_needs_it() {
    let server = two_pages().await;
    let batch = anonymous(&server).runs(&service(REPO, &["release.yml"], &[], "{tag}"), 20).await.unwrap();
    let tagged: Vec<_> =
        batch.items.iter().filter_map(|run| Some((run.key.id, run.git_tag.as_ref()?.as_str()))).collect();
    assert_eq!(tagged, [(98, "v1.8.0"), (97, "v1.7.0")], "a tag called main points to another commit");
    assert_eq!(server.asked(), 3);
}

#[tokio::test]
async fn a_later_page_that_fails_leaves_what_was_read() {
    let server = Loopback::answering(|seen| {
        let link = format!("<http://{}{}&page=2>; rel=\"next\"", seen.header("host").unwrap(), seen.path);
        if seen.path.ends_with("page=2") {
            answer(502, &[], "<html><title>502 Bad Gateway</title></html>")
        } else {
            answer(200, &[JSON, ("link", &link)], fixture("github/runs_page1.json"))
        }
    })
    .await;
    let batch = anonymous(&server).runs(&service(REPO, &["release.yml"], &[], "{sha}"), 20).await.unwrap();
    assert_eq!((batch.items.len(), batch.complete), (6, false));
}

#[tokio::test]
async fn a_later_page_that_holds_nothing_is_not_the_end_of_the_list() {
    let server = Loopback::answering(|seen| {
        let link = format!("<http://{}{}&page=2>; rel=\"next\"", seen.header("host").unwrap(), seen.path);
        if seen.path.ends_with("page=2") {
            answer(200, &[JSON], r#"{"total_count":0,"workflow_runs":[]}"#)
        } else {
            answer(200, &[JSON, ("link", &link)], fixture("github/runs_page1.json"))
        }
    })
    .await;
    let batch = anonymous(&server).runs(&service(REPO, &["release.yml"], &[], "{sha}"), 20).await.unwrap();
    assert_eq!((batch.items.len(), batch.complete), (6, false));
}

#[tokio::test]
async fn a_list_that_goes_on_at_another_origin_is_not_followed() {
    let other = Loopback::answering(|_| answer(200, &[JSON], fixture("github/runs_page2.json"))).await;
    let link = format!("<{}>; rel=\"next\"", other.at("repos/acme/checkout/actions/runs?page=2"));
    let server =
        Loopback::answering(move |_| answer(200, &[JSON, ("link", &link)], fixture("github/runs_page1.json"))).await;
    let folder = tempfile::tempdir().unwrap();
    let github = GitHub::new(options(server.url.clone(), Some(token(&folder, "t0ken")))).unwrap();
    let batch = github.runs(&service(REPO, &[], &[], "{sha}"), 20).await.unwrap();
    assert!(!batch.complete);
    assert_eq!(other.asked(), 0);
}

#[tokio::test]
async fn an_unchanged_list_costs_no_body_and_says_the_same() {
    let server = Loopback::answering(|seen| match seen.header("if-none-match") {
        Some("\"one\"") => answer(304, &[("x-ratelimit-remaining", "59")], ""),
        _ => answer(200, &[JSON, ("etag", "\"one\"")], fixture("github/runs_page2.json")),
    })
    .await;
    let github = anonymous(&server);
    let service = service(REPO, &[], &[], "{sha}");
    let first = github.runs(&service, 20).await.unwrap();
    assert_eq!(github.runs(&service, 20).await.unwrap(), first);
    let traffic = github.traffic();
    assert_eq!((traffic.requests, traffic.not_modified), (2, 1));
    assert_eq!(traffic.budget.unwrap().remaining, 59);
}

#[tokio::test]
async fn every_request_says_who_asks_and_what_is_accepted() {
    let server = two_pages().await;
    let folder = tempfile::tempdir().unwrap();
    let base = server.at("api/v3");
    let github = GitHub::new(options(base, Some(token(&folder, " t0ken\n")))).unwrap();
    github.runs(&service(REPO, &[], &[], "{sha}"), 1).await.unwrap();
    let seen: &Seen = &server.seen()[0];
    assert!(seen.path.starts_with("/api/v3/repos/acme/checkout/actions/runs?"), "{}", seen.path);
    assert_eq!(seen.header("authorization"), Some("Bearer t0ken"));
    assert_eq!(seen.header("accept"), Some("application/vnd.github+json"));
    assert_eq!(seen.header("x-github-api-version"), Some("2022-11-28"));
    assert_eq!(seen.header("user-agent"), Some(concat!("landfall/", env!("CARGO_PKG_VERSION"))));
}

#[tokio::test]
async fn the_jobs_of_this_attempt_are_read_on_all_pages() {
    let server = Loopback::answering(|seen| {
        let link = format!("<http://{}{}&page=2>; rel=\"next\"", seen.header("host").unwrap(), seen.path);
        if seen.path.ends_with("page=2") {
            answer(200, &[JSON], fixture("github/jobs_page2.json"))
        } else {
            answer(200, &[JSON, ("link", &link)], fixture("github/jobs_page1.json"))
        }
    })
    .await;
    let batch = anonymous(&server).jobs(&key(REPO, 101, 2)).await.unwrap();
    assert_eq!(
        jobs(&batch),
        [
            "11 'docker (linux/amd64)' - success false 2026-03-04T05:00:10Z 2026-03-04T05:09:00Z",
            "12 'test' - failure false 2026-03-04T05:00:10Z 2026-03-04T05:09:00Z",
            "13 'deploy' - waiting false - -",
            "14 'notify' - skipped false 2026-03-04T05:00:10Z -",
        ]
    );
    assert_eq!((batch.skipped, batch.complete), (1, true));
    assert_eq!(paths(&server)[0], "/repos/acme/checkout/actions/runs/101/attempts/2/jobs?per_page=100");
}

fn auth(kind: AuthKind) -> impl Fn(&Failure) -> bool {
    move |failure| matches!(failure, Failure::Auth { stage: AuthStage::Api, kind: found, .. } if *found == kind)
}

fn limited(known: bool) -> impl Fn(&Failure) -> bool {
    move |failure| matches!(failure, Failure::RateLimited { until, .. } if until.is_some() == known)
}

#[rstest]
#[case::bad_credentials(401, &[], "bad_credentials.json", auth(AuthKind::InvalidToken))]
#[case::spent(403, &[("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "4102444800")], "rate_limit.json", limited(true))]
#[case::secondary(403, &[("retry-after", "60")], "secondary_limit.json", limited(true))]
#[case::secondary_without_a_time(403, &[], "secondary_limit.json", limited(false))]
#[case::secondary_by_its_page(403, &[("x-ratelimit-remaining", "4000")], "secondary_page.json", limited(false))]
#[case::told_to_wait(403, &[("retry-after", "60")], "not_accessible.json", limited(true))]
#[case::too_many(429, &[("retry-after", "5")], "secondary_limit.json", limited(true))]
#[case::no_right(403, &[("x-ratelimit-remaining", "58")], "not_accessible.json", |failure: &Failure| matches!(failure, Failure::Forbidden(_)))]
#[case::not_found(404, &[], "not_found.json", |failure: &Failure| *failure == Failure::NotFound("Not Found".into()))]
#[case::broken(503, &[], "unicorn.html", |failure: &Failure| matches!(failure, Failure::Unreachable { stage: Stage::Server(503), .. }))]
#[case::a_page(200, &[("content-type", "text/html")], "unicorn.html", |failure: &Failure| matches!(failure, Failure::Malformed(_)))]
#[case::cut(200, &[], "truncated.json", |failure: &Failure| matches!(failure, Failure::Malformed(_)))]
#[case::another_shape(200, &[], "not_found.json", |failure: &Failure| matches!(failure, Failure::Malformed(_)))]
#[tokio::test]
async fn an_answer_that_is_no_list_is_a_failure_of_its_own_kind(
    #[case] status: u16,
    #[case] headers: &'static [(&str, &str)],
    #[case] body: &str,
    #[case] expected: impl Fn(&Failure) -> bool,
) {
    let body = fixture(&format!("github/{body}"));
    let server = Loopback::answering(move |_| answer(status, headers, body.clone())).await;
    let folder = tempfile::tempdir().unwrap();
    let github = GitHub::new(options(server.url.clone(), Some(token(&folder, "t0ken")))).unwrap();
    let failure = github.runs(&service(REPO, &[], &[], "{sha}"), 20).await.unwrap_err();
    assert!(expected(&failure), "{failure:?}");
    assert_eq!(server.asked(), 1, "nothing is asked twice here");
}

#[tokio::test]
async fn a_log_elsewhere_is_read_without_the_token() {
    let store =
        Loopback::answering(|_| answer(200, &[("content-type", "text/plain")], fixture("push_log/github_docker.log")))
            .await;
    let there = store.at("logs/11?sig=s3cret").to_string();
    let server = Loopback::answering(move |_| answer(302, &[("location", &there)], "")).await;
    let folder = tempfile::tempdir().unwrap();
    let github = GitHub::new(options(server.url.clone(), Some(token(&folder, "t0ken")))).unwrap();
    let log = github.push_log(&key(REPO, 101, 1), JobId(11)).await.unwrap();
    assert_eq!(log.claims.len(), 2);
    assert_eq!(paths(&server), ["/repos/acme/checkout/actions/jobs/11/logs"]);
    let seen = &store.seen()[0];
    assert_eq!((seen.header("authorization"), seen.header("x-github-api-version")), (None, None));
}

#[rstest]
#[case(404, r#"{"message":"Not Found","status":"404"}"#)]
#[case(410, r#"{"message":"Server Error","documentation_url":"https://docs.github.com/rest/actions"}"#)]
#[tokio::test]
async fn an_absent_log_is_an_answer(#[case] status: u16, #[case] body: &'static str) {
    let server = Loopback::answering(move |_| answer(status, &[JSON], body)).await;
    let log = anonymous(&server).push_log(&key(REPO, 101, 1), JobId(11)).await.unwrap();
    assert!(!log.available);
}

const PAGE: &str = "<!DOCTYPE html><title>Not here</title>";

#[rstest]
#[case::a_page(404, &[("content-type", "text/html")], PAGE)]
#[case::a_page_called_json(404, &[JSON], PAGE)]
#[case::nothing(404, &[], "")]
#[case::another_gateways_json(404, &[JSON], r#"{"message":"no Route matched with those values"}"#)]
#[case::gone_by_nobodys_word(410, &[], "gone")]
#[case::a_page_called_text(200, &[("content-type", "text/plain; charset=utf-8")], PAGE)]
#[case::a_page_after_blanks(200, &[], "\u{feff}\r\n  <html lang=en><body>Sign in</body></html>")]
#[case::a_stores_error(200, &[], "<?xml version=\"1.0\"?><Error><Code>BlobNotFound</Code></Error>")]
#[tokio::test]
async fn what_a_gateway_says_is_no_log_and_no_word_of_its_absence(
    #[case] status: u16,
    #[case] headers: &'static [(&'static str, &'static str)],
    #[case] body: &'static str,
) {
    let server = Loopback::answering(move |_| answer(status, headers, body)).await;
    let failure = anonymous(&server).push_log(&key(REPO, 101, 1), JobId(11)).await.unwrap_err();
    assert!(matches!(failure, Failure::Malformed(_) | Failure::Ambiguous(_)), "{failure:?}");
}

#[tokio::test]
async fn a_store_that_knows_no_such_log_does_not_say_that_there_is_none() {
    let store = Loopback::answering(|_| answer(404, &[JSON], fixture("github/not_found.json"))).await;
    let there = store.at("logs/11").to_string();
    let server = Loopback::answering(move |_| answer(302, &[("location", &there)], "")).await;
    let failure = anonymous(&server).push_log(&key(REPO, 101, 1), JobId(11)).await.unwrap_err();
    assert!(matches!(failure, Failure::Ambiguous(_)), "{failure:?}");
}

#[tokio::test]
async fn a_store_that_refuses_says_nothing_about_our_token() {
    let store = Loopback::answering(|_| answer(403, &[], "<Error><Code>AuthenticationFailed</Code></Error>")).await;
    let there = store.at("logs/11").to_string();
    let server = Loopback::answering(move |_| answer(302, &[("location", &there)], "")).await;
    let failure = anonymous(&server).push_log(&key(REPO, 101, 1), JobId(11)).await.unwrap_err();
    assert!(matches!(failure, Failure::Ambiguous(_)), "{failure:?}");
}

#[tokio::test]
async fn a_log_that_is_a_login_page_is_no_log() {
    let server =
        Loopback::answering(|_| answer(200, &[("content-type", "text/html")], fixture("github/unicorn.html"))).await;
    let failure = anonymous(&server).push_log(&key(REPO, 101, 1), JobId(11)).await.unwrap_err();
    assert!(matches!(failure, Failure::Malformed(_)), "{failure:?}");
}

#[tokio::test]
async fn of_a_huge_log_the_ends_are_read() {
    let digest = format!("sha256:{}", "1".repeat(64));
    let filler = "Compiling something or other\n".repeat(120_000);
    let end = format!("The push refers to repository [ghcr.io/acme/a]\nv2: digest: {digest} size: 1\n");
    let log = format!("The push refers to repository [ghcr.io/acme/b]\nv1: digest: {digest} size: 1\n{filler}{end}");
    let server = Loopback::answering(move |_| answer(200, &[], log.clone())).await;
    let log = anonymous(&server).push_log(&key(REPO, 101, 1), JobId(11)).await.unwrap();
    let tags: Vec<_> = log.claims.iter().map(|claim| claim.tag.as_ref().unwrap().as_str()).collect();
    assert_eq!(tags, ["v1", "v2"]);
    assert!(log.truncated);
}

#[tokio::test]
async fn a_token_that_cannot_be_read_is_told_and_nothing_is_sent() {
    let server = two_pages().await;
    let source = SecretSource::File("/nowhere/token".into());
    let github = GitHub::new(options(server.url.clone(), Some(source))).unwrap();
    let failure = github.runs(&service(REPO, &[], &[], "{sha}"), 1).await.unwrap_err();
    assert!(matches!(failure, Failure::Auth { stage: AuthStage::Local, .. }), "{failure:?}");
    assert!(failure.to_string().contains("/nowhere/token"), "{failure}");
    assert_eq!(server.asked(), 0);
}

#[tokio::test]
async fn nobody_listening_is_no_connection() {
    let server = two_pages().await;
    let url = server.url.clone();
    drop(server);
    let github = GitHub::new(options(url, None)).unwrap();
    let failure = github.runs(&service(REPO, &[], &[], "{sha}"), 1).await.unwrap_err();
    assert!(matches!(failure, Failure::Unreachable { stage: Stage::Connect, .. }), "{failure:?}");
}
