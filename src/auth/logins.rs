//! Which login a repository is read with, as the configuration says.

use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

use secrecy::ExposeSecret;

use super::keychain::{Keychain, Login, LoginFiles};
use crate::domain::{AuthKind, AuthStage, CredentialSource, Failure};
use crate::http::{Renewable, SecretError, secret_origin};

/// How long a password that a command printed is used before the command is run again.
const FRESH: Duration = Duration::from_mins(5);
/// How long a credential helper's answer is used once it was refused.
const DOUBTED: Duration = Duration::from_mins(1);

/// Where the logins of one registry come from.
#[derive(Debug)]
pub(super) struct Logins {
    source: Source,
    /// The host as login files write it.
    host: String,
    salt: RandomState,
}

#[derive(Debug)]
enum Source {
    Anonymous,
    Docker(Keychain),
    Basic(String, Renewable),
}

impl Logins {
    pub(super) fn new(source: CredentialSource, host: String, files: Option<LoginFiles>) -> Self {
        let source = match source {
            CredentialSource::Anonymous => Source::Anonymous,
            CredentialSource::Docker => Source::Docker(Keychain::new(files.unwrap_or_else(LoginFiles::from_env))),
            CredentialSource::Basic { username, password } => {
                Source::Basic(username, Renewable::new(password, Some(FRESH)))
            }
        };
        Self { source, host, salt: RandomState::new() }
    }

    /// Returns the login for a repository, and a hash that tells it from others.
    pub(super) async fn login(&self, repository: &str) -> Result<Option<(u64, Login)>, Failure> {
        let unreadable = |error: SecretError| Failure::Auth {
            stage: AuthStage::Local,
            kind: AuthKind::Unknown,
            says: format!("the login of {}: {error}", self.host).into(),
        };
        let login = match &self.source {
            Source::Anonymous => None,
            Source::Docker(keychain) => keychain.login(&self.host, repository).await.map_err(unreadable)?,
            Source::Basic(user, password) => {
                Some(Login::Basic(user.clone(), password.get().await.map_err(unreadable)?))
            }
        };
        Ok(login.map(|login| (self.hash(&login), login)))
    }

    /// Lets the login be read anew before long: it was refused and may be renewed.
    pub(super) async fn doubt(&self) {
        match &self.source {
            Source::Anonymous => {}
            Source::Docker(keychain) => keychain.doubt(DOUBTED).await,
            Source::Basic(_, password) => password.doubt().await,
        }
    }

    /// Returns, in words, whose login a repository is read with and where it comes from; `None` without one.
    pub(super) async fn whose(&self, repository: &str) -> Option<String> {
        let from = match &self.source {
            Source::Anonymous => return None,
            Source::Docker(keychain) => keychain.origin(&self.host, repository).await?,
            Source::Basic(user, password) => format!("{user}, password from {}", secret_origin(password.source())),
        };
        Some(format!("the login of {} ({from})", self.host))
    }

    fn hash(&self, login: &Login) -> u64 {
        match login {
            Login::Basic(user, password) => self.salt.hash_one((user, password.expose_secret())),
            Login::IdentityToken(token) => self.salt.hash_one(token.expose_secret()),
        }
    }
}
