//! What is told of a source's pace: at most once a second, only what is news, and nothing where nothing happens.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, dead_code, reason = "tests")]

#[path = "support/polled.rs"]
mod polled;

use std::time::Duration;

use jiff::SignedDuration;
use landfall::domain::Observation;
use landfall::domain::{Failure, Seen, Snapshot, SourceId, SourceKind};
use landfall::poll::Rhythm;

use polled::{Bench, MINUTE, STEADY, bench, down, gaps, limited, list, seconds, start, tag};

const HOUR: Duration = Duration::from_hours(1);

fn closest(bench: &Bench) -> Duration {
    let told: Vec<_> = bench.paces("github").into_iter().map(|(at, _)| at).collect();
    gaps(&told).into_iter().min().unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_pace_is_told_at_most_once_a_second() {
    let mut bench = bench(STEADY, |asked| if asked.before % 7 == 6 { Err(down()) } else { Ok(()) });
    bench.keep((0..200).map(list), MINUTE);
    bench.pass(MINUTE * 20).await;
    assert!(closest(&bench) >= seconds(1), "{:?}", closest(&bench));
    assert!(bench.paces("github").len() > 70);
}

#[tokio::test(start_paused = true)]
async fn a_pace_says_when_the_next_look_is_due_and_comes_to_rest() {
    let mut bench = bench(STEADY, |_| Ok(()));
    bench.keep((0..12).map(list), MINUTE);
    bench.pass(MINUTE * 10).await;
    for (at, pace) in &bench.paces("github")[20..] {
        let next = pace.next.unwrap().duration_since(start());
        let ahead = next - SignedDuration::try_from(*at).unwrap();
        assert!(ahead >= SignedDuration::ZERO && ahead <= SignedDuration::from_secs(60), "{ahead:?}");
    }
    let still = bench.pace("github");
    assert!((still.waiting, still.closed, still.stopped, still.slowed) == (0, None, false, None));
}

#[tokio::test(start_paused = true)]
async fn where_nothing_is_due_nothing_is_told_and_nobody_wakes() {
    let mut bench = bench(STEADY, |_| Ok(()));
    bench.keep((0..20).map(list), MINUTE * 30);
    bench.pass(HOUR * 2).await;
    let told = bench.told.len();
    let asked = bench.asked(Duration::ZERO, HOUR * 2);
    assert!((80..=130).contains(&asked), "{asked}");
    // An answer, the traffic and the pace: nothing comes on its own.
    assert!(told <= asked * 3, "{told} told of {asked} answers");
    // Nor does anybody wake but for a round of wishes, or for a look and its answer.
    assert!(bench.wall.reads() <= asked * 6 + 2 * 120 * 3, "{} times for {asked} answers", bench.wall.reads());
    let alone = bench.told.iter().filter(|(at, observation)| {
        let answers = bench.told.iter().any(|(other, answer)| at == other && matches!(answer.seen, Seen::Runs(..)));
        matches!(observation.seen, Seen::Pace(..)) && !answers
    });
    // Only the first looks, whose answers are not held, come to rest a second later.
    assert!(alone.count() <= 4);
}

#[tokio::test(start_paused = true)]
async fn counts_do_not_stay_behind_after_a_burst() {
    let mut bench = bench(STEADY, |_| Ok(()));
    bench.keep((0..50).map(list), HOUR);
    bench.pass(seconds(10)).await;
    let pace = bench.pace("github");
    assert_eq!((pace.waiting, pace.under_way), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn what_closes_a_source_is_told_with_its_end() {
    let until = MINUTE * 45;
    let mut bench =
        bench(
            STEADY,
            move |asked| {
                if (MINUTE * 10..until).contains(&asked.at) { Err(limited(Some(until))) } else { Ok(()) }
            },
        );
    bench.keep((0..20).map(list), MINUTE);
    bench.pass(MINUTE * 12).await;
    let (end, why) = bench.pace("github").closed.unwrap();
    assert!(matches!(why, Failure::RateLimited { until: Some(_), .. }));
    let off = end.duration_since(start()) - SignedDuration::try_from(until).unwrap();
    assert!(off.abs() <= SignedDuration::from_secs(1), "{end}");
    assert!(bench.pace("github").next >= Some(end));
    bench.pass(MINUTE * 10).await;
    assert!(bench.pace("github").waiting >= 18);
    bench.pass(MINUTE * 30).await;
    assert_eq!(bench.pace("github").closed, None);
}

#[tokio::test(start_paused = true)]
async fn who_waits_for_an_answer_is_told_no_pace() {
    let patient = Rhythm { attempts: 4, patience: SignedDuration::from_secs(10), ..STEADY };
    let mut bench = bench(patient, |_| Ok(()));
    bench.keep((0..20).map(list), MINUTE);
    bench.keep((0..20).map(|number| tag("acme/app", number)), MINUTE);
    bench.pass(MINUTE * 5).await;
    assert!(bench.paces("github").is_empty() && bench.paces("registry.test").is_empty());
}

#[test]
fn a_pace_is_kept_with_the_health_of_its_source() {
    let mut snapshot = Snapshot::default();
    let source = SourceId::parse("github").unwrap();
    let pace = landfall::domain::Pace { waiting: 3, slowed: Some(25), ..Default::default() };
    let seen = |pace| Seen::Pace(SourceKind::Ci, pace);
    let told = |pace| Observation { at: start(), source: source.clone(), seen: seen(pace) };
    assert!(snapshot.absorb(told(pace.clone())));
    assert!(!snapshot.absorb(told(pace.clone())));
    assert_eq!(snapshot.health()[&source].pace, pace);
}
