//! One file of logins: Docker's `config.json`, or Podman's `auth.json`, which has the same shape.

use std::collections::BTreeMap;

use base64::Engine;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use secrecy::ExposeSecret;
use serde::{Deserialize, Deserializer};

use super::Secret;
use super::keychain::{HUB, Login};

const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// A file of logins, by normalised key.
pub(super) struct LoginFile {
    auths: BTreeMap<String, (String, AuthDto)>,
    helpers: BTreeMap<String, (String, String)>,
    store: Option<String>,
}

/// What a file says about one repository.
pub(super) enum Entry {
    /// The login itself.
    Login(Login),
    /// An entry that cannot be read.
    Broken(&'static str),
    /// Who to ask. `certain` where the file says that this login is with the helper.
    Helper { name: String, server: String, certain: bool },
}

#[derive(Deserialize)]
struct FileDto {
    #[serde(default)]
    auths: Option<BTreeMap<String, Option<AuthDto>>>,
    #[serde(default, rename = "credHelpers")]
    helpers: Option<BTreeMap<String, String>>,
    #[serde(default, rename = "credsStore")]
    store: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct AuthDto {
    #[serde(deserialize_with = "secret")]
    auth: Option<Secret>,
    username: Option<String>,
    #[serde(deserialize_with = "secret")]
    password: Option<Secret>,
    #[serde(deserialize_with = "secret")]
    identitytoken: Option<Secret>,
}

/// Reads a secret; an empty one is none.
fn secret<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Secret>, D::Error> {
    Ok(Option::<String>::deserialize(from)?.filter(|text| !text.is_empty()).map(Secret::from))
}

impl std::fmt::Debug for LoginFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LoginFile").field("auths", &self.auths.len()).finish_non_exhaustive()
    }
}

impl LoginFile {
    pub(super) fn parse(bytes: &[u8]) -> Result<Self, serde_json::Error> {
        let file: FileDto = serde_json::from_slice(bytes)?;
        let auths = file.auths.unwrap_or_default().into_iter();
        let helpers = file.helpers.unwrap_or_default().into_iter();
        Ok(Self {
            auths: auths.map(|(key, auth)| (normal(&key), (key, auth.unwrap_or_default()))).collect(),
            helpers: helpers.map(|(key, name)| (normal(&key), (key, name))).collect(),
            store: file.store.filter(|store| !store.is_empty()),
        })
    }

    /// Returns what the file says, the longest matching path first.
    pub(super) fn find(&self, registry: &str, repository: &str) -> Option<Entry> {
        let mut key = format!("{}/{repository}", normal(registry));
        loop {
            if let Some((written, name)) = self.helpers.get(&key) {
                return Some(Entry::Helper { name: name.clone(), server: written.clone(), certain: true });
            }
            if let Some(entry) = self.auths.get(&key).and_then(|(_, auth)| auth.entry()) {
                return Some(entry);
            }
            let Some(end) = key.rfind('/') else { break };
            key.truncate(end);
        }
        let marker = self.auths.get(&key).map(|(written, _)| written.clone());
        let certain = marker.is_some();
        let server = marker.unwrap_or_else(|| if key == "docker.io" { HUB.to_owned() } else { key });
        Some(Entry::Helper { name: self.store.clone()?, server, certain })
    }
}

impl AuthDto {
    fn entry(&self) -> Option<Entry> {
        if let Some(token) = &self.identitytoken {
            return Some(Entry::Login(Login::IdentityToken(token.clone())));
        }
        if let (Some(user), Some(password)) = (&self.username, &self.password) {
            return Some(Entry::Login(Login::Basic(user.clone(), password.clone())));
        }
        let auth = self.auth.as_ref()?;
        let decoded = LENIENT.decode(auth.expose_secret().trim()).ok().and_then(|bytes| String::from_utf8(bytes).ok());
        let Some(text) = decoded else { return Some(Entry::Broken("an auth entry is no base64 of user:password")) };
        match text.split_once(':') {
            Some((user, password)) => {
                let password = password.trim_end_matches('\0').to_owned();
                Some(Entry::Login(Login::Basic(user.to_owned(), password.into())))
            }
            None => Some(Entry::Broken("an auth entry is no base64 of user:password")),
        }
    }
}

/// Returns the key without scheme, version and trailing slash; every name of Docker Hub becomes `docker.io`.
fn normal(key: &str) -> String {
    let bare = key.strip_prefix("https://").or_else(|| key.strip_prefix("http://")).unwrap_or(key);
    let bare = bare.trim_end_matches('/');
    let bare = bare.strip_suffix("/v1").or_else(|| bare.strip_suffix("/v2")).unwrap_or(bare);
    let (host, path) = bare.split_once('/').map_or((bare, None), |(host, path)| (host, Some(path)));
    let host = match host.to_ascii_lowercase() {
        hub if matches!(hub.as_str(), "index.docker.io" | "registry-1.docker.io") => "docker.io".to_owned(),
        host => host,
    };
    match path {
        Some(path) => format!("{host}/{path}"),
        None => host,
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use rstest::rstest;

    use super::*;

    const FILE: &str = r#"{
        "auths": {
            "https://index.docker.io/v1/": {"auth": "aHViOnB3"},
            "reg.example.com": {"auth": "aG9zdDpwdw=="},
            "reg.example.com/team": {"username": "team", "password": "pw"},
            "reg.example.com/team/app": {"auth": "YXBwOnB3"},
            "Upper.example.com:5000": {"auth": "dXBwZXI6cHc"},
            "azure.example.com": {"identitytoken": "idt"},
            "bad.example.com": {"auth": "!!"},
            "store.example.com": {}
        },
        "credHelpers": {"ecr.example.com": "ecr-login"},
        "credsStore": "desktop"
    }"#;

    #[rstest]
    #[case("docker.io", "library/nginx", "hub")]
    #[case("registry-1.docker.io", "a/b", "hub")]
    #[case("reg.example.com", "other", "host")]
    #[case("reg.example.com", "teamwork/app", "host")]
    #[case("reg.example.com", "team/other", "team")]
    #[case("reg.example.com", "team/app", "app")]
    #[case("reg.example.com", "team/app/sub", "app")]
    #[case("upper.example.com:5000", "x", "upper")]
    #[case("azure.example.com", "x", "<token>")]
    #[case("bad.example.com", "x", "broken")]
    #[case("store.example.com", "x", "desktop store.example.com true")]
    #[case("ecr.example.com", "x", "ecr-login ecr.example.com true")]
    #[case("unheard.example.com", "x", "desktop unheard.example.com false")]
    fn the_longest_path_wins(#[case] registry: &str, #[case] repository: &str, #[case] want: &str) {
        let file = LoginFile::parse(FILE.as_bytes()).unwrap();
        let got = match file.find(registry, repository).unwrap() {
            Entry::Login(Login::Basic(user, password)) => {
                assert_eq!(password.expose_secret(), "pw");
                user
            }
            Entry::Login(Login::IdentityToken(_)) => "<token>".to_owned(),
            Entry::Broken(_) => "broken".to_owned(),
            Entry::Helper { name, server, certain } => format!("{name} {server} {certain}"),
        };
        assert_eq!(got, want);
    }

    #[test]
    fn nulls_and_unknown_keys_are_no_logins() {
        for file in [r"{}", r#"{"auths":null,"credHelpers":null,"psFormat":"x"}"#, r#"{"auths":{"a.b":null}}"#] {
            assert!(LoginFile::parse(file.as_bytes()).unwrap().find("a.b", "c").is_none(), "{file}");
        }
    }
}
