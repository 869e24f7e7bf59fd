//! Rows without names, for pictures and reports of faults: what has which name tells an attacker where to look.

use std::sync::Arc;

use super::consumers::Consumer;
use super::credentials::Named;
use super::next_credential_step::ASKS_AGAIN;
use super::{Breaks, CredentialReport, FirstToBreak};
use crate::domain::{CredentialKind, CredentialRecord, Expiry, Pipeline, Remedy, Standing, Text};

/// How the reasons begin that go on with words of others.
const QUOTING: [&str; 6] = [
    "rights above need",
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
        row.named = Some(Named { source: row.source.clone(), record: Arc::clone(&row.record) });
        let stand_in = |name: &Text| format!("consumer {}", stand_in(name.raw())).into();
        // Under stand-ins nobody could tell that a declared one is a pipeline that was found.
        let consumers = row.only_declared().into_iter().map(stand_in).collect();
        // The words of others may name somebody; those about a list that is asked for again are ours.
        let asks_again = row.failure.as_ref().is_some_and(|failure| failure.remedy() != Remedy::Fix);
        let replace = (asks_again && row.record.kind.is_list()).then(|| ASKS_AGAIN.into());
        row.record = Arc::new(CredentialRecord { replace, consumers, ..nameless(&row.record, place.into()) });
        for reason in &mut row.urgency.reasons {
            if let Some(kept) = QUOTING.into_iter().find(|kept| reason.found.starts_with(kept)) {
                *reason = format!("{kept} …").into();
            }
        }
        row.breaks = breaks(&row.breaks);
        (row.source, row.failure) = (None, None);
    }
}

/// Who breaks, under stand-ins that stay the same: how many there are and when the first runs names nobody.
fn breaks(told: &Breaks) -> Breaks {
    let repository = |repo: &Text| Text::from(format!("repository {}", stand_in(repo.raw())));
    let pipeline = |name: &Text| Text::from(format!("pipeline {}", stand_in(name.raw())));
    let consumer = |told: &Consumer| Consumer {
        repo: repository(&told.repo),
        pipeline: Arc::new(Pipeline {
            file: pipeline(&told.pipeline.name),
            name: pipeline(&told.pipeline.name),
            triggers: told.pipeline.triggers.clone(),
            switched_off: told.pipeline.switched_off,
            ..Pipeline::default()
        }),
        job: told.job.as_ref().map(|job| stand_in(job.raw()).into()),
        through: told.through.as_ref().map(|through| format!("workflow {}", stand_in(through.raw())).into()),
        why: None,
        ..told.clone()
    };
    let unsure = if told.unsure.is_empty() { Vec::new() } else { vec!["not all is known of who uses it".to_owned()] };
    Breaks {
        consumers: told.consumers.iter().map(consumer).collect(),
        first: told.first.as_ref().map(|first| FirstToBreak {
            name: pipeline(&first.name),
            repo: repository(&first.repo),
            ..first.clone()
        }),
        unsure,
    }
}

fn nameless(record: &CredentialRecord, place: Text) -> CredentialRecord {
    let kind = match &record.kind {
        CredentialKind::Other(_) if !record.kind.is_list() => CredentialKind::Other("credential".into()),
        named => named.clone(),
    };
    let name = format!("{} {}", kind.word(), stand_in(record.id.raw()));
    let expiry = match &record.expiry {
        Expiry::Unreadable(_) => Expiry::Unreadable("…".into()),
        told => told.clone(),
    };
    let standing = match &record.standing {
        Standing::Accepted => Standing::Accepted,
        // What it may do is told by the words of its provider, and names nothing of anybody's.
        Standing::AboveNeed(_) => Standing::AboveNeed(Text::default()),
        Standing::OutOfReach(_) => Standing::OutOfReach(Text::default()),
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
