//! The demo's world, read by the real clients: what flakes, what is slow, and what reading it costs.
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "tests")]

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use jiff::SignedDuration;
use landfall::analysis::{Depth, Drift, GateVerdict, Reliability, Report, Trust, Verdict, analyse, assess};
use landfall::config::{self, Config};
use landfall::demo::{Kind, Server, Servers, World};
use landfall::domain::{Fact, Globs, Snapshot};
use landfall::poll::Clock as _;
use landfall::runtime::{Oneshot, SystemClock, build, patient};

async fn demo() -> (Servers, Config) {
    let servers = Servers::start(World::incident().unwrap(), Duration::ZERO, SystemClock.now()).await.unwrap();
    let mut config = config::parse(&servers.config_toml(), Path::new("demo.toml")).unwrap().config;
    config.policy.second_look = SignedDuration::from_millis(50);
    (servers, config)
}

async fn look(config: &Config, facts: Vec<Fact>, depth: Option<Depth>) -> (Snapshot, Report) {
    let oneshot = Oneshot {
        services: &config.services,
        policy: &config.policy,
        rhythm: patient(config),
        clock: Arc::new(SystemClock),
        wait: SignedDuration::ZERO,
        depth,
    };
    let snapshot = oneshot.look(build(config).unwrap(), facts, &mut ()).await;
    let now = SystemClock.now();
    let mut report = analyse(&snapshot, &config.services, &config.policy, now);
    assess(&mut report, &snapshot, &config.policy, now);
    (snapshot, report)
}

fn of<'a>(report: &'a Report, name: &str) -> &'a Reliability {
    let service = report.services.iter().find(|service| service.service.name.as_str() == name);
    &service.expect("the service").reliability
}

/// Requests of these kinds to both CI providers.
fn asked(servers: &Servers, kinds: &[Kind]) -> u64 {
    let count =
        |server| servers.requests(server).iter().filter(|(kind, _)| kinds.contains(kind)).map(|(_, n)| n).sum::<u64>();
    count(Server::GitHub) + count(Server::GitLab) + count(Server::Logs)
}

const REPORTS: [Kind; 4] = [Kind::Artifacts, Kind::Archive, Kind::ArchiveFile, Kind::TestReport];

#[tokio::test(flavor = "multi_thread")]
async fn everything_that_flakes_or_is_slow_is_found() {
    let (servers, config) = demo().await;
    let (_, report) = look(&config, servers.remembered(), Some(Depth::Reports)).await;

    let notifier = of(&report, "notifier");
    let gate = notifier.flakiness.builds.gate;
    assert_eq!(gate.verdict, GateVerdict::StayOnDelivery, "{}", gate.words());
    let worst = &notifier.flakiness.tests.tests[0];
    assert_eq!((worst.name.as_str(), worst.behaviour.trust), ("crosses midnight", Trust::Flaky));
    assert_eq!(worst.message.as_deref(), Some("expected 1 but was 2"));
    let retried = notifier.flakiness.tests.tests.iter().find(|test| test.name.as_str() == "retries on a timeout");
    assert!(retried.is_some_and(|test| test.behaviour.flaky > 0), "the report itself tells of a retry");
    let job = notifier.flakiness.jobs.iter().find(|job| job.name.as_str() == "test").unwrap();
    assert_eq!(job.behaviour.flaky, 4);
    assert!(gate.firm, "{}", gate.words());
    let unread = &notifier.coverage.unread;
    assert!(matches!(&unread[..], [report] if report.file.as_str().ends_with("TEST-shop.Search.xml")), "{unread:?}");

    let storefront = of(&report, "storefront");
    let recovered = storefront.flakiness.tests.tests.iter().find(|test| test.name.as_str() == "retries on a timeout");
    let behaviour = recovered.unwrap().behaviour;
    assert_eq!((behaviour.trust, behaviour.flaky), (Trust::Recovered, 2), "{behaviour:?}");

    let gateway = of(&report, "gateway");
    let broken = gateway.flakiness.jobs.iter().find(|job| job.name.as_str() == "contract").unwrap();
    assert!(broken.allow_failure && broken.behaviour.trust == Trust::Broken, "{:?}", broken.behaviour);
    assert_eq!(gateway.flakiness.builds.counts.flaky, 0, "a check that may fail fails no build");

    let search = of(&report, "search");
    assert!(search.flakiness.tests.cut > 0, "a file that broke off is told: {:?}", search.coverage);
    assert!(search.coverage.unread.is_empty() && search.coverage.reports_read > 15, "{:?}", search.coverage);

    let telemetry = &of(&report, "telemetry").durations[0];
    let path: Vec<_> =
        telemetry.path.as_ref().unwrap().steps.iter().map(|step| (step.name.as_str(), step.parallelise)).collect();
    assert_eq!(path, [("test", false), ("e2e", true), ("licences", false), ("docker", false)]);
    let advice: Vec<_> = telemetry.advice.iter().map(|advice| (advice.fast.as_str(), advice.slow.as_str())).collect();
    assert_eq!(advice, [("licences", "e2e")], "fastest checks first");

    let bridge = &of(&report, "vault-bridge").durations[0];
    assert!(bridge.two_speeds.is_some(), "{:?}", bridge.trend);

    let ledger = of(&report, "ledger");
    let shift = ledger.durations[0].shift.as_ref().unwrap();
    assert_eq!(shift.comparison.drift, Drift::Slower, "{:?}", ledger.durations[0].trend);
    assert!(shift.before.is_some() && shift.first.is_some());
    let job = ledger.flakiness.jobs.iter().find(|job| job.name.as_str() == "test").unwrap();
    assert_eq!(job.behaviour.flaky, 2, "jobs that were tried again in the same pipeline");
    assert_eq!(ledger.flakiness.builds.counts.unseen, 0);

    assert!(of(&report, "storefront").landings.lead_time.is_some());
    assert_eq!(servers.leaks(), 0, "no archive was asked for with a credential");
    for service in &report.services {
        let (name, coverage) = (&service.service.name, &service.reliability.coverage);
        assert_eq!(coverage.jobs_read, service.reliability.runs.len(), "{name}: {coverage:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_check_reads_none_of_it_unless_it_is_asked_to() {
    let (servers, config) = demo().await;
    let (_, report) = look(&config, servers.remembered(), None).await;
    assert_eq!(asked(&servers, &REPORTS), 0);
    let jobs = asked(&servers, &[Kind::Jobs]);
    let notifier = of(&report, "notifier");
    assert!(!notifier.runs.is_empty() && notifier.coverage.jobs_read == 0, "what the lists say is told");
    assert_eq!(notifier.flakiness.builds.counts.unseen, 4, "and what they do not say is left open");
    let (_, report) = look(&config, servers.remembered(), Some(Depth::Tries)).await;
    assert_eq!(asked(&servers, &REPORTS), 0, "reports say nothing of durations");
    assert!(asked(&servers, &[Kind::Jobs]) > 2 * jobs);
    assert_eq!(of(&report, "notifier").flakiness.builds.counts.unseen, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn runs_that_were_read_cost_no_further_request() {
    let servers = Servers::start(World::bench(20, 20), Duration::ZERO, SystemClock.now()).await.unwrap();
    let mut config = config::parse(&servers.config_toml(), Path::new("demo.toml")).unwrap().config;
    config.policy.second_look = SignedDuration::from_millis(50);
    for service in &mut config.services {
        Arc::make_mut(service).trust.reports = Globs::parse(&["junit*".to_owned()]).ok();
    }
    let read = || (asked(&servers, &[Kind::Jobs]), asked(&servers, &REPORTS));
    let (mut snapshot, _) = look(&config, Vec::new(), Some(Depth::Reports)).await;
    let (jobs, reports) = read();
    assert!(jobs >= 400 && reports >= 300, "every run is read once: {jobs} {reports}");
    let facts = snapshot.unkept();
    look(&config, facts.clone(), None).await;
    let for_verdicts = read().0 - jobs;
    look(&config, facts, Some(Depth::Reports)).await;
    assert_eq!(read(), (jobs + 2 * for_verdicts, reports), "what a refresh adds for 20 repositories is nothing");
}

#[tokio::test(flavor = "multi_thread")]
async fn verdicts_are_the_same_whatever_else_is_read() {
    let (servers, config) = demo().await;
    let verdicts = |report: &Report| -> Vec<(String, u64, Verdict)> {
        let rows = report.rows().filter(|row| row.verdict != Verdict::Pending);
        rows.map(|row| (row.service.name.to_string(), row.run.key.id, row.verdict)).collect()
    };
    let before = servers.deserved();
    let (_, without) = look(&config, servers.remembered(), None).await;
    let (_, with) = look(&config, servers.remembered(), Some(Depth::Reports)).await;
    // What changed while it was looked at may be told either way.
    if servers.deserved() == before {
        assert_eq!(verdicts(&with), verdicts(&without));
    }
}
