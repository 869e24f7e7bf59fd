//! Observations in, cells out.
#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

#[path = "support/cast.rs"]
mod cast;
#[path = "support/marks.rs"]
mod marks;

#[path = "screen/credentials.rs"]
mod credentials;
#[path = "screen/layout.rs"]
mod layout;
#[path = "screen/legible.rs"]
mod legible;
#[path = "screen/panes.rs"]
mod panes;
#[path = "screen/trust.rs"]
mod trust;

use cast::Stage;
use landfall::ui::{Theme, paint};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::{Buffer, Cell};

/// Paints the stage as a terminal of this size would show it.
fn painted(stage: &Stage, size: (u16, u16), theme: Theme) -> Buffer {
    let mut terminal = Terminal::new(TestBackend::new(size.0, size.1)).unwrap();
    let screen = stage.screen();
    terminal.draw(|frame| paint(frame.buffer_mut(), &screen, theme)).unwrap();
    terminal.backend().buffer().clone()
}

/// Returns the cells as text, a line each, without blanks at their ends.
fn cells(buffer: &Buffer) -> String {
    let width = usize::from(buffer.area.width);
    let lines = buffer.content.chunks(width).map(|line| line.iter().map(Cell::symbol).collect::<String>());
    lines.map(|line| line.trim_end().to_owned() + "\n").collect()
}

fn shown(size: (u16, u16), keys: &str) -> String {
    let mut stage = Stage::new(size);
    for key in keys.chars() {
        match key {
            '\n' => stage.key(landfall::app::Key::Enter),
            key => stage.press(&key.to_string()),
        };
    }
    cells(&painted(&stage, size, Theme::Ansi))
}
