//! Joins configuration, sources, judgement and screen: the only place with a clock and a terminal.

mod clock;
pub mod dashboard;
mod keys;
mod oneshot;
mod pace;
mod signals;

use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use crate::cli::{CheckArgs, DemoArgs};
use crate::config::Config;

pub use clock::SystemClock;
pub use oneshot::{Oneshot, Watcher};

/// Shows the dashboard until the user quits. `state` is the folder of the history, if one is kept.
#[expect(clippy::unused_async, reason = "to be filled in")]
pub async fn dashboard(config: Config, state: Option<PathBuf>) -> ExitCode {
    let _ = (config, state);
    not_built("the dashboard")
}

/// Looks once, prints the answer, and returns its exit code. `config` holds only the services that were asked for.
#[expect(clippy::unused_async, reason = "to be filled in")]
pub async fn check(config: Config, args: CheckArgs, state: Option<PathBuf>) -> ExitCode {
    let _ = (config, args, state);
    not_built("check")
}

/// Starts the demo's servers and does with them what was asked for.
#[expect(clippy::unused_async, reason = "to be filled in")]
pub async fn demo(args: DemoArgs) -> ExitCode {
    let _ = args;
    not_built("the demo")
}

fn not_built(what: &str) -> ExitCode {
    // Nobody is left to tell where standard error is gone.
    let _ = writeln!(std::io::stderr(), "landfall: {what} is not built yet");
    ExitCode::from(2)
}
