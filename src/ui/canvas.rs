//! What the terminal shows now, so that a frame is only the bytes that change it.
//!
//! Stands in for ratatui's `Terminal`, which asks the terminal for its cursor whenever it clears, prints when it is
//! dropped, and flushes many times a frame. A frame here is one string of bytes inside one synchronised update.

use std::io;

use ratatui::backend::{Backend, CrosstermBackend};
use ratatui::buffer::Buffer;
use ratatui::crossterm::cursor::{Hide, MoveTo, Show};
use ratatui::crossterm::queue;
use ratatui::crossterm::terminal::{BeginSynchronizedUpdate, Clear, ClearType, EndSynchronizedUpdate};
use ratatui::layout::Rect;

use super::{Theme, paint};
use crate::app::Screen;

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
    }

    /// Returns the bytes that make the terminal, now of this size in columns and rows, show the screen.
    /// None at all where it shows it already.
    ///
    /// # Errors
    /// None in fact: the bytes are written to memory.
    pub fn frame(&mut self, screen: &Screen, size: (u16, u16)) -> io::Result<Vec<u8>> {
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
            return Ok(Vec::new());
        }
        let mut bytes = Vec::with_capacity(1024);
        queue!(bytes, BeginSynchronizedUpdate)?;
        if std::mem::take(&mut self.blank) {
            queue!(bytes, Clear(ClearType::All))?;
        }
        CrosstermBackend::new(&mut bytes).draw(changes.into_iter())?;
        match cursor {
            Some((column, row)) => queue!(bytes, MoveTo(column, row), Show)?,
            None if self.cursor.is_some() => queue!(bytes, Hide)?,
            None => {}
        }
        queue!(bytes, EndSynchronizedUpdate)?;
        self.cursor = cursor;
        std::mem::swap(&mut self.shown, &mut self.next);
        Ok(bytes)
    }
}
