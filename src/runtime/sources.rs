//! Builds the sources that a configuration names. Nothing is sent yet.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use crate::config::{Ci, CiKind, Config, ExpiryPlaces, RegistryEntry, VaultEntry};
use crate::domain::{CredentialSource, SourceId};
use crate::http::{Archive, hide_variables, secret_exposed, secret_origin};
use crate::poll::{Rhythm, Sources};
use crate::source::{
    CiCredentials, CiOptions, CiProvider, CredentialFiles, Endpoints, ExpirySource, GitHub, GitLab, Inventory, Leave,
    Oci, OciOptions, OwnLogin, OwnToken, PushLogin, Registry, Vault, VaultOptions,
};

/// What the user asks may go beside looks that nobody waits for.
const BESIDE: usize = 1;

/// Returns everybody who can be asked.
///
/// # Errors
/// What in the configuration cannot be used, such as a certificate file, in words for the user.
pub fn build(config: &Config) -> Result<Sources, String> {
    build_with(config, None)
}

/// Returns everybody who can be asked; what is asked for conditionally outlives the process in the archive.
///
/// # Errors
/// As `build`.
pub(super) fn build_with(config: &Config, archive: Option<&Arc<dyn Archive>>) -> Result<Sources, String> {
    build_beside(registries(config)?, config, archive)
}

/// Returns the same where the registries are built already.
///
/// # Errors
/// As `build`.
pub(super) fn build_beside(
    registries: Registries,
    config: &Config,
    archive: Option<&Arc<dyn Archive>>,
) -> Result<Sources, String> {
    let mut sources = Sources { registries, ..Sources::default() };
    for ci in &config.ci {
        sources.ci.insert(ci.name.clone(), provider(ci, config, archive).map_err(|why| format!("{}: {why}", ci.name))?);
    }
    Ok(sources)
}

/// Every registry, by its host.
pub(super) type Registries = BTreeMap<SourceId, Arc<dyn Registry>>;

/// Returns the registries alone: what they answer is not kept in the archive.
///
/// # Errors
/// As `build`.
pub(super) fn registries(config: &Config) -> Result<Registries, String> {
    hide_variables(config.secret_variables());
    let build = |entry: &RegistryEntry| {
        let registry = registry(entry, config).map_err(|why| format!("{}: {why}", entry.host))?;
        Ok((entry.host.clone(), Arc::new(registry) as Arc<dyn Registry>))
    };
    config.registries.iter().map(build).collect()
}

/// Returns who knows when credentials end: everybody who can be asked of the login that is used, and what the
/// configuration names besides.
///
/// # Errors
/// As `build`.
pub(super) fn expiry(config: &Config, sources: &Sources) -> Result<Vec<Arc<dyn ExpirySource>>, String> {
    let leave: Arc<dyn Leave> = Arc::new(sources.doors.clone());
    let mut expiry: Vec<Arc<dyn ExpirySource>> = Vec::new();
    for ci in &config.ci {
        let Some(provider) = sources.ci.get(&ci.name) else { continue };
        if let Some(token) = &ci.token {
            let from = secret_origin(token).into();
            let (id, provider, leave) = (ci.name.clone(), Arc::clone(provider), Arc::clone(&leave));
            expiry.push(Arc::new(OwnToken { id, from, provider, leave }));
        }
        let services = config.services.iter().filter(|service| service.ci == ci.name);
        let inventory = config.expiry.inventory;
        let repos: BTreeSet<_> = services.filter(|_| inventory).map(|service| service.repo.clone()).collect();
        if !repos.is_empty() || !ci.organizations.is_empty() {
            expiry.push(Arc::new(CiCredentials {
                id: ci.name.clone(),
                repos: repos.into_iter().collect(),
                organizations: ci.organizations.clone(),
                provider: Arc::clone(provider),
                leave: Arc::clone(&leave),
            }));
        }
    }
    for (host, registry) in &sources.registries {
        let images = config.services.iter().flat_map(|service| &service.images).map(|image| &image.repository);
        if let Some(image) = images.into_iter().find(|image| image.registry() == host.as_str()) {
            let (id, image, registry, leave) = (host.clone(), image.clone(), Arc::clone(registry), Arc::clone(&leave));
            expiry.push(Arc::new(OwnLogin { id, image, registry, leave }));
        }
    }
    expiry.extend(push_logins(config));
    expiry.extend(elsewhere(config));
    expiry.extend(stores(config)?);
    Ok(expiry)
}

/// Returns the stores of secrets that the configuration names.
///
/// # Errors
/// As `build`.
pub(super) fn stores(config: &Config) -> Result<Vec<Arc<dyn ExpirySource>>, String> {
    let mut stores: Vec<Arc<dyn ExpirySource>> = Vec::new();
    for entry in &config.expiry.vaults {
        stores.push(Arc::new(vault(entry, config).map_err(|why| format!("{}: {why}", entry.name))?));
    }
    // A build without AWS has refused a configuration that names an account.
    #[cfg(feature = "aws")]
    stores.extend(accounts(config)?);
    Ok(stores)
}

/// Returns the AWS accounts.
#[cfg(feature = "aws")]
fn accounts(config: &Config) -> Result<Vec<Arc<dyn ExpirySource>>, String> {
    let account = |entry: &crate::config::AwsEntry| -> Result<Arc<dyn ExpirySource>, String> {
        let aws = crate::source::Aws::new(crate::source::AwsOptions {
            id: entry.name.clone(),
            regions: entry.regions.clone(),
            login: entry.login.clone(),
            endpoint: entry.endpoint.clone(),
            secrets: entry.secrets,
            access_keys: entry.access_keys,
            users: entry.users.clone(),
            key_max_age: entry.key_max_age,
            ecr: entry.ecr,
            ca_pem: ca_pem(entry.ca_file.as_deref())?,
            timeout: timeout(config),
        });
        Ok(Arc::new(aws?))
    };
    config.expiry.aws.iter().map(|entry| account(entry).map_err(|why| format!("{}: {why}", entry.name))).collect()
}

fn vault(entry: &VaultEntry, config: &Config) -> Result<Vault, String> {
    Vault::new(VaultOptions {
        id: entry.name.clone(),
        url: entry.url.clone(),
        namespace: entry.namespace.clone(),
        token: entry.token.clone(),
        kv: entry.kv.clone(),
        pki: entry.pki.clone(),
        approle: entry.approle.clone(),
        approle_lookup: entry.approle_lookup,
        ca_pem: ca_pem(entry.ca_file.as_deref())?,
        timeout: timeout(config),
    })
}

/// Returns the logins that pipelines push with, where the configuration names them. Each has a connection of its own, so
/// that what it is told never serves what is read.
pub(super) fn push_logins(config: &Config) -> Vec<Arc<dyn ExpirySource>> {
    let mut logins: Vec<Arc<dyn ExpirySource>> = Vec::new();
    for entry in &config.registries {
        let Some(credential) = entry.push_credential.clone() else { continue };
        let images = config.services.iter().flat_map(|service| &service.images).map(|image| &image.repository);
        let images: BTreeSet<_> = images.filter(|image| image.registry() == entry.host.as_str()).cloned().collect();
        // What cannot be built was told when the registry itself was.
        if let (Ok(registry), false) =
            (registry(&RegistryEntry { credential, ..entry.clone() }, config), images.is_empty())
        {
            let images = images.into_iter().collect();
            logins.push(Arc::new(PushLogin { id: entry.host.clone(), images, registry: Arc::new(registry) }));
        }
    }
    logins
}

/// Returns the files, servers and commands that the configuration names.
fn elsewhere(config: &Config) -> Vec<Arc<dyn ExpirySource>> {
    let ExpiryPlaces { files, endpoints, commands, .. } = &config.expiry;
    let mut expiry: Vec<Arc<dyn ExpirySource>> = Vec::new();
    if let (Ok(id), false) = (SourceId::parse("files"), files.is_empty()) {
        expiry.push(Arc::new(CredentialFiles { id, files: files.clone() }));
    }
    if let (Ok(id), false) = (SourceId::parse("endpoints"), endpoints.is_empty()) {
        let servers = endpoints.iter().map(|endpoint| (endpoint.host.clone(), endpoint.port)).collect();
        expiry.push(Arc::new(Endpoints { id, servers, timeout: timeout(config) }));
    }
    for command in commands {
        expiry.push(Arc::new(Inventory {
            id: command.name.clone(),
            command: command.command.clone(),
            env: command.env.clone(),
            timeout: Duration::try_from(command.timeout).unwrap_or(Duration::from_secs(30)),
        }));
    }
    expiry
}

/// Returns a warning for every secret that others on this machine can read.
pub(super) fn exposed_secrets(config: &Config) -> Vec<String> {
    let tokens = config.ci.iter().filter_map(|ci| ci.token.as_ref());
    let logins =
        config.registries.iter().flat_map(|registry| [Some(&registry.credential), registry.push_credential.as_ref()]);
    let passwords = logins.flatten().filter_map(|login| match login {
        CredentialSource::Basic { password, .. } => Some(password),
        CredentialSource::Docker | CredentialSource::Anonymous => None,
    });
    let vaults = config.expiry.vaults.iter().map(|vault| &vault.token);
    let aws = config.expiry.aws.iter().flat_map(|aws| aws.login.places());
    let aws = aws.collect::<Vec<_>>();
    tokens.chain(passwords).chain(vaults).chain(&aws).filter_map(secret_exposed).collect()
}

/// Returns how hard to try where somebody waits for the answer.
#[must_use]
pub fn patient(config: &Config) -> Rhythm {
    Rhythm {
        runs: config.policy.runs,
        ci_in_flight: config.poll.ci_in_flight,
        registry_in_flight: config.poll.registry_in_flight,
        attempts: 4,
        backoff: jiff::SignedDuration::from_millis(250),
        patience: jiff::SignedDuration::from_secs(10),
    }
}

/// Returns how hard to try where a dashboard stays up: a failure is shown at once, and tried again later.
#[must_use]
pub fn steady(config: &Config) -> Rhythm {
    let second = jiff::SignedDuration::from_secs(1);
    Rhythm { attempts: 1, backoff: second, patience: jiff::SignedDuration::ZERO, ..patient(config) }
}

fn provider(ci: &Ci, config: &Config, archive: Option<&Arc<dyn Archive>>) -> Result<Arc<dyn CiProvider>, String> {
    let options = CiOptions {
        id: ci.name.clone(),
        url: ci.url.clone(),
        token: ci.token.clone(),
        ca_pem: ca_pem(ci.ca_file.as_deref())?,
        in_flight: config.poll.ci_in_flight + BESIDE,
        timeout: timeout(config),
        archive: archive.cloned(),
    };
    Ok(match ci.kind {
        CiKind::GitHub => Arc::new(GitHub::new(options)?),
        CiKind::GitLab => Arc::new(GitLab::new(options)?),
    })
}

fn registry(entry: &RegistryEntry, config: &Config) -> Result<Oci, String> {
    Oci::new(OciOptions {
        host: entry.host.clone(),
        plain_http: entry.plain_http,
        credential: entry.credential.clone(),
        ca_pem: ca_pem(entry.ca_file.as_deref())?,
        in_flight: config.poll.registry_in_flight + BESIDE,
        timeout: timeout(config),
        realm_hosts: entry.token_hosts.clone(),
        login_files: None,
        address: None,
    })
}

fn ca_pem(file: Option<&Path>) -> Result<Option<Vec<u8>>, String> {
    let read =
        |file: &Path| fs::read(file).map_err(|error| format!("ca_file {} cannot be read: {error}", file.display()));
    file.map(read).transpose()
}

fn timeout(config: &Config) -> Duration {
    Duration::try_from(config.poll.timeout).unwrap_or(Duration::from_secs(20))
}
