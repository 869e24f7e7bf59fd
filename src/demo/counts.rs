//! What the demo's servers were asked: requests by kind, connections, leaked credentials.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};

/// One of the demo's servers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Server {
    /// GitHub's REST API.
    GitHub,
    /// GitLab's REST API.
    GitLab,
    /// The OCI registry and its token service.
    Registry,
    /// Where GitHub sends those who ask for a log.
    Logs,
}

/// What a request asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// A list of runs or pipelines.
    Runs,
    /// One run, attempt or pipeline.
    Run,
    /// The jobs of a run, or one job.
    Jobs,
    /// A job's log, or on GitHub the address of it.
    Log,
    /// A log at the address that GitHub gave.
    LogFile,
    /// A list of a run's artifacts.
    Artifacts,
    /// The address of an archive.
    Archive,
    /// An archive at the address that GitHub gave.
    ArchiveFile,
    /// GitLab's report on the tests of a pipeline.
    TestReport,
    /// A list of deployments, or of what became of one.
    Deployments,
    /// A project.
    Project,
    /// A list of secrets, keys, tokens or variables: names and dates.
    Credentials,
    /// Workflows, merged configurations and schedules.
    Pipelines,
    /// The rate limit.
    RateLimit,
    /// A token of the registry's token service.
    Token,
    /// A request to the registry that was answered with 401.
    Challenge,
    /// A manifest by tag.
    Tag,
    /// A manifest by digest.
    Manifest,
    /// A blob's content.
    Config,
    /// Whether a blob is there.
    Blob,
    /// A list of tags.
    Tags,
    /// Anything else.
    Other,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 22] = [
        Self::Runs,
        Self::Run,
        Self::Jobs,
        Self::Log,
        Self::LogFile,
        Self::Artifacts,
        Self::Archive,
        Self::ArchiveFile,
        Self::TestReport,
        Self::Deployments,
        Self::Project,
        Self::Credentials,
        Self::Pipelines,
        Self::RateLimit,
        Self::Token,
        Self::Challenge,
        Self::Tag,
        Self::Manifest,
        Self::Config,
        Self::Blob,
        Self::Tags,
        Self::Other,
    ];
}

/// The counters of one server.
#[derive(Debug, Default)]
pub(super) struct Counters {
    kinds: [AtomicU64; Kind::ALL.len()],
    not_modified: AtomicU64,
    leaks: AtomicU64,
    /// Requests that count against the rate limit.
    used: AtomicU64,
    open: AtomicU64,
    widest: AtomicU64,
}

impl Counters {
    pub(super) fn note(&self, kind: Kind, not_modified: bool) {
        if let Some(counter) = self.kinds.get(kind as usize) {
            counter.fetch_add(1, Ordering::Relaxed);
        }
        if not_modified {
            self.not_modified.fetch_add(1, Ordering::Relaxed);
        }
    }

    pub(super) fn by_kind(&self) -> BTreeMap<Kind, u64> {
        let counts = Kind::ALL.into_iter().zip(&self.kinds).map(|(kind, count)| (kind, count.load(Ordering::Relaxed)));
        counts.filter(|(_, count)| *count > 0).collect()
    }

    pub(super) fn not_modified(&self) -> u64 {
        self.not_modified.load(Ordering::Relaxed)
    }

    /// Counts one request against the rate limit, and returns how many did so far.
    pub(super) fn spend(&self, cost: u64) -> u64 {
        self.used.fetch_add(cost, Ordering::Relaxed) + cost
    }

    pub(super) fn leak(&self) {
        self.leaks.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn leaks(&self) -> u64 {
        self.leaks.load(Ordering::Relaxed)
    }

    pub(super) fn opened(&self) {
        let open = self.open.fetch_add(1, Ordering::Relaxed) + 1;
        self.widest.fetch_max(open, Ordering::Relaxed);
    }

    pub(super) fn closed(&self) {
        self.open.fetch_sub(1, Ordering::Relaxed);
    }

    pub(super) fn widest(&self) -> u64 {
        self.widest.load(Ordering::Relaxed)
    }
}
