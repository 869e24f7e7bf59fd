//! What lies over the rows: at most one thing at a time.

use tui_input::{Input, InputRequest};

use super::Key;
use crate::pane::Identity;

/// What lies over the rows.
pub(super) enum Overlay {
    /// Nothing.
    None,
    /// Everything that is known of one row.
    Detail {
        /// Of which.
        identity: Identity,
        /// How many lines are scrolled away.
        scroll: usize,
    },
    /// The keys.
    Help {
        /// How many lines are scrolled away.
        scroll: usize,
    },
    /// A filter that is being typed; it takes effect with every key.
    Filter {
        /// As typed.
        input: Input,
        /// What was in force before.
        before: String,
    },
    /// A command that is being typed.
    Command(Input),
}

impl Overlay {
    /// Returns the text that is being typed.
    pub(super) fn input(&mut self) -> Option<&mut Input> {
        match self {
            Self::Filter { input, .. } | Self::Command(input) => Some(input),
            Self::None | Self::Detail { .. } | Self::Help { .. } => None,
        }
    }

    /// Returns how far it is scrolled, where it can be.
    pub(super) fn scroll(&mut self) -> Option<&mut usize> {
        match self {
            Self::Detail { scroll, .. } | Self::Help { scroll } => Some(scroll),
            Self::None | Self::Filter { .. } | Self::Command(_) => None,
        }
    }
}

/// Changes text that is being typed.
pub(super) fn edit(input: &mut Input, key: Key) {
    let request = match key {
        Key::Char(c) => InputRequest::InsertChar(c),
        Key::Backspace | Key::Ctrl('h') => InputRequest::DeletePrevChar,
        Key::Delete => InputRequest::DeleteNextChar,
        Key::Left => InputRequest::GoToPrevChar,
        Key::Right => InputRequest::GoToNextChar,
        Key::Home | Key::Ctrl('a') => InputRequest::GoToStart,
        Key::End | Key::Ctrl('e') => InputRequest::GoToEnd,
        Key::Ctrl('w') => InputRequest::DeletePrevWord,
        Key::Ctrl('u') => InputRequest::DeleteFromStart,
        Key::Ctrl('k') => InputRequest::DeleteTillEnd,
        Key::Ctrl(_)
        | Key::Enter
        | Key::Esc
        | Key::Tab
        | Key::BackTab
        | Key::Up
        | Key::Down
        | Key::PageUp
        | Key::PageDown => return,
    };
    input.handle(request);
}

/// Adds pasted text as one line; what is no plain text is left out.
pub(super) fn paste(input: &mut Input, text: &str) {
    for c in crate::domain::Text::new(text).as_str().chars() {
        input.handle(InputRequest::InsertChar(c));
    }
}
