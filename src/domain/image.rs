//! What a registry holds: manifests, indexes, configs, and what a probe for one of them answered.

use std::fmt;

use arcstr::ArcStr;
use jiff::Timestamp;

use super::{Digest, Failure, Text};

/// What asking a registry for one thing gave. "Could not look" never collapses into "is not there".
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Probe<T> {
    /// It is there.
    Present(T),
    /// The registry was able to say that it is not there.
    Absent(Absence),
    /// No answer that proves anything.
    Unseen(Failure),
}

/// A registry's own statement that something is absent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Absence {
    /// The code in the error body.
    pub code: AbsenceCode,
    /// The registry's own words.
    pub says: Text,
}

/// The error code of the distribution specification's table that came with a 404.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AbsenceCode {
    /// `MANIFEST_UNKNOWN`, or a plain `NOT_FOUND` for a manifest.
    ManifestUnknown,
    /// `NAME_UNKNOWN`: the registry knows no such repository.
    NameUnknown,
    /// `BLOB_UNKNOWN`, or a plain `NOT_FOUND` for a blob.
    BlobUnknown,
}

impl fmt::Display for AbsenceCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::ManifestUnknown => "MANIFEST_UNKNOWN",
            Self::NameUnknown => "NAME_UNKNOWN",
            Self::BlobUnknown => "BLOB_UNKNOWN",
        })
    }
}

/// What an image runs on, as `os/architecture[/variant]`.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Platform {
    /// Such as `linux`.
    pub os: ArcStr,
    /// Such as `amd64`.
    pub architecture: ArcStr,
    /// Such as `v8`.
    pub variant: Option<ArcStr>,
}

impl Platform {
    /// Returns the platform written as `os/architecture[/variant]`, or `None` for anything else.
    #[must_use]
    pub fn parse(value: &str) -> Option<Self> {
        let mut parts = value.split('/');
        let word = |part: Option<&str>| {
            let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
            part.filter(|part| !part.is_empty() && part.chars().all(legal)).map(ArcStr::from)
        };
        let os = word(parts.next())?;
        let architecture = word(parts.next())?;
        let variant = match parts.next() {
            Some(part) => Some(word(Some(part))?),
            None => None,
        };
        parts.next().is_none().then_some(Self { os, architecture, variant })
    }

    /// Returns whether an image of this platform serves where `wanted` is asked for.
    /// A variant matters only where both name one; `arm64` and `arm64/v8` are the same.
    #[must_use]
    pub fn serves(&self, wanted: &Self) -> bool {
        self.os == wanted.os
            && self.architecture == wanted.architecture
            && (self.variant == wanted.variant || self.variant.is_none() || wanted.variant.is_none())
    }

    /// Returns whether this is the `unknown/unknown` under which attestations are listed.
    #[must_use]
    pub fn is_unknown(&self) -> bool {
        &*self.os == "unknown" && &*self.architecture == "unknown"
    }
}

impl fmt::Display for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.os, self.architecture)?;
        self.variant.as_ref().map_or(Ok(()), |variant| write!(f, "/{variant}"))
    }
}

impl fmt::Debug for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A pointer to content: the OCI image specification's descriptor, as far as it is used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Descriptor {
    /// The content's digest.
    pub digest: Digest,
    /// The content's size in bytes.
    pub size: u64,
    /// Whether a registry need not hold it (foreign or non-distributable layers).
    pub foreign: bool,
}

/// A manifest under a digest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Manifest {
    /// The digest that it is stored under.
    pub digest: Digest,
    /// Image, index, or something else.
    pub kind: ManifestKind,
    /// `org.opencontainers.image.revision` among its annotations.
    pub revision: Option<Text>,
    /// `org.opencontainers.image.created` among its annotations.
    pub created: Option<Timestamp>,
}

/// What a manifest points to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ManifestKind {
    /// One image: OCI manifest or Docker schema 2.
    Image {
        /// The config blob.
        config: Descriptor,
        /// The layers, base first.
        layers: Vec<Descriptor>,
    },
    /// Several platforms: OCI index or Docker manifest list.
    Index(Vec<Child>),
    /// A media type that is neither, such as an artifact or Docker schema 1.
    Other(Text),
}

/// One entry of an index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Child {
    /// The manifest it points to.
    pub digest: Digest,
    /// The platform that the index claims for it.
    pub platform: Option<Platform>,
    /// Whether it is an attestation, which no platform needs.
    pub attestation: bool,
}

/// What an image's config blob says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ImageConfig {
    /// When it was built; reproducible builds set the epoch or the commit's date.
    pub created: Option<Timestamp>,
    /// `org.opencontainers.image.revision` among its labels.
    pub revision: Option<Text>,
    /// The platform that it was built for.
    pub platform: Option<Platform>,
}
