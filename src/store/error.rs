//! Why the history cannot be used, in sentences for the user.

use std::io;
use std::path::{Path, PathBuf};

use rusqlite::{ErrorCode, ffi};

/// Why the history cannot be used. Nothing else depends on it: landfall goes on without one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// A newer landfall wrote it.
    #[error("the history {} was written by a newer landfall: update this one, or name another folder", .0.display())]
    Newer(PathBuf),
    /// The folder or file cannot be written.
    #[error("the history {} cannot be written ({why}): mend its rights, or name another folder", path.display())]
    ReadOnly {
        /// The folder or file.
        path: PathBuf,
        /// The system's own words.
        why: String,
    },
    /// A file stands where its folder is to be, or on the way to it.
    #[error("the history's folder {} cannot be made, as a file stands in the way: name another folder", .0.display())]
    NoFolder(PathBuf),
    /// Somebody holds it.
    #[error("the history {} is locked by another process: end that one, or name another folder", .0.display())]
    Locked(PathBuf),
    /// No room is left.
    #[error("the history {} cannot grow: its disk is full", .0.display())]
    Full(PathBuf),
    /// The file is no database, or a damaged one.
    #[error("the history {} is damaged: it is set aside at the next start", .0.display())]
    Damaged(PathBuf),
    /// Anything else.
    #[error("the history {} cannot be used: {why}", path.display())]
    Unusable {
        /// The folder or file.
        path: PathBuf,
        /// The database's own words.
        why: String,
    },
}

impl StoreError {
    /// Returns what an error of the database means.
    pub(super) fn of(path: &Path, error: &rusqlite::Error) -> Self {
        let path = path.to_owned();
        // The file ends before its last page.
        if error.sqlite_error().is_some_and(|error| error.extended_code == ffi::SQLITE_IOERR_SHORT_READ) {
            return Self::Damaged(path);
        }
        // Beside the file itself room for its index of recent writes is needed.
        if error.sqlite_error().is_some_and(|error| error.extended_code == ffi::SQLITE_IOERR_SHMSIZE) {
            return Self::Full(path);
        }
        match error.sqlite_error_code() {
            // Our own statements are right: where they are not understood, the tables are not those that were made.
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase | ErrorCode::Unknown) => Self::Damaged(path),
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked | ErrorCode::FileLockingProtocolFailed) => {
                Self::Locked(path)
            }
            Some(ErrorCode::DiskFull) => Self::Full(path),
            Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied | ErrorCode::CannotOpen) => {
                Self::ReadOnly { path, why: error.to_string() }
            }
            Some(_) => Self::Unusable { path, why: error.to_string() },
            None if matches!(error, rusqlite::Error::ToSqlConversionFailure(_)) => {
                Self::Unusable { path, why: error.to_string() }
            }
            // A value of a kind, or a row less, that nobody can have written.
            None => Self::Damaged(path),
        }
    }

    /// Returns what an error of the file system means.
    pub(super) fn of_file(path: &Path, error: &io::Error) -> Self {
        let path = path.to_owned();
        match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::Full(path),
            io::ErrorKind::AlreadyExists | io::ErrorKind::NotADirectory => Self::NoFolder(path),
            kind => Self::ReadOnly { path, why: kind.to_string() },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_in_the_way_is_told_as_that() {
        for kind in [io::ErrorKind::AlreadyExists, io::ErrorKind::NotADirectory] {
            let told = StoreError::of_file(Path::new("/state"), &kind.into()).to_string();
            assert_eq!(
                told,
                "the history's folder /state cannot be made, as a file stands in the way: name another folder"
            );
        }
    }

    #[test]
    fn each_trouble_of_the_database_is_told_by_its_own_sentence() {
        let sentence = |code| {
            let error = rusqlite::Error::SqliteFailure(ffi::Error::new(code), None);
            StoreError::of(Path::new("/state/history.sqlite"), &error).to_string()
        };
        assert!(sentence(ffi::SQLITE_FULL).ends_with("its disk is full"));
        assert!(sentence(ffi::SQLITE_IOERR_SHMSIZE).ends_with("its disk is full"));
        assert!(sentence(ffi::SQLITE_BUSY).contains("is locked by another process"));
        assert!(sentence(ffi::SQLITE_READONLY).contains("cannot be written"));
        assert!(sentence(ffi::SQLITE_NOTADB).contains("is damaged"));
        assert!(sentence(ffi::SQLITE_ERROR).contains("is damaged"));
        assert!(sentence(ffi::SQLITE_IOERR_SHORT_READ).contains("is damaged"));
        assert!(sentence(ffi::SQLITE_IOERR).contains("/state/history.sqlite cannot be used"));
    }
}
