//! What the configuration asks to watch.

use std::collections::BTreeSet;
use std::sync::Arc;

use globset::{Glob, GlobSet, GlobSetBuilder};

use super::{ImageName, Platform, RepoPath, Retries, Run, ServiceName, SourceId, Tag, TagTemplate, Text};

/// Globs of which one must match. None at all matches everything.
#[derive(Debug, Clone)]
pub struct Globs {
    patterns: Box<[String]>,
    /// What tells whether a text matches, where one of the patterns is more than most are.
    automaton: Option<Box<GlobSet>>,
}

/// A glob that needs no automaton: plain text with at most a star at either end, which is what most are.
enum Simple<'a> {
    Equals(&'a str),
    StartsWith(&'a str),
    EndsWith(&'a str),
    Contains(&'a str),
}

impl<'a> Simple<'a> {
    fn of(pattern: &'a str) -> Self {
        let (body, at_start) = pattern.strip_prefix('*').map_or((pattern, false), |body| (body, true));
        let (body, at_end) = body.strip_suffix('*').map_or((body, false), |body| (body, true));
        match (at_start, at_end) {
            (false, false) => Self::Equals(body),
            (false, true) => Self::StartsWith(body),
            (true, false) => Self::EndsWith(body),
            (true, true) => Self::Contains(body),
        }
    }

    /// Returns whether the text of it means nothing but itself.
    fn is_plain(&self) -> bool {
        match self {
            Self::Equals(body) | Self::StartsWith(body) | Self::EndsWith(body) | Self::Contains(body) => {
                !body.contains(['*', '?', '[', ']', '{', '}', '\\'])
            }
        }
    }

    fn matches(&self, text: &str) -> bool {
        match self {
            Self::Equals(body) => text == *body,
            Self::StartsWith(body) => text.starts_with(body),
            Self::EndsWith(body) => text.ends_with(body),
            Self::Contains(body) => text.contains(body),
        }
    }
}

impl Globs {
    /// Returns the globs; `*` crosses slashes, as in `release*` for `release/1.2`.
    ///
    /// # Errors
    /// The first pattern that is no glob, and why.
    pub fn parse(patterns: &[String]) -> Result<Self, (String, String)> {
        let is_simple = patterns.iter().all(|pattern| Simple::of(pattern).is_plain());
        let automaton = if is_simple { None } else { Some(automaton(patterns)?.into()) };
        Ok(Self { patterns: patterns.into(), automaton })
    }

    /// Returns whether one of them matches, or there is none.
    #[must_use]
    pub fn matches(&self, text: &str) -> bool {
        match &self.automaton {
            None => self.patterns.is_empty() || self.patterns.iter().any(|pattern| Simple::of(pattern).matches(text)),
            Some(set) => set.is_match(text),
        }
    }

    /// Returns the patterns as written.
    #[must_use]
    pub fn patterns(&self) -> &[String] {
        &self.patterns
    }
}

fn automaton(patterns: &[String]) -> Result<GlobSet, (String, String)> {
    let mut builder = GlobSetBuilder::new();
    for pattern in patterns {
        builder.add(Glob::new(pattern).map_err(|error| (pattern.clone(), error.kind().to_string()))?);
    }
    builder.build().map_err(|error| (patterns.join(", "), error.to_string()))
}

/// A service: where its CI runs, and what images a green run is to leave behind.
#[derive(Debug, Clone)]
pub struct Service {
    /// Its name.
    pub name: ServiceName,
    /// The CI provider.
    pub ci: SourceId,
    /// The repository or project.
    pub repo: RepoPath,
    /// Globs for the workflow's file name or name; none means every workflow.
    pub workflow: Globs,
    /// Globs for the branch, or for the git tag where the run was for one.
    pub branch: Globs,
    /// Globs for the event; none means everything except pull requests.
    pub event: Globs,
    /// Globs for the name of the job that pushes.
    pub push_job: Globs,
    /// What a green run is to leave behind.
    pub images: Vec<ImageSpec>,
    /// The repositories of images of all services: what is pushed there is another service's, and not this one's gone
    /// astray.
    pub claimed: Arc<BTreeSet<ImageName>>,
    /// What its runs are trusted by.
    pub trust: TrustSpec,
}

impl Service {
    /// Returns whose deployments are read: provider, repository and environment; `None` where none are.
    #[must_use]
    pub fn deployments(&self) -> Option<Text> {
        let environment = self.trust.environment.as_ref()?;
        Some(format!("{} {} {}", self.ci, self.repo, environment.raw()).into())
    }
}

/// What is read of a service's runs to tell how much their green and red can be trusted.
#[derive(Debug, Clone)]
pub struct TrustSpec {
    /// What its CI provider tries again.
    pub retries: Retries,
    /// Globs for the names of the artifacts (on GitLab: of the jobs) that hold test reports; `None` where none are read.
    pub reports: Option<Globs>,
    /// The environment whose deployments are read; `None` where none are.
    pub environment: Option<Text>,
}

impl Default for TrustSpec {
    fn default() -> Self {
        Self { retries: Retries::Runs, reports: None, environment: None }
    }
}

impl Service {
    /// Returns whether the run's workflow is one that is watched.
    #[must_use]
    pub fn watches(&self, run: &Run) -> bool {
        let file = run.workflow_file.as_ref().is_some_and(|file| self.workflow.matches(file.raw()));
        file || self.workflow.matches(run.workflow.raw())
    }

    /// Returns whether a green run is to leave this very tag behind.
    #[must_use]
    pub fn expects(&self, run: &Run, image: &ImageName, tag: &Tag) -> bool {
        let tags = self.images.iter().filter(|spec| spec.repository == *image).flat_map(|spec| &spec.tags);
        tags.into_iter().any(|template| template.expand(run).is_ok_and(|expected| expected == *tag))
    }

    /// Returns whether the run is to publish, as far as its event and its branch say.
    #[must_use]
    pub fn publishes(&self, run: &Run) -> Publishes {
        let event = run.event.0.raw();
        let by_event =
            if self.event.patterns().is_empty() { run.event.is_pull_request() } else { !self.event.matches(event) };
        if by_event {
            return Publishes::NotOnEvent;
        }
        match from(run) {
            Some(branch) if self.branch.matches(branch.raw()) => Publishes::Yes,
            Some(_) => Publishes::NotOnBranch,
            None if self.branch.matches("") => Publishes::Yes,
            None => Publishes::Untold,
        }
    }

    /// Returns why the run is not to publish, where it is not.
    #[must_use]
    pub fn why_not(&self, run: &Run) -> Option<String> {
        match self.publishes(run) {
            Publishes::NotOnEvent => Some(format!("runs for {} do not publish here", run.event.0)),
            Publishes::NotOnBranch => Some(format!("runs on {} do not publish here", from(run)?)),
            Publishes::Yes | Publishes::Untold => None,
        }
    }

    /// Returns whether the run is surely to publish.
    #[must_use]
    pub fn is_to_publish(&self, run: &Run) -> bool {
        self.publishes(run) == Publishes::Yes
    }
}

/// Returns what a run was for: its git tag, where it has one, or else its branch.
fn from(run: &Run) -> Option<&Text> {
    run.git_tag.as_ref().or(run.branch.as_ref())
}

/// Whether a run is to publish.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Publishes {
    /// Nothing keeps it from that.
    Yes,
    /// Its event is filtered out.
    NotOnEvent,
    /// Its branch is.
    NotOnBranch,
    /// Only some branches publish, and it names none.
    Untold,
}

impl Publishes {
    /// Returns whether it is surely not to.
    #[must_use]
    pub fn is_no(self) -> bool {
        match self {
            Self::NotOnEvent | Self::NotOnBranch => true,
            Self::Yes | Self::Untold => false,
        }
    }
}

/// An image that a green run is to leave behind.
#[derive(Debug, Clone)]
pub struct ImageSpec {
    /// The repository.
    pub repository: ImageName,
    /// The tags; all must exist.
    pub tags: Vec<TagTemplate>,
    /// The platforms that must resolve; none means those that the index itself lists.
    pub platforms: Vec<Platform>,
    /// What is asked of the revision label.
    pub revision: RevisionRule,
}

/// What is asked of `org.opencontainers.image.revision`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RevisionRule {
    /// Where it is set it must name the commit.
    #[default]
    Auto,
    /// It must be set and name the commit.
    Require,
    /// It is not looked at.
    Off,
}

impl RevisionRule {
    /// Every rule.
    pub const ALL: [Self; 3] = [Self::Auto, Self::Require, Self::Off];

    /// Returns the word that the configuration uses.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Require => "require",
            Self::Off => "off",
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn a_glob_that_is_read_by_hand_matches_what_the_automaton_matches() {
        let patterns =
            ["", "*", "**", "main", "release*", "*image", "*push*", "a/b", "rel*1", "[m]ain", "*.yml", "a**"];
        let texts = ["", "main", "release", "release/1.2", "an image", "images", "docker push x", "a/b", "a", "x.yml"];
        for pattern in patterns {
            let patterns = [pattern.to_owned()];
            let (globs, automaton) = (Globs::parse(&patterns).unwrap(), automaton(&patterns).unwrap());
            for text in texts {
                assert_eq!(globs.matches(text), automaton.is_match(text), "{pattern:?} {text:?}");
            }
        }
        let is_simple = |pattern: &str| Globs::parse(&[pattern.to_owned()]).unwrap().automaton.is_none();
        assert!(is_simple("release*") && !is_simple("rel*1"));
    }
}
