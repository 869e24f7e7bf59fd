//! What waits, what is under way, what was answered: without tasks, so that the order can be tested alone.

use std::collections::BTreeMap;
use std::hash::{BuildHasher as _, RandomState};
use std::time::Duration;

use jiff::Timestamp;
use rustc_hash::FxHashMap;
use tokio::time::Instant;

use super::Rhythm;
use super::ahead::HORIZON;
use super::cadence::{Cadence, Rest, Stretch};
use super::hold::Hold;
use super::known::{Pause, Phase, State};
use super::lane::{Lane, Turn};
use super::moment::Moment;
use super::tick::{Epoch, Tick};
use crate::domain::{Look, SourceId, SourceKind, Urgency, Wanted};

/// What ended is forgotten when nobody has wanted it for so many seconds, once there is more than a little of it.
const REMEMBERED: u32 = 3600;

/// How many looks are known before any is forgotten.
pub(super) const FEW: usize = 512;

/// The longest pause after a failure that is the look's own; for what the newest commit needs; and at least.
const LONGEST_PAUSE: Duration = Duration::from_mins(5);
const LONGEST_PAUSE_OF_NEWEST: Duration = Duration::from_mins(1);
const SHORTEST_LONGEST: Duration = Duration::from_secs(10);

/// Everything that is wanted.
pub(super) struct Queue {
    rhythm: Rhythm,
    pub(super) epoch: Epoch,
    cadence: Cadence,
    pub(super) lanes: BTreeMap<SourceId, Lane>,
    pub(super) later: BTreeMap<(Tick, u32), (SourceId, Look)>,
    pub(super) known: FxHashMap<u64, State>,
    hasher: RandomState,
    hold: Hold,
    turns: u32,
    busy: usize,
    /// How many looks are known when it is next time to forget, and when it is however many are.
    full: usize,
    forgets: u32,
}

impl Queue {
    pub(super) fn new(rhythm: Rhythm, epoch: Instant) -> Self {
        Self {
            rhythm,
            epoch: Epoch::new(epoch),
            cadence: Cadence::new(epoch, rhythm.is_steady()),
            lanes: BTreeMap::new(),
            later: BTreeMap::new(),
            known: FxHashMap::default(),
            hasher: RandomState::new(),
            hold: Hold::new(rhythm.is_steady()),
            turns: 0,
            busy: 0,
            full: FEW,
            forgets: REMEMBERED,
        }
    }

    /// Returns how many looks that are not in the background wait or are under way.
    pub(super) fn busy(&self) -> usize {
        self.busy
    }

    /// Returns whether nobody waits for the answers.
    pub(super) fn is_steady(&self) -> bool {
        self.cadence.is_steady()
    }

    pub(super) fn lane(&mut self, source: &SourceId) -> Option<&mut Lane> {
        self.lanes.get_mut(source)
    }

    /// Sees to it that the source has a lane.
    pub(super) fn open(&mut self, source: &SourceId, kind: SourceKind) {
        if !self.lanes.contains_key(source) {
            let number = u16::try_from(self.lanes.len()).unwrap_or(u16::MAX);
            self.lanes.insert(source.clone(), Lane::new(number, kind, &self.rhythm));
        }
    }

    /// Takes in one wanted look of a source that has a lane.
    pub(super) fn want(&mut self, wanted: Wanted, source: &SourceId, now: Moment) {
        self.forget(now.at);
        let id = self.id(&wanted.look);
        let Wanted { urgency, not_before, .. } = wanted;
        let known = self.known.get(&id).copied();
        let lane = self.lanes.get(source).map_or(u16::MAX, |lane| lane.number);
        let mut state = known.unwrap_or_else(|| State::new(urgency, lane));
        state.wanted = self.epoch.seconds(now.at);
        state.newest |= matches!(urgency, Urgency::Newest | Urgency::NewestLayers);
        let due = match (urgency, not_before) {
            (Urgency::Asked, _) | (_, None) => Some(now.at),
            (_, Some(not_before)) => self.due((id, source), &mut state, &wanted, not_before, now),
        };
        let (due, dated) = (due.map(|due| self.epoch.tick(due)), not_before.is_some());
        if known.is_none() {
            let soon = due.and_then(|due| self.soon((id, source), (urgency, dated), due, now.at));
            if let Some(due) = soon {
                self.put(id, source.clone(), wanted.look, state, due, now.at);
            }
            return;
        }
        let near = self.epoch.tick(now.at + HORIZON);
        let Some((urgency, due)) = state.moves(urgency, dated, due, (self.epoch.tick(now.at), near)) else {
            self.known.insert(id, state);
            return;
        };
        self.take_out(id, source);
        state.told &= urgency != Urgency::Asked;
        state.urgency = urgency;
        if self.may_rest(&state, due, now.at) {
            self.known.insert(id, State { phase: Phase::Resting(due), ..state });
            return;
        }
        self.put(id, source.clone(), wanted.look, state, due, now.at);
    }

    /// Returns when a wish is due; `None` where its answer is there already.
    fn due(
        &self,
        (id, source): (u64, &SourceId),
        state: &mut State,
        wanted: &Wanted,
        not_before: Timestamp,
        now: Moment,
    ) -> Option<Instant> {
        let Some(answered) = state.answered else { return Some(now.due(not_before)) };
        let answered = self.epoch.moment(answered);
        if answered.covers(not_before, now) {
            return None;
        }
        let interval = answered.until(not_before);
        if !wanted.urgency.is_background() || !self.cadence.is_steady() {
            return Some(now.due(not_before).min(answered.at + interval));
        }
        if answered.overslept(not_before, now) {
            return Some(now.at);
        }
        let rest = state.rest(answered.at, interval, &wanted.look, now.at);
        Some(self.rested(id, &rest, source, wanted.urgency))
    }

    pub(super) fn id(&self, look: &Look) -> u64 {
        self.hasher.hash_one(look)
    }

    pub(super) fn state(&self, look: &Look) -> Option<&State> {
        self.known.get(&self.id(look))
    }

    pub(super) fn place(&mut self, look: &Look, phase: Phase) {
        if let Some(state) = self.known.get_mut(&self.hasher.hash_one(look)) {
            state.phase = phase;
        }
    }

    /// Returns when a rest is over, at the pace that the budget allows.
    pub(super) fn rested(&self, id: u64, rest: &Rest, source: &SourceId, urgency: Urgency) -> Instant {
        let stretch = self.lanes.get(source).map_or(Stretch::NONE, |lane| lane.stretch);
        self.cadence.again(id, rest, stretch.of(urgency, rest.interval))
    }

    /// Returns the next look that may be asked now, and marks it as under way.
    pub(super) fn next(&mut self, now: Instant) -> Option<(SourceId, Urgency, Look)> {
        let held = self.hold.holds(self.lanes.values().any(Lane::serves_newest), now);
        let next = |(source, lane): (&SourceId, &mut Lane)| {
            let (urgency, look) = lane.next(held, now)?;
            Some((source.clone(), urgency, look))
        };
        let (source, urgency, look) = self.lanes.iter_mut().find_map(next)?;
        self.place(&look, Phase::UnderWay);
        Some((source, urgency, look))
    }

    /// Notes that a look sets out.
    pub(super) fn set_out(&mut self, source: &SourceId, urgency: Urgency, now: Instant) {
        if let Some(lane) = self.lanes.get_mut(source) {
            lane.set_out(urgency, now);
        }
    }

    /// Returns when there is something to do next, if nothing is answered before.
    pub(super) fn next_due(&self, now: Instant) -> Option<Instant> {
        let reopened = self.lanes.values().filter_map(|lane| lane.reopens(now));
        let later = self.later.keys().next().map(|(due, _)| self.epoch.instant(*due));
        reopened.chain(later).chain(self.hold.ends()).min()
    }

    /// Notes an answer.
    pub(super) fn answered(&mut self, source: &SourceId, look: &Look, now: Moment) {
        self.back(source, look);
        let stamp = self.epoch.stamp(now);
        if let Some(state) = self.finish(look, Phase::Answered) {
            (state.tries, state.told, state.answered, state.let_go) = (0, false, Some(stamp), false);
        }
    }

    /// Notes that what these looks gave is not at hand any more. Which of them are to come again whoever wants them says
    /// after this.
    pub(super) fn let_go(&mut self, looks: &[Look]) {
        for look in looks {
            let Some(state) = self.known.get_mut(&self.hasher.hash_one(look)) else { continue };
            state.let_go = true;
            if !state.urgency.is_background() || state.answered.is_none() || state.tries > 0 {
                continue;
            }
            match state.phase {
                Phase::Later(due, turn) => drop(self.later.remove(&(due, turn))),
                Phase::Resting(_) => {}
                Phase::Waiting(_) | Phase::UnderWay | Phase::Answered | Phase::Failed(_) => continue,
            }
            (state.phase, state.pause) = (Phase::Answered, None);
        }
    }

    /// Notes a failed try, and returns how many there were in a row, this one included.
    pub(super) fn failed(&mut self, source: &SourceId, look: &Look) -> u32 {
        self.back(source, look);
        let Some(state) = self.known.get_mut(&self.hasher.hash_one(look)) else { return 1 };
        state.tries = state.tries.saturating_add(1);
        state.tries.into()
    }

    fn back(&mut self, source: &SourceId, look: &Look) {
        let urgency = self.state(look).map_or(Urgency::Again, |state| state.urgency);
        if let Some(lane) = self.lanes.get_mut(source) {
            lane.back(urgency);
        }
    }

    /// Returns the longest pause after a failure that is the look's own: never more than its interval, and a minute
    /// for what the newest commit needs.
    pub(super) fn longest_pause(&self, look: &Look) -> Duration {
        let state = self.state(look);
        let interval = state.and_then(|state| state.pause).map_or(LONGEST_PAUSE, Pause::interval);
        let newest = state.is_some_and(|state| state.newest) || matches!(look, Look::Runs(_));
        let most = if newest { LONGEST_PAUSE_OF_NEWEST } else { LONGEST_PAUSE };
        interval.clamp(SHORTEST_LONGEST, most)
    }

    /// Puts a look that was under way off until then, with the same urgency.
    pub(super) fn retry(&mut self, source: &SourceId, look: Look, until: Instant, now: Instant) {
        let id = self.id(&look);
        let Some(state) = self.known.get(&id).copied() else { return };
        if !state.urgency.is_background() {
            self.busy = self.busy.saturating_sub(1);
        }
        self.put(id, source.clone(), look, state, self.epoch.tick(until), now);
    }

    /// Ends a look as failed; it is not asked again before then. `told` where that was not its own fault: it is asked
    /// as soon as whatever was closed is open.
    pub(super) fn end(&mut self, look: &Look, until: Instant, told: bool) {
        if let Some(state) = self.finish(look, Phase::Failed(self.epoch.tick(until))) {
            state.told = told;
        }
    }

    fn put(&mut self, id: u64, source: SourceId, look: Look, state: State, due: Tick, now: Instant) {
        self.turns = self.turns.wrapping_add(1);
        if !state.urgency.is_background() {
            self.busy = self.busy.saturating_add(1);
        }
        let phase = if due > self.epoch.tick(now) {
            self.later.insert((due, self.turns), (source, look));
            Phase::Later(due, self.turns)
        } else {
            let turn = Turn::new(state.urgency, &look, self.turns);
            if let Some(lane) = self.lanes.get_mut(&source) {
                lane.wait(turn, state.waiting(look));
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
            Phase::Resting(_) | Phase::UnderWay | Phase::Answered | Phase::Failed(_) => false,
        };
        if was_there && !state.urgency.is_background() {
            self.busy = self.busy.saturating_sub(1);
        }
    }

    fn finish(&mut self, look: &Look, phase: Phase) -> Option<&mut State> {
        let state = self.known.get_mut(&self.hasher.hash_one(look))?;
        if !state.urgency.is_background() {
            self.busy = self.busy.saturating_sub(1);
        }
        state.phase = phase;
        Some(state)
    }

    /// Forgets what ended long ago, so that what is known does not grow for ever.
    fn forget(&mut self, now: Instant) {
        let now = self.epoch.seconds(now);
        if self.known.len() < self.full && (self.known.len() < FEW || now < self.forgets) {
            return;
        }
        self.known.retain(|_, state| !state.is_forgotten(now.saturating_sub(REMEMBERED)));
        self.known.shrink_to_fit();
        self.full = self.known.len().saturating_mul(2).max(FEW);
        self.forgets = now.saturating_add(REMEMBERED);
    }

    /// Moves what has become due to the looks that wait.
    pub(super) fn promote(&mut self, now: Instant) {
        let now = self.epoch.tick(now);
        while let Some(entry) = self.later.first_entry() {
            if entry.key().0 > now {
                break;
            }
            let ((_, turn), (source, look)) = entry.remove_entry();
            let Some(state) = self.known.get_mut(&self.hasher.hash_one(&look)) else { continue };
            let turn = Turn::new(state.urgency, &look, turn);
            state.phase = Phase::Waiting(turn);
            if let Some(lane) = self.lanes.get_mut(&source) {
                lane.wait(turn, state.waiting(look));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use crate::domain::{RepoPath, RunKey};

    fn queue(now: Instant) -> (Queue, SourceId) {
        let ci = SourceId::parse("ci").unwrap();
        let mut queue = Queue::new(Rhythm::ALONE, now);
        queue.open(&ci, SourceKind::Ci);
        (queue, ci)
    }

    fn look(ci: &SourceId, id: u64) -> Look {
        Look::Jobs(RunKey { ci: ci.clone(), repo: RepoPath::parse("a/b").unwrap(), id, attempt: 1 })
    }

    #[test]
    fn what_nobody_wants_any_more_is_forgotten_and_what_is_wanted_is_not() {
        let start = Instant::now();
        let (mut queue, ci) = queue(start);
        let again = Wanted { look: look(&ci, 0), urgency: Urgency::Depth, not_before: None };
        for id in 1..100_000_u32 {
            let now = Moment { wall: Timestamp::UNIX_EPOCH, at: start + Duration::from_secs(10) * id };
            queue.want(again.clone(), &ci, now);
            queue.want(Wanted { look: look(&ci, u64::from(id)), ..again.clone() }, &ci, now);
            while let Some((source, urgency, look)) = queue.next(now.at) {
                queue.set_out(&source, urgency, now.at);
                queue.answered(&source, &look, now);
            }
        }
        assert!(queue.known.len() <= 2 * FEW, "{}", queue.known.len());
        assert!(queue.later.is_empty() && queue.busy() == 0);
        assert!(queue.state(&look(&ci, 0)).is_some_and(|state| state.answered.is_some()));
    }

    #[test]
    fn a_look_waits_in_one_place_only_however_it_is_wanted() {
        let start = Instant::now();
        let (mut queue, ci) = queue(start);
        let now = Moment { wall: Timestamp::UNIX_EPOCH, at: start };
        let date = |seconds| Some(Timestamp::from_second(seconds).unwrap());
        let urgencies = [Urgency::Again, Urgency::Watched, Urgency::Newest, Urgency::Asked, Urgency::Depth];
        for (urgency, not_before) in urgencies
            .into_iter()
            .flat_map(|urgency| [date(90), date(30), None, date(60)].map(|not_before| (urgency, not_before)))
        {
            queue.want(Wanted { look: look(&ci, 1), urgency, not_before }, &ci, now);
            let waiting = queue.lanes.values().map(|lane| lane.pace(now).waiting).sum::<usize>();
            assert_eq!(queue.later.len() + waiting, 1, "{urgency:?} {not_before:?}");
            assert!(queue.busy() <= 1);
        }
        assert_eq!(queue.next(now.at).map(|(_, urgency, _)| urgency), Some(Urgency::Asked));
        assert!(queue.next(now.at).is_none());
    }
}
