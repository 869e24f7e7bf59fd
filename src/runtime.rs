//! Joins configuration, sources, judgement and screen: the only place with a clock and a terminal.

mod browse;
mod check;
mod clock;
mod connected;
pub mod dashboard;
mod demo;
mod doctor;
mod doctor_here;
mod doctor_stores;
mod heap;
mod keys;
mod memory;
mod oneshot;
mod pace;
mod recalled;
mod remember;
mod secrecy;
mod signals;
mod sources;

use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::cli::{CheckArgs, DemoArgs, DoctorArgs};
use crate::config::{Config, Loaded, Place};
use crate::domain::{Part, Snapshot};
use crate::poll::Clock as _;
use crate::store::exposed;

pub use self::oneshot::{Oneshot, Watcher};
pub use clock::SystemClock;
use dashboard::{Connected, Kept, Shown};
pub use heap::{HEAP, Heap};
use memory::{Memory, Opened, Stay};
pub use secrecy::keep_out_of_cores;
use signals::Ending;
pub use sources::{build, patient, steady};

/// Shows the dashboard until the user quits. `state` is the folder of the history, if one is kept.
pub async fn dashboard(config: Config, state: Option<PathBuf>) -> ExitCode {
    let (tell, notices) = mpsc::unbounded_channel();
    for warning in sources::exposed_secrets(&config) {
        let _ = tell.send((Part::Secrets, Some(warning)));
    }
    if let Some(warning) = state.as_deref().and_then(exposed) {
        let _ = tell.send((Part::Folder, Some(warning)));
    }
    // Where the dashboard has ended there is nobody to tell.
    let tell = Box::new(move |words| drop(tell.send((Part::History, words))));
    let ending = match Ending::listen() {
        Ok(ending) => ending,
        Err(error) => return refused(&deaf(&error)),
    };
    let opening = Memory::open(state, config.history, config.policy.runs, Stay::Long, tell);
    show("landfall", config, ending, opening, notices).await
}

async fn show(
    title: &'static str,
    config: Config,
    ending: Ending,
    opening: JoinHandle<Opened<Snapshot>>,
    notices: mpsc::UnboundedReceiver<(Part, Option<String>)>,
) -> ExitCode {
    let shown = Shown {
        title,
        services: config.services.clone(),
        policy: config.policy.clone(),
        credentials: config.credentials.clone(),
    };
    let (give, recalled) = tokio::sync::oneshot::channel();
    let connect = async move {
        let Opened { kept, mut memory } = opening.await.map_err(|_| "the history could not be opened".to_owned())?;
        let (services, policy) = (config.services.clone(), config.policy.clone());
        let judging = tokio::task::spawn_blocking(move || {
            let judged = recalled::judged(&kept, &services, &policy, SystemClock.now());
            // A dashboard that does not wait any more has ended.
            drop(give.send((kept, judged)));
        });
        // The first frame comes before everything else.
        judging.await.map_err(|_| "what the history holds could not be judged".to_owned())?;
        let sources = sources::build_with(&config, memory.archive().as_ref())?;
        let remembered = memory.remembered();
        let keep = Box::new(move |kept| match kept {
            Kept::Facts(facts) => memory.keep(facts),
            Kept::Again(facts) => memory.keep_again(facts),
            Kept::Shelved(looks) => memory.shelve(looks),
        });
        let expiry = sources::expiry(&config, &sources)?;
        Ok(Connected { sources, expiry, rhythm: steady(&config), keep, remembered })
    };
    dashboard::run(shown, ending, recalled, notices, connect).await
}

/// Looks once, prints the answer, and returns its exit code. `config` holds only the services that were asked for.
pub async fn check(config: Config, args: CheckArgs, state: Option<PathBuf>) -> ExitCode {
    let tell = Box::new(|words: Option<String>| words.iter().for_each(|words| say(words)));
    if let Some(warning) = state.as_deref().and_then(exposed) {
        say(&format!("warning: {warning}"));
    }
    let opening = Memory::open(state, config.history, config.policy.runs, Stay::Short, tell);
    check::run(&config, &args, opening).await.unwrap_or_else(|why| refused(&why))
}

/// Looks at everything that landfall depends on, prints what is wrong and how to mend it, and returns the exit code.
pub async fn doctor(place: Place, loaded: Loaded, args: DoctorArgs, state: Option<PathBuf>) -> ExitCode {
    doctor::run(&place, &loaded, &args, state).await.unwrap_or_else(|why| refused(&why))
}

/// Starts the demo's servers and does with them what was asked for.
pub async fn demo(args: DemoArgs, redact: bool) -> ExitCode {
    // Signals are listened to before there is anything to leave behind.
    let mut ending = match Ending::listen() {
        Ok(ending) => ending,
        Err(error) => return refused(&deaf(&error)),
    };
    let started = tokio::select! {
        started = demo::start(args.latency) => started,
        code = ending.asked() => return ExitCode::from(code),
    };
    let (servers, mut config) = match started {
        Ok(started) => started,
        Err(why) => {
            ending.end_at_once();
            return refused(&why);
        }
    };
    ending.last = Arc::new(servers.removal());
    config.credentials.redact = redact;
    if args.serve_only {
        return demo::serve(&servers, config.history, ending)
            .await
            .map_or_else(|why| refused(&why), |()| ExitCode::SUCCESS);
    }
    if args.check {
        ending.end_at_once();
        let config = match config.only(&args.args.services) {
            Ok(config) => config,
            Err(why) => return refused(&why),
        };
        let opened = Memory::of(servers.remembered());
        let opening = tokio::spawn(async { opened });
        return check::run(&config, &args.args, opening).await.unwrap_or_else(|why| refused(&why));
    }
    let opened = Memory::of(servers.remembered());
    let (_, notices) = mpsc::unbounded_channel();
    show("landfall demo", config, ending, tokio::spawn(async { opened }), notices).await
}

fn deaf(error: &std::io::Error) -> String {
    format!("signals cannot be waited for: {error}")
}

/// Says on standard error why nothing was done; the exit code is 2.
fn refused(why: &str) -> ExitCode {
    say(why);
    ExitCode::from(2)
}

fn say(words: &str) {
    // Nobody is left to tell where standard error is gone.
    let _ = writeln!(std::io::stderr(), "landfall: {words}");
}
