//! Reading back what is not on the shelf. A row that is not what was written is left out.

use rusqlite::{Connection, Params, Row};

use super::keep::Content;
use super::names::Names;
use super::sum::{self, RowMark, RunMark};
use super::words::{Words, moment};
use super::{stored_image, stored_job, stored_row, stored_run};
use crate::domain::{Digest, Fact, JobId, Judgement, Landed, RunKey, TagRef};

/// What is read back, as far as it can be.
pub(super) struct Recalling<'a> {
    connection: &'a Connection,
    pub(super) names: &'a Names,
    /// Of how many of its newest runs each service and each repository of images gives back what hangs on them.
    runs: usize,
    pub(super) words: Words,
    /// Takes each fact as soon as it is read.
    take: &'a mut dyn FnMut(Fact),
}

/// What one row says, if it is what was written. A value of the wrong kind is the row's trouble, not the table's.
pub(super) type Said = rusqlite::Result<Option<Fact>>;

impl<'a> Recalling<'a> {
    pub(super) fn new(
        connection: &'a Connection,
        names: &'a Names,
        runs: usize,
        take: &'a mut dyn FnMut(Fact),
    ) -> Self {
        Self { connection, names, runs, words: Words::default(), take }
    }

    /// Reads what CI providers told of runs.
    ///
    /// # Errors
    /// The first of all tables.
    pub(super) fn runs(mut self) -> rusqlite::Result<()> {
        self.tables(&[Self::listings, Self::jobs, Self::logs])
    }

    /// Reads what registries hold, and whatever else is known but for runs. It takes about as long as the runs do.
    ///
    /// # Errors
    /// The first of all tables.
    pub(super) fn images(mut self) -> rusqlite::Result<()> {
        let content = [Self::contents, Self::tags, Self::readable, Self::landed];
        let others = [Self::judged, Self::answered, Self::failing, Self::scanned];
        let first = self.tables(&content);
        first.and(self.tables(&others))
    }

    /// Reads table by table; one that cannot be read keeps nobody from reading the next.
    fn tables(&mut self, tables: &[fn(&mut Self) -> rusqlite::Result<()>]) -> rusqlite::Result<()> {
        let mut first = Ok(());
        for table in tables {
            first = first.and(table(self));
        }
        first
    }

    /// Reads what is remembered of runs that are over, in the same way.
    pub(super) fn remembered(mut self) -> rusqlite::Result<()> {
        let first = self.samples();
        let second = self.deployed();
        // Once these come, all is read that is known of a service.
        let third = self.arrivals();
        first.and(second).and(third)
    }

    pub(super) fn each(&mut self, sql: &str, read: impl Fn(&mut Self, &Row<'_>) -> Said) -> rusqlite::Result<()> {
        let mut statement = self.connection.prepare_cached(sql)?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            if let Ok(Some(fact)) = read(self, row) {
                (self.take)(fact);
            }
        }
        Ok(())
    }

    /// Reads the rows of one group, newest run first, until there were enough runs.
    pub(super) fn newest(
        &mut self,
        sql: &str,
        group: impl Params,
        run_at: usize,
        read: impl Fn(&mut Self, &Row<'_>) -> Said,
    ) -> rusqlite::Result<()> {
        let mut statement = self.connection.prepare_cached(sql)?;
        let mut rows = statement.query(group)?;
        let (mut runs, mut before) = (0, None);
        while let Some(row) = rows.next()? {
            let run: Option<i64> = row.get(run_at).ok();
            if run != before {
                (runs, before) = (runs + 1, run);
            }
            if runs > self.runs {
                break;
            }
            if let Ok(Some(fact)) = read(self, row) {
                (self.take)(fact);
            }
        }
        Ok(())
    }

    /// Returns each pair of numbers that rows begin with, without reading the rows.
    fn groups(&self, sql: &str) -> rusqlite::Result<Vec<(i64, i64)>> {
        let mut statement = self.connection.prepare_cached(sql)?;
        let mut found: Vec<(i64, i64)> = Vec::new();
        loop {
            let last = found.last().copied().unwrap_or((i64::MIN, i64::MIN));
            let mut rows = statement.query(last)?;
            match rows.next()? {
                // In a damaged index it might go round.
                Some(row) if (row.get(0)?, row.get(1)?) > last => found.push((row.get(0)?, row.get(1)?)),
                Some(_) | None => return Ok(found),
            }
        }
    }

    /// Returns each number that rows begin with, in the same way.
    pub(super) fn numbers(&self, sql: &str) -> rusqlite::Result<Vec<i64>> {
        let mut statement = self.connection.prepare_cached(sql)?;
        let mut found: Vec<i64> = Vec::new();
        loop {
            let last = found.last().copied().unwrap_or(i64::MIN);
            let mut rows = statement.query([last])?;
            match rows.next()? {
                Some(row) if row.get::<_, i64>(0)? > last => found.push(row.get(0)?),
                Some(_) | None => return Ok(found),
            }
        }
    }

    fn listings(&mut self) -> rusqlite::Result<()> {
        let sql = "SELECT l.service, l.place, l.sum, l.body, s.at, s.sum
                   FROM listing l JOIN listing_seen s ON s.service = l.service WHERE l.shelf = 0";
        self.each(sql, |this, row| {
            let names = this.names;
            let Some((service, name)) = names.service(row.get(0)?) else { return Ok(None) };
            let place: Option<i64> = row.get(1)?;
            let place = place.and_then(|place| names.place_of(place));
            let (body, at) = (row.get_ref(3)?.as_bytes()?, row.get(4)?);
            let sound = sum::of_listing(*name, place.map(|(_, sum)| *sum), body) == row.get::<_, i64>(2)?
                && sum::of_moment(*name, at) == row.get::<_, i64>(5)?;
            if !sound {
                return Ok(None);
            }
            let place = place.map(|((ci, repo), _)| (ci, repo));
            let batch = stored_run::read(body, place, &mut this.words);
            let fact = batch.zip(moment(at));
            Ok(fact.map(|(batch, seen_at)| Fact::Runs { service: service.clone(), batch, seen_at }))
        })
    }

    fn jobs(&mut self) -> rusqlite::Result<()> {
        let sql = "SELECT place, run, attempt, seen, looks, sum, body FROM jobs INDEXED BY jobs_open WHERE shelf = 0";
        self.each(sql, |this, row| {
            let Some((run, mark)) = run_key(this.names, row, 0)? else { return Ok(None) };
            let (seen, looks, body) = (row.get(3)?, row.get(4)?, row.get_ref(6)?.as_bytes()?);
            if sum::of_jobs(mark, seen, looks, body) != row.get::<_, i64>(5)? {
                return Ok(None);
            }
            let fact = stored_job::read_jobs(body, &mut this.words).zip(moment(seen));
            Ok(fact.map(|(batch, seen_at)| Fact::Jobs { run, batch: batch.into(), seen_at, looks }))
        })
    }

    fn logs(&mut self) -> rusqlite::Result<()> {
        let sql = "SELECT place, run, attempt, job, sum, body FROM log INDEXED BY log_open WHERE shelf = 0";
        self.each(sql, |this, row| {
            let Some((run, mark)) = run_key(this.names, row, 0)? else { return Ok(None) };
            let (job, body) = (row.get::<_, i64>(3)?, row.get_ref(5)?.as_bytes()?);
            if sum::of_log(mark, job, body) != row.get::<_, i64>(4)? {
                return Ok(None);
            }
            let log = stored_job::read_log(body);
            Ok(log.map(|log| Fact::PushLog(run, JobId(job.cast_unsigned()), log)))
        })
    }

    fn contents(&mut self) -> rusqlite::Result<()> {
        let sql = "SELECT image, kind, digest, sum, body FROM content INDEXED BY content_open WHERE shelf = 0";
        self.each(sql, |this, row| {
            let Some((image, name)) = this.names.image(row.get(0)?) else { return Ok(None) };
            let (kind, bytes, body) = (row.get(1)?, row.get_ref(2)?.as_blob()?, row.get_ref(4)?.as_bytes()?);
            if sum::of_content(*name, kind, bytes, body) != row.get::<_, i64>(3)? {
                return Ok(None);
            }
            let Some(digest) = Digest::from_bytes(bytes) else { return Ok(None) };
            let (image, words) = (image.clone(), &mut this.words);
            Ok(match Content::of(kind) {
                Some(Content::Manifest) => {
                    stored_image::read_manifest(body, &digest, words).map(|known| Fact::Manifest(image, digest, known))
                }
                Some(Content::Config) => {
                    stored_image::read_config(body, words).map(|known| Fact::Config(image, digest, known))
                }
                Some(Content::Blob) => stored_image::read_blob(body).map(|known| Fact::Blob(image, digest, known)),
                None => None,
            })
        })
    }

    fn tags(&mut self) -> rusqlite::Result<()> {
        let sql = "SELECT t.id, t.image, t.tag, t.sum, t.body, s.at, s.sum
                   FROM tag t INDEXED BY tag_open JOIN tag_seen s ON s.tag = t.id WHERE t.shelf = 0";
        self.each(sql, |this, row| {
            let Some((image, name)) = this.names.image(row.get(1)?) else { return Ok(None) };
            let (tag, body, at) = (row.get_ref(2)?.as_str()?, row.get_ref(4)?.as_blob()?, row.get(5)?);
            let sound = sum::of_tag(row.get(0)?, *name, tag.as_bytes(), body) == row.get::<_, i64>(3)?
                && sum::of_moment(sum::of_tag_name(*name, tag.as_bytes()), at) == row.get::<_, i64>(6)?;
            if !sound {
                return Ok(None);
            }
            let Some((tag, at)) = this.words.tag(tag).zip(moment(at)) else { return Ok(None) };
            Ok(stored_row::read_tag(TagRef { image: image.clone(), tag }, at, body).map(Fact::Tag))
        })
    }

    fn readable(&mut self) -> rusqlite::Result<()> {
        self.each("SELECT image, at, sum FROM readable WHERE shelf = 0", |this, row| {
            let Some((image, name)) = this.names.image(row.get(0)?) else { return Ok(None) };
            let at = row.get(1)?;
            let sound = sum::of_moment(*name, at) == row.get::<_, i64>(2)?;
            Ok(moment(at).filter(|_| sound).map(|at| Fact::Readable(image.clone(), at)))
        })
    }

    fn landed(&mut self) -> rusqlite::Result<()> {
        let groups = self
            .groups("SELECT image, place FROM landed WHERE (image, place) > (?1, ?2) ORDER BY image, place LIMIT 1")?;
        let sql = "SELECT place, run, attempt, image, tag, last_seen, frame, sum, body FROM landed
                   WHERE image = ?1 AND place = ?2 ORDER BY run DESC";
        groups.into_iter().try_for_each(|group| self.newest(sql, group, 1, Self::landed_row))
    }

    fn landed_row(&mut self, row: &Row<'_>) -> Said {
        let names = self.names;
        let Some((run, mark)) = run_key(names, row, 0)? else { return Ok(None) };
        let Some((image, name)) = names.image(row.get(3)?) else { return Ok(None) };
        let (tag, last_seen, body) = (row.get_ref(4)?.as_str()?, row.get(5)?, row.get_ref(8)?.as_blob()?);
        let frame: Option<i64> = row.get(6)?;
        let frame = frame.and_then(|frame| names.frame(frame));
        let mark = RowMark { run: mark, image: *name, tag: tag.as_bytes() };
        if sum::of_landed(mark, last_seen, frame.map(|(_, sum)| *sum), body) != row.get::<_, i64>(7)? {
            return Ok(None);
        }
        let Some((tag, last_seen)) = self.words.tag(tag).zip(moment(last_seen)) else { return Ok(None) };
        let tag_ref = TagRef { image: image.clone(), tag };
        let read = stored_row::read_landed(body, frame.map(|(frame, _)| frame));
        Ok(read.map(|(since, digest, proof)| Fact::Landed(Landed { tag_ref, run, digest, since, last_seen, proof })))
    }

    fn judged(&mut self) -> rusqlite::Result<()> {
        let groups = self.groups(
            "SELECT service, place FROM judged WHERE (service, place) > (?1, ?2) ORDER BY service, place LIMIT 1",
        )?;
        let sql = "SELECT place, run, attempt, image, tag, service, verdict, sum, since, told FROM judged
                   WHERE service = ?1 AND place = ?2 ORDER BY run DESC";
        let read = |this: &mut Self, row: &Row<'_>| {
            let judgement = judgement(this.names, &mut this.words, row, Some(row.get(9)?))?;
            Ok(judgement.map(Fact::Judged))
        };
        groups.into_iter().try_for_each(|group| self.newest(sql, group, 1, read))
    }

    fn answered(&mut self) -> rusqlite::Result<()> {
        self.each("SELECT source, kind, at, sum FROM answered", |this, row| {
            let Some((source, name)) = this.names.source(row.get(0)?) else { return Ok(None) };
            let (kind, at) = (row.get(1)?, row.get(2)?);
            let sound = sum::of_answered(*name, kind, at) == row.get::<_, i64>(3)?;
            let read = stored_row::read_source_kind(kind).zip(moment(at)).filter(|_| sound);
            Ok(read.map(|(kind, at)| Fact::Answered(source.clone(), kind, at)))
        })
    }
}

/// Reads `place, run, attempt` from this column on.
pub(super) fn run_key(names: &Names, row: &Row<'_>, first: usize) -> rusqlite::Result<Option<(RunKey, RunMark)>> {
    let Some(((ci, repo), place)) = names.place_of(row.get(first)?) else { return Ok(None) };
    let (id, attempt) = (row.get::<_, i64>(first + 1)?, row.get(first + 2)?);
    let key = RunKey { ci: ci.clone(), repo: repo.clone(), id: id.cast_unsigned(), attempt };
    Ok(Some((key, RunMark { place: *place, id, attempt })))
}

/// Reads `place, run, attempt, image, tag, service, verdict, sum, since`.
pub(super) fn judgement(
    names: &Names,
    words: &mut Words,
    row: &Row<'_>,
    told: Option<i64>,
) -> rusqlite::Result<Option<Judgement>> {
    let Some((run, mark)) = run_key(names, row, 0)? else { return Ok(None) };
    let Some((image, name)) = names.image(row.get(3)?) else { return Ok(None) };
    let Some((service, by)) = names.service(row.get(5)?) else { return Ok(None) };
    let Some((verdict, word)) = names.verdict(row.get(6)?) else { return Ok(None) };
    let (tag, since) = (row.get_ref(4)?.as_str()?, row.get(8)?);
    let mark = RowMark { run: mark, image: *name, tag: tag.as_bytes() };
    if sum::of_verdict(mark, *by, *word, since, told) != row.get::<_, i64>(7)? {
        return Ok(None);
    }
    let Some((tag, since)) = words.tag(tag).zip(moment(since)) else { return Ok(None) };
    let tag_ref = TagRef { image: image.clone(), tag };
    Ok(Some(Judgement { service: service.clone(), run, tag_ref, verdict: verdict.clone(), since }))
}
