//! Servers that send back every secret that they were ever sent, in every form and wherever words of theirs are shown.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::json;
use url::form_urlencoded::byte_serialize;

use crate::loopback::{Loopback, Seen, answer};

/// A CI provider, or a registry and its token service in one.
pub(crate) struct Parrot {
    pub(crate) server: Loopback,
    known: Arc<Mutex<BTreeSet<String>>>,
    repeated: Arc<Mutex<usize>>,
}

/// Two CI providers and two registries.
pub(crate) struct Parrots([Parrot; 4]);

impl Parrots {
    pub(crate) async fn start() -> Self {
        Self([Parrot::start().await, Parrot::start().await, Parrot::start().await, Parrot::start().await])
    }

    pub(crate) fn servers(&self) -> [&Loopback; 4] {
        self.0.each_ref().map(|parrot| &parrot.server)
    }

    /// Lets them forget what an earlier process said: a token that was issued to that one only it could know again.
    pub(crate) fn forget(&self) {
        for parrot in &self.0 {
            parrot.known.lock().unwrap().clear();
        }
    }

    /// Returns how many requests carried a secret to each.
    pub(crate) fn repeated(&self) -> [usize; 4] {
        self.0.each_ref().map(|parrot| *parrot.repeated.lock().unwrap())
    }
}

/// Returns how a secret may be written.
pub(crate) fn forms(secret: &str) -> Vec<String> {
    let json = serde_json::to_string(secret).unwrap();
    let encoded: String = byte_serialize(secret.as_bytes()).collect();
    let json = json.trim_matches('"').to_owned();
    let base = STANDARD.encode(secret);
    vec![secret.to_owned(), base.trim_end_matches('=').to_owned(), URL_SAFE_NO_PAD.encode(secret), encoded, json]
}

/// Returns what base64 makes of a secret behind a user's name and a colon, whatever their length: the groups that hold
/// nothing else.
pub(crate) fn behind_a_user(secret: &str) -> Vec<String> {
    let encoded = ["u", "us"].map(|user| STANDARD.encode(format!("{user}{secret}")));
    encoded.iter().map(|text| text.chars().skip(4).take(text.len() - 8).collect()).collect()
}

impl Parrot {
    pub(crate) async fn start() -> Self {
        let (known, repeated) = (Arc::new(Mutex::new(BTreeSet::new())), Arc::new(Mutex::new(0)));
        let (heard, count) = (known.clone(), repeated.clone());
        let server = Loopback::answering(move |seen| {
            let mut known = heard.lock().unwrap();
            known.extend(secrets(seen));
            *count.lock().unwrap() += usize::from(seen.header("authorization").is_some());
            reply(seen, &known)
        })
        .await;
        Self { server, known, repeated }
    }
}

/// Returns what a request says that nobody else is to know, in every form.
fn secrets(seen: &Seen) -> Vec<String> {
    let mut secrets = Vec::new();
    if let Some((_, value)) = seen.header("authorization").and_then(|header| header.split_once(' ')) {
        let login = STANDARD.decode(value).ok().and_then(|login| String::from_utf8(login).ok());
        let password = login.and_then(|login| Some(login.split_once(':')?.1.to_owned()));
        secrets.extend(forms(password.as_deref().unwrap_or(value)));
        secrets.push(value.to_owned());
    }
    secrets
}

fn reply(seen: &Seen, known: &BTreeSet<String>) -> Response {
    let words = known.iter().cloned().collect::<Vec<_>>().join(" ");
    let json = ("content-type", "application/json");
    let path = seen.path.split('?').next().unwrap_or_default();
    match path {
        "/v2/" => {
            let host = seen.header("host").unwrap();
            let challenge = format!("Bearer realm=\"http://{host}/token\",service=\"parrot\"");
            answer(401, &[json, ("www-authenticate", &challenge)], oci("UNAUTHORIZED", &words))
        }
        "/token" => answer(
            200,
            &[json],
            json!({ "token": format!("{}issued-{}", crate::world::CANARY, known.len()) }).to_string(),
        ),
        _ if path.starts_with("/v2/") => {
            let challenge = "Bearer realm=\"http://nowhere.invalid/token\",error=\"insufficient_scope\"";
            answer(403, &[json, ("www-authenticate", challenge)], oci("DENIED", &words))
        }
        _ if path.ends_with("/pipelines") => answer(200, &[json], pipelines(&words)),
        _ if path.ends_with("/runs") => answer(200, &[json], runs(&words)),
        _ if path.contains("/rate_limit") => {
            answer(401, &[json], json!({ "message": words, "status": "401" }).to_string())
        }
        _ if path.ends_with("/logs") => answer(200, &[("content-type", "text/plain")], format!("denied: {words}\n")),
        _ => answer(403, &[json], json!({ "message": words, "documentation_url": words, "error": words }).to_string()),
    }
}

fn oci(code: &str, words: &str) -> String {
    json!({ "errors": [{ "code": code, "message": words, "detail": words }] }).to_string()
}

fn pipelines(words: &str) -> String {
    json!([{
        "id": 1, "iid": 1, "sha": "a".repeat(40), "ref": words, "status": "success", "source": "push", "name": words,
        "web_url": format!("https://ci.test/{words}"), "created_at": "2026-03-04T05:00:00Z",
        "updated_at": "2026-03-04T05:10:00Z",
    }])
    .to_string()
}

/// One green run whose title and branch hold what the provider heard.
fn runs(words: &str) -> String {
    json!({ "total_count": 1, "workflow_runs": [{
        "id": 1, "run_number": 1, "run_attempt": 1, "name": "release", "path": ".github/workflows/release.yml",
        "event": "push", "head_branch": words, "head_sha": "a".repeat(40), "display_title": words,
        "html_url": format!("https://ci.test/{words}"), "status": "completed", "conclusion": "success",
        "created_at": "2026-03-04T05:00:00Z", "run_started_at": "2026-03-04T05:00:00Z",
        "updated_at": "2026-03-04T05:10:00Z",
    }] })
    .to_string()
}
