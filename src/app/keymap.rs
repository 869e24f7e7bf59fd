//! The keys, as data: what they do, and the words that help and hints are made of.

use std::fmt;

/// A key, whatever terminal it came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Key {
    /// A character.
    Char(char),
    /// A lower-case letter with control.
    Ctrl(char),
    /// Return.
    Enter,
    /// Escape.
    Esc,
    /// Tab.
    Tab,
    /// Shift and tab.
    BackTab,
    /// Arrow up.
    Up,
    /// Arrow down.
    Down,
    /// Arrow left.
    Left,
    /// Arrow right.
    Right,
    /// Home.
    Home,
    /// End.
    End,
    /// Page up.
    PageUp,
    /// Page down.
    PageDown,
    /// Backspace.
    Backspace,
    /// Delete.
    Delete,
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Char(c) => write!(f, "{c}"),
            Self::Ctrl(c) => write!(f, "^{}", c.to_ascii_uppercase()),
            Self::Enter => f.write_str("Enter"),
            Self::Esc => f.write_str("Esc"),
            Self::Tab => f.write_str("Tab"),
            Self::BackTab => f.write_str("S-Tab"),
            Self::Up => f.write_str("↑"),
            Self::Down => f.write_str("↓"),
            Self::Left => f.write_str("←"),
            Self::Right => f.write_str("→"),
            Self::Home => f.write_str("Home"),
            Self::End => f.write_str("End"),
            Self::PageUp => f.write_str("PgUp"),
            Self::PageDown => f.write_str("PgDn"),
            Self::Backspace => f.write_str("Backspace"),
            Self::Delete => f.write_str("Del"),
        }
    }
}

/// What a key does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Action {
    Down,
    Up,
    First,
    Last,
    PageDown,
    PageUp,
    HalfDown,
    HalfUp,
    NextPane,
    PreviousPane,
    Pane(usize),
    Open,
    Back,
    Filter,
    NextFinding,
    PreviousFinding,
    Sort,
    LookNow,
    OpenPage,
    Copy,
    Freeze,
    Help,
    Command,
    Repaint,
    Suspend,
    Quit,
    QuitLeaving,
}

/// Keys that do the same.
pub(super) struct Binding {
    pub(super) keys: &'static [Key],
    pub(super) action: Action,
    /// What it does, for the help.
    pub(super) does: &'static str,
    /// What it does, for the line at the bottom; empty where it stays out of it.
    pub(super) hint: &'static str,
}

const fn key(keys: &'static [Key], action: Action, does: &'static str, hint: &'static str) -> Binding {
    Binding { keys, action, does, hint }
}

/// Every key, in the order of the help.
pub(super) const BINDINGS: &[Binding] = &[
    key(&[Key::Char('j'), Key::Down], Action::Down, "a row down", ""),
    key(&[Key::Char('k'), Key::Up], Action::Up, "a row up", ""),
    key(&[Key::PageDown, Key::Ctrl('f')], Action::PageDown, "a page down", ""),
    key(&[Key::PageUp, Key::Ctrl('b')], Action::PageUp, "a page up", ""),
    key(&[Key::Ctrl('d')], Action::HalfDown, "half a page down", ""),
    key(&[Key::Ctrl('u')], Action::HalfUp, "half a page up", ""),
    key(&[Key::Char('g'), Key::Home], Action::First, "the first row", ""),
    key(&[Key::Char('G'), Key::End], Action::Last, "the last row", ""),
    key(&[Key::Char('l'), Key::Right, Key::Tab], Action::NextPane, "the next pane", ""),
    key(&[Key::Char('h'), Key::Left, Key::BackTab], Action::PreviousPane, "the previous pane", ""),
    key(&[Key::Char('1')], Action::Pane(0), "Overview", ""),
    key(&[Key::Char('2')], Action::Pane(1), "Divergence", ""),
    key(&[Key::Char('3')], Action::Pane(2), "Sources", ""),
    key(&[Key::Char('4')], Action::Pane(3), "Flaky", ""),
    key(&[Key::Char('5')], Action::Pane(4), "Durations", ""),
    key(&[Key::Char('6')], Action::Pane(5), "Credentials", ""),
    key(&[Key::Enter], Action::Open, "its parts, or its evidence", "open"),
    key(&[Key::Esc], Action::Back, "back; else clears the filter", "back"),
    key(&[Key::Char('/')], Action::Filter, "filter; !word leaves out", "filter"),
    key(&[Key::Char('n')], Action::NextFinding, "the next finding", "next finding"),
    key(&[Key::Char('N')], Action::PreviousFinding, "the previous finding", ""),
    key(&[Key::Char('s')], Action::Sort, "sort another way", "sort"),
    key(&[Key::Char('R')], Action::LookNow, "look now, at this row", "look now"),
    key(&[Key::Char('o')], Action::OpenPage, "the run's page", "page"),
    key(&[Key::Char('y')], Action::Copy, "copy; again: what comes next", "copy"),
    key(&[Key::Char('f')], Action::Freeze, "freeze the screen, or thaw it", ""),
    key(&[Key::Char('?')], Action::Help, "these keys", "help"),
    key(&[Key::Char(':')], Action::Command, ":service :pane :sort :q", ""),
    key(&[Key::Ctrl('l')], Action::Repaint, "paint the screen anew", ""),
    key(&[Key::Ctrl('z')], Action::Suspend, "suspend", ""),
    key(&[Key::Char('q'), Key::Ctrl('c')], Action::Quit, "quit", "quit"),
    key(&[Key::Char('Q')], Action::QuitLeaving, "quit, leaving the screen", ""),
];

/// Returns what the key does.
pub(super) fn action(key: Key) -> Option<Action> {
    if let Key::Char(digit @ '1'..='9') = key {
        let place = digit.to_digit(10)? as usize - 1;
        return Some(Action::Pane(place));
    }
    BINDINGS.iter().find(|binding| binding.keys.contains(&key)).map(|binding| binding.action)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_help_fits_two_columns_of_80_cells() {
        for binding in BINDINGS {
            assert!(binding.does.len() <= 29, "{}", binding.does);
        }
    }

    #[test]
    fn no_key_does_two_things() {
        let mut seen: Vec<Key> = Vec::new();
        for key in BINDINGS.iter().flat_map(|binding| binding.keys) {
            assert!(!seen.contains(key), "{key} is bound twice");
            seen.push(*key);
        }
    }

    #[test]
    fn every_pane_has_its_number_in_the_help() {
        for (place, pane) in crate::pane::PANES.iter().enumerate() {
            let bound =
                BINDINGS.iter().any(|binding| binding.action == Action::Pane(place) && binding.does == pane.name());
            assert!(bound, "{}", pane.name());
        }
    }
}
