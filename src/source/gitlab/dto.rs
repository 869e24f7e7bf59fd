//! GitLab's pipelines and jobs, as far as they are used: every field that may be null is optional.

use std::num::NonZeroU64;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;

use crate::domain::{
    Conclusion, Event, Job, JobExecution, JobId, Moment, RepoPath, Run, RunKey, RunState, Sha, SourceId, Text,
};
use crate::source::api::{moment, seconds};

/// A pipeline, as the list has it: without durations, and without a word on whether its ref is a tag.
#[derive(Debug, Deserialize)]
pub(super) struct PipelineDto {
    id: u64,
    iid: u64,
    sha: String,
    #[serde(rename = "ref")]
    reference: Option<String>,
    status: String,
    source: Option<String>,
    name: Option<String>,
    web_url: Option<String>,
    #[serde(default, deserialize_with = "moment")]
    created_at: Option<Timestamp>,
    #[serde(default, deserialize_with = "moment")]
    updated_at: Option<Timestamp>,
}

/// A job of a pipeline.
#[derive(Debug, Deserialize)]
pub(super) struct JobDto {
    id: u64,
    name: Option<String>,
    stage: Option<String>,
    status: String,
    allow_failure: Option<bool>,
    failure_reason: Option<String>,
    #[serde(default, deserialize_with = "seconds")]
    queued_duration: Option<SignedDuration>,
    #[serde(default, deserialize_with = "seconds")]
    duration: Option<SignedDuration>,
    #[serde(default, deserialize_with = "moment")]
    created_at: Option<Timestamp>,
    #[serde(default, deserialize_with = "moment")]
    started_at: Option<Timestamp>,
    #[serde(default, deserialize_with = "moment")]
    finished_at: Option<Timestamp>,
}

/// The token that asks. Nothing without an id is one.
#[derive(Debug, Deserialize)]
pub(in crate::source) struct TokenDto {
    #[expect(dead_code, reason = "tells a token from whatever else may answer")]
    id: u64,
    pub(in crate::source) scopes: Option<Vec<serde_json::Value>>,
    pub(in crate::source) expires_at: Option<String>,
    pub(in crate::source) revoked: Option<bool>,
    pub(in crate::source) active: Option<bool>,
}

/// Only the id of a pipeline.
#[derive(Debug, Deserialize)]
pub(super) struct IdDto {
    pub(super) id: u64,
}

impl PipelineDto {
    /// Returns the run, or nothing where its commit cannot be read.
    pub(super) fn run(self, ci: &SourceId, repo: &RepoPath) -> Option<Arc<Run>> {
        let state = state(&self.status);
        let pull_request = self.reference.as_deref().and_then(merge_request);
        let name = Text::from(self.name.unwrap_or_default());
        Some(Arc::new(Run {
            key: RunKey { ci: ci.clone(), repo: repo.clone(), id: self.id, attempt: 1 },
            number: self.iid,
            workflow: name.clone(),
            workflow_file: None,
            event: Event(event(self.source.as_deref().unwrap_or("unknown")).into()),
            branch: self.reference.filter(|_| pull_request.is_none()).map(Text::from),
            git_tag: None,
            pull_request,
            sha: Sha::parse(&self.sha).ok()?,
            title: name,
            url: self.web_url.unwrap_or_default().into(),
            created_at: self.created_at.map(Moment::from),
            committed_at: None,
            started_at: self.created_at.filter(|_| state != RunState::Waiting).map(Moment::from),
            finished_at: self.updated_at.filter(|_| state.is_finished()).map(Moment::from),
            state,
        }))
    }
}

impl JobDto {
    pub(super) fn job(self) -> Job {
        let state = state(&self.status);
        Job {
            id: JobId(self.id),
            name: self.name.unwrap_or_default().into(),
            stage: self.stage.map(Text::from),
            allow_failure: self.allow_failure.unwrap_or(false),
            started_at: self.started_at.map(Moment::from),
            finished_at: self.finished_at.filter(|_| state.is_finished()).map(Moment::from),
            state,
        }
    }
}

impl JobDto {
    /// Returns the job as one of the tries of its pipeline; which try it is, is not known of it alone.
    pub(super) fn execution(mut self) -> JobExecution {
        let (created_at, queued, took) = (self.created_at, self.queued_duration, self.duration);
        let failure_reason = self.failure_reason.take().map(Text::from);
        JobExecution { failure_reason, created_at, queued, took, ..JobExecution::of(&self.job()) }
    }
}

/// `refs/merge-requests/7/head` is merge request 7.
fn merge_request(reference: &str) -> Option<NonZeroU64> {
    let (number, end) = reference.strip_prefix("refs/merge-requests/")?.split_once('/')?;
    if matches!(end, "head" | "merge" | "train") { number.parse().ok() } else { None }
}

/// A merge request's pipeline is called what GitHub calls it; other sources keep their names.
fn event(source: &str) -> &str {
    match source {
        "merge_request_event" | "external_pull_request_event" => "pull_request",
        other => other,
    }
}

/// A status that is not known is taken for one in progress: it is looked at again and never counted as success.
fn state(status: &str) -> RunState {
    match status {
        "created"
        | "waiting_for_resource"
        | "waiting_for_callback"
        | "preparing"
        | "pending"
        | "manual"
        | "scheduled" => RunState::Waiting,
        "success" => RunState::Finished(Conclusion::Success),
        "failed" => RunState::Finished(Conclusion::Failure),
        "canceled" => RunState::Finished(Conclusion::Cancelled),
        "skipped" => RunState::Finished(Conclusion::Skipped),
        _ => RunState::Running,
    }
}
