//! Stands before the real registry and answers some requests in the wrong way; the rest pass through.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use futures_util::stream;

use crate::serve::Server;

/// What goes wrong.
#[derive(Clone, Debug)]
pub(crate) enum Fault {
    /// This status, these headers and this body instead of the registry's.
    Answer(StatusCode, &'static [(&'static str, &'static str)], String),
    /// One byte of the registry's answer at a time, slower than anybody waits.
    Drip,
    /// Half of the registry's body, and then the connection ends.
    Cut,
    /// Half of the registry's body, and the headers say that this is all.
    Half,
    /// The registry's answer without this header.
    Without(&'static str),
    /// The client is sent to this place, with the same path.
    Redirect(String),
}

/// Which requests go wrong, and how.
#[derive(Clone)]
pub(crate) struct Rule {
    /// `None` for every method.
    pub(crate) method: Option<Method>,
    /// A part of the path.
    pub(crate) path: String,
    pub(crate) fault: Fault,
}

impl Rule {
    pub(crate) fn any(path: impl Into<String>, fault: Fault) -> Self {
        Self { method: None, path: path.into(), fault }
    }

    pub(crate) fn only(method: Method, path: impl Into<String>, fault: Fault) -> Self {
        Self { method: Some(method), path: path.into(), fault }
    }
}

struct Shared {
    upstream: String,
    client: reqwest::Client,
    rules: Mutex<Vec<Rule>>,
    asked: Mutex<Vec<String>>,
}

/// A running proxy, over plain http.
pub(crate) struct Proxy {
    shared: Arc<Shared>,
    server: Server,
}

impl Proxy {
    /// Starts one before the server with this address.
    pub(crate) async fn before(upstream: &str) -> Self {
        let client = reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none());
        let shared = Arc::new(Shared {
            upstream: upstream.to_owned(),
            client: client.build().unwrap(),
            rules: Mutex::new(Vec::new()),
            asked: Mutex::new(Vec::new()),
        });
        let router = Router::new().fallback(pass).with_state(shared.clone());
        Self { shared, server: Server::start(router).await }
    }

    pub(crate) fn host(&self) -> &str {
        &self.server.host
    }

    pub(crate) fn break_by(&self, rules: impl IntoIterator<Item = Rule>) {
        *self.shared.rules.lock().unwrap() = rules.into_iter().collect();
    }

    /// Returns what was asked, as `METHOD path`.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.shared.asked.lock().unwrap().clone()
    }
}

async fn pass(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    let (method, path) = (request.method().clone(), request.uri().to_string());
    shared.asked.lock().unwrap().push(format!("{method} {path}"));
    let fits = |rule: &&Rule| rule.method.as_ref().is_none_or(|only| *only == method) && path.contains(&rule.path);
    let fault = shared.rules.lock().unwrap().iter().find(fits).map(|rule| rule.fault.clone());
    match fault {
        Some(Fault::Answer(status, headers, body)) => return made_up(status, headers, body),
        Some(Fault::Redirect(place)) => {
            return made_up(StatusCode::TEMPORARY_REDIRECT, &[], String::new()).with("location", &(place + &path));
        }
        _ => {}
    }
    let url = format!("{}{path}", shared.upstream);
    let mut headers = request.headers().clone();
    headers.remove("host");
    let answer = shared.client.request(method, url).headers(headers).send().await.unwrap();
    let (status, mut headers) = (answer.status(), answer.headers().clone());
    headers.remove("transfer-encoding");
    let body = answer.bytes().await.unwrap();
    match fault {
        Some(Fault::Drip) => dripping(status, headers, body),
        Some(Fault::Cut) => cut(status, headers, &body),
        Some(Fault::Half) => {
            headers.remove("content-length");
            (status, headers, body.slice(..body.len() / 2)).into_response()
        }
        Some(Fault::Without(name)) => {
            headers.remove(name);
            (status, headers, body).into_response()
        }
        _ => (status, headers, body).into_response(),
    }
}

trait With {
    fn with(self, name: &'static str, value: &str) -> Response;
}

impl With for Response {
    fn with(mut self, name: &'static str, value: &str) -> Response {
        self.headers_mut().insert(name, value.parse().unwrap());
        self
    }
}

fn made_up(status: StatusCode, headers: &[(&'static str, &'static str)], body: String) -> Response {
    headers.iter().fold((status, body).into_response(), |answer, (name, value)| answer.with(name, value))
}

fn dripping(status: StatusCode, headers: HeaderMap, body: Bytes) -> Response {
    let drops = stream::unfold((body, 0), |(body, at)| async move {
        tokio::time::sleep(Duration::from_millis(200)).await;
        (at < body.len()).then(|| (Ok::<_, std::io::Error>(body.slice(at..=at)), (body, at + 1)))
    });
    (status, headers, Body::from_stream(drops)).into_response()
}

fn cut(status: StatusCode, headers: HeaderMap, body: &Bytes) -> Response {
    let half = body.slice(..body.len() / 2);
    let parts = [Ok(half), Err(std::io::Error::other("cut"))];
    (status, headers, Body::from_stream(stream::iter(parts))).into_response()
}
