//! The deployments of the demo's world: what landed goes to production a while later, and now and then that fails.

use http::StatusCode;
use serde_json::{Value, json};

use super::call::Call;
use super::counts::Kind;
use super::gitlab_shape::Shape;
use super::reply::Reply;
use super::stage::Stage;
use super::world::{Fate, Run, Service};

/// The only environment.
const PRODUCTION: &str = "production";

/// From the end of a run to the begin of its deployment, and from there to its end.
const LATER: i64 = 15 * 60;
const TOOK: i64 = 4 * 60;

/// One deployment. It has the number of the run that pushed what it deploys.
struct Deployment<'a> {
    run: &'a Run,
    begins: i64,
    /// Whether it goes well.
    good: bool,
}

impl Deployment<'_> {
    fn ends(&self) -> i64 {
        self.begins + TOOK
    }
}

/// Returns the deployments that have begun by then, newest first.
fn begun(service: &Service, now: i64) -> impl Iterator<Item = Deployment<'_>> {
    let landed = service.runs_at(now).filter(|run| run.fate == Fate::Landed);
    let deployments =
        landed.map(|run| Deployment { run, begins: run.ends() + LATER, good: !run.number.is_multiple_of(9) });
    deployments.filter(move |deployment| deployment.begins <= now)
}

fn asked<'a>(service: &'a Service, call: &Call, now: i64) -> Vec<Deployment<'a>> {
    let is_asked = call.asked("environment").is_none_or(|environment| environment == PRODUCTION);
    begun(service, now).filter(|_| is_asked).collect()
}

/// Answers for the deployments of a repository, or for the statuses of one, as GitHub does; nothing where something else
/// is asked for.
pub(super) fn github(stage: &Stage, service: &Service, call: &Call, rest: &[&str], now: i64) -> Option<Reply> {
    let body = match rest {
        [] => {
            let listed = call.page(30).of(asked(service, call, now));
            Value::Array(listed.iter().map(|deployment| github_shape(stage, service, deployment, now)).collect())
        }
        [id, "statuses"] => {
            let found = begun(service, now).find(|deployment| deployment.run.id.to_string() == *id)?;
            Value::Array(statuses(stage, service, &found, now))
        }
        _ => return None,
    };
    Some(Reply::json(Kind::Deployments, StatusCode::OK, &body))
}

fn github_shape(stage: &Stage, service: &Service, deployment: &Deployment<'_>, now: i64) -> Value {
    let Deployment { run, begins, .. } = deployment;
    let url = api(service, run);
    json!({
        "id": run.id, "node_id": format!("DE_demo{}", run.id), "url": url, "statuses_url": format!("{url}/statuses"),
        "repository_url": format!("https://api.github.com/repos/{}", service.repo), "sha": run.sha, "ref": run.branch,
        "task": "deploy", "payload": {}, "environment": PRODUCTION, "original_environment": PRODUCTION,
        "production_environment": true, "transient_environment": false, "description": null, "creator": null,
        "created_at": stage.clock.written(*begins), "updated_at": stage.clock.written(now.min(deployment.ends())),
    })
}

fn statuses(stage: &Stage, service: &Service, deployment: &Deployment<'_>, now: i64) -> Vec<Value> {
    let end = if deployment.good { "success" } else { "failure" };
    let url = api(service, deployment.run);
    let page = format!("{}/{}", service.provider.site(), service.repo);
    let came = [("in_progress", deployment.begins, 1), (end, deployment.ends(), 2)];
    let newest_first = came.into_iter().filter(|(_, at, _)| *at <= now).rev();
    let shape = newest_first.map(|(state, at, number)| {
        let id = deployment.run.id * 10 + number;
        json!({
            "id": id, "node_id": format!("DES_demo{id}"), "url": format!("{url}/statuses/{id}"), "state": state,
            "creator": null, "description": "", "environment": PRODUCTION, "target_url": page, "log_url": page,
            "environment_url": page, "deployment_url": url,
            "repository_url": format!("https://api.github.com/repos/{}", service.repo),
            "created_at": stage.clock.written(at), "updated_at": stage.clock.written(at),
        })
    });
    shape.collect()
}

fn api(service: &Service, run: &Run) -> String {
    format!("https://api.github.com/repos/{}/deployments/{}", service.repo, run.id)
}

/// Answers for the deployments of a project as GitLab does.
pub(super) fn gitlab(stage: &Stage, service: &Service, call: &Call, now: i64) -> Reply {
    let listed = call.page(20).of(asked(service, call, now));
    let body = listed.iter().map(|deployment| gitlab_shape(stage, service, deployment, now)).collect();
    Reply::json(Kind::Deployments, StatusCode::OK, &Value::Array(body))
}

fn gitlab_shape(stage: &Stage, service: &Service, deployment: &Deployment<'_>, now: i64) -> Value {
    let Deployment { run, begins, good } = deployment;
    let shape = Shape { stage, service };
    let at = |moment: i64| stage.clock.written(moment);
    let end = Some(deployment.ends()).filter(|end| *end <= now);
    let status = match (end, good) {
        (None, _) => "running",
        (Some(_), true) => "success",
        (Some(_), false) => "failed",
    };
    let job = run.id * 100 + 99;
    json!({
        "id": run.id, "iid": run.number, "ref": run.branch, "sha": run.sha, "status": status,
        "created_at": at(*begins), "updated_at": at(end.unwrap_or(*begins)), "user": null,
        "environment": { "id": 7, "name": PRODUCTION, "slug": PRODUCTION, "external_url": null },
        "deployable": {
            "id": job, "name": "deploy", "stage": "deploy", "status": status, "ref": run.branch, "tag": false,
            "created_at": at(*begins), "started_at": at(*begins), "finished_at": end.map(at),
            "duration": end.map(|_| TOOK), "web_url": format!("{}/-/jobs/{job}", shape.page()),
            "commit": shape.commit(run), "pipeline": shape.basic(run, now),
        },
    })
}
