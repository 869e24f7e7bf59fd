//! Bytes from a registry to what they mean: manifests, configs, lists of tags. Nothing is believed that does not
//! have the digest it was asked by.

use http::{HeaderMap, header};
use jiff::Timestamp;
use serde_json::Value;
use sha2::{Digest as _, Sha256, Sha512};

use super::oci::dto::{AnnotationsDto, ChildDto, ConfigDto, DescriptorDto, ManifestDto, PlatformDto, TagsDto};
use crate::domain::{
    Batch, Child, Descriptor, Digest, Failure, ImageConfig, Manifest, ManifestKind, Platform, Tag, Text,
};
use crate::http::{Answer, says};

pub(super) const OCI_MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
pub(super) const OCI_INDEX: &str = "application/vnd.oci.image.index.v1+json";
pub(super) const DOCKER_MANIFEST: &str = "application/vnd.docker.distribution.manifest.v2+json";
pub(super) const DOCKER_LIST: &str = "application/vnd.docker.distribution.manifest.list.v2+json";
const DOCKER_SCHEMA_1: &str = "application/vnd.docker.distribution.manifest.v1";

const DIGEST_HEADER: &str = "docker-content-digest";

/// Returns the digest that the registry states beside its answer.
///
/// # Errors
/// A header that is there and is no digest.
pub(super) fn stated_digest(headers: &HeaderMap) -> Result<Option<Digest>, Failure> {
    let Some(value) = headers.get(DIGEST_HEADER) else { return Ok(None) };
    let parsed = value.to_str().ok().and_then(|value| Digest::parse(value.trim()).ok());
    parsed.map(Some).ok_or_else(|| Failure::Ambiguous("Docker-Content-Digest is no digest".into()))
}

/// Reads a manifest, asked for by tag or by digest.
pub(super) fn manifest(answer: &Answer, asked: Option<&Digest>) -> Result<Manifest, Failure> {
    let kind = media_type(&answer.headers);
    let stated = stated_digest(&answer.headers)?;
    // Schema 1 is signed inside its body, and its digest leaves the signatures out.
    let signed = kind.starts_with(DOCKER_SCHEMA_1);
    let digest = match (asked.or(stated.as_ref()), signed) {
        (Some(want), false) => verified(&answer.body, want)?,
        (Some(want), true) => want.clone(),
        (None, _) => sha256(&answer.body),
    };
    if let Some(stated) = stated.filter(|_| asked.is_some() && !signed) {
        verified(&answer.body, &stated)?;
    }
    if signed {
        return Ok(Manifest { digest, kind: ManifestKind::Other(kind.into()), revision: None, created: None });
    }
    let dto: ManifestDto = json(answer)?;
    let annotations = dto.annotations.as_ref();
    let (revision, created) =
        (annotations.and_then(revision), annotations.and_then(|notes| instant(notes.created.as_ref())));
    Ok(Manifest { digest, kind: manifest_kind(dto, kind)?, revision, created })
}

fn manifest_kind(dto: ManifestDto, header: &str) -> Result<ManifestKind, Failure> {
    let kind = dto.media_type.as_deref().filter(|kind| !kind.is_empty()).unwrap_or(header);
    match (kind, dto.config, dto.layers, dto.manifests) {
        // One document that could be read as two things is read differently by different tools.
        (_, Some(_), _, Some(_)) | (_, _, Some(_), Some(_)) => {
            Err(Failure::Malformed("the manifest is an image and an index at once".into()))
        }
        (OCI_MANIFEST | DOCKER_MANIFEST, _, _, Some(_)) | (OCI_INDEX | DOCKER_LIST, Some(_), _, _) => {
            Err(Failure::Malformed("the manifest's media type and its content disagree".into()))
        }
        (_, Some(config), Some(layers), None) => {
            let layers = layers.iter().map(descriptor).collect::<Result<_, _>>()?;
            Ok(ManifestKind::Image { config: descriptor(&config)?, layers })
        }
        (_, _, _, Some(children)) => Ok(ManifestKind::Index(children.iter().map(child).collect::<Result<_, _>>()?)),
        (OCI_MANIFEST | DOCKER_MANIFEST | OCI_INDEX | DOCKER_LIST, ..) => {
            Err(Failure::Malformed("the manifest lacks its config, its layers, or its entries".into()))
        }
        _ if dto.schema_version == Some(1) => Ok(ManifestKind::Other("Docker schema 1".into())),
        // Only a type of its own makes it another kind of manifest: a gateway answers `{}` to everything.
        _ if kind.starts_with("application/vnd.") => Ok(ManifestKind::Other(kind.into())),
        _ => Err(Failure::Malformed("JSON that is no manifest".into())),
    }
}

fn descriptor(dto: &DescriptorDto) -> Result<Descriptor, Failure> {
    let kind = dto.media_type.as_deref().unwrap_or_default();
    let foreign = kind.contains(".foreign.") || kind.contains(".nondistributable.");
    Ok(Descriptor { digest: digest(&dto.digest)?, size: dto.size, foreign })
}

fn child(dto: &ChildDto) -> Result<Child, Failure> {
    let platform = dto.platform.as_ref().and_then(platform);
    let note = dto.annotations.as_ref().and_then(|notes| notes.reference_type.as_ref());
    let attestation = note.and_then(Value::as_str) == Some("attestation-manifest")
        || platform.as_ref().is_some_and(Platform::is_unknown);
    Ok(Child { digest: digest(&dto.digest)?, platform, attestation })
}

/// Reads a config blob.
pub(super) fn config(answer: &Answer, asked: &Digest) -> Result<ImageConfig, Failure> {
    verified(&answer.body, asked)?;
    let dto: ConfigDto = json(answer)?;
    let labels = dto.config.and_then(|config| config.labels).unwrap_or_default();
    let platform = platform(&PlatformDto { os: dto.os, architecture: dto.architecture, variant: dto.variant });
    Ok(ImageConfig { created: instant(dto.created.as_ref()), revision: revision(&labels), platform })
}

/// Reads the first page of a repository's tags, of which `asked` were wanted.
pub(super) fn tags(answer: &Answer, asked: usize) -> Result<Batch<Tag>, Failure> {
    let dto: TagsDto = json(answer)?;
    let listed = dto.tags.len();
    let read = dto.tags.iter().filter_map(|tag| serde_json::from_str::<String>(tag.get()).ok());
    let items: Vec<Tag> = read.filter_map(|tag| Tag::parse(&tag).ok()).collect();
    let skipped = u64::try_from(listed - items.len()).unwrap_or(u64::MAX);
    // A full page without a link to the next may be all there is, or a registry that does not say.
    let complete = !answer.headers.contains_key(header::LINK) && listed != asked;
    Ok(Batch { items, skipped, complete })
}

fn json<'a, T: serde::Deserialize<'a>>(answer: &'a Answer) -> Result<T, Failure> {
    serde_json::from_slice(&answer.body).map_err(|error| {
        let start = answer.body.trim_ascii_start();
        if start.first() == Some(&b'<') {
            return Failure::Malformed(says(&answer.headers, &answer.body));
        }
        // What stands in the body may be anything; where it breaks is enough.
        let why = if error.is_eof() { "ends too early" } else { "is no JSON of the kind expected" };
        Failure::Malformed(format!("the body {why}, at line {} column {}", error.line(), error.column()).into())
    })
}

fn media_type(headers: &HeaderMap) -> &str {
    let value = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    value.split(';').next().unwrap_or_default().trim()
}

fn digest(value: &str) -> Result<Digest, Failure> {
    Digest::parse(value).map_err(|error| Failure::Malformed(error.to_string().into()))
}

/// Returns the digest if the body has it.
fn verified(body: &[u8], want: &Digest) -> Result<Digest, Failure> {
    let got = if want.to_string().starts_with("sha512:") { sha512(body) } else { Some(sha256(body)) };
    if got.as_ref() == Some(want) {
        return Ok(want.clone());
    }
    Err(Failure::Ambiguous(format!("the content does not have the digest {want} that it is said to have").into()))
}

/// Returns whether it is the digest of no bytes at all.
pub(super) fn is_of_nothing(digest: &Digest) -> bool {
    verified(&[], digest).is_ok()
}

fn sha256(body: &[u8]) -> Digest {
    Digest::sha256(Sha256::digest(body).into())
}

fn sha512(body: &[u8]) -> Option<Digest> {
    Digest::from_bytes(&Sha512::digest(body))
}

fn platform(dto: &PlatformDto) -> Option<Platform> {
    let (os, architecture) = (dto.os.as_deref()?, dto.architecture.as_deref()?);
    let variant = dto.variant.as_deref().filter(|variant| !variant.is_empty());
    Platform::parse(&match variant {
        Some(variant) => format!("{os}/{architecture}/{variant}"),
        None => format!("{os}/{architecture}"),
    })
}

fn revision(notes: &AnnotationsDto) -> Option<Text> {
    let revision = notes.revision.as_ref()?.as_str()?.trim();
    (!revision.is_empty()).then(|| revision.into())
}

/// Reads a creation date. The year 1 is what Go writes for none.
fn instant(value: Option<&Value>) -> Option<Timestamp> {
    let instant: Timestamp = value?.as_str()?.trim().parse().ok()?;
    (instant.as_second() > -62_000_000_000).then_some(instant)
}
