//! What of a report is worth keeping: which tags landed, what was found behind them, which commits arrived
//! with them, and since when a verdict holds.

use jiff::{SignedDuration, Timestamp};

use super::landings::landings;
use super::{Row, ServiceReport, Verdict};
use crate::domain::{Fact, ImageSpec, Judgement, Landed, LandedRecord, Moment, Snapshot, TagRef};

/// How long a tag that is known to have landed need not be kept anew.
const KEEP_AGAIN: SignedDuration = SignedDuration::from_hours(1);

/// Returns what the snapshot does not know yet: tags that landed, and since when other verdicts hold.
#[must_use]
pub fn keepsakes(snapshot: &Snapshot, report: &ServiceReport, now: Timestamp) -> Vec<Fact> {
    let landed = newly_landed(snapshot, report).into_iter().map(Fact::Landed);
    landed.chain(newly_judged(snapshot, report, now).into_iter().map(Fact::Judged)).collect()
}

/// Returns the commits all of whose images landed, where that is not remembered yet. It is no news before all came that
/// earlier processes remember of the service.
#[must_use]
pub fn newly_arrived(snapshot: &Snapshot, report: &ServiceReport) -> Vec<Fact> {
    let service = &report.service.name;
    let arrived = landings(snapshot, &report.rows).into_iter().filter(|(run, _)| !snapshot.has_arrived(service, run));
    arrived.map(|(run, commit)| Fact::Arrived(service.clone(), run, commit)).collect()
}

/// Returns the settled rows whose verdict is not the one that was noted last. What lands, or is not to be there, is
/// noted only where it was something else before; that something could not be looked at leaves what was noted.
fn newly_judged(snapshot: &Snapshot, report: &ServiceReport, now: Timestamp) -> Vec<Judgement> {
    let rows =
        report.rows.iter().filter(|row| row.settled && !matches!(row.verdict, Verdict::Pending | Verdict::Unknown));
    rows.filter_map(|row| {
        let noteworthy = row.verdict.is_finding();
        if !noteworthy && !snapshot.has_judged() {
            return None;
        }
        let tag_ref = TagRef { image: row.image()?.clone(), tag: row.tag.clone()? };
        let (run, service) = (row.run.key.clone(), row.service.name.clone());
        let known = snapshot.judged(&run, &tag_ref).map(|(word, _)| word);
        if known == Some(row.verdict.word()) || (known.is_none() && !noteworthy) {
            return None;
        }
        let since = row.since.map_or(now, Moment::at);
        Some(Judgement { service, run, tag_ref, verdict: row.verdict.word().into(), since })
    })
    .collect()
}

/// Returns the rows that landed and are settled, and that the snapshot does not know as such yet, or not since an hour;
/// and those that it takes for whole, and that are not any more.
fn newly_landed(snapshot: &Snapshot, report: &ServiceReport) -> Vec<Landed> {
    let sure =
        report.rows.iter().filter(|row| row.settled && (row.verdict == Verdict::Landed || row.verdict.is_finding()));
    sure.filter_map(|row| {
        let spec = row.spec()?;
        let tag = row.tag.clone()?;
        let known = snapshot.image(&spec.repository)?.landed_for(tag.as_str(), &row.run.key).map(|(_, known)| known);
        let LandedRecord { digest, since, last_seen, proof } =
            if row.verdict == Verdict::Landed { landed(row, spec, known) } else { no_longer_whole(known?) }?;
        let tag_ref = TagRef { image: spec.repository.clone(), tag };
        let run = row.run.key.clone();
        Some(Landed { tag_ref, run, digest, since: since.at(), last_seen: last_seen.at(), proof })
    })
    .collect()
}

fn landed(row: &Row, spec: &ImageSpec, known: Option<&LandedRecord>) -> Option<LandedRecord> {
    let (digest, last_seen) = (row.digest.clone()?, row.seen_at?);
    let is_known = |known: &LandedRecord| {
        known.digest == digest
            && known.proof.as_deref().is_some_and(|proof| proof.answers(spec))
            && last_seen.at().duration_since(known.last_seen.at()) < KEEP_AGAIN
    };
    if known.is_some_and(is_known) {
        return None;
    }
    let since = known.map_or(row.since.unwrap_or(last_seen), |known| known.since);
    Some(LandedRecord { digest, since, last_seen, proof: row.found.clone() })
}

/// What was whole once and lacks something by now must be looked at in full again.
fn no_longer_whole(known: &LandedRecord) -> Option<LandedRecord> {
    known.proof.as_ref()?;
    Some(LandedRecord { proof: None, ..known.clone() })
}
