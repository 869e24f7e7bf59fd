//! Damaged files that were set aside beside the history.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use jiff::Timestamp;

/// What stands between a file's name and the moment when it was set aside.
const MARK: &str = ".corrupt-";

/// What the database keeps beside its file.
const BESIDE: [&str; 2] = ["-wal", "-shm"];

/// So many are kept, the newest; one after another they would fill the disk.
const KEPT: usize = 2;

/// A damaged history that was set aside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetAside {
    /// The file.
    pub path: PathBuf,
    /// Its bytes.
    pub bytes: u64,
}

/// Renames the database and what belongs to it, and returns its new place. Of those that were set aside before, the
/// oldest go.
pub(super) fn set_aside(path: &Path, now: Timestamp) -> io::Result<PathBuf> {
    let mark = now.strftime("%Y%m%dT%H%M%SZ").to_string();
    let marks = (2..).map(|count| format!("{MARK}{mark}-{count}"));
    let free = |end: &String| !longer(path, end).exists();
    let end = std::iter::once(format!("{MARK}{mark}")).chain(marks).find(free).unwrap_or_default();
    for beside in BESIDE.map(|beside| longer(path, beside)) {
        if beside.exists() {
            fs::rename(&beside, longer(&beside, &end))?;
        }
    }
    let aside = longer(path, &end);
    fs::rename(path, &aside)?;
    for old in found(path).into_iter().skip(KEPT) {
        remove(path, &old.path);
    }
    Ok(aside)
}

/// Removes a file that was set aside, and what belonged to it. One that cannot be removed stays.
fn remove(path: &Path, aside: &Path) {
    let end = aside.to_str().zip(path.to_str()).and_then(|(aside, path)| aside.strip_prefix(path));
    let beside = end.into_iter().flat_map(|end| BESIDE.map(|beside| longer(&longer(path, beside), end)));
    for file in beside.chain([aside.to_owned()]) {
        let _ = fs::remove_file(file);
    }
}

fn longer(path: &Path, end: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(end);
    PathBuf::from(name)
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
