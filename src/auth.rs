//! Requests with the authorisation that the registry wants: learnt from its first 401, got once, used by all.

mod challenge;
mod flight;
mod keychain;
mod login_file;
mod logins;
mod realm;
mod refusal;
mod renewal;
mod rights;
mod status;
mod token;

use std::sync::{Arc, Mutex, PoisonError};

use http::StatusCode;
use rustc_hash::FxHashMap;
use secrecy::ExposeSecret;
use url::Url;

use crate::domain::{AuthKind, AuthStage, CredentialSource, Failure, LoginReport, LoginScheme, Rights, Text};
use crate::http::{Answer, Ask, Client, Credential, Secret, is_loopback, limited, says};
use challenge::{Challenge, Scheme};
use flight::Flight;
use logins::Logins;
use realm::Trust;
use refusal::{Refusals, Turn};
use renewal::Refused;
use token::Token;

pub use keychain::{Keychain, Login, LoginFiles};
pub(crate) use status::failure;

/// How one registry is logged in to.
#[derive(Debug)]
pub(crate) struct SessionOptions {
    /// The host as image names and login files write it.
    pub(crate) host: String,
    /// How to log in.
    pub(crate) credential: CredentialSource,
    /// Whether the registry is spoken to without TLS, and its token service may be.
    pub(crate) plain_http: bool,
    /// Hosts of token services that may have the login, besides the registry's own party.
    pub(crate) realm_hosts: Vec<String>,
    /// Where logins are looked for; `None` for the files of this user's Docker and Podman.
    pub(crate) login_files: Option<LoginFiles>,
}

/// One registry's authorisation.
#[derive(Debug)]
pub(crate) struct Session {
    client: Client,
    trust: Trust,
    logins: Logins,
    scheme: Flight<Scheme>,
    tokens: Mutex<FxHashMap<Box<str>, Arc<Flight<Token>>>>,
    refusals: Refusals,
    refused: Mutex<Option<Refused>>,
}

/// How a registry wants its requests.
struct Learnt {
    scheme: Scheme,
    /// The answer, where finding out already brought one.
    first: Option<Answer>,
    /// Whether it was found out just now.
    new: bool,
}

/// What a request is authorised by.
#[derive(Default)]
struct Grant {
    credential: Option<Credential>,
    /// Which login it goes back to; `None` for anonymous.
    login: Option<u64>,
    /// The token in it.
    token: Option<Secret>,
    /// Whether the token was got just now, so that getting another would give the same.
    new: bool,
    /// Held while a login is sent that nobody knows to be good.
    turn: Option<Turn>,
}

impl Session {
    /// Returns the session. Nothing is sent, and no login is read yet.
    pub(crate) fn new(client: Client, base: &Url, options: SessionOptions) -> Self {
        let plain = options.plain_http || is_loopback(base);
        Self {
            client,
            trust: Trust { base: base.clone(), plain, hosts: options.realm_hosts },
            logins: Logins::new(options.credential, options.host, options.login_files),
            scheme: Flight::default(),
            tokens: Mutex::default(),
            refusals: Refusals::default(),
            refused: Mutex::default(),
        }
    }

    /// Sends a request about a repository, with at most one more try where the authorisation was out of date.
    ///
    /// # Errors
    /// What kept an answer from coming. A 401 is one of them.
    pub(crate) async fn send(&self, repository: &str, mut ask: Ask) -> Result<Answer, Failure> {
        let mut learnt = self.learn(&ask).await?;
        let mut granted = self.grant(repository, &learnt.scheme).await;
        if let (Err(Failure::Withheld(_)), false) = (&granted, learnt.new) {
            // Whoever named that token service before, the registry may name another one now.
            learnt = self.learn(&ask).await?;
            granted = self.grant(repository, &learnt.scheme).await;
        }
        if let Some(answer) = learnt.first {
            return self.or_with_login(repository, ask, answer).await;
        }
        let (mut scheme, mut grant) = (learnt.scheme, granted?);
        for last in [false, true] {
            ask.credential.clone_from(&grant.credential);
            ask.on_behalf = grant.credential.as_ref().map(|_| grant.login.unwrap_or_default());
            let answer = self.client.send(ask.clone()).await?;
            if answer.status != StatusCode::UNAUTHORIZED {
                if let (Scheme::Basic, Some(login), true) = (&scheme, grant.login, was_let_in(&answer)) {
                    self.refusals.accepted(login, repository);
                }
                return match scheme {
                    Scheme::Open => self.or_with_login(repository, ask, answer).await,
                    Scheme::Basic | Scheme::Bearer(_) => Ok(answer),
                };
            }
            let challenge = Challenge::read(&answer.headers);
            scheme = match self.reconsider(repository, scheme, &grant, &challenge, &answer).await {
                Some(next) if !last => next,
                _ => return Err(self.refusal(repository, &grant, &challenge, &answer)),
            };
            // Whoever holds a turn and waits for another would wait for itself.
            grant.turn = None;
            grant = self.grant(repository, &scheme).await?;
        }
        Err(Failure::Ambiguous("the registry keeps changing what it wants".into()))
    }

    /// Gets the challenge and the token of a repository before they are needed. `ping` is what is asked for that.
    pub(crate) async fn warm(&self, repository: &str, ping: &Ask) -> Result<(), Failure> {
        self.ready(repository, ping).await.map(drop)
    }

    /// Gets ready, and returns for what: how the registry wants its requests, and whose login is used.
    pub(crate) async fn login(&self, repository: &str, ping: &Ask) -> Result<LoginReport, Failure> {
        let scheme = match self.ready(repository, ping).await? {
            Scheme::Open => LoginScheme::Open,
            Scheme::Basic => LoginScheme::Basic,
            Scheme::Bearer(_) => LoginScheme::Bearer,
        };
        let found = self.logins.login(repository).await?.is_some();
        let whose = if found { self.logins.whose(repository).await } else { None };
        Ok(LoginReport { scheme, whose: whose.map(Text::from) })
    }

    /// Returns what the login may do in a repository. A token that allows pushes is asked for, looked at and dropped: it
    /// is never sent to the registry, nor kept beside those that are read with. To be asked once `login` was.
    pub(crate) async fn rights(&self, repository: &str, ping: &Ask) -> Result<Rights, Failure> {
        let realm = match self.learn(ping).await?.scheme {
            Scheme::Open => return Ok(Rights::Untold("the registry asks nobody who they are".into())),
            Scheme::Basic => return Ok(Rights::Untold("the registry takes passwords and gives no tokens".into())),
            Scheme::Bearer(realm) => realm,
        };
        let login = self.logins.login(repository).await?;
        self.trust.check(&realm.url, login.is_some())?;
        self.not_refused(repository, login.as_ref().map(|(hash, _)| *hash))?;
        match token::ask(&self.client, &realm, repository, token::PULL_PUSH, login).await {
            Ok(token) => Ok(rights::rights(token.value.expose_secret(), repository)),
            // Instead of leaving a right out, some refuse all of what is asked for.
            Err(Failure::Forbidden(_) | Failure::Auth { kind: AuthKind::InsufficientScope, .. }) => {
                Ok(Rights::Told { pull: true, push: false })
            }
            Err(failure) => Err(failure),
        }
    }

    async fn ready(&self, repository: &str, ping: &Ask) -> Result<Scheme, Failure> {
        let scheme = self.learn(ping).await?.scheme;
        self.grant(repository, &scheme).await?;
        Ok(scheme)
    }

    /// Returns how the registry wants its requests.
    async fn learn(&self, ask: &Ask) -> Result<Learnt, Failure> {
        let (mut first, mut new) = (None, false);
        let asking = async {
            new = true;
            let answer = self.client.send(ask.clone()).await?;
            let scheme = scheme_of(&answer)?;
            first = (scheme == Scheme::Open).then_some(answer);
            Ok(scheme)
        };
        let scheme = self.scheme.get(|_| true, asking).await?;
        Ok(Learnt { scheme, first, new })
    }

    /// A registry that challenges nobody may yet show more to those who log in: what it denies to a stranger is
    /// asked again with the login, where there is one that can be sent unasked.
    async fn or_with_login(&self, repository: &str, mut ask: Ask, answer: Answer) -> Result<Answer, Failure> {
        let denied = matches!(answer.status, StatusCode::NOT_FOUND | StatusCode::FORBIDDEN) && !answer.elsewhere;
        if !denied || limited(&answer).is_some() {
            return Ok(answer);
        }
        let Some((_, Login::Basic(..))) = self.logins.login(repository).await? else { return Ok(answer) };
        let mut scheme = Scheme::Basic;
        loop {
            let grant = self.grant(repository, &scheme).await?;
            ask.credential.clone_from(&grant.credential);
            ask.on_behalf = grant.login;
            let answer = self.client.send(ask.clone()).await?;
            if answer.status != StatusCode::UNAUTHORIZED {
                if let (None, Some(login), true) = (&grant.token, grant.login, was_let_in(&answer)) {
                    self.refusals.accepted(login, repository);
                }
                return Ok(answer);
            }
            let challenge = Challenge::read(&answer.headers);
            match &challenge.scheme {
                // It wants the login, and in another way.
                Some(told @ Scheme::Bearer(_)) if scheme == Scheme::Basic && !answer.elsewhere => {
                    self.scheme.set(told.clone()).await;
                    scheme = told.clone();
                }
                Some(_) | None => return Err(self.refusal(repository, &grant, &challenge, &answer)),
            }
        }
    }

    async fn grant(&self, repository: &str, scheme: &Scheme) -> Result<Grant, Failure> {
        let realm = match scheme {
            Scheme::Open => return Ok(Grant::default()),
            Scheme::Basic => return self.basic(repository).await,
            Scheme::Bearer(realm) => realm,
        };
        let flight = {
            let mut tokens = self.tokens.lock().unwrap_or_else(PoisonError::into_inner);
            match tokens.get(repository) {
                Some(flight) => Arc::clone(flight),
                None => Arc::clone(tokens.entry(repository.into()).or_default()),
            }
        };
        let mut new = false;
        let fetch = async {
            new = true;
            let login = self.logins.login(repository).await?;
            self.trust.check(&realm.url, login.is_some())?;
            let hash = login.as_ref().map(|(hash, _)| *hash);
            let _turn = self.turn(hash).await;
            self.not_refused(repository, hash)?;
            let outcome = token::ask(&self.client, realm, repository, token::PULL, login).await;
            match (&outcome, hash) {
                (Ok(_), Some(hash)) => self.refusals.accepted(hash, repository),
                (Err(failure @ Failure::Auth { .. }), Some(hash)) => {
                    self.refusals.refused(hash, repository, failure);
                }
                (Ok(_) | Err(_), _) => {}
            }
            outcome
        };
        let token = match flight.get(Token::is_good, fetch).await {
            Ok(token) => token,
            Err(failure) => {
                // It may not have been the registry that named this service: the next look asks for a challenge anew.
                if !matches!(failure, Failure::Auth { .. } | Failure::RateLimited { .. }) {
                    self.scheme.forget(|known| known == scheme).await;
                }
                return Err(failure);
            }
        };
        let credential = Some(Credential::Bearer(token.value.clone()));
        Ok(Grant { credential, login: token.login, token: Some(token.value), new, turn: None })
    }

    async fn basic(&self, repository: &str) -> Result<Grant, Failure> {
        let auth = |kind, says: &str| Failure::Auth { stage: AuthStage::Registry, kind, says: says.into() };
        match self.logins.login(repository).await? {
            Some((hash, Login::Basic(user, password))) => {
                let turn = self.turn(Some(hash)).await;
                self.not_refused(repository, Some(hash))?;
                let credential = Some(Credential::Basic(user, password));
                Ok(Grant { credential, login: Some(hash), token: None, new: false, turn })
            }
            Some((_, Login::IdentityToken(_))) => {
                Err(auth(AuthKind::Unknown, "it wants a password, and the login found holds an identity token"))
            }
            None => Err(auth(AuthKind::Absent, "it wants a user name and a password")),
        }
    }

    async fn turn(&self, login: Option<u64>) -> Option<Turn> {
        self.refusals.turn(login?).await
    }

    fn not_refused(&self, repository: &str, login: Option<u64>) -> Result<(), Failure> {
        match login.and_then(|login| self.refusals.standing(login, repository)) {
            Some(failure) => Err(failure),
            None => Ok(()),
        }
    }

    /// Returns how to ask once more after a 401, if that can help.
    async fn reconsider(
        &self,
        repository: &str,
        scheme: Scheme,
        grant: &Grant,
        challenge: &Challenge,
        answer: &Answer,
    ) -> Option<Scheme> {
        if answer.elsewhere {
            return None;
        }
        if let Some(told) = challenge.scheme.clone().filter(|told| *told != scheme) {
            self.scheme.set(told.clone()).await;
            return Some(told);
        }
        let used = grant.token.as_ref()?;
        let error = challenge.error.as_deref();
        let hopeless = error == Some("insufficient_scope") || (grant.new && error != Some("invalid_token"));
        if hopeless {
            return None;
        }
        let flight = self.tokens.lock().unwrap_or_else(PoisonError::into_inner).get(repository).cloned();
        flight?.forget(|token| token.is(used)).await;
        Some(scheme)
    }

    /// Returns what a 401 means that stays one.
    fn refusal(&self, repository: &str, grant: &Grant, challenge: &Challenge, answer: &Answer) -> Failure {
        let says = says(&answer.headers, &answer.body);
        if answer.elsewhere {
            return Failure::Ambiguous("another host, to which the registry redirects, wants a login".into());
        }
        let otherwise = match (grant.login, &grant.token) {
            (None, _) => AuthKind::Absent,
            // Only who asks for a password can find that it is the wrong one.
            (Some(_), None) if challenge.scheme == Some(Scheme::Basic) => AuthKind::BadPassword,
            (Some(_), _) => AuthKind::Unknown,
        };
        let error = challenge.error.as_deref().filter(|_| grant.login.is_some());
        let kind = status::kind_in(error, &says, otherwise);
        let failure = Failure::Auth { stage: AuthStage::Registry, kind, says };
        if let (Some(login), None) = (grant.login, &grant.token) {
            self.refusals.refused(login, repository, &failure);
        }
        failure
    }
}

/// Returns whether an answer shows that the login was looked at: whoever is in trouble, or was asked too much, did not.
fn was_let_in(answer: &Answer) -> bool {
    !answer.status.is_server_error() && limited(answer).is_none()
}

/// Reads how a registry wants its requests out of its answer to one without any credential.
fn scheme_of(answer: &Answer) -> Result<Scheme, Failure> {
    match answer.status.as_u16() {
        401 if answer.elsewhere => {
            Err(Failure::Ambiguous("another host, to which the registry redirects, wants a login".into()))
        }
        401 => {
            let challenge = Challenge::read(&answer.headers);
            challenge.scheme.ok_or_else(|| Failure::Auth {
                stage: AuthStage::Registry,
                kind: AuthKind::Unknown,
                says: match challenge.unspoken {
                    Some(name) => format!("it wants {name}, which is not spoken here").into(),
                    None => says(&answer.headers, &answer.body),
                },
            })
        }
        // Nothing is learnt from a server in trouble.
        429 | 500..=599 => Err(failure(answer)),
        _ => Ok(Scheme::Open),
    }
}
