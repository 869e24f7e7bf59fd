//! The lines on top: the panes, how fresh everything is, the totals, and who is in trouble.

use super::Model;
use crate::analysis::{counted, credential_counts};
use crate::pane::{Align, Line, PANES, Tone, age, answering, totals, trouble};

/// Cells that are kept for how fresh everything is, in full and in few letters.
const FRESHNESS: usize = 21;
const FRESHNESS_BRIEF: usize = 11;
/// Older than this many minutes is not live: lists are read once a minute.
const LIVE: i64 = 3;

/// The pane that has counts of its own.
const CREDENTIALS: &str = "Credentials";

/// Returns how many lines there are, at little cost.
pub(super) fn height(model: &Model) -> usize {
    2 + usize::from(trouble(&model.view(), 0).is_some())
}

pub(super) fn lines(model: &Model) -> Vec<Line> {
    let (width, _) = model.size;
    let view = model.view();
    let mut lines = vec![tabs(model, width)];
    let totals = if model.tab().name() == CREDENTIALS {
        Line::of(Tone::Plain, credential_counts(&model.report.credentials, width.saturating_sub(2)))
    } else {
        let incidents = incidents(model);
        let room = width.saturating_sub(2 + incidents.width());
        incidents.join(totals(&model.tally, room))
    };
    lines.push(Line::of(Tone::Plain, " ").join(totals));
    lines.extend(trouble(&view, width.saturating_sub(2)).map(|line| Line::of(Tone::Plain, " ").join(line)));
    lines
}

/// How many incidents there are, where there is any.
fn incidents(model: &Model) -> Line {
    match model.report.incidents.len() {
        0 => Line::new(),
        count => Line::of(Tone::Bad, format!("✗ {}", counted(count, "incident"))).with(Tone::Dim, " · "),
    }
}

/// How the tabs are written, the widest first. What is not shown of a tab can be told from its place.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Tabs {
    /// The title, and every pane's number and name.
    Titled,
    /// The same, closer together.
    Tight,
    /// Every pane's number and name.
    Numbered,
    /// The panes' names.
    Named,
    /// The panes' numbers, and the name of the one that is shown.
    Numbers,
}

/// The widest tabs that leave room for how fresh everything is; they change with the width alone.
fn tabs(model: &Model, width: usize) -> Line {
    let full = written(model, Tabs::Titled);
    let (line, brief) = if full.width() + FRESHNESS <= width {
        (full, false)
    } else {
        let tighter = [Tabs::Tight, Tabs::Numbered, Tabs::Named].map(|tabs| written(model, tabs));
        let fits = |line: &Line| line.width() + FRESHNESS_BRIEF <= width;
        (tighter.into_iter().find(fits).unwrap_or_else(|| written(model, Tabs::Numbers)), true)
    };
    let freshness = freshness(model, brief);
    let room = width.saturating_sub(line.width() + 1);
    let blank = if freshness.width() < room { " " } else { "" };
    line.with(Tone::Plain, " ").join(freshness.with(Tone::Plain, blank).fit(room, Align::Right))
}

fn written(model: &Model, tabs: Tabs) -> Line {
    let mut line = match tabs {
        Tabs::Titled => Line::of(Tone::Strong, format!(" {} ", model.settings.title)),
        Tabs::Tight => Line::of(Tone::Strong, format!(" {}", model.settings.title)),
        Tabs::Numbered | Tabs::Named | Tabs::Numbers => Line::new(),
    };
    for (place, pane) in PANES.iter().enumerate() {
        let is_shown = place == model.pane;
        let tone = if is_shown { Tone::Selected } else { Tone::Dim };
        let gap = if tabs == Tabs::Titled { " " } else { "" };
        let (number, name) = (place + 1, pane.name());
        let tab = match tabs {
            Tabs::Titled | Tabs::Tight | Tabs::Numbered => format!(" {number} {name} "),
            Tabs::Named => format!(" {name} "),
            Tabs::Numbers if is_shown => format!(" {number} {name} "),
            Tabs::Numbers => format!(" {number} "),
        };
        line = line.with(Tone::Plain, gap).with(tone, tab);
    }
    line
}

/// Every list of runs is fresh. That is all that is to be known only where every source answers.
fn live(model: &Model, brief: bool) -> Line {
    match answering(&model.report, model.now) {
        (answering, all) if answering == all => Line::of(Tone::Good, "● live"),
        (0, _) if brief => Line::of(Tone::Warn, "○ no answer"),
        (0, _) => Line::of(Tone::Warn, "○ no source answers"),
        (answering, all) => {
            let words = [format!("○ {answering} of {all} sources live"), format!("○ {answering}/{all} live")];
            let room = if brief { FRESHNESS_BRIEF } else { FRESHNESS };
            let fits = |line: &Line| line.width() <= room;
            let lines = words.into_iter().map(|words| Line::of(Tone::Warn, words));
            lines.clone().find(fits).unwrap_or_else(|| Line::of(Tone::Warn, format!("{answering}/{all} live")))
        }
    }
}

/// How fresh everything is: the oldest list of runs decides, and then who answers.
fn freshness(model: &Model, brief: bool) -> Line {
    if let Some(since) = model.frozen {
        let words = format!("frozen {}", age(since, model.now));
        return Line::of(Tone::Selected, if brief { words } else { format!(" {words} ") });
    }
    let services = || model.report.services.iter();
    let oldest = services().filter_map(|service| service.seen_at).min();
    let minutes = |at: jiff::Timestamp| model.now.as_second().div_euclid(60) - at.as_second().div_euclid(60);
    match oldest {
        _ if services().any(|service| service.seen_at.is_none() && service.failure.is_none()) => {
            Line::of(Tone::Info, "○ looking")
        }
        Some(at) if minutes(at) < LIVE => live(model, brief),
        Some(at) if brief => Line::of(Tone::Warn, format!("○ {} old", age(at, model.now))),
        Some(at) => Line::of(Tone::Warn, format!("○ oldest answer {}", age(at, model.now))),
        None if brief => Line::of(Tone::Warn, "○ no reply"),
        None => Line::of(Tone::Warn, "○ no answer yet"),
    }
}
