//! Why a registry's or a token service's answer is none, by its status and its words.

use crate::domain::{AuthKind, AuthStage, Failure, Stage, Text};
use crate::http::{Answer, limited, says};

/// Returns why an answer is none, by its status.
pub(crate) fn failure(answer: &Answer) -> Failure {
    let says = says(&answer.headers, &answer.body);
    let status = answer.status;
    if let Some(limited) = limited(answer) {
        return limited;
    }
    match status.as_u16() {
        401 => Failure::Auth { stage: AuthStage::Registry, kind: kind_in(None, &says, AuthKind::Unknown), says },
        403 if answer.elsewhere => {
            Failure::Ambiguous(format!("403 of the host to which the registry redirects: {says}").into())
        }
        403 => forbidden(AuthStage::Registry, says),
        500..=599 => Failure::Unreachable { stage: Stage::Server(status.as_u16()), says },
        200 => Failure::Malformed(says),
        _ => Failure::Ambiguous(format!("{status} {says}").trim().to_owned().into()),
    }
}

/// Returns what a 403 means: rights, unless the words are about the credential.
pub(super) fn forbidden(stage: AuthStage, says: Text) -> Failure {
    match kind_in(None, &says, AuthKind::Unknown) {
        AuthKind::Unknown => Failure::Forbidden(says),
        kind => Failure::Auth { stage, kind, says },
    }
}

/// Returns what is wrong with a credential, from the challenge's `error=` and the server's words.
pub(super) fn kind_in(error: Option<&str>, says: &Text, otherwise: AuthKind) -> AuthKind {
    let words = says.raw().to_ascii_lowercase();
    if words.contains("expired") {
        return AuthKind::Expired;
    }
    match error {
        Some("invalid_token") => AuthKind::InvalidToken,
        Some("insufficient_scope") => AuthKind::InsufficientScope,
        _ if words.contains("insufficient scope") || words.contains("insufficient_scope") => {
            AuthKind::InsufficientScope
        }
        _ => otherwise,
    }
}
