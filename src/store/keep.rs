//! Writing what has a long body: runs, jobs, logs, contents. What is stored already is not written again.

use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension as _, Params};

use super::names::{Kind, Names};
use super::sum::{self, RunMark};
use super::told::{Told, about_list};
use super::{stored_credential, stored_deployments, stored_image, stored_job, stored_run};
use crate::domain::{Batch, Digest, Fact, ImageName, Job, JobId, PushLog, Run, RunKey, ServiceName};

/// What never changes is noted as of use once a day at most.
pub(super) const DAY: i64 = 86_400_000_000;

/// What lies farther ahead of the clock, in microseconds, was dated by one that was wrong.
const AHEAD: i64 = 300_000_000;

/// What lies under a digest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Content {
    Manifest = 0,
    Config = 1,
    Blob = 2,
}

impl Content {
    pub(super) fn of(number: i64) -> Option<Self> {
        [Self::Manifest, Self::Config, Self::Blob].into_iter().find(|kind| *kind as i64 == number)
    }
}

/// Writes facts inside of a transaction that somebody else begins and ends.
pub(super) struct Keeping<'a> {
    pub(super) connection: &'a Connection,
    pub(super) names: &'a mut Names,
    /// The moment, in microseconds.
    pub(super) now: i64,
}

impl Keeping<'_> {
    /// Writes one fact, unless a newer one about the same is there.
    pub(super) fn keep(&mut self, fact: &Fact) -> rusqlite::Result<()> {
        match fact {
            Fact::Runs { service, batch, seen_at } => self.runs(service, batch, seen_at.as_microsecond()),
            Fact::Jobs { run, batch, seen_at, looks } => self.jobs(run, batch, seen_at.as_microsecond(), *looks),
            Fact::PushLog(run, job, log) => self.log(run, *job, log),
            Fact::Tag(fact) => self.tag(fact),
            Fact::Manifest(image, digest, known) => {
                self.content(Content::Manifest, image, digest, stored_image::write_manifest(digest, known))
            }
            Fact::Config(image, digest, known) => {
                self.content(Content::Config, image, digest, stored_image::write_config(known))
            }
            Fact::Blob(image, digest, known) => {
                self.content(Content::Blob, image, digest, stored_image::write_blob(known))
            }
            Fact::Readable(image, at) => self.readable(image, at.as_microsecond()),
            Fact::Landed(landed) => self.landed(landed),
            Fact::Judged(judgement) => self.judged(judgement),
            Fact::Answered(source, kind, at) => self.answered(source, *kind, at.as_microsecond()),
            Fact::Failing(source, kind, at, failure) => {
                self.failing(source, *kind, at.as_microsecond(), failure.as_ref())
            }
            Fact::Ended(run) => self.ended(run),
            Fact::Tries(ended, jobs) => self.tries(ended, jobs),
            Fact::Reports(ended, reports) => self.reports(ended, reports),
            Fact::Retried(run, job, log) => self.retried(run, *job, log),
            Fact::Arrived(service, run, commit) => self.arrived(service, run, commit),
            Fact::Deployed(service, told, at) => {
                let body = stored_deployments::write(told);
                self.told(Told::Deployments, service.as_str(), at.as_microsecond(), &body)
            }
            Fact::Scanned(scope, list, at) => {
                let (about, body) = (about_list(scope), stored_credential::write(list));
                self.told(Told::Credentials, &about, at.as_microsecond(), &body)
            }
        }
    }

    /// Returns whether what is stored is newer than what is told now, and stays. What was dated by a clock that was
    /// ahead is not: until then nothing that is told would be known to the next process.
    pub(super) fn is_newer(&self, stored: i64, told: i64) -> bool {
        stored > told && stored <= self.now.saturating_add(AHEAD)
    }

    pub(super) fn run(&self, sql: &str, params: impl Params) -> rusqlite::Result<()> {
        self.connection.prepare_cached(sql)?.execute(params).map(drop)
    }

    /// Returns a run's place, and by what its rows know it.
    pub(super) fn run_mark(&mut self, run: &RunKey) -> rusqlite::Result<(i64, RunMark)> {
        let place = self.names.place(self.connection, run)?;
        Ok((place.id, RunMark { place: place.sum, id: run.id.cast_signed(), attempt: run.attempt }))
    }

    fn runs(&mut self, service: &ServiceName, batch: &Batch<Arc<Run>>, seen: i64) -> rusqlite::Result<()> {
        let service = self.names.mark(self.connection, Kind::Service, service.as_str())?;
        let place = match batch.items.first() {
            Some(run) => Some(self.names.place(self.connection, &run.key)?),
            None => None,
        };
        let oldest = batch.items.iter().map(|run| run.key.id.cast_signed()).min();
        let body = stored_run::write(batch).map_err(unwritable)?;
        let sum = sum::of_listing(service.sum, place.map(|place| place.sum), body.as_bytes());
        let stored: Option<(bool, i64, Vec<u8>)> = self
            .connection
            .prepare_cached("SELECT shelf, sum, CAST(body AS BLOB) FROM listing WHERE service = ?1")?
            .query_row([service.id], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
            .optional()?;
        let seen_before = self.listing_seen(service.id, service.sum)?;
        if stored.is_some() && seen_before.is_some_and(|before| self.is_newer(before, seen)) {
            return Ok(());
        }
        match stored {
            // The small row alone says that these very runs were seen again.
            Some((shelved, known, known_body)) if known == sum && known_body == body.as_bytes() => {
                if shelved {
                    self.run("UPDATE listing SET shelf = 0 WHERE service = ?1", [service.id])?;
                }
            }
            Some(_) | None => self.run(
                "INSERT OR REPLACE INTO listing (service, place, oldest, shelf, sum, body)
                 VALUES (?1, ?2, ?3, 0, ?4, ?5)",
                (service.id, place.map(|place| place.id), oldest, sum, body),
            )?,
        }
        if seen_before == Some(seen) {
            return Ok(());
        }
        let sum = sum::of_moment(service.sum, seen);
        self.run("INSERT OR REPLACE INTO listing_seen (service, at, sum) VALUES (?1, ?2, ?3)", (service.id, seen, sum))
    }

    fn listing_seen(&self, service: i64, name: i64) -> rusqlite::Result<Option<i64>> {
        let row: Option<(i64, i64)> = self
            .connection
            .prepare_cached("SELECT at, sum FROM listing_seen WHERE service = ?1")?
            .query_row([service], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        Ok(row.filter(|(at, sum)| sum::of_moment(name, *at) == *sum).map(|(at, _)| at))
    }

    fn jobs(&mut self, run: &RunKey, batch: &Batch<Job>, seen: i64, looks: u32) -> rusqlite::Result<()> {
        type Row = (i64, i64, u32, bool, i64, Vec<u8>);
        let (place, run) = self.run_mark(run)?;
        let body = stored_job::write_jobs(batch).map_err(unwritable)?;
        let stored: Option<Row> = self
            .connection
            .prepare_cached(
                "SELECT id, seen, looks, shelf, sum, CAST(body AS BLOB) FROM jobs
                 WHERE place = ?1 AND run = ?2 AND attempt = ?3",
            )?
            .query_row((place, run.id, run.attempt), |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?, row.get(5)?))
            })
            .optional()?;
        if let Some((id, before, same_looks, shelved, sum, known)) = &stored
            && sum::of_jobs(run, *before, *same_looks, known) == *sum
        {
            if self.is_newer(*before, seen) {
                return Ok(());
            }
            if (*before, *same_looks) == (seen, looks) && *known == body.as_bytes() {
                return self.off_the_shelf("UPDATE jobs SET shelf = 0 WHERE id = ?1", *id, *shelved);
            }
        }
        let sum = sum::of_jobs(run, seen, looks, body.as_bytes());
        match stored {
            Some((id, ..)) => self.run(
                "UPDATE jobs SET seen = ?2, looks = ?3, shelf = 0, sum = ?4, body = ?5 WHERE id = ?1",
                (id, seen, looks, sum, body),
            ),
            None => self.run(
                "INSERT INTO jobs (place, run, attempt, seen, looks, shelf, sum, body)
                 VALUES (?1, ?2, ?3, ?4, ?5, 0, ?6, ?7)",
                (place, run.id, run.attempt, seen, looks, sum, body),
            ),
        }
    }

    fn log(&mut self, run: &RunKey, job: JobId, log: &PushLog) -> rusqlite::Result<()> {
        let (place, run) = self.run_mark(run)?;
        let job = job.0.cast_signed();
        let body = stored_job::write_log(log).map_err(unwritable)?;
        let stored = self.stored(
            "SELECT id, used, shelf, sum, CAST(body AS BLOB) FROM log
             WHERE place = ?1 AND run = ?2 AND attempt = ?3 AND job = ?4",
            (place, run.id, run.attempt, job),
        )?;
        let sum = sum::of_log(run, job, body.as_bytes());
        match stored {
            Some(stored) if stored.is(sum, &body) => self.used("log", &stored),
            Some(Stored { id, .. }) => self.run(
                "UPDATE log SET used = ?2, shelf = 0, sum = ?3, body = ?4 WHERE id = ?1",
                (id, self.now, sum, body),
            ),
            None => self.run(
                "INSERT INTO log (place, run, attempt, job, used, shelf, sum, body)
                 VALUES (?1, ?2, ?3, ?4, ?5, 0, ?6, ?7)",
                (place, run.id, run.attempt, job, self.now, sum, body),
            ),
        }
    }

    fn content(
        &mut self,
        kind: Content,
        image: &ImageName,
        digest: &Digest,
        body: serde_json::Result<String>,
    ) -> rusqlite::Result<()> {
        let body = body.map_err(unwritable)?;
        let image = self.names.image_mark(self.connection, image)?;
        let (kind, digest) = (kind as i64, digest.as_bytes());
        let stored = self.stored(
            "SELECT id, used, shelf, sum, CAST(body AS BLOB) FROM content
             WHERE image = ?1 AND kind = ?2 AND digest = ?3",
            (image.id, kind, digest),
        )?;
        let sum = sum::of_content(image.sum, kind, digest, body.as_bytes());
        match stored {
            Some(stored) if stored.is(sum, &body) => self.used("content", &stored),
            Some(Stored { id, .. }) => self.run(
                "UPDATE content SET used = ?2, shelf = 0, sum = ?3, body = ?4 WHERE id = ?1",
                (id, self.now, sum, body),
            ),
            None => self.run(
                "INSERT INTO content (image, kind, digest, used, shelf, sum, body)
                 VALUES (?1, ?2, ?3, ?4, 0, ?5, ?6)",
                (image.id, kind, digest, self.now, sum, body),
            ),
        }
    }

    fn stored(&self, sql: &str, key: impl Params) -> rusqlite::Result<Option<Stored>> {
        let mut statement = self.connection.prepare_cached(sql)?;
        let row = statement.query_row(key, |row| {
            Ok(Stored { id: row.get(0)?, used: row.get(1)?, shelved: row.get(2)?, sum: row.get(3)?, body: row.get(4)? })
        });
        row.optional()
    }

    fn used(&self, table: &str, stored: &Stored) -> rusqlite::Result<()> {
        let stale = self.now.saturating_sub(stored.used) >= DAY;
        if !stale && !stored.shelved {
            return Ok(());
        }
        self.run(&format!("UPDATE {table} SET used = ?2, shelf = 0 WHERE id = ?1"), (stored.id, self.now))
    }

    fn off_the_shelf(&self, sql: &str, id: i64, shelved: bool) -> rusqlite::Result<()> {
        if shelved { self.run(sql, [id]) } else { Ok(()) }
    }
}

/// A row of what never changes.
struct Stored {
    id: i64,
    used: i64,
    shelved: bool,
    sum: i64,
    body: Vec<u8>,
}

impl Stored {
    fn is(&self, sum: i64, body: &str) -> bool {
        self.sum == sum && self.body == body.as_bytes()
    }
}

pub(super) fn unwritable(error: serde_json::Error) -> rusqlite::Error {
    rusqlite::Error::ToSqlConversionFailure(Box::new(error))
}
