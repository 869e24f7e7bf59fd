//! Answers as bytes: JSON bodies, entity tags, 304.

use std::fmt::Display;
use std::hash::Hasher as _;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use rustc_hash::FxHasher;
use serde_json::Value;

use super::call::Call;
use super::counts::Kind;

/// An answer, and what kind of request it answers.
#[derive(Debug)]
pub(super) struct Reply {
    pub(super) kind: Kind,
    pub(super) response: Response<Bytes>,
}

impl Reply {
    pub(super) fn new(kind: Kind, status: StatusCode, content_type: &'static str, body: impl Into<Bytes>) -> Self {
        let mut response = Response::new(body.into());
        *response.status_mut() = status;
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
        Self { kind, response }
    }

    pub(super) fn json(kind: Kind, status: StatusCode, body: &Value) -> Self {
        Self::written(kind, status, body.to_string())
    }

    /// An answer whose JSON is written already.
    pub(super) fn written(kind: Kind, status: StatusCode, body: String) -> Self {
        Self::new(kind, status, "application/json; charset=utf-8", body)
    }

    pub(super) fn text(kind: Kind, body: impl Into<Bytes>) -> Self {
        Self::new(kind, StatusCode::OK, "text/plain; charset=utf-8", body)
    }

    /// Sets a header; a value that no header may hold is left out.
    pub(super) fn with(mut self, name: &'static str, value: impl Display) -> Self {
        set(self.response.headers_mut(), name, value);
        self
    }

    /// Gives a successful answer an entity tag, and turns it into 304 where the caller has it already.
    pub(super) fn conditional(self, call: &Call) -> Self {
        if self.response.status() != StatusCode::OK {
            return self;
        }
        let mut hasher = FxHasher::default();
        hasher.write(self.response.body());
        let tag = format!("W/\"{:016x}\"", hasher.finish());
        self.with("etag", &tag).unless_known(call, &tag)
    }

    /// Turns the answer into 304 where the caller has this entity tag already.
    pub(super) fn unless_known(mut self, call: &Call, tag: &str) -> Self {
        let bare = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
        let known = call.header("if-none-match").unwrap_or_default();
        if known.split(',').any(|one| one.trim() == "*" || bare(one) == bare(tag)) {
            *self.response.status_mut() = StatusCode::NOT_MODIFIED;
            *self.response.body_mut() = Bytes::new();
            self.response.headers_mut().remove(header::CONTENT_TYPE);
        }
        self
    }

    pub(super) fn is_not_modified(&self) -> bool {
        self.response.status() == StatusCode::NOT_MODIFIED
    }
}

/// Sets a header; a value that no header may hold is left out.
pub(super) fn set(headers: &mut HeaderMap, name: &'static str, value: impl Display) {
    if let Ok(value) = HeaderValue::from_str(&value.to_string()) {
        headers.insert(name, value);
    }
}
