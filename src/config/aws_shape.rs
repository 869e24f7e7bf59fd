//! `[[aws]]` as it is written, and what is in force put back into that shape.

use std::path::Path;

use schemars::JsonSchema;
use serde::Serialize;

use super::AwsEntry;
use super::shape::Strings;
use crate::domain::AwsLogin;

/// An AWS account that is asked when what is in it ends; values are never read.
#[derive(Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(super) struct Aws {
    /// Its name.
    name: String,
    /// The regions whose secrets and registries are looked at.
    regions: Strings,
    /// Where the keys that ask come from; `env` by default.
    #[serde(default = "env")]
    credentials: Credentials,
    /// Where everything is asked instead of at AWS's own addresses: https, or http on this very machine.
    #[serde(skip_serializing_if = "Option::is_none")]
    endpoint: Option<String>,
    /// Whether the secrets of Secrets Manager are listed.
    #[serde(default)]
    secrets: bool,
    /// Whether access keys are listed.
    #[serde(default)]
    access_keys: bool,
    /// The IAM users whose access keys are listed; by default those of the user who asks.
    #[serde(default)]
    users: Strings,
    /// The age at which an access key is to be replaced.
    #[serde(default = "max_age")]
    #[schemars(range(min = 1, max = 3650))]
    key_max_age_days: i64,
    /// Whether ECR is asked for a login, which is dropped.
    #[serde(default)]
    ecr: bool,
    /// More certificate authorities, a PEM file.
    #[serde(skip_serializing_if = "Option::is_none")]
    ca_file: Option<String>,
}

/// Where keys come from.
#[derive(Serialize, JsonSchema)]
#[serde(untagged)]
#[schemars(deny_unknown_fields)]
enum Credentials {
    /// A way that has a name.
    Named(Named),
    /// A profile of the shared credentials file.
    Profile {
        profile: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        file: Option<String>,
    },
    /// A command that prints what a `credential_process` prints: program and arguments, no shell.
    Command { command: Vec<String> },
}

/// The ways to log in that have a name.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Named {
    /// The environment variables `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY` and `AWS_SESSION_TOKEN`.
    Env,
}

fn env() -> Credentials {
    Credentials::Named(Named::Env)
}

fn max_age() -> i64 {
    90
}

impl From<&AwsEntry> for Aws {
    fn from(aws: &AwsEntry) -> Self {
        Self {
            name: aws.name.to_string(),
            regions: Strings::Many(aws.regions.clone()),
            credentials: match &aws.login {
                AwsLogin::Env => env(),
                AwsLogin::Profile { name, file } => {
                    Credentials::Profile { profile: name.clone(), file: file.as_deref().map(written) }
                }
                AwsLogin::Command(command) => Credentials::Command { command: command.clone() },
            },
            endpoint: aws.endpoint.as_ref().map(|url| url.as_str().trim_end_matches('/').to_owned()),
            secrets: aws.secrets,
            access_keys: aws.access_keys,
            users: Strings::Many(aws.users.clone()),
            key_max_age_days: aws.key_max_age.as_hours() / 24,
            ecr: aws.ecr,
            ca_file: aws.ca_file.as_deref().map(written),
        }
    }
}

fn written(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}
