//! Who else on this machine can reach what is kept.

use std::fs;
use std::path::Path;

#[cfg(unix)]
use crate::domain::shell_word;

/// Files of the history have names that begin so: the database, what it keeps beside it, what was set aside.
#[cfg(unix)]
const OURS: &str = "history.";

/// Returns a warning where others on this machine may reach into the folder of the history. Its rights are not changed:
/// it may hold more than ours.
#[cfg(unix)]
#[must_use]
pub fn exposed(dir: &Path) -> Option<String> {
    let folder = fs::metadata(dir).ok().filter(fs::Metadata::is_dir)?;
    let mode = open_to_others(&folder)?;
    let path = dir.display().to_string();
    let word = shell_word(&path);
    Some(format!("others on this machine may reach into the folder {path} (mode {mode:03o}): chmod 700 {word}"))
}

/// Takes from others what rights they have on the files of the history that are there already and are ours.
#[cfg(unix)]
pub(super) fn close_files(dir: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
        // What is behind a link is none of ours.
        let file = entry.metadata().ok().filter(fs::Metadata::is_file);
        let is_ours = entry.file_name().as_encoded_bytes().starts_with(OURS.as_bytes());
        if is_ours && file.is_some_and(|file| open_to_others(&file).is_some()) {
            // On a disk that cannot be written nothing is kept either.
            let _ = fs::set_permissions(entry.path(), fs::Permissions::from_mode(0o600));
        }
    }
}

/// Returns the rights on what is this user's, where others have any.
#[cfg(unix)]
fn open_to_others(of: &fs::Metadata) -> Option<u32> {
    use std::os::unix::fs::MetadataExt as _;
    let is_open = of.uid() == rustix::process::geteuid().as_raw() && of.mode() & 0o077 != 0;
    is_open.then_some(of.mode() & 0o777)
}

#[cfg(not(unix))]
#[must_use]
pub fn exposed(_: &Path) -> Option<String> {
    None
}

#[cfg(not(unix))]
pub(super) fn close_files(_: &Path) {}
