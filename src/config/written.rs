//! What is in force, put back into the file's shape.

use std::path::Path;

use jiff::SignedDuration;

use super::shape::{
    Ci, CiKind, Credential, History, Image, NamedCredential, Policy, Poll, Registry, Revision, Secret, Service,
    Strings, Time,
};
use crate::analysis::Policy as PolicyInForce;
use crate::{config, domain};

impl Default for Strings {
    fn default() -> Self {
        Self::Many(Vec::new())
    }
}

impl Default for Credential {
    fn default() -> Self {
        Self::Named(NamedCredential::Docker)
    }
}

impl Default for Poll {
    fn default() -> Self {
        Self::of(&config::Poll::default(), &PolicyInForce::default())
    }
}

impl Default for History {
    fn default() -> Self {
        Self::from(config::History::default())
    }
}

impl From<config::History> for History {
    fn from(history: config::History) -> Self {
        Self { days: history.days, megabytes: history.megabytes }
    }
}

impl Default for Policy {
    fn default() -> Self {
        Self::from(&PolicyInForce::default())
    }
}

impl From<SignedDuration> for Time {
    fn from(duration: SignedDuration) -> Self {
        Self(format!("{duration:#}").replace(' ', ""))
    }
}

impl Poll {
    /// Returns the section.
    pub(super) fn of(poll: &config::Poll, policy: &PolicyInForce) -> Self {
        Self {
            running: policy.running.into(),
            on_screen: policy.on_screen.into(),
            idle: policy.idle.into(),
            quiet: policy.quiet.into(),
            timeout: poll.timeout.into(),
            ci_in_flight: poll.ci_in_flight,
            registry_in_flight: poll.registry_in_flight,
        }
    }
}

impl From<&PolicyInForce> for Policy {
    fn from(policy: &PolicyInForce) -> Self {
        Self {
            grace: policy.grace.into(),
            runs: policy.runs,
            second_look: policy.second_look.into(),
            canary: policy.canary.into(),
            slow_pipeline: policy.slow_pipeline.into(),
            slow_stage: policy.slow_stage.into(),
            flaky_gate: policy.flaky_gate,
        }
    }
}

impl From<&config::Ci> for Ci {
    fn from(ci: &config::Ci) -> Self {
        Self {
            name: ci.name.to_string(),
            kind: match ci.kind {
                config::CiKind::GitHub => CiKind::GitHub,
                config::CiKind::GitLab => CiKind::GitLab,
            },
            url: Some(ci.url.as_str().trim_end_matches('/').to_owned()),
            plain_http: ci.url.scheme() == "http",
            ca_file: ci.ca_file.as_deref().map(path),
            organizations: Strings::Many(ci.organizations.clone()),
            token: ci.token.as_ref().map(Secret::from),
        }
    }
}

impl From<&domain::SecretSource> for Secret {
    fn from(source: &domain::SecretSource) -> Self {
        match source {
            domain::SecretSource::Env(name) => Self::Env { env: name.clone() },
            domain::SecretSource::File(file) => Self::File { file: path(file) },
            domain::SecretSource::Command(command) => Self::Command { command: command.clone() },
        }
    }
}

impl From<&config::RegistryEntry> for Registry {
    fn from(registry: &config::RegistryEntry) -> Self {
        Self {
            host: registry.host.to_string(),
            plain_http: registry.plain_http,
            ca_file: registry.ca_file.as_deref().map(path),
            token_hosts: registry.token_hosts.clone(),
            credential: Credential::from(&registry.credential),
            push_credential: registry.push_credential.as_ref().map(Credential::from),
        }
    }
}

impl From<&domain::CredentialSource> for Credential {
    fn from(source: &domain::CredentialSource) -> Self {
        match source {
            domain::CredentialSource::Docker => Self::Named(NamedCredential::Docker),
            domain::CredentialSource::Anonymous => Self::Named(NamedCredential::Anonymous),
            domain::CredentialSource::Basic { username, password } => {
                Self::Basic { username: username.clone(), password: password.into() }
            }
        }
    }
}

impl From<&domain::Service> for Service {
    fn from(service: &domain::Service) -> Self {
        let globs = |globs: &domain::Globs| Strings::Many(globs.patterns().to_vec());
        Self {
            name: service.name.to_string(),
            ci: service.ci.to_string(),
            repo: service.repo.to_string(),
            workflow: globs(&service.workflow),
            branch: globs(&service.branch),
            event: globs(&service.event),
            push_job: globs(&service.push_job),
            reports: service.trust.reports.as_ref().map(globs).unwrap_or_default(),
            environment: service.trust.environment.as_ref().map_or("", |name| name.raw()).to_owned(),
            image: service.images.iter().map(Image::from).collect(),
        }
    }
}

impl From<&domain::ImageSpec> for Image {
    fn from(image: &domain::ImageSpec) -> Self {
        Self {
            repository: image.repository.to_string(),
            tags: Strings::Many(image.tags.iter().map(|tag| tag.as_str().to_owned()).collect()),
            platforms: Strings::Many(image.platforms.iter().map(ToString::to_string).collect()),
            revision: match image.revision {
                domain::RevisionRule::Auto => Revision::Auto,
                domain::RevisionRule::Require => Revision::Require,
                domain::RevisionRule::Off => Revision::Off,
            },
        }
    }
}

fn path(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}
