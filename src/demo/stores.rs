//! The demo's stores of secrets, which its registry's server answers for as well: a Vault (`/v1`), and Secrets Manager of
//! AWS; and an inventory that nobody has written for a while. Names and dates, no values.

use std::fmt::Write as _;
use std::io;
use std::path::Path;

use http::{Method, StatusCode};
use serde_json::{Value, json};

use super::call::Call;
use super::counts::{Kind, Server};
use super::folder::Folder;
use super::reply::Reply;
use super::stage::Stage;

const HOUR: i64 = 3_600;
const DAY: i64 = 24 * HOUR;
/// The files beside the other secrets.
const TOKEN: &str = "vault-token";
const KEYS: &str = "aws-credentials";
const INVENTORY: &str = "inventory.json";

/// Writes what the stores are asked with, and the inventory.
pub(super) fn furnish(folder: &Folder, stage: &Stage) -> io::Result<()> {
    if !stage.world.lively {
        return Ok(());
    }
    folder.write(TOKEN, &stage.secrets.vault)?;
    let keys =
        format!("[demo]\naws_access_key_id = AKIADEMODEMODEMODEMO\naws_secret_access_key = {}\n", stage.secrets.aws);
    folder.write(KEYS, &keys)?;
    let at = |seconds: i64| stage.clock.written(seconds);
    let inventory = json!({
        "apiVersion": "landfall/credentials/v1", "complete": true, "observedAt": at(-15 * HOUR),
        "items": [{
            "id": "kv/backup-key", "name": "backup key", "kind": "secret", "scope": "prod",
            "expiresAt": at(60 * DAY), "renewal": "manual", "owner": "platform",
        }],
    });
    folder.write(INVENTORY, &inventory.to_string())?;
    Ok(())
}

/// Writes where the stores are.
pub(super) fn configuration(text: &mut String, stage: &Stage, folder: &Path) {
    let quoted = |value: &str| toml::Value::from(value).to_string();
    let file = |name: &str| quoted(&folder.join(name).to_string_lossy());
    let url = quoted(&stage.addresses.origin(Server::Registry));
    let _ = writeln!(text, "commands = [{{ name = \"inventory\", command = [\"cat\", {}] }}]", file(INVENTORY));
    let _ = write!(
        text,
        "\n[[vault]]\nname = \"vault\"\nurl = {url}\ntoken = {{ file = {} }}\nkv = [{{ mount = \"secret\", path = \"ci\" }}]\n",
        file(TOKEN),
    );
    if cfg!(feature = "aws") {
        let _ = write!(
            text,
            "\n[[aws]]\nname = \"aws\"\nregions = [\"eu-central-1\"]\nendpoint = {url}\n\
             credentials = {{ profile = \"demo\", file = {} }}\nsecrets = true\n",
            file(KEYS),
        );
    }
}

/// Answers what is asked of a store; nothing where something else is meant.
pub(super) fn reply(stage: &Stage, call: &Call) -> Option<Reply> {
    let parts: Vec<&str> = call.parts.iter().map(String::as_str).collect();
    match parts.as_slice() {
        ["v1", rest @ ..] => Some(vault(stage, call, rest)),
        [] if call.header("x-amz-target") == Some("secretsmanager.ListSecrets") => Some(aws(stage, call)),
        _ => None,
    }
}

fn told(status: StatusCode, body: &Value) -> Reply {
    Reply::json(Kind::Credentials, status, body)
}

fn vault(stage: &Stage, call: &Call, rest: &[&str]) -> Reply {
    let given = call.authorization("Bearer").or_else(|| call.header("x-vault-token"));
    if given != Some(stage.secrets.vault.as_str()) {
        return told(StatusCode::FORBIDDEN, &json!({ "errors": ["permission denied"] }));
    }
    let at = |days: i64| stage.clock.written(days * DAY);
    let data = match rest {
        ["auth", "token", "lookup-self"] => json!({
            "ttl": 20 * DAY, "expire_time": at(20), "creation_time": at(-12), "explicit_max_ttl": 0, "num_uses": 0,
            "renewable": true, "policies": ["default", "landfall"],
        }),
        ["secret", "detailed-metadata" | "metadata", "ci"] if call.method == Method::GET => {
            let version = |days: i64| json!({ "created_time": at(days), "deletion_time": "", "destroyed": false });
            json!({
                "keys": ["harbor-robot"],
                "key_info": { "harbor-robot": {
                    "created_time": at(-200), "current_version": 3, "versions": { "3": version(-84) },
                    "custom_metadata": { "expires_at": at(6), "owner": "platform" },
                } },
            })
        }
        _ => return told(StatusCode::NOT_FOUND, &json!({ "errors": [] })),
    };
    told(StatusCode::OK, &json!({ "data": data }))
}

/// One that AWS rotates by itself, and one whose rotation began and never ended.
fn aws(stage: &Stage, call: &Call) -> Reply {
    if call.header("authorization").is_none_or(|given| !given.starts_with("AWS4-HMAC-SHA256 ")) {
        let body = json!({ "__type": "UnrecognizedClientException", "message": "The security token is invalid." });
        return told(StatusCode::BAD_REQUEST, &body);
    }
    let at = |days: i64| stage.clock.moment(days * DAY).as_second();
    let body = json!({ "SecretList": [
        {
            "Name": "shop/database", "RotationEnabled": true, "NextRotationDate": at(18), "LastRotatedDate": at(-12),
            "LastChangedDate": at(-12), "CreatedDate": at(-400), "SecretVersionsToStages": { "1": ["AWSCURRENT"] },
        },
        {
            "Name": "shop/payments", "RotationEnabled": true, "NextRotationDate": at(-3), "LastRotatedDate": at(-33),
            "LastChangedDate": at(-3), "CreatedDate": at(-400),
            "SecretVersionsToStages": { "1": ["AWSCURRENT"], "2": ["AWSPENDING"] },
        },
    ] });
    told(StatusCode::OK, &body)
}
