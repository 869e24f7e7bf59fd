//! What a refused credential does to a dashboard that stays up: it is tried once more and then hardly ever, for all
//! that wants it.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, dead_code, reason = "tests")]

#[path = "support/polled.rs"]
mod polled;

use std::sync::atomic::Ordering;
use std::time::Duration;

use landfall::domain::{AuthKind, AuthStage, Failure, Look, Urgency};

use polled::{Bench, MINUTE, STEADY, bench, image, list, seconds, tag, wish};

const HOUR: Duration = Duration::from_hours(1);

fn refused(stage: AuthStage, kind: AuthKind) -> Failure {
    Failure::Auth { stage, kind, says: "no".into() }
}

fn bad_token() -> Failure {
    refused(AuthStage::Api, AuthKind::InvalidToken)
}

/// Holds that so many were asked in the first hour at most, and one in each of the hours after the second.
fn hold_the_count(bench: &Bench) {
    let asked = |hour: u32| bench.asked(HOUR * hour, HOUR * (hour + 1));
    let all: Vec<_> = (0..8).map(asked).collect();
    assert!(all[0] <= 5 && all[1] <= 2, "{all:?}");
    assert!(all[2..].iter().all(|asked| *asked <= 1), "{all:?}");
    assert!(all[2..].iter().sum::<usize>() >= 5, "it is never given up: {all:?}");
}

#[tokio::test(start_paused = true)]
async fn a_bad_token_is_hardly_ever_sent_whatever_fifty_services_want() {
    let mut bench = bench(STEADY, |_| Err(bad_token()));
    bench.keep((0..50).map(list), MINUTE);
    bench.pass(HOUR * 8).await;
    hold_the_count(&bench);
    for number in 0..50 {
        assert!(bench.failures(&list(number)).contains(&bad_token()), "service {number} was not told");
    }
    let pace = bench.pace("github");
    assert!(pace.stopped && pace.closed.is_some(), "{pace:?}");
}

#[tokio::test(start_paused = true)]
async fn a_token_that_expires_is_believed_to_be_bad_after_one_more_try() {
    let mut bench = bench(STEADY, |asked| if asked.at < HOUR { Ok(()) } else { Err(bad_token()) });
    bench.keep((0..50).map(list), MINUTE);
    bench.pass(HOUR + MINUTE).await;
    assert!(bench.asked(HOUR, HOUR + MINUTE) <= 4, "{}", bench.asked(HOUR, HOUR + MINUTE));
    assert!((0..50).all(|number| bench.failures(&list(number)).contains(&bad_token())));
}

#[tokio::test(start_paused = true)]
async fn one_refusal_that_was_a_mistake_is_told_to_nobody() {
    let mut bench = bench(STEADY, |asked| if asked.at < seconds(1) { Err(bad_token()) } else { Ok(()) });
    bench.keep((0..20).map(list), MINUTE);
    bench.pass(seconds(10)).await;
    for number in 0..20 {
        assert!(bench.failures(&list(number)).is_empty(), "{number}");
        assert!(!bench.times(&list(number)).is_empty(), "{number}");
    }
    assert!(bench.paces("github").iter().all(|(_, pace)| !pace.stopped));
}

#[tokio::test(start_paused = true)]
async fn a_new_token_is_tried_within_ten_seconds() {
    let mut bench = bench(STEADY, |asked| if asked.at < MINUTE * 20 { Err(bad_token()) } else { Ok(()) });
    bench.keep((0..20).map(list), MINUTE);
    bench.pass(MINUTE * 20 + seconds(30)).await;
    assert_eq!(bench.asked(MINUTE * 16, HOUR), 0);
    bench.source.renewed.store(true, Ordering::SeqCst);
    bench.pass(seconds(12)).await;
    assert!((0..20).all(|number| bench.times(&list(number)).last() > Some(&(MINUTE * 20))));
    assert!(!bench.pace("github").stopped);
}

#[tokio::test(start_paused = true)]
async fn an_outage_of_the_login_that_lasts_is_over_within_as_long_again_and_an_hour_at_most() {
    for minutes in [5, 20, 40, 600] {
        let over = MINUTE * minutes;
        let mut bench = bench(STEADY, move |asked| if asked.at < over { Err(bad_token()) } else { Ok(()) });
        bench.keep([list(0)], MINUTE);
        bench.pass(over + HOUR + MINUTE).await;
        let times = bench.times(&list(0));
        let healed = *times.iter().find(|at| **at >= over).unwrap();
        assert!(healed <= over + (over + MINUTE * 15).min(HOUR + seconds(5)), "{minutes} min: {healed:?}");
        assert!(!bench.pace("github").stopped);
    }
}

#[tokio::test(start_paused = true)]
async fn tokens_that_are_new_each_time_and_bad_each_time_are_tried_ever_less_often() {
    let mut bench = bench(STEADY, |_| Err(bad_token()));
    bench.source.renewed.store(true, Ordering::SeqCst);
    bench.keep((0..20).map(list), MINUTE);
    bench.pass(HOUR * 2).await;
    assert!(bench.asked(HOUR, HOUR * 2) <= 9, "{}", bench.asked(HOUR, HOUR * 2));
    assert!(bench.asked(Duration::ZERO, HOUR) <= 16, "{}", bench.asked(Duration::ZERO, HOUR));
}

#[tokio::test(start_paused = true)]
async fn what_the_user_asks_with_a_bad_token_is_one_request_and_an_answer_for_each_look() {
    let mut bench = bench(STEADY, |_| Err(bad_token()));
    bench.keep((0..20).map(list), MINUTE);
    bench.pass(MINUTE * 5).await;
    let before = bench.asked(Duration::ZERO, HOUR);
    let told = |bench: &Bench| (0..20).map(|number| bench.failures(&list(number)).len()).collect::<Vec<_>>();
    let told_before = told(&bench);
    bench.ask((0..20).map(list));
    bench.pass(seconds(1)).await;
    assert_eq!(bench.asked(Duration::ZERO, HOUR), before + 1);
    assert!(told(&bench).iter().zip(&told_before).all(|(after, before)| after == &(before + 1)));
}

#[tokio::test(start_paused = true)]
async fn whoever_insists_on_a_bad_token_does_not_put_off_the_next_try() {
    let mut bench = bench(STEADY, |_| Err(bad_token()));
    bench.keep([list(0)], MINUTE);
    bench.pass(MINUTE * 2).await;
    for _ in 0..5 {
        bench.ask([list(0)]);
        bench.pass(MINUTE * 2).await;
    }
    let before = bench.asked(Duration::ZERO, HOUR);
    bench.pass(MINUTE * 5).await;
    assert_eq!(bench.asked(Duration::ZERO, HOUR), before + 1, "a quarter of an hour after the first refusal");
}

#[tokio::test(start_paused = true)]
async fn fifty_repositories_do_not_make_fifty_failed_logins() {
    let bad = || refused(AuthStage::Token, AuthKind::BadPassword);
    let mut bench = bench(STEADY, move |_| Err(bad()));
    for number in 0..50 {
        bench.poller.warm(image(&format!("acme/app-{number}")));
    }
    bench.keep((0..50).map(|number| tag(&format!("acme/app-{number}"), 1)), MINUTE);
    bench.pass(HOUR * 8).await;
    hold_the_count(&bench);
    assert_eq!(bench.source.warmed.load(Ordering::SeqCst), 1);
    assert!(bench.pace("registry.test").stopped);
    assert!((0..50).all(|number| bench.failures(&tag(&format!("acme/app-{number}"), 1)).contains(&bad())));
}

fn is_in(look: &Look, repository: &str) -> bool {
    look.image() == Some(&image(repository))
}

#[tokio::test(start_paused = true)]
async fn a_right_that_is_lacking_closes_its_repository_and_no_other() {
    let lacking = || refused(AuthStage::Token, AuthKind::InsufficientScope);
    let mut bench = bench(STEADY, move |asked| if is_in(asked.look, "acme/secret") { Err(lacking()) } else { Ok(()) });
    bench.keep((0..20).map(|number| tag("acme/secret", number)).chain([tag("acme/open", 1)]), MINUTE);
    bench.pass(HOUR * 3).await;
    let secret = |from, to| {
        let log = bench.source.log.lock().unwrap();
        log.iter().filter(|(at, look)| (from..to).contains(at) && is_in(look, "acme/secret")).count()
    };
    assert!(secret(Duration::ZERO, HOUR) <= 9, "{}", secret(Duration::ZERO, HOUR));
    assert!(secret(HOUR, HOUR * 2) <= 4, "{}", secret(HOUR, HOUR * 2));
    assert!((175..=185).contains(&bench.times(&tag("acme/open", 1)).len()));
    assert!((0..20).all(|number| !bench.failures(&tag("acme/secret", number)).is_empty()));
    assert!(!bench.pace("registry.test").stopped);
    bench.source.renewed.store(true, Ordering::SeqCst);
    bench.pass(seconds(12)).await;
    let log = bench.source.log.lock().unwrap();
    assert!(log.iter().any(|(at, look)| *at >= HOUR * 3 && is_in(look, "acme/secret")), "a new login is not tried");
}

#[tokio::test(start_paused = true)]
async fn a_login_of_one_repository_that_is_refused_does_not_stop_those_of_others() {
    let bad = || refused(AuthStage::Token, AuthKind::BadPassword);
    let mut bench = bench(STEADY, move |asked| if is_in(asked.look, "team/app") { Err(bad()) } else { Ok(()) });
    let others = || (0..10).map(|number| tag("acme/open", number));
    bench.keep(others().chain([tag("team/app", 1)]), MINUTE);
    bench.pass(HOUR * 3).await;
    let refused = bench.times(&tag("team/app", 1)).len();
    assert!(refused <= 14, "{refused}");
    // Another one is asked when it is time to find out, so only one pause passes.
    assert!(others().all(|tag| bench.times(&tag).len() > 160), "{}", bench.times(&tag("acme/open", 1)).len());
    assert!(bench.failures(&tag("team/app", 1)).contains(&bad()));
}

#[tokio::test(start_paused = true)]
async fn who_was_refused_last_is_not_left_alone_when_all_are_accepted_again() {
    let bad = || refused(AuthStage::Token, AuthKind::BadPassword);
    let last = || tag("acme/last", 1);
    let mut bench = bench(STEADY, move |asked| if asked.at < MINUTE { Err(bad()) } else { Ok(()) });
    bench.poller.want(vec![wish(last(), Urgency::Newest)]);
    bench.pass(MINUTE).await;
    assert!(!bench.failures(&last()).is_empty());
    // Another one finds out that it is over.
    bench.keep([tag("acme/first", 1)], MINUTE);
    bench.pass(MINUTE * 16).await;
    assert!(bench.times(&tag("acme/first", 1)).last() > Some(&(MINUTE * 15)));
    bench.keep([last()], MINUTE);
    bench.pass(seconds(30)).await;
    assert!(bench.times(&last()).last() > Some(&(MINUTE * 16)), "{:?}", bench.times(&last()));
}

#[tokio::test(start_paused = true)]
async fn a_look_that_alone_is_refused_does_not_stop_the_others() {
    let mut bench = bench(STEADY, |asked| if *asked.look == list(3) { Err(bad_token()) } else { Ok(()) });
    bench.keep((0..20).map(list), MINUTE);
    bench.pass(HOUR).await;
    let expected = |number| if number == 3 { 20..=70 } else { 55..=62 };
    for number in 0..20 {
        let asked = bench.times(&list(number)).len();
        assert!(expected(number).contains(&asked), "{number}: {asked}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_forbidden_repository_is_tried_by_one_look_a_minute() {
    let forbidden = || Failure::Forbidden("denied".into());
    let mut bench = bench(STEADY, move |asked| if asked.at < HOUR { Err(forbidden()) } else { Ok(()) });
    bench.poller.want(vec![wish(list(1), Urgency::Newest)]);
    bench.keep((0..20).map(|number| tag("acme/new", number)), MINUTE);
    bench.pass(HOUR).await;
    let asked = bench.asked(MINUTE, HOUR);
    assert!((40..=64).contains(&asked), "{asked}");
    bench.pass(MINUTE * 2).await;
    assert!((0..20).all(|number| bench.times(&tag("acme/new", number)).last() > Some(&HOUR)));
}
