//! What the configuration declares of credentials that nobody else can tell of.

use jiff::{SignedDuration, Timestamp};

use super::{Expiry, Globs, Renewal, Text};

/// One declared credential.
#[derive(Debug, Clone)]
pub struct DeclaredCredential {
    /// Its name.
    pub name: Text,
    /// What it is, in the words of whoever declared it.
    pub kind: Text,
    /// Globs for the ids of its copies; none where it has no copy that landfall sees.
    pub copies: Globs,
    /// The id of the credential that its copies were made from, where a source tells of that one.
    pub upstream: Option<Text>,
    /// When it ends; `Expiry::Never` has to be declared in so many words.
    pub expiry: Expiry,
    /// Until when it is to be replaced.
    pub rotate_by: Option<Timestamp>,
    /// When it was made.
    pub created_at: Option<Timestamp>,
    /// At which age it is to be replaced.
    pub max_age: Option<SignedDuration>,
    /// Who renews it.
    pub renewal: Renewal,
    /// Who answers for it.
    pub owner: Option<Text>,
    /// The page, or the words, that tell how to replace it.
    pub runbook: Option<Text>,
    /// Who uses it.
    pub consumers: Vec<Text>,
}

impl DeclaredCredential {
    /// Returns whether the credential with this id is a copy of it. Without globs it has none.
    #[must_use]
    pub fn is_copied_to(&self, id: &Text) -> bool {
        !self.copies.patterns().is_empty() && self.copies.matches(id.raw())
    }
}
