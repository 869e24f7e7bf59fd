//! Whose login was refused, and whether it has been replaced since.

use std::sync::PoisonError;

use super::Session;
use crate::domain::{AuthStage, Failure};

/// A refusal, and what it was answered with.
#[derive(Debug, Clone)]
pub(super) struct Refused {
    repository: Box<str>,
    login: Found,
}

/// Which login there was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Found {
    /// This one, by its hash.
    Login(u64),
    /// None: the registry was asked anonymously.
    None,
    /// One that could not be read.
    Unreadable,
}

impl Session {
    /// Takes note that a repository refused the login, and says in the failure whose it was. Other failures stay as
    /// they are.
    pub(crate) async fn named(&self, repository: &str, failure: Failure) -> Failure {
        let Failure::Auth { stage, .. } = failure else { return failure };
        let refused = Refused { repository: repository.into(), login: self.found(repository).await };
        *self.refused.lock().unwrap_or_else(PoisonError::into_inner) = Some(refused);
        self.logins.doubt().await;
        let whose = match stage {
            // What cannot be read says so itself.
            AuthStage::Local => None,
            AuthStage::Api | AuthStage::Token | AuthStage::Registry => self.logins.whose(repository).await,
        };
        match whose {
            Some(whose) => failure.naming(whose),
            None => failure,
        }
    }

    /// Returns whether the login that was last refused has been replaced meanwhile. Nothing is sent.
    pub(crate) async fn renewed(&self) -> bool {
        let refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let Some(refused) = refused else { return false };
        let found = self.found(&refused.repository).await;
        let renewed = found != Found::Unreadable && found != refused.login;
        if renewed {
            // Tokens that the old login got are good for what it could read.
            self.tokens.lock().unwrap_or_else(PoisonError::into_inner).clear();
        }
        renewed
    }

    async fn found(&self, repository: &str) -> Found {
        match self.logins.login(repository).await {
            Ok(Some((hash, _))) => Found::Login(hash),
            Ok(None) => Found::None,
            Err(_) => Found::Unreadable,
        }
    }
}
