//! Notes the moment at which every service's newest green commit has its first verdict.

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
    open: BTreeSet<usize>,
    /// When the last of them had it.
    pub(crate) reached: Option<Instant>,
}

impl<'a> First<'a> {
    pub(crate) fn new(services: &'a [Arc<Service>], policy: &'a Policy) -> Self {
        Self { services, policy, open: (0..services.len()).collect(), reached: None }
    }
}

impl Watcher for First<'_> {
    fn touched(&mut self, snapshot: &Snapshot, places: &BTreeSet<usize>) {
        let touched: Vec<usize> = self.open.intersection(places).copied().collect();
        for place in touched {
            let Some(service) = self.services.get(place) else { continue };
            let report = judge(snapshot, service, self.policy, Timestamp::now());
            let told = |verdict| !matches!(verdict, Verdict::Unknown | Verdict::Pending);
            if report.newest_green.is_some_and(|green| told(green.verdict)) {
                self.open.remove(&place);
            }
        }
        if self.open.is_empty() {
            self.reached.get_or_insert_with(Instant::now);
        }
    }
}
