//! One credential as it was last seen: what it is, where it lies, when it ends. Never its value.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::{Batch, Evidence, Expiry, Failure, LastUse, Miss, Reach, Renewal, SourceId, Standing, Text};

/// What a credential is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CredentialKind {
    /// The token that landfall itself asks a CI provider with.
    OwnToken,
    /// The login that landfall itself uses at a registry.
    OwnLogin,
    /// A secret of a CI provider, which only tells its name and age.
    Secret,
    /// A variable of a CI provider, which only tells its name.
    Variable,
    /// A token of a person, a project or a group.
    AccessToken,
    /// A token that pulls and pushes for a project or a group.
    DeployToken,
    /// An SSH key that a repository accepts.
    DeployKey,
    /// An X.509 certificate.
    Certificate,
    /// An SSH certificate.
    SshCertificate,
    /// A token that carries its own end.
    Jwt,
    /// Something else, in the words of whoever tells of it.
    Other(Text),
}

impl CredentialKind {
    /// Every kind that has a word of its own.
    pub const NAMED: [Self; 10] = [
        Self::OwnToken,
        Self::OwnLogin,
        Self::Secret,
        Self::Variable,
        Self::AccessToken,
        Self::DeployToken,
        Self::DeployKey,
        Self::Certificate,
        Self::SshCertificate,
        Self::Jwt,
    ];

    /// Returns its word.
    #[must_use]
    pub fn word(&self) -> &str {
        match self {
            Self::OwnToken => "own token",
            Self::OwnLogin => "own login",
            Self::Secret => "secret",
            Self::Variable => "variable",
            Self::AccessToken => "access token",
            Self::DeployToken => "deploy token",
            Self::DeployKey => "deploy key",
            Self::Certificate => "certificate",
            Self::SshCertificate => "ssh certificate",
            Self::Jwt => "jwt",
            Self::Other(words) => words.as_str(),
        }
    }

    /// Returns the kind that the word names; an unknown word stands for itself.
    #[must_use]
    pub fn parse(word: &str) -> Self {
        let same = |kind: &Self| kind.word() == word;
        Self::NAMED.into_iter().find(same).unwrap_or_else(|| Self::Other(word.into()))
    }

    /// Returns the kind of what stands for a list of credentials, and for none of them.
    #[must_use]
    pub fn list() -> Self {
        Self::Other("list".into())
    }

    /// Returns whether it stands for a list of credentials.
    #[must_use]
    pub fn is_list(&self) -> bool {
        matches!(self, Self::Other(words) if words.raw() == "list")
    }

    /// Returns whether it is one of landfall's own.
    #[must_use]
    pub fn is_own(&self) -> bool {
        matches!(self, Self::OwnToken | Self::OwnLogin)
    }
}

/// One credential as it was last seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CredentialRecord {
    /// What stays the same of it while it is renewed: source, place and name, with slashes between.
    pub id: Text,
    /// Its name.
    pub name: Text,
    /// What it is.
    pub kind: CredentialKind,
    /// Where this copy of it lies.
    pub place: Text,
    /// The id of the credential that this is a copy of, where that is known.
    pub upstream: Option<Text>,
    /// When it ends.
    pub expiry: Expiry,
    /// What that rests on.
    pub evidence: Evidence,
    /// When it was last seen.
    pub observed_at: Timestamp,
    /// Whether it was accepted.
    pub standing: Standing,
    /// Who renews it.
    pub renewal: Renewal,
    /// When it was made, or became valid.
    pub created_at: Option<Timestamp>,
    /// When its value was last replaced.
    pub rotated_at: Option<Timestamp>,
    /// When it was last used.
    pub last_use: LastUse,
    /// Until when somebody wants it replaced.
    pub rotate_by: Option<Timestamp>,
    /// The age at which somebody wants it replaced.
    pub max_age: Option<SignedDuration>,
    /// What is to be known of it and changes nothing, such as scopes above need: a sentence each.
    pub notes: Vec<Text>,
    /// Who answers for it.
    pub owner: Option<Text>,
    /// The page, or the words, that tell how to replace it.
    pub runbook: Option<Text>,
    /// The command or the page that replaces it, where its source knows one.
    pub replace: Option<Text>,
    /// Its own page.
    pub url: Option<Text>,
    /// Who uses it.
    pub consumers: Vec<Text>,
    /// Which jobs it reaches, where it is a secret or a variable of a CI provider.
    pub reach: Option<Reach>,
}

impl CredentialRecord {
    /// Returns a credential of which nothing is known but that it is there.
    #[must_use]
    pub fn new(id: impl Into<Text>, name: impl Into<Text>, kind: CredentialKind, observed_at: Timestamp) -> Self {
        Self {
            id: id.into(),
            name: name.into(),
            kind,
            place: Text::default(),
            upstream: None,
            expiry: Expiry::Untold,
            evidence: Evidence::Provider,
            observed_at,
            standing: Standing::Untried,
            renewal: Renewal::Untold,
            created_at: None,
            rotated_at: None,
            last_use: LastUse::Untold,
            rotate_by: None,
            max_age: None,
            notes: Vec::new(),
            owner: None,
            runbook: None,
            replace: None,
            url: None,
            consumers: Vec::new(),
            reach: None,
        }
    }

    /// Returns from when on its age counts.
    #[must_use]
    pub fn age_from(&self) -> Option<Timestamp> {
        self.rotated_at.max(self.created_at)
    }

    /// Returns until when somebody wants it replaced, by a date or by its age.
    #[must_use]
    pub fn due(&self) -> Option<Timestamp> {
        let old = self.max_age.zip(self.age_from()).and_then(|(age, from)| from.checked_add(age).ok());
        self.rotate_by.into_iter().chain(old).min()
    }

    /// Returns how long it lives in all, where its start and its end are known.
    #[must_use]
    pub fn lifetime(&self) -> Option<SignedDuration> {
        let Expiry::At(end) = self.expiry else { return None };
        Some(end.duration_since(self.age_from()?)).filter(SignedDuration::is_positive)
    }
}

/// One list of credentials that was read, or could not be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CredentialScan {
    /// Which list of the source: the beginning of its credentials' ids.
    pub scope: Text,
    /// What was in it.
    pub found: Result<Batch<CredentialRecord>, Failure>,
}

/// What is known of one list of credentials.
#[derive(Debug, Clone, Default)]
pub struct CredentialList {
    /// Its credentials as each was last seen.
    pub records: Vec<Arc<CredentialRecord>>,
    /// When it was last read.
    pub seen_at: Option<Timestamp>,
    /// Whether it was read to its end.
    pub complete: bool,
    /// How many of its entries could not be read.
    pub skipped: u64,
    /// Why it could not be read the last time.
    pub failure: Option<Miss>,
}

impl CredentialList {
    /// Returns all that is known, as an answer would tell it.
    pub(super) fn told(&self) -> Batch<Arc<CredentialRecord>> {
        Batch { items: self.records.clone(), skipped: self.skipped, complete: self.complete }
    }

    /// Takes in what an earlier process knew, unless something newer is known.
    pub(super) fn recall(&mut self, at: Timestamp, told: Batch<Arc<CredentialRecord>>) {
        if self.seen_at.is_none_or(|seen| seen < at) {
            (self.records, self.skipped, self.complete) = (told.items, told.skipped, told.complete);
            self.seen_at = Some(at);
        }
    }

    /// Takes in an answer, and returns whether it changed what is known beyond ages. What a list lacks that was not
    /// read to its end, or not at all, is kept as it was last seen.
    pub(super) fn absorb(&mut self, at: Timestamp, found: Result<Batch<CredentialRecord>, Failure>) -> bool {
        let batch = match found {
            Ok(batch) => batch,
            Err(failure) => {
                let before = self.failure.replace(Miss { at, failure });
                return before.map(|miss| miss.failure) != self.failure.as_ref().map(|miss| miss.failure.clone());
            }
        };
        let mut records: Vec<_> = batch.items.into_iter().map(Arc::new).collect();
        let whole = batch.complete && batch.skipped == 0;
        if !whole {
            let lacking = |known: &&Arc<CredentialRecord>| !records.iter().any(|record| record.id == known.id);
            let lacking: Vec<_> = self.records.iter().filter(lacking).cloned().collect();
            records.extend(lacking);
        }
        let recovered = self.failure.take().is_some();
        let first = self.seen_at.replace(at).is_none();
        (self.complete, self.skipped) = (whole, batch.skipped);
        // Even where nothing else changed each was seen anew, and its age is shown.
        let changed = self.records != records;
        self.records = records;
        changed || first || recovered
    }
}

/// Which list of which source.
pub type CredentialScope = (SourceId, Text);
