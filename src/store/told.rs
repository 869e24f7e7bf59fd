//! What sources tell as a whole, and tell again, and what is wrong with them: one row each, the newest.

use jiff::Timestamp;
use rusqlite::OptionalExtension as _;

use super::keep::Keeping;
use super::recall::Recalling;
use super::words::{Str, moment};
use super::{stored_credential, stored_deployments, stored_failure, sum};
use crate::domain::{CredentialScope, Fact, Failure, ServiceName, SourceId, SourceKind};

/// What is told. Whoever reads the file leaves out what it does not know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Told {
    /// The deployments of a service, by its name.
    Deployments = 0,
    /// A list of credentials, by its source and scope.
    Credentials = 1,
    /// What is wrong with a source, by its name.
    Failure = 2,
}

impl Keeping<'_> {
    /// Writes one row, unless a newer one is there.
    pub(super) fn told(&mut self, what: Told, about: &str, at: i64, body: &[u8]) -> rusqlite::Result<()> {
        let sum = sum::of_told(what as i64, about, at, body);
        if let Some((known_at, known, known_body)) = self.told_before(what, about)? {
            let is_newer =
                self.is_newer(known_at, at) && sum::of_told(what as i64, about, known_at, &known_body) == known;
            if is_newer || (known == sum && known_body == body) {
                return Ok(());
            }
        }
        self.run(
            "INSERT OR REPLACE INTO told (what, about, at, sum, body) VALUES (?1, ?2, ?3, ?4, ?5)",
            (what as i64, about, at, sum, body),
        )
    }

    /// Writes what is wrong with a source. That nothing is takes the place of what was, and of nothing else.
    pub(super) fn failing(
        &mut self,
        source: &SourceId,
        kind: SourceKind,
        at: i64,
        failure: Option<&Failure>,
    ) -> rusqlite::Result<()> {
        let (about, body) = (source.as_str(), stored_failure::write(kind, failure));
        if failure.is_none() && self.told_before(Told::Failure, about)?.is_none_or(|(.., known)| known == body) {
            return Ok(());
        }
        self.told(Told::Failure, about, at, &body)
    }

    fn told_before(&self, what: Told, about: &str) -> rusqlite::Result<Option<(i64, i64, Vec<u8>)>> {
        self.connection
            .prepare_cached("SELECT at, sum, body FROM told WHERE what = ?1 AND about = ?2")?
            .query_row((what as i64, about), |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
            .optional()
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

    /// Reads what is wrong with sources.
    pub(super) fn failing(&mut self) -> rusqlite::Result<()> {
        self.told(Told::Failure, |_, about, at, body| {
            let (source, (kind, failure)) = SourceId::parse(about).ok().zip(stored_failure::read(body))?;
            Some(Fact::Failing(source, kind, at, failure))
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
        let sql = format!("SELECT about, at, sum, body FROM told WHERE what = {}", what as i64);
        self.each(&sql, |this, row| {
            let (about, at, body) = (row.get_ref(0)?.as_str()?, row.get(1)?, row.get_ref(3)?.as_blob()?);
            if sum::of_told(what as i64, about, at, body) != row.get::<_, i64>(2)? {
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
