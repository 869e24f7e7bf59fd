//! What a person can do about a look that gave no answer.

use crate::domain::{AuthKind, AuthStage, Failure, Stage};

/// Returns what a person can do about a look that gave no answer, in a sentence; nothing where only landfall can.
#[must_use]
pub fn what_helps(failure: &Failure) -> Option<&'static str> {
    Some(match failure {
        Failure::Unreachable { stage: Stage::Dns, .. } => {
            "Compare the host with the configuration; look at the name server, VPN and proxy of this machine."
        }
        Failure::Unreachable { stage: Stage::Tls, .. } => {
            "Where a certificate authority of your own signs for it, name its PEM file as ca_file."
        }
        Failure::Unreachable { stage: Stage::Connect | Stage::Timeout | Stage::Cut, .. } => {
            "Look at the network, VPN and proxy of this machine (HTTPS_PROXY, NO_PROXY)."
        }
        Failure::Unreachable { stage: Stage::Server(_), .. } => "Its own status page may tell more; try again later.",
        Failure::Malformed(_) | Failure::Ambiguous(_) => {
            "Something else answers at this address: compare it with the configuration, and look for a login page before it."
        }
        Failure::RateLimited { .. } => "Wait; landfall keeps away until then.",
        Failure::Auth { stage: AuthStage::Local, .. } => {
            "Mend the file, variable, command or helper that landfall's credential is read from."
        }
        Failure::Auth { kind: AuthKind::Absent, .. } => "Give landfall a credential for it.",
        Failure::Auth { kind: AuthKind::InsufficientScope, .. } | Failure::Forbidden(_) => {
            "Give landfall's credential the right to read it."
        }
        Failure::Auth { .. } => "Renew landfall's own credential for it; landfall reads it anew from the same place.",
        Failure::NotFound(_) => "Compare the name with its page, and see that landfall's credential may read it.",
        Failure::TooLarge { .. } | Failure::Withheld(_) => return None,
    })
}
