//! A token service, as a registry's `Bearer` challenge names it: JWTs for whom it knows, in ways that can be broken.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::certificates::Signer;
use crate::serve::{Server, json_answer};

/// May pull and push.
pub(crate) const WRITER: (&str, &str) = ("writer", "writes-much");
/// May pull.
pub(crate) const READER: (&str, &str) = ("reader", "reads-only");
/// Is known, and may do nothing.
pub(crate) const GUEST: (&str, &str) = ("guest", "sees-nothing");

/// How it answers.
#[derive(Clone)]
pub(crate) enum Mood {
    Fine,
    /// With this status and body, whatever is asked.
    Broken(StatusCode, &'static str, &'static str),
    /// By sending the client elsewhere.
    Redirecting(String),
}

struct Shared {
    signer: Signer,
    mood: Mutex<Mood>,
    asked: Mutex<usize>,
}

/// A running token service.
pub(crate) struct TokenService {
    shared: Arc<Shared>,
    folder: TempDir,
    server: Server,
}

impl TokenService {
    pub(crate) async fn start() -> Self {
        let shared = Arc::new(Shared { signer: Signer::new(), mood: Mutex::new(Mood::Fine), asked: Mutex::new(0) });
        let folder = TempDir::new().unwrap();
        fs::write(folder.path().join("tokens.pem"), shared.signer.pem()).unwrap();
        let router = Router::new().route("/token", get(answer)).with_state(shared.clone());
        Self { shared, folder, server: Server::start(router).await }
    }

    pub(crate) fn realm(&self) -> String {
        format!("{}/token", self.server.url())
    }

    pub(crate) fn certificate(&self) -> PathBuf {
        self.folder.path().join("tokens.pem")
    }

    pub(crate) fn be(&self, mood: Mood) {
        *self.shared.mood.lock().unwrap() = mood;
    }

    pub(crate) fn asked(&self) -> usize {
        *self.shared.asked.lock().unwrap()
    }

    /// Returns a token with which everything may be done in the repository.
    pub(crate) fn push_token(&self, repository: &str) -> String {
        let access = json!([{"type": "repository", "name": repository, "actions": ["pull", "push"]}]);
        self.shared.token("ci", &access)
    }

    /// Ends it, so that nobody listens there any more.
    pub(crate) fn stop(&mut self) {
        self.server.stop();
    }
}

impl Shared {
    fn token(&self, subject: &str, access: &Value) -> String {
        let now = jiff::Timestamp::now().as_second();
        let header = json!({"typ": "JWT", "alg": "ES256", "x5c": [STANDARD.encode(self.signer.der())]});
        let claims = json!({
            "iss": "the-issuer", "sub": subject, "aud": "the-lab", "exp": now + 300, "nbf": now - 10, "iat": now,
            "jti": format!("{now}-{subject}"), "access": access
        });
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", part(&header), part(&claims));
        let signature = self.signer.sign(signed.as_bytes());
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}

async fn answer(State(shared): State<Arc<Shared>>, RawQuery(query): RawQuery, headers: HeaderMap) -> Response {
    *shared.asked.lock().unwrap() += 1;
    let mood = shared.mood.lock().unwrap().clone();
    match mood {
        Mood::Fine => {}
        Mood::Broken(status, kind, body) => return (status, [(header::CONTENT_TYPE, kind)], body).into_response(),
        Mood::Redirecting(place) => {
            let place = format!("{place}?{}", query.unwrap_or_default());
            return (StatusCode::TEMPORARY_REDIRECT, [(header::LOCATION, place)]).into_response();
        }
    }
    let Some((user, rights)) = known(&headers) else {
        let body = json!({"details": "incorrect username or password"});
        return json_answer(StatusCode::UNAUTHORIZED, &body);
    };
    let access: Vec<Value> = scopes(&query.unwrap_or_default())
        .into_iter()
        .map(|(name, wanted)| {
            let granted: Vec<&String> = wanted.iter().filter(|action| rights.contains(&action.as_str())).collect();
            json!({"type": "repository", "name": name, "actions": granted})
        })
        .collect();
    let token = shared.token(user, &json!(access));
    json_answer(StatusCode::OK, &json!({"token": token, "expires_in": 300}))
}

/// Returns who asks and what they may do; somebody who does not say who they are may do nothing.
fn known(headers: &HeaderMap) -> Option<(&'static str, &'static [&'static str])> {
    let Some(value) = headers.get(header::AUTHORIZATION) else { return Some(("", &[])) };
    let encoded = value.to_str().ok()?.strip_prefix("Basic ")?;
    let login = String::from_utf8(STANDARD.decode(encoded).ok()?).ok()?;
    let is = |(user, password): (&str, &str)| login == format!("{user}:{password}");
    if is(WRITER) {
        Some((WRITER.0, &["pull", "push"]))
    } else if is(READER) {
        Some((READER.0, &["pull"]))
    } else if is(GUEST) {
        Some((GUEST.0, &[]))
    } else {
        None
    }
}

/// Returns the repositories that are asked for, and what is to be done in each.
fn scopes(query: &str) -> BTreeMap<String, Vec<String>> {
    let mut found = BTreeMap::new();
    for (key, value) in url::form_urlencoded::parse(query.as_bytes()) {
        for scope in value.split(' ').filter(|_| key == "scope") {
            let mut parts = scope.split(':');
            if let (Some("repository"), Some(name), Some(actions)) = (parts.next(), parts.next(), parts.next()) {
                found.insert(name.to_owned(), actions.split(',').map(str::to_owned).collect());
            }
        }
    }
    found
}
