//! One answer of one source, as it comes in.

use std::sync::Arc;

use jiff::Timestamp;

use super::{
    Digest, Fact, Failure, ImageConfig, ImageName, Job, JobId, Look, Manifest, Probe, PushLog, Run, RunKey,
    ServiceName, SourceId, SourceKind, Tag, TagRef, Traffic,
};

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

/// What was seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Seen {
    /// The newest runs of a service, newest first.
    Runs(ServiceName, Batch<Arc<Run>>),
    /// The jobs of a run.
    Jobs(RunKey, Batch<Job>),
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
    /// A look of a CI provider that gave no answer.
    Failed(Look, Failure),
    /// What the source's connections have sent and spent.
    Traffic(SourceKind, Traffic),
    /// What earlier processes kept.
    Remembered(Vec<Fact>),
}
