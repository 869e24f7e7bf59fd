//! The lines on top: the panes, how fresh everything is, the totals, and who is in trouble.

use super::Model;
use crate::pane::{Align, Line, PANES, Tone, age, totals, trouble};

/// Below this width the title gives way to how fresh everything is.
const ROOMY: usize = 78;
/// Older than this many minutes is not live: lists are read once a minute.
const LIVE: i64 = 3;

/// Returns how many lines there are, at little cost.
pub(super) fn height(model: &Model) -> usize {
    2 + usize::from(trouble(&model.view(), 0).is_some())
}

pub(super) fn lines(model: &Model) -> Vec<Line> {
    let (width, _) = model.size;
    let view = model.view();
    let mut lines = vec![tabs(model, width)];
    lines.push(Line::of(Tone::Plain, " ").join(totals(&model.tally, width.saturating_sub(2))));
    lines.extend(trouble(&view, width.saturating_sub(2)).map(|line| Line::of(Tone::Plain, " ").join(line)));
    lines
}

fn tabs(model: &Model, width: usize) -> Line {
    let title = format!(" {} ", model.settings.title);
    let mut line = if width < ROOMY { Line::new() } else { Line::of(Tone::Strong, title) };
    for (place, pane) in PANES.iter().enumerate() {
        let tone = if place == model.pane { Tone::Selected } else { Tone::Dim };
        line = line.with(Tone::Plain, " ").with(tone, format!(" {} {} ", place + 1, pane.name()));
    }
    let freshness = freshness(model).with(Tone::Plain, " ");
    let room = width.saturating_sub(line.width() + 1);
    line.with(Tone::Plain, " ").join(freshness.fit(room, Align::Right))
}

/// How fresh everything is: the oldest list of runs decides.
fn freshness(model: &Model) -> Line {
    if let Some(since) = model.frozen {
        return Line::of(Tone::Selected, format!(" frozen {} ", age(since, model.now)));
    }
    let services = || model.report.services.iter();
    let oldest = services().filter_map(|service| service.seen_at).min();
    let minutes = |at: jiff::Timestamp| model.now.as_second().div_euclid(60) - at.as_second().div_euclid(60);
    match oldest {
        _ if services().any(|service| service.seen_at.is_none() && service.failure.is_none()) => {
            Line::of(Tone::Info, "○ looking")
        }
        Some(at) if minutes(at) < LIVE => Line::of(Tone::Good, "● live"),
        Some(at) => Line::of(Tone::Warn, format!("○ oldest answer {}", age(at, model.now))),
        None => Line::of(Tone::Warn, "○ no answer yet"),
    }
}
