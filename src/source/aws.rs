//! AWS: when secrets are rotated and deleted, how old access keys are, and whether ECR lets us log in. It only reads, and
//! never a value.

use std::time::Duration;

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use url::Url;

use super::aws_call::{Calls, is_of_all};
use super::aws_login::{self, Keys};
use super::{ExpirySource, aws_ecr, aws_keys, aws_secrets};
use crate::domain::{
    Absent, AuthKind, AwsLogin, Batch, CredentialKind, CredentialRecord, CredentialScan, Evidence, Expiry, Failure,
    Renewal, SourceId, SourceKind, Standing, Text, Traffic,
};

/// How an AWS account is reached, and what is read of it.
#[derive(Debug, Clone)]
pub struct AwsOptions {
    /// Its name in the configuration.
    pub id: SourceId,
    /// The regions whose secrets and registries are looked at.
    pub regions: Vec<String>,
    /// Where the keys come from, read anew with each look.
    pub login: AwsLogin,
    /// Where everything is asked instead of at AWS's own addresses.
    pub endpoint: Option<Url>,
    /// Whether the secrets of Secrets Manager are listed.
    pub secrets: bool,
    /// Whether access keys are listed.
    pub access_keys: bool,
    /// Whose; nobody's stands for those of the user who asks.
    pub users: Vec<String>,
    /// The age at which an access key is to be replaced.
    pub key_max_age: SignedDuration,
    /// Whether ECR is asked for a login, which is dropped.
    pub ecr: bool,
    /// More certificate authorities, PEM.
    pub ca_pem: Option<Vec<u8>>,
    /// From a request's start to the last byte of its answer.
    pub timeout: Duration,
}

/// An AWS account.
#[derive(Debug)]
pub struct Aws {
    pub(super) options: AwsOptions,
    pub(super) calls: Calls,
}

impl Aws {
    /// Returns a source. Nothing is sent, and no key is read yet.
    ///
    /// # Errors
    /// Certificate authorities that cannot be used, in words for the user.
    pub fn new(options: AwsOptions) -> Result<Self, String> {
        let calls = Calls::new(&options)?;
        Ok(Self { options, calls })
    }

    /// Reads every list, one request at a time, until one meets what the next would meet as well.
    async fn lists(&self, keys: &Keys, now: Timestamp) -> Vec<CredentialScan> {
        let mut scans: Vec<CredentialScan> = Vec::new();
        for list in self.places() {
            if scans.last().and_then(|scan| scan.found.as_ref().err()).is_some_and(is_of_all) {
                break;
            }
            scans.push(match list {
                Place::Secrets(region) => aws_secrets::scan(self, keys, region, now).await,
                Place::Ecr(region) => aws_ecr::scan(self, keys, region, now).await,
                Place::Keys(user) => aws_keys::scan(self, keys, user, now).await,
            });
        }
        scans
    }

    fn places(&self) -> Vec<Place<'_>> {
        let AwsOptions { regions, secrets, access_keys, users, ecr, .. } = &self.options;
        let mut places = Vec::new();
        for region in regions {
            places.extend(secrets.then_some(Place::Secrets(region)));
            places.extend(ecr.then_some(Place::Ecr(region)));
        }
        if *access_keys && users.is_empty() {
            places.push(Place::Keys(None));
        } else if *access_keys {
            places.extend(users.iter().map(|user| Place::Keys(Some(user))));
        }
        places
    }

    /// Returns what is to be told of the keys that everything is asked with.
    fn own(&self, keys: Result<&Keys, &Failure>, lists: &[CredentialScan], now: Timestamp) -> CredentialRecord {
        let AwsOptions { id, login, key_max_age, .. } = &self.options;
        let mut record =
            CredentialRecord::new(format!("own/{id}"), format!("login for {id}"), CredentialKind::OwnLogin, now);
        (record.place, record.evidence) = (aws_login::origin(login).into(), Evidence::Probe);
        let keys = match keys {
            Ok(keys) => keys,
            Err(failure) => {
                record.standing = Standing::Refused(failure.to_string().into());
                return record;
            }
        };
        record.standing = standing(lists);
        record.expiry = keys.expires.clone().expiry(Absent::Untold);
        if matches!(login, AwsLogin::Command(_)) && keys.is_session() {
            record.renewal = Renewal::Auto;
        }
        if keys.is_session() {
            if matches!(record.expiry, Expiry::Untold) {
                record.notes.push("It is a session, and nobody tells when it ends.".into());
            }
            return record;
        }
        // Where the account lists this very key, its age is known.
        let listed = lists.iter().filter_map(|scan| scan.found.as_ref().ok()).flat_map(|batch| &batch.items);
        let suffix = format!("/{}", keys.access_key_id);
        if let Some(key) = listed.into_iter().find(|key| key.id.raw().ends_with(&suffix)) {
            (record.created_at, record.max_age) = (key.created_at, Some(*key_max_age));
            record.replace.clone_from(&key.replace);
        } else if !self.options.access_keys {
            record.notes.push("It is a key without an end. access_keys = true asks how old it is.".into());
        }
        record
    }
}

/// A right that is missing says that the keys as such are good.
fn standing(lists: &[CredentialScan]) -> Standing {
    let mut standing = Standing::Untried;
    for scan in lists {
        match &scan.found {
            Ok(_) | Err(Failure::Forbidden(_) | Failure::NotFound(_)) => return Standing::Accepted,
            Err(failure @ Failure::Auth { kind, .. }) => {
                let words = Text::from(failure.to_string());
                let ended = *kind == AuthKind::Expired;
                standing = if ended { Standing::Ended(words) } else { Standing::Refused(words) };
            }
            Err(
                Failure::RateLimited { .. }
                | Failure::Unreachable { .. }
                | Failure::Malformed(_)
                | Failure::TooLarge { .. }
                | Failure::Ambiguous(_)
                | Failure::Withheld(_),
            ) => {}
        }
    }
    standing
}

enum Place<'a> {
    Secrets(&'a str),
    Ecr(&'a str),
    Keys(Option<&'a str>),
}

#[async_trait]
impl ExpirySource for Aws {
    fn id(&self) -> &SourceId {
        &self.options.id
    }

    fn traffic(&self) -> Option<(SourceKind, Traffic)> {
        Some((SourceKind::Expiry, self.calls.traffic()))
    }

    async fn scan(&self, now: Timestamp) -> Vec<CredentialScan> {
        let keys = aws_login::read(&self.options.login, &self.options.id).await;
        let lists = match &keys {
            Ok(keys) => self.lists(keys, now).await,
            // Lists that were not asked keep what was known of them.
            Err(_) => Vec::new(),
        };
        let own = self.own(keys.as_ref(), &lists, now);
        let own = Batch { items: vec![own], skipped: 0, complete: true };
        std::iter::once(CredentialScan { scope: "own/login".into(), found: Ok(own) }).chain(lists).collect()
    }
}
