//! What is forgotten, and in which order.

use std::fs;
use std::path::Path;

use jiff::{SignedDuration, Timestamp};
use landfall::domain::{Fact, JobId, PushLog, Text};
use landfall::store::{Retention, Store};
use rusqlite::Connection;

use crate::world::{
    at, blob, config, image, jobs, judged, landed, log, manifest, open, run_key, runs, service, tag, tag_ref,
};

const DAY: i64 = 24 * 60;

fn sweep(store: &mut Store, now: Timestamp) -> usize {
    let mut steps = 1;
    while store.sweep(now).unwrap() {
        steps += 1;
        assert!(steps < 10_000, "a sweep comes to its end");
    }
    steps
}

/// One fact of each kind.
fn facts(minutes: i64) -> Vec<Fact> {
    vec![
        runs(1, 1, 3, minutes),
        jobs(1, 2, minutes),
        log(1, 3),
        tag(1, 2, minutes),
        manifest(1, 3),
        config(1, 4),
        blob(1, 2),
        Fact::Readable(image(1), at(minutes)),
        Fact::Landed(landed(1, 3, minutes)),
        Fact::Judged(judged(1, "landed", minutes)),
    ]
}

fn rows(dir: &Path, table: &str) -> i64 {
    let file = Connection::open(dir.join("history.sqlite")).unwrap();
    file.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0)).unwrap()
}

#[test]
fn what_was_not_seen_for_ninety_days_is_forgotten() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = open(dir.path());
    store.keep(&facts(0), at(0)).unwrap();
    assert!(store.is_unswept(at(0), SignedDuration::from_hours(1)).unwrap());
    sweep(&mut store, at(13 * DAY));
    assert_eq!(store.recall(usize::MAX).unwrap().len(), facts(0).len());
    sweep(&mut store, at(89 * DAY));
    for table in ["listing", "jobs", "log", "tag", "content", "landed", "judged", "verdict"] {
        assert!(rows(dir.path(), table) > 0, "{table}");
    }
    assert!(!store.is_unswept(at(89 * DAY + 59), SignedDuration::from_hours(1)).unwrap());
    assert!(store.is_unswept(at(89 * DAY + 60), SignedDuration::from_hours(1)).unwrap());
    sweep(&mut store, at(91 * DAY));
    // When a repository could be read costs nothing and lies about nothing.
    assert_eq!(store.recall(usize::MAX).unwrap(), [Fact::Readable(image(1), at(0))]);
    for table in ["listing", "listing_seen", "jobs", "log", "tag", "tag_seen", "content", "landed", "judged", "verdict"]
    {
        assert_eq!(rows(dir.path(), table), 0, "{table}");
    }
}

#[test]
fn what_is_seen_again_stays() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = open(dir.path());
    store.keep(&facts(0), at(0)).unwrap();
    let seen_again: Vec<Fact> = facts(80 * DAY).into_iter().filter(|fact| !matches!(fact, Fact::Judged(_))).collect();
    store.keep(&seen_again, at(80 * DAY)).unwrap();
    sweep(&mut store, at(95 * DAY));
    // The verdict is old and holds: its run is still listed. What was of no use for two weeks is on the shelf.
    let left = store.recall(usize::MAX).unwrap();
    assert!(left.iter().any(|fact| matches!(fact, Fact::Judged(_))), "{left:?}");
    assert_eq!(left.len(), 4, "{left:?}");
    store.keep(&seen_again, at(95 * DAY)).unwrap();
    assert_eq!(store.recall(usize::MAX).unwrap().len(), facts(0).len());
}

#[test]
fn only_what_hangs_on_the_newest_runs_is_read_back() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = open(dir.path());
    let facts: Vec<Fact> = (0..30)
        .flat_map(|id| {
            let (row, mut verdict) = (landed(id, 3, 0), judged(id, "landed", 0));
            verdict.service = service(1);
            [Fact::Landed(row), Fact::Judged(verdict)]
        })
        .collect();
    store.keep(&facts, at(0)).unwrap();
    let runs_of = |facts: &[Fact]| {
        let (mut landed, mut judged) = (Vec::new(), Vec::new());
        for fact in facts {
            match fact {
                Fact::Landed(known) => landed.push(known.run.id),
                Fact::Judged(known) => judged.push(known.run.id),
                other => panic!("{other:?} was never kept"),
            }
        }
        landed.sort_unstable();
        judged.sort_unstable();
        (landed, judged)
    };
    // There are three places, and so three repositories of images, with ten runs each.
    let newest: Vec<u64> = (18..30).collect();
    assert_eq!(runs_of(&store.recall(4).unwrap()), (newest.clone(), newest));
    assert_eq!(store.recall(10).unwrap().len(), facts.len());
}

#[test]
fn a_tag_whose_place_is_forgotten_keeps_its_name_for_what_landed() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = open(dir.path());
    let landed = Fact::Landed(landed(1, 3, 80 * DAY));
    store.keep(&[tag(1, 2, 0), landed.clone()], at(0)).unwrap();
    sweep(&mut store, at(95 * DAY));
    assert_eq!(store.recall(usize::MAX).unwrap(), std::slice::from_ref(&landed));
    store.keep(&[tag(1, 2, 96 * DAY)], at(96 * DAY)).unwrap();
    assert_eq!(store.recall(usize::MAX).unwrap(), [tag(1, 2, 96 * DAY), landed]);
}

fn long_log(id: u64) -> Fact {
    let refusals = (0..40).map(|line| Text::new(&format!("denied {id} {line} {}", "x".repeat(400)))).collect();
    Fact::PushLog(run_key(id), JobId(id), PushLog { refusals, available: true, ..PushLog::default() })
}

#[test]
fn over_its_size_the_oldest_goes_first_and_what_landed_last() {
    let dir = tempfile::tempdir().unwrap();
    let retention = Retention { days: 90, megabytes: 1 };
    let mut store = Store::open(dir.path(), at(0), retention).unwrap();
    for day in 0..80 {
        let first = u64::try_from(day).unwrap() * 10;
        let logs: Vec<Fact> = (first..first + 10).map(long_log).collect();
        store.keep(&logs, at(day * DAY)).unwrap();
    }
    let lasting: Vec<Fact> = (0..300).map(|number| Fact::Landed(landed(number, 1, 0))).collect();
    store.keep(&lasting, at(80 * DAY)).unwrap();
    sweep(&mut store, at(80 * DAY));
    let left = store.recall(usize::MAX).unwrap();
    let logs: Vec<u64> = left
        .iter()
        .filter_map(|fact| match fact {
            Fact::PushLog(run, ..) => Some(run.id),
            _ => None,
        })
        .collect();
    assert!(!logs.is_empty() && logs.len() < 80, "{} logs are left of 800", logs.len());
    assert!(logs.iter().all(|id| *id >= 700), "the newest are left: {logs:?}");
    assert_eq!(left.len() - logs.len(), lasting.len());
    drop(store);
    let size = fs::metadata(dir.path().join("history.sqlite")).unwrap().len();
    assert!(size < 3 << 20, "what is free is given back: {size} bytes");
}

#[test]
fn what_landed_goes_too_where_nothing_else_is_left_to_go() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = Store::open(dir.path(), at(0), Retention { days: 90, megabytes: 1 }).unwrap();
    for day in 0..80 {
        let first = u64::try_from(day).unwrap() * 200;
        let facts: Vec<Fact> = (first..first + 200).map(|number| Fact::Landed(landed(number, 3, day * DAY))).collect();
        store.keep(&facts, at(day * DAY)).unwrap();
    }
    sweep(&mut store, at(80 * DAY));
    let days: Vec<Timestamp> = store
        .recall(usize::MAX)
        .unwrap()
        .into_iter()
        .filter_map(|fact| match fact {
            Fact::Landed(landed) => Some(landed.last_seen),
            _ => None,
        })
        .collect();
    assert!(!days.is_empty() && days.iter().all(|day| *day >= at(35 * DAY)), "{} rows", days.len());
}

#[test]
fn answers_go_when_they_were_of_no_use_for_two_weeks() {
    let dir = tempfile::tempdir().unwrap();
    let answer = || landfall::store::Answer {
        etag: Some("x".to_owned()),
        last_modified: None,
        headers: Vec::new(),
        body: vec![1; 100],
    };
    let session = |day: i64, work: &dyn Fn(&landfall::store::Archive)| {
        let store = Store::open(dir.path(), at(day * DAY), Retention::default()).unwrap();
        let clock = move || at(day * DAY);
        let writer = landfall::store::Writer::start(store, SignedDuration::MAX, clock, |_| {}).unwrap();
        work(&writer.archive().unwrap());
        assert!(writer.finish(std::time::Duration::from_mins(1)));
    };
    session(0, &|archive| (0..50_u8).for_each(|number| archive.save([number; 32], answer())));
    session(10, &|archive| assert!((0..5_u8).all(|number| archive.load(&[number; 32]).is_some())));
    let mut store = Store::open(dir.path(), at(15 * DAY), Retention::default()).unwrap();
    sweep(&mut store, at(15 * DAY));
    assert_eq!((rows(dir.path(), "answer"), rows(dir.path(), "answer_used")), (5, 5));
}

#[test]
fn a_file_of_the_first_version_learns_to_give_pages_back() {
    let dir = tempfile::tempdir().unwrap();
    let old = Connection::open(dir.path().join("history.sqlite")).unwrap();
    old.execute_batch(include_str!("../fixtures/store/version-1.sql")).unwrap();
    drop(old);
    let mut store = open(dir.path());
    let mode = || {
        let file = Connection::open(dir.path().join("history.sqlite")).unwrap();
        file.query_row("PRAGMA auto_vacuum", [], |row| row.get::<_, i64>(0)).unwrap()
    };
    assert_eq!(mode(), 0);
    let before = store.recall(usize::MAX).unwrap();
    assert_eq!(before.len(), 3);
    sweep(&mut store, at(60));
    assert_eq!(mode(), 2);
    assert_eq!(store.recall(usize::MAX).unwrap(), before);
    drop(store);
    let fresh = tempfile::tempdir().unwrap();
    drop(open(fresh.path()));
    let file = Connection::open(fresh.path().join("history.sqlite")).unwrap();
    assert_eq!(file.query_row("PRAGMA auto_vacuum", [], |row| row.get::<_, i64>(0)).unwrap(), 2);
}

#[test]
fn the_history_of_a_verdict_is_kept_as_long_as_all_else() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = open(dir.path());
    for (verdict, day) in [("pending", 0), ("missing", 1), ("landed", 30)] {
        store.keep(&[Fact::Judged(judged(1, verdict, day * DAY)), tag(1, 2, day * DAY)], at(day * DAY)).unwrap();
    }
    sweep(&mut store, at(100 * DAY));
    let history = store.history(&service(1), &run_key(1), &tag_ref(1)).unwrap();
    assert_eq!(history, [judged(1, "landed", 30 * DAY)]);
}
