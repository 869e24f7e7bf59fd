//! What lies over the rows, or beside them: the detail of one, or the keys; wrapped and scrolled.

use super::overlay::Overlay;
use super::{Model, help};
use crate::pane::{Line, Subject, Tone, detail};

/// Text is never wrapped wider than this: longer lines are hard to read.
const MEASURE: usize = 110;

/// Returns how wide a detail is that stands beside the rows of a screen this wide.
pub(super) fn width(screen: usize) -> usize {
    (screen / 2).min(MEASURE)
}

/// Returns how much of the screen's width the rows have.
pub(super) fn rows_width(model: &Model) -> usize {
    let screen = model.size.0;
    let beside = matches!(model.overlay, Overlay::Detail { .. }) && screen >= super::screen::WIDE;
    if beside { screen - width(screen) } else { screen }
}

/// Returns the lines in sight.
pub(super) fn lines(model: &Model, width: usize, height: usize) -> Vec<Line> {
    let (scroll, edge) = match &model.overlay {
        Overlay::Detail { scroll, .. } if width < model.size.0 => (*scroll, "│ "),
        Overlay::Detail { scroll, .. } | Overlay::Help { scroll } => (*scroll, " "),
        Overlay::None | Overlay::Filter { .. } | Overlay::Command(_) => return Vec::new(),
    };
    let text = text(model, width.saturating_sub(3));
    let scroll = scroll.min(text.len().saturating_sub(height));
    let below = text.len().saturating_sub(scroll + height);
    let mut lines: Vec<_> = text.into_iter().skip(scroll).take(height).collect();
    if below > 0
        && let Some(last) = lines.last_mut()
    {
        *last = Line::of(Tone::Dim, format!("  ↓ {} more lines", below + 1));
    }
    lines.resize(height, Line::new());
    lines.into_iter().map(|line| Line::of(Tone::Dim, edge).join(line)).collect()
}

/// Returns how far what lies over the rows can be scrolled.
pub(super) fn longest_scroll(model: &Model) -> usize {
    let screen = model.size.0;
    let beside = matches!(model.overlay, Overlay::Detail { .. }) && screen >= super::screen::WIDE;
    let width = if beside { width(screen) } else { screen };
    text(model, width.saturating_sub(3)).len().saturating_sub(model.page() + 1)
}

fn text(model: &Model, width: usize) -> Vec<Line> {
    match &model.overlay {
        Overlay::Detail { identity, .. } => match Subject::find(&model.report, identity) {
            Some(subject) => {
                let paragraphs = detail(&model.view(), subject).into_iter();
                paragraphs.flat_map(|paragraph| paragraph.line.wrap(width.min(MEASURE), paragraph.indent)).collect()
            }
            None => vec![Line::of(Tone::Dim, "This row is gone: newer runs took its place.")],
        },
        Overlay::Help { .. } => help::lines(width),
        Overlay::None | Overlay::Filter { .. } | Overlay::Command(_) => Vec::new(),
    }
}
