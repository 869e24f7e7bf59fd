//! The lines on top: the panes, how fresh everything is, the totals, and who is in trouble.

use jiff::Timestamp;
use unicode_width::UnicodeWidthStr as _;

use super::Model;
use crate::analysis::{counted, credential_counts};
use crate::pane::{Align, Answering, Line, PANES, Tone, age, answering, totals, trouble};

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

/// How fresh everything is: who answers, and how old the oldest list of runs is.
fn freshness(model: &Model, brief: bool) -> Line {
    if let Some(since) = model.frozen {
        let words = format!("frozen {}", age(since, model.now));
        return Line::of(Tone::Selected, if brief { words } else { format!(" {words} ") });
    }
    let services = || model.report.services.iter();
    if services().any(|service| service.seen_at.is_none() && service.failure.is_none()) {
        return Line::of(Tone::Info, "○ looking");
    }
    let oldest = services().filter_map(|service| service.seen_at).min();
    let minutes = |at: Timestamp| model.now.as_second().div_euclid(60) - at.as_second().div_euclid(60);
    let is_live = |at| minutes(at) < LIVE;
    let words = match (answering(&model.report, model.now), oldest) {
        (Answering::Nobody(Some(at)), _) if brief => format!("○ down {}", age(at, model.now)),
        (Answering::Nobody(Some(at)), _) => format!("○ no answer for {}", age(at, model.now)),
        (Answering::All, Some(at)) if is_live(at) => return Line::of(Tone::Good, "● live"),
        (Answering::Few { live, all }, Some(at)) if is_live(at) => few(live, all, brief),
        (Answering::All | Answering::Few { .. }, Some(at)) if brief => format!("○ {} old", age(at, model.now)),
        (Answering::All | Answering::Few { .. }, Some(at)) => format!("○ oldest answer {}", age(at, model.now)),
        (Answering::Nobody(None), _) | (_, None) if brief => "○ no reply".to_owned(),
        (Answering::Nobody(None), _) | (_, None) => "○ no answer yet".to_owned(),
    };
    Line::of(Tone::Warn, words)
}

/// How many answer where not everybody does, in as many words as there is room for.
fn few(live: usize, all: usize, brief: bool) -> String {
    let room = if brief { FRESHNESS_BRIEF } else { FRESHNESS };
    let words = [format!("○ {live} of {all} sources live"), format!("○ {live}/{all} live")];
    words.into_iter().find(|words| words.width() <= room).unwrap_or_else(|| format!("○ {live}/{all}"))
}
