//! What a repository's pipelines are, when they run, and which secrets each of them reads, by their files on the default
//! branch. Never a value.

use std::sync::Arc;

use jiff::Timestamp;

use super::{Batch, Failure, Miss, RepoPath, SourceId, Text};

/// One workflow of GitHub, or the whole configuration of a GitLab project.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Pipeline {
    /// The file that it is read from, from the root of the repository.
    pub file: Text,
    /// Its name.
    pub name: Text,
    /// What starts it, in its provider's words.
    pub triggers: Vec<Text>,
    /// When it starts by itself.
    pub schedules: Vec<Schedule>,
    /// Whether its provider has it switched off, so that it does not run.
    pub switched_off: bool,
    /// The secrets that it reads, job by job.
    pub uses: Vec<SecretUse>,
    /// Why it, or a part of it, could not be read: nobody knows what that part uses.
    pub unread: Option<Text>,
}

/// When a pipeline starts by itself.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Schedule {
    /// Its own name, where it has one.
    pub name: Option<Text>,
    /// Five fields of cron, as they are written.
    pub cron: Text,
    /// The time zone that they are meant in; UTC where nothing is said.
    pub zone: Option<Text>,
    /// When it starts next, by its provider's word.
    pub next_run_at: Option<Timestamp>,
    /// Whether it is switched off.
    pub switched_off: bool,
}

/// That a job reads a secret.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SecretUse {
    /// The job; none where it stands above all jobs.
    pub job: Option<Text>,
    /// The called workflow that it is written in, where that is another one.
    pub through: Option<Text>,
    /// Which secret.
    pub secret: NamedSecret,
    /// The environment of the job, whose secrets come before those of the repository.
    pub environment: JobEnvironment,
    /// Whether only a secret of that environment can be meant: whoever calls the workflow does not pass it on.
    pub only_environment: bool,
    /// Whether a condition may keep it from being read: an `if` of the step, of the job, of one that it needs or that calls
    /// it; `rules`, `only`, `except` or `when` of the job or of all.
    pub decided: bool,
}

/// Which secret a job reads.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum NamedSecret {
    /// The one with this name.
    Exactly(Text),
    /// All are handed on, and nobody sees which of them are read.
    All,
    /// One whose name is only known when it runs.
    Computed,
}

/// The environment that a job runs in.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum JobEnvironment {
    /// None.
    Unset,
    /// The one with this name.
    Named(Text),
    /// One whose name is only known when it runs.
    Computed,
}

/// Which jobs a secret or a variable reaches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reach {
    /// The repositories.
    pub repos: Vec<RepoPath>,
    /// Which of their jobs, and what comes before it.
    pub level: Level,
}

/// Where a secret or a variable is kept. What is kept nearer to a job hides what has the same name farther away.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Level {
    /// With the organization, or the group.
    Organization,
    /// With the repository.
    Repository,
    /// With an environment: its name, or on GitLab a pattern with `*`.
    Environment(Text),
    /// With the repository, for runs that Dependabot starts.
    Dependabot,
}

/// The pipelines of one repository that were read, or could not be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PipelineScan {
    /// The repository.
    pub repo: RepoPath,
    /// Its pipelines: the very list that was given last, where nothing has changed since.
    pub found: Result<Arc<Batch<Pipeline>>, Failure>,
}

/// What is known of the pipelines of one repository.
#[derive(Debug, Clone, Default)]
pub struct PipelineList {
    /// Its pipelines, as they were last read.
    pub known: Option<Arc<Batch<Pipeline>>>,
    /// When they were last read.
    pub seen_at: Option<Timestamp>,
    /// Why they could not be read the last time.
    pub failure: Option<Miss>,
}

impl PipelineList {
    /// Takes in an answer, and returns whether it changed what is known beyond ages. What a list lacks that was not read
    /// to its end is kept as it was last read.
    pub(super) fn absorb(&mut self, at: Timestamp, found: Result<Arc<Batch<Pipeline>>, Failure>) -> bool {
        let mut batch = match found {
            Ok(batch) => batch,
            Err(failure) => {
                let before = self.failure.replace(Miss { at, failure });
                return before.map(|miss| miss.failure) != self.failure.as_ref().map(|miss| miss.failure.clone());
            }
        };
        if let Some(known) = self.known.as_ref().filter(|_| !batch.complete) {
            let lacking = known.items.iter().filter(|it| !batch.items.iter().any(|other| other.file == it.file));
            let lacking: Vec<_> = lacking.cloned().collect();
            Arc::make_mut(&mut batch).items.extend(lacking);
        }
        let recovered = self.failure.take().is_some() || self.seen_at.replace(at).is_none();
        let changed = self.known.as_ref() != Some(&batch);
        self.known = Some(batch);
        changed || recovered
    }

    /// Returns its pipelines, as far as they are known.
    pub fn pipelines(&self) -> impl Iterator<Item = &Pipeline> {
        self.known.iter().flat_map(|batch| &batch.items)
    }
}

/// Which repository of which source.
pub type PipelineScope = (SourceId, RepoPath);
