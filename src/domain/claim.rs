//! What the log of a push job says that it pushed. A claim is evidence, never proof.

use std::sync::Arc;

use super::{Digest, ImageName, RetryLog, Tag, Text};

/// One line in which a tool says that it pushed something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// Where to, where the line or the ones before it name a repository.
    pub image: Option<ImageName>,
    /// The tag, where the line names one.
    pub tag: Option<Tag>,
    /// The digest, where the line names one.
    pub digest: Option<Digest>,
}

/// What was read from the log of one push job. The log is immutable once the job is over.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PushLog {
    /// What it claims to have pushed, in order.
    pub claims: Vec<Claim>,
    /// Where it set out to push to (`The push refers to repository […]`), also where nothing was claimed.
    pub destinations: Vec<ImageName>,
    /// Lines of the push itself that name a refusal (`denied`, `unauthorized`, …); the first few.
    pub refusals: Vec<Text>,
    /// Lines that say that nothing was to be pushed (`--no-push`, `No output specified`).
    pub no_push: Vec<Text>,
    /// Whether the middle of a long log was not read.
    pub truncated: bool,
    /// Whether there was a log at all.
    pub available: bool,
    /// What it says of tests that were tried again, where it says so of any.
    pub retries: Option<Arc<RetryLog>>,
}
