//! `landfall doctor` as a process, against the demo's servers and against servers that refuse.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, dead_code, reason = "tests")]

#[path = "doctor/demo.rs"]
mod demo;
#[path = "doctor/judged.rs"]
mod judged;
#[path = "support/loopback.rs"]
mod loopback;
#[path = "doctor/refusals.rs"]
mod refusals;
#[path = "doctor/shown.rs"]
mod shown;
#[path = "doctor/store.rs"]
mod store;
#[path = "doctor/support.rs"]
mod support;
