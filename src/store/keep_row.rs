//! Writing what is small: tags, what landed, verdicts, and when something was last so.

use rusqlite::OptionalExtension as _;

use super::keep::Keeping;
use super::names::{Frame, Kind, Mark};
use super::packed::Packer;
use super::stored_row;
use super::sum;
use crate::domain::{ImageName, Judgement, Landed, SourceId, SourceKind, TagFact, TagRef};

/// When it was last seen, the frame of its proof, the sum, the rest.
type LandedRow = (i64, Option<i64>, i64, Vec<u8>);

impl Keeping<'_> {
    pub(super) fn tag_fact(&mut self, fact: &TagFact) -> rusqlite::Result<()> {
        let (tag, shelved, known) = self.tag_row(&fact.tag_ref)?;
        let (seen, body) = (fact.seen_at.as_microsecond(), stored_row::write_tag(fact));
        let before: Option<i64> = self
            .connection
            .prepare_cached("SELECT at, sum FROM tag_seen WHERE tag = ?1")?
            .query_row([tag.id], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?
            .filter(|(at, sum)| sum::of_moment(tag.sum, *at) == *sum)
            .map(|(at, _): (i64, i64)| at);
        if known.is_some() && before.is_some_and(|before| before > seen) {
            return Ok(());
        }
        if known.as_ref() != Some(&body) || shelved {
            let sum = sum::of_tag(tag.id, tag.sum, Some(&body));
            self.run("UPDATE tag SET shelf = 0, sum = ?2, body = ?3 WHERE id = ?1", (tag.id, sum, body))?;
        }
        if before == Some(seen) {
            return Ok(());
        }
        let sum = sum::of_moment(tag.sum, seen);
        self.run("INSERT OR REPLACE INTO tag_seen (tag, at, sum) VALUES (?1, ?2, ?3)", (tag.id, seen, sum))
    }

    pub(super) fn readable(&mut self, image: &ImageName, at: i64) -> rusqlite::Result<()> {
        let image = self.names.mark(self.connection, Kind::Image, &image.to_string())?;
        let stored: Option<(i64, bool, i64)> = self
            .connection
            .prepare_cached("SELECT at, shelf, sum FROM readable WHERE image = ?1")?
            .query_row([image.id], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
            .optional()?
            .filter(|(at, _, sum)| sum::of_moment(image.sum, *at) == *sum);
        let newest = stored.map_or(at, |(before, ..)| before.max(at));
        if stored.is_some_and(|(before, shelved, _)| before == newest && !shelved) {
            return Ok(());
        }
        self.run(
            "INSERT OR REPLACE INTO readable (image, at, shelf, sum) VALUES (?1, ?2, 0, ?3)",
            (image.id, newest, sum::of_moment(image.sum, newest)),
        )
    }

    pub(super) fn answered(&mut self, source: &SourceId, kind: SourceKind, at: i64) -> rusqlite::Result<()> {
        let source = self.names.mark(self.connection, Kind::Source, source.as_str())?;
        let kind = stored_row::source_kind(kind);
        let stored: Option<(i64, i64, i64)> = self
            .connection
            .prepare_cached("SELECT kind, at, sum FROM answered WHERE source = ?1")?
            .query_row([source.id], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
            .optional()?
            .filter(|(kind, at, sum)| sum::of_answered(source.sum, *kind, *at) == *sum);
        if stored.is_some_and(|(same, before, _)| before > at || (before == at && same == kind)) {
            return Ok(());
        }
        self.run(
            "INSERT OR REPLACE INTO answered (source, kind, at, sum) VALUES (?1, ?2, ?3, ?4)",
            (source.id, kind, at, sum::of_answered(source.sum, kind, at)),
        )
    }

    pub(super) fn landed(&mut self, landed: &Landed) -> rusqlite::Result<()> {
        let tag = self.tag(&landed.tag_ref)?;
        let (place, run) = self.run_mark(&landed.run)?;
        let stored: Option<LandedRow> = self
            .connection
            .prepare_cached(
                "SELECT last_seen, frame, sum, body FROM landed
                 WHERE tag = ?1 AND place = ?2 AND run = ?3 AND attempt = ?4",
            )?
            .query_row((tag.id, place, run.id, run.attempt), |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
            })
            .optional()?
            .filter(|(last_seen, frame, sum, body): &LandedRow| {
                let frame = frame.map(|frame| self.names.frame(frame).map_or(0, |(_, sum)| *sum));
                sum::of_landed(tag.sum, run, *last_seen, frame, body) == *sum
            });
        let mut since = landed.since.as_microsecond();
        let mut last_seen = landed.last_seen.as_microsecond();
        let mut tail = stored_row::write_landed(landed);
        let mut frame = match landed.proof.as_deref().and_then(Frame::text) {
            Some(text) => Some(self.names.mark(self.connection, Kind::Frame, &text)?),
            None => None,
        };
        if let Some((before, known_frame, _, body)) = &stored
            && let Some((first, known_tail)) = stored_row::split_landed(body)
        {
            since = since.min(first);
            // An older sight moves no more than since when.
            if *before > last_seen {
                last_seen = *before;
                known_tail.clone_into(&mut tail);
                frame = known_frame.and_then(|id| self.names.frame(id).map(|(_, sum)| Mark { id, sum: *sum }));
            }
        }
        let mut body = Packer::default();
        body.number(since).rest(&tail);
        let body = body.finish();
        let frame_id = frame.map(|frame| frame.id);
        if stored.is_some_and(|(before, known, _, same)| (before, known, &same) == (last_seen, frame_id, &body)) {
            return Ok(());
        }
        let sum = sum::of_landed(tag.sum, run, last_seen, frame.map(|frame| frame.sum), &body);
        self.run(
            "INSERT OR REPLACE INTO landed (tag, place, run, attempt, last_seen, frame, sum, body)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
            (tag.id, place, run.id, run.attempt, last_seen, frame_id, sum, body),
        )
    }

    pub(super) fn judged(&mut self, judgement: &Judgement) -> rusqlite::Result<()> {
        let tag = self.tag(&judgement.tag_ref)?;
        let (place, run) = self.run_mark(&judgement.run)?;
        let service = self.names.mark(self.connection, Kind::Service, judgement.service.as_str())?;
        let verdict = self.names.mark(self.connection, Kind::Verdict, &judgement.verdict)?;
        let told = judgement.since.as_microsecond();
        let stored: Option<(i64, i64, i64, i64)> = self
            .connection
            .prepare_cached(
                "SELECT verdict, since, told, sum FROM judged
                 WHERE tag = ?1 AND place = ?2 AND run = ?3 AND attempt = ?4 AND service = ?5",
            )?
            .query_row((tag.id, place, run.id, run.attempt, service.id), |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
            })
            .optional()?
            .filter(|(known, since, told, sum)| {
                let known = self.names.verdict(*known).map_or(0, |(_, sum)| *sum);
                sum::of_verdict(tag.sum, run, service.sum, known, *since, Some(*told)) == *sum
            });
        // A verdict that stays keeps the moment since when.
        let since = match stored {
            Some((_, _, before, _)) if before > told => return Ok(()),
            Some((known, _, before, _)) if known == verdict.id && before == told => return Ok(()),
            Some((known, since, ..)) if known == verdict.id => since,
            Some(_) | None => told,
        };
        let sum = sum::of_verdict(tag.sum, run, service.sum, verdict.sum, since, Some(told));
        self.run(
            "INSERT OR REPLACE INTO judged (tag, place, run, attempt, service, verdict, since, told, sum)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
            (tag.id, place, run.id, run.attempt, service.id, verdict.id, since, told, sum),
        )?;
        if since < told {
            return Ok(());
        }
        let sum = sum::of_verdict(tag.sum, run, service.sum, verdict.sum, since, None);
        self.run(
            "INSERT OR REPLACE INTO verdict (tag, place, run, attempt, service, since, verdict, sum)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
            (tag.id, place, run.id, run.attempt, service.id, since, verdict.id, sum),
        )
    }

    fn tag(&mut self, tag_ref: &TagRef) -> rusqlite::Result<Mark> {
        self.tag_row(tag_ref).map(|(mark, ..)| mark)
    }

    /// Returns the mark of a tag, whether it is on the shelf, and what is known of it. Writes it where it is new.
    fn tag_row(&mut self, tag_ref: &TagRef) -> rusqlite::Result<(Mark, bool, Option<Vec<u8>>)> {
        let image = self.names.mark(self.connection, Kind::Image, &tag_ref.image.to_string())?;
        let tag = tag_ref.tag.as_str();
        let name = sum::of_tag_name(image.sum, tag.as_bytes());
        let id: Option<i64> = self
            .connection
            .prepare_cached("SELECT id FROM tag WHERE image = ?1 AND tag = ?2")?
            .query_row((image.id, tag), |row| row.get(0))
            .optional()?;
        let Some(id) = id else {
            self.run("INSERT INTO tag (image, tag, shelf, sum) VALUES (?1, ?2, 0, 0)", (image.id, tag))?;
            let id = self.connection.last_insert_rowid();
            self.run("UPDATE tag SET sum = ?2 WHERE id = ?1", (id, sum::of_tag(id, name, None)))?;
            return Ok((Mark { id, sum: name }, false, None));
        };
        let mark = Mark { id, sum: name };
        let mut statement = self
            .connection
            .prepare_cached("SELECT image, CAST(tag AS BLOB), shelf, sum, body FROM tag WHERE id = ?1")?;
        let (shelved, body) = statement.query_row([id], |row| {
            let body: Option<Vec<u8>> = row.get(4)?;
            let same = row.get::<_, i64>(0)? == image.id && row.get_ref(1)?.as_bytes()? == tag.as_bytes();
            let sound = same && sum::of_tag(id, name, body.as_deref()) == row.get::<_, i64>(3)?;
            Ok(if sound { (row.get(2)?, body) } else { (true, None) })
        })?;
        if shelved && body.is_none() {
            // Whatever damaged the row, its name is right again.
            self.run(
                "UPDATE tag SET image = ?2, tag = ?3, shelf = 0, sum = ?4, body = NULL WHERE id = ?1",
                (id, image.id, tag, sum::of_tag(id, name, None)),
            )?;
        }
        Ok((mark, shelved, body))
    }
}
