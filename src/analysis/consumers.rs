//! Who reads a secret: the jobs that name it, with how sure that is. What is kept nearer to a job hides what has the same
//! name farther away: environment before repository before organization.

use std::sync::Arc;

use jiff::Timestamp;
use rustc_hash::FxHashSet;

use crate::domain::{
    CredentialKind, CredentialRecord, DeclaredCredential, Globs, JobEnvironment, Level, NamedSecret, Pipeline,
    RepoPath, SecretUse, SourceId, Text,
};

/// How sure it is that a job reads a secret, the surest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Confidence {
    /// It names it.
    Exact,
    /// It is handed all secrets.
    InheritAll,
    /// It computes the name of what it reads, or of the environment that it runs in.
    Dynamic,
    /// It could not be read.
    Unknown,
}

impl Confidence {
    /// Every one, the surest first.
    pub const ALL: [Self; 4] = [Self::Exact, Self::InheritAll, Self::Dynamic, Self::Unknown];

    /// Returns its word in the report.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::InheritAll => "inherit_all",
            Self::Dynamic => "dynamic",
            Self::Unknown => "unknown",
        }
    }
}

/// A job that reads a secret, or may do so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Consumer {
    /// Its repository.
    pub repo: Text,
    /// Its pipeline.
    pub pipeline: Arc<Pipeline>,
    /// The job; none of all jobs, and of a pipeline that could not be read.
    pub job: Option<Text>,
    /// The called workflow in which it stands, where that is another one.
    pub through: Option<Text>,
    /// How sure it is.
    pub confidence: Confidence,
    /// Whether a condition of its own or of whoever calls it decides if it runs, which is not read.
    pub decided: bool,
    /// Whether runs that start by themselves read it.
    pub follows_schedules: bool,
    /// When its pipeline is scheduled the first time after the credential's end.
    pub next_run: Option<Timestamp>,
    /// Why it is not known whether, or when, it reads the secret.
    pub why: Option<Text>,
}

impl Consumer {
    /// Returns whether it surely reads the secret whenever its pipeline runs: it names it, and no condition decides.
    #[must_use]
    pub fn is_sure(&self) -> bool {
        self.confidence == Confidence::Exact && !self.decided
    }

    /// Returns whether a declared consumer's name means its pipeline: by name, by file, with or without the repository.
    pub(super) fn is_called(&self, name: &str) -> bool {
        let (own, file) = (self.pipeline.name.as_str(), self.pipeline.file.as_str());
        let repo = self.repo.as_str();
        let within = name.strip_prefix(repo).and_then(|rest| rest.strip_prefix([':', '/', '@', ' ']));
        [Some(name), within.map(str::trim_start)]
            .into_iter()
            .flatten()
            .any(|name| name == own || name == file || file.rsplit_once('/').is_some_and(|(_, last)| last == name))
    }

    pub(super) fn is_unread(&self) -> bool {
        self.confidence == Confidence::Unknown
    }

    pub(super) fn rank(&self) -> (Confidence, &Text, &Text, Option<&Text>) {
        (self.confidence, &self.repo, &self.pipeline.file, self.job.as_ref())
    }

    /// Returns who it is: repository, pipeline, job.
    #[must_use]
    pub fn words(&self) -> String {
        let job = self.job.as_ref().map(|job| format!(", job {job}")).unwrap_or_default();
        let through = self.through.as_ref().map(|through| format!(" through {through}")).unwrap_or_default();
        format!("{}: {}{job}{through}", self.repo, self.pipeline.name)
    }

    /// Says what starts its pipeline the next time, schedules aside: what comes most often first.
    #[must_use]
    pub fn starts(&self) -> String {
        const WORDS: [(&str, &str); 8] = [
            ("push", "the next push"),
            ("merge_group", "the next merge"),
            ("pull_request", "the next pull request"),
            ("pull_request_target", "the next pull request"),
            ("pipeline", "the next pipeline"),
            ("release", "the next release"),
            ("create", "the next new branch or tag"),
            ("workflow_dispatch", "its next start by hand"),
        ];
        let is_trigger = |word: &str| self.pipeline.triggers.iter().any(|trigger| trigger.raw() == word);
        let words = WORDS.iter().find(|(word, _)| is_trigger(word)).map(|(_, words)| (*words).to_owned());
        let other = || self.pipeline.triggers.iter().find(|trigger| trigger.raw() != "schedule");
        words.or_else(|| Some(format!("its next {}", other()?))).unwrap_or_else(|| "its next run".to_owned())
    }
}

/// A place in which a secret of some name lies, in lower case.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Shelf(String);

impl Shelf {
    pub(super) fn of(source: &SourceId, repo: &RepoPath, level: &Level, name: &str) -> Self {
        let level = match level {
            Level::Organization => "o".to_owned(),
            Level::Repository => "r".to_owned(),
            Level::Environment(environment) => format!("e{}", environment.raw()),
            Level::Dependabot => "d".to_owned(),
        };
        Self(format!("{source}\n{repo}\n{level}\n{name}").to_ascii_lowercase())
    }
}

/// A repository, and what lies where.
pub(super) struct Repository<'a> {
    pub(super) source: &'a SourceId,
    pub(super) repo: &'a RepoPath,
    pub(super) shelves: &'a FxHashSet<Shelf>,
}

impl Repository<'_> {
    fn holds(&self, level: &Level, name: &str) -> bool {
        self.shelves.contains(&Shelf::of(self.source, self.repo, level, name))
    }
}

/// Returns who reads a secret of this level in one repository: each job once, as sure as can be.
pub(super) fn consumers<'a>(
    record: &CredentialRecord,
    level: &Level,
    repository: &Repository<'_>,
    pipelines: impl Iterator<Item = &'a Pipeline>,
) -> Vec<Consumer> {
    let name = record.name.raw();
    let is_variable = record.kind == CredentialKind::Variable;
    let meets = |used: &SecretUse| {
        let named = match &used.secret {
            NamedSecret::Exactly(other) if is_variable => (other.raw() == name).then_some(Confidence::Exact),
            NamedSecret::Exactly(other) => other.raw().eq_ignore_ascii_case(name).then_some(Confidence::Exact),
            NamedSecret::All => Some(Confidence::InheritAll),
            NamedSecret::Computed => Some(Confidence::Dynamic),
        }?;
        reaches(used, level, name, repository).map(|reached| named.max(reached))
    };
    let mut found = Vec::new();
    for pipeline in pipelines {
        if *level == Level::Dependabot && !starts_with_dependabot(pipeline) {
            continue;
        }
        let all = pipeline.uses.iter().filter_map(|used| Some((used, meets(used)?)));
        let follows_schedules = *level != Level::Dependabot;
        gather(&mut found, repository.repo, pipeline, all, follows_schedules);
    }
    found
}

/// Returns who reads a declared credential through copies that nobody could list: their ids are known from the uses.
pub(super) fn declared_consumers<'a>(
    declared: &DeclaredCredential,
    repository: &Repository<'_>,
    pipelines: impl Iterator<Item = &'a Pipeline>,
) -> Vec<Consumer> {
    let (source, repo) = (repository.source, repository.repo);
    let owner = repo.as_str().split('/').next().unwrap_or_default();
    let meets = |used: &SecretUse| {
        let NamedSecret::Exactly(name) = &used.secret else { return None };
        let in_environment = match &used.environment {
            JobEnvironment::Named(environment) => {
                Some(format!("{source}/{repo}/environments/{}/{}", environment.raw(), name.raw()))
            }
            JobEnvironment::Unset | JobEnvironment::Computed => None,
        };
        let elsewhere = [
            format!("{source}/{repo}/actions/{}", name.raw()),
            format!("{source}/{owner}/organization/{}", name.raw()),
            format!("{source}/{repo}/variables/{}", name.raw()),
            format!("{source}/{repo}/secrets/{}", name.raw()),
        ];
        let elsewhere = elsewhere.into_iter().filter(|_| !used.only_environment);
        let is_copy = in_environment.into_iter().chain(elsewhere).any(|id| declared.copies.matches(&id));
        is_copy.then_some(Confidence::Exact)
    };
    let mut found = Vec::new();
    for pipeline in pipelines.filter(|pipeline| pipeline.unread.is_none()) {
        let all = pipeline.uses.iter().filter_map(|used| Some((used, meets(used)?)));
        gather(&mut found, repo, pipeline, all, true);
    }
    found
}

/// Adds each job of a pipeline once; the pipeline itself where some of it could not be read.
fn gather<'a>(
    found: &mut Vec<Consumer>,
    repo: &RepoPath,
    pipeline: &Pipeline,
    uses: impl Iterator<Item = (&'a SecretUse, Confidence)>,
    follows_schedules: bool,
) {
    let mut shared: Option<Arc<Pipeline>> = None;
    let mut add = |used: Option<&SecretUse>, confidence, why: Option<&Text>| {
        // What a consumer shows of its pipeline does not need everything that the pipeline reads.
        let pipeline = shared.get_or_insert_with(|| Arc::new(Pipeline { uses: Vec::new(), ..pipeline.clone() }));
        Consumer {
            repo: repo.as_str().into(),
            pipeline: Arc::clone(pipeline),
            job: used.and_then(|used| used.job.clone()),
            through: used.and_then(|used| used.through.clone()),
            confidence,
            decided: used.is_some_and(|used| used.decided),
            follows_schedules,
            next_run: None,
            why: why.cloned(),
        }
    };
    let begin = found.len();
    for (used, confidence) in uses {
        let consumer = add(Some(used), confidence, None);
        match found.iter_mut().skip(begin).find(|known| known.job == consumer.job) {
            Some(known) if (known.confidence, known.decided) <= (confidence, consumer.decided) => {}
            Some(known) => *known = consumer,
            None => found.push(consumer),
        }
    }
    if let Some(why) = &pipeline.unread {
        found.push(add(None, Confidence::Unknown, Some(why)));
    }
}

/// Returns how sure it is that a job gets the secret of this level where it reads one of its name.
fn reaches(used: &SecretUse, level: &Level, name: &str, repository: &Repository<'_>) -> Option<Confidence> {
    let hidden_by_environment = match &used.environment {
        JobEnvironment::Named(environment) => repository.holds(&Level::Environment(environment.clone()), name),
        JobEnvironment::Unset | JobEnvironment::Computed => false,
    };
    let is_open = !used.only_environment && !hidden_by_environment;
    let exact = |is_open: bool| is_open.then_some(Confidence::Exact);
    match level {
        Level::Environment(wanted) => match &used.environment {
            JobEnvironment::Named(environment) => exact(is_environment(wanted.raw(), environment.raw())),
            JobEnvironment::Computed => Some(Confidence::Dynamic),
            JobEnvironment::Unset => None,
        },
        Level::Repository => exact(is_open),
        Level::Organization => exact(is_open && !repository.holds(&Level::Repository, name)),
        Level::Dependabot => exact(!used.only_environment),
    }
}

/// GitLab writes `*` into the environments of variables.
fn is_environment(wanted: &str, environment: &str) -> bool {
    let is_glob =
        wanted.contains('*') && Globs::parse(&[wanted.to_owned()]).is_ok_and(|globs| globs.matches(environment));
    is_glob || wanted.eq_ignore_ascii_case(environment)
}

/// Dependabot pushes branches and opens pull requests.
fn starts_with_dependabot(pipeline: &Pipeline) -> bool {
    const EVENTS: [&str; 4] = ["push", "pull_request", "pull_request_target", "create"];
    pipeline.unread.is_some() || pipeline.triggers.iter().any(|trigger| EVENTS.contains(&trigger.raw()))
}
