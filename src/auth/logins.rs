//! Which login a repository is read with, as the configuration says.

use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

use secrecy::ExposeSecret;
use tokio::time::Instant;

use super::flight::Flight;
use super::keychain::{Keychain, Login, LoginFiles};
use crate::domain::{AuthKind, AuthStage, CredentialSource, Failure};
use crate::http::{SecretError, read_secret};

/// How long a password that was read is used before its source is read again.
const FRESH: Duration = Duration::from_mins(5);
/// How long, once it was refused.
const DOUBTED: Duration = Duration::from_mins(1);

/// Where the logins of one registry come from.
#[derive(Debug)]
pub(super) struct Logins {
    source: CredentialSource,
    /// The host as login files write it.
    host: String,
    keychain: Keychain,
    password: Flight<(Instant, Login)>,
    salt: RandomState,
}

impl Logins {
    pub(super) fn new(source: CredentialSource, host: String, files: Option<LoginFiles>) -> Self {
        let keychain = Keychain::new(files.unwrap_or_else(LoginFiles::from_env));
        Self { source, host, keychain, password: Flight::default(), salt: RandomState::new() }
    }

    /// Returns the login for a repository, and a hash that tells it from others.
    pub(super) async fn login(&self, repository: &str) -> Result<Option<(u64, Login)>, Failure> {
        let login = match &self.source {
            CredentialSource::Anonymous => None,
            CredentialSource::Docker => self.keychain.login(&self.host, repository).await.map_err(local)?,
            CredentialSource::Basic { username, password } => {
                let read = async {
                    let password = read_secret(password).await.map_err(local)?;
                    Ok((Instant::now() + FRESH, Login::Basic(username.clone(), password)))
                };
                Some(self.password.get(|(until, _)| Instant::now() < *until, read).await?.1)
            }
        };
        Ok(login.map(|login| (self.hash(&login), login)))
    }

    /// Lets the login be read anew before long: it was refused and may be renewed.
    pub(super) async fn doubt(&self) {
        let doubted_from = Instant::now() + DOUBTED;
        self.password.change(|(until, _)| *until = doubted_from.min(*until)).await;
        self.keychain.doubt(DOUBTED).await;
    }

    fn hash(&self, login: &Login) -> u64 {
        match login {
            Login::Basic(user, password) => self.salt.hash_one((user, password.expose_secret())),
            Login::IdentityToken(token) => self.salt.hash_one(token.expose_secret()),
        }
    }
}

fn local(error: SecretError) -> Failure {
    Failure::Auth { stage: AuthStage::Local, kind: AuthKind::Unknown, says: error.0.into() }
}
