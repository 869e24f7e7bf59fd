//! The shapes of GitLab's REST API, with the fields that its published schema names and no others.

use jiff::tz::TimeZone;
use serde_json::{Value, json};

use super::counts::Server;
use super::jobs::{EARLIER, Job, Outcome, State, state};
use super::scenario::{number, sha};
use super::stage::Stage;
use super::world::{Person, Run, Service};

/// Writes the pipelines and jobs of one project.
#[derive(Clone, Copy)]
pub(super) struct Shape<'a> {
    pub(super) stage: &'a Stage,
    pub(super) service: &'a Service,
}

impl Shape<'_> {
    /// Returns what started the pipeline, in GitLab's words.
    pub(super) fn source(run: &Run) -> &'static str {
        match run.event() {
            "pull_request" => "merge_request_event",
            other => other,
        }
    }

    /// Returns GitLab's word for where a pipeline or job stands.
    pub(super) fn status(state: State) -> &'static str {
        match state {
            State::Queued => "pending",
            State::Running => "running",
            State::Over(Outcome::Success) => "success",
            State::Over(Outcome::Failure) => "failed",
            State::Over(Outcome::Cancelled) => "canceled",
            State::Over(Outcome::Skipped) => "skipped",
        }
    }

    /// Returns the ref: a merge request's own for its pipelines, the branch otherwise.
    pub(super) fn reference(run: &Run) -> String {
        run.pull_request.map_or_else(|| run.branch.clone(), |number| format!("refs/merge-requests/{number}/head"))
    }

    /// Returns a pipeline as lists hold it.
    pub(super) fn basic(&self, run: &Run, now: i64) -> Value {
        json!({
            "id": run.id, "iid": run.number, "project_id": self.service.id, "sha": run.sha,
            "ref": Self::reference(run), "status": Self::status(state(run, now)), "source": Self::source(run),
            "created_at": self.time(Self::created(run)), "updated_at": self.time(Self::updated(run, now)),
            "web_url": format!("{}/-/pipelines/{}", self.page(), run.id),
        })
    }

    /// Returns a pipeline alone.
    pub(super) fn pipeline(&self, run: &Run, now: i64) -> Value {
        let state = state(run, now);
        let word = Self::status(state);
        let over = matches!(state, State::Over(_));
        let begun = state != State::Queued;
        let more = json!({
            "before_sha": sha(&format!("before {}", run.sha)), "tag": false, "yaml_errors": null,
            "user": self.user(&run.author), "started_at": begun.then(|| self.time(Self::created(run) + 3)),
            "finished_at": over.then(|| self.time(run.ends())), "committed_at": null,
            "duration": over.then_some(run.took - 3), "queued_duration": begun.then_some(3), "coverage": null,
            "name": null,
            "detailed_status": {
                "icon": format!("status_{word}"), "text": word, "label": word, "group": word, "tooltip": word,
                "has_details": true, "details_path": format!("/{}/-/pipelines/{}", self.service.repo, run.id),
                "illustration": null, "favicon": format!("/assets/ci_favicons/favicon_status_{word}.png"),
            },
        });
        merged(self.basic(run, now), more)
    }

    /// Returns a job of a pipeline.
    pub(super) fn job(&self, run: &Run, job: &Job, now: i64) -> Value {
        let state = job.state(now);
        let skipped = job.outcome == Outcome::Skipped;
        let begun = state != State::Queued && !skipped;
        let over = matches!(state, State::Over(_)) && !skipped;
        let failed = state == State::Over(Outcome::Failure);
        json!({
            "id": job.id, "status": Self::status(if skipped { State::Over(Outcome::Skipped) } else { state }),
            "stage": job.stage, "name": job.name, "ref": Self::reference(run), "tag": false, "coverage": null,
            "allow_failure": job.tolerated,
            "created_at": self.time(if job.starts < run.at { Self::created(run) } else { run.at }),
            "started_at": begun.then(|| self.time(job.starts)), "finished_at": over.then(|| self.time(job.ends)),
            "erased_at": null, "duration": over.then(|| job.ends - job.starts), "queued_duration": begun.then_some(2.5),
            "failure_reason": failed.then_some("script_failure"), "user": self.person(&run.author),
            "commit": self.commit(run), "pipeline": self.basic(run, now),
            "web_url": format!("{}/-/jobs/{}", self.page(), job.id),
            "project": { "ci_job_token_scope_enabled": true },
            "artifacts": [], "runner": begun.then(runner), "artifacts_expire_at": null, "archived": false,
            "tag_list": ["docker"],
        })
    }

    /// Returns the project.
    pub(super) fn project(&self, now: i64) -> Value {
        let (group, name) = self.service.repo.rsplit_once('/').unwrap_or(("acme", &self.service.repo));
        let last = self.service.runs_at(now).next().map_or(0, |run| run.at);
        let page = self.page();
        json!({
            "id": self.service.id, "description": null, "name": name, "path": name,
            "name_with_namespace": self.service.repo.replace('/', " / "), "path_with_namespace": self.service.repo,
            "created_at": self.time(-40_000_000), "default_branch": "main", "topics": [], "tag_list": [],
            "ssh_url_to_repo": format!("git@gitlab.example:{}.git", self.service.repo),
            "http_url_to_repo": format!("{page}.git"), "web_url": page, "readme_url": null, "avatar_url": null,
            "forks_count": 0, "star_count": 3, "last_activity_at": self.time(last), "visibility": "private",
            "namespace": {
                "id": self.service.id / 7, "name": group, "path": group, "kind": "group", "full_path": group,
                "parent_id": null, "avatar_url": null, "web_url": format!("{}/groups/{group}", self.origin()),
            },
            "archived": false, "empty_repo": false,
        })
    }

    /// Where a job was tried again, the pipeline is as old as its first try.
    fn created(run: &Run) -> i64 {
        if run.attempt > 1 { run.at - EARLIER } else { run.at }
    }

    fn updated(run: &Run, now: i64) -> i64 {
        match state(run, now) {
            State::Queued => run.at,
            State::Running => run.at + 9,
            State::Over(_) => run.ends() + 1,
        }
    }

    fn origin(&self) -> String {
        self.stage.addresses.origin(Server::GitLab)
    }

    pub(super) fn page(&self) -> String {
        format!("{}/{}", self.origin(), self.service.repo)
    }

    /// GitLab writes milliseconds.
    fn time(&self, seconds: i64) -> String {
        let moment = self.stage.clock.moment(seconds).to_zoned(TimeZone::UTC);
        format!("{}.{:03}Z", moment.strftime("%Y-%m-%dT%H:%M:%S"), seconds.unsigned_abs() * 37 % 1_000)
    }

    pub(super) fn commit(&self, run: &Run) -> Value {
        let email = format!("{}@acme.example", run.author.login);
        let time = self.time(run.at - 40);
        json!({
            "id": run.sha, "short_id": run.sha.get(..8), "created_at": time, "parent_ids": [sha(&run.sha)],
            "title": run.title, "message": format!("{}\n", run.title), "author_name": run.author.name,
            "author_email": email, "authored_date": time, "committer_name": run.author.name,
            "committer_email": email, "committed_date": time, "trailers": {}, "extended_trailers": {},
            "web_url": format!("{}/-/commit/{}", self.page(), run.sha),
        })
    }

    fn user(&self, person: &Person) -> Value {
        json!({
            "id": number(&person.login) % 9_000_000, "username": person.login, "name": person.name,
            "state": "active", "locked": false, "avatar_url": null,
            "web_url": format!("{}/{}", self.origin(), person.login),
        })
    }

    fn person(&self, person: &Person) -> Value {
        let more = json!({ "bio": "", "location": null, "job_title": "", "created_at": self.time(-90_000_000) });
        merged(self.user(person), more)
    }
}

fn runner() -> Value {
    json!({
        "id": 12_270_807, "description": "runners-manager.demo", "ip_address": null, "active": true, "paused": false,
        "is_shared": true, "runner_type": "instance_type", "name": "gitlab-runner", "online": true,
        "status": "online",
    })
}

fn merged(mut first: Value, more: Value) -> Value {
    if let (Value::Object(first), Value::Object(more)) = (&mut first, more) {
        first.extend(more);
    }
    first
}
