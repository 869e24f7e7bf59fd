//! The certificates that a PKI engine of Vault or OpenBao issued. None ever changes, so that each is read once; which are
//! revoked is one list.

use jiff::{SignedDuration, Timestamp};
use rustc_hash::{FxHashMap, FxHashSet};
use serde::Deserialize;

use super::shell;
use super::vault::Vault;
use super::vault_call::{is_empty, is_of_all};
use super::x509::{self, Certificate};
use crate::domain::{Absent, Batch, CredentialKind, CredentialRecord, Evidence, Expiry, Failure};

/// Certificates that are read in one look, at most; the next look goes on.
const AT_ONCE: usize = 200;
/// Certificates of one mount that are known, at most.
const MOST: usize = 10_000;
/// What ended longer ago was told long enough. Engines keep what they issued until somebody tidies.
const TOLD: SignedDuration = SignedDuration::from_hours(30 * 24);

#[derive(Deserialize)]
struct KeysDto {
    keys: Vec<String>,
}

/// A certificate in PEM, which is public.
#[derive(Deserialize)]
struct CertificateDto {
    certificate: String,
}

/// Returns the beginning of the ids of a mount's certificates.
pub(super) fn scope(vault: &Vault, mount: &str) -> String {
    format!("{}/{mount}/certs", vault.options.id)
}

/// Reads what a mount issued: the newest certificate of each name, as the one that replaced the others.
pub(super) async fn read(vault: &Vault, mount: &str, now: Timestamp) -> Result<Batch<CredentialRecord>, Failure> {
    let serials = match keys(vault, &below(mount, &["certs"])).await {
        Ok(serials) => serials,
        // A mount that is not there says more.
        Err(failure) if is_empty(&failure) => Vec::new(),
        Err(failure) => return Err(failure),
    };
    let revoked: Option<FxHashSet<String>> = match keys(vault, &below(mount, &["certs", "revoked"])).await {
        Ok(revoked) => Some(revoked.into_iter().collect()),
        Err(failure) if is_empty(&failure) => Some(FxHashSet::default()),
        Err(failure) if is_of_all(&failure) => return Err(failure),
        Err(_) => None,
    };
    let mut known = known(vault, mount, &serials);
    let unread: Vec<&String> = serials.iter().filter(|serial| !known.contains_key(*serial)).collect();
    let complete = unread.len() <= AT_ONCE && serials.len() <= MOST;
    let mut skipped = 0;
    for serial in unread.into_iter().take(AT_ONCE) {
        match vault.calls.get::<CertificateDto>(&below(mount, &["cert", serial])).await {
            Ok(dto) => {
                let leaf = x509::bundle(&dto.certificate).0.into_iter().next();
                remember(vault, mount, serial, leaf.as_ref());
                known.insert(serial.clone(), leaf);
            }
            Err(failure) if is_of_all(&failure) => return Err(failure),
            // Tidied meanwhile.
            Err(Failure::NotFound(_)) => {}
            Err(_) => skipped += 1,
        }
    }
    skipped += known.values().filter(|leaf| leaf.is_none()).count() as u64;
    let living =
        known.into_iter().filter(|(serial, _)| !revoked.as_ref().is_some_and(|revoked| revoked.contains(serial)));
    let items = newest(living.filter_map(|(serial, leaf)| Some((serial, leaf?))));
    let items = items.map(|(name, leaf)| {
        let mut record = record(vault, mount, &name, &leaf, now);
        if revoked.is_none() {
            record.notes.push("Which certificates are revoked could not be read: it may be one of them.".into());
        }
        record
    });
    let is_told = |record: &CredentialRecord| match record.expiry {
        Expiry::At(at) => now.duration_since(at) <= TOLD,
        Expiry::Never | Expiry::Untold | Expiry::Unreadable(_) => true,
    };
    Ok(Batch { items: items.filter(is_told).collect(), skipped, complete })
}

fn below<'a>(mount: &'a str, rest: &[&'a str]) -> Vec<&'a str> {
    mount.split('/').chain(rest.iter().copied()).collect()
}

async fn keys(vault: &Vault, path: &[&str]) -> Result<Vec<String>, Failure> {
    Ok(vault.calls.list::<KeysDto>(path).await?.keys)
}

/// Returns what is known of these certificates, and forgets those that are not listed any more.
fn known(vault: &Vault, mount: &str, serials: &[String]) -> FxHashMap<String, Option<Certificate>> {
    let listed: FxHashSet<&String> = serials.iter().take(MOST).collect();
    let mut all = vault.certificates.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    all.retain(|(of, serial), _| of != mount || listed.contains(serial));
    let theirs = all.iter().filter(|((of, _), _)| of == mount);
    theirs.map(|((_, serial), leaf)| (serial.clone(), leaf.clone())).collect()
}

fn remember(vault: &Vault, mount: &str, serial: &str, leaf: Option<&Certificate>) {
    let mut all = vault.certificates.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    all.insert((mount.to_owned(), serial.to_owned()), leaf.cloned());
}

/// Returns of the certificates of one name the one that ends last: it has replaced the others.
fn newest(all: impl Iterator<Item = (String, Certificate)>) -> impl Iterator<Item = (String, Certificate)> {
    let mut newest: FxHashMap<String, Certificate> = FxHashMap::default();
    for (serial, leaf) in all {
        let name = leaf.name.clone().filter(|name| !name.is_empty()).unwrap_or(serial);
        match newest.get(&name) {
            Some(known) if known.not_after.at() >= leaf.not_after.at() => {}
            Some(_) | None => drop(newest.insert(name, leaf)),
        }
    }
    newest.into_iter()
}

fn record(vault: &Vault, mount: &str, name: &str, leaf: &Certificate, now: Timestamp) -> CredentialRecord {
    let id = format!("{}/{name}", scope(vault, mount));
    let mut record = CredentialRecord::new(id, name, CredentialKind::Certificate, now);
    record.place = format!("{}, issued by {mount}", vault.options.id).into();
    (record.created_at, record.evidence) = (leaf.not_before, Evidence::Provider);
    record.expiry = leaf.not_after.clone().expiry(Absent::Untold);
    record.replace = shell::word(mount)
        .zip(shell::word(name))
        .map(|(mount, name)| format!("vault write {mount}/issue/ROLE common_name={name}").into());
    record
}
