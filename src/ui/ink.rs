//! How a cell's look is written: ECMA-48 `SGR` with the sixteen colours that every terminal knows.

use ratatui::buffer::Cell;
use ratatui::style::{Color, Modifier};

/// No colour, no attribute.
pub(super) const PLAIN: &str = "\u{1b}[m";

/// Returns the sequence that makes the next characters look like this cell, whatever came before.
pub(super) fn sgr(cell: &Cell) -> String {
    let attributes =
        [(Modifier::BOLD, ";1"), (Modifier::DIM, ";2"), (Modifier::UNDERLINED, ";4"), (Modifier::REVERSED, ";7")];
    let mut codes: String = attributes
        .into_iter()
        .filter(|(modifier, _)| cell.modifier.contains(*modifier))
        .map(|(_, code)| code)
        .collect();
    codes.push_str(foreground(cell.fg));
    if codes.is_empty() { PLAIN.to_owned() } else { format!("\u{1b}[0{codes}m") }
}

/// Themes use no other colours; another one is left to the terminal.
fn foreground(colour: Color) -> &'static str {
    match colour {
        Color::Red => ";31",
        Color::Green => ";32",
        Color::Yellow => ";33",
        Color::Cyan => ";36",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use ratatui::style::Style;

    use super::*;
    use crate::pane::Tone;
    use crate::ui::Theme;

    #[test]
    fn every_colour_of_the_theme_has_its_code() {
        for tone in [Tone::Good, Tone::Warn, Tone::Bad, Tone::Info] {
            let style: Style = Theme::Ansi.style(tone);
            assert_ne!(foreground(style.fg.unwrap_or_default()), "", "{tone:?}");
        }
    }
}
