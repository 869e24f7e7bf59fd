//! Joins configuration, sources, judgement and screen: the only place with a clock and a terminal.

mod check;
mod clock;
pub mod dashboard;
mod demo;
mod keys;
mod memory;
mod oneshot;
mod pace;
mod signals;
mod sources;

use std::future::Future;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use crate::cli::{CheckArgs, DemoArgs};
use crate::config::Config;
use crate::domain::Fact;

pub use clock::SystemClock;
use dashboard::{Connected, Shown};
use memory::{Keep, Memory};
pub use oneshot::{Oneshot, Watcher};
pub use sources::{build, patient, steady};

/// Shows the dashboard until the user quits. `state` is the folder of the history, if one is kept.
pub async fn dashboard(config: Config, state: Option<PathBuf>) -> ExitCode {
    show("landfall", config, async move {
        let mut memory = Memory::open(state).await;
        (std::mem::take(&mut memory.facts), memory.keeper())
    })
    .await
}

/// What is remembered, and who takes what is to be remembered.
type Remembered = (Vec<Fact>, Keep);

async fn show(
    title: &'static str,
    config: Config,
    remembered: impl Future<Output = Remembered> + Send + 'static,
) -> ExitCode {
    let shown = Shown { title, services: config.services.clone(), policy: config.policy.clone() };
    let connect = async move {
        let (remembered, keep) = remembered.await;
        Ok(Connected { sources: build(&config)?, rhythm: steady(&config), remembered, keep })
    };
    dashboard::run(shown, connect).await
}

/// Looks once, prints the answer, and returns its exit code. `config` holds only the services that were asked for.
pub async fn check(config: Config, args: CheckArgs, state: Option<PathBuf>) -> ExitCode {
    let mut memory = Memory::open(state).await;
    memory.warn();
    match check::run(&config, &args, std::mem::take(&mut memory.facts)).await {
        Ok(outcome) => {
            memory.keep(outcome.landed).await;
            outcome.code
        }
        Err(why) => refused(&why),
    }
}

/// Starts the demo's servers and does with them what was asked for.
pub async fn demo(args: DemoArgs) -> ExitCode {
    let (servers, config) = match demo::start(args.latency).await {
        Ok(started) => started,
        Err(why) => return refused(&why),
    };
    if args.serve_only {
        return demo::serve(&servers).await.map_or_else(|why| refused(&why), |()| ExitCode::SUCCESS);
    }
    if args.check {
        let config = match config.only(&args.args.services) {
            Ok(config) => config,
            Err(why) => return refused(&why),
        };
        return check::run(&config, &args.args, servers.remembered())
            .await
            .map_or_else(|why| refused(&why), |outcome| outcome.code);
    }
    let remembered = servers.remembered();
    show("landfall demo", config, async { (remembered, Box::new(|_| {}) as Keep) }).await
}

/// Says on standard error why nothing was done; the exit code is 2.
fn refused(why: &str) -> ExitCode {
    // Nobody is left to tell where standard error is gone.
    let _ = writeln!(std::io::stderr(), "landfall: {why}");
    ExitCode::from(2)
}
