//! Where remembered answers go that are to outlive the process. What is behind it is the archive's own affair.

use std::fmt;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue};

use super::packed::Packed;

/// No body that is longer is archived, unpacked.
pub(super) const LONGEST: usize = 4 << 20;

/// Keeps answers from one process to the next, each under a name that tells nobody what it is.
///
/// It is called between a request's steps, so it must not block for long. It may forget whatever it wants whenever it
/// wants: an answer that is not there is asked for in full. Its `Debug` must not show its key.
pub trait Archive: Send + Sync + fmt::Debug {
    /// Returns the key that names are made with: random, and the same in every process that reads this archive.
    fn key(&self) -> [u8; 32];

    /// Returns the answer of this name.
    fn load(&self, name: &str) -> Option<KeptAnswer>;

    /// Keeps the answer of this name, instead of the one before.
    fn save(&self, name: &str, kept: &KeptAnswer);

    /// Forgets the answer of this name.
    fn forget(&self, name: &str);
}

/// A complete answer with status 200, as it is archived.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct KeptAnswer {
    /// Its `ETag`.
    pub etag: Option<String>,
    /// Its `Last-Modified`.
    pub last_modified: Option<String>,
    /// The headers that mean something together with its body, such as `link`.
    pub headers: Vec<(String, String)>,
    /// Its body: zlib (RFC 1950).
    pub body: Bytes,
}

impl KeptAnswer {
    /// Returns the parts as the archive holds them; none where a mark is not text, or the body is too long.
    pub(super) fn of(
        [etag, last_modified]: [Option<&HeaderValue>; 2],
        headers: &HeaderMap,
        body: &Packed,
    ) -> Option<Self> {
        let text = |value: Option<&HeaderValue>| value.map(|value| value.to_str().map(str::to_owned)).transpose().ok();
        let header = |(name, value): (&HeaderName, &HeaderValue)| {
            Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned()))
        };
        let headers = headers.iter().map(header).collect::<Option<_>>()?;
        let kept = Self { etag: text(etag)?, last_modified: text(last_modified)?, headers, body: body.bytes().clone() };
        (body.length() <= LONGEST).then_some(kept)
    }
}
