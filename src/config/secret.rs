//! Where the configuration says that a secret is read from. A secret's value in it is refused, and never repeated.

use std::path::{Path, PathBuf};

use super::problem::Problems;
use super::reader::Entry;
use crate::domain::{CredentialSource, SecretSource};

const HOW: &str =
    "name where it is read from: { env = \"NAME\" }, { file = \"PATH\" } or { command = [\"PROGRAM\", \"ARGUMENT\"] }";

/// How the tokens of GitHub, GitLab, Docker Hub and their like begin.
const TOKEN_MARKS: [&str; 15] = [
    "ghp_",
    "gho_",
    "ghu_",
    "ghs_",
    "ghr_",
    "github_pat_",
    "glpat-",
    "gldt-",
    "dckr_pat_",
    "dckr_oat_",
    "eyJ",
    "hvs.",
    "hvb.",
    "AKIA",
    "ASIA",
];

/// Reads `{ env = … }`, `{ file = … }` or `{ command = […] }`.
pub(super) fn secret(entry: Entry<'_>, folder: &Path, problems: &mut Problems<'_>) -> Option<SecretSource> {
    let key = entry.key;
    if entry.as_str().is_some() {
        problems.add(entry.at, format!("`{key}` must not hold the secret itself"), Some(HOW));
        return None;
    }
    let Some(table) = entry.as_table("a secret", &["env", "file", "command"], problems) else {
        problems.add(entry.at, format!("`{key}` does not say where the secret is read from"), Some(HOW));
        return None;
    };
    let set: Vec<_> = ["env", "file", "command"].iter().filter_map(|name| table.get(name)).collect();
    let [source] = set.as_slice() else {
        problems.add(entry.at, format!("`{key}` needs exactly one of env, file and command"), Some(HOW));
        return None;
    };
    let words = source.strings(problems)?;
    if let Some((_, at)) = words.iter().find(|(word, _)| looks_like_one(word)) {
        problems.add(*at, format!("`{}` looks like a secret itself", source.key), Some(HOW));
        return None;
    }
    match source.key {
        "env" => variable(*source, problems).map(SecretSource::Env),
        "file" => file(*source, folder, problems).map(SecretSource::File),
        _ => command(*source, &words, problems).map(SecretSource::Command),
    }
}

/// Returns whether a word begins as tokens do.
pub(super) fn looks_like_one(word: &str) -> bool {
    TOKEN_MARKS.iter().any(|mark| word.starts_with(mark))
}

fn variable(entry: Entry<'_>, problems: &mut Problems<'_>) -> Option<String> {
    let name = entry.string(problems)?;
    let legal = |c: char| c.is_ascii_alphanumeric() || c == '_';
    if name.is_empty() || name.starts_with(|c: char| c.is_ascii_digit()) || !name.chars().all(legal) {
        // The value is not repeated: somebody may have put the token here.
        let hint = "letters, digits and '_' alone, without '$', such as GITHUB_TOKEN";
        problems.add(entry.at, "`env` must be the name of an environment variable", Some(hint));
        return None;
    }
    Some(name.to_owned())
}

/// Reads a program and its arguments.
pub(super) fn command(entry: Entry<'_>, words: &[(&str, usize)], problems: &mut Problems<'_>) -> Option<Vec<String>> {
    let program = words.first().is_some_and(|(word, _)| !word.is_empty());
    if entry.as_str().is_some() || !program {
        let hint = "no shell reads it; write the program and each argument, such as [\"gh\", \"auth\", \"token\"]";
        problems.add(entry.at, "`command` must be a list that starts with a program", Some(hint));
        return None;
    }
    Some(words.iter().map(|(word, _)| (*word).to_owned()).collect())
}

/// Reads a path; a relative one is relative to the configuration's folder.
pub(super) fn file(entry: Entry<'_>, folder: &Path, problems: &mut Problems<'_>) -> Option<PathBuf> {
    let path = entry.string(problems)?;
    if path.is_empty() || path.starts_with('~') {
        let hint = "write the whole path, or one from the configuration's folder; '~' and '$HOME' are not expanded";
        problems.add(entry.at, format!("`{}` must be a path", entry.key), Some(hint));
        return None;
    }
    Some(folder.join(path))
}

/// Reads `"docker"`, `"anonymous"` or `{ username = …, password = … }`.
pub(super) fn credential(entry: Entry<'_>, folder: &Path, problems: &mut Problems<'_>) -> Option<CredentialSource> {
    const HINT: &str = "\"docker\" uses the Docker and Podman logins; or \"anonymous\"; or { username = \"…\", password = { env = \"NAME\" } }";
    match entry.as_str() {
        Some("docker") => return Some(CredentialSource::Docker),
        Some("anonymous") => return Some(CredentialSource::Anonymous),
        Some(_) | None => {}
    }
    let title = if entry.key == "push_credential" { "`push_credential`" } else { "`credential`" };
    let Some(table) = entry.as_table(title, &["username", "password"], problems) else {
        // The value is not repeated: somebody may have put the password here.
        problems.add(entry.at, format!("{title} names no way to log in"), Some(HINT));
        return None;
    };
    let username = table.require("username", "\"…\"", problems).and_then(|it| it.string(problems));
    let password = table.require("password", "{ env = \"NAME\" }", problems);
    let password = password.and_then(|it| secret(it, folder, problems));
    let username = username?;
    if username.is_empty() || username.contains(':') {
        problems.add(entry.at, "`username` must not be empty or hold a ':'", None);
        return None;
    }
    Some(CredentialSource::Basic { username: username.to_owned(), password: password? })
}
