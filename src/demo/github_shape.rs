//! The shapes of GitHub's REST API, with every field that its published schema requires.

use serde_json::{Map, Value, json};

use super::counts::Server;
use super::jobs::{EARLIER, Job, Outcome, State, run_of, state};
use super::layer::sha256;
use super::reports;
use super::scenario::{number, sha};
use super::stage::Stage;
use super::world::{Person, Run, Service};

/// Writes the runs and jobs of one service.
pub(super) struct Shape<'a> {
    stage: &'a Stage,
    service: &'a Service,
    origin: String,
    /// Written once: every run of a list carries it twice.
    repository: String,
}

/// The addresses of a repository that follow one pattern: the field, and what stands behind the repository's own.
const ADDRESSES: [(&str, &str); 36] = [
    ("archive_url", "/{archive_format}{/ref}"),
    ("assignees_url", "/assignees{/user}"),
    ("blobs_url", "/git/blobs{/sha}"),
    ("branches_url", "/branches{/branch}"),
    ("collaborators_url", "/collaborators{/collaborator}"),
    ("comments_url", "/comments{/number}"),
    ("commits_url", "/commits{/sha}"),
    ("compare_url", "/compare/{base}...{head}"),
    ("contents_url", "/contents/{+path}"),
    ("contributors_url", "/contributors"),
    ("deployments_url", "/deployments"),
    ("downloads_url", "/downloads"),
    ("events_url", "/events"),
    ("forks_url", "/forks"),
    ("git_commits_url", "/git/commits{/sha}"),
    ("git_refs_url", "/git/refs{/sha}"),
    ("git_tags_url", "/git/tags{/sha}"),
    ("hooks_url", "/hooks"),
    ("issue_comment_url", "/issues/comments{/number}"),
    ("issue_events_url", "/issues/events{/number}"),
    ("issues_url", "/issues{/number}"),
    ("keys_url", "/keys{/key_id}"),
    ("labels_url", "/labels{/name}"),
    ("languages_url", "/languages"),
    ("merges_url", "/merges"),
    ("milestones_url", "/milestones{/number}"),
    ("notifications_url", "/notifications{?since,all,participating}"),
    ("pulls_url", "/pulls{/number}"),
    ("releases_url", "/releases{/id}"),
    ("stargazers_url", "/stargazers"),
    ("statuses_url", "/statuses/{sha}"),
    ("subscribers_url", "/subscribers"),
    ("subscription_url", "/subscription"),
    ("tags_url", "/tags"),
    ("teams_url", "/teams"),
    ("trees_url", "/git/trees{/sha}"),
];

impl<'a> Shape<'a> {
    pub(super) fn new(stage: &'a Stage, service: &'a Service) -> Self {
        let origin = stage.addresses.origin(Server::GitHub);
        let repository = repository(&origin, service).to_string();
        Self { stage, service, origin, repository }
    }

    /// Returns the number of the workflow in a file.
    pub(super) fn workflow_id(service: &Service, file: &str) -> u64 {
        number(&format!("{}/{file}", service.repo)) % 90_000_000 + 10_000_000
    }

    /// Returns the words of `status=` that find this run.
    pub(super) fn status_words(run: &Run, now: i64) -> [Option<&'static str>; 2] {
        words(state(run, now)).map(Some).map(|word| word.filter(|word| !word.is_empty()))
    }

    /// Returns a `workflow-run` as JSON. An earlier attempt is over, and failed.
    pub(super) fn run(&self, run: &Run, attempt: u64, bare: bool, now: i64) -> String {
        let mut text = self.fields(run, attempt, bare, now).to_string();
        text.pop();
        for field in ["repository", "head_repository"] {
            text.extend([",\"", field, "\":", &self.repository]);
        }
        text.push('}');
        text
    }

    fn fields(&self, run: &Run, attempt: u64, bare: bool, now: i64) -> Value {
        let earlier = attempt < run.attempt;
        let state = if earlier { State::Over(Outcome::Failure) } else { state(run, now) };
        let started = if earlier { run.at - EARLIER } else { run.at };
        let created = if run.attempt > 1 { run.at - EARLIER } else { run.at };
        let updated = match state {
            State::Over(_) => started + run.took,
            State::Running => started + 9,
            State::Queued => started,
        };
        let [status, conclusion] = words(state);
        let time = |at| self.stage.clock.written(at);
        let api = format!("{}/repos/{}", self.origin, self.service.repo);
        let url = format!("{api}/actions/runs/{}", run.id);
        let workflow = Self::workflow_id(self.service, run.workflow.file());
        let suite = run.id * 2 + 1;
        let actor = user(&self.origin, &run.author);
        json!({
            "id": run.id, "name": run.workflow.name(), "node_id": format!("WFR_demo{}", run.id),
            "head_branch": run.branch, "head_sha": run.sha,
            "path": format!(".github/workflows/{}", run.workflow.file()),
            "display_title": run.title, "run_number": run.number, "run_attempt": attempt, "event": run.event(),
            "status": status, "conclusion": (!conclusion.is_empty()).then_some(conclusion),
            "workflow_id": workflow, "check_suite_id": suite, "check_suite_node_id": format!("CS_demo{suite}"),
            "url": url, "html_url": self.page(run),
            "pull_requests": if bare { json!([]) } else { self.pull_requests(run) },
            "created_at": time(created), "updated_at": time(updated), "run_started_at": time(started),
            "actor": actor, "triggering_actor": actor, "referenced_workflows": [],
            "jobs_url": format!("{url}/jobs"), "logs_url": format!("{url}/logs"),
            "check_suite_url": format!("{api}/check-suites/{suite}"), "artifacts_url": format!("{url}/artifacts"),
            "cancel_url": format!("{url}/cancel"), "rerun_url": format!("{url}/rerun"),
            "previous_attempt_url": (attempt > 1).then(|| format!("{url}/attempts/{}", attempt - 1)),
            "workflow_url": format!("{api}/actions/workflows/{workflow}"),
            "head_commit": self.commit(run),
        })
    }

    /// Returns a `job` with its steps.
    pub(super) fn job(&self, run: &Run, job: &Job, now: i64) -> Value {
        let state = job.state(now);
        let [status, conclusion] = words(state);
        let skipped = job.outcome == Outcome::Skipped;
        let time = |at| self.stage.clock.written(at);
        let api = format!("{}/repos/{}", self.origin, self.service.repo);
        let attempt = run_of(job.id).1;
        let over = matches!(state, State::Over(_));
        let begun = !matches!(state, State::Queued) && !skipped;
        json!({
            "id": job.id, "run_id": run.id, "run_url": format!("{api}/actions/runs/{}", run.id),
            "run_attempt": attempt, "node_id": format!("CR_demo{}", job.id), "head_sha": run.sha,
            "url": format!("{api}/actions/jobs/{}", job.id),
            "html_url": format!("{}/job/{}", self.page(run), job.id),
            "status": status, "conclusion": (!conclusion.is_empty()).then_some(conclusion),
            "created_at": time(job.starts - 2), "started_at": time(job.starts),
            "completed_at": over.then(|| time(job.ends)),
            "name": job.name, "steps": if begun { steps(job, now, &time) } else { json!([]) },
            "check_run_url": format!("{api}/check-runs/{}", job.id),
            "labels": ["ubuntu-24.04"],
            "runner_id": begun.then_some(job.id % 997), "runner_group_id": begun.then_some(0),
            "runner_name": begun.then(|| format!("GitHub Actions {}", job.id % 997)),
            "runner_group_name": begun.then_some("GitHub Actions"),
            "workflow_name": run.workflow.name(), "head_branch": run.branch,
        })
    }

    /// Returns an `artifact`: the reports of an attempt's tests.
    pub(super) fn artifact(&self, run: &Run, attempt: u64, archive: &[u8], at: i64) -> Value {
        let api = format!("{}/repos/{}", self.origin, self.service.repo);
        let id = reports::artifact_id(run, attempt);
        let url = format!("{api}/actions/artifacts/{id}");
        let time = |at| self.stage.clock.written(at);
        json!({
            "id": id, "node_id": format!("MDg6QXJ0aWZhY3Q{id}"), "name": reports::ARTIFACT,
            "size_in_bytes": archive.len(), "url": url, "archive_download_url": format!("{url}/zip"), "expired": false,
            "digest": sha256(archive), "created_at": time(at), "updated_at": time(at),
            "expires_at": time(at + 90 * 86_400),
            "workflow_run": {
                "id": run.id, "repository_id": self.service.id, "head_repository_id": self.service.id,
                "head_branch": run.branch, "head_sha": run.sha,
            },
        })
    }

    fn page(&self, run: &Run) -> String {
        format!("{}/{}/actions/runs/{}", self.origin, self.service.repo, run.id)
    }

    fn commit(&self, run: &Run) -> Value {
        let person = json!({ "name": run.author.name, "email": format!("{}@acme.example", run.author.login.replace(['[', ']'], "")) });
        json!({
            "id": run.sha, "tree_id": sha(&run.sha), "message": run.title,
            "timestamp": self.stage.clock.written(run.at - 40), "author": person, "committer": person,
        })
    }

    fn pull_requests(&self, run: &Run) -> Value {
        let Some(pull) = run.pull_request else { return json!([]) };
        let api = format!("{}/repos/{}", self.origin, self.service.repo);
        let name = self.service.repo.rsplit('/').next();
        let repo = json!({ "id": self.service.id, "url": api, "name": name });
        json!([{
            "id": pull + 2_000_000_000, "number": pull, "url": format!("{api}/pulls/{pull}"),
            "head": { "ref": run.branch, "sha": run.sha, "repo": repo },
            "base": { "ref": "main", "sha": sha(&self.service.repo), "repo": repo },
        }])
    }
}

/// Returns `status` and `conclusion`; no conclusion is an empty word.
fn words(state: State) -> [&'static str; 2] {
    match state {
        State::Queued => ["queued", ""],
        State::Running => ["in_progress", ""],
        State::Over(Outcome::Success) => ["completed", "success"],
        State::Over(Outcome::Failure) => ["completed", "failure"],
        State::Over(Outcome::Cancelled) => ["completed", "cancelled"],
        State::Over(Outcome::Skipped) => ["completed", "skipped"],
    }
}

fn steps(job: &Job, now: i64, time: &impl Fn(i64) -> String) -> Value {
    let names: &[&str] = if job.pushes {
        &["Set up job", "Check out", "Log in to the registry", "Build and push", "Complete job"]
    } else {
        &["Set up job", "Check out", "Run tests", "Complete job"]
    };
    let count = i64::try_from(names.len()).unwrap_or(1);
    let span = (job.ends - job.starts).max(count);
    let step = |(place, name): (usize, &&str)| {
        let place = i64::try_from(place).unwrap_or_default();
        let starts = job.starts + span * place / count;
        let ends = job.starts + span * (place + 1) / count;
        let one = Job { starts, ends, ..job.clone() };
        let state = one.state(now);
        let [status, conclusion] = words(state);
        json!({
            "name": name, "number": place + 1, "status": status,
            "conclusion": (!conclusion.is_empty()).then_some(conclusion),
            "started_at": (state != State::Queued).then(|| time(starts)),
            "completed_at": matches!(state, State::Over(_)).then(|| time(ends)),
        })
    };
    names.iter().enumerate().map(step).collect()
}

fn repository(origin: &str, service: &Service) -> Value {
    let (owner, name) = service.repo.split_once('/').unwrap_or(("acme", &service.repo));
    let owner = Person { login: owner.to_owned(), name: owner.to_owned() };
    let url = format!("{origin}/repos/{}", service.repo);
    let fields = json!({
        "id": service.id, "node_id": format!("R_demo{}", service.id), "name": name, "full_name": service.repo,
        "private": true, "owner": user(origin, &owner), "html_url": format!("{origin}/{}", service.repo),
        "description": null, "fork": false, "url": url,
    });
    let mut all: Map<String, Value> = fields.as_object().cloned().unwrap_or_default();
    all.extend(ADDRESSES.iter().map(|(field, tail)| ((*field).to_owned(), json!(format!("{url}{tail}")))));
    Value::Object(all)
}

fn user(origin: &str, person: &Person) -> Value {
    let url = format!("{origin}/users/{}", person.login.replace('[', "%5B").replace(']', "%5D"));
    let id = number(&person.login) % 100_000_000;
    json!({
        "login": person.login, "id": id, "node_id": format!("U_demo{id}"), "gravatar_id": "",
        "avatar_url": format!("{origin}/avatars/{id}"), "url": url, "html_url": format!("{origin}/people/{id}"),
        "followers_url": format!("{url}/followers"), "following_url": format!("{url}/following{{/other_user}}"),
        "gists_url": format!("{url}/gists{{/gist_id}}"), "starred_url": format!("{url}/starred{{/owner}}{{/repo}}"),
        "subscriptions_url": format!("{url}/subscriptions"), "organizations_url": format!("{url}/orgs"),
        "repos_url": format!("{url}/repos"), "events_url": format!("{url}/events{{/privacy}}"),
        "received_events_url": format!("{url}/received_events"), "type": "User", "user_view_type": "public",
        "site_admin": false,
    })
}
