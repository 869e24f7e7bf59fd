//! What `landfall doctor` sees of stores of secrets: each is asked for all of its lists once, as the dashboard would.

use std::sync::Arc;

use futures_util::future::join_all;
use jiff::Timestamp;
use tokio::time::{Instant, timeout_at};

use super::SystemClock;
use crate::config::Config;
use crate::doctor::{ExpiryLook, Section};
use crate::domain::Health;
use crate::poll::Clock as _;
use crate::source::ExpirySource;

/// Asks every store until it has answered or the time is over.
pub(super) async fn sections(stores: &[Arc<dyn ExpirySource>], config: &Config, deadline: Instant) -> Vec<Section> {
    let now = SystemClock.now();
    join_all(stores.iter().map(|store| section(&**store, config, deadline, now))).await
}

async fn section(store: &dyn ExpirySource, config: &Config, deadline: Instant, now: Timestamp) -> Section {
    let scans = timeout_at(deadline, store.scan(now)).await.ok();
    let health = store.traffic().map(|(kind, traffic)| Health { traffic, ..Health::new(kind) });
    let look = ExpiryLook { id: store.id(), what: what(store, config), scans, health };
    look.section(&config.credentials.hours, now)
}

fn what(store: &dyn ExpirySource, config: &Config) -> String {
    let vault = config.expiry.vaults.iter().find(|vault| vault.name == *store.id());
    let aws = config.expiry.aws.iter().find(|aws| aws.name == *store.id());
    match (vault, aws) {
        (Some(vault), _) => format!("Vault or OpenBao, {}", vault.url.as_str().trim_end_matches('/')),
        (None, Some(aws)) => format!("AWS, {}", aws.regions.join(", ")),
        (None, None) => String::new(),
    }
}
