//! Files that were damaged in every way: nobody panics, nothing comes back that was not kept, and the two
//! newest damaged files stay.

use std::collections::HashSet;
use std::fs;
use std::path::Path;

use landfall::domain::Fact;
use landfall::store::{Retention, Store, inspect};

use crate::world::trust::{reports, retried, tries};
use crate::world::{arrived, at, blob, config, ended, image, jobs, judged, landed, log, manifest, open, runs, tag};

const FILE: &str = "history.sqlite";
const LOG: &str = "history.sqlite-wal";

fn facts() -> Vec<Fact> {
    let mut facts = Vec::new();
    for number in 0..40_u8 {
        let many = u64::from(number);
        facts.extend([
            runs(many, many, number, 1),
            jobs(many, number, 1),
            log(many, number),
            tag(many, number, 1),
            manifest(number, number),
            config(number, number),
            blob(number, number),
            Fact::Readable(image(many), at(1)),
            Fact::Landed(landed(many, number, 1)),
            Fact::Judged(judged(many, "landed", 1)),
            ended(many, number, 1),
            tries(many, number, 1),
            reports(many, number, 1),
            retried(many, number),
            arrived(many, number, 1),
        ]);
    }
    facts
}

/// A history as a process leaves it that was killed: the file, and the log of what is not in it yet.
fn left_behind() -> (Vec<u8>, Vec<u8>) {
    let dir = tempfile::tempdir().unwrap();
    let (first, second): (Vec<_>, Vec<_>) = facts().into_iter().enumerate().partition(|(place, _)| place % 4 != 0);
    let only = |facts: Vec<(usize, Fact)>| facts.into_iter().map(|(_, fact)| fact).collect::<Vec<_>>();
    open(dir.path()).keep(&only(first), at(1)).unwrap();
    let mut store = open(dir.path());
    store.keep(&only(second), at(1)).unwrap();
    let read = |name: &str| fs::read(dir.path().join(name)).unwrap();
    (read(FILE), read(LOG))
}

fn everything(store: &mut Store, what: &str) -> Vec<Fact> {
    // As the dashboard reads it.
    let (mut of_runs, mut facts) = (Vec::new(), Vec::new());
    let read = store.recall_beside(usize::MAX, &mut |fact| of_runs.push(fact), &mut |fact| facts.push(fact));
    read.unwrap_or_else(|error| panic!("{what}: {error}"));
    facts.extend(of_runs);
    facts.extend(store.remembered(usize::MAX).unwrap_or_else(|error| panic!("{what}: {error}")));
    facts
}

/// Opens a damaged history, and returns what came back and whether the file was set aside.
fn survives(dir: &Path, kept: &HashSet<String>, what: &str) -> (usize, bool) {
    // A version, or rights, that nobody gave it: the dashboard goes on without.
    let Ok(mut store) = Store::open(dir, at(2), Retention::default()) else { return (0, false) };
    let recalled = everything(&mut store, what);
    for fact in &recalled {
        assert!(kept.contains(&format!("{fact:?}")), "{what}: {fact:?} was never kept");
    }
    let fresh = [Fact::Readable(image(99), at(2)), tag(1, 1, 3), Fact::Landed(landed(1, 1, 3))];
    store.keep(&fresh, at(2)).unwrap_or_else(|error| panic!("{what}: {error}"));
    let after = everything(&mut store, what);
    let fresh: HashSet<String> = fresh.iter().map(|fact| format!("{fact:?}")).collect();
    let known: HashSet<String> = after.iter().map(|fact| format!("{fact:?}")).collect();
    assert!(fresh.is_subset(&known), "{what}: what is kept afterwards comes back");
    for fact in known.difference(&fresh) {
        assert!(kept.contains(fact), "{what}: {fact} was never kept");
    }
    let aside =
        fs::read_dir(dir).unwrap().any(|entry| entry.unwrap().file_name().to_str().unwrap().contains("corrupt"));
    assert_eq!(aside, store.warning().is_some(), "{what}");
    (recalled.len(), aside)
}

fn kept() -> HashSet<String> {
    facts().iter().map(|fact| format!("{fact:?}")).collect()
}

fn lay(dir: &Path, file: &[u8], log: Option<&[u8]>) {
    fs::write(dir.join(FILE), file).unwrap();
    if let Some(log) = log {
        fs::write(dir.join(LOG), log).unwrap();
    }
}

#[test]
fn a_file_with_flipped_bits_gives_back_what_was_kept_or_nothing() {
    let (file, log) = left_behind();
    let (kept, mut random) = (kept(), fastrand::Rng::with_seed(7));
    let (mut whole, mut set_aside) = (0, 0);
    for round in 0..120 {
        let (mut file, mut log) = (file.clone(), log.clone());
        let hurt = if round % 4 == 3 { &mut log } else { &mut file };
        for _ in 0..random.usize(1..30) {
            // Damage comes as single bits, or as a stretch of nonsense.
            let place = random.usize(0..hurt.len());
            let length = if random.bool() { 1 } else { random.usize(1..600) };
            let end = hurt.len().min(place + length);
            hurt[place..end].iter_mut().for_each(|byte| *byte ^= 1 << random.u8(0..8));
        }
        let dir = tempfile::tempdir().unwrap();
        lay(dir.path(), &file, Some(&log));
        let (came_back, aside) = survives(dir.path(), &kept, &format!("round {round}"));
        whole += usize::from(came_back > 0);
        set_aside += usize::from(aside);
    }
    assert!(whole > 30, "something came back from {whole} of 120 files");
    assert!(set_aside > 10, "{set_aside} of 120 files were set aside");
}

#[test]
fn single_flipped_bits_in_the_rows_hide_those_rows_alone() {
    let (file, _) = left_behind();
    let (kept, mut random) = (kept(), fastrand::Rng::with_seed(11));
    let dir = tempfile::tempdir().unwrap();
    lay(dir.path(), &file, None);
    let (whole, _) = survives(dir.path(), &kept, "unhurt");
    let mut least = usize::MAX;
    for round in 0..80 {
        let mut file = file.clone();
        // The texts of facts stand at the ends of pages.
        let page = random.usize(1..file.len() / 4096);
        file[page * 4096 + random.usize(3_000..4_096)] ^= 1 << random.u8(0..8);
        let dir = tempfile::tempdir().unwrap();
        lay(dir.path(), &file, None);
        let (came_back, aside) = survives(dir.path(), &kept, &format!("round {round}"));
        if !aside {
            least = least.min(came_back);
        }
    }
    assert!(least < whole, "one row is missing somewhere");
}

#[test]
fn a_file_that_was_cut_short_is_survived() {
    let (file, log) = left_behind();
    let (kept, mut random) = (kept(), fastrand::Rng::with_seed(13));
    let mut set_aside = 0;
    for round in 0..40 {
        let dir = tempfile::tempdir().unwrap();
        let length = random.usize(0..file.len());
        lay(dir.path(), &file[..length], (round % 2 == 0).then_some(&log));
        let (_, aside) = survives(dir.path(), &kept, &format!("{length} bytes"));
        set_aside += usize::from(aside);
    }
    assert!(set_aside > 10, "{set_aside} of 40 files were set aside");
}

#[test]
fn a_log_of_nonsense_is_survived() {
    let (file, log) = left_behind();
    let (kept, mut random) = (kept(), fastrand::Rng::with_seed(17));
    for round in 0..40 {
        let dir = tempfile::tempdir().unwrap();
        let mut nonsense = vec![0; random.usize(0..20_000)];
        random.fill(&mut nonsense);
        // Half of them begin as a log does.
        let head = if round % 2 == 0 { &log[..32] } else { &[] };
        lay(dir.path(), &file, Some(&[head, &nonsense].concat()));
        let (came_back, aside) = survives(dir.path(), &kept, &format!("round {round}"));
        assert!(came_back > 200 && !aside, "the file itself is whole");
    }
}

#[test]
fn what_can_be_read_of_a_damaged_file_goes_on_in_the_new_one() {
    let dir = tempfile::tempdir().unwrap();
    let mut file = left_behind().0;
    // The listings lie in pages of their own: a stretch of zeroes there hurts them alone.
    let of_several_runs = |bytes: &[u8]| {
        let ids = bytes.strip_prefix(b"\"i\":[").and_then(|ids| ids.split(|byte| *byte == b']').next());
        ids.is_some_and(|ids| ids.len() < 12 && ids.contains(&b','))
    };
    let place = file.windows(20).position(of_several_runs).unwrap();
    let page = place / 4096 * 4096;
    file[page..page + 4096].fill(0);
    lay(dir.path(), &file, None);
    let mut store = open(dir.path());
    let saved = store.recall(usize::MAX).unwrap();
    assert!(saved.len() > 100, "{} facts", saved.len());
    let aside = dir.path().join("history.sqlite.corrupt-20260304T050000Z");
    assert_eq!(fs::read(&aside).unwrap().len(), file.len(), "{:?}", store.warning());
    drop(store);
    let mut store = open(dir.path());
    assert_eq!(store.warning(), None);
    let sorted = |facts: Vec<Fact>| {
        let mut facts: Vec<String> = facts.iter().map(|fact| format!("{fact:?}")).collect();
        facts.sort();
        facts
    };
    assert_eq!(sorted(store.recall(usize::MAX).unwrap()), sorted(saved));
}

#[test]
fn two_files_that_were_set_aside_in_the_same_second_are_both_there() {
    let dir = tempfile::tempdir().unwrap();
    for word in ["one", "two"] {
        fs::write(dir.path().join(FILE), word.repeat(2_000)).unwrap();
        assert!(open(dir.path()).warning().is_some());
    }
    let first = fs::read_to_string(dir.path().join("history.sqlite.corrupt-20260304T050000Z")).unwrap();
    let second = fs::read_to_string(dir.path().join("history.sqlite.corrupt-20260304T050000Z-2")).unwrap();
    assert!(first.starts_with("one") && second.starts_with("two"));
}

#[test]
fn of_files_that_were_set_aside_the_two_newest_stay_with_what_belongs_to_them() {
    let dir = tempfile::tempdir().unwrap();
    let stranger = dir.path().join("history.sqlite.corrupt-by-hand");
    fs::write(&stranger, "somebody else's").unwrap();
    for minute in 1..=4 {
        fs::write(dir.path().join(FILE), "damaged ".repeat(500)).unwrap();
        let store = Store::open(dir.path(), at(minute), Retention::default()).unwrap();
        assert!(store.warning().is_some());
        // What a file has that was damaged while it was in use.
        fs::write(dir.path().join(format!("{LOG}.corrupt-20260304T050{minute}00Z")), "its log").unwrap();
    }
    let mut names: Vec<String> = fs::read_dir(dir.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.contains("corrupt"))
        .collect();
    names.sort();
    let kept = [
        "history.sqlite-wal.corrupt-20260304T050300Z",
        "history.sqlite-wal.corrupt-20260304T050400Z",
        "history.sqlite.corrupt-20260304T050300Z",
        "history.sqlite.corrupt-20260304T050400Z",
        "history.sqlite.corrupt-by-hand",
    ];
    assert_eq!(names, kept);
    let set_aside = inspect(dir.path()).set_aside;
    let told: Vec<_> = set_aside.iter().map(|aside| aside.path.file_name().unwrap().to_str().unwrap()).collect();
    assert_eq!(told, [kept[3], kept[2]], "the newest first");
}
