//! Which of the credentials that are known could be what an incident's pushes are refused with. A guess by names, places
//! and users, which says why.

use std::collections::BTreeSet;

use super::pushes::Stop;
use super::{CredentialReport, Severity, next_step};
use crate::domain::{CredentialKind, CredentialRecord, ServiceName, SourceId, Standing, Text};

/// How many are named.
const AT_MOST: usize = 10;

/// A credential that could be the cause.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suspect {
    /// Who told of it; nobody of what is only declared.
    pub source: Option<SourceId>,
    /// Its id.
    pub id: Text,
    /// Its name.
    pub name: Text,
    /// How urgent it is by itself.
    pub severity: Severity,
    /// Why it could be the cause.
    pub why: String,
    /// The services of the incident whose pipelines could push with it.
    pub services: Vec<ServiceName>,
    /// The worst that is known of it.
    pub reason: Option<String>,
    /// What replaces it, where something is to be done.
    pub next_step: Option<String>,
}

/// Words in names that belong to some registries alone, and parts of those registries' hosts.
const FAMILIES: [(&[&str], &[&str]); 6] = [
    (&["ghcr"], &["ghcr.io"]),
    (&["dockerhub", "hub"], &["docker.io"]),
    (&["quay"], &["quay"]),
    (&["ecr", "aws"], &["amazonaws.com"]),
    (&["gcr", "gar", "gcp", "google"], &["gcr.io", "pkg.dev"]),
    (&["acr", "azure"], &["azurecr.io"]),
];

/// Words in names that may belong to any registry.
const ANY: [&str; 7] = ["registry", "docker", "container", "containers", "cr", "oci", "push"];

/// Words in names that belong to no registry of images.
const OTHERS: [&str; 12] = [
    "npm",
    "pypi",
    "cargo",
    "crates",
    "maven",
    "nuget",
    "gem",
    "notification",
    "notifications",
    "webhook",
    "ssh",
    "signing",
];

/// Returns the suspects, the worst first.
pub(super) fn suspects(credentials: &[CredentialReport], members: &[&Stop]) -> Vec<Suspect> {
    let Some(host) = members.first().map(|stop| stop.image.registry()) else { return Vec::new() };
    let suspect = |row: &CredentialReport| {
        let record = &*row.record;
        Some(Suspect {
            source: row.source.clone(),
            id: record.id.clone(),
            name: record.name.clone(),
            severity: row.urgency.severity,
            why: why(row, host, members)?,
            services: services(row, members),
            reason: row.urgency.reasons.first().map(ToString::to_string),
            next_step: next_step(record, row.urgency.severity),
        })
    };
    let mut suspects: Vec<_> = credentials.iter().filter_map(suspect).collect();
    suspects.sort_by_key(|suspect| suspect.severity);
    suspects.truncate(AT_MOST);
    suspects
}

/// Returns the services that a credential could be the cause for: those that can use it; all where nothing ties it to
/// any of them.
fn services(row: &CredentialReport, members: &[&Stop]) -> Vec<ServiceName> {
    let record = row.named.as_ref().map_or(&*row.record, |named| &*named.record);
    let names = |reached: bool| -> BTreeSet<&ServiceName> {
        let tied = members.iter().filter(|stop| !reached || reaches(record, stop));
        tied.map(|stop| &stop.service.name).collect()
    };
    let reached = names(true);
    let all = if reached.is_empty() { names(false) } else { reached };
    all.into_iter().cloned().collect()
}

/// Returns why a credential could be the cause; nothing where nothing speaks for it.
fn why(row: &CredentialReport, host: &str, members: &[&Stop]) -> Option<String> {
    let (source, record) = match &row.named {
        Some(named) => (&named.source, &*named.record),
        None => (&row.source, &*row.record),
    };
    let is_finding = row.urgency.severity.is_finding();
    // That a login may do more than it needs is no reason for a push to be refused.
    let is_bad =
        is_finding && !(row.urgency.severity == Severity::Warning && matches!(record.standing, Standing::AboveNeed(_)));
    match &record.kind {
        CredentialKind::OwnLogin => {
            // Landfall reads with it. It matters where the pipelines push with the same account.
            let is_own = is_bad && source.as_ref().is_some_and(|source| source.as_str() == host);
            return is_own.then(|| format!("landfall's own login at {host}, perhaps of the same account"));
        }
        CredentialKind::OwnToken
        | CredentialKind::Certificate
        | CredentialKind::SshCertificate
        | CredentialKind::DeployKey => return None,
        kind if kind.is_list() => return None,
        CredentialKind::Secret
        | CredentialKind::Variable
        | CredentialKind::AccessToken
        | CredentialKind::DeployToken
        | CredentialKind::Jwt
        | CredentialKind::Other(_) => {}
    }
    let user = members.iter().find(|stop| reaches(record, stop)).map(|stop| &stop.service.name);
    if texts(record).any(|text| text.raw().to_lowercase().contains(host)) {
        return Some(format!("it names {host}"));
    }
    let named = names_registry(record.name.raw(), host)
        || record.upstream.as_ref().is_some_and(|upstream| names_registry(upstream.raw(), host));
    let is_declared = source.is_none() && record.consumers.is_empty();
    match user {
        Some(user) if named => Some(format!("by its name it is for a registry, and {user} can use it")),
        Some(user) if record.kind == CredentialKind::DeployToken && is_finding => {
            Some(format!("{user} can use it, and deploy tokens may push"))
        }
        None if named && is_declared => Some("by its name it is for a registry".to_owned()),
        Some(_) | None => None,
    }
}

fn texts(record: &CredentialRecord) -> impl Iterator<Item = &Text> {
    let told = [Some(&record.name), Some(&record.place), record.upstream.as_ref(), record.url.as_ref()];
    told.into_iter().flatten().chain(&record.consumers)
}

/// Returns whether the pipeline of a service can use a credential: it lies in its repository, or in a group or an
/// organization above it, or it is said to be used by it.
fn reaches(record: &CredentialRecord, stop: &Stop) -> bool {
    let repo = stop.service.repo.as_str();
    let place = record.id.raw().strip_prefix(stop.service.ci.as_str()).and_then(|rest| rest.strip_prefix('/'));
    let is_above = place.is_some_and(|place| {
        let mut ends = repo.match_indices('/').map(|(end, _)| end).chain([repo.len()]);
        // What follows is the name of a list and not a longer path: `acme/organization/TOKEN`, not `acme/cart/…`.
        ends.any(|end| {
            let owner = repo.get(..end).unwrap_or_default();
            let rest = place.strip_prefix(owner).and_then(|rest| rest.strip_prefix('/'));
            rest.is_some_and(|rest| end == repo.len() || is_list(rest))
        })
    });
    let uses = |consumer: &Text| {
        let consumer = consumer.raw();
        consumer == stop.service.name.as_str() || consumer.split([' ', ',', ':', '@']).any(|word| word == repo)
    };
    is_above || record.consumers.iter().any(uses)
}

fn is_list(rest: &str) -> bool {
    let list = rest.split('/').next().unwrap_or_default();
    matches!(list, "organization" | "access_tokens" | "deploy_tokens" | "variables") && rest.split('/').count() == 2
}

fn names_registry(name: &str, host: &str) -> bool {
    let name = name.to_lowercase();
    let words: Vec<&str> = name.split(|c: char| !c.is_alphanumeric()).collect();
    let has = |known: &[&str]| known.iter().any(|word| words.contains(word));
    let is_of = |hosts: &[&str]| hosts.iter().any(|part| host.contains(part));
    let is_known = FAMILIES.iter().any(|(_, hosts)| is_of(hosts));
    if has(&OTHERS) {
        return false;
    }
    let mut families = FAMILIES.iter().filter(|(words, _)| has(words)).peekable();
    if families.peek().is_some() {
        return families.any(|(_, hosts)| is_of(hosts)) || !is_known;
    }
    has(&ANY)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_tells_which_registry_it_is_for() {
        let cases = [
            ("GHCR_TOKEN", "ghcr.io", true),
            ("GHCR_TOKEN", "docker.io", false),
            ("GHCR_TOKEN", "registry.corp:5000", true),
            ("DOCKERHUB_PASSWORD", "docker.io", true),
            ("DOCKER_HUB_TOKEN", "docker.io", true),
            ("DOCKER_PASSWORD", "ghcr.io", true),
            ("ECR_PUSH_KEY", "ghcr.io", false),
            ("ECR_PUSH_KEY", "1.dkr.ecr.eu-central-1.amazonaws.com", true),
            ("registry push robot", "harbor.corp", true),
            ("NPM_REGISTRY_TOKEN", "ghcr.io", false),
            ("DOCKER_SIGNING_KEY", "ghcr.io", false),
            ("CHAT_WEBHOOK", "ghcr.io", false),
            ("SCREEN_TOKEN", "ghcr.io", false),
        ];
        for (name, host, is_for_it) in cases {
            assert_eq!(names_registry(name, host), is_for_it, "{name} at {host}");
        }
    }
}
