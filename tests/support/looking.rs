//! Looks once at what a configuration names, with the real sources and the real poller.

use std::sync::Arc;

use jiff::SignedDuration;
use landfall::analysis::{Report, analyse, assess};
use landfall::config::Config;
use landfall::domain::Fact;
use landfall::poll::Clock as _;
use landfall::runtime::{Oneshot, SystemClock, Watcher, build, patient};

/// Looks once, and returns what that means.
pub(crate) async fn look(config: &Config, remembered: Vec<Fact>, watcher: &mut dyn Watcher) -> Report {
    let oneshot = Oneshot {
        services: &config.services,
        policy: &config.policy,
        rhythm: patient(config),
        clock: Arc::new(SystemClock),
        wait: SignedDuration::ZERO,
        depth: None,
    };
    let snapshot = oneshot.look(build(config).unwrap(), remembered, watcher).await;
    let now = SystemClock.now();
    let mut report = analyse(&snapshot, &config.services, &config.policy, now);
    assess(&mut report, &snapshot, &config.policy, now);
    report
}
