//! Logins of registries: landfall's own, and those that pipelines push with where the configuration names them. Whether
//! they may push is learnt from the registry's tokens: nothing is written, not even begun.

use std::sync::Arc;

use async_trait::async_trait;
use jiff::Timestamp;

use super::own_credentials::{judged, none, only, own};
use super::{ExpirySource, Leave, Registry};
use crate::domain::{
    Batch, CredentialKind, CredentialRecord, CredentialScan, Evidence, Failure, ImageName, LoginScheme, Probe, Rights,
    SourceId, Standing, Text,
};

/// At how many repositories a login is tried.
const REPOSITORIES: usize = 10;

/// The login that a registry is asked with.
pub struct OwnLogin {
    /// The registry's host.
    pub id: SourceId,
    /// A repository of it that is watched.
    pub image: ImageName,
    /// The registry.
    pub registry: Arc<dyn Registry>,
    /// Whether it may be asked.
    pub leave: Arc<dyn Leave>,
}

/// The login that pipelines push with. Nothing is pushed or read with it.
pub struct PushLogin {
    /// The registry's host.
    pub id: SourceId,
    /// The repositories of it that are watched; the first ten are asked for.
    pub images: Vec<ImageName>,
    /// The registry, as who pushes sees it.
    pub registry: Arc<dyn Registry>,
}

#[async_trait]
impl ExpirySource for OwnLogin {
    fn id(&self) -> &SourceId {
        &self.id
    }

    async fn scan(&self, now: Timestamp) -> Vec<CredentialScan> {
        let mut record = own(&self.id, CredentialKind::OwnLogin, "login", now);
        let asked = match self.leave.refusal(&self.id) {
            Some(refusal) => Err(refusal),
            None => accepted(&*self.registry, &self.image).await,
        };
        let found = match asked {
            Ok(None) => Ok(none()),
            Ok(Some(whose)) => {
                (record.place, record.standing) = (whose, Standing::Accepted);
                match self.registry.rights(&self.image).await {
                    Ok(rights) => {
                        if let Rights::Told { push: true, .. } = rights {
                            let words = format!("rights above need: it may push to {}", self.image);
                            record.standing = Standing::AboveNeed(words.into());
                        }
                        record.notes.push(own_rights(&rights, &self.image));
                        Ok(only(record))
                    }
                    Err(failure @ Failure::Auth { .. }) => judged(record, failure),
                    Err(failure) => {
                        record.notes.push(unverified(&failure.to_string()));
                        Ok(only(record))
                    }
                }
            }
            Err(failure) => judged(record, failure),
        };
        vec![CredentialScan { scope: "own/login".into(), found }]
    }
}

#[async_trait]
impl ExpirySource for PushLogin {
    fn id(&self) -> &SourceId {
        &self.id
    }

    async fn scan(&self, now: Timestamp) -> Vec<CredentialScan> {
        let kind = CredentialKind::Other("push login".into());
        let record = CredentialRecord {
            evidence: Evidence::Probe,
            ..CredentialRecord::new(format!("push/{}", self.id), format!("push login for {}", self.id), kind, now)
        };
        vec![CredentialScan { scope: "push/login".into(), found: self.tried(record).await }]
    }
}

impl PushLogin {
    async fn tried(&self, mut record: CredentialRecord) -> Result<Batch<CredentialRecord>, Failure> {
        for image in self.images.iter().take(REPOSITORIES) {
            let rights = match accepted(&*self.registry, image).await {
                Ok(None) => {
                    record.standing = Standing::Refused("no login is there to push with".into());
                    return Ok(only(record));
                }
                Ok(Some(whose)) => {
                    record.place = whose;
                    self.registry.rights(image).await
                }
                Err(failure) => Err(failure),
            };
            match rights {
                Ok(Rights::Told { push: true, .. }) => {
                    record.notes.push(format!("It may push to {image}: the registry's token for it says so.").into());
                }
                Ok(Rights::Told { push: false, .. }) => {
                    record.standing = Standing::Refused(format!("it may not push to {image}").into());
                    return Ok(only(record));
                }
                Ok(Rights::Untold(why)) => record.notes.push(unverified(why.as_str())),
                Err(failure) => return judged(record, failure),
            }
        }
        record.standing = Standing::Accepted;
        let left = self.images.len().saturating_sub(REPOSITORIES);
        if left > 0 {
            record.notes.push(format!("{left} more repositories were not tried.").into());
        }
        Ok(only(record))
    }
}

/// Returns whose login was accepted; nothing where none is used. A password is accepted only by an answer that needs it.
async fn accepted(registry: &dyn Registry, image: &ImageName) -> Result<Option<Text>, Failure> {
    let report = registry.login(image).await?;
    let Some(whose) = report.whose else { return Ok(None) };
    if report.scheme == LoginScheme::Basic
        && let Probe::Unseen(failure) = registry.tags(image).await
    {
        return Err(failure);
    }
    Ok(Some(whose))
}

fn own_rights(rights: &Rights, image: &ImageName) -> Text {
    match rights {
        Rights::Told { pull: true, push: false } => {
            format!("It may pull from {image} and not push there, which is all that landfall needs.").into()
        }
        Rights::Told { push: true, .. } => format!(
            "Rights above need: it may push to {image}. Whoever gets hold of it can replace images; landfall only reads."
        )
        .into(),
        Rights::Told { pull: false, push: false } => format!("It may not even pull from {image}.").into(),
        Rights::Untold(why) => unverified(why.as_str()),
    }
}

fn unverified(why: &str) -> Text {
    format!("Push unverified: {why}.").into()
}
