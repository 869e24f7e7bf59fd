//! What outlives the process, in SQLite: the last known state, what landed once, every verdict that a row had.

mod answers;
mod archive;
mod aside;
mod beside;
mod error;
mod exposed;
mod history;
mod inspection;
mod keep;
mod keep_row;
mod keep_sample;
mod keep_tag;
mod names;
mod old;
mod open;
mod packed;
mod pending;
mod recall;
mod recall_sample;
mod schema;
mod shelf;
mod stored_credential;
mod stored_deployments;
mod stored_failure;
mod stored_image;
mod stored_job;
mod stored_report;
mod stored_row;
mod stored_run;
mod stored_sample;
mod stored_state;
mod sum;
mod sweep;
mod told;
mod words;
mod writer;

use std::path::{Path, PathBuf};

use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, OptionalExtension as _, TransactionBehavior};

use crate::domain::{Fact, Judgement, Look, RunKey, ServiceName, TagRef};
use keep::Keeping;
use names::Names;
use open::Opened;
use pending::{AnswerChange, Changes};
use recall::Recalling;
use sweep::Sweep;

pub use answers::{Answer, AnswerKey};
pub use archive::Archive;
pub use aside::SetAside;
pub use error::StoreError;
pub use exposed::exposed;
pub use inspection::{Contents, Inspection, inspect};
pub use sweep::Retention;
pub use writer::Writer;

/// The history. Every call blocks: use it from a thread that may. Several processes may share one.
#[derive(Debug)]
pub struct Store {
    opened: Opened,
    dir: PathBuf,
    retention: Retention,
    names: Names,
    sweep: Option<Sweep>,
    /// What the keys of answers are made with, where it could be read or made.
    secret: Option<[u8; 32]>,
    /// The newest moment that somebody told.
    now: Timestamp,
}

impl Store {
    /// Opens the history in this folder, or makes both, readable by this user alone. A file that is damaged is set
    /// aside beside the new one, at whichever call that comes out; `warning` tells.
    ///
    /// # Errors
    /// A history that cannot be used now (of a newer version, read-only, locked, on a full disk): go on without one.
    pub fn open(dir: &Path, now: Timestamp, retention: Retention) -> Result<Self, StoreError> {
        let opened = open::open(dir, now, None)?;
        let secret = answers::secret(&opened.connection).ok();
        Ok(Self { opened, dir: dir.to_owned(), retention, names: Names::default(), sweep: None, secret, now })
    }

    /// Returns what the user should know about how the history was opened.
    #[must_use]
    pub fn warning(&self) -> Option<&str> {
        self.opened.warning.as_deref()
    }

    /// Returns what was kept and is not on the shelf; what landed and the verdicts only of the newest so many runs that
    /// any were kept of, for each repository of images and each service. Rows that cannot be read are left out; of a
    /// damaged file, what still can be read is returned, and kept in the new one.
    ///
    /// # Errors
    /// The history cannot be read.
    pub fn recall(&mut self, runs: usize) -> Result<Vec<Fact>, StoreError> {
        let mut facts = Vec::new();
        self.recall_each(runs, &mut |fact| facts.push(fact))?;
        Ok(facts)
    }

    /// Gives away what `recall` returns, fact by fact while the next ones are read: nobody need hold all of them at once.
    ///
    /// # Errors
    /// The history cannot be read; what was given away until then is only a part of what is known.
    pub fn recall_each(&mut self, runs: usize, take: &mut dyn FnMut(Fact)) -> Result<(), StoreError> {
        self.read_or_renew(Share::Known, runs, take)
    }

    /// Gives away what `recall` returns to two at once: what is known of runs, their jobs and logs to the one, on a thread
    /// of its own, and everything else to the other. It takes about half as long.
    ///
    /// # Errors
    /// The history cannot be read; what was given away until then is only a part of what is known.
    pub fn recall_beside(
        &mut self,
        runs: usize,
        of_runs: &mut (dyn FnMut(Fact) + Send),
        others: &mut dyn FnMut(Fact),
    ) -> Result<(), StoreError> {
        let path = self.readable_path();
        let read = beside::read(&self.opened.connection, path.as_deref(), &mut self.names, runs, of_runs, others);
        self.or_renewed(read)
    }

    /// Returns what is remembered of the newest so many runs of each repository that are over: how they ended, and what
    /// was read of them once. It may be much, and no verdict depends on it, so it is no part of `recall`.
    ///
    /// # Errors
    /// The history cannot be read.
    pub fn remembered(&mut self, runs: usize) -> Result<Vec<Fact>, StoreError> {
        let mut facts = Vec::new();
        self.remembered_each(runs, &mut |fact| facts.push(fact))?;
        Ok(facts)
    }

    /// Gives away what `remembered` returns, in the same way.
    fn remembered_each(&mut self, runs: usize, take: &mut dyn FnMut(Fact)) -> Result<(), StoreError> {
        self.read_or_renew(Share::Remembered, runs, take)
    }

    /// Keeps facts. One that is older than what is stored about the same changes nothing; one that says what is stored
    /// already costs a small row. Whatever is kept again comes off the shelf.
    ///
    /// # Errors
    /// The history cannot be written; nothing of this call was kept.
    pub fn keep(&mut self, facts: &[Fact], now: Timestamp) -> Result<(), StoreError> {
        self.apply(Written { facts, ..Written::default() }, now)
    }

    /// Puts what these looks gave on the shelf: it stays in the file, and `recall` leaves it out. The manifest that a
    /// tag points to has a look of its own.
    ///
    /// # Errors
    /// The history cannot be written; nothing was put on the shelf.
    pub fn shelve(&mut self, looks: &[Look]) -> Result<(), StoreError> {
        self.apply(Written { shelved: looks, ..Written::default() }, self.now)
    }

    /// Returns every verdict that this row had, oldest first.
    ///
    /// # Errors
    /// The history cannot be read.
    pub fn history(
        &mut self,
        service: &ServiceName,
        run: &RunKey,
        tag_ref: &TagRef,
    ) -> Result<Vec<Judgement>, StoreError> {
        let found = history::history(&self.opened.connection, &mut self.names, service, run, tag_ref);
        found.map_err(|error| self.failed(&error))
    }

    /// Returns whether the last whole sweep is at least this long ago.
    ///
    /// # Errors
    /// The history cannot be read.
    pub fn is_unswept(&self, now: Timestamp, for_at_least: SignedDuration) -> Result<bool, StoreError> {
        let swept = self.noted("swept").map_err(|error| self.failed(&error))?;
        Ok(swept.is_none_or(|swept| now.duration_since(swept) >= for_at_least || swept > now))
    }

    /// Does one small step of forgetting what is too old or too much, and returns whether there are more.
    ///
    /// # Errors
    /// The history cannot be written; the next call goes on where this one failed.
    pub fn sweep(&mut self, now: Timestamp) -> Result<bool, StoreError> {
        let retention = self.retention;
        let sweep = self.sweep.get_or_insert_with(|| Sweep::new(retention, now.as_microsecond()));
        let more = sweep.advance(&self.opened.connection);
        let more = more.map_err(|error| self.failed(&error))?;
        if !more {
            self.sweep = None;
            self.note("swept", now).map_err(|error| self.failed(&error))?;
        }
        Ok(more)
    }

    /// Returns whether the file was not read as a whole for a day, and notes that it is now.
    fn is_unverified(&self, now: Timestamp) -> Result<bool, StoreError> {
        let verified = self.noted("verified").map_err(|error| self.failed(&error))?;
        let due = verified.is_none_or(|at| now.duration_since(at) >= SignedDuration::from_hours(24) || at > now);
        if due {
            self.note("verified", now).map_err(|error| self.failed(&error))?;
        }
        Ok(due)
    }

    /// Returns where others can read while this one writes.
    fn readable_path(&self) -> Option<PathBuf> {
        (!self.opened.alone).then(|| self.opened.path.clone())
    }

    /// Gives back what is held to write faster: a dashboard writes a little every minute, and holds it for ever.
    fn rest(&self) {
        // What is not given back now is used again.
        let _ = self.opened.connection.release_memory();
    }

    /// Leaves no log of writes behind, as far as that goes without waiting.
    fn leave(&self) -> rusqlite::Result<()> {
        open::checkpoint(&self.opened.connection)
    }

    /// Begins a new file, with all that can be read of the damaged one.
    fn renew(&mut self) -> Result<(), StoreError> {
        let mut saved = Vec::new();
        for share in [Share::Known, Share::Remembered] {
            // Whatever can be read is what is left.
            let _ = self.read(share, usize::MAX, &mut |fact| saved.push(fact));
        }
        self.begin_anew(&saved)
    }

    fn noted(&self, name: &str) -> rusqlite::Result<Option<Timestamp>> {
        let mut statement = self.opened.connection.prepare_cached("SELECT value FROM note WHERE name = ?1")?;
        let value = statement.query_row([name], |row| Ok(row.get::<_, i64>(0).ok())).optional()?;
        Ok(value.flatten().and_then(words::moment))
    }

    fn note(&self, name: &str, at: Timestamp) -> rusqlite::Result<()> {
        let mut statement =
            self.opened.connection.prepare_cached("INSERT OR REPLACE INTO note (name, value) VALUES (?1, ?2)")?;
        statement.execute((name, at.as_microsecond())).map(drop)
    }

    fn failed(&self, error: &rusqlite::Error) -> StoreError {
        StoreError::of(&self.opened.path, error)
    }

    /// Of a damaged file it gives away what can be read, and begins a new one with it.
    fn read_or_renew(&mut self, share: Share, runs: usize, take: &mut dyn FnMut(Fact)) -> Result<(), StoreError> {
        let read = self.read(share, runs, take);
        self.or_renewed(read)
    }

    /// Begins a new file where reading showed that this one is damaged.
    fn or_renewed(&mut self, read: rusqlite::Result<()>) -> Result<(), StoreError> {
        match read.map_err(|error| self.failed(&error)) {
            Err(StoreError::Damaged(_)) => self.renew(),
            done => done,
        }
    }

    fn read(&mut self, share: Share, runs: usize, take: &mut dyn FnMut(Fact)) -> rusqlite::Result<()> {
        let Self { opened, names, .. } = self;
        // One transaction: nobody's writing in between is seen half.
        let transaction = opened.connection.unchecked_transaction()?;
        let named = names.load(&transaction);
        let read = match share {
            Share::Known => Recalling::new(&transaction, names, runs, take)
                .runs()
                .and(Recalling::new(&transaction, names, runs, take).images()),
            Share::Remembered => Recalling::new(&transaction, names, runs, take).remembered(),
        };
        named.and(read)
    }

    /// Sets the damaged file aside and keeps in a new one what could be saved.
    fn begin_anew(&mut self, saved: &[Fact]) -> Result<(), StoreError> {
        let failed = |error| StoreError::of(&self.opened.path, &error);
        // The damaged file must not be open when it gets its new name.
        self.opened.connection = Connection::open_in_memory().map_err(failed)?;
        self.names.clear();
        self.sweep = None;
        self.opened = open::open(&self.dir, self.now, Some(self.opened.identity))?;
        self.write(Written { facts: saved, ..Written::default() }).map_err(|error| self.failed(&error))?;
        if let Some(secret) = self.secret {
            answers::put_secret(&self.opened.connection, &secret).map_err(|error| self.failed(&error))?;
        }
        Ok(())
    }

    /// Writes changes; where the file turns out to be damaged, into a new one.
    fn apply(&mut self, changes: Written<'_>, now: Timestamp) -> Result<(), StoreError> {
        self.now = now;
        match self.write(changes).map_err(|error| self.failed(&error)) {
            Err(StoreError::Damaged(_)) => {
                self.renew()?;
                self.write(changes).map_err(|error| self.failed(&error))
            }
            done => done,
        }
    }

    /// Writes all of it, or nothing.
    fn write(&mut self, changes: Written<'_>) -> rusqlite::Result<()> {
        let Written { facts, shelved, answers } = changes;
        // Taking the lock at once, a second process waits instead of failing half-way.
        let transaction = self.opened.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let now = self.now.as_microsecond();
        let names = &mut self.names;
        let mut write = || {
            names.load(&transaction)?;
            let mut keeping = Keeping { connection: &transaction, names, now };
            facts.iter().try_for_each(|fact| keeping.keep(fact))?;
            shelf::shelve(&transaction, names, shelved)?;
            answers.iter().try_for_each(|(key, change)| change.apply(&transaction, key, now))
        };
        let done = write().and_then(|()| transaction.commit());
        if done.is_err() {
            // Names that were written with it are undone.
            self.names.clear();
        }
        done
    }
}

/// A share of what is kept that is read at once.
#[derive(Debug, Clone, Copy)]
enum Share {
    /// What verdicts are judged by.
    Known,
    /// What is remembered of runs that are over.
    Remembered,
}

/// What is written in one transaction.
#[derive(Clone, Copy, Default)]
struct Written<'a> {
    facts: &'a [Fact],
    shelved: &'a [Look],
    answers: &'a [(AnswerKey, AnswerChange)],
}

impl<'a> From<&'a Changes> for Written<'a> {
    fn from(changes: &'a Changes) -> Self {
        let Changes { facts, shelved, answers } = changes;
        Self { facts, shelved, answers }
    }
}
