//! One incident instead of forty rows: what opens one, what never does, what it says, and how it closes by itself.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

#[path = "support/cast.rs"]
#[expect(dead_code, reason = "the cast serves other tests too")]
mod cast;

#[path = "incident/lab.rs"]
mod lab;

#[path = "incident/closing.rs"]
mod closing;
#[path = "incident/opening.rs"]
mod opening;
#[path = "incident/shown.rs"]
mod shown;
#[path = "incident/suspects.rs"]
mod suspects;
