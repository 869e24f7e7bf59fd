//! What outlives the process, in SQLite: which tags landed once, and since when each row has its verdict.

mod error;
mod open;
mod rows;

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use rusqlite::{Connection, TransactionBehavior};

use crate::domain::{Fact, RunKey, ServiceName, TagRef};
use open::Opened;
use rows::Row;

pub use error::StoreError;

/// The history. Every call blocks: use it from a thread that may. Several processes may share one.
#[derive(Debug)]
pub struct Store {
    connection: Connection,
    path: PathBuf,
    warning: Option<String>,
}

/// The verdict over one row of the report, as it was last judged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judgement {
    /// The service.
    pub service: ServiceName,
    /// The run.
    pub run: RunKey,
    /// The expected tag.
    pub tag_ref: TagRef,
    /// The verdict's word in the report.
    pub verdict: String,
    /// Since when the row has this verdict.
    pub since: Timestamp,
    /// When it was last judged.
    pub last_seen: Timestamp,
}

impl Store {
    /// Opens the history in this folder, or makes both, readable by this user alone. What was not seen for 90 days
    /// is forgotten. A file that is damaged is set aside beside the new one; `warning` tells.
    ///
    /// # Errors
    /// A history that cannot be used now (of a newer version, read-only, locked, on a full disk): go on without one.
    pub fn open(dir: &Path, now: Timestamp) -> Result<Self, StoreError> {
        let Opened { connection, path, warning } = open::open(dir, now)?;
        Ok(Self { connection, path, warning })
    }

    /// Returns what the user should know about how the history was opened.
    #[must_use]
    pub fn warning(&self) -> Option<&str> {
        self.warning.as_deref()
    }

    /// Returns every tag that landed once. Rows that cannot be read are left out.
    ///
    /// # Errors
    /// The history cannot be read.
    pub fn recall(&self) -> Result<Vec<Fact>, StoreError> {
        Ok(self.all()?.into_iter().map(Fact::Landed).collect())
    }

    /// Remembers tags that landed. A tag and run that are known keep the moment since when; the digest is the
    /// newer one's.
    ///
    /// # Errors
    /// The history cannot be written; nothing of this call was kept.
    pub fn keep(&mut self, facts: &[Fact]) -> Result<(), StoreError> {
        let landed =
            facts.iter().filter_map(|fact| if let Fact::Landed(landed) = fact { Some(landed.clone()) } else { None });
        self.upsert(&landed.collect::<Vec<_>>())
    }

    /// Returns the last verdict over every row. Rows that cannot be read are left out.
    ///
    /// # Errors
    /// The history cannot be read.
    pub fn verdicts(&self) -> Result<Vec<Judgement>, StoreError> {
        self.all()
    }

    /// Remembers verdicts. A row whose verdict stays keeps the moment since when.
    ///
    /// # Errors
    /// The history cannot be written; nothing of this call was kept.
    pub fn changed(&mut self, judgements: &[Judgement]) -> Result<(), StoreError> {
        self.upsert(judgements)
    }

    fn all<T: Row>(&self) -> Result<Vec<T>, StoreError> {
        let failed = |error| StoreError::of(&self.path, &error);
        let mut statement = self.connection.prepare_cached(T::SELECT).map_err(failed)?;
        let rows = statement.query_map([], |row| Ok(T::read(row).ok().flatten())).map_err(failed)?;
        rows.filter_map(Result::transpose).collect::<Result<_, _>>().map_err(failed)
    }

    fn upsert<T: Row>(&mut self, rows: &[T]) -> Result<(), StoreError> {
        if rows.is_empty() {
            return Ok(());
        }
        let write = |connection: &mut Connection| {
            // Taking the lock at once, a second process waits instead of failing half-way.
            let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            {
                let mut statement = transaction.prepare_cached(T::UPSERT)?;
                for row in rows {
                    row.write(&mut statement)?;
                }
            }
            transaction.commit()
        };
        write(&mut self.connection).map_err(|error| StoreError::of(&self.path, &error))
    }
}
