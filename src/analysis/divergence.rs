//! Did it land? A verdict for every run, image and tag.

use std::sync::Arc;

use jiff::Timestamp;

use super::{Policy, ServiceReport};
use crate::domain::{Service, Snapshot};

/// Judges one service.
#[must_use]
pub fn judge(snapshot: &Snapshot, service: &Arc<Service>, policy: &Policy, now: Timestamp) -> ServiceReport {
    let _ = (policy, now);
    let listing = snapshot.listing(&service.name);
    ServiceReport {
        service: service.clone(),
        rows: Vec::new(),
        newest: listing.and_then(|listing| listing.runs.first().cloned()),
        newest_green: None,
        newest_landed: None,
        behind: None,
        since: None,
        seen_at: listing.and_then(|listing| listing.seen_at),
        failure: listing.and_then(|listing| listing.failure.clone()),
        complete: listing.is_some_and(|listing| listing.complete),
        skipped: listing.map_or(0, |listing| listing.skipped),
        settled: false,
    }
}
