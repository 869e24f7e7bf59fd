//! What is due so far ahead that it is wanted again before: the look itself is not kept, only when that is.

use std::time::Duration;

use rustc_hash::FxHashMap;
use tokio::time::Instant;

use super::cadence::Stretch;
use super::known::{Phase, State};
use super::queue::{FEW, Queue};
use super::tick::Tick;
use crate::domain::{SourceId, Urgency};

/// Whoever still wants in the background what is due in a longer time says so again within it.
pub(super) const HORIZON: Duration = Duration::from_mins(5);

/// When looks are due that were never asked, by their hashes. Of several wishes the soonest counts.
#[derive(Debug, Default)]
pub(super) struct Ahead {
    due: FxHashMap<u64, Tick>,
    /// How many are kept when it is next time to forget.
    full: usize,
}

impl Ahead {
    /// Takes out what is kept of a look.
    fn take(&mut self, id: u64) -> Option<Tick> {
        let due = self.due.remove(&id);
        if self.due.len() < self.due.capacity() / 8 {
            self.due.shrink_to(self.due.len().saturating_mul(2).max(FEW));
        }
        due
    }

    /// Keeps when a look is due. Of what was due before `then` nobody wants to know any more.
    fn keep(&mut self, id: u64, due: Tick, then: Tick) {
        self.due.insert(id, due);
        if self.due.len() >= self.full.max(FEW) {
            self.due.retain(|_, due| *due >= then);
            self.full = self.due.len().saturating_mul(2);
        }
    }

    /// Returns when the first of them is due after this moment.
    fn next(&self, now: Tick) -> Option<Tick> {
        self.due.values().copied().filter(|due| *due > now).min()
    }
}

impl Queue {
    /// Returns when a look is due of which nothing is known; `None` where it is to be wanted again by then.
    pub(super) fn soon(
        &mut self,
        (id, source): (u64, &SourceId),
        (urgency, dated): (Urgency, bool),
        due: Tick,
        now: Instant,
    ) -> Option<Tick> {
        let is_steady = self.is_steady();
        let (near, then) = (self.epoch.tick(now + HORIZON), self.epoch.tick(now.checked_sub(HORIZON).unwrap_or(now)));
        let Some(lane) = self.lanes.get_mut(source).filter(|_| is_steady) else { return Some(due) };
        let due = lane.ahead.take(id).map_or(due, |known| known.min(due));
        if urgency.is_background() && dated && due > near {
            lane.ahead.keep(id, due, then);
            return None;
        }
        Some(due)
    }

    /// Returns whether a look that was answered is wanted again before it is due. Intervals that a budget may stretch
    /// are not among them.
    pub(super) fn may_rest(&self, state: &State, due: Tick, now: Instant) -> bool {
        due > self.epoch.tick(now + HORIZON) && state.rests().is_some_and(|pause| Stretch::spares(pause.interval()))
    }

    /// Returns when a source is next asked in the background.
    pub(super) fn next_in_background(&self, source: &SourceId, now: Instant) -> Option<Instant> {
        let lane = self.lanes.get(source)?;
        let theirs = self.later.iter().filter(|(_, (lane, _))| lane == source);
        let mut background = theirs.filter(|(_, (_, look))| !self.is_urgent(look)).map(|((due, _), _)| *due);
        let (later, now, near) = (background.next(), self.epoch.tick(now), self.epoch.tick(now + HORIZON));
        if later.is_some_and(|due| due <= near) {
            return later.map(|due| self.epoch.instant(due));
        }
        let resting = self.known.values().filter(|state| state.lane == lane.number).filter_map(|state| {
            if let Phase::Resting(until) = state.phase { Some(until).filter(|until| *until > now) } else { None }
        });
        let first = later.into_iter().chain(resting).chain(lane.ahead.next(now)).min();
        first.map(|due| self.epoch.instant(due))
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use crate::domain::{ImageName, Look, SourceKind, Tag, TagRef, Wanted};
    use crate::poll::Rhythm;
    use crate::poll::moment::Moment;
    use jiff::{SignedDuration, Timestamp};

    const MINUTE: Duration = Duration::from_mins(1);
    const HALF_AN_HOUR: SignedDuration = SignedDuration::from_mins(30);

    /// What was wanted of a registry that was never asked.
    struct Bench {
        queue: Queue,
        registry: SourceId,
        start: Instant,
    }

    impl Bench {
        fn new() -> Self {
            let (start, registry) = (Instant::now(), SourceId::parse("registry.test").unwrap());
            let mut queue = Queue::new(Rhythm::ALONE, start);
            queue.open(&registry, SourceKind::Registry);
            Self { queue, registry, start }
        }

        fn now(&self, passed: Duration) -> Moment {
            Moment { wall: Timestamp::UNIX_EPOCH + passed, at: self.start + passed }
        }

        fn want(&mut self, number: u32, urgency: Urgency, date: Option<SignedDuration>, now: Moment) {
            let not_before = date.map(|date| Timestamp::UNIX_EPOCH + date);
            self.queue.want(Wanted { look: look(number), urgency, not_before }, &self.registry, now);
        }

        fn next(&self, now: Moment) -> Option<Duration> {
            let next = self.queue.next_in_background(&self.registry, now.at)?;
            Some(next.saturating_duration_since(self.start))
        }

        /// Asks and answers whatever is due.
        fn answer(&mut self, now: Moment) -> usize {
            self.queue.promote(now.at);
            let mut answers = 0;
            while let Some((source, urgency, look)) = self.queue.next(now.at) {
                self.queue.set_out(&source, urgency, now.at);
                self.queue.answered(&source, &look, now);
                answers += 1;
            }
            answers
        }
    }

    fn look(number: u32) -> Look {
        let image = ImageName::parse("registry.test/acme/app").unwrap();
        Look::Tag(TagRef { image, tag: Tag::parse(&number.to_string()).unwrap() })
    }

    #[test]
    fn of_what_is_due_far_ahead_only_the_moment_is_kept_until_it_is_near() {
        let mut bench = Bench::new();
        let (now, near) = (bench.now(Duration::ZERO), bench.now(MINUTE * 26));
        for number in 0..60_000 {
            bench.want(number, Urgency::Again, Some(HALF_AN_HOUR), now);
        }
        assert!(bench.queue.known.is_empty() && bench.queue.later.is_empty());
        assert_eq!(bench.next(now), Some(MINUTE * 30));
        for number in 0..60_000 {
            bench.want(number, Urgency::Again, Some(HALF_AN_HOUR), near);
        }
        assert_eq!((bench.queue.known.len(), bench.queue.later.len()), (60_000, 60_000));
        assert!(bench.queue.lanes.values().all(|lane| lane.ahead.due.is_empty() && lane.ahead.due.capacity() < 5_000));
        assert_eq!(bench.next(near), Some(MINUTE * 30));
    }

    #[test]
    fn what_was_answered_keeps_its_place_while_it_rests() {
        let mut bench = Bench::new();
        bench.want(1, Urgency::Depth, None, bench.now(Duration::ZERO));
        assert_eq!(bench.answer(bench.now(Duration::ZERO)), 1);
        let mut due = bench.now(Duration::ZERO).wall.duration_since(Timestamp::UNIX_EPOCH) + HALF_AN_HOUR;
        let mut asked = Vec::new();
        for second in 1..4 * 3600 {
            let now = bench.now(Duration::from_secs(second));
            bench.want(1, Urgency::Again, Some(due), now);
            let is_near = bench.next(now).is_some_and(|next| next <= Duration::from_secs(second) + HORIZON);
            assert_eq!(bench.queue.later.len(), usize::from(is_near), "after {second} seconds");
            if bench.answer(now) > 0 {
                asked.push(Duration::from_secs(second));
                due = now.wall.duration_since(Timestamp::UNIX_EPOCH) + HALF_AN_HOUR;
            }
        }
        let gaps: Vec<_> =
            asked.windows(2).map(|pair| pair.last().unwrap().saturating_sub(*pair.first().unwrap())).collect();
        assert!((MINUTE * 30..=MINUTE * 33).contains(asked.first().unwrap()), "{asked:?}");
        assert!((MINUTE * 15..=MINUTE * 45).contains(gaps.first().unwrap()), "{gaps:?}");
        assert!(gaps.len() >= 5 && gaps.iter().skip(1).all(|gap| *gap == MINUTE * 30), "{gaps:?}");
    }

    #[test]
    fn a_wall_clock_that_is_set_back_puts_nothing_off_further() {
        let mut bench = Bench::new();
        bench.want(1, Urgency::Again, Some(HALF_AN_HOUR), bench.now(Duration::ZERO));
        for minute in 1..31 {
            let now = bench.now(MINUTE * minute);
            let behind = Moment { wall: now.wall - SignedDuration::from_hours(3), ..now };
            bench.want(1, Urgency::Again, Some(HALF_AN_HOUR), behind);
            assert_eq!(bench.answer(behind), usize::from(minute == 30));
        }
    }

    #[test]
    fn a_wall_clock_that_is_set_back_lets_nothing_rest_for_ever() {
        let mut bench = Bench::new();
        let quarter = SignedDuration::from_mins(15);
        bench.want(1, Urgency::Depth, None, bench.now(Duration::ZERO));
        assert_eq!(bench.answer(bench.now(Duration::ZERO)), 1);
        bench.want(1, Urgency::Again, Some(quarter), bench.now(Duration::ZERO));
        let asked = (1..46).find(|half_minutes| {
            let now = bench.now(MINUTE / 2 * *half_minutes);
            let behind = Moment { wall: now.wall - SignedDuration::from_hours(3), ..now };
            // Who wants it dates it by the clock that was set back.
            let date = behind.wall.duration_since(Timestamp::UNIX_EPOCH) + quarter;
            bench.want(1, Urgency::Again, Some(date), behind);
            bench.answer(behind) > 0
        });
        assert!(asked.is_some_and(|half_minutes| half_minutes >= 15), "{asked:?}");
    }

    #[test]
    fn what_somebody_wants_sooner_is_asked_sooner() {
        let mut bench = Bench::new();
        let now = bench.now(Duration::ZERO);
        for number in 0..4 {
            bench.want(number, Urgency::Again, Some(HALF_AN_HOUR), now);
        }
        bench.want(0, Urgency::Asked, None, now);
        bench.want(1, Urgency::Newest, Some(HALF_AN_HOUR), now);
        bench.want(2, Urgency::Watched, None, now);
        assert_eq!((bench.queue.busy(), bench.queue.later.len()), (2, 1));
        assert_eq!(bench.answer(now), 2);
        assert_eq!(bench.answer(bench.now(MINUTE * 30)), 1);
    }

    #[test]
    fn what_is_wanted_no_more_is_not_asked_and_is_forgotten() {
        let mut bench = Bench::new();
        for minute in 0..600 {
            let now = bench.now(MINUTE * minute);
            for number in 0..10 {
                let number = minute * 10 + number;
                bench.want(number, Urgency::Again, Some(SignedDuration::from_mins(i64::from(minute) + 6)), now);
            }
            assert_eq!(bench.answer(now), 0);
        }
        assert!(bench.queue.known.is_empty());
        assert!(bench.queue.lanes.values().all(|lane| lane.ahead.due.len() <= 2 * FEW));
    }
}
