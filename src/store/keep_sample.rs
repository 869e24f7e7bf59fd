//! Writing what is read once of runs that are over, and which commits landed.

use std::sync::Arc;

use rusqlite::OptionalExtension as _;

use super::keep::{Keeping, unwritable};
use super::names::Kind;
use super::sum;
use super::{stored_report, stored_run, stored_sample};
use crate::domain::{
    Batch, Ended, JobExecution, JobId, LandedCommit, Moment, Reports, RetryLog, Run, RunKey, ServiceName,
};

/// Runs of one repository that are kept: more than any judgement looks at.
const RUNS: u32 = 400;

/// What of a run is kept in one row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// How an attempt ended, as the list has it; by attempt.
    Ended = 0,
    /// The jobs of every try up to an attempt; by attempt.
    Tries = 1,
    /// What its tests left behind; by attempt.
    Reports = 2,
    /// What a log says of retries; by job.
    Retried = 3,
}

impl Part {
    pub(super) fn of(number: i64) -> Option<Self> {
        let all = [Self::Ended, Self::Tries, Self::Reports, Self::Retried];
        all.into_iter().find(|part| *part as i64 == number)
    }
}

impl Keeping<'_> {
    pub(super) fn ended(&mut self, run: &Arc<Run>) -> rusqlite::Result<()> {
        let batch = Batch { items: vec![run.clone()], skipped: 0, complete: true };
        let body = stored_run::write(&batch).map_err(unwritable)?.into_bytes();
        let ended = run.finished_at.map_or(0, Moment::as_microsecond);
        if self.sample(&run.key, Part::Ended, run.key.attempt.into(), ended, &body)? {
            self.forget_the_oldest(&run.key)?;
        }
        Ok(())
    }

    pub(super) fn tries(&mut self, ended: &Ended, jobs: &Batch<JobExecution>) -> rusqlite::Result<()> {
        let body = stored_sample::write_tries(ended.at, jobs);
        self.of_an_end(ended, Part::Tries, &body)
    }

    pub(super) fn reports(&mut self, ended: &Ended, reports: &Reports) -> rusqlite::Result<()> {
        let body = stored_report::write(ended.at, reports);
        self.of_an_end(ended, Part::Reports, &body)
    }

    pub(super) fn retried(&mut self, run: &RunKey, job: JobId, log: &RetryLog) -> rusqlite::Result<()> {
        let body = stored_sample::write_retried(log);
        self.sample(run, Part::Retried, job.0.cast_signed(), 0, &body).map(drop)
    }

    /// What was read after an earlier attempt is in what was read after a later one.
    fn of_an_end(&mut self, ended: &Ended, part: Part, body: &[u8]) -> rusqlite::Result<()> {
        let (attempt, at) = (i64::from(ended.run.attempt), ended.at.map_or(0, jiff::Timestamp::as_microsecond));
        if self.sample(&ended.run, part, attempt, at, body)? {
            let (place, run) = self.run_mark(&ended.run)?;
            self.run(
                "DELETE FROM sample WHERE place = ?1 AND run = ?2 AND part = ?3 AND detail < ?4",
                (place, run.id, part as i64, attempt),
            )?;
        }
        Ok(())
    }

    /// Writes one row, unless one of a later end is there. Returns whether it is new.
    fn sample(&mut self, run: &RunKey, part: Part, detail: i64, ended: i64, body: &[u8]) -> rusqlite::Result<bool> {
        let (place, run) = self.run_mark(run)?;
        let sum = sum::of_sample(run, part as i64, detail, ended, body);
        let stored: Option<(i64, i64, i64, Vec<u8>)> = self
            .connection
            .prepare_cached(
                "SELECT id, ended, sum, body FROM sample WHERE place = ?1 AND run = ?2 AND part = ?3 AND detail = ?4",
            )?
            .query_row((place, run.id, part as i64, detail), |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
            })
            .optional()?;
        match stored {
            Some((_, before, known, known_body)) if known == sum && known_body == body && before == ended => {}
            Some((_, before, known, known_body))
                if before > ended && sum::of_sample(run, part as i64, detail, before, &known_body) == known => {}
            Some((id, ..)) => self.run(
                "UPDATE sample SET ended = ?2, seen = ?3, sum = ?4, body = ?5 WHERE id = ?1",
                (id, ended, self.now, sum, body),
            )?,
            None => {
                self.run(
                    "INSERT INTO sample (place, run, part, detail, ended, seen, sum, body)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
                    (place, run.id, part as i64, detail, ended, self.now, sum, body),
                )?;
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn forget_the_oldest(&mut self, run: &RunKey) -> rusqlite::Result<()> {
        let (place, _) = self.run_mark(run)?;
        let oldest: Option<i64> = self
            .connection
            .prepare_cached("SELECT DISTINCT run FROM sample WHERE place = ?1 ORDER BY run DESC LIMIT 1 OFFSET ?2")?
            .query_row((place, RUNS), |row| row.get(0))
            .optional()?;
        match oldest {
            Some(oldest) => self.run("DELETE FROM sample WHERE place = ?1 AND run <= ?2", (place, oldest)),
            None => Ok(()),
        }
    }

    pub(super) fn arrived(
        &mut self,
        service: &ServiceName,
        run: &RunKey,
        commit: &LandedCommit,
    ) -> rusqlite::Result<()> {
        let service = self.names.mark(self.connection, Kind::Service, service.as_str())?;
        let (place, run) = self.run_mark(run)?;
        let (landed, body) = (commit.landed_at.as_microsecond(), stored_sample::write_arrival(commit));
        let sum = sum::of_arrival(service.sum, run, landed, &body);
        // When it landed is what was noted first.
        let stored: Option<(i64, i64, Vec<u8>)> = self
            .connection
            .prepare_cached("SELECT landed, sum, body FROM arrival WHERE service = ?1 AND place = ?2 AND run = ?3")?
            .query_row((service.id, place, run.id), |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
            .optional()?;
        let is_sound =
            |(landed, known, body): (i64, i64, Vec<u8>)| sum::of_arrival(service.sum, run, landed, &body) == known;
        if stored.is_some_and(is_sound) {
            return Ok(());
        }
        self.run(
            "INSERT OR REPLACE INTO arrival (service, place, run, landed, sum, body) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            (service.id, place, run.id, landed, sum, body),
        )
    }
}
