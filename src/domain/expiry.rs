//! When a credential ends, who says so, and how it is renewed.

use jiff::Timestamp;

use super::Text;

/// When a credential ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expiry {
    /// From this moment on it is dead.
    At(Timestamp),
    /// Whoever knows says that it has no end.
    Never,
    /// Nobody says anything. This is not the same as having no end.
    Untold,
    /// Something is said that cannot be read; these are the words.
    Unreadable(Text),
}

/// What an expiry, or the lack of one, rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Evidence {
    /// It was used a moment ago.
    Probe,
    /// The provider that issued it says so.
    Provider,
    /// It says so itself: a certificate, or the payload of a token that is a JWT.
    Jwt,
    /// Somebody wrote it into the configuration.
    Declared,
    /// Only its age is known.
    Age,
}

impl Evidence {
    /// Every kind of evidence.
    pub const ALL: [Self; 5] = [Self::Probe, Self::Provider, Self::Jwt, Self::Declared, Self::Age];

    /// Returns its word.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Probe => "probe",
            Self::Provider => "provider",
            Self::Jwt => "jwt",
            Self::Declared => "declared",
            Self::Age => "age",
        }
    }

    /// Returns the evidence that the word names.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|evidence| evidence.word() == word)
    }
}

/// Who renews a credential before it ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Renewal {
    /// A person.
    Manual,
    /// A program.
    Auto,
    /// Nobody knows; a person is assumed.
    Untold,
}

impl Renewal {
    /// Every way to renew.
    pub const ALL: [Self; 3] = [Self::Manual, Self::Auto, Self::Untold];

    /// Returns its word.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Manual => "manual",
            Self::Auto => "auto",
            Self::Untold => "unknown",
        }
    }

    /// Returns the way that the word names.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|renewal| renewal.word() == word)
    }
}

/// When a credential was last used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LastUse {
    /// At this moment.
    At(Timestamp),
    /// Never so far, by the word of the provider.
    Never,
    /// Nobody says.
    Untold,
}

/// Whether a credential was accepted where it was last tried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// It was.
    Accepted,
    /// It was, and may do more than it needs to: what. Only of landfall's own, whose needs are known.
    AboveNeed(Text),
    /// It was not tried.
    Untried,
    /// It was refused, is revoked or switched off; why.
    Refused(Text),
    /// It was refused because it has ended; by whose word.
    Ended(Text),
    /// It stands for a list that nobody like us is ever shown; whoever is, in words.
    OutOfReach(Text),
}
