//! What waits, what is under way, what was answered: pure, so that the order can be tested without a clock.

use std::collections::BTreeMap;
use std::hash::{BuildHasher as _, RandomState};

use jiff::{SignedDuration, Timestamp};
use rustc_hash::FxHashMap;

use super::Rhythm;
use super::lane::{Lane, Turn};
use crate::domain::{Look, SourceId, SourceKind, Urgency, Wanted};

/// What ended is forgotten after this time, once there is much of it: whoever still wants it says not before when.
const REMEMBERED: SignedDuration = SignedDuration::from_hours(1);

/// How many looks are known before any is forgotten.
const MUCH: usize = 1 << 15;

/// Everything that is wanted.
pub(super) struct Queue {
    lanes: BTreeMap<SourceId, Lane>,
    later: BTreeMap<(Timestamp, u64), (SourceId, Look)>,
    known: FxHashMap<u64, State>,
    hasher: RandomState,
    turns: u64,
    busy: usize,
    /// How many looks are known when it is next time to forget.
    full: usize,
}

/// What is known of one look.
#[derive(Debug, Clone, Copy)]
struct State {
    phase: Phase,
    urgency: Urgency,
    /// Failed tries in a row.
    tries: u32,
}

#[derive(Debug, Clone, Copy)]
enum Phase {
    Waiting(Turn),
    Later(Timestamp, u64),
    UnderWay,
    Answered(Timestamp),
    /// Not to be asked again before this moment.
    Failed(Timestamp),
}

impl Queue {
    pub(super) fn new() -> Self {
        Self {
            lanes: BTreeMap::new(),
            later: BTreeMap::new(),
            known: FxHashMap::default(),
            hasher: RandomState::new(),
            turns: 0,
            busy: 0,
            full: MUCH,
        }
    }

    /// Returns how many looks more urgent than `Urgency::Again` wait or are under way.
    pub(super) fn busy(&self) -> usize {
        self.busy
    }

    pub(super) fn lane(&mut self, source: &SourceId) -> Option<&mut Lane> {
        self.lanes.get_mut(source)
    }

    /// Takes in one wanted look.
    pub(super) fn want(&mut self, wanted: Wanted, whose: (SourceId, SourceKind), rhythm: &Rhythm, now: Timestamp) {
        let Wanted { look, mut urgency, not_before } = wanted;
        let (source, kind) = whose;
        self.lanes.entry(source.clone()).or_insert_with(|| Lane::new(kind, rhythm));
        self.forget(now);
        let id = self.hasher.hash_one(&look);
        let asked = urgency == Urgency::Asked;
        let mut due = not_before.unwrap_or(now);
        let mut tries = 0;
        if let Some(state) = self.known.get(&id).copied() {
            tries = state.tries;
            match state.phase {
                Phase::UnderWay => return,
                Phase::Waiting(_) if urgency >= state.urgency => return,
                Phase::Later(..) if tries > 0 && !asked => return,
                Phase::Later(until, _) if until <= due => {
                    if urgency >= state.urgency {
                        return;
                    }
                    due = until;
                }
                Phase::Answered(at) if !asked && not_before.is_none_or(|not_before| not_before <= at) => return,
                Phase::Failed(until) => {
                    // The failure was reported, perhaps to somebody who has not read it yet: nobody waits for more.
                    urgency = if asked { urgency } else { Urgency::Again };
                    due = due.max(until);
                }
                Phase::Waiting(_) | Phase::Later(..) | Phase::Answered(_) => {}
            }
            self.take_out(id, &source);
        }
        let due = if asked { now } else { due };
        self.put(id, source, look, State { phase: Phase::UnderWay, urgency, tries }, due, now);
    }

    /// Returns the next look that may be asked now, and marks it as under way.
    pub(super) fn next(&mut self, now: Timestamp) -> Option<(SourceId, Look)> {
        self.promote(now);
        let (source, look) =
            self.lanes.iter_mut().find_map(|(source, lane)| Some((source.clone(), lane.next(now)?)))?;
        if let Some(state) = self.known.get_mut(&self.hasher.hash_one(&look)) {
            state.phase = Phase::UnderWay;
        }
        Some((source, look))
    }

    /// Returns when there is something to do next, if nothing is answered before.
    pub(super) fn next_due(&self) -> Option<Timestamp> {
        let reopened = self.lanes.values().filter_map(Lane::reopens);
        let later = self.later.keys().next().map(|(due, _)| *due);
        reopened.chain(later).min()
    }

    /// Notes an answer.
    pub(super) fn answered(&mut self, source: &SourceId, look: &Look, now: Timestamp) {
        if let Some(lane) = self.lanes.get_mut(source) {
            lane.answered();
        }
        self.finish(look, Phase::Answered(now), 0);
    }

    /// Notes a failed try, and returns how many there were in a row, this one included.
    pub(super) fn failed(&mut self, source: &SourceId, look: &Look, now: Timestamp) -> u32 {
        if let Some(lane) = self.lanes.get_mut(source) {
            lane.failed(now);
        }
        let Some(state) = self.known.get_mut(&self.hasher.hash_one(look)) else { return 1 };
        state.tries = state.tries.saturating_add(1);
        state.tries
    }

    /// Tries a look again later, with the same urgency.
    pub(super) fn retry(&mut self, source: &SourceId, look: Look, until: Timestamp, now: Timestamp) {
        let id = self.hasher.hash_one(&look);
        let Some(state) = self.known.get(&id).copied() else { return };
        if state.urgency < Urgency::Again {
            self.busy = self.busy.saturating_sub(1);
        }
        self.put(id, source.clone(), look, state, until, now);
    }

    /// Ends a look as failed; it is not asked again before then.
    pub(super) fn end(&mut self, look: &Look, until: Timestamp) {
        let tries = self.known.get(&self.hasher.hash_one(look)).map_or(1, |state| state.tries);
        self.finish(look, Phase::Failed(until), tries);
    }

    /// Gives up which looks wait for a source, those for later only where they are urgent; each counts as failed until then.
    pub(super) fn give_up(&mut self, source: &SourceId, until: Timestamp, which: impl Fn(&Look) -> bool) -> Vec<Look> {
        let mut looks = self.lanes.get_mut(source).map(|lane| lane.clear(&which)).unwrap_or_default();
        let theirs =
            self.later.iter().filter(|(_, (lane, look))| lane == source && which(look) && self.is_urgent(look));
        let theirs: Vec<_> = theirs.map(|(key, _)| *key).collect();
        looks.extend(theirs.into_iter().filter_map(|key| self.later.remove(&key)).map(|(_, look)| look));
        for look in &looks {
            self.finish(look, Phase::Failed(until), 1);
        }
        looks
    }

    fn is_urgent(&self, look: &Look) -> bool {
        self.known.get(&self.hasher.hash_one(look)).is_some_and(|state| state.urgency < Urgency::Again)
    }

    fn put(&mut self, id: u64, source: SourceId, look: Look, state: State, due: Timestamp, now: Timestamp) {
        self.turns = self.turns.wrapping_add(1);
        if state.urgency < Urgency::Again {
            self.busy = self.busy.saturating_add(1);
        }
        let phase = if due > now {
            self.later.insert((due, self.turns), (source, look));
            Phase::Later(due, self.turns)
        } else {
            let turn = (state.urgency, self.turns);
            if let Some(lane) = self.lanes.get_mut(&source) {
                lane.wait(turn, look);
            }
            Phase::Waiting(turn)
        };
        self.known.insert(id, State { phase, ..state });
    }

    fn take_out(&mut self, id: u64, source: &SourceId) {
        let Some(state) = self.known.get(&id) else { return };
        let was_there = match state.phase {
            Phase::Waiting(turn) => self.lanes.get_mut(source).is_some_and(|lane| lane.remove(turn)),
            Phase::Later(due, turn) => self.later.remove(&(due, turn)).is_some(),
            Phase::UnderWay | Phase::Answered(_) | Phase::Failed(_) => false,
        };
        if was_there && state.urgency < Urgency::Again {
            self.busy = self.busy.saturating_sub(1);
        }
    }

    fn finish(&mut self, look: &Look, phase: Phase, tries: u32) {
        let Some(state) = self.known.get_mut(&self.hasher.hash_one(look)) else { return };
        if state.urgency < Urgency::Again {
            self.busy = self.busy.saturating_sub(1);
        }
        *state = State { phase, tries, urgency: state.urgency };
    }

    /// Forgets what ended long ago, so that what is known does not grow for ever.
    fn forget(&mut self, now: Timestamp) {
        if self.known.len() < self.full {
            return;
        }
        self.known.retain(|_, state| match state.phase {
            Phase::Answered(at) | Phase::Failed(at) => now.duration_since(at) < REMEMBERED,
            Phase::Waiting(_) | Phase::Later(..) | Phase::UnderWay => true,
        });
        self.full = self.known.len().saturating_mul(2).max(MUCH);
    }

    /// Moves what has become due to the looks that wait.
    fn promote(&mut self, now: Timestamp) {
        while let Some(entry) = self.later.first_entry() {
            if entry.key().0 > now {
                break;
            }
            let ((_, turn), (source, look)) = entry.remove_entry();
            let Some(state) = self.known.get_mut(&self.hasher.hash_one(&look)) else { continue };
            let turn = (state.urgency, turn);
            state.phase = Phase::Waiting(turn);
            if let Some(lane) = self.lanes.get_mut(&source) {
                lane.wait(turn, look);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use crate::domain::{RepoPath, RunKey};

    #[test]
    fn what_ended_long_ago_is_forgotten_and_what_waits_is_not() {
        let ci = SourceId::parse("ci").unwrap();
        let rhythm = Rhythm {
            runs: 1,
            ci_in_flight: 1,
            registry_in_flight: 1,
            attempts: 1,
            backoff: SignedDuration::ZERO,
            patience: SignedDuration::ZERO,
        };
        let mut queue = Queue::new();
        let start = Timestamp::UNIX_EPOCH;
        let look = |id| Look::Jobs(RunKey { ci: ci.clone(), repo: RepoPath::parse("a/b").unwrap(), id, attempt: 1 });
        let want = |queue: &mut Queue, id, now| {
            let wanted = Wanted { look: look(id), urgency: Urgency::Depth, not_before: None };
            queue.want(wanted, (ci.clone(), SourceKind::Ci), &rhythm, now);
        };
        for id in 0..MUCH as u64 {
            want(&mut queue, id, start);
        }
        while queue.known.len() - queue.busy() < MUCH - 10 {
            let (source, look) = queue.next(start).unwrap();
            queue.answered(&source, &look, start);
        }
        want(&mut queue, u64::MAX, start + REMEMBERED);
        assert_eq!(queue.known.len(), queue.busy());
        assert_eq!(queue.busy(), 11);
    }
}
