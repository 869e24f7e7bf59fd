//! What providers say of a token: GitHub in the headers of every answer, GitLab where a token may ask for itself.

use http::HeaderMap;

use super::gitlab::TokenDto;
use crate::domain::{DateRead, Text, TokenEnd, TokenFacts};

/// The scopes of a classic token. It is there, and empty, where a classic token has none.
const SCOPES: &str = "x-oauth-scopes";
/// The end of a token that has one.
const EXPIRATION: &str = "github-authentication-token-expiration";

/// Reads what GitHub's headers say.
pub(super) fn github(headers: &HeaderMap) -> TokenFacts {
    let text = |name| headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
    let scopes = text(SCOPES).map(|scopes| {
        scopes.split(',').map(str::trim).filter(|scope| !scope.is_empty()).map(Text::from).collect::<Vec<_>>()
    });
    let end = text(EXPIRATION).map_or(TokenEnd::Untold, |written| end(&DateRead::text(&written)));
    TokenFacts { scopes, end, revoked: false }
}

/// Returns whether GitHub's headers say anything of a token.
pub(super) fn says_something(headers: &HeaderMap) -> bool {
    headers.contains_key(SCOPES) || headers.contains_key(EXPIRATION)
}

/// Reads what GitLab says of the token that asks.
pub(super) fn gitlab(dto: TokenDto) -> TokenFacts {
    let scopes = dto.scopes.unwrap_or_default();
    let end = match dto.expires_at.as_deref() {
        None => TokenEnd::Never,
        Some(date) => end(&DateRead::text(date)),
    };
    TokenFacts {
        scopes: Some(scopes.iter().filter_map(|scope| scope.as_str().map(Text::from)).collect()),
        end,
        revoked: dto.revoked == Some(true) || dto.active == Some(false),
    }
}

/// Returns when a token ends. What cannot be read is not told: it may be dead tomorrow.
fn end(date: &DateRead) -> TokenEnd {
    match date {
        DateRead::At(at) => TokenEnd::At(*at),
        DateRead::Never => TokenEnd::Never,
        DateRead::Absent | DateRead::Unreadable(_) => TokenEnd::Untold,
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn at(text: &str) -> TokenEnd {
        TokenEnd::At(text.parse().unwrap())
    }

    #[test]
    fn both_ways_in_which_github_writes_an_end_are_read() {
        let end = |value: &str| {
            github(&[(http::HeaderName::from_static(EXPIRATION), value.parse().unwrap())].into_iter().collect()).end
        };
        assert_eq!(end("2026-08-14 08:15:54 UTC"), at("2026-08-14T08:15:54Z"));
        assert_eq!(end("2026-08-14 08:15:54 -0700"), at("2026-08-14T15:15:54Z"));
        assert_eq!(end("2026-08-14 08:15:54 +0530"), at("2026-08-14T02:45:54Z"));
        for odd in ["", "UTC", "soon", "2026-13-41 08:15:54 UTC"] {
            assert_eq!(end(odd), TokenEnd::Untold, "{odd:?}");
        }
    }

    #[test]
    fn no_scopes_are_not_the_same_as_no_word_about_scopes() {
        let scopes = |value: &str| {
            let headers: HeaderMap =
                [(http::HeaderName::from_static(SCOPES), value.parse().unwrap())].into_iter().collect();
            github(&headers).scopes.map(|scopes| scopes.iter().map(ToString::to_string).collect::<Vec<_>>())
        };
        assert_eq!(scopes("repo, read:org,workflow"), Some(["repo", "read:org", "workflow"].map(str::to_owned).into()));
        assert_eq!(scopes(""), Some(vec![]));
        assert_eq!(github(&HeaderMap::new()).scopes, None);
    }

    #[test]
    fn a_day_ends_a_token_at_its_first_moment_and_the_last_day_of_all_never() {
        assert_eq!(end(&DateRead::text("2026-12-01")), at("2026-12-01T00:00:00Z"));
        assert_eq!(end(&DateRead::text("9999-12-31")), TokenEnd::Never);
        assert_eq!(end(&DateRead::text("2026-12-01T09:30:00Z")), at("2026-12-01T09:30:00Z"));
        assert_eq!(end(&DateRead::text("tomorrow")), TokenEnd::Untold);
    }
}
