//! Landfall's own tokens: what the provider said of them a moment ago.

use std::sync::Arc;

use async_trait::async_trait;
use jiff::Timestamp;

use super::{CiProvider, ExpirySource, Leave};
use crate::domain::{
    AuthKind, AuthStage, Batch, CredentialKind, CredentialRecord, CredentialScan, Evidence, Expiry, Failure, Renewal,
    SourceId, Standing, Text, TokenEnd, TokenFacts, TokenKind, TokenReport,
};

/// The token that a CI provider is asked with.
pub struct OwnToken {
    /// The provider's name in the configuration.
    pub id: SourceId,
    /// Where the token is read from, in words.
    pub from: Text,
    /// The provider.
    pub provider: Arc<dyn CiProvider>,
    /// Whether it may be asked.
    pub leave: Arc<dyn Leave>,
}

#[async_trait]
impl ExpirySource for OwnToken {
    fn id(&self) -> &SourceId {
        &self.id
    }

    async fn scan(&self, now: Timestamp) -> Vec<CredentialScan> {
        let mut record = own(&self.id, CredentialKind::OwnToken, "token", now);
        record.place.clone_from(&self.from);
        let asked = match self.leave.refusal(&self.id) {
            Some(refusal) => Err(refusal),
            None => self.provider.token().await,
        };
        let found = match asked {
            Ok(None) => Ok(none()),
            Ok(Some(TokenReport { kind, told: Ok(facts) })) => {
                told(&mut record, kind, &facts);
                Ok(only(record))
            }
            Ok(Some(TokenReport {
                kind: TokenKind::Deploy | TokenKind::Job,
                told: Err(Failure::Auth { .. } | Failure::Forbidden(_) | Failure::NotFound(_)),
            })) => {
                record.notes.push("A token of this kind cannot ask when it ends: declare it.".into());
                Ok(only(record))
            }
            Ok(Some(TokenReport { told: Err(failure), .. })) | Err(failure) => judged(record, failure),
        };
        vec![CredentialScan { scope: "own/token".into(), found }]
    }
}

pub(super) fn own(id: &SourceId, kind: CredentialKind, what: &str, now: Timestamp) -> CredentialRecord {
    let name = format!("{what} for {id}");
    CredentialRecord { evidence: Evidence::Probe, ..CredentialRecord::new(format!("own/{id}"), name, kind, now) }
}

pub(super) fn none() -> Batch<CredentialRecord> {
    Batch { items: Vec::new(), skipped: 0, complete: true }
}

pub(super) fn only(record: CredentialRecord) -> Batch<CredentialRecord> {
    Batch { items: vec![record], ..none() }
}

fn told(record: &mut CredentialRecord, kind: TokenKind, facts: &TokenFacts) {
    record.evidence = Evidence::Provider;
    record.standing =
        if facts.revoked { Standing::Refused("revoked, or not active any more".into()) } else { Standing::Accepted };
    let endless = match kind {
        TokenKind::Classic | TokenKind::FineGrained => true,
        TokenKind::Unnamed => facts.scopes.is_some(),
        TokenKind::OAuth
        | TokenKind::AppUser
        | TokenKind::Installation
        | TokenKind::Access
        | TokenKind::Deploy
        | TokenKind::Job => false,
    };
    // GitHub tells an end where there is one, but nothing of those of apps.
    record.expiry = match facts.end {
        TokenEnd::At(at) => Expiry::At(at),
        TokenEnd::Untold if !endless => Expiry::Untold,
        TokenEnd::Never | TokenEnd::Untold => Expiry::Never,
    };
    record.renewal = match kind {
        TokenKind::Installation | TokenKind::Job => Renewal::Auto,
        TokenKind::Classic
        | TokenKind::FineGrained
        | TokenKind::OAuth
        | TokenKind::AppUser
        | TokenKind::Access
        | TokenKind::Deploy
        | TokenKind::Unnamed => Renewal::Untold,
    };
    if kind != TokenKind::Unnamed {
        record.notes.push(format!("It is {}.", kind.words()).into());
    }
    let above: Vec<_> = facts.above_need().into_iter().map(Text::as_str).collect();
    if !above.is_empty() {
        let above = above.join(", ");
        if record.standing == Standing::Accepted {
            record.standing = Standing::AboveNeed(format!("scopes above need: {above}").into());
        }
        let words = format!("Scopes above need: {above}. Whoever gets hold of it can change things.");
        record.notes.push(words.into());
    }
}

/// A refusal says something of the credential; any other failure only that nobody could look.
pub(super) fn judged(mut record: CredentialRecord, failure: Failure) -> Result<Batch<CredentialRecord>, Failure> {
    let Failure::Auth { stage, kind, .. } = &failure else { return Err(failure) };
    let words = Text::from(failure.to_string());
    record.standing = match (stage, kind) {
        (_, AuthKind::Expired) => Standing::Ended(words),
        // A registry that wants more rights for this repository has accepted the login itself.
        (AuthStage::Registry, AuthKind::InsufficientScope) => return Err(failure),
        (AuthStage::Api | AuthStage::Token | AuthStage::Registry | AuthStage::Local, _) => Standing::Refused(words),
    };
    Ok(only(record))
}
