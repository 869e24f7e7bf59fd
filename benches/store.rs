//! How long the history takes: to be read at the start, to be written for the first time, to be told the same again.
#![expect(clippy::unwrap_used, clippy::disallowed_methods, clippy::print_stdout, reason = "a bench")]

#[path = "store/facts.rs"]
mod facts;

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use facts::{seen_again, service_facts, shelved};
use jiff::{SignedDuration, Timestamp};
use landfall::domain::{Fact, Look};
use landfall::store::{Retention, Store};

/// Rounds of which the fastest and the middle one are told.
const ROUNDS: usize = 21;

fn main() {
    println!("what                              services x runs   fastest    median");
    world(200, 50);
    // Whoever only wants to know that it runs does not want to wait for the large one.
    if !std::env::args().any(|argument| argument == "--test") {
        world(5_000, 20);
    }
}

fn world(services: u64, runs: u64) {
    let dir = tempfile::tempdir().unwrap();
    let now: Timestamp = "2026-11-27T08:00:00Z".parse().unwrap();
    let open = || Store::open(dir.path(), now, Retention::default()).unwrap();
    let facts: Vec<Fact> = (0..services).flat_map(|service| service_facts(service, runs, now)).collect();
    let told = |what: &str, times: &mut Vec<Duration>| {
        times.sort();
        let (fastest, median) = (times.first().unwrap(), times.get(times.len() / 2).unwrap());
        println!("{what:<34}{:>13}  {fastest:>9.2?} {median:>9.2?}", format!("{services} x {runs}"));
    };
    let measured = |times: &mut Vec<Duration>, work: &mut dyn FnMut()| {
        let start = Instant::now();
        work();
        times.push(start.elapsed());
    };

    let mut times = Vec::new();
    measured(&mut times, &mut || open().keep(&facts, now).unwrap());
    told("all of it written at once", &mut times);
    let looks = shelved(services, runs);
    let mut times = Vec::new();
    measured(&mut times, &mut || open().shelve(&looks).unwrap());
    told("what is proven put on the shelf", &mut times);

    let mut times = Vec::new();
    (0..ROUNDS).for_each(|_| measured(&mut times, &mut || drop(open())));
    told("open", &mut times);
    let mut times = Vec::new();
    let mut count = 0;
    for _ in 0..ROUNDS {
        let mut facts = Vec::new();
        measured(&mut times, &mut || facts = open().recall(usize::try_from(2 * runs).unwrap()).unwrap());
        count = facts.len();
    }
    told("open and recall", &mut times);

    let mut store = open();
    let mut times = Vec::new();
    for round in 1..=5 {
        let again: Vec<Fact> = (0..services).flat_map(|service| seen_again(service, runs, now, round)).collect();
        measured(&mut times, &mut || store.keep(&again, now).unwrap());
    }
    told("lists and newest tags seen again", &mut times);
    let mut times = Vec::new();
    while {
        let mut more = false;
        measured(&mut times, &mut || more = store.sweep(now).unwrap());
        more
    } {}
    let longest = times.iter().max().unwrap();
    println!("{:<34}{:>13}  {longest:>9.2?}", "longest step of an empty sweep", format!("{services} x {runs}"));
    let mut times = Vec::new();
    let later = now + SignedDuration::from_hours(24 * 100);
    while {
        let mut more = false;
        measured(&mut times, &mut || more = store.sweep(later).unwrap());
        more
    } {}
    let sizes = |name: &str| fs::metadata(dir.path().join(name)).map_or(0, |file| file.len()) / 1024;
    drop(store);
    let longest = times.iter().max().unwrap();
    let steps = format!("of {} steps, all forgotten", times.len());
    println!("{:<34}{:>13}  {longest:>9.2?} {steps}", "longest step of a sweep", format!("{services} x {runs}"));
    println!("{count} facts came back; {} KiB after the sweep", sizes("history.sqlite"));
    println!("{} KiB in all when it is written\n", written(&facts, &looks, now));
}

fn written(facts: &[Fact], looks: &[Look], now: Timestamp) -> u64 {
    let dir = tempfile::tempdir().unwrap();
    let mut store = Store::open(dir.path(), now, Retention::default()).unwrap();
    store.keep(facts, now).unwrap();
    store.shelve(looks).unwrap();
    drop(store);
    size(dir.path())
}

fn size(dir: &Path) -> u64 {
    fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().metadata().unwrap().len()).sum::<u64>() / 1024
}
