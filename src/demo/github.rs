//! GitHub's REST API: the runs, jobs and logs of Actions, as api.github.com answers.

use http::{Method, StatusCode};
use serde_json::json;

use super::call::{Call, Page};
use super::counts::{Kind, Server};
use super::credentials;
use super::deployments;
use super::github_shape::Shape;
use super::jobs::{Job, Outcome, State, jobs};
use super::pipelines;
use super::reply::Reply;
use super::reports;
use super::stage::Stage;
use super::world::{Provider, Run, Service, Workflow};

/// The primary rate limit of a user's token, per hour.
const LIMIT: u64 = 5_000;

/// What a classic token of somebody who once needed more may do, and for how many days from the demo's start.
const SCOPES: &str = "repo, workflow";
const DAYS: i64 = 26;

/// Answers one request.
pub(super) fn reply(stage: &Stage, call: &Call) -> Reply {
    let now = stage.clock.now();
    let reply = unauthorized(stage, call).unwrap_or_else(|| route(stage, call, now).conditional(call));
    let reply = limited(stage, reply, now);
    match token(call) {
        Some(token) if token == stage.secrets.github => {
            let end = stage.clock.moment(DAYS * 24 * 3_600).strftime("%Y-%m-%d %H:%M:%S UTC");
            reply.with("x-oauth-scopes", SCOPES).with("github-authentication-token-expiration", end)
        }
        Some(_) | None => reply,
    }
}

fn token(call: &Call) -> Option<&str> {
    call.authorization("bearer").or_else(|| call.authorization("token"))
}

fn unauthorized(stage: &Stage, call: &Call) -> Option<Reply> {
    match token(call) {
        Some(token) if token == stage.secrets.github => None,
        Some(_) => Some(refusal(Kind::Other, StatusCode::UNAUTHORIZED, "Bad credentials")),
        None if matches!(call.parts.as_slice(), [only] if only == "rate_limit") => None,
        None if matches!(call.parts.as_slice(), [_, _, actions, ..] if actions == "actions") => None,
        None => Some(not_found(Kind::Other)),
    }
}

fn route(stage: &Stage, call: &Call, now: i64) -> Reply {
    if call.method != Method::GET && call.method != Method::HEAD {
        return not_found(Kind::Other);
    }
    let parts: Vec<&str> = call.parts.iter().map(String::as_str).collect();
    if let Some(told) = told(stage, &parts) {
        return told;
    }
    match parts.as_slice() {
        ["rate_limit"] => rate_limit(stage, now),
        ["repos", owner, name, "actions", rest @ ..] => {
            match stage.service(Provider::GitHub, &format!("{owner}/{name}")) {
                Some(service) => actions(stage, call, service, rest, now),
                None => not_found(Kind::Runs),
            }
        }
        ["repos", owner, name, "deployments", rest @ ..] => {
            let service = stage.service(Provider::GitHub, &format!("{owner}/{name}"));
            let told = service.and_then(|service| deployments::github(stage, service, call, rest, now));
            told.unwrap_or_else(|| not_found(Kind::Deployments))
        }
        [owner, name, "actions", "runs", id, ..] => Reply::text(
            Kind::Other,
            format!("Run {id} of {owner}/{name} lives in the demo's world. On GitHub this would be its page.\n"),
        ),
        _ => not_found(Kind::Other),
    }
}

/// Returns what is told of the repository's secrets, keys and workflows, where these are asked for.
fn told(stage: &Stage, parts: &[&str]) -> Option<Reply> {
    let ["repos", owner, name, rest @ ..] = parts else { return None };
    let service = stage.service(Provider::GitHub, &format!("{owner}/{name}"))?;
    credentials::github(stage, service, rest).or_else(|| pipelines::github(stage, service, rest))
}

fn actions(stage: &Stage, call: &Call, service: &Service, rest: &[&str], now: i64) -> Reply {
    match rest {
        ["runs"] => runs(stage, call, service, None, now),
        ["workflows", workflow, "runs"] => match workflow_named(service, workflow) {
            Some(workflow) => runs(stage, call, service, Some(workflow), now),
            None => not_found(Kind::Runs),
        },
        ["runs", id] => one(stage, call, service, id, None, now),
        ["runs", id, "attempts", attempt] => one(stage, call, service, id, Some(attempt), now),
        ["runs", id, "jobs"] => jobs_of(stage, call, service, id, None, now),
        ["runs", id, "attempts", attempt, "jobs"] => jobs_of(stage, call, service, id, Some(attempt), now),
        ["jobs", id] => match job(stage, service, id, now) {
            Some((run, job)) => {
                Reply::json(Kind::Jobs, StatusCode::OK, &Shape::new(stage, service).job(run, &job, now))
            }
            None => not_found(Kind::Jobs),
        },
        ["jobs", id, "logs"] => log(stage, service, id, now),
        ["runs", id, "artifacts"] => artifacts(stage, call, service, id, now),
        ["artifacts", id, "zip"] => archive(stage, service, id, now),
        _ => not_found(Kind::Other),
    }
}

fn workflow_named(service: &Service, name: &str) -> Option<Workflow> {
    [Workflow::Release, Workflow::Checks]
        .into_iter()
        .find(|workflow| workflow.file() == name || Shape::workflow_id(service, workflow.file()).to_string() == name)
}

fn runs(stage: &Stage, call: &Call, service: &Service, workflow: Option<Workflow>, now: i64) -> Reply {
    let page = call.page(30);
    let shape = Shape::new(stage, service);
    let wanted = |run: &&Run| {
        let agrees = |name: &str, value: &str| call.asked(name).is_none_or(|asked| asked == value);
        workflow.is_none_or(|workflow| workflow == run.workflow)
            && agrees("branch", &run.branch)
            && agrees("event", run.event())
            && agrees("head_sha", &run.sha)
            && agrees("actor", &run.author.login)
            && call.asked("status").is_none_or(|asked| Shape::status_words(run, now).contains(&Some(asked)))
    };
    let found: Vec<&Run> = service.runs_at(now).filter(wanted).collect();
    let total = found.len();
    let bare = call.asked("exclude_pull_requests") == Some("true");
    let items: Vec<_> = page.of(found).into_iter().map(|run| shape.run(run, run.attempt, bare, now)).collect();
    let body = format!("{{\"total_count\":{total},\"workflow_runs\":[{}]}}", items.join(","));
    paged(stage, call, page, total, Reply::written(Kind::Runs, StatusCode::OK, body))
}

fn one(stage: &Stage, call: &Call, service: &Service, id: &str, attempt: Option<&str>, now: i64) -> Reply {
    let Some((run, attempt)) = find(service, id, attempt, now) else { return not_found(Kind::Run) };
    let bare = call.asked("exclude_pull_requests") == Some("true");
    Reply::written(Kind::Run, StatusCode::OK, Shape::new(stage, service).run(run, attempt, bare, now))
}

fn jobs_of(stage: &Stage, call: &Call, service: &Service, id: &str, attempt: Option<&str>, now: i64) -> Reply {
    let Some((run, attempt)) = find(service, id, attempt, now) else { return not_found(Kind::Jobs) };
    let all = call.asked("filter") == Some("all");
    let attempts = if all { (1..=attempt).rev().collect() } else { vec![attempt] };
    let found: Vec<Job> = attempts.into_iter().flat_map(|attempt| jobs(service, run, attempt)).collect();
    let page = call.page(30);
    let total = found.len();
    let shape = Shape::new(stage, service);
    let items: Vec<_> = page.of(found).iter().map(|job| shape.job(run, job, now)).collect();
    let body = json!({ "total_count": total, "jobs": items });
    paged(stage, call, page, total, Reply::json(Kind::Jobs, StatusCode::OK, &body))
}

fn find<'a>(service: &'a Service, id: &str, attempt: Option<&str>, now: i64) -> Option<(&'a Run, u64)> {
    let id: u64 = id.parse().ok()?;
    let run = service.runs_at(now).find(|run| run.id == id)?;
    let attempt = attempt.map_or(Some(run.attempt), |attempt| attempt.parse().ok())?;
    (attempt >= 1 && attempt <= run.attempt).then_some((run, attempt))
}

fn job<'a>(stage: &'a Stage, service: &Service, id: &str, now: i64) -> Option<(&'a Run, Job)> {
    let id = id.parse().ok()?;
    let (run, attempt) = stage.run_of_job(service, id, now)?;
    let job = jobs(service, run, attempt).into_iter().find(|job| job.id == id)?;
    Some((run, job))
}

/// A log is somewhere else: its address is good for a minute and needs no credential.
fn log(stage: &Stage, service: &Service, id: &str, now: i64) -> Reply {
    let written = job(stage, service, id, now)
        .filter(|(_, job)| matches!(job.state(now), State::Over(_)) && job.outcome != Outcome::Skipped);
    if written.is_none() {
        return not_found(Kind::Log);
    }
    let origin = stage.addresses.origin(Server::Logs);
    let expires = stage.clock.written(now + 60);
    let location = format!("{origin}/{}/{id}.txt?se={expires}&sp=r&sig={}", service.repo, stage.signature(id));
    Reply::new(Kind::Log, StatusCode::FOUND, "text/html; charset=utf-8", "").with("location", location)
}

/// The reports of every attempt whose tests are over.
fn artifacts(stage: &Stage, call: &Call, service: &Service, id: &str, now: i64) -> Reply {
    let Some((run, newest)) = find(service, id, None, now) else { return not_found(Kind::Artifacts) };
    let shape = Shape::new(stage, service);
    let found = (1..=newest).filter_map(|attempt| {
        let (archive, at) = reports::archive(service, run, attempt, now)?;
        Some(shape.artifact(run, attempt, &archive, at))
    });
    let found: Vec<_> = found.collect();
    let total = found.len();
    let page = call.page(30);
    let body = json!({ "total_count": total, "artifacts": page.of(found) });
    paged(stage, call, page, total, Reply::json(Kind::Artifacts, StatusCode::OK, &body))
}

/// An archive is somewhere else, as a log is.
fn archive(stage: &Stage, service: &Service, id: &str, now: i64) -> Reply {
    if id.parse().ok().and_then(|id| reports::archive_of(service, id, now)).is_none() {
        return not_found(Kind::Archive);
    }
    let origin = stage.addresses.origin(Server::Logs);
    let expires = stage.clock.written(now + 600);
    let location =
        format!("{origin}/{}/{id}.zip?se={expires}&sp=r&sig={}", service.repo, stage.signature(&format!("{id}.zip")));
    Reply::new(Kind::Archive, StatusCode::FOUND, "text/html; charset=utf-8", "").with("location", location)
}

fn rate_limit(stage: &Stage, now: i64) -> Reply {
    let used = stage.counters(Server::GitHub).spend(0);
    let core =
        json!({ "limit": LIMIT, "used": used, "remaining": LIMIT.saturating_sub(used), "reset": reset(stage, now) });
    let search = json!({ "limit": 30, "used": 0, "remaining": 30, "reset": reset(stage, now) });
    let body = json!({ "resources": { "core": core, "search": search }, "rate": core });
    Reply::json(Kind::RateLimit, StatusCode::OK, &body)
}

fn paged(stage: &Stage, call: &Call, page: Page, total: usize, reply: Reply) -> Reply {
    let last = page.last(total);
    let origin = stage.addresses.origin(Server::GitHub);
    let link = |number, rel| format!("<{}>; rel=\"{rel}\"", call.at_page(&origin, number, page.size));
    let mut links = Vec::new();
    if page.number > 1 {
        links.push(link(page.number - 1, "prev"));
    }
    if page.number < last {
        links.push(link(page.number + 1, "next"));
        links.push(link(last, "last"));
    }
    if page.number > 1 {
        links.push(link(1, "first"));
    }
    if links.is_empty() { reply } else { reply.with("link", links.join(", ")) }
}

/// The start of the next hour of the rate limit, in seconds of the epoch.
fn reset(stage: &Stage, now: i64) -> i64 {
    stage.clock.moment((now.div_euclid(3_600) + 1) * 3_600).as_second()
}

/// Every answer tells the budget; a 304 and the limit itself cost nothing.
fn limited(stage: &Stage, reply: Reply, now: i64) -> Reply {
    let free = reply.is_not_modified() || reply.kind == Kind::RateLimit;
    let used = stage.counters(Server::GitHub).spend(u64::from(!free));
    reply
        .with("x-github-request-id", format!("{:04X}:{:06X}:{:06X}", 0x1D00 + used % 256, used * 7919, used * 104_729))
        .with("x-ratelimit-limit", LIMIT)
        .with("x-ratelimit-remaining", LIMIT.saturating_sub(used))
        .with("x-ratelimit-used", used)
        .with("x-ratelimit-reset", reset(stage, now))
        .with("x-ratelimit-resource", "core")
        .with("cache-control", "private, max-age=60, s-maxage=60")
        .with("vary", "Accept, Authorization, Cookie, X-GitHub-OTP,Accept-Encoding, Accept, X-Requested-With")
}

fn not_found(kind: Kind) -> Reply {
    refusal(kind, StatusCode::NOT_FOUND, "Not Found")
}

fn refusal(kind: Kind, status: StatusCode, message: &str) -> Reply {
    let body = json!({
        "message": message,
        "documentation_url": "https://docs.github.com/rest",
        "status": status.as_str(),
    });
    Reply::json(kind, status, &body)
}
