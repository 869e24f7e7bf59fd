//! landfall: did it land? This is the map of the source.
//!
//! ```text
//! source ──▶ Observation ──▶ Snapshot ──▶ Report ──▶ Pane/Output ──▶ Screen ──▶ pixels
//! (async)     (domain)        (domain)    (analysis)  (words+tone)    (app)      (ui)
//!  asks        one answer      all seen    all meant   one view        all shown  drawn
//! ```
//! Left of `Observation` is IO. From `Observation` to `Screen` everything is pure: no clock, no IO, no task,
//! no colour, no terminal; the same input gives the same output. `tests/architecture.rs` holds the table of who may
//! import whom.
//!
//! | to see | look into |
//! |---|---|
//! | the vocabulary: run, job, tag, manifest, probe, snapshot | [`domain`] |
//! | the verdicts, and what must be looked at next for one | [`analysis`] |
//! | who is asked: GitHub, GitLab, OCI registries | [`source`], over [`http`], with the logins of [`auth`] |
//! | what a push job's log claims, line by line | [`push_log`], over [`job_log`] |
//! | what pipelines read of secrets, and when they start | [`workflow`] |
//! | what tests leave behind: reports, and marks of retries in logs | [`junit`], [`retry_log`] |
//! | when it is asked: order, single flight, retry | [`poll`] |
//! | what is remembered | [`store`] |
//! | the screen: words, then state and keys, then cells | [`pane`], [`app`], [`ui`], [`terminal`] |
//! | what is wrong with the tokens, the logins, the history and the terminal | [`doctor`] |
//! | the answers of `check` and `doctor` | [`output`] |
//! | what the user writes | [`cli`], [`config`], [`command`] |
//! | the made-up world | [`demo`] |
//! | what joins them all | [`runtime`] |

pub mod analysis;
pub mod app;
pub mod auth;
pub mod cli;
pub mod command;
pub mod config;
pub mod demo;
pub mod doctor;
pub mod domain;
pub mod http;
pub mod job_log;
pub mod junit;
pub mod output;
pub mod pane;
pub mod poll;
pub mod push_log;
pub mod retry_log;
pub mod runtime;
pub mod source;
pub mod store;
pub mod terminal;
pub mod ui;
pub mod workflow;
