//! What the terminal shows now, so that a frame is only the bytes that change it.
//!
//! Stands in for ratatui's `Terminal`, which asks the terminal for its cursor whenever it clears, prints when it is
//! dropped, and flushes many times a frame. A frame here is one string of bytes inside one synchronised update.

use std::fmt::Write as _;

use ratatui::buffer::{Buffer, Cell};
use ratatui::layout::Rect;

use super::{Theme, ink, paint};
use crate::app::Screen;

/// Between these the terminal shows nothing; terminals that do not know them ignore them.
const BEGIN: &str = "\u{1b}[?2026h";
const END: &str = "\u{1b}[?2026l";

/// What the terminal shows now.
pub struct Canvas {
    theme: Theme,
    shown: Buffer,
    next: Buffer,
    /// Whether the terminal's cells are unknown.
    blank: bool,
    cursor: Option<(u16, u16)>,
}

impl Canvas {
    /// Returns a canvas for a terminal whose cells are unknown and whose cursor is hidden.
    #[must_use]
    pub fn new(theme: Theme) -> Self {
        Self { theme, shown: Buffer::default(), next: Buffer::default(), blank: true, cursor: None }
    }

    /// Forgets what is shown, so that the next frame paints every cell.
    pub fn forget(&mut self) {
        self.blank = true;
        self.cursor = None;
    }

    /// Returns whether it is known what a terminal of this size shows: what the last frame made it show.
    #[must_use]
    pub fn is_known(&self, size: (u16, u16)) -> bool {
        !self.blank && Rect::new(0, 0, size.0, size.1) == *self.next.area()
    }

    /// Returns what makes the terminal, now of this size in columns and rows, show the screen.
    /// Nothing at all where it shows it already.
    pub fn frame(&mut self, screen: &Screen, size: (u16, u16)) -> String {
        let area = Rect::new(0, 0, size.0, size.1);
        if self.blank || area != *self.next.area() {
            self.blank = true;
            self.shown = Buffer::empty(area);
            self.next = Buffer::empty(area);
        }
        self.next.reset();
        paint(&mut self.next, screen, self.theme);
        let cursor = screen.cursor.filter(|(column, row)| *column < size.0 && *row < size.1);
        let changes = self.shown.diff(&self.next);
        if changes.is_empty() && cursor == self.cursor && !self.blank {
            return String::new();
        }
        let mut frame = BEGIN.to_owned();
        if std::mem::take(&mut self.blank) {
            frame.push_str("\u{1b}[m\u{1b}[2J\u{1b}[?25l");
        }
        write_cells(&mut frame, &changes);
        match cursor {
            Some((column, row)) => {
                move_to(&mut frame, column, row);
                frame.push_str("\u{1b}[?25h");
            }
            None if self.cursor.is_some() => frame.push_str("\u{1b}[?25l"),
            None => {}
        }
        frame.push_str(END);
        self.cursor = cursor;
        std::mem::swap(&mut self.shown, &mut self.next);
        frame
    }
}

fn write_cells(frame: &mut String, changes: &[(u16, u16, &Cell)]) {
    let mut at = None;
    let mut style = ink::PLAIN.to_owned();
    for (column, row, cell) in changes {
        if at != Some((*column, *row)) {
            move_to(frame, *column, *row);
        }
        let wanted = ink::sgr(cell);
        if wanted != style {
            frame.push_str(&wanted);
            style = wanted;
        }
        frame.push_str(cell.symbol());
        // A wide character moves the cursor further; the next cell then says where it stands.
        at = Some((column.saturating_add(1), *row));
    }
    if style != ink::PLAIN {
        frame.push_str(ink::PLAIN);
    }
}

fn move_to(frame: &mut String, column: u16, row: u16) {
    // Writing to a string cannot fail.
    let _ = write!(frame, "\u{1b}[{};{}H", u32::from(row) + 1, u32::from(column) + 1);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pane::{Line, Tone};

    fn screen(tone: Tone, text: &'static str) -> Screen {
        Screen { lines: vec![Line::of(tone, text)], cursor: None }
    }

    #[test]
    fn only_what_changes_is_sent() {
        let mut canvas = Canvas::new(Theme::Ansi);
        let size = (10, 2);
        canvas.frame(&screen(Tone::Plain, "landed 3m"), size);
        assert_eq!(canvas.frame(&screen(Tone::Plain, "landed 3m"), size), "");
        let frame = canvas.frame(&screen(Tone::Plain, "landed 4m"), size);
        assert_eq!(frame, format!("{BEGIN}\u{1b}[1;8H4{END}"));
        let frame = canvas.frame(&screen(Tone::Bad, "landed 4m"), size);
        assert_eq!(frame, format!("{BEGIN}\u{1b}[1;1H\u{1b}[0;1;31mlanded 4m\u{1b}[m{END}"));
    }

    #[test]
    fn after_forgetting_everything_is_sent() {
        let mut canvas = Canvas::new(Theme::Mono);
        canvas.frame(&screen(Tone::Bad, "x"), (3, 1));
        assert!(canvas.is_known((3, 1)) && !canvas.is_known((4, 1)));
        canvas.forget();
        assert!(!canvas.is_known((3, 1)));
        assert!(canvas.frame(&screen(Tone::Bad, "x"), (3, 1)).contains("\u{1b}[2J"));
    }

    #[test]
    fn the_cursor_is_shown_only_where_there_is_one() {
        let mut canvas = Canvas::new(Theme::Mono);
        let mut typing = screen(Tone::Plain, "/");
        canvas.frame(&typing, (3, 1));
        typing.cursor = Some((1, 0));
        assert_eq!(canvas.frame(&typing, (3, 1)), format!("{BEGIN}\u{1b}[1;2H\u{1b}[?25h{END}"));
        typing.cursor = None;
        assert_eq!(canvas.frame(&typing, (3, 1)), format!("{BEGIN}\u{1b}[?25l{END}"));
    }
}
