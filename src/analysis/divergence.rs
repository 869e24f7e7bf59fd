//! Did it land? A verdict for every run, image and tag of a service, and what they add up to.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::context::{Context, is_green};
use super::notes::Outstanding;
use super::walk::walk;
use super::{Green, Policy, Row, ServiceReport, Verdict};
use crate::domain::{Landed, LandedRecord, Run, Service, Snapshot, TagRef};

/// How long a tag that is known to have landed need not be remembered anew.
const REMEMBER_AGAIN: SignedDuration = SignedDuration::from_hours(24);

/// Judges one service.
#[must_use]
pub fn judge(snapshot: &Snapshot, service: &Arc<Service>, policy: &Policy, now: Timestamp) -> ServiceReport {
    let ctx = Context::new(snapshot, service, policy, now);
    let mut outstanding = Outstanding::default();
    let mut rows = Vec::with_capacity(ctx.runs.len());
    for place in ctx.places() {
        let mut notes = Outstanding::default();
        let walked = walk(&ctx, &place, &mut notes);
        outstanding.0 |= notes.0;
        let Some((verdict, found)) = walked else { continue };
        rows.push(Row {
            service: service.clone(),
            run: place.run.clone(),
            image_index: place.image_index,
            tag_index: place.tag_index,
            tag: found.tag,
            verdict,
            settled: !notes.0,
            last_known: found.last_known,
            since: found.since,
            digest: found.digest,
            created: found.created,
            revision: found.revision.cloned(),
            platforms: found.platforms,
        });
    }
    let listing = snapshot.listing(&service.name);
    let newest_green = ctx.newest_green().and_then(|run| green(run, &rows));
    let newest_landed = newest_landed(service, &rows);
    let distance = newest_landed.as_ref().map(|landed| distance(service, landed, &rows));
    let (behind, since) = distance.unwrap_or((None, None));
    ServiceReport {
        service: service.clone(),
        newest: listing.and_then(|listing| listing.runs.first().cloned()),
        newest_green,
        newest_landed,
        behind,
        since,
        seen_at: listing.and_then(|listing| listing.seen_at),
        failure: listing.and_then(|listing| listing.failure.clone()),
        complete: listing.is_some_and(|listing| listing.complete),
        skipped: listing.map_or(0, |listing| listing.skipped),
        settled: listing.is_some_and(|listing| listing.seen_at.is_some()) && !outstanding.0,
        rows,
    }
}

/// Returns the rows that landed and are settled, and that the snapshot does not remember yet, or not since a day.
#[must_use]
pub fn newly_landed(snapshot: &Snapshot, report: &ServiceReport, now: Timestamp) -> Vec<Landed> {
    let settled = report.rows.iter().filter(|row| row.verdict == Verdict::Landed && row.settled);
    settled
        .filter_map(|row| {
            let image = row.image()?;
            let (tag, digest) = (row.tag.clone()?, row.digest.clone()?);
            let key = (tag.clone(), row.run.key.clone());
            let known = snapshot.image(image).and_then(|image| image.landed.get(&key));
            let recent =
                |known: &LandedRecord| known.digest == digest && now.duration_since(known.last_seen) < REMEMBER_AGAIN;
            if known.is_some_and(recent) {
                return None;
            }
            let tag_ref = TagRef { image: image.clone(), tag };
            let since = row.since.unwrap_or(now);
            Some(Landed { tag_ref, run: row.run.key.clone(), digest, since, last_seen: now, proof: None })
        })
        .collect()
}

fn rows_of<'a>(run: &'a Arc<Run>, rows: &'a [Row]) -> impl Iterator<Item = &'a Row> {
    rows.iter().filter(move |row| Arc::ptr_eq(&row.run, run))
}

fn green(run: &Arc<Run>, rows: &[Row]) -> Option<Green> {
    let verdict = rows_of(run, rows).map(|row| row.verdict).min()?;
    let settled = rows_of(run, rows).all(|row| row.settled);
    Some(Green { run: run.clone(), verdict, settled })
}

/// Returns the newest run of which at least one tag landed and none did not.
fn newest_landed(service: &Service, rows: &[Row]) -> Option<Arc<Run>> {
    let whole = |rows: &[Row]| {
        rows.iter().any(|row| row.verdict == Verdict::Landed)
            && rows.iter().all(|row| matches!(row.verdict, Verdict::Landed | Verdict::NotExpected))
    };
    let mut by_run = rows.chunk_by(|one, next| Arc::ptr_eq(&one.run, &next.run));
    let landed = by_run.find(|rows| whole(rows) && rows.iter().all(|row| service.filtered(&row.run).is_none()))?;
    landed.first().map(|row| row.run.clone())
}

/// Returns how many green commits stand above the newest landed run, and since when nothing lands.
/// Where one of them could not be looked at, how far behind is not known.
fn distance(service: &Service, landed: &Arc<Run>, rows: &[Row]) -> (Option<usize>, Option<Timestamp>) {
    let by_run = rows.chunk_by(|one, next| Arc::ptr_eq(&one.run, &next.run));
    let above = by_run.take_while(|rows| !rows.iter().any(|row| Arc::ptr_eq(&row.run, landed)));
    let (mut behind, mut since, mut blind) = (0_usize, None, false);
    let mut last_sha = Some(&landed.sha);
    for rows in above {
        let Some(run) = rows.first().map(|row| &row.run) else { continue };
        let worst = rows.iter().map(|row| row.verdict).min();
        blind |= is_green(service, run) && worst == Some(Verdict::Unknown);
        if worst.is_some_and(Verdict::is_finding) && last_sha != Some(&run.sha) {
            behind = behind.saturating_add(1);
            since = run.finished_at.or(since);
            last_sha = Some(&run.sha);
        }
    }
    ((!blind).then_some(behind), since)
}
