//! What is remembered of answers, in memory and beyond the process, and what never is.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::response::Response;
use bytes::Bytes;
use http::{StatusCode, header};
use landfall::domain::Failure;
use landfall::http::{Answer, Ask, Client, ClientOptions, Credential, KeptAnswer, OverCap};
use rstest::rstest;

use crate::archive::Shelf;
use crate::loopback::{Loopback, Seen, answer};
use crate::{bearer, client_of, conditional, options};

/// A client of another process, as it were: it shares nothing with others but the archive.
fn process(server: &Loopback, shelf: &Arc<Shelf>) -> Client {
    Client::new(ClientOptions { archive: Some(Arc::clone(shelf) as _), ..options(server) }).unwrap()
}

/// A server whose answer has one mark and does not change.
async fn steady() -> Loopback {
    Loopback::answering(|seen| unless_known(seen, "\"one\"", "body")).await
}

fn unless_known(seen: &Seen, mark: &str, body: &'static str) -> Response {
    if seen.header("if-none-match") == Some(mark) {
        return answer(304, &[("etag", mark)], "");
    }
    answer(200, &[("etag", mark), ("link", "</?page=2>; rel=\"next\""), ("x-secret", "CANARY")], body)
}

fn asked_by_mark(server: &Loopback) -> Vec<bool> {
    server.seen().iter().map(|seen| seen.header("if-none-match").is_some()).collect()
}

/// A server that gives these answers one after another.
async fn in_turn(answers: impl Fn(usize) -> Response + Send + Sync + 'static) -> Loopback {
    let turn = AtomicUsize::new(0);
    Loopback::answering(move |_| answers(turn.fetch_add(1, Ordering::SeqCst))).await
}

async fn get(client: &Client, server: &Loopback) -> Answer {
    client.send(conditional(server, "runs")).await.unwrap()
}

#[tokio::test]
async fn a_new_process_asks_by_the_mark_of_the_one_before() {
    let (server, shelf) = (steady().await, Shelf::new());
    get(&process(&server, &shelf), &server).await;
    let second = process(&server, &shelf);
    for _ in 0..2 {
        let got = get(&second, &server).await;
        assert!(got.not_modified);
        assert_eq!((got.status, &got.body[..]), (StatusCode::OK, &b"body"[..]));
        assert!(got.headers.contains_key("link"));
    }
    assert_eq!(asked_by_mark(&server), [false, true, true]);
    assert_eq!(shelf.written(), ["save"]);
    assert!(!format!("{:?}", shelf.all()).contains("CANARY"), "a header without a meaning for the body");
}

#[tokio::test]
async fn an_archive_tells_nothing_about_a_credential() {
    let (server, shelf) = (steady().await, Shelf::new());
    let sent = |credential| conditional(&server, "runs").credential(credential);
    process(&server, &shelf).send(sent(Some(bearer()))).await.unwrap();
    let other = Some(Credential::Bearer("another".to_owned().into()));
    process(&server, &shelf).send(sent(other)).await.unwrap();
    process(&server, &shelf).send(sent(None)).await.unwrap();
    process(&server, &shelf).send(sent(Some(bearer()))).await.unwrap();
    assert_eq!(asked_by_mark(&server), [false, false, false, true]);
    let held = shelf.all();
    assert_eq!(held.len(), 3);
    for name in held.keys() {
        assert!(name.len() == 64 && name.bytes().all(|byte| byte.is_ascii_hexdigit()), "{name}");
    }
}

#[tokio::test]
async fn only_what_changed_is_written() {
    let reply = |mark: &'static str, body: &'static str| answer(200, &[("etag", mark)], body);
    let server = in_turn(move |turn| match turn {
        0 => reply("\"one\"", "body"),
        2 => answer(200, &[("etag", "\"one\""), ("link", "</?page=2>; rel=\"next\"")], "body"),
        1 => answer(304, &[("etag", "\"one\""), ("link", "</?page=2>; rel=\"next\"")], ""),
        4 => answer(304, &[("etag", "\"three\"")], ""),
        3 => reply("\"two\"", "body"),
        _ => reply("\"three\"", "another body"),
    })
    .await;
    let shelf = Shelf::new();
    let client = process(&server, &shelf);
    let mut written = Vec::new();
    for _ in 0..6 {
        get(&client, &server).await;
        written.push(shelf.written().len());
    }
    assert_eq!(written, [1, 0, 0, 1, 1, 1]);
    assert_eq!(shelf.all().values().next().unwrap().etag.as_deref(), Some("\"three\""));
}

/// Asks as one who still has what was made of this edition.
async fn get_known(client: &Client, server: &Loopback, known: &Answer) -> Answer {
    client.send(Ask { known: known.edition, ..conditional(server, "runs") }).await.unwrap()
}

#[tokio::test]
async fn what_is_known_is_not_held_once_the_archive_has_it() {
    let (server, shelf) = (steady().await, Shelf::new());
    let client = process(&server, &shelf);
    let first = get(&client, &server).await;
    let held = client.traffic().cache_bytes;
    let confirmed = get_known(&client, &server, &first).await;
    assert_eq!((&confirmed.body[..], confirmed.edition, confirmed.is_bare()), (&b"body"[..], first.edition, false));
    assert!(client.traffic().cache_bytes < held);
    let bare = get_known(&client, &server, &first).await;
    assert_eq!((bare.status, bare.edition, bare.is_bare()), (StatusCode::OK, first.edition, true));
    assert!(bare.headers.contains_key("link"));
    let whole = get(&client, &server).await;
    assert_eq!((&whole.body[..], whole.edition, whole.is_bare()), (&b"body"[..], first.edition, false));
    assert_eq!(asked_by_mark(&server), [false, true, true, true]);
    shelf.change(|kept| kept.body = Bytes::new());
    assert!(get_known(&client, &server, &first).await.is_bare(), "nobody needs it");
    let asked_again = get(&client, &server).await;
    assert_eq!((&asked_again.body[..], asked_again.not_modified), (&b"body"[..], false));
    assert_ne!(asked_again.edition, first.edition);
}

#[tokio::test]
async fn what_is_known_is_held_as_long_as_the_archive_has_it_not() {
    let (server, shelf) = (steady().await, Shelf::new());
    let (client, alone) = (process(&server, &shelf), Client::new(options(&server)).unwrap());
    for client in [client, alone] {
        let first = get(&client, &server).await;
        shelf.change(|kept| kept.etag = Some("\"of another process\"".to_owned()));
        for _ in 0..3 {
            assert_eq!(&get_known(&client, &server, &first).await.body[..], b"body");
        }
    }
}

#[tokio::test]
async fn what_is_known_comes_with_its_body_where_a_confirmation_says_more() {
    for lost in [false, true] {
        let one = |status, link: &'static str| answer(status, &[("etag", "\"one\""), ("link", link)], "body");
        let server = in_turn(move |turn| match turn {
            0 => one(200, "</?page=2>; rel=\"next\""),
            1 | 2 => answer(304, &[("etag", "\"one\"")], ""),
            3 => answer(304, &[("etag", "\"one\""), ("link", "</?page=3>; rel=\"next\"")], ""),
            _ => one(200, "</?page=3>; rel=\"next\""),
        })
        .await;
        let shelf = Shelf::new();
        let client = process(&server, &shelf);
        let first = get(&client, &server).await;
        get_known(&client, &server, &first).await;
        assert!(get_known(&client, &server, &first).await.is_bare());
        if lost {
            shelf.change(|kept| kept.body = Bytes::new());
        }
        let other = get_known(&client, &server, &first).await;
        assert_eq!((&other.body[..], other.not_modified), (&b"body"[..], !lost));
        assert_ne!(other.edition, first.edition);
        assert!(other.headers["link"].to_str().unwrap().contains("page=3"));
        assert_eq!(server.asked(), if lost { 5 } else { 4 });
    }
}

fn bomb() -> Bytes {
    use std::io::Read;
    let mut packed = Vec::new();
    let zeros = std::io::repeat(0).take(64 << 20);
    flate2::read::ZlibEncoder::new(zeros, flate2::Compression::best()).read_to_end(&mut packed).unwrap();
    packed.into()
}

#[rstest]
#[case::rubbish(|kept: &mut KeptAnswer| kept.body = Bytes::from_static(b"rubbish"))]
#[case::nothing(|kept: &mut KeptAnswer| kept.body = Bytes::new())]
#[case::cut(|kept: &mut KeptAnswer| kept.body.truncate(kept.body.len() - 1))]
#[case::bomb(|kept: &mut KeptAnswer| kept.body = bomb())]
#[case::no_mark(|kept: &mut KeptAnswer| kept.etag = None)]
#[case::split_mark(|kept: &mut KeptAnswer| kept.etag = Some("\"a\"\r\nx: y".to_owned()))]
#[case::split_date(|kept: &mut KeptAnswer| kept.last_modified = Some("\n".to_owned()))]
#[case::no_header(|kept: &mut KeptAnswer| kept.headers.push(("a b".to_owned(), String::new())))]
#[case::split_header(|kept: &mut KeptAnswer| kept.headers.push(("link".to_owned(), "\n".to_owned())))]
#[tokio::test]
async fn what_was_damaged_in_the_archive_is_asked_for_in_full(#[case] damage: impl Fn(&mut KeptAnswer)) {
    let (server, shelf) = (steady().await, Shelf::new());
    get(&process(&server, &shelf), &server).await;
    shelf.change(damage);
    let got = get(&process(&server, &shelf), &server).await;
    assert_eq!((&got.body[..], got.not_modified), (&b"body"[..], false));
    assert_eq!(asked_by_mark(&server), [false, false]);
    get(&process(&server, &shelf), &server).await;
    assert_eq!(asked_by_mark(&server), [false, false, true], "it was mended");
}

#[tokio::test]
async fn a_header_that_was_never_kept_does_not_come_out_of_an_archive() {
    let (server, shelf) = (steady().await, Shelf::new());
    get(&process(&server, &shelf), &server).await;
    shelf.change(|kept| kept.headers.push(("x-ratelimit-remaining".to_owned(), "9".to_owned())));
    let client = process(&server, &shelf);
    assert!(!get(&client, &server).await.headers.contains_key("x-ratelimit-remaining"));
}

const MARK: (&str, &str) = ("etag", "\"one\"");

#[rstest]
#[case::short(200, &[MARK], 4 << 20, 1)]
#[case::long(200, &[MARK], (4 << 20) + 1, 0)]
#[case::unmarked(200, &[], 10, 0)]
#[case::partial(206, &[MARK], 10, 0)]
#[case::not_found(404, &[MARK], 10, 0)]
#[case::private(200, &[MARK, ("cache-control", "private, No-Store")], 10, 0)]
#[case::stored(200, &[MARK, ("cache-control", "private, max-age=60")], 10, 1)]
#[tokio::test]
async fn only_whole_and_handy_successes_are_archived(
    #[case] status: u16,
    #[case] headers: &'static [(&str, &str)],
    #[case] length: usize,
    #[case] archived: usize,
) {
    let server = Loopback::answering(move |_| answer(status, headers, vec![b' '; length])).await;
    let shelf = Shelf::new();
    let ask = Ask { cap: 8 << 20, ..conditional(&server, "runs") };
    process(&server, &shelf).send(ask).await.unwrap();
    assert_eq!(shelf.all().len(), archived);
    assert_eq!(shelf.written().len(), archived, "nothing was there to be forgotten");
}

#[tokio::test]
async fn what_is_cut_or_comes_from_elsewhere_is_not_remembered() {
    let sink = Loopback::answering(|_| answer(200, &[MARK], "elsewhere")).await;
    let there = sink.at("x").to_string();
    let server = Loopback::answering(move |seen| match seen.path.as_str() {
        "/moved" => answer(302, &[("location", &there)], ""),
        _ => answer(200, &[MARK], "x".repeat(100)),
    })
    .await;
    let shelf = Shelf::new();
    let client = process(&server, &shelf);
    for _ in 0..2 {
        let cut = Ask { cap: 10, over_cap: OverCap::KeepEnds, ..conditional(&server, "long") };
        assert!(client.send(cut).await.unwrap().edition.is_none());
        assert!(client.send(conditional(&server, "moved")).await.unwrap().edition.is_none());
    }
    assert_eq!(asked_by_mark(&server), [false; 4]);
    assert!(shelf.all().is_empty());
}

#[tokio::test]
async fn an_answer_for_a_login_that_only_this_process_can_name_is_not_archived() {
    let (server, shelf) = (steady().await, Shelf::new());
    let client = process(&server, &shelf);
    for _ in 0..2 {
        let ask = Ask { on_behalf: Some(1), ..conditional(&server, "runs").credential(Some(bearer())) };
        client.send(ask).await.unwrap();
    }
    assert_eq!(asked_by_mark(&server), [false, true]);
    assert!(shelf.all().is_empty());
}

#[rstest]
#[case(401, true)]
#[case(403, true)]
#[case(429, true)]
#[case(503, true)]
#[case(404, false)]
#[case(410, false)]
#[tokio::test]
async fn a_refusal_or_a_limit_forgets_nothing_and_what_is_gone_is_forgotten(#[case] status: u16, #[case] kept: bool) {
    let server =
        in_turn(move |turn| if turn == 1 { answer(status, &[], "") } else { answer(200, &[MARK], "body") }).await;
    let shelf = Shelf::new();
    let client = process(&server, &shelf);
    for _ in 0..3 {
        get(&client, &server).await;
    }
    assert_eq!(asked_by_mark(&server), [false, true, kept]);
    let written: &[&str] = if kept { &["save"] } else { &["save", "forget", "save"] };
    assert_eq!(shelf.written(), written);
}

#[tokio::test]
async fn what_had_to_make_room_in_memory_is_still_in_the_archive() {
    let (server, shelf) = (steady().await, Shelf::new());
    let archive = Some(Arc::clone(&shelf) as _);
    let client = Client::new(ClientOptions { cache_bytes: 1_000, archive, ..options(&server) }).unwrap();
    for path in ["a", "b", "a"] {
        client.send(conditional(&server, path)).await.unwrap();
    }
    assert_eq!(asked_by_mark(&server), [false, false, true]);
    assert!(client.traffic().cache_bytes <= 1_000);
}

#[tokio::test]
async fn a_list_takes_a_fraction_of_its_length_in_memory() {
    let list = r#"{"url":"https://api.example.com/repos/acme/checkout/actions/runs/1","id":1},"#.repeat(1_000);
    let length = list.len() as u64;
    let server = Loopback::answering(move |_| answer(200, &[MARK], list.clone())).await;
    let client = client_of(&server);
    get(&client, &server).await;
    let held = client.traffic().cache_bytes;
    assert!(0 < held && held < length / 10, "{held} of {length}");
}

#[tokio::test]
async fn a_304_from_elsewhere_confirms_nothing() {
    let sink = Loopback::answering(|_| answer(304, &[MARK], "")).await;
    let there = sink.at("x").to_string();
    let server = in_turn(move |turn| match turn {
        0 => answer(200, &[MARK], "body"),
        _ => answer(302, &[("location", &there)], ""),
    })
    .await;
    let client = client_of(&server);
    get(&client, &server).await;
    let failure = client.send(conditional(&server, "runs")).await.unwrap_err();
    assert!(matches!(failure, Failure::Malformed(_)), "{failure:?}");
}

#[tokio::test]
async fn what_is_distrusted_is_asked_for_in_full_and_what_came_since_is_kept() {
    let (server, shelf) = (steady().await, Shelf::new());
    let client = process(&server, &shelf);
    let first = get(&client, &server).await;
    client.distrust(&first);
    assert!(shelf.all().is_empty());
    get(&client, &server).await;
    client.distrust(&first);
    get(&process(&server, &shelf), &server).await;
    get(&client, &server).await;
    assert_eq!(asked_by_mark(&server), [false, false, true, true]);
}

#[tokio::test]
async fn an_edition_lasts_as_long_as_body_and_links_do() {
    let one = ("link", "</?page=2>; rel=\"next\"");
    let server = in_turn(move |turn| match turn {
        0 | 5 => answer(200, &[MARK, one], "body"),
        1 => answer(304, &[MARK], ""),
        2 => answer(304, &[("etag", "W/\"one\""), one], ""),
        3 => answer(304, &[("link", "</?page=3>; rel=\"next\"")], ""),
        _ => answer(304, &[], ""),
    })
    .await;
    let client = client_of(&server);
    let mut editions = Vec::new();
    for turn in 0..6 {
        let got = get(&client, &server).await;
        let link = got.headers.get(header::LINK).unwrap().to_str().unwrap();
        assert_eq!(link.contains("page=3"), matches!(turn, 3 | 4), "{turn}: {link}");
        editions.push(got.edition.unwrap());
    }
    let same: Vec<bool> = editions.windows(2).map(|pair| pair[0] == pair[1]).collect();
    assert_eq!(same, [true, true, false, true, false]);
}

#[tokio::test]
async fn both_of_two_links_are_kept() {
    let server = in_turn(|turn| match turn {
        0 => answer(200, &[MARK, ("link", "<a>; rel=\"last\""), ("link", "<b>; rel=\"next\"")], "body"),
        _ => answer(304, &[], ""),
    })
    .await;
    let client = client_of(&server);
    get(&client, &server).await;
    assert_eq!(get(&client, &server).await.headers.get_all(header::LINK).iter().count(), 2);
}
