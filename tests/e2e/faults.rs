//! A registry that answers in wrong ways: nothing that could not be looked at is called missing or landed.

use axum::http::{Method, StatusCode};
use futures_util::{StreamExt as _, stream};

use crate::lab::{Checked, IMAGE, Lab};
use crate::proxy::{Fault, Proxy, Rule};
use crate::push::{Image, Login, Pushed, Pusher};
use crate::registry::Registry;
use crate::script::{Run, sha, tag};

const PAGE: &str = "<!doctype html><html><body><h1>404</h1>nginx</body></html>";

/// Commit a's image is in the registry and commit b's is not; between it and the binary stands a proxy.
struct Street {
    lab: Lab,
    proxy: Proxy,
    registry: Registry,
    image: Pushed,
}

async fn street() -> Street {
    let registry = Registry::open();
    let proxy = Proxy::before(&registry.url).await;
    let lab = Lab::shop(proxy.host()).await;
    let pusher = Pusher::new(&registry.url, IMAGE, Login::Anonymous, None);
    let image = pusher.image(Some(&tag(&sha('a'))), &Image::of("a", &sha('a'))).await;
    lab.ci.runs("acme/shop", [Run::green(2, &sha('b')), Run::green(1, &sha('a'))]);
    Street { lab, proxy, registry, image }
}

fn answer(status: u16, headers: &'static [(&'static str, &'static str)], body: &str) -> Fault {
    Fault::Answer(StatusCode::from_u16(status).unwrap(), headers, body.to_owned())
}

#[track_caller]
fn judges_nothing(checked: &Checked) {
    assert_eq!(checked.report["complete"], false, "{:#}", checked.report);
    checked.could_not_look(&sha('a'));
    checked.could_not_look(&sha('b'));
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs docker-registry: run tests/run"]
async fn through_a_proxy_that_does_nothing_verdicts_are_sure() {
    let Street { lab, .. } = &street().await;
    let checked = lab.check().await;
    checked.says(&sha('a'), "landed", 1);
    checked.says(&sha('b'), "missing", 1);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs docker-registry: run tests/run"]
async fn a_registry_that_is_down_proves_nothing() {
    let (lab, mut registry, pusher) = Lab::open().await;
    pusher.image(Some(&tag(&sha('a'))), &Image::of("a", &sha('a'))).await;
    lab.ci.runs("acme/shop", [Run::green(2, &sha('b')), Run::green(1, &sha('a'))]);
    registry.stop();
    judges_nothing(&lab.check().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_registry_whose_name_has_no_address_proves_nothing() {
    let lab = Lab::shop("registry.invalid:5000").await;
    lab.ci.runs("acme/shop", [Run::green(2, &sha('b')), Run::green(1, &sha('a'))]);
    judges_nothing(&lab.check().await);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs docker-registry: run tests/run"]
async fn refusals_and_breakdowns_prove_nothing() {
    let Street { registry, .. } = &street().await;
    let denied = r#"{"errors":[{"code":"DENIED","message":"requested access to the resource is denied"}]}"#;
    let unknown = r#"{"errors":[{"code":"UNAUTHORIZED","message":"authentication required"}]}"#;
    let accept = r#"{"errors":[{"code":"MANIFEST_UNKNOWN","message":"OCI manifest found, but accept header does not support OCI manifests"}]}"#;
    let faults = [
        answer(429, &[("retry-after", "3600")], r#"{"errors":[{"code":"TOOMANYREQUESTS","message":"slow down"}]}"#),
        answer(429, &[("content-type", "text/html")], PAGE),
        answer(503, &[("retry-after", "120")], "upstream connect error"),
        answer(500, &[], ""),
        answer(502, &[("content-type", "text/html")], PAGE),
        answer(401, &[("content-type", "application/json")], unknown),
        answer(403, &[("content-type", "application/json")], denied),
        answer(404, &[("content-type", "text/html")], PAGE),
        answer(404, &[], ""),
        answer(404, &[("content-type", "application/json")], accept),
        answer(404, &[("content-type", "application/json")], r#"{"errors":[]}"#),
        answer(404, &[("content-type", "application/json")], r#"{"message":"no route"}"#),
        answer(405, &[("allow", "HEAD")], ""),
        answer(200, &[("content-type", "text/html")], PAGE),
        answer(200, &[("content-type", "application/vnd.oci.image.manifest.v1+json")], "{}"),
        answer(204, &[], ""),
        answer(451, &[], "not here"),
    ];
    // Most of the time is spent on waiting for a second try, so a few wait together.
    let each = faults.into_iter().map(|fault| async move {
        let proxy = Proxy::before(&registry.url).await;
        let lab = Lab::shop(proxy.host()).await;
        lab.ci.runs("acme/shop", [Run::green(2, &sha('b')), Run::green(1, &sha('a'))]);
        let about = format!("{fault:?}");
        proxy.break_by([Rule::any("/v2/", fault)]);
        judges_nothing(&lab.check().await.about(about));
    });
    stream::iter(each).buffer_unordered(6).collect::<()>().await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs docker-registry: run tests/run"]
async fn a_404_for_a_hidden_repository_is_not_missing_while_nothing_shows_that_we_may_read_it() {
    let Street { lab, proxy, .. } = &street().await;
    let hidden = r#"{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown"}]}"#;
    let denied = r#"{"errors":[{"code":"DENIED","message":"denied"}]}"#;
    proxy.break_by([
        Rule::any("/manifests/", answer(404, &[("content-type", "application/json")], hidden)),
        Rule::any("/tags/list", answer(403, &[("content-type", "application/json")], denied)),
    ]);
    judges_nothing(&lab.check().await);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs docker-registry: run tests/run"]
async fn an_answer_that_drips_is_cut_short_or_half_proves_nothing() {
    let Street { lab, proxy, .. } = &mut street().await;
    lab.set("timeout = \"2s\"", "timeout = \"1s\"");
    for fault in [Fault::Drip, Fault::Cut, Fault::Half] {
        proxy.break_by([Rule::any("/v2/", fault)]);
        judges_nothing(&lab.check().await);
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs docker-registry: run tests/run"]
async fn where_head_is_not_allowed_a_get_tells_what_is_there_and_what_is_not() {
    let Street { lab, proxy, registry, image } = &street().await;
    proxy.break_by([Rule::only(Method::HEAD, "/v2/", answer(405, &[("allow", "GET")], ""))]);
    let checked = lab.check().await;
    checked.says(&sha('a'), "landed", 1);
    checked.says(&sha('b'), "missing", 1);
    registry.lose_blob(&image.layers[0]);
    let checked = lab.check().await;
    checked.says(&sha('a'), "incomplete", 1);
    checked.says(&sha('b'), "missing", 1);
    let heads = proxy.asked().iter().filter(|asked| asked.starts_with("HEAD ")).count();
    assert!(heads > 0, "nothing was asked by HEAD: {:#?}", proxy.asked());
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs docker-registry: run tests/run"]
async fn a_config_or_layer_that_could_not_be_looked_at_is_not_landed() {
    let Street { lab, proxy, image, .. } = &street().await;
    for digest in [&image.config, &image.layers[0]] {
        for status in [429, 503, 403] {
            proxy.break_by([Rule::any(format!("/blobs/{digest}"), answer(status, &[], ""))]);
            let checked = lab.check().await.about(format!("{digest} {status}"));
            assert_eq!(checked.row(&sha('a'))["verdict"], "unknown", "{:#}", checked.row(&sha('a')));
            // Who asks us to slow down has not said that the tag is there, and may not be asked again.
            let allowed: &[&str] = if status == 429 { &["missing", "unknown"] } else { &["missing"] };
            let other = checked.row(&sha('b'));
            assert!(allowed.contains(&other["verdict"].as_str().unwrap()), "{other:#}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs docker-registry: run tests/run"]
async fn a_page_in_place_of_a_blob_is_no_proof_that_the_blob_is_gone() {
    let Street { lab, proxy, image, .. } = &street().await;
    for digest in [&image.config, &image.layers[0]] {
        let gone = answer(404, &[("content-type", "text/html")], PAGE);
        proxy.break_by([Rule::any(format!("/blobs/{digest}"), gone)]);
        lab.check().await.about(digest.clone()).says(&sha('a'), "unknown", 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs docker-registry: run tests/run"]
async fn a_missing_digest_header_changes_no_verdict() {
    let Street { lab, proxy, image, .. } = &street().await;
    proxy.break_by([Rule::any("/v2/", Fault::Without("docker-content-digest"))]);
    let checked = lab.check().await;
    checked.says(&sha('a'), "landed", 1);
    assert_eq!(checked.row(&sha('a'))["digest"], image.digest);
    checked.says(&sha('b'), "missing", 1);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs docker-registry: run tests/run"]
async fn a_refusal_to_answer_is_asked_again_only_within_reason() {
    let Street { lab, proxy, .. } = &street().await;
    proxy.break_by([Rule::any("/v2/", answer(429, &[("retry-after", "3600")], ""))]);
    judges_nothing(&lab.check().await);
    let asked = proxy.asked().len();
    assert!(asked <= 6, "{asked} requests to a registry that asked to be left alone: {:#?}", proxy.asked());
}
