//! GitHub's workflows: the default branch alone, asked for again only where something changed.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use http::Method;
use landfall::domain::{Batch, Failure, Pipeline, RepoPath};
use landfall::source::{CiCredentials, CiProvider, ExpirySource, GitHub};

use crate::ci::{options, token};
use crate::loopback::{Loopback, Seen, answer};
use crate::source;

const JSON: (&str, &str) = ("content-type", "application/json");
const WORKFLOW: &str =
    "name: nightly\non: {schedule: [{cron: '0 2 * * 0'}]}\njobs:\n  push:\n    env: {T: '${{ secrets.TOKEN }}'}\n";
const NOT_FOUND: &str = r#"{"message":"Not Found","documentation_url":"https://docs.github.com/rest","status":"404"}"#;

fn entry(name: &str, sha: &str, size: u64) -> String {
    format!(
        r#"{{"name":"{name}","path":".github/workflows/{name}","sha":"{sha}","size":{size},"type":"file",
            "download_url":"https://raw.example/x?token=CANARY"}}"#
    )
}

/// Answers what `body` knows, with a mark, and 304 to whoever has that mark; anything else is not found.
fn marked(seen: &Seen, body: Option<String>) -> axum::response::Response {
    let Some(body) = body else { return answer(404, &[JSON], NOT_FOUND) };
    let mark = format!("\"{}\"", body.len());
    if seen.header("if-none-match") == Some(&mark) {
        return answer(304, &[("etag", &mark)], "");
    }
    answer(200, &[JSON, ("etag", &mark)], body)
}

fn listed(seen: &Seen) -> Option<String> {
    let path = seen.path.split('?').next().unwrap();
    let rest = path.strip_prefix("/repos/acme/")?.split_once('/')?.1;
    Some(match rest {
        "contents/.github/workflows" => format!(
            "[{},{},{},{}]",
            entry("nightly.yml", "aa", 100),
            entry("odd.yaml", "bb", 100),
            entry("README.md", "cc", 100),
            entry("huge.yml", "dd", 3 << 20),
        ),
        "actions/workflows" => r#"{"total_count":3,"workflows":[
            {"id":1,"path":".github/workflows/nightly.yml","state":"disabled_inactivity"},
            {"id":2,"path":".github/workflows/odd.yaml","state":"active"},
            {"id":3,"path":"dynamic/pages/x","state":"active"}]}"#
            .to_owned(),
        "git/blobs/aa" => WORKFLOW.to_owned(),
        "git/blobs/bb" => "a: &a [*a]".to_owned(),
        _ => return None,
    })
}

fn repo(name: &str) -> RepoPath {
    RepoPath::parse(name).unwrap()
}

async fn read(
    answering: impl Fn(&Seen) -> axum::response::Response + Send + Sync + 'static,
) -> Result<Arc<Batch<Pipeline>>, Failure> {
    let server = Loopback::answering(answering).await;
    let github = GitHub::new(options(server.url.clone(), None)).unwrap();
    github.pipelines(&repo("acme/web")).await
}

#[tokio::test]
async fn workflows_are_read_with_what_cannot_be_read_said() {
    let server = Loopback::answering(|seen| marked(seen, listed(seen))).await;
    let folder = tempfile::tempdir().unwrap();
    let github = GitHub::new(options(server.url.clone(), Some(token(&folder, "ghp_CANARY")))).unwrap();
    let batch = github.pipelines(&repo("acme/web")).await.unwrap();
    let why = |pipeline: &Pipeline| pipeline.unread.as_ref().map(|why| why.as_str().to_owned()).unwrap_or_default();
    let told: Vec<_> = batch.items.iter().map(|it| (it.file.raw().rsplit('/').next().unwrap(), why(it))).collect();
    assert_eq!(
        told[0],
        ("huge.yml", "it was not read: it is too long, or all workflows of its repository are together".to_owned())
    );
    assert_eq!(told[1], ("nightly.yml", String::new()));
    assert_eq!((told[2].0, told[2].1.contains("itself a part")), ("odd.yaml", true));
    assert_eq!(told.len(), 3);
    let nightly = &batch.items[1];
    assert_eq!((nightly.name.raw(), nightly.switched_off, nightly.uses.len()), ("nightly", true, 1));
    assert!(!batch.items[2].switched_off);
    let seen = server.seen();
    assert!(seen.iter().all(|seen| seen.method == Method::GET && !seen.path.contains("ref=")));
    let raw = seen.iter().find(|seen| seen.path.ends_with("git/blobs/aa")).unwrap();
    assert_eq!(raw.header("accept"), Some("application/vnd.github.raw+json"));
    assert!(!format!("{batch:?}").contains("CANARY"));
}

#[tokio::test]
async fn what_did_not_change_costs_two_304_a_repository() {
    let server = Loopback::answering(|seen| marked(seen, listed(seen))).await;
    let provider = Arc::new(GitHub::new(options(server.url.clone(), None)).unwrap());
    let repos = (0..20).map(|place| repo(&format!("acme/r{place}"))).collect();
    let source = CiCredentials {
        id: source("ci"),
        repos,
        organizations: Vec::new(),
        provider: provider.clone(),
        leave: std::sync::Arc::new(()),
    };
    let first = source.pipelines().await;
    let (before, not_modified) = (server.asked(), provider.traffic().not_modified);
    let again = source.pipelines().await;
    assert_eq!((before, server.asked() - before), (20 * 4, 20 * 2));
    assert_eq!(provider.traffic().not_modified - not_modified, 40);
    for (one, other) in first.iter().zip(&again) {
        assert!(Arc::ptr_eq(one.found.as_ref().unwrap(), other.found.as_ref().unwrap()), "it is the very same list");
    }
}

#[tokio::test]
async fn only_the_file_that_changed_is_read_anew() {
    let changed = Arc::new(AtomicBool::new(false));
    let told = Arc::clone(&changed);
    let server = Loopback::answering(move |seen| {
        let is_changed = told.load(Ordering::Relaxed);
        let body = match seen.path.split_once("/acme/web/").unwrap().1 {
            "contents/.github/workflows" if is_changed => {
                Some(format!("[{},{}]", entry("nightly.yml", "ee", 100), entry("odd.yaml", "bb", 1000)))
            }
            "git/blobs/ee" => Some(WORKFLOW.replace("secrets.TOKEN", "secrets.OTHER_TOKEN")),
            _ => listed(seen),
        };
        marked(seen, body)
    })
    .await;
    let provider = GitHub::new(options(server.url.clone(), None)).unwrap();
    provider.pipelines(&repo("acme/web")).await.unwrap();
    changed.store(true, Ordering::Relaxed);
    let before = provider.traffic().not_modified;
    let batch = provider.pipelines(&repo("acme/web")).await.unwrap();
    assert!(format!("{:?}", batch.items[0].uses).contains("OTHER_TOKEN"));
    assert_eq!(provider.traffic().not_modified - before, 2, "the states and the other file are as they were");
}

#[tokio::test]
async fn without_workflows_nobody_uses_anything_but_only_where_github_says_so() {
    let states = |body: &'static str| {
        move |seen: &Seen| marked(seen, seen.path.contains("actions/workflows").then(|| body.to_owned()))
    };
    let none = read(states(r#"{"total_count":0,"workflows":[]}"#)).await.unwrap();
    assert_eq!((none.items.len(), none.complete), (0, true));
    let gone = r#"{"workflows":[{"path":".github/workflows/old.yml","state":"deleted"}]}"#;
    assert!(read(states(gone)).await.unwrap().items.is_empty());
    let hidden = r#"{"workflows":[{"path":".github/workflows/a.yml","state":"active"}]}"#;
    assert!(matches!(read(states(hidden)).await, Err(Failure::NotFound(_))), "the folder is hidden from the token");
    let closed = read(|_| answer(404, &[JSON], NOT_FOUND)).await;
    assert!(matches!(closed, Err(Failure::NotFound(_))));
}

#[tokio::test]
async fn a_closed_list_a_lost_file_and_a_page_of_html_are_failures() {
    let closed = r#"{"message":"Resource not accessible by personal access token"}"#;
    assert!(matches!(read(move |_| answer(403, &[JSON], closed)).await, Err(Failure::Forbidden(_))));
    let lost =
        read(|seen| if seen.path.ends_with("blobs/bb") { answer(502, &[], "") } else { marked(seen, listed(seen)) });
    assert!(matches!(lost.await, Err(Failure::Unreachable { .. })));
    let html = read(|_| answer(200, &[("content-type", "text/html")], "<!doctype html><title>Sign in</title>")).await;
    assert!(matches!(html, Err(Failure::Malformed(_))));
    let odd = read(|seen| {
        if seen.path.contains("contents") {
            answer(200, &[JSON], r#"[7,{"path":"x"}]"#)
        } else {
            marked(seen, listed(seen))
        }
    });
    let odd = odd.await.unwrap();
    assert_eq!((odd.skipped, odd.complete), (2, false));
}

#[tokio::test]
async fn hostile_names_are_only_shown_and_no_address_is_made_of_them() {
    let server = Loopback::answering(|seen| {
        if !seen.path.contains("contents") {
            return marked(seen, listed(seen));
        }
        let list = format!(
            r#"[{},{{"path":".github/workflows/../../x.yml","sha":"../../user","size":1,"type":"file"}},
                {{"path":".github/workflows/l.yml","sha":"aa","size":1,"type":"symlink"}}]"#,
            entry(r"\u001b[2J\u202e.yml", "aa", 100)
        );
        answer(200, &[JSON], list)
    })
    .await;
    let github = GitHub::new(options(server.url.clone(), None)).unwrap();
    let batch = github.pipelines(&repo("acme/web")).await.unwrap();
    assert_eq!(batch.items.len(), 1);
    assert!(!batch.items[0].file.as_str().contains(['\u{1b}', '\u{202e}']));
    assert!(server.seen().iter().all(|seen| seen.path.starts_with("/repos/acme/web/")));
}

#[tokio::test]
async fn states_on_a_second_page_count_and_a_limit_ends_it_for_all() {
    let paged = read(|seen| {
        if seen.path.contains("page=2") {
            let body = r#"{"workflows":[{"path":".github/workflows/nightly.yml","state":"disabled_manually"}]}"#;
            return answer(200, &[JSON], body);
        }
        if seen.path.contains("actions/workflows") {
            let link = format!("<http://{}{}&page=2>; rel=\"next\"", seen.header("host").unwrap(), seen.path);
            return answer(200, &[JSON, ("link", &link)], r#"{"workflows":[]}"#);
        }
        marked(seen, listed(seen))
    });
    assert!(paged.await.unwrap().items[1].switched_off);
    let limited = Loopback::answering(|_| answer(429, &[JSON, ("retry-after", "60")], "{}")).await;
    let provider = Arc::new(GitHub::new(options(limited.url.clone(), None)).unwrap());
    let repos = vec![repo("acme/web"), repo("acme/api")];
    let scans =
        CiCredentials { id: source("ci"), repos, organizations: Vec::new(), provider, leave: std::sync::Arc::new(()) }
            .pipelines()
            .await;
    assert_eq!(scans.len(), 1);
    assert!(matches!(scans[0].found, Err(Failure::RateLimited { .. })));
}
