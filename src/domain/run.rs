//! One execution of CI for one commit, and its jobs.

use std::fmt;
use std::num::NonZeroU64;

use super::{Moment, PageUrl, RepoPath, Sha, SourceId, Text};

/// What makes a run unique: GitHub keeps the id over re-runs and counts attempts.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RunKey {
    /// The CI provider.
    pub ci: SourceId,
    /// The repository or project.
    pub repo: RepoPath,
    /// The provider's id: workflow run id on GitHub, pipeline id on GitLab.
    pub id: u64,
    /// Counts from 1; always 1 on GitLab, where jobs are retried instead.
    pub attempt: u32,
}

/// Where a run or job stands. A conclusion exists exactly when it is finished.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RunState {
    /// Queued, pending, or waiting for somebody.
    Waiting,
    /// In progress.
    Running,
    /// Over.
    Finished(Conclusion),
}

impl RunState {
    /// Returns whether it is over and was a success.
    #[must_use]
    pub fn is_success(&self) -> bool {
        *self == Self::Finished(Conclusion::Success)
    }

    /// Returns whether it is over.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        matches!(self, Self::Finished(_))
    }
}

/// How a run or job ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Conclusion {
    /// All went well, as far as the provider knows.
    Success,
    /// A step failed.
    Failure,
    /// Stopped by a person, or by a newer run.
    Cancelled,
    /// Not started because of a condition or filter.
    Skipped,
    /// Stopped because it took too long.
    TimedOut,
    /// A word that is none of these: kept, shown, never counted as success.
    Other(Text),
}

impl fmt::Display for Conclusion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Success => "success",
            Self::Failure => "failure",
            Self::Cancelled => "cancelled",
            Self::Skipped => "skipped",
            Self::TimedOut => "timed out",
            Self::Other(word) => word.as_str(),
        })
    }
}

impl fmt::Display for RunState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Waiting => f.pad("waiting"),
            Self::Running => f.pad("running"),
            Self::Finished(conclusion) => conclusion.fmt(f),
        }
    }
}

/// What started a run, in GitHub's words: `push`, `pull_request`, `schedule`, `workflow_dispatch` and so on.
/// GitLab's `merge_request_event` is `pull_request`; its other sources keep their names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event(pub Text);

impl Event {
    /// Returns whether the run was for a pull or merge request.
    #[must_use]
    pub fn is_pull_request(&self) -> bool {
        matches!(self.0.raw(), "pull_request" | "pull_request_target")
    }

    /// Returns whether another workflow's end began the run: GitHub names the default branch's commit for it, and not the
    /// one that the other workflow ran for.
    #[must_use]
    pub fn is_workflow_run(&self) -> bool {
        self.0.raw() == "workflow_run"
    }
}

/// One execution of CI for one commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// What makes it unique.
    pub key: RunKey,
    /// The number that people see (`run_number`, `iid`).
    pub number: u64,
    /// The workflow's name; on GitLab the pipeline's name where it has one.
    pub workflow: Text,
    /// The workflow's file, such as `release.yml`, without its folder.
    pub workflow_file: Option<Text>,
    /// What started it.
    pub event: Event,
    /// The branch it ran for; absent for tags and deleted forks.
    pub branch: Option<Text>,
    /// The git tag it ran for, where the provider says so.
    pub git_tag: Option<Text>,
    /// The pull or merge request's number.
    pub pull_request: Option<NonZeroU64>,
    /// The commit. For pull requests on GitHub this is the branch's head, not the merge that was built.
    pub sha: Sha,
    /// The commit's or run's title.
    pub title: Text,
    /// The page for people.
    pub url: PageUrl,
    /// Where it stands.
    pub state: RunState,
    /// When it was created: the first attempt's time on GitHub.
    pub created_at: Option<Moment>,
    /// When its commit was made, where the list says so.
    pub committed_at: Option<Moment>,
    /// When this attempt started.
    pub started_at: Option<Moment>,
    /// When this attempt ended, where the provider says so (GitHub: `updated_at` of a finished run).
    pub finished_at: Option<Moment>,
}

/// A job's id at its provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct JobId(pub u64);

/// One job of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    /// The provider's id.
    pub id: JobId,
    /// The name, with its matrix suffix.
    pub name: Text,
    /// GitLab's stage.
    pub stage: Option<Text>,
    /// Where it stands.
    pub state: RunState,
    /// Whether its failure does not fail the run (GitLab's `allow_failure`).
    pub allow_failure: bool,
    /// When it started.
    pub started_at: Option<Moment>,
    /// When it ended.
    pub finished_at: Option<Moment>,
}
