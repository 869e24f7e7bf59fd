//! When looks come again in a dashboard that stays up: at their own place in the interval, whatever the wall clock
//! does.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, dead_code, reason = "tests")]

#[path = "support/polled.rs"]
mod polled;

use std::sync::atomic::Ordering;
use std::time::Duration;

use jiff::SignedDuration;
use landfall::domain::{Look, Urgency, Wanted};
use landfall::poll::{Clock as _, Rhythm};

use polled::{Bench, MINUTE, STEADY, bench, gaps, list, seconds, start, tag, wish};

const HOUR: Duration = Duration::from_hours(1);

fn lists(count: usize) -> Bench {
    let mut bench = bench(STEADY, |_| Ok(()));
    bench.keep((0..count).map(list), MINUTE);
    bench
}

#[tokio::test(start_paused = true)]
async fn two_hundred_lists_of_one_minute_are_spread_over_its_beats_and_stay_at_their_place() {
    let mut bench = lists(200);
    bench.pass(HOUR).await;
    for number in 0..200 {
        let times = bench.times(&list(number));
        let gaps = gaps(&times);
        assert!(gaps[0] >= MINUTE / 2 && gaps[0] <= MINUTE * 3 / 2 + seconds(1), "{:?}", gaps[0]);
        assert!(gaps[1..].iter().all(|gap| gap.abs_diff(MINUTE) < seconds(1)), "{gaps:?}");
        let drift = times[58].abs_diff(times[1] + MINUTE * 57);
        assert!(drift < seconds(1), "{drift:?}");
    }
    let in_a_beat = |beat| bench.asked(HOUR / 2 + seconds(beat * 30), HOUR / 2 + seconds(beat * 30 + 30));
    assert!((0..2_u64).all(|beat| (60..=140).contains(&in_a_beat(beat))));
}

#[tokio::test(start_paused = true)]
async fn what_comes_every_half_hour_stays_at_its_place() {
    let mut bench = bench(STEADY, |_| Ok(()));
    bench.keep((0..60).map(|number| tag("acme/app", number)), HOUR / 2);
    bench.pass(HOUR * 5).await;
    for number in 0..60 {
        let gaps = gaps(&bench.times(&tag("acme/app", number)));
        assert!((HOUR / 2..=HOUR * 11 / 20 + seconds(31)).contains(&gaps[0]), "{gaps:?}");
        assert!((HOUR / 4..=HOUR * 3 / 4 + seconds(1)).contains(&gaps[1]), "{gaps:?}");
        assert!(gaps.len() >= 8 && gaps[2..].iter().all(|gap| gap.abs_diff(HOUR / 2) < seconds(2)), "{gaps:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_wall_clock_that_is_set_back_silences_nobody() {
    let mut bench = lists(20);
    bench.pass(HOUR).await;
    bench.wall.ahead.store(-3 * 3600, Ordering::SeqCst);
    bench.pass(HOUR).await;
    bench.wall.ahead.store(0, Ordering::SeqCst);
    bench.pass(HOUR).await;
    for number in 0..20 {
        let times = bench.times(&list(number));
        assert!(gaps(&times).iter().all(|gap| *gap <= MINUTE * 3 / 2 + seconds(1)), "{:?}", gaps(&times));
        assert!((178..=185).contains(&times.len()), "{}", times.len());
    }
}

#[tokio::test(start_paused = true)]
async fn after_a_sleep_all_is_asked_at_once_and_no_more_at_a_time_than_ever() {
    let mut bench = lists(50);
    bench.pass(HOUR + seconds(5)).await;
    bench.wall.ahead.store(8 * 3600, Ordering::SeqCst);
    let woken = bench.now();
    bench.pass(seconds(35)).await;
    for number in 0..50 {
        let again = bench.times(&list(number)).into_iter().find(|at| *at >= woken).unwrap();
        assert!(again <= woken + seconds(32), "{again:?} after {woken:?}");
    }
    assert_eq!(bench.source.most.load(Ordering::SeqCst), 4);
    bench.pass(HOUR).await;
    let (from, to) = (woken + MINUTE * 2, woken + MINUTE * 12);
    assert!((490..=510).contains(&bench.asked(from, to)), "{}", bench.asked(from, to));
}

#[tokio::test(start_paused = true)]
async fn no_date_however_far_ahead_silences_a_look_for_more_than_an_hour() {
    let mut bench = bench(STEADY, |_| Ok(()));
    let not_before = Some(start() + SignedDuration::from_hours(30));
    for _ in 0..59 {
        bench.poller.want(vec![Wanted { not_before, ..wish(list(1), Urgency::Again) }]);
        bench.pass(MINUTE).await;
    }
    assert!(bench.times(&list(1)).is_empty());
    bench.pass(MINUTE + seconds(1)).await;
    assert_eq!(bench.times(&list(1)).len(), 1);
}

#[tokio::test(start_paused = true)]
async fn what_is_wanted_at_no_regular_time_comes_at_most_a_tenth_late() {
    let mut bench = bench(STEADY, |_| Ok(()));
    bench.poller.want((0..100).map(|number| wish(tag("acme/app", number), Urgency::Depth)).collect());
    bench.pass(MINUTE).await;
    let not_before = Some(start() + SignedDuration::from_secs(260));
    let again = |number| Wanted { not_before, ..wish(tag("acme/app", number), Urgency::Again) };
    bench.poller.want((0..100).map(again).collect());
    bench.pass(MINUTE * 4).await;
    let late: Vec<_> =
        (0..100).map(|number| bench.times(&tag("acme/app", number))[1].checked_sub(seconds(260)).unwrap()).collect();
    assert!(late.iter().all(|late| *late <= seconds(22)), "{late:?}");
    assert!(late.iter().max() > Some(&seconds(10)), "{late:?}");
}

#[tokio::test(start_paused = true)]
async fn what_was_let_go_comes_again_only_where_it_is_wanted_after_that() {
    let mut bench = bench(STEADY, |_| Ok(()));
    for (repository, minutes) in [("acme/near", 10), ("acme/far", 40)] {
        let looks = [tag(repository, 1), tag(repository, 2)];
        bench.poller.want(looks.iter().cloned().map(|look| wish(look, Urgency::Depth)).collect());
        bench.pass(MINUTE).await;
        let not_before = Some(bench.wall.now() + SignedDuration::from_mins(minutes));
        let again = |look: &Look| Wanted { not_before, ..wish(look.clone(), Urgency::Again) };
        bench.poller.want(looks.iter().map(again).collect());
        bench.pass(MINUTE).await;
        bench.poller.let_go(looks.to_vec());
        for _ in 0..60 {
            bench.poller.want(vec![again(&looks[1])]);
            bench.pass(MINUTE).await;
        }
        assert_eq!(looks.each_ref().map(|look| bench.times(look).len()), [1, 2], "after {minutes} minutes");
    }
}

#[tokio::test(start_paused = true)]
async fn where_somebody_waits_a_look_comes_exactly_when_it_is_due() {
    let patient = Rhythm { attempts: 4, patience: SignedDuration::from_secs(10), ..STEADY };
    let mut bench = bench(patient, |_| Ok(()));
    bench.keep((0..20).map(list), MINUTE);
    bench.pass(MINUTE * 10).await;
    let on_time = MINUTE + Duration::from_millis(50);
    for number in 0..20 {
        let gaps = gaps(&bench.times(&list(number)));
        assert!(gaps.iter().all(|gap| gap.abs_diff(on_time) < Duration::from_millis(210)), "{gaps:?}");
    }
}
