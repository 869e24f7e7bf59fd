//! The terminal: whether the dashboard can be shown on it, and what of it.

use super::{About, Check, Grade, Section};
use crate::domain::Text;

/// What the dashboard wants, and the least that it is of use on, in columns and rows.
const WANTED: (u16, u16) = (80, 24);
const LEAST: (u16, u16) = (60, 16);

/// What was seen of the terminal. It was not asked anything.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TerminalLook {
    /// Where it is.
    pub stands: Stands,
    /// Its columns and rows.
    pub size: Option<(u16, u16)>,
    /// `TERM`.
    pub term: Option<Text>,
    /// `NO_COLOR` is set.
    pub no_colour: bool,
    /// The locale, where one is set.
    pub locale: Option<Text>,
    /// Whether more than ASCII can be shown.
    pub unicode: bool,
    /// What stands between us and the terminal.
    pub multiplexer: Option<Multiplexer>,
    /// `TERM_PROGRAM`.
    pub program: Option<Text>,
    /// Whether the user sits somewhere else.
    pub ssh: bool,
}

/// Where there is a terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Stands {
    /// Standard output is one.
    Output,
    /// Standard output goes elsewhere, but another standard stream is one.
    Beside,
    /// There is none.
    #[default]
    Nowhere,
}

/// What may stand between a program and the terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Multiplexer {
    /// tmux.
    Tmux,
    /// GNU screen.
    Screen,
}

impl TerminalLook {
    /// Returns what that means.
    #[must_use]
    pub fn section(&self) -> Section {
        let checks = match self.stands {
            Stands::Output => self.checks("standard output is a terminal"),
            Stands::Beside => self.checks("standard output goes elsewhere; the terminal is looked at all the same"),
            Stands::Nowhere => vec![nowhere()],
        };
        Section { about: About::Terminal, name: "terminal".into(), head: "Terminal".into(), checks, health: None }
    }

    fn checks(&self, output: &str) -> Vec<Check> {
        let output = Check::new("output", Grade::Ok, output);
        vec![output, self.size(), self.kind(), self.colours(), self.glyphs(), self.clipboard(), self.far()]
    }

    fn size(&self) -> Check {
        let Some((columns, rows)) = self.size else {
            return Check::new("size", Grade::Unknown, "it does not tell its size");
        };
        let says = format!("{columns} by {rows}");
        let fits = |(wide, high): (u16, u16)| columns >= wide && rows >= high;
        let fix = "Make the window larger, or the font smaller.";
        if fits(WANTED) {
            Check::new("size", Grade::Ok, says)
        } else if fits(LEAST) {
            Check::new("size", Grade::Warn, says).why("Below 80 by 24 columns are left out.").fix(fix)
        } else {
            Check::new("size", Grade::Fail, says).why("Below 60 by 16 nothing of use can be shown.").fix(fix)
        }
    }

    fn kind(&self) -> Check {
        match self.term.as_ref().map(Text::as_str) {
            None | Some("dumb") => Check::new("TERM", Grade::Fail, "says that the cursor cannot be moved")
                .why("The dashboard is not shown there.")
                .fix("Set TERM to what the terminal is, such as xterm-256color."),
            Some(term) => Check::new("TERM", Grade::Ok, term),
        }
    }

    fn colours(&self) -> Check {
        let says = if self.no_colour { "none, for NO_COLOR is set" } else { "the sixteen of the terminal" };
        Check::new("colours", Grade::Ok, says).why("Nothing is told by colour alone.")
    }

    fn glyphs(&self) -> Check {
        let locale = self.locale.as_ref().map_or("no locale is set", Text::as_str);
        if self.unicode {
            return Check::new("glyphs", Grade::Ok, format!("Unicode ({locale})"));
        }
        let check = Check::new("glyphs", Grade::Warn, format!("ASCII ({locale})"));
        if self.term.as_ref().is_some_and(|term| term.as_str() == "linux") {
            return check.why("The Linux console's font has no others.");
        }
        check.fix("Set LANG to a UTF-8 locale, such as C.UTF-8.")
    }

    fn clipboard(&self) -> Check {
        let term = self.term.as_ref().map_or("", Text::as_str);
        let program = self.program.as_ref().map_or("", Text::as_str);
        let instead = "Select with the mouse instead.";
        match self.multiplexer {
            Some(Multiplexer::Tmux) => Check::new("copy", Grade::Ok, "tmux passes it on where it is told to")
                .why("`y` copies by OSC 52, which tmux ignores unless set-clipboard is on.")
                .fix("In ~/.tmux.conf: set -s set-clipboard on"),
            Some(Multiplexer::Screen) => Check::new("copy", Grade::Warn, "screen does not pass it on")
                .why("`y` copies by OSC 52, which screen keeps to itself.")
                .fix("Use tmux with `set -s set-clipboard on`, or select with the mouse."),
            None if term == "linux" || program == "Apple_Terminal" => {
                Check::new("copy", Grade::Warn, "this terminal knows no OSC 52, by which `y` copies").fix(instead)
            }
            None => Check::new("copy", Grade::Ok, "OSC 52, by which `y` copies, is likely to pass"),
        }
    }

    fn far(&self) -> Check {
        let says = if self.ssh {
            "over SSH: `o` shows the address of a page instead of opening it"
        } else {
            "on this machine"
        };
        Check::new("where", Grade::Ok, says)
    }
}

fn nowhere() -> Check {
    Check::new("output", Grade::Warn, "there is no terminal here")
        .why("The dashboard needs one; `landfall check` and this command do not.")
        .fix("Run `landfall doctor` where the dashboard is to run.")
}
