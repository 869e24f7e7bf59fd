//! Lines by which a registry refuses a push, or a tool says that none was asked for.

use std::sync::LazyLock;

use regex::Regex;

use super::form::{Reference, reference};

/// Refusals that speak of a push themselves.
const OF_A_PUSH: [&str; 7] = [
    r"failed to push [^\s]+[:/]",
    r"[Ee]rror checking push permission",
    r"Image push failed",
    r"Failed to push image",
    r"Error publishing \S+/",
    r"An image does not exist locally with the tag",
    r"Immutable tag error ignored",
];

/// Refusals that would concern a base image if the push had not begun.
const ONCE_BEGUN: [&str; 22] = [
    r"(?:^|[:\]!] |ERROR: )(?:denied|DENIED)\b",
    r"permission_denied|is not authorized to perform",
    r"(?i:\bunauthorized\b)",
    r"no basic auth credentials|Username and password required|authentication required",
    r"insufficient_scope|insufficient scopes|requested access to the resource is denied",
    r"Invalid clientid or client secret|Bad status during token exchange",
    r"40[13] (?:Forbidden|FORBIDDEN)",
    r"(?i:token (?:is|has|was) expired|token has been expired|token not to be used after|ExpiredToken)",
    r"(?i:credentials? (?:is|are|has|have) (?:been )?expired)",
    r"(?i:toomanyrequests|429 too many requests)",
    r"cannot be overwritten because|tag is immutable|TAG_IMMUTABLE|tag invalid: ",
    r"(?i:name unknown: |repository .* does not exist in the registry)",
    r"exceed the configured upper limit|(?i:over quota|quota exceeded|QuotaExceeded)|AccountSizeOverQuota",
    r"413 (?:Request Entity|Payload) Too Large|HTTP 413\b",
    r"x509: |tls: failed|TLS handshake timeout",
    r"(?i:blob upload (?:unknown|invalid))|manifest upload .* returned 4[0-9]{2}|manifest invalid",
    r"unexpected (?:HTTP )?status(?: code| from .*)?:? .*\b5[0-9]{2}\b",
    r"no space left on device",
    r"context deadline exceeded|i/o timeout",
    r"connection (?:refused|reset by peer)|server misbehaving|no such host",
    r"Failed to upload layer|: (?:unexpected )?EOF$",
    r"registry panic: ",
];

/// Lines that look like refusals and are none: limits on pulling, and what registries and tools log on every push.
const HARMLESS: &str = r"pull rate limit|pulling from host|level=debug|error getting credentials - err";

const NO_PUSH: &str = r"No output specified .*build cache|Skipping push to container registry due to --no-push";

#[expect(clippy::unwrap_used, reason = "a literal pattern, compiled by every test")]
static BY_ITSELF: LazyLock<Regex> = LazyLock::new(|| Regex::new(&OF_A_PUSH.join("|")).unwrap());
#[expect(clippy::unwrap_used, reason = "a literal pattern, compiled by every test")]
static BEGUN: LazyLock<Regex> = LazyLock::new(|| Regex::new(&ONCE_BEGUN.join("|")).unwrap());
#[expect(clippy::unwrap_used, reason = "a literal pattern, compiled by every test")]
static NOISE: LazyLock<Regex> = LazyLock::new(|| Regex::new(HARMLESS).unwrap());
#[expect(clippy::unwrap_used, reason = "a literal pattern, compiled by every test")]
static NONE_ASKED: LazyLock<Regex> = LazyLock::new(|| Regex::new(NO_PUSH).unwrap());
#[expect(clippy::unwrap_used, reason = "a literal pattern, compiled by every test")]
static FAILED: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"failed to push (\S+?):? ").unwrap());
#[expect(clippy::unwrap_used, reason = "a literal pattern, compiled by every test")]
static LOGIN: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"://[^/\s@]*@").unwrap());

/// Returns whether the line names a refusal of a push.
pub(super) fn refuses(line: &str, begun: bool) -> bool {
    (BY_ITSELF.is_match(line) || begun && BEGUN.is_match(line)) && !NOISE.is_match(line)
}

/// Returns whether the line says that nothing is to be pushed.
pub(super) fn no_push(line: &str) -> bool {
    NONE_ASKED.is_match(line)
}

/// Returns what the line says could not be pushed: a claim made before, on the way, is void.
pub(super) fn failed(line: &str) -> Option<Reference> {
    reference(FAILED.captures(line)?.get(1)?.as_str())
}

/// Returns the line without what stands for a login in its addresses.
pub(super) fn without_login(line: &str) -> String {
    LOGIN.replace_all(line, "://***@").into_owned()
}
