//! One source's looks: how many at once, which first, and whether the source may be asked at all.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::Rhythm;
use crate::domain::{Failure, Look, SourceKind, Urgency};

/// How many failures in a row, without an answer between, make a source count as down.
const DOWN_AFTER: u32 = 3;

/// How long a source that only fails is trusted to come back, where somebody waits for the answer.
const TRUSTED: SignedDuration = SignedDuration::from_secs(2);

/// A look's place in the order: urgency first, then age.
pub(super) type Turn = (Urgency, u64);

/// One source's looks.
pub(super) struct Lane {
    pub(super) kind: SourceKind,
    width: usize,
    under_way: usize,
    waiting: BTreeMap<Turn, Look>,
    closed: Option<(Timestamp, Failure)>,
    failing_since: Option<Timestamp>,
    failures: u32,
}

impl Lane {
    pub(super) fn new(kind: SourceKind, rhythm: &Rhythm) -> Self {
        let width = match kind {
            SourceKind::Ci => rhythm.ci_in_flight,
            SourceKind::Registry => rhythm.registry_in_flight,
        };
        Self {
            kind,
            width: width.max(1),
            under_way: 0,
            waiting: BTreeMap::new(),
            closed: None,
            failing_since: None,
            failures: 0,
        }
    }

    /// Returns the most urgent look, where one may be asked now.
    pub(super) fn next(&mut self, now: Timestamp) -> Option<Look> {
        if self.under_way >= self.width || self.closed(now).is_some() {
            return None;
        }
        let (_, look) = self.waiting.pop_first()?;
        self.under_way = self.under_way.saturating_add(1);
        Some(look)
    }

    /// Returns when the lane opens again for a look that waits.
    pub(super) fn reopens(&self) -> Option<Timestamp> {
        let may = !self.waiting.is_empty() && self.under_way < self.width;
        self.closed.as_ref().map(|(until, _)| *until).filter(|_| may)
    }

    pub(super) fn wait(&mut self, turn: Turn, look: Look) {
        self.waiting.insert(turn, look);
    }

    pub(super) fn remove(&mut self, turn: Turn) -> bool {
        self.waiting.remove(&turn).is_some()
    }

    /// Takes out which looks wait.
    pub(super) fn clear(&mut self, which: impl Fn(&Look) -> bool) -> Vec<Look> {
        self.waiting.extract_if(.., |_, look| which(look)).map(|(_, look)| look).collect()
    }

    pub(super) fn answered(&mut self) {
        self.under_way = self.under_way.saturating_sub(1);
        self.failing_since = None;
        self.failures = 0;
    }

    pub(super) fn failed(&mut self, now: Timestamp) {
        self.under_way = self.under_way.saturating_sub(1);
        self.failing_since.get_or_insert(now);
        self.failures = self.failures.saturating_add(1);
    }

    /// Closes the lane until then, if it is not closed for longer already.
    pub(super) fn close(&mut self, until: Timestamp, failure: &Failure) {
        if self.closed.as_ref().is_none_or(|(known, _)| *known < until) {
            self.closed = Some((until, failure.clone()));
        }
    }

    /// Returns until when the lane is closed, and why.
    pub(super) fn closed(&self, now: Timestamp) -> Option<&(Timestamp, Failure)> {
        self.closed.as_ref().filter(|(until, _)| *until > now)
    }

    /// Returns whether the source only fails, for longer than it is trusted to come back.
    pub(super) fn is_down(&self, rhythm: &Rhythm, now: Timestamp) -> bool {
        let trusted = rhythm.patience.min(TRUSTED);
        self.failures >= DOWN_AFTER && self.failing_since.is_some_and(|since| now.duration_since(since) >= trusted)
    }

    /// Returns whether nothing waits or is under way.
    pub(super) fn is_quiet(&self) -> bool {
        self.under_way == 0 && self.waiting.is_empty()
    }
}

/// Returns until when a failure closes the whole source: a rate limit, or an API that refuses the token.
pub(super) fn closes(failure: &Failure, now: Timestamp) -> Option<Timestamp> {
    use crate::domain::AuthStage::{Api, Local, Registry, Token};
    let minute = now.saturating_add(SignedDuration::from_mins(1)).unwrap_or(now);
    match failure {
        Failure::RateLimited { until, .. } => Some(until.unwrap_or(minute)),
        Failure::Auth { stage: Api | Local, .. } => Some(minute),
        Failure::Auth { stage: Token | Registry, .. }
        | Failure::Forbidden(_)
        | Failure::NotFound(_)
        | Failure::Unreachable { .. }
        | Failure::Malformed(_)
        | Failure::TooLarge { .. }
        | Failure::Ambiguous(_)
        | Failure::Withheld(_) => None,
    }
}
