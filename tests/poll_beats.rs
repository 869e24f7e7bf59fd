//! What is looked at again comes in beats: many looks at once, whose answers go together, and nothing in between.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, dead_code, reason = "tests")]

#[path = "support/polled.rs"]
mod polled;

use std::collections::BTreeSet;
use std::time::Duration;

use landfall::domain::{Look, Seen, Urgency};

use polled::{Bench, MINUTE, STEADY, bench, list, seconds, tag, wish};

/// How long an answer takes.
const LATENCY: Duration = Duration::from_millis(50);
const HELD: Duration = Duration::from_millis(200);

/// Twenty lists that were answered once, and are looked at again each minute.
async fn idle() -> Bench {
    let mut bench = bench(STEADY, |_| Ok(()));
    bench.keep((0..20).map(list), MINUTE);
    bench.pass(MINUTE * 2).await;
    bench
}

/// When the list of runs of each was told, from then on.
fn told(bench: &Bench, from: Duration) -> Vec<(Duration, Look)> {
    let told = bench.told.iter().filter(|(at, _)| *at >= from);
    let lists = told.filter_map(|(at, observation)| match &observation.seen {
        Seen::Runs(service, _) => Some((*at, Look::Runs(service.clone()))),
        _ => None,
    });
    lists.collect()
}

#[tokio::test(start_paused = true)]
async fn whatever_is_due_within_a_beat_is_asked_in_that_beat() {
    let mut bench = idle().await;
    let from = bench.now();
    bench.pass(MINUTE * 60).await;
    let log = bench.source.log.lock().unwrap();
    let asked: Vec<_> = log.iter().map(|(at, _)| *at).filter(|at| *at >= from).collect();
    assert!((1180..=1220).contains(&asked.len()), "{}", asked.len());
    let begun: BTreeSet<u64> = asked.iter().map(Duration::as_secs).collect();
    assert!(begun.len() <= 2 * 60 + 1, "in {} seconds of an hour something was asked", begun.len());
}

#[tokio::test(start_paused = true)]
async fn the_answers_of_a_beat_are_handed_over_together() {
    let mut bench = idle().await;
    let from = bench.now();
    bench.pass(MINUTE * 60).await;
    let told = told(&bench, from);
    let moments: BTreeSet<Duration> = told.iter().map(|(at, _)| *at).collect();
    assert!(told.len() >= 1180 && moments.len() <= 2 * (2 * 60 + 1), "{} at {} moments", told.len(), moments.len());
}

#[tokio::test(start_paused = true)]
async fn in_an_idle_hour_the_poller_wakes_for_beats_and_for_answers_only() {
    let mut bench = idle().await;
    let (from, before) = (bench.now(), bench.wall.reads());
    bench.pass(MINUTE * 60).await;
    let (answers, reads) = (told(&bench, from).len(), bench.wall.reads() - before);
    // Each answer, what is then wanted again, a round of wishes a minute, and the beats, whose answers go in two parts.
    assert!(reads <= answers * 2 + 60 + 2 * 60 * 3, "{reads} times for {answers} answers");
}

#[tokio::test(start_paused = true)]
async fn no_answer_is_held_for_long_where_another_one_hangs() {
    let mut bench = idle().await;
    bench.pass(seconds(5)).await;
    *bench.source.latency.lock().unwrap() = seconds(29);
    bench.ask([tag("acme/app", 1)]);
    bench.pass(Duration::from_millis(1)).await;
    *bench.source.latency.lock().unwrap() = LATENCY;
    let from = bench.now();
    bench.pass(seconds(29)).await;
    let told = told(&bench, from);
    assert!(!told.is_empty());
    for (at, look) in told {
        let asked = bench.times(&look).into_iter().rfind(|asked| *asked < at).unwrap();
        assert!(
            at.saturating_sub(asked) <= LATENCY + HELD + Duration::from_millis(5),
            "{look:?} after {:?}",
            at.saturating_sub(asked)
        );
    }
}

#[tokio::test(start_paused = true)]
async fn what_somebody_waits_for_is_handed_over_at_once_and_in_order() {
    let mut bench = idle().await;
    // A beat begins, and its answers are under way or held.
    let begun = bench.source.log.lock().unwrap().len();
    while bench.source.log.lock().unwrap().len() == begun {
        bench.pass(Duration::from_millis(10)).await;
    }
    bench.poller.want((100..103).map(|number| wish(list(number), Urgency::Newest)).collect());
    bench.ask([list(103)]);
    bench.pass(seconds(2)).await;
    for number in 100..104 {
        let asked = bench.times(&list(number))[0];
        let (at, _) = told(&bench, asked).into_iter().find(|(_, look)| *look == list(number)).unwrap();
        assert!(at.saturating_sub(asked) <= LATENCY + Duration::from_millis(2), "after {:?}", at.saturating_sub(asked));
    }
    let dates: Vec<_> = bench.told.iter().map(|(_, observation)| observation.at).collect();
    assert!(dates.is_sorted());
}
