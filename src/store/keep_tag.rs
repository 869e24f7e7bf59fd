//! Writing where tags point, and when a repository could be read or a source answered.

use rusqlite::OptionalExtension as _;

use super::keep::Keeping;
use super::names::{Kind, Mark};
use super::{stored_row, sum};
use crate::domain::{ImageName, SourceId, SourceKind, TagFact};

impl Keeping<'_> {
    pub(super) fn tag(&mut self, fact: &TagFact) -> rusqlite::Result<()> {
        let image = self.names.image_mark(self.connection, &fact.tag_ref.image)?;
        let tag = fact.tag_ref.tag.as_str();
        let name = sum::of_tag_name(image.sum, tag.as_bytes());
        let (seen, body) = (fact.seen_at.as_microsecond(), stored_row::write_tag(fact));
        let id: Option<i64> = self
            .connection
            .prepare_cached("SELECT id FROM tag WHERE image = ?1 AND tag = ?2")?
            .query_row((image.id, tag), |row| row.get(0))
            .optional()?;
        let Some(id) = id else {
            self.run(
                "INSERT INTO tag (image, tag, shelf, sum, body) VALUES (?1, ?2, 0, 0, ?3)",
                (image.id, tag, &body),
            )?;
            let id = self.connection.last_insert_rowid();
            let sum = sum::of_tag(id, image.sum, tag.as_bytes(), &body);
            self.run("UPDATE tag SET sum = ?2 WHERE id = ?1", (id, sum))?;
            return self.tag_seen(id, name, seen);
        };
        let known = self.tag_row(id, image, tag)?;
        let before: Option<i64> = self
            .connection
            .prepare_cached("SELECT at, sum FROM tag_seen WHERE tag = ?1")?
            .query_row([id], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?
            .filter(|(at, sum)| sum::of_moment(name, *at) == *sum)
            .map(|(at, _): (i64, i64)| at);
        if known.is_some() && before.is_some_and(|before| self.is_newer(before, seen)) {
            return Ok(());
        }
        // The small row alone says that the tag was seen there again.
        if known.is_none_or(|(shelved, known)| shelved || known != body) {
            // Whatever damaged the row, its name is right again.
            let sum = sum::of_tag(id, image.sum, tag.as_bytes(), &body);
            self.run(
                "UPDATE tag SET image = ?2, tag = ?3, shelf = 0, sum = ?4, body = ?5 WHERE id = ?1",
                (id, image.id, tag, sum, body),
            )?;
        }
        if before == Some(seen) { Ok(()) } else { self.tag_seen(id, name, seen) }
    }

    /// Returns whether a tag is on the shelf, and what is known of it, if the row is as it was written.
    fn tag_row(&self, id: i64, image: Mark, tag: &str) -> rusqlite::Result<Option<(bool, Vec<u8>)>> {
        let mut statement = self
            .connection
            .prepare_cached("SELECT image, CAST(tag AS BLOB), shelf, sum, body FROM tag WHERE id = ?1")?;
        statement.query_row([id], |row| {
            let body: Vec<u8> = row.get(4)?;
            let same = row.get::<_, i64>(0)? == image.id && row.get_ref(1)?.as_bytes()? == tag.as_bytes();
            let sound = sum::of_tag(id, image.sum, tag.as_bytes(), &body) == row.get::<_, i64>(3)?;
            Ok(if same && sound { Some((row.get(2)?, body)) } else { None })
        })
    }

    fn tag_seen(&self, id: i64, name: i64, at: i64) -> rusqlite::Result<()> {
        let sum = sum::of_moment(name, at);
        self.run("INSERT OR REPLACE INTO tag_seen (tag, at, sum) VALUES (?1, ?2, ?3)", (id, at, sum))
    }

    pub(super) fn readable(&mut self, image: &ImageName, at: i64) -> rusqlite::Result<()> {
        let image = self.names.image_mark(self.connection, image)?;
        let stored: Option<(i64, bool, i64)> = self
            .connection
            .prepare_cached("SELECT at, shelf, sum FROM readable WHERE image = ?1")?
            .query_row([image.id], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
            .optional()?
            .filter(|(at, _, sum)| sum::of_moment(image.sum, *at) == *sum);
        let newest = stored.map(|(before, ..)| before).filter(|before| self.is_newer(*before, at)).unwrap_or(at);
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
        if stored.is_some_and(|(same, before, _)| self.is_newer(before, at) || (before == at && same == kind)) {
            return Ok(());
        }
        self.run(
            "INSERT OR REPLACE INTO answered (source, kind, at, sum) VALUES (?1, ?2, ?3, ?4)",
            (source.id, kind, at, sum::of_answered(source.sum, kind, at)),
        )
    }
}
