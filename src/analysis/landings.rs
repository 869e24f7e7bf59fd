//! When the commits of a service landed.

use std::sync::Arc;

use jiff::Timestamp;

use super::{Row, Verdict};
use crate::domain::{LandedCommit, RunKey, Snapshot, TagRef};

/// Returns the commits of which every expected tag landed, each with the run that pushed it.
pub(super) fn landings(snapshot: &Snapshot, rows: &[Row]) -> Vec<(RunKey, LandedCommit)> {
    let by_run = rows.chunk_by(|one, next| Arc::ptr_eq(&one.run, &next.run));
    by_run.filter_map(|rows| landing(snapshot, rows)).collect()
}

fn landing(snapshot: &Snapshot, rows: &[Row]) -> Option<(RunKey, LandedCommit)> {
    let run = &rows.first()?.run;
    let whole = rows.iter().all(|row| row.settled && matches!(row.verdict, Verdict::Landed | Verdict::NotExpected));
    let landed = rows.iter().filter(|row| row.verdict == Verdict::Landed);
    let landed_at = landed.filter_map(|row| moment(snapshot, row)).max().filter(|_| whole)?;
    let (sha, title) = (run.sha.clone(), run.title.clone());
    let commit = LandedCommit {
        sha,
        title,
        committed_at: run.committed_at,
        run_created_at: run.created_at,
        landed_at: landed_at.into(),
    };
    Some((run.key.clone(), commit))
}

/// Where it was noted that the tag was not there, it landed when it was first seen. Where it was there whenever it was
/// looked at, nobody may have been looking when it came: no later than the run's end, then.
fn moment(snapshot: &Snapshot, row: &Row) -> Option<Timestamp> {
    let first_seen = row.since?;
    let tag_ref = TagRef { image: row.image()?.clone(), tag: row.tag.clone()? };
    let was_awaited = snapshot.judged(&row.run.key, &tag_ref).is_some();
    let end = row.run.finished_at.filter(|_| !was_awaited);
    Some(end.map_or(first_seen, |end| end.min(first_seen)).at())
}
