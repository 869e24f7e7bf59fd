//! The HTTP stack against servers on loopback: what is sent, what is read, what is refused.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, clippy::disallowed_methods, reason = "tests")]

#[path = "support/archive.rs"]
mod archive;
#[path = "http/kept.rs"]
mod kept;
#[path = "http/limits.rs"]
mod limits;
#[path = "support/loopback.rs"]
mod loopback;
#[path = "http/secrets.rs"]
mod secrets;
#[path = "http/spent.rs"]
mod spent;

use std::time::Duration;

use http::{HeaderName, StatusCode, header};
use landfall::domain::{Failure, SourceId, Stage};
use landfall::http::{Ask, Client, ClientOptions, Credential, OverCap};
use loopback::{Loopback, answer};

fn client_of(base: &Loopback) -> Client {
    Client::new(options(base)).unwrap()
}

fn options(base: &Loopback) -> ClientOptions {
    ClientOptions {
        id: SourceId::parse("test").unwrap(),
        base: base.url.clone(),
        ca_pem: None,
        in_flight: 4,
        timeout: Duration::from_secs(5),
        cache_bytes: 1 << 20,
        archive: None,
    }
}

fn bearer() -> Credential {
    Credential::Bearer("CANARY_d3adb33f".to_owned().into())
}

fn conditional(server: &Loopback, path: &str) -> Ask {
    Ask { conditional: true, ..Ask::get(server.at(path)) }
}

#[tokio::test]
async fn a_redirect_to_another_host_carries_no_credential_and_no_custom_header() {
    let sink = Loopback::answering(|_| answer(200, &[], "log")).await;
    let there = sink.at("blob?sig=s3cret").to_string();
    let server = Loopback::answering(move |_| answer(302, &[("location", &there)], "")).await;
    let ask = Ask::get(server.at("x"))
        .credential(Some(bearer()))
        .header(HeaderName::from_static("private-token"), "CANARY_d3adb33f")
        .header(header::ACCEPT, "text/plain");
    let got = client_of(&server).send(ask).await.unwrap();
    assert_eq!(&got.body[..], b"log");
    assert_eq!(server.seen()[0].header("authorization"), Some("Bearer CANARY_d3adb33f"));
    let at_sink = &sink.seen()[0];
    assert!(!format!("{at_sink:?}").contains("CANARY"), "{at_sink:?}");
    assert_eq!(at_sink.header("accept"), Some("text/plain"));
}

#[tokio::test]
async fn a_redirect_within_the_origin_keeps_the_credential() {
    let server = Loopback::answering(|seen| match seen.path.as_str() {
        "/old" => answer(301, &[("location", "/new")], ""),
        _ => answer(200, &[], ""),
    })
    .await;
    let client = client_of(&server);
    client.send(Ask::get(server.at("old")).credential(Some(bearer()))).await.unwrap();
    assert!(server.seen()[1].header("authorization").is_some());
    assert_eq!(client.traffic().requests, 2);
}

#[tokio::test]
async fn redirects_end_after_five() {
    let server = Loopback::answering(|_| answer(302, &[("location", "/again")], "")).await;
    let failure = client_of(&server).send(Ask::get(server.at("x"))).await.unwrap_err();
    assert!(matches!(failure, Failure::Withheld(_)), "{failure}");
    assert_eq!(server.asked(), 6);
}

#[tokio::test]
async fn what_is_no_plain_address_is_not_followed_to() {
    for to in ["http://user:pw@127.0.0.1:1/", "file:///etc/passwd", "http://169.254.169.254/latest"] {
        let server = Loopback::answering(move |_| answer(302, &[("location", to)], "")).await;
        let failure = client_of(&server).send(Ask::get(server.at("x"))).await.unwrap_err();
        assert!(matches!(failure, Failure::Withheld(_)), "{to}: {failure}");
        assert!(!failure.to_string().contains("pw"));
    }
}

#[tokio::test]
async fn a_post_is_never_sent_on() {
    let server = Loopback::answering(|_| answer(307, &[("location", "/elsewhere")], "")).await;
    let form = Some("refresh_token=x".to_owned().into());
    let ask = Ask { method: http::Method::POST, form, ..Ask::get(server.at("token")) };
    let got = client_of(&server).send(ask).await.unwrap();
    assert_eq!((got.status, server.asked()), (StatusCode::TEMPORARY_REDIRECT, 1));
    let seen = &server.seen()[0];
    assert_eq!((&seen.method, &seen.body[..]), (&http::Method::POST, &b"refresh_token=x"[..]));
}

#[tokio::test]
async fn an_unchanged_answer_comes_from_memory_with_its_links() {
    let server = Loopback::answering(|seen| match seen.header("if-none-match") {
        Some("\"one\"") => answer(304, &[("etag", "\"one\"")], ""),
        _ => answer(200, &[("etag", "\"one\""), ("link", "<http://x/?page=2>; rel=\"next\"")], "body"),
    })
    .await;
    let client = client_of(&server);
    client.send(conditional(&server, "runs?")).await.unwrap();
    let again = client.send(conditional(&server, "runs")).await.unwrap();
    assert_eq!(server.seen()[1].header("host"), Some(server.host().as_str()));
    assert!(again.not_modified);
    assert_eq!((again.status, &again.body[..]), (StatusCode::OK, &b"body"[..]));
    assert!(again.headers.contains_key("link"));
    assert_eq!((client.traffic().requests, client.traffic().not_modified), (2, 1));
}

#[tokio::test]
async fn another_credential_never_sees_what_was_remembered_for_the_first() {
    let server = Loopback::answering(|_| answer(200, &[("etag", "\"one\"")], "body")).await;
    let client = client_of(&server);
    client.send(conditional(&server, "x").credential(Some(bearer()))).await.unwrap();
    client.send(conditional(&server, "x")).await.unwrap();
    assert_eq!(server.seen()[1].header("if-none-match"), None);
}

#[tokio::test]
async fn an_error_is_never_remembered() {
    let server = Loopback::answering(|_| answer(404, &[("etag", "\"one\"")], "{}")).await;
    let client = client_of(&server);
    for _ in 0..2 {
        client.send(conditional(&server, "x")).await.unwrap();
    }
    assert_eq!(server.seen()[1].header("if-none-match"), None);
}

#[tokio::test]
async fn a_304_that_nobody_asked_for_is_asked_again_in_full() {
    let server = Loopback::answering(|seen| match seen.header("cache-control") {
        Some(_) => answer(200, &[], "whole"),
        None => answer(304, &[], ""),
    })
    .await;
    let got = client_of(&server).send(conditional(&server, "x")).await.unwrap();
    assert_eq!(&got.body[..], b"whole");
}

#[tokio::test]
async fn the_longest_unused_answer_makes_room() {
    // Noise, so that packing it saves nothing.
    let mut noise = 1_u32;
    let big: Vec<u8> = std::iter::repeat_with(|| {
        noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        noise.to_be_bytes()[0]
    })
    .take(2_000)
    .collect();
    let server = Loopback::answering(move |_| answer(200, &[("etag", "\"e\"")], big.clone())).await;
    let client = Client::new(ClientOptions { cache_bytes: 6000, ..options(&server) }).unwrap();
    for path in ["a", "b", "a", "c", "a", "b"] {
        client.send(conditional(&server, path)).await.unwrap();
    }
    let asked: Vec<_> = server.seen().iter().map(|seen| seen.header("if-none-match").is_some()).collect();
    assert_eq!(asked, [false, false, true, false, true, false]);
}

#[tokio::test]
async fn budgets_are_merged_and_not_replaced() {
    let server = Loopback::answering(|seen| match seen.path.as_str() {
        "/hub" => answer(200, &[("ratelimit-remaining", "99;w=21600"), ("ratelimit-limit", "100;w=21600")], ""),
        "/less" => answer(200, &[("x-ratelimit-remaining", "41")], ""),
        _ => answer(200, &[], ""),
    })
    .await;
    let client = client_of(&server);
    for path in ["hub", "less", "silent"] {
        client.send(Ask::get(server.at(path))).await.unwrap();
    }
    let budget = client.traffic().budget.unwrap();
    assert_eq!((budget.remaining, budget.limit), (41, Some(100)));
}

#[tokio::test]
async fn no_server_is_unreachable_at_the_right_stage() {
    let server = Loopback::answering(|_| answer(200, &[], "")).await;
    let client = client_of(&server);
    let stage = async |url: &str| match client.send(Ask::get(url.parse().unwrap())).await.unwrap_err() {
        Failure::Unreachable { stage, says } => {
            assert!(!says.as_str().contains("secret"), "{says}");
            stage
        }
        other => panic!("{other}"),
    };
    assert_eq!(stage("http://127.0.0.1:1/?secret").await, Stage::Connect);
    assert_eq!(stage("http://does-not-exist.invalid/?secret").await, Stage::Dns);
    assert_eq!(stage(&server.url.as_str().replace("http:", "https:")).await, Stage::Tls);
    let cut = Loopback::raw("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf").await;
    assert_eq!(stage(cut.url.as_str()).await, Stage::Cut);
    let silent = Loopback::raw("").await;
    assert_eq!(stage(silent.url.as_str()).await, Stage::Cut);
}

#[tokio::test]
async fn what_is_no_http_is_malformed() {
    let ssh = Loopback::raw("SSH-2.0-OpenSSH_9.2\r\n").await;
    let failure = client_of(&ssh).send(Ask::get(ssh.at("x"))).await.unwrap_err();
    assert!(matches!(failure, Failure::Malformed(_)), "{failure:?}");
}

#[tokio::test]
async fn both_ends_of_a_log_are_kept() {
    for (length, want) in [(10_usize, 10), (100, 100), (101, 100), (5_000_000, 100)] {
        let log: Vec<u8> = (0..length).map(|at| b'a' + u8::try_from(at % 26).unwrap()).collect();
        let sent = log.clone();
        let server = Loopback::answering(move |_| answer(200, &[], sent.clone())).await;
        let ask = Ask { cap: 100, over_cap: OverCap::KeepEnds, ..Ask::get(server.at("log")) };
        let got = client_of(&server).send(ask).await.unwrap();
        assert_eq!((got.body.len(), got.truncated), (want, length > 100));
        let half = want / 2;
        assert_eq!(got.body[..half], log[..half]);
        assert_eq!(got.body[half..], log[length - half..]);
    }
}
