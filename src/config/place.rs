//! Where the configuration is read from, and where the history is kept.

use std::ffi::OsStr;
use std::fmt;
use std::path::{Path, PathBuf};

use directories::ProjectDirs;

/// Where the configuration is, and who says so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The file.
    pub path: PathBuf,
    /// Who named it.
    pub named_by: NamedBy,
}

/// Who named the configuration file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NamedBy {
    /// `--config`.
    Argument,
    /// `$LANDFALL_CONFIG`.
    Environment,
    /// Nobody: it is the platform's place for it.
    Platform,
}

impl fmt::Display for NamedBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Argument => "--config",
            Self::Environment => "$LANDFALL_CONFIG",
            Self::Platform => "the platform's configuration folder",
        })
    }
}

/// Returns where the configuration is: the argument, else the environment variable where it is not empty,
/// else the platform's configuration folder.
#[must_use]
pub fn find(argument: Option<&Path>, environment: Option<&OsStr>) -> Place {
    if let Some(path) = argument {
        return Place { path: path.to_owned(), named_by: NamedBy::Argument };
    }
    if let Some(path) = environment.filter(|path| !path.is_empty()) {
        return Place { path: path.into(), named_by: NamedBy::Environment };
    }
    let folder = project().map_or_else(|| PathBuf::from("landfall"), |dirs| dirs.config_dir().to_owned());
    Place { path: folder.join("config.toml"), named_by: NamedBy::Platform }
}

/// Returns the platform's folder for the history; `None` where there is no home folder.
#[must_use]
pub fn default_state() -> Option<PathBuf> {
    project().map(|dirs| dirs.state_dir().unwrap_or_else(|| dirs.data_local_dir()).to_owned())
}

fn project() -> Option<ProjectDirs> {
    ProjectDirs::from("", "", "landfall")
}
