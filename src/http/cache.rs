//! Answers that were complete once, asked for again only by their mark: `ETag` or `Last-Modified`.

use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use rustc_hash::FxHashMap;

use super::{Answer, Ask};

/// The headers that mean something together with the body: paging, type, name.
const KEPT: [HeaderName; 3] = [header::LINK, header::CONTENT_TYPE, HeaderName::from_static("docker-content-digest")];

/// What GitLab says of its pages.
const KEPT_PREFIXES: [&str; 2] = ["x-next-page", "x-total"];

/// What a key, its entry and the map's slot weigh besides body, URL and headers.
const OVERHEAD: usize = 512;

/// Which answer it is: the same address gives another with another credential or type accepted.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Key {
    method: Method,
    url: String,
    accept: Option<HeaderValue>,
    credential: Option<u64>,
}

/// An answer as it is remembered.
#[derive(Debug)]
pub(super) struct Kept {
    body: Bytes,
    headers: HeaderMap,
    etag: Option<HeaderValue>,
    last_modified: Option<HeaderValue>,
}

#[derive(Debug, Default)]
struct Held {
    entries: FxHashMap<Key, (u64, Arc<Kept>)>,
    bytes: usize,
    uses: u64,
}

/// Remembered answers, bounded by bytes; the longest unused goes first.
#[derive(Debug)]
pub(super) struct Cache {
    limit: usize,
    salt: RandomState,
    held: Mutex<Held>,
}

impl Cache {
    pub(super) fn new(limit: usize) -> Self {
        Self { limit, salt: RandomState::new(), held: Mutex::default() }
    }

    pub(super) fn key(&self, ask: &Ask) -> Key {
        let url = ask.url.as_str();
        Key {
            method: ask.method.clone(),
            url: url.strip_suffix('?').unwrap_or(url).to_owned(),
            accept: ask.headers.get(header::ACCEPT).cloned(),
            credential: ask.on_behalf.or_else(|| Some(self.salt.hash_one(ask.credential.as_ref()?.identity()))),
        }
    }

    pub(super) fn get(&self, key: &Key) -> Option<Arc<Kept>> {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.uses += 1;
        let now = held.uses;
        let (used, kept) = held.entries.get_mut(key)?;
        *used = now;
        Some(Arc::clone(kept))
    }

    /// Remembers a complete answer that carries a mark.
    pub(super) fn put(&self, key: Key, answer: &Answer) {
        let etag = answer.headers.get(header::ETAG).cloned();
        let last_modified = answer.headers.get(header::LAST_MODIFIED).cloned();
        if self.limit == 0 || (etag.is_none() && last_modified.is_none()) {
            return self.forget(&key);
        }
        let kept = Kept { body: answer.body.clone(), headers: lasting(&answer.headers), etag, last_modified };
        self.store(key, Arc::new(kept));
    }

    pub(super) fn forget(&self, key: &Key) {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.remove(key);
    }

    /// Returns the remembered answer that a 304 confirmed. A newer mark in the 304 replaces the old one.
    pub(super) fn confirm(&self, key: Key, kept: &Arc<Kept>, newest: HeaderMap) -> Answer {
        let marks = |name| newest.get(name).cloned();
        let (etag, last_modified) = (marks(header::ETAG), marks(header::LAST_MODIFIED));
        let changed =
            (etag.is_some() && etag != kept.etag) || (last_modified.is_some() && last_modified != kept.last_modified);
        if changed {
            let renewed = Kept {
                body: kept.body.clone(),
                headers: kept.headers.clone(),
                etag: etag.or_else(|| kept.etag.clone()),
                last_modified: last_modified.or_else(|| kept.last_modified.clone()),
            };
            self.store(key, Arc::new(renewed));
        }
        let mut headers = newest;
        for (name, value) in &kept.headers {
            if !headers.contains_key(name) {
                headers.insert(name.clone(), value.clone());
            }
        }
        Answer {
            status: StatusCode::OK,
            headers,
            body: kept.body.clone(),
            truncated: false,
            not_modified: true,
            elsewhere: false,
        }
    }

    fn store(&self, key: Key, kept: Arc<Kept>) {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.remove(&key);
        let weight = weigh(&key, &kept);
        if weight > self.limit {
            return;
        }
        while held.bytes + weight > self.limit {
            let oldest = held.entries.iter().min_by_key(|(_, (used, _))| *used).map(|(key, _)| key.clone());
            let Some(oldest) = oldest else { break };
            held.remove(&oldest);
        }
        held.uses += 1;
        held.bytes += weight;
        let now = held.uses;
        held.entries.insert(key, (now, kept));
    }
}

impl Held {
    fn remove(&mut self, key: &Key) {
        if let Some((_, kept)) = self.entries.remove(key) {
            self.bytes = self.bytes.saturating_sub(weigh(key, &kept));
        }
    }
}

impl Kept {
    /// Adds the conditions to a request: the server answers 304 where the remembered answer still holds.
    pub(super) fn ask_whether_changed(&self, headers: &mut HeaderMap) {
        let mut set = |name: HeaderName, mark: &Option<HeaderValue>| {
            if let Some(mark) = mark {
                headers.insert(name, mark.clone());
            }
        };
        set(header::IF_NONE_MATCH, &self.etag);
        set(header::IF_MODIFIED_SINCE, &self.last_modified);
    }
}

fn lasting(headers: &HeaderMap) -> HeaderMap {
    let lasts =
        |name: &HeaderName| KEPT.contains(name) || KEPT_PREFIXES.iter().any(|prefix| name.as_str().starts_with(prefix));
    headers.iter().filter(|(name, _)| lasts(name)).map(|(name, value)| (name.clone(), value.clone())).collect()
}

fn weigh(key: &Key, kept: &Kept) -> usize {
    let headers: usize = kept.headers.iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
    OVERHEAD + key.url.len() + headers + kept.body.len()
}
