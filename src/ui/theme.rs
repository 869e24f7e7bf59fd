//! Which tone looks how: the sixteen colours of the terminal's own scheme on its own background, or none.

use ratatui::style::{Color, Modifier, Style};

use crate::pane::Tone;

/// How tones look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Theme {
    /// The terminal's own sixteen colours.
    Ansi,
    /// Bold, dim, underlined and reversed alone: `NO_COLOR`.
    Mono,
}

impl Theme {
    /// Returns how the tone looks.
    #[must_use]
    pub fn style(self, tone: Tone) -> Style {
        let (colour, modifier) = match tone {
            Tone::Plain => (None, Modifier::empty()),
            Tone::Dim => (None, Modifier::DIM),
            Tone::Strong => (None, Modifier::BOLD),
            Tone::Good => (Some(Color::Green), Modifier::empty()),
            Tone::Warn => (Some(Color::Yellow), Modifier::empty()),
            Tone::Bad => (Some(Color::Red), Modifier::BOLD),
            Tone::Info => (Some(Color::Cyan), Modifier::empty()),
            Tone::Head => (None, Modifier::DIM.union(Modifier::UNDERLINED)),
            Tone::Selected => (None, Modifier::REVERSED.union(Modifier::BOLD)),
        };
        let style = Style::new().add_modifier(modifier);
        match (self, colour) {
            (Self::Ansi, Some(colour)) => style.fg(colour),
            (Self::Ansi, None) | (Self::Mono, _) => style,
        }
    }
}
