//! `[[vault]]`: a Vault or OpenBao, and where in it is looked.

use std::path::Path;

use super::problem::Problems;
use super::reader::{Entry, Table};
use super::{VaultEntry, address, secret};
use crate::domain::{KvPlace, SourceId};

/// The keys of `[[vault]]`.
pub(super) const VAULT: [&str; 10] =
    ["name", "url", "plain_http", "namespace", "token", "kv", "pki", "approle", "approle_lookup", "ca_file"];
/// The keys of one of `kv`.
const KV: [&str; 3] = ["mount", "path", "expiry_keys"];
/// The keys of custom metadata that hold an end where nothing is said.
pub(super) const EXPIRY_KEYS: [&str; 2] = ["expires_at", "expiration_timestamp"];

/// Reads one `[[vault]]`.
pub(super) fn vault(table: &Table<'_>, folder: &Path, problems: &mut Problems<'_>) -> Option<VaultEntry> {
    let name = table.require("name", "\"vault\"", problems).and_then(|entry| name(entry, problems));
    let plain_http = table.get("plain_http").and_then(|entry| entry.boolean(problems)).unwrap_or_default();
    let url = table.require("url", "\"https://vault.example.com:8200\"", problems);
    let url = url.and_then(|entry| {
        let url = address::url(entry, plain_http, problems)?;
        if url.path().ends_with("/v1") {
            problems.add(entry.at, "`url` must not name the version of the API", Some("leave out /v1 at its end"));
            return None;
        }
        Some(url)
    });
    let namespace = table.get("namespace").and_then(|entry| namespace(entry, problems));
    let token = table.require("token", "{ env = \"VAULT_TOKEN\" }", problems);
    let token = token.and_then(|entry| secret::secret(entry, folder, problems));
    let kv = table.get("kv").map(|entry| entry.tables("kv", &KV, problems)).unwrap_or_default();
    let kv: Vec<_> = kv.iter().filter_map(|table| place(table, problems)).collect();
    let mut paths = |key| table.get(key).map(|entry| paths(entry, problems)).unwrap_or_default();
    let (pki, approle) = (paths("pki"), paths("approle"));
    let approle_lookup = table.get("approle_lookup").and_then(|entry| entry.boolean(problems)).unwrap_or_default();
    let ca_file = table.get("ca_file").and_then(|entry| secret::file(entry, folder, problems));
    Some(VaultEntry { name: name?, url: url?, namespace, token: token?, kv, pki, approle, approle_lookup, ca_file })
}

/// Reads the name of a source.
pub(super) fn name(entry: Entry<'_>, problems: &mut Problems<'_>) -> Option<SourceId> {
    let text = entry.string(problems)?;
    SourceId::parse(text).map_err(|error| problems.add(entry.at, error.to_string(), None)).ok()
}

fn namespace(entry: Entry<'_>, problems: &mut Problems<'_>) -> Option<String> {
    let text = entry.string(problems)?;
    let path = path(text);
    if path.is_none() {
        problems.add(entry.at, "`namespace` is no path", Some("write it as \"team\" or \"team/ci\""));
    }
    path
}

fn place(table: &Table<'_>, problems: &mut Problems<'_>) -> Option<KvPlace> {
    const HINT: &str = "write it without slashes at its ends, such as \"secret\" or \"ci/deploy\"";
    let mount = table.require("mount", "\"secret\"", problems).and_then(|entry| {
        let mount = path(entry.string(problems)?);
        if mount.is_none() {
            problems.add(entry.at, "`mount` is no path", Some(HINT));
        }
        mount
    });
    let below = match table.get("path") {
        Some(entry) if entry.as_str() != Some("") => {
            let below = path(entry.string(problems)?);
            if below.is_none() {
                problems.add(entry.at, "`path` is no path", Some(HINT));
            }
            below
        }
        Some(_) | None => Some(String::new()),
    };
    let keys = table.get("expiry_keys").and_then(|entry| entry.strings(problems));
    let keys = keys.map(|keys| keys.into_iter().map(|(key, _)| key.to_owned()).collect());
    let expiry_keys = keys.unwrap_or_else(|| EXPIRY_KEYS.map(str::to_owned).to_vec());
    Some(KvPlace { mount: mount?, path: below?, expiry_keys })
}

fn paths(entry: Entry<'_>, problems: &mut Problems<'_>) -> Vec<String> {
    let mut all = Vec::new();
    for (text, at) in entry.strings(problems).unwrap_or_default() {
        match path(text) {
            Some(path) => all.push(path),
            None => problems.add(at, format!("{text:?} is no path"), Some("write it as \"pki\" or \"team/pki\"")),
        }
    }
    all
}

/// Reads a path of the API: no part of it may be empty or lead elsewhere.
fn path(text: &str) -> Option<String> {
    let text = text.trim_matches('/');
    let is_part = |part: &str| !matches!(part, "" | "." | "..") && !part.chars().any(char::is_control);
    text.split('/').all(is_part).then(|| text.to_owned())
}
