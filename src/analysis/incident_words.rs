//! The sentences of an incident: what it rests on, and what to do next.

use std::collections::BTreeSet;

use super::incident::{IncidentBasis, LastGoodPush};
use super::pushes::{Landings, Stop};
use super::source_words::utc;
use super::suspects::Suspect;
use crate::domain::Text;

/// How many lines of logs are quoted.
const LINES: usize = 5;
/// How many names are told of several.
const NAMES: usize = 8;

/// Returns a sentence for everything that the incident rests on.
pub(super) fn evidence(members: &[&Stop], landings: &[&Landings<'_>], last_good: Option<&LastGoodPush>) -> Vec<String> {
    let Some(first) = members.first() else { return Vec::new() };
    let mut evidence = vec![absent(members)];
    evidence.extend(refusals(members));
    let silent: BTreeSet<_> =
        members.iter().filter(|stop| stop.refusals.is_empty()).map(|stop| &stop.service.name).collect();
    if !silent.is_empty() {
        evidence.push(format!(
            "What was read of the logs of {} neither reports the push as done nor says why not.",
            listed(&silent)
        ));
    }
    evidence.push(match last_good {
        Some(good) => {
            format!("The last good push was that of {} {}, at {}.", good.service, good.commit.short(7), utc(good.at))
        }
        None => "Among the runs that are known no push was good before.".to_owned(),
    });
    let later: BTreeSet<_> = landings
        .iter()
        .filter(|landings| landings.any_after(first.at))
        .map(|landings| &landings.service.name)
        .collect();
    if !later.is_empty() {
        let names = listed(&later);
        evidence.push(format!("Images of {names} landed since: they may be pushed with another credential."));
    }
    evidence
}

fn absent(members: &[&Stop]) -> String {
    let services: BTreeSet<_> = members.iter().map(|stop| &stop.service.name).collect();
    let runs = members.iter().map(|stop| &stop.run.key).collect::<BTreeSet<_>>().len();
    let host = members.first().map_or("", |stop| stop.image.registry());
    let runs = if runs == 1 { "1 run".to_owned() } else { format!("{runs} runs") };
    format!("{runs} of {} left no image at {host}, which itself answered.", listed(&services))
}

/// Returns the lines in which registries refuse, each once, with the newest run that has it.
fn refusals(members: &[&Stop]) -> Vec<String> {
    let mut told: Vec<(&str, &Text)> = Vec::new();
    let mut lines = Vec::new();
    for stop in members.iter().rev() {
        for line in &stop.refusals {
            let name = stop.service.name.as_str();
            if told.iter().any(|(known, said)| *known == name || said.as_str() == line.as_str()) {
                continue;
            }
            told.push((name, line));
            lines.push(format!("The log of {name} #{} says: {line}", stop.run.number));
        }
    }
    let more = lines.len().saturating_sub(LINES);
    lines.truncate(LINES);
    if more > 0 {
        lines.push(format!("{more} more logs name a refusal."));
    }
    lines
}

/// Returns what to do next: the worst suspect is replaced, or what would tell more is looked at.
pub(super) fn next_steps(scope: &Text, basis: IncidentBasis, members: &[&Stop], suspects: &[Suspect]) -> Vec<String> {
    let Some(newest) = members.last() else { return Vec::new() };
    let replace = suspects.iter().find_map(|suspect| suspect.next_step.clone());
    let run = format!("{} #{}", newest.service.name, newest.run.number);
    let page = Text::from(&newest.run.url);
    let first = match (replace, basis) {
        (Some(step), _) => step,
        (None, IncidentBasis::Refused) => {
            format!("Renew the credential with which the pipelines push to {scope}, in every place that holds it.")
        }
        (None, IncidentBasis::Suspected) => format!(
            "Read what the push of {run} printed ({page}); where it was refused, renew the push credential of {scope}."
        ),
    };
    let names: BTreeSet<_> = members.iter().map(|stop| &stop.service.name).collect();
    vec![first, format!("Then have the newest commits of {} pushed again: this closes when one lands.", listed(&names))]
}

fn listed<T: std::fmt::Display>(names: &BTreeSet<T>) -> String {
    let more = names.len().saturating_sub(NAMES);
    let mut words: Vec<String> = names.iter().take(NAMES).map(ToString::to_string).collect();
    if more > 0 {
        words.push(format!("{more} more"));
    }
    let last = words.pop().unwrap_or_default();
    if words.is_empty() { last } else { format!("{} and {last}", words.join(", ")) }
}
