//! What a registry asks for with its 401: RFC 9110's challenge, with the parameters of the token specification.

use std::sync::Arc;

use http::{HeaderMap, header};
use url::Url;

/// How a registry wants its requests authorised.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Scheme {
    /// Not at all.
    Open,
    /// User name and password with each request.
    Basic,
    /// A token from a token service, one for each repository.
    Bearer(Arc<Realm>),
}

/// A token service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Realm {
    pub(super) url: Url,
    pub(super) service: Option<String>,
}

/// The challenges of one answer, read together. Bearer is preferred to Basic.
#[derive(Debug, Default)]
pub(super) struct Challenge {
    /// The scheme, where it is one that we speak.
    pub(super) scheme: Option<Scheme>,
    /// `error=`, such as `invalid_token` or `insufficient_scope`.
    pub(super) error: Option<String>,
    /// The name of a scheme that we do not speak, or of one that lacks its address.
    pub(super) unspoken: Option<String>,
}

impl Challenge {
    pub(super) fn read(headers: &HeaderMap) -> Self {
        let mut found = Self::default();
        for value in headers.get_all(header::WWW_AUTHENTICATE) {
            let parsed = value.to_str().ok().and_then(|value| http_auth::parse_challenges(value).ok());
            for challenge in parsed.into_iter().flatten() {
                found.add(&challenge);
            }
        }
        found
    }

    fn add(&mut self, challenge: &http_auth::ChallengeRef<'_>) {
        let param = |name: &str| {
            let found = challenge.params.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
            found.map(|(_, value)| value.to_unescaped()).filter(|value| !value.is_empty())
        };
        if challenge.scheme.eq_ignore_ascii_case("bearer") {
            self.error = param("error").or(self.error.take());
            match param("realm").and_then(|realm| Url::parse(&realm).ok()) {
                Some(url) => self.scheme = Some(Scheme::Bearer(Arc::new(Realm { url, service: param("service") }))),
                None => self.unspoken = Some("a token, without the address of a token service".to_owned()),
            }
        } else if challenge.scheme.eq_ignore_ascii_case("basic") {
            self.scheme.get_or_insert(Scheme::Basic);
        } else {
            self.unspoken = Some(challenge.scheme.to_owned());
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]
    use proptest::prelude::*;

    use super::*;

    fn read(values: &[&str]) -> Challenge {
        let headers = values.iter().map(|value| (header::WWW_AUTHENTICATE, value.parse().unwrap()));
        Challenge::read(&headers.collect())
    }

    #[test]
    fn bearer_is_preferred_and_its_error_is_read() {
        let found = read(&[
            r#"Basic realm="x", Bearer realm="https://auth.example.com/token",service="reg",error="invalid_token""#,
        ]);
        let Some(Scheme::Bearer(realm)) = found.scheme else { panic!("{found:?}") };
        assert_eq!(realm.url.as_str(), "https://auth.example.com/token");
        assert_eq!((realm.service.as_deref(), found.error.as_deref()), (Some("reg"), Some("invalid_token")));
    }

    #[test]
    fn two_headers_are_two_challenges() {
        assert_eq!(read(&["Negotiate", "Basic realm=x"]).scheme, Some(Scheme::Basic));
    }

    #[test]
    fn a_bearer_challenge_without_a_realm_is_none_that_we_speak() {
        assert_eq!(read(&["Bearer error=invalid_token"]).scheme, None);
        assert!(read(&["Bearer realm=\"/token\""]).unspoken.is_some());
    }

    proptest! {
        #[test]
        fn no_header_makes_it_panic(bytes in proptest::collection::vec(32_u8..=126, 0..200)) {
            let value = http::HeaderValue::from_bytes(&bytes).unwrap();
            Challenge::read(&std::iter::once((header::WWW_AUTHENTICATE, value)).collect());
        }
    }
}
