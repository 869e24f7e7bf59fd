//! What goes wrong with one request, and which requests it goes wrong for.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method};
use landfall::demo::Kind;

use crate::wire::{Answer, Manner, Request};

/// Who answers landfall.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Host {
    GitHub,
    GitLab,
    Registry,
    /// The registry's token service.
    Token,
    /// Where GitHub sends those who ask for a log.
    Logs,
}

impl Host {
    pub(crate) const ALL: [Self; 5] = [Self::GitHub, Self::GitLab, Self::Registry, Self::Token, Self::Logs];

    /// Those that are asked again and again, whatever is known already.
    pub(crate) const POLLED: [Self; 2] = [Self::GitHub, Self::GitLab];

    /// Returns whether a verdict over a service of this CI provider may depend on it.
    pub(crate) fn concerns(self, ci: &str) -> bool {
        match self {
            Self::GitHub | Self::Logs => ci == "github",
            Self::GitLab => ci == "gitlab",
            Self::Registry | Self::Token => true,
        }
    }
}

/// What goes wrong.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Fault {
    /// The answer comes later.
    Late(Duration),
    /// This comes instead.
    Instead(Made),
    /// The answer comes, changed.
    Changed(fn(&Request, &mut Answer)),
    /// The answer is sent in another manner.
    Sent(Manner),
    /// The client is sent to another host, with this status.
    Elsewhere(u16),
    /// A challenge names a token service on another host.
    StrangeRealm,
    /// The certificate is not one to trust. It concerns all connections of a host.
    Certificate(Flaw),
    /// The connection is there, and nothing is ever said on it, not even who it is.
    Mute,
}

/// An answer that is made up.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Made {
    pub(crate) status: u16,
    pub(crate) headers: &'static [(&'static str, &'static str)],
    pub(crate) body: Body,
}

/// The body of an answer that is made up.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Body {
    Nothing,
    Json(&'static str),
    Text(&'static str),
    Html,
    /// A few kilobytes that unpack to many megabytes.
    Bomb,
}

/// What is wrong with a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Flaw {
    Expired,
    OtherName,
    UnknownAuthority,
}

impl Fault {
    /// Returns whether it is one of a connection, before anything is asked.
    pub(crate) fn is_of_tls(self) -> bool {
        matches!(self, Self::Certificate(_) | Self::Mute)
    }
}

/// Which requests a fault is for.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Which {
    Every,
    /// These kinds alone.
    Only(&'static [Kind]),
    /// A page of a list that is not its first.
    LaterPages,
    /// One in so many, always the same ones.
    OneIn(u64),
}

const PAGE: &str = "<!doctype html><html><head><title>Sign in</title></head><body><h1>Sign in</h1></body></html>";
/// As in the tests of the HTTP stack. Three of them in a row are more than any list may hold.
const BOMB: &[u8] = include_bytes!("../fixtures/http/8MiB-of-blanks.gz");

impl Which {
    pub(crate) fn fits(self, host: Host, request: &Request) -> bool {
        match self {
            Self::Every => true,
            Self::Only(kinds) => kinds.contains(&kind(host, request)),
            Self::LaterPages => page(request).is_some_and(|page| page > 1),
            Self::OneIn(share) => number(&request.target).is_multiple_of(share),
        }
    }

    /// Returns whether any request to the host can fit.
    pub(crate) fn can_fit(self, host: Host) -> bool {
        match self {
            Self::Every => true,
            Self::Only(kinds) => host == Host::Registry && kinds == [Kind::Tag],
            Self::LaterPages => matches!(host, Host::GitHub | Host::GitLab),
            // The others are asked too few things for a share of them.
            Self::OneIn(_) => host == Host::Registry,
        }
    }
}

impl Made {
    pub(crate) fn answer(self) -> Answer {
        let (content_type, body) = match self.body {
            Body::Nothing => ("", Bytes::new()),
            Body::Json(text) => ("application/json", text.into()),
            Body::Text(text) => ("text/plain; charset=utf-8", text.into()),
            Body::Html => ("text/html; charset=utf-8", PAGE.into()),
            Body::Bomb => ("application/json", [BOMB; 3].concat().into()),
        };
        let mut answer = Answer { status: self.status, headers: HeaderMap::new(), body };
        if !content_type.is_empty() {
            answer.set(http::header::CONTENT_TYPE, content_type);
        }
        if matches!(self.body, Body::Bomb) {
            answer.set(http::header::CONTENT_ENCODING, "gzip");
        }
        for (name, value) in self.headers {
            answer.headers.insert(*name, HeaderValue::from_static(value));
        }
        answer
    }
}

/// Returns what a request asks for.
pub(crate) fn kind(host: Host, request: &Request) -> Kind {
    let path = request.target.split('?').next().unwrap_or_default();
    let ends = |end: &str| path.ends_with(end);
    match host {
        Host::Token => Kind::Token,
        Host::Logs => Kind::LogFile,
        Host::Registry if path.contains("/manifests/sha256:") => Kind::Manifest,
        Host::Registry if path.contains("/manifests/") => Kind::Tag,
        Host::Registry if ends("/tags/list") => Kind::Tags,
        Host::Registry if !path.contains("/blobs/") => Kind::Challenge,
        Host::Registry if request.method == Method::HEAD || request.headers.contains_key("range") => Kind::Blob,
        Host::Registry => Kind::Config,
        Host::GitHub | Host::GitLab if ends("/logs") || ends("/trace") => Kind::Log,
        Host::GitHub | Host::GitLab if ends("/jobs") => Kind::Jobs,
        Host::GitHub | Host::GitLab if ends("/runs") || ends("/pipelines") => Kind::Runs,
        Host::GitHub | Host::GitLab => Kind::Other,
    }
}

fn page(request: &Request) -> Option<u32> {
    let (_, query) = request.target.split_once('?')?;
    query.split('&').find_map(|pair| pair.strip_prefix("page="))?.parse().ok()
}

/// Returns a number that is always the same for the same text.
pub(crate) fn number(text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}
