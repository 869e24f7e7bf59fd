//! The registry's token service: Basic in, a signed token with its rights out.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use http::{Method, StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};

use super::call::Call;
use super::counts::{Kind, Server};
use super::layer::sha256;
use super::reply::Reply;
use super::stage::Stage;
use super::world::Access;

/// The user that the registry knows.
pub(super) const USER: &str = "demo";

/// How long a token lives, in seconds.
const LIFE: i64 = 300;

/// What a token allows.
#[derive(Debug, Deserialize)]
struct Claims {
    exp: i64,
    access: Vec<Grant>,
}

#[derive(Debug, Deserialize)]
struct Grant {
    name: String,
    actions: Vec<String>,
}

/// What a token is worth for reading one repository.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Worth {
    Good,
    /// Not ours, or too old.
    Invalid,
    /// Ours, but without this right.
    Insufficient,
}

/// Answers `GET /token`.
pub(super) fn reply(stage: &Stage, call: &Call) -> Reply {
    if call.method != Method::GET {
        return refusal(StatusCode::METHOD_NOT_ALLOWED, "UNSUPPORTED", "the operation is unsupported");
    }
    let known = match call.authorization("basic") {
        None => false,
        Some(basic) if basic == STANDARD.encode(format!("{USER}:{}", stage.secrets.password)) => true,
        Some(_) => return refusal(StatusCode::UNAUTHORIZED, "UNAUTHORIZED", "incorrect username or password"),
    };
    let scopes = call.query.iter().filter(|(key, _)| key == "scope");
    let mut access = Vec::new();
    for scope in scopes.flat_map(|(_, scopes)| scopes.split(' ')) {
        let mut parts = scope.rsplitn(2, ':');
        let (actions, rest) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        let Some(name) = rest.strip_prefix("repository:") else { continue };
        let right = stage.world.owner(name).map_or(Access::Open, |service| service.access);
        if right == Access::DeniedAtToken {
            return refusal(StatusCode::FORBIDDEN, "DENIED", "requested access to the resource is denied");
        }
        if known && right == Access::Open && actions.split(',').any(|action| action == "pull") {
            access.push(json!({ "type": "repository", "name": name, "actions": ["pull"] }));
        }
    }
    let now = stage.clock.now();
    let token = issue(stage, if known { USER } else { "" }, &access, now);
    let body = json!({
        "token": token, "access_token": token, "expires_in": LIFE, "issued_at": stage.clock.written(now),
    });
    Reply::json(Kind::Token, StatusCode::OK, &body)
}

/// Returns what the token is worth for reading this repository.
pub(super) fn worth(stage: &Stage, token: &str, repository: Option<&str>) -> Worth {
    let Some(claims) = claims(stage, token) else { return Worth::Invalid };
    let read = |grant: &Grant, name| grant.name == name && grant.actions.iter().any(|action| action == "pull");
    match repository {
        None => Worth::Good,
        Some(name) if claims.access.iter().any(|grant| read(grant, name)) => Worth::Good,
        Some(_) => Worth::Insufficient,
    }
}

fn issue(stage: &Stage, subject: &str, access: &[Value], now: i64) -> String {
    let second = |after| stage.clock.moment(now + after).as_second();
    let header = json!({ "typ": "JWT", "alg": "HS256", "kid": "DEMO:ONLY" });
    let claims = json!({
        "iss": "landfall-demo", "sub": subject, "aud": service(stage), "exp": second(LIFE), "nbf": second(-10),
        "iat": second(0), "jti": format!("{:032x}", fastrand::u128(..)), "access": access,
    });
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let signed = format!("{}.{}", part(&header), part(&claims));
    let signature = seal(stage, &signed);
    format!("{signed}.{signature}")
}

fn claims(stage: &Stage, token: &str) -> Option<Claims> {
    let (signed, signature) = token.rsplit_once('.')?;
    if signature != seal(stage, signed) {
        return None;
    }
    let (_, body) = signed.split_once('.')?;
    let claims: Claims = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(body).ok()?).ok()?;
    (claims.exp > stage.clock.moment(stage.clock.now()).as_second()).then_some(claims)
}

/// Good enough for a world that lasts minutes on loopback; it looks like HS256 and is not.
fn seal(stage: &Stage, signed: &str) -> String {
    URL_SAFE_NO_PAD.encode(sha256(format!("{}.{signed}", stage.secrets.signing).as_bytes()))
}

/// Returns the name by which challenge and token speak of the registry.
pub(super) fn service(stage: &Stage) -> String {
    stage.addresses.of(Server::Registry).to_string()
}

fn refusal(status: StatusCode, code: &str, message: &str) -> Reply {
    Reply::json(Kind::Token, status, &json!({ "errors": [{ "code": code, "message": message }] }))
}
