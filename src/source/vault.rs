//! Vault and OpenBao: the token that is asked with, metadata of key-value secrets, certificates, secret ids. It only reads,
//! and never below `data/`.

use std::sync::Mutex;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use rustc_hash::FxHashMap;
use url::Url;

use super::vault_call::{Calls, is_of_all};
use super::x509::Certificate;
use super::{ExpirySource, vault_approle, vault_kv, vault_pki, vault_token};
use crate::domain::{
    Batch, CredentialRecord, CredentialScan, Failure, KvPlace, SecretSource, SourceId, SourceKind, Text, Traffic,
};

/// How a Vault or OpenBao is reached, and what is read of it.
#[derive(Debug, Clone)]
pub struct VaultOptions {
    /// Its name in the configuration.
    pub id: SourceId,
    /// The server's address, without `/v1`.
    pub url: Url,
    /// The namespace, where it is not the root one.
    pub namespace: Option<String>,
    /// Where its token comes from, read when it is first needed.
    pub token: SecretSource,
    /// Folders of key-value secrets.
    pub kv: Vec<KvPlace>,
    /// Mounts of PKI engines.
    pub pki: Vec<String>,
    /// Roles of AppRole: `ROLE`, or `MOUNT/ROLE`.
    pub approle: Vec<String>,
    /// Whether each secret id is looked up: a read, but Vault wants it posted, and `update` for it in the policy.
    pub approle_lookup: bool,
    /// More certificate authorities, PEM.
    pub ca_pem: Option<Vec<u8>>,
    /// From a request's start to the last byte of its answer.
    pub timeout: Duration,
}

/// A Vault or an OpenBao.
#[derive(Debug)]
pub struct Vault {
    pub(super) options: VaultOptions,
    pub(super) calls: Calls,
    /// The certificates that were read, by mount and serial: none ever changes.
    pub(super) certificates: Mutex<FxHashMap<(String, String), Option<Certificate>>>,
    /// What was last told of the token: once it is refused nothing more is.
    told: Mutex<Option<CredentialRecord>>,
}

impl Vault {
    /// Returns a source. Nothing is sent, and no token is read yet.
    ///
    /// # Errors
    /// Certificate authorities or a namespace that cannot be used, in words for the user.
    pub fn new(options: VaultOptions) -> Result<Self, String> {
        let calls = Calls::new(&options)?;
        Ok(Self { options, calls, certificates: Mutex::default(), told: Mutex::default() })
    }

    /// Reads every list but that of the token, one request at a time, until one meets what the next would meet as well.
    async fn lists(&self, now: Timestamp) -> Vec<CredentialScan> {
        let mut scans: Vec<CredentialScan> = Vec::new();
        for list in self.places() {
            if scans.last().and_then(|scan| scan.found.as_ref().err()).is_some_and(is_of_all) {
                break;
            }
            let (scope, found) = match list {
                Place::Kv(place) => (vault_kv::scope(self, place), vault_kv::read(self, place, now).await),
                Place::Pki(mount) => (vault_pki::scope(self, mount), vault_pki::read(self, mount, now).await),
                Place::AppRole(role) => (vault_approle::scope(self, role), vault_approle::read(self, role, now).await),
            };
            scans.push(CredentialScan { scope: scope.into(), found });
        }
        scans
    }

    fn places(&self) -> impl Iterator<Item = Place<'_>> {
        let VaultOptions { kv, pki, approle, .. } = &self.options;
        let approle = approle.iter().map(|role| Place::AppRole(role));
        kv.iter().map(Place::Kv).chain(pki.iter().map(|mount| Place::Pki(mount))).chain(approle)
    }

    /// Returns what is to be told of the token. Where it was refused and yet reads lists, only its policy is too narrow.
    fn own(
        &self,
        asked: Result<CredentialRecord, Failure>,
        lists: &[CredentialScan],
        now: Timestamp,
    ) -> Result<Batch<CredentialRecord>, Failure> {
        let mut told = self.told.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let record = match asked {
            Ok(record) => told.insert(record).clone(),
            Err(Failure::Forbidden(says)) if !lists.iter().any(|scan| scan.found.is_ok()) => {
                let last = told.clone().unwrap_or_else(|| vault_token::unknown(&self.options, now));
                vault_token::refused(last, says, now)
            }
            Err(failure @ Failure::Auth { .. }) => {
                vault_token::refused(vault_token::unknown(&self.options, now), failure.to_string().into(), now)
            }
            Err(failure) => return Err(failure),
        };
        Ok(Batch { items: vec![record], skipped: 0, complete: true })
    }
}

enum Place<'a> {
    Kv(&'a KvPlace),
    Pki(&'a str),
    AppRole(&'a str),
}

#[async_trait]
impl ExpirySource for Vault {
    fn id(&self) -> &SourceId {
        &self.options.id
    }

    fn traffic(&self) -> Option<(SourceKind, Traffic)> {
        Some((SourceKind::Expiry, self.calls.traffic()))
    }

    async fn scan(&self, now: Timestamp) -> Vec<CredentialScan> {
        let asked = vault_token::read(self, now).await;
        let closed = asked.as_ref().err().is_some_and(is_of_all);
        // Lists that were not asked keep what was known of them.
        let lists = if closed { Vec::new() } else { self.lists(now).await };
        let own = CredentialScan { scope: Text::from("own/token"), found: self.own(asked, &lists, now) };
        std::iter::once(own).chain(lists).collect()
    }
}
