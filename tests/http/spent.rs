//! What a client can be asked about itself: what it sent, what that cost, and whose clock is wrong.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use landfall::http::Ask;
use rstest::rstest;

use crate::loopback::{Loopback, answer};
use crate::{client_of, conditional};

/// How a server charges for a 304.
#[derive(Debug, Clone, Copy)]
enum Charge {
    Nothing,
    AsForAll,
    Unsaid,
}

/// A server whose first answer is whole and whose others are 304, with what is left in each.
async fn charging(charge: Charge) -> Loopback {
    let left = AtomicU64::new(5_000);
    Loopback::answering(move |seen| {
        let known = seen.header("if-none-match").is_some();
        let costs = u64::from(!known || matches!(charge, Charge::AsForAll));
        let left = (left.fetch_sub(costs, Ordering::SeqCst) - costs).to_string();
        let told = ("x-ratelimit-remaining", left.as_str());
        let headers = [("etag", "\"one\""), told, ("x-ratelimit-limit", "5000")];
        let headers = if matches!(charge, Charge::Unsaid) && known { &headers[..1] } else { &headers };
        answer(if known { 304 } else { 200 }, headers, if known { "" } else { "body" })
    })
    .await
}

#[rstest]
#[case(Charge::Nothing, 2)]
#[case(Charge::AsForAll, 6)]
#[case(Charge::Unsaid, 6)]
#[tokio::test]
async fn a_304_is_free_only_where_the_budget_shows_it(#[case] charge: Charge, #[case] billed: u64) {
    let server = charging(charge).await;
    let client = client_of(&server);
    for path in ["a", "a", "a", "b", "b", "b"] {
        client.send(conditional(&server, path)).await.unwrap();
    }
    let traffic = client.traffic();
    assert_eq!((traffic.requests, traffic.not_modified, traffic.billed), (6, 4, billed));
    assert_eq!((traffic.requests_last_hour, traffic.not_modified_last_hour), (6, 4));
}

#[tokio::test]
async fn what_went_elsewhere_is_sent_and_not_billed() {
    let sink = Loopback::answering(|_| answer(200, &[("x-ratelimit-remaining", "1")], "log")).await;
    let there = sink.at("blob").to_string();
    let server = Loopback::answering(move |_| answer(302, &[("location", &there)], "")).await;
    let client = client_of(&server);
    client.send(Ask::get(server.at("log"))).await.unwrap();
    let traffic = client.traffic();
    assert_eq!((traffic.requests, traffic.billed, traffic.budget), (2, 1, None));
}

#[tokio::test]
async fn a_request_that_nobody_answered_is_billed() {
    let silent = Loopback::raw("").await;
    let client = client_of(&silent);
    client.send(Ask::get(silent.at("x"))).await.unwrap_err();
    assert_eq!((client.traffic().requests, client.traffic().billed), (1, 1));
}

#[tokio::test]
async fn after_an_hour_a_request_is_no_longer_of_the_last() {
    let server = charging(Charge::Nothing).await;
    let client = client_of(&server);
    let mut last = Vec::new();
    for _ in 0..3 {
        client.send(conditional(&server, "a")).await.unwrap();
        let traffic = client.traffic();
        last.push((traffic.requests, traffic.requests_last_hour, traffic.not_modified_last_hour));
        tokio::time::pause();
        tokio::time::advance(Duration::from_mins(40)).await;
        tokio::time::resume();
    }
    assert_eq!(last, [(1, 1, 0), (2, 2, 1), (3, 2, 2)]);
}

/// The date that a server has whose clock is ahead by so many seconds.
fn date(ahead: i64) -> String {
    let theirs = Timestamp::now() + SignedDuration::from_secs(ahead);
    theirs.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

#[tokio::test]
async fn the_clock_of_a_server_is_told_after_three_answers() {
    let server = Loopback::answering(|seen| {
        let ahead = if seen.path == "/odd" { 100_000 } else { 600 };
        answer(200, &[("date", &date(ahead))], "")
    })
    .await;
    let client = client_of(&server);
    let mut skews = Vec::new();
    for path in ["odd", "a", "b", "c"] {
        client.send(Ask::get(server.at(path))).await.unwrap();
        skews.push(client.traffic().clock_skew.map(|skew| skew.as_secs()));
    }
    let near = |skew: &Option<i64>| skew.is_some_and(|skew| (599..=601).contains(&skew));
    assert!(skews[..2] == [None, None] && skews[2..].iter().all(near), "{skews:?}");
}

#[tokio::test]
async fn another_budget_is_not_ours() {
    let server = Loopback::answering(|seen| {
        let (left, resource) = if seen.path == "/search" { ("3", "search") } else { ("4000", "core") };
        answer(200, &[("x-ratelimit-remaining", left), ("x-ratelimit-resource", resource)], "")
    })
    .await;
    let client = client_of(&server);
    for path in ["runs", "search"] {
        client.send(Ask::get(server.at(path))).await.unwrap();
    }
    assert_eq!(client.traffic().budget.unwrap().remaining, 4_000);
}
