//! Secrets in memory: read when needed, redacted in every `Debug`, shown nowhere.

use secrecy::SecretString;

use crate::domain::SecretSource;

/// A secret's value. Its `Debug` is redacted.
pub type Secret = SecretString;

/// What is sent as `Authorization`.
#[derive(Debug, Clone)]
pub enum Credential {
    /// `Bearer <token>`.
    Bearer(Secret),
    /// `Basic <base64 of user:password>`.
    Basic(String, Secret),
}

/// Why a secret could not be read; names the variable, file or command, never the value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct SecretError(pub String);

/// Reads a secret: environment, file, or a command's first line within ten seconds.
///
/// # Errors
/// What could not be read, and how to mend it. An empty value is an error.
#[expect(clippy::unused_async, reason = "to be filled in")]
pub async fn read(source: &SecretSource) -> Result<Secret, SecretError> {
    Err(SecretError(format!("{source:?}")))
}
