//! A whole configuration file: its sections, and what must hold between them.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use toml::de::DeTable;

use super::problem::{Problem, Problems};
use super::reader::{Entry, Table};
use super::service::Known;
use super::{
    Ci, Config, ExpiryPlaces, History, Loaded, Poll, RegistryEntry, aws, credentials, provider, service, tuning, vault,
};
use crate::analysis::Policy;
use crate::domain::{CredentialSource, Service, SourceId};

/// The sections.
const SECTIONS: [&str; 11] =
    ["poll", "policy", "history", "hours", "credentials", "ci", "registry", "vault", "aws", "service", "credential"];

/// Checks a configuration's text; `folder` is where relative paths start.
pub(super) fn parse(text: &str, folder: &Path) -> Result<Loaded, Vec<Problem>> {
    let mut problems = Problems::new(text);
    let (root, errors) = DeTable::parse_recoverable(text);
    for error in errors {
        let at = error.span().map_or(0, |span| span.start);
        problems.add(at, format!("this is no TOML: {}", error.message()), None);
    }
    if problems.any() {
        // What could be read around a broken line would only give misleading messages.
        return Err(problems.finish().0);
    }
    let root = Table::open("", root.get_ref(), &(0..0), &SECTIONS, &mut problems);
    let config = sections(&root, folder, &mut problems);
    let failed = problems.any();
    let (wrong, warnings) = problems.finish();
    if failed { Err(wrong) } else { Ok(Loaded { config, warnings }) }
}

fn sections(root: &Table<'_>, folder: &Path, problems: &mut Problems<'_>) -> Config {
    let (mut poll, mut policy) = (Poll::default(), Policy::default());
    if let Some(table) = root.get("poll").and_then(|entry| entry.table("[poll]", &tuning::POLL, problems)) {
        tuning::poll(&table, &mut poll, &mut policy, problems);
    }
    if let Some(table) = root.get("policy").and_then(|entry| entry.table("[policy]", &tuning::POLICY, problems)) {
        tuning::policy(&table, &mut policy, problems);
    }
    let mut history = History::default();
    if let Some(table) = root.get("history").and_then(|entry| entry.table("[history]", &tuning::HISTORY, problems)) {
        tuning::history(&table, &mut history, problems);
    }
    let (mut expiry, credentials) = credentials::read(root, folder, problems);
    let (names, ci) = providers(root, folder, problems);
    stores(root, &mut expiry, &names, folder, problems);
    let services = services(root, &Known { names: &names, usable: &ci }, problems);
    let mut registries = registries(root, folder, problems);
    add_named_by_images(&mut registries, &services);
    Config { poll, history, policy, expiry, credentials, ci, registries, services }
}

fn providers(root: &Table<'_>, folder: &Path, problems: &mut Problems<'_>) -> (Vec<SourceId>, Vec<Ci>) {
    let (mut names, mut usable) = (Vec::new(), Vec::new());
    for table in root.get("ci").map(|entry| entry.tables("[[ci]]", &provider::CI, problems)).unwrap_or_default() {
        let (name, ci) = provider::ci(&table, folder, problems);
        if let Some(name) = name {
            refuse_twin(&table, "name", names.contains(&name), problems);
            names.push(name);
        }
        if let Some(ci) = ci {
            warn_of_shared_budget(&table, &ci, &usable, problems);
            usable.push(ci);
        }
    }
    (names, usable)
}

/// Two that ask one server with one token spend one budget, and each reckons with all of it.
fn warn_of_shared_budget(table: &Table<'_>, ci: &Ci, others: &[Ci], problems: &mut Problems<'_>) {
    if let Some(other) = others.iter().find(|other| other.url == ci.url && other.token == ci.token) {
        let hint = format!("let its services name `ci = {:?}`, and leave this one out", other.name.as_str());
        let with = if ci.token.is_some() { "with one token" } else { "without a token" };
        let message = format!("{} and {} ask one server {with}: they share one budget", other.name, ci.name);
        problems.warn(table.at, message, Some(&hint));
    }
}

/// Stores of secrets are sources beside the CI providers and the commands: none may have another's name.
fn stores(root: &Table<'_>, places: &mut ExpiryPlaces, ci: &[SourceId], folder: &Path, problems: &mut Problems<'_>) {
    let mut names: Vec<SourceId> =
        places.commands.iter().map(|command| command.name.clone()).chain(ci.to_vec()).collect();
    for table in root.get("vault").map(|entry| entry.tables("[[vault]]", &vault::VAULT, problems)).unwrap_or_default() {
        if let Some(vault) = vault::vault(&table, folder, problems) {
            refuse_twin(&table, "name", names.contains(&vault.name), problems);
            names.push(vault.name.clone());
            places.vaults.push(vault);
        }
    }
    for table in root.get("aws").map(|entry| entry.tables("[[aws]]", &aws::AWS, problems)).unwrap_or_default() {
        if let Some(aws) = aws::aws(&table, folder, problems) {
            refuse_twin(&table, "name", names.contains(&aws.name), problems);
            names.push(aws.name.clone());
            places.aws.push(aws);
        }
    }
}

fn registries(root: &Table<'_>, folder: &Path, problems: &mut Problems<'_>) -> Vec<RegistryEntry> {
    let mut registries: Vec<RegistryEntry> = Vec::new();
    let tables = root.get("registry").map(|entry| entry.tables("[[registry]]", &provider::REGISTRY, problems));
    for table in tables.unwrap_or_default() {
        if let Some(registry) = provider::registry(&table, folder, problems) {
            refuse_twin(&table, "host", registries.iter().any(|it| it.host == registry.host), problems);
            registries.push(registry);
        }
    }
    registries
}

fn services(root: &Table<'_>, known: &Known<'_>, problems: &mut Problems<'_>) -> Vec<Arc<Service>> {
    let tables = root.get("service").map(|entry| entry.tables("[[service]]", &service::SERVICE, problems));
    if tables.as_ref().is_none_or(Vec::is_empty) && root.get("service").is_none_or(Entry::is_list) {
        let hint = "add a [[service]]; `landfall init` writes an example, `landfall demo` needs none";
        problems.add(0, "there is no [[service]], so there is nothing to watch", Some(hint));
    }
    let (mut names, mut services) = (Vec::new(), Vec::new());
    for table in tables.unwrap_or_default() {
        let (name, service) = service::service(&table, known, problems);
        if let Some(name) = name {
            refuse_twin(&table, "name", names.contains(&name), problems);
            names.push(name);
        }
        services.extend(service);
    }
    let images = services.iter().flat_map(|service| &service.images).map(|image| image.repository.clone());
    let claimed: Arc<BTreeSet<_>> = Arc::new(images.collect());
    let with_others = |service| Arc::new(Service { claimed: Arc::clone(&claimed), ..service });
    services.into_iter().map(with_others).collect()
}

pub(super) fn refuse_twin(table: &Table<'_>, key: &'static str, twin: bool, problems: &mut Problems<'_>) {
    if let Some(entry) = table.get(key).filter(|_| twin) {
        let value = entry.as_str().unwrap_or_default();
        problems.add(entry.at, format!("{} {value:?} is there twice", table.title), Some("each needs its own"));
    }
}

/// Adds, with defaults, the registries that only images name.
fn add_named_by_images(registries: &mut Vec<RegistryEntry>, services: &[Arc<Service>]) {
    for image in services.iter().flat_map(|service| &service.images) {
        let host = image.repository.source();
        if !registries.iter().any(|registry| registry.host == host) {
            let credential = CredentialSource::Docker;
            registries.push(RegistryEntry {
                host,
                plain_http: false,
                credential,
                push_credential: None,
                token_hosts: Vec::new(),
                ca_file: None,
            });
        }
    }
}
