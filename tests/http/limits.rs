//! Time, size and words: what is read of an answer, for how long, and what is said of one that is refused.

use std::time::Duration;

use http::{HeaderMap, Method, StatusCode, header};
use jiff::{SignedDuration, Timestamp};
use landfall::domain::{Failure, Stage};
use landfall::http::{Answer, Ask, Client, ClientOptions, OverCap, limited, retry_at, says};
use rstest::rstest;

use crate::loopback::{Loopback, Seen, answer};
use crate::{bearer, client_of, options};

const BOMB: &[u8] = include_bytes!("../fixtures/http/8MiB-of-blanks.gz");
const GZIP: &[(&str, &str)] = &[("content-encoding", "gzip")];

#[tokio::test]
async fn a_bomb_is_counted_as_it_unpacks() {
    let server = Loopback::answering(|_| answer(200, GZIP, BOMB)).await;
    let small = Ask { cap: 1 << 20, ..Ask::get(server.at("x")) };
    let failure = client_of(&server).send(small).await.unwrap_err();
    assert_eq!(failure, Failure::TooLarge { limit: 1 << 20 });
    let large = Ask { cap: 8 << 20, ..Ask::get(server.at("x")) };
    assert_eq!(client_of(&server).send(large).await.unwrap().body.len(), 8 << 20);
}

#[tokio::test]
async fn what_only_claims_to_be_packed_is_malformed() {
    let server = Loopback::answering(|_| answer(200, GZIP, "no gzip at all")).await;
    let failure = client_of(&server).send(Ask::get(server.at("x"))).await.unwrap_err();
    assert!(matches!(failure, Failure::Malformed(_)), "{failure:?}");
}

#[tokio::test]
async fn a_body_over_the_cap_is_refused_whether_or_not_it_says_its_length() {
    let cap = Failure::TooLarge { limit: 10 };
    let ask = |server: &Loopback| Ask { cap: 10, ..Ask::get(server.at("x")) };
    let said = Loopback::answering(|_| answer(200, &[], vec![b'x'; 11])).await;
    assert_eq!(client_of(&said).send(ask(&said)).await.unwrap_err(), cap);
    let unsaid = Loopback::raw("HTTP/1.1 200 OK\r\n\r\nelevenbytes").await;
    assert_eq!(client_of(&unsaid).send(ask(&unsaid)).await.unwrap_err(), cap);
    let exact = Loopback::answering(|_| answer(200, &[], vec![b'x'; 10])).await;
    assert_eq!(client_of(&exact).send(ask(&exact)).await.unwrap().body.len(), 10);
}

#[tokio::test]
async fn an_unread_success_has_no_body_and_an_error_keeps_its_words() {
    let server = Loopback::answering(|seen| match seen.path.as_str() {
        "/big" => answer(200, &[], vec![0; 8 << 20]),
        _ => answer(404, &[], r#"{"message":"gone"}"#),
    })
    .await;
    let ask = |path| Ask { over_cap: OverCap::LeaveUnread, ..Ask::get(server.at(path)) };
    let client = client_of(&server);
    assert!(client.send(ask("big")).await.unwrap().body.is_empty());
    let gone = client.send(ask("small")).await.unwrap();
    assert_eq!(says(&gone.headers, &gone.body).as_str(), "gone");
}

#[tokio::test]
async fn a_head_is_not_read_even_where_it_claims_a_length() {
    let server = Loopback::raw("HTTP/1.1 200 OK\r\ncontent-length: 99999999\r\ncontent-encoding: gzip\r\n\r\n").await;
    let got = client_of(&server).send(Ask { method: Method::HEAD, ..Ask::get(server.at("x")) }).await.unwrap();
    assert_eq!((got.status, got.body.len()), (StatusCode::OK, 0));
}

#[tokio::test]
async fn the_time_ends_with_the_last_byte_and_not_with_the_first() {
    let server = Loopback::dripping().await;
    let client = Client::new(ClientOptions { timeout: Duration::from_millis(200), ..options(&server) }).unwrap();
    let failure = client.send(Ask::get(server.at("x"))).await.unwrap_err();
    assert!(matches!(failure, Failure::Unreachable { stage: Stage::Timeout, .. }), "{failure:?}");
}

#[tokio::test]
async fn no_more_are_in_flight_than_allowed() {
    use std::sync::atomic::{AtomicUsize, Ordering};
    static NOW: AtomicUsize = AtomicUsize::new(0);
    static MOST: AtomicUsize = AtomicUsize::new(0);
    let server = Loopback::answering(|_| {
        let now = NOW.fetch_add(1, Ordering::SeqCst) + 1;
        MOST.fetch_max(now, Ordering::SeqCst);
        let body = futures_util::stream::once(async {
            tokio::time::sleep(Duration::from_millis(20)).await;
            NOW.fetch_sub(1, Ordering::SeqCst);
            Ok::<_, std::io::Error>("done")
        });
        answer(200, &[], axum::body::Body::from_stream(body))
    })
    .await;
    let client = Client::new(ClientOptions { in_flight: 3, ..options(&server) }).unwrap();
    let asks = (0..12).map(|_| client.send(Ask::get(server.at("x"))));
    futures_util::future::join_all(asks).await;
    assert_eq!(MOST.load(Ordering::SeqCst), 3);
}

#[tokio::test]
async fn a_credential_that_a_server_sends_back_is_blotted_out() {
    let server = Loopback::answering(|seen| {
        let sent = seen.header("authorization").unwrap_or_default().to_owned();
        answer(403, &[], format!(r#"{{"message":"you sent {sent}"}}"#))
    })
    .await;
    let got = client_of(&server).send(Ask::get(server.at("x")).credential(Some(bearer()))).await.unwrap();
    assert_eq!(says(&got.headers, &got.body).as_str(), "you sent Bearer [redacted]");
}

/// GHCR takes a token's base64 as its bearer token: what a token service gives may look like what it was sent.
#[tokio::test]
async fn a_success_is_blotted_out_too_unless_it_is_a_secret_that_is_asked_for() {
    use base64::Engine as _;
    let token = |seen: &Seen| seen.header("authorization").unwrap().split_once(' ').unwrap().1.to_owned();
    let server = Loopback::answering(move |seen| {
        let coded = base64::engine::general_purpose::STANDARD.encode(token(seen));
        answer(200, &[], format!(r#"{{"token":"{coded}"}}"#))
    })
    .await;
    let ask = || Ask::get(server.at("x")).credential(Some(bearer()));
    let shown = client_of(&server).send(ask()).await.unwrap();
    assert!(shown.body.starts_with(br#"{"token":"[redacted]"#));
    let asked_for = client_of(&server).send(Ask { wants_secret: true, ..ask() }).await.unwrap();
    assert!(!asked_for.body.windows(10).any(|window| window == b"[redacted]"));
}

#[tokio::test]
async fn authorities_that_are_none_are_refused_by_name() {
    let server = Loopback::answering(|_| answer(200, &[], "")).await;
    for pem in ["", "rubbish", "-----BEGIN CERTIFICATE-----\nrubbish\n-----END CERTIFICATE-----\n"] {
        let pem = Some(pem.as_bytes().to_vec());
        let refused = Client::new(ClientOptions { ca_pem: pem, ..options(&server) }).unwrap_err();
        assert!(refused.contains("certificate") || refused.contains("ca_file"), "{refused}");
    }
    let good = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let pem = Some(good.cert.pem().into_bytes());
    Client::new(ClientOptions { ca_pem: pem, ..options(&server) }).unwrap();
}

#[rstest]
#[case(r#"{"message":"Bad credentials","documentation_url":"x"}"#, "Bad credentials")]
#[case(r#"{"errors":[{"code":"DENIED","message":"no"}]}"#, "DENIED: no")]
#[case(r#"{"error":"invalid_token","error_description":"Token is expired"}"#, "Token is expired")]
#[case(r#"{"error":"404 Not Found"}"#, "404 Not Found")]
#[case(r#"{"message":{"base":["is bad"]}}"#, "base: is bad")]
#[case(r#"{"token":"s3cret"}"#, "JSON without a message")]
#[case(r"[1,2]", "JSON without a message")]
#[case("<!doctype html><TITLE>\n Sign in </TITLE>", "an HTML page: Sign in")]
#[case("<html>", "an HTML page")]
#[case("Retry later\nplease", "Retry later")]
#[case("", "")]
fn a_servers_words_are_found_wherever_they_are(#[case] body: &str, #[case] want: &str) {
    assert_eq!(says(&HeaderMap::new(), body.as_bytes()).as_str(), want);
}

#[test]
fn deep_and_endless_words_are_cut() {
    let deep = "[".repeat(100_000);
    assert_eq!(says(&HeaderMap::new(), deep.as_bytes()).as_str(), "JSON without a message");
    let long = "x".repeat(1 << 20);
    assert!(says(&HeaderMap::new(), long.as_bytes()).as_str().len() < 300);
    let html = HeaderMap::from_iter([(header::CONTENT_TYPE, "text/html".parse().unwrap())]);
    assert_eq!(says(&html, b"\xff\xfe").as_str(), "an HTML page");
}

proptest::proptest! {
    #[test]
    fn no_words_make_it_panic(body in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..300)) {
        let _ = says(&HeaderMap::new(), &body);
    }
}

const SPENT: (&str, &str) = ("x-ratelimit-remaining", "0");
const SECONDARY: &str =
    r#"{"message":"You have exceeded a secondary rate limit. Please wait.","documentation_url":"x"}"#;
const DOCUMENTED: &str = r#"{"message":"Slow down","documentation_url":"https://docs.github.com/rest/overview/rate-limits#about-secondary-rate-limits"}"#;
const ABUSE: &str = r#"{"message":"You have triggered an abuse detection mechanism"}"#;
const RIGHTS: &str =
    r#"{"message":"Must have admin rights","documentation_url":"https://docs.github.com/rest/actions"}"#;
const QUAY: &str = "<!DOCTYPE html><html><head><title>429 Too Many Requests</title></head></html>";

/// What an answer says of a limit.
#[derive(Debug)]
enum Limit {
    None,
    Untimed,
    /// For so many seconds.
    For(i64),
}

#[rstest]
#[case::github_secondary(403, &[("retry-after", "60")], SECONDARY, Limit::For(60))]
#[case::github_secondary_by_429(429, &[("retry-after", "60")], SECONDARY, Limit::For(60))]
#[case::github_secondary_without_a_time(403, &[], SECONDARY, Limit::Untimed)]
#[case::github_secondary_by_its_page_alone(403, &[], DOCUMENTED, Limit::Untimed)]
#[case::github_secondary_of_old(403, &[], ABUSE, Limit::Untimed)]
#[case::github_spent(403, &[SPENT, ("x-ratelimit-reset", "900")], "{}", Limit::For(900))]
#[case::spent_without_a_reset(403, &[SPENT], RIGHTS, Limit::Untimed)]
#[case::told_by_the_header_alone(403, &[("retry-after", "5")], RIGHTS, Limit::For(5))]
#[case::gitlab_in_plain_text(429, &[("retry-after", "30")], "Retry later\n", Limit::For(30))]
#[case::gitlab_without_a_time(429, &[], "Retry later\n", Limit::Untimed)]
#[case::quay_in_html(429, &[], QUAY, Limit::Untimed)]
#[case::docker_hub(429, &[("ratelimit-remaining", "0;w=21600")], r#"{"errors":[{"code":"TOOMANYREQUESTS"}]}"#, Limit::Untimed)]
#[case::rights(403, &[("x-ratelimit-remaining", "58")], RIGHTS, Limit::None)]
#[case::html_rights(403, &[], "<html><title>Forbidden</title></html>", Limit::None)]
#[case::no_words(403, &[], "", Limit::None)]
#[case::unauthorised(401, &[SPENT, ("retry-after", "5")], SECONDARY, Limit::None)]
#[case::broken(503, &[("retry-after", "5")], "Retry later", Limit::None)]
fn a_limit_is_told_from_a_refusal(
    #[case] status: u16,
    #[case] headers: &[(&str, &str)],
    #[case] body: &'static str,
    #[case] want: Limit,
) {
    let began = Timestamp::now();
    let answer = refusing(status, headers, body);
    match (limited(&answer), want) {
        (Some(Failure::RateLimited { until: Some(until), .. }), Limit::For(seconds)) => {
            assert_near(began, until, seconds);
        }
        (Some(Failure::RateLimited { until: None, .. }), Limit::Untimed) | (None, Limit::None) => {}
        (found, want) => panic!("{found:?} instead of {want:?}"),
    }
}

fn refusing(status: u16, headers: &[(&str, &str)], body: &'static str) -> Answer {
    Answer {
        status: StatusCode::from_u16(status).unwrap(),
        headers: headers.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect(),
        body: bytes::Bytes::from_static(body.as_bytes()).into(),
        truncated: false,
        not_modified: false,
        edition: None,
        elsewhere: false,
    }
}

#[test]
fn a_store_elsewhere_limits_by_429_alone() {
    for (status, limit) in [(403, false), (429, true)] {
        let answer = Answer { elsewhere: true, ..refusing(status, &[("retry-after", "5")], SECONDARY) };
        assert_eq!(limited(&answer).is_some(), limit, "{status}");
    }
}

/// Asserts that a moment is that far from when the test began, give or take how long it took since.
fn assert_near(began: Timestamp, moment: Timestamp, seconds: i64) {
    let want = SignedDuration::from_secs(seconds);
    let took = Timestamp::now().duration_since(began);
    let found = moment.duration_since(began);
    assert!(want <= found && found <= want + took, "{found:?} instead of {want:?}");
}

const HOUR: i64 = 3_600;
const DATE: (&str, &str) = ("date", "Wed, 04 Mar 2026 05:30:00 GMT");

#[rstest]
#[case(&[("retry-after", "60")], Some(60))]
#[case(&[("retry-after", " 60 ")], Some(60))]
#[case(&[("retry-after", "0")], Some(0))]
#[case(&[("retry-after", "-60")], Some(0))]
#[case(&[("retry-after", "-99999999999999999999")], Some(0))]
#[case(&[("retry-after", "1000000000000")], Some(HOUR))]
#[case(&[("retry-after", "99999999999999999999999999")], Some(HOUR))]
#[case(&[DATE, ("retry-after", "Wed, 04 Mar 2026 05:31:00 GMT")], Some(60))]
#[case(&[DATE, ("retry-after", "Wed, 04 Mar 2026 05:29:00 GMT")], Some(0))]
#[case(&[("retry-after", "Thu, 01 Jan 1970 00:00:00 GMT")], Some(0))]
#[case(&[("retry-after", "Thu, 31 Dec 2099 23:59:59 GMT")], Some(HOUR))]
#[case(&[("retry-after", "Thu, 99 Foo 2026 05:31:00 GMT")], None)]
#[case(&[("retry-after", "soon")], None)]
#[case(&[("retry-after", "")], None)]
#[case(&[("retry-after", "1.5")], None)]
#[case(&[("retry-after", "soon"), SPENT, ("x-ratelimit-reset", "60")], Some(60))]
#[case(&[("retry-after", "5"), SPENT, ("x-ratelimit-reset", "60")], Some(5))]
#[case(&[DATE, SPENT, ("x-ratelimit-reset", "60")], Some(60))]
#[case(&[DATE, SPENT, ("x-ratelimit-reset", "1772602260")], Some(60))]
#[case(&[DATE, SPENT, ("x-ratelimit-reset", "1772602140")], Some(0))]
#[case(&[SPENT, ("x-ratelimit-reset", "4102444800")], Some(HOUR))]
#[case(&[SPENT, ("x-ratelimit-reset", "-7")], Some(0))]
#[case(&[SPENT, ("x-ratelimit-reset", "99999999999999")], None)]
#[case(&[("x-ratelimit-remaining", "1"), ("x-ratelimit-reset", "60")], None)]
#[case(&[], None)]
fn when_to_ask_again_is_within_the_hour_whatever_a_server_says(
    #[case] headers: &[(&str, &str)],
    #[case] want: Option<i64>,
) {
    let began = Timestamp::now();
    let headers: HeaderMap = headers
        .iter()
        .map(|(name, value)| (name.parse::<http::HeaderName>().unwrap(), value.parse().unwrap()))
        .collect();
    match (retry_at(&headers), want) {
        (Some(found), Some(want)) => assert_near(began, found, want),
        (found, want) => assert_eq!(found, want.map(|_| Timestamp::UNIX_EPOCH)),
    }
}
