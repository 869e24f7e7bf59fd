//! Addresses: the CI providers' URLs and the registries' hosts.

use std::net::IpAddr;

use url::{Host, Url};

use super::problem::Problems;
use super::reader::Entry;
use crate::domain::{ImageName, SourceId};

/// Reads the address of a CI provider. Nothing of a bad one is repeated: it may hold a password.
pub(super) fn url(entry: Entry<'_>, plain_http: bool, problems: &mut Problems<'_>) -> Option<Url> {
    let text = entry.string(problems)?;
    let mut refuse = |message: &str, hint: &str| {
        problems.add(entry.at, format!("`url` {message}"), Some(hint));
        None
    };
    let Ok(mut url) = Url::parse(text) else {
        return refuse("is no address", "write it as https://HOST, or https://HOST/api/v3 for GitHub Enterprise");
    };
    if !matches!(url.scheme(), "https" | "http") || url.host().is_none() {
        return refuse("must start with https://", "write it as https://HOST");
    }
    if !url.username().is_empty() || url.password().is_some() {
        return refuse("must not hold a user name or password", "use `token` for the login");
    }
    if url.query().is_some() || url.fragment().is_some() {
        return refuse("must end with its path", "leave out what follows '?' or '#'");
    }
    if url.scheme() == "http" && !plain_http && !is_loopback(&url) {
        let hint = "use https://, or add plain_http = true where you trust every hop on the way";
        return refuse("would send the token without TLS", hint);
    }
    let path = url.path().trim_end_matches('/').to_owned();
    url.set_path(&path);
    if url.scheme() == "http" && !is_loopback(&url) {
        problems.warn(entry.at, "`url` is not loopback: the token travels without TLS", None);
    }
    Some(url)
}

/// Reads a registry's host as image names write it.
pub(super) fn registry_host(entry: Entry<'_>, problems: &mut Problems<'_>) -> Option<SourceId> {
    const HINT: &str = "write it as image names do: host[:port], such as ghcr.io or localhost:5000";
    let text = entry.string(problems)?;
    let host = text.to_ascii_lowercase();
    if holds_login(text) {
        problems.add(entry.at, "`host` must not hold a user name or password", Some("use `credential` for the login"));
        return None;
    }
    if !is_host(&host) {
        let without = "leave out the scheme and the path; write host[:port], such as ghcr.io";
        let hint = if text.contains('/') { without } else { HINT };
        problems.add(entry.at, format!("{text:?} is no registry host"), Some(hint));
        return None;
    }
    // Docker Hub goes by several names; an image's name settles which one is meant.
    ImageName::parse(&format!("{host}/image")).ok().map(|image| image.source())
}

/// Returns whether image names may start with this host: `localhost`, or a name with a dot or a port.
pub(super) fn is_host(host: &str) -> bool {
    let named = host == "localhost" || host.contains(['.', ':']);
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b':' | b'[' | b']');
    named
        && host.bytes().all(legal)
        && Url::parse(&format!("https://{host}/")).is_ok_and(|url| url.username().is_empty())
}

/// Returns whether what stands before the first slash looks like a login, which no message may repeat.
pub(super) fn holds_login(name: &str) -> bool {
    name.split("://")
        .last()
        .unwrap_or(name)
        .split('/')
        .next()
        .is_some_and(|host| host.contains('@') && host.contains(':'))
}

/// Returns whether a registry's host is this very machine.
pub(super) fn is_loopback_host(host: &str) -> bool {
    Url::parse(&format!("http://{host}/")).is_ok_and(|url| is_loopback(&url))
}

/// Returns whether an address is on this very machine.
pub(super) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => IpAddr::from(address).is_loopback(),
        Some(Host::Ipv6(address)) => IpAddr::from(address).is_loopback(),
        None => false,
    }
}
