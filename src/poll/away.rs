//! What is given up while a source cannot be asked, and brought forward once it can.

use tokio::time::Instant;

use super::known::Phase;
use super::lane::Waiting;
use super::queue::Queue;
use crate::domain::{Look, SourceId, Urgency};

impl Queue {
    /// Returns whether a look was told already that it cannot be asked.
    pub(super) fn was_told(&self, look: &Look) -> bool {
        self.state(look).is_some_and(|state| state.told)
    }

    /// Gives up which looks wait for a source, those for later only where somebody waits for them; each counts as
    /// failed until then.
    pub(super) fn give_up(&mut self, source: &SourceId, until: Instant, which: impl Fn(&Look) -> bool) -> Vec<Look> {
        let mut looks =
            self.lanes.get_mut(source).map(|lane| lane.clear(|_, waiting| which(&waiting.look))).unwrap_or_default();
        let theirs =
            self.later.iter().filter(|(_, (lane, look))| lane == source && which(look) && self.is_urgent(look));
        let theirs: Vec<_> = theirs.map(|(key, _)| *key).collect();
        looks.extend(theirs.into_iter().filter_map(|key| self.later.remove(&key)).map(|(_, look)| look));
        for look in &looks {
            self.end(look, until, true);
        }
        looks
    }

    pub(super) fn is_urgent(&self, look: &Look) -> bool {
        self.state(look).is_some_and(|state| !state.urgency.is_background())
    }

    /// Gives up which looks are due and wait for a source; each counts as failed until then.
    pub(super) fn turn_away(
        &mut self,
        source: &SourceId,
        until: Instant,
        which: impl Fn(Urgency, &Waiting) -> bool,
    ) -> Vec<Look> {
        let looks = self.lanes.get_mut(source).map(|lane| lane.clear(which)).unwrap_or_default();
        for look in &looks {
            self.end(look, until, true);
        }
        looks
    }

    /// Brings forward which looks were told that they cannot be asked: now they can.
    pub(super) fn recover(&mut self, which: impl Fn(&SourceId, &Look) -> bool, now: Instant) {
        let tick = self.epoch.tick(now);
        let told = |look: &Look| self.state(look).is_some_and(|state| state.told);
        let theirs = self.later.iter().filter(|(_, (source, look))| which(source, look) && told(look));
        for key in theirs.map(|(key, _)| *key).collect::<Vec<_>>() {
            let Some((source, look)) = self.later.remove(&key) else { continue };
            self.later.insert((tick, key.1), (source, look));
        }
        self.promote(now);
        for state in self.known.values_mut().filter(|state| state.told) {
            if let Phase::Failed(until) = &mut state.phase {
                *until = tick.min(*until);
            }
        }
    }
}
