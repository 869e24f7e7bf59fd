//! Reads that an API shapes as POST. Landfall changes nothing anywhere: each of them is named here, with its whole body, and
//! nothing else can be posted.

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use serde_json::json;
use url::Url;

use super::Ask;

/// A read that its API wants posted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PostedRead<'a> {
    /// Vault and OpenBao, `POST auth/MOUNT/role/ROLE/secret-id-accessor/lookup`: when a secret id ends, never the id itself.
    SecretIdLookup {
        /// What names the secret id, and cannot be used in its place.
        accessor: &'a str,
    },
}

/// The body of a read; `Ask::posted` alone makes one.
#[derive(Debug, Clone)]
pub struct Posted(pub(super) Bytes);

impl PostedRead<'_> {
    /// Returns the end of the address that makes it this call.
    fn path(self) -> &'static str {
        match self {
            Self::SecretIdLookup { .. } => "/secret-id-accessor/lookup",
        }
    }

    fn headers(self) -> [(HeaderName, &'static str); 1] {
        match self {
            Self::SecretIdLookup { .. } => [(header::CONTENT_TYPE, "application/json")],
        }
    }

    fn body(self) -> String {
        match self {
            Self::SecretIdLookup { accessor } => json!({ "secret_id_accessor": accessor }).to_string(),
        }
    }
}

impl Ask {
    /// Returns a POST that reads, of at most a mebibyte, with no credential; `None` where the address is that of another
    /// call. It is never redirected, and its answer never remembered.
    #[must_use]
    pub fn posted(url: Url, read: PostedRead<'_>) -> Option<Self> {
        if !url.path().ends_with(read.path()) {
            return None;
        }
        let fixed = |(name, value)| (name, HeaderValue::from_static(value));
        let headers: HeaderMap = read.headers().into_iter().map(fixed).collect();
        let posted = Some(Posted(read.body().into()));
        Some(Self { method: Method::POST, headers, posted, ..Self::get(url) })
    }
}
