//! What the terminal and its user can do, as the environment tells. The terminal itself is never asked.

use std::env;
use std::io::{IsTerminal as _, stdout};

/// What the terminal and its user can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Abilities {
    /// Whether more than ASCII can be shown.
    pub unicode: bool,
    /// Whether colours are wanted.
    pub colour: bool,
    /// Whether a web browser can be opened where the user sits.
    pub browser: bool,
}

impl Abilities {
    /// Returns what the environment tells.
    #[must_use]
    pub fn from_environment() -> Self {
        Self::of(|name| env::var(name).ok().filter(|value| !value.is_empty()), cfg!(target_os = "macos"))
    }

    fn of(set: impl Fn(&str) -> Option<String>, mac: bool) -> Self {
        let locale = set("LC_ALL").or_else(|| set("LC_CTYPE")).or_else(|| set("LANG")).unwrap_or_default();
        let locale = locale.to_ascii_lowercase();
        let utf8 = locale.contains("utf-8") || locale.contains("utf8");
        // The Linux console has a font of 512 glyphs, and ours are not among them.
        let console = set("TERM").is_some_and(|term| term == "linux");
        let far = set("SSH_CONNECTION").is_some() || set("SSH_TTY").is_some();
        let display = mac || set("DISPLAY").is_some() || set("WAYLAND_DISPLAY").is_some();
        Self { unicode: utf8 && !console, colour: set("NO_COLOR").is_none(), browser: display && !far }
    }
}

/// Returns whether there is a terminal that a dashboard can be shown on.
///
/// # Errors
/// There is none; the message says what to do instead.
pub fn usable() -> Result<(), String> {
    let instead = "run `landfall check` for an answer as text";
    if !stdout().is_terminal() {
        return Err(format!("the dashboard needs a terminal, and standard output is none; {instead}"));
    }
    match env::var("TERM") {
        Ok(term) if !term.is_empty() && term != "dumb" => Ok(()),
        _ => {
            Err(format!("the dashboard needs a terminal that can move its cursor, and TERM says otherwise; {instead}"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn abilities(set: &[(&str, &str)]) -> Abilities {
        let find = |name: &str| set.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
        Abilities::of(find, false)
    }

    #[test]
    fn the_first_locale_that_is_set_decides_about_glyphs() {
        assert!(abilities(&[("LANG", "en_GB.UTF-8")]).unicode);
        assert!(abilities(&[("LC_ALL", "C.utf8"), ("LANG", "C")]).unicode);
        assert!(!abilities(&[("LC_ALL", "C"), ("LANG", "en_GB.UTF-8")]).unicode);
        assert!(!abilities(&[("LANG", "en_GB.UTF-8"), ("TERM", "linux")]).unicode);
        assert!(!abilities(&[]).unicode);
    }

    #[test]
    fn a_browser_is_opened_only_where_the_user_sits() {
        assert!(abilities(&[("DISPLAY", ":0")]).browser);
        assert!(!abilities(&[("DISPLAY", "localhost:10.0"), ("SSH_CONNECTION", "a b c d")]).browser);
        assert!(!abilities(&[]).browser);
    }
}
