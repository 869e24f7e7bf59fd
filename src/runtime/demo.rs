//! `landfall demo`: the made-up world, served on loopback and looked at like any other.

use std::io::Write as _;
use std::time::Duration;

use super::SystemClock;
use super::signals::Ending;
use crate::config::{self, Config};
use crate::demo::{Servers, World};
use crate::poll::Clock as _;

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

/// Prints the configuration and keeps the servers up until interrupted.
pub(super) async fn serve(servers: &Servers, mut ending: Ending) -> Result<(), String> {
    let file = servers.config_file().map_err(|error| error.to_string())?;
    let config = servers.config_toml();
    // A reader that takes nothing keeps nobody from interrupting.
    drop(tokio::task::spawn_blocking(move || {
        let file = file.display();
        let mut out = std::io::stdout();
        let _ = write!(out, "# {file}\n{config}");
        let _ = out.flush();
        let _ = writeln!(
            std::io::stderr(),
            "landfall: serving until interrupted; in another terminal run\n  landfall check --config {file}\n  landfall doctor --config {file}"
        );
    }));
    ending.asked().await;
    Ok(())
}
