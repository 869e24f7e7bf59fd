//! A dashboard reads each run that is over once: not again in its life, nor in that of the next one.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use landfall::analysis::{Depth, judge, readings};
use landfall::app::{Charset, Cmd, Model, Msg, Settings, update};
use landfall::config::{self, Config};
use landfall::demo::{Kind, Server, Servers, World};
use landfall::domain::{Look, Observation, Seen, Service, Snapshot, SourceId, Urgency, Wanted};
use landfall::poll::{Clock as _, Poller};
use landfall::runtime::{SystemClock, build, steady};
use landfall::store::{Retention, Store};
use tokio::sync::mpsc;

/// A dashboard without a screen: what it knows, whom it asks, and where it keeps what it learns.
struct Dashboard {
    model: Model,
    poller: Poller,
    store: Store,
    inbox: mpsc::Receiver<Observation>,
    services: Vec<Arc<Service>>,
    /// What was seen, to tell what is left to read.
    seen: Snapshot,
}

impl Dashboard {
    /// Starts one with the history of those before it.
    fn start(config: &Config, folder: &Path) -> Self {
        let now = SystemClock.now();
        let mut store = Store::open(folder, now, Retention::default()).unwrap();
        let mut known = Snapshot::default();
        store.recall_each(usize::MAX, &mut |fact| known.recall(fact)).unwrap();
        let remembered = store.remembered(usize::MAX).unwrap();
        let settings = Settings { title: "landfall", charset: Charset::Unicode, browser: false };
        let model = Model::new(config.services.clone(), config.policy.clone(), settings, now, (200, 50));
        let (sender, inbox) = mpsc::channel(4096);
        let poller =
            Poller::start(build(config).unwrap(), &config.services, steady(config), Arc::new(SystemClock), sender);
        let services = config.services.clone();
        let mut dashboard = Self { model, poller, store, inbox, services, seen: known.clone() };
        let judged = dashboard.services.iter().map(|service| judge(&known, service, &config.policy, now));
        let judged = judged.collect();
        dashboard.model.recall(known, judged);
        for seen in [Seen::Remembered(remembered), Seen::Recalled] {
            dashboard.take(Observation { at: now, source: SourceId::own(), seen });
        }
        let todo = dashboard.model.begin();
        dashboard.act(todo);
        dashboard
    }

    fn take(&mut self, observation: Observation) {
        self.seen.absorb(observation.clone());
        let todo = update(&mut self.model, Msg::Seen(vec![observation]));
        self.act(todo);
    }

    fn act(&mut self, todo: Vec<Cmd>) {
        for cmd in todo {
            match cmd {
                Cmd::Want(wanted) => self.poller.want(wanted),
                Cmd::Remember(facts) => self.store.keep(&facts, SystemClock.now()).unwrap(),
                Cmd::Shelve(looks) => self.store.shelve(&looks).unwrap(),
                _ => {}
            }
        }
    }

    /// Returns how many lists were read, and whether something of their runs is left to be read.
    fn stands(&self) -> (usize, bool) {
        let now = SystemClock.now();
        let listed = self.services.iter().filter(|service| {
            let listing = self.seen.listing(&service.name);
            listing.is_some_and(|listing| listing.seen_at.is_some() || listing.failure.is_some())
        });
        let left = |service: &Arc<Service>| readings(&self.seen, service, Depth::Reports, Urgency::Spare, now);
        (listed.count(), self.services.iter().any(|service| !left(service).is_empty()))
    }

    /// Goes on until every list was read, and everything that is to be read once.
    async fn settle(&mut self) {
        while self.stands() != (self.services.len(), false) {
            let observation = tokio::time::timeout(Duration::from_mins(1), self.inbox.recv()).await;
            self.take(observation.unwrap().unwrap());
        }
    }

    /// Looks at every list again, and at whatever follows from that.
    async fn refresh(&mut self) {
        let lists: Vec<Wanted> = self
            .services
            .iter()
            .map(|service| Wanted { look: Look::Runs(service.name.clone()), urgency: Urgency::Asked, not_before: None })
            .collect();
        self.poller.want(lists);
        self.poller.idle().await;
        // What nobody waits for is no part of that: it would be asked for by now.
        while let Ok(Some(observation)) = tokio::time::timeout(Duration::from_millis(200), self.inbox.recv()).await {
            self.take(observation);
        }
    }
}

/// What is read once of runs, and the lists that say which runs there are.
const ONCE: [Kind; 5] = [Kind::Jobs, Kind::Artifacts, Kind::Archive, Kind::ArchiveFile, Kind::TestReport];

fn requests(servers: &Servers) -> BTreeMap<Kind, u64> {
    let mut all = BTreeMap::new();
    for server in [Server::GitHub, Server::GitLab, Server::Logs] {
        for (kind, count) in servers.requests(server) {
            *all.entry(kind).or_default() += count;
        }
    }
    all
}

fn once(servers: &Servers) -> BTreeMap<Kind, u64> {
    requests(servers).into_iter().filter(|(kind, _)| ONCE.contains(kind)).collect()
}

fn lists(servers: &Servers) -> u64 {
    requests(servers).get(&Kind::Runs).copied().unwrap_or_default()
}

async fn serve(world: World) -> (Servers, Config) {
    let servers = Servers::start(world, Duration::ZERO, SystemClock.now()).await.unwrap();
    let config = config::parse(&servers.config_toml(), Path::new("demo.toml")).unwrap().config;
    (servers, config)
}

#[tokio::test(flavor = "multi_thread")]
async fn twenty_repositories_that_were_read_cost_no_request_beyond_their_lists() {
    let (servers, config) = serve(World::bench(20, 8)).await;
    let folder = tempfile::tempdir().unwrap();
    let mut first = Dashboard::start(&config, folder.path());
    first.settle().await;
    first.refresh().await;
    let (read, listed) = (once(&servers), lists(&servers));
    assert!(read.get(&Kind::Jobs).is_some_and(|jobs| (160..220).contains(jobs)), "{read:?}");
    for refresh in 1..=5 {
        first.refresh().await;
        assert_eq!(once(&servers), read, "refresh {refresh}");
    }
    let per_refresh = (lists(&servers) - listed) / 5;
    assert_eq!(per_refresh, 20, "one conditional request for each list, and nothing else");
    drop(first);

    let mut second = Dashboard::start(&config, folder.path());
    second.refresh().await;
    assert_eq!(second.stands(), (20, false));
    assert_eq!(once(&servers), read, "what the first one read is known to the second");
}

#[tokio::test(flavor = "multi_thread")]
async fn reports_and_retried_jobs_are_read_once_too() {
    let (servers, config) = serve(World::incident().unwrap()).await;
    let config = config.only(&["notifier".to_owned(), "ledger".to_owned()]).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let mut first = Dashboard::start(&config, folder.path());
    first.settle().await;
    first.refresh().await;
    let read = once(&servers);
    assert!(ONCE.iter().all(|kind| read.get(kind).is_some_and(|count| *count > 10)), "{read:?}");
    first.refresh().await;
    assert_eq!(once(&servers), read);
    drop(first);

    let mut second = Dashboard::start(&config, folder.path());
    second.refresh().await;
    assert_eq!(once(&servers), read);
    assert_eq!(servers.leaks(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_ends_while_the_dashboard_is_up_is_read_when_it_has() {
    let (servers, config) = serve(World::incident().unwrap()).await;
    let config = config.only(&["storefront".to_owned()]).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let mut dashboard = Dashboard::start(&config, folder.path());
    dashboard.settle().await;
    dashboard.refresh().await;
    let before = once(&servers);
    // The newest run ends half a minute after the start, and the next one begins a while later.
    servers.skip(Duration::from_secs(40));
    dashboard.refresh().await;
    dashboard.settle().await;
    dashboard.refresh().await;
    let after = once(&servers);
    assert!(after.get(&Kind::Jobs) > before.get(&Kind::Jobs), "{before:?} {after:?}");
    dashboard.refresh().await;
    assert_eq!(once(&servers), after);
}
