//! Opening: one process at a time, rights for this user alone, damaged files set aside, old rows forgotten.

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, OpenFlags};
use rusqlite_migration::{Error as MigrationError, M, Migrations};

use super::StoreError;
use super::rows::{FORGET, STEPS};

const FILE: &str = "history.sqlite";
/// Held while one process opens, so that two do not make the same tables or set aside each other's file.
const LOCK: &str = "history.lock";
/// How long another process may take for its writing.
const PATIENCE: Duration = Duration::from_secs(1);
/// What was not seen for this long is forgotten.
const KEPT: SignedDuration = SignedDuration::from_hours(90 * 24);

/// An opened history.
#[derive(Debug)]
pub(super) struct Opened {
    pub(super) connection: Connection,
    pub(super) path: PathBuf,
    pub(super) warning: Option<String>,
}

pub(super) fn open(dir: &Path, now: Timestamp) -> Result<Opened, StoreError> {
    private_folder(dir).map_err(|error| StoreError::of_file(dir, &error))?;
    let _lock = lock(&dir.join(LOCK))?;
    let path = dir.join(FILE);
    let (connection, warning) = match ready(&path, now) {
        Ok(connection) => (connection, None),
        Err(StoreError::Damaged(_)) => {
            let aside = set_aside(&path, now).map_err(|error| StoreError::of_file(&path, &error))?;
            let warning = format!("the history was damaged: it is now {}, and a new one was begun", aside.display());
            (ready(&path, now)?, Some(warning))
        }
        Err(error) => return Err(error),
    };
    Ok(Opened { connection, path, warning })
}

fn ready(path: &Path, now: Timestamp) -> Result<Connection, StoreError> {
    let failed = |error| StoreError::of(path, &error);
    // The database gives its own further files the rights of the first.
    drop(private_file(path).map_err(|error| StoreError::of_file(path, &error))?);
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = Connection::open_with_flags(path, flags).map_err(failed)?;
    connection.busy_timeout(PATIENCE).map_err(failed)?;
    let sound: String = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0)).map_err(failed)?;
    if sound != "ok" {
        return Err(StoreError::Damaged(path.to_owned()));
    }
    if connection.is_readonly("main").map_err(failed)? {
        return Err(StoreError::ReadOnly { path: path.to_owned(), why: "it is read-only".to_owned() });
    }
    connection.pragma_update(None, "journal_mode", "wal").map_err(failed)?;
    connection.pragma_update(None, "synchronous", "normal").map_err(failed)?;
    migrate(&mut connection, path)?;
    let oldest = now.checked_sub(KEPT).unwrap_or(Timestamp::MIN).as_microsecond();
    for forget in FORGET {
        connection.execute(forget, [oldest]).map_err(failed)?;
    }
    Ok(connection)
}

fn migrate(connection: &mut Connection, path: &Path) -> Result<(), StoreError> {
    Migrations::new(STEPS.map(M::up).to_vec()).to_latest(connection).map_err(|error| match error {
        MigrationError::MigrationDefinition(_) => StoreError::Newer(path.to_owned()),
        MigrationError::RusqliteError { err, .. } => StoreError::of(path, &err),
        other => StoreError::Unusable { path: path.to_owned(), why: other.to_string() },
    })
}

/// Renames the database and what belongs to it, and returns its new place.
fn set_aside(path: &Path, now: Timestamp) -> io::Result<PathBuf> {
    let mark = now.strftime("corrupt-%Y%m%dT%H%M%SZ").to_string();
    let longer = |path: &Path, end: &str| {
        let mut name = path.as_os_str().to_owned();
        name.push(end);
        PathBuf::from(name)
    };
    let aside = |path: &Path| longer(path, &format!(".{mark}"));
    for end in ["-wal", "-shm"] {
        let beside = longer(path, end);
        if beside.exists() {
            fs::rename(&beside, aside(&beside))?;
        }
    }
    fs::rename(path, aside(path))?;
    Ok(aside(path))
}

/// Waits for whoever is opening right now; a process that was stopped there must not stop this one.
fn lock(path: &Path) -> Result<File, StoreError> {
    let file = private_file(path).map_err(|error| StoreError::of_file(path, &error))?;
    let step = Duration::from_millis(10);
    let mut waited = Duration::ZERO;
    loop {
        match file.try_lock() {
            // Some network file systems know no locks; one process alone needs none.
            Ok(()) | Err(TryLockError::Error(_)) => return Ok(file),
            Err(TryLockError::WouldBlock) if waited < 2 * PATIENCE => {
                thread::sleep(step);
                waited += step;
            }
            Err(TryLockError::WouldBlock) => return Err(StoreError::Locked(path.to_owned())),
        }
    }
}

/// Makes the folder for this user alone. One that is there keeps its rights: it may hold more than ours.
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
