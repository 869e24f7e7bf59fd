//! What of a snapshot a report needs no more: what lies behind older images that are proven whole.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Row, ServiceReport, Verdict};
use crate::domain::{ImageName, RunKey, Snapshot, Tag, TagTemplate};

/// What may be let go.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sheddable {
    /// Tags by repository, each with the run that it landed for.
    pub tags: BTreeMap<ImageName, Vec<(Tag, RunKey)>>,
    /// Runs from whose jobs and logs nothing more is to be learnt.
    pub runs: Vec<RunKey>,
}

/// Returns what the rows of this report need no more. The newest green run keeps everything, because its parts are
/// looked at again; so do tags that move.
#[must_use]
pub fn sheddable(snapshot: &Snapshot, report: &ServiceReport) -> Sheddable {
    let mut sheddable = Sheddable::default();
    let newest = report.newest_green.as_ref().map(|green| &green.run);
    for rows in report.rows.chunk_by(|one, next| Arc::ptr_eq(&one.run, &next.run)) {
        let Some(run) = rows.first().map(|row| &row.run) else { continue };
        if newest.is_some_and(|newest| Arc::ptr_eq(newest, run)) || !rows.iter().all(|row| is_proven(snapshot, row)) {
            continue;
        }
        for row in rows {
            let (Some(image), Some(tag)) = (row.image(), &row.tag) else { continue };
            if snapshot.image(image).is_some_and(|record| record.tags.contains_key(tag)) {
                sheddable.tags.entry(image.clone()).or_default().push((tag.clone(), run.key.clone()));
            }
        }
        if snapshot.run(&run.key).is_some() {
            sheddable.runs.push(run.key.clone());
        }
    }
    sheddable
}

fn is_proven(snapshot: &Snapshot, row: &Row) -> bool {
    if row.verdict != Verdict::Landed || !row.settled || row.template().is_none_or(TagTemplate::is_moving) {
        return false;
    }
    let (Some(image), Some(tag)) = (row.image(), &row.tag) else { return false };
    let landed = snapshot.image(image).and_then(|record| record.landed_for(tag.as_str(), &row.run.key));
    landed.is_some_and(|(_, landed)| landed.proof.is_some() && Some(&landed.digest) == row.digest.as_ref())
}
