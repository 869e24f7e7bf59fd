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
