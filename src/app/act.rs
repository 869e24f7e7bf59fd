//! What the user's keys do.

use tui_input::Input;

use super::keymap::{Action, action};
use super::overlay::{Overlay, edit, paste};
use super::{Act, Cmd, Key, Model, command, detail, incidents, inside, look, seen};
use crate::pane::{Filter, Line, PANES, Subject, Tone};

pub(super) fn act(model: &mut Model, act: Act) -> Vec<Cmd> {
    match act {
        Act::Key(key) => {
            model.message = None;
            if model.overlay.input().is_some() { type_key(model, key) } else { press(model, key) }
        }
        Act::Paste(text) => {
            if let Some(input) = model.overlay.input() {
                paste(input, &text);
                filter_as_typed(model);
            }
            Vec::new()
        }
        Act::Resized(columns, rows) => {
            model.size = (usize::from(columns), usize::from(rows));
            Vec::new()
        }
    }
}

/// A key while text is being typed.
fn type_key(model: &mut Model, key: Key) -> Vec<Cmd> {
    match key {
        Key::Ctrl('c') => return vec![Cmd::Quit { leave_screen: false }],
        Key::Ctrl('z') => return vec![Cmd::Suspend],
        Key::Ctrl('l') => return vec![Cmd::Repaint],
        Key::Enter => {
            return match std::mem::replace(&mut model.overlay, Overlay::None) {
                Overlay::Command(input) => command::run(model, input.value()),
                Overlay::None | Overlay::Detail { .. } | Overlay::Help { .. } | Overlay::Filter { .. } => Vec::new(),
            };
        }
        Key::Esc => {
            if let Overlay::Filter { before, .. } = std::mem::replace(&mut model.overlay, Overlay::None) {
                set_filter(model, &before);
            }
        }
        Key::Up | Key::Down if matches!(model.overlay, Overlay::Filter { .. }) => step(model, key == Key::Down, 1),
        _ => {
            if let Some(input) = model.overlay.input() {
                edit(input, key);
            }
            filter_as_typed(model);
        }
    }
    Vec::new()
}

fn filter_as_typed(model: &mut Model) {
    if let Overlay::Filter { input, .. } = &model.overlay {
        let typed = input.value().to_owned();
        set_filter(model, &typed);
    }
}

fn set_filter(model: &mut Model, text: &str) {
    model.filter = Filter::new(text);
}

fn press(model: &mut Model, key: Key) -> Vec<Cmd> {
    let Some(action) = action(key) else { return Vec::new() };
    let page = model.page();
    if action != Action::Copy {
        model.copies = 0;
    }
    if is_about_a_row(action) {
        model.look_through();
    }
    match action {
        Action::Down => step(model, true, 1),
        Action::Up => step(model, false, 1),
        Action::PageDown => step(model, true, page),
        Action::PageUp => step(model, false, page),
        Action::HalfDown => step(model, true, page / 2),
        Action::HalfUp => step(model, false, page / 2),
        Action::First => step(model, false, usize::MAX),
        Action::Last => step(model, true, usize::MAX),
        Action::NextPane => go(model, (model.pane + 1) % PANES.len()),
        Action::PreviousPane => go(model, (model.pane + PANES.len() - 1) % PANES.len()),
        Action::Pane(place) if place < PANES.len() => go(model, place),
        Action::Pane(place) => say(model, Tone::Dim, format!("there is no pane {}", place + 1)),
        Action::Open => return open(model),
        Action::Back => back(model),
        Action::Filter => {
            let before = model.filter.as_str().to_owned();
            model.overlay = Overlay::Filter { input: Input::new(before.clone()), before };
        }
        Action::NextFinding => return next_finding(model, true),
        Action::PreviousFinding => return next_finding(model, false),
        Action::Sort => sort(model),
        Action::Help => {
            let shown = matches!(model.overlay, Overlay::Help { .. });
            model.overlay = if shown { Overlay::None } else { Overlay::Help { scroll: 0 } };
        }
        Action::Command => model.overlay = Overlay::Command(Input::default()),
        Action::LookNow => return look_now(model),
        Action::OpenPage => return open_page(model),
        Action::Copy => return copy(model),
        Action::Freeze => return freeze(model),
        Action::Repaint => return vec![Cmd::Repaint],
        Action::Suspend => return vec![Cmd::Suspend],
        Action::Quit => return vec![Cmd::Quit { leave_screen: false }],
        Action::QuitLeaving => return vec![Cmd::Quit { leave_screen: true }],
    }
    Vec::new()
}

/// Returns whether a key means the selected row, or one that is counted or sought from it: all of them must be there by
/// then.
fn is_about_a_row(action: Action) -> bool {
    let steps = matches!(
        action,
        Action::Down
            | Action::Up
            | Action::PageDown
            | Action::PageUp
            | Action::HalfDown
            | Action::HalfUp
            | Action::Last
    );
    let seeks = matches!(action, Action::NextFinding | Action::PreviousFinding);
    steps || seeks || matches!(action, Action::Open | Action::LookNow | Action::OpenPage | Action::Copy)
}

/// Says in one line what a key led to, until the next key.
pub(super) fn say(model: &mut Model, tone: Tone, text: impl Into<String>) {
    model.message = Some(Line::of(tone, text.into()));
}

/// Shows the pane at this place.
pub(super) fn go(model: &mut Model, pane: usize) {
    model.overlay = Overlay::None;
    inside::leave(model);
    model.pane = pane;
}

fn step(model: &mut Model, forward: bool, rows: usize) {
    let longest = detail::longest_scroll(model);
    if let Some(scroll) = model.overlay.scroll() {
        *scroll = if forward { scroll.saturating_add(rows) } else { (*scroll).min(longest).saturating_sub(rows) };
        *scroll = (*scroll).min(longest);
        return;
    }
    let list = model.list();
    model.select(if forward { list.at.saturating_add(rows) } else { list.at.saturating_sub(rows) });
}

fn open(model: &mut Model) -> Vec<Cmd> {
    if matches!(model.overlay, Overlay::None) && !inside::enter(model) {
        let identity = model.selected().map(|subject| subject.identity());
        let Some(identity) = identity else {
            say(model, Tone::Dim, "there is no row to open");
            return Vec::new();
        };
        model.overlay = Overlay::Detail { identity, scroll: 0 };
        return look_into(model);
    }
    Vec::new()
}

/// Whoever reads a row is to read what is so now.
fn look_into(model: &Model) -> Vec<Cmd> {
    let wanted = model.selected().map(|subject| look::into(subject, model.now)).unwrap_or_default();
    if wanted.is_empty() { Vec::new() } else { vec![Cmd::Want(wanted)] }
}

fn back(model: &mut Model) {
    match model.overlay {
        Overlay::None if !model.filter.is_empty() => set_filter(model, ""),
        Overlay::None => {
            inside::leave(model);
        }
        Overlay::Detail { .. } | Overlay::Help { .. } | Overlay::Filter { .. } | Overlay::Command(_) => {
            model.overlay = Overlay::None;
        }
    }
}

fn next_finding(model: &mut Model, forward: bool) -> Vec<Cmd> {
    let Some(at) = model.list().finding(model.shown(), &model.report, forward) else {
        say(model, Tone::Good, "no finding here");
        return Vec::new();
    };
    model.select(at);
    let identity = model.selected().map(|subject| subject.identity());
    if let (Overlay::Detail { identity: shown, scroll }, Some(identity)) = (&mut model.overlay, identity) {
        (*shown, *scroll) = (identity, 0);
        return look_into(model);
    }
    Vec::new()
}

fn sort(model: &mut Model) {
    let sorts = model.shown().sorts();
    let list = model.list_mut();
    list.sort = (list.sort + 1) % sorts.len().max(1);
    list.disarrange();
    let by = sorts.get(list.sort).copied().unwrap_or_default();
    say(model, Tone::Info, format!("sorted by {by}"));
}

fn look_now(model: &mut Model) -> Vec<Cmd> {
    let Some(subject) = model.selected() else { return Vec::new() };
    if let Subject::Credential(_) = subject {
        say(model, Tone::Info, "looking at all credentials now".to_owned());
        return vec![Cmd::LookAtCredentials];
    }
    let wanted = look::at(&model.report, subject);
    let name = match subject {
        Subject::Source(source) => source.id.to_string(),
        Subject::Incident(incident) => format!("what stopped at {}", incident.scope),
        _ => subject.service().map(|service| service.service.name.to_string()).unwrap_or_default(),
    };
    say(model, Tone::Info, format!("looking at {name} now"));
    vec![Cmd::Want(wanted)]
}

fn open_page(model: &mut Model) -> Vec<Cmd> {
    match model.selected().and_then(|subject| subject.page()) {
        Some(page) if model.settings.browser => {
            say(model, Tone::Info, format!("opening {page}"));
            vec![Cmd::Browse(page)]
        }
        Some(page) => {
            say(model, Tone::Info, format!("copied {page}"));
            vec![Cmd::Copy(page)]
        }
        None => {
            say(model, Tone::Dim, "this row has no page");
            Vec::new()
        }
    }
}

/// Copies what is most worth it; pressed again, the next, and after the last the first.
fn copy(model: &mut Model) -> Vec<Cmd> {
    let texts = model.selected().map(|subject| subject.worth_copying()).unwrap_or_default();
    let place = model.copies % texts.len().max(1);
    let Some(text) = texts.get(place).cloned() else {
        say(model, Tone::Dim, "there is nothing to copy here");
        return Vec::new();
    };
    model.copies += 1;
    let which = if texts.len() > 1 { format!(" {} of {}", place + 1, texts.len()) } else { String::new() };
    say(model, Tone::Info, format!("copied{which} {text}"));
    vec![Cmd::Copy(text)]
}

fn freeze(model: &mut Model) -> Vec<Cmd> {
    if model.frozen.is_some() {
        return seen::thaw(model);
    }
    // What stands still is of one moment.
    incidents::catch_up(model);
    model.frozen = Some(model.now);
    Vec::new()
}
