//! A provider's token: sent with each request, and read again once it was refused or its file changed.

use secrecy::ExposeSecret as _;

use crate::domain::{AuthKind, AuthStage, Failure, SecretSource, SourceId, TokenKind};
use crate::http::{Credential, Renewable, secret_origin};

/// A provider's token, or none.
#[derive(Debug)]
pub(super) struct Token {
    /// The provider, for messages.
    id: SourceId,
    secret: Option<Renewable>,
}

impl Token {
    pub(super) fn new(id: SourceId, source: Option<SecretSource>) -> Self {
        Self { id, secret: source.map(|source| Renewable::new(source, None)) }
    }

    /// Returns what to send, or `None` for anonymous.
    pub(super) async fn credential(&self) -> Result<Option<Credential>, Failure> {
        let Some(secret) = &self.secret else { return Ok(None) };
        let unreadable = |why: String| Failure::Auth {
            stage: AuthStage::Local,
            kind: AuthKind::Absent,
            says: format!("the token of {}: {why}", self.id).into(),
        };
        Ok(Some(Credential::Bearer(secret.get().await.map_err(|error| unreadable(error.0))?)))
    }

    /// Returns what the token's prefix tells of it; `None` without one.
    pub(super) async fn kind(&self) -> Result<Option<TokenKind>, Failure> {
        let credential = self.credential().await?;
        Ok(credential.map(|credential| match credential {
            Credential::Bearer(token) => TokenKind::of(token.expose_secret()),
            Credential::Basic(..) => TokenKind::Unnamed,
        }))
    }

    /// Takes note that a token was refused. Returns another, where there is one by now.
    pub(super) async fn another(&self, refused: &Credential) -> Option<Credential> {
        let Credential::Bearer(refused) = refused else { return None };
        self.secret.as_ref()?.another(refused).await.map(Credential::Bearer)
    }

    /// Returns whether the token that was last refused has been replaced meanwhile.
    pub(super) async fn renewed(&self) -> bool {
        match &self.secret {
            Some(secret) => secret.renewed().await,
            None => false,
        }
    }

    /// Says in a refusal whose token was refused, and where it comes from.
    pub(super) fn named(&self, failure: Failure) -> Failure {
        let Some(secret) = &self.secret else { return failure };
        failure.naming(format!("the token of {} (from {})", self.id, secret_origin(secret.source())))
    }
}
