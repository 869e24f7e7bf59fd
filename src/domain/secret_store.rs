//! Where in a store of secrets is looked, by name: never for a value.

use std::path::PathBuf;

use super::SecretSource;

/// A folder of Vault's key-value secrets, version 2, whose metadata is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KvPlace {
    /// Where the secrets engine is mounted, without slashes at its ends.
    pub mount: String,
    /// The folder below it, or one secret; empty for everything.
    pub path: String,
    /// Keys of custom metadata that hold an end; the first that is there counts.
    pub expiry_keys: Vec<String>,
}

/// Where the keys come from that AWS is asked with. The keys themselves are never held here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AwsLogin {
    /// `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY` and `AWS_SESSION_TOKEN`.
    Env,
    /// A profile of the shared credentials file.
    Profile {
        /// Its name.
        name: String,
        /// The file; that of the AWS command line where none is named.
        file: Option<PathBuf>,
    },
    /// A command that prints what a `credential_process` prints: program and arguments, no shell.
    Command(Vec<String>),
}

impl AwsLogin {
    /// Returns where secrets are read from, as far as that can be looked at without running anything.
    #[must_use]
    pub fn places(&self) -> Vec<SecretSource> {
        match self {
            Self::Env => {
                ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"].map(|name| SecretSource::Env(name.to_owned())).to_vec()
            }
            Self::Profile { file: Some(file), .. } => vec![SecretSource::File(file.clone())],
            Self::Profile { file: None, .. } | Self::Command(_) => Vec::new(),
        }
    }
}
