//! How each source is doing: a failure keeps what was seen before, with its age.

use jiff::Timestamp;

use super::Failure;

/// What a source is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SourceKind {
    /// A CI provider.
    Ci,
    /// An OCI registry.
    Registry,
}

/// The health of one source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Health {
    /// What it is.
    pub kind: SourceKind,
    /// When it last answered a look.
    pub last_ok: Option<Timestamp>,
    /// The last failure and when it happened; cleared by the next answer.
    pub failure: Option<(Timestamp, Failure)>,
    /// How many items of lists could not be read, in the newest lists.
    pub skipped: u64,
    /// What was sent and spent.
    pub traffic: Traffic,
}

impl Health {
    /// Returns the health of a source that was not asked yet.
    #[must_use]
    pub fn new(kind: SourceKind) -> Self {
        Self { kind, last_ok: None, failure: None, skipped: 0, traffic: Traffic::default() }
    }
}

/// What was sent to a source since the start.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Traffic {
    /// Requests sent, token requests and redirects included.
    pub requests: u64,
    /// Answers that were 304.
    pub not_modified: u64,
    /// What the newest answer's headers say of the budget.
    pub budget: Option<Budget>,
}

/// A rate-limit budget as a provider's headers tell it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Budget {
    /// Requests left.
    pub remaining: u64,
    /// Requests allowed in a window.
    pub limit: Option<u64>,
    /// When the window starts anew.
    pub resets_at: Option<Timestamp>,
}
