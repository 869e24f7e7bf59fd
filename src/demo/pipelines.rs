//! The workflows and the merged configuration of the demo's repositories, as GitHub and GitLab tell them.

use http::StatusCode;
use serde_json::{Value, json};

use super::counts::{Kind, Server};
use super::github_shape::Shape;
use super::layer::sha256;
use super::reply::Reply;
use super::stage::Stage;
use super::world::Service;

/// Where GitHub's workflows lie.
const FOLDER: &str = ".github/workflows";

/// The workflows of every repository at GitHub; the nightly one is that of one alone.
const WORKFLOWS: [(&str, &str); 4] = [
    ("checks.yml", include_str!("../../assets/demo/pipelines/checks.yml")),
    ("image.yml", include_str!("../../assets/demo/pipelines/image.yml")),
    ("nightly-release.yml", include_str!("../../assets/demo/pipelines/nightly-release.yml")),
    ("release.yml", include_str!("../../assets/demo/pipelines/release.yml")),
];
const NIGHTLY: (&str, &str) = ("nightly-release.yml", "acme/checkout");

/// The merged configuration of every project at GitLab, and the one that has a schedule.
const MERGED: &str = include_str!("../../assets/demo/pipelines/gitlab-ci.yml");
const EXPORTS: &str = "acme/reports";

/// Answers for a repository's workflows as GitHub does; nothing where something else is asked for.
pub(super) fn github(stage: &Stage, service: &Service, rest: &[&str]) -> Option<Reply> {
    let has = |name: &str| name != NIGHTLY.0 || service.repo == NIGHTLY.1;
    let origin = stage.addresses.origin(Server::GitHub);
    let of = Repository { page: format!("{origin}/{}", service.repo), api: format!("{origin}/repos/{}", service.repo) };
    let mut files = WORKFLOWS.iter().filter(|(name, _)| has(name));
    let body = match rest {
        ["contents", ".github", "workflows"] => Value::Array(files.map(|(name, text)| of.entry(name, text)).collect()),
        ["actions", "workflows"] => {
            let numbered = |(name, _): &(&str, _)| of.workflow(stage, name, Shape::workflow_id(service, name));
            let found: Vec<Value> = files.map(numbered).collect();
            json!({ "total_count": found.len(), "workflows": found })
        }
        ["git", "blobs", sha] => {
            let (_, text) = files.find(|(_, text)| object(text) == *sha)?;
            return Some(Reply::text(Kind::Pipelines, *text));
        }
        _ => return None,
    };
    Some(Reply::json(Kind::Pipelines, StatusCode::OK, &body))
}

fn object(text: &str) -> String {
    sha256(text.as_bytes()).trim_start_matches("sha256:").chars().take(40).collect()
}

/// Where a repository's page is, and where its API.
struct Repository {
    page: String,
    api: String,
}

impl Repository {
    fn entry(&self, name: &str, text: &str) -> Value {
        let (path, sha) = (format!("{FOLDER}/{name}"), object(text));
        let url = format!("{}/contents/{path}?ref=main", self.api);
        let git = format!("{}/git/blobs/{sha}", self.api);
        let html = format!("{}/blob/main/{path}", self.page);
        json!({
            "name": name, "path": path, "sha": sha, "size": text.len(), "type": "file", "url": url, "git_url": git,
            "html_url": html, "download_url": format!("{}/raw/main/{path}", self.page),
            "_links": { "self": url, "git": git, "html": html },
        })
    }

    fn workflow(&self, stage: &Stage, name: &str, id: u64) -> Value {
        let made = stage.clock.written(-40_000_000);
        json!({
            "id": id, "node_id": format!("W_demo{id}"), "name": name.trim_end_matches(".yml"),
            "path": format!("{FOLDER}/{name}"), "state": "active", "created_at": made, "updated_at": made,
            "url": format!("{}/actions/workflows/{id}", self.api),
            "html_url": format!("{}/blob/main/{FOLDER}/{name}", self.page),
            "badge_url": format!("{}/actions/workflows/{name}/badge.svg", self.page),
        })
    }
}

/// Answers for a project's configuration and schedules as GitLab does; nothing where something else is asked for.
pub(super) fn gitlab(stage: &Stage, service: &Service, rest: &[&str]) -> Option<Reply> {
    let exports = json!([{
        "id": 5, "description": "nightly export", "ref": "refs/heads/main", "cron": "0 3 * * *", "cron_timezone": "UTC",
        "next_run_at": stage.clock.written(24 * 3_600), "active": true, "owner": null,
        "created_at": stage.clock.written(-30_000_000), "updated_at": stage.clock.written(-30_000_000),
    }]);
    let body = match rest {
        ["ci", "lint"] => json!({ "valid": true, "merged_yaml": MERGED, "errors": [], "warnings": [], "includes": [] }),
        ["pipeline_schedules"] if service.repo == EXPORTS => exports,
        ["pipeline_schedules"] => json!([]),
        _ => return None,
    };
    Some(Reply::json(Kind::Pipelines, StatusCode::OK, &body))
}
