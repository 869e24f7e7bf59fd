//! Arguments, run, exit code.

use std::future::Future;
use std::io::Write as _;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser as _;
use landfall::cli::{Cli, Command};
use landfall::command::{self, Refusal};
use landfall::config;
use landfall::runtime;
use tokio::runtime::Builder;

/// How long a thread that reads files stays after its last one: beats of looks are half a minute apart.
const KEPT_ALIVE: Duration = Duration::from_secs(40);

#[global_allocator]
static HEAP: runtime::Heap = runtime::HEAP;

fn main() -> ExitCode {
    runtime::keep_out_of_cores();
    run(Cli::parse()).unwrap_or_else(|refusal| {
        // Nobody is left to tell where standard error is gone.
        let _ = writeln!(std::io::stderr(), "{refusal}");
        ExitCode::from(2)
    })
}

fn run(cli: Cli) -> Result<ExitCode, Refusal> {
    let place = config::find(cli.config.as_deref(), std::env::var_os("LANDFALL_CONFIG").as_deref());
    let state = if cli.no_state { None } else { cli.state.or_else(config::default_state) };
    let redact = |mut config: config::Config| {
        config.credentials.redact = cli.redact_names;
        config
    };
    match cli.command {
        None => on_runtime(runtime::dashboard(redact(command::load_or_point(&place)?), state)),
        Some(Command::Check(args)) => {
            let config = command::load_or_point(&place)?.only(&args.services).map_err(Refusal)?;
            on_runtime(runtime::check(redact(config), args, state))
        }
        Some(Command::Doctor(_)) if cli.redact_names => {
            Err(Refusal("what the doctor says names what it is about; leave --redact-names out".to_owned()))
        }
        Some(Command::Doctor(args)) => {
            on_runtime(runtime::doctor(place.clone(), command::read_or_point(&place)?, args, state))
        }
        Some(Command::Demo(_)) if cli.config.is_some() => {
            Err(Refusal("the demo brings its own configuration; leave --config out".to_owned()))
        }
        Some(Command::Demo(args)) => on_runtime(runtime::demo(args, cli.redact_names)),
        Some(Command::Config(what)) => command::config(what, &place),
        Some(Command::Init) => command::init(&place),
    }
}

fn on_runtime(work: impl Future<Output = ExitCode>) -> Result<ExitCode, Refusal> {
    // One thread for the network beside the one of the screen: more would only wake each other.
    let mut runtime = Builder::new_multi_thread();
    let runtime = runtime.worker_threads(1).thread_keep_alive(KEPT_ALIVE).enable_all().build();
    let runtime = runtime.map_err(|error| Refusal(format!("no threads to work with: {error}")))?;
    let code = runtime.block_on(work);
    // A look that is still under way must not keep the process.
    runtime.shutdown_background();
    Ok(code)
}
