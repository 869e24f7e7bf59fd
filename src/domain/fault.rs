//! Whose fault a failure is: ours, the source's, or that of what was asked for.

use super::{AuthKind, AuthStage, Failure, Stage};

/// Whose fault a failure is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
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
    /// Returns whose fault this failure is.
    #[must_use]
    pub fn of(failure: &Failure) -> Self {
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

    /// Returns whether it says something of what was asked for rather than of the whole source, which answers for the
    /// rest.
    #[must_use]
    pub fn is_of_one_thing(self) -> bool {
        match self {
            Self::Repository | Self::Own => true,
            Self::Limit | Self::Login | Self::Silence | Self::Unasked => false,
        }
    }
}

impl Failure {
    /// Returns whether the source answered after all, with an error of its own or with what cannot be read: one repository
    /// alone may get that, while others are answered.
    #[must_use]
    pub fn is_bad_answer(&self) -> bool {
        match self {
            Self::Malformed(_) => true,
            Self::Unreachable { stage, .. } => matches!(stage, Stage::Server(_)),
            Self::RateLimited { .. }
            | Self::Auth { .. }
            | Self::Forbidden(_)
            | Self::NotFound(_)
            | Self::TooLarge { .. }
            | Self::Ambiguous(_)
            | Self::Withheld(_) => false,
        }
    }
}
