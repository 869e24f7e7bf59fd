//! Whatever is kept comes back as it was, and the newest of each.

use std::collections::BTreeMap;
use std::sync::Arc;

use landfall::domain::{
    Batch, Fact, JobId, Landed, Look, Observation, RunKey, Seen, Snapshot, SourceId, SourceKind, TagFact,
};
use proptest::prelude::*;

use crate::world::{
    at, blob, config, digest, failing, image, jobs, judged, landed, log, manifest, open, run, run_key, runs, scanned,
    service, tag, tag_ref,
};

/// Any fact over a small world: what it is about, in which variant, when.
fn fact() -> impl Strategy<Value = Fact> {
    (0..13_u8, 0..3_u8, any::<u8>(), 0..60_i64).prop_map(|(kind, number, variant, minutes)| {
        let many = u64::from(number);
        match kind {
            0 => runs(many, u64::from(variant), variant, minutes),
            1 => jobs(many, variant, minutes),
            2 => log(many, variant),
            3 => tag(many, variant, minutes),
            4 => manifest(number, variant),
            5 => config(number, variant),
            6 => blob(number, variant),
            7 => Fact::Readable(image(many), at(minutes)),
            8 => Fact::Landed(landed(many, variant, minutes)),
            // Each moment has a verdict of its own: it is the newest moment that counts.
            9 => Fact::Judged(judged(many, &format!("verdict-{minutes}"), minutes)),
            10 => scanned(number, variant, minutes),
            11 => failing(number, variant, minutes),
            _ => Fact::Answered(
                SourceId::parse(&format!("source-{number}")).unwrap(),
                if minutes % 2 == 0 { SourceKind::Ci } else { SourceKind::Registry },
                at(minutes),
            ),
        }
    })
}

fn about(fact: &Fact) -> String {
    match fact {
        Fact::Runs { service, .. } => format!("runs {service}"),
        Fact::Jobs { run, .. } => format!("jobs {run:?}"),
        Fact::PushLog(run, job, _) => format!("log {run:?} {job:?}"),
        Fact::Tag(fact) => format!("tag {}", fact.tag_ref),
        Fact::Manifest(image, digest, _) => format!("manifest {image} {digest}"),
        Fact::Config(image, digest, _) => format!("config {image} {digest}"),
        Fact::Blob(image, digest, _) => format!("blob {image} {digest}"),
        Fact::Readable(image, _) => format!("readable {image}"),
        Fact::Landed(landed) => format!("landed {} {:?}", landed.tag_ref, landed.run),
        Fact::Judged(judged) => format!("judged {} {:?} {}", judged.service, judged.run, judged.tag_ref),
        Fact::Answered(source, ..) => format!("answered {source}"),
        Fact::Failing(source, ..) => format!("failing {source}"),
        Fact::Ended(run) => format!("ended {:?}", run.key),
        Fact::Tries(ended, _) => format!("tries {:?}", ended.run),
        Fact::Reports(ended, _) => format!("reports {:?}", ended.run),
        Fact::Retried(run, job, _) => format!("retried {run:?} {job:?}"),
        Fact::Arrived(service, run, _) => format!("arrived {service} {run:?}"),
        Fact::Deployed(service, ..) => format!("deployed {service}"),
        Fact::Scanned(scope, ..) => format!("scanned {scope:?}"),
    }
}

/// How new a fact is; the place of one without an age is its turn.
fn age(fact: &Fact) -> i64 {
    let at = match fact {
        Fact::Runs { seen_at, .. } | Fact::Jobs { seen_at, .. } => *seen_at,
        Fact::Tag(fact) => fact.seen_at,
        Fact::Readable(_, at)
        | Fact::Answered(_, _, at)
        | Fact::Failing(_, _, at, _)
        | Fact::Deployed(_, _, at)
        | Fact::Scanned(_, _, at) => *at,
        Fact::Landed(landed) => landed.last_seen,
        Fact::Judged(judged) => judged.since,
        Fact::PushLog(..)
        | Fact::Manifest(..)
        | Fact::Config(..)
        | Fact::Blob(..)
        | Fact::Ended(_)
        | Fact::Tries(..)
        | Fact::Reports(..)
        | Fact::Retried(..)
        | Fact::Arrived(..) => return 0,
    };
    at.as_microsecond()
}

/// What is known after all of it, each by its newest.
fn newest(facts: &[Fact]) -> BTreeMap<String, Fact> {
    let mut sorted: Vec<&Fact> = facts.iter().collect();
    sorted.sort_by_key(|fact| age(fact));
    sorted.into_iter().map(|fact| (about(fact), fact.clone())).collect()
}

fn by_subject(facts: Vec<Fact>) -> BTreeMap<String, Fact> {
    let count = facts.len();
    let known: BTreeMap<String, Fact> = facts.into_iter().map(|fact| (about(&fact), fact)).collect();
    assert_eq!(known.len(), count, "something came back twice");
    known
}

fn snapshot(facts: impl IntoIterator<Item = Fact>) -> Snapshot {
    let mut snapshot = Snapshot::default();
    let seen = Seen::Remembered(facts.into_iter().collect());
    snapshot.absorb(Observation { at: at(0), source: SourceId::parse("store").unwrap(), seen });
    snapshot
}

fn looks() -> Vec<Look> {
    let numbers = || 0..3_u8;
    let each = numbers().flat_map(|number| {
        let many = u64::from(number);
        [
            Look::Runs(service(many)),
            Look::Jobs(run_key(many)),
            Look::PushLog(run_key(many), JobId(many ^ u64::MAX)),
            Look::Tag(tag_ref(many)),
            Look::Manifest(image(1), digest(number)),
            Look::Config(image(2), digest(number)),
            Look::Blob(image(2), digest(number)),
            Look::Canary(image(many)),
        ]
    });
    each.collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn what_comes_back_is_the_newest_of_each(
        facts in prop::collection::vec(fact(), 0..60),
        cuts in prop::collection::vec(1..12_usize, 1..20),
        reopen in any::<u8>(),
    ) {
        let dir = tempfile::tempdir().unwrap();
        let mut store = open(dir.path());
        let mut rest = facts.as_slice();
        for (turn, cut) in cuts.iter().cycle().enumerate() {
            if rest.is_empty() {
                break;
            }
            let (now, later) = rest.split_at(rest.len().min(*cut));
            store.keep(now, at(60)).unwrap();
            rest = later;
            if turn % 8 == usize::from(reopen % 8) {
                drop(store);
                store = open(dir.path());
            }
        }
        let expected = newest(&facts);
        let recalled = by_subject(store.recall(usize::MAX).unwrap());
        let (mut of_runs, mut others) = (Vec::new(), Vec::new());
        store.recall_beside(usize::MAX, &mut |fact| of_runs.push(fact), &mut |fact| others.push(fact)).unwrap();
        let is_of_runs = |fact: &Fact| matches!(fact, Fact::Runs { .. } | Fact::Jobs { .. } | Fact::PushLog(..));
        prop_assert!(of_runs.iter().all(is_of_runs) && !others.iter().any(is_of_runs));
        let mut joined = snapshot(of_runs.clone());
        joined.recall_images(snapshot(others.clone()));
        prop_assert_eq!(&by_subject([of_runs, others].concat()), &recalled);
        prop_assert_eq!(&recalled, &expected);
        let (kept, seen) = (snapshot(recalled.into_values()), snapshot(expected.into_values()));
        for look in looks() {
            prop_assert_eq!(kept.facts(&look), seen.facts(&look));
            prop_assert_eq!(joined.facts(&look), seen.facts(&look));
        }
    }
}

#[test]
fn a_time_finer_than_a_microsecond_loses_no_more_than_that() {
    let dir = tempfile::tempdir().unwrap();
    let fine = "2026-03-04T05:00:00.123456789Z".parse().unwrap();
    open(dir.path()).keep(&[Fact::Readable(image(1), fine)], at(0)).unwrap();
    assert_eq!(open(dir.path()).recall(usize::MAX).unwrap(), [Fact::Readable(image(1), at(0))]);
}

#[test]
fn equal_names_are_one_in_memory() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = open(dir.path());
    let facts: Vec<Fact> = [0, 3].map(|id| runs(id, id, 11, 0)).into_iter().chain([jobs(3, 2, 0)]).collect();
    store.keep(&facts, at(0)).unwrap();
    store.keep(&[Fact::Landed(landed(3, 0, 0)), tag(3, 0, 0)], at(0)).unwrap();
    drop(store);
    let recalled = open(dir.path()).recall(usize::MAX).unwrap();
    let runs: Vec<_> = recalled
        .iter()
        .filter_map(|fact| match fact {
            Fact::Runs { batch, .. } => Some(batch.items.clone()),
            _ => None,
        })
        .collect();
    let (one, other) = (&runs[0][0], &runs[1][0]);
    let same = |one: &str, other: &str| assert_eq!(one.as_ptr(), other.as_ptr(), "{one}");
    same(one.key.ci.as_str(), other.key.ci.as_str());
    same(one.key.repo.as_str(), other.key.repo.as_str());
    same(one.workflow.raw(), other.workflow.raw());
    same(one.event.0.raw(), other.event.0.raw());
    let keys: Vec<&RunKey> = recalled
        .iter()
        .filter_map(|fact| match fact {
            Fact::Jobs { run, .. } => Some(run),
            Fact::Landed(landed) => Some(&landed.run),
            _ => None,
        })
        .collect();
    assert_eq!(keys.len(), 2);
    for key in keys {
        same(key.repo.as_str(), one.key.repo.as_str());
    }
    let tags: Vec<&str> = recalled
        .iter()
        .filter_map(|fact| match fact {
            Fact::Tag(TagFact { tag_ref, .. }) | Fact::Landed(Landed { tag_ref, .. }) => Some(tag_ref.tag.as_str()),
            _ => None,
        })
        .collect();
    same(tags[0], tags[1]);
}

#[test]
fn a_list_of_runs_from_several_places_keeps_each_ones_own() {
    let dir = tempfile::tempdir().unwrap();
    let items = (0..6).map(|id| Arc::new(run(id, 7))).collect();
    let batch = Batch { items, skipped: 0, complete: true };
    let fact = Fact::Runs { service: service(1), batch, seen_at: at(0) };
    open(dir.path()).keep(std::slice::from_ref(&fact), at(0)).unwrap();
    assert_eq!(open(dir.path()).recall(usize::MAX).unwrap(), [fact]);
}

#[test]
fn what_is_seen_again_costs_a_small_row() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = open(dir.path());
    let many = |minutes| {
        let items = (0..200).map(|id| Arc::new(run(id, 255))).collect();
        let batch = Batch { items, skipped: 0, complete: true };
        Fact::Runs { service: service(1), batch, seen_at: at(minutes) }
    };
    store.keep(&[many(0), tag(1, 1, 0), manifest(1, 3), log(1, 3)], at(0)).unwrap();
    let log_length = || std::fs::metadata(dir.path().join("history.sqlite-wal")).unwrap().len();
    let first = log_length();
    store.keep(&[many(1), log(1, 3), manifest(1, 3)], at(1)).unwrap();
    let again = log_length() - first;
    assert!(first > 40_000 && again < 10_000, "{first} bytes at first, then {again}");
    let before = log_length();
    store.keep(&[many(1), log(1, 3), manifest(1, 3), tag(1, 1, 0)], at(1)).unwrap();
    assert_eq!(log_length(), before, "what is stored already was written again");
    let seen = store.recall(usize::MAX).unwrap().into_iter().find_map(|fact| match fact {
        Fact::Runs { seen_at, .. } => Some(seen_at),
        _ => None,
    });
    assert_eq!(seen, Some(at(1)));
}

#[test]
fn what_is_on_the_shelf_stays_there_until_it_is_kept_again() {
    let dir = tempfile::tempdir().unwrap();
    let facts = [
        runs(1, 1, 3, 0),
        jobs(1, 2, 0),
        log(1, 3),
        tag(1, 1, 0),
        manifest(1, 3),
        config(1, 4),
        blob(1, 2),
        Fact::Readable(image(1), at(0)),
    ];
    let shelved = [
        Look::Runs(service(1)),
        Look::Jobs(run_key(1)),
        Look::PushLog(run_key(1), JobId(1 ^ u64::MAX)),
        Look::Tag(tag_ref(1)),
        Look::Manifest(image(1), digest(1)),
        Look::Config(image(2), digest(1)),
        Look::Blob(image(2), digest(1)),
        Look::Canary(image(1)),
    ];
    let mut store = open(dir.path());
    let others = [runs(2, 5, 2, 0), Fact::Landed(landed(1, 3, 0)), Fact::Judged(judged(1, "landed", 0))];
    store.keep(&facts, at(0)).unwrap();
    store.keep(&others, at(0)).unwrap();
    store.shelve(&shelved).unwrap();
    drop(store);
    let mut store = open(dir.path());
    assert_eq!(by_subject(store.recall(usize::MAX).unwrap()), newest(&others));
    for fact in &facts {
        store.keep(std::slice::from_ref(fact), at(0)).unwrap();
        let back = by_subject(store.recall(usize::MAX).unwrap());
        assert_eq!(back.get(&about(fact)), Some(fact));
    }
    assert_eq!(store.recall(usize::MAX).unwrap().len(), facts.len() + others.len());
}

#[test]
fn what_was_never_kept_can_be_shelved_without_harm() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = open(dir.path());
    store.shelve(&looks()).unwrap();
    assert_eq!(store.recall(usize::MAX).unwrap(), []);
}

#[test]
fn each_verdict_that_a_row_had_is_known_with_its_moment() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = open(dir.path());
    let told = [("pending", 0), ("pending", 3), ("missing", 5), ("landed", 9), ("landed", 12), ("missing", 4)];
    for (verdict, minutes) in told {
        store.keep(&[Fact::Judged(judged(1, verdict, minutes))], at(12)).unwrap();
    }
    store.keep(&[Fact::Judged(judged(2, "stale", 7))], at(7)).unwrap();
    drop(store);
    let mut store = open(dir.path());
    let history = store.history(&service(1), &run_key(1), &tag_ref(1)).unwrap();
    assert_eq!(history, [judged(1, "pending", 0), judged(1, "missing", 5), judged(1, "landed", 9)]);
    let newest = by_subject(store.recall(usize::MAX).unwrap());
    let expected = [judged(1, "landed", 9), judged(2, "stale", 7)].map(Fact::Judged);
    assert_eq!(newest, by_subject(expected.into()));
    assert_eq!(store.history(&service(3), &run_key(1), &tag_ref(1)).unwrap(), []);
}

/// One of each that the newest takes the place of, as it was at that moment.
fn dated(minutes: i64) -> Vec<Fact> {
    let variant = u8::try_from(minutes % 7).unwrap();
    let source = SourceId::parse("source-1").unwrap();
    vec![
        runs(1, u64::try_from(minutes).unwrap(), variant, minutes),
        jobs(1, variant, minutes),
        tag(1, variant, minutes),
        Fact::Readable(image(1), at(minutes)),
        Fact::Judged(judged(1, &format!("verdict-{minutes}"), minutes)),
        Fact::Answered(source, SourceKind::Ci, at(minutes)),
        failing(1, variant, minutes),
        scanned(1, variant, minutes),
    ]
}

#[test]
fn what_was_kept_by_a_clock_that_was_ahead_gives_way_to_what_is_kept_by_the_right_one() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = open(dir.path());
    store.keep(&dated(300), at(300)).unwrap();
    store.keep(&[Fact::Landed(landed(1, 1, 300))], at(300)).unwrap();
    store.keep(&dated(10), at(10)).unwrap();
    store.keep(&[Fact::Landed(landed(1, 2, 10))], at(10)).unwrap();
    let mut expected = newest(&dated(10));
    expected.extend(by_subject(vec![Fact::Landed(landed(1, 2, 10))]));
    assert_eq!(by_subject(open(dir.path()).recall(usize::MAX).unwrap()), expected);
}

#[test]
fn what_another_process_kept_a_moment_later_stays() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = open(dir.path());
    store.keep(&dated(14), at(14)).unwrap();
    store.keep(&dated(10), at(10)).unwrap();
    assert_eq!(by_subject(store.recall(usize::MAX).unwrap()), newest(&dated(14)));
}

#[test]
fn a_verdict_that_stays_does_not_stay_since_a_moment_to_come() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = open(dir.path());
    store.keep(&[Fact::Judged(judged(1, "landed", 300))], at(300)).unwrap();
    store.keep(&[Fact::Judged(judged(1, "landed", 10))], at(10)).unwrap();
    let history = store.history(&service(1), &run_key(1), &tag_ref(1)).unwrap();
    assert_eq!(history.first(), Some(&judged(1, "landed", 10)));
    store.keep(&[Fact::Judged(judged(1, "missing", 20))], at(20)).unwrap();
    let known = by_subject(store.recall(usize::MAX).unwrap());
    assert_eq!(known, by_subject(vec![Fact::Judged(judged(1, "missing", 20))]));
}
