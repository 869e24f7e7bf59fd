//! GitLab's tokens, deploy keys and variables: names and ends. Variables only through GraphQL, and only their keys: the
//! REST list of variables gives their values.

use std::ops::ControlFlow;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::value::RawValue;
use url::Url;

use super::api::{self, Kind};
use super::ci_credentials::take;
use super::gitlab::{GitLab, next};
use super::memo::Reading;
use super::pages;
use crate::domain::{
    Absent, Batch, CredentialKind, CredentialRecord, CredentialScan, DateRead, Evidence, Expiry, Failure, LastUse,
    Level, Reach, RepoPath, Standing, Text,
};
use crate::http::Answer;

/// What is asked of a project's variables.
const VARIABLES: &str = "query($path: ID!) { project(fullPath: $path) { ciVariables(first: 100) { pageInfo { hasNextPage } \
                         nodes { key environmentScope protected } } } }";

/// An access token, a deploy token or a deploy key. The fields that may hold a value are not read.
#[derive(Deserialize)]
struct KeptDto<'a> {
    id: u64,
    name: Option<String>,
    title: Option<String>,
    #[serde(borrow, default)]
    expires_at: Option<&'a RawValue>,
    #[serde(borrow, default)]
    created_at: Option<&'a RawValue>,
    #[serde(borrow, default)]
    last_used_at: Option<&'a RawValue>,
    revoked: Option<bool>,
    expired: Option<bool>,
    active: Option<bool>,
    can_push: Option<bool>,
}

#[derive(Deserialize)]
struct GraphDto {
    #[serde(default)]
    data: Option<ProjectsDto>,
    #[serde(default)]
    errors: Vec<ErrorDto>,
}

#[derive(Deserialize)]
struct ErrorDto {
    message: String,
}

#[derive(Deserialize)]
struct ProjectsDto {
    project: Option<ProjectDto>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ProjectDto {
    ci_variables: Option<VariablesDto>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct VariablesDto {
    nodes: Vec<Option<VariableDto>>,
    page_info: PageDto,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PageDto {
    has_next_page: bool,
}

/// The key of a variable, never its value.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct VariableDto {
    key: String,
    environment_scope: Option<String>,
    protected: Option<bool>,
}

/// Reads every list of a project, and those of the group that it is in.
pub(super) async fn read(gitlab: &GitLab, repo: &RepoPath, now: Timestamp) -> Vec<CredentialScan> {
    let mut scans = Vec::new();
    // What was not asked any more keeps what was known of it.
    let _ = all(gitlab, repo, now, &mut scans).await;
    scans
}

/// Reads one list after the other, until one meets what all would.
async fn all(gitlab: &GitLab, repo: &RepoPath, now: Timestamp, scans: &mut Vec<CredentialScan>) -> ControlFlow<()> {
    let path = repo.as_str();
    let project = Place { gitlab, now, owner: path, api: format!("projects/{}", encoded(path)) };
    take(scans, project.kept("access_tokens", CredentialKind::AccessToken).await)?;
    take(scans, project.kept("deploy_tokens", CredentialKind::DeployToken).await)?;
    take(scans, project.kept("deploy_keys", CredentialKind::DeployKey).await)?;
    take(scans, project.variables().await)?;
    if let Some((group, _)) = path.rsplit_once('/') {
        let group = Place { gitlab, now, owner: group, api: format!("groups/{}", encoded(group)) };
        take(scans, group.kept("access_tokens", CredentialKind::AccessToken).await)?;
        take(scans, group.kept("deploy_tokens", CredentialKind::DeployToken).await)?;
    }
    ControlFlow::Continue(())
}

/// A project or a group.
struct Place<'a> {
    gitlab: &'a GitLab,
    now: Timestamp,
    owner: &'a str,
    /// Its address below the API's.
    api: String,
}

impl Place<'_> {
    fn scope(&self, of: &str) -> String {
        format!("{}/{}/{of}", self.gitlab.id, self.owner)
    }

    /// Not only what is active is asked for: GitLab takes a token off that list on the day it expires.
    async fn kept(&self, of: &str, kind: CredentialKind) -> CredentialScan {
        let scope = self.scope(of);
        let found = match self.gitlab.base.join(&format!("{}/{of}?per_page=100", self.api)) {
            Ok(first) => {
                let convert = |dto: KeptDto<'_>| Some(self.record(&scope, &kind, &dto));
                let read = |at: &str, answer: &Answer| {
                    let list: Vec<&RawValue> = api::json(answer)?;
                    let (items, skipped) = api::each(&list, convert);
                    Ok(pages::Page { items, skipped, next: next(at, answer) })
                };
                let mut reading = Reading::new(self.gitlab);
                pages::read(first.into(), &mut reading, read, pages::everything).await
            }
            Err(error) => Err(Failure::Withheld(error.to_string().into())),
        };
        let found = found.map(|mut batch| {
            batch.items = living(batch.items);
            batch
        });
        CredentialScan { scope: scope.as_str().into(), found }
    }

    fn record(&self, scope: &str, kind: &CredentialKind, dto: &KeptDto<'_>) -> CredentialRecord {
        let name = dto.name.as_deref().or(dto.title.as_deref()).filter(|name| !name.is_empty());
        let name = name.map_or_else(|| Text::from(format!("{} {}", kind.word(), dto.id)), Text::from);
        let mut record = CredentialRecord::new(format!("{scope}/{}", dto.id), name, kind.clone(), self.now);
        let raw = |value: Option<&RawValue>| DateRead::json(value.map(RawValue::get));
        record.place = format!("{}, {}s", self.owner, kind.word()).into();
        // Older servers leave the end of deploy keys out; a null says that there is none.
        record.expiry = raw(dto.expires_at).expiry(Absent::Never);
        if dto.expires_at.is_none() && *kind == CredentialKind::DeployKey {
            (record.expiry, record.evidence) = (Expiry::Untold, Evidence::Age);
        }
        record.replace = self.page(if *kind == CredentialKind::AccessToken { "access_tokens" } else { "repository" });
        record.created_at = raw(dto.created_at).at();
        record.last_use = raw(dto.last_used_at).at().map_or(LastUse::Untold, LastUse::At);
        let is_dead = dto.expired == Some(true) || dto.active == Some(false);
        record.standing = if dto.revoked == Some(true) {
            Standing::Refused("revoked".into())
        } else if is_dead {
            Standing::Ended("GitLab says that it is not active any more".into())
        } else {
            Standing::Untried
        };
        if dto.can_push == Some(true) {
            record.notes.push("It may push.".into());
        }
        record
    }

    /// Returns the page on which it is replaced.
    fn page(&self, of: &str) -> Option<Text> {
        let groups = if self.api.starts_with("groups/") { "groups/" } else { "" };
        let page = self.gitlab.base.join(&format!("../../{groups}{}/-/settings/{of}", self.owner)).ok()?;
        Some(Text::new(page.as_str()))
    }

    async fn variables(&self) -> CredentialScan {
        let scope = self.scope("variables");
        let found = self.keys(&scope).await;
        CredentialScan { scope: scope.as_str().into(), found }
    }

    async fn keys(&self, scope: &str) -> Result<Batch<CredentialRecord>, Failure> {
        let withheld = |error: url::ParseError| Failure::Withheld(error.to_string().into());
        let mut address: Url = self.gitlab.base.join("../graphql").map_err(withheld)?;
        let path = serde_json::json!({ "path": self.owner }).to_string();
        address.query_pairs_mut().append_pair("query", VARIABLES).append_pair("variables", &path);
        let answer: GraphDto = api::json(&self.gitlab.ask(Kind::List(None), address.as_str()).await?)?;
        if let Some(error) = answer.errors.first() {
            return Err(Failure::Ambiguous(error.message.as_str().into()));
        }
        // To whoever may not see them GitLab shows no project, or no variables: that is not the same as none.
        let hidden = || Failure::NotFound("the project's variables are hidden from this token".into());
        let variables = answer.data.and_then(|data| data.project).and_then(|project| project.ci_variables);
        let variables = variables.ok_or_else(hidden)?;
        let all = variables.nodes.len();
        let items: Vec<_> =
            variables.nodes.into_iter().flatten().map(|variable| self.variable(scope, variable)).collect();
        let skipped = (all - items.len()) as u64;
        Ok(Batch { items, skipped, complete: !variables.page_info.has_next_page })
    }

    /// The same key may be there once for each scope of environments.
    fn variable(&self, scope: &str, variable: VariableDto) -> CredentialRecord {
        let environments = variable.environment_scope.filter(|it| it != "*");
        let id = match &environments {
            Some(environments) => format!("{scope}/{}/{environments}", variable.key),
            None => format!("{scope}/{}", variable.key),
        };
        let mut record = CredentialRecord::new(id, variable.key, CredentialKind::Variable, self.now);
        let level = environments.as_deref().map_or(Level::Repository, |it| Level::Environment(it.into()));
        record.reach = RepoPath::parse(self.owner).ok().map(|repo| Reach { repos: vec![repo], level });
        let at = environments.map(|it| format!(" for environment {it}")).unwrap_or_default();
        record.place = format!("{}, CI/CD variables{at}", self.owner).into();
        record.evidence = Evidence::Age;
        record.replace = self.page("ci_cd");
        if variable.protected == Some(true) {
            record.notes.push("It is protected: jobs on unprotected branches and tags do not get it.".into());
        }
        record
    }
}

/// Returns those that somebody may still use. What was revoked was meant to die, and what has ended is replaced where a
/// living one has its name.
fn living(mut records: Vec<CredentialRecord>) -> Vec<CredentialRecord> {
    let is_living = |record: &CredentialRecord| record.standing == Standing::Untried;
    let names: Vec<Text> = records.iter().filter(|it| is_living(it)).map(|it| it.name.clone()).collect();
    records.retain(|record| match &record.standing {
        Standing::Refused(_) => false,
        Standing::Ended(_) => !names.contains(&record.name),
        Standing::Accepted | Standing::AboveNeed(_) | Standing::Untried | Standing::OutOfReach(_) => true,
    });
    records
}

/// Returns a path as one part of an address.
fn encoded(path: &str) -> String {
    path.replace('/', "%2F")
}
