//! What outages, slow servers and faults of our own do to a dashboard that stays up, and that all of it heals.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, dead_code, reason = "tests")]

#[path = "support/polled.rs"]
mod polled;

use std::sync::atomic::Ordering;
use std::time::Duration;

use jiff::SignedDuration;
use landfall::domain::{Failure, Look, Part, Seen, Urgency};
use landfall::poll::Rhythm;

use polled::{Bench, MINUTE, STEADY, bench, down, list, seconds, tag, wish};

const HOUR: Duration = Duration::from_hours(1);

fn last(bench: &Bench, look: &Look) -> Duration {
    bench.times(look).last().copied().unwrap_or_default()
}

#[tokio::test(start_paused = true)]
async fn a_source_that_is_down_is_tried_by_one_look_at_a_time() {
    let mut bench = bench(STEADY, |asked| if asked.at < HOUR { Ok(()) } else { Err(down()) });
    bench.keep((0..60).map(list), MINUTE);
    bench.pass(HOUR + MINUTE * 5).await;
    bench.source.most.store(0, Ordering::SeqCst);
    let before = bench.asked(HOUR, HOUR * 9);
    assert!(before < 60, "{before}");
    bench.pass(HOUR).await;
    assert_eq!(bench.source.most.load(Ordering::SeqCst), 1);
    let tries = bench.asked(HOUR + MINUTE * 5, HOUR * 9);
    assert!((150..=400).contains(&tries), "{tries}");
    let distinct = (0..60).filter(|number| last(&bench, &list(*number)) > HOUR + MINUTE * 5).count();
    assert!(distinct > 30, "only {distinct} looks try in turn");
    assert!((0..60).all(|number| bench.failures(&list(number)).contains(&down())));
    assert!(matches!(bench.pace("github").closed, Some((_, Failure::Unreachable { .. }))));
}

#[tokio::test(start_paused = true)]
async fn after_an_outage_everything_is_asked_within_two_intervals() {
    let end = HOUR * 3;
    let mut bench = bench(STEADY, move |asked| if (HOUR..end).contains(&asked.at) { Err(down()) } else { Ok(()) });
    bench.keep((0..60).map(list), MINUTE);
    bench.keep((100..110).map(list), seconds(10));
    bench.pass(end + seconds(22)).await;
    assert!((0..60).chain(100..110).all(|number| last(&bench, &list(number)) >= end));
    bench.pass(MINUTE * 10).await;
    let calm = (end + MINUTE * 5, end + MINUTE * 10);
    assert!((570..=630).contains(&bench.asked(calm.0, calm.1)), "{}", bench.asked(calm.0, calm.1));
}

#[tokio::test(start_paused = true)]
async fn one_repository_that_fails_among_others_that_answer_closes_nothing() {
    let broken = |look: &Look| *look == list(3);
    let mut bench = bench(STEADY, move |asked| {
        let failure = Failure::Unreachable { stage: landfall::domain::Stage::Server(500), says: "boom".into() };
        if broken(asked.look) && asked.at > MINUTE { Err(failure) } else { Ok(()) }
    });
    bench.keep((0..20).map(list), MINUTE);
    bench.pass(HOUR).await;
    assert!((0..20).filter(|number| *number != 3).all(|number| bench.failures(&list(number)).is_empty()));
    assert!(!bench.failures(&list(3)).is_empty());
    assert!(bench.pace("github").closed.is_none());
    let tries = bench.times(&list(3)).len();
    assert!(tries < 200, "it is asked {tries} times an hour");
}

#[tokio::test(start_paused = true)]
async fn a_look_that_fails_alone_is_asked_no_less_than_each_interval_and_heals_in_one() {
    let end = HOUR * 2;
    let mut bench =
        bench(
            STEADY,
            move |asked| {
                if *asked.look == list(3) && asked.at > MINUTE && asked.at < end { Err(down()) } else { Ok(()) }
            },
        );
    bench.keep((0..20).map(list), MINUTE);
    bench.pass(end + MINUTE + seconds(2)).await;
    let asked = bench.times(&list(3));
    assert!(asked.last() >= Some(&end), "{:?}", asked.last());
    assert!(asked.len() < 300, "{}", asked.len());
    assert!((115..=125).contains(&bench.times(&list(4)).len()));
}

#[tokio::test(start_paused = true)]
async fn a_look_that_panics_is_told_and_asked_again_later() {
    let mut bench = bench(STEADY, |asked| {
        assert!(landfall::http::catches(), "what a look runs in is not known to be caught");
        assert!(*asked.look != list(1) || asked.before > 2, "a fault of ours");
        Ok(())
    });
    bench.keep((0..3).map(list), MINUTE);
    bench.pass(MINUTE * 10).await;
    assert!(matches!(bench.failures(&list(1))[..], [Failure::Withheld(_), Failure::Withheld(_), Failure::Withheld(_)]));
    assert!(bench.times(&list(1)).len() >= 8, "{:?}", bench.times(&list(1)));
}

#[tokio::test(start_paused = true)]
async fn a_desk_that_falls_over_is_replaced_and_goes_on_with_what_is_wanted_next() {
    let mut bench = bench(STEADY, |_| Ok(()));
    bench.keep((0..20).map(list), MINUTE);
    for hour in 1..4 {
        bench.pass(HOUR).await;
        let before = bench.now();
        bench.wall.broken.store(true, Ordering::SeqCst);
        bench.pass(MINUTE * 2).await;
        assert!(!bench.wall.broken.load(Ordering::SeqCst), "nothing fell over in hour {hour}");
        let told = bench.told.iter().filter(|(_, it)| matches!(it.seen, Seen::Notice(Part::Poller, Some(_)))).count();
        assert_eq!(told, hour, "it is told each time");
        assert!((0..20).all(|number| last(&bench, &list(number)) > before), "hour {hour}");
    }
    let notices = |bench: &Bench| {
        let of = |seen: &Seen| if let Seen::Notice(Part::Poller, words) = seen { Some(words.is_some()) } else { None };
        bench.told.iter().filter_map(|(_, it)| of(&it.seen)).collect::<Vec<_>>()
    };
    bench.pass(MINUTE * 50).await;
    assert_eq!(notices(&bench).last(), Some(&true), "it is to be seen for a while");
    bench.pass(MINUTE * 20).await;
    assert_eq!(notices(&bench).last(), Some(&false), "and not for ever");
}

#[tokio::test(start_paused = true)]
async fn who_waits_is_not_kept_waiting_by_a_desk_that_falls_over() {
    let patient = Rhythm { attempts: 4, patience: SignedDuration::from_secs(10), ..STEADY };
    for settled in [false, true] {
        let mut bench = bench(patient, |_| Ok(()));
        if settled {
            bench.pass(seconds(1)).await;
        }
        bench.wall.broken.store(true, Ordering::SeqCst);
        bench.poller.want(vec![wish(list(1), Urgency::Newest)]);
        tokio::time::timeout(MINUTE, bench.poller.idle()).await.unwrap();
        bench.poller.want(vec![wish(list(1), Urgency::Newest)]);
        bench.pass(seconds(5)).await;
        assert_eq!(bench.times(&list(1)).len(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_source_whose_counters_panic_takes_nobody_with_it() {
    let mut bench = bench(STEADY, |_| Ok(()));
    bench.keep((0..5).map(list), MINUTE);
    bench.pass(MINUTE * 3).await;
    let poison = bench.source.clone();
    let poisoned = std::thread::spawn(move || {
        let _held = poison.traffic.lock().unwrap();
        panic!("a fault of a source");
    });
    assert!(poisoned.join().is_err());
    bench.pass(MINUTE * 5).await;
    bench.source.traffic.clear_poison();
    let before = bench.now();
    bench.pass(MINUTE * 2).await;
    assert!((0..5).all(|number| last(&bench, &list(number)) > before));
}

#[tokio::test(start_paused = true)]
async fn what_the_user_asks_goes_beside_a_background_that_fills_the_lane_and_only_one_does() {
    let mut bench = bench(STEADY, |_| Ok(()));
    bench.keep((0..60).map(list), MINUTE);
    bench.pass(HOUR).await;
    *bench.source.latency.lock().unwrap() = MINUTE * 10;
    bench.source.most.store(0, Ordering::SeqCst);
    bench.pass(MINUTE * 2).await;
    assert_eq!(bench.source.most.load(Ordering::SeqCst), 4);
    *bench.source.latency.lock().unwrap() = Duration::from_millis(50);
    let now = bench.now();
    bench.ask((100..110).map(list));
    bench.pass(seconds(2)).await;
    assert!((100..110).all(|number| bench.times(&list(number)).len() == 1));
    assert_eq!(bench.source.most.load(Ordering::SeqCst), 5);
    assert_eq!(bench.asked(now, now + seconds(2)), 10);
}

#[tokio::test(start_paused = true)]
async fn what_the_user_asks_of_a_source_that_is_down_is_tried_at_once() {
    let mut bench = bench(STEADY, |asked| if asked.at < HOUR { Err(down()) } else { Ok(()) });
    bench.keep((0..20).map(list), MINUTE);
    bench.pass(MINUTE * 30).await;
    let now = bench.now();
    let told: Vec<_> = (0..5).map(|number| bench.failures(&list(number)).len()).collect();
    bench.ask((0..5).map(list));
    bench.pass(Duration::from_millis(200)).await;
    assert!(bench.asked(now, now + Duration::from_millis(150)) <= 2);
    assert!((0..5).all(|number| bench.failures(&list(number)).len() > told[number]));
}

#[tokio::test(start_paused = true)]
async fn the_first_look_at_a_source_goes_alone_but_nobody_waits_long_for_it() {
    let mut bench = bench(STEADY, |_| Ok(()));
    *bench.source.latency.lock().unwrap() = seconds(15);
    bench.poller.want((0..10).map(|number| wish(list(number), Urgency::Newest)).collect());
    bench.pass(seconds(1)).await;
    assert_eq!(bench.asked(Duration::ZERO, seconds(1)), 1);
    bench.pass(seconds(2)).await;
    assert_eq!(bench.asked(Duration::ZERO, seconds(3)), 4);
}

#[tokio::test(start_paused = true)]
async fn a_registry_that_is_down_does_not_keep_the_provider_waiting() {
    let mut bench = bench(STEADY, |asked| if asked.look.image().is_some() { Err(down()) } else { Ok(()) });
    bench.keep((0..20).map(list), MINUTE);
    bench.keep((0..20).map(|number| tag("acme/app", number)), MINUTE);
    bench.pass(HOUR).await;
    assert!((0..20).all(|number| bench.times(&list(number)).len() >= 58));
}
