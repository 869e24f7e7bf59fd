//! The commands that ask nobody: looking at the configuration, and writing a first one.

use std::fs;
use std::io::{self, Write as _};
use std::process::ExitCode;

use crate::cli::ConfigCommand;
use crate::config::{self, Config, NamedBy, Place};

/// Why nothing was done, in words for standard error. The exit code is 2.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("landfall: {0}")]
pub struct Refusal(pub String);

/// Reads the configuration.
///
/// # Errors
/// Everything that is wrong with it.
pub fn load(place: &Place) -> Result<Config, Refusal> {
    match config::read(&place.path) {
        Ok(loaded) => Ok(loaded.config),
        Err(error) => Err(Refusal(format!("the configuration is not usable\n{error}"))),
    }
}

/// Reads the configuration, and where nobody wrote one yet says what to do next.
///
/// # Errors
/// Everything that is wrong with it.
pub fn load_or_point(place: &Place) -> Result<Config, Refusal> {
    if place.named_by == NamedBy::Platform && !place.path.exists() {
        return Err(Refusal(format!(
            "there is no configuration yet; it is looked for at {}\n\
             \x20 landfall demo   shows the dashboard on a made-up world: no token, no network\n\
             \x20 landfall init   writes a starter configuration there",
            place.path.display()
        )));
    }
    load(place)
}

/// Does what `landfall config …` asks for.
///
/// # Errors
/// Everything that is wrong with the configuration, where it is read at all.
pub fn config(what: ConfigCommand, place: &Place) -> Result<ExitCode, Refusal> {
    match what {
        ConfigCommand::Path => Ok(print(&format!("{}\n", place.path.display()))),
        ConfigCommand::Check | ConfigCommand::Show | ConfigCommand::Schema => Err(Refusal("not built yet".to_owned())),
    }
}

/// Writes a short starter configuration.
///
/// # Errors
/// There is a file already, or it cannot be written.
pub fn init(place: &Place) -> Result<ExitCode, Refusal> {
    let _ = fs::metadata(&place.path);
    Err(Refusal("not built yet".to_owned()))
}

fn print(text: &str) -> ExitCode {
    // A reader that went away, such as `head`, has what it wanted.
    let _ = io::stdout().lock().write_all(text.as_bytes());
    ExitCode::SUCCESS
}
