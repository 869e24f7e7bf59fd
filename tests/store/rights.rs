//! Who else can reach what is kept.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::path::Path;
use std::process::Command;

use landfall::store::{exposed, inspect};

use crate::world::{log, open};

fn set(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().mode() & 0o777
}

#[test]
fn a_folder_that_landfall_makes_is_open_to_nobody_else() {
    let dir = tempfile::tempdir().unwrap();
    let state = dir.path().join("state");
    assert_eq!(exposed(&state), None, "it is not there yet");
    drop(open(&state));
    assert_eq!((mode(&state), exposed(&state)), (0o700, None));
}

#[test]
fn a_folder_that_is_open_to_others_is_told_with_what_mends_it_and_left_as_it_is() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().display();
    for rights in [0o755, 0o750, 0o701, 0o770] {
        set(dir.path(), rights);
        drop(open(dir.path()));
        let words =
            format!("others on this machine may reach into the folder {path} (mode {rights:03o}): chmod 700 {path}");
        assert_eq!(exposed(dir.path()), Some(words.clone()));
        assert_eq!(inspect(dir.path()).exposed, Some(words));
        assert_eq!(mode(dir.path()), rights);
    }
    set(dir.path(), 0o700);
    assert_eq!(exposed(dir.path()), None);
}

#[test]
fn what_mends_a_folder_can_be_pasted_whatever_its_name() {
    let dir = tempfile::tempdir().unwrap();
    let state = dir.path().join("o'hara's state");
    fs::create_dir(&state).unwrap();
    set(&state, 0o755);
    let told = exposed(&state).unwrap();
    let (_, pasted) = told.split_once("): ").unwrap();
    assert!(Command::new("sh").args(["-c", pasted]).status().unwrap().success(), "{told}");
    assert_eq!(exposed(&state), None);
}

#[test]
fn files_of_the_history_that_others_could_read_are_closed_and_no_others() {
    let dir = tempfile::tempdir().unwrap();
    let file = |name: &str| dir.path().join(name);
    let mut writing = open(dir.path());
    writing.keep(&[log(1, 3)], crate::world::at(0)).unwrap();
    let elsewhere = tempfile::tempdir().unwrap();
    let linked = elsewhere.path().join("linked");
    for path in [&file("history.sqlite.corrupt-20260304T050000Z-2"), &file("notes.txt"), &linked] {
        fs::write(path, "text").unwrap();
        set(path, 0o644);
    }
    symlink(&linked, file("history.link")).unwrap();
    let ours = ["history.sqlite", "history.sqlite-wal", "history.lock", "history.sqlite.corrupt-20260304T050000Z-2"];
    for name in ours {
        set(&file(name), 0o644);
    }
    drop(open(dir.path()));
    for name in ours {
        assert_eq!(mode(&file(name)), 0o600, "{name}");
    }
    assert_eq!((mode(&file("notes.txt")), mode(&linked)), (0o644, 0o644));
}
