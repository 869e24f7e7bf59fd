//! One answer of one source, as it comes in.

use std::sync::Arc;

use jiff::Timestamp;

use super::{
    CredentialScan, Deployed, Digest, Ended, Fact, Failure, ImageConfig, ImageName, Job, JobExecution, JobId, Look,
    Manifest, Pace, PipelineScan, Probe, PushLog, Reports, Run, RunKey, ServiceName, SourceId, SourceKind, Tag, TagRef,
    Text, Traffic,
};

/// A part of landfall itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Part {
    /// What is kept from one process to the next.
    History,
    /// The folder that it is kept in.
    Folder,
    /// Where tokens and passwords are read from.
    Secrets,
    /// Who decides what is asked when.
    Poller,
}

impl std::fmt::Display for Part {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(match self {
            Self::History => "history",
            Self::Folder => "folder",
            Self::Secrets => "secrets",
            Self::Poller => "poller",
        })
    }
}

/// The one envelope of lists. Absence proves something only where the batch is complete.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch<T> {
    /// What could be read.
    pub items: Vec<T>,
    /// How many items could not be read.
    pub skipped: u64,
    /// Whether the list was read to its end.
    pub complete: bool,
}

/// One answer of one source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Observation {
    /// When the answer came.
    pub at: Timestamp,
    /// Who was asked.
    pub source: SourceId,
    /// What was seen.
    pub seen: Seen,
}

impl Observation {
    /// Returns what landfall saw of itself.
    #[must_use]
    pub fn own(at: Timestamp, seen: Seen) -> Self {
        Self { at, source: SourceId::own(), seen }
    }
}

/// What was seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Seen {
    /// The newest runs of a service, newest first.
    Runs(ServiceName, Batch<Arc<Run>>),
    /// The jobs of a run.
    Jobs(RunKey, Arc<Batch<Job>>),
    /// What a finished job's log says.
    PushLog(RunKey, JobId, PushLog),
    /// A tag, and its manifest where the answer carried it.
    Tag(TagRef, Probe<Arc<Manifest>>),
    /// A manifest by digest.
    Manifest(ImageName, Digest, Probe<Arc<Manifest>>),
    /// A config blob.
    Config(ImageName, Digest, Probe<ImageConfig>),
    /// Whether a blob is there.
    Blob(ImageName, Digest, Probe<()>),
    /// The tags of a repository, as far as one page tells: proof that this credential may read it.
    Canary(ImageName, Probe<Batch<Tag>>),
    /// The jobs of every try of a run.
    Tries(Ended, Arc<Batch<JobExecution>>),
    /// What the tests of a run left behind.
    Reports(Ended, Arc<Reports>),
    /// The newest deployments to the environment of a service; those up to the id were known.
    Deployments(ServiceName, u64, Deployed),
    /// A look of a CI provider that gave no answer.
    Failed(Look, Failure),
    /// What the source's connections have sent and spent.
    Traffic(SourceKind, Traffic),
    /// How the source is being asked at the moment.
    Pace(SourceKind, Pace),
    /// One list of credentials.
    Credentials(CredentialScan),
    /// Who tells of credentials, and which lists each has; nothing of one that did not come to its end. What was
    /// known of others is of an earlier configuration.
    CredentialLists(Vec<(SourceId, Option<Vec<Text>>)>),
    /// The pipelines of one repository, and the secrets that they read.
    Pipelines(PipelineScan),
    /// What earlier processes kept.
    Remembered(Vec<Fact>),
    /// Nothing more comes of what earlier processes kept.
    Recalled,
    /// What the user should know about a part of landfall itself, or that it is well again.
    Notice(Part, Option<Text>),
}

impl Seen {
    /// Returns the look that this answers, where it is an answer and not a failure.
    #[must_use]
    pub fn answers(&self) -> Option<Look> {
        match self {
            Self::Runs(service, _) => Some(Look::Runs(service.clone())),
            Self::Jobs(run, _) => Some(Look::Jobs(run.clone())),
            Self::PushLog(run, job, _) => Some(Look::PushLog(run.clone(), *job)),
            Self::Tag(tag_ref, _) => Some(Look::Tag(tag_ref.clone())),
            Self::Manifest(image, digest, _) => Some(Look::Manifest(image.clone(), digest.clone())),
            Self::Config(image, digest, _) => Some(Look::Config(image.clone(), digest.clone())),
            Self::Blob(image, digest, _) => Some(Look::Blob(image.clone(), digest.clone())),
            Self::Canary(image, _) => Some(Look::Canary(image.clone())),
            Self::Tries(ended, _) => Some(Look::Tries(ended.clone())),
            Self::Reports(ended, _) => Some(Look::Reports(ended.clone())),
            Self::Deployments(service, known, _) => Some(Look::Deployments(service.clone(), *known)),
            Self::Failed(..)
            | Self::Traffic(..)
            | Self::Pace(..)
            | Self::Credentials(_)
            | Self::CredentialLists(_)
            | Self::Pipelines(_)
            | Self::Remembered(_)
            | Self::Recalled
            | Self::Notice(..) => None,
        }
    }
}
