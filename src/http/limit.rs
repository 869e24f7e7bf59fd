//! What says "too many requests": a 429, or a 403 that means one.

use http::{StatusCode, header};
use serde::Deserialize;

use super::{Answer, budget, retry_at, says};
use crate::domain::Failure;

/// What is said of a limit where the status alone does not tell: GitHub's secondary limit, and its older names.
const WORDS: [&str; 5] = ["rate limit", "rate-limit", "abuse detection", "abuse-rate", "too many requests"];

#[derive(Deserialize)]
struct RefusalDto {
    documentation_url: Option<String>,
}

/// Returns the failure where the answer says that too many requests were sent. A 403 says so by a `Retry-After`, by a
/// budget that is spent, or in words; one that does none of it is about rights.
#[must_use]
pub fn limited(answer: &Answer) -> Option<Failure> {
    let words = says(&answer.headers, &answer.body);
    let is_limit = match answer.status {
        StatusCode::TOO_MANY_REQUESTS => true,
        // A store to which we were redirected counts nobody's requests; it knows no other refusal.
        StatusCode::FORBIDDEN if !answer.elsewhere => {
            let told = answer.headers.contains_key(header::RETRY_AFTER) || budget::is_spent(&answer.headers);
            told || is_about_limits(words.raw()) || documented(&answer.body).is_some_and(|url| is_about_limits(&url))
        }
        _ => false,
    };
    is_limit.then(|| Failure::RateLimited { until: retry_at(&answer.headers), says: words })
}

fn is_about_limits(words: &str) -> bool {
    let words = words.to_ascii_lowercase();
    WORDS.iter().any(|limit| words.contains(limit))
}

/// GitHub names the page that explains its refusal.
fn documented(body: &[u8]) -> Option<String> {
    serde_json::from_slice::<RefusalDto>(body).ok()?.documentation_url
}
