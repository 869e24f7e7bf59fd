//! What the demo's GitHub and GitLab send has the shape of the real thing, so that the demo cannot drift from it.
#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::print_stderr, reason = "tests")]

#[path = "demo_shapes/shape.rs"]
mod shape;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;
use jsonschema::Validator;
use landfall::demo::{Server, Servers, World};
use reqwest::Client;
use serde_json::{Value, json};
use shape::Shapes;

/// Every kind of answer: the documented path, and the name of our own files about it.
const ANSWERS: [(&str, &str); 19] = [
    ("/repos/{owner}/{repo}/actions/runs", "github_runs"),
    ("/repos/{owner}/{repo}/actions/workflows/{workflow_id}/runs", "github_runs"),
    ("/repos/{owner}/{repo}/actions/runs/{run_id}", "github_run"),
    ("/repos/{owner}/{repo}/actions/runs/{run_id}/attempts/{attempt_number}", "github_run"),
    ("/repos/{owner}/{repo}/actions/runs/{run_id}/jobs", "github_jobs"),
    ("/repos/{owner}/{repo}/actions/runs/{run_id}/attempts/{attempt_number}/jobs", "github_jobs"),
    ("/repos/{owner}/{repo}/actions/jobs/{job_id}", "github_job"),
    ("/rate_limit", "github_rate_limit"),
    ("/api/v4/projects/{id}", "gitlab_project"),
    ("/api/v4/projects/{id}/pipelines", "gitlab_pipelines"),
    ("/api/v4/projects/{id}/pipelines/{pipeline_id}", "gitlab_pipeline"),
    ("/api/v4/projects/{id}/pipelines/{pipeline_id}/jobs", "gitlab_jobs"),
    ("/api/v4/personal_access_tokens/self", "gitlab_personal_access_token"),
    ("/repos/{owner}/{repo}/actions/runs/{run_id}/artifacts", "github_artifacts"),
    ("/api/v4/projects/{id}/pipelines/{pipeline_id}/test_report", "gitlab_test_report"),
    ("/repos/{owner}/{repo}/deployments", "github_deployments"),
    ("/repos/{owner}/{repo}/deployments/{deployment_id}/statuses", "github_deployment_statuses"),
    ("/api/v4/projects/{id}/deployments", "gitlab_deployments"),
    ("/api/v4/projects/{id}/jobs/{job_id}", "gitlab_job"),
];

/// The same of credentials, and of where they are used.
const INVENTORY: [(&str, &str); 15] = [
    ("/repos/{owner}/{repo}/actions/secrets", "github_secrets"),
    ("/repos/{owner}/{repo}/actions/organization-secrets", "github_secrets"),
    ("/repos/{owner}/{repo}/dependabot/secrets", "github_secrets"),
    ("/repos/{owner}/{repo}/environments", "github_environments"),
    ("/repos/{owner}/{repo}/keys", "github_deploy_keys"),
    ("/repos/{owner}/{repo}/contents/{path}", "github_contents"),
    ("/repos/{owner}/{repo}/actions/workflows", "github_workflows"),
    ("/api/v4/projects/{id}/access_tokens", "gitlab_access_tokens"),
    ("/api/v4/groups/{id}/access_tokens", "gitlab_access_tokens"),
    ("/api/v4/projects/{id}/deploy_tokens", "gitlab_deploy_tokens"),
    ("/api/v4/groups/{id}/deploy_tokens", "gitlab_deploy_tokens"),
    ("/api/v4/projects/{id}/deploy_keys", "gitlab_deploy_keys"),
    ("/api/v4/projects/{id}/ci/lint", "gitlab_lint"),
    ("/api/v4/projects/{id}/pipeline_schedules", "gitlab_schedules"),
    ("/api/graphql", "gitlab_variables"),
];

/// Of these no published schema was at hand.
const UNPUBLISHED: [&str; 7] = [
    "/repos/{owner}/{repo}/dependabot/secrets",
    "/repos/{owner}/{repo}/keys",
    "/repos/{owner}/{repo}/contents/{path}",
    "/api/v4/projects/{id}/deploy_keys",
    "/api/v4/projects/{id}/ci/lint",
    "/api/v4/projects/{id}/pipeline_schedules",
    "/api/graphql",
];

/// One answer of the demo.
struct Answer {
    documented: &'static str,
    asked: String,
    body: Value,
}

/// Asks the demo everything that landfall asks, and more, at several moments.
async fn everything() -> Vec<Answer> {
    let now: Timestamp = "2026-03-04T11:22:33Z".parse().unwrap();
    let servers = Servers::start(World::incident().unwrap(), Duration::ZERO, now).await.unwrap();
    let config: toml::Table = servers.config_toml().parse().unwrap();
    let mut asked = Asked {
        client: Client::builder().no_proxy().build().unwrap(),
        tokens: Vec::new(),
        answers: Vec::new(),
        kinds: BTreeSet::new(),
    };
    for (ci, server) in config["ci"].as_array().unwrap().iter().zip([Server::GitHub, Server::GitLab]) {
        let token = std::fs::read_to_string(ci["token"]["file"].as_str().unwrap()).unwrap();
        asked.tokens.push((servers.origin(server), token));
    }
    let services: Vec<(String, String)> = config["service"]
        .as_array()
        .unwrap()
        .iter()
        .map(|service| (service["ci"].as_str().unwrap().to_owned(), service["repo"].as_str().unwrap().to_owned()))
        .filter(|(_, repo)| repo != "acme/legacy/crm")
        .collect();
    for seconds in [0, 41] {
        servers.skip(Duration::from_secs(seconds));
        for (ci, repo) in &services {
            if ci == "github" { asked.github(repo).await } else { asked.gitlab(repo).await }
        }
    }
    for (ci, repo) in &services {
        asked.inventory(ci, repo).await;
    }
    asked.get(0, ANSWERS[7].0, "/rate_limit").await;
    asked.get(1, ANSWERS[12].0, ANSWERS[12].0).await;
    asked.answers
}

struct Asked {
    client: Client,
    tokens: Vec<(String, String)>,
    answers: Vec<Answer>,
    kinds: BTreeSet<Vec<String>>,
}

impl Asked {
    /// Keeps one of those that agree in these fields with one that was there before: they differ in words only.
    fn new_kinds(&mut self, all: &[Value], fields: &[&str]) -> Vec<Value> {
        let kind = |one: &Value| fields.iter().map(|field| one[*field].to_string()).collect::<Vec<_>>();
        all.iter().filter(|one| self.kinds.insert(kind(one))).cloned().collect()
    }

    async fn get(&mut self, server: usize, documented: &'static str, path: &str) -> Value {
        let (origin, token) = &self.tokens[server];
        let answer = self.client.get(format!("{origin}{path}")).bearer_auth(token).send().await.unwrap();
        assert!(answer.status().is_success(), "{path}: {}", answer.status());
        let body: Value = answer.json().await.unwrap();
        self.answers.push(Answer { documented, asked: path.to_owned(), body: body.clone() });
        body
    }

    async fn github(&mut self, repo: &str) {
        let base = format!("/repos/{repo}/actions");
        self.get(0, ANSWERS[1].0, &format!("{base}/workflows/release.yml/runs?per_page=30")).await;
        self.get(0, ANSWERS[0].0, &format!("{base}/runs?exclude_pull_requests=true&per_page=10&page=2")).await;
        let runs = self.get(0, ANSWERS[0].0, &format!("{base}/runs?per_page=50")).await;
        let fields = ["status", "conclusion", "event", "run_attempt", "path"];
        for run in self.new_kinds(runs["workflow_runs"].as_array().unwrap(), &fields) {
            let (id, attempt) = (&run["id"], &run["run_attempt"]);
            self.get(0, ANSWERS[2].0, &format!("{base}/runs/{id}")).await;
            self.get(0, ANSWERS[3].0, &format!("{base}/runs/{id}/attempts/1")).await;
            self.get(0, ANSWERS[4].0, &format!("{base}/runs/{id}/jobs?filter=all")).await;
            let jobs = self.get(0, ANSWERS[5].0, &format!("{base}/runs/{id}/attempts/{attempt}/jobs")).await;
            self.get(0, ANSWERS[6].0, &format!("{base}/jobs/{}", jobs["jobs"][0]["id"])).await;
            self.get(0, ANSWERS[13].0, &format!("{base}/runs/{id}/artifacts?per_page=100")).await;
        }
        let base = format!("/repos/{repo}/deployments");
        let deployments = self.get(0, ANSWERS[15].0, &format!("{base}?environment=production")).await;
        for deployment in deployments.as_array().unwrap().iter().take(2) {
            self.get(0, ANSWERS[16].0, &format!("{base}/{}/statuses", deployment["id"])).await;
        }
    }

    async fn inventory(&mut self, ci: &str, repo: &str) {
        let (server, of) = if ci == "github" { (0, "/repos/") } else { (1, "/api/") };
        for (documented, _) in INVENTORY.into_iter().filter(|(documented, _)| documented.starts_with(of)) {
            let path = documented.replace("{owner}/{repo}", repo).replace("{path}", ".github/workflows");
            let path = path.replace("{id}", &repo.replace('/', "%2F"));
            let path = if documented == "/api/graphql" {
                let asked = json!({ "path": repo }).to_string().replace('"', "%22");
                format!("{path}?query=names&variables={asked}")
            } else {
                path
            };
            self.get(server, documented, &path).await;
        }
    }

    async fn gitlab(&mut self, repo: &str) {
        let base = format!("/api/v4/projects/{}", repo.replace('/', "%2F"));
        self.get(1, ANSWERS[8].0, &base).await;
        self.get(1, ANSWERS[17].0, &format!("{base}/deployments?environment=production&per_page=100")).await;
        let pipelines = self.get(1, ANSWERS[9].0, &format!("{base}/pipelines?per_page=50")).await;
        for pipeline in self.new_kinds(pipelines.as_array().unwrap(), &["status", "source"]) {
            let id = &pipeline["id"];
            self.get(1, ANSWERS[10].0, &format!("{base}/pipelines/{id}")).await;
            let jobs = self.get(1, ANSWERS[11].0, &format!("{base}/pipelines/{id}/jobs?include_retried=true")).await;
            self.get(1, ANSWERS[14].0, &format!("{base}/pipelines/{id}/test_report")).await;
            self.get(1, ANSWERS[18].0, &format!("{base}/jobs/{}", jobs[0]["id"])).await;
        }
    }
}

fn read(path: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

fn validator(path: &Path) -> Validator {
    jsonschema::options().should_validate_formats(true).build(&read(path)).unwrap()
}

fn hold(validator: &Validator, answer: &Answer) {
    let faults: Vec<String> =
        validator.iter_errors(&answer.body).map(|fault| format!("{}: {fault:.200}", fault.instance_path())).collect();
    assert!(faults.is_empty(), "{} is not as documented:\n{}", answer.asked, faults.join("\n"));
}

#[tokio::test]
async fn every_answer_holds_what_landfall_relies_on() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/schema");
    let answers = everything().await;
    for (documented, own) in ANSWERS {
        let validator = validator(&folder.join(format!("{own}.json")));
        let mut count = 0;
        for answer in answers.iter().filter(|answer| answer.documented == documented) {
            hold(&validator, answer);
            count += 1;
        }
        assert!(count > 0, "nothing was asked of {documented}");
    }
}

#[tokio::test]
async fn every_answer_has_the_shape_that_the_provider_documents() {
    let shapes = Shapes::read();
    let answers = everything().await;
    for (documented, name) in ANSWERS.into_iter().chain(INVENTORY) {
        let of_it: Vec<&Answer> = answers.iter().filter(|answer| answer.documented == documented).collect();
        assert!(!of_it.is_empty(), "nothing was asked of {documented}");
        for answer in of_it {
            let faults = shapes.faults(name, &answer.body);
            assert!(faults.is_empty(), "{} is not as {name}:\n{}", answer.asked, faults.join("\n"));
        }
    }
}

#[test]
fn a_shape_that_drifted_is_noticed() {
    let token = json!({
        "id": 1, "name": "landfall", "revoked": false, "created_at": "2026-03-04T11:22:33.000Z", "description": null,
        "scopes": ["read_api"], "user_id": 2, "last_used_at": null, "active": true, "expires_at": "2026-12-01",
    });
    let shapes = Shapes::read();
    let faults = |changed: &Value| shapes.faults("gitlab_personal_access_token", changed);
    assert_eq!(faults(&token), Vec::<String>::new());
    let wrong = [
        ("id", json!("1"), "/id: \"1\" is no integer"),
        ("name", Value::Null, "/name: null is no string"),
        ("scopes", json!(["api", 7]), "/scopes/1: 7 is no string"),
        ("created_at", json!("yesterday"), "/created_at: \"yesterday\" is no time"),
        ("expires_at", json!("2026-12-01T00:00:00Z"), "/expires_at: \"2026-12-01T00:00:00Z\" is no day or null"),
        ("token_id", json!(1), ": nobody knows token_id"),
    ];
    for (field, value, fault) in wrong {
        let mut changed = token.clone();
        changed[field] = value;
        assert_eq!(faults(&changed), [fault]);
    }
    let mut renamed = token.clone();
    let scopes = renamed.as_object_mut().unwrap().remove("scopes").unwrap();
    renamed["scope"] = scopes;
    assert_eq!(faults(&renamed), [": scopes is not there", ": nobody knows scope"]);
    assert_eq!(shapes.faults("github_jobs", &json!({ "total_count": 0, "jobs": {} })), ["/jobs: {} is no array"]);
}

#[tokio::test]
async fn every_answer_has_the_published_shape() {
    let folder = std::env::var_os("LANDFALL_API_SCHEMAS")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/schemas"), PathBuf::from);
    let Ok(index) = std::fs::read(folder.join("index.json")) else {
        eprintln!(
            "SKIPPED: no published API schemas in {} (name their folder in LANDFALL_API_SCHEMAS)",
            folder.display()
        );
        return;
    };
    let index: Vec<Value> = serde_json::from_slice(&index).unwrap();
    let answers = everything().await;
    let published = |documented: &&str| !UNPUBLISHED.contains(documented);
    for documented in ANSWERS.into_iter().chain(INVENTORY).map(|(documented, _)| documented).filter(published) {
        let entry = index.iter().find(|entry| entry["path"] == documented).unwrap();
        let validator = validator(&folder.join(entry["file"].as_str().unwrap()));
        for answer in answers.iter().filter(|answer| answer.documented == documented) {
            hold(&validator, answer);
        }
    }
}

#[test]
fn a_finished_run_without_a_conclusion_is_not_the_real_shape() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/schema");
    let run = json!({
        "id": 1, "name": "release", "path": ".github/workflows/release.yml", "display_title": "x", "run_number": 1,
        "run_attempt": 1, "event": "push", "status": "completed", "conclusion": null, "head_branch": "main",
        "head_sha": "0".repeat(40), "html_url": "", "created_at": "2026-03-04T11:22:33Z",
        "updated_at": "2026-03-04T11:22:33Z", "run_started_at": "2026-03-04T11:22:33Z", "pull_requests": [],
    });
    let validator = validator(&folder.join("github_run.json"));
    assert!(!validator.is_valid(&run));
}
