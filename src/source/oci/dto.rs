//! The shapes of the distribution and image specifications, read leniently: only the fields that are used.
//!
//! oci-client's types refuse a whole document for one odd field (a `null` list, a creation date that is none, an
//! architecture without a name in its table), and for a verdict that field seldom matters.

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

/// A manifest or an index; which of them is told by its media type and its shape.
#[derive(Deserialize)]
pub(in crate::source) struct ManifestDto {
    #[serde(rename = "schemaVersion")]
    pub(in crate::source) schema_version: Option<u64>,
    #[serde(rename = "mediaType")]
    pub(in crate::source) media_type: Option<String>,
    pub(in crate::source) config: Option<DescriptorDto>,
    #[serde(default, deserialize_with = "present")]
    pub(in crate::source) layers: Option<Vec<DescriptorDto>>,
    #[serde(default, deserialize_with = "present")]
    pub(in crate::source) manifests: Option<Vec<ChildDto>>,
    pub(in crate::source) annotations: Option<AnnotationsDto>,
}

#[derive(Deserialize)]
pub(in crate::source) struct DescriptorDto {
    #[serde(rename = "mediaType")]
    pub(in crate::source) media_type: Option<String>,
    pub(in crate::source) digest: String,
    #[serde(default)]
    pub(in crate::source) size: u64,
}

#[derive(Deserialize)]
pub(in crate::source) struct ChildDto {
    pub(in crate::source) digest: String,
    pub(in crate::source) platform: Option<PlatformDto>,
    pub(in crate::source) annotations: Option<AnnotationsDto>,
}

#[derive(Deserialize)]
pub(in crate::source) struct PlatformDto {
    pub(in crate::source) os: Option<String>,
    pub(in crate::source) architecture: Option<String>,
    pub(in crate::source) variant: Option<String>,
}

/// The annotations, or labels, that are looked at. Any of them may hold what is no text.
#[derive(Deserialize, Default)]
pub(in crate::source) struct AnnotationsDto {
    #[serde(rename = "org.opencontainers.image.revision")]
    pub(in crate::source) revision: Option<Value>,
    #[serde(rename = "org.opencontainers.image.created")]
    pub(in crate::source) created: Option<Value>,
    #[serde(rename = "vnd.docker.reference.type")]
    pub(in crate::source) reference_type: Option<Value>,
}

/// An image's config blob.
#[derive(Deserialize)]
pub(in crate::source) struct ConfigDto {
    pub(in crate::source) created: Option<Value>,
    pub(in crate::source) os: Option<String>,
    pub(in crate::source) architecture: Option<String>,
    pub(in crate::source) variant: Option<String>,
    pub(in crate::source) config: Option<InnerConfigDto>,
}

#[derive(Deserialize)]
pub(in crate::source) struct InnerConfigDto {
    #[serde(rename = "Labels")]
    pub(in crate::source) labels: Option<AnnotationsDto>,
}

/// A page of tags.
#[derive(Deserialize)]
pub(in crate::source) struct TagsDto {
    /// `null` in the answers of some registries where there is no tag.
    #[serde(deserialize_with = "nullable")]
    pub(in crate::source) tags: Vec<Box<RawValue>>,
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
