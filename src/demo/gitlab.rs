//! GitLab's REST API, version 4: projects, pipelines, jobs and their logs.

use http::{Method, StatusCode};
use serde_json::{Value, json};

use super::call::{Call, Page};
use super::counts::{Kind, Server};
use super::credentials;
use super::deployments;
use super::gitlab_shape::Shape;
use super::jobs::{Job, Outcome, State, jobs, state};
use super::log;
use super::pipelines;
use super::reply::Reply;
use super::reports;
use super::stage::Stage;
use super::world::{Provider, Run, Service};

/// What an authenticated user may ask in a minute.
const LIMIT: u64 = 2_000;

/// In how many days from the demo's start the token ends.
const DAYS: i64 = 5;

/// Answers one request.
pub(super) fn reply(stage: &Stage, call: &Call) -> Reply {
    let now = stage.clock.now();
    let reply = unauthorized(stage, call).unwrap_or_else(|| route(stage, call, now).conditional(call));
    limited(stage, reply, now)
}

fn unauthorized(stage: &Stage, call: &Call) -> Option<Reply> {
    let is_page = call.parts.first().is_none_or(|part| part != "api");
    match call.authorization("bearer").or_else(|| call.header("private-token")) {
        Some(token) if token == stage.secrets.gitlab => None,
        None if is_page => None,
        None if call.parts.get(2).is_some_and(|part| part == "projects") => Some(not_found(Kind::Other, "Project")),
        Some(_) | None => {
            Some(Reply::json(Kind::Other, StatusCode::UNAUTHORIZED, &json!({ "message": "401 Unauthorized" })))
        }
    }
}

fn route(stage: &Stage, call: &Call, now: i64) -> Reply {
    if call.method != Method::GET && call.method != Method::HEAD {
        return Reply::json(Kind::Other, StatusCode::METHOD_NOT_ALLOWED, &json!({ "error": "405 Not Allowed" }));
    }
    let parts: Vec<&str> = call.parts.iter().map(String::as_str).collect();
    match parts.as_slice() {
        ["api", "v4", "personal_access_tokens", "self"] => own_token(stage),
        ["api", "v4", "groups", _, "access_tokens" | "deploy_tokens"] => credentials::group(),
        ["api", "graphql"] => credentials::variables(call),
        ["api", "v4", "projects", id, rest @ ..] => match project_named(stage, id) {
            Some(service) => project(stage, call, service, rest, now),
            None => not_found(if rest.is_empty() { Kind::Project } else { Kind::Runs }, "Project"),
        },
        [.., "-", "pipelines" | "jobs", id] => {
            Reply::text(Kind::Other, format!("{id} lives in the demo's world. On GitLab this would be its page.\n"))
        }
        _ => not_found(Kind::Other, ""),
    }
}

/// The token that asks. It ends soon, and can do no more than it needs.
fn own_token(stage: &Stage) -> Reply {
    let day = |days: i64| stage.clock.moment(days * 24 * 3_600).strftime("%Y-%m-%d").to_string();
    let body = json!({
        "id": 4711, "name": "landfall", "revoked": false, "created_at": stage.clock.written(-80 * 24 * 3_600),
        "description": "reads pipelines", "scopes": ["read_api"], "user_id": 42,
        "last_used_at": stage.clock.written(0), "active": true, "expires_at": day(DAYS),
    });
    Reply::json(Kind::Other, StatusCode::OK, &body)
}

/// A project is named by its number or by its path.
fn project_named<'a>(stage: &'a Stage, id: &str) -> Option<&'a Service> {
    let by_number =
        |service: &&Service| service.provider == Provider::GitLab && !service.gone && service.id.to_string() == id;
    stage.world.service(Provider::GitLab, id).or_else(|| stage.world.services.iter().find(by_number))
}

fn project(stage: &Stage, call: &Call, service: &Service, rest: &[&str], now: i64) -> Reply {
    let shape = Shape { stage, service };
    let found = |kind, body: &Value| Reply::json(kind, StatusCode::OK, body);
    match rest {
        [] => found(Kind::Project, &shape.project(now)),
        ["pipelines"] => pipelines(&shape, call, now),
        ["pipelines", id] => match run(service, id, now) {
            Some(run) => found(Kind::Run, &shape.pipeline(run, now)),
            None => not_found(Kind::Run, ""),
        },
        ["pipelines", id, "jobs"] => match run(service, id, now) {
            Some(run) => jobs_of(&shape, call, run, now),
            None => not_found(Kind::Jobs, ""),
        },
        ["pipelines", id, "test_report"] => match run(service, id, now) {
            Some(run) => found(Kind::TestReport, &reports::gitlab(service, run, now)),
            None => not_found(Kind::TestReport, ""),
        },
        ["deployments"] => deployments::gitlab(stage, service, call, now),
        ["jobs", id] => match job(stage, service, id, now) {
            Some((run, job)) => found(Kind::Jobs, &shape.job(run, &job, now)),
            None => not_found(Kind::Jobs, ""),
        },
        ["jobs", id, "trace"] => match job(stage, service, id, now) {
            Some((run, job)) => Reply::text(Kind::Log, trace(stage, service, run, &job, now)),
            None => not_found(Kind::Log, ""),
        },
        _ => credentials::gitlab(stage, service, rest)
            .or_else(|| pipelines::gitlab(stage, service, rest))
            .unwrap_or_else(|| not_found(Kind::Other, "")),
    }
}

fn pipelines(shape: &Shape<'_>, call: &Call, now: i64) -> Reply {
    let wanted = |run: &&Run| {
        let agrees = |name: &str, value: &str| call.asked(name).is_none_or(|asked| asked == value);
        agrees("ref", &Shape::reference(run))
            && agrees("source", Shape::source(run))
            && agrees("sha", &run.sha)
            && agrees("status", Shape::status(state(run, now)))
            && agrees("username", &run.author.login)
    };
    let mut found: Vec<&Run> = shape.service.runs_at(now).filter(wanted).collect();
    if call.asked("sort") == Some("asc") {
        found.reverse();
    }
    let total = found.len();
    let page = call.page(20);
    let items: Vec<Value> = page.of(found).into_iter().map(|run| shape.basic(run, now)).collect();
    paged(shape.stage, call, page, total, Reply::json(Kind::Runs, StatusCode::OK, &json!(items)))
}

fn jobs_of(shape: &Shape<'_>, call: &Call, run: &Run, now: i64) -> Reply {
    // GitLab lists the newest job first.
    let mut found = jobs(shape.service, run, run.attempt);
    if call.asked("include_retried") == Some("true") {
        let before = (1..run.attempt).flat_map(|attempt| jobs(shape.service, run, attempt));
        let mut retried: Vec<Job> = before.filter(|job| job.outcome == Outcome::Failure).collect();
        retried.append(&mut found);
        found = retried;
    }
    found.reverse();
    let scopes: Vec<&str> = call
        .query
        .iter()
        .filter(|(key, _)| key == "scope" || key == "scope[]")
        .map(|(_, value)| value.as_str())
        .collect();
    found.retain(|job| scopes.is_empty() || scopes.contains(&Shape::status(job.state(now))));
    let total = found.len();
    let page = call.page(20);
    let items: Vec<Value> = page.of(found).iter().map(|job| shape.job(run, job, now)).collect();
    paged(shape.stage, call, page, total, Reply::json(Kind::Jobs, StatusCode::OK, &json!(items)))
}

fn run<'a>(service: &'a Service, id: &str, now: i64) -> Option<&'a Run> {
    let id: u64 = id.parse().ok()?;
    service.runs_at(now).find(|run| run.id == id)
}

fn job<'a>(stage: &'a Stage, service: &Service, id: &str, now: i64) -> Option<(&'a Run, Job)> {
    let id = id.parse().ok()?;
    let (run, attempt) = stage.run_of_job(service, id, now)?;
    jobs(service, run, attempt).into_iter().find(|job| job.id == id).map(|job| (run, job))
}

/// A job that has not begun, or was skipped, has an empty log.
fn trace(stage: &Stage, service: &Service, run: &Run, job: &Job, now: i64) -> String {
    let begun = !matches!(job.state(now), State::Queued) && job.outcome != Outcome::Skipped;
    if begun { log::gitlab(stage, service, run, job, now) } else { String::new() }
}

fn paged(stage: &Stage, call: &Call, page: Page, total: usize, reply: Reply) -> Reply {
    let last = page.last(total);
    let origin = stage.addresses.origin(Server::GitLab);
    let link = |number, rel| format!("<{}>; rel=\"{rel}\"", call.at_page(&origin, number, page.size));
    let next = (page.number < last).then_some(page.number + 1);
    let before = (page.number > 1).then_some(page.number - 1);
    let mut links: Vec<String> = before.map(|number| link(number, "prev")).into_iter().collect();
    links.extend(next.map(|number| link(number, "next")));
    links.extend([link(1, "first"), link(last, "last")]);
    let number = |page: Option<usize>| page.map(|page| page.to_string()).unwrap_or_default();
    reply
        .with("link", links.join(", "))
        .with("x-next-page", number(next))
        .with("x-page", page.number)
        .with("x-per-page", page.size)
        .with("x-prev-page", number(before))
        .with("x-total", total)
        .with("x-total-pages", last)
}

/// Every answer tells the budget of the running minute.
fn limited(stage: &Stage, reply: Reply, now: i64) -> Reply {
    let used = stage.counters(Server::GitLab).spend(1);
    let reset = stage.clock.moment((now.div_euclid(60) + 1) * 60);
    reply
        .with("ratelimit-limit", LIMIT)
        .with("ratelimit-observed", used.min(LIMIT))
        .with("ratelimit-remaining", LIMIT.saturating_sub(used))
        .with("ratelimit-reset", reset.as_second())
        .with("ratelimit-name", "throttle_authenticated_api")
        .with("cache-control", "max-age=0, private, must-revalidate")
        .with("vary", "Origin")
        .with("x-request-id", format!("01DEMO{used:020}"))
}

fn not_found(kind: Kind, what: &str) -> Reply {
    let message = format!("404 {what} Not Found").replace("  ", " ");
    Reply::json(kind, StatusCode::NOT_FOUND, &json!({ "message": message }))
}
