//! Whether a source ever gave an answer: before that, only a few find out that it gives none.

use std::time::Duration;

use tokio::time::Instant;

/// Nobody waits longer than this for the first answer.
pub(super) const FIRST: Duration = Duration::from_secs(2);

/// Whether a source ever gave an answer.
#[derive(Debug, Default)]
pub(super) enum Proof {
    #[default]
    Unasked,
    Asked(Instant),
    Answered,
}

impl Proof {
    /// Returns how many looks may be under way, of so many at most: a `few` until the first answer, unless that takes long.
    pub(super) fn width(&self, few: usize, most: usize, now: Instant) -> usize {
        match self {
            Self::Unasked => few.min(most),
            Self::Asked(since) if now < *since + FIRST => few.min(most),
            Self::Asked(_) | Self::Answered => most,
        }
    }

    /// Returns when more may set out than now, if nothing is answered before.
    pub(super) fn widens(&self, now: Instant) -> Option<Instant> {
        match self {
            Self::Asked(since) => Some(*since + FIRST).filter(|widens| *widens > now),
            Self::Unasked | Self::Answered => None,
        }
    }

    /// Notes that somebody sets out.
    pub(super) fn started(&mut self, now: Instant) {
        if matches!(self, Self::Unasked) {
            *self = Self::Asked(now);
        }
    }
}
