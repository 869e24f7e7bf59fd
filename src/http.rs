//! The one HTTP stack under every source: pool, timeouts, size caps, redirects by hand, conditional cache.

mod archive;
mod body;
mod budget;
mod cache;
mod caught;
mod fault;
mod hour;
mod kept;
mod key;
mod limit;
mod packed;
mod posted;
mod redirect;
mod renewable;
mod retry_after;
mod secret;
mod sent;
mod skew;
mod traffic;
mod wire;
mod words;

use std::sync::Arc;
use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use tokio::sync::Semaphore;
use url::Url;

use crate::domain::{Failure, SourceId, Stage, Traffic};
use cache::Cache;
use key::Key;
use sent::Sent;
use traffic::Counters;
use wire::Wire;

pub use archive::{Archive, KeptAnswer};
pub use caught::{catches, caught, on_a_thread, supervised};
pub use kept::Edition;
pub use limit::limited;
pub use packed::Body;
pub use posted::{Posted, PostedRead};
pub(crate) use redirect::is_link_local;
pub(crate) use renewable::Renewable;
pub use retry_after::{instant as http_date, retry_at};
pub use secret::{
    Credential, Secret, SecretError, exposed as secret_exposed, hide_variables, origin as secret_origin,
    read as read_secret,
};
pub(crate) use secret::{NOT_FOUND, hidden_variables, run as run_command};
pub(crate) use wire::is_loopback;
pub use words::says;

/// How one source uses the stack.
#[derive(Debug, Clone)]
pub struct ClientOptions {
    /// The source, for messages.
    pub id: SourceId,
    /// Where requests go; budgets are read from this origin's answers only.
    pub base: Url,
    /// More certificate authorities, PEM.
    pub ca_pem: Option<Vec<u8>>,
    /// Requests in flight at most.
    pub in_flight: usize,
    /// From the request's start to the last byte of its answer.
    pub timeout: Duration,
    /// How many bytes of conditional answers are remembered, packed; 0 for none.
    pub cache_bytes: usize,
    /// Where they outlive the process; `None` for nowhere.
    pub archive: Option<Arc<dyn Archive>>,
}

impl ClientOptions {
    /// Returns those of a store that nobody waits for: one request at a time, and no answer is kept, since what it says of
    /// secrets is to lie nowhere else.
    #[must_use]
    pub fn of_store(id: SourceId, base: Url, ca_pem: Option<Vec<u8>>, timeout: Duration) -> Self {
        Self { id, base, ca_pem, in_flight: 1, timeout, cache_bytes: 0, archive: None }
    }
}

/// One source's use of the stack. Clones share connections, cache and counters.
#[derive(Debug, Clone)]
pub struct Client(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    wire: Wire,
    base: Url,
    timeout: Duration,
    permits: Semaphore,
    cache: Cache,
    counters: Counters,
    sent: Sent,
}

/// One request.
#[derive(Debug, Clone)]
pub struct Ask {
    /// GET or HEAD; landfall sends nothing else, but for the token services that want POST, and `PostedRead`.
    pub method: Method,
    /// The full address.
    pub url: Url,
    /// More headers, such as `accept`.
    pub headers: HeaderMap,
    /// Sent as `Authorization` to `url`'s origin only, never after a redirect to another.
    pub credential: Option<Credential>,
    /// The URL-encoded form of a POST; it may hold a secret.
    pub form: Option<Secret>,
    /// Whether a successful answer is a secret itself, which is used and never shown.
    pub wants_secret: bool,
    /// The body of a read that its API shapes as POST.
    pub posted: Option<Posted>,
    /// Largest answer read, in bytes, after decompression.
    pub cap: u64,
    /// What becomes of an answer over the cap.
    pub over_cap: OverCap,
    /// Whether the answer may be kept and asked for conditionally.
    pub conditional: bool,
    /// The edition that the caller has made something of, and still has it: where a 304 confirms that very one, the answer
    /// may come without its body.
    pub known: Option<Edition>,
    /// Whose answer it is, where the credential is a token that changes while the login behind it stays; a hash.
    pub on_behalf: Option<u64>,
}

impl Ask {
    /// Returns a GET of at most a mebibyte, with no credential and not kept.
    #[must_use]
    pub fn get(url: Url) -> Self {
        Self {
            method: Method::GET,
            url,
            headers: HeaderMap::new(),
            credential: None,
            form: None,
            wants_secret: false,
            posted: None,
            cap: 1 << 20,
            over_cap: OverCap::Refuse,
            conditional: false,
            known: None,
            on_behalf: None,
        }
    }

    /// Returns a HEAD, with no credential.
    #[must_use]
    pub fn head(url: Url) -> Self {
        Self { method: Method::HEAD, ..Self::get(url) }
    }

    /// Returns the request with one more header.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: &'static str) -> Self {
        self.headers.insert(name, HeaderValue::from_static(value));
        self
    }

    /// Returns the request with this credential, or with none.
    #[must_use]
    pub fn credential(mut self, credential: Option<Credential>) -> Self {
        self.credential = credential;
        self
    }
}

/// What becomes of an answer over the cap.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OverCap {
    /// `Failure::TooLarge`.
    Refuse,
    /// The first half of the cap and the last half are kept (logs).
    KeepEnds,
    /// The body of a success is not read at all, whatever its size: only the status matters.
    LeaveUnread,
}

/// One answer, whatever its status.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The status; never 304, which comes as the remembered answer.
    pub status: StatusCode,
    /// The headers of the newest answer; after a 304 also the remembered ones that it left out.
    pub headers: HeaderMap,
    /// The whole body, or its ends; nothing where it is bare.
    pub body: Body,
    /// Whether a middle was left out.
    pub truncated: bool,
    /// Whether it came from the conditional cache after a 304.
    pub not_modified: bool,
    /// As which edition it is remembered, where it is.
    pub edition: Option<Edition>,
    /// Whether another origin answered than was asked, after a redirect.
    pub elsewhere: bool,
}

impl Answer {
    /// Returns whether it only confirms the edition that is known, and came without its body.
    #[must_use]
    pub fn is_bare(&self) -> bool {
        self.body.is_away()
    }
}

impl Client {
    /// Returns a client. Nothing is sent yet.
    ///
    /// # Errors
    /// Certificate authorities that cannot be read, in words for the user.
    pub fn new(options: ClientOptions) -> Result<Self, String> {
        let wire = Wire::new(&options)?;
        Ok(Self(Arc::new(Shared {
            wire,
            base: options.base,
            timeout: options.timeout,
            permits: Semaphore::new(options.in_flight.max(1)),
            cache: Cache::new(options.cache_bytes, options.archive),
            counters: Counters::default(),
            sent: Sent::default(),
        })))
    }

    /// Sends one request, follows redirects without credentials across origins, and returns the answer.
    ///
    /// # Errors
    /// `Failure::Unreachable`, `TooLarge`, `Malformed` or `Withheld`: what kept an answer from coming. A status is
    /// no error here.
    pub async fn send(&self, ask: Ask) -> Result<Answer, Failure> {
        let shared = &*self.0;
        let Ok(_permit) = shared.permits.acquire().await else {
            return Err(Failure::Withheld("landfall is ending".into()));
        };
        match tokio::time::timeout(shared.timeout, shared.exchange(ask)).await {
            Ok(outcome) => outcome,
            Err(_) => Err(Failure::Unreachable {
                stage: Stage::Timeout,
                says: format!("not complete within {} s", shared.timeout.as_secs_f32()).into(),
            }),
        }
    }

    /// Forgets an answer that could not be read, so that a broken one is not confirmed again and again.
    pub fn distrust(&self, answer: &Answer) {
        if let Some(edition) = answer.edition {
            self.0.cache.distrust(edition);
        }
    }

    /// Returns what was sent and spent so far.
    #[must_use]
    pub fn traffic(&self) -> Traffic {
        Traffic { cache_bytes: self.0.cache.bytes(), ..self.0.counters.traffic() }
    }
}

impl Shared {
    /// One request and, where it was kept before, whether it has changed since.
    async fn exchange(&self, mut ask: Ask) -> Result<Answer, Failure> {
        if !ask.conditional || ask.method != Method::GET {
            return self.unasked_304(redirect::follow(self, &ask).await?, &ask).await;
        }
        let key = self.cache.key(&ask);
        let Some(kept) = self.cache.get(&key, ask.known) else {
            let answer = self.unasked_304(redirect::follow(self, &ask).await?, &ask).await?;
            return Ok(self.keep(&key, answer));
        };
        kept.ask_whether_changed(&mut ask.headers);
        let answer = redirect::follow(self, &ask).await?;
        // Whoever we were redirected to was not asked whether anything changed.
        if answer.status != StatusCode::NOT_MODIFIED || answer.elsewhere {
            let answer = self.unasked_304(answer, &ask).await?;
            return Ok(self.keep(&key, answer));
        }
        match self.cache.confirm(&key, &kept, ask.known, &answer.headers) {
            Some(answer) => Ok(answer),
            None => Ok(self.keep(&key, self.unasked_304(answer, &ask).await?)),
        }
    }

    /// A 304 that nobody asked for carries nothing: asks once more, for the whole.
    async fn unasked_304(&self, answer: Answer, ask: &Ask) -> Result<Answer, Failure> {
        if answer.status != StatusCode::NOT_MODIFIED {
            return Ok(answer);
        }
        let mut whole = ask.clone();
        whole.headers.remove(header::IF_NONE_MATCH);
        whole.headers.remove(header::IF_MODIFIED_SINCE);
        whole.headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        let answer = redirect::follow(self, &whole).await?;
        if answer.status == StatusCode::NOT_MODIFIED {
            return Err(Failure::Malformed("304 Not Modified, though nothing was remembered".into()));
        }
        Ok(answer)
    }

    /// Remembers a whole answer of the server that was asked. What is gone is forgotten; a refusal or a limit says
    /// nothing about what was remembered, and would make the next look dear.
    fn keep(&self, key: &Key, mut answer: Answer) -> Answer {
        match answer.status {
            StatusCode::OK if !answer.truncated && !answer.elsewhere => self.cache.put(key, &mut answer),
            StatusCode::NOT_FOUND | StatusCode::GONE => self.cache.forget(key),
            _ => {}
        }
        answer
    }
}
