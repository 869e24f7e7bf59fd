//! A look at the history that changes nothing in it.

use std::fs;
use std::path::{Path, PathBuf};

use rustix::fs::{Access, access, statvfs};

use super::StoreError;
use super::aside::{self, SetAside};
use super::exposed::exposed;
use super::open::{self, FILE};
use super::schema::NEWEST;

/// What a look at the history found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inspection {
    /// The file.
    pub path: PathBuf,
    /// What it holds; `None` where there is no file yet.
    pub found: Result<Option<Contents>, StoreError>,
    /// A warning where others can reach into its folder.
    pub exposed: Option<String>,
    /// Whether this user may write there.
    pub writable: bool,
    /// How many bytes are free on its disk, where that can be told.
    pub free: Option<u64>,
    /// The damaged files that were set aside, the newest first.
    pub set_aside: Vec<SetAside>,
}

/// What a sound file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Contents {
    /// The version of its tables.
    pub version: u32,
    /// Its bytes.
    pub bytes: u64,
    /// The bytes of the log of writes beside it.
    pub log_bytes: u64,
}

impl Contents {
    /// The version of the tables that this landfall makes.
    pub const NEWEST: u32 = NEWEST;
}

/// Looks at the history in this folder, all of it: a large one takes a second or so.
#[must_use]
pub fn inspect(dir: &Path) -> Inspection {
    let path = dir.join(FILE);
    let there = path.ancestors().find(|place| place.exists()).unwrap_or(dir);
    Inspection {
        found: contents(&path),
        exposed: exposed(dir),
        writable: access(there, Access::WRITE_OK).is_ok(),
        free: statvfs(there).ok().map(|disk| disk.f_bavail.saturating_mul(disk.f_frsize)),
        set_aside: aside::found(&path),
        path,
    }
}

fn contents(path: &Path) -> Result<Option<Contents>, StoreError> {
    let bytes = match fs::metadata(path) {
        Ok(file) => file.len(),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(StoreError::of_file(path, &error)),
    };
    let failed = |error| StoreError::of(path, &error);
    let reader = open::reader(path).map_err(failed)?;
    let version: u32 = reader.query_row("PRAGMA user_version", [], |row| row.get(0)).map_err(failed)?;
    if version > NEWEST {
        return Err(StoreError::Newer(path.to_owned()));
    }
    let said: String = reader.query_row("PRAGMA quick_check(1)", [], |row| row.get(0)).map_err(failed)?;
    if said != "ok" {
        return Err(StoreError::Damaged(path.to_owned()));
    }
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    let log_bytes = fs::metadata(log).map_or(0, |file| file.len());
    Ok(Some(Contents { version, bytes, log_bytes }))
}
