//! Redirects followed by hand: what may be followed, and what may go along.

use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use url::{Host, Url};

use super::wire::is_loopback;
use super::{Answer, Ask, Shared, body};
use crate::domain::Failure;

const MOST: usize = 5;

/// What a request to another origin may carry: nothing that says who asks.
const HARMLESS: [http::HeaderName; 3] = [header::ACCEPT, header::RANGE, header::USER_AGENT];

/// Sends the request, and those that its answers redirect to.
pub(super) async fn follow(shared: &Shared, ask: &Ask) -> Result<Answer, Failure> {
    let mut url = ask.url.clone();
    let mut headers = first_headers(ask, &shared.base)?;
    shared.sent.note(ask);
    for hop in 0..=MOST {
        let sent = shared.counters.sent(same_origin(&url, &shared.base));
        let response = shared.wire.send(ask, url.clone(), headers.clone()).await?;
        shared.counters.answered(&sent, response.status(), response.headers());
        let followed = matches!(ask.method, Method::GET | Method::HEAD) && is_redirect(response.status());
        if !followed {
            return finish(shared, response, ask, !same_origin(&ask.url, &url)).await;
        }
        if hop == MOST {
            break;
        }
        let target = target(&url, response.headers())?;
        // What was dropped once stays dropped, also when a later hop comes back.
        if !same_origin(&url, &target) {
            headers = harmless(&headers);
        }
        url = target;
    }
    Err(Failure::Withheld(format!("more than {MOST} redirects").into()))
}

fn harmless(headers: &HeaderMap) -> HeaderMap {
    let kept = HARMLESS.into_iter().filter_map(|name| headers.get(&name).cloned().map(|value| (name, value)));
    kept.collect()
}

async fn finish(shared: &Shared, response: reqwest::Response, ask: &Ask, elsewhere: bool) -> Result<Answer, Failure> {
    let status = response.status();
    let headers = response.headers().clone();
    let bodiless = ask.method == Method::HEAD || status == StatusCode::NOT_MODIFIED;
    let (mut body, truncated) =
        if bodiless { Default::default() } else { body::read(response, ask.cap, ask.over_cap).await? };
    if !status.is_success() {
        body = shared.sent.redact(body);
    } else if let Some(credential) = ask.credential.as_ref().filter(|_| !ask.wants_secret) {
        body = credential.redact(body);
    }
    Ok(Answer { status, headers, body: body.into(), truncated, not_modified: false, edition: None, elsewhere })
}

fn first_headers(ask: &Ask, base: &Url) -> Result<HeaderMap, Failure> {
    let withheld = |why: &str| Err(Failure::Withheld(why.into()));
    let mut headers = ask.headers.clone();
    if !ask.url.username().is_empty() || ask.url.password().is_some() {
        return withheld("the address holds a user name or password");
    }
    let signed = ask.headers.contains_key(header::AUTHORIZATION);
    let secret = ask.credential.is_some() || ask.form.is_some() || signed;
    if secret && ask.url.scheme() != "https" && !is_loopback(&ask.url) && !same_origin(&ask.url, base) {
        return withheld("a credential would have travelled without TLS");
    }
    if let Some(credential) = &ask.credential {
        let Some(value) = credential.header() else {
            return withheld("the credential holds characters that no header can carry");
        };
        headers.insert(header::AUTHORIZATION, value);
    }
    if ask.form.is_some() {
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"));
    }
    Ok(headers)
}

fn is_redirect(status: StatusCode) -> bool {
    matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308)
}

/// Returns where a redirect points to, if it may be followed. Signed addresses never enter a message.
fn target(from: &Url, headers: &HeaderMap) -> Result<Url, Failure> {
    let withheld = |why: &str| Err(Failure::Withheld(why.into()));
    let location = headers.get(header::LOCATION).and_then(|value| std::str::from_utf8(value.as_bytes()).ok());
    let Some(target) = location.and_then(|location| from.join(location).ok()) else {
        return Err(Failure::Malformed("a redirect without a readable address".into()));
    };
    match (from.scheme(), target.scheme()) {
        ("https" | "http", "https") | ("http", "http") => {}
        ("https", "http") => return withheld("a redirect from https to http was not followed"),
        _ => return withheld("a redirect to something that is not http was not followed"),
    }
    if !target.username().is_empty() || target.password().is_some() {
        return withheld("a redirect to an address with a user name or password was not followed");
    }
    if is_link_local(&target) {
        return withheld("a redirect to a link-local address was not followed");
    }
    Ok(target)
}

/// Returns whether the host is a link-local address, as the metadata services of clouds have.
pub(crate) fn is_link_local(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_link_local() || address.is_unspecified(),
        Some(Host::Ipv6(address)) => {
            let mapped = address.to_ipv4_mapped().is_some_and(|address| address.is_link_local());
            address.is_unicast_link_local() || address.is_unspecified() || mapped
        }
        Some(Host::Domain(name)) => name.trim_end_matches('.').eq_ignore_ascii_case("metadata.google.internal"),
        None => true,
    }
}

/// Returns whether scheme, host and port agree.
pub(super) fn same_origin(one: &Url, other: &Url) -> bool {
    one.scheme() == other.scheme()
        && one.host() == other.host()
        && one.port_or_known_default() == other.port_or_known_default()
}
