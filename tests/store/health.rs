//! How sources are doing outlives the process, and costs nothing while it stays the same.

use landfall::domain::{Fact, Snapshot, SourceId, SourceKind};
use rusqlite::Connection;

use crate::world::{at, failing, open};

fn source(number: u8) -> SourceId {
    SourceId::parse(&format!("source-{number}")).unwrap()
}

fn well(number: u8, minutes: i64) -> Fact {
    Fact::Failing(source(number), SourceKind::Ci, at(minutes), None)
}

fn earlier(facts: Vec<Fact>, number: u8) -> Option<i64> {
    let mut snapshot = Snapshot::default();
    for fact in facts {
        snapshot.recall(fact);
    }
    let (failed, _) = snapshot.health().get(&source(number))?.earlier.clone()?;
    Some(failed.duration_since(at(0)).as_mins())
}

#[test]
fn what_was_wrong_with_a_source_comes_back_until_it_has_answered() {
    let dir = tempfile::tempdir().unwrap();
    open(dir.path()).keep(&[failing(1, 3, 10), failing(2, 0, 10)], at(10)).unwrap();
    let recalled = open(dir.path()).recall(usize::MAX).unwrap();
    assert_eq!(recalled, [failing(1, 3, 10), failing(2, 0, 10)]);
    assert_eq!(earlier(recalled, 1), Some(10));
    open(dir.path()).keep(&[well(1, 11)], at(11)).unwrap();
    let recalled = open(dir.path()).recall(usize::MAX).unwrap();
    assert_eq!((earlier(recalled.clone(), 1), earlier(recalled, 2)), (None, Some(10)));
}

#[test]
fn whoever_answered_since_is_well_whatever_comes_back_first() {
    let answered = |minutes| Fact::Answered(source(1), SourceKind::Ci, at(minutes));
    assert_eq!(earlier(vec![answered(11), failing(1, 3, 10)], 1), None);
    assert_eq!(earlier(vec![failing(1, 3, 10), answered(11)], 1), None);
    assert_eq!(earlier(vec![answered(9), failing(1, 3, 10)], 1), Some(10));
    assert_eq!(earlier(vec![failing(1, 3, 10), answered(9)], 1), Some(10));
}

#[test]
fn what_stays_the_same_is_not_written_and_a_source_that_was_never_wrong_has_no_row() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = open(dir.path());
    store.keep(&[failing(1, 3, 10), failing(2, 3, 10)], at(10)).unwrap();
    store.keep(&[well(2, 11)], at(11)).unwrap();
    let log_length = || std::fs::metadata(dir.path().join("history.sqlite-wal")).unwrap().len();
    let before = log_length();
    store.keep(&[failing(1, 3, 10), well(2, 20), well(3, 20)], at(20)).unwrap();
    assert_eq!(log_length(), before);
    assert_eq!(store.recall(usize::MAX).unwrap(), [failing(1, 3, 10), well(2, 11)]);
}

#[test]
fn what_another_version_tells_is_left_out() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = open(dir.path());
    store.keep(&[failing(1, 3, 10), failing(2, 3, 10)], at(10)).unwrap();
    let other = Connection::open(dir.path().join("history.sqlite")).unwrap();
    other.execute("UPDATE told SET what = 77 WHERE about = 'source-2'", []).unwrap();
    assert_eq!(store.recall(usize::MAX).unwrap(), [failing(1, 3, 10)]);
    assert_eq!(store.remembered(usize::MAX).unwrap(), []);
}
