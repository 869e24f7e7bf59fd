//! Text that others wrote: escapes, marks that reorder or hide, and very long lines reach neither face raw.

use axum::http::StatusCode;

use crate::ci::Mood;
use crate::lab::Lab;
use crate::marks::harmful;
use crate::proxy::{Fault, Proxy, Rule};
use crate::push::{Image, Login, Pusher};
use crate::registry::Registry;
use crate::script::{Run, sha, tag};

/// A window title, a cleared screen, the clipboard, bidi and zero-width marks, and a great length.
fn hostile() -> String {
    let marks = "\u{1b}]0;owned\u{7}\u{1b}[2J\u{1b}]52;c;b3duZWQ=\u{7}\u{9b}31m\u{202e}evil\u{202c}\u{2066}\u{200b}\u{feff}\r\n\t";
    format!("main{marks}{}", "x".repeat(20_000))
}

/// The table says the same as the JSON, and is as harmless.
async fn table_is_harmless(lab: &Lab) -> String {
    let table = lab.run(&["check", "--format", "table"]).await;
    assert!(!table.stdout.trim().is_empty(), "{}", table.stderr);
    for text in [&table.stdout, &table.stderr] {
        assert_eq!(harmful(text), None, "{}", text.escape_debug());
        assert!(!text.contains("]52;") && !text.contains("[2J"), "{}", text.escape_debug());
    }
    table.stdout
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs docker-registry: run tests/run"]
async fn a_hostile_branch_and_title_stay_harmless() {
    let (mut lab, registry, pusher) = Lab::open().await;
    lab.service_with("wild", &registry.host, "", "");
    let wild = Run { branch: Some(hostile()), title: hostile(), ..Run::green(1, &sha('a')) };
    let event = Run { event: hostile(), conclusion: Some("success\u{1b}[31m"), ..Run::green(2, &sha('b')) };
    lab.ci.runs("acme/shop", []);
    lab.ci.runs("acme/wild", [event, wild]);
    pusher.image(Some(&tag(&sha('a'))), &Image::of("a", &sha('a'))).await;
    let checked = lab.check().await;
    assert_eq!(checked.row(&sha('a'))["verdict"], "landed");
    assert!(checked.stdout.len() < 20_000, "{} bytes", checked.stdout.len());
    table_is_harmless(&lab).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs docker-registry: run tests/run"]
async fn a_tag_made_of_a_hostile_branch_is_made_safe_or_refused() {
    let (mut lab, registry, _pusher) = Lab::open().await;
    for (name, template) in [("raw", "{branch}"), ("safe", "{branch|tagsafe}"), ("slug", "{branch|slug}-{sha:7}")] {
        lab.add(&format!(
            "[[service]]\nname = \"{name}\"\nci = \"github\"\nrepo = \"acme/{name}\"\n\
             [[service.image]]\nrepository = \"{}/acme/shop\"\ntags = [\"{template}\"]\n",
            registry.host
        ));
        lab.ci.runs(&format!("acme/{name}"), [Run { branch: Some(hostile()), ..Run::green(1, &sha('a')) }]);
    }
    lab.ci.runs("acme/shop", []);
    let checked = lab.check().await;
    for row in checked.report["images"].as_array().unwrap() {
        let verdict = row["verdict"].as_str().unwrap();
        assert_ne!(verdict, "landed", "{row:#}");
        if row["service"] == "raw" {
            assert_eq!(verdict, "unknown", "no valid tag, so nothing to look for: {row:#}");
        }
    }
    assert_ne!(checked.code, 0);
    table_is_harmless(&lab).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs docker-registry: run tests/run"]
async fn a_hostile_label_and_log_stay_harmless() {
    let (lab, registry, pusher) = Lab::open().await;
    let (a, b) = (sha('a'), sha('b'));
    pusher.image(Some(&tag(&a)), &Image::of("a", &hostile())).await;
    let log = format!(
        "The push refers to repository [{}/acme/shop]\ndenied: {}\n{}: digest: {} size: 1\n",
        registry.host,
        hostile(),
        hostile(),
        hostile()
    );
    lab.ci.runs("acme/shop", [Run::green(2, &b).logging(log), Run::green(1, &a)]);
    let checked = lab.check().await;
    assert_ne!(checked.row(&a)["verdict"], "unknown", "{:#}", checked.row(&a));
    assert_eq!(checked.row(&b)["verdict"], "missing", "{:#}", checked.row(&b));
    table_is_harmless(&lab).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs docker-registry: run tests/run"]
async fn hostile_words_of_servers_stay_harmless() {
    let registry = Registry::open();
    let proxy = Proxy::before(&registry.url).await;
    let lab = Lab::shop(proxy.host()).await;
    let pusher = Pusher::new(&registry.url, "acme/shop", Login::Anonymous, None);
    pusher.image(Some(&tag(&sha('a'))), &Image::of("a", &sha('a'))).await;
    lab.ci.runs("acme/shop", [Run::green(1, &sha('a'))]);
    let body = serde_json::json!({"errors": [{"code": "DENIED", "message": hostile()}]}).to_string();
    for (status, body) in [(403, body), (503, hostile()), (404, hostile()), (200, hostile())] {
        let status = StatusCode::from_u16(status).unwrap();
        proxy.break_by([Rule::any("/v2/", Fault::Answer(status, &[], body))]);
        lab.check().await.could_not_look(&sha('a'));
        table_is_harmless(&lab).await;
    }
    proxy.break_by([]);
    let message = serde_json::json!({"message": hostile()}).to_string();
    lab.ci.be(Mood::Broken(StatusCode::FORBIDDEN, "application/json", message));
    assert_eq!(lab.check().await.code, 3);
    table_is_harmless(&lab).await;
}
