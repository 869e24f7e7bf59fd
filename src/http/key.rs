//! Names of remembered answers: a keyed hash of all that makes one answer another's, the credential among it.

use std::hash::{BuildHasher, RandomState};

use aws_lc_rs::hmac;
use http::header;

use super::Ask;
use crate::domain::Hex;

/// Which answer it is: the same address gives another with another credential or type accepted.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Key {
    /// 64 hexadecimal digits. Who has the archive, and with it the key, can try guesses at a credential, and no more.
    pub(super) name: String,
    /// Whether another process would give it the same name.
    pub(super) lasting: bool,
}

/// What names are made with.
#[derive(Debug)]
pub(super) struct Namer(hmac::Key);

impl Namer {
    /// Returns one that makes the same names with the same key; without one, names that only this process makes.
    pub(super) fn new(key: Option<[u8; 32]>) -> Self {
        let random = || {
            let mut key = [0; 32];
            for (place, part) in key.chunks_mut(8).enumerate() {
                part.copy_from_slice(&RandomState::new().hash_one(place).to_le_bytes());
            }
            key
        };
        Self(hmac::Key::new(hmac::HMAC_SHA256, &key.unwrap_or_else(random)))
    }

    pub(super) fn name(&self, ask: &Ask) -> Key {
        let mut context = hmac::Context::with_key(&self.0);
        // With its length before it, no part can be taken for the end of another.
        let mut part = |bytes: &[u8]| {
            context.update(&(bytes.len() as u64).to_le_bytes());
            context.update(bytes);
        };
        let url = ask.url.as_str();
        part(ask.method.as_str().as_bytes());
        part(url.strip_suffix('?').unwrap_or(url).as_bytes());
        part(ask.headers.get(header::ACCEPT).map_or(&[][..], |accept| accept.as_bytes()));
        match (ask.on_behalf, &ask.credential) {
            (Some(login), _) => {
                part(b"login");
                part(&login.to_le_bytes());
            }
            (None, Some(credential)) => {
                let (user, secret) = credential.identity();
                part(b"credential");
                part(user.as_bytes());
                part(secret.as_bytes());
            }
            (None, None) => part(b"anonymous"),
        }
        let name = Hex(context.sign().as_ref()).to_string();
        Key { name, lasting: ask.on_behalf.is_none() }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use http::HeaderValue;
    use rustc_hash::FxHashSet;

    use super::*;
    use crate::http::Credential;

    fn asks() -> Vec<Ask> {
        let plain = || Ask::get("https://api.example.com/runs?page=1".parse().unwrap());
        let bearer = |token: &str| Some(Credential::Bearer(token.to_owned().into()));
        let json = || plain().header(header::ACCEPT, "application/json");
        vec![
            plain(),
            json(),
            Ask::get("https://api.example.com/runs?page=2".parse().unwrap()),
            Ask { method: http::Method::HEAD, ..plain() },
            plain().credential(bearer("one")),
            plain().credential(bearer("two")),
            plain().credential(Some(Credential::Basic("one".to_owned(), String::new().into()))),
            plain().credential(Some(Credential::Basic("o".to_owned(), "ne".to_owned().into()))),
            Ask { on_behalf: Some(1), ..plain().credential(bearer("one")) },
            Ask { on_behalf: Some(2), ..plain().credential(bearer("one")) },
        ]
    }

    #[test]
    fn what_gives_another_answer_has_another_name() {
        let namer = Namer::new(None);
        let distinct: FxHashSet<_> = asks().iter().map(|ask| namer.name(ask).name).collect();
        assert_eq!(distinct.len(), asks().len());
    }

    #[test]
    fn names_last_as_long_as_the_key() {
        let [one, same, other, mine, yours] = [Some([7; 32]), Some([7; 32]), Some([8; 32]), None, None].map(Namer::new);
        for ask in asks() {
            let name = |namer: &Namer| namer.name(&ask).name;
            assert_eq!(name(&one), name(&same));
            assert_ne!(name(&one), name(&other));
            assert_ne!(name(&mine), name(&yours));
        }
    }

    #[test]
    fn a_name_shows_nothing_of_the_credential_and_the_namer_nothing_of_its_key() {
        let ask = Ask {
            headers: [(header::ACCEPT, HeaderValue::from_static("x"))].into_iter().collect(),
            ..Ask::get("https://a.example/".parse().unwrap())
        };
        let named = Namer::new(Some(*b"CANARY-CANARY-CANARY-CANARY-CANA"));
        let name = named.name(&ask.credential(Some(Credential::Bearer("CANARY".to_owned().into())))).name;
        assert!(name.len() == 64 && name.bytes().all(|byte| byte.is_ascii_hexdigit()), "{name}");
        assert!(!format!("{named:?}").contains("67, 65, 78") && !format!("{named:?}").contains("CANARY"));
    }
}
