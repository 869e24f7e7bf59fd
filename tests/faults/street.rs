//! The demo's servers with a proxy before each, and landfall's configuration for them.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use landfall::config::{self, Config};
use landfall::demo::{Server, Servers, World};
use landfall::domain::{Fact, ImageName};
use landfall::poll::Clock;
use landfall::runtime::SystemClock;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::time::Instant;

use crate::certificates::Certificates;
use crate::fault::Host;
use crate::loopback::{Loopback, answer};
use crate::proxy::{Proxy, Shared, Tally, Weather, calm};

/// Those with every verdict among them, on both CI providers; and one whose project is gone.
pub(crate) const SERVICES: [&str; 8] =
    ["checkout", "storefront", "search", "notifier", "vault-bridge", "gateway", "reports", "legacy-crm"];

/// How long after each other a service is looked at of which nothing runs. Where something runs it is half of that.
pub(crate) const INTERVAL: Duration = Duration::from_secs(20);

/// From a request's start to the end of its answer.
const TIMEOUT: SignedDuration = SignedDuration::from_millis(1_000);

/// The demo's servers, which many streets may lead to.
pub(crate) struct Town {
    pub(crate) servers: Servers,
    pub(crate) clock: Arc<Follows>,
}

/// Follows tokio's time, which can be put forward, from the moment the demo's world was started.
pub(crate) struct Follows {
    start: Timestamp,
    since: Instant,
}

impl Follows {
    /// Returns by how much it is ahead of the system's clock.
    pub(crate) fn ahead(&self) -> Duration {
        Duration::try_from(self.now().duration_since(SystemClock.now())).unwrap_or_default()
    }
}

impl Clock for Follows {
    fn now(&self) -> Timestamp {
        self.start + SignedDuration::try_from(self.since.elapsed()).unwrap()
    }
}

impl Town {
    pub(crate) async fn start() -> Self {
        let now = SystemClock.now();
        let servers = Servers::start(World::incident().unwrap(), Duration::ZERO, now).await.unwrap();
        // Never ahead of the world's own clock, which counts full seconds: nobody is to know before it happens.
        let start = Timestamp::from_second(now.as_second()).unwrap();
        Self { servers, clock: Arc::new(Follows { start, since: Instant::now() }) }
    }
}

/// The way from landfall to the demo's servers.
pub(crate) struct Street {
    pub(crate) config: Config,
    /// The configuration of all services, as a file has it, with the demo's own pace.
    pub(crate) text: String,
    /// What landfall remembers of the world.
    pub(crate) remembered: Vec<Fact>,
    /// Another host, to which the weather may send landfall.
    pub(crate) elsewhere: Loopback,
    shared: Arc<Shared>,
    weather: watch::Sender<Weather>,
    /// Where the certificates' authority is written to.
    folder: TempDir,
    _proxies: Vec<Proxy>,
}

impl Street {
    /// Opens a street to these servers, over plain http or over TLS.
    pub(crate) async fn to(town: &Town, tls: bool) -> Self {
        let servers = &town.servers;
        let upstream = |host| match host {
            Host::GitHub => servers.origin(Server::GitHub),
            Host::GitLab => servers.origin(Server::GitLab),
            Host::Registry | Host::Token => servers.origin(Server::Registry),
            Host::Logs => servers.origin(Server::Logs),
        };
        let scheme = if tls { "https" } else { "http" };
        let (mut listeners, mut addresses) = (Vec::new(), Vec::new());
        let registry = authority(&upstream(Host::Registry));
        for host in Host::ALL {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let ours = listener.local_addr().unwrap().to_string();
            if host == Host::Token {
                addresses.insert(0, (format!("{}/token", upstream(host)), format!("{scheme}://{ours}/token")));
            } else {
                addresses.push((upstream(host), format!("{scheme}://{ours}")));
            }
            if host == Host::Registry {
                addresses.push((registry.clone(), ours));
            }
            listeners.push((host, listener));
        }
        let elsewhere =
            Loopback::answering(|_| answer(200, &[("content-type", "text/html")], "<title>Elsewhere</title>")).await;
        let (weather, watched) = watch::channel(calm());
        let client = reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none());
        let shared = Arc::new(Shared {
            weather: watched,
            addresses,
            certificates: tls.then(Certificates::new),
            elsewhere: format!("http://{}", elsewhere.host()),
            client: client.build().unwrap(),
            clock: town.clock.clone(),
            tally: Tally::default(),
        });
        let start = |(host, listener)| Proxy::start(host, listener, upstream(host), shared.clone());
        let proxies = listeners.into_iter().map(start).collect();
        let ours = shared.addresses.iter().find(|(theirs, _)| *theirs == registry).unwrap().1.clone();
        let remembered = servers.remembered().into_iter().map(|fact| at_our_place(fact, &ours)).collect();
        let folder = tempfile::tempdir().unwrap();
        let addresses = shared.addresses.iter();
        let text = addresses.fold(servers.config_toml(), |text, (theirs, ours)| text.replace(theirs, ours));
        let config = configure(&text, &shared, folder.path());
        Self { config, text, remembered, elsewhere, shared, weather, folder, _proxies: proxies }
    }

    /// Changes the weather.
    pub(crate) fn change(&self, weather: Weather) {
        self.weather.send_replace(weather);
    }

    /// Returns where files may be put that go with the street.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn tally(&self) -> &Tally {
        &self.shared.tally
    }

    /// Returns every header that came to another host and says who landfall is.
    pub(crate) fn leaked(&self) -> Vec<String> {
        let secret = |name: &str| ["authorization", "private-token", "cookie", "proxy-authorization"].contains(&name);
        let seen = self.elsewhere.seen().into_iter().flat_map(|seen| seen.headers);
        let named = seen.filter_map(|(name, value)| Some((name?, value)));
        named.filter(|(name, _)| secret(name.as_str())).map(|(name, value)| format!("{name}: {value:?}")).collect()
    }
}

fn authority(origin: &str) -> String {
    origin.trim_start_matches("http://").to_owned()
}

fn configure(text: &str, shared: &Shared, folder: &Path) -> Config {
    let config = config::parse(text, Path::new("demo.toml")).unwrap().config;
    let mut config = config.only(&SERVICES.map(str::to_owned)).unwrap();
    config.poll.timeout = TIMEOUT;
    config.policy.running = SignedDuration::try_from(INTERVAL / 2).unwrap();
    config.policy.idle = SignedDuration::try_from(INTERVAL).unwrap();
    config.policy.second_look = SignedDuration::from_millis(100);
    if let Some(certificates) = &shared.certificates {
        let file = folder.join("authority.pem");
        std::fs::write(&file, &certificates.pem).unwrap();
        config.ci.iter_mut().for_each(|ci| ci.ca_file = Some(file.clone()));
        for registry in &mut config.registries {
            (registry.plain_http, registry.ca_file) = (false, Some(file.clone()));
        }
    }
    config
}

fn at_our_place(fact: Fact, registry: &str) -> Fact {
    match fact {
        Fact::Landed(mut landed) => {
            let image = format!("{registry}/{}", landed.tag_ref.image.repository());
            landed.tag_ref.image = ImageName::parse(&image).unwrap();
            Fact::Landed(landed)
        }
        other => other,
    }
}
