//! Which services an observation concerns, so that only those are judged anew.

use std::sync::Arc;

use crate::domain::{Seen, Service};

/// An index from what is seen to the services that it concerns.
#[derive(Debug, Clone, Default)]
pub struct Interest {}

impl Interest {
    /// Builds the index; services are named by their place in the list.
    #[must_use]
    pub fn new(services: &[Arc<Service>]) -> Self {
        let _ = services;
        Self {}
    }

    /// Returns the places of the services that this concerns.
    #[must_use]
    pub fn of(&self, seen: &Seen) -> Vec<usize> {
        let _ = seen;
        Vec::new()
    }
}
