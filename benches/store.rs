//! How long the history takes: to be read at the start, to be written for the first time, to be told the same again.
#![expect(clippy::unwrap_used, clippy::disallowed_methods, clippy::print_stdout, reason = "a bench")]

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use landfall::domain::{
    Batch, Conclusion, Descriptor, Digest, Event, Fact, ImageConfig, ImageName, Job, JobId, Judgement, Landed, Look,
    Manifest, ManifestKind, Platform, Proof, RepoPath, RevisionRule, Run, RunKey, RunState, ServiceName, Sha, SourceId,
    SourceKind, Tag, TagFact, TagRef, Text,
};
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

fn key(service: u64, run: u64) -> RunKey {
    let repo = RepoPath::parse(&format!("acme/service-{service}")).unwrap();
    RunKey { ci: SourceId::parse("github").unwrap(), repo, id: 9_000_000_000 + service * 1_000 + run, attempt: 1 }
}

fn image(service: u64) -> ImageName {
    ImageName::parse(&format!("ghcr.io/acme/service-{service}")).unwrap()
}

fn tag_ref(service: u64, run: u64) -> TagRef {
    let tag = Tag::parse(&format!("sha-{:07x}", sha(service, run) >> 100)).unwrap();
    TagRef { image: image(service), tag }
}

fn sha(service: u64, run: u64) -> u128 {
    u128::from(service * 1_000 + run + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835)
}

fn digest(service: u64, run: u64, part: u8) -> Digest {
    let mut bytes = [part; 32];
    bytes.iter_mut().zip(sha(service, run).to_le_bytes()).for_each(|(byte, fresh)| *byte ^= fresh);
    Digest::sha256(bytes)
}

fn name(service: u64) -> ServiceName {
    ServiceName::parse(&format!("service-{service}")).unwrap()
}

fn listing(service: u64, runs: u64, now: Timestamp) -> Fact {
    let run = |number: u64| {
        let key = key(service, number);
        let started = now - SignedDuration::from_mins(i64::try_from(47 * number).unwrap());
        Arc::new(Run {
            number: 1_000 - number,
            workflow: Text::new("release"),
            workflow_file: Some(Text::new("release.yml")),
            event: Event(Text::new("push")),
            branch: Some(Text::new("main")),
            git_tag: None,
            pull_request: None,
            sha: Sha::parse(&format!("{:08x}{:032x}", service, sha(service, number))).unwrap(),
            title: Text::new(&format!("Round the totals of cart {number} half to even (#{service})")),
            url: format!("https://github.com/{}/actions/runs/{}", key.repo, key.id).into(),
            state: RunState::Finished(if number % 9 == 8 { Conclusion::Failure } else { Conclusion::Success }),
            created_at: Some(started),
            started_at: Some(started),
            finished_at: Some(started + SignedDuration::from_mins(9)),
            key,
        })
    };
    let batch = Batch { items: (0..runs).map(run).collect(), skipped: 0, complete: true };
    Fact::Runs { service: name(service), batch, seen_at: now }
}

fn tag(service: u64, run: u64, now: Timestamp, seen_at: Timestamp) -> Fact {
    Fact::Tag(TagFact {
        tag_ref: tag_ref(service, run),
        known: Ok(digest(service, run, 0)),
        seen_at,
        changed_at: now,
        absent_since: None,
        absent_looks: 0,
    })
}

/// Of each service: its runs, and of each run its jobs, its tag, what it points to, that it landed, the verdict.
fn service_facts(service: u64, runs: u64, now: Timestamp) -> Vec<Fact> {
    let mut facts = vec![listing(service, runs, now), Fact::Readable(image(service), now)];
    let ci = SourceId::parse("github").unwrap();
    facts.push(Fact::Answered(ci, SourceKind::Ci, now));
    facts.extend((0..runs).flat_map(|run| run_facts(service, run, now)));
    facts
}

fn run_facts(service: u64, run: u64, now: Timestamp) -> Vec<Fact> {
    let platform = || Platform::parse("linux/amd64").unwrap();
    let (image, tag_ref, run_key) = (image(service), tag_ref(service, run), key(service, run));
    let descriptor = |part| Descriptor { digest: digest(service, run, part), size: 30_000_000, foreign: false };
    let job = |number: u64| Job {
        id: JobId(run_key.id * 10 + number),
        name: Text::new(["lint", "test (linux)", "build", "docker"].get(usize::try_from(number).unwrap()).unwrap()),
        stage: None,
        state: RunState::Finished(Conclusion::Success),
        allow_failure: false,
        started_at: Some(now),
        finished_at: Some(now),
        url: format!("https://github.com/{}/actions/runs/{}/job/{number}", run_key.repo, run_key.id).into(),
    };
    let manifest = Manifest {
        digest: digest(service, run, 0),
        kind: ManifestKind::Image { config: descriptor(1), layers: (2..9).map(descriptor).collect() },
        revision: None,
        created: None,
    };
    let revision = Some(Text::new(&format!("{:08x}{:032x}", service, sha(service, run))));
    let proof = Proof {
        wanted: vec![platform()],
        rule: RevisionRule::Auto,
        created: Some(now),
        revision: revision.clone(),
        platforms: Arc::from([platform()]),
        layers: 7,
        claimed: Some(true),
    };
    let landed = Landed {
        tag_ref: tag_ref.clone(),
        run: run_key.clone(),
        digest: digest(service, run, 0),
        since: now,
        last_seen: now,
        proof: Some(Arc::new(proof)),
    };
    let judged =
        Judgement { service: name(service), run: run_key.clone(), tag_ref, verdict: "landed".into(), since: now };
    let config = ImageConfig { created: Some(now), revision, platform: Some(platform()) };
    let jobs = Batch { items: (0..4).map(job).collect(), skipped: 0, complete: true };
    vec![
        Fact::Jobs { run: run_key, batch: jobs.into(), seen_at: now, looks: 2 },
        tag(service, run, now, now),
        Fact::Manifest(image.clone(), manifest.digest.clone(), Ok(Arc::new(manifest))),
        Fact::Config(image.clone(), digest(service, run, 1), Ok(config)),
        Fact::Landed(landed),
        Fact::Judged(judged),
    ]
}

/// What is proven of all but the newest run of each service.
fn shelved(services: u64, runs: u64) -> Vec<Look> {
    let each = (0..services).flat_map(|service| (1..runs).map(move |run| (service, run)));
    each.flat_map(|(service, run)| {
        [
            Look::Jobs(key(service, run)),
            Look::Manifest(image(service), digest(service, run, 0)),
            Look::Config(image(service), digest(service, run, 1)),
        ]
    })
    .collect()
}

fn seen_again(service: u64, runs: u64, now: Timestamp, round: i64) -> [Fact; 2] {
    let seen_at = now + SignedDuration::from_mins(round);
    let again = match listing(service, runs, now) {
        Fact::Runs { service, batch, .. } => Fact::Runs { service, batch, seen_at },
        other => other,
    };
    [again, tag(service, 0, now, seen_at)]
}
