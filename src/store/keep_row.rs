//! Writing what is said of a row of the report: that its tag landed, and its verdict.

use rusqlite::OptionalExtension as _;

use super::keep::Keeping;
use super::names::{Kind, Mark, frame_text};
use super::packed::Packer;
use super::stored_row;
use super::sum::{self, RowMark};
use crate::domain::{Judgement, Landed};

/// When it was last seen, the frame of its proof, the sum, the rest.
type LandedRow = (i64, Option<i64>, i64, Vec<u8>);
/// The verdict, since when, the newest moment that was told for it, the sum.
type JudgedRow = (i64, i64, i64, i64);

impl Keeping<'_> {
    pub(super) fn landed(&mut self, landed: &Landed) -> rusqlite::Result<()> {
        let (place, run) = self.run_mark(&landed.run)?;
        let image = self.names.image_mark(self.connection, &landed.tag_ref.image)?;
        let tag = landed.tag_ref.tag.as_str();
        let row = RowMark { run, image: image.sum, tag: tag.as_bytes() };
        let stored: Option<LandedRow> = self
            .connection
            .prepare_cached(
                "SELECT last_seen, frame, sum, body FROM landed
                 WHERE image = ?1 AND place = ?2 AND run = ?3 AND attempt = ?4 AND tag = ?5",
            )?
            .query_row((image.id, place, run.id, run.attempt, tag), |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
            })
            .optional()?
            .filter(|(last_seen, frame, sum, body): &LandedRow| {
                let frame = frame.map(|frame| self.names.frame(frame).map_or(0, |(_, sum)| *sum));
                sum::of_landed(row, *last_seen, frame, body) == *sum
            });
        let mut since = landed.since.as_microsecond();
        let mut last_seen = landed.last_seen.as_microsecond();
        let mut tail = stored_row::write_landed(landed);
        let mut frame = match landed.proof.as_deref().and_then(|proof| frame_text(&proof.frame)) {
            Some(text) => Some(self.names.mark(self.connection, Kind::Frame, &text)?),
            None => None,
        };
        if let Some((before, known_frame, _, body)) = &stored
            && let Some((first, known_tail)) = stored_row::split_landed(body)
        {
            since = since.min(first);
            // An older sight moves no more than since when.
            if self.is_newer(*before, last_seen) {
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
        let sum = sum::of_landed(row, last_seen, frame.map(|frame| frame.sum), &body);
        self.run(
            "INSERT OR REPLACE INTO landed (image, place, run, attempt, tag, last_seen, frame, sum, body)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
            (image.id, place, run.id, run.attempt, tag, last_seen, frame_id, sum, body),
        )
    }

    pub(super) fn judged(&mut self, judgement: &Judgement) -> rusqlite::Result<()> {
        let (place, run) = self.run_mark(&judgement.run)?;
        let image = self.names.image_mark(self.connection, &judgement.tag_ref.image)?;
        let tag = judgement.tag_ref.tag.as_str();
        let row = RowMark { run, image: image.sum, tag: tag.as_bytes() };
        let service = self.names.mark(self.connection, Kind::Service, judgement.service.as_str())?;
        let verdict = self.names.mark(self.connection, Kind::Verdict, &judgement.verdict)?;
        let told = judgement.since.as_microsecond();
        let stored: Option<JudgedRow> = self
            .connection
            .prepare_cached(
                "SELECT verdict, since, told, sum FROM judged
                 WHERE service = ?1 AND place = ?2 AND run = ?3 AND attempt = ?4 AND image = ?5 AND tag = ?6",
            )?
            .query_row((service.id, place, run.id, run.attempt, image.id, tag), |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
            })
            .optional()?
            .filter(|(known, since, told, sum): &JudgedRow| {
                let known = self.names.verdict(*known).map_or(0, |(_, sum)| *sum);
                sum::of_verdict(row, service.sum, known, *since, Some(*told)) == *sum
            });
        // A verdict that stays keeps the moment since when, unless that was dated by a clock that was ahead.
        let since = match stored {
            Some((_, _, before, _)) if self.is_newer(before, told) => return Ok(()),
            Some((known, _, before, _)) if known == verdict.id && before == told => return Ok(()),
            Some((known, since, ..)) if known == verdict.id && since <= self.now => since,
            Some(_) | None => told,
        };
        let sum = sum::of_verdict(row, service.sum, verdict.sum, since, Some(told));
        self.run(
            "INSERT OR REPLACE INTO judged
                 (service, place, run, attempt, image, tag, verdict, since, told, sum)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
            (service.id, place, run.id, run.attempt, image.id, tag, verdict.id, since, told, sum),
        )?;
        if since < told {
            return Ok(());
        }
        let sum = sum::of_verdict(row, service.sum, verdict.sum, since, None);
        self.run(
            "INSERT OR REPLACE INTO verdict (service, place, run, attempt, image, tag, since, verdict, sum)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
            (service.id, place, run.id, run.attempt, image.id, tag, since, verdict.id, sum),
        )
    }
}
