//! A proxy before one of the demo's servers. It passes everything on, but for what the weather of the moment says.

use std::collections::BTreeMap;
use std::io;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, header};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tokio_rustls::TlsAcceptor;

use crate::certificates::Certificates;
use crate::fault::{Fault, Host};
use crate::street::Follows;
use crate::wire::{Answer, Manner, Request, Wire};

/// Lists come in pages of this many, so that there is always a second one.
const RUNS_A_PAGE: usize = 4;
const JOBS_A_PAGE: usize = 2;

/// What was under way when a server wanted to be left alone has come by then.
const GRACE: Duration = Duration::from_secs(2);

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
    pub(crate) clock: Arc<Follows>,
    pub(crate) tally: Tally,
}

/// What the proxies did.
#[derive(Default)]
pub(crate) struct Tally {
    asked: Mutex<BTreeMap<Host, u64>>,
    faults: AtomicU64,
    /// How many connections met one.
    flawed: AtomicU64,
    /// When the last one was met.
    last: Mutex<Option<Instant>>,
    /// Since when a host wants to be left alone, and until when.
    alone: Mutex<BTreeMap<Host, (Instant, Instant)>>,
    /// Who was not left alone.
    early: Mutex<Vec<String>>,
    busy: AtomicUsize,
}

impl Tally {
    /// Returns when the last fault was met.
    pub(crate) fn last(&self) -> Option<Instant> {
        *self.last.lock().unwrap()
    }

    /// Returns when every server that wanted to be left alone allows it again to be asked.
    pub(crate) fn allowed(&self) -> Option<Instant> {
        self.alone.lock().unwrap().values().map(|(_, until)| *until).max()
    }

    /// Returns which requests came to a server that wanted to be left alone.
    pub(crate) fn early(&self) -> Vec<String> {
        self.early.lock().unwrap().clone()
    }

    fn came(&self, host: Host, request: &Request) {
        *self.asked.lock().unwrap().entry(host).or_default() += 1;
        let now = Instant::now();
        if let Some((since, until)) = self.alone.lock().unwrap().get(&host)
            && (*since + GRACE..*until).contains(&now)
        {
            let told = format!("{} of {host:?} was asked for {:?} too early", request.target, *until - now);
            self.early.lock().unwrap().push(told);
        }
    }

    /// Returns how many connections met a fault before anything was asked.
    pub(crate) fn flawed(&self) -> u64 {
        self.flawed.load(Ordering::Relaxed)
    }

    fn met(&self) {
        self.faults.fetch_add(1, Ordering::Relaxed);
        *self.last.lock().unwrap() = Some(Instant::now());
    }

    fn leave_alone(&self, host: Host, wait: Duration) {
        let now = Instant::now();
        let mut alone = self.alone.lock().unwrap();
        let (since, until) = alone.entry(host).or_insert((now, now));
        (*since, *until) = (if *until > now { *since } else { now }, (now + wait).max(*until));
    }

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
        let tally = &self.shared.tally;
        let fault = self.fault(&nothing).filter(|fault| fault.is_of_tls());
        if fault.is_some() {
            tally.met();
            tally.flawed.fetch_add(1, Ordering::Relaxed);
        }
        let config = match fault {
            Some(Fault::Mute) => std::future::pending().await,
            Some(Fault::Certificate(flaw)) => certificates.flawed(flaw),
            _ => certificates.good(),
        };
        let busy = tally.work();
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
            self.shared.tally.came(self.host, &request);
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
        let mut manner = Manner::Whole;
        let busy = tally.work();
        let answer = match fault {
            Some(Fault::Instead(made)) => {
                let mut answer = made.answer();
                self.wants_to_be_left_alone(&mut answer);
                answer
            }
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
            Some(Fault::Late(_) | Fault::Certificate(_) | Fault::Mute) | None => self.upstream(&request).await?,
        };
        if fault.is_some() {
            tally.met();
        }
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

    /// Notes how long a server wants to be left alone that says so, as far as it is believed: for an hour. What it says is
    /// counted by the system's clock, and so the time by which ours is ahead of that is added.
    fn wants_to_be_left_alone(&self, answer: &mut Answer) {
        let hour = Duration::from_hours(1);
        let Some(said) = answer.headers.get(header::RETRY_AFTER).filter(|_| matches!(answer.status, 403 | 429)) else {
            return;
        };
        let ahead = self.shared.clock.ahead();
        let wait = match said.to_str().unwrap().parse::<i64>() {
            Ok(seconds @ 1..3600) => {
                let seconds = Duration::from_secs(seconds.unsigned_abs());
                let told = (seconds + ahead).as_secs() + 1;
                answer.set(header::RETRY_AFTER, &told.to_string());
                Duration::from_secs(told).saturating_sub(ahead)
            }
            Ok(3600..) => hour.saturating_sub(ahead),
            Err(_) if said.as_bytes().ends_with(b"GMT") => hour.saturating_sub(ahead),
            Ok(_) | Err(_) => return,
        };
        self.shared.tally.leave_alone(self.host, wait);
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
