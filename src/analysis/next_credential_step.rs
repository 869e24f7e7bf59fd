//! What to do next about a credential, in words that can be copied. Landfall does none of it.

use super::severity::Severity;
use crate::domain::{CredentialKind, CredentialRecord, Standing};

/// What is done about a list that may be read the next time.
pub(super) const ASKS_AGAIN: &str = "Landfall asks again by itself; `landfall doctor` tells what is in the way.";

/// Returns what to do next; nothing where nothing is to be done.
#[must_use]
pub fn next_step(record: &CredentialRecord, severity: Severity) -> Option<String> {
    if matches!(severity, Severity::Ok | Severity::Never) {
        return None;
    }
    if let Some(runbook) = &record.runbook {
        return Some(runbook.to_string());
    }
    if let Some(replace) = &record.replace {
        return Some(replace.to_string());
    }
    let is_list = record.kind.is_list();
    if is_list && matches!(record.standing, Standing::OutOfReach(_)) {
        return Some("Ask with a token that is shown this list, or leave it out of the configuration.".to_owned());
    }
    if is_list && severity == Severity::Unknown {
        return Some(
            "Give the token the rights to read these lists, or leave them out of the configuration.".to_owned(),
        );
    }
    let place = &record.place;
    if let (Severity::Warning, Standing::AboveNeed(_)) = (severity, &record.standing) {
        return Some(format!("Make one that can only read, and put it where it is read from: {place}."));
    }
    Some(match record.kind {
        CredentialKind::OwnToken | CredentialKind::OwnLogin => {
            format!("Make a new one and put it where it is read from: {place}. Landfall reads it anew.")
        }
        CredentialKind::Certificate | CredentialKind::SshCertificate | CredentialKind::Jwt => {
            format!("Have a new one issued and put it in the place of {place}.")
        }
        CredentialKind::Secret
        | CredentialKind::Variable
        | CredentialKind::AccessToken
        | CredentialKind::DeployToken
        | CredentialKind::DeployKey
        | CredentialKind::Other(_) => format!("Replace it at its provider, then every copy of it ({place})."),
    })
}
