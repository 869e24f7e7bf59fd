//! One answer as it is remembered: its body, or by what it is known again, and its marks.

use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};

use super::Answer;
use super::archive::{self, KeptAnswer};
use super::packed::{Body, Packed, Summary};

/// The headers that mean something together with the body: paging, type, name.
const KEPT: [HeaderName; 4] = [
    header::LINK,
    HeaderName::from_static("x-next-page"),
    header::CONTENT_TYPE,
    HeaderName::from_static("docker-content-digest"),
];

/// What a key, its entry and the map's slot weigh besides body and headers.
const OVERHEAD: usize = 512;

/// How often the archive is asked whether it has a body: what was just saved may not be written yet.
const MISSES: u8 = 5;

/// Names one remembered body with its headers. Whatever was made of them once can be made of them again as long as
/// a 304 confirms the same edition; no other answer of the same client has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Edition(pub(super) u64);

/// An answer as it is remembered.
#[derive(Debug, Clone)]
pub(super) struct Kept {
    /// `None` where the archive has it, and whoever asked had what was made of it.
    pub(super) body: Option<Packed>,
    summary: Summary,
    /// How often the archive was found to have another one, or none.
    misses: u8,
    pub(super) headers: HeaderMap,
    pub(super) etag: Option<HeaderValue>,
    last_modified: Option<HeaderValue>,
    pub(super) edition: Edition,
    /// Whether it may outlive the process.
    pub(super) lasting: bool,
}

impl Kept {
    /// Returns what is to be remembered of a complete answer; nothing where it carries no mark. `may_last` says whether it
    /// may outlive the process, unless the server forbids that.
    pub(super) fn of(answer: &Answer, edition: Edition, may_last: bool) -> Option<Self> {
        let mark = |name| answer.headers.get(name).and_then(owned);
        let (etag, last_modified) = (mark(header::ETAG), mark(header::LAST_MODIFIED));
        if etag.is_none() && last_modified.is_none() {
            return None;
        }
        let (body, headers) = (Packed::pack(&answer.body)?, meaningful(&answer.headers));
        let lasting = may_last && !is_private_to_memory(&answer.headers);
        Some(Self {
            summary: body.summary(),
            body: Some(body),
            misses: 0,
            headers,
            etag,
            last_modified,
            edition,
            lasting,
        })
    }

    /// Returns the answer that a 304 with these headers confirms: they, and the remembered ones that it left out.
    pub(super) fn confirmed(&self, newest: &HeaderMap) -> Answer {
        Answer {
            status: StatusCode::OK,
            headers: filled_up(newest.clone(), &self.headers),
            body: self.body.clone().map_or_else(Body::away, Body::packed),
            truncated: false,
            not_modified: true,
            edition: Some(self.edition),
            elsewhere: false,
        }
    }

    /// Takes in what another process archived; `None` where it is not what was archived, or too much of it.
    pub(super) fn restored(answer: KeptAnswer, edition: Edition) -> Option<Self> {
        let mark = |text: Option<String>| text.map(HeaderValue::try_from).transpose().ok();
        let (etag, last_modified) = (mark(answer.etag)?, mark(answer.last_modified)?);
        if etag.is_none() && last_modified.is_none() {
            return None;
        }
        let mut headers = HeaderMap::new();
        for (name, value) in answer.headers {
            headers.append(HeaderName::try_from(name).ok()?, HeaderValue::try_from(value).ok()?);
        }
        let (body, headers) = (Packed::verified(answer.body, archive::LONGEST)?, meaningful(&headers));
        let (summary, body) = (body.summary(), Some(body));
        Some(Self { body, summary, misses: 0, headers, etag, last_modified, edition, lasting: true })
    }

    pub(super) fn archived(&self) -> Option<KeptAnswer> {
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
    pub(super) fn renewed(&self, newest: &HeaderMap, edition: impl FnOnce() -> Edition) -> Option<Self> {
        let newer = |name, mark: &Option<HeaderValue>| newest.get(name).and_then(owned).or_else(|| mark.clone());
        let (etag, last_modified) =
            (newer(header::ETAG, &self.etag), newer(header::LAST_MODIFIED, &self.last_modified));
        let headers = filled_up(meaningful(newest), &self.headers);
        let edition = if headers == self.headers { self.edition } else { edition() };
        let renewed = Self { headers, etag, last_modified, edition, misses: 0, ..self.clone() };
        (renewed.edition != self.edition || renewed.has_other_marks(self)).then_some(renewed)
    }

    pub(super) fn has_other_marks(&self, other: &Self) -> bool {
        self.etag != other.etag || self.last_modified != other.last_modified
    }

    /// Returns whether this is the same answer as the other, as far as that shows without bodies.
    pub(super) fn is_as(&self, other: &Self) -> bool {
        !self.has_other_marks(other) && self.headers == other.headers && self.summary == other.summary
    }

    pub(super) fn differs(&self, other: &Self) -> bool {
        !self.is_as(other) || self.body != other.body
    }

    /// Returns whether its body need not be held if the archive has it, which it may.
    pub(super) fn may_go(&self) -> bool {
        self.misses < MISSES && self.lasting && self.body.as_ref().is_some_and(|body| body.length() <= archive::LONGEST)
    }

    pub(super) fn without_body(&self) -> Self {
        Self { body: None, ..self.clone() }
    }

    pub(super) fn missed(&self) -> Self {
        Self { misses: self.misses + 1, ..self.clone() }
    }

    pub(super) fn weight(&self) -> usize {
        let headers: usize = self.headers.iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
        OVERHEAD + headers + self.body.as_ref().map_or(0, |body| body.bytes().len())
    }
}

/// Adds the remembered headers whose names were not said anew.
fn filled_up(mut newest: HeaderMap, remembered: &HeaderMap) -> HeaderMap {
    let said: Vec<HeaderName> = newest.keys().cloned().collect();
    for (name, value) in remembered.iter().filter(|(name, _)| !said.contains(name)) {
        newest.append(name.clone(), value.clone());
    }
    newest
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
        let reads = ["etag: mark, link: <next>, date: today", "and etag: marked, link: <next>, date: today"];
        let [first, second] = reads.map(|read| Bytes::copy_from_slice(read.as_bytes()));
        let answer = Answer {
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
        let kept = Kept::of(&answer, Edition(1), true).unwrap();
        let mut newer = headers(&second);
        newer.insert(header::ETAG, HeaderValue::from_maybe_shared(second.slice(10..16)).unwrap());
        let renewed = kept.renewed(&newer, || Edition(9)).unwrap();
        for (kept, mark) in [(&kept, "mark"), (&renewed, "marked")] {
            assert_eq!((kept.etag.as_ref().unwrap().as_bytes(), kept.headers.len()), (mark.as_bytes(), 1));
            assert!(!kept.headers.values().chain(&kept.etag).any(is_read));
        }
    }
}
