//! What both CI providers have in common: the token on every request, and what their answers mean.

use std::sync::Arc;

use http::{StatusCode, header};
use jiff::SignedDuration;
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use serde_json::value::RawValue;
use url::Url;

use super::CiOptions;
use super::token::Token;
use crate::domain::{AuthKind, AuthStage, Failure, PushLog, Stage, Text, TokenFacts, TokenKind, TokenReport, Traffic};
use crate::http::{Answer, Ask, Client, ClientOptions, Credential, Edition, OverCap, limited, says};
use crate::push_log;
use crate::retry_log;

/// A page of a hundred runs is about 1.5 MB at GitHub.
const LIST_CAP: u64 = 16 << 20;
/// An archive of reports; those of text are a tenth of what is in them.
const ARCHIVE_CAP: u64 = 16 << 20;
/// Of a longer log the first and the last half of this are read.
const LOG_CAP: u64 = 2 << 20;
/// No file of a repository that is longer is read.
pub(super) const FILE_CAP: u64 = 2 << 20;
/// What a token is worth takes a few lines.
const TOKEN_CAP: u64 = 1 << 20;
/// What is remembered of lists, to ask whether they changed.
const CACHE: usize = 16 << 20;

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A page of a list; its body is not needed where it is still this edition.
    List(Option<Edition>),
    /// What is asked for once, and never changes.
    Once,
    /// A file of a repository.
    File,
    /// An archive of files.
    Archive,
    /// The log of a job.
    Log,
    /// What the token is worth. It is asked anew each time.
    Token,
}

/// One provider's API.
#[derive(Debug)]
pub(super) struct Api {
    client: Client,
    token: Token,
}

impl Api {
    /// Returns the API below `base`. Nothing is sent, and no token is read yet.
    pub(super) fn new(options: CiOptions, base: Url) -> Result<Self, String> {
        let client = Client::new(ClientOptions {
            id: options.id.clone(),
            base,
            ca_pem: options.ca_pem,
            in_flight: options.in_flight,
            timeout: options.timeout,
            cache_bytes: CACHE,
            archive: options.archive,
        })?;
        Ok(Self { client, token: Token::new(options.id, options.token) })
    }

    pub(super) fn traffic(&self) -> Traffic {
        self.client.traffic()
    }

    pub(super) fn distrust(&self, answer: &Answer) {
        self.client.distrust(answer);
    }

    /// Returns what is known of the token, `None` without one. `told` asks the provider.
    ///
    /// # Errors
    /// The token cannot be read here.
    pub(super) async fn token(
        &self,
        told: impl Future<Output = Result<TokenFacts, Failure>>,
    ) -> Result<Option<TokenReport>, Failure> {
        let Some(kind) = self.token.kind().await? else { return Ok(None) };
        Ok(Some(TokenReport { kind, told: told.await }))
    }

    /// Returns what the token's prefix tells of it; nothing without one, or where it cannot be read.
    pub(super) async fn token_kind(&self) -> Option<TokenKind> {
        self.token.kind().await.ok().flatten()
    }

    pub(super) async fn renewed(&self) -> bool {
        self.token.renewed().await
    }

    /// Sends one GET with the token; with another one, once, where the first was refused and has changed since.
    ///
    /// # Errors
    /// What kept an answer from coming. That the token was refused is one of them, and says whose it was.
    pub(super) async fn get(&self, kind: Kind, mut ask: Ask) -> Result<Answer, Failure> {
        if let Kind::List(known) = kind {
            ask.known = known;
        }
        (ask.cap, ask.over_cap, ask.conditional) = match kind {
            Kind::List(_) => (LIST_CAP, OverCap::Refuse, true),
            Kind::Once => (LIST_CAP, OverCap::Refuse, false),
            Kind::File => (FILE_CAP, OverCap::Refuse, true),
            Kind::Archive => (ARCHIVE_CAP, OverCap::Refuse, false),
            Kind::Log => (LOG_CAP, OverCap::KeepEnds, false),
            Kind::Token => (TOKEN_CAP, OverCap::Refuse, false),
        };
        let credential = self.token.credential().await?;
        let answer = self.client.send(ask.clone().credential(credential.clone())).await?;
        let Some(failure) = refusal(&answer) else { return Ok(answer) };
        let Some(another) = self.after(credential).await else { return Err(self.token.named(failure)) };
        let answer = self.client.send(ask.credential(Some(another.clone()))).await?;
        let Some(failure) = refusal(&answer) else { return Ok(answer) };
        self.after(Some(another)).await;
        Err(self.token.named(failure))
    }

    /// Returns what to send instead of a credential that was refused, if there is another.
    async fn after(&self, refused: Option<Credential>) -> Option<Credential> {
        self.token.another(&refused?).await
    }
}

/// Returns the failure of an answer that refuses the credential.
fn refusal(answer: &Answer) -> Option<Failure> {
    let may_refuse = matches!(answer.status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN);
    let failure = may_refuse.then(|| failure(answer))?;
    matches!(failure, Failure::Auth { .. }).then_some(failure)
}

/// Returns the body of a list, or why there is none.
pub(super) fn body(answer: &Answer) -> Result<&[u8], Failure> {
    if answer.status == StatusCode::OK { Ok(&answer.body) } else { Err(failure(answer)) }
}

/// Reads JSON; what is none (a login page, a cut answer) is quoted in few words.
pub(super) fn json<'a, T: Deserialize<'a>>(answer: &'a Answer) -> Result<T, Failure> {
    serde_json::from_slice(body(answer)?).map_err(|error| {
        let is_json = answer.body.first().is_some_and(|byte| matches!(byte, b'{' | b'['));
        let words = says(&answer.headers, &answer.body);
        Failure::Malformed(if is_json {
            Text::from(format!("JSON that breaks off or differs: {error}"))
        } else {
            words
        })
    })
}

/// Reads items one by one, so that an odd one does not hide the others. Returns them and how many were odd.
pub(super) fn each<'a, D: Deserialize<'a>, T>(
    items: &[&'a RawValue],
    convert: impl Fn(D) -> Option<T>,
) -> (Vec<T>, u64) {
    let read: Vec<T> = items.iter().filter_map(|raw| serde_json::from_str(raw.get()).ok().and_then(&convert)).collect();
    let skipped = items.len() - read.len();
    (read, skipped as u64)
}

/// Reads a moment; null, malformed ones and Go's year 1 are unknown.
pub(super) fn moment<'de, D: Deserializer<'de>>(from: D) -> Result<Option<jiff::Timestamp>, D::Error> {
    let text = Option::<String>::deserialize(from)?;
    Ok(text.and_then(|text| text.parse::<jiff::Timestamp>().ok()).filter(|moment| moment.as_second() > 0))
}

/// Reads a span of so many seconds; null, negative and endless ones are unknown.
pub(super) fn seconds<'de, D: Deserializer<'de>>(from: D) -> Result<Option<SignedDuration>, D::Error> {
    let seconds = Option::<f64>::deserialize(from)?;
    Ok(seconds.filter(|seconds| *seconds >= 0.0).and_then(|seconds| SignedDuration::try_from_secs_f64(seconds).ok()))
}

/// What a provider says in the JSON of an answer that is no success.
#[derive(Debug, Deserialize)]
pub(super) struct ErrorDto {
    pub(super) message: Option<Value>,
    pub(super) error: Option<Value>,
    pub(super) status: Option<Value>,
    pub(super) documentation_url: Option<Value>,
}

/// Returns what the log of a job says. `own` knows the provider's own way of saying that there is none: what stands
/// in between answers 404 as well.
pub(super) fn read_log(answer: &Answer, own: impl Fn(&ErrorDto, &str) -> bool) -> Result<PushLog, Failure> {
    if matches!(answer.status, StatusCode::NOT_FOUND | StatusCode::GONE) && !answer.elsewhere {
        let said = serde_json::from_slice::<ErrorDto>(&answer.body);
        if said.is_ok_and(|said| own(&said, answer.status.as_str())) {
            return Ok(PushLog::default());
        }
        let words = says(&answer.headers, &answer.body);
        return Err(Failure::Ambiguous(
            format!("{} that is not the provider's own: {words}", answer.status.as_u16()).into(),
        ));
    }
    if answer.status == StatusCode::NO_CONTENT {
        return Ok(PushLog::default());
    }
    let log = body(answer)?;
    let kind = answer.headers.get(header::CONTENT_TYPE).map_or(&b""[..], |kind| kind.as_bytes());
    if kind.starts_with(b"text/html") || is_page(log) {
        return Err(Failure::Malformed(says(&answer.headers, log)));
    }
    if log.is_empty() {
        return Ok(PushLog::default());
    }
    let half = log.len() / 2;
    let (head, tail) = match log.split_at_checked(half).filter(|_| answer.truncated) {
        Some((head, tail)) => (head, Some(tail)),
        None => (log, None),
    };
    let marks = retry_log::parse(head, tail);
    let retries = (marks.flaky > 0 || marks.reruns > 0 || !marks.tests.is_empty()).then(|| Arc::new(marks));
    Ok(PushLog { retries, ..push_log::parse(head, tail) })
}

/// Returns whether a 403 is about rights, and neither about a limit nor about the credential as such.
pub(super) fn is_refused(answer: &Answer) -> bool {
    matches!(failure(answer), Failure::Forbidden(_) | Failure::Ambiguous(_))
}

/// Returns whether a body is a page or a document of markup, whatever it is called. No log begins so.
pub(super) fn is_page(body: &[u8]) -> bool {
    const BEGINNINGS: [&[u8]; 6] = [b"<!doctype", b"<html", b"<head", b"<body", b"<?xml", b"<error>"];
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body).trim_ascii_start();
    let begins = |with: &[u8]| body.get(..with.len()).is_some_and(|start| start.eq_ignore_ascii_case(with));
    BEGINNINGS.into_iter().any(begins)
}

/// Returns what an answer that is no success means.
pub(super) fn failure(answer: &Answer) -> Failure {
    let words = says(&answer.headers, &answer.body);
    let status = answer.status.as_u16();
    if answer.elsewhere && answer.status.is_client_error() {
        // A store of logs knows nothing of our rights; its signed addresses expire.
        return Failure::Ambiguous(format!("after a redirect: {status} {words}").trim_end().into());
    }
    if let Some(limited) = limited(answer) {
        return limited;
    }
    match status {
        401 => Failure::Auth { stage: AuthStage::Api, kind: kind(answer, words.raw()), says: words },
        403 if answer.body.windows(18).any(|window| window == b"insufficient_scope") => {
            Failure::Auth { stage: AuthStage::Api, kind: AuthKind::InsufficientScope, says: words }
        }
        403 | 451 => Failure::Forbidden(words),
        404 | 410 => Failure::NotFound(words),
        500..=599 => Failure::Unreachable { stage: Stage::Server(status), says: words },
        _ => Failure::Ambiguous(format!("{status} {words}").trim_end().into()),
    }
}

fn kind(answer: &Answer, words: &str) -> AuthKind {
    let challenge = answer.headers.get(header::WWW_AUTHENTICATE).map(http::HeaderValue::as_bytes).unwrap_or_default();
    let challenge = String::from_utf8_lossy(challenge);
    let words = words.to_ascii_lowercase();
    if words.contains("expired") {
        AuthKind::Expired
    } else if words.contains("requires authentication") {
        AuthKind::Absent
    } else if words.contains("bad credentials") || challenge.contains("invalid_token") || words.contains("revoked") {
        AuthKind::InvalidToken
    } else {
        AuthKind::Unknown
    }
}
