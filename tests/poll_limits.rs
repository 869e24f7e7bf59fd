//! What a rate limit does to a dashboard that stays up: the source is left alone, and the user is told why.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, dead_code, reason = "tests")]

#[path = "support/polled.rs"]
mod polled;

use std::sync::atomic::Ordering;
use std::time::Duration;

use landfall::domain::{Failure, Urgency};

use polled::{Asked, MINUTE, STEADY, bench, gaps, limited, list, seconds, wish};

/// Answers, but for these times.
fn limit(from: Duration, to: Duration, until: Option<Duration>) -> impl Fn(&Asked<'_>) -> Result<(), Failure> {
    move |asked| if (from..to).contains(&asked.at) { Err(limited(until)) } else { Ok(()) }
}

#[tokio::test(start_paused = true)]
async fn nothing_is_asked_before_a_limit_is_over_and_then_one_look_first() {
    let (from, until) = (MINUTE * 10, MINUTE * 18);
    let mut bench = bench(STEADY, limit(from, until, Some(until)));
    bench.keep((0..60).map(list), MINUTE);
    bench.pass(MINUTE * 17).await;
    assert!(bench.asked(from, until) <= 2, "{}", bench.asked(from, until));
    let pace = bench.pace("github");
    assert!(matches!(&pace.closed, Some((_, Failure::RateLimited { .. }))), "{pace:?}");
    bench.source.most.store(0, Ordering::SeqCst);
    *bench.source.latency.lock().unwrap() = seconds(1);
    bench.pass(MINUTE + Duration::from_millis(900)).await;
    assert_eq!(bench.source.most.load(Ordering::SeqCst), 1);
    bench.pass(MINUTE * 2).await;
    assert!((0..60).all(|number| bench.times(&list(number)).iter().any(|at| *at > until)));
    assert_eq!(bench.pace("github").closed, None);
}

#[tokio::test(start_paused = true)]
async fn a_limit_lasts_at_least_a_minute_whatever_the_server_says() {
    let from = MINUTE * 10;
    // Each list has its own second of the minute; in twenty of them at least one is asked.
    let mut bench = bench(STEADY, limit(from, from + seconds(20), Some(from + seconds(22))));
    bench.keep((0..60).map(list), MINUTE);
    bench.pass(MINUTE * 12).await;
    assert!(bench.asked(from, from + MINUTE) <= 4, "{}", bench.asked(from, from + MINUTE));
}

#[tokio::test(start_paused = true)]
async fn limits_without_an_end_last_ever_longer_and_begin_anew_after_an_answer() {
    let (one, two) = (MINUTE * 10, MINUTE * 100);
    let mut bench = bench(STEADY, move |asked| {
        let limit = (one..MINUTE * 60).contains(&asked.at) || (two..two + seconds(30)).contains(&asked.at);
        if limit { Err(limited(None)) } else { Ok(()) }
    });
    bench.keep([list(1)], seconds(20));
    bench.pass(MINUTE * 105).await;
    let asked = bench.times(&list(1));
    let after = |from| gaps(&asked.iter().filter(|at| **at >= from).copied().collect::<Vec<_>>());
    let minutes: Vec<_> = after(one).iter().map(|gap| gap.as_secs() / 60).take(6).collect();
    assert_eq!(minutes, [1, 2, 4, 8, 15, 15]);
    let gap = after(two)[0].as_secs();
    assert!((60..=62).contains(&gap), "{gap}");
}

#[tokio::test(start_paused = true)]
async fn looks_under_way_when_a_limit_strikes_count_once() {
    let from = MINUTE * 10;
    let mut bench =
        bench(
            STEADY,
            move |asked| {
                if (from..from + seconds(30)).contains(&asked.at) { Err(limited(None)) } else { Ok(()) }
            },
        );
    bench.poller.want((0..50).map(|number| wish(list(number), Urgency::Newest)).collect());
    bench.pass(from + seconds(1)).await;
    bench.poller.want((50..100).map(|number| wish(list(number), Urgency::Newest)).collect());
    bench.pass(seconds(5)).await;
    assert_eq!(bench.asked(from, from + seconds(10)), 4);
    bench.poller.want((100..110).map(|number| wish(list(number), Urgency::Newest)).collect());
    bench.pass(MINUTE * 3).await;
    let first = bench.times(&list(100)).first().copied();
    assert_eq!(first, None, "what was told is asked when it is wanted again");
    assert!((100..110).all(|number| bench.failures(&list(number)).len() == 1));
}

#[tokio::test(start_paused = true)]
async fn what_the_user_asks_under_a_limit_is_answered_at_once_and_not_asked() {
    let (from, until) = (MINUTE * 10, MINUTE * 40);
    let mut bench = bench(STEADY, limit(from, until, Some(until)));
    bench.keep((0..30).map(list), MINUTE);
    bench.pass(MINUTE * 15).await;
    let before = bench.asked(from, until);
    bench.ask((0..30).map(list));
    bench.pass(Duration::from_millis(10)).await;
    for number in 0..30 {
        let told = bench.failures(&list(number));
        assert!(matches!(told.last(), Some(Failure::RateLimited { until: Some(_), .. })), "{told:?}");
    }
    assert_eq!(bench.asked(from, until), before);
}

#[tokio::test(start_paused = true)]
async fn under_a_limit_the_background_is_late_and_nothing_more() {
    let (from, until) = (MINUTE * 10, MINUTE * 14);
    let mut bench = bench(STEADY, limit(from, until, Some(until)));
    bench.keep((0..30).map(list), MINUTE);
    bench.pass(MINUTE * 20).await;
    let told: usize = (0..30).map(|number| bench.failures(&list(number)).len()).sum();
    assert!(told <= 2, "{told}");
    assert!((0..30).all(|number| bench.times(&list(number)).last() > Some(&(MINUTE * 18))));
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_was_under_way_before_a_limit_does_not_lift_it() {
    let from = MINUTE * 10;
    let mut bench = bench(STEADY, move |asked| {
        let strikes = asked.at >= from && *asked.look == list(7);
        if strikes { Err(limited(Some(from + MINUTE * 5))) } else { Ok(()) }
    });
    bench.poller.want(vec![wish(list(0), Urgency::Newest)]);
    bench.pass(from).await;
    bench.poller.want([7, 8, 9, 10, 11, 12].map(|number| wish(list(number), Urgency::Newest)).to_vec());
    bench.pass(MINUTE * 4).await;
    assert_eq!(bench.asked(from, from + MINUTE * 4), 4);
}
