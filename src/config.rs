//! Default, then file, then environment, then arguments: merged once into a configuration without options.

use std::path::PathBuf;
use std::sync::Arc;

use jiff::SignedDuration;
use url::Url;

use crate::analysis::Policy;
use crate::domain::{CredentialSource, SecretSource, Service, SourceId};

/// Everything that can be configured.
#[derive(Debug, Clone)]
pub struct Config {
    /// How often, how hard.
    pub poll: Poll,
    /// What the verdicts are judged by.
    pub policy: Policy,
    /// The CI providers.
    pub ci: Vec<Ci>,
    /// The registries: those that are configured, and with defaults those that only images name.
    pub registries: Vec<RegistryEntry>,
    /// What to watch.
    pub services: Vec<Arc<Service>>,
}

/// How often, how hard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Poll {
    /// Between looks at a service with a run in progress.
    pub running: SignedDuration,
    /// Between looks at a service where nothing happens.
    pub idle: SignedDuration,
    /// From a request's start to the last byte of its answer.
    pub timeout: SignedDuration,
    /// Requests in flight per CI provider.
    pub ci_in_flight: usize,
    /// Requests in flight per registry.
    pub registry_in_flight: usize,
}

impl Default for Poll {
    fn default() -> Self {
        Self {
            running: SignedDuration::from_secs(10),
            idle: SignedDuration::from_secs(60),
            timeout: SignedDuration::from_secs(20),
            ci_in_flight: 8,
            registry_in_flight: 16,
        }
    }
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

/// A registry.
#[derive(Debug, Clone)]
pub struct RegistryEntry {
    /// `host[:port]`, as image names write it.
    pub host: SourceId,
    /// Whether to speak http without TLS.
    pub plain_http: bool,
    /// How to log in.
    pub credential: CredentialSource,
    /// More certificate authorities, PEM.
    pub ca_file: Option<PathBuf>,
}
