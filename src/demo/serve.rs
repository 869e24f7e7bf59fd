//! The listening side: one axum server per provider on loopback, with counters and an optional delay.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use http::{Method, StatusCode};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, oneshot};

use super::call::Call;
use super::counts::{Kind, Server};
use super::log;
use super::reply::Reply;
use super::reports;
use super::stage::Stage;

/// One request as it came, so that it can be sent again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    /// Who was asked.
    pub server: Server,
    /// What was asked for.
    pub kind: Kind,
    /// The method.
    pub method: Method,
    /// Path and query.
    pub target: String,
    /// Every header.
    pub headers: http::HeaderMap,
}

/// What one server needs beside the world.
#[derive(Debug, Clone)]
pub(super) struct Post {
    pub(super) server: Server,
    pub(super) stage: Arc<Stage>,
    pub(super) latency: Duration,
    pub(super) records: Option<mpsc::UnboundedSender<Recorded>>,
}

/// Returns a listener on a free port of loopback.
pub(super) async fn listen() -> io::Result<TcpListener> {
    TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).await
}

/// Serves until the sender of `stop` is dropped.
pub(super) fn serve(listener: TcpListener, post: Post, stop: oneshot::Receiver<()>) {
    let listener = Counted { listener, server: post.server, stage: post.stage.clone() };
    let app = Router::new().fallback(move |request: Request| answer(post.clone(), request));
    tokio::spawn(async move {
        let over = async {
            let _ = stop.await;
        };
        // Accepting never fails for good, so that there is nothing to report.
        let _ = axum::serve(listener, app).with_graceful_shutdown(over).await;
    });
}

async fn answer(post: Post, request: Request) -> Response {
    let Post { server, stage, latency, records } = post;
    let (parts, _) = request.into_parts();
    let target = parts.uri.path_and_query().map(ToString::to_string).unwrap_or_default();
    let call = Call::new(parts.method, &parts.uri, parts.headers);
    let reply = match server {
        Server::GitHub => super::github::reply(&stage, &call),
        Server::GitLab => super::gitlab::reply(&stage, &call),
        Server::Registry => super::registry::reply(&stage, &call),
        Server::Logs => logs(&stage, &call),
    };
    stage.counters(server).note(reply.kind, reply.is_not_modified());
    if let Some(records) = records {
        let Call { method, headers, .. } = call;
        // Nobody listens any more where this fails.
        let _ = records.send(Recorded { server, kind: reply.kind, method, target, headers });
    }
    if !latency.is_zero() {
        tokio::time::sleep(latency).await;
    }
    reply.response.map(Body::from)
}

/// The store of logs believes its own signature, and must never be sent anybody's credential.
fn logs(stage: &Stage, call: &Call) -> Reply {
    if call.carries_credential() {
        stage.counters(Server::Logs).leak();
        return Reply::new(Kind::LogFile, StatusCode::BAD_REQUEST, "application/xml", REFUSED);
    }
    let file = call.parts.last().map_or("", String::as_str);
    if let Some(id) = file.strip_suffix(".zip") {
        let signed = call.asked("sig").is_some_and(|given| given == stage.signature(file));
        return match id.parse().ok().filter(|_| signed).and_then(|id| reports::github(stage, id)) {
            Some(archive) => Reply::new(Kind::ArchiveFile, StatusCode::OK, "application/zip", archive),
            None => Reply::new(Kind::ArchiveFile, StatusCode::FORBIDDEN, "application/xml", UNSIGNED),
        };
    }
    let id = file.strip_suffix(".txt").unwrap_or_default();
    let signed = call.asked("sig").is_some_and(|given| given == stage.signature(id));
    match id.parse().ok().filter(|_| signed).and_then(|id| log::github(stage, id)) {
        Some(text) => Reply::text(Kind::LogFile, text),
        None => Reply::new(Kind::LogFile, StatusCode::FORBIDDEN, "application/xml", UNSIGNED),
    }
}

const REFUSED: &str = "<?xml version=\"1.0\" encoding=\"utf-8\"?><Error><Code>InvalidAuthenticationInfo</Code>\
    <Message>This address needs no authorization header.</Message></Error>";
const UNSIGNED: &str = "<?xml version=\"1.0\" encoding=\"utf-8\"?><Error><Code>AuthenticationFailed</Code>\
    <Message>The signature does not fit.</Message></Error>";

/// A listener that counts how many connections are open.
struct Counted {
    listener: TcpListener,
    server: Server,
    stage: Arc<Stage>,
}

impl axum::serve::Listener for Counted {
    type Io = Connection;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Connection, SocketAddr) {
        let (stream, address) = axum::serve::Listener::accept(&mut self.listener).await;
        // Without this a small answer can wait for the kernel's timer; it is a matter of speed only.
        let _ = stream.set_nodelay(true);
        self.stage.counters(self.server).opened();
        (Connection { stream, server: self.server, stage: self.stage.clone() }, address)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

/// A connection that says when it closes.
struct Connection {
    stream: TcpStream,
    server: Server,
    stage: Arc<Stage>,
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.stage.counters(self.server).closed();
    }
}

impl AsyncRead for Connection {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write(cx, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(cx)
    }
}
