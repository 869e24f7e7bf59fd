//! The world as it is served: with its registry's content, its secrets, its addresses and its clock.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::time::Instant;

use super::counts::{Counters, Server};
use super::jobs::run_of;
use super::layer::sha256;
use super::shelf::Shelf;
use super::world::{Provider, Run, Service, World};

/// Everything that an answer is made from.
#[derive(Debug)]
pub(super) struct Stage {
    pub(super) world: World,
    pub(super) shelf: Shelf,
    pub(super) secrets: Secrets,
    pub(super) addresses: Addresses,
    pub(super) clock: Clock,
    pub(super) counters: [Counters; 4],
}

/// What the servers ask of those who call. Made up anew at every start, worth nothing anywhere else.
pub(super) struct Secrets {
    pub(super) github: String,
    pub(super) gitlab: String,
    pub(super) password: String,
    pub(super) signing: String,
    pub(super) vault: String,
    pub(super) aws: String,
}

/// Where the servers listen.
#[derive(Debug, Clone, Copy)]
pub(super) struct Addresses {
    pub(super) github: SocketAddr,
    pub(super) gitlab: SocketAddr,
    pub(super) registry: SocketAddr,
    pub(super) logs: SocketAddr,
}

/// The demo's own time: it starts at a moment that it is told, and can be put forward.
#[derive(Debug)]
pub(super) struct Clock {
    start: Timestamp,
    since: Instant,
    skipped: AtomicI64,
}

impl Clock {
    pub(super) fn new(start: Timestamp) -> Self {
        Self { start, since: Instant::now(), skipped: AtomicI64::new(0) }
    }

    pub(super) fn skip(&self, time: Duration) {
        self.skipped.fetch_add(i64::try_from(time.as_secs()).unwrap_or(i64::MAX), Ordering::Relaxed);
    }

    /// Returns the seconds since the start.
    pub(super) fn now(&self) -> i64 {
        let elapsed = i64::try_from(self.since.elapsed().as_secs()).unwrap_or(i64::MAX);
        elapsed.saturating_add(self.skipped.load(Ordering::Relaxed))
    }

    /// Returns the moment that is this many seconds after the start.
    pub(super) fn moment(&self, seconds: i64) -> Timestamp {
        self.start.saturating_add(SignedDuration::from_secs(seconds)).unwrap_or(self.start)
    }

    /// Returns the moment as GitHub writes it.
    pub(super) fn written(&self, seconds: i64) -> String {
        self.moment(seconds).to_string()
    }
}

impl Secrets {
    pub(super) fn new() -> Self {
        let random = |prefix: &str| format!("{prefix}{:032x}", fastrand::u128(..));
        Self {
            github: random("demo-github-"),
            gitlab: random("demo-gitlab-"),
            password: random("demo-registry-"),
            signing: random(""),
            vault: random("demo-vault-"),
            aws: random("demo-aws-"),
        }
    }
}

impl std::fmt::Debug for Secrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secrets(..)")
    }
}

impl Addresses {
    pub(super) fn of(&self, server: Server) -> SocketAddr {
        match server {
            Server::GitHub => self.github,
            Server::GitLab => self.gitlab,
            Server::Registry => self.registry,
            Server::Logs => self.logs,
        }
    }

    pub(super) fn origin(&self, server: Server) -> String {
        format!("http://{}", self.of(server))
    }
}

impl Stage {
    pub(super) fn counters(&self, server: Server) -> &Counters {
        let [github, gitlab, registry, logs] = &self.counters;
        match server {
            Server::GitHub => github,
            Server::GitLab => gitlab,
            Server::Registry => registry,
            Server::Logs => logs,
        }
    }

    /// Returns the run that a job id belongs to, with its service and its attempt, where it exists already.
    pub(super) fn run_of_job(&self, service: &Service, job: u64, now: i64) -> Option<(&Run, u64)> {
        let (id, attempt) = run_of(job);
        let service = self.world.service(service.provider, &service.repo)?;
        let run = service.runs_at(now).find(|run| run.id == id)?;
        (attempt >= 1 && attempt <= run.attempt).then_some((run, attempt))
    }

    /// Returns the signature that opens the log of a job without a credential.
    pub(super) fn signature(&self, job: &str) -> String {
        sha256(format!("{}/{job}", self.secrets.signing).as_bytes()).chars().skip("sha256:".len()).take(32).collect()
    }

    pub(super) fn service(&self, provider: Provider, repo: &str) -> Option<&Service> {
        self.world.service(provider, repo)
    }
}
