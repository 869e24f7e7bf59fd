//! What a status that is no success means. "Not there" needs the registry's own word; everything else is "not seen".

use http::{HeaderMap, Method, StatusCode};

use super::dto::ErrorsDto;
use crate::domain::{Absence, AbsenceCode, AuthKind, AuthStage, Failure, Probe, Stage, Text};
use crate::http::{Answer, retry_at, says};

/// What was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Asked {
    /// A manifest, by tag or digest.
    Manifest,
    /// A blob.
    Blob,
    /// The list of tags.
    Tags,
}

/// Returns what an answer proves that is no success.
pub(super) fn no<T>(answer: &Answer, asked: Asked, method: &Method) -> Probe<T> {
    if answer.status != StatusCode::NOT_FOUND {
        return Probe::Unseen(failure(answer));
    }
    let says = says(&answer.headers, &answer.body);
    // The storage behind a registry may lag, or know the address only in another form.
    if answer.elsewhere && asked == Asked::Blob {
        return Probe::Unseen(Failure::Ambiguous("404 of the storage to which the registry redirects".into()));
    }
    if method == Method::HEAD {
        // A blob's 404 has no body by its nature; a manifest's HEAD is never taken for proof.
        if asked == Asked::Blob {
            return Probe::Absent(Absence { code: AbsenceCode::BlobUnknown, says });
        }
        return Probe::Unseen(Failure::Ambiguous("404 without a body".into()));
    }
    match absence(answer, asked) {
        Some(code) => Probe::Absent(Absence { code, says }),
        None if says.is_empty() => Probe::Unseen(Failure::Ambiguous("404 without the registry's error body".into())),
        None => {
            let why = format!("404 without the registry's error body: {says}");
            Probe::Unseen(Failure::Ambiguous(why.into()))
        }
    }
}

/// Reads the specification's error body: every error in it must say that the thing is not there.
fn absence(answer: &Answer, asked: Asked) -> Option<AbsenceCode> {
    let body: ErrorsDto = serde_json::from_slice(&answer.body).ok()?;
    let mut found = None;
    for error in &body.errors {
        // Some registries say "unknown" of a manifest that is there, and mean our Accept.
        if error.message.as_deref().is_some_and(|message| message.contains("accept header does not support")) {
            return None;
        }
        let code = match (error.code.to_ascii_uppercase().as_str(), asked) {
            ("NAME_UNKNOWN", _) | ("NOT_FOUND", Asked::Tags) => AbsenceCode::NameUnknown,
            ("MANIFEST_UNKNOWN" | "NOT_FOUND", Asked::Manifest) => AbsenceCode::ManifestUnknown,
            ("BLOB_UNKNOWN" | "NOT_FOUND", Asked::Blob) => AbsenceCode::BlobUnknown,
            _ => return None,
        };
        found.get_or_insert(code);
    }
    found
}

/// Returns why an answer is none, by its status.
pub(super) fn failure(answer: &Answer) -> Failure {
    let says = says(&answer.headers, &answer.body);
    let status = answer.status;
    match status.as_u16() {
        401 => Failure::Auth { stage: AuthStage::Registry, kind: kind_in(None, &says, AuthKind::Unknown), says },
        403 if answer.elsewhere => {
            Failure::Ambiguous(format!("403 of the host to which the registry redirects: {says}").into())
        }
        403 => forbidden(AuthStage::Registry, says),
        429 => limited(&answer.headers, says),
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

pub(super) fn limited(headers: &HeaderMap, says: Text) -> Failure {
    Failure::RateLimited { until: retry_at(headers), says }
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
