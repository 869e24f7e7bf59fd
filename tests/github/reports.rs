//! Artifacts that hold test reports: which are read, from where, and what becomes of those that cannot be.

use std::sync::Arc;

use landfall::domain::{FoundReport, Globs, Reports, Unreadable};

use super::*;
use crate::zipped::zipped;

const GREEN: &[u8] =
    b"<testsuite name='a'><testcase classname='cart' name='adds'/><testcase classname='cart' name='sums'/></testsuite>";
const RED: &[u8] =
    b"<testsuite name='a'><testcase classname='cart' name='adds'><failure message='2 is not 3'/></testcase></testsuite>";
/// Written by a job that died.
const CUT: &[u8] = b"<testsuite name='a'><testcase classname='cart' name='adds'/><testcase classname='cart' name='su";

fn globs(patterns: &[&str]) -> Globs {
    Globs::parse(&patterns.iter().map(|&pattern| pattern.to_owned()).collect::<Vec<_>>()).unwrap()
}

fn artifact(id: u64, name: &str, more: &str) -> String {
    format!(
        r#"{{"id":{id},"node_id":"x","name":"{name}","size_in_bytes":900,"url":"u","expired":false,
            "created_at":"2026-03-04T05:04:00Z","expires_at":null,"workflow_run":{{"id":101}}{more}}}"#
    )
}

/// A server of these artifacts, each an archive in a store of its own.
struct Stand {
    api: Loopback,
    store: Loopback,
}

impl Stand {
    async fn of(artifacts: &[String], archive: impl Fn(&str) -> (u16, Vec<u8>) + Send + Sync + 'static) -> Self {
        let store = Loopback::answering(move |seen| {
            let (status, body) = archive(seen.path.trim_start_matches("/blob/"));
            answer(status, &[("content-type", "application/zip")], body)
        })
        .await;
        let (list, there) = (artifacts.join(","), store.at("blob/").to_string());
        let api = Loopback::answering(move |seen| match seen.path.strip_suffix("/zip") {
            Some(path) => {
                let id = path.rsplit('/').next().unwrap();
                answer(302, &[("location", &format!("{there}{id}?sig=s3cret"))], "")
            }
            None => answer(200, &[JSON], format!(r#"{{"total_count":1,"artifacts":[{list}]}}"#)),
        })
        .await;
        Self { api, store }
    }

    async fn read(&self, names: &[&str]) -> Reports {
        let folder = tempfile::tempdir().unwrap();
        let github = GitHub::new(options(self.api.url.clone(), Some(token(&folder, "t0ken")))).unwrap();
        github.reports(&key(REPO, 101, 1), &globs(names)).await.unwrap()
    }
}

/// What was found under each name: `NAME: REPORTS CASES CUT` and the reasons.
fn told(reports: &Reports) -> Vec<String> {
    let one = |found: &FoundReport| {
        let counted = found.summary.as_ref().map(|it| format!("{} {} {}", it.reports, it.counts.tests(), it.cut));
        let unread: Vec<String> = found.unread.iter().map(|(file, why)| format!("{file}: {why}")).collect();
        format!("{}: {} {}", found.job, counted.unwrap_or_default(), unread.join("; ")).trim().to_owned()
    };
    reports.0.iter().map(one).collect()
}

#[tokio::test]
async fn only_artifacts_that_are_named_are_fetched_and_the_token_stays_at_home() {
    let artifacts = [artifact(1, "junit-linux", ""), artifact(2, "coverage", ""), artifact(3, "e2e-test-results", "")];
    let stand =
        Stand::of(&artifacts, |_| (200, zipped(&[("a.xml", GREEN), ("b/c.XML", RED), ("log.txt", b"x")]))).await;
    let reports = stand.read(&["junit*", "*test-results*"]).await;
    assert_eq!(told(&reports), ["junit-linux: 2 3 0", "e2e-test-results: 2 3 0"]);
    let first = reports.0[0].summary.as_ref().unwrap();
    assert_eq!((first.odd.len(), first.passed.len()), (1, 2));
    assert_eq!(first.odd[0].message.as_deref(), Some("2 is not 3"));
    assert_eq!(reports.0[0].at, Some("2026-03-04T05:04:00Z".parse().unwrap()));
    assert_eq!(paths(&stand.api).len(), 3, "the list, and two archives");
    assert_eq!(paths(&stand.api)[0], "/repos/acme/checkout/actions/runs/101/artifacts?per_page=100");
    assert!(stand.api.seen().iter().all(|seen| seen.header("authorization") == Some("Bearer t0ken")));
    assert!(stand.store.seen().iter().all(|seen| seen.header("authorization").is_none()));
    assert_eq!(stand.store.asked(), 2);
}

#[tokio::test]
async fn a_run_without_such_artifacts_has_no_reports_which_is_an_answer() {
    let stand = Stand::of(&[artifact(2, "coverage", "")], |_| (200, Vec::new())).await;
    assert_eq!(stand.read(&["junit*"]).await, Reports::default());
}

#[tokio::test]
async fn a_report_that_broke_off_counts_for_what_stood_before() {
    let stand = Stand::of(&[artifact(1, "junit", "")], |_| (200, zipped(&[("a.xml", GREEN), ("b.xml", CUT)]))).await;
    assert_eq!(told(&stand.read(&["junit"]).await), ["junit: 2 3 1"]);
}

#[rstest]
#[case::no_archive(200, b"not an archive".to_vec(), "junit:  : the archive cannot be read")]
#[case::cut(200, zipped(&[("a.xml", GREEN)])[..60].to_vec(), "junit:  : the archive cannot be read")]
#[case::without_a_report(200, zipped(&[("a.txt", GREEN)]), "junit:  : the archive cannot be read: no JUnit report")]
#[case::of_something_else(200, zipped(&[("a.xml", b"<coverage/>")]), "junit:  : the archive cannot be read: no JUnit report")]
#[case::gone(404, b"<?xml version='1.0'?><Error><Code>BlobNotFound</Code></Error>".to_vec(), "junit:  : the provider keeps it no more")]
#[case::refused(403, b"<Error><Code>AuthenticationFailed</Code></Error>".to_vec(), "junit:  : it was not given")]
#[case::empty(200, zipped(&[("a.xml", b"")]), "junit:  a.xml: the file is empty")]
#[case::with_a_dtd(200, zipped(&[("a.xml", b"<!DOCTYPE x [<!ENTITY y 'z'>]><testsuite/>")]), "junit:  a.xml: the file declares")]
#[case::of_a_dangerous_name(200, zipped(&[("../../etc/a.xml", GREEN)]), "junit: 1 2 0")]
#[tokio::test]
async fn a_report_that_cannot_be_read_is_told_and_never_taken_for_none(
    #[case] status: u16,
    #[case] body: Vec<u8>,
    #[case] expected: &str,
) {
    let stand = Stand::of(&[artifact(1, "junit", "")], move |_| (status, body.clone())).await;
    let told = told(&stand.read(&["junit"]).await);
    assert!(told.len() == 1 && told[0].starts_with(expected), "{told:?}");
}

#[tokio::test]
async fn what_is_too_old_or_too_large_is_not_even_asked_for() {
    let large = artifact(2, "junit-2", "").replace("\"size_in_bytes\":900", "\"size_in_bytes\":90000000");
    let artifacts = [artifact(1, "junit-1", "").replace("\"expired\":false", "\"expired\":true"), large];
    let stand = Stand::of(&artifacts, |_| (200, Vec::new())).await;
    let reports = stand.read(&["junit*"]).await;
    let reasons: Vec<&Unreadable> = reports.0.iter().flat_map(|found| &found.unread).map(|(_, why)| why).collect();
    assert_eq!(reasons, [&Unreadable::Expired, &Unreadable::TooLarge(16)]);
    assert_eq!((stand.api.asked(), stand.store.asked()), (1, 0));
}

#[tokio::test]
async fn an_archive_that_unpacks_to_far_more_is_refused_and_its_neighbours_are_read() {
    let bomb = format!("<testsuite>{}</testsuite>", " ".repeat(40 << 20));
    let archive = Arc::new(zipped(&[("a.xml", GREEN), ("bomb.xml", bomb.as_bytes()), ("z.xml", RED)]));
    assert!(archive.len() < 1 << 20, "{}", archive.len());
    let stand = Stand::of(&[artifact(1, "junit", "")], move |_| (200, archive.to_vec())).await;
    let told = told(&stand.read(&["junit"]).await);
    assert_eq!(told, ["junit: 2 3 0 bomb.xml: the file unpacks to more than 250 times its size"]);
}

#[tokio::test]
async fn of_an_archive_of_very_many_files_the_first_are_read_and_the_rest_is_told() {
    let names: Vec<String> = (0..2_002).map(|number| format!("{number:04}.xml")).collect();
    let files: Vec<(&str, &[u8])> = names.iter().map(|name| (name.as_str(), GREEN)).collect();
    let archive = Arc::new(zipped(&files));
    let stand = Stand::of(&[artifact(1, "junit", "")], move |_| (200, archive.to_vec())).await;
    let reports = stand.read(&["junit"]).await;
    let unread: Vec<&Unreadable> = reports.0[0].unread.iter().map(|(_, why)| why).collect();
    assert_eq!(unread, [&Unreadable::TooManyFiles(2_000)]);
    assert_eq!(reports.0[0].summary.as_ref().map(|summary| summary.reports), Some(2_000));
}

#[rstest]
#[case::down(503, b"".to_vec(), |failure: &Failure| matches!(failure, Failure::Unreachable { stage: Stage::Server(503), .. }))]
#[case::behind_a_login_page(200, b"<html><title>Log in</title></html>".to_vec(), |failure: &Failure| matches!(failure, Failure::Malformed(_)))]
#[case::behind_a_gateway(404, b"no such host".to_vec(), |failure: &Failure| matches!(failure, Failure::Ambiguous(_)))]
#[tokio::test]
async fn what_stands_in_between_fails_the_whole_look_so_that_it_is_asked_again(
    #[case] status: u16,
    #[case] body: Vec<u8>,
    #[case] expected: impl Fn(&Failure) -> bool,
) {
    let stand = Stand::of(&[artifact(1, "junit", "")], move |_| (status, body.clone())).await;
    let github = anonymous(&stand.api);
    let failure = github.reports(&key(REPO, 101, 1), &globs(&["junit"])).await.unwrap_err();
    assert!(expected(&failure), "{failure:?}");
}

#[tokio::test]
async fn the_number_of_the_run_is_no_part_of_what_tells_reports_apart() {
    let stand = Stand::of(&[artifact(1, "junit-101-linux", "")], |_| (200, zipped(&[("a.xml", GREEN)]))).await;
    assert_eq!(told(&stand.read(&["junit*"]).await), ["junit-*-linux: 1 2 0"]);
}
