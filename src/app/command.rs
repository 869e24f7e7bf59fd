//! Commands that are typed after a colon.

use super::act::{go, say};
use super::{Cmd, Model};
use crate::pane::{Identity, PANES, Tone};

const KNOWN: &str = "known: :service NAME  :pane NAME  :sort KEY  :q";

pub(super) fn run(model: &mut Model, typed: &str) -> Vec<Cmd> {
    let (word, rest) = typed.trim().split_once(' ').unwrap_or((typed.trim(), ""));
    let rest = rest.trim();
    match word {
        "" => {}
        "q" | "quit" => return vec![Cmd::Quit { leave_screen: false }],
        "service" => service(model, rest),
        "pane" => pane(model, rest),
        "sort" => sort(model, rest),
        #[cfg(debug_assertions)]
        "panic" => return vec![Cmd::Panic(falling(rest))],
        _ => say(model, Tone::Warn, format!("no command {word:?}; {KNOWN}")),
    }
    Vec::new()
}

#[cfg(debug_assertions)]
fn falling(what: &str) -> super::Falling {
    match what {
        "task" => super::Falling::Task,
        "poller" => super::Falling::Poller,
        _ => super::Falling::Loop,
    }
}

fn service(model: &mut Model, name: &str) {
    let names = || model.services.iter().map(|service| &service.name);
    let exact = names().find(|known| known.as_str() == name);
    let Some(found) = exact.or_else(|| names().find(|known| known.as_str().starts_with(name))).cloned() else {
        say(model, Tone::Warn, format!("no service {name:?}"));
        return;
    };
    model.filter = crate::pane::Filter::default();
    go(model, 0);
    model.list_mut().hold(Identity::Service(found));
}

fn pane(model: &mut Model, name: &str) {
    let wanted = name.to_lowercase();
    let numbered = wanted.parse::<usize>().ok().and_then(|number| number.checked_sub(1)).filter(|at| *at < PANES.len());
    let by_name = PANES.iter().position(|pane| !wanted.is_empty() && pane.name().to_lowercase().starts_with(&wanted));
    if let Some(place) = numbered.or(by_name) {
        go(model, place);
        return;
    }
    let panes: Vec<_> = PANES.iter().map(|pane| pane.name()).collect();
    say(model, Tone::Warn, format!("no pane {name:?}; there are {}", panes.join(", ")));
}

fn sort(model: &mut Model, key: &str) {
    let sorts = model.shown().sorts();
    match sorts.iter().position(|sort| *sort == key) {
        Some(place) => {
            let list = model.list_mut();
            list.sort = place;
            list.disarrange();
        }
        None => say(model, Tone::Warn, format!("no sort {key:?} here; there are {}", sorts.join(", "))),
    }
}
