//! What is kept from one process to the next: what sources said. That they did not answer is kept of no look; only how
//! a source itself is doing is, and no verdict follows from that.

use std::sync::Arc;

use arcstr::ArcStr;
use jiff::Timestamp;

use super::{
    Absence, Batch, CredentialRecord, CredentialScope, Deployed, Digest, Ended, Failure, ImageConfig, ImageName, Job,
    JobExecution, JobId, LandedCommit, Manifest, Proof, PushLog, RepoPath, Reports, RetryLog, Run, RunKey, ServiceName,
    SourceId, SourceKind, TagRef,
};

/// One thing that is kept. A newer fact about the same takes the older one's place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fact {
    /// The newest runs of a service.
    Runs {
        /// The service.
        service: ServiceName,
        /// The runs, newest first.
        batch: Batch<Arc<Run>>,
        /// When the list was last read.
        seen_at: Timestamp,
    },
    /// The jobs of a run; those of a finished run never change.
    Jobs {
        /// The run.
        run: RunKey,
        /// Its jobs.
        batch: Arc<Batch<Job>>,
        /// When they were last read.
        seen_at: Timestamp,
        /// How many reads in a row gave these very jobs.
        looks: u32,
    },
    /// What the log of a finished job says. It never changes.
    PushLog(RunKey, JobId, PushLog),
    /// Where a tag pointed, or that it was absent, by the newest answer that said something.
    Tag(TagFact),
    /// What a repository holds under a manifest's digest, or that it holds nothing there.
    Manifest(ImageName, Digest, Result<Arc<Manifest>, Absence>),
    /// What a config blob says, or that it is gone.
    Config(ImageName, Digest, Result<ImageConfig, Absence>),
    /// That a blob is there, or gone.
    Blob(ImageName, Digest, Result<(), Absence>),
    /// When this credential was last shown to be able to read a repository.
    Readable(ImageName, Timestamp),
    /// A tag that landed.
    Landed(Landed),
    /// A row's verdict, and since when it holds.
    Judged(Judgement),
    /// When a source last answered.
    Answered(SourceId, SourceKind, Timestamp),
    /// What was last wrong with a source itself, or that nothing is any more, and when that was seen.
    Failing(SourceId, SourceKind, Timestamp, Option<Failure>),
    /// A run that is over, as its list had it.
    Ended(Arc<Run>),
    /// The jobs of every try of a run.
    Tries(Ended, Arc<Batch<JobExecution>>),
    /// What the tests of a run left behind.
    Reports(Ended, Arc<Reports>),
    /// What the log of a job says of tests that were tried again.
    Retried(RunKey, JobId, Arc<RetryLog>),
    /// A commit of a service whose images all landed, and the run that pushed them.
    Arrived(ServiceName, RunKey, LandedCommit),
    /// The deployments of a service that are known, and when they were last told.
    Deployed(ServiceName, Deployed, Timestamp),
    /// A list of credentials, and when it was last read.
    Scanned(CredentialScope, Batch<Arc<CredentialRecord>>, Timestamp),
}

/// Whom alone a fact concerns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Concerned<'a> {
    /// The services of a repository.
    Repo(&'a SourceId, &'a RepoPath),
    /// A service.
    Service(&'a ServiceName),
}

impl Fact {
    /// Returns whom alone it concerns; `None` where that may be any service.
    #[must_use]
    pub fn concerns(&self) -> Option<Concerned<'_>> {
        let run = match self {
            Self::Ended(run) => &run.key,
            Self::Tries(ended, _) | Self::Reports(ended, _) => &ended.run,
            Self::Retried(run, ..) => run,
            Self::Arrived(service, ..) | Self::Deployed(service, ..) => return Some(Concerned::Service(service)),
            Self::Runs { .. }
            | Self::Jobs { .. }
            | Self::PushLog(..)
            | Self::Tag(_)
            | Self::Manifest(..)
            | Self::Config(..)
            | Self::Blob(..)
            | Self::Readable(..)
            | Self::Landed(_)
            | Self::Judged(_)
            | Self::Scanned(..)
            | Self::Answered(..)
            | Self::Failing(..) => return None,
        };
        Some(Concerned::Repo(&run.ci, &run.repo))
    }
}

/// Where a tag pointed, or that it was absent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TagFact {
    /// The tag.
    pub tag_ref: TagRef,
    /// What the newest answer said that said something.
    pub known: Result<Digest, Absence>,
    /// When that answer came.
    pub seen_at: Timestamp,
    /// When an answer first said so.
    pub changed_at: Timestamp,
    /// When the tag was first seen absent, in an unbroken row of answers.
    pub absent_since: Option<Timestamp>,
    /// How many answers in that row said so.
    pub absent_looks: u32,
}

/// A tag that was seen landed for a commit once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Landed {
    /// The tag.
    pub tag_ref: TagRef,
    /// The run that it landed for.
    pub run: RunKey,
    /// The digest that it had.
    pub digest: Digest,
    /// When it was first seen landed.
    pub since: Timestamp,
    /// When it was last seen landed.
    pub last_seen: Timestamp,
    /// What was found behind the digest when all of it was looked at; `None` where that is not known any more.
    pub proof: Option<Arc<Proof>>,
}

/// The verdict over one row of the report, as it was last judged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judgement {
    /// The service.
    pub service: ServiceName,
    /// The run.
    pub run: RunKey,
    /// The expected tag.
    pub tag_ref: TagRef,
    /// The verdict's word in the report.
    pub verdict: ArcStr,
    /// Since when the row has this verdict.
    pub since: Timestamp,
}
