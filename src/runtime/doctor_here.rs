//! What `landfall doctor` sees on this machine: the configuration's file, and the terminal.

use std::env;
use std::io::{IsTerminal as _, stderr, stdin, stdout};

use super::sources;
use crate::command;
use crate::config::{Loaded, Place, Problem};
use crate::doctor::{ConfigLook, Multiplexer, Oddity, Stands, TerminalLook};
use crate::domain::Text;
use crate::terminal::{self, Abilities};

/// Looks at the configuration.
pub(super) fn config_look(place: &Place, loaded: &Loaded) -> ConfigLook {
    let odd =
        |Problem { at, message, hint }: &Problem| Oddity { at: *at, message: message.clone(), hint: hint.clone() };
    ConfigLook {
        path: place.path.display().to_string(),
        named_by: place.named_by.to_string(),
        holds: command::holds(&loaded.config),
        odd: loaded.warnings.iter().map(odd).collect(),
        exposed: sources::exposed_secrets(&loaded.config),
    }
}

/// Looks at the terminal, without asking it anything.
pub(super) fn terminal_look() -> TerminalLook {
    let set = |name| env::var(name).ok().filter(|value| !value.is_empty());
    let text = |name| set(name).map(Text::from);
    let stands = match (stdout().is_terminal(), stderr().is_terminal() || stdin().is_terminal()) {
        (true, _) => Stands::Output,
        (false, true) => Stands::Beside,
        (false, false) => Stands::Nowhere,
    };
    let screen = set("STY").is_some() || set("TERM").is_some_and(|term| term.starts_with("screen"));
    TerminalLook {
        stands,
        size: terminal::size().ok().filter(|size| stands != Stands::Nowhere && size.0 > 0 && size.1 > 0),
        term: text("TERM"),
        no_colour: set("NO_COLOR").is_some(),
        locale: text("LC_ALL").or_else(|| text("LC_CTYPE")).or_else(|| text("LANG")),
        unicode: Abilities::from_environment().unicode,
        multiplexer: match (set("TMUX").is_some(), screen) {
            (true, _) => Some(Multiplexer::Tmux),
            (false, true) => Some(Multiplexer::Screen),
            (false, false) => None,
        },
        program: text("TERM_PROGRAM"),
        ssh: set("SSH_CONNECTION").is_some() || set("SSH_TTY").is_some(),
    }
}
