//! How much a service's green and red can be trusted, by everything that is remembered of its runs.
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, dead_code, reason = "tests")]

#[path = "support/world.rs"]
mod world;

#[path = "reliability/read.rs"]
mod read;
#[path = "reliability/reading.rs"]
mod reading;
#[path = "reliability/remembered.rs"]
mod remembered;
