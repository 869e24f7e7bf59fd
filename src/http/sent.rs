//! The credentials that were sent to a source, so that none of them is shown when a server sends it back later.

use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use secrecy::ExposeSecret as _;
use url::form_urlencoded;

use super::Ask;
use super::secret::Credential;

/// How many are remembered. Tokens of a registry come and go; logins stay.
const MOST: usize = 8;

/// The credentials that were sent, the newest last.
#[derive(Debug, Default)]
pub(super) struct Sent(Mutex<Vec<Credential>>);

impl Sent {
    /// Notes what a request carries.
    pub(super) fn note(&self, ask: &Ask) {
        if ask.credential.is_none() && ask.form.is_none() {
            return;
        }
        let form = ask.form.as_ref().map_or("", |form| form.expose_secret());
        let named = form_urlencoded::parse(form.as_bytes());
        let named = named.filter(|(name, _)| matches!(&**name, "refresh_token" | "password"));
        let in_form = named.map(|(_, value)| Credential::Bearer(value.into_owned().into()));
        let mut sent = self.held();
        for credential in ask.credential.iter().cloned().chain(in_form) {
            if sent.iter().any(|known| known.identity() == credential.identity()) {
                continue;
            }
            if sent.len() >= MOST {
                let passing = sent.iter().position(|known| matches!(known, Credential::Bearer(_)));
                sent.remove(passing.unwrap_or_default());
            }
            sent.push(credential);
        }
    }

    /// Returns the body without any of them.
    pub(super) fn redact(&self, body: Bytes) -> Bytes {
        self.held().iter().fold(body, |body, credential| credential.redact(body))
    }

    fn held(&self) -> MutexGuard<'_, Vec<Credential>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
