//! The history in real files: what is kept, what is forgotten, and what happens when it cannot be used.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

#[path = "store/damage.rs"]
mod damage;
#[path = "store/facts.rs"]
mod facts;
#[path = "store/full.rs"]
mod full;
#[path = "store/health.rs"]
mod health;
#[path = "store/past.rs"]
mod past;
#[cfg(unix)]
#[path = "store/rights.rs"]
mod rights;
#[path = "store/sweep.rs"]
mod sweep;
#[path = "store/world.rs"]
mod world;
#[path = "store/writer.rs"]
mod writer;

use std::fs;
use std::path::Path;

use landfall::domain::{Digest, Fact, Judgement, Landed, RunKey, Tag, TagRef};
use landfall::store::{Retention, Store, StoreError};
use rusqlite::Connection;

use world::{at, open};

fn kept(store: &mut Store) -> Vec<Landed> {
    let landed = store
        .recall(usize::MAX)
        .unwrap()
        .into_iter()
        .filter_map(|fact| if let Fact::Landed(landed) = fact { Some(landed) } else { None });
    let mut landed: Vec<Landed> = landed.collect();
    landed.sort_by_key(|landed| landed.run.id);
    landed
}

fn landed(id: u64, digest: u8, minutes: i64) -> Landed {
    let tag_ref = TagRef { image: world::image(1), tag: Tag::parse("v1").unwrap() };
    let run = RunKey { id, ..world::run_key(0) };
    Landed {
        tag_ref,
        run,
        digest: Digest::sha256([digest; 32]),
        since: at(minutes),
        last_seen: at(minutes),
        proof: None,
    }
}

#[test]
fn what_landed_is_known_to_the_next_process_and_keeps_its_first_moment() {
    let dir = tempfile::tempdir().unwrap();
    open(dir.path()).keep(&[landed(1, 1, 0), landed(2, 2, 0)].map(Fact::Landed), at(0)).unwrap();
    open(dir.path()).keep(&[landed(1, 3, 60)].map(Fact::Landed), at(0)).unwrap();
    let known = kept(&mut open(dir.path()));
    let again = Landed { since: at(0), ..landed(1, 3, 60) };
    assert_eq!(known, [again, landed(2, 2, 0)]);
}

#[test]
fn an_older_sight_does_not_undo_a_newer_one() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = open(dir.path());
    store.keep(&[landed(1, 2, 60)].map(Fact::Landed), at(60)).unwrap();
    store.keep(&[landed(1, 1, 0)].map(Fact::Landed), at(60)).unwrap();
    assert_eq!(kept(&mut store), [Landed { since: at(0), ..landed(1, 2, 60) }]);
}

#[test]
fn one_odd_row_does_not_hide_the_others() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = open(dir.path());
    store.keep(&[landed(1, 1, 0), landed(2, 2, 0)].map(Fact::Landed), at(0)).unwrap();
    let other = Connection::open(dir.path().join("history.sqlite")).unwrap();
    other.execute("UPDATE landed SET body = x'00' WHERE run = 1", []).unwrap();
    assert_eq!(kept(&mut store), [landed(2, 2, 0)]);
}

#[cfg(unix)]
#[test]
fn nobody_else_can_read_the_history() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    let state = dir.path().join("state/landfall");
    let mut store = open(&state);
    store.keep(&[landed(1, 1, 0)].map(Fact::Landed), at(0)).unwrap();
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
                    store.keep(&[landed(id, 1, minute)].map(Fact::Landed), at(0)).unwrap();
                }
            });
        }
    });
    assert_eq!(kept(&mut open(dir.path())).len(), 8);
}

#[test]
fn a_damaged_file_is_set_aside_and_a_new_one_begun() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("history.sqlite"), "this is no database, whatever its name says ".repeat(50)).unwrap();
    let mut store = open(dir.path());
    let aside = dir.path().join("history.sqlite.corrupt-20260304T050000Z");
    assert!(aside.exists());
    assert!(store.warning().unwrap().contains(aside.to_str().unwrap()), "{:?}", store.warning());
    store.keep(&[landed(1, 1, 0)].map(Fact::Landed), at(0)).unwrap();
    drop(store);
    let mut store = open(dir.path());
    assert_eq!((kept(&mut store).len(), store.warning()), (1, None));
}

#[test]
fn a_page_that_was_overwritten_is_damage_too() {
    let dir = tempfile::tempdir().unwrap();
    let many: Vec<Fact> = (0..500).map(|id| Fact::Landed(landed(id, 1, 0))).collect();
    open(dir.path()).keep(&many, at(0)).unwrap();
    let path = dir.path().join("history.sqlite");
    let mut bytes = fs::read(&path).unwrap();
    let end = bytes.len();
    bytes[8192..end].fill(0xa5);
    fs::write(&path, bytes).unwrap();
    let mut store = open(dir.path());
    assert_eq!(kept(&mut store), []);
    assert!(store.warning().is_some());
}

#[test]
fn a_history_of_a_newer_version_is_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    open(dir.path()).keep(&[landed(1, 1, 0)].map(Fact::Landed), at(0)).unwrap();
    let path = dir.path().join("history.sqlite");
    Connection::open(&path).unwrap().pragma_update(None, "user_version", 99).unwrap();
    let error = Store::open(dir.path(), at(0), Retention::default()).unwrap_err();
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
    let error = store.keep(&[landed(1, 1, 0)].map(Fact::Landed), at(0)).unwrap_err();
    assert!(matches!(error, StoreError::Locked(_)), "{error}");
    other.execute_batch("ROLLBACK").unwrap();
    store.keep(&[landed(1, 1, 0)].map(Fact::Landed), at(0)).unwrap();
}

#[test]
fn a_folder_that_cannot_be_made_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("a file");
    fs::write(&file, "").unwrap();
    for folder in [file.join("landfall"), file] {
        let error = Store::open(&folder, at(0), Retention::default()).unwrap_err();
        assert_eq!(error, StoreError::NoFolder(folder));
        assert!(error.to_string().contains("a file stands in the way"), "{error}");
    }
}

#[test]
fn nothing_of_a_call_that_failed_is_kept() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = open(dir.path());
    let other = Connection::open(dir.path().join("history.sqlite")).unwrap();
    let trap = "CREATE TRIGGER trap BEFORE INSERT ON landed WHEN new.run = 7 BEGIN SELECT raise(ABORT, 'no'); END";
    other.execute_batch(trap).unwrap();
    assert!(store.keep(&[landed(1, 1, 0), landed(7, 1, 0)].map(Fact::Landed), at(0)).is_err());
    assert_eq!(kept(&mut store), []);
    other.execute_batch("DROP TRIGGER trap").unwrap();
    store.keep(&[landed(7, 1, 0)].map(Fact::Landed), at(0)).unwrap();
    assert_eq!(kept(&mut store), [landed(7, 1, 0)]);
}

#[test]
fn what_the_first_version_kept_is_taken_over() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("history.sqlite");
    let old = Connection::open(&path).unwrap();
    old.execute_batch(include_str!("fixtures/store/version-1.sql")).unwrap();
    drop(old);
    let mut store = open(dir.path());
    let first = Landed { since: at(0), ..landed(9_007_199_254_740_993, 0xab, 60) };
    let second = landed(2, 0xcd, 5);
    assert_eq!(kept(&mut store), [second, first.clone()]);
    let judged = Judgement {
        service: world::service(1),
        run: first.run.clone(),
        tag_ref: first.tag_ref.clone(),
        verdict: "landed".into(),
        since: at(0),
    };
    let history = store.history(&judged.service, &judged.run, &judged.tag_ref).unwrap();
    assert_eq!(history, [judged]);
    assert_eq!(store.warning(), None);
    drop(store);
    let file = Connection::open(&path).unwrap();
    let tables: i64 = file
        .query_row("SELECT count(*) FROM sqlite_schema WHERE name LIKE '%!_1' ESCAPE '!' AND name NOT LIKE 'sqlite!_%' ESCAPE '!'", [], |row| row.get(0))
        .unwrap();
    assert_eq!(tables, 0, "the old tables are gone");
}
