//! The workflows and the merged configuration of the demo's repositories, as GitHub and GitLab tell them.

use http::StatusCode;
use serde_json::{Value, json};

use super::counts::Kind;
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
pub(super) fn github(service: &Service, rest: &[&str]) -> Option<Reply> {
    let has = |name: &str| name != NIGHTLY.0 || service.repo == NIGHTLY.1;
    let mut files = WORKFLOWS.iter().filter(|(name, _)| has(name));
    let body = match rest {
        ["contents", ".github", "workflows"] => Value::Array(files.map(|(name, text)| entry(name, text)).collect()),
        ["actions", "workflows"] => {
            let found: Vec<Value> = files.map(|(name, _)| state(name)).collect();
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

fn entry(name: &str, text: &str) -> Value {
    json!({ "name": name, "path": format!("{FOLDER}/{name}"), "sha": object(text), "size": text.len(), "type": "file" })
}

fn state(name: &str) -> Value {
    let title = name.trim_end_matches(".yml");
    json!({ "id": 1, "name": title, "path": format!("{FOLDER}/{name}"), "state": "active" })
}

/// Answers for a project's configuration and schedules as GitLab does; nothing where something else is asked for.
pub(super) fn gitlab(stage: &Stage, service: &Service, rest: &[&str]) -> Option<Reply> {
    let exports = json!([{
        "id": 5, "description": "nightly export", "ref": "refs/heads/main", "cron": "0 3 * * *", "cron_timezone": "UTC",
        "next_run_at": stage.clock.written(24 * 3_600), "active": true,
    }]);
    let body = match rest {
        ["ci", "lint"] => json!({ "valid": true, "merged_yaml": MERGED, "errors": [], "warnings": [] }),
        ["pipeline_schedules"] if service.repo == EXPORTS => exports,
        ["pipeline_schedules"] => json!([]),
        _ => return None,
    };
    Some(Reply::json(Kind::Pipelines, StatusCode::OK, &body))
}
