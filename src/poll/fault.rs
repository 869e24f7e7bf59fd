//! Whose fault a failure is, and how long to wait after it.

use std::time::Duration;

use backon::{BackoffBuilder as _, ExponentialBuilder};

use crate::domain::{AuthKind, AuthStage, Failure};

/// Whose fault a failure is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// We asked too much of the source.
    Limit,
    /// The credential is not accepted, whatever is asked with it.
    Login,
    /// The source gives no answer, or none that can be read.
    Silence,
    /// The repository is closed to this credential.
    Repository,
    /// What was asked: the source answered that there is nothing to be had.
    Own,
    /// Nothing was asked.
    Unasked,
}

impl Fault {
    pub(super) fn of(failure: &Failure) -> Self {
        match failure {
            Failure::RateLimited { .. } => Self::Limit,
            Failure::Auth { stage, kind, .. } => Self::of_refusal(*stage, *kind),
            Failure::Unreachable { .. } | Failure::Malformed(_) => Self::Silence,
            Failure::Forbidden(_) => Self::Repository,
            Failure::NotFound(_) | Failure::TooLarge { .. } | Failure::Ambiguous(_) => Self::Own,
            Failure::Withheld(_) => Self::Unasked,
        }
    }

    /// A registry's token service looks at the password, whichever repository is asked for; what it grants, and what
    /// the registry makes of that, is the repository's.
    fn of_refusal(stage: AuthStage, kind: AuthKind) -> Self {
        match (stage, kind) {
            (AuthStage::Api, AuthKind::InsufficientScope) => Self::Own,
            (AuthStage::Api | AuthStage::Local, _)
            | (AuthStage::Token | AuthStage::Registry, AuthKind::BadPassword | AuthKind::Expired)
            | (AuthStage::Token, AuthKind::InvalidToken) => Self::Login,
            (AuthStage::Token, AuthKind::InsufficientScope | AuthKind::Absent | AuthKind::Unknown)
            | (
                AuthStage::Registry,
                AuthKind::InvalidToken | AuthKind::InsufficientScope | AuthKind::Absent | AuthKind::Unknown,
            ) => Self::Repository,
        }
    }
}

/// Returns a pause that doubles with every try, with full jitter, and is never longer than the longest.
pub(super) fn pause(first: Duration, tries: u32, longest: Duration) -> Duration {
    let pauses = ExponentialBuilder::new().with_jitter().with_min_delay(first).with_max_delay(longest / 2);
    let doublings = usize::try_from(tries.saturating_sub(1).min(16)).unwrap_or_default();
    pauses.without_max_times().build().nth(doublings).unwrap_or(longest).min(longest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_with_jitter_and_end_somewhere() {
        let longest = Duration::from_mins(5);
        for tries in 1..40 {
            let pause = pause(Duration::from_secs(1), tries, longest);
            let doubled = Duration::from_secs(1 << (tries - 1).min(12));
            assert!(pause >= doubled.min(longest / 2) && pause <= longest.min(doubled * 2), "{tries}: {pause:?}");
        }
    }
}
