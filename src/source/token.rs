//! A provider's token: read when it is first needed, and again when it was refused or its file changed.

use std::time::{Duration, SystemTime};

use secrecy::ExposeSecret;
use tokio::sync::Mutex;
use tokio::time::Instant;

use crate::domain::{AuthKind, AuthStage, Failure, SecretSource, Text};
use crate::http::{Credential, Secret, read_secret};

/// A token that was refused is not read again before this: a command may be slow, or lock an account.
const PATIENCE: Duration = Duration::from_secs(30);

/// Where the token comes from, and what was read.
#[derive(Debug)]
pub(super) struct Token {
    source: Option<SecretSource>,
    held: Mutex<Option<Held>>,
}

#[derive(Debug)]
struct Held {
    secret: Secret,
    read_at: Instant,
    written_at: Option<SystemTime>,
}

impl Token {
    pub(super) fn new(source: Option<SecretSource>) -> Self {
        Self { source, held: Mutex::new(None) }
    }

    /// Returns what to send, or `None` for anonymous.
    pub(super) async fn credential(&self) -> Result<Option<Credential>, Failure> {
        let Some(source) = &self.source else { return Ok(None) };
        let written_at = written_at(source).await;
        let mut held = self.held.lock().await;
        let secret = match &*held {
            Some(known) if known.written_at == written_at => known.secret.clone(),
            Some(_) | None => {
                let secret = read(source).await?;
                *held = Some(Held { secret: secret.clone(), read_at: Instant::now(), written_at });
                secret
            }
        };
        Ok(Some(Credential::Bearer(secret)))
    }

    /// Returns another token than the refused one, where reading it again gives one.
    pub(super) async fn another(&self, refused: &Credential) -> Option<Credential> {
        let source = self.source.as_ref()?;
        let Credential::Bearer(refused) = refused else { return None };
        let mut held = self.held.lock().await;
        let known = held.as_ref()?;
        if known.secret.expose_secret() == refused.expose_secret() {
            if known.read_at.elapsed() < PATIENCE {
                return None;
            }
            let written_at = written_at(source).await;
            let secret = read(source).await.ok()?;
            *held = Some(Held { secret, read_at: Instant::now(), written_at });
        }
        let secret = held.as_ref()?.secret.clone();
        (secret.expose_secret() != refused.expose_secret()).then_some(Credential::Bearer(secret))
    }
}

async fn read(source: &SecretSource) -> Result<Secret, Failure> {
    read_secret(source).await.map_err(|error| Failure::Auth {
        stage: AuthStage::Local,
        kind: AuthKind::Absent,
        says: Text::from(error.0),
    })
}

async fn written_at(source: &SecretSource) -> Option<SystemTime> {
    match source {
        SecretSource::File(path) => tokio::fs::metadata(path).await.ok()?.modified().ok(),
        SecretSource::Env(_) | SecretSource::Command(_) => None,
    }
}
