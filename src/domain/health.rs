//! How each source is doing: a failure keeps what was seen before, with its age.

use jiff::{SignedDuration, Timestamp};

use super::Failure;

/// What a source is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SourceKind {
    /// A CI provider.
    Ci,
    /// An OCI registry.
    Registry,
    /// A store of secrets, asked when they end.
    Expiry,
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
    /// How it is being asked at the moment.
    pub pace: Pace,
}

impl Health {
    /// Returns the health of a source that was not asked yet.
    #[must_use]
    pub fn new(kind: SourceKind) -> Self {
        Self { kind, last_ok: None, failure: None, skipped: 0, traffic: Traffic::default(), pace: Pace::default() }
    }

    /// Takes note of how one list was read. A list that was read says nothing of another that failed in the same look.
    pub(super) fn listed(&mut self, at: Timestamp, found: Result<(), &Failure>) {
        match found {
            Ok(()) => {
                self.last_ok = Some(at);
                self.failure.take_if(|(failed_at, _)| *failed_at < at);
            }
            Err(failure) => self.failure = Some((at, failure.clone())),
        }
    }
}

/// What was sent to a source since the start, and what that cost.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Traffic {
    /// Requests sent, token requests and redirects included.
    pub requests: u64,
    /// Answers that were 304.
    pub not_modified: u64,
    /// Requests in the last hour; the oldest minute counts whole or not at all.
    pub requests_last_hour: u64,
    /// Answers in the last hour that were 304.
    pub not_modified_last_hour: u64,
    /// Requests that count against the budget: all that went to the source itself, but for those answered by a 304
    /// that stated a remaining budget which had not fallen. Where nothing is stated, everything counts.
    pub billed: u64,
    /// Bytes of remembered answers that are held in memory.
    pub cache_bytes: u64,
    /// How far the source's clock is ahead of ours, to the second: the median of its last few answers.
    pub clock_skew: Option<SignedDuration>,
    /// What the newest answers' headers say of the budget.
    pub budget: Option<Budget>,
}

/// A rate-limit budget as a provider's headers tell it. Once its window is over, all of it is there again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Budget {
    /// Requests left.
    pub remaining: u64,
    /// Requests allowed in a window.
    pub limit: Option<u64>,
    /// When the window starts anew, by our clock; none where that is not known, or no request was made since.
    pub resets_at: Option<Timestamp>,
}

/// How a source is being asked at the moment: what waits for it, and why it is not asked at once.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Pace {
    /// Until when nothing is asked of its own accord, and why.
    pub closed: Option<(Timestamp, Failure)>,
    /// Whether the credential was refused: until there is a new one, the source is only tried now and then.
    pub stopped: bool,
    /// When it is next asked in the background.
    pub next: Option<Timestamp>,
    /// How many times longer than usual the pauses in the background are, to keep within the budget; in tenths, so
    /// that 25 is two and a half times. `None` where they are as usual.
    pub slowed: Option<u32>,
    /// Looks that are due and wait.
    pub waiting: usize,
    /// Looks under way.
    pub under_way: usize,
}
