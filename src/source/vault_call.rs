//! One call of Vault's or OpenBao's API (`/v1`): the token on each, LIST as GET, and what a refusal means.

use http::{HeaderName, HeaderValue};
use serde::Deserialize;
use url::Url;

use super::api;
use super::token::Token;
use super::vault::VaultOptions;
use crate::domain::{Failure, Stage, Traffic};
use crate::http::{Answer, Ask, Client, ClientOptions, Credential, PostedRead, says};

/// A list of a hundred thousand certificates takes about 7 MB.
const CAP: u64 = 16 << 20;
/// Namespaces of Vault Enterprise and OpenBao.
const NAMESPACE: HeaderName = HeaderName::from_static("x-vault-namespace");

/// What is said of a path that is known, and below which nothing is.
const NOTHING: &str = "nothing is there";

/// Where calls go, and with which token.
#[derive(Debug)]
pub(super) struct Calls {
    client: Client,
    token: Token,
    base: Url,
    namespace: Option<HeaderValue>,
}

/// What every answer holds.
#[derive(Deserialize)]
struct EnvelopeDto<T> {
    data: T,
}

/// What an error holds.
#[derive(Deserialize)]
struct ErrorsDto {
    errors: Vec<String>,
}

impl Calls {
    /// Returns the API below the server's address. Nothing is sent, and no token is read yet.
    pub(super) fn new(options: &VaultOptions) -> Result<Self, String> {
        let mut base = options.url.clone();
        base.path_segments_mut().map_err(|()| "the address has no path".to_owned())?.pop_if_empty().push("v1");
        let namespace = options.namespace.as_deref().map(HeaderValue::from_str).transpose();
        let (id, ca_pem) = (options.id.clone(), options.ca_pem.clone());
        let client = Client::new(ClientOptions::of_store(id, base.clone(), ca_pem, options.timeout))?;
        Ok(Self {
            client,
            token: Token::new(options.id.clone(), Some(options.token.clone())),
            base,
            namespace: namespace.map_err(|_| "the namespace holds characters that no header can carry".to_owned())?,
        })
    }

    pub(super) fn traffic(&self) -> Traffic {
        self.client.traffic()
    }

    /// Asks what the token is worth; where it was refused, and its file or command gives another by now, once more.
    pub(super) async fn own<T: for<'a> Deserialize<'a>>(&self) -> Result<T, Failure> {
        let credential = self.token.credential().await?;
        let path = ["auth", "token", "lookup-self"];
        let answer = self.send(self.ask(&path, false)?, credential.clone()).await?;
        let refused = credential.filter(|_| answer.status.as_u16() == 403);
        let another = match &refused {
            Some(refused) => self.token.another(refused).await,
            None => None,
        };
        match another {
            Some(another) => read(&self.send(self.ask(&path, false)?, Some(another)).await?, &path),
            None => read(&answer, &path),
        }
    }

    /// Reads what is at a path.
    pub(super) async fn get<T: for<'a> Deserialize<'a>>(&self, path: &[&str]) -> Result<T, Failure> {
        read(&self.sent(self.ask(path, false)?).await?, path)
    }

    /// Returns the keys below a path.
    pub(super) async fn list<T: for<'a> Deserialize<'a>>(&self, path: &[&str]) -> Result<T, Failure> {
        read(&self.sent(self.ask(path, true)?).await?, path)
    }

    /// Returns when a secret id ends, by the one read that has to be posted.
    pub(super) async fn lookup<T: for<'a> Deserialize<'a>>(&self, role: &[&str], accessor: &str) -> Result<T, Failure> {
        let path = [role, &["secret-id-accessor", "lookup"]].concat();
        let url = self.ask(&path, false)?.url;
        let ask = Ask::posted(url, PostedRead::SecretIdLookup { accessor });
        let mut ask = ask.ok_or_else(|| Failure::Withheld("this is not the address of a lookup".into()))?;
        ask.headers.extend(self.namespace.clone().map(|namespace| (NAMESPACE, namespace)));
        read(&self.sent(ask).await?, &path)
    }

    fn ask(&self, path: &[&str], list: bool) -> Result<Ask, Failure> {
        let odd = || Failure::Withheld(format!("{:?} cannot be part of an address", path.join("/")).into());
        let mut url = self.base.clone();
        // A part "." or ".." would name another path.
        if path.iter().any(|part| matches!(*part, "" | "." | "..") || part.chars().any(char::is_control)) {
            return Err(odd());
        }
        url.path_segments_mut().map_err(|()| odd())?.extend(path);
        if list {
            url.set_query(Some("list=true"));
        }
        let mut ask = Ask { cap: CAP, ..Ask::get(url) };
        ask.headers.extend(self.namespace.clone().map(|namespace| (NAMESPACE, namespace)));
        Ok(ask)
    }

    async fn sent(&self, ask: Ask) -> Result<Answer, Failure> {
        let credential = self.token.credential().await?;
        self.send(ask, credential).await
    }

    /// `Authorization: Bearer` rather than `X-Vault-Token`, so that the token never goes along to another origin.
    async fn send(&self, ask: Ask, credential: Option<Credential>) -> Result<Answer, Failure> {
        self.client.send(ask.credential(credential)).await
    }
}

/// Returns whether asking on would meet the same: no connection, a sealed server, a limit, no token at all.
pub(super) fn is_of_all(failure: &Failure) -> bool {
    matches!(failure, Failure::RateLimited { .. } | Failure::Auth { .. } | Failure::Unreachable { .. })
}

/// Returns whether a list is empty, which these servers tell by a 404 without a word.
pub(super) fn is_empty(failure: &Failure) -> bool {
    matches!(failure, Failure::NotFound(says) if says.raw().ends_with(NOTHING))
}

fn read<T: for<'a> Deserialize<'a>>(answer: &Answer, path: &[&str]) -> Result<T, Failure> {
    if !answer.status.is_success() {
        return Err(failure(answer, &path.join("/")));
    }
    Ok(api::json::<EnvelopeDto<T>>(answer)?.data)
}

/// A refusal does not tell a token that has ended from one that never was, nor from one whose policy lacks the path.
fn failure(answer: &Answer, path: &str) -> Failure {
    let words = says(&answer.headers, &answer.body);
    if answer.elsewhere {
        let why = "it points to another address, which is not given the token: where this is a standby node, name the \
                   active one in `url`";
        return Failure::Ambiguous(why.into());
    }
    match answer.status.as_u16() {
        403 => {
            let words = words.as_str().replace(['\n', '\t'], " ");
            let words = words.rsplit("* ").next().unwrap_or_default().trim();
            let why = "the token has ended, is not known here, or its policy lacks this";
            Failure::Forbidden(format!("{path}: {words} ({why})").into())
        }
        404 => match serde_json::from_slice::<ErrorsDto>(&answer.body) {
            Ok(said) if said.errors.is_empty() => Failure::NotFound(format!("{path}: {NOTHING}").into()),
            Ok(_) => Failure::NotFound(format!("{path}: {words}").into()),
            // What stands before the server may not know it.
            Err(_) => Failure::Ambiguous(format!("404 that is not the server's own: {words}").into()),
        },
        status @ (472 | 473) => Failure::Unreachable {
            stage: Stage::Server(status),
            says: "a standby node, which does not serve this: name the active one in `url`".into(),
        },
        _ => api::failure(answer),
    }
}
