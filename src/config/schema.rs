//! The file's shape as it is published, and a configuration written in it with nothing left out.

use schemars::{JsonSchema, schema_for};
use serde::Serialize;

use super::Config;
use super::shape::{Ci, History, Policy, Poll, Registry, Service};

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
    /// The CI providers.
    #[serde(default)]
    ci: Vec<Ci>,
    /// The registries; those that only images name have every default.
    #[serde(default)]
    registry: Vec<Registry>,
    /// What is watched.
    #[schemars(length(min = 1))]
    service: Vec<Service>,
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
        ci: config.ci.iter().map(Ci::from).collect(),
        registry: config.registries.iter().map(Registry::from).collect(),
        service: config.services.iter().map(|service| Service::from(&**service)).collect(),
    };
    toml::to_string_pretty(&file).map_err(|error| error.to_string())
}
