//! Starting the demo: four servers on loopback, the configuration for them, and what they were asked.

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use jiff::{RoundMode, Timestamp, TimestampRound, Unit};
use tokio::sync::{mpsc, oneshot};

use super::configuration::{self, Files};
use super::counts::{Counters, Kind, Server};
use super::folder::Folder;
use super::serve::{Post, Recorded, listen, serve};
use super::shelf::Shelf;
use super::stage::{Addresses, Clock, Secrets, Stage};
use super::stores;
use super::world::World;
use crate::domain::Fact;

/// The demo's servers. Dropping them stops them and removes the secrets' files.
#[derive(Debug)]
pub struct Servers {
    stage: Arc<Stage>,
    folder: Folder,
    github: PathBuf,
    gitlab: PathBuf,
    password: PathBuf,
    _running: [oneshot::Sender<()>; 4],
}

impl Servers {
    /// Serves the world on free ports of loopback. `now` is the moment that the world's times are told from;
    /// every answer is held back by `latency`.
    ///
    /// # Errors
    /// No port to listen on, or no place for the files with the secrets.
    pub async fn start(world: World, latency: Duration, now: Timestamp) -> io::Result<Self> {
        Self::open(world, latency, now, None).await
    }

    /// As [`Self::start`], and tells every request that comes.
    ///
    /// # Errors
    /// As [`Self::start`].
    pub async fn start_recording(
        world: World,
        latency: Duration,
        now: Timestamp,
    ) -> io::Result<(Self, mpsc::UnboundedReceiver<Recorded>)> {
        let (records, recorded) = mpsc::unbounded_channel();
        Ok((Self::open(world, latency, now, Some(records)).await?, recorded))
    }

    async fn open(
        world: World,
        latency: Duration,
        now: Timestamp,
        records: Option<mpsc::UnboundedSender<Recorded>>,
    ) -> io::Result<Self> {
        let start = now.round(TimestampRound::new().smallest(Unit::Second).mode(RoundMode::Floor)).unwrap_or(now);
        let shelf = Shelf::new(&world, start);
        let listeners = [listen().await?, listen().await?, listen().await?, listen().await?];
        let [github, gitlab, registry, logs] = &listeners;
        let addresses = Addresses {
            github: github.local_addr()?,
            gitlab: gitlab.local_addr()?,
            registry: registry.local_addr()?,
            logs: logs.local_addr()?,
        };
        let secrets = Secrets::new();
        let folder = Folder::new()?;
        let [github, gitlab, password] = [
            folder.write("github-token", &secrets.github)?,
            folder.write("gitlab-token", &secrets.gitlab)?,
            folder.write("registry-password", &secrets.password)?,
        ];
        let counters: [Counters; 4] = Default::default();
        let clock = Clock::new(start);
        let stage = Arc::new(Stage { world, shelf, secrets, addresses, clock, counters });
        stores::furnish(&folder, &stage)?;
        let servers = [Server::GitHub, Server::GitLab, Server::Registry, Server::Logs];
        let mut waiting = listeners.into_iter().zip(servers);
        let mut next = || {
            let (stop, stopped) = oneshot::channel();
            if let Some((listener, server)) = waiting.next() {
                serve(listener, Post { server, stage: stage.clone(), latency, records: records.clone() }, stopped);
            }
            stop
        };
        let running = [next(), next(), next(), next()];
        Ok(Self { stage, folder, github, gitlab, password, _running: running })
    }

    /// Returns the configuration for landfall, ready to use.
    #[must_use]
    pub fn config_toml(&self) -> String {
        let Self { github, gitlab, password, .. } = self;
        configuration::write(&self.stage, &Files { github, gitlab, password, folder: self.folder.path() })
    }

    /// Writes the configuration beside the secrets, and returns where it is.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn config_file(&self) -> io::Result<PathBuf> {
        let path = self.folder.path().join("config.toml");
        if path.exists() { Ok(path) } else { self.folder.write("config.toml", &self.config_toml()) }
    }

    /// Returns what removes the secrets' files, for whoever ends the process where nothing is dropped any more.
    pub fn removal(&self) -> impl Fn() + Send + Sync + 'static {
        self.folder.removal()
    }

    /// Returns what landfall would remember of this world: the tags that landed and were cleaned away since.
    #[must_use]
    pub fn remembered(&self) -> Vec<Fact> {
        super::memory::remembered(&self.stage)
    }

    /// Returns `http://host:port` of a server.
    #[must_use]
    pub fn origin(&self, server: Server) -> String {
        self.stage.addresses.origin(server)
    }

    /// Returns how many requests a server answered, by kind.
    #[must_use]
    pub fn requests(&self, server: Server) -> BTreeMap<Kind, u64> {
        self.stage.counters(server).by_kind()
    }

    /// Returns how many requests a server answered with 304.
    #[must_use]
    pub fn not_modified(&self, server: Server) -> u64 {
        self.stage.counters(server).not_modified()
    }

    /// Returns how many connections to a server were open at once, at most.
    #[must_use]
    pub fn widest(&self, server: Server) -> u64 {
        self.stage.counters(server).widest()
    }

    /// Returns how many requests brought a credential where none belongs: to the store of logs.
    #[must_use]
    pub fn leaks(&self) -> u64 {
        self.stage.counters(Server::Logs).leaks()
    }

    /// Puts the world's clock forward.
    pub fn skip(&self, time: Duration) {
        self.stage.clock.skip(time);
    }

    /// Returns the least requests that the protocols allow for these verdicts, by kind.
    #[must_use]
    pub fn least(&self) -> BTreeMap<Kind, u64> {
        super::least::least(&self.stage)
    }

    /// Returns the verdicts that this world deserves now.
    #[must_use]
    pub fn deserved(&self) -> Vec<super::Deserved> {
        super::verdict::deserved(&self.stage.world, self.stage.clock.now())
    }
}
