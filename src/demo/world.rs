//! What the demo's world holds, told in seconds before (negative) and after the moment it starts.

use serde::Deserialize;

/// A world to serve: services, their runs, and what every run left in the registry.
#[derive(Debug, Clone)]
pub struct World {
    pub(super) services: Vec<Service>,
    pub(super) lively: bool,
}

/// One service: a repository or project with its CI, and the images that it pushes.
#[derive(Debug, Clone)]
pub(super) struct Service {
    pub(super) id: u64,
    pub(super) name: String,
    pub(super) provider: Provider,
    pub(super) repo: String,
    /// The project answers 404, as one that was deleted or is hidden from this token.
    pub(super) gone: bool,
    /// The path of its images in the registry.
    pub(super) image: String,
    /// The path that a push with a typing mistake went to.
    pub(super) typo: Option<String>,
    pub(super) tags: Vec<String>,
    pub(super) platforms: Vec<String>,
    pub(super) media: Media,
    pub(super) build: Build,
    /// How the reports of its tests are written; none where nothing keeps any.
    pub(super) tests: Option<Dialect>,
    /// Whether its pipeline has a long end-to-end stage that everything waits for.
    pub(super) long: bool,
    /// Whether it has a check that always fails, and may.
    pub(super) contract: bool,
    pub(super) access: Access,
    pub(super) push_job: String,
    pub(super) branches: Vec<String>,
    pub(super) events: Vec<String>,
    /// Newest first; those of the future stand before those of the past.
    pub(super) runs: Vec<Run>,
}

/// One run of a service.
#[derive(Debug, Clone)]
pub(super) struct Run {
    pub(super) id: u64,
    pub(super) number: u64,
    pub(super) attempt: u64,
    pub(super) workflow: Workflow,
    pub(super) branch: String,
    pub(super) pull_request: Option<u64>,
    pub(super) sha: String,
    pub(super) title: String,
    pub(super) author: Person,
    /// When this attempt starts, in seconds after the world's start.
    pub(super) at: i64,
    /// How long it takes, in seconds.
    pub(super) took: i64,
    /// How long after the push job's end the tag can be seen, in seconds.
    pub(super) late: i64,
    /// Whether a test passed at its second try only, as reports say whose tool tells.
    pub(super) retried: bool,
    pub(super) fate: Fate,
}

/// Somebody who commits.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Person {
    pub(super) login: String,
    pub(super) name: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Provider {
    #[serde(rename = "github")]
    GitHub,
    #[serde(rename = "gitlab")]
    GitLab,
}

/// The family of media types that images are pushed with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Media {
    Oci,
    Docker,
}

/// The tool that builds and pushes, and so the shape of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Build {
    Docker,
    Buildx,
    Kaniko,
}

/// How the reports of tests are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Dialect {
    /// A file for each class; a test that passed at the second try says so.
    Surefire,
    /// One file.
    Pytest,
}

/// What the registry lets the demo's user do with a repository.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Access {
    Open,
    /// The token service refuses: 403.
    DeniedAtToken,
    /// The token service issues a token without rights, and the registry refuses that: 401.
    InsufficientScope,
}

/// The workflow of a run; GitLab has only the one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Workflow {
    Release,
    Checks,
}

/// What becomes of a run, and of what it pushes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Fate {
    Landed,
    /// The registry refused the push, and the script ended with 0 all the same.
    Denied,
    /// The tag was put on the image of the run before.
    Stale,
    /// The image carries the label of another commit.
    Mismatch,
    /// The index names a child that is gone.
    LostChild,
    /// A layer is gone.
    LostLayer,
    /// The push went to the mistyped repository.
    Misrouted,
    /// It landed, and was cleaned away since.
    Pruned,
    /// The push job was skipped.
    Skipped,
    /// The tests failed.
    Failed,
    /// Somebody stopped the run.
    Cancelled,
    /// A run for a pull or merge request, which does not push.
    PullRequest,
    /// A run by the clock, which does not push.
    Scheduled,
}

impl Fate {
    /// Returns whether the push job runs to its end.
    pub(super) fn pushes(self) -> bool {
        match self {
            Self::Landed
            | Self::Denied
            | Self::Stale
            | Self::Mismatch
            | Self::LostChild
            | Self::LostLayer
            | Self::Misrouted
            | Self::Pruned => true,
            Self::Skipped | Self::Failed | Self::Cancelled | Self::PullRequest | Self::Scheduled => false,
        }
    }
}

impl Provider {
    /// Returns the site that image labels name as their source.
    pub(super) fn site(self) -> &'static str {
        match self {
            Self::GitHub => "https://github.com",
            Self::GitLab => "https://gitlab.com",
        }
    }
}

impl Workflow {
    pub(super) fn file(self) -> &'static str {
        match self {
            Self::Release => "release.yml",
            Self::Checks => "checks.yml",
        }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Release => "release",
            Self::Checks => "checks",
        }
    }
}

impl Run {
    pub(super) fn ends(&self) -> i64 {
        self.at + self.took
    }

    /// Returns when the tag can be seen.
    pub(super) fn lands(&self) -> i64 {
        self.ends() + self.late
    }

    /// Returns the event in GitHub's words.
    pub(super) fn event(&self) -> &'static str {
        if self.fate == Fate::PullRequest {
            return "pull_request";
        }
        if self.fate == Fate::Scheduled { "schedule" } else { "push" }
    }
}

impl Service {
    /// Returns the tags that the run pushes.
    pub(super) fn tags_of(&self, run: &Run) -> Vec<String> {
        let short = |length| run.sha.get(..length).unwrap_or_default();
        let branch: String = run
            .branch
            .chars()
            .map(|c| if c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-') { c } else { '-' })
            .collect();
        let fill = |template: &String| {
            template
                .replace("{sha:7}", short(7))
                .replace("{sha:8}", short(8))
                .replace("{sha}", &run.sha)
                .replace("{branch|tagsafe}", &branch)
                .replace("{run_number}", &run.number.to_string())
        };
        self.tags.iter().map(fill).collect()
    }

    /// Returns the runs that exist at this moment, newest first.
    pub(super) fn runs_at(&self, now: i64) -> impl Iterator<Item = &Run> {
        self.runs.iter().filter(move |run| run.at <= now)
    }
}

impl World {
    /// Returns the service that pushes to this repository, or by mistake pushed there.
    pub(super) fn owner(&self, repository: &str) -> Option<&Service> {
        self.services.iter().find(|service| service.image == repository || service.typo.as_deref() == Some(repository))
    }

    /// Returns the service with this repository at this provider, unless it is gone.
    pub(super) fn service(&self, provider: Provider, repo: &str) -> Option<&Service> {
        self.services.iter().find(|service| service.provider == provider && service.repo == repo && !service.gone)
    }
}
