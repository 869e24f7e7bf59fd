//! What is read once of runs that are over comes back as it was, for as many runs as anybody looks at.

use std::collections::BTreeSet;
use std::sync::Arc;

use landfall::domain::{Batch, Conclusion, Ended, Fact, Observation, Run, RunKey, RunState, Seen, Snapshot};
use landfall::store::Store;
use proptest::prelude::*;

use crate::world::trust::{end, reports, retried, tries};
use crate::world::{arrived, at, deployed, ended, open, run, run_key, service};

/// Any fact about a small past, in which variant, of which end.
fn fact() -> impl Strategy<Value = Fact> {
    (0..6_u8, 0..4_u64, any::<u8>(), 0..9_i64).prop_map(|(kind, number, variant, minutes)| match kind {
        0 => ended(number, variant, minutes),
        1 => tries(number, variant, minutes),
        2 => reports(number, variant, minutes),
        3 => retried(number, variant),
        4 => deployed(number, variant, minutes),
        _ => arrived(number, variant, minutes),
    })
}

/// What a fact is about, and how new it is: nothing for what counts as it was noted last, or first.
fn about(fact: &Fact) -> (String, Option<i64>) {
    let minute = |ended: &Ended| ended.at.map(jiff::Timestamp::as_second);
    match fact {
        Fact::Ended(run) => (format!("ended {:?}", run.key), run.finished_at.map(|at| at.at().as_second())),
        Fact::Tries(ended, _) => (format!("tries {:?}", ended.run), minute(ended)),
        Fact::Reports(ended, _) => (format!("reports {:?}", ended.run), minute(ended)),
        Fact::Retried(run, job, _) => (format!("retried {run:?} {job:?}"), None),
        Fact::Arrived(service, run, _) => (format!("arrived {service} {run:?}"), None),
        Fact::Deployed(service, _, at) => (format!("deployed {service}"), Some(at.as_second())),
        other => panic!("{other:?} is no past"),
    }
}

/// What is known after all of it.
fn left(facts: &[Fact]) -> Vec<Fact> {
    let mut left: Vec<Fact> = Vec::new();
    for fact in facts {
        let (what, age) = about(fact);
        match left.iter_mut().find(|known| about(known).0 == what) {
            None => left.push(fact.clone()),
            Some(_) if matches!(fact, Fact::Arrived(..)) => {}
            Some(known) if about(known).1 > age => {}
            Some(known) => *known = fact.clone(),
        }
    }
    left
}

fn sorted(facts: &[Fact]) -> Vec<String> {
    let mut written: Vec<String> = facts.iter().map(|fact| format!("{fact:?}")).collect();
    written.sort_unstable();
    written
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn a_past_comes_back_as_it_was_last(facts in prop::collection::vec(fact(), 0..40), cut in 1..12_usize) {
        let dir = tempfile::tempdir().unwrap();
        for some in facts.chunks(cut) {
            open(dir.path()).keep(some, at(60)).unwrap();
        }
        let known = open(dir.path()).remembered(usize::MAX).unwrap();
        prop_assert_eq!(sorted(&known), sorted(&left(&facts)));
        prop_assert!(open(dir.path()).recall(usize::MAX).unwrap().is_empty(), "no start waits for a past");
    }
}

#[test]
fn how_a_run_ended_comes_back_before_what_was_read_of_it() {
    let dir = tempfile::tempdir().unwrap();
    let facts: Vec<Fact> = (0..9).flat_map(|id| [reports(id, 3, 1), tries(id, 3, 1), ended(id, 3, 1)]).collect();
    open(dir.path()).keep(&facts, at(1)).unwrap();
    let mut ended = BTreeSet::new();
    for fact in open(dir.path()).remembered(usize::MAX).unwrap() {
        match fact {
            Fact::Ended(run) => {
                ended.insert(run.key.clone());
            }
            Fact::Tries(of, _) | Fact::Reports(of, _) => assert!(ended.contains(&of.run), "{of:?}"),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(ended.len(), 9);
}

#[test]
fn what_was_read_after_a_later_attempt_takes_the_place_of_what_was_read_before() {
    let dir = tempfile::tempdir().unwrap();
    let of = |attempt| Ended { run: RunKey { attempt, ..run_key(1) }, at: None };
    let Fact::Tries(_, jobs) = tries(1, 3, 1) else { panic!("tries") };
    for attempt in [1, 2, 3] {
        open(dir.path()).keep(&[Fact::Tries(of(attempt), jobs.clone())], at(1)).unwrap();
    }
    assert_eq!(open(dir.path()).remembered(9).unwrap(), [Fact::Tries(of(3), jobs)]);
}

fn runs_of(store: &mut Store, runs: usize) -> Vec<u64> {
    let facts = store.remembered(runs).unwrap();
    let ids: BTreeSet<u64> =
        facts.iter().filter_map(|fact| if let Fact::Ended(run) = fact { Some(run.key.id) } else { None }).collect();
    ids.into_iter().collect()
}

/// A run of the one repository.
fn of_one_repository(id: u64) -> Fact {
    let key = RunKey { id, ..run_key(0) };
    Fact::Ended(Arc::new(Run { key, finished_at: Some(at(1).into()), ..run(id, 2) }))
}

#[test]
fn only_the_newest_runs_of_each_repository_come_back() {
    let dir = tempfile::tempdir().unwrap();
    let facts: Vec<Fact> = (0..30).map(of_one_repository).collect();
    open(dir.path()).keep(&facts, at(1)).unwrap();
    open(dir.path()).keep(&[ended(1, 2, 1), tries(1, 2, 1)], at(1)).unwrap();
    assert_eq!(
        runs_of(&mut open(dir.path()), 3),
        [1, 27, 28, 29],
        "the newest three, and the one of another repository"
    );
}

#[test]
fn more_runs_than_anybody_looks_at_are_not_kept() {
    let dir = tempfile::tempdir().unwrap();
    let facts: Vec<Fact> = (0..500).map(of_one_repository).collect();
    open(dir.path()).keep(&facts, at(1)).unwrap();
    let left = runs_of(&mut open(dir.path()), usize::MAX);
    assert_eq!((left.len(), left.first()), (400, Some(&100)));
}

#[test]
fn a_past_that_is_too_old_is_forgotten() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = open(dir.path());
    let day = 24 * 60;
    store.keep(&[ended(1, 3, 0), tries(1, 3, 0), arrived(1, 3, 0)], at(0)).unwrap();
    store.keep(&[ended(2, 3, 80 * day), arrived(2, 3, 80 * day)], at(80 * day)).unwrap();
    while store.sweep(at(95 * day)).unwrap() {}
    assert_eq!(sorted(&store.remembered(9).unwrap()), sorted(&[ended(2, 3, 80 * day), arrived(2, 3, 80 * day)]));
}

#[test]
fn the_end_that_was_read_is_part_of_what_comes_back() {
    let dir = tempfile::tempdir().unwrap();
    open(dir.path()).keep(&[tries(1, 3, 7), tries(1, 4, 5)], at(9)).unwrap();
    let known = open(dir.path()).remembered(9).unwrap();
    assert!(matches!(known.as_slice(), [Fact::Tries(of, _)] if *of == end(1, 7)), "{known:?}");
}

#[test]
fn only_the_ends_that_earlier_processes_did_not_keep_are_kept_of_their_lists() {
    let over = |id| Arc::new(Run { state: RunState::Finished(Conclusion::Success), ..run(id, 9) });
    let mut snapshot = Snapshot::default();
    let batch = Batch { items: vec![over(7), over(4), over(1)], skipped: 0, complete: true };
    snapshot.recall(Fact::Runs { service: service(1), batch, seen_at: at(1) });
    snapshot.recall(Fact::Ended(over(4)));
    // It went on after its end was kept.
    snapshot.recall(Fact::Ended(Arc::new(Run { finished_at: Some(at(-9).into()), ..run(1, 9) })));
    assert_eq!(snapshot.unkept(), [], "more may come");
    snapshot.absorb(Observation::own(at(2), Seen::Recalled));
    assert_eq!(snapshot.unkept(), [Fact::Ended(over(7)), Fact::Ended(over(1))]);
    snapshot.absorb(Observation::own(at(3), Seen::Recalled));
    assert_eq!(snapshot.unkept(), []);
}
