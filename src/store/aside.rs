//! Damaged files that were set aside beside the history.

use std::fs;
use std::path::{Path, PathBuf};

/// What stands between a file's name and the moment when it was set aside.
const MARK: &str = ".corrupt-";

/// A damaged history that was set aside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetAside {
    /// The file.
    pub path: PathBuf,
    /// Its bytes.
    pub bytes: u64,
}

/// Returns the damaged files that were set aside from this one, the newest first.
pub(super) fn found(path: &Path) -> Vec<SetAside> {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let entries = path.parent().and_then(|dir| fs::read_dir(dir).ok()).into_iter().flatten().flatten();
    let aside = entries.filter_map(|entry| {
        let turn = turn(entry.file_name().to_str()?.strip_prefix(name)?.strip_prefix(MARK)?)?;
        Some((turn, SetAside { path: entry.path(), bytes: entry.metadata().ok()?.len() }))
    });
    let mut aside: Vec<_> = aside.collect();
    aside.sort_by(|(one, _), (other, _)| other.cmp(one));
    aside.into_iter().map(|(_, aside)| aside).collect()
}

/// Returns the moment in a file's name, and which of that second it is.
fn turn(mark: &str) -> Option<(String, u32)> {
    let (moment, count) = mark.split_once('-').unwrap_or((mark, "1"));
    let is_moment =
        moment.len() == 16 && moment.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'T' | b'Z'));
    is_moment.then_some((moment.to_owned(), count.parse().ok()?))
}
