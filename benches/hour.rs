//! An hour of a dashboard over 200 services x 50 runs in which nothing happens: what is sent, and what of it is billed.
//! The hour passes in a second or so: time stands still while a request is under way, and leaps in between.
#![expect(clippy::unwrap_used, clippy::print_stdout, clippy::disallowed_methods, reason = "a bench")]

#[path = "hour/still.rs"]
mod still;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use landfall::app::{Charset, Cmd, Model, Msg, Settings, update};
use landfall::config::{self, Config};
use landfall::demo::{Kind, Server, Servers, World};
use landfall::domain::Observation;
use landfall::poll::{Clock, Poller, Sources};
use landfall::runtime::{build, steady};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until, timeout_at};

/// What runs left behind besides images is read in spare hours, which these are not: it is not counted.
const SERVICES: usize = 200;
const RUNS: usize = 50;
/// The world of a run that only shows that this still works.
const FEW: usize = 4;
const SIZE: (u16, u16) = (200, 50);
const HOUR: Duration = Duration::from_hours(1);

fn main() {
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let is_test = std::env::args().any(|argument| argument == "--test");
    let (services, runs) = if is_test { (FEW, FEW) } else { (SERVICES, RUNS) };
    // The servers have threads and a time of their own.
    let there = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let world = World::bench(services, runs);
    let servers = there.block_on(Servers::start(world, Duration::ZERO, Timestamp::now())).unwrap();
    let mut config = config::parse(&servers.config_toml(), Path::new("bench.toml")).unwrap().config;
    config.policy.runs = runs;
    let here = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
    println!("{services} services x {runs} runs, nothing happens");
    here.block_on(async {
        let mut dashboard = Dashboard::start(&config);
        let mut before = Sent::of(&servers, &dashboard);
        for what in ["first hour, from nothing", "second hour", "third hour"] {
            dashboard.pass(HOUR).await;
            let now = Sent::of(&servers, &dashboard);
            now.since(&before).tell(what);
            before = now;
        }
    });
}

/// The wall clock goes as the paused one does.
struct Wall {
    begin: Instant,
    wall: Timestamp,
}

impl Clock for Wall {
    fn now(&self) -> Timestamp {
        self.wall + self.begin.elapsed()
    }
}

/// The dashboard without its screen.
struct Dashboard {
    model: Model,
    sources: Sources,
    poller: Poller,
    wall: Arc<Wall>,
    inbox: mpsc::Receiver<Observation>,
}

impl Dashboard {
    fn start(config: &Config) -> Self {
        let wall = Arc::new(Wall { begin: Instant::now(), wall: Timestamp::now() });
        let sources = still::sources(build(config).unwrap());
        let settings = Settings { title: "landfall", charset: Charset::Unicode, browser: false };
        let model = Model::new(config.services.clone(), config.policy.clone(), settings, wall.now(), SIZE);
        let (sender, inbox) = mpsc::channel(256);
        let poller = Poller::start(sources.clone(), model.services(), steady(config), wall.clone(), sender);
        let mut dashboard = Self { model, sources, poller, wall, inbox };
        let todo = dashboard.model.begin();
        dashboard.obey(todo);
        dashboard
    }

    fn obey(&self, todo: Vec<Cmd>) {
        for cmd in todo {
            match cmd {
                Cmd::Want(wanted) => self.poller.want(wanted),
                Cmd::Shelve(looks) => self.poller.let_go(looks),
                _ => {}
            }
        }
    }

    fn take(&mut self, msg: Msg) {
        let todo = update(&mut self.model, msg);
        self.obey(todo);
    }

    /// Lets time pass as the loop of the dashboard does.
    async fn pass(&mut self, time: Duration) {
        let end = Instant::now() + time;
        while Instant::now() < end {
            let wait = self.model.wakes_at().duration_since(self.wall.now());
            let wake = Instant::now() + Duration::try_from(wait).unwrap_or_default().min(Duration::from_mins(1));
            let mut batch = Vec::new();
            if timeout_at(wake.min(end), self.inbox.recv_many(&mut batch, 64)).await.is_ok() {
                self.take(Msg::Seen(batch));
            }
            // Between two frames that no key asked for.
            sleep_until((Instant::now() + Duration::from_millis(100)).min(end)).await;
            self.take(Msg::Passed(self.wall.now()));
        }
    }
}

/// What was sent so far: by the servers' count, and by the client's.
struct Sent {
    kinds: BTreeMap<Kind, u64>,
    not_modified: u64,
    requests: u64,
    billed: u64,
}

impl Sent {
    fn of(servers: &Servers, dashboard: &Dashboard) -> Self {
        let mut kinds = BTreeMap::new();
        for server in [Server::GitHub, Server::Registry, Server::Logs] {
            for (kind, count) in servers.requests(server) {
                *kinds.entry(kind).or_insert(0) += count;
            }
        }
        let traffic: Vec<_> = dashboard.sources.ci.values().map(|source| source.traffic()).collect();
        Self {
            kinds,
            not_modified: servers.not_modified(Server::GitHub),
            requests: traffic.iter().map(|traffic| traffic.requests).sum(),
            billed: traffic.iter().map(|traffic| traffic.billed).sum(),
        }
    }

    fn since(&self, before: &Self) -> Self {
        let known = |kind: &Kind| before.kinds.get(kind).copied().unwrap_or_default();
        Self {
            kinds: self.kinds.iter().map(|(kind, count)| (*kind, count - known(kind))).collect(),
            not_modified: self.not_modified - before.not_modified,
            requests: self.requests - before.requests,
            billed: self.billed - before.billed,
        }
    }

    fn tell(&self, what: &str) {
        let all: u64 = self.kinds.values().sum();
        println!("{what}: {all} requests, at GitHub {} of which {} are billed", self.requests, self.billed);
        println!("  GitHub answered {} with 304", self.not_modified);
        let kinds: Vec<String> = self
            .kinds
            .iter()
            .filter(|(_, count)| **count > 0)
            .map(|(kind, count)| format!("{kind:?} {count}"))
            .collect();
        println!("  {}", kinds.join(", "));
    }
}
