//! landfall: did it land? The map of the source.
#![doc = ""]
//! ```text
//! source ──▶ Observation ──▶ Snapshot ──▶ Report ──▶ Pane/Output ──▶ Screen ──▶ pixels
//! (async)     (domain)        (domain)    (analysis)  (words+tone)    (app)      (ui)
//!  asks        one answer      all seen    all meant   one view        all shown  drawn
//! ```
//! Left of `Observation` is IO. From `Observation` to `Screen` everything is pure: no clock, no IO, no task,
//! no colour, no terminal. `tests/architecture.rs` holds the table of who may import whom.

pub mod analysis;
pub mod app;
pub mod auth;
pub mod cli;
pub mod command;
pub mod config;
pub mod demo;
pub mod domain;
pub mod http;
pub mod output;
pub mod pane;
pub mod poll;
pub mod push_log;
pub mod runtime;
pub mod source;
pub mod store;
pub mod terminal;
pub mod ui;
