//! Opening: one process at a time, rights for this user alone, damaged files set aside.

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use jiff::Timestamp;
use rusqlite::{Connection, OpenFlags};
use rusqlite_migration::Error as MigrationError;

use super::{StoreError, aside, exposed, schema};

pub(super) const FILE: &str = "history.sqlite";
/// Held while one process opens, so that two do not make the same tables or set aside each other's file.
const LOCK: &str = "history.lock";
/// How long another process may take for its writing.
const PATIENCE: Duration = Duration::from_secs(1);
/// How much a connection that only reads holds of the file, in kibibytes, as `SQLite` counts them below zero: whatever
/// it reads it reads once.
const READER_PAGES: i64 = -256;
/// What the log of writes may keep on the disk between two checkpoints.
const LOG_BYTES: u32 = 4 << 20;

/// An opened history.
#[derive(Debug)]
pub(super) struct Opened {
    pub(super) connection: Connection,
    pub(super) path: PathBuf,
    pub(super) warning: Option<String>,
    pub(super) identity: Identity,
    /// Whether nobody else can read meanwhile: the file system has no locks.
    pub(super) alone: bool,
}

/// Which file it is, whatever its name becomes; nothing where that cannot be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Identity(Option<(u64, u64)>);

/// Opens the history in this folder. `damaged` is the file that was found damaged while it was in use.
pub(super) fn open(dir: &Path, now: Timestamp, damaged: Option<Identity>) -> Result<Opened, StoreError> {
    private_folder(dir).map_err(|error| StoreError::of_file(dir, &error))?;
    let (_lock, alone) = lock(&dir.join(LOCK))?;
    exposed::close_files(dir);
    let path = dir.join(FILE);
    let first = match damaged {
        // Another process may have set it aside already.
        Some(damaged) if damaged == identity(&path) => Err(StoreError::Damaged(path.clone())),
        Some(_) | None => ready(&path, alone),
    };
    let (connection, warning) = match first {
        Ok(connection) => (connection, None),
        Err(StoreError::Damaged(_)) => {
            let aside = aside::set_aside(&path, now).map_err(|error| StoreError::of_file(&path, &error))?;
            let warning = format!("the history was damaged: it is now {}, and a new one was begun", aside.display());
            (ready(&path, alone)?, Some(warning))
        }
        Err(error) => return Err(error),
    };
    let identity = identity(&path);
    Ok(Opened { connection, path, warning, identity, alone })
}

/// Opens the history for reading alone, beside whoever writes.
pub(super) fn reader(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(PATIENCE / 10)?;
    // Where it stays larger, no more than memory is lost.
    let _ = connection.pragma_update(None, "cache_size", READER_PAGES);
    Ok(connection)
}

/// Brings what is in the log of writes into the file, and cuts the log to nothing; as far as that goes at once, for
/// whoever is writing or reading goes first.
pub(super) fn checkpoint(connection: &Connection) -> rusqlite::Result<()> {
    connection.busy_timeout(PATIENCE / 10)?;
    connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
}

/// Reads the whole file, and returns whether it is sound as far as that can be told. One that cannot be read now is not
/// damaged by that.
pub(super) fn is_sound(path: &Path) -> bool {
    let checked = reader(path)
        .and_then(|connection| connection.query_row("PRAGMA quick_check(1)", [], |row| row.get::<_, String>(0)));
    match checked {
        Ok(said) => said == "ok",
        Err(error) => !matches!(StoreError::of(path, &error), StoreError::Damaged(_)),
    }
}

fn ready(path: &Path, alone: bool) -> Result<Connection, StoreError> {
    let failed = |error| StoreError::of(path, &error);
    // The database gives its own further files the rights of the first.
    drop(private_file(path).map_err(|error| StoreError::of_file(path, &error))?);
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = connect(path, flags, alone).map_err(failed)?;
    connection.busy_timeout(PATIENCE).map_err(failed)?;
    if connection.is_readonly("main").map_err(failed)? {
        return Err(StoreError::ReadOnly { path: path.to_owned(), why: "it is read-only".to_owned() });
    }
    // It counts for files that are made now; an older one is converted by its first sweep.
    connection.pragma_update(None, "auto_vacuum", "incremental").map_err(failed)?;
    connection.pragma_update(None, "journal_mode", "wal").map_err(failed)?;
    connection.pragma_update(None, "synchronous", "normal").map_err(failed)?;
    connection.pragma_update(None, "journal_size_limit", LOG_BYTES).map_err(failed)?;
    connection.set_prepared_statement_cache_capacity(64);
    schema::migrate(&mut connection).map_err(|error| match error {
        MigrationError::MigrationDefinition(_) => StoreError::Newer(path.to_owned()),
        MigrationError::RusqliteError { err, .. } => StoreError::of(path, &err),
        other => StoreError::Unusable { path: path.to_owned(), why: other.to_string() },
    })?;
    Ok(connection)
}

#[cfg(unix)]
fn connect(path: &Path, flags: OpenFlags, alone: bool) -> rusqlite::Result<Connection> {
    if !alone {
        return Connection::open_with_flags(path, flags);
    }
    let connection = Connection::open_with_flags_and_vfs(path, flags, c"unix-none")?;
    connection.pragma_update(None, "locking_mode", "exclusive")?;
    Ok(connection)
}

#[cfg(not(unix))]
fn connect(path: &Path, flags: OpenFlags, _alone: bool) -> rusqlite::Result<Connection> {
    Connection::open_with_flags(path, flags)
}

#[cfg(unix)]
fn identity(path: &Path) -> Identity {
    use std::os::unix::fs::MetadataExt as _;
    Identity(fs::metadata(path).ok().map(|file| (file.dev(), file.ino())))
}

#[cfg(not(unix))]
fn identity(_path: &Path) -> Identity {
    Identity(None)
}

/// Waits for whoever is opening right now; a process that was stopped there must not stop this one. Returns whether
/// the file system has no locks.
fn lock(path: &Path) -> Result<(File, bool), StoreError> {
    let file = private_file(path).map_err(|error| StoreError::of_file(path, &error))?;
    let step = Duration::from_millis(10);
    let mut waited = Duration::ZERO;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok((file, false)),
            // Some network file systems know no locks; one process alone needs none.
            Err(TryLockError::Error(_)) => return Ok((file, true)),
            Err(TryLockError::WouldBlock) if waited < 2 * PATIENCE => {
                thread::sleep(step);
                waited += step;
            }
            Err(TryLockError::WouldBlock) => return Err(StoreError::Locked(path.to_owned())),
        }
    }
}

/// Makes the folder for this user alone. One that is there keeps its rights, and `exposed` tells: it may hold more than
/// ours.
fn private_folder(dir: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(dir)
}

fn private_file(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(path)?;
    #[cfg(unix)]
    file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
    Ok(file)
}

#[cfg(all(test, unix))]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn a_file_system_without_locks_is_used_by_one_process_alone() {
        let dir = std::env::temp_dir().join(format!("landfall-no-locks-{}", std::process::id()));
        private_folder(&dir).unwrap();
        let path = dir.join(FILE);
        for round in 0..2 {
            let connection = ready(&path, true).unwrap();
            connection.execute("INSERT OR REPLACE INTO note (name, value) VALUES ('round', ?1)", [round]).unwrap();
            let mode: String = connection.query_row("PRAGMA locking_mode", [], |row| row.get(0)).unwrap();
            assert_eq!(mode, "exclusive");
        }
        let connection = ready(&path, false).unwrap();
        let round: i64 =
            connection.query_row("SELECT value FROM note WHERE name = 'round'", [], |row| row.get(0)).unwrap();
        assert_eq!(round, 1);
        fs::remove_dir_all(&dir).unwrap();
    }
}
