//! A budget that is shared with others: a fifth is kept for the user, and the background takes no more than there is.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, dead_code, reason = "tests")]

#[path = "support/polled.rs"]
mod polled;

use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::SignedDuration;
use landfall::domain::{Budget, Failure, Traffic, Urgency};

use polled::{Asked, Bench, MINUTE, STEADY, gaps, limited, list, metered, seconds, start, tag, wish};

const HOUR: Duration = Duration::from_hours(1);

/// What an answer costs that says that nothing has changed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Unchanged {
    /// It does not say so.
    Unsaid,
    /// Nothing, as at GitHub.
    Free,
    /// As much as any other, as at GitLab.
    Counted,
}

/// A server that counts: so many requests an hour, of which others use some every minute.
struct Server {
    limit: u64,
    others: u64,
    /// Whether its answers say when the hour ends.
    tells_end: bool,
    /// What a list costs that has not changed.
    unchanged: Unchanged,
    traffic: Arc<Mutex<Traffic>>,
    /// What we used in each hour, and how often we asked for more than there was.
    used: Mutex<Vec<(u64, u64)>>,
}

impl Server {
    fn of(limit: u64) -> Self {
        let used = Mutex::new(vec![(0, 0); 300]);
        Self { limit, others: 0, tells_end: true, unchanged: Unchanged::Unsaid, traffic: Arc::default(), used }
    }

    fn answer(&self, asked: &Asked<'_>) -> Result<(), Failure> {
        let hour = asked.at.as_secs() / 3600;
        let end = start() + SignedDuration::from_secs(i64::try_from((hour + 1) * 3600).unwrap());
        let by_others = self.others * (asked.at.as_secs() % 3600) / 60;
        let mut used = self.used.lock().unwrap();
        let (used, beyond) = &mut used[usize::try_from(hour).unwrap()];
        let mut traffic = self.traffic.lock().unwrap();
        traffic.requests += 1;
        let unchanged = self.unchanged != Unchanged::Unsaid && asked.before > 0;
        traffic.not_modified += u64::from(unchanged);
        if unchanged && self.unchanged == Unchanged::Free {
            // Nothing is charged.
        } else if *used + by_others >= self.limit {
            *beyond += 1;
            return Err(limited(Some(Duration::from_secs((hour + 1) * 3600))));
        } else {
            *used += 1;
            traffic.billed += 1;
        }
        let remaining = self.limit.saturating_sub(*used + by_others);
        let resets_at = self.tells_end.then_some(end);
        traffic.budget = Some(Budget { remaining, limit: Some(self.limit), resets_at });
        Ok(())
    }

    fn bench(self) -> (Bench, Arc<Self>) {
        let server = Arc::new(self);
        let asked = server.clone();
        let bench = metered(STEADY, server.traffic.clone(), move |question| asked.answer(question));
        (bench, server)
    }

    fn used(&self, hour: usize) -> (u64, u64) {
        self.used.lock().unwrap()[hour]
    }
}

#[tokio::test(start_paused = true)]
async fn a_background_that_wants_too_much_is_slowed_down_and_lasts_the_whole_hour() {
    let (mut bench, server) = Server::of(1000).bench();
    bench.keep((0..40).map(list), MINUTE);
    bench.pass(HOUR * 6).await;
    for hour in 1..6_u32 {
        let (used, beyond) = server.used(hour as usize);
        assert!((600..=805).contains(&used), "{used} in hour {hour}");
        assert_eq!(beyond, 0);
        let last_quarter = bench.asked(HOUR * hour + MINUTE * 45, HOUR * (hour + 1));
        assert!(last_quarter > 100, "{last_quarter} in the last quarter of hour {hour}");
    }
    let slowed: Vec<_> = bench.paces("github").into_iter().filter_map(|(_, pace)| pace.slowed).collect();
    assert!(slowed.iter().any(|tenths| (25..=40).contains(tenths)), "{slowed:?}");
    assert!((0..40).all(|number| gaps(&bench.times(&list(number))).iter().all(|gap| *gap < MINUTE * 8)));
}

#[tokio::test(start_paused = true)]
async fn answers_without_news_that_are_charged_are_reckoned_with() {
    let (mut bench, server) = Server { unchanged: Unchanged::Counted, ..Server::of(1000) }.bench();
    bench.keep((0..40).map(list), MINUTE);
    bench.pass(HOUR * 3).await;
    for hour in 1..3_u32 {
        let last_quarter = bench.asked(HOUR * hour + MINUTE * 45, HOUR * (hour + 1));
        assert!(last_quarter > 100, "{last_quarter} in the last quarter of hour {hour}");
        assert_eq!(server.used(hour as usize).1, 0);
    }
    assert!(bench.paces("github").into_iter().any(|(_, pace)| pace.slowed.is_some()));
}

#[tokio::test(start_paused = true)]
async fn what_is_read_once_says_nothing_of_what_it_costs_to_keep_fresh() {
    let (mut bench, server) = Server { unchanged: Unchanged::Free, ..Server::of(1000) }.bench();
    bench.keep((0..60).map(list), MINUTE);
    bench.pass(seconds(30)).await;
    for first in (100..300).step_by(20) {
        bench.poller.want((first..first + 20).map(|number| wish(list(number), Urgency::Depth)).collect());
        bench.pass(MINUTE).await;
    }
    assert_eq!(server.used(0).0, 260);
    assert!(bench.paces("github").into_iter().all(|(_, pace)| pace.slowed.is_none()));
    assert!((0..60).all(|number| bench.times(&list(number)).len() >= 10));
}

#[tokio::test(start_paused = true)]
async fn what_others_use_is_not_used_again() {
    let (mut bench, server) = Server { others: 10, ..Server::of(1000) }.bench();
    bench.keep((0..40).map(list), MINUTE);
    bench.pass(HOUR * 6).await;
    assert!((0..6).all(|hour| server.used(hour).1 == 0));
    assert!((1..6).all(|hour| (100..=420).contains(&server.used(hour).0)), "{:?}", server.used.lock().unwrap());
}

#[tokio::test(start_paused = true)]
async fn the_last_fifth_is_the_users() {
    let (mut bench, server) = Server::of(60).bench();
    bench.keep((0..20).map(list), MINUTE);
    bench.pass(HOUR * 3 + MINUTE * 50).await;
    assert!((0..4).all(|hour| server.used(hour).0 <= 48), "{:?}", &server.used.lock().unwrap()[..4]);
    let pace = bench.pace("github");
    assert!(matches!(&pace.closed, Some((_, Failure::Withheld(_)))), "{pace:?}");
    assert!(pace.waiting > 0);
    let before = server.used(3).0;
    bench.ask((0..20).map(list));
    bench.pass(seconds(20)).await;
    let (used, beyond) = server.used(3);
    assert_eq!((used, beyond), (60, 0), "{before} before");
    let told = (0..20).filter(|number| bench.failures(&list(*number)).len() == 1).count();
    assert_eq!(told as u64, 20 - (used - before));
    bench.pass(MINUTE * 24).await;
    assert!((0..20).all(|number| bench.times(&list(number)).last() >= Some(&(HOUR * 4))));
}

#[tokio::test(start_paused = true)]
async fn newest_commits_that_were_never_seen_may_use_half_of_the_users_fifth_and_what_is_known_may_not() {
    let (mut bench, server) = Server::of(60).bench();
    bench.keep((0..20).map(list), MINUTE);
    bench.pass(MINUTE * 55).await;
    assert_eq!(server.used(0).0, 48);
    bench.poller.want((0..5).map(|number| wish(tag("acme/app", number), Urgency::Depth)).collect());
    bench.poller.want((30..40).map(|number| wish(list(number), Urgency::Newest)).collect());
    bench.poller.want((40..50).map(|number| wish(list(number), Urgency::Depth)).collect());
    bench.pass(MINUTE).await;
    let asked =
        |numbers: std::ops::Range<usize>| numbers.filter(|number| !bench.times(&list(*number)).is_empty()).count();
    // Of the twelve that were left; what is under way is reckoned with before its cost is known.
    assert!((4..=6).contains(&asked(30..40)), "{}", asked(30..40));
    assert_eq!(asked(40..50), 0);
    bench.ask((0..10).map(list));
    bench.pass(seconds(20)).await;
    assert_eq!(server.used(0), (60, 0), "the other half is the user's alone");
}

#[tokio::test(start_paused = true)]
async fn answers_that_cost_nothing_slow_nobody_down() {
    let (mut bench, _server) = Server { unchanged: Unchanged::Free, ..Server::of(120) }.bench();
    bench.keep((0..40).map(list), MINUTE);
    bench.pass(HOUR * 3).await;
    assert!((0..40).all(|number| bench.times(&list(number)).len() > 165), "{}", bench.times(&list(3)).len());
    assert_eq!(bench.pace("github").slowed, None);
}

#[tokio::test(start_paused = true)]
async fn what_is_on_the_screen_is_slowed_down_last() {
    let (mut bench, server) = Server::of(1000).bench();
    bench.keep((0..40).map(list), MINUTE);
    bench.keep_as(Urgency::Watched, (100..105).map(list), MINUTE);
    bench.pass(HOUR * 4).await;
    let asked = |number| bench.times(&list(number)).len();
    assert!((100..105).all(|number| asked(number) > 220), "{}", asked(100));
    assert!((0..40).all(|number| asked(number) < 120), "{}", asked(0));
    assert!((0..4).all(|hour| server.used(hour).1 == 0));
}

#[tokio::test(start_paused = true)]
async fn a_registrys_pulls_without_an_end_are_kept_and_looked_for_now_and_then() {
    let (mut bench, server) = Server { tells_end: false, ..Server::of(100) }.bench();
    bench.keep((0..20).map(|number| tag("library/app", number)), MINUTE);
    bench.pass(MINUTE * 59).await;
    assert!(server.used(0).0 <= 84, "{:?}", server.used(0));
    bench.pass(MINUTE * 20).await;
    assert!(bench.asked(HOUR, HOUR + MINUTE * 20) > 20, "the new window is not found");
    assert!((0..2).all(|hour| server.used(hour).1 == 0));
}

#[tokio::test(start_paused = true)]
async fn a_wall_clock_that_is_wrong_breaks_no_budget_and_silences_nobody() {
    for ahead in [-3 * 3600, 3 * 3600] {
        let (mut bench, server) = Server::of(200).bench();
        bench.keep((0..20).map(list), MINUTE);
        bench.pass(MINUTE * 30).await;
        bench.wall.ahead.store(ahead, Ordering::SeqCst);
        bench.pass(HOUR * 4).await;
        bench.wall.ahead.store(0, Ordering::SeqCst);
        bench.pass(HOUR * 4).await;
        for hour in 0..8 {
            let (used, beyond) = server.used(hour);
            assert_eq!(beyond, 0, "{used} in hour {hour}");
            assert!((80..=200).contains(&used), "{used} in hour {hour}, {ahead} ahead");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_was_never_seen_and_may_not_be_asked_is_told_why() {
    let (mut bench, _server) = Server::of(60).bench();
    let all = || (0..100).map(|number| wish(list(number), Urgency::Newest)).collect();
    bench.poller.want(all());
    bench.pass(MINUTE).await;
    let asked = (0..100).filter(|number| !bench.times(&list(*number)).is_empty()).count();
    assert!((50..=54).contains(&asked), "{asked}");
    for number in (0..100).filter(|number| bench.times(&list(*number)).is_empty()) {
        assert!(
            matches!(&bench.failures(&list(number))[..], [Failure::Withheld(_)]),
            "{:?}",
            bench.failures(&list(number))
        );
    }
    bench.pass(HOUR).await;
    bench.poller.want(all());
    bench.pass(MINUTE).await;
    assert!((0..100).all(|number| !bench.times(&list(number)).is_empty()));
}
