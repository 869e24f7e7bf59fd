//! The key-value secrets of Vault and OpenBao, version 2: their metadata, folder by folder. `data/` is never read.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::shell;
use super::vault::Vault;
use super::vault_call::is_of_all;
use crate::domain::{
    Absent, Batch, CredentialKind, CredentialRecord, DateRead, Evidence, Expiry, Failure, KvPlace, Text,
};

/// No place is asked more than this in one look.
const REQUESTS: usize = 1000;
/// No place holds more secrets that are told.
const MOST: usize = 5000;

/// The names in a folder; those that end with a slash are folders. OpenBao tells the metadata along with them where it is
/// asked for `detailed-metadata`.
#[derive(Deserialize)]
struct FolderDto {
    keys: Vec<String>,
    #[serde(default)]
    key_info: BTreeMap<String, Box<RawValue>>,
}

/// The metadata of a secret.
#[derive(Deserialize)]
struct MetadataDto {
    #[serde(default)]
    created_time: Option<Box<RawValue>>,
    #[serde(default)]
    current_version: u64,
    #[serde(default)]
    custom_metadata: Option<BTreeMap<String, Box<RawValue>>>,
    #[serde(default)]
    versions: BTreeMap<String, VersionDto>,
}

#[derive(Deserialize)]
struct VersionDto {
    #[serde(default)]
    created_time: Option<Box<RawValue>>,
    #[serde(default)]
    deletion_time: Option<Box<RawValue>>,
    #[serde(default)]
    destroyed: bool,
}

/// Returns the beginning of the ids of a place's secrets.
pub(super) fn scope(vault: &Vault, place: &KvPlace) -> String {
    let slash = if place.path.is_empty() { "" } else { "/" };
    format!("{}/{}{slash}{}", vault.options.id, place.mount, place.path)
}

/// Reads the metadata of everything below a place.
pub(super) async fn read(vault: &Vault, place: &KvPlace, now: Timestamp) -> Result<Batch<CredentialRecord>, Failure> {
    let mut walk = Walk { vault, place, now, asked: 0, detailed: true, found: Vec::new(), skipped: 0, complete: true };
    let mut folders = vec![place.path.trim_matches('/').to_owned()];
    let mut is_first = true;
    while let Some(folder) = folders.pop() {
        if walk.is_over() {
            walk.complete = false;
            break;
        }
        match walk.folder(&folder).await {
            Ok(inner) => folders.extend(inner),
            Err(failure) if is_of_all(&failure) => return Err(failure),
            // What is named may be one secret, and no folder.
            Err(failure @ Failure::NotFound(_)) if is_first && !folder.is_empty() => {
                let alone = walk.metadata(&folder).await;
                walk.found.extend(alone.map_err(|_| failure)?);
            }
            Err(failure) if is_first => return Err(failure),
            // Gone meanwhile.
            Err(Failure::NotFound(_)) => {}
            Err(_) => walk.skipped += 1,
        }
        is_first = false;
    }
    Ok(Batch { items: walk.found, skipped: walk.skipped, complete: walk.complete })
}

struct Walk<'a> {
    vault: &'a Vault,
    place: &'a KvPlace,
    now: Timestamp,
    asked: usize,
    /// Whether the server may know `detailed-metadata`, which costs one request for a folder and not one for each secret.
    detailed: bool,
    found: Vec<CredentialRecord>,
    skipped: u64,
    complete: bool,
}

impl Walk<'_> {
    fn is_over(&self) -> bool {
        self.asked >= REQUESTS || self.found.len() >= MOST
    }

    /// Reads the secrets of a folder, and returns the folders in it.
    async fn folder(&mut self, folder: &str) -> Result<Vec<String>, Failure> {
        let listed = self.listed(folder).await?;
        let mut folders = Vec::new();
        for key in &listed.keys {
            let path = if folder.is_empty() { key.clone() } else { format!("{folder}/{key}") };
            if let Some(inner) = path.strip_suffix('/') {
                folders.push(inner.to_owned());
                continue;
            }
            if self.is_over() {
                self.complete = false;
                break;
            }
            let read = match listed.key_info.get(key) {
                Some(raw) => serde_json::from_str(raw.get())
                    .map(|dto| self.record(&path, &dto))
                    .map_err(|error| Failure::Malformed(error.to_string().into())),
                None => self.metadata(&path).await,
            };
            match read {
                Ok(record) => self.found.extend(record),
                Err(failure) if is_of_all(&failure) => return Err(failure),
                Err(Failure::NotFound(_)) => {}
                Err(_) => self.skipped += 1,
            }
        }
        Ok(folders)
    }

    async fn listed(&mut self, folder: &str) -> Result<FolderDto, Failure> {
        if self.detailed {
            self.asked += 1;
            match self.vault.calls.list(&self.path("detailed-metadata", folder)).await {
                Ok(listed) => return Ok(listed),
                Err(failure) if is_of_all(&failure) => return Err(failure),
                // Vault does not know it, and a policy may lack it.
                Err(_) => self.detailed = false,
            }
        }
        self.asked += 1;
        self.vault.calls.list(&self.path("metadata", folder)).await
    }

    async fn metadata(&mut self, path: &str) -> Result<Option<CredentialRecord>, Failure> {
        self.asked += 1;
        let dto: MetadataDto = self.vault.calls.get(&self.path("metadata", path)).await?;
        Ok(self.record(path, &dto))
    }

    fn path<'p>(&'p self, kind: &'p str, below: &'p str) -> Vec<&'p str> {
        let below = below.split('/').filter(|_| !below.is_empty());
        self.place.mount.split('/').chain([kind]).chain(below).collect()
    }

    /// Returns a secret; nothing where its newest version was deleted or destroyed by hand, and so was meant to die.
    fn record(&self, path: &str, dto: &MetadataDto) -> Option<CredentialRecord> {
        let raw = |value: &Option<Box<RawValue>>| DateRead::json(value.as_deref().map(RawValue::get));
        let newest = dto.versions.get(&dto.current_version.to_string());
        let written = newest.and_then(|version| raw(&version.created_time).at());
        let deleted = newest.map_or(DateRead::Absent, |version| raw(&version.deletion_time));
        if newest.is_some_and(|version| version.destroyed) {
            return None;
        }
        if let DateRead::At(at) = deleted
            && at <= self.now
            && written.is_none_or(|written| !is_planned(written, at))
        {
            return None;
        }
        let mount = &self.place.mount;
        let name = path.rsplit('/').next().unwrap_or(path);
        let id = format!("{}/{mount}/{path}", self.vault.options.id);
        let mut record = CredentialRecord::new(id, name, CredentialKind::Secret, self.now);
        record.place = format!("{}, {mount}/{path}", self.vault.options.id).into();
        record.created_at = raw(&dto.created_time).at();
        record.rotated_at = written;
        (record.expiry, record.evidence) = (deleted.expiry(Absent::Untold), Evidence::Provider);
        self.told(&mut record, dto);
        if matches!(record.expiry, Expiry::Untold) {
            record.evidence = Evidence::Age;
        }
        record.replace = self.replace(path);
        Some(record)
    }

    /// Adds the end that custom metadata tells; where the server ends it sooner, that counts.
    fn told(&self, record: &mut CredentialRecord, dto: &MetadataDto) {
        let custom = dto.custom_metadata.as_ref();
        let told = self.place.expiry_keys.iter().find_map(|key| Some((key, custom?.get(key)?)));
        let Some((key, raw)) = told else { return };
        let ends = DateRead::json(Some(raw.get())).expiry(Absent::Untold);
        let sooner = match (&ends, &record.expiry) {
            (Expiry::Untold, _) => return,
            (Expiry::At(ends), Expiry::At(deleted)) => ends < deleted,
            (Expiry::Never, Expiry::At(_)) => false,
            (Expiry::At(_) | Expiry::Never | Expiry::Unreadable(_), _) => true,
        };
        if sooner {
            (record.expiry, record.evidence) = (ends, Evidence::Declared);
            record.notes.push(format!("Its end is what {key} of its custom metadata says.").into());
        }
    }

    /// Returns the commands that put a new value and its end there.
    fn replace(&self, path: &str) -> Option<Text> {
        let (mount, path) = (shell::word(&self.place.mount)?, shell::word(path)?);
        let key = self.place.expiry_keys.first().and_then(|key| shell::word(key));
        let end =
            key.map(|key| format!(" && vault kv metadata patch -mount={mount} -custom-metadata={key}=DATE {path}"));
        Some(format!("vault kv put -mount={mount} {path} @NEW.json{}", end.unwrap_or_default()).into())
    }
}

/// Returns whether a version ended by `delete_version_after`, which counts from its beginning in whole seconds to the
/// nanosecond; nobody who deletes one meets that.
fn is_planned(written: Timestamp, deleted: Timestamp) -> bool {
    deleted.duration_since(written).subsec_nanos() == 0 && deleted > written
}
