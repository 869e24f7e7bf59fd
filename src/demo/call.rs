//! One request as the demo's servers read it: decoded path, query, page.

use http::{HeaderMap, Method, Uri, header};
use url::form_urlencoded;

/// One request.
#[derive(Debug)]
pub(super) struct Call {
    pub(super) method: Method,
    pub(super) path: String,
    /// The path's parts, percent-decoded each, so that `acme%2Fcart` is one part.
    pub(super) parts: Vec<String>,
    pub(super) query: Vec<(String, String)>,
    pub(super) headers: HeaderMap,
}

/// The page that a request asks for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Page {
    pub(super) number: usize,
    pub(super) size: usize,
}

impl Call {
    pub(super) fn new(method: Method, uri: &Uri, headers: HeaderMap) -> Self {
        let query = uri.query().unwrap_or_default();
        Self {
            method,
            path: uri.path().to_owned(),
            parts: uri.path().split('/').filter(|part| !part.is_empty()).map(decode).collect(),
            query: form_urlencoded::parse(query.as_bytes()).into_owned().collect(),
            headers,
        }
    }

    /// Returns the last value of a query parameter.
    pub(super) fn asked(&self, name: &str) -> Option<&str> {
        self.query.iter().rev().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// Returns a header's value.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// Returns what follows the scheme (`Bearer`, `Basic`) in `Authorization`.
    pub(super) fn authorization(&self, scheme: &str) -> Option<&str> {
        let (given, value) = self.header(header::AUTHORIZATION.as_str())?.split_once(' ')?;
        given.eq_ignore_ascii_case(scheme).then(|| value.trim())
    }

    /// Returns whether the caller sent any credential at all.
    pub(super) fn carries_credential(&self) -> bool {
        ["authorization", "private-token", "job-token", "cookie"].iter().any(|name| self.headers.contains_key(*name))
    }

    /// Returns the page that is asked for, of at most 100.
    pub(super) fn page(&self, usual: usize) -> Page {
        let number =
            |name: &str, usual: usize| self.asked(name).and_then(|value| value.parse().ok()).unwrap_or(usual).max(1);
        Page { number: number("page", 1), size: number("per_page", usual).min(100) }
    }

    /// Returns the same address with another page.
    pub(super) fn at_page(&self, origin: &str, page: usize, size: usize) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        let kept = self.query.iter().filter(|(key, _)| key != "page" && key != "per_page");
        query.extend_pairs(kept);
        query.append_pair("per_page", &size.to_string()).append_pair("page", &page.to_string());
        format!("{origin}{}?{}", self.path, query.finish())
    }
}

impl Page {
    /// Returns this page's share of all items.
    pub(super) fn of<T>(self, all: Vec<T>) -> Vec<T> {
        all.into_iter().skip((self.number - 1) * self.size).take(self.size).collect()
    }

    /// Returns the number of the last page.
    pub(super) fn last(self, total: usize) -> usize {
        total.div_ceil(self.size).max(1)
    }
}

fn decode(part: &str) -> String {
    let mut bytes = Vec::with_capacity(part.len());
    let mut rest = part.bytes();
    while let Some(byte) = rest.next() {
        let mut ahead = rest.clone();
        let digit = |byte: Option<u8>| byte.and_then(|byte| char::from(byte).to_digit(16));
        let pair = (byte == b'%').then(|| Some((digit(ahead.next())?, digit(ahead.next())?))).flatten();
        match pair.and_then(|(high, low)| u8::try_from(high * 16 + low).ok()) {
            Some(decoded) => {
                bytes.push(decoded);
                rest = ahead;
            }
            None => bytes.push(byte),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
