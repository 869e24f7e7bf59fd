//! What is kept of how sources are doing: seldom, for one may answer, or fail, every few seconds for hours.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use crate::domain::{Fact, Failure, Snapshot, SourceId};

/// How often it is kept that a source still answers, or still does not.
const EVERY: SignedDuration = SignedDuration::from_mins(1);

/// What was last kept of each source.
#[derive(Debug, Default)]
pub(super) struct KeptHealth {
    answered: BTreeMap<SourceId, Timestamp>,
    /// When it last failed or answered, and what kind of failure it was.
    failing: BTreeMap<SourceId, (Timestamp, Option<Kind>)>,
}

impl KeptHealth {
    /// Returns that a source answered just now, unless that was kept within a minute.
    pub(super) fn answered(&mut self, source: &SourceId, at: Timestamp, snapshot: &Snapshot) -> Option<Fact> {
        if !self.answered.get(source).is_none_or(|kept| is_due(*kept, at)) {
            return None;
        }
        self.answered.insert(source.clone(), at);
        snapshot.answered_fact(source)
    }

    /// Returns what is wrong with a source, or that nothing is any more, where that is another thing than was kept, or
    /// was kept more than a minute ago; and whether it is news. Of a source that comes and goes it is not.
    pub(super) fn failing(&mut self, source: &SourceId, snapshot: &Snapshot) -> Option<(Fact, bool)> {
        let fact = snapshot.failing_fact(source)?;
        let Fact::Failing(_, _, at, failure) = &fact else { return None };
        let (at, label) = (*at, failure.as_ref().map(Kind::of));
        let kept = self.failing.get(source).copied();
        let is_due = kept.is_none_or(|(kept, _)| is_due(kept, at));
        let is_other = kept.is_none_or(|(_, kept)| kept != label);
        if !is_other && (label.is_none() || !is_due) {
            return None;
        }
        self.failing.insert(source.clone(), (at, label));
        // Whatever an earlier process kept is undone with the first answer, which is nothing to hurry for.
        Some((fact, is_due && is_other && (label.is_some() || kept.is_some())))
    }
}

/// What tells one failure from another: its label, and until when a limit lasts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Kind(&'static str, Option<Timestamp>);

impl Kind {
    fn of(failure: &Failure) -> Self {
        let until = if let Failure::RateLimited { until, .. } = failure { *until } else { None };
        Self(failure.label(), until)
    }
}

/// A clock that was set back must not keep anything from being kept.
fn is_due(kept: Timestamp, at: Timestamp) -> bool {
    at.duration_since(kept).abs() > EVERY
}
