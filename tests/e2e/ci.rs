//! A scripted CI: GitHub's and GitLab's API over the runs that a test sets, in ways that can be broken.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use crate::script::Run;
use crate::serve::{Server, json_answer};

/// What the CI wants to be shown as `Authorization: Bearer`.
pub(crate) const TOKEN: &str = "ghp_e2e0123456789";

/// How it answers.
#[derive(Clone)]
pub(crate) enum Mood {
    Fine,
    /// With this status and body, whatever is asked.
    Broken(StatusCode, &'static str, String),
    /// By sending the client elsewhere.
    Redirecting(String),
}

struct Shared {
    mood: Mutex<Mood>,
    runs: Mutex<BTreeMap<String, Vec<Run>>>,
    asked: Mutex<Vec<String>>,
}

/// A running CI provider.
pub(crate) struct Ci {
    shared: Arc<Shared>,
    server: Server,
}

impl Ci {
    pub(crate) async fn start() -> Self {
        let shared = Arc::new(Shared {
            mood: Mutex::new(Mood::Fine),
            runs: Mutex::new(BTreeMap::new()),
            asked: Mutex::new(Vec::new()),
        });
        let router = Router::new().fallback(answer).with_state(shared.clone());
        Self { shared, server: Server::start(router).await }
    }

    pub(crate) fn url(&self) -> String {
        self.server.url()
    }

    /// Sets the runs of a repository or project, newest first.
    pub(crate) fn runs(&self, repo: &str, runs: impl IntoIterator<Item = Run>) {
        self.shared.runs.lock().unwrap().insert(repo.to_owned(), runs.into_iter().collect());
    }

    pub(crate) fn be(&self, mood: Mood) {
        *self.shared.mood.lock().unwrap() = mood;
    }

    /// Returns the paths that were asked for.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.shared.asked.lock().unwrap().clone()
    }

    /// Ends it: nobody listens there any more.
    pub(crate) fn stop(&mut self) {
        self.server.stop();
    }
}

async fn answer(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    shared.asked.lock().unwrap().push(request.uri().to_string());
    let path = request.uri().path().to_owned();
    if let Some(job) = path.strip_prefix("/signed/") {
        return log(&shared, job.parse().unwrap());
    }
    match shared.mood.lock().unwrap().clone() {
        Mood::Fine => {}
        Mood::Broken(status, kind, body) => return (status, [(header::CONTENT_TYPE, kind)], body).into_response(),
        Mood::Redirecting(place) => {
            return (StatusCode::TEMPORARY_REDIRECT, [(header::LOCATION, place + &path)]).into_response();
        }
    }
    let expected = format!("Bearer {TOKEN}");
    if request.headers().get(header::AUTHORIZATION).is_none_or(|value| value != expected.as_str()) {
        return json_answer(StatusCode::UNAUTHORIZED, &json!({"message": "Bad credentials"}));
    }
    let first_page = !request.uri().query().is_some_and(|query| query.split('&').any(|part| part == "page=2"));
    let parts: Vec<&str> = path.trim_matches('/').split('/').collect();
    let found = match parts[..] {
        ["repos", owner, name, "actions", ref rest @ ..] => {
            github(&shared, &format!("{owner}/{name}"), rest, first_page)
        }
        ["api", "v4", "projects", project, ref rest @ ..] => {
            gitlab(&shared, &project.replace("%2F", "/").replace("%2f", "/"), rest, first_page)
        }
        _ => None,
    };
    found.unwrap_or_else(|| json_answer(StatusCode::NOT_FOUND, &json!({"message": "Not Found"})))
}

fn github(shared: &Shared, repo: &str, rest: &[&str], first_page: bool) -> Option<Response> {
    let runs = shared.runs.lock().unwrap().get(repo).cloned()?;
    let find = |id: &str| runs.iter().find(|run| run.id.to_string() == id);
    let value = match *rest {
        ["runs"] | ["workflows", _, "runs"] => {
            let shown: Vec<Value> = runs.iter().filter(|_| first_page).map(|run| run.github(repo)).collect();
            json!({"total_count": runs.len(), "workflow_runs": shown})
        }
        ["workflows"] => json!({"total_count": 1, "workflows": [
            {"id": 7, "name": "release", "path": ".github/workflows/release.yml", "state": "active"}]}),
        ["runs", id] | ["runs", id, "attempts", _] => find(id)?.github(repo),
        ["runs", id, "jobs"] | ["runs", id, "attempts", _, "jobs"] => find(id)?.github_jobs(repo),
        ["jobs", id, "logs"] => {
            let job = id.parse().ok()?;
            runs.iter().find_map(|run| run.log(job))?;
            return Some((StatusCode::FOUND, [(header::LOCATION, format!("/signed/{id}"))]).into_response());
        }
        _ => return None,
    };
    Some(json_answer(StatusCode::OK, &value))
}

fn gitlab(shared: &Shared, project: &str, rest: &[&str], first_page: bool) -> Option<Response> {
    let runs = shared.runs.lock().unwrap().get(project).cloned()?;
    let find = |id: &str| runs.iter().find(|run| run.id.to_string() == id);
    let value = match *rest {
        ["pipelines"] => runs.iter().filter(|_| first_page).map(|run| run.gitlab(project)).collect(),
        ["pipelines", id] => find(id)?.gitlab(project),
        ["pipelines", id, "jobs"] => find(id)?.gitlab_jobs(project),
        ["jobs", id, "trace"] => {
            let job = id.parse().ok()?;
            return runs.iter().find_map(|run| run.log(job)).map(IntoResponse::into_response);
        }
        _ => return None,
    };
    Some(json_answer(StatusCode::OK, &value))
}

/// Logs lie at another address, which GitHub signs for a minute.
fn log(shared: &Shared, job: u64) -> Response {
    let runs = shared.runs.lock().unwrap();
    let found = runs.values().flatten().find_map(|run| run.log(job));
    found.map_or_else(|| StatusCode::NOT_FOUND.into_response(), IntoResponse::into_response)
}
