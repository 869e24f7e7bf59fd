//! CI providers that cannot be asked, and GitLab as the provider.

use axum::http::StatusCode;
use futures_util::{StreamExt as _, stream};

use crate::ci::{Mood, TOKEN};
use crate::lab::{Checked, IMAGE, Lab};
use crate::push::{Image, Login, Pusher};
use crate::registry::Registry;
use crate::script::{Run, sha, tag};
use crate::serve::Sink;

/// A laboratory with one image that landed.
async fn one_landed() -> (Lab, Registry) {
    let (lab, registry, pusher) = Lab::open().await;
    pusher.image(Some(&tag(&sha('a'))), &Image::of("a", &sha('a'))).await;
    lab.ci.runs("acme/shop", [Run::green(1, &sha('a'))]);
    (lab, registry)
}

/// Holds that nothing is claimed, and that the report says which source could not be asked and why.
#[track_caller]
fn could_not_ask(checked: &Checked) -> String {
    assert_eq!(checked.code, 3, "{}\n{:#}\n{}", checked.about, checked.report, checked.stderr);
    assert_eq!(checked.report["complete"], false);
    for row in checked.report["images"].as_array().unwrap() {
        assert_eq!(row["verdict"], "unknown", "{row:#}");
    }
    let sources = checked.report["sources"].as_array().unwrap();
    let github = sources.iter().find(|source| source["id"] == "github").unwrap();
    assert_ne!(github["state"], "ok", "{github:#}");
    let failure = &github["failure"];
    assert!(!failure.is_null(), "{github:#}");
    failure.to_string()
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs docker-registry: run tests/run"]
async fn a_ci_that_is_down_proves_nothing() {
    let (mut lab, _registry) = one_landed().await;
    lab.ci.stop();
    could_not_ask(&lab.check().await);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs docker-registry: run tests/run"]
async fn a_ci_that_refuses_or_babbles_proves_nothing() {
    let (_lab, registry) = &one_landed().await;
    let page = "<html><body>Sign in to continue</body></html>".to_owned();
    let runs = r#"{"total_count":1,"workflow_runs":[{"id":1,"head_sha":"#.to_owned();
    let broken = [
        (StatusCode::OK, "text/html", page.clone()),
        (StatusCode::UNAUTHORIZED, "application/json", r#"{"message":"Bad credentials"}"#.to_owned()),
        (StatusCode::FORBIDDEN, "application/json", r#"{"message":"Resource not accessible"}"#.to_owned()),
        (StatusCode::NOT_FOUND, "application/json", r#"{"message":"Not Found"}"#.to_owned()),
        (StatusCode::NOT_FOUND, "text/html", page.clone()),
        (StatusCode::TOO_MANY_REQUESTS, "application/json", r#"{"message":"secondary rate limit"}"#.to_owned()),
        (StatusCode::BAD_GATEWAY, "text/html", page),
        (StatusCode::OK, "application/json", runs),
        (StatusCode::OK, "application/json", "[]".to_owned()),
        (StatusCode::OK, "application/json", "{}".to_owned()),
        (StatusCode::OK, "application/json", String::new()),
    ];
    // Most of the time is spent on waiting for a second try, so a few wait together.
    let each = broken.into_iter().map(|(status, kind, body)| async move {
        let lab = Lab::shop(&registry.host).await;
        let about = format!("{status} {kind} {body}");
        lab.ci.be(Mood::Broken(status, kind, body));
        could_not_ask(&lab.check().await.about(about));
    });
    stream::iter(each).buffer_unordered(6).collect::<()>().await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs docker-registry: run tests/run"]
async fn a_ci_that_sends_us_elsewhere_does_not_send_our_token_along() {
    let (lab, _registry) = one_landed().await;
    let sink = Sink::start().await;
    lab.ci.be(Mood::Redirecting(sink.url()));
    could_not_ask(&lab.check().await);
    for seen in sink.seen() {
        let lower = seen.to_lowercase();
        assert!(
            !lower.contains("authorization") && !lower.contains(TOKEN) && !lower.contains("private-token"),
            "{seen}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs docker-registry: run tests/run"]
async fn a_repository_that_the_ci_does_not_know_leaves_the_others_alone() {
    let (mut lab, registry) = one_landed().await;
    lab.service("deleted", &registry.host, "");
    let checked = lab.check().await;
    assert_eq!(checked.code, 3, "{:#}\n{}", checked.report, checked.stderr);
    assert_eq!(checked.row(&sha('a'))["verdict"], "landed");
    assert_eq!(checked.report["complete"], false);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs docker-registry: run tests/run"]
async fn whether_a_run_without_a_branch_was_to_publish_is_unknown_and_it_hides_no_other() {
    let (lab, _registry) = one_landed().await;
    let headless = Run { branch: None, ..Run::green(2, &sha('b')) };
    lab.ci.runs("acme/shop", [headless, Run::green(1, &sha('a'))]);
    let checked = lab.check().await;
    checked.says(&sha('a'), "landed", 3);
    let evidence = checked.could_not_look(&sha('b'));
    assert!(evidence.contains("names no branch, and only some branches publish here"), "{evidence}");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs docker-registry: run tests/run"]
async fn whoever_waits_does_not_wait_for_a_run_without_a_branch() {
    let (lab, _registry, pusher) = Lab::open().await;
    pusher.image(Some(&tag(&sha('a'))), &Image::of("a", &sha('a'))).await;
    let headless = Run { branch: None, ..Run::green(2, &sha('b')) };
    lab.ci.runs("acme/shop", [headless, Run::green(1, &sha('a'))]);
    // The laboratory itself waits for an end no longer than a minute.
    let arguments = ["--wait", "10m"];
    let checked = lab.check_with(&arguments).await;
    checked.says(&sha('a'), "landed", 3);
    checked.could_not_look(&sha('b'));
    pusher.image(Some(&tag(&sha('b'))), &Image::of("b", &sha('b'))).await;
    lab.check_with(&arguments).await.says(&sha('b'), "landed", 0);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs docker-registry: run tests/run"]
async fn a_log_that_cannot_be_read_keeps_no_verdict_from_being_sure() {
    let (lab, _registry) = one_landed().await;
    lab.ci.runs("acme/shop", [Run::green(2, &sha('b')), Run::green(1, &sha('a'))]);
    let checked = lab.check().await;
    checked.says(&sha('b'), "missing", 1);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs docker-registry: run tests/run"]
async fn jobs_and_logs_are_read_only_where_they_can_change_a_verdict() {
    let (lab, _registry) = one_landed().await;
    lab.check().await.says(&sha('a'), "landed", 0);
    let asked = lab.ci.asked();
    let logs: Vec<&String> = asked.iter().filter(|path| path.contains("/logs") || path.contains("/signed/")).collect();
    assert!(logs.is_empty(), "an image that landed with its label needs no log: {asked:#?}");
    assert!(asked.len() <= 2, "{asked:#?}");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs docker-registry: run tests/run"]
async fn gitlab_pipelines_are_judged_like_github_runs() {
    let (mut lab, registry, _pusher) = Lab::open().await;
    lab.ci.runs("acme/shop", []);
    lab.ci_of_kind("gitlab");
    let project = "platform/team/api";
    lab.add(&format!(
        "[[service]]\nname = \"api\"\nci = \"gitlab\"\nrepo = \"{project}\"\nbranch = [\"main\"]\npush_job = \"push*\"\n\
         [[service.image]]\nrepository = \"{}/{project}\"\ntags = [\"{{sha:8}}\"]\n",
        registry.host
    ));
    let pusher = Pusher::new(&registry.url, project, Login::Anonymous, None);
    let (landed, missing, merge) = (sha('a'), sha('b'), sha('c'));
    let never = Run::green(2, &missing).logging("\u{1b}[0Ksection_start:1:build\r\u{1b}[0KBuilding\nJob succeeded\n");
    let request = Run { event: "merge_request_event".into(), ..Run::green(3, &merge) };
    lab.ci.runs(project, [request, never, Run::green(1, &landed)]);
    pusher.image(Some(&landed[..8]), &Image::of("a", &landed)).await;
    let checked = lab.check().await;
    checked.says(&landed, "landed", 1);
    checked.says(&missing, "missing", 1);
    checked.says(&merge, "not_expected", 1);
    assert_eq!(checked.row(&landed)["ci"], "gitlab");
    assert_eq!(checked.row(&landed)["repo"], project);
    assert_ne!(format!("{project}/{IMAGE}"), checked.row(&landed)["image"]);
}
