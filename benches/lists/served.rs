//! A list of runs as GitHub writes it, from a server on loopback, and an archive in memory.

use std::collections::HashMap;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;
use jiff::Timestamp;
use landfall::config;
use landfall::demo::{Server, Servers, World};
use landfall::domain::{RepoPath, Service};
use landfall::http::{Archive, KeptAnswer, read_secret};
use landfall::source::{CiOptions, CiProvider as _, GitHub};
use secrecy::ExposeSecret as _;
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};
use url::Url;

/// The server, and where it is asked from.
pub(crate) struct Served {
    /// The server has a thread of its own, as if it were elsewhere.
    _there: Runtime,
    pub(crate) here: Runtime,
    service: Service,
    url: Url,
    /// The length of the list.
    length: usize,
}

impl Served {
    /// The repository whose list never changes.
    pub(crate) const STEADY: &'static str = "acme/steady";
    /// Another one.
    pub(crate) const OTHER: &'static str = "acme/other";
    /// The repository whose list is another one each time.
    pub(crate) const CHANGING: &'static str = "acme/changing";

    pub(crate) fn new() -> Self {
        let there = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let here = Builder::new_current_thread().enable_all().build().unwrap();
        let (list, service) = there.block_on(list());
        let length = list.len();
        let url = there.block_on(serve(list));
        Self { _there: there, here, service, url, length }
    }

    pub(crate) fn github(&self, kept: Option<&Arc<Kept>>) -> GitHub {
        let archive = kept.map(|kept| Arc::clone(kept) as Arc<dyn Archive>);
        let (id, url, timeout) = (self.service.ci.clone(), self.url.clone(), Duration::from_secs(20));
        GitHub::new(CiOptions { id, url, token: None, ca_pem: None, in_flight: 1, timeout, archive }).unwrap()
    }

    pub(crate) fn service(&self, repo: &str) -> Service {
        Service { repo: RepoPath::parse(repo).unwrap(), ..self.service.clone() }
    }

    /// Says how much one list is, and how much of it is remembered.
    pub(crate) fn report(&self, github: &GitHub) -> String {
        format!("one list is {} bytes, of which {} are remembered", self.length, github.traffic().cache_bytes)
    }
}

/// Returns 30 runs as the made-up GitHub writes them, with every field, and the service that they are of.
async fn list() -> (String, Service) {
    let servers = Servers::start(World::bench(1, 30), Duration::ZERO, Timestamp::now()).await.unwrap();
    let config = config::parse(&servers.config_toml(), Path::new("bench.toml")).unwrap().config;
    let service = Service::clone(&config.services[0]);
    let address = format!("{}/repos/{}/actions/runs?per_page=30", servers.origin(Server::GitHub), service.repo);
    let token = read_secret(config.ci[0].token.as_ref().unwrap()).await.unwrap();
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let asked = client.get(address).bearer_auth(token.expose_secret()).send().await.unwrap();
    (asked.error_for_status().unwrap().text().await.unwrap(), service)
}

async fn serve(list: String) -> Url {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap()).parse().unwrap();
    let turn = Arc::new(AtomicU64::new(0));
    let list: &'static str = list.leak();
    let router = Router::new().fallback(move |request: Request| {
        let turn = turn.fetch_add(1, Ordering::Relaxed);
        async move { respond(&request, list, turn) }
    });
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    url
}

fn respond(request: &Request, list: &'static str, turn: u64) -> Response {
    let changing = request.uri().path().contains(Served::CHANGING);
    let mark = if changing { format!("\"{turn}\"") } else { "\"steady\"".to_owned() };
    let known = request.headers().get("if-none-match").is_some_and(|known| known.as_bytes() == mark.as_bytes());
    let (status, body) = if known { (StatusCode::NOT_MODIFIED, "") } else { (StatusCode::OK, list) };
    (status, [("etag", mark)], body).into_response()
}

/// An archive in memory.
#[derive(Debug, Default)]
pub(crate) struct Kept(Mutex<HashMap<String, KeptAnswer>>);

impl Archive for Kept {
    fn key(&self) -> [u8; 32] {
        [7; 32]
    }

    fn load(&self, name: &str) -> Option<KeptAnswer> {
        self.0.lock().unwrap().get(name).cloned()
    }

    fn save(&self, name: &str, kept: &KeptAnswer) {
        self.0.lock().unwrap().insert(name.to_owned(), kept.clone());
    }

    fn forget(&self, name: &str) {
        self.0.lock().unwrap().remove(name);
    }
}
