//! The one HTTP stack under every source: pool, timeouts, size caps, redirects by hand, conditional cache.

mod secret;

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode};
use url::Url;

use crate::domain::{Failure, SourceId, Traffic};

pub use secret::{Credential, Secret, SecretError, read as read_secret};

/// How one source uses the stack.
#[derive(Debug, Clone)]
pub struct ClientOptions {
    /// The source, for messages.
    pub id: SourceId,
    /// Where requests go; a credential never leaves this origin, but for origins that `Ask::credential` names.
    pub base: Url,
    /// More certificate authorities, PEM.
    pub ca_pem: Option<Vec<u8>>,
    /// Requests in flight at most.
    pub in_flight: usize,
    /// From the request's start to the last byte of its answer.
    pub timeout: Duration,
    /// How many bytes of conditional answers are remembered; 0 for none.
    pub cache_bytes: usize,
}

/// One source's use of the stack.
#[derive(Debug, Clone)]
pub struct Client {}

/// One request.
#[derive(Debug, Clone)]
pub struct Ask {
    /// GET or HEAD; landfall sends nothing else, but for the token services that want POST.
    pub method: Method,
    /// The full address.
    pub url: Url,
    /// More headers, such as `accept`.
    pub headers: HeaderMap,
    /// Sent as `Authorization` to `url`'s origin only, never after a redirect to another.
    pub credential: Option<Credential>,
    /// Largest answer read, in bytes, after decompression.
    pub cap: u64,
    /// What becomes of an answer over the cap.
    pub over_cap: OverCap,
    /// Whether the answer may be kept and asked for conditionally.
    pub conditional: bool,
}

/// What becomes of an answer over the cap.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OverCap {
    /// `Failure::TooLarge`.
    Refuse,
    /// The first half of the cap and the last half are kept (logs).
    KeepEnds,
}

/// One answer, whatever its status.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The status; never 304, which comes as the remembered answer.
    pub status: StatusCode,
    /// The headers of the newest answer.
    pub headers: HeaderMap,
    /// The whole body, or its ends.
    pub body: Bytes,
    /// Whether a middle was left out.
    pub truncated: bool,
    /// Whether it came from the conditional cache after a 304.
    pub not_modified: bool,
}

impl Client {
    /// Returns a client.
    ///
    /// # Errors
    /// A certificate authority that cannot be read, in words for the user.
    pub fn new(options: ClientOptions) -> Result<Self, String> {
        let _ = options;
        Ok(Self {})
    }

    /// Sends one request, follows redirects without credentials across origins, and returns the answer.
    ///
    /// # Errors
    /// `Failure::Unreachable`, `TooLarge` or `Withheld`: what kept an answer from coming. A status is no error here.
    #[expect(clippy::unused_async, reason = "to be filled in")]
    pub async fn send(&self, ask: Ask) -> Result<Answer, Failure> {
        let _ = ask;
        Err(Failure::Withheld("not built".into()))
    }

    /// Returns what was sent and spent so far.
    #[must_use]
    pub fn traffic(&self) -> Traffic {
        Traffic::default()
    }
}
