//! The shapes of the distribution and image specifications, read leniently: only the fields that are used.
//!
//! oci-client's types refuse a whole document for one odd field (a `null` list, a creation date that is none, an
//! architecture without a name in its table), and for a verdict that field seldom matters.

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

/// A manifest or an index; which of them is told by its media type and its shape.
#[derive(Deserialize)]
pub(super) struct ManifestDto {
    #[serde(rename = "schemaVersion")]
    pub(super) schema_version: Option<u64>,
    #[serde(rename = "mediaType")]
    pub(super) media_type: Option<String>,
    pub(super) config: Option<DescriptorDto>,
    #[serde(default, deserialize_with = "present")]
    pub(super) layers: Option<Vec<DescriptorDto>>,
    #[serde(default, deserialize_with = "present")]
    pub(super) manifests: Option<Vec<ChildDto>>,
    pub(super) annotations: Option<AnnotationsDto>,
}

#[derive(Deserialize)]
pub(super) struct DescriptorDto {
    #[serde(rename = "mediaType")]
    pub(super) media_type: Option<String>,
    pub(super) digest: String,
    #[serde(default)]
    pub(super) size: u64,
}

#[derive(Deserialize)]
pub(super) struct ChildDto {
    pub(super) digest: String,
    pub(super) platform: Option<PlatformDto>,
    pub(super) annotations: Option<AnnotationsDto>,
}

#[derive(Deserialize)]
pub(super) struct PlatformDto {
    pub(super) os: Option<String>,
    pub(super) architecture: Option<String>,
    pub(super) variant: Option<String>,
}

/// The annotations, or labels, that are looked at. Any of them may hold what is no text.
#[derive(Deserialize, Default)]
pub(super) struct AnnotationsDto {
    #[serde(rename = "org.opencontainers.image.revision")]
    pub(super) revision: Option<Value>,
    #[serde(rename = "org.opencontainers.image.created")]
    pub(super) created: Option<Value>,
    #[serde(rename = "vnd.docker.reference.type")]
    pub(super) reference_type: Option<Value>,
}

/// An image's config blob.
#[derive(Deserialize)]
pub(super) struct ConfigDto {
    pub(super) created: Option<Value>,
    pub(super) os: Option<String>,
    pub(super) architecture: Option<String>,
    pub(super) variant: Option<String>,
    pub(super) config: Option<InnerConfigDto>,
}

#[derive(Deserialize)]
pub(super) struct InnerConfigDto {
    #[serde(rename = "Labels")]
    pub(super) labels: Option<AnnotationsDto>,
}

/// The distribution specification's error body.
#[derive(Deserialize)]
pub(super) struct ErrorsDto {
    pub(super) errors: Vec<ErrorDto>,
}

#[derive(Deserialize)]
pub(super) struct ErrorDto {
    pub(super) code: String,
    pub(super) message: Option<String>,
}

/// A page of tags.
#[derive(Deserialize)]
pub(super) struct TagsDto {
    /// `null` in the answers of some registries where there is no tag.
    #[serde(deserialize_with = "nullable")]
    pub(super) tags: Vec<Box<RawValue>>,
}

/// A token service's answer.
#[derive(Deserialize)]
pub(super) struct TokenDto {
    pub(super) token: Option<String>,
    pub(super) access_token: Option<String>,
    pub(super) expires_in: Option<Value>,
    pub(super) issued_at: Option<Value>,
}

/// Reads a list that is there; `null` is an empty one.
fn present<'de, D, T>(from: D) -> Result<Option<Vec<T>>, D::Error>
where
    D: serde::Deserializer<'de>,
    T: Deserialize<'de>,
{
    nullable(from).map(Some)
}

fn nullable<'de, D, T>(from: D) -> Result<Vec<T>, D::Error>
where
    D: serde::Deserializer<'de>,
    T: Deserialize<'de>,
{
    Ok(Option::<Vec<T>>::deserialize(from)?.unwrap_or_default())
}
