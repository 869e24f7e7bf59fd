//! An OCI registry as the distribution specification has it, with bearer tokens. It can only be read.

use http::{Method, StatusCode};
use serde_json::{Value, json};

use super::call::Call;
use super::counts::{Kind, Server};
use super::reply::Reply;
use super::shelf::Repository;
use super::stage::Stage;
use super::stores;
use super::token::{self, Worth};

/// How many tags a page holds where nothing else is asked for.
const PAGE: usize = 100;

/// Answers one request.
pub(super) fn reply(stage: &Stage, call: &Call) -> Reply {
    let parts: Vec<&str> = call.parts.iter().map(String::as_str).collect();
    if parts.as_slice() == ["token"] {
        return token::reply(stage, call);
    }
    if let Some(reply) = stores::reply(stage, call) {
        return reply;
    }
    let reply = match parts.as_slice() {
        ["v2"] => match challenge(stage, call, None) {
            None => Reply::json(Kind::Other, StatusCode::OK, &json!({})),
            Some(challenge) => challenge,
        },
        ["v2", name @ .., "manifests", reference] => {
            let kind = if reference.contains(':') { Kind::Manifest } else { Kind::Tag };
            named(stage, call, name, |repository, now| manifest(call, kind, repository, reference, now))
        }
        ["v2", name @ .., "blobs", digest] => named(stage, call, name, |repository, _| blob(call, repository, digest)),
        ["v2", name @ .., "tags", "list"] => {
            let name = name.join("/");
            named(stage, call, &[&name], |repository, now| tags(call, repository, &name, now))
        }
        _ => Reply::new(Kind::Other, StatusCode::NOT_FOUND, "text/plain; charset=utf-8", "404 page not found\n"),
    };
    reply.with("docker-distribution-api-version", "registry/2.0")
}

/// Asks for the right to read, then for the repository itself.
fn named(stage: &Stage, call: &Call, name: &[&str], answer: impl FnOnce(Option<&Repository>, i64) -> Reply) -> Reply {
    let name = name.join("/");
    if let Some(challenge) = challenge(stage, call, Some(&name)) {
        return challenge;
    }
    if call.method != Method::GET && call.method != Method::HEAD {
        return refusal(
            Kind::Other,
            StatusCode::METHOD_NOT_ALLOWED,
            "UNSUPPORTED",
            "The operation is unsupported.",
            &Value::Null,
        );
    }
    answer(stage.shelf.repository(&stage.world, &name), stage.clock.now())
}

/// Returns the 401 that says where to get a token, unless the caller has a good one.
fn challenge(stage: &Stage, call: &Call, name: Option<&str>) -> Option<Reply> {
    let worth = call.authorization("bearer").map(|given| token::worth(stage, given, name));
    let error = match worth {
        Some(Worth::Good) => return None,
        Some(Worth::Invalid) => ",error=\"invalid_token\"",
        Some(Worth::Insufficient) => ",error=\"insufficient_scope\"",
        None => "",
    };
    let scope = name.map(|name| format!(",scope=\"repository:{name}:pull\"")).unwrap_or_default();
    let origin = stage.addresses.origin(Server::Registry);
    let header = format!("Bearer realm=\"{origin}/token\",service=\"{}\"{scope}{error}", token::service(stage));
    let detail =
        name.map_or(Value::Null, |name| json!([{ "Type": "repository", "Class": "", "Name": name, "Action": "pull" }]));
    let reply = refusal(Kind::Challenge, StatusCode::UNAUTHORIZED, "UNAUTHORIZED", "authentication required", &detail);
    Some(reply.with("www-authenticate", header))
}

fn manifest(call: &Call, kind: Kind, repository: Option<&Repository>, reference: &str, now: i64) -> Reply {
    let absent = |message: &str| {
        refusal(kind, StatusCode::NOT_FOUND, "MANIFEST_UNKNOWN", message, &json!({ "Reference": reference }))
    };
    let Some(manifest) = repository.and_then(|repository| repository.manifest(reference, now)) else {
        return absent("manifest unknown");
    };
    let accepted = call.headers.get_all("accept").iter().filter_map(|value| value.to_str().ok());
    let named = accepted
        .flat_map(|value| value.split(','))
        .any(|one| one.split(';').next().map(str::trim) == Some(manifest.media_type));
    if manifest.media_type.starts_with("application/vnd.oci.") && !named {
        // Registries of the 2.x line say so with a 404: a caller who accepts too little must not take it for absence.
        return absent("an OCI manifest is there, but the accept header names no type of OCI manifests");
    }
    let tag = format!("\"{}\"", manifest.digest);
    Reply::new(kind, StatusCode::OK, manifest.media_type, manifest.bytes.clone())
        .with("docker-content-digest", &manifest.digest)
        .with("etag", &tag)
        .unless_known(call, &tag)
}

fn blob(call: &Call, repository: Option<&Repository>, digest: &str) -> Reply {
    let kind = if call.method == Method::HEAD { Kind::Blob } else { Kind::Config };
    let Some(blob) = repository.and_then(|repository| repository.blob(digest)) else {
        let detail = json!({ "digest": digest });
        return refusal(kind, StatusCode::NOT_FOUND, "BLOB_UNKNOWN", "blob unknown to registry", &detail);
    };
    Reply::new(kind, StatusCode::OK, "application/octet-stream", blob.clone())
        .with("docker-content-digest", digest)
        .with("etag", format!("\"{digest}\""))
        .with("accept-ranges", "bytes")
        .with("cache-control", "max-age=31536000")
}

fn tags(call: &Call, repository: Option<&Repository>, name: &str, now: i64) -> Reply {
    let Some(repository) = repository else {
        let detail = json!({ "name": name });
        return refusal(
            Kind::Tags,
            StatusCode::NOT_FOUND,
            "NAME_UNKNOWN",
            "repository name not known to registry",
            &detail,
        );
    };
    let size = call.asked("n").and_then(|size| size.parse().ok()).unwrap_or(PAGE).min(1_000);
    let last = call.asked("last").unwrap_or_default();
    let mut rest = repository.tags(now).filter(|tag| *tag > last);
    let page: Vec<&str> = rest.by_ref().take(size).collect();
    let more = rest.next().is_some();
    let reply = Reply::json(Kind::Tags, StatusCode::OK, &json!({ "name": name, "tags": page }));
    match page.last() {
        Some(last) if more => reply.with("link", format!("</v2/{name}/tags/list?last={last}&n={size}>; rel=\"next\"")),
        _ => reply,
    }
}

fn refusal(kind: Kind, status: StatusCode, code: &str, message: &str, detail: &Value) -> Reply {
    let mut error = json!({ "code": code, "message": message });
    if let (false, Some(error)) = (detail.is_null(), error.as_object_mut()) {
        error.insert("detail".to_owned(), detail.clone());
    }
    Reply::json(kind, status, &json!({ "errors": [error] }))
}
