//! Names with a `parse` that can refuse, so that inside there are no raw string ids.

use std::borrow::Borrow;
use std::fmt;

use arcstr::ArcStr;
use serde::{Serialize, Serializer};

use super::hex::{Hex, unhex};

/// Why a name was refused: what it should have been, and what it was.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{value:?} is no {kind}: {why}")]
pub struct NameError {
    kind: &'static str,
    value: String,
    why: &'static str,
}

impl NameError {
    fn new(kind: &'static str, value: &str, why: &'static str) -> Self {
        let value = value.chars().take(80).collect();
        Self { kind, value, why }
    }

    /// Returns the rule that the value broke, without the value.
    #[must_use]
    pub fn why(&self) -> &'static str {
        self.why
    }
}

macro_rules! text_name {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(ArcStr);

        impl $name {
            /// Returns the name as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(&self.0, f)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }
    };
}

text_name! {
    /// A full commit id in lower-case hex: 40 digits (SHA-1) or 64 (SHA-256 repositories).
    Sha
}
text_name! {
    /// A tag of the OCI distribution specification: `[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}`.
    Tag
}
text_name! {
    /// A repository at a CI provider: `owner/name` on GitHub, a project path of any depth on GitLab.
    RepoPath
}
text_name! {
    /// The name that the configuration gives to a service.
    ServiceName
}
text_name! {
    /// The name of a CI provider in the configuration, or a registry's host.
    SourceId
}

impl Sha {
    /// Returns the id in lower case.
    ///
    /// # Errors
    /// Anything but 40 or 64 hex digits.
    pub fn parse(value: &str) -> Result<Self, NameError> {
        let right_length = value.len() == 40 || value.len() == 64;
        if !right_length || !value.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(NameError::new("commit id", value, "40 or 64 hex digits are needed"));
        }
        let is_lower = !value.bytes().any(|byte| byte.is_ascii_uppercase());
        Ok(Self(if is_lower { value.into() } else { value.to_ascii_lowercase().into() }))
    }

    pub(super) fn as_shared(&self) -> &ArcStr {
        &self.0
    }

    /// Returns the first `length` digits, or all where there are fewer.
    #[must_use]
    pub fn short(&self, length: usize) -> &str {
        self.0.get(..length).unwrap_or(&self.0)
    }
}

impl Tag {
    /// Returns the tag.
    ///
    /// # Errors
    /// Anything that the specification's grammar for tags refuses.
    pub fn parse(value: &str) -> Result<Self, NameError> {
        let refuse = |why| Err(NameError::new("image tag", value, why));
        if value.is_empty() || value.len() > 128 {
            return refuse("1 to 128 characters are needed");
        }
        if value.starts_with(['.', '-']) {
            return refuse("it must start with a letter, a digit or '_'");
        }
        let legal = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-');
        if !value.bytes().all(legal) {
            return refuse("only letters, digits, '_', '.' and '-' are allowed");
        }
        Ok(Self(value.into()))
    }
}

/// A set of tags is asked by their texts.
impl Borrow<str> for Tag {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl RepoPath {
    /// Returns the path.
    ///
    /// # Errors
    /// Fewer than two segments, empty or dotted segments, blanks or control characters.
    pub fn parse(value: &str) -> Result<Self, NameError> {
        let refuse = |why| Err(NameError::new("repository path", value, why));
        if !value.contains('/') {
            return refuse("it must look like owner/name");
        }
        if value.split('/').any(|part| matches!(part, "" | "." | "..")) {
            return refuse("no part between slashes may be empty, '.' or '..'");
        }
        let legal = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-' | b'/');
        if !value.bytes().all(legal) {
            return refuse("only letters, digits, '_', '.', '-' and '/' are allowed");
        }
        Ok(Self(value.into()))
    }
}

impl ServiceName {
    /// Returns the name.
    ///
    /// # Errors
    /// An empty name, one over 64 characters, or one with blanks or control characters.
    pub fn parse(value: &str) -> Result<Self, NameError> {
        plain_name("service name", value).map(Self)
    }
}

impl SourceId {
    /// Returns the name under which landfall speaks of itself; no source has it.
    #[must_use]
    pub fn own() -> Self {
        Self("landfall".into())
    }

    /// Returns the name.
    ///
    /// # Errors
    /// An empty name, one over 255 characters, or one with blanks or control characters.
    pub fn parse(value: &str) -> Result<Self, NameError> {
        plain_name("source name", value).map(Self)
    }
}

fn plain_name(kind: &'static str, value: &str) -> Result<ArcStr, NameError> {
    if value.is_empty() || value.len() > 255 {
        return Err(NameError::new(kind, value, "1 to 255 characters are needed"));
    }
    if !value.chars().all(|c| c.is_ascii_graphic() || c.is_alphanumeric()) {
        return Err(NameError::new(kind, value, "blanks and control characters are not allowed"));
    }
    Ok(value.into())
}

/// The digest of content, as the OCI image specification writes it: `sha256:<64 hex>` or `sha512:<128 hex>`.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Digest(Bytes);

#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Bytes {
    Sha256([u8; 32]),
    Sha512(Box<[u8; 64]>),
}

impl Digest {
    /// Returns the digest.
    ///
    /// # Errors
    /// Another algorithm, or a wrong number of hex digits.
    pub fn parse(value: &str) -> Result<Self, NameError> {
        let refuse = |why| NameError::new("digest", value, why);
        let (algorithm, hex) = value.split_once(':').ok_or_else(|| refuse("sha256:<64 hex digits> is needed"))?;
        match algorithm {
            "sha256" => unhex(hex).map(Bytes::Sha256),
            "sha512" => unhex(hex).map(|bytes| Bytes::Sha512(Box::new(bytes))),
            _ => return Err(refuse("only sha256 and sha512 are known")),
        }
        .map(Self)
        .ok_or_else(|| refuse("the hex digits are wrong or of the wrong number"))
    }

    /// Returns the SHA-256 digest with these bytes.
    #[must_use]
    pub fn sha256(bytes: [u8; 32]) -> Self {
        Self(Bytes::Sha256(bytes))
    }

    /// Returns the digest with these bytes, if there are as many as SHA-256 or SHA-512 give.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let short = || bytes.try_into().ok().map(Bytes::Sha256);
        let long = || bytes.try_into().ok().map(|bytes| Bytes::Sha512(Box::new(bytes)));
        short().or_else(long).map(Self)
    }

    /// Returns its bytes: 32 of SHA-256, 64 of SHA-512.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        match &self.0 {
            Bytes::Sha256(bytes) => bytes,
            Bytes::Sha512(bytes) => bytes.as_slice(),
        }
    }

    /// Returns the first twelve hex digits, as image tools show them.
    #[must_use]
    pub fn short(&self) -> String {
        self.to_string().split(':').nth(1).and_then(|hex| hex.get(..12)).unwrap_or_default().to_owned()
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match &self.0 {
            Bytes::Sha256(_) => "sha256:",
            Bytes::Sha512(_) => "sha512:",
        })?;
        Hex(self.as_bytes()).fmt(f)
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Digest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// A repository of images: the registry's host and the repository's path in it.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ImageName {
    registry: ArcStr,
    repository: ArcStr,
}

impl ImageName {
    /// Returns the name; a bare name belongs to Docker Hub, as `docker pull` reads it.
    ///
    /// # Errors
    /// A tag or digest at its end, or a path that the distribution specification's grammar refuses.
    pub fn parse(value: &str) -> Result<Self, NameError> {
        let refuse = |why| NameError::new("image repository", value, why);
        let (registry, repository) = match value.split_once('/') {
            Some((host, path)) if host.contains(['.', ':']) || host == "localhost" => {
                (host.to_ascii_lowercase(), path.to_owned())
            }
            Some(_) => ("docker.io".to_owned(), value.to_owned()),
            None => ("docker.io".to_owned(), format!("library/{value}")),
        };
        let registry = match registry.as_str() {
            "index.docker.io" | "registry-1.docker.io" => "docker.io".to_owned(),
            _ => registry,
        };
        if repository.contains([':', '@']) {
            return Err(refuse("write the repository alone, without a tag or digest"));
        }
        if !repository.split('/').all(is_path_component) || repository.len() > 255 {
            return Err(refuse(
                "each part must be lower-case letters and digits, with single '.', '_' or dashes between",
            ));
        }
        let host_ok = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b':' | b'[' | b']');
        if !registry.bytes().all(host_ok) {
            return Err(refuse("the registry must be host[:port]"));
        }
        Ok(Self { registry: registry.into(), repository: repository.into() })
    }

    /// Returns the registry's `host[:port]`; Docker Hub is `docker.io`.
    #[must_use]
    pub fn registry(&self) -> &str {
        &self.registry
    }

    /// Returns the registry as a source.
    #[must_use]
    pub fn source(&self) -> SourceId {
        SourceId(self.registry.clone())
    }

    /// Returns the path in the registry, as in `/v2/<path>/manifests/…`.
    #[must_use]
    pub fn repository(&self) -> &str {
        &self.repository
    }
}

fn is_path_component(part: &str) -> bool {
    let bytes = part.as_bytes();
    let plain = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let edges = bytes.first().is_some_and(plain) && bytes.last().is_some_and(plain);
    let legal = bytes.iter().all(|byte| plain(byte) || matches!(byte, b'.' | b'_' | b'-'));
    let doubled = ["..", "___", "._", "_.", ".-", "-.", "_-", "-_"].iter().any(|pair| part.contains(pair));
    edges && legal && !doubled
}

impl fmt::Display for ImageName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.registry, self.repository)
    }
}

impl fmt::Debug for ImageName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for ImageName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// One tag of one repository.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct TagRef {
    /// The repository.
    pub image: ImageName,
    /// The tag in it.
    pub tag: Tag,
}

impl fmt::Display for TagRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.image, self.tag)
    }
}
