//! Did it land? A verdict for every run, image and tag of a service, and what they add up to.

use std::sync::Arc;

use jiff::Timestamp;

use super::context::{Context, Place, is_green};
use super::notes::Outstanding;
use super::walk::walk;
use super::{Freshness, Green, Policy, Reliability, Row, ServiceReport, Verdict};
use crate::domain::{Moment, Run, Service, Snapshot, Tag, TagRef};

/// Judges one service.
#[must_use]
pub fn judge(snapshot: &Snapshot, service: &Arc<Service>, policy: &Policy, now: Timestamp) -> ServiceReport {
    let ctx = Context::new(snapshot, service, policy, now);
    let mut outstanding = Outstanding::default();
    let mut rows = Vec::with_capacity(ctx.places().count());
    for place in ctx.places() {
        let mut notes = Outstanding::default();
        let walked = walk(&ctx, &place, &mut notes);
        outstanding.0 |= notes.0;
        let Some((verdict, found)) = walked else { continue };
        let tag = found.tag;
        let since = noted_since(snapshot, &place, tag.as_ref(), verdict).or(found.since);
        rows.push(Row {
            service: service.clone(),
            run: place.run.clone(),
            place: place.at,
            tag,
            verdict,
            settled: !notes.0,
            last_known: found.last_known.map(|(verdict, at)| (verdict, at.into())),
            since: since.map(Moment::from),
            digest: found.digest,
            found: found.content,
            seen_at: found.seen_at.map(Moment::from),
        });
    }
    // Judged again and again, rows are mostly of one size, so that their place is used again.
    if rows.len() < rows.capacity() / 2 {
        rows.shrink_to_fit();
    }
    let listing = snapshot.listing(&service.name);
    let newest_green = ctx.newest_green().and_then(|run| green(run, &rows));
    let mut landed = landed_runs(service, &rows);
    let newest_landed = landed.next();
    let way_back = newest_landed.into_iter().chain(landed).find(|run| run.state.is_success()).cloned();
    let newest_landed = newest_landed.cloned();
    let distance = newest_landed.as_ref().map(|landed| distance(service, landed, &rows));
    let (behind, since) = distance.unwrap_or((None, None));
    ServiceReport {
        service: service.clone(),
        newest: listing.and_then(|listing| listing.runs.first().cloned()),
        newest_green,
        newest_landed,
        way_back,
        behind,
        since,
        seen_at: listing.and_then(|listing| listing.seen_at),
        freshness: listing.map_or(Freshness::Live, |listing| Freshness::of(listing, policy, now)),
        failure: listing.and_then(|listing| listing.failure.clone()),
        complete: listing.is_some_and(|listing| listing.complete),
        skipped: listing.map_or(0, |listing| listing.skipped),
        settled: listing.is_some_and(|listing| listing.seen_at.is_some() && listing.emptied_at.is_none())
            && !outstanding.0,
        rows,
        reliability: Reliability::unassessed(),
    }
}

/// Brings a report up to date with a list that named once more the runs that it was judged by. Returns whether that is all
/// there is to it; where not, as while a verdict waits for a newer list, the service is to be judged anew.
pub fn confirm(report: &mut ServiceReport, snapshot: &Snapshot) -> bool {
    let is_calm = !report.is_restless() && report.failure.is_none() && report.freshness == Freshness::Live;
    let Some(listing) = snapshot.listing(&report.service.name).filter(|_| is_calm) else { return false };
    if listing.failure.is_some() || (listing.complete, listing.skipped) != (report.complete, report.skipped) {
        return false;
    }
    report.seen_at = listing.seen_at;
    true
}

/// Returns since when a finding holds, where an earlier look noted it. For what landed the moment is kept with it.
fn noted_since(snapshot: &Snapshot, place: &Place<'_>, tag: Option<&Tag>, verdict: Verdict) -> Option<Timestamp> {
    if !verdict.is_finding() {
        return None;
    }
    let tag_ref = TagRef { image: place.spec.repository.clone(), tag: tag?.clone() };
    let (word, since) = snapshot.judged(&place.run.key, &tag_ref)?;
    (word == verdict.word()).then_some(since)
}

fn rows_of<'a>(run: &'a Arc<Run>, rows: &'a [Row]) -> impl Iterator<Item = &'a Row> {
    rows.iter().filter(move |row| Arc::ptr_eq(&row.run, run))
}

fn green(run: &Arc<Run>, rows: &[Row]) -> Option<Green> {
    let verdict = rows_of(run, rows).map(|row| row.verdict).min()?;
    let settled = rows_of(run, rows).all(|row| row.settled);
    Some(Green { run: run.clone(), verdict, settled })
}

/// Returns what is known of a row, where it cannot be looked at now by the newest look that could. Of what points to
/// something else by now that is not believed.
fn known(row: &Row) -> Verdict {
    let is_unseen = row.verdict == Verdict::Unknown && row.digest.is_none();
    row.last_known.filter(|_| is_unseen).map_or(row.verdict, |(verdict, _)| verdict)
}

/// Returns the runs of which at least one tag is known to have landed and none not to have, newest first.
fn landed_runs<'a>(service: &'a Service, rows: &'a [Row]) -> impl Iterator<Item = &'a Arc<Run>> {
    let whole = |rows: &&[Row]| {
        rows.iter().any(|row| known(row) == Verdict::Landed)
            && rows.iter().all(|row| matches!(known(row), Verdict::Landed | Verdict::NotExpected))
    };
    let landed = rows.chunk_by(|one, next| Arc::ptr_eq(&one.run, &next.run)).filter(whole);
    landed.filter_map(|rows| rows.first().map(|row| &row.run)).filter(|run| service.is_to_publish(run))
}

/// Returns how many green commits stand above the newest landed run, and since when nothing lands.
/// Where one of them could not be looked at, how far behind is not known.
fn distance(service: &Service, landed: &Arc<Run>, rows: &[Row]) -> (Option<usize>, Option<Timestamp>) {
    let by_run = rows.chunk_by(|one, next| Arc::ptr_eq(&one.run, &next.run));
    let above = by_run.take_while(|rows| !rows.iter().any(|row| Arc::ptr_eq(&row.run, landed)));
    let (mut behind, mut since) = (0_usize, None);
    let mut blind = rows_of(landed, rows).any(|row| row.verdict == Verdict::Unknown);
    let mut last_sha = Some(&landed.sha);
    for rows in above {
        let Some(run) = rows.first().map(|row| &row.run) else { continue };
        let worst = rows.iter().map(|row| row.verdict).min();
        blind |= is_green(service, run) && worst == Some(Verdict::Unknown);
        let found = rows.iter().map(known).min().is_some_and(Verdict::is_finding);
        if found && last_sha != Some(&run.sha) {
            behind = behind.saturating_add(1);
            since = run.finished_at.or(since);
            last_sha = Some(&run.sha);
        }
    }
    ((!blind).then_some(behind), since.map(Moment::at))
}
