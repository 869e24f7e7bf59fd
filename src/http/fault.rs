//! Why no answer came: how far the request got, in the system's own words, never with an address in them.

use std::error::Error;
use std::io;

use crate::domain::{Failure, Stage, Text};

/// Returns the failure for a request that brought no answer's head.
pub(super) fn sent(error: &reqwest::Error) -> Failure {
    let chain = Chain::of(error);
    let stage = if error.is_timeout() {
        Stage::Timeout
    } else if error.is_dns() || chain.says("dns error") {
        Stage::Dns
    } else if error.is_connect() {
        if chain.before_tls() { Stage::Connect } else { Stage::Tls }
    } else if chain.says("invalid HTTP") || chain.says("message head is too large") {
        return Failure::Malformed(format!("no HTTP answer: {}", chain.deepest).into());
    } else {
        Stage::Cut
    };
    Failure::Unreachable { stage, says: chain.words() }
}

/// Returns the failure for a body that did not come to its end.
pub(super) fn read(error: &reqwest::Error) -> Failure {
    let chain = Chain::of(error);
    if error.is_timeout() {
        return Failure::Unreachable { stage: Stage::Timeout, says: chain.words() };
    }
    if error.is_decode() && !chain.cut {
        return Failure::Malformed(format!("the compressed body is broken: {}", chain.deepest).into());
    }
    Failure::Unreachable { stage: Stage::Cut, says: chain.words() }
}

/// An error and its sources. Only the deepest is quoted: the outer ones print the address.
struct Chain {
    all: Vec<String>,
    deepest: String,
    kind: Option<io::ErrorKind>,
    cut: bool,
}

impl Chain {
    fn of(error: &reqwest::Error) -> Self {
        let mut chain = Self { all: Vec::new(), deepest: String::new(), kind: None, cut: false };
        let mut next: Option<&(dyn Error + 'static)> = error.source();
        while let Some(source) = next {
            let words = source.to_string();
            if let Some(io) = source.downcast_ref::<io::Error>() {
                chain.kind = Some(io.kind());
                chain.cut |= is_cut(io.kind());
            }
            chain.deepest.clone_from(&words);
            chain.all.push(words);
            next = source.source();
        }
        if chain.deepest.is_empty() {
            "the request failed".clone_into(&mut chain.deepest);
        }
        chain.cut |= chain.says("end of file before message length reached") || chain.says("connection closed");
        chain
    }

    fn says(&self, words: &str) -> bool {
        self.all.iter().any(|line| line.contains(words))
    }

    /// Whether the connection failed before TLS began.
    fn before_tls(&self) -> bool {
        let refused = matches!(
            self.kind,
            Some(
                io::ErrorKind::ConnectionRefused
                    | io::ErrorKind::HostUnreachable
                    | io::ErrorKind::NetworkUnreachable
                    | io::ErrorKind::AddrNotAvailable
                    | io::ErrorKind::PermissionDenied
            )
        );
        refused || ["tcp ", "tunnel", "proxy", "socks"].iter().any(|words| self.says(words))
    }

    fn words(&self) -> Text {
        Text::new(&self.deepest)
    }
}

fn is_cut(kind: io::ErrorKind) -> bool {
    matches!(kind, io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionAborted | io::ErrorKind::BrokenPipe)
}
