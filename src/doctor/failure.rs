//! What a look that gave no answer means for somebody who wants to mend it.

use super::{Check, Grade};
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

fn fix(failure: &Failure) -> Option<&'static str> {
    match failure {
        Failure::Unreachable { stage: Stage::Dns, .. } => {
            Some("Compare the host with the configuration; look at the name server, VPN and proxy of this machine.")
        }
        Failure::Unreachable { stage: Stage::Tls, .. } => {
            Some("Where a certificate authority of your own signs for it, name its PEM file as ca_file.")
        }
        Failure::Unreachable { stage: Stage::Connect | Stage::Timeout | Stage::Cut, .. } => {
            Some("Look at the network, VPN and proxy of this machine (HTTPS_PROXY, NO_PROXY).")
        }
        Failure::Unreachable { stage: Stage::Server(_), .. } => {
            Some("Its own status page may tell more; try again later.")
        }
        Failure::Malformed(_) => Some(
            "Something else answers at this address: compare it with the configuration, and look for a login page before it.",
        ),
        Failure::RateLimited { .. } => Some("Wait; landfall keeps away until then."),
        Failure::Auth { .. }
        | Failure::Forbidden(_)
        | Failure::NotFound(_)
        | Failure::TooLarge { .. }
        | Failure::Ambiguous(_)
        | Failure::Withheld(_) => None,
    }
}
