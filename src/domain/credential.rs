//! What is known of a credential without showing it: its kind, its rights, its end.

use jiff::Timestamp;

use super::{Failure, Text};

/// What is known of the token that a CI provider is asked with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenReport {
    /// What the prefix says that providers put before their tokens.
    pub kind: TokenKind,
    /// What the provider says of it, or why it says nothing.
    pub told: Result<TokenFacts, Failure>,
}

/// What a provider says of a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenFacts {
    /// The scopes that it has; `None` where the provider knows none for this kind.
    pub scopes: Option<Vec<Text>>,
    /// When it ends.
    pub end: TokenEnd,
    /// Whether it was revoked, or is not active any more.
    pub revoked: bool,
}

impl TokenFacts {
    /// What GitHub's `repo` already holds, or what can only read.
    const HARMLESS: [&str; 11] = [
        "repo",
        "public_repo",
        "repo:status",
        "repo_deployment",
        "repo:invite",
        "security_events",
        "user:email",
        "user:read",
        "openid",
        "profile",
        "email",
    ];

    /// Returns the scopes that are above need: with them whoever gets hold of the token can change things.
    #[must_use]
    pub fn above_need(&self) -> Vec<&Text> {
        let harmless =
            |scope: &str| scope.starts_with("read:") || scope.starts_with("read_") || Self::HARMLESS.contains(&scope);
        self.scopes.iter().flatten().filter(|scope| !harmless(scope.raw())).collect()
    }
}

/// When a token ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenEnd {
    /// At this moment.
    At(Timestamp),
    /// The provider says that it has no end.
    Never,
    /// The provider says nothing.
    Untold,
}

/// The kinds of token, as far as their prefixes tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenKind {
    /// GitHub's personal access token with scopes.
    Classic,
    /// GitHub's personal access token with permissions.
    FineGrained,
    /// The token of an OAuth app, such as a provider's own command line.
    OAuth,
    /// The token of a GitHub App for a user.
    AppUser,
    /// The token of a GitHub App's installation; that of Actions is one.
    Installation,
    /// GitLab's access token of a person, a project or a group.
    Access,
    /// GitLab's deploy token.
    Deploy,
    /// The token of a GitLab job.
    Job,
    /// Its prefix says nothing.
    Unnamed,
}

impl TokenKind {
    /// Returns what the beginning of a token tells.
    #[must_use]
    pub fn of(token: &str) -> Self {
        const PREFIXES: [(&str, TokenKind); 9] = [
            ("ghp_", TokenKind::Classic),
            ("github_pat_", TokenKind::FineGrained),
            ("gho_", TokenKind::OAuth),
            ("ghu_", TokenKind::AppUser),
            ("ghs_", TokenKind::Installation),
            ("glpat-", TokenKind::Access),
            ("gloas-", TokenKind::OAuth),
            ("gldt-", TokenKind::Deploy),
            ("glcbt-", TokenKind::Job),
        ];
        PREFIXES.iter().find(|(prefix, _)| token.starts_with(prefix)).map_or(Self::Unnamed, |(_, kind)| *kind)
    }

    /// Returns its name.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Classic => "a classic personal access token",
            Self::FineGrained => "a fine-grained personal access token",
            Self::OAuth => "the token of an OAuth app",
            Self::AppUser => "the token of a GitHub App for a user",
            Self::Installation => "the token of a GitHub App's installation",
            Self::Access => "an access token",
            Self::Deploy => "a deploy token",
            Self::Job => "a job's token",
            Self::Unnamed => "a token of no known prefix",
        }
    }
}

/// How a registry lets a repository be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoginReport {
    /// What the registry wants.
    pub scheme: LoginScheme,
    /// Whose login is used and where it comes from; `None` for anonymous.
    pub whose: Option<Text>,
}

/// What a login may do in a repository, by the word of the registry's token service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rights {
    /// It says so.
    Told {
        /// Whether it may read.
        pull: bool,
        /// Whether it may write.
        push: bool,
    },
    /// It does not say; why.
    Untold(Text),
}

/// What a registry wants with each request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LoginScheme {
    /// Nothing.
    Open,
    /// User name and password.
    Basic,
    /// A token of its token service, which was got.
    Bearer,
}
