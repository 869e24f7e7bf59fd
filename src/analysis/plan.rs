//! What must be looked at next for a verdict: the questions, not when they are asked.

use std::sync::Arc;

use jiff::Timestamp;

use super::Policy;
use super::cadence::cadence;
use super::context::Context;
use super::notes::Wants;
use super::tag_list;
use super::walk::walk;
use crate::domain::{Look, Service, Snapshot, Urgency, Wanted};

/// Returns the looks that could still change a verdict of this service, and those that keep it fresh
/// (`Urgency::Again`). With none but the latter, all is settled. What is on the screen is kept fresher.
#[must_use]
pub fn plan(
    snapshot: &Snapshot,
    service: &Arc<Service>,
    policy: &Policy,
    now: Timestamp,
    on_screen: bool,
) -> Vec<Wanted> {
    let mut wants = Wants(vec![plan_list(snapshot, service, policy, now, on_screen)]);
    let ctx = Context::new(snapshot, service, policy, now);
    for place in ctx.places() {
        walk(&ctx, &place, &mut wants);
    }
    tag_list::pool(&mut wants.0, snapshot, policy);
    wants.0
}

/// Returns when the list of the service's runs is to be read next. What is on the screen is kept fresher.
#[must_use]
pub fn plan_list(snapshot: &Snapshot, service: &Service, policy: &Policy, now: Timestamp, on_screen: bool) -> Wanted {
    let look = Look::Runs(service.name.clone());
    let listing = snapshot.listing(&service.name);
    let Some((listing, seen_at)) = listing.and_then(|listing| Some((listing, listing.seen_at?))) else {
        let failed = listing.is_some_and(|listing| listing.failure.is_some());
        return Wanted { look, urgency: if failed { Urgency::Again } else { Urgency::Newest }, not_before: None };
    };
    if let Some(emptied_at) = listing.emptied_at {
        let again = emptied_at.saturating_add(policy.second_look).unwrap_or(emptied_at);
        return Wanted { look, urgency: Urgency::Newest, not_before: Some(again) };
    }
    if policy.asked.as_ref().is_some_and(|asked| seen_at < asked.at) && listing.failure.is_none() {
        return Wanted { look, urgency: Urgency::Newest, not_before: None };
    }
    // A clock that was set back must not keep anything from being looked at.
    let pause = cadence(listing, policy, now, on_screen);
    let again = seen_at.min(now).saturating_add(pause).unwrap_or(seen_at);
    let urgency = if on_screen { Urgency::Watched } else { Urgency::Again };
    Wanted { look, urgency, not_before: Some(again) }
}
