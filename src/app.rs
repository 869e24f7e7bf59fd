//! The application: everything that is known and shown, changed by messages and by nothing else.
//!
//! Pure: what is to be done is returned as data, and `runtime` does it.

mod act;
mod command;
mod credentials;
mod detail;
mod footer;
mod header;
mod help;
mod incidents;
mod inside;
mod kept_health;
mod keymap;
mod list;
mod look;
mod model;
mod overlay;
mod past;
mod rounds;
mod screen;
mod seen;
mod settle;

use jiff::Timestamp;

use crate::domain::{Fact, Look, Observation, Wanted};

pub use keymap::Key;
pub use model::{Model, Settings};
pub use screen::{Charset, Screen, screen};
pub use settle::{Settled, settle};

/// What can happen.
#[derive(Debug, Clone)]
pub enum Msg {
    /// The user acted.
    Acted(Act),
    /// Something was seen.
    Seen(Vec<Observation>),
    /// Time passed. Comes before every frame, so that a frame shows the moment it is drawn in.
    Passed(Timestamp),
}

/// What the user can do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    /// A key.
    Key(Key),
    /// Text from the clipboard.
    Paste(String),
    /// Another size of the terminal: columns and rows.
    Resized(u16, u16),
}

/// What is to be done; `runtime` does it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cmd {
    /// Ask the sources.
    Want(Vec<Wanted>),
    /// Keep for later runs of landfall.
    Remember(Vec<Fact>),
    /// Keep that this was seen once more, as it was; there is no hurry.
    RememberAgain(Vec<Fact>),
    /// Keep what these looks gave, but not at hand: nothing of it is needed at the next start.
    Shelve(Vec<Look>),
    /// Look at all credentials.
    LookAtCredentials,
    /// Put text into the clipboard.
    Copy(String),
    /// Open a web page where the user sits.
    Browse(String),
    /// Paint every cell anew.
    Repaint,
    /// Stop until the shell brings us back.
    Suspend,
    /// Leave; with the last screen in the scrollback, or without.
    Quit {
        /// Whether the last screen is left behind as text.
        leave_screen: bool,
    },
    /// Fall over, so that a test can see what is left of the terminal.
    #[cfg(debug_assertions)]
    Panic(Falling),
}

/// What falls over.
#[cfg(debug_assertions)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Falling {
    /// The loop itself.
    Loop,
    /// A task that nobody joins.
    Task,
    /// The poller, which begins anew.
    Poller,
}

/// Takes in what happened, and returns what is to be done.
pub fn update(model: &mut Model, msg: Msg) -> Vec<Cmd> {
    match msg {
        Msg::Acted(act) => {
            let todo = act::act(model, act);
            model.arrange();
            todo
        }
        Msg::Seen(observations) => seen::absorb(model, observations),
        Msg::Passed(now) => {
            let todo = seen::pass(model, now);
            model.arrange();
            todo
        }
    }
}
