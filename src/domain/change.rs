//! Changes on their way to production: what landed as an image, and what was deployed.

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
