//! A `check` of 20 repositories with 20 runs each, every answer 50 ms late, cold, once more and after a while: how long,
//! how many requests, how much memory.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::cast_precision_loss,
    clippy::disallowed_methods,
    reason = "a bench"
)]

#[path = "check/child.rs"]
mod child;
#[path = "check/first.rs"]
mod first;
#[path = "check/replay.rs"]
mod replay;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::thread::sleep;
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use landfall::analysis::analyse;
use landfall::config::{self, Config};
use landfall::demo::{Kind, Recorded, Server, Servers, World};
use landfall::runtime::{Oneshot, SystemClock, build, patient};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::mpsc::UnboundedReceiver;

const LATENCY: Duration = Duration::from_millis(50);
const SERVICES: usize = 20;
const RUNS: usize = 20;
/// The list while the challenge and the first token come, which shows that the login is good; then its own token, tag, child
/// and config.
const TRIPS: u32 = 6;
/// Once more: three rounds of 8 for 20 lists, beside which challenge and tokens come, then the tag.
const TRIPS_AGAIN: u32 = 4;
/// After so long what is wrong with an older commit is looked at again.
const HOLDS: Duration = Duration::from_secs(16);
/// What one registry's width allows: a challenge, then six rounds of 16 for 20 tokens, 20 tags, 20 children of
/// the ten indexes and 30 configs.
const ROUNDS: u32 = 7;

fn main() {
    // `cargo bench` says so; whoever only lists or tests all targets does not want to wait for it.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    // The servers have threads of their own, as if they were elsewhere.
    let there = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let here = Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    in_process(&there, &here);
    as_a_process(&there);
    once_more(&there, &here);
}

fn serve(there: &Runtime) -> (Servers, UnboundedReceiver<Recorded>) {
    let world = World::bench(SERVICES, RUNS);
    let started = there.block_on(Servers::start_recording(world, LATENCY, Timestamp::now()));
    started.unwrap()
}

fn in_process(there: &Runtime, here: &Runtime) {
    let (servers, mut records) = serve(there);
    let config = config::parse(&servers.config_toml(), Path::new("bench.toml")).unwrap().config;
    let walls = here.block_on(look(config, &servers));
    let recorded: Vec<Recorded> = std::iter::from_fn(|| records.try_recv().ok()).collect();
    let mut sent = BTreeMap::new();
    for record in &recorded {
        *sent.entry(record.kind).or_insert(0) += 1;
    }
    let again = here.block_on(replay::replay(&servers, recorded));
    report(&servers, &sent, &walls, again);
}

/// How long it took from the start until …
struct Walls {
    /// … the last list of runs was read.
    listed: Duration,
    /// … every newest green commit had a verdict.
    told: Duration,
    /// … every verdict was settled.
    all: Duration,
}

/// Looks once as `check` does.
async fn look(mut config: Config, servers: &Servers) -> Walls {
    config.policy.second_look = SignedDuration::from_secs(2);
    let services = config.services.clone();
    let mut first = first::First::new(&services, &config.policy);
    let oneshot = Oneshot {
        services: &services,
        policy: &config.policy,
        rhythm: patient(&config),
        clock: Arc::new(SystemClock),
        wait: SignedDuration::ZERO,
        depth: None,
    };
    let started = Instant::now();
    let snapshot = oneshot.look(build(&config).unwrap(), Vec::new(), &mut first).await;
    let all = started.elapsed();
    let report = analyse(&snapshot, &services, &config.policy, Timestamp::now());
    for deserved in servers.deserved() {
        let mut rows = report.rows();
        let row = rows.find(|row| row.run.key.id == deserved.run).unwrap();
        assert!(row.verdict == deserved.verdict, "{} instead of {deserved:?}", row.verdict);
    }
    let since = |moment: Option<Instant>| moment.unwrap().duration_since(started);
    Walls { listed: since(first.listed), told: since(first.told), all }
}

fn report(servers: &Servers, sent: &BTreeMap<Kind, u64>, walls: &Walls, again: Duration) {
    let least = servers.least();
    println!("cold check: {SERVICES} repositories x {RUNS} runs, every answer {LATENCY:?} late\n");
    println!("{:<12}{:>8}{:>8}", "requests", "sent", "least");
    for kind in Kind::ALL {
        let [sent, least] = [sent, &least].map(|counts| counts.get(&kind).copied().unwrap_or_default());
        if sent + least > 0 {
            println!("{:<12}{sent:>8}{least:>8}", format!("{kind:?}"));
        }
    }
    let [sent, least]: [u64; 2] = [sent.values().sum(), least.values().sum()];
    println!("{:<12}{sent:>8}{least:>8}   {}\n", "all", ratio(sent as f64, least as f64, 1.2));
    let line = |what: &str, time, more: String| println!("{what:<44}{:>6.0} ms   {more}", millis(time));
    let alone = LATENCY * TRIPS;
    line("every list of runs is read", walls.listed, String::new());
    line("every newest green commit has a verdict", walls.told, ratio(millis(walls.told), millis(alone), 1.5));
    line(&format!("  {TRIPS} trips that wait for each other"), alone, String::new());
    line("  7 at the registry's width of 16", LATENCY * ROUNDS, String::new());
    line("every verdict is settled", walls.all, ratio(millis(walls.all), millis(again), 1.3));
    line("  the same requests, nothing in between", again, String::new());
    let widest = |server| servers.widest(server);
    let [github, registry, logs] = [Server::GitHub, Server::Registry, Server::Logs].map(widest);
    println!("connections at most: GitHub {github}, registry {registry}, logs {logs}");
}

fn as_a_process(there: &Runtime) {
    let (servers, _records) = serve(there);
    let config = servers.config_file().unwrap();
    let child = child::run(
        Path::new(env!("CARGO_BIN_EXE_landfall")),
        &["--no-state", "--config", config.to_str().unwrap(), "check", "--format", "json"],
    );
    println!(
        "\n`landfall check` as a process: {:.0} ms, exit {:?}, {} of JSON",
        millis(child.wall),
        child.code,
        child.output
    );
    match child.peak_kib {
        Some(peak) => println!(
            "  peak resident memory {:.1} MB   {}",
            peak as f64 / 1024.0,
            ratio(peak as f64, 40.0 * 1024.0, 1.0)
        ),
        None => println!("  peak resident memory is not told on this system"),
    }
}

/// The second of two, which remembers what the first one saw; and a third one, after so long that what is wrong with older
/// commits is looked at again.
fn once_more(there: &Runtime, here: &Runtime) {
    let (servers, mut records) = serve(there);
    let config = servers.config_file().unwrap();
    let state = tempfile::tempdir().unwrap();
    let (config, folder) = (config.to_str().unwrap(), state.path().to_str().unwrap());
    let mut check = || {
        while records.try_recv().is_ok() {}
        let unchanged = servers.not_modified(Server::GitHub);
        let arguments = ["--state", folder, "--config", config, "check", "--format", "json"];
        let child = child::run(Path::new(env!("CARGO_BIN_EXE_landfall")), &arguments);
        let recorded: Vec<Recorded> = std::iter::from_fn(|| records.try_recv().ok()).collect();
        (child, servers.not_modified(Server::GitHub) - unchanged, recorded)
    };
    check();
    for (what, pause) in [("once more", Duration::ZERO), ("after a while", HOLDS)] {
        sleep(pause);
        let (child, unchanged, recorded) = check();
        let asked = recorded.iter().filter(|record| record.server == Server::GitHub).count() as u64;
        let (sent, looks) = counted(&recorded);
        let all = recorded.len();
        let again = here.block_on(replay::replay(&servers, recorded));
        println!("\n`landfall check` {what}: {:.0} ms, exit {:?}", millis(child.wall), child.code);
        println!("  {sent}");
        println!("  GitHub was asked {asked} times, {unchanged} of them answered by 304: {} billed", asked - unchanged);
        println!("  requests a service, but for logins: {}", ratio(looks as f64, SERVICES as f64, 2.0));
        println!("  and with them: {:.2}", all as f64 / SERVICES as f64);
        println!("  the same requests, nothing in between: {:.0} ms", millis(again));
        let path = LATENCY * TRIPS_AGAIN;
        println!(
            "  {TRIPS_AGAIN} trips that wait for each other: {:.0} ms   {}",
            millis(path),
            ratio(millis(child.wall), millis(path), 1.5)
        );
    }
}

/// Returns what was asked, kind by kind, and how much of it had nothing to do with logging in.
fn counted(recorded: &[Recorded]) -> (String, u64) {
    let mut sent = BTreeMap::new();
    for record in recorded {
        *sent.entry(record.kind).or_insert(0_u64) += 1;
    }
    let login = [Kind::Token, Kind::Challenge].iter().filter_map(|kind| sent.get(kind)).sum::<u64>();
    let kinds: Vec<String> = sent.iter().map(|(kind, count)| format!("{kind:?} {count}")).collect();
    (kinds.join(", "), recorded.len() as u64 - login)
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1_000.0
}

fn ratio(found: f64, wanted: f64, most: f64) -> String {
    let ratio = found / wanted;
    format!("{ratio:.2} of at most {most:.2}{}", if ratio > most { "   OVER" } else { "" })
}
