//! What the first version of the tables held, taken over into those of today.

use rusqlite::{Connection, Row};

use super::keep::Keeping;
use super::names::Names;
use super::words::moment;
use crate::domain::{Digest, Fact, ImageName, Judgement, Landed, RepoPath, RunKey, ServiceName, SourceId, Tag, TagRef};

/// Copies what can be read. Rows that cannot be were of no use before either.
pub(super) fn carry_over(connection: &Connection) -> rusqlite::Result<()> {
    let mut names = Names::default();
    // Nothing lies ahead of that: whatever is newest is.
    let mut keeping = Keeping { connection, names: &mut names, now: i64::MAX };
    let mut landed =
        connection.prepare("SELECT image, tag, ci, repo, run, attempt, digest, since, last_seen FROM landed_1")?;
    let mut rows = landed.query([])?;
    while let Some(row) = rows.next()? {
        if let Some(landed) = read_landed(row) {
            keeping.keep(&Fact::Landed(landed))?;
        }
    }
    let mut judged =
        connection.prepare("SELECT image, tag, ci, repo, run, attempt, service, verdict, since FROM verdict_1")?;
    let mut rows = judged.query([])?;
    while let Some(row) = rows.next()? {
        if let Some(judgement) = read_judged(row) {
            keeping.keep(&Fact::Judged(judgement))?;
        }
    }
    Ok(())
}

fn read_landed(row: &Row<'_>) -> Option<Landed> {
    let digest = Digest::parse(text(row, 6)?).ok()?;
    let (since, last_seen) = (moment(row.get(7).ok()?)?, moment(row.get(8).ok()?)?);
    Some(Landed { tag_ref: tag_ref(row)?, run: run_key(row)?, digest, since, last_seen, proof: None })
}

fn read_judged(row: &Row<'_>) -> Option<Judgement> {
    let service = ServiceName::parse(text(row, 6)?).ok()?;
    let (verdict, since) = (text(row, 7)?.into(), moment(row.get(8).ok()?)?);
    Some(Judgement { service, run: run_key(row)?, tag_ref: tag_ref(row)?, verdict, since })
}

fn tag_ref(row: &Row<'_>) -> Option<TagRef> {
    Some(TagRef { image: ImageName::parse(text(row, 0)?).ok()?, tag: Tag::parse(text(row, 1)?).ok()? })
}

fn run_key(row: &Row<'_>) -> Option<RunKey> {
    Some(RunKey {
        ci: SourceId::parse(text(row, 2)?).ok()?,
        repo: RepoPath::parse(text(row, 3)?).ok()?,
        id: u64::try_from(row.get::<_, i64>(4).ok()?).ok()?,
        attempt: row.get(5).ok()?,
    })
}

fn text<'a>(row: &'a Row<'_>, column: usize) -> Option<&'a str> {
    row.get_ref(column).ok()?.as_str().ok()
}
