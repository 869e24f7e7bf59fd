//! Which services are judged and planned anew: because time passed, or because more changed at once than a key may wait
//! for.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};

use crate::analysis::{Report, ServiceReport};

/// Services that become due at once, so that a round is spread over its time.
const AT_ONCE: usize = 200;
/// Services taken at once: a key waits for no more of them.
const SLICE: usize = 32;
/// Between two times that any become due.
const APART: SignedDuration = SignedDuration::from_secs(1);
/// Between two rounds through all services, in seconds. They begin at full minutes, when ages change anyway.
const ROUND: i64 = 60;

/// Where the rounds stand.
pub(super) struct Rounds {
    /// The next service of the round through all of them; `None` between two rounds.
    all: Option<usize>,
    next_round: Timestamp,
    /// The service after the last restless one that was taken.
    restless: usize,
    last: Timestamp,
    /// Services that are due and were not taken yet.
    owed: BTreeSet<usize>,
}

impl Rounds {
    pub(super) fn new(now: Timestamp) -> Self {
        Self { all: None, next_round: following(now), restless: 0, last: now, owed: BTreeSet::new() }
    }

    /// Returns rounds that begin at once, because what time it is was wrong before.
    pub(super) fn begun(now: Timestamp) -> Self {
        Self { all: Some(0), last: now.saturating_sub(APART).unwrap_or(now), ..Self::new(now) }
    }

    /// Notes that these services are due too.
    pub(super) fn owe(&mut self, places: impl IntoIterator<Item = usize>) {
        self.owed.extend(places);
    }

    /// Returns the next services that are due, as many as are taken at once.
    pub(super) fn take(&mut self) -> BTreeSet<usize> {
        let later = self.owed.iter().nth(SLICE).copied().map(|first| self.owed.split_off(&first));
        std::mem::replace(&mut self.owed, later.unwrap_or_default())
    }

    /// Returns whether services are due that were not taken yet.
    pub(super) fn are_behind(&self) -> bool {
        !self.owed.is_empty()
    }

    /// Notes which services are due by now.
    pub(super) fn pass(&mut self, report: &Report, now: Timestamp) {
        let count = report.services.len();
        if now.duration_since(self.last) < APART || count == 0 {
            return;
        }
        self.last = now;
        if now >= self.next_round {
            self.next_round = following(now);
            self.all = self.all.or(Some(0));
        }
        if let Some(from) = self.all {
            let to = (from + AT_ONCE).min(count);
            self.owed.extend(from..to);
            self.all = (to < count).then_some(to);
        }
        let after = self.restless;
        let restless = (0..count).map(|step| (after + step) % count);
        let restless = restless.filter(|place| report.services.get(*place).is_some_and(ServiceReport::is_restless));
        let restless: Vec<_> = restless.take(AT_ONCE).collect();
        self.restless = restless.last().map_or(0, |last| last + 1);
        self.owed.extend(restless);
    }

    /// Returns when something may be due again. A round that is to begin while the last services were just taken is
    /// due a moment later: whoever came earlier would find nothing to do, and come again and again.
    pub(super) fn next(&self, report: &Report, now: Timestamp) -> Timestamp {
        if self.are_behind() {
            return now;
        }
        let soonest = self.last.saturating_add(APART).unwrap_or(now);
        if self.all.is_some() || report.services.iter().any(ServiceReport::is_restless) {
            soonest
        } else {
            self.next_round.max(soonest)
        }
    }
}

fn following(now: Timestamp) -> Timestamp {
    let second = (now.as_second().div_euclid(ROUND) + 1) * ROUND;
    Timestamp::from_second(second).unwrap_or(Timestamp::MAX)
}
