//! End to end: real images in a real docker-registry, a scripted CI, and the real binary run as a process.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::disallowed_methods,
    reason = "tests"
)]

mod access;
mod beds;
mod certificates;
mod ci;
mod expectations;
mod faults;
mod guarded;
mod hostile;
mod lab;
#[path = "../support/marks.rs"]
mod marks;
#[cfg(feature = "aws")]
mod moto;
mod openbao;
mod podman;
mod providers;
mod proxy;
mod push;
mod registry;
mod rights;
mod script;
mod serve;
mod setups;
mod token;
mod verdicts;
