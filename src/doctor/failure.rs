//! What a look that gave no answer means for somebody who wants to mend it.

use super::{Check, Grade};
use crate::analysis::what_helps;
use crate::domain::{AuthKind, AuthStage, Failure, Stage};

/// Returns what a failure means. What we could not look at is unknown; what only a person can mend has failed.
pub(super) fn check(name: String, before: &str, failure: &Failure) -> Check {
    let word = word(failure).map(|word| format!("{word}: ")).unwrap_or_default();
    let check = Check::new(name, grade(failure), format!("{before}{word}{failure}"));
    match fix(failure) {
        Some(fix) => check.fix(fix),
        None => check,
    }
}

/// Returns the word that tells one failure from another, where its own sentence does not begin with it.
fn word(failure: &Failure) -> Option<&'static str> {
    match failure {
        Failure::Auth {
            stage: AuthStage::Api | AuthStage::Token | AuthStage::Registry,
            kind: AuthKind::Absent,
            ..
        } => Some("anonymous"),
        Failure::Auth { stage: AuthStage::Api | AuthStage::Token | AuthStage::Registry, .. }
        | Failure::Forbidden(_) => Some("refused"),
        Failure::Unreachable { .. } => Some("unreachable"),
        // What cannot be read here says so itself.
        Failure::Auth { stage: AuthStage::Local, .. }
        | Failure::NotFound(_)
        | Failure::RateLimited { .. }
        | Failure::Malformed(_)
        | Failure::TooLarge { .. }
        | Failure::Ambiguous(_)
        | Failure::Withheld(_) => None,
    }
}

fn grade(failure: &Failure) -> Grade {
    match failure {
        Failure::Auth { .. }
        | Failure::Forbidden(_)
        | Failure::NotFound(_)
        | Failure::Unreachable { stage: Stage::Tls, .. } => Grade::Fail,
        Failure::RateLimited { .. }
        | Failure::Unreachable { .. }
        | Failure::Malformed(_)
        | Failure::TooLarge { .. }
        | Failure::Ambiguous(_)
        | Failure::Withheld(_) => Grade::Unknown,
    }
}

/// Returns the fix; of what is refused or not found whoever asked says more.
fn fix(failure: &Failure) -> Option<&'static str> {
    match failure {
        Failure::Unreachable { .. } | Failure::Malformed(_) | Failure::RateLimited { .. } => what_helps(failure),
        Failure::Auth { .. }
        | Failure::Forbidden(_)
        | Failure::NotFound(_)
        | Failure::TooLarge { .. }
        | Failure::Ambiguous(_)
        | Failure::Withheld(_) => None,
    }
}
