//! `[[vault]]` as it is written, and what is in force put back into that shape.

use schemars::JsonSchema;
use serde::Serialize;

use super::VaultEntry;
use super::shape::{Secret, Strings};
use super::vault::EXPIRY_KEYS;
use crate::domain::KvPlace;

/// A Vault or OpenBao that is asked when what is in it ends; values are never read.
#[derive(Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(super) struct Vault {
    /// Its name.
    name: String,
    /// The server's address, without /v1.
    url: String,
    /// Whether `url` may be http:// although it is not loopback.
    #[serde(default)]
    plain_http: bool,
    /// The namespace, where it is not the root one.
    #[serde(skip_serializing_if = "Option::is_none")]
    namespace: Option<String>,
    /// Where its token is read from.
    token: Secret,
    /// Folders of key-value secrets, version 2, whose metadata is read.
    #[serde(default)]
    kv: Vec<Kv>,
    /// Mounts of PKI engines whose certificates are read.
    #[serde(default)]
    pki: Strings,
    /// Roles of AppRole whose secret ids are counted: `ROLE`, or `MOUNT/ROLE`.
    #[serde(default)]
    approle: Strings,
    /// Whether each secret id is looked up: a read, but one that Vault wants posted and its policy calls `update`.
    #[serde(default)]
    approle_lookup: bool,
    /// More certificate authorities, a PEM file.
    #[serde(skip_serializing_if = "Option::is_none")]
    ca_file: Option<String>,
}

/// A folder of key-value secrets.
#[derive(Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Kv {
    /// Where the secrets engine is mounted.
    mount: String,
    /// The folder below it, or one secret; everything by default.
    #[serde(default)]
    path: String,
    /// Keys of custom metadata that hold an end; the first that is there counts.
    #[serde(default = "expiry_keys")]
    expiry_keys: Strings,
}

fn expiry_keys() -> Strings {
    Strings::Many(EXPIRY_KEYS.map(str::to_owned).to_vec())
}

impl From<&VaultEntry> for Vault {
    fn from(vault: &VaultEntry) -> Self {
        Self {
            name: vault.name.to_string(),
            url: vault.url.as_str().trim_end_matches('/').to_owned(),
            plain_http: vault.url.scheme() == "http",
            namespace: vault.namespace.clone(),
            token: Secret::from(&vault.token),
            kv: vault.kv.iter().map(Kv::from).collect(),
            pki: Strings::Many(vault.pki.clone()),
            approle: Strings::Many(vault.approle.clone()),
            approle_lookup: vault.approle_lookup,
            ca_file: vault.ca_file.as_deref().map(|path| path.to_string_lossy().into_owned()),
        }
    }
}

impl From<&KvPlace> for Kv {
    fn from(place: &KvPlace) -> Self {
        let KvPlace { mount, path, expiry_keys } = place.clone();
        Self { mount, path, expiry_keys: Strings::Many(expiry_keys) }
    }
}
