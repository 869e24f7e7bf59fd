//! The first frame is drawn by what earlier processes kept; what they remember of runs that are over comes piece by piece.

use landfall::analysis::{Policy, ServiceReport, judge};
use landfall::app::{Act, Charset, Cmd, Key, Model, Msg, Settings, settle, update};
use landfall::domain::{Fact, RunKey, Seen, ServiceName, Snapshot, SourceId};

use crate::cast::{cast, now, seen};

/// What is kept of the cast: what is known, in the order in which it is read back, and what is remembered, piece by piece.
struct Kept {
    known: Snapshot,
    pieces: Vec<Vec<Fact>>,
}

fn kept() -> Kept {
    let (services, observations) = cast();
    let mut snapshot = Snapshot::default();
    let mut facts = Vec::new();
    for observation in observations {
        let look = observation.seen.answers();
        snapshot.absorb(observation);
        facts.extend(look.into_iter().flat_map(|look| snapshot.facts(&look)));
    }
    for service in &services {
        let report = judge(&snapshot, service, &Policy::default(), now());
        facts.extend(settle(&mut snapshot, &report, true, now()).facts);
    }
    facts.extend(snapshot.unkept());
    let (remembered, others): (Vec<Fact>, Vec<Fact>) = facts.into_iter().partition(|fact| fact.concerns().is_some());
    let mut known = Snapshot::default();
    for fact in others {
        known.recall(fact);
    }
    let (arrived, mut ordered): (Vec<Fact>, Vec<Fact>) =
        remembered.into_iter().partition(|fact| matches!(fact, Fact::Arrived(..)));
    ordered.extend(arrived);
    let pieces: Vec<Vec<Fact>> =
        ordered.chunk_by(|one, next| one.concerns() == next.concerns()).map(<[Fact]>::to_vec).collect();
    Kept { known, pieces }
}

fn judged(known: &Snapshot) -> Vec<ServiceReport> {
    cast().0.iter().map(|service| judge(known, service, &Policy::default(), now())).collect()
}

/// A dashboard that began with what is known, and read so many pieces of what is remembered.
fn begun(kept: &Kept, pieces: usize, is_all: bool) -> Model {
    let settings = Settings { title: "landfall", charset: Charset::Unicode, browser: false };
    let mut model = Model::new(cast().0, Policy::default(), settings, now(), (200, 50));
    model.recall(kept.known.clone(), judged(&kept.known));
    let own = SourceId::own().to_string();
    let read = kept.pieces.iter().take(pieces).map(|piece| Seen::Remembered(piece.clone()));
    for told in read.chain(is_all.then_some(Seen::Recalled)) {
        update(&mut model, Msg::Seen(vec![seen(now(), &own, told)]));
    }
    model
}

/// The rows of a pane, by the names of their services.
fn rows(model: &mut Model, pane: char) -> Vec<String> {
    update(model, Msg::Acted(Act::Key(Key::Char(pane))));
    update(model, Msg::Passed(now()));
    let text = model.screen().text();
    let mut rows: Vec<String> = text.lines().map(|line| line.replace('▸', " ")).collect();
    let is_of = |row: &String, name: &str| row.split_whitespace().next() == Some(name);
    let names: Vec<String> = cast().0.iter().map(|service| service.name.to_string()).collect();
    rows.retain(|row| names.iter().any(|name| is_of(row, name)));
    rows.sort();
    rows
}

/// Whether a row says nothing but what the later one says, or that it does not know yet.
fn holds(row: &str, later: &str) -> bool {
    let mut cells = row.chars().zip(later.chars().chain(std::iter::repeat(' ')));
    row.contains("… reading") || cells.all(|(shown, stays)| shown == ' ' || shown == stays)
}

#[test]
fn whatever_was_read_of_the_history_a_row_says_what_all_of_it_says_or_nothing() {
    let kept = kept();
    assert!(kept.pieces.len() > 4, "{:?}", kept.pieces);
    let mut whole = begun(&kept, usize::MAX, true);
    for pane in ['1', '2', '4', '5'] {
        let last = rows(&mut whole, pane);
        for pieces in 0..=kept.pieces.len() {
            let first = rows(&mut begun(&kept, pieces, false), pane);
            assert_eq!(first.len(), last.len(), "pane {pane} after {pieces} pieces");
            for (row, later) in first.iter().zip(&last) {
                assert!(holds(row, later), "pane {pane} after {pieces} pieces\n{row}\n{later}");
            }
        }
    }
}

/// Whose arrivals a dashboard keeps that began with what is known and then is told this.
fn arrivals_kept(known: &Snapshot, told: Vec<Seen>) -> Vec<(ServiceName, RunKey)> {
    let settings = Settings { title: "landfall", charset: Charset::Unicode, browser: false };
    let mut model = Model::new(cast().0, Policy::default(), settings, now(), (200, 50));
    model.recall(known.clone(), judged(known));
    let own = SourceId::own().to_string();
    let mut todo = model.begin();
    todo.extend(update(&mut model, Msg::Passed(now())));
    for told in told {
        todo.extend(update(&mut model, Msg::Seen(vec![seen(now(), &own, told)])));
    }
    let kept = todo.into_iter().filter_map(|cmd| if let Cmd::Remember(facts) = cmd { Some(facts) } else { None });
    arrivals(&kept.flatten().collect::<Vec<_>>())
}

fn arrivals(facts: &[Fact]) -> Vec<(ServiceName, RunKey)> {
    let arrival =
        |fact: &Fact| if let Fact::Arrived(name, run, _) = fact { Some((name.clone(), run.clone())) } else { None };
    facts.iter().filter_map(arrival).collect()
}

#[test]
fn which_commits_arrived_is_kept_once_and_not_before_it_is_known_which_did() {
    let Kept { known, pieces } = kept();
    let all = arrivals(&pieces.concat());
    assert!(all.len() > 2, "{all:?}");
    let read = |pieces: &[Vec<Fact>], is_all: bool| {
        let told = pieces.iter().cloned().map(Seen::Remembered).chain(is_all.then_some(Seen::Recalled));
        arrivals_kept(&known, told.collect())
    };
    assert_eq!(read(&[], false), [], "it is not known yet which did");
    let anew = read(&pieces, true);
    assert!(anew.iter().all(|arrival| !all.contains(arrival)), "{anew:?}");
    let none_was_kept = read(&[], true);
    assert!(all.iter().all(|arrival| none_was_kept.contains(arrival)), "{none_was_kept:?}");
}

#[test]
fn the_first_frame_has_every_verdict_and_waits_for_no_run_that_is_over() {
    let kept = kept();
    let (mut first, mut whole) = (begun(&kept, 0, false), begun(&kept, usize::MAX, true));
    assert_eq!(rows(&mut first, '2'), rows(&mut whole, '2'));
    assert!(rows(&mut first, '4').iter().all(|row| row.contains("… reading")));
    assert!(!rows(&mut whole, '4').iter().any(|row| row.contains("… reading")));
}
