//! Answers with their validators, so that the next process asks «has it changed?» and not «what is it?».

use rusqlite::{Connection, OptionalExtension as _};
use serde::{Deserialize, Serialize};

use super::keep::DAY;
use super::sum;

/// By what an answer is found: a hash over who was asked for what, by whom.
pub type AnswerKey = [u8; 32];

/// An answer that a client may ask again for by its validators.
#[derive(Clone, PartialEq, Eq)]
pub struct Answer {
    /// `ETag`.
    pub etag: Option<String>,
    /// `Last-Modified`.
    pub last_modified: Option<String>,
    /// The headers that matter to whoever reads the body.
    pub headers: Vec<(String, String)>,
    /// The body, as the client wants it kept.
    pub body: Vec<u8>,
}

impl std::fmt::Debug for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Answer").field("etag", &self.etag).field("bytes", &self.body.len()).finish_non_exhaustive()
    }
}

#[derive(Serialize, Deserialize)]
struct Head {
    #[serde(rename = "e", default, skip_serializing_if = "Option::is_none")]
    etag: Option<String>,
    #[serde(rename = "m", default, skip_serializing_if = "Option::is_none")]
    last_modified: Option<String>,
    #[serde(rename = "h", default, skip_serializing_if = "Vec::is_empty")]
    headers: Vec<(String, String)>,
}

pub(super) fn load(from: &Connection, key: &AnswerKey) -> rusqlite::Result<Option<Answer>> {
    let mut statement = from.prepare_cached("SELECT sum, head, body FROM answer WHERE key = ?1")?;
    let read = statement.query_row([key], |row| {
        let (head, body) = (row.get_ref(1)?.as_bytes()?, row.get_ref(2)?.as_blob()?);
        let sound = sum::of_answer(key, head, body) == row.get::<_, i64>(0)?;
        let head: Option<Head> = serde_json::from_slice(head).ok().filter(|_| sound);
        Ok(head.map(|Head { etag, last_modified, headers }| Answer {
            etag,
            last_modified,
            headers,
            body: body.to_vec(),
        }))
    });
    Ok(read.optional()?.flatten())
}

pub(super) fn save(to: &Connection, key: &AnswerKey, answer: &Answer, now: i64) -> rusqlite::Result<()> {
    let head = Head {
        etag: answer.etag.clone(),
        last_modified: answer.last_modified.clone(),
        headers: answer.headers.clone(),
    };
    let head =
        serde_json::to_string(&head).map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))?;
    let sum = sum::of_answer(key, head.as_bytes(), &answer.body);
    to.prepare_cached(
        "INSERT INTO answer (key, sum, head, body) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (key) DO UPDATE SET sum = excluded.sum, head = excluded.head, body = excluded.body",
    )?
    .execute((key, sum, head, &answer.body))?;
    used(to, key, now)
}

/// Notes that an answer was of use, once a day at most.
pub(super) fn used(to: &Connection, key: &AnswerKey, now: i64) -> rusqlite::Result<()> {
    to.prepare_cached(
        "INSERT INTO answer_used (key, used) SELECT ?1, ?2 WHERE EXISTS (SELECT 1 FROM answer WHERE key = ?1)
         ON CONFLICT (key) DO UPDATE SET used = excluded.used WHERE excluded.used - used >= ?3",
    )?
    .execute((key, now, DAY))?;
    Ok(())
}

pub(super) fn forget(to: &Connection, key: &AnswerKey) -> rusqlite::Result<()> {
    to.prepare_cached("DELETE FROM answer WHERE key = ?1")?.execute([key])?;
    to.prepare_cached("DELETE FROM answer_used WHERE key = ?1")?.execute([key])?;
    Ok(())
}

/// Returns the random bytes that were made when they were first asked for.
pub(super) fn secret(to: &Connection) -> rusqlite::Result<[u8; 32]> {
    if let Some(secret) = known_secret(to)? {
        return Ok(secret);
    }
    let mut fresh = [0; 32];
    getrandom::fill(&mut fresh).map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))?;
    put_secret(to, &fresh)?;
    // Another process may have been first.
    known_secret(to).map(|known| known.unwrap_or(fresh))
}

pub(super) fn known_secret(from: &Connection) -> rusqlite::Result<Option<[u8; 32]>> {
    let mut statement = from.prepare_cached("SELECT value FROM note WHERE name = 'secret'")?;
    let value =
        statement.query_row([], |row| Ok(row.get_ref(0)?.as_blob().ok().and_then(|bytes| bytes.try_into().ok())));
    Ok(value.optional()?.flatten())
}

pub(super) fn put_secret(to: &Connection, secret: &[u8; 32]) -> rusqlite::Result<()> {
    to.prepare_cached(
        "INSERT INTO note (name, value) VALUES ('secret', ?1)
         ON CONFLICT (name) DO UPDATE SET value = excluded.value WHERE length(value) != 32",
    )?
    .execute([secret])?;
    Ok(())
}
