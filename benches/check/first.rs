//! Notes when every list of runs was read, and when every service's newest green commit had its first verdict.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Instant;

use jiff::Timestamp;
use landfall::analysis::{Policy, Verdict, judge};
use landfall::domain::{Service, Snapshot};
use landfall::runtime::Watcher;

/// Watches a look until every newest green commit has a verdict.
pub(crate) struct First<'a> {
    services: &'a [Arc<Service>],
    policy: &'a Policy,
    unlisted: BTreeSet<usize>,
    untold: BTreeSet<usize>,
    /// When the last list of runs was read.
    pub(crate) listed: Option<Instant>,
    /// When the last of the newest green commits had its verdict.
    pub(crate) told: Option<Instant>,
}

impl<'a> First<'a> {
    pub(crate) fn new(services: &'a [Arc<Service>], policy: &'a Policy) -> Self {
        let all: BTreeSet<usize> = (0..services.len()).collect();
        Self { services, policy, unlisted: all.clone(), untold: all, listed: None, told: None }
    }
}

impl Watcher for First<'_> {
    fn touched(&mut self, snapshot: &Snapshot, places: &BTreeSet<usize>) {
        let touched: Vec<usize> = self.untold.intersection(places).copied().collect();
        for place in touched {
            let Some(service) = self.services.get(place) else { continue };
            let report = judge(snapshot, service, self.policy, Timestamp::now());
            if report.seen_at.is_some() {
                self.unlisted.remove(&place);
            }
            let is_told = |verdict| !matches!(verdict, Verdict::Unknown | Verdict::Pending);
            if report.newest_green.is_some_and(|green| is_told(green.verdict)) {
                self.untold.remove(&place);
            }
        }
        if self.unlisted.is_empty() {
            self.listed.get_or_insert_with(Instant::now);
        }
        if self.untold.is_empty() {
            self.told.get_or_insert_with(Instant::now);
        }
    }
}
