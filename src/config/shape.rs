//! The sections of the configuration file as they are written. Their defaults are those that are in force.

use schemars::JsonSchema;
use serde::Serialize;

/// A span of time such as `10s`, `2m` or `1h30m`.
#[derive(Serialize, JsonSchema)]
pub(super) struct Time(pub(super) String);

/// One text, or several.
#[derive(Serialize, JsonSchema)]
#[serde(untagged)]
pub(super) enum Strings {
    #[expect(dead_code, reason = "only read")]
    One(String),
    Many(Vec<String>),
}

/// How often, how hard.
#[derive(Serialize, JsonSchema)]
#[serde(default)]
#[schemars(deny_unknown_fields)]
pub(super) struct Poll {
    /// Between looks at a service with a run in progress; 500ms to 1h.
    pub(super) running: Time,
    /// The same, while the service is on the screen; 500ms to 1h.
    pub(super) on_screen: Time,
    /// Between looks at a service where nothing happens; 1s to 24h.
    pub(super) idle: Time,
    /// The same, after a day without a run, and three times this after a week; 1s to 24h.
    pub(super) quiet: Time,
    /// From a request's start to the last byte of its answer; 1s to 10m.
    pub(super) timeout: Time,
    /// Requests in flight per CI provider.
    #[schemars(range(min = 1, max = 64))]
    pub(super) ci_in_flight: usize,
    /// Requests in flight per registry.
    #[schemars(range(min = 1, max = 64))]
    pub(super) registry_in_flight: usize,
}

/// How long what was seen is kept in the state folder.
#[derive(Serialize, JsonSchema)]
#[serde(default)]
#[schemars(deny_unknown_fields)]
pub(super) struct History {
    /// For how many days.
    #[schemars(range(min = 1, max = 3650))]
    pub(super) days: u32,
    /// Up to how many megabytes; what is over goes oldest first.
    #[schemars(range(min = 8, max = 100_000))]
    pub(super) megabytes: u32,
}

/// What the verdicts are judged by.
#[derive(Serialize, JsonSchema)]
#[serde(default)]
#[schemars(deny_unknown_fields)]
pub(super) struct Policy {
    /// After the push job ended, before an absent tag counts as missing; 0s to 24h.
    pub(super) grace: Time,
    /// The newest runs of a service that are looked at.
    #[schemars(range(min = 1, max = 200))]
    pub(super) runs: usize,
    /// How far apart the two looks stand that a missing tag needs; 100ms to 10m.
    pub(super) second_look: Time,
    /// How old the proof may be that the credential can read the repository; 1s to 24h.
    pub(super) canary: Time,
    /// A pipeline over this is slow; 1s to 168h.
    pub(super) slow_pipeline: Time,
    /// A stage or job over this is slow; 1s to 168h.
    pub(super) slow_stage: Time,
    /// Above this share of builds failed by flakes: stay on Continuous Delivery.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub(super) flaky_gate: f64,
}

/// A CI provider.
#[derive(Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(super) struct Ci {
    /// Its name, by which services refer to it.
    pub(super) name: String,
    /// GitHub or GitLab.
    pub(super) kind: CiKind,
    /// The API's address on GitHub, the instance's on GitLab; that of the public instance by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) url: Option<String>,
    /// Whether `url` may be http:// although it is not loopback.
    #[serde(default)]
    pub(super) plain_http: bool,
    /// More certificate authorities, a PEM file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) ca_file: Option<String>,
    /// GitHub's organizations whose people's tokens are asked for; it takes more rights than anything else.
    #[serde(default)]
    pub(super) organizations: Strings,
    /// Where its token is read from; anonymous where there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) token: Option<Secret>,
}

/// GitHub Actions or GitLab CI.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum CiKind {
    GitHub,
    GitLab,
}

/// Where a secret is read from.
#[derive(Serialize, JsonSchema)]
#[serde(untagged)]
#[schemars(deny_unknown_fields)]
pub(super) enum Secret {
    /// An environment variable.
    Env { env: String },
    /// A file.
    File { file: String },
    /// A command's first line of output: program and arguments, no shell.
    Command { command: Vec<String> },
}

/// A registry.
#[derive(Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(super) struct Registry {
    /// As image names write it: `host[:port]`.
    pub(super) host: String,
    /// Whether to speak http without TLS; only for a loopback or explicitly trusted host.
    #[serde(default)]
    pub(super) plain_http: bool,
    /// More certificate authorities, a PEM file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) ca_file: Option<String>,
    /// Hosts of token services that may have the login, besides the registry's own domain.
    #[serde(default)]
    pub(super) token_hosts: Vec<String>,
    /// How to log in; `docker` by default.
    #[serde(default)]
    pub(super) credential: Credential,
    /// The login that pipelines push with, to learn whether it may; nothing is pushed or read with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) push_credential: Option<Credential>,
}

/// How to log in to a registry.
#[derive(Serialize, JsonSchema)]
#[serde(untagged)]
#[schemars(deny_unknown_fields)]
pub(super) enum Credential {
    /// A way that has a name.
    Named(NamedCredential),
    /// A user name and where its password is read from.
    Basic { username: String, password: Secret },
}

/// The ways to log in that have a name.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum NamedCredential {
    /// The Docker and Podman credential files and helpers.
    Docker,
    /// No login.
    Anonymous,
}

/// A service.
#[derive(Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(super) struct Service {
    /// Its name.
    pub(super) name: String,
    /// The name of its CI provider.
    pub(super) ci: String,
    /// `owner/name` on GitHub, the full project path on GitLab.
    pub(super) repo: String,
    /// Globs for the workflow's file name or name; every workflow by default.
    #[serde(default)]
    pub(super) workflow: Strings,
    /// Globs for the branch, or for the git tag where a run was for one; all by default.
    #[serde(default)]
    pub(super) branch: Strings,
    /// Globs for the event; everything except pull requests by default.
    #[serde(default)]
    pub(super) event: Strings,
    /// Globs for the job that pushes: its end starts the grace; skipped or cancelled it means that no image is expected.
    #[serde(default)]
    pub(super) push_job: Strings,
    /// Globs for the artifacts (GitLab: the jobs) whose JUnit reports are read; by default none are.
    #[serde(default)]
    pub(super) reports: Strings,
    /// The environment whose deployments are read; "" for none.
    #[serde(default = "environment")]
    pub(super) environment: String,
    /// What a green run is to leave behind.
    #[schemars(length(min = 1))]
    pub(super) image: Vec<Image>,
}

fn environment() -> String {
    super::service::ENVIRONMENT.to_owned()
}

/// An image that a green run is to leave behind.
#[derive(Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(super) struct Image {
    /// The repository, without a tag.
    pub(super) repository: String,
    /// The tags; all must exist. The placeholders are `{sha} {sha:N} {branch} {tag} {run_number} {run_id} {pr}`
    /// `{date:%Y%m%d}`, with the filters `|slug |tagsafe |lower`.
    pub(super) tags: Strings,
    /// The platforms that must resolve; by default those that the index itself lists.
    #[serde(default)]
    pub(super) platforms: Strings,
    /// What is asked of the label org.opencontainers.image.revision.
    #[serde(default)]
    pub(super) revision: Revision,
}

/// What is asked of the revision label.
#[derive(Serialize, JsonSchema, Default)]
#[serde(rename_all = "lowercase")]
pub(super) enum Revision {
    /// Where it is set it must name the commit.
    #[default]
    Auto,
    /// It must be set and name the commit.
    Require,
    /// It is not looked at.
    Off,
}
