//! Answers that are none: none of them may read as "not there".

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use landfall::domain::{Failure, Probe, Remedy, Stage};
use landfall::source::{Oci, OciOptions, Registry};
use rstest::rstest;

use crate::loopback::{Loopback, answer};
use crate::registry::{
    OCI_MANIFEST, anonymous, challenge, envelope, image, manifest, options, served, some_digest, tag, with_password,
    word,
};

const UNKNOWN: &str = r#"{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown"}]}"#;

#[rstest]
#[case(404, UNKNOWN, "MANIFEST_UNKNOWN")]
#[case(404, r#"{"errors":[{"code":"manifest_unknown"}]}"#, "MANIFEST_UNKNOWN")]
#[case(404, r#"{"errors":[{"code":"NOT_FOUND","message":"artifact not found"}]}"#, "MANIFEST_UNKNOWN")]
#[case(404, r#"{"errors":[{"code":"NAME_UNKNOWN","message":"repository unknown"}]}"#, "NAME_UNKNOWN")]
#[case(404, r#"{"errors":[{"code":"MANIFEST_UNKNOWN","message":"OCI manifest found, but accept header does not support OCI manifests"}]}"#, "ambiguous")]
#[case(404, r#"{"errors":[{"code":"DENIED","message":"no"}]}"#, "ambiguous")]
#[case(404, r#"{"errors":[{"code":"MANIFEST_UNKNOWN"},{"code":"DENIED"}]}"#, "ambiguous")]
#[case(404, r#"{"errors":[]}"#, "ambiguous")]
#[case(404, "<html><title>Not Found</title></html>", "ambiguous")]
#[case(404, "", "ambiguous")]
#[case(404, "404 page not found", "ambiguous")]
#[case(410, UNKNOWN, "ambiguous")]
#[case(400, UNKNOWN, "ambiguous")]
#[case(403, r#"{"errors":[{"code":"DENIED","message":"denied"}]}"#, "forbidden")]
#[case(403, r#"{"errors":[{"code":"DENIED","message":"token has expired"}]}"#, "unauthorized")]
#[case(401, "", "unauthorized")]
#[case(429, "", "rate limited")]
#[case(500, UNKNOWN, "unreachable")]
#[case(503, UNKNOWN, "unreachable")]
#[case(200, "<html><title>Sign in</title></html>", "unreadable")]
#[case(200, "", "unreadable")]
#[case(200, "{}", "unreadable")]
#[case(204, "", "ambiguous")]
#[tokio::test]
async fn only_the_registrys_own_word_makes_a_tag_absent(
    #[case] status: u16,
    #[case] body: &'static str,
    #[case] want: &str,
) {
    let server = Loopback::answering(move |_| answer(status, &[], body)).await;
    let probe = anonymous(&server).tag(&tag(&server, "v1")).await;
    assert_eq!(word(&probe), want, "{probe:?}");
}

#[rstest]
#[case("application/json", "unreadable")]
#[case("text/plain", "unreadable")]
#[case("application/vnd.oci.artifact.manifest.v1+json", "present")]
#[tokio::test]
async fn json_that_a_gateway_answers_to_everything_is_no_manifest(#[case] kind: &'static str, #[case] want: &str) {
    let server = Loopback::answering(move |_| answer(200, &[("content-type", kind)], r#"{"status":"ok"}"#)).await;
    let probe = anonymous(&server).tag(&tag(&server, "v1")).await;
    assert_eq!(word(&probe), want, "{probe:?}");
}

#[rstest]
#[case(403, "forbidden")]
#[case(429, "rate limited")]
#[case(503, "unreachable")]
#[case(200, "present")]
#[tokio::test]
async fn a_blob_is_looked_for_by_one_head(#[case] status: u16, #[case] want: &str) {
    let server = Loopback::answering(move |_| answer(status, &[], "some")).await;
    let probe = anonymous(&server).blob(&image(&server), &some_digest()).await;
    assert_eq!((word(&probe).as_str(), server.asked()), (want, 1), "{probe:?}");
    assert_eq!(server.seen()[0].method, http::Method::HEAD);
}

#[rstest]
#[case(r#"{"errors":[{"code":"BLOB_UNKNOWN","message":"blob unknown to registry"}]}"#, "BLOB_UNKNOWN")]
#[case("<html><title>Not Found</title></html>", "ambiguous")]
#[case("", "ambiguous")]
#[tokio::test]
async fn a_blob_is_gone_only_by_the_registrys_own_word(#[case] body: &'static str, #[case] want: &str) {
    let server = Loopback::answering(move |_| answer(404, &[], body)).await;
    let probe = anonymous(&server).blob(&image(&server), &some_digest()).await;
    assert_eq!((word(&probe).as_str(), server.asked()), (want, 2), "{probe:?}");
}

#[rstest]
#[case(&[("content-type", "text/html")], "<title>Sign in</title>", "unreadable")]
#[case(&[("content-type", "application/json")], "{}", "unreadable")]
#[case(&[], "", "unreadable")]
#[case(&[("content-type", "binary/octet-stream")], "some", "present")]
#[tokio::test]
async fn what_a_gateway_answers_to_everything_is_no_blob(
    #[case] headers: &'static [(&'static str, &'static str)],
    #[case] body: &'static str,
    #[case] want: &str,
) {
    let server = Loopback::answering(move |_| answer(200, headers, body)).await;
    let probe = anonymous(&server).blob(&image(&server), &some_digest()).await;
    assert_eq!(word(&probe), want, "{probe:?}");
}

#[tokio::test]
async fn a_blob_of_nothing_is_there_though_it_is_empty() {
    let server = Loopback::answering(|_| answer(200, &[], "")).await;
    let probe = anonymous(&server).blob(&image(&server), &crate::registry::digest("")).await;
    assert_eq!(word(&probe), "present", "{probe:?}");
}

#[tokio::test]
async fn where_head_is_not_allowed_the_first_byte_is_asked_for() {
    let server = Loopback::answering(|seen| match seen.method.as_str() {
        "HEAD" => answer(405, &[], ""),
        _ => answer(200, &[], vec![0; 8 << 20]),
    })
    .await;
    let probe = anonymous(&server).blob(&image(&server), &some_digest()).await;
    assert_eq!(word(&probe), "present", "{probe:?}");
    assert_eq!(server.seen()[1].header("range"), Some("bytes=0-0"));
}

#[tokio::test]
async fn a_storage_that_refuses_proves_nothing() {
    for (status, want) in [(403, "ambiguous"), (404, "ambiguous"), (503, "unreachable"), (200, "present")] {
        let storage = Loopback::answering(move |_| answer(status, &[], "some")).await;
        let there = storage.at("blob?X-Signature=s3cret").to_string();
        let server = Loopback::answering(move |_| answer(307, &[("location", &there)], "")).await;
        let probe = anonymous(&server).blob(&image(&server), &some_digest()).await;
        assert_eq!(word(&probe), want, "{probe:?}");
        assert!(!format!("{probe:?}").contains("s3cret"));
    }
}

#[tokio::test]
async fn an_address_signed_for_get_is_asked_by_get() {
    let storage = Loopback::answering(|seen| match seen.method.as_str() {
        "HEAD" => answer(403, &[], ""),
        _ => answer(206, &[], "x"),
    })
    .await;
    let there = storage.at("blob").to_string();
    let server = Loopback::answering(move |_| answer(307, &[("location", &there)], "")).await;
    assert_eq!(word(&anonymous(&server).blob(&image(&server), &some_digest()).await), "present");
}

#[rstest]
#[case("-5", 0)]
#[case("999999999999999999999", 3600)]
#[case("120", 120)]
#[case("Sun, 06 Nov 1994 08:49:37 GMT", 0)]
#[tokio::test]
async fn an_absurd_retry_after_is_bounded(#[case] value: &'static str, #[case] seconds: i64) {
    let server = Loopback::answering(move |_| answer(429, &[("retry-after", value)], "")).await;
    let before = jiff_now();
    let Probe::Unseen(failure) = anonymous(&server).tag(&tag(&server, "v1")).await else { panic!("seen") };
    let Remedy::Wait(Some(until)) = failure.remedy() else { panic!("{failure:?}") };
    let wait = until.duration_since(before).as_secs();
    assert!((seconds..=seconds + 5).contains(&wait), "{wait}");
}

#[expect(clippy::disallowed_methods, reason = "the header is judged against the clock")]
fn jiff_now() -> jiff::Timestamp {
    jiff::Timestamp::now()
}

#[tokio::test]
async fn nobody_listening_is_unreachable() {
    let oci = Oci::new(options("127.0.0.1:1")).unwrap();
    let server = Loopback::answering(|_| answer(200, &[], "")).await;
    let Probe::Unseen(Failure::Unreachable { stage, .. }) = oci.tag(&tag(&server, "v1")).await else { panic!("seen") };
    assert_eq!(stage, Stage::Connect);
}

#[tokio::test]
async fn an_answer_cut_short_is_unreachable() {
    let server = Loopback::raw("HTTP/1.1 200 OK\r\ncontent-length: 900\r\n\r\n{\"schemaVersion\":2").await;
    let probe = anonymous(&server).tag(&tag(&server, "v1")).await;
    assert!(matches!(probe, Probe::Unseen(Failure::Unreachable { stage: Stage::Cut, .. })), "{probe:?}");
}

#[tokio::test]
async fn a_manifest_over_the_cap_is_not_read() {
    let server = Loopback::answering(|_| answer(200, &[], vec![b' '; 5 << 20])).await;
    assert_eq!(word(&anonymous(&server).tag(&tag(&server, "v1")).await), "too large");
}

#[tokio::test]
async fn a_registry_that_drips_is_given_up() {
    let server = Loopback::dripping().await;
    let oci = Oci::new(OciOptions { timeout: Duration::from_millis(300), ..options(&server.host()) }).unwrap();
    let probe = oci.tag(&tag(&server, "v1")).await;
    assert!(matches!(probe, Probe::Unseen(Failure::Unreachable { stage: Stage::Timeout, .. })), "{probe:?}");
}

#[tokio::test]
async fn a_content_that_is_not_what_its_digest_says_proves_nothing() {
    let wrong = some_digest().to_string();
    let server = Loopback::answering(move |seen| {
        if seen.path.contains("/blobs/") {
            answer(200, &[], r#"{"os":"linux"}"#)
        } else {
            answer(200, &[("docker-content-digest", &wrong)], crate::registry::manifest())
        }
    })
    .await;
    let oci = anonymous(&server);
    assert_eq!(word(&oci.tag(&tag(&server, "v1")).await), "ambiguous");
    assert_eq!(word(&oci.manifest(&image(&server), &crate::registry::digest("other")).await), "ambiguous");
    assert_eq!(word(&oci.config(&image(&server), &some_digest()).await), "ambiguous");
}

#[tokio::test]
async fn hostile_words_of_a_server_are_shown_clean() {
    let server = Loopback::answering(|_| envelope(403, "DENIED", "\\u001b[2Jgo\\u202eaway")).await;
    let Probe::Unseen(failure) = anonymous(&server).tag(&tag(&server, "v1")).await else { panic!("seen") };
    let shown = failure.to_string();
    assert!(shown.contains("goaway") && !shown.contains(['\u{1b}', '\u{202e}']), "{shown:?}");
}

#[tokio::test]
async fn every_manifest_type_is_accepted() {
    let server = Loopback::answering(|_| served(crate::registry::OCI_MANIFEST, &crate::registry::manifest())).await;
    anonymous(&server).tag(&tag(&server, "v1")).await;
    let accept = server.seen()[0].header("accept").unwrap().to_owned();
    for kind in ["oci.image.manifest.v1", "oci.image.index.v1", "distribution.manifest.v2", "manifest.list.v2"] {
        assert!(accept.contains(kind), "{accept}");
    }
}

#[rstest]
#[case::quay(429, &[("content-type", "text/html")], "<html><title>429 Too Many Requests</title></html>", false)]
#[case::with_a_time(429, &[("retry-after", "60")], "", true)]
#[case::by_another_status(403, &[("retry-after", "60")], "", true)]
#[case::in_words(403, &[], r#"{"errors":[{"code":"DENIED","message":"rate limit exceeded"}]}"#, false)]
#[tokio::test]
async fn a_limit_is_one_wherever_it_is_met_and_nothing_is_asked_twice_for_it(
    #[case] status: u16,
    #[case] headers: &'static [(&str, &str)],
    #[case] body: &'static str,
    #[case] timed: bool,
) {
    for at_the_token_service in [false, true] {
        let server = Loopback::answering(move |seen| {
            let there = seen.path.starts_with("/token") == at_the_token_service;
            if there { answer(status, headers, body) } else { challenge(seen, "") }
        })
        .await;
        let folder = tempfile::tempdir().unwrap();
        let probe = with_password(&server, &folder).tag(&tag(&server, "v1")).await;
        let Probe::Unseen(Failure::RateLimited { until, .. }) = &probe else { panic!("{probe:?}") };
        assert_eq!(until.is_some(), timed);
        assert_eq!(server.asked(), if at_the_token_service { 2 } else { 1 });
    }
}

#[tokio::test]
async fn a_manifest_that_cannot_be_read_is_asked_for_in_full_next_time() {
    let turn = AtomicUsize::new(0);
    let server = Loopback::answering(move |seen| {
        let mut response = match (turn.fetch_add(1, Ordering::SeqCst), seen.header("if-none-match")) {
            (_, Some(_)) => answer(304, &[], ""),
            (0, None) => answer(200, &[("content-type", OCI_MANIFEST)], manifest().get(..40).unwrap().to_owned()),
            (_, None) => served(OCI_MANIFEST, &manifest()),
        };
        response.headers_mut().insert("etag", "\"one\"".parse().unwrap());
        response
    })
    .await;
    let oci = anonymous(&server);
    let look = async || word(&oci.tag(&tag(&server, "v1")).await);
    assert_eq!([look().await, look().await, look().await], ["unreadable", "present", "present"]);
}
