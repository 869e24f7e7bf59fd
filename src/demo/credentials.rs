//! The credentials of the demo's world, one of every severity: what its servers tell of them, and what its configuration
//! declares.

use std::fmt::Write as _;
use std::path::Path;

use http::StatusCode;
use serde_json::{Value, json};

use super::call::Call;
use super::counts::{Kind, Server};
use super::reply::Reply;
use super::stage::Stage;
use super::stores;
use super::world::Service;

const HOUR: i64 = 3_600;
const DAY: i64 = 24 * HOUR;

/// The repository whose secrets are told, that whose deploy keys are, and the project whose tokens are.
const SECRETS: &str = "acme/checkout";
const KEYS: &str = "acme/search";
const TOKENS: &str = "acme/reports";

/// What somebody wrote down of credentials that no provider can tell of: name, what says when, and more.
fn declared(stage: &Stage) -> [(&'static str, &'static str, String, &'static str); 9] {
    let at = |seconds: i64| stage.clock.written(seconds);
    [
        (
            "ghcr push token",
            "expires_at",
            at(-3 * HOUR),
            "copies = \"github/acme/checkout/actions/GHCR_TOKEN\"\nowner = \"platform\"\nconsumers = [\"release.yml\"]",
        ),
        (
            "image signing key",
            "expires_at",
            at(20 * HOUR),
            "copies = \"github/acme/checkout/actions/COSIGN_KEY\"\nowner = \"security\"\nrunbook = \"https://wiki.example.com/signing\"",
        ),
        (
            "npm publish token",
            "created",
            at(-10 * DAY),
            "copies = \"github/acme/checkout/dependabot/NPM_TOKEN\"\nmax_age_days = 365",
        ),
        (
            "export token",
            "created",
            at(-358 * DAY),
            "copies = \"gitlab/acme/reports/variables/*\"\nupstream = \"gitlab/acme/reports/access_tokens/88\"",
        ),
        ("status page key", "rotate_by", at(-5 * DAY), "owner = \"on-call\""),
        ("app private key", "expires_at", "never".to_owned(), "renewal = \"unknown\""),
        ("registry login", "rotate_by", at(100 * DAY), "copies = \"own/127.0.0.1:*\""),
        ("aws keys", "rotate_by", at(70 * DAY), "copies = \"own/aws\""),
        ("pager key", "rotate_by", at(21 * DAY), "owner = \"on-call\""),
    ]
}

/// Writes what the configuration says of credentials.
pub(super) fn configuration(text: &mut String, stage: &Stage, folder: &Path) {
    text.push_str("\n[credentials]\ninventory = true\n");
    stores::configuration(text, stage, folder);
    for (name, key, when, more) in declared(stage) {
        let _ = write!(text, "\n[[credential]]\nname = \"{name}\"\n{key} = \"{when}\"\n{more}\n");
    }
}

/// Answers for a repository's secrets and keys as GitHub does; nothing where something else is asked for.
pub(super) fn github(stage: &Stage, service: &Service, rest: &[&str]) -> Option<Reply> {
    let at = |days: i64| stage.clock.written(days * DAY);
    let secret = |name: &str, days: i64| json!({ "name": name, "created_at": at(-400), "updated_at": at(days) });
    let listed = |key: &str, found: Vec<Value>| json!({ "total_count": found.len(), key: found });
    let of = |repo: &str, found: Vec<Value>| if service.repo == repo { found } else { Vec::new() };
    let body = match rest {
        ["actions", "secrets"] => listed(
            "secrets",
            of(SECRETS, vec![secret("GHCR_TOKEN", -92), secret("COSIGN_KEY", -364), secret("CHAT_WEBHOOK", -310)]),
        ),
        ["dependabot", "secrets"] => listed("secrets", of(SECRETS, vec![secret("NPM_TOKEN", -100)])),
        ["actions", "organization-secrets"] => listed("secrets", Vec::new()),
        ["environments"] => listed("environments", Vec::new()),
        ["keys"] => Value::Array(of(
            KEYS,
            vec![json!({
                "id": 31, "title": "old deployer", "read_only": false, "enabled": false, "verified": true,
                "added_by": "octo", "created_at": at(-700), "last_used": at(-200),
                "key": "ssh-ed25519 AAAAdemo", "url": format!("{}/repos/{KEYS}/keys/31", stage.addresses.origin(Server::GitHub)),
            })],
        )),
        _ => return None,
    };
    Some(Reply::json(Kind::Credentials, StatusCode::OK, &body))
}

/// Answers for a project's tokens and keys as GitLab does; nothing where something else is asked for.
pub(super) fn gitlab(stage: &Stage, service: &Service, rest: &[&str]) -> Option<Reply> {
    let day = |days: i64| stage.clock.moment(days * DAY).strftime("%Y-%m-%d").to_string();
    let of = |found: Value| if service.repo == TOKENS { found } else { json!([]) };
    let body = match rest {
        ["access_tokens"] => of(json!([{
            "id": 88, "name": "nightly export", "revoked": false, "active": true, "scopes": ["write_registry"],
            "created_at": stage.clock.written(-358 * DAY), "last_used_at": stage.clock.written(-HOUR / 2),
            "access_level": 40, "expires_at": day(7), "description": null, "user_id": 4_711,
            "resource_type": "project", "resource_id": service.id,
        }])),
        ["deploy_tokens"] => of(json!([{
            "id": 12, "name": "cluster pull", "username": "gitlab+deploy-token-12", "revoked": false, "expired": false,
            "scopes": ["read_registry"], "expires_at": stage.clock.written(300 * DAY),
        }])),
        ["deploy_keys"] => json!([]),
        _ => return None,
    };
    Some(Reply::json(Kind::Credentials, StatusCode::OK, &body))
}

/// Answers for a group's tokens: there are none.
pub(super) fn group() -> Reply {
    Reply::json(Kind::Credentials, StatusCode::OK, &json!([]))
}

/// Answers a question for a project's variables.
pub(super) fn variables(call: &Call) -> Reply {
    let asked = call.asked("variables").and_then(|text| serde_json::from_str::<Value>(text).ok()).unwrap_or_default();
    let nodes = match asked.get("path").and_then(Value::as_str) {
        Some(TOKENS) => json!([{ "key": "EXPORT_TOKEN", "environmentScope": "*", "protected": false }]),
        Some(_) | None => json!([]),
    };
    let found = json!({ "pageInfo": { "hasNextPage": false }, "nodes": nodes });
    let body = json!({ "data": { "project": { "ciVariables": found } } });
    Reply::json(Kind::Credentials, StatusCode::OK, &body)
}
