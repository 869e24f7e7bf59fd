//! How the two tables are written and read.

use jiff::Timestamp;
use rusqlite::{CachedStatement, Row as SqlRow, params};

use super::Judgement;
use crate::domain::{Digest, ImageName, Landed, RepoPath, RunKey, ServiceName, SourceId, Tag, TagRef};

/// The schema, one step a version. A step that was released never changes.
pub(super) const STEPS: [&str; 1] = ["
    CREATE TABLE landed (
        image TEXT NOT NULL, tag TEXT NOT NULL,
        ci TEXT NOT NULL, repo TEXT NOT NULL, run INTEGER NOT NULL, attempt INTEGER NOT NULL,
        digest TEXT NOT NULL, since INTEGER NOT NULL, last_seen INTEGER NOT NULL,
        PRIMARY KEY (image, tag, ci, repo, run, attempt)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE verdict (
        service TEXT NOT NULL, ci TEXT NOT NULL, repo TEXT NOT NULL, run INTEGER NOT NULL, attempt INTEGER NOT NULL,
        image TEXT NOT NULL, tag TEXT NOT NULL,
        verdict TEXT NOT NULL, since INTEGER NOT NULL, last_seen INTEGER NOT NULL,
        PRIMARY KEY (service, ci, repo, run, attempt, image, tag)
    ) STRICT, WITHOUT ROWID;
"];

/// Forgets what was not seen since a moment.
pub(super) const FORGET: [&str; 2] =
    ["DELETE FROM landed WHERE last_seen < ?1", "DELETE FROM verdict WHERE last_seen < ?1"];

/// One row of a table. Moments are microseconds since 1970.
pub(super) trait Row: Sized {
    const SELECT: &str;
    const UPSERT: &str;

    /// Returns the row, or nothing where a name in it is none.
    fn read(row: &SqlRow<'_>) -> rusqlite::Result<Option<Self>>;
    fn write(&self, statement: &mut CachedStatement<'_>) -> rusqlite::Result<usize>;
}

impl Row for Landed {
    const SELECT: &str = "SELECT image, tag, ci, repo, run, attempt, digest, since, last_seen FROM landed";
    const UPSERT: &str = "
        INSERT INTO landed (image, tag, ci, repo, run, attempt, digest, since, last_seen)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
        ON CONFLICT DO UPDATE SET
            digest = iif(excluded.last_seen >= last_seen, excluded.digest, digest),
            since = min(since, excluded.since),
            last_seen = max(last_seen, excluded.last_seen)";

    fn read(row: &SqlRow<'_>) -> rusqlite::Result<Option<Self>> {
        let (tag_ref, run) = (tag_ref(row, 0)?, run_key(row, 2)?);
        let digest = Digest::parse(&row.get::<_, String>(6)?).ok();
        let (since, last_seen) = (moment(row, 7)?, moment(row, 8)?);
        let all = || {
            Some(Self {
                tag_ref: tag_ref?,
                run: run?,
                digest: digest?,
                since: since?,
                last_seen: last_seen?,
                proof: None,
            })
        };
        Ok(all())
    }

    fn write(&self, statement: &mut CachedStatement<'_>) -> rusqlite::Result<usize> {
        let Self { tag_ref, run, digest, since, last_seen, proof: _ } = self;
        statement.execute(params![
            tag_ref.image.to_string(),
            tag_ref.tag.as_str(),
            run.ci.as_str(),
            run.repo.as_str(),
            number(run.id)?,
            run.attempt,
            digest.to_string(),
            since.as_microsecond(),
            last_seen.as_microsecond(),
        ])
    }
}

impl Row for Judgement {
    const SELECT: &str = "SELECT image, tag, ci, repo, run, attempt, service, verdict, since, last_seen FROM verdict";
    const UPSERT: &str = "
        INSERT INTO verdict (image, tag, ci, repo, run, attempt, service, verdict, since, last_seen)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
        ON CONFLICT DO UPDATE SET
            since = iif(excluded.verdict = verdict, min(since, excluded.since), excluded.since),
            verdict = excluded.verdict,
            last_seen = excluded.last_seen
        WHERE excluded.last_seen >= last_seen";

    fn read(row: &SqlRow<'_>) -> rusqlite::Result<Option<Self>> {
        let (tag_ref, run) = (tag_ref(row, 0)?, run_key(row, 2)?);
        let (service, verdict) = (ServiceName::parse(&row.get::<_, String>(6)?).ok(), row.get(7)?);
        let (since, last_seen) = (moment(row, 8)?, moment(row, 9)?);
        let all = || {
            let (service, tag_ref) = (service?, tag_ref?);
            Some(Self { service, run: run?, tag_ref, verdict, since: since?, last_seen: last_seen? })
        };
        Ok(all())
    }

    fn write(&self, statement: &mut CachedStatement<'_>) -> rusqlite::Result<usize> {
        let Self { service, run, tag_ref, verdict, since, last_seen } = self;
        statement.execute(params![
            tag_ref.image.to_string(),
            tag_ref.tag.as_str(),
            run.ci.as_str(),
            run.repo.as_str(),
            number(run.id)?,
            run.attempt,
            service.as_str(),
            verdict,
            since.as_microsecond(),
            last_seen.as_microsecond(),
        ])
    }
}

fn tag_ref(row: &SqlRow<'_>, first: usize) -> rusqlite::Result<Option<TagRef>> {
    let image = ImageName::parse(&row.get::<_, String>(first)?).ok();
    let tag = Tag::parse(&row.get::<_, String>(first + 1)?).ok();
    Ok(image.zip(tag).map(|(image, tag)| TagRef { image, tag }))
}

fn run_key(row: &SqlRow<'_>, first: usize) -> rusqlite::Result<Option<RunKey>> {
    let ci = SourceId::parse(&row.get::<_, String>(first)?).ok();
    let repo = RepoPath::parse(&row.get::<_, String>(first + 1)?).ok();
    let id = u64::try_from(row.get::<_, i64>(first + 2)?).ok();
    let attempt = row.get(first + 3)?;
    let key = || Some(RunKey { ci: ci?, repo: repo?, id: id?, attempt });
    Ok(key())
}

fn moment(row: &SqlRow<'_>, index: usize) -> rusqlite::Result<Option<Timestamp>> {
    Ok(Timestamp::from_microsecond(row.get(index)?).ok())
}

/// SQLite's integers are signed.
fn number(id: u64) -> rusqlite::Result<i64> {
    i64::try_from(id).map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))
}
