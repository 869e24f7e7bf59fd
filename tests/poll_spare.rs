//! What no verdict depends on is asked when nothing else is to be asked, and never at the cost of anything else.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, dead_code, reason = "tests")]

#[path = "support/polled.rs"]
mod polled;

use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::SignedDuration;
use landfall::domain::{Budget, Ended, Look, RepoPath, RunKey, SourceId, Traffic, Urgency};

use polled::{Bench, MINUTE, STEADY, bench, down, list, metered, seconds, start, wish};

const HOUR: Duration = Duration::from_hours(1);

/// The jobs of every try of the run with this number.
fn tries(id: u64) -> Look {
    let run = RunKey {
        ci: SourceId::parse("github").unwrap(),
        repo: RepoPath::parse("acme/service-0").unwrap(),
        id,
        attempt: 1,
    };
    Look::Tries(Ended { run, at: None })
}

fn spare(bench: &Bench, ids: std::ops::Range<u64>) {
    bench.poller.want(ids.map(|id| wish(tries(id), Urgency::Spare)).collect());
}

/// How many of these were asked.
fn asked(bench: &Bench, ids: std::ops::Range<u64>) -> usize {
    ids.filter(|id| !bench.times(&tries(*id)).is_empty()).count()
}

/// A bench whose source allows so many requests an hour.
fn budget(limit: u64) -> Bench {
    let traffic: Arc<Mutex<Traffic>> = Arc::default();
    let counted = traffic.clone();
    let used = Mutex::new((0, 0));
    metered(STEADY, traffic, move |asked| {
        let hour = asked.at.as_secs() / 3600;
        let mut used = used.lock().unwrap();
        if used.0 != hour {
            *used = (hour, 0);
        }
        used.1 += 1;
        let mut traffic = counted.lock().unwrap();
        traffic.requests += 1;
        traffic.billed += 1;
        let resets_at = Some(start() + SignedDuration::from_secs(i64::try_from((hour + 1) * 3600).unwrap()));
        traffic.budget = Some(Budget { remaining: limit.saturating_sub(used.1), limit: Some(limit), resets_at });
        Ok(())
    })
}

#[tokio::test(start_paused = true)]
async fn whatever_a_verdict_needs_goes_first_whenever_it_comes() {
    let mut bench = bench(STEADY, |_| Ok(()));
    bench.keep([list(0)], HOUR);
    bench.pass(seconds(1)).await;
    spare(&bench, 0..40);
    bench.pass(Duration::from_millis(60)).await;
    let before = bench.now();
    bench.poller.want((1..20).map(|number| wish(list(number), Urgency::Depth)).collect());
    bench.pass(seconds(10)).await;
    let last = (1..20).map(|number| bench.times(&list(number))[0]).max().unwrap();
    let between = (0..40).filter(|id| bench.times(&tries(*id)).iter().any(|at| (before..last).contains(at))).count();
    assert!(between <= 1, "{between} were asked while others waited");
    assert_eq!(asked(&bench, 0..40), 40);
}

#[tokio::test(start_paused = true)]
async fn one_place_in_four_is_all_that_it_takes() {
    let mut bench = bench(STEADY, |_| Ok(()));
    bench.keep([list(0)], HOUR);
    bench.pass(seconds(1)).await;
    bench.source.most.store(0, Ordering::SeqCst);
    spare(&bench, 0..40);
    bench.pass(seconds(10)).await;
    assert_eq!(asked(&bench, 0..40), 40);
    assert_eq!(bench.source.most.load(Ordering::SeqCst), 1);
}

#[tokio::test(start_paused = true)]
async fn half_of_a_budget_is_kept_from_it_and_the_rest_waits_for_the_next() {
    let mut bench = budget(100);
    bench.keep([list(0)], HOUR * 9);
    bench.pass(seconds(1)).await;
    spare(&bench, 0..120);
    bench.pass(MINUTE * 50).await;
    assert_eq!(asked(&bench, 0..120), 49, "the list cost one");
    let pace = bench.pace("github");
    assert_eq!((pace.waiting, &pace.closed), (0, &None), "nobody is told of what nobody waits for");
    bench.pass(MINUTE * 60).await;
    assert_eq!(asked(&bench, 0..120), 99);
}

#[tokio::test(start_paused = true)]
async fn a_background_that_needs_its_budget_is_not_slowed_down_for_it() {
    let mut asked_alone = Vec::new();
    for more in [0..0, 0..900] {
        let mut bench = budget(1000);
        // 600 of the 800 that are not kept for the user.
        bench.keep((0..10).map(list), MINUTE);
        bench.pass(MINUTE * 5).await;
        spare(&bench, more.clone());
        bench.pass(HOUR * 2).await;
        let slowed: Vec<u32> = bench.paces("github").into_iter().filter_map(|(_, pace)| pace.slowed).collect();
        assert!(slowed.len() < 40, "{more:?}: {} times, as if nothing was left over", slowed.len());
        let asked_lists = (0..10).map(|number| bench.times(&list(number)).len()).sum::<usize>();
        if more.is_empty() {
            asked_alone.push(asked_lists);
        } else {
            let alone = asked_alone[0];
            assert!(asked_lists * 10 > alone * 9, "{asked_lists} instead of {alone}");
            assert!(asked(&bench, more) > 50, "and what is left over is used");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_source_that_is_down_is_not_asked_for_it_and_nothing_is_told_of_it() {
    let mut bench = bench(STEADY, |asked| if asked.at < MINUTE * 10 { Err(down()) } else { Ok(()) });
    bench.keep([list(0), list(1), list(2)], MINUTE);
    bench.pass(MINUTE).await;
    spare(&bench, 0..30);
    bench.pass(MINUTE * 8).await;
    assert_eq!(asked(&bench, 0..30), 0);
    assert!((0..30).all(|id| bench.failures(&tries(id)).is_empty()));
    bench.pass(MINUTE * 5).await;
    assert_eq!(asked(&bench, 0..30), 30);
}

#[tokio::test(start_paused = true)]
async fn nobody_waits_for_it() {
    let mut bench = bench(STEADY, |_| Ok(()));
    bench.keep([list(0)], HOUR);
    bench.pass(seconds(1)).await;
    *bench.source.latency.lock().unwrap() = MINUTE;
    spare(&bench, 0..10);
    tokio::time::timeout(seconds(1), bench.poller.idle()).await.unwrap();
    bench.pass(MINUTE * 12).await;
    assert_eq!(asked(&bench, 0..10), 10);
}

#[tokio::test(start_paused = true)]
async fn an_answer_is_never_asked_for_twice() {
    let mut bench = bench(STEADY, |_| Ok(()));
    bench.keep([list(0)], HOUR);
    for _ in 0..20 {
        spare(&bench, 0..5);
        bench.pass(MINUTE).await;
    }
    assert!((0..5).all(|id| bench.times(&tries(id)).len() == 1));
}
