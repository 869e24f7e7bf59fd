//! GitHub's workflow runs and jobs, as far as they are used: every field that may be null is optional.

use std::num::NonZeroU64;
use std::sync::Arc;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::domain::{
    Conclusion, Event, Job, JobExecution, JobId, Moment, RepoPath, Run, RunKey, RunState, Sha, SourceId, Text,
};
use crate::source::api::moment;

/// `GET /repos/{repo}/actions/runs`, `…/jobs`, `…/artifacts`, `…/secrets`, `…/environments` and
/// `…/actions/workflows`.
#[derive(Debug, Deserialize)]
pub(super) struct List<'a> {
    #[serde(
        borrow,
        alias = "workflow_runs",
        alias = "jobs",
        alias = "artifacts",
        alias = "secrets",
        alias = "environments",
        alias = "workflows"
    )]
    pub(super) items: Vec<&'a RawValue>,
}

/// `GET /rate_limit`. Nothing without its resources is one.
#[derive(Debug, Deserialize)]
pub(super) struct RateLimitDto {
    #[expect(dead_code, reason = "tells a rate limit from whatever else may answer")]
    resources: serde::de::IgnoredAny,
}

/// A workflow run.
#[derive(Debug, Deserialize)]
pub(super) struct RunDto {
    id: u64,
    run_number: u64,
    run_attempt: Option<u32>,
    name: Option<String>,
    path: Option<String>,
    event: String,
    head_branch: Option<String>,
    head_sha: String,
    display_title: Option<String>,
    html_url: Option<String>,
    status: Option<String>,
    conclusion: Option<String>,
    #[serde(default)]
    head_commit: Option<HeadCommitDto>,
    #[serde(default)]
    pull_requests: Option<Vec<PullRequestDto>>,
    #[serde(default, deserialize_with = "moment")]
    created_at: Option<Timestamp>,
    #[serde(default, deserialize_with = "moment")]
    run_started_at: Option<Timestamp>,
    #[serde(default, deserialize_with = "moment")]
    updated_at: Option<Timestamp>,
}

/// The commit of a run, where it is still there.
#[derive(Debug, Deserialize)]
struct HeadCommitDto {
    #[serde(default, deserialize_with = "moment")]
    timestamp: Option<Timestamp>,
}

#[derive(Debug, Deserialize)]
struct PullRequestDto {
    number: Option<u64>,
}

/// A job of a workflow run.
#[derive(Debug, Deserialize)]
pub(super) struct JobDto {
    id: u64,
    run_attempt: Option<u32>,
    name: Option<String>,
    status: Option<String>,
    conclusion: Option<String>,
    #[serde(default, deserialize_with = "moment")]
    created_at: Option<Timestamp>,
    #[serde(default, deserialize_with = "moment")]
    started_at: Option<Timestamp>,
    #[serde(default, deserialize_with = "moment")]
    completed_at: Option<Timestamp>,
}

/// `GET /repos/{repo}/tags`.
#[derive(Debug, Deserialize)]
pub(super) struct TagDto {
    pub(super) name: String,
    pub(super) commit: CommitDto,
}

/// The commit that a git tag points to, also through an annotation.
#[derive(Debug, Deserialize)]
pub(super) struct CommitDto {
    pub(super) sha: String,
}

impl RunDto {
    /// Returns the run, or nothing where its commit cannot be read.
    pub(super) fn run(self, ci: &SourceId, repo: &RepoPath) -> Option<Arc<Run>> {
        let state = state(self.status.as_deref(), self.conclusion.as_deref());
        let file = self.path.as_deref().and_then(file_name);
        let is_release = self.event == "release";
        let (git_tag, branch) = if is_release { (self.head_branch, None) } else { (None, self.head_branch) };
        let pull_requests = self.pull_requests.unwrap_or_default();
        Some(Arc::new(Run {
            key: RunKey {
                ci: ci.clone(),
                repo: repo.clone(),
                id: self.id,
                attempt: self.run_attempt.unwrap_or(1).max(1),
            },
            number: self.run_number,
            workflow: self.name.as_deref().or(file).unwrap_or_default().into(),
            workflow_file: file.map(Text::new),
            event: Event(self.event.into()),
            branch: branch.map(Text::from),
            git_tag: git_tag.map(Text::from),
            pull_request: pull_requests.first().and_then(|pull_request| pull_request.number).and_then(NonZeroU64::new),
            sha: Sha::parse(&self.head_sha).ok()?,
            title: self.display_title.unwrap_or_default().into(),
            url: self.html_url.unwrap_or_default().into(),
            created_at: self.created_at.map(Moment::from),
            committed_at: self.head_commit.and_then(|commit| commit.timestamp).map(Moment::from),
            started_at: self.run_started_at.or(self.created_at).map(Moment::from),
            finished_at: self.updated_at.filter(|_| state.is_finished()).map(Moment::from),
            state,
        }))
    }
}

impl JobDto {
    pub(super) fn job(self) -> Job {
        let state = state(self.status.as_deref(), self.conclusion.as_deref());
        Job {
            id: JobId(self.id),
            name: self.name.unwrap_or_default().into(),
            stage: None,
            allow_failure: false,
            // A job that waits carries the time of its creation here.
            started_at: self.started_at.filter(|_| state != RunState::Waiting).map(Moment::from),
            finished_at: self.completed_at.filter(|_| state.is_finished()).map(Moment::from),
            state,
        }
    }
}

impl JobDto {
    /// Returns the job as one of the tries of its run.
    pub(super) fn execution(self) -> JobExecution {
        let (attempt, created_at) = (self.run_attempt.unwrap_or(1).max(1), self.created_at);
        JobExecution { attempt, created_at, ..JobExecution::of(&self.job()) }
    }
}

/// `.github/workflows/release.yml@refs/heads/main` is `release.yml`.
fn file_name(path: &str) -> Option<&str> {
    let path = path.split_once('@').map_or(path, |(path, _)| path);
    path.rsplit('/').next().filter(|name| !name.is_empty())
}

/// A status that is not known is taken for one in progress: it is looked at again and never counted as success.
fn state(status: Option<&str>, conclusion: Option<&str>) -> RunState {
    match (status, conclusion) {
        (Some("queued" | "requested" | "waiting" | "pending"), _) | (None, None) => RunState::Waiting,
        (Some("completed"), None) => RunState::Finished(Conclusion::Other("no conclusion".into())),
        (Some("completed") | None, Some(word)) => RunState::Finished(conclude(word)),
        (Some(_), _) => RunState::Running,
    }
}

fn conclude(word: &str) -> Conclusion {
    match word {
        "success" => Conclusion::Success,
        "failure" => Conclusion::Failure,
        "cancelled" => Conclusion::Cancelled,
        "skipped" => Conclusion::Skipped,
        "timed_out" => Conclusion::TimedOut,
        other => Conclusion::Other(other.into()),
    }
}
