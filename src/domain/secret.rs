//! Where a secret comes from. The value itself is never held here.

use std::path::PathBuf;

/// Where a token or password is read from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SecretSource {
    /// An environment variable.
    Env(String),
    /// A file; blanks at its ends are dropped.
    File(PathBuf),
    /// A command's first line of output: program and arguments, no shell.
    Command(Vec<String>),
}

/// How to log in to a registry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CredentialSource {
    /// The Docker and Podman credential files and helpers.
    Docker,
    /// No credential.
    Anonymous,
    /// A user name and where its password comes from.
    Basic {
        /// The user name.
        username: String,
        /// The password.
        password: SecretSource,
    },
}
