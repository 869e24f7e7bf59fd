//! The OCI registry over loopback: what is there, what is not, and what could not be seen.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

#[path = "oci/auth.rs"]
mod auth;
#[path = "oci/content.rs"]
mod content;
#[path = "oci/faults.rs"]
mod faults;
#[path = "oci/hostile.rs"]
mod hostile;
#[path = "oci/hub.rs"]
mod hub;
#[path = "support/loopback.rs"]
mod loopback;
#[path = "oci/refusals.rs"]
mod refusals;
#[path = "support/registry.rs"]
mod registry;
#[path = "oci/renewal.rs"]
mod renewal;
