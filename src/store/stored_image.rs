//! The stored forms of what a registry holds: manifests, configs, blobs, or that they are absent.

use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::words::{Built, Str, Words, maybe, moment};
use crate::domain::{Absence, AbsenceCode, Child, Descriptor, Digest, ImageConfig, Manifest, ManifestKind, Text};

/// What was found under a digest, or the registry's word that nothing is there.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct Stored<'a> {
    #[serde(borrow, rename = "a", skip_serializing_if = "Option::is_none")]
    absent: Option<(u8, Str<'a>)>,
    /// The digest in the manifest, where it is another than the one that it was found under.
    #[serde(rename = "d", skip_serializing_if = "Option::is_none")]
    digest: Option<String>,
    #[serde(rename = "c", skip_serializing_if = "Option::is_none")]
    config: Option<StoredDescriptor>,
    #[serde(rename = "l", skip_serializing_if = "Option::is_none")]
    layers: Option<Vec<StoredDescriptor>>,
    #[serde(rename = "i", skip_serializing_if = "Option::is_none")]
    index: Option<Vec<StoredChild<'a>>>,
    #[serde(rename = "o", skip_serializing_if = "Option::is_none")]
    other: Option<Str<'a>>,
    #[serde(rename = "r", skip_serializing_if = "Option::is_none")]
    revision: Option<Str<'a>>,
    #[serde(rename = "t", skip_serializing_if = "Option::is_none")]
    created: Option<i64>,
    #[serde(rename = "p", skip_serializing_if = "Option::is_none")]
    platform: Option<Built<'a>>,
}

/// Digest, size, whether the registry need not hold it.
#[derive(Debug, Serialize, Deserialize)]
struct StoredDescriptor(String, u64, bool);

/// Digest, platform, whether it is an attestation.
#[derive(Debug, Serialize, Deserialize)]
struct StoredChild<'a>(String, #[serde(borrow)] Option<Built<'a>>, bool);

pub(super) fn absence_code(code: AbsenceCode) -> u8 {
    match code {
        AbsenceCode::ManifestUnknown => 0,
        AbsenceCode::NameUnknown => 1,
        AbsenceCode::BlobUnknown => 2,
    }
}

pub(super) fn read_absence(code: u64, says: Text) -> Option<Absence> {
    let code = match code {
        0 => AbsenceCode::ManifestUnknown,
        1 => AbsenceCode::NameUnknown,
        2 => AbsenceCode::BlobUnknown,
        _ => return None,
    };
    Some(Absence { code, says })
}

fn absent(absence: &Absence) -> Stored<'_> {
    Stored { absent: Some((absence_code(absence.code), Str::raw(&absence.says))), ..Stored::default() }
}

pub(super) fn write_manifest(digest: &Digest, known: &Result<Arc<Manifest>, Absence>) -> serde_json::Result<String> {
    let manifest = match known {
        Ok(manifest) => manifest,
        Err(absence) => return serde_json::to_string(&absent(absence)),
    };
    let mut stored = Stored {
        digest: (manifest.digest != *digest).then(|| manifest.digest.to_string()),
        revision: manifest.revision.as_ref().map(Str::raw),
        created: manifest.created.map(Timestamp::as_microsecond),
        ..Stored::default()
    };
    match &manifest.kind {
        ManifestKind::Image { config, layers } => {
            stored.config = Some(descriptor(config));
            stored.layers = Some(layers.iter().map(descriptor).collect());
        }
        ManifestKind::Index(children) => {
            stored.index = Some(children.iter().map(stored_child).collect());
        }
        ManifestKind::Other(media) => stored.other = Some(Str::raw(media)),
    }
    serde_json::to_string(&stored)
}

pub(super) fn read_manifest(body: &[u8], digest: &Digest, words: &mut Words) -> Option<Result<Arc<Manifest>, Absence>> {
    let stored: Stored<'_> = serde_json::from_slice(body).ok()?;
    if let Some((code, says)) = &stored.absent {
        return read_absence((*code).into(), says.text()).map(Err);
    }
    let kind = match (stored.config, stored.layers, stored.index, stored.other) {
        (Some(config), Some(layers), None, None) => ManifestKind::Image {
            config: read_descriptor(&config)?,
            layers: layers.iter().map(read_descriptor).collect::<Option<_>>()?,
        },
        (None, None, Some(children), None) => {
            ManifestKind::Index(children.iter().map(|child| read_child(child, words)).collect::<Option<_>>()?)
        }
        (None, None, None, Some(media)) => ManifestKind::Other(words.text(&media.0)),
        _ => return None,
    };
    let digest = match stored.digest {
        Some(other) => Digest::parse(&other).ok()?,
        None => digest.clone(),
    };
    let revision = stored.revision.as_ref().map(Str::text);
    Some(Ok(Arc::new(Manifest { digest, kind, revision, created: maybe(stored.created, moment).ok()? })))
}

pub(super) fn write_config(known: &Result<ImageConfig, Absence>) -> serde_json::Result<String> {
    let stored = match known {
        Ok(config) => Stored {
            created: config.created.map(Timestamp::as_microsecond),
            revision: config.revision.as_ref().map(Str::raw),
            platform: config.platform.as_ref().map(Built::of),
            ..Stored::default()
        },
        Err(absence) => absent(absence),
    };
    serde_json::to_string(&stored)
}

pub(super) fn read_config(body: &[u8], words: &mut Words) -> Option<Result<ImageConfig, Absence>> {
    let stored: Stored<'_> = serde_json::from_slice(body).ok()?;
    if let Some((code, says)) = &stored.absent {
        return read_absence((*code).into(), says.text()).map(Err);
    }
    Some(Ok(ImageConfig {
        created: maybe(stored.created, moment).ok()?,
        revision: stored.revision.as_ref().map(Str::text),
        platform: stored.platform.as_ref().map(|built| words.platform(built)),
    }))
}

pub(super) fn write_blob(known: &Result<(), Absence>) -> serde_json::Result<String> {
    serde_json::to_string(&known.as_ref().map_or_else(absent, |()| Stored::default()))
}

pub(super) fn read_blob(body: &[u8]) -> Option<Result<(), Absence>> {
    let stored: Stored<'_> = serde_json::from_slice(body).ok()?;
    match &stored.absent {
        Some((code, says)) => read_absence((*code).into(), says.text()).map(Err),
        None => Some(Ok(())),
    }
}

fn descriptor(descriptor: &Descriptor) -> StoredDescriptor {
    let Descriptor { digest, size, foreign } = descriptor;
    StoredDescriptor(digest.to_string(), *size, *foreign)
}

fn read_descriptor(stored: &StoredDescriptor) -> Option<Descriptor> {
    let StoredDescriptor(digest, size, foreign) = stored;
    Some(Descriptor { digest: Digest::parse(digest).ok()?, size: *size, foreign: *foreign })
}

fn stored_child(child: &Child) -> StoredChild<'_> {
    let Child { digest, platform, attestation } = child;
    StoredChild(digest.to_string(), platform.as_ref().map(Built::of), *attestation)
}

fn read_child(stored: &StoredChild<'_>, words: &mut Words) -> Option<Child> {
    let StoredChild(digest, platform, attestation) = stored;
    let platform = platform.as_ref().map(|built| words.platform(built));
    Some(Child { digest: Digest::parse(digest).ok()?, platform, attestation: *attestation })
}
