//! Changes on their way to production: what landed as an image, and what was deployed.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::{Sha, Text};

/// A commit whose image landed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LandedCommit {
    /// The commit.
    pub sha: Sha,
    /// Its title.
    pub title: Text,
    /// When it was committed, where that is known.
    pub committed_at: Option<Timestamp>,
    /// When its first run was created, which is when it was pushed.
    pub run_created_at: Option<Timestamp>,
    /// When its image was first seen, or was pushed.
    pub landed_at: Timestamp,
}

/// A deployment that is over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deployment {
    /// The provider's id.
    pub id: u64,
    /// The environment.
    pub environment: Text,
    /// The commit.
    pub sha: Sha,
    /// When it was committed, where that is known.
    pub committed_at: Option<Timestamp>,
    /// When the deployment ended.
    pub finished_at: Timestamp,
    /// Whether it succeeded.
    pub succeeded: bool,
}

/// The commits of one service that landed, by the run that pushed them.
#[derive(Debug, Clone, Default)]
pub(super) struct Arrivals {
    commits: BTreeMap<u64, LandedCommit>,
    /// Counts whatever changes.
    pub(super) edition: u64,
}

/// Commits of one service that are remembered.
const COMMITS: usize = 1_000;

impl Arrivals {
    /// Notes that a commit landed. When it did is what was noted first.
    pub(super) fn note(&mut self, run: u64, commit: LandedCommit) {
        if self.commits.contains_key(&run) {
            return;
        }
        self.commits.insert(run, commit);
        self.edition += 1;
        if self.commits.len() > COMMITS {
            self.commits.pop_first();
        }
    }

    pub(super) fn knows(&self, run: u64) -> bool {
        self.commits.contains_key(&run)
    }

    pub(super) fn commits(&self) -> impl Iterator<Item = &LandedCommit> {
        self.commits.values()
    }
}
