//! Whoever knows when credentials end: what is asked, what is made of the answers, and what never comes through.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

#[cfg(feature = "aws")]
#[path = "expiry_sources/aws.rs"]
mod aws;
#[path = "support/ci.rs"]
#[expect(dead_code, reason = "other tests share it")]
mod ci;
#[path = "expiry_sources/endpoint.rs"]
mod endpoint;
#[path = "expiry_sources/files.rs"]
mod files;
#[path = "expiry_sources/github.rs"]
mod github;
#[path = "expiry_sources/github_pipelines.rs"]
mod github_pipelines;
#[path = "expiry_sources/gitlab.rs"]
mod gitlab;
#[path = "expiry_sources/gitlab_pipelines.rs"]
mod gitlab_pipelines;
#[path = "expiry_sources/inventory.rs"]
mod inventory;
#[path = "support/loopback.rs"]
#[expect(dead_code, reason = "other tests share it")]
mod loopback;
#[path = "expiry_sources/organization.rs"]
mod organization;
#[path = "expiry_sources/own.rs"]
mod own;
#[path = "expiry_sources/rights.rs"]
mod rights;
#[path = "expiry_sources/vault.rs"]
mod vault;
#[path = "expiry_sources/vault_issued.rs"]
mod vault_issued;
#[path = "expiry_sources/vault_kv.rs"]
mod vault_kv;
#[path = "expiry_sources/watch.rs"]
mod watch;

use jiff::Timestamp;
use landfall::domain::{Batch, CredentialRecord, CredentialScan, Failure, SourceId};

fn now() -> Timestamp {
    "2026-11-27T12:00:00Z".parse().unwrap()
}

fn source(name: &str) -> SourceId {
    SourceId::parse(name).unwrap()
}

fn found<'a>(scans: &'a [CredentialScan], scope: &str) -> &'a Result<Batch<CredentialRecord>, Failure> {
    let named = scans.iter().find(|scan| scan.scope.raw() == scope);
    let known: Vec<_> = scans.iter().map(|scan| scan.scope.raw()).collect();
    &named.unwrap_or_else(|| panic!("{scope} is none of {known:?}")).found
}

fn ids(batch: &Batch<CredentialRecord>) -> Vec<&str> {
    batch.items.iter().map(|record| record.id.raw()).collect()
}
