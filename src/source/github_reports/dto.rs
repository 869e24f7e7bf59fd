//! GitHub's artifacts, as far as they are used.

use jiff::Timestamp;
use serde::Deserialize;

use crate::source::api::moment;

/// An artifact of a workflow run.
#[derive(Debug, Deserialize)]
pub(super) struct ArtifactDto {
    pub(super) id: u64,
    pub(super) name: String,
    #[serde(default)]
    pub(super) size_in_bytes: u64,
    #[serde(default)]
    pub(super) expired: bool,
    #[serde(default, deserialize_with = "moment")]
    pub(super) created_at: Option<Timestamp>,
}
