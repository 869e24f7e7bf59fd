//! The history under several processes, and under processes that are killed while they write: this test starts itself.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, clippy::print_stdout, reason = "tests")]

#[expect(dead_code, reason = "other tests need more of it")]
#[path = "store/world.rs"]
mod world;

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use jiff::SignedDuration;
use landfall::domain::{Fact, Look};
use landfall::store::Store;

use world::trust::{reports, tries};
use world::{at, ended, image, jobs, judged, landed, open, run_key, runs, tag};

/// Says to this very binary what to do, and in which folder.
const ROLE: &str = "LANDFALL_TEST_ROLE";
const DIR: &str = "LANDFALL_TEST_DIR";

/// How often a process is killed in each of the four tests.
const KILLS: usize = 80;

fn start(test: &str, role: &str, dir: &Path) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture", "--test-threads=1"])
        .env(ROLE, role)
        .env(DIR, dir)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .spawn()
        .unwrap()
}

/// What one transaction writes: several tables, some long bodies, all of the same turn.
fn transaction(turn: i64) -> Vec<Fact> {
    let number = u64::try_from(turn).unwrap();
    let mut facts = vec![Fact::Judged(judged(1, &format!("verdict-{turn}"), turn))];
    for place in 0..4 {
        facts.push(runs(place, number, 3, turn));
        facts.push(jobs(place, 5, turn));
        facts.push(tag(place, 2, turn));
        facts.push(Fact::Landed(landed(place, 3, turn)));
        facts.push(Fact::Readable(image(place), at(turn)));
        facts.push(ended(place, 3, turn));
        facts.push(tries(place, 5, turn));
        facts.push(reports(place, 5, turn));
    }
    facts
}

/// Returns the turn that every fact in the file is of, or nothing where there are none.
fn turn(store: &mut Store, what: &str) -> Option<i64> {
    let mut recalled = store.recall(usize::MAX).unwrap();
    recalled.extend(store.remembered(usize::MAX).unwrap());
    let moments = recalled.iter().map(|fact| match fact {
        Fact::Runs { seen_at, .. } | Fact::Jobs { seen_at, .. } => *seen_at,
        Fact::Tag(fact) => fact.seen_at,
        Fact::Readable(_, at) => *at,
        Fact::Landed(landed) => landed.last_seen,
        Fact::Judged(judged) => judged.since,
        Fact::Ended(run) => run.finished_at.unwrap().at(),
        Fact::Tries(ended, _) | Fact::Reports(ended, _) => ended.at.unwrap(),
        other => panic!("{what}: {other:?} was never kept"),
    });
    let turns: Vec<i64> = moments.map(|moment| moment.duration_since(at(0)).as_mins()).collect();
    let first = *turns.first()?;
    assert_eq!(turns.len(), transaction(first).len(), "{what}: a transaction is there as a whole");
    assert!(turns.iter().all(|turn| *turn == first), "{what}: {turns:?} are of several transactions");
    assert_eq!(store.warning(), None, "{what}");
    Some(first)
}

/// Writes one transaction after the other, and says which is committed, until it is killed.
fn write_until_killed(dir: &Path) {
    let mut store = open(dir);
    let mut turn = turn(&mut store, "a writer").map_or(0, |turn| turn + 1);
    loop {
        store.keep(&transaction(turn), at(turn)).unwrap();
        println!("committed {turn}");
        std::io::stdout().flush().unwrap();
        if turn % 5 == 0 {
            // Something that nobody waits for goes on in between.
            store.sweep(at(turn)).unwrap();
        }
        turn += 1;
    }
}

fn committed(line: &str) -> Option<i64> {
    line.strip_prefix("committed ")?.trim().parse().ok()
}

#[test]
fn a_writer_that_is_killed_loses_nothing_that_it_said_was_kept() {
    kill("a_writer_that_is_killed_loses_nothing_that_it_said_was_kept", 23);
}

#[test]
fn nor_does_one_that_is_killed_at_other_moments() {
    kill("nor_does_one_that_is_killed_at_other_moments", 29);
}

#[test]
fn nor_at_others_again() {
    kill("nor_at_others_again", 31);
}

#[test]
fn nor_at_whichever_moment() {
    kill("nor_at_whichever_moment", 37);
}

/// Kills this test's writers, one after the other, at random moments.
fn kill(name: &str, seed: u64) {
    if std::env::var_os(ROLE).is_some() {
        return write_until_killed(Path::new(&std::env::var_os(DIR).unwrap()));
    }
    let dir = tempfile::tempdir().unwrap();
    let mut random = fastrand::Rng::with_seed(seed);
    let mut last = -1;
    for round in 0..KILLS {
        let mut child = start(name, "write", dir.path());
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
        let (mut wanted, mut spins) = (random.usize(0..6), random.u32(0..400_000));
        while wanted > 0 {
            let line = lines.next().unwrap_or_else(|| panic!("round {round}: the writer ended by itself"));
            if let Some(turn) = committed(&line) {
                (last, wanted) = (turn, wanted - 1);
            }
        }
        while spins > 0 {
            spins -= std::hint::black_box(1);
        }
        child.kill().unwrap();
        child.wait().unwrap();
        // What it said before the end, and was not read yet.
        last = lines.filter_map(|line| committed(&line)).fold(last, i64::max);
        // Every now and then nobody opens the file in between.
        if random.u8(0..4) > 0 {
            let found = turn(&mut open(dir.path()), &format!("round {round}")).unwrap_or(-1);
            assert!(found >= last, "round {round}: {last} was said to be kept, and {found} is there");
        }
    }
    assert!(last > 100, "only {last} transactions were written");
}

fn write_some(dir: &Path, role: &str) {
    let writer: u64 = role.parse().unwrap();
    let mut store = open(dir);
    for minute in 0..60_i64 {
        let number = writer * 100 + u64::try_from(minute).unwrap();
        // Each writes what is its own, and what both see.
        let facts = [Fact::Landed(landed(number, 3, minute)), tag(1, 2, minute), runs(1, 7, 3, minute)];
        store.keep(&facts, at(minute)).unwrap();
        store.shelve(&[Look::Jobs(run_key(writer))]).unwrap();
        if minute % 20 == 0 && store.is_unswept(at(minute), SignedDuration::from_mins(10)).unwrap() {
            while store.sweep(at(minute)).unwrap() {}
        }
    }
}

#[test]
fn two_writers_and_a_reader_get_on_with_each_other() {
    let name = "two_writers_and_a_reader_get_on_with_each_other";
    if let Ok(role) = std::env::var(ROLE) {
        return write_some(Path::new(&std::env::var_os(DIR).unwrap()), &role);
    }
    let dir = tempfile::tempdir().unwrap();
    let mut writers = ["1", "2"].map(|role| start(name, role, dir.path()));
    let mut store = open(dir.path());
    let mut before = 0;
    loop {
        let ended = writers.iter_mut().all(|writer| writer.try_wait().unwrap().is_some());
        let facts = store.recall(usize::MAX).unwrap();
        assert!(facts.len() >= before, "{} facts, and {before} before", facts.len());
        before = facts.len();
        if ended {
            break;
        }
    }
    for writer in &mut writers {
        assert!(writer.wait().unwrap().success());
    }
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for fact in store.recall(usize::MAX).unwrap() {
        let kind = match fact {
            Fact::Landed(_) => "landed",
            Fact::Tag(fact) => {
                assert_eq!(fact.seen_at, at(59));
                "tag"
            }
            Fact::Runs { seen_at, .. } => {
                assert_eq!(seen_at, at(59));
                "runs"
            }
            other => panic!("{other:?} was never kept"),
        };
        *counts.entry(kind).or_default() += 1;
    }
    assert_eq!(counts, BTreeMap::from([("landed", 120), ("runs", 1), ("tag", 1)]));
    assert_eq!(store.warning(), None);
}
