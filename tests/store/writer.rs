//! The writer: it takes everything at once, writes the newest of each, and gets over whatever the disk does.

use std::path::Path;
use std::sync::mpsc::{self, Receiver};
use std::time::Duration;

use jiff::SignedDuration;
use landfall::domain::{Fact, Look};
use landfall::store::{Answer, Retention, Store, Writer};
use rusqlite::Connection;

use crate::world::{at, ended, image, jobs, judged, landed, open, run_key, runs, tag, tag_ref};

/// Longer than anything here takes.
const LONG: Duration = Duration::from_mins(1);

/// Starts a writer, and returns what it tells.
pub(crate) fn start(store: Store) -> (Writer, Receiver<Option<String>>) {
    let (sender, told) = mpsc::channel();
    let tell = move |trouble| drop(sender.send(trouble));
    (Writer::start(store, SignedDuration::from_hours(1), || at(0), tell).unwrap(), told)
}

fn recalled(dir: &Path) -> Vec<String> {
    let mut facts: Vec<String> = open(dir).recall(usize::MAX).unwrap().iter().map(|fact| format!("{fact:?}")).collect();
    facts.sort();
    facts
}

fn sorted(facts: impl IntoIterator<Item = Fact>) -> Vec<String> {
    let mut facts: Vec<String> = facts.into_iter().map(|fact| format!("{fact:?}")).collect();
    facts.sort();
    facts
}

#[test]
fn what_was_given_last_is_written_before_the_end() {
    let dir = tempfile::tempdir().unwrap();
    let (writer, told) = start(open(dir.path()));
    for minute in 0..500 {
        writer.keep(vec![tag(1, 2, minute), Fact::Readable(image(1), at(minute))]);
        writer.keep(vec![Fact::Landed(landed(1, 3, minute))]);
    }
    writer.keep(vec![tag(1, 4, 7), Fact::Judged(judged(1, "landed", 0))]);
    assert!(writer.finish(LONG));
    let newest = [
        tag(1, 2, 499),
        Fact::Readable(image(1), at(499)),
        Fact::Landed(landed(1, 3, 499)),
        Fact::Judged(judged(1, "landed", 0)),
    ];
    assert_eq!(recalled(dir.path()), sorted(newest));
    assert_eq!(told.try_iter().collect::<Vec<_>>(), []);
}

#[test]
fn what_is_remembered_comes_repository_by_repository() {
    let dir = tempfile::tempdir().unwrap();
    let facts: Vec<Fact> = (0..9).map(|id| ended(id, 3, 1)).collect();
    open(dir.path()).keep(&facts, at(2)).unwrap();
    let (writer, _) = start(open(dir.path()));
    let (give, pieces) = mpsc::channel();
    writer.remembered(9, move |piece| drop(give.send(piece)));
    let pieces: Vec<Vec<Fact>> = pieces.iter().collect();
    assert_eq!(pieces.iter().map(Vec::len).collect::<Vec<_>>(), [3, 3, 3]);
    assert!(pieces.iter().all(|piece| piece.iter().all(|fact| fact.concerns() == piece[0].concerns())));
    assert_eq!(sorted(pieces.concat()), sorted(facts));
    assert!(writer.finish(LONG));
}

#[test]
fn an_orderly_end_leaves_no_log_of_writes_though_others_have_the_file_open() {
    let dir = tempfile::tempdir().unwrap();
    let (writer, _) = start(open(dir.path()));
    writer.keep(vec![runs(1, 5, 3, 0)]);
    let other = Connection::open(dir.path().join("history.sqlite")).unwrap();
    other.query_row("SELECT count(*) FROM note", [], |row| row.get::<_, i64>(0)).unwrap();
    assert!(writer.finish(LONG));
    assert_eq!(std::fs::metadata(dir.path().join("history.sqlite-wal")).unwrap().len(), 0);
    drop(other);
    assert_eq!(recalled(dir.path()), sorted([runs(1, 5, 3, 0)]));
}

#[test]
fn somebody_who_reads_does_not_hold_up_the_end() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = open(dir.path());
    store.keep(&[tag(1, 2, 0)], at(0)).unwrap();
    let other = Connection::open(dir.path().join("history.sqlite")).unwrap();
    let reading = other.unchecked_transaction().unwrap();
    reading.query_row("SELECT count(*) FROM tag", [], |row| row.get::<_, i64>(0)).unwrap();
    let (writer, _) = start(store);
    writer.keep(vec![runs(1, 5, 3, 0)]);
    assert!(writer.finish(LONG), "what was given is written all the same");
    drop(reading);
    drop(other);
    assert_eq!(recalled(dir.path()), sorted([tag(1, 2, 0), runs(1, 5, 3, 0)]));
}

#[test]
fn a_writer_that_is_dropped_writes_what_it_has() {
    let dir = tempfile::tempdir().unwrap();
    let (writer, _) = start(open(dir.path()));
    writer.keep(vec![runs(1, 5, 3, 0)]);
    drop(writer);
    assert_eq!(recalled(dir.path()), sorted([runs(1, 5, 3, 0)]));
}

#[test]
fn keeping_and_shelving_count_in_the_order_in_which_they_came() {
    let dir = tempfile::tempdir().unwrap();
    let (writer, _) = start(open(dir.path()));
    let jobs_of = |id| Look::Jobs(run_key(id));
    writer.keep(vec![jobs(1, 2, 0), jobs(2, 2, 0)]);
    writer.shelve(vec![jobs_of(1), jobs_of(2), Look::Tag(tag_ref(9))]);
    writer.keep(vec![jobs(2, 2, 1)]);
    assert!(writer.finish(LONG));
    assert_eq!(recalled(dir.path()), sorted([jobs(2, 2, 1)]));
    let mut store = open(dir.path());
    store.keep(&[jobs(1, 2, 0)], at(1)).unwrap();
    assert_eq!(store.recall(usize::MAX).unwrap().len(), 2, "it was in the file all the time");
}

#[test]
fn a_locked_file_is_told_waited_for_and_told_off() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let other = Connection::open(dir.path().join("history.sqlite")).unwrap();
    other.execute_batch("BEGIN EXCLUSIVE").unwrap();
    let (writer, told) = start(store);
    writer.keep(vec![tag(1, 2, 0)]);
    let trouble = told.recv_timeout(LONG).unwrap().unwrap();
    assert!(trouble.contains("is locked by another process"), "{trouble}");
    // What comes meanwhile takes the place of what waits.
    writer.keep(vec![tag(1, 4, 1), tag(2, 2, 1)]);
    other.execute_batch("ROLLBACK").unwrap();
    assert_eq!(told.recv_timeout(LONG).unwrap(), None);
    assert!(writer.finish(LONG));
    assert_eq!(recalled(dir.path()), sorted([tag(1, 4, 1), tag(2, 2, 1)]));
}

#[test]
fn an_end_that_cannot_be_written_comes_all_the_same() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let other = Connection::open(dir.path().join("history.sqlite")).unwrap();
    other.execute_batch("BEGIN EXCLUSIVE").unwrap();
    let (writer, told) = start(store);
    writer.keep(vec![tag(1, 2, 0)]);
    assert!(!writer.finish(LONG), "it says that it did not write all of it");
    assert!(told.recv_timeout(LONG).unwrap().is_some());
}

#[test]
fn an_answer_is_found_by_the_next_process_and_forgotten_when_told() {
    let dir = tempfile::tempdir().unwrap();
    let answer = |letter: char| Answer {
        etag: Some(format!("W/\"{letter}\"")),
        last_modified: None,
        headers: vec![("link".to_owned(), "<https://api.github.com/x>; rel=\"next\"".to_owned())],
        body: vec![0, 255, u8::try_from(letter).unwrap()],
    };
    let (writer, _) = start(open(dir.path()));
    let archive = writer.archive().unwrap();
    let secret = archive.secret();
    assert_ne!(secret, [0; 32]);
    archive.save([1; 32], answer('a'));
    archive.save([2; 32], answer('b'));
    archive.save([1; 32], answer('c'));
    archive.save([3; 32], answer('d'));
    archive.forget([3; 32]);
    assert!(writer.finish(LONG));
    archive.save([4; 32], answer('e'));

    let (writer, _) = start(open(dir.path()));
    let archive = writer.archive().unwrap();
    assert_eq!(archive.secret(), secret);
    let loaded = std::thread::scope(|scope| {
        let load = |number: u8| {
            let archive = archive.clone();
            scope.spawn(move || archive.load(&[number; 32]))
        };
        (1..=4).map(load).map(|thread| thread.join().unwrap()).collect::<Vec<_>>()
    });
    assert_eq!(loaded, [Some(answer('c')), Some(answer('b')), None, None]);
    archive.forget([2; 32]);
    assert!(writer.finish(LONG));
    let (writer, _) = start(open(dir.path()));
    assert_eq!(writer.archive().unwrap().load(&[2; 32]), None);
}

#[test]
fn answers_for_which_there_is_no_room_are_not_kept_in_memory() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let other = Connection::open(dir.path().join("history.sqlite")).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let (writer, _) = start(store);
    let archive = writer.archive().unwrap();
    let large = || Answer { etag: None, last_modified: None, headers: Vec::new(), body: vec![7; 3 << 20] };
    (0..20_u8).for_each(|number| archive.save([number; 32], large()));
    other.execute_batch("ROLLBACK").unwrap();
    assert!(writer.finish(LONG));
    let found = (0..20_u8).filter(|number| archive.load(&[*number; 32]).is_some()).count();
    assert!((1..8).contains(&found), "{found} answers of 3 MiB were kept");
}

#[test]
fn an_overdue_sweep_is_done_while_nothing_is_written() {
    let dir = tempfile::tempdir().unwrap();
    let old = Fact::Landed(landed(1, 3, 0));
    open(dir.path()).keep(&[old], at(0)).unwrap();
    let later = at(100 * 24 * 60);
    let store = Store::open(dir.path(), later, Retention::default()).unwrap();
    let writer = Writer::start(store, SignedDuration::from_hours(1), move || later, |_| {}).unwrap();
    writer.keep(vec![Fact::Readable(image(1), later)]);
    let swept = || {
        let file = Connection::open(dir.path().join("history.sqlite")).unwrap();
        let noted = "SELECT count(*) FROM note WHERE name IN ('swept', 'verified')";
        file.query_row(noted, [], |row| row.get::<_, i64>(0)).unwrap() == 2
    };
    while !swept() {
        std::thread::yield_now();
    }
    assert!(writer.finish(LONG));
    assert_eq!(recalled(dir.path()), sorted([Fact::Readable(image(1), later)]));
}

#[test]
fn processes_that_end_at_once_forget_what_is_too_old_as_well() {
    let dir = tempfile::tempdir().unwrap();
    let old: Vec<Fact> = (0..300).map(|number| Fact::Landed(landed(number, 3, 0))).collect();
    open(dir.path()).keep(&[old, vec![tag(1, 2, 0), jobs(1, 3, 0)]].concat(), at(0)).unwrap();
    let later = at(100 * 24 * 60);
    // Each is a check that keeps what it saw, and is over: much is left for the next, but not all of it for ever.
    for _ in 0..10 {
        let store = Store::open(dir.path(), later, Retention::default()).unwrap();
        let writer = Writer::start(store, SignedDuration::from_hours(24), move || later, |_| {}).unwrap();
        writer.keep(vec![Fact::Readable(image(1), later)]);
        assert!(writer.finish(LONG));
    }
    assert_eq!(recalled(dir.path()), sorted([Fact::Readable(image(1), later)]));
}
