//! What proves that something is not in a registry: its own word. Everything else is "not seen".

use http::{Method, StatusCode};
use serde::Deserialize;

use crate::auth::failure;
use crate::domain::{Absence, AbsenceCode, Failure, Probe};
use crate::http::{Answer, says};

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
    // A HEAD's 404 has no body that could show whose word it is.
    if method == Method::HEAD {
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

/// The distribution specification's error body.
#[derive(Deserialize)]
struct ErrorsDto {
    errors: Vec<ErrorDto>,
}

#[derive(Deserialize)]
struct ErrorDto {
    code: String,
    message: Option<String>,
}
