//! Default, then file, then environment, then arguments: merged once into a configuration without options.

mod address;
mod aws;
mod aws_shape;
mod credentials;
mod credentials_shape;
mod document;
mod place;
mod problem;
mod provider;
mod reader;
mod schema;
mod secret;
mod service;
mod shape;
mod tuning;
mod vault;
mod vault_shape;
mod written;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::SignedDuration;
use url::Url;

use crate::analysis::{CredentialPolicy, Policy};
use crate::domain::{AwsLogin, CredentialSource, KvPlace, SecretSource, Service, SourceId};

pub use place::{NamedBy, Place, default_state, find};
pub use problem::{ConfigError, Problem};
pub use schema::{schema, show};

/// Everything that can be configured.
#[derive(Debug, Clone)]
pub struct Config {
    /// How hard sources are asked.
    pub poll: Poll,
    /// How long what was seen is kept.
    pub history: History,
    /// What the verdicts are judged by.
    pub policy: Policy,
    /// Where credentials are looked for.
    pub expiry: ExpiryPlaces,
    /// What credentials are judged by.
    pub credentials: CredentialPolicy,
    /// The CI providers.
    pub ci: Vec<Ci>,
    /// The registries: those that are configured, and with defaults those that only images name.
    pub registries: Vec<RegistryEntry>,
    /// What to watch.
    pub services: Vec<Arc<Service>>,
}

/// How hard sources are asked. How often is part of the policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Poll {
    /// From a request's start to the last byte of its answer.
    pub timeout: SignedDuration,
    /// Requests in flight per CI provider.
    pub ci_in_flight: usize,
    /// Requests in flight per registry.
    pub registry_in_flight: usize,
}

impl Default for Poll {
    fn default() -> Self {
        Self { timeout: SignedDuration::from_secs(20), ci_in_flight: 8, registry_in_flight: 16 }
    }
}

/// How long what was seen is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct History {
    /// For how many days.
    pub days: u32,
    /// Up to how many megabytes; what is over goes oldest first.
    pub megabytes: u32,
}

impl Default for History {
    fn default() -> Self {
        Self { days: 90, megabytes: 256 }
    }
}

/// Where credentials are looked for, beside landfall's own.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ExpiryPlaces {
    /// Whether the names and ages of what the services' repositories hold are read.
    pub inventory: bool,
    /// Certificates, SSH certificates, and files with a JWT.
    pub files: Vec<PathBuf>,
    /// Servers whose certificate is looked at.
    pub endpoints: Vec<Endpoint>,
    /// Commands that tell of other credentials.
    pub commands: Vec<InventoryCommand>,
    /// Every Vault or OpenBao.
    pub vaults: Vec<VaultEntry>,
    /// AWS accounts.
    pub aws: Vec<AwsEntry>,
}

/// A server that speaks TLS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// Its name, which the certificate is asked for.
    pub host: String,
    /// Its port.
    pub port: u16,
}

/// A command that tells of credentials, never of their values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InventoryCommand {
    /// Its name.
    pub name: SourceId,
    /// Program and arguments; no shell.
    pub command: Vec<String>,
    /// The environment variables that it is given; no other.
    pub env: Vec<String>,
    /// How long it may take.
    pub timeout: SignedDuration,
}

/// A Vault or an OpenBao.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VaultEntry {
    /// Its name.
    pub name: SourceId,
    /// The server's address; no slash at its end.
    pub url: Url,
    /// The namespace, where it is not the root one.
    pub namespace: Option<String>,
    /// Where its token comes from.
    pub token: SecretSource,
    /// Folders of key-value secrets, version 2.
    pub kv: Vec<KvPlace>,
    /// Mounts of PKI engines.
    pub pki: Vec<String>,
    /// Roles of AppRole: `ROLE`, or `MOUNT/ROLE`.
    pub approle: Vec<String>,
    /// Whether each secret id is looked up.
    pub approle_lookup: bool,
    /// More certificate authorities, PEM.
    pub ca_file: Option<PathBuf>,
}

/// An AWS account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AwsEntry {
    /// Its name.
    pub name: SourceId,
    /// The regions whose secrets and registries are looked at.
    pub regions: Vec<String>,
    /// Where the keys that ask come from.
    pub login: AwsLogin,
    /// Where everything is asked instead of at AWS's own addresses.
    pub endpoint: Option<Url>,
    /// Whether the secrets of Secrets Manager are listed.
    pub secrets: bool,
    /// Whether access keys are listed.
    pub access_keys: bool,
    /// Whose; none stands for those of the user who asks.
    pub users: Vec<String>,
    /// The age at which an access key is to be replaced.
    pub key_max_age: SignedDuration,
    /// Whether ECR is asked for a login.
    pub ecr: bool,
    /// More certificate authorities, PEM.
    pub ca_file: Option<PathBuf>,
}

/// A CI provider.
#[derive(Debug, Clone)]
pub struct Ci {
    /// Its name, by which services refer to it.
    pub name: SourceId,
    /// GitHub or GitLab.
    pub kind: CiKind,
    /// The API's address on GitHub, the instance's on GitLab; no slash at its end.
    pub url: Url,
    /// Where its token comes from; `None` for anonymous.
    pub token: Option<SecretSource>,
    /// GitHub's organizations whose people's tokens are asked for.
    pub organizations: Vec<String>,
    /// More certificate authorities, PEM.
    pub ca_file: Option<PathBuf>,
}

/// The kinds of CI provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CiKind {
    /// GitHub Actions, on github.com or Enterprise.
    GitHub,
    /// GitLab CI, on any host.
    GitLab,
}

impl CiKind {
    /// Every kind.
    pub const ALL: [Self; 2] = [Self::GitHub, Self::GitLab];

    /// Returns the word that the configuration uses.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::GitHub => "github",
            Self::GitLab => "gitlab",
        }
    }

    /// Returns the address of the public instance.
    #[must_use]
    pub fn default_url(self) -> &'static str {
        match self {
            Self::GitHub => "https://api.github.com",
            Self::GitLab => "https://gitlab.com",
        }
    }
}

/// A registry.
#[derive(Debug, Clone)]
pub struct RegistryEntry {
    /// `host[:port]`, as image names write it.
    pub host: SourceId,
    /// Whether to speak http without TLS.
    pub plain_http: bool,
    /// How to log in.
    pub credential: CredentialSource,
    /// The login that pipelines push with, where it is to be tried whether it may; nothing is pushed or read with it.
    pub push_credential: Option<CredentialSource>,
    /// Hosts of token services that may have the login, besides the registry's own party.
    pub token_hosts: Vec<String>,
    /// More certificate authorities, PEM.
    pub ca_file: Option<PathBuf>,
}

impl Config {
    /// Returns the names of the environment variables that tokens and passwords are read from, as far as the
    /// configuration names them: those of AWS belong to every tool of that account.
    #[must_use]
    pub fn secret_variables(&self) -> Vec<String> {
        let tokens = self.ci.iter().filter_map(|ci| ci.token.as_ref());
        let logins =
            self.registries.iter().flat_map(|entry| std::iter::once(&entry.credential).chain(&entry.push_credential));
        let passwords = logins.filter_map(|login| match login {
            CredentialSource::Basic { password, .. } => Some(password),
            CredentialSource::Docker | CredentialSource::Anonymous => None,
        });
        let variable = |source: &SecretSource| match source {
            SecretSource::Env(name) => Some(name.clone()),
            SecretSource::File(_) | SecretSource::Command(_) => None,
        };
        let vaults = self.expiry.vaults.iter().map(|vault| &vault.token);
        tokens.chain(passwords).chain(vaults).filter_map(variable).collect()
    }

    /// Returns the configuration with these services alone; no name at all keeps every service.
    ///
    /// # Errors
    /// A name that no service has, with those that there are.
    pub fn only(mut self, names: &[String]) -> Result<Self, String> {
        if let Some(name) = names.iter().find(|name| !self.services.iter().any(|it| it.name.as_str() == **name)) {
            let known: Vec<_> = self.services.iter().map(|service| service.name.as_str()).collect();
            return Err(format!("no service is named {name:?}; the configuration has {}", known.join(", ")));
        }
        self.services.retain(|service| names.is_empty() || names.iter().any(|name| service.name.as_str() == name));
        Ok(self)
    }
}

/// A configuration that was read, and what is odd about it.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// The configuration.
    pub config: Config,
    /// What is allowed but should be known.
    pub warnings: Vec<Problem>,
}

/// Reads and checks a configuration file.
///
/// # Errors
/// Everything that is wrong with it.
pub fn read(path: &Path) -> Result<Loaded, ConfigError> {
    let text = std::fs::read_to_string(path).map_err(|error| ConfigError {
        path: path.to_owned(),
        problems: vec![Problem::of_file(format!("cannot be read: {error}"))],
    })?;
    parse(&text, path)
}

/// Checks a configuration. Relative paths in it are relative to the folder of `path`.
///
/// # Errors
/// Everything that is wrong with it.
pub fn parse(text: &str, path: &Path) -> Result<Loaded, ConfigError> {
    document::parse(text, path.parent().unwrap_or(Path::new("")))
        .map_err(|problems| ConfigError { path: path.to_owned(), problems })
}

/// Reads a span of time such as `10s`, `2m` or `1h30m`.
///
/// # Errors
/// Anything else, and what it should have been.
pub fn parse_duration(text: &str) -> Result<SignedDuration, String> {
    let wanted = || format!("{text:?} is no span of time; write it as 10s, 2m or 1h30m");
    let duration: SignedDuration = text.parse().map_err(|_| wanted())?;
    if duration.is_negative() { Err(wanted()) } else { Ok(duration) }
}
