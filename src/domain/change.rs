//! Changes on their way to production: what landed as an image, and what was deployed.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::record::insert;
use super::{Miss, Moment, Sha, Text};

/// A commit whose image landed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LandedCommit {
    /// The commit.
    pub sha: Sha,
    /// Its title.
    pub title: Text,
    /// When it was committed, where that is known.
    pub committed_at: Option<Moment>,
    /// When its first run was created, which is when it was pushed.
    pub run_created_at: Option<Moment>,
    /// When its image was first seen, or was pushed.
    pub landed_at: Moment,
}

/// A deployment that is over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deployment {
    /// The provider's id.
    pub id: u64,
    /// The commit.
    pub sha: Sha,
    /// When it was committed, where that is known.
    pub committed_at: Option<Timestamp>,
    /// When the deployment ended.
    pub finished_at: Timestamp,
    /// Whether it succeeded.
    pub succeeded: bool,
}

/// The newest deployments to one environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deployed {
    /// Whose they are: provider, repository and environment.
    pub place: Text,
    /// Those that are over.
    pub over: Vec<Deployment>,
    /// The lowest id of those that go on.
    pub open: Option<u64>,
    /// How many could not be read.
    pub skipped: u64,
}

/// What is known of the deployments of a service.
#[derive(Debug, Clone, Default)]
pub struct Deployments {
    /// Whose they are: provider, repository and environment.
    pub place: Text,
    over: BTreeMap<u64, Deployment>,
    open: Option<u64>,
    /// When they were last asked for, and told.
    pub seen_at: Option<Timestamp>,
    /// How many could not be read then.
    pub skipped: u64,
    /// Why they could not be read the last time.
    pub failure: Option<Miss>,
    /// Counts whatever changes.
    pub(super) edition: u64,
}

/// Deployments of one service that are remembered.
const DEPLOYMENTS: usize = 500;

impl Deployments {
    /// Returns those that are over, in the order in which they began.
    pub fn over(&self) -> impl Iterator<Item = &Deployment> {
        self.over.values()
    }

    /// Returns the id up to which it is known how each ended; 0 where none is.
    #[must_use]
    pub fn known_to(&self) -> u64 {
        let last = self.over.last_key_value().map_or(0, |(id, _)| *id);
        self.open.map_or(last, |open| last.min(open.saturating_sub(1)))
    }

    /// Returns all that is known, as an answer would tell it.
    pub(super) fn told(&self) -> Deployed {
        let over = self.over.values().cloned().collect();
        Deployed { place: self.place.clone(), over, open: self.open, skipped: self.skipped }
    }

    /// Takes in what an earlier process knew, unless something newer is known.
    pub(super) fn recall(&mut self, at: Timestamp, told: Deployed) {
        if self.seen_at.is_none_or(|seen| seen < at) {
            let failure = self.failure.take();
            self.absorb(at, told);
            self.failure = failure;
        }
    }

    /// Takes in an answer, and returns whether it changed what is known. What it lacks was not asked for.
    pub(super) fn absorb(&mut self, at: Timestamp, told: Deployed) -> bool {
        let mut changed = self.seen_at.replace(at).is_none() | self.failure.take().is_some();
        if self.place != told.place {
            self.over.clear();
            self.place = told.place;
        }
        changed |= self.skipped != told.skipped;
        (self.open, self.skipped) = (told.open, told.skipped);
        for deployment in told.over {
            changed |= self.over.get(&deployment.id) != Some(&deployment);
            self.over.insert(deployment.id, deployment);
        }
        while self.over.len() > DEPLOYMENTS {
            self.over.pop_first();
        }
        self.edition += u64::from(changed);
        changed
    }

    /// Notes that they could not be read.
    pub(super) fn missed(&mut self, miss: Miss) {
        self.failure = Some(miss);
        self.edition += 1;
    }
}

/// The commits of one service that landed, by the run that pushed them.
#[derive(Debug, Clone, Default)]
pub(super) struct Arrivals {
    /// By the run's number, in their order.
    commits: Vec<(u64, LandedCommit)>,
    /// Counts whatever changes.
    pub(super) edition: u64,
}

/// Commits of one service that are remembered.
const COMMITS: usize = 1_000;

impl Arrivals {
    /// Notes that a commit landed. When it did is what was noted first.
    pub(super) fn note(&mut self, run: u64, commit: LandedCommit) {
        let Err(place) = self.find(run) else { return };
        insert(&mut self.commits, place, (run, commit));
        self.edition += 1;
        if self.commits.len() > COMMITS {
            self.commits.remove(0);
        }
    }

    pub(super) fn knows(&self, run: u64) -> bool {
        self.find(run).is_ok()
    }

    pub(super) fn commits(&self) -> impl Iterator<Item = &LandedCommit> {
        self.commits.iter().map(|(_, commit)| commit)
    }

    fn find(&self, run: u64) -> Result<usize, usize> {
        self.commits.binary_search_by_key(&run, |(known, _)| *known)
    }
}
