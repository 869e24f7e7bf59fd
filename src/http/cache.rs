//! Answers that were complete once, asked for again only by their mark: `ETag` or `Last-Modified`.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use rustc_hash::FxHashMap;

use super::archive::{self, Archive, KeptAnswer};
use super::key::{Key, Namer};
use super::packed::{Body, Packed};
use super::{Answer, Ask};

/// The headers that mean something together with the body: paging, type, name.
const KEPT: [HeaderName; 4] = [
    header::LINK,
    HeaderName::from_static("x-next-page"),
    header::CONTENT_TYPE,
    HeaderName::from_static("docker-content-digest"),
];

/// What a key, its entry and the map's slot weigh besides body and headers.
const OVERHEAD: usize = 512;

/// Names one remembered body with its headers. Whatever was made of them once can be made of them again as long as
/// a 304 confirms the same edition; no other answer of the same client has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Edition(u64);

/// An answer as it is remembered.
#[derive(Debug, Clone)]
pub(super) struct Kept {
    /// `None` where the archive has it, and whoever asked had what was made of it.
    body: Option<Packed>,
    headers: HeaderMap,
    etag: Option<HeaderValue>,
    last_modified: Option<HeaderValue>,
    edition: Edition,
    /// Whether it may outlive the process.
    lasting: bool,
}

#[derive(Debug, Default)]
struct Held {
    entries: FxHashMap<String, (u64, Arc<Kept>)>,
    bytes: usize,
    uses: u64,
    editions: u64,
}

/// Remembered answers, bounded by bytes; the longest unused goes first. What the archive has is not gone with it, and of
/// what it has the body is not held here once nobody needs it.
#[derive(Debug)]
pub(super) struct Cache {
    limit: usize,
    namer: Namer,
    archive: Option<Arc<dyn Archive>>,
    held: Mutex<Held>,
}

impl Cache {
    pub(super) fn new(limit: usize, archive: Option<Arc<dyn Archive>>) -> Self {
        let archive = archive.filter(|_| limit > 0);
        let namer = Namer::new(archive.as_ref().map(|archive| archive.key()));
        Self { limit, namer, archive, held: Mutex::default() }
    }

    pub(super) fn key(&self, ask: &Ask) -> Key {
        self.namer.name(ask)
    }

    /// Returns what is remembered, in memory or in the archive; without its body only as the edition that is known.
    pub(super) fn get(&self, key: &Key, known: Option<Edition>) -> Option<Arc<Kept>> {
        let held = self.held().find(key);
        if let Some(kept) = held {
            if kept.body.is_some() || known == Some(kept.edition) {
                return Some(kept);
            }
            if let Some(whole) = self.whole(key, &kept) {
                return Some(Arc::new(whole));
            }
            self.held().remove(&key.name);
        }
        let edition = self.held().edition();
        let kept = Arc::new(self.archived(key, edition)?);
        self.store(key, &kept);
        Some(kept)
    }

    /// Returns what the archive has.
    fn archived(&self, key: &Key, edition: Edition) -> Option<Kept> {
        Kept::restored(self.archive_of(key)?.load(&key.name)?, edition)
    }

    /// Returns the same answer with its body, if the archive has that very one.
    fn whole(&self, key: &Key, kept: &Kept) -> Option<Kept> {
        let whole = self.archived(key, kept.edition)?;
        let is_same = if kept.body.is_some() { !whole.differs(kept) } else { !whole.is_headed_otherwise(kept) };
        is_same.then_some(whole)
    }

    /// Remembers a complete answer that carries a mark, and says in it as which edition.
    pub(super) fn put(&self, key: &Key, answer: &mut Answer) {
        let mark = |name| answer.headers.get(name).and_then(owned);
        let (etag, last_modified) = (mark(header::ETAG), mark(header::LAST_MODIFIED));
        if self.limit == 0 || (etag.is_none() && last_modified.is_none()) {
            return self.forget(key);
        }
        let Some(body) = Packed::pack(&answer.body) else { return self.forget(key) };
        let lasting = key.lasting && !is_private_to_memory(&answer.headers);
        let headers = meaningful(&answer.headers);
        let edition = self.held().edition();
        let kept = Arc::new(Kept { body: Some(body), headers, etag, last_modified, edition, lasting });
        let before = self.held().find(key);
        if before.as_ref().is_none_or(|before| before.differs(&kept)) {
            self.save(key, &kept, before.is_some());
        }
        answer.edition = Some(edition);
        self.store(key, &kept);
    }

    pub(super) fn forget(&self, key: &Key) {
        let was_there = self.held().remove(&key.name);
        if let Some(archive) = self.archive_of(key).filter(|_| was_there) {
            archive.forget(&key.name);
        }
    }

    /// Forgets one edition, here and in the archive; a newer one stays.
    pub(super) fn distrust(&self, edition: Edition) {
        let mut held = self.held();
        let found = held.entries.iter().find(|(_, (_, kept))| kept.edition == edition);
        let Some((name, lasting)) = found.map(|(name, (_, kept))| (name.clone(), kept.lasting)) else { return };
        held.remove(&name);
        drop(held);
        if let Some(archive) = self.archive.as_ref().filter(|_| lasting) {
            archive.forget(&name);
        }
    }

    /// Returns the remembered answer that a 304 confirmed; nothing where it must be asked for in full after all. What is
    /// newer in the 304 replaces what was remembered: another mark stands for the same edition, another link makes it a
    /// new one.
    ///
    /// As the edition that is known it comes without its body where that is not at hand.
    pub(super) fn confirm(
        &self,
        key: &Key,
        kept: &Arc<Kept>,
        known: Option<Edition>,
        newest: &HeaderMap,
    ) -> Option<Answer> {
        let mut kept = Arc::clone(kept);
        if let Some(mut newer) = kept.renewed(newest, || self.held().edition()) {
            if newer.body.is_none() {
                newer.body = self.whole(key, &kept)?.body;
            }
            if newer.has_other_marks(&kept) {
                self.save(key, &newer, true);
            }
            kept = Arc::new(newer);
            self.store(key, &kept);
        } else if known == Some(kept.edition) && kept.body.is_some() && self.whole(key, &kept).is_some() {
            self.store(key, &Arc::new(Kept { body: None, ..Kept::clone(&kept) }));
        }
        let mut headers = newest.clone();
        let said: Vec<HeaderName> = headers.keys().cloned().collect();
        for (name, value) in kept.headers.iter().filter(|(name, _)| !said.contains(name)) {
            headers.append(name.clone(), value.clone());
        }
        Some(Answer {
            status: StatusCode::OK,
            headers,
            body: kept.body.clone().map(Body::packed).unwrap_or_default(),
            truncated: false,
            not_modified: true,
            edition: Some(kept.edition),
            elsewhere: false,
        })
    }

    /// Returns how many bytes are held in memory.
    pub(super) fn bytes(&self) -> u64 {
        self.held().bytes as u64
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn archive_of(&self, key: &Key) -> Option<&Arc<dyn Archive>> {
        self.archive.as_ref().filter(|_| key.lasting)
    }

    /// Archives an answer; where it may not be, the one before it goes too.
    fn save(&self, key: &Key, kept: &Kept, was_there: bool) {
        let Some(archive) = self.archive_of(key) else { return };
        match kept.archived() {
            Some(answer) => archive.save(&key.name, &answer),
            None if was_there => archive.forget(&key.name),
            None => {}
        }
    }

    fn store(&self, key: &Key, kept: &Arc<Kept>) {
        let mut held = self.held();
        held.remove(&key.name);
        let weight = kept.weight();
        if weight > self.limit {
            return;
        }
        while held.bytes + weight > self.limit {
            let oldest = held.entries.iter().min_by_key(|(_, (used, _))| *used).map(|(name, _)| name.clone());
            let Some(oldest) = oldest else { break };
            held.remove(&oldest);
        }
        held.uses += 1;
        held.bytes += weight;
        let now = held.uses;
        held.entries.insert(key.name.clone(), (now, Arc::clone(kept)));
    }
}

impl Held {
    fn find(&mut self, key: &Key) -> Option<Arc<Kept>> {
        self.uses += 1;
        let now = self.uses;
        let (used, kept) = self.entries.get_mut(&key.name)?;
        *used = now;
        Some(Arc::clone(kept))
    }

    fn remove(&mut self, name: &str) -> bool {
        let dropped = self.entries.remove(name);
        if let Some((_, kept)) = &dropped {
            self.bytes = self.bytes.saturating_sub(kept.weight());
        }
        dropped.is_some()
    }

    fn edition(&mut self) -> Edition {
        self.editions += 1;
        Edition(self.editions)
    }
}

impl Kept {
    /// Takes in what another process archived; `None` where it is not what was archived, or too much of it.
    fn restored(answer: KeptAnswer, edition: Edition) -> Option<Self> {
        let mark = |text: Option<String>| text.map(HeaderValue::try_from).transpose().ok();
        let (etag, last_modified) = (mark(answer.etag)?, mark(answer.last_modified)?);
        if etag.is_none() && last_modified.is_none() {
            return None;
        }
        let mut headers = HeaderMap::new();
        for (name, value) in answer.headers {
            headers.append(HeaderName::try_from(name).ok()?, HeaderValue::try_from(value).ok()?);
        }
        let body = Some(Packed::verified(answer.body, archive::LONGEST)?);
        Some(Self { body, headers: meaningful(&headers), etag, last_modified, edition, lasting: true })
    }

    fn archived(&self) -> Option<KeptAnswer> {
        let marks = [self.etag.as_ref(), self.last_modified.as_ref()];
        if self.lasting { KeptAnswer::of(marks, &self.headers, self.body.as_ref()?) } else { None }
    }

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

    /// Returns the answer with what a 304 says anew, if it does.
    fn renewed(&self, newest: &HeaderMap, edition: impl FnOnce() -> Edition) -> Option<Self> {
        let newer = |name, mark: &Option<HeaderValue>| newest.get(name).and_then(owned).or_else(|| mark.clone());
        let (etag, last_modified) =
            (newer(header::ETAG, &self.etag), newer(header::LAST_MODIFIED, &self.last_modified));
        let mut headers = meaningful(newest);
        let said: Vec<HeaderName> = headers.keys().cloned().collect();
        for (name, value) in self.headers.iter().filter(|(name, _)| !said.contains(name)) {
            headers.append(name.clone(), value.clone());
        }
        let edition = if headers == self.headers { self.edition } else { edition() };
        let renewed = Self { body: self.body.clone(), headers, etag, last_modified, edition, lasting: self.lasting };
        (renewed.edition != self.edition || renewed.has_other_marks(self)).then_some(renewed)
    }

    fn has_other_marks(&self, other: &Self) -> bool {
        self.etag != other.etag || self.last_modified != other.last_modified
    }

    fn is_headed_otherwise(&self, other: &Self) -> bool {
        self.has_other_marks(other) || self.headers != other.headers
    }

    fn differs(&self, other: &Self) -> bool {
        self.is_headed_otherwise(other) || self.body != other.body
    }

    fn weight(&self) -> usize {
        let headers: usize = self.headers.iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
        OVERHEAD + headers + self.body.as_ref().map_or(0, |body| body.bytes().len())
    }
}

fn meaningful(headers: &HeaderMap) -> HeaderMap {
    let kept = headers.iter().filter(|(name, _)| KEPT.contains(name));
    let kept: Vec<_> = kept.filter_map(|(name, value)| Some((name, owned(value)?))).collect();
    // Grown one by one, a map has room for six at once.
    let mut meaningful = HeaderMap::with_capacity(kept.len());
    for (name, value) in kept {
        meaningful.append(name, value);
    }
    meaningful
}

/// Returns a copy that shares nothing. What came over the wire is a slice of all that was read with it, and would keep
/// those kilobytes.
fn owned(value: &HeaderValue) -> Option<HeaderValue> {
    HeaderValue::from_bytes(value.as_bytes()).ok()
}

/// A server may forbid that its answer is written down.
fn is_private_to_memory(headers: &HeaderMap) -> bool {
    let said = headers.get_all(header::CACHE_CONTROL).iter().filter_map(|value| value.to_str().ok());
    said.flat_map(|value| value.split(',')).any(|word| word.trim().eq_ignore_ascii_case("no-store"))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use bytes::Bytes;
    use url::Url;

    /// Headers that are slices of what was read.
    fn headers(read: &Bytes) -> HeaderMap {
        let slice = |text: &[u8]| {
            let from = read.windows(text.len()).position(|part| part == text).unwrap();
            HeaderValue::from_maybe_shared(read.slice(from..from + text.len())).unwrap()
        };
        [(header::ETAG, slice(b"mark")), (header::LINK, slice(b"<next>")), (header::DATE, slice(b"today"))]
            .into_iter()
            .collect()
    }

    #[test]
    fn what_is_remembered_of_an_answer_keeps_nothing_else_of_what_was_read_with_it() {
        let cache = Cache::new(1 << 20, None);
        let key = cache.key(&Ask::get(Url::parse("https://ci.test/runs").unwrap()));
        let reads = ["etag: mark, link: <next>, date: today", "and etag: marked, link: <next>, date: today"];
        let [first, second] = reads.map(|read| Bytes::copy_from_slice(read.as_bytes()));
        let mut answer = Answer {
            status: StatusCode::OK,
            headers: headers(&first),
            body: Bytes::from_static(b"{}").into(),
            truncated: false,
            not_modified: false,
            edition: None,
            elsewhere: false,
        };
        let is_read = |value: &HeaderValue| {
            [&first, &second].iter().any(|read| read.as_ptr_range().contains(&value.as_bytes().as_ptr()))
        };
        assert!(answer.headers.values().all(is_read));
        cache.put(&key, &mut answer);
        let kept = cache.get(&key, None).unwrap();
        let mut newer = headers(&second);
        newer.insert(header::ETAG, HeaderValue::from_maybe_shared(second.slice(10..16)).unwrap());
        let renewed = kept.renewed(&newer, || Edition(9)).unwrap();
        for (kept, mark) in [(&*kept, "mark"), (&renewed, "marked")] {
            assert_eq!((kept.etag.as_ref().unwrap().as_bytes(), kept.headers.len()), (mark.as_bytes(), 1));
            assert!(!kept.headers.values().chain(&kept.etag).any(is_read));
        }
    }
}
