//! `landfall demo`: the made-up world, served on loopback and looked at like any other.

use std::io::Write as _;
use std::path::Path;
use std::time::Duration;

use super::SystemClock;
use super::signals::Ending;
use crate::config::{self, Config, History};
use crate::demo::{Servers, World};
use crate::domain::shell_word;
use crate::poll::Clock as _;
use crate::store::{Retention, Store, StoreError};

/// Starts the demo's servers, every answer this late, and reads the configuration that they are reached by.
pub(super) async fn start(latency_ms: u64) -> Result<(Servers, Config), String> {
    let world = World::incident().map_err(|error| error.to_string())?;
    let latency = Duration::from_millis(latency_ms);
    let servers = Servers::start(world, latency, SystemClock.now())
        .await
        .map_err(|error| format!("the demo's servers cannot be started on loopback: {error}"))?;
    let file = servers.config_file().map_err(|error| format!("the demo's configuration cannot be written: {error}"))?;
    let loaded = config::read(&file).map_err(|error| error.to_string())?;
    Ok((servers, loaded.config))
}

/// Prints the configuration, and how to look at it with the history that belongs to it, and keeps the servers up until
/// interrupted.
pub(super) async fn serve(servers: &Servers, history: History, mut ending: Ending) -> Result<(), String> {
    let file = servers.config_file().map_err(|error| error.to_string())?;
    let state = file.with_file_name("state");
    remember(servers, history, &state).map_err(|error| format!("the demo's history cannot be written: {error}"))?;
    let config = servers.config_toml();
    // A reader that takes nothing keeps nobody from interrupting.
    drop(tokio::task::spawn_blocking(move || {
        let (file, state) = (file.display().to_string(), state.display().to_string());
        let mut out = std::io::stdout();
        let _ = write!(out, "# {file}\n{config}");
        let _ = out.flush();
        let with = format!("--config {} --state {}", shell_word(&file), shell_word(&state));
        let _ = writeln!(
            std::io::stderr(),
            "landfall: serving until interrupted; in another terminal run\n  landfall check {with}\n  landfall doctor {with}\n  \
             landfall {with}\n--state is the history in which images landed that are gone since: without it none is pruned"
        );
    }));
    ending.asked().await;
    Ok(())
}

/// Leaves in this folder what a landfall that ran for days would remember.
fn remember(servers: &Servers, history: History, state: &Path) -> Result<(), StoreError> {
    let (now, retention) = (SystemClock.now(), Retention { days: history.days, megabytes: history.megabytes });
    Store::open(state, now, retention)?.keep(&servers.remembered(), now)
}
