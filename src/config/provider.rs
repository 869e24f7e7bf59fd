//! `[[ci]]` and `[[registry]]`: who is asked.

use std::path::Path;

use url::Url;

use super::problem::Problems;
use super::reader::{Entry, Table, nearest};
use super::{Ci, CiKind, RegistryEntry, address, secret};
use crate::domain::{CredentialSource, SourceId};

/// The keys of `[[ci]]`.
pub(super) const CI: [&str; 7] = ["name", "kind", "url", "token", "organizations", "plain_http", "ca_file"];
/// The keys of `[[registry]]`.
pub(super) const REGISTRY: [&str; 6] =
    ["host", "plain_http", "credential", "push_credential", "token_hosts", "ca_file"];

/// Reads one `[[ci]]`. The name comes first, because services may use it although the rest is wrong.
pub(super) fn ci(table: &Table<'_>, folder: &Path, problems: &mut Problems<'_>) -> (Option<SourceId>, Option<Ci>) {
    let name = table.require("name", "\"github\"", problems).and_then(|entry| name(entry, problems));
    let kind = table.require("kind", "\"github\"", problems).and_then(|entry| kind(entry, problems));
    let plain_http = boolean(table, "plain_http", problems);
    let url = match table.get("url") {
        Some(entry) => address::url(entry, plain_http, problems),
        None => kind.and_then(|kind| Url::parse(kind.default_url()).ok()),
    };
    let token_entry = table.get("token");
    let token = token_entry.and_then(|entry| secret::secret(entry, folder, problems));
    let ca_file = table.get("ca_file").and_then(|entry| secret::file(entry, folder, problems));
    if token_entry.is_none() {
        let message = "no `token`: it is asked anonymously, which sees public projects only and few requests an hour";
        problems.warn(table.at, message, None);
    }
    let organizations =
        table.get("organizations").map(|entry| organizations(entry, kind, problems)).unwrap_or_default();
    let ci = (|| Some(Ci { name: name.clone()?, kind: kind?, url: url?, token, organizations, ca_file }))();
    (name, ci)
}

/// Reads the names of organizations, each once: letters, digits and single hyphens, as GitHub gives them.
fn organizations(entry: Entry<'_>, kind: Option<CiKind>, problems: &mut Problems<'_>) -> Vec<String> {
    let mut names = Vec::new();
    let legal = |name: &str| {
        let word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        !name.is_empty() && name.len() <= 100 && name.bytes().all(word)
    };
    for (name, at) in entry.strings(problems).unwrap_or_default() {
        if legal(name) {
            names.push(name.to_owned());
        } else {
            problems.add(
                at,
                format!("{name:?} is no name of an organization"),
                Some("write it alone, such as \"acme\""),
            );
        }
    }
    if kind == Some(CiKind::GitLab) && !names.is_empty() {
        problems.add(entry.at, "only GitHub has `organizations`", Some("leave it out"));
    }
    names.sort_unstable();
    names.dedup();
    names
}

/// Reads one `[[registry]]`.
pub(super) fn registry(table: &Table<'_>, folder: &Path, problems: &mut Problems<'_>) -> Option<RegistryEntry> {
    let host = table.require("host", "\"ghcr.io\"", problems);
    let host = host.and_then(|entry| address::registry_host(entry, problems));
    let plain_http = boolean(table, "plain_http", problems);
    let credential = match table.get("credential") {
        Some(entry) => secret::credential(entry, folder, problems),
        None => Some(CredentialSource::Docker),
    };
    let push_credential = table.get("push_credential").and_then(|entry| push_credential(entry, folder, problems));
    let ca_file = table.get("ca_file").and_then(|entry| secret::file(entry, folder, problems));
    let token_hosts = table.get("token_hosts").and_then(|entry| token_hosts(entry, problems)).unwrap_or_default();
    let host = host?;
    if plain_http && !address::is_loopback_host(host.as_str()) {
        let message = format!("{host} is not loopback: with plain_http the login and the answers travel without TLS");
        problems.warn(table.at, message, Some("only where you trust every hop on the way"));
    }
    Some(RegistryEntry { host, plain_http, credential: credential?, push_credential, token_hosts, ca_file })
}

/// The login that pipelines push with. Nobody in particular cannot push.
fn push_credential(entry: Entry<'_>, folder: &Path, problems: &mut Problems<'_>) -> Option<CredentialSource> {
    let credential = secret::credential(entry, folder, problems)?;
    if matches!(credential, CredentialSource::Anonymous) {
        problems.add(entry.at, "`push_credential` names nobody who could push", Some("leave it out, or name a login"));
        return None;
    }
    Some(credential)
}

fn token_hosts(entry: Entry<'_>, problems: &mut Problems<'_>) -> Option<Vec<String>> {
    let mut hosts = Vec::new();
    for (text, at) in entry.strings(problems)? {
        if url::Host::parse(text).is_ok_and(|host| matches!(host, url::Host::Domain(_))) {
            hosts.push(text.to_ascii_lowercase());
        } else {
            let hint = Some("write the host's name alone, such as \"auth.example.com\"");
            problems.add(at, format!("{text:?} is no name of a host"), hint);
        }
    }
    Some(hosts)
}

fn name(entry: Entry<'_>, problems: &mut Problems<'_>) -> Option<SourceId> {
    let text = entry.string(problems)?;
    SourceId::parse(text).map_err(|error| problems.add(entry.at, error.to_string(), None)).ok()
}

fn kind(entry: Entry<'_>, problems: &mut Problems<'_>) -> Option<CiKind> {
    let text = entry.string(problems)?;
    let kind = CiKind::ALL.into_iter().find(|kind| kind.word() == text);
    if kind.is_none() {
        let words = CiKind::ALL.map(CiKind::word);
        let hint = nearest(text, &words)
            .map_or_else(|| format!("the kinds are {}", words.join(", ")), |meant| format!("did you mean {meant:?}?"));
        problems.add(entry.at, format!("{text:?} is no kind of CI provider"), Some(&hint));
    }
    kind
}

fn boolean(table: &Table<'_>, key: &'static str, problems: &mut Problems<'_>) -> bool {
    table.get(key).and_then(|entry| entry.boolean(problems)).unwrap_or_default()
}
