//! What a token of the token service allows, as it says itself. A service answers 200 to whoever may only read, and
//! leaves out of the token what he may not do: the answer alone proves nothing.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::domain::Rights;

/// A token's payload, of which nothing but the rights is read.
#[derive(Deserialize)]
struct PayloadDto<'a> {
    #[serde(borrow)]
    access: Option<Vec<&'a RawValue>>,
}

#[derive(Deserialize)]
struct AccessDto {
    #[serde(rename = "type")]
    kind: String,
    name: String,
    #[serde(default)]
    actions: Vec<String>,
}

/// Returns what a token allows in a repository, by the token specification's `access` claim. Its signature is not checked:
/// what it says is shown, and nothing is decided by it.
pub(super) fn rights(token: &str, repository: &str) -> Rights {
    let untold = |why: &str| Rights::Untold(why.into());
    let mut parts = token.split('.');
    let (Some(_), Some(payload), Some(_), None) = (parts.next(), parts.next(), parts.next(), parts.next()) else {
        return untold("the registry's tokens cannot be read");
    };
    let Ok(payload) = URL_SAFE_NO_PAD.decode(payload.trim_end_matches('=')) else {
        return untold("the registry's tokens cannot be read");
    };
    let Ok(PayloadDto { access: Some(access) }) = serde_json::from_slice(&payload) else {
        return untold("the registry's tokens do not say what they allow");
    };
    let read: Vec<Option<AccessDto>> = access.iter().map(|entry| serde_json::from_str(entry.get()).ok()).collect();
    let may = |wanted: &str| {
        let here = read.iter().flatten().filter(|entry| entry.kind == "repository" && entry.name == repository);
        here.flat_map(|entry| &entry.actions).any(|action| action == wanted || action == "*")
    };
    if !may("push") && read.iter().any(Option::is_none) {
        return untold("the registry's tokens say in a way that cannot be read what they allow");
    }
    Rights::Told { pull: may("pull"), push: may("push") }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn token(payload: &str) -> String {
        format!("e30.{}.c2ln", URL_SAFE_NO_PAD.encode(payload))
    }

    fn right(payload: &str) -> &'static str {
        match rights(&token(payload), "acme/shop") {
            Rights::Told { push: true, .. } => "granted",
            Rights::Told { push: false, .. } => "withheld",
            Rights::Untold(_) => "unverified",
        }
    }

    #[test]
    fn only_push_for_this_very_repository_is_a_right_to_push() {
        let cases = [
            (r#"{"access":[{"type":"repository","name":"acme/shop","actions":["pull","push"]}]}"#, "granted"),
            (r#"{"access":[{"type":"repository","name":"acme/shop","actions":["*"]}]}"#, "granted"),
            (r#"{"access":[{"type":"repository","name":"acme/shop","actions":["pull"]}]}"#, "withheld"),
            (r#"{"access":[{"type":"repository","name":"acme/shop"}]}"#, "withheld"),
            (r#"{"access":[{"type":"repository","name":"acme/shops","actions":["push"]}]}"#, "withheld"),
            (r#"{"access":[{"type":"registry","name":"acme/shop","actions":["push"]}]}"#, "withheld"),
            (r#"{"access":[]}"#, "withheld"),
            (r#"{"access":[{"type":"repository","name":"acme/shop","actions":"push"}]}"#, "unverified"),
            (r#"{"access":null}"#, "unverified"),
            (r#"{"access":"push"}"#, "unverified"),
            (r#"{"scope":"push"}"#, "unverified"),
            ("[]", "unverified"),
            ("push", "unverified"),
        ];
        for (payload, expected) in cases {
            assert_eq!(right(payload), expected, "{payload}");
        }
    }

    #[test]
    fn what_is_no_token_that_can_be_read_is_unverified() {
        for token in ["", "djE6abcdef", "a.b", "a.b.c", "a.b.c.d", "..", "e30.!!!.c2ln"] {
            assert!(matches!(rights(token, "acme/shop"), Rights::Untold(_)), "{token}");
        }
    }

    proptest! {
        #[test]
        fn no_token_makes_it_panic(token in ".{0,200}", payload in proptest::collection::vec(any::<u8>(), 0..200)) {
            rights(&token, "acme/shop");
            rights(&format!("a.{}.c", URL_SAFE_NO_PAD.encode(payload)), "acme/shop");
        }
    }
}
