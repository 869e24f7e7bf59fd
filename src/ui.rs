//! Paints a screen: words and tones become cells and bytes. Decides nothing.

mod canvas;
mod ink;
mod theme;

use ratatui::buffer::Buffer;

use crate::app::Screen;

pub use canvas::Canvas;
pub use theme::Theme;

/// Paints the screen's lines into the buffer's cells; what does not fit is cut off.
pub fn paint(buffer: &mut Buffer, screen: &Screen, theme: Theme) {
    let area = *buffer.area();
    for (line, y) in screen.lines.iter().zip(area.top()..area.bottom()) {
        let mut x = area.left();
        for span in &line.spans {
            if x >= area.right() {
                break;
            }
            let room = usize::from(area.right() - x);
            (x, _) = buffer.set_stringn(x, y, &span.text, room, theme.style(span.tone));
        }
    }
}
