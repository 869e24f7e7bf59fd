//! Rows without names, for pictures and reports of faults: what has which name tells an attacker where to look.

use std::sync::Arc;

use super::{Breaks, CredentialReport};
use crate::domain::{CredentialKind, CredentialRecord, Expiry, Standing, Text};

/// How the reasons begin that go on with words of others.
const QUOTING: [&str; 5] = [
    "it was refused because it has ended",
    "it was refused",
    "its end cannot be read",
    "could not look",
    "holds the value from before",
];

/// Takes every name out of the rows. The same credential keeps the same stand-in.
pub(super) fn redact(rows: &mut [CredentialReport]) {
    for row in rows {
        let place = match &row.source {
            Some(source) => format!("source {}", stand_in(source.as_str())),
            None => "declared".to_owned(),
        };
        row.record = Arc::new(nameless(&row.record, place.into()));
        for reason in &mut row.urgency.reasons {
            if let Some(kept) = QUOTING.into_iter().find(|kept| reason.starts_with(kept)) {
                *reason = format!("{kept} …");
            }
        }
        (row.source, row.failure, row.breaks) = (None, None, Breaks::default());
    }
}

fn nameless(record: &CredentialRecord, place: Text) -> CredentialRecord {
    let kind = match &record.kind {
        CredentialKind::Other(_) => CredentialKind::Other("credential".into()),
        named => named.clone(),
    };
    let name = format!("{} {}", kind.word(), stand_in(record.id.raw()));
    let expiry = match &record.expiry {
        Expiry::Unreadable(_) => Expiry::Unreadable("…".into()),
        told => told.clone(),
    };
    let standing = match &record.standing {
        Standing::Accepted => Standing::Accepted,
        Standing::Untried => Standing::Untried,
        Standing::Refused(_) => Standing::Refused(Text::default()),
        Standing::Ended(_) => Standing::Ended(Text::default()),
    };
    CredentialRecord {
        place,
        expiry,
        standing,
        evidence: record.evidence,
        renewal: record.renewal,
        created_at: record.created_at,
        rotated_at: record.rotated_at,
        last_use: record.last_use,
        rotate_by: record.rotate_by,
        max_age: record.max_age,
        ..CredentialRecord::new(name.as_str(), name.as_str(), kind, record.observed_at)
    }
}

/// Four digits that stay the same (FNV-1a).
fn stand_in(name: &str) -> String {
    let hash = name.bytes().fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    format!("{:04x}", (hash >> 16) ^ (hash & 0xffff))
}
