//! GitHub's secrets and deploy keys: names and dates. GitHub knows no end of either, so only their age is told.

use std::ops::ControlFlow;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::api;
use super::ci_credentials::take;
use super::github::GitHub;
use super::memo::Reading;
use super::pages;
use crate::domain::{
    Batch, CredentialKind, CredentialRecord, CredentialScan, DateRead, Evidence, Failure, LastUse, Level, Reach,
    RepoPath, Standing,
};
use crate::http::Answer;

/// No repository's environments beyond these are looked at.
const ENVIRONMENTS: usize = 20;

/// `GET …/secrets`. There is no value to leave out: GitHub never gives one.
#[derive(Deserialize)]
struct SecretDto {
    name: String,
    #[serde(default)]
    created_at: Option<String>,
    #[serde(default)]
    updated_at: Option<String>,
}

/// `GET /repos/{repo}/environments`.
#[derive(Deserialize)]
struct EnvironmentDto {
    name: String,
}

/// `GET /repos/{repo}/keys`.
#[derive(Deserialize)]
struct KeyDto {
    id: u64,
    title: Option<String>,
    read_only: Option<bool>,
    enabled: Option<bool>,
    added_by: Option<String>,
    #[serde(default)]
    created_at: Option<String>,
    #[serde(default)]
    last_used: Option<String>,
}

/// Reads every list of a repository.
pub(super) async fn read(github: &GitHub, repo: &RepoPath, now: Timestamp) -> Vec<CredentialScan> {
    let mut scans = Vec::new();
    // What was not asked any more keeps what was known of it.
    let _ = List { github, repo, now }.all(&mut scans).await;
    scans
}

struct List<'a> {
    github: &'a GitHub,
    repo: &'a RepoPath,
    now: Timestamp,
}

impl List<'_> {
    /// Reads one list after the other, until one meets what all would.
    async fn all(&self, scans: &mut Vec<CredentialScan>) -> ControlFlow<()> {
        let (actions, dependabot) = (format!("{}, Actions", self.repo), format!("{}, Dependabot", self.repo));
        take(scans, self.secrets("actions", "actions/secrets", actions, Some(String::new()), Level::Repository).await)?;
        take(scans, self.organization().await)?;
        let more = Some(" --app dependabot".into());
        take(scans, self.secrets("dependabot", "dependabot/secrets", dependabot, more, Level::Dependabot).await)?;
        self.environments(scans).await?;
        take(scans, self.keys().await)
    }

    /// Returns the beginning of the ids of a list.
    fn scope(&self, of: &str) -> String {
        format!("{}/{}/{of}", self.github.id, self.repo)
    }

    fn first(&self, path: &str) -> String {
        self.github.route(&format!("repos/{}/{path}?per_page=100", self.repo))
    }

    /// `more` is what the command that replaces one needs besides its name and repository; nothing where there is none.
    async fn secrets(&self, of: &str, path: &str, place: String, more: Option<String>, level: Level) -> CredentialScan {
        let scope = self.scope(of);
        let page = |_: &str, answer: &Answer| {
            self.github.page(answer, |secret: SecretDto| {
                let id = format!("{scope}/{}", secret.name);
                let command = more.as_ref().filter(|_| is_word(&secret.name));
                let replace = command.map(|more| format!("gh secret set {} --repo {}{more}", secret.name, self.repo));
                let mut record = CredentialRecord::new(id, secret.name, CredentialKind::Secret, self.now);
                record.place = place.as_str().into();
                record.evidence = Evidence::Age;
                record.replace = replace.map(Into::into);
                record.reach = Some(Reach { repos: vec![self.repo.clone()], level: level.clone() });
                (record.created_at, record.rotated_at) = (date(secret.created_at), date(secret.updated_at));
                Some(record)
            })
        };
        let mut reading = Reading::new(self.github);
        let found = pages::read(self.first(path), &mut reading, page, pages::everything).await;
        CredentialScan { scope: scope.as_str().into(), found }
    }

    /// The secrets of the organization that reach this repository. Each is one, whichever repositories it reaches.
    async fn organization(&self) -> CredentialScan {
        let owner = self.repo.as_str().split('/').next().unwrap_or_default();
        let place = format!("{owner}, organization secrets");
        let path = "actions/organization-secrets";
        let mut scan = self.secrets("organization", path, place, None, Level::Organization).await;
        for record in scan.found.iter_mut().flat_map(|batch| &mut batch.items) {
            record.id = format!("{}/{owner}/organization/{}", self.github.id, record.name.raw()).into();
            let command = is_word(record.name.raw()).then(|| format!("gh secret set {} --org {owner}", record.name));
            record.replace = command.map(Into::into);
            record.consumers.push(self.repo.as_str().into());
        }
        scan
    }

    async fn environments(&self, scans: &mut Vec<CredentialScan>) -> ControlFlow<()> {
        let scope = self.scope("environments");
        let page = |_: &str, answer: &Answer| self.github.page(answer, |it: EnvironmentDto| Some(it.name));
        let mut reading = Reading::new(self.github);
        let names = pages::read(self.first("environments"), &mut reading, page, pages::everything).await;
        let names = match names {
            Ok(names) => names,
            Err(failure) => return take(scans, CredentialScan { scope: scope.as_str().into(), found: Err(failure) }),
        };
        for name in names.items.iter().take(ENVIRONMENTS) {
            let (of, path) = (format!("environments/{name}"), format!("environments/{}/secrets", encoded(name)));
            let place = format!("{}, environment {name}", self.repo);
            let more = quoted(name).map(|name| format!(" --env {name}"));
            take(scans, self.secrets(&of, &path, place, more, Level::Environment(name.as_str().into())).await)?;
        }
        // Nobody looked at the others; that is to be seen. A list that could be read takes an earlier failure back.
        let left = names.items.len().saturating_sub(ENVIRONMENTS);
        let found = if left > 0 || !names.complete || names.skipped > 0 {
            Err(Failure::Withheld(format!("only {ENVIRONMENTS} environments are looked at, and there are more").into()))
        } else {
            Ok(Batch { items: Vec::new(), skipped: 0, complete: true })
        };
        take(scans, CredentialScan { scope: scope.as_str().into(), found })
    }

    async fn keys(&self) -> CredentialScan {
        let scope = self.scope("keys");
        let page = |_: &str, answer: &Answer| {
            let items: Vec<&RawValue> = api::json(answer)?;
            let (items, skipped) = api::each(&items, |key: KeyDto| Some(self.key(&scope, key)));
            Ok(pages::Page { items, skipped, next: self.github.next(answer) })
        };
        let mut reading = Reading::new(self.github);
        let found = pages::read(self.first("keys"), &mut reading, page, pages::everything).await;
        CredentialScan { scope: scope.as_str().into(), found }
    }

    fn key(&self, scope: &str, key: KeyDto) -> CredentialRecord {
        let id = format!("{scope}/{}", key.id);
        let name = key.title.filter(|title| !title.is_empty()).unwrap_or_else(|| format!("key {}", key.id));
        let mut record = CredentialRecord::new(id, name, CredentialKind::DeployKey, self.now);
        record.place = format!("{}, deploy keys", self.repo).into();
        record.evidence = Evidence::Age;
        record.created_at = date(key.created_at);
        record.last_use = date(key.last_used).map_or(LastUse::Untold, LastUse::At);
        record.owner = key.added_by.map(Into::into);
        if key.enabled == Some(false) {
            record.standing = Standing::Refused("the organization's policy has switched it off".into());
        }
        if key.read_only == Some(false) {
            record.notes.push("It may push.".into());
        }
        record
    }
}

fn date(written: Option<String>) -> Option<Timestamp> {
    DateRead::text(&written?).at()
}

/// Returns whether a name can stand in a command as it is.
fn is_word(name: &str) -> bool {
    name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// Returns a name as one word of a shell; nothing where it cannot be one that is harmless.
fn quoted(name: &str) -> Option<String> {
    let is_harmless = |c: char| !c.is_control() && c != '\'';
    name.chars().all(is_harmless).then(|| format!("'{name}'"))
}

/// Returns a name as one part of a path.
fn encoded(name: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~');
    name.bytes().map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}
