//! Why a look gave no answer, classed by what can be done about it.

use std::fmt;

use jiff::Timestamp;

use super::Text;

/// A look that gave no answer. It never means that the thing looked for is absent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// The credential was not accepted, or grants too little.
    Auth {
        /// Who refused it.
        stage: AuthStage,
        /// What is wrong with it, as far as the server tells.
        kind: AuthKind,
        /// The server's own words.
        says: Text,
    },
    /// 403 without a word about credentials: rights, policy, or a hidden repository.
    Forbidden(Text),
    /// The repository or project itself is not there, or is hidden from this credential.
    NotFound(Text),
    /// Too many requests.
    RateLimited {
        /// When to ask again, where the server says so.
        until: Option<Timestamp>,
        /// The server's own words.
        says: Text,
    },
    /// No usable connection, or the server is broken.
    Unreachable {
        /// How far the request came.
        stage: Stage,
        /// The server's or the system's own words.
        says: Text,
    },
    /// An answer that cannot be read: HTML, truncated JSON.
    Malformed(Text),
    /// An answer over the size that is read.
    TooLarge {
        /// The limit in bytes.
        limit: u64,
    },
    /// An answer that proves nothing either way, such as a 404 without the registry's error body.
    Ambiguous(Text),
    /// We did not ask: it would have sent a credential where it does not belong, or broken a budget.
    Withheld(Text),
}

/// Who refused a credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuthStage {
    /// The CI provider's API.
    Api,
    /// The token service named in the registry's challenge.
    Token,
    /// The registry itself.
    Registry,
    /// Nobody: it could not be read here (environment, file, command, credential helper).
    Local,
}

/// What is wrong with a credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuthKind {
    /// `error="invalid_token"`: expired, rotated or garbled.
    InvalidToken,
    /// `error="insufficient_scope"`: a valid login without this right.
    InsufficientScope,
    /// The password or token was refused.
    BadPassword,
    /// The server says that it expired.
    Expired,
    /// None was given, and the server wants one.
    Absent,
    /// The server does not say.
    Unknown,
}

/// How far a request came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// The host's name has no address.
    Dns,
    /// No connection.
    Connect,
    /// The certificate or the handshake was refused.
    Tls,
    /// No full answer in time.
    Timeout,
    /// The connection ended before the answer did.
    Cut,
    /// The server answered with this 5xx status.
    Server(u16),
}

/// What can be done about a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Remedy {
    /// Asking again may help, after a backoff.
    Retry,
    /// Asking again helps from this moment on, where it is known.
    Wait(Option<Timestamp>),
    /// Only a person can mend it; asking again does harm.
    Fix,
}

impl Failure {
    /// Returns what can be done about it.
    #[must_use]
    pub fn remedy(&self) -> Remedy {
        match self {
            Self::RateLimited { until, .. } => Remedy::Wait(*until),
            Self::Unreachable { .. } | Self::Malformed(_) | Self::Ambiguous(_) => Remedy::Retry,
            Self::Auth { .. } | Self::Forbidden(_) | Self::NotFound(_) | Self::TooLarge { .. } | Self::Withheld(_) => {
                Remedy::Fix
            }
        }
    }

    /// Returns the words of the server or the system, where it said anything.
    #[must_use]
    pub fn says(&self) -> Option<&Text> {
        let says = match self {
            Self::Auth { says, .. }
            | Self::RateLimited { says, .. }
            | Self::Unreachable { says, .. }
            | Self::Forbidden(says)
            | Self::NotFound(says)
            | Self::Malformed(says)
            | Self::Ambiguous(says)
            | Self::Withheld(says) => says,
            Self::TooLarge { .. } => return None,
        };
        (!says.is_empty()).then_some(says)
    }

    /// Returns the server's own words, where it has any; else ours.
    #[must_use]
    pub fn in_brief(&self) -> String {
        self.says().map_or_else(|| self.to_string(), ToString::to_string)
    }

    /// Returns a refusal with whose credential was refused, in words after the server's own; any other failure as it is.
    #[must_use]
    pub fn naming(self, whose: String) -> Self {
        let Self::Auth { stage, kind, says } = self else { return self };
        let says = if says.is_empty() { whose } else { format!("{}; it was {whose}", says.raw()) };
        Self::Auth { stage, kind, says: says.into() }
    }

    /// Returns one word or two for a narrow column.
    #[must_use]
    pub fn label(&self) -> &'static str {
        match self {
            Self::Auth { stage: AuthStage::Local, .. } => "no credential",
            Self::Auth { .. } => "unauthorized",
            Self::Forbidden(_) => "forbidden",
            Self::NotFound(_) => "not found",
            Self::RateLimited { .. } => "rate limited",
            Self::Unreachable { .. } => "unreachable",
            Self::Malformed(_) => "unreadable",
            Self::TooLarge { .. } => "too large",
            Self::Ambiguous(_) => "ambiguous",
            Self::Withheld(_) => "not asked",
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            // Nobody was asked, so nobody wants or refuses anything.
            Self::Auth { stage: AuthStage::Local, says, .. } => said(f, "the credential cannot be read", says),
            Self::Auth { stage, kind, says } => {
                write!(f, "{} {}", stage.words(), kind.words())?;
                quote(f, says)
            }
            Self::Forbidden(says) => said(f, "access forbidden", says),
            Self::NotFound(says) => said(f, "not found, or hidden from this credential", says),
            Self::RateLimited { until: Some(until), says } => {
                write!(f, "rate limited until {until:.0}")?;
                quote(f, says)
            }
            Self::RateLimited { until: None, says } => said(f, "rate limited", says),
            Self::Unreachable { stage, says } => {
                match stage {
                    Stage::Dns => f.write_str("the host's name was not found"),
                    Stage::Connect => f.write_str("no connection"),
                    Stage::Tls => f.write_str("the TLS handshake failed"),
                    Stage::Timeout => f.write_str("no answer in time"),
                    Stage::Cut => f.write_str("the connection was cut"),
                    Stage::Server(status) => write!(f, "the server answered {status}"),
                }?;
                quote(f, says)
            }
            Self::Malformed(says) => said(f, "the answer could not be read", says),
            Self::TooLarge { limit } => write!(f, "the answer is larger than the {limit} bytes that are read"),
            Self::Ambiguous(says) => said(f, "the answer proves nothing", says),
            Self::Withheld(says) => said(f, "not asked", says),
        }
    }
}

fn said(f: &mut fmt::Formatter<'_>, what: &str, says: &Text) -> fmt::Result {
    f.write_str(what)?;
    quote(f, says)
}

fn quote(f: &mut fmt::Formatter<'_>, says: &Text) -> fmt::Result {
    if says.is_empty() { Ok(()) } else { write!(f, ": {says}") }
}

impl AuthStage {
    fn words(self) -> &'static str {
        match self {
            Self::Api => "the API",
            Self::Token => "the token service",
            Self::Registry => "the registry",
            Self::Local => "the credential",
        }
    }
}

impl AuthKind {
    fn words(self) -> &'static str {
        match self {
            Self::InvalidToken => "refused the token as invalid",
            Self::InsufficientScope => "says that the login lacks this right",
            Self::BadPassword => "refused the user name or password",
            Self::Expired => "says that the credential has expired",
            Self::Absent => "wants a credential and none is set",
            Self::Unknown => "refused the credential",
        }
    }
}
