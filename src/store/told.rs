//! What sources tell as a whole, and tell again: one row each, the newest.

use jiff::Timestamp;
use rusqlite::OptionalExtension as _;

use super::keep::Keeping;
use super::recall::Recalling;
use super::words::{Str, moment};
use super::{stored_credential, stored_deployments, sum};
use crate::domain::{CredentialScope, Fact, ServiceName, SourceId};

/// What is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Told {
    /// The deployments of a service, by its name.
    Deployments = 0,
    /// A list of credentials, by its source and scope.
    Credentials = 1,
}

impl Keeping<'_> {
    /// Writes one row, unless a newer one is there.
    pub(super) fn told(&mut self, what: Told, about: &str, at: i64, body: &[u8]) -> rusqlite::Result<()> {
        let sum = sum::of_told(what as i64, about, at, body);
        let stored: Option<(i64, i64, Vec<u8>)> = self
            .connection
            .prepare_cached("SELECT at, sum, body FROM told WHERE what = ?1 AND about = ?2")?
            .query_row((what as i64, about), |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
            .optional()?;
        if let Some((known_at, known, known_body)) = stored {
            let is_newer = known_at > at && sum::of_told(what as i64, about, known_at, &known_body) == known;
            if is_newer || (known == sum && known_body == body) {
                return Ok(());
            }
        }
        self.run(
            "INSERT OR REPLACE INTO told (what, about, at, sum, body) VALUES (?1, ?2, ?3, ?4, ?5)",
            (what as i64, about, at, sum, body),
        )
    }
}

impl Recalling<'_> {
    /// Reads the lists of credentials.
    pub(super) fn scanned(&mut self) -> rusqlite::Result<()> {
        self.told(Told::Credentials, |this, about, at, body| {
            let ((source, scope), list) = scope(about).zip(stored_credential::read(body, &mut this.words))?;
            Some(Fact::Scanned((source, scope.into()), list, at))
        })
    }

    /// Reads the deployments of every service.
    pub(super) fn deployed(&mut self) -> rusqlite::Result<()> {
        self.told(Told::Deployments, |_, about, at, body| {
            let (service, told) = ServiceName::parse(about).ok().zip(stored_deployments::read(body))?;
            Some(Fact::Deployed(service, told, at))
        })
    }

    fn told(
        &mut self,
        what: Told,
        read: impl Fn(&mut Self, &str, Timestamp, &[u8]) -> Option<Fact>,
    ) -> rusqlite::Result<()> {
        self.each("SELECT what, about, at, sum, body FROM told", |this, row| {
            let (about, at, body) = (row.get_ref(1)?.as_str()?, row.get(2)?, row.get_ref(4)?.as_blob()?);
            let is_meant = row.get::<_, i64>(0)? == what as i64;
            if !is_meant || sum::of_told(what as i64, about, at, body) != row.get::<_, i64>(3)? {
                return Ok(None);
            }
            Ok(moment(at).and_then(|at| read(this, about, at, body)))
        })
    }
}

/// Returns by what a list of credentials is known.
pub(super) fn about_list((source, scope): &CredentialScope) -> String {
    format!("{source}\n{}", Str::raw(scope).0)
}

fn scope(about: &str) -> Option<(SourceId, &str)> {
    let (source, scope) = about.split_once('\n')?;
    Some((SourceId::parse(source).ok()?, scope))
}
