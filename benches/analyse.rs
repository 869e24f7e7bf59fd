//! How long it takes to judge 200 services of 50 runs: all of them from nothing, as a check does it, once what landed is
//! proven (`everything_settled`) and before that (`everything`); or after one of them changed, as the dashboard does it.
#![expect(clippy::unwrap_used, clippy::disallowed_methods, reason = "a bench")]

use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use divan::Bencher;
use jiff::{SignedDuration, Timestamp};
use landfall::analysis::{Report, ServiceReport, analyse, incidents, judge, plan};
use landfall::app::settle;
use landfall::config::{self, Config};
use landfall::demo::{Servers, World};
use landfall::domain::{Snapshot, Wanted};
use landfall::runtime::{Oneshot, SystemClock, build, patient};

const SERVICES: usize = 200;
const RUNS: usize = 50;

#[global_allocator]
static HEAP: landfall::runtime::Heap = landfall::runtime::HEAP;

fn main() {
    divan::main();
}

/// What a real look at a world of this size saw.
fn seen() -> &'static (Config, Snapshot, Timestamp) {
    static SEEN: OnceLock<(Config, Snapshot, Timestamp)> = OnceLock::new();
    SEEN.get_or_init(|| tokio::runtime::Runtime::new().unwrap().block_on(look()))
}

async fn look() -> (Config, Snapshot, Timestamp) {
    let servers = Servers::start(World::bench(SERVICES, RUNS), Duration::ZERO, Timestamp::now()).await.unwrap();
    let mut config = config::parse(&servers.config_toml(), Path::new("bench.toml")).unwrap().config;
    config.policy.runs = RUNS;
    config.policy.second_look = SignedDuration::from_millis(10);
    let oneshot = Oneshot {
        services: &config.services,
        policy: &config.policy,
        rhythm: patient(&config),
        clock: Arc::new(SystemClock),
        wait: SignedDuration::ZERO,
        depth: None,
    };
    let snapshot = oneshot.look(build(&config).unwrap(), Vec::new(), &mut ()).await;
    let now = Timestamp::now();
    let rows = analyse(&snapshot, &config.services, &config.policy, now).rows().count();
    assert!(rows > SERVICES * RUNS * 3 / 4, "only {rows} rows");
    (config, snapshot, now)
}

/// The same as the dashboard holds it once all of it was judged.
fn settled() -> &'static (Config, Snapshot, Timestamp) {
    static SETTLED: OnceLock<(Config, Snapshot, Timestamp)> = OnceLock::new();
    SETTLED.get_or_init(|| {
        let (config, snapshot, now) = seen();
        let mut snapshot = snapshot.clone();
        for service in &config.services {
            let report = judge(&snapshot, service, &config.policy, *now);
            settle(&mut snapshot, &report, true, *now);
        }
        (config.clone(), snapshot, *now)
    })
}

#[divan::bench]
fn everything_settled(bencher: Bencher<'_, '_>) {
    let (config, snapshot, now) = settled();
    bencher.bench_local(|| -> Report { analyse(snapshot, &config.services, &config.policy, *now) });
}

#[divan::bench]
fn everything(bencher: Bencher<'_, '_>) {
    let (config, snapshot, now) = seen();
    bencher.bench_local(|| -> Report { analyse(snapshot, &config.services, &config.policy, *now) });
}

/// The service that changed is judged, and then which of all findings belong together.
#[divan::bench]
fn everything_after_one_change(bencher: Bencher<'_, '_>) {
    let (config, snapshot, now) = settled();
    let mut report = analyse(snapshot, &config.services, &config.policy, *now);
    let service = config.services.first().unwrap();
    bencher.bench_local(|| {
        *report.services.first_mut().unwrap() = judge(snapshot, service, &config.policy, *now);
        report.incidents = incidents(snapshot, &report, &config.policy, *now);
    });
}

#[divan::bench]
fn one_service(bencher: Bencher<'_, '_>) {
    let (config, snapshot, now) = seen();
    let service = config.services.first().unwrap();
    bencher.bench_local(|| -> ServiceReport { judge(snapshot, service, &config.policy, *now) });
}

#[divan::bench]
fn what_one_service_lacks(bencher: Bencher<'_, '_>) {
    let (config, snapshot, now) = seen();
    let service = config.services.first().unwrap();
    bencher.bench_local(|| -> Vec<Wanted> { plan(snapshot, service, &config.policy, *now, false) });
}
