//! `[[aws]]`: an AWS account, and what of it is looked at.

use std::path::Path;

use jiff::SignedDuration;
use url::Url;

use super::problem::Problems;
use super::reader::{Entry, Table};
use super::{AwsEntry, address, secret, vault};
use crate::domain::AwsLogin;

/// The keys of `[[aws]]`.
pub(super) const AWS: [&str; 10] = [
    "name",
    "regions",
    "credentials",
    "endpoint",
    "secrets",
    "access_keys",
    "users",
    "key_max_age_days",
    "ecr",
    "ca_file",
];
/// The age that AWS's own rule wants keys replaced at, in days.
const KEY_MAX_AGE: usize = 90;

/// Reads one `[[aws]]`.
pub(super) fn aws(table: &Table<'_>, folder: &Path, problems: &mut Problems<'_>) -> Option<AwsEntry> {
    if !cfg!(feature = "aws") {
        let hint = "build it with the cargo feature `aws`, or tell of AWS by one of [credentials] commands";
        problems.add(table.at, "this build has no AWS", Some(hint));
    }
    let name = table.require("name", "\"aws\"", problems).and_then(|entry| vault::name(entry, problems));
    let regions = table.require("regions", "[\"eu-central-1\"]", problems);
    let regions = regions.map(|entry| regions_of(entry, problems));
    let login = match table.get("credentials") {
        Some(entry) => login(entry, folder, problems),
        None => Some(AwsLogin::Env),
    };
    let endpoint = table.get("endpoint").map(|entry| endpoint(entry, problems));
    let mut boolean = |key| table.get(key).and_then(|entry| entry.boolean(problems)).unwrap_or_default();
    let (secrets, access_keys, ecr) = (boolean("secrets"), boolean("access_keys"), boolean("ecr"));
    let users = table.get("users").map(|entry| users(entry, problems)).unwrap_or_default();
    let days = table.get("key_max_age_days").and_then(|entry| entry.count(1..=3650, problems)).unwrap_or(KEY_MAX_AGE);
    let ca_file = table.get("ca_file").and_then(|entry| secret::file(entry, folder, problems));
    if !(secrets || access_keys || ecr) {
        let hint = "set secrets, access_keys or ecr to true";
        problems.warn(table.at, "[[aws]] looks at nothing", Some(hint));
    }
    // What was wrong with an endpoint is told; everything would go elsewhere without it.
    let endpoint = match endpoint {
        Some(endpoint) => Some(endpoint?),
        None => None,
    };
    let key_max_age = SignedDuration::from_hours(24 * i64::try_from(days).ok()?);
    Some(AwsEntry {
        name: name?,
        regions: regions?,
        login: login?,
        endpoint,
        secrets,
        access_keys,
        users,
        key_max_age,
        ecr,
        ca_file,
    })
}

fn regions_of(entry: Entry<'_>, problems: &mut Problems<'_>) -> Vec<String> {
    let hint = Some("write it as \"eu-central-1\"");
    let mut regions = Vec::new();
    for (text, at) in entry.strings(problems).unwrap_or_default() {
        let legal = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if (1..=40).contains(&text.len()) && text.contains('-') && text.bytes().all(legal) {
            regions.push(text.to_owned());
        } else {
            problems.add(at, format!("{text:?} is no region"), hint);
        }
    }
    if regions.is_empty() {
        problems.add(entry.at, "`regions` names none", hint);
    }
    regions
}

/// Reads `"env"`, `{ profile = …, file = … }` or `{ command = […] }`.
fn login(entry: Entry<'_>, folder: &Path, problems: &mut Problems<'_>) -> Option<AwsLogin> {
    const HINT: &str = "\"env\" reads AWS_ACCESS_KEY_ID and its like; or { profile = \"ci\" }; or \
                        { command = [\"aws\", \"configure\", \"export-credentials\"] }";
    if entry.as_str() == Some("env") {
        return Some(AwsLogin::Env);
    }
    let Some(table) = entry.as_table("`credentials`", &["profile", "file", "command"], problems) else {
        // The value is not repeated: somebody may have put the key here.
        problems.add(entry.at, "`credentials` names no way to log in", Some(HINT));
        return None;
    };
    match (table.get("profile"), table.get("file"), table.get("command")) {
        (Some(profile), file, None) => {
            let name = profile.string(problems)?;
            if name.is_empty() || name.contains([']', '\n']) {
                problems.add(profile.at, "`profile` is no name of a profile", None);
                return None;
            }
            let file = match file {
                Some(file) => Some(secret::file(file, folder, problems)?),
                None => None,
            };
            Some(AwsLogin::Profile { name: name.to_owned(), file })
        }
        (None, None, Some(command)) => {
            let words = command.strings(problems)?;
            if let Some((_, at)) = words.iter().find(|(word, _)| secret::looks_like_one(word)) {
                problems.add(*at, "`command` looks like a secret itself", Some(HINT));
                return None;
            }
            secret::command(command, &words, problems).map(AwsLogin::Command)
        }
        _ => {
            problems.add(
                entry.at,
                "`credentials` needs either `profile`, with or without `file`, or `command`",
                Some(HINT),
            );
            None
        }
    }
}

fn endpoint(entry: Entry<'_>, problems: &mut Problems<'_>) -> Option<Url> {
    let text = entry.string(problems)?;
    let mut refuse = |message: &str, hint: &str| {
        // Nothing of a bad one is repeated: it may hold a password.
        problems.add(entry.at, format!("`endpoint` {message}"), Some(hint));
        None
    };
    let hint = "write it as https://HOST; http:// is for this very machine only";
    let Ok(url) = Url::parse(text) else { return refuse("is no address", hint) };
    let is_plain = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
    if !url.username().is_empty() || url.password().is_some() || !is_plain {
        return refuse("must be scheme, host and port alone", hint);
    }
    match url.scheme() {
        "https" if url.has_host() => Some(url),
        "http" if address::is_loopback(&url) => Some(url),
        _ => refuse("would send keys' signatures without TLS, or is no web address", hint),
    }
}

fn users(entry: Entry<'_>, problems: &mut Problems<'_>) -> Vec<String> {
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || b"_+=,.@-".contains(&byte);
    let mut users = Vec::new();
    for (text, at) in entry.strings(problems).unwrap_or_default() {
        if (1..=64).contains(&text.len()) && text.bytes().all(legal) {
            users.push(text.to_owned());
        } else {
            let hint = "letters, digits and _+=,.@- alone, without the path";
            problems.add(at, "this is no name of an IAM user", Some(hint));
        }
    }
    users
}
