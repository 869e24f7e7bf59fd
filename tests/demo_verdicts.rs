//! The demo's world, looked at by the real clients and the real poller, gets the verdicts that it deserves.
#![expect(clippy::unwrap_used, reason = "tests")]

#[path = "support/looking.rs"]
mod looking;

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use jiff::SignedDuration;
use landfall::analysis::{Report, Verdict};
use landfall::config::{self, Config};
use landfall::demo::{Server, Servers, World};
use landfall::poll::Clock as _;
use landfall::runtime::SystemClock;

async fn demo() -> (Servers, Config) {
    let world = World::incident().unwrap();
    let servers = Servers::start(world, Duration::ZERO, SystemClock.now()).await.unwrap();
    let mut config = config::parse(&servers.config_toml(), Path::new("demo.toml")).unwrap().config;
    config.policy.second_look = SignedDuration::from_millis(50);
    (servers, config)
}

fn verdicts(report: &Report) -> Vec<(String, u64, String, Verdict)> {
    let rows = report.rows().filter_map(|row| {
        let tag = row.tag.as_ref()?.to_string();
        Some((row.service.name.to_string(), row.run.key.id, tag, row.verdict))
    });
    rows.collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn each_run_gets_the_verdict_that_it_deserves() {
    let (servers, config) = demo().await;
    let before = servers.deserved();
    let report = looking::look(&config, servers.remembered(), &mut ()).await;
    let found = verdicts(&report);
    let mut wrong = Vec::new();
    // What changed while it was looked at may be told either way.
    for deserved in servers.deserved().into_iter().filter(|deserved| before.contains(deserved)) {
        let row = found.iter().find(|(_, run, tag, _)| *run == deserved.run && *tag == deserved.tag);
        match row {
            Some((.., verdict)) if *verdict == deserved.verdict => {}
            Some((.., verdict)) => wrong.push(format!("{verdict} instead of {deserved:?}")),
            None => wrong.push(format!("no row for {deserved:?}")),
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
    for verdict in Verdict::ALL {
        assert!(report.count(verdict) > 0, "no row is {verdict}");
    }
    assert_eq!(servers.leaks(), 0);
}

/// A process that serves, until it is dropped.
struct Serving(Child);

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn who_looks_as_a_served_demo_tells_gets_every_verdict() {
    let temporary = tempfile::TempDir::new().unwrap();
    let folder = temporary.path().join("of o'hara; with blanks");
    std::fs::create_dir(&folder).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_landfall"));
    command.args(["demo", "--serve-only"]).env("TMPDIR", &folder);
    let mut serving = Serving(command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap());
    let told = BufReader::new(serving.0.stderr.take().unwrap()).lines().map(Result::unwrap);
    let told = told.map(|line| line.trim().to_owned()).find(|line| line.starts_with("landfall check ")).unwrap();
    // The second look has the history of the first.
    for look in ["first", "second"] {
        let pasted = told.replacen("landfall", "\"$0\"", 1) + " --format json";
        let output = Command::new("sh").args(["-c", &pasted, env!("CARGO_BIN_EXE_landfall")]).output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stderr));
        let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        let summary = report.get("summary").unwrap();
        for verdict in Verdict::ALL {
            let count = summary.get(verdict.word()).and_then(serde_json::Value::as_u64);
            assert!(count > Some(0), "the {look} `{told}` calls nothing {verdict}: {summary}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_project_that_cannot_be_seen_is_a_failure_and_not_an_empty_list() {
    let (_servers, config) = demo().await;
    let config = config.only(&["legacy-crm".to_owned()]).unwrap();
    let report = looking::look(&config, Vec::new(), &mut ()).await;
    let service = report.services.first().unwrap();
    assert!(service.rows.is_empty() && service.failure.is_some(), "{service:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_incident_is_told_by_when_it_began() {
    let (servers, config) = demo().await;
    let names = ["checkout".to_owned(), "cart".to_owned(), "ledger".to_owned()];
    let report = looking::look(&config.only(&names).unwrap(), Vec::new(), &mut ()).await;
    for service in &report.services {
        let since = service.since.unwrap();
        let ago = SystemClock.now().duration_since(since);
        assert!(
            ago > SignedDuration::from_mins(100) && ago < SignedDuration::from_hours(3),
            "{}: {ago}",
            service.service.name
        );
        assert!(service.behind.is_some_and(|behind| behind >= 2), "{:?}", service.behind);
    }
    assert!(servers.requests(Server::Logs).values().sum::<u64>() > 0, "no log was read");
}
