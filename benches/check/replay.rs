//! Sends recorded requests again, at the same numbers of connections, with nothing in between.

use std::time::{Duration, Instant};

use futures_util::StreamExt as _;
use futures_util::stream::iter;
use landfall::demo::{Recorded, Server, Servers};
use reqwest::{Client, redirect};

/// The widths that landfall has by default.
const CI: usize = 8;
const REGISTRY: usize = 16;

/// Returns how long all of them take.
pub(crate) async fn replay(servers: &Servers, recorded: Vec<Recorded>) -> Duration {
    let client = Client::builder().redirect(redirect::Policy::none()).no_proxy().tcp_nodelay(true).build().unwrap();
    let (registry, ci): (Vec<_>, Vec<_>) = recorded.into_iter().partition(|one| one.server == Server::Registry);
    let started = Instant::now();
    tokio::join!(lane(servers, &client, registry, REGISTRY), lane(servers, &client, ci, CI));
    started.elapsed()
}

async fn lane(servers: &Servers, client: &Client, requests: Vec<Recorded>, width: usize) {
    let send = |one: Recorded| {
        let Recorded { server, method, target, mut headers, .. } = one;
        headers.remove("host");
        let request = client.request(method, format!("{}{target}", servers.origin(server))).headers(headers);
        async move { request.send().await.unwrap().bytes().await.unwrap().len() }
    };
    iter(requests).map(send).buffer_unordered(width).for_each(|_| async {}).await;
}
