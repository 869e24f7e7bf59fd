//! The file's shape as it is published, and a configuration written in it with nothing left out.

use schemars::{JsonSchema, schema_for};
use serde::Serialize;

use super::Config;
use super::aws_shape::Aws;
use super::credentials_shape::{Credentials, Declared, Hours};
use super::shape::{Ci, History, Policy, Poll, Registry, Service};
use super::vault_shape::Vault;

/// Where landfall looks, how often, and what is to land.
#[derive(Serialize, JsonSchema)]
#[schemars(deny_unknown_fields, title = "landfall configuration")]
struct File {
    /// How often, how hard.
    #[serde(default)]
    poll: Poll,
    /// What the verdicts are judged by.
    #[serde(default)]
    policy: Policy,
    /// How long what was seen is kept.
    #[serde(default)]
    history: History,
    /// When the team is at work.
    #[serde(default)]
    hours: Hours,
    /// Where credentials are looked for.
    #[serde(default)]
    credentials: Credentials,
    /// The CI providers.
    #[serde(default)]
    ci: Vec<Ci>,
    /// The registries; those that only images name have every default.
    #[serde(default)]
    registry: Vec<Registry>,
    /// Every Vault or OpenBao.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    vault: Vec<Vault>,
    /// AWS accounts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    aws: Vec<Aws>,
    /// What is watched.
    #[schemars(length(min = 1))]
    service: Vec<Service>,
    /// What is declared of credentials.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    credential: Vec<Declared>,
}

/// Returns the JSON Schema of the configuration file, with a line break at its end.
#[must_use]
pub fn schema() -> String {
    let mut text = serde_json::to_string_pretty(&schema_for!(File)).unwrap_or_default();
    text.push('\n');
    text
}

/// Returns the configuration as TOML, defaults included. Of secrets it says where they are read from, no more.
///
/// # Errors
/// What TOML cannot hold.
pub fn show(config: &Config) -> Result<String, String> {
    let file = File {
        poll: Poll::of(&config.poll, &config.policy),
        policy: Policy::from(&config.policy),
        history: History::from(config.history),
        hours: Hours::from(&config.credentials.hours),
        credentials: Credentials::of(&config.expiry, &config.credentials),
        ci: config.ci.iter().map(Ci::from).collect(),
        registry: config.registries.iter().map(Registry::from).collect(),
        vault: config.expiry.vaults.iter().map(Vault::from).collect(),
        aws: config.expiry.aws.iter().map(Aws::from).collect(),
        service: config.services.iter().map(|service| Service::from(&**service)).collect(),
        credential: config.credentials.declared.iter().map(Declared::from).collect(),
    };
    toml::to_string_pretty(&file).map_err(|error| error.to_string())
}
