//! The token service of the distribution specification: one short-lived token for each repository.

use std::time::Duration;

use http::{Method, StatusCode, header};
use secrecy::ExposeSecret;
use serde::Deserialize;
use serde_json::Value;
use tokio::time::Instant;
use url::Url;
use url::form_urlencoded::Serializer;

use super::challenge::Realm;
use super::keychain::Login;
use super::status;
use crate::domain::{AuthKind, AuthStage, Failure, Stage};
use crate::http::{Answer, Ask, Client, Credential, Secret, http_date, limited, says};

/// The specification's lifetime where the service names none.
const DEFAULT_LIFE: i64 = 60;
const LONGEST_LIFE: i64 = 24 * 60 * 60;
const CLIENT_ID: &str = "landfall";

/// A token for one repository.
#[derive(Debug, Clone)]
pub(super) struct Token {
    pub(super) value: Secret,
    /// Until when it is used: a fifth of its life before its end.
    good_until: Instant,
    /// The login it was given for, by hash; `None` for anonymous.
    pub(super) login: Option<u64>,
}

impl Token {
    pub(super) fn is_good(&self) -> bool {
        Instant::now() < self.good_until
    }

    pub(super) fn is(&self, other: &Secret) -> bool {
        self.value.expose_secret() == other.expose_secret()
    }
}

/// The service's answer.
#[derive(Deserialize)]
struct TokenDto {
    token: Option<String>,
    access_token: Option<String>,
    expires_in: Option<Value>,
    issued_at: Option<Value>,
}

/// What is asked for to read.
pub(super) const PULL: &str = "pull";
/// What is asked for to learn whether a login may write; such a token is looked at and dropped.
pub(super) const PULL_PUSH: &str = "pull,push";

/// Asks the token service for rights in a repository.
pub(super) async fn ask(
    client: &Client,
    realm: &Realm,
    repository: &str,
    actions: &str,
    login: Option<(u64, Login)>,
) -> Result<Token, Failure> {
    let scope = format!("repository:{repository}:{actions}");
    let (hash, login) = login.unzip();
    let ask = match &login {
        Some(Login::IdentityToken(token)) => exchange(realm, &scope, token),
        Some(Login::Basic(user, password)) => {
            plain(realm, &scope).credential(Some(Credential::Basic(user.clone(), password.clone())))
        }
        None => plain(realm, &scope),
    };
    let asked_at = Instant::now();
    let answer = client.send(ask).await.map_err(of_service)?;
    if answer.status != StatusCode::OK {
        return Err(refusal(&answer, login.as_ref()));
    }
    let unreadable = || Failure::Malformed("the token service's answer holds no token".into());
    let dto: TokenDto = serde_json::from_slice(&answer.body).map_err(|_| unreadable())?;
    let good_until = asked_at + life(&answer, &dto);
    let token = dto.token.filter(|token| !token.is_empty()).or(dto.access_token);
    let value = token.filter(|token| !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic()));
    Ok(Token { value: value.ok_or_else(unreadable)?.into(), good_until, login: hash })
}

fn plain(realm: &Realm, scope: &str) -> Ask {
    let mut url = realm.url.clone();
    {
        let mut query = url.query_pairs_mut();
        if let Some(service) = &realm.service {
            query.append_pair("service", service);
        }
        query.append_pair("scope", scope);
    }
    let ask = Ask { wants_secret: true, ..Ask::get(url) };
    ask.header(header::ACCEPT, "application/json")
}

/// The exchange of an identity token, as the specification's OAuth 2 part has it.
fn exchange(realm: &Realm, scope: &str, token: &Secret) -> Ask {
    let mut form = Serializer::new(String::new());
    form.append_pair("grant_type", "refresh_token").append_pair("client_id", CLIENT_ID).append_pair("scope", scope);
    if let Some(service) = &realm.service {
        form.append_pair("service", service);
    }
    form.append_pair("refresh_token", token.expose_secret());
    let url: Url = realm.url.clone();
    let ask = Ask { method: Method::POST, form: Some(form.finish().into()), wants_secret: true, ..Ask::get(url) };
    ask.header(header::ACCEPT, "application/json")
}

/// How long the token is used: four fifths of what is left of its life.
fn life(answer: &Answer, dto: &TokenDto) -> Duration {
    let number = |value: &Value| value.as_i64().or_else(|| value.as_str()?.parse().ok());
    let named = dto.expires_in.as_ref().and_then(number).filter(|seconds| *seconds > 0);
    let life = named.unwrap_or(DEFAULT_LIFE).min(LONGEST_LIFE);
    let date = answer.headers.get(header::DATE).and_then(|date| http_date(date.to_str().ok()?));
    let issued = dto.issued_at.as_ref().and_then(|issued| issued.as_str()?.parse::<jiff::Timestamp>().ok());
    let age = match (date, issued) {
        (Some(date), Some(issued)) => date.duration_since(issued).as_secs().clamp(0, life),
        _ => 0,
    };
    Duration::from_secs((life - age).unsigned_abs()).mul_f64(0.8)
}

fn refusal(answer: &Answer, login: Option<&Login>) -> Failure {
    let says = says(&answer.headers, &answer.body);
    let stage = AuthStage::Token;
    if let Some(limited) = limited(answer) {
        return limited;
    }
    match answer.status.as_u16() {
        401 => {
            let otherwise = match login {
                Some(Login::Basic(..)) => AuthKind::BadPassword,
                Some(Login::IdentityToken(_)) => AuthKind::InvalidToken,
                None => AuthKind::Absent,
            };
            Failure::Auth { stage, kind: status::kind_in(None, &says, otherwise), says }
        }
        // `invalid_grant`: RFC 6749 has 400 for a refresh token that is not, or no longer, good.
        400 if matches!(login, Some(Login::IdentityToken(_))) => {
            Failure::Auth { stage, kind: status::kind_in(None, &says, AuthKind::InvalidToken), says }
        }
        403 if login.is_none() => Failure::Auth { stage, kind: AuthKind::Absent, says },
        403 => status::forbidden(stage, says),
        status @ 500..=599 => {
            Failure::Unreachable { stage: Stage::Server(status), says: format!("the token service: {says}").into() }
        }
        _ => Failure::Ambiguous(format!("the token service answered {} {says}", answer.status).into()),
    }
}

/// Says in a failure's words that it was the token service that could not be reached.
fn of_service(failure: Failure) -> Failure {
    match failure {
        Failure::Unreachable { stage, says } => {
            Failure::Unreachable { stage, says: format!("the token service: {says}").into() }
        }
        Failure::Malformed(says) => Failure::Malformed(format!("the token service: {says}").into()),
        other => other,
    }
}
