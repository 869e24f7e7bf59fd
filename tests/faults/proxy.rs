//! A proxy before one of the demo's servers. It passes everything on, but for what the weather of the moment says.

use std::collections::BTreeMap;
use std::io;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, header};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

use crate::certificates::Certificates;
use crate::fault::{Fault, Host};
use crate::wire::{Answer, Manner, Request, Wire};

/// Lists come in pages of this many, so that there is always a second one.
const RUNS_A_PAGE: usize = 4;
const JOBS_A_PAGE: usize = 2;

/// Says what goes wrong with a request.
pub(crate) type Weather = Arc<dyn Fn(Host, &Request) -> Option<Fault> + Send + Sync>;

/// Returns the weather in which nothing goes wrong.
pub(crate) fn calm() -> Weather {
    Arc::new(|_, _| None)
}

/// What all proxies of a street share.
pub(crate) struct Shared {
    pub(crate) weather: watch::Receiver<Weather>,
    /// Addresses of the servers that stand in answers, and what takes their place.
    pub(crate) addresses: Vec<(String, String)>,
    pub(crate) certificates: Option<Certificates>,
    /// Another host, to which nobody's credential belongs.
    pub(crate) elsewhere: String,
    pub(crate) client: reqwest::Client,
    pub(crate) tally: Tally,
}

/// What the proxies did.
#[derive(Default)]
pub(crate) struct Tally {
    asked: Mutex<BTreeMap<Host, u64>>,
    faults: AtomicU64,
    busy: AtomicUsize,
}

impl Tally {
    /// Returns how many requests came to each host.
    pub(crate) fn asked(&self) -> BTreeMap<Host, u64> {
        self.asked.lock().unwrap().clone()
    }

    /// Returns how many requests met a fault.
    pub(crate) fn faults(&self) -> u64 {
        self.faults.load(Ordering::Relaxed)
    }

    /// Returns how many answers are under way that do not wait for time to pass.
    pub(crate) fn busy(&self) -> usize {
        self.busy.load(Ordering::Relaxed)
    }

    fn work(&self) -> Busy<'_> {
        self.busy.fetch_add(1, Ordering::Relaxed);
        Busy(self)
    }
}

struct Busy<'a>(&'a Tally);

impl Drop for Busy<'_> {
    fn drop(&mut self) {
        self.0.busy.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A running proxy.
pub(crate) struct Proxy(JoinHandle<()>);

impl Proxy {
    /// Starts one that passes on to the server with this origin.
    pub(crate) fn start(host: Host, listener: TcpListener, upstream: String, shared: Arc<Shared>) -> Self {
        Self(tokio::spawn(async move {
            let post = Arc::new(Post { host, upstream, shared });
            loop {
                if let Ok((stream, _)) = listener.accept().await {
                    let post = post.clone();
                    tokio::spawn(async move { post.welcome(stream).await });
                }
            }
        }))
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.0.abort();
    }
}

struct Post {
    host: Host,
    upstream: String,
    shared: Arc<Shared>,
}

impl Post {
    async fn welcome(&self, stream: TcpStream) -> io::Result<()> {
        stream.set_nodelay(true)?;
        let Some(certificates) = &self.shared.certificates else { return self.converse(Wire::new(stream)).await };
        let nothing = Request { method: Method::GET, target: String::new(), headers: HeaderMap::new() };
        let config = match self.fault(&nothing) {
            Some(Fault::Certificate(flaw)) => {
                self.shared.tally.faults.fetch_add(1, Ordering::Relaxed);
                certificates.flawed(flaw)
            }
            _ => certificates.good(),
        };
        let busy = self.shared.tally.work();
        let line = TlsAcceptor::from(config).accept(stream).await?;
        drop(busy);
        self.converse(Wire::new(line)).await
    }

    /// Answers request after request. When the weather changes, connections that rest are closed.
    async fn converse(&self, mut wire: Wire) -> io::Result<()> {
        let mut weather = self.shared.weather.clone();
        weather.mark_unchanged();
        loop {
            let request = tokio::select! {
                biased;
                request = wire.request() => request?,
                _ = weather.changed() => None,
            };
            let Some(request) = request else { return Ok(()) };
            *self.shared.tally.asked.lock().unwrap().entry(self.host).or_default() += 1;
            self.answer(&mut wire, request).await?;
        }
    }

    fn fault(&self, request: &Request) -> Option<Fault> {
        let weather = self.shared.weather.borrow().clone();
        weather(self.host, request)
    }

    async fn answer(&self, wire: &mut Wire, request: Request) -> io::Result<()> {
        let tally = &self.shared.tally;
        let fault = self.fault(&request);
        tally.faults.fetch_add(u64::from(fault.is_some()), Ordering::Relaxed);
        let mut manner = Manner::Whole;
        let busy = tally.work();
        let answer = match fault {
            Some(Fault::Instead(made)) => made.answer(),
            Some(Fault::Elsewhere(status)) => self.redirect(&request, status),
            Some(Fault::StrangeRealm) => self.strange_realm(),
            Some(Fault::Changed(change)) => {
                let mut answer = self.upstream(&request).await?;
                change(&request, &mut answer);
                answer
            }
            Some(Fault::Sent(other)) => {
                manner = other;
                self.upstream(&request).await?
            }
            Some(Fault::Late(_) | Fault::Certificate(_)) | None => self.upstream(&request).await?,
        };
        if let Some(Fault::Late(time)) = fault {
            drop(busy);
            tokio::time::sleep(time).await;
            return self.send(wire, &request, answer, manner).await;
        }
        if matches!(manner, Manner::Silence | Manner::Drip | Manner::DripBody) {
            drop(busy);
        }
        self.send(wire, &request, answer, manner).await
    }

    async fn send(&self, wire: &mut Wire, request: &Request, answer: Answer, manner: Manner) -> io::Result<()> {
        let bodiless = request.method == Method::HEAD || matches!(answer.status, 204 | 304);
        wire.send(&answer, bodiless, manner).await
    }

    fn redirect(&self, request: &Request, status: u16) -> Answer {
        let mut answer = Answer { status, headers: HeaderMap::new(), body: Bytes::new() };
        answer.set(header::LOCATION, &format!("{}{}", self.shared.elsewhere, request.target));
        answer
    }

    fn strange_realm(&self) -> Answer {
        let mut answer = Answer { status: 401, headers: HeaderMap::new(), body: Bytes::new() };
        // Another name of this machine is another host.
        let realm = self.shared.elsewhere.replace("127.0.0.1", "localhost");
        answer.set(header::WWW_AUTHENTICATE, &format!("Bearer realm=\"{realm}/token\",service=\"registry\""));
        answer
    }

    async fn upstream(&self, request: &Request) -> io::Result<Answer> {
        let url = format!("{}{}", self.upstream, in_pages(&request.target));
        let mut headers = request.headers.clone();
        headers.remove(header::HOST);
        let asked = self.shared.client.request(request.method.clone(), url).headers(headers).send().await;
        let answer = asked.map_err(io::Error::other)?;
        let (status, mut headers) = (answer.status().as_u16(), answer.headers().clone());
        let length = headers.remove(header::CONTENT_LENGTH);
        let mut body = answer.bytes().await.map_err(io::Error::other)?;
        if request.method == Method::HEAD {
            // Its length is that of the body which it has not.
            let length = length.and_then(|length| length.to_str().ok()?.parse().ok()).unwrap_or(0);
            body = vec![b' '; length].into();
        } else if self.host != Host::Registry {
            body = self.at_our_places(&String::from_utf8_lossy(&body)).into();
        }
        for value in headers.values_mut() {
            let ours = self.at_our_places(value.to_str().unwrap());
            *value = HeaderValue::from_str(&ours).unwrap();
        }
        Ok(Answer { status, headers, body })
    }

    /// Returns the text with the proxies' addresses in place of the servers'.
    fn at_our_places(&self, text: &str) -> String {
        let addresses = self.shared.addresses.iter();
        addresses.fold(text.to_owned(), |text, (theirs, ours)| text.replace(theirs, ours))
    }
}

/// Returns the same address with smaller pages.
fn in_pages(target: &str) -> String {
    let Some((path, query)) = target.split_once('?') else { return target.to_owned() };
    let size = if path.ends_with("/jobs") { JOBS_A_PAGE } else { RUNS_A_PAGE };
    let smaller = |pair: &str| if pair.starts_with("per_page=") { format!("per_page={size}") } else { pair.to_owned() };
    let pairs: Vec<String> = query.split('&').map(smaller).collect();
    format!("{path}?{}", pairs.join("&"))
}
