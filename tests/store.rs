//! The history in real files: what is kept, what is forgotten, and what happens when it cannot be used.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use std::fs;
use std::path::Path;

use jiff::{SignedDuration, Timestamp};
use landfall::domain::{Digest, Fact, ImageName, Landed, RepoPath, RunKey, ServiceName, SourceId, Tag, TagRef};
use landfall::store::{Judgement, Store, StoreError};
use rusqlite::Connection;

fn at(minutes: i64) -> Timestamp {
    let start: Timestamp = "2026-03-04T05:00:00.123456Z".parse().unwrap();
    start + SignedDuration::from_mins(minutes)
}

fn open(dir: &Path) -> Store {
    Store::open(dir, at(0)).unwrap()
}

fn kept(store: &Store) -> Vec<Landed> {
    let landed = store
        .recall()
        .unwrap()
        .into_iter()
        .filter_map(|fact| if let Fact::Landed(landed) = fact { Some(landed) } else { None });
    landed.collect()
}

fn run(id: u64, attempt: u32) -> RunKey {
    RunKey { ci: SourceId::parse("github").unwrap(), repo: RepoPath::parse("acme/checkout").unwrap(), id, attempt }
}

fn tag_ref(tag: &str) -> TagRef {
    TagRef { image: ImageName::parse("ghcr.io:443/acme/checkout").unwrap(), tag: Tag::parse(tag).unwrap() }
}

fn landed(id: u64, digest: u8, minutes: i64) -> Landed {
    let digest = Digest::sha256([digest; 32]);
    Landed { tag_ref: tag_ref("v1"), run: run(id, 1), digest, since: at(minutes), last_seen: at(minutes), proof: None }
}

fn judged(verdict: &str, minutes: i64) -> Judgement {
    Judgement {
        service: ServiceName::parse("checkout").unwrap(),
        run: run(7, 2),
        tag_ref: tag_ref("v1"),
        verdict: verdict.to_owned(),
        since: at(minutes),
        last_seen: at(minutes),
    }
}

#[test]
fn what_landed_is_known_to_the_next_process_and_keeps_its_first_moment() {
    let dir = tempfile::tempdir().unwrap();
    open(dir.path()).keep(&[landed(1, 1, 0), landed(2, 2, 0)].map(Fact::Landed)).unwrap();
    open(dir.path()).keep(&[landed(1, 3, 60)].map(Fact::Landed)).unwrap();
    let known = kept(&open(dir.path()));
    let again = Landed { since: at(0), ..landed(1, 3, 60) };
    assert_eq!(known, [again, landed(2, 2, 0)]);
}

#[test]
fn an_older_sight_does_not_undo_a_newer_one() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = open(dir.path());
    store.keep(&[landed(1, 2, 60)].map(Fact::Landed)).unwrap();
    store.keep(&[landed(1, 1, 0)].map(Fact::Landed)).unwrap();
    assert_eq!(kept(&store), [Landed { since: at(0), ..landed(1, 2, 60) }]);
}

#[test]
fn a_verdict_keeps_since_when_it_holds_until_it_changes() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = open(dir.path());
    store.changed(&[judged("pending", 0)]).unwrap();
    store.changed(&[judged("pending", 5)]).unwrap();
    assert_eq!(store.verdicts().unwrap(), [Judgement { since: at(0), ..judged("pending", 5) }]);
    store.changed(&[judged("missing", 9)]).unwrap();
    assert_eq!(store.verdicts().unwrap(), [judged("missing", 9)]);
}

#[test]
fn what_was_not_seen_for_ninety_days_is_forgotten() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = open(dir.path());
    store.keep(&[landed(1, 1, 0), landed(2, 2, 60)].map(Fact::Landed)).unwrap();
    store.changed(&[judged("landed", 0)]).unwrap();
    drop(store);
    let store = Store::open(dir.path(), at(90 * 24 * 60 + 30)).unwrap();
    assert_eq!(kept(&store), [landed(2, 2, 60)]);
    assert_eq!(store.verdicts().unwrap(), []);
}

#[test]
fn one_odd_row_does_not_hide_the_others() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = open(dir.path());
    store.keep(&[landed(1, 1, 0), landed(2, 2, 0)].map(Fact::Landed)).unwrap();
    let other = Connection::open(dir.path().join("history.sqlite")).unwrap();
    other.execute("UPDATE landed SET digest = 'md5:x' WHERE run = 1", []).unwrap();
    assert_eq!(kept(&store), [landed(2, 2, 0)]);
}

#[cfg(unix)]
#[test]
fn nobody_else_can_read_the_history() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    let state = dir.path().join("state/landfall");
    let mut store = open(&state);
    store.keep(&[landed(1, 1, 0)].map(Fact::Landed)).unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&state), 0o700);
    for entry in fs::read_dir(&state).unwrap() {
        let path = entry.unwrap().path();
        assert_eq!(mode(&path), 0o600, "{}", path.display());
    }
}

#[test]
fn two_processes_may_open_and_write_at_once() {
    let dir = tempfile::tempdir().unwrap();
    std::thread::scope(|scope| {
        for id in 0..8 {
            let dir = dir.path();
            scope.spawn(move || {
                let mut store = open(dir);
                for minute in 0..20 {
                    store.keep(&[landed(id, 1, minute)].map(Fact::Landed)).unwrap();
                }
            });
        }
    });
    assert_eq!(kept(&open(dir.path())).len(), 8);
}

#[test]
fn a_damaged_file_is_set_aside_and_a_new_one_begun() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("history.sqlite"), "this is no database, whatever its name says ".repeat(50)).unwrap();
    let mut store = open(dir.path());
    let aside = dir.path().join("history.sqlite.corrupt-20260304T050000Z");
    assert!(aside.exists());
    assert!(store.warning().unwrap().contains(aside.to_str().unwrap()), "{:?}", store.warning());
    store.keep(&[landed(1, 1, 0)].map(Fact::Landed)).unwrap();
    drop(store);
    let store = open(dir.path());
    assert_eq!((store.warning(), kept(&store).len()), (None, 1));
}

#[test]
fn a_page_that_was_overwritten_is_damage_too() {
    let dir = tempfile::tempdir().unwrap();
    let many: Vec<Fact> = (0..500).map(|id| Fact::Landed(landed(id, 1, 0))).collect();
    open(dir.path()).keep(&many).unwrap();
    let path = dir.path().join("history.sqlite");
    let mut bytes = fs::read(&path).unwrap();
    let end = bytes.len();
    bytes[8192..end].fill(0xa5);
    fs::write(&path, bytes).unwrap();
    let store = open(dir.path());
    assert!(store.warning().is_some());
    assert_eq!(kept(&store), []);
}

#[test]
fn a_history_of_a_newer_version_is_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    open(dir.path()).keep(&[landed(1, 1, 0)].map(Fact::Landed)).unwrap();
    let path = dir.path().join("history.sqlite");
    Connection::open(&path).unwrap().pragma_update(None, "user_version", 99).unwrap();
    let error = Store::open(dir.path(), at(0)).unwrap_err();
    assert_eq!(error, StoreError::Newer(path.clone()));
    assert!(error.to_string().contains("newer landfall"), "{error}");
    let rows: i64 =
        Connection::open(&path).unwrap().query_row("SELECT count(*) FROM landed", [], |row| row.get(0)).unwrap();
    assert_eq!(rows, 1);
}

#[test]
fn a_history_that_another_process_holds_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = open(dir.path());
    let other = Connection::open(dir.path().join("history.sqlite")).unwrap();
    other.execute_batch("BEGIN EXCLUSIVE").unwrap();
    let error = store.keep(&[landed(1, 1, 0)].map(Fact::Landed)).unwrap_err();
    assert!(matches!(error, StoreError::Locked(_)), "{error}");
    other.execute_batch("ROLLBACK").unwrap();
    store.keep(&[landed(1, 1, 0)].map(Fact::Landed)).unwrap();
}

#[test]
fn a_folder_that_cannot_be_made_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("a file");
    fs::write(&file, "").unwrap();
    let error = Store::open(&file.join("landfall"), at(0)).unwrap_err();
    assert!(matches!(error, StoreError::ReadOnly { .. }), "{error:?}");
    assert!(error.to_string().contains("cannot be written"), "{error}");
}

#[test]
fn nothing_of_a_call_that_failed_is_kept() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = open(dir.path());
    assert!(store.keep(&[landed(1, 1, 0), landed(u64::MAX, 1, 0)].map(Fact::Landed)).is_err());
    assert_eq!(kept(&store), []);
}
