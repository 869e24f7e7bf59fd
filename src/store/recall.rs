//! Reading back what is not on the shelf. A row that is not what was written is left out.

use rusqlite::{Connection, Row};
use rustc_hash::FxHashMap;

use super::keep::Content;
use super::names::Names;
use super::sum::{self, RunMark};
use super::words::{Words, moment};
use super::{stored_image, stored_job, stored_row, stored_run};
use crate::domain::{Digest, Fact, JobId, Judgement, Landed, RunKey, Tag, TagRef};

/// What is read back, as far as it can be.
pub(super) struct Recalling<'a> {
    pub(super) connection: &'a Connection,
    pub(super) names: &'a Names,
    words: Words,
    /// Every tag, and the sum by which other rows know it.
    tags: FxHashMap<i64, (TagRef, i64)>,
    pub(super) facts: Vec<Fact>,
}

impl<'a> Recalling<'a> {
    pub(super) fn new(connection: &'a Connection, names: &'a Names) -> Self {
        Self { connection, names, words: Words::default(), tags: FxHashMap::default(), facts: Vec::new() }
    }

    /// Reads table by table; one that cannot be read keeps nobody from reading the next. Returns the first error.
    pub(super) fn all(&mut self) -> rusqlite::Result<()> {
        let tables = [Self::runs, Self::jobs, Self::logs, Self::tags, Self::contents];
        let small = [Self::readable, Self::landed, Self::judged, Self::answered];
        let mut first = Ok(());
        for table in tables.into_iter().chain(small) {
            first = first.and(table(self));
        }
        first
    }

    /// Reads each row's fact, where it holds one.
    fn each(
        &mut self,
        sql: &str,
        read: impl Fn(&mut Self, &Row<'_>) -> rusqlite::Result<Option<Fact>>,
    ) -> rusqlite::Result<()> {
        let mut statement = self.connection.prepare(sql)?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            // A value of the wrong kind is the row's trouble, not the table's.
            if let Ok(Some(fact)) = read(self, row) {
                self.facts.push(fact);
            }
        }
        Ok(())
    }

    fn runs(&mut self) -> rusqlite::Result<()> {
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
            Ok(fact.map(|(batch, seen_at)| Fact::Jobs { run, batch, seen_at, looks }))
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

    fn tags(&mut self) -> rusqlite::Result<()> {
        let mut seen: FxHashMap<i64, (i64, i64)> = FxHashMap::default();
        let mut statement = self.connection.prepare("SELECT tag, at, sum FROM tag_seen")?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            if let (Ok(tag), Ok(at), Ok(sum)) = (row.get(0), row.get(1), row.get(2)) {
                seen.insert(tag, (at, sum));
            }
        }
        self.each("SELECT id, image, tag, shelf, sum, body FROM tag", |this, row| {
            let names = this.names;
            let id: i64 = row.get(0)?;
            let Some((image, name)) = names.image(row.get(1)?) else { return Ok(None) };
            let (text, body) = (row.get_ref(2)?.as_str()?, row.get_ref(5)?.as_blob_or_null()?);
            let name = sum::of_tag_name(*name, text.as_bytes());
            if sum::of_tag(id, name, body) != row.get::<_, i64>(4)? {
                return Ok(None);
            }
            let Ok(tag) = Tag::parse(text) else { return Ok(None) };
            let tag_ref = TagRef { image: image.clone(), tag };
            this.tags.insert(id, (tag_ref.clone(), name));
            let at = seen.get(&id).filter(|(at, sum)| sum::of_moment(name, *at) == *sum);
            let known = body.filter(|_| row.get(3) == Ok(0)).zip(at.and_then(|(at, _)| moment(*at)));
            Ok(known.and_then(|(body, at)| stored_row::read_tag(tag_ref, at, body)).map(Fact::Tag))
        })
    }

    fn contents(&mut self) -> rusqlite::Result<()> {
        let sql = "SELECT image, kind, digest, sum, body FROM content INDEXED BY content_open WHERE shelf = 0";
        self.each(sql, |this, row| {
            let names = this.names;
            let Some((image, name)) = names.image(row.get(0)?) else { return Ok(None) };
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

    fn readable(&mut self) -> rusqlite::Result<()> {
        self.each("SELECT image, at, sum FROM readable WHERE shelf = 0", |this, row| {
            let names = this.names;
            let Some((image, name)) = names.image(row.get(0)?) else { return Ok(None) };
            let at = row.get(1)?;
            let sound = sum::of_moment(*name, at) == row.get::<_, i64>(2)?;
            Ok(moment(at).filter(|_| sound).map(|at| Fact::Readable(image.clone(), at)))
        })
    }

    fn landed(&mut self) -> rusqlite::Result<()> {
        let sql = "SELECT tag, place, run, attempt, last_seen, frame, sum, body FROM landed";
        self.each(sql, |this, row| {
            let names = this.names;
            let Some((tag_ref, tag)) = this.tags.get(&row.get(0)?) else { return Ok(None) };
            let Some((run, mark)) = run_key(names, row, 1)? else { return Ok(None) };
            let (last_seen, body) = (row.get(4)?, row.get_ref(7)?.as_blob()?);
            let frame: Option<i64> = row.get(5)?;
            let frame = frame.and_then(|frame| names.frame(frame));
            let sound =
                sum::of_landed(*tag, mark, last_seen, frame.map(|(_, sum)| *sum), body) == row.get::<_, i64>(6)?;
            let read = stored_row::read_landed(body, frame.map(|(frame, _)| frame)).zip(moment(last_seen));
            Ok(read.filter(|_| sound).map(|((since, digest, proof), last_seen)| {
                Fact::Landed(Landed { tag_ref: tag_ref.clone(), run, digest, since, last_seen, proof })
            }))
        })
    }

    fn judged(&mut self) -> rusqlite::Result<()> {
        let sql = "SELECT tag, place, run, attempt, service, verdict, sum, since, told FROM judged";
        self.each(sql, |this, row| {
            let names = this.names;
            let Some((tag_ref, tag)) = this.tags.get(&row.get(0)?) else { return Ok(None) };
            Ok(judgement(names, tag_ref, *tag, row, Some(row.get(8)?))?.map(Fact::Judged))
        })
    }

    fn answered(&mut self) -> rusqlite::Result<()> {
        self.each("SELECT source, kind, at, sum FROM answered", |this, row| {
            let names = this.names;
            let Some((source, name)) = names.source(row.get(0)?) else { return Ok(None) };
            let (kind, at) = (row.get(1)?, row.get(2)?);
            let sound = sum::of_answered(*name, kind, at) == row.get::<_, i64>(3)?;
            let read = stored_row::read_source_kind(kind).zip(moment(at)).filter(|_| sound);
            Ok(read.map(|(kind, at)| Fact::Answered(source.clone(), kind, at)))
        })
    }
}

/// Reads `place, run, attempt` from this column on.
fn run_key(names: &Names, row: &Row<'_>, first: usize) -> rusqlite::Result<Option<(RunKey, RunMark)>> {
    let Some(((ci, repo), place)) = names.place_of(row.get(first)?) else { return Ok(None) };
    let (id, attempt) = (row.get::<_, i64>(first + 1)?, row.get(first + 2)?);
    let key = RunKey { ci: ci.clone(), repo: repo.clone(), id: id.cast_unsigned(), attempt };
    Ok(Some((key, RunMark { place: *place, id, attempt })))
}

/// Reads `_, place, run, attempt, service, verdict, sum, since`.
pub(super) fn judgement(
    names: &Names,
    tag_ref: &TagRef,
    tag: i64,
    row: &Row<'_>,
    told: Option<i64>,
) -> rusqlite::Result<Option<Judgement>> {
    let Some((run, mark)) = run_key(names, row, 1)? else { return Ok(None) };
    let Some((service, by)) = names.service(row.get(4)?) else { return Ok(None) };
    let Some((verdict, word)) = names.verdict(row.get(5)?) else { return Ok(None) };
    let since = row.get(7)?;
    let sound = sum::of_verdict(tag, mark, *by, *word, since, told) == row.get::<_, i64>(6)?;
    Ok(moment(since).filter(|_| sound).map(|since| Judgement {
        service: service.clone(),
        run,
        tag_ref: tag_ref.clone(),
        verdict: verdict.clone(),
        since,
    }))
}
