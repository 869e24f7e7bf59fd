//! When things are asked: cadence, order, single flight, backoff. The one owner of retry.

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::sync::mpsc;

use crate::domain::{Observation, Service, SourceId, Wanted};
use crate::source::{CiProvider, Registry};

/// Everybody who can be asked.
#[derive(Clone, Default)]
pub struct Sources {
    /// CI providers by their name in the configuration.
    pub ci: BTreeMap<SourceId, Arc<dyn CiProvider>>,
    /// Registries by host.
    pub registries: BTreeMap<SourceId, Arc<dyn Registry>>,
}

/// Asks what is wanted and sends what was seen. Dropping it stops every look.
pub struct Poller {}

impl Poller {
    /// Starts asking. Observations come out of `observations`, in the order of their answers.
    #[must_use]
    pub fn start(sources: Sources, services: &[Arc<Service>], observations: mpsc::Sender<Observation>) -> Self {
        let _ = (sources, services, observations);
        Self {}
    }

    /// Takes in what is wanted. A look that is already waiting or under way is not asked twice;
    /// one that failed is asked again only when its backoff is over, or when `Urgency::Asked`.
    pub fn want(&self, wanted: Vec<Wanted>) {
        let _ = wanted;
    }
}
