//! Serves a router on a free loopback port until it is dropped, and a sink that notes what reaches it.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// A running server.
pub(crate) struct Server {
    task: JoinHandle<()>,
    /// `127.0.0.1:port`.
    pub(crate) host: String,
}

impl Server {
    pub(crate) async fn start(router: Router) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let host = listener.local_addr().unwrap().to_string();
        let task = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { task, host }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.host)
    }

    /// Ends it: nobody listens there any more.
    pub(crate) fn stop(&mut self) {
        self.task.abort();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// A server on another origin, which nobody's credential may reach.
pub(crate) struct Sink {
    server: Server,
    seen: Arc<Mutex<Vec<String>>>,
}

impl Sink {
    pub(crate) async fn start() -> Self {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let router = Router::new().fallback(note).with_state(seen.clone());
        Self { server: Server::start(router).await, seen }
    }

    pub(crate) fn url(&self) -> String {
        self.server.url()
    }

    /// Returns each request that came, with its address and every header.
    pub(crate) fn seen(&self) -> Vec<String> {
        self.seen.lock().unwrap().clone()
    }
}

/// Returns an answer with this JSON.
pub(crate) fn json_answer(status: StatusCode, value: &Value) -> Response {
    (status, [(header::CONTENT_TYPE, "application/json; charset=utf-8")], value.to_string()).into_response()
}

async fn note(State(seen): State<Arc<Mutex<Vec<String>>>>, request: Request) -> (StatusCode, &'static str) {
    seen.lock().unwrap().push(format!("{} {} {:?}", request.method(), request.uri(), request.headers()));
    (StatusCode::OK, "{\"token\":\"sunk\"}")
}
