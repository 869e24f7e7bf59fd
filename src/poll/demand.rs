//! How much is wanted in the background, and how much slower it is asked where the budget allows less.

use std::time::Duration;

use tokio::time::Instant;

use super::cadence::Stretch;
use super::known::{Phase, State};
use super::queue::Queue;
use crate::domain::{SourceId, Urgency};

/// Nothing on the screen is slowed down before everything else is by this much, in tenths: a minute becomes a quarter
/// of an hour.
const ALL_ELSE: u64 = 150;

/// By more than this nothing is slowed down: ten seconds become a quarter of an hour.
const MOST: u64 = 900;

/// Looks in a time, in billionths of a look in a millisecond.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(super) struct Rate(u64);

impl Rate {
    pub(super) fn new(looks: u64, thousandths: u64, time: Duration) -> Self {
        let looks = u128::from(looks) * 1_000_000_000_000 / u128::from(thousandths.max(1));
        Self(u64::try_from(looks / time.as_millis().max(1)).unwrap_or(u64::MAX))
    }

    /// Returns whether it is more than the other, by a margin.
    pub(super) fn exceeds(self, other: Self) -> bool {
        self.0 > other.0.saturating_add(other.0 / 4)
    }

    /// Returns what is left of it when nothing bears it out: half after a few minutes.
    fn fading(self) -> Self {
        Self(self.0 - self.0 / 64)
    }

    fn add(&mut self, interval: Duration) {
        self.0 = self.0.saturating_add(Self::new(1, 1000, interval.max(Duration::from_secs(1))).0);
    }
}

/// What is wanted.
#[derive(Debug, Default, Clone, Copy)]
struct Demand {
    again: Rate,
    watched: Rate,
    /// Of how many looks.
    looks: u64,
}

impl Demand {
    /// Returns what is wanted together with looks that are under way, or were just answered, and will be wanted again
    /// in a moment: as much for each as for the others.
    fn whole(self, under_way: usize) -> Rate {
        let Rate(sum) = Rate(self.again.0.saturating_add(self.watched.0));
        let more = u64::try_from(under_way).unwrap_or(u64::MAX).saturating_add(1);
        Rate(sum.saturating_add((sum / self.looks.max(1)).saturating_mul(more)))
    }

    /// Returns how much longer the intervals must be to stay within what is allowed: first those of looks that are
    /// not on the screen.
    fn stretch(self, Rate(allowed): Rate) -> Stretch {
        let (Rate(again), Rate(watched)) = (self.again, self.watched);
        if again.saturating_add(watched) <= allowed {
            return Stretch::NONE;
        }
        let alone = times(again, allowed.saturating_sub(watched));
        if watched == 0 || alone <= ALL_ELSE {
            return Stretch { again: tenths(alone), watched: 10 };
        }
        let left = allowed.saturating_sub(again.saturating_mul(10) / ALL_ELSE);
        Stretch { again: tenths(ALL_ELSE), watched: tenths(times(watched, left)) }
    }
}

/// Returns how many times more is wanted than allowed, in tenths.
fn times(wanted: u64, allowed: u64) -> u64 {
    wanted.saturating_mul(10).checked_div(allowed).map_or(MOST, |times| times.saturating_add(1).clamp(10, MOST))
}

fn tenths(times: u64) -> u32 {
    u32::try_from(times).unwrap_or(u32::MAX)
}

impl Queue {
    /// Brings the pace of a source's background up to date with its budget. Small changes are left.
    pub(super) fn adjust(&mut self, source: &SourceId, now: Instant) {
        let Some(allowed) = self.lanes.get(source).map(|lane| lane.purse.allowed(now)) else { return };
        let wanted = self.demand(source, Stretch::NONE, now);
        if let Some(lane) = self.lanes.get_mut(source) {
            lane.wanted = wanted.whole(lane.background_under_way()).max(lane.wanted.fading());
        }
        let stretch = allowed.map_or(Stretch::NONE, |allowed| wanted.stretch(allowed));
        let differs = |one: u32, other: u32| one.abs_diff(other) * 10 > one || (one == 10) != (other == 10);
        let before = self.lanes.get(source).map_or(Stretch::NONE, |lane| lane.stretch);
        if !differs(before.again, stretch.again) && !differs(before.watched, stretch.watched) {
            return;
        }
        // No look is stretched for ever, so that on the whole it may be less than it would take.
        let slower = self.demand(source, stretch, now);
        if let Some(lane) = self.lanes.get_mut(source) {
            lane.stretch = stretch;
            lane.slowed = Some(tenths(times(wanted.again.0, slower.again.0))).filter(|_| stretch != Stretch::NONE);
        }
        self.retime(source, now);
    }

    /// Returns what the background of a source wants, where its intervals are stretched by so much.
    fn demand(&self, source: &SourceId, stretch: Stretch, now: Instant) -> Demand {
        let mut demand = Demand::default();
        let Some(lane) = self.lanes.get(source) else { return demand };
        let now = self.epoch.tick(now);
        for state in self.known.values().filter(|state| state.lane == lane.number) {
            let Some(pause) = state.wants(now) else { continue };
            let rate = if state.urgency == Urgency::Watched { &mut demand.watched } else { &mut demand.again };
            rate.add(stretch.of(state.urgency, pause.interval()));
            demand.looks += 1;
        }
        demand
    }

    /// Moves the looks that rest to where the new pace puts them.
    fn retime(&mut self, source: &SourceId, now: Instant) {
        let theirs = self.later.iter().filter(|(_, (lane, _))| lane == source);
        let theirs: Vec<_> = theirs.map(|(key, (_, look))| (*key, self.id(look))).collect();
        for ((before, turn), id) in theirs {
            let Some(state) = self.known.get(&id).copied() else { continue };
            let rest = state.rests().zip(state.answered).map(|(pause, at)| pause.since(self.epoch.instant(at.at)));
            let Some(rest) = rest else { continue };
            let due = self.epoch.tick(self.rested(id, &rest, source, state.urgency).max(now));
            if let Some(entry) = self.later.remove(&(before, turn)) {
                self.later.insert((due, turn), entry);
                self.known.insert(id, State { phase: Phase::Later(due, turn), ..state });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn demand(again: u64, watched: u64) -> Demand {
        let minute = |looks| Rate::new(looks, 1000, Duration::from_mins(1));
        Demand { again: minute(again), watched: minute(watched), looks: again + watched }
    }

    fn allowed(looks: u64) -> Rate {
        Rate::new(looks, 1000, Duration::from_mins(1))
    }

    #[test]
    fn what_the_budget_allows_is_not_slowed_down() {
        assert_eq!(demand(60, 0).stretch(allowed(60)), Stretch::NONE);
        assert_eq!(Demand::default().stretch(allowed(0)), Stretch::NONE);
    }

    #[test]
    fn the_background_is_slowed_down_by_as_much_as_it_wants_too_much() {
        let Stretch { again, watched } = demand(60, 0).stretch(allowed(20));
        assert!((30..=31).contains(&again), "{again}");
        assert_eq!(watched, 10);
        assert_eq!(demand(60, 0).stretch(allowed(0)).again, 900);
    }

    #[test]
    fn what_is_on_the_screen_is_slowed_down_last() {
        let Stretch { again, watched } = demand(60, 10).stretch(allowed(30));
        assert!((30..=31).contains(&again), "{again}");
        assert_eq!(watched, 10);
        let Stretch { again, watched } = demand(60, 10).stretch(allowed(9));
        assert_eq!(again, 150);
        assert!((20..=21).contains(&watched), "{watched}");
    }

    #[test]
    fn what_is_under_way_is_wanted_again() {
        assert!(demand(60, 0).whole(29).0.abs_diff(allowed(90).0) < 100);
        assert!(allowed(100).exceeds(demand(78, 0).whole(0)) && !allowed(100).exceeds(demand(80, 0).whole(0)));
    }

    #[test]
    fn a_look_that_costs_nothing_weighs_nothing() {
        let free = Rate::new(1, 1, Duration::from_mins(1));
        assert_eq!(demand(900, 0).stretch(free), Stretch::NONE);
    }
}
