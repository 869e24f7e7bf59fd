//! Every fault, a line each.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use http::header;
use landfall::demo::Kind;

use crate::fault::{Body, Fault, Flaw, Made, Which};
use crate::wire::{Answer, Manner, Request};

/// One thing that can go wrong.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) which: Which,
    pub(crate) fault: Fault,
    pub(crate) rest: Rest,
}

/// How long nobody is asked again after the last answer of a fault, however often somebody wants it and whatever the server
/// allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rest {
    /// Only as long as a pause between tries.
    None,
    /// What only a person can mend, and a limit, is tried again after a minute.
    Minute,
    /// A login that was refused twice rests, because registries lock accounts.
    QuarterHour,
}

impl Rest {
    pub(crate) fn time(self) -> Duration {
        match self {
            Self::None => Duration::ZERO,
            Self::Minute => Duration::from_mins(1),
            Self::QuarterHour => Duration::from_mins(15),
        }
    }
}

const fn case(name: &'static str, which: Which, fault: Fault, rest: Rest) -> Case {
    Case { name, which, fault, rest }
}

const fn made(status: u16, headers: &'static [(&'static str, &'static str)], body: Body) -> Fault {
    Fault::Instead(Made { status, headers, body })
}

/// Times after which a server wants to be asked again.
type After = &'static [(&'static str, &'static str)];
const SOON: After = &[("retry-after", "5")];
const LATER: After = &[("retry-after", "150")];
const AT_ONCE: After = &[("retry-after", "0")];
const BEFORE: After = &[("retry-after", "-86400")];
const NEVER: After = &[("retry-after", "1000000000000")];
const IN_2099: After = &[("retry-after", "Thu, 31 Dec 2099 23:59:59 GMT")];
const GARBAGE: After = &[("retry-after", "a fortnight or two")];

const JSON: Body = Body::Json(r#"{"message":"no, and that is all you get"}"#);
const OCI: Body = Body::Json(r#"{"errors":[{"code":"TOOMANYREQUESTS","message":"slow down"}]}"#);
/// No registry and no CI provider answers so.
const STRANGE: Body = Body::Json(r#"{"detail":"there is nothing at this address","code":17}"#);
const TEXT: Body = Body::Text("Retry later\n");

/// The faults that need no TLS.
pub(crate) const FAULTS: &[Case] = &[
    case("late", Which::Every, Fault::Late(Duration::from_millis(60)), Rest::None),
    case("500 as JSON", Which::Every, made(500, &[], JSON), Rest::None),
    case("502 as HTML", Which::Every, made(502, &[], Body::Html), Rest::None),
    case("503 with a time", Which::Every, made(503, &[("retry-after", "120")], TEXT), Rest::None),
    case("403 as JSON", Which::Every, made(403, &[], JSON), Rest::Minute),
    case("403 as HTML", Which::Every, made(403, &[], Body::Html), Rest::Minute),
    case("403 for 5 s", Which::Every, made(403, SOON, TEXT), Rest::Minute),
    case("403 for 150 s", Which::Every, made(403, LATER, JSON), Rest::Minute),
    case("403 for no time", Which::Every, made(403, AT_ONCE, JSON), Rest::Minute),
    case("403 for less than nothing", Which::Every, made(403, BEFORE, JSON), Rest::Minute),
    case("403 for ever", Which::Every, made(403, NEVER, Body::Html), Rest::Minute),
    case("403 until 2099", Which::Every, made(403, IN_2099, TEXT), Rest::Minute),
    case("403 for some time", Which::Every, made(403, GARBAGE, JSON), Rest::Minute),
    case("429 as JSON", Which::Every, made(429, &[], OCI), Rest::Minute),
    case("429 as HTML", Which::Every, made(429, &[], Body::Html), Rest::Minute),
    case("429 for 5 s", Which::Every, made(429, SOON, OCI), Rest::Minute),
    case("429 for 150 s", Which::Every, made(429, LATER, OCI), Rest::Minute),
    case("429 for no time", Which::Every, made(429, AT_ONCE, OCI), Rest::Minute),
    case("429 for less than nothing", Which::Every, made(429, BEFORE, TEXT), Rest::Minute),
    case("429 for ever", Which::Every, made(429, NEVER, OCI), Rest::Minute),
    case("429 until 2099", Which::Every, made(429, IN_2099, Body::Html), Rest::Minute),
    case("429 for some time", Which::Every, made(429, GARBAGE, TEXT), Rest::Minute),
    case("reset before the head", Which::Every, Fault::Sent(Manner::ResetFirst), Rest::None),
    case("reset within the head", Which::Every, Fault::Sent(Manner::ResetInHead), Rest::None),
    case("reset within the body", Which::Every, Fault::Sent(Manner::ResetInBody), Rest::None),
    case("a farewell instead of an answer", Which::Every, Fault::Sent(Manner::HangUp), Rest::None),
    case("no answer", Which::Every, Fault::Sent(Manner::Silence), Rest::None),
    case("a byte a second", Which::Every, Fault::Sent(Manner::Drip), Rest::None),
    case("a head, then a byte a second", Which::Every, Fault::Sent(Manner::DripBody), Rest::None),
    case("half of the length", Which::Every, Fault::Sent(Manner::CutLength), Rest::None),
    case("chunks without an end", Which::Every, Fault::Sent(Manner::CutChunked), Rest::None),
    case("a terabyte", Which::Every, Fault::Sent(Manner::Endless), Rest::Minute),
    case("endless chunks", Which::OneIn(3), Fault::Sent(Manner::EndlessChunked), Rest::Minute),
    case("a bomb", Which::OneIn(3), made(200, &[], Body::Bomb), Rest::Minute),
    case("another protocol", Which::Every, Fault::Sent(Manner::NoHttp), Rest::None),
    case("a page with 200", Which::Every, made(200, &[], Body::Html), Rest::None),
    case("a page with 404", Which::Every, made(404, &[], Body::Html), Rest::Minute),
    case("a page with the mark of the answer", Which::Every, Fault::Changed(page_with_mark), Rest::None),
    case("the wrong content type", Which::Every, Fault::Changed(called_html), Rest::None),
    case("nothing at all", Which::Every, made(200, &[], Body::Nothing), Rest::None),
    case("204", Which::Every, made(204, &[], Body::Nothing), Rest::None),
    case("an empty object", Which::Every, made(200, &[], Body::Json("{}")), Rest::None),
    case("a new mark each time", Which::Every, Fault::Changed(new_mark), Rest::None),
    case("a 304 that nobody asked for", Which::Every, Fault::Changed(unasked_304), Rest::None),
    case("404 for the later pages", Which::LaterPages, made(404, &[], JSON), Rest::None),
    case("500 for the later pages", Which::LaterPages, made(500, &[], JSON), Rest::None),
    case("nothing on the later pages", Which::LaterPages, Fault::Changed(empty_list), Rest::None),
    case("a clock 2 h ahead", Which::Every, Fault::Changed(|_, answer| dated(answer, 2)), Rest::None),
    case("a clock 2 h behind", Which::Every, Fault::Changed(|_, answer| dated(answer, -2)), Rest::None),
    case("a redirect elsewhere", Which::Every, Fault::Elsewhere(302), Rest::Minute),
    case("another redirect elsewhere", Which::Every, Fault::Elsewhere(307), Rest::Minute),
    case("a strange 404", Which::Every, made(404, &[], STRANGE), Rest::Minute),
    case("an empty 404", Which::Every, made(404, &[], Body::Nothing), Rest::Minute),
    case("a page with 404 for tags", Which::Only(&[Kind::Tag]), made(404, &[], Body::Html), Rest::None),
    case("401 for a good token", Which::Every, made(401, &[], STRANGE), Rest::QuarterHour),
    case("401 as a page", Which::Every, made(401, &[], Body::Html), Rest::QuarterHour),
    case("a token service elsewhere", Which::Every, Fault::StrangeRealm, Rest::QuarterHour),
];

/// The faults of TLS.
pub(crate) const OF_TLS: &[Case] = &[
    case("an expired certificate", Which::Every, Fault::Certificate(Flaw::Expired), Rest::None),
    case("a certificate for another name", Which::Every, Fault::Certificate(Flaw::OtherName), Rest::None),
    case("a certificate of nobody", Which::Every, Fault::Certificate(Flaw::UnknownAuthority), Rest::None),
    case("a connection without a word", Which::Every, Fault::Mute, Rest::None),
];

fn called_html(_: &Request, answer: &mut Answer) {
    answer.set(header::CONTENT_TYPE, "text/html");
}

/// What a box in between does that replaces bodies and passes headers on.
fn page_with_mark(_: &Request, answer: &mut Answer) {
    if answer.status == 200 {
        answer.body = "<html><title>Blocked</title></html>".into();
        answer.set(header::CONTENT_TYPE, "text/html");
    }
}

fn new_mark(_: &Request, answer: &mut Answer) {
    static MARKS: AtomicU64 = AtomicU64::new(0);
    answer.set(header::ETAG, &format!("\"{}\"", MARKS.fetch_add(1, Ordering::Relaxed)));
}

/// An asked-for 304 stays as it is: a server that lies about a change could not be found out.
fn unasked_304(request: &Request, answer: &mut Answer) {
    if answer.status == 200 && !request.headers.contains_key("if-none-match") {
        answer.status = 304;
    }
}

/// The last page of a list, with nothing on it.
fn empty_list(_: &Request, answer: &mut Answer) {
    let is_object = answer.body.starts_with(b"{");
    answer.body = if is_object { r#"{"total_count":0,"workflow_runs":[],"jobs":[]}"# } else { "[]" }.into();
    for name in ["link", "x-next-page", "x-total", "x-total-pages", "etag"] {
        answer.headers.remove(name);
    }
}

fn dated(answer: &mut Answer, hours: i64) {
    let Some(date) = answer.headers.get(header::DATE).and_then(|date| landfall::http::http_date(date.to_str().ok()?))
    else {
        return;
    };
    let skewed = date + jiff::SignedDuration::from_hours(hours);
    answer.set(header::DATE, &skewed.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string());
}
