//! The line at the bottom: what is typed, what the last key led to, or what the keys do.

use tui_input::Input;
use unicode_width::UnicodeWidthStr;

use super::Model;
use super::keymap::{Action, BINDINGS, Binding};
use super::overlay::Overlay;
use crate::pane::{Align, Line, Tone};

/// Returns the line, and in which column the cursor stands while text is typed.
pub(super) fn line(model: &Model) -> (Line, Option<usize>) {
    let (width, _) = model.size;
    match &model.overlay {
        Overlay::Filter { input, .. } => prompt("/", input, &count(model), width),
        Overlay::Command(input) => prompt(":", input, "", width),
        Overlay::None | Overlay::Detail { .. } | Overlay::Help { .. } => (resting(model, width), None),
    }
}

fn prompt(mark: &'static str, input: &Input, count: &str, width: usize) -> (Line, Option<usize>) {
    let room = width.saturating_sub(count.width() + 4);
    let scroll = input.visual_scroll(room);
    let text: String = input.value().chars().skip(scroll).collect();
    let typed = Line::of(Tone::Info, format!(" {mark}")).with(Tone::Plain, text).fit(room + 2, Align::Left);
    let cursor = 2 + input.visual_cursor().saturating_sub(scroll);
    (typed.with(Tone::Dim, format!(" {count}")), Some(cursor))
}

fn resting(model: &Model, width: usize) -> Line {
    let mut left = Line::of(Tone::Plain, " ");
    if let Some(message) = &model.message {
        left = left.join(message.clone());
    } else {
        if !model.filter.is_empty() {
            left = left.with(Tone::Info, format!("/{}", model.filter.as_str())).with(Tone::Dim, " Esc clears  ");
        }
        left = hints(model, left, width.saturating_sub(count(model).width() + 3));
    }
    let count = if matches!(model.overlay, Overlay::Help { .. }) { String::new() } else { count(model) };
    let room = width.saturating_sub(count.width() + 2);
    left.fit(room, Align::Left).with(Tone::Dim, format!(" {count} "))
}

/// Which row is selected of how many; with a mark where more are still looked for.
fn count(model: &Model) -> String {
    let list = model.list();
    let at = if list.order().is_empty() { 0 } else { list.at + 1 };
    format!("{at}/{}{}", list.order().len(), if list.is_whole() { "" } else { "…" })
}

/// The keys that matter here, as many as there is room for; those for help and the way out come first.
fn hints(model: &Model, line: Line, room: usize) -> Line {
    let hints: Vec<_> = BINDINGS.iter().filter_map(|binding| hint(model, binding)).collect();
    let is_kept = |action| matches!(action, Action::Help | Action::Quit);
    let kept: usize = hints.iter().filter(|(action, _)| is_kept(*action)).map(|(_, hint)| hint.width()).sum();
    let mut left = room.saturating_sub(line.width() + kept);
    let mut line = line;
    for (action, hint) in hints {
        if is_kept(action) {
            line = line.join(hint);
        } else if hint.width() <= left {
            left -= hint.width();
            line = line.join(hint);
        }
    }
    line
}

fn hint(model: &Model, binding: &Binding) -> Option<(Action, Line)> {
    let words = match (&model.overlay, binding.action) {
        _ if binding.hint.is_empty() => return None,
        (Overlay::Help { .. }, action) if action != Action::Quit && action != Action::Back => return None,
        (Overlay::Detail { .. }, Action::Open | Action::Sort | Action::Filter) => return None,
        (Overlay::None, Action::Back) if model.within().is_none() => return None,
        (Overlay::None, Action::Sort) => {
            let sort = model.shown().sorts().get(model.list().sort).copied().unwrap_or_default();
            format!("sort:{sort}")
        }
        _ => binding.hint.to_owned(),
    };
    let key = binding.keys.first()?;
    Some((binding.action, Line::of(Tone::Strong, key.to_string()).with(Tone::Dim, format!(" {words}  "))))
}
