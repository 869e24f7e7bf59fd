//! The detail of a job or test: how it behaved, in which runs, and what could be done about it.

use super::View;
use super::about::{job_suggestions, test_suggestions};
use super::age::{ago, utc};
use super::detail::{Paragraph, Sheet};
use super::line::{Align, Line, Tone};
use super::trust::{self, STRIP};
use crate::analysis::{
    Behaviour, Colour, Glimpse, JobFlakiness, ServiceReport, Suggestion, TestFlakiness, Trust, counted,
};
use crate::domain::Text;

/// The runs that are named.
const RUNS: usize = 10;

/// The lines of a message that are shown.
const MESSAGE: usize = 12;

pub(super) fn job(view: &View<'_>, service: &ServiceReport, job: &JobFlakiness) -> Vec<Paragraph> {
    let mut sheet = Sheet::default();
    heading(&mut sheet, &job.behaviour, job.name.as_str());
    let tolerated = if job.allow_failure { "; its failure does not fail the run" } else { "" };
    sheet.line(Line::of(Tone::Dim, format!("  a job{} in {}{tolerated}", of(&job.workflow), service.service.name)));
    behaviour(&mut sheet, view, &job.behaviour, &job.recent);
    suggestions(&mut sheet, &job.behaviour, &job_suggestions(service, job));
    runs(&mut sheet, view, service, &job.recent);
    sheet.done()
}

pub(super) fn test(view: &View<'_>, service: &ServiceReport, test: &TestFlakiness) -> Vec<Paragraph> {
    let mut sheet = Sheet::default();
    heading(&mut sheet, &test.behaviour, test.name.as_str());
    let (workflow, job) = &test.job;
    sheet.line(Line::of(Tone::Dim, format!("  a test in the job {job}{} in {}", of(workflow), service.service.name)));
    behaviour(&mut sheet, view, &test.behaviour, &test.recent);
    sheet.text("class", test.classname.as_str());
    sheet.text("file", test.file.as_ref().map_or("", Text::as_str));
    if let Some(message) = &test.message {
        sheet.head("Its newest failure says");
        for line in message.lines().take(MESSAGE) {
            sheet.line(Line::of(Tone::Plain, format!("  {line}")));
        }
        let more = message.lines().count().saturating_sub(MESSAGE);
        if more > 0 {
            sheet.line(Line::of(Tone::Dim, format!("  and {}", counted(more, "more line"))));
        }
    }
    suggestions(&mut sheet, &test.behaviour, &test_suggestions(test));
    runs(&mut sheet, view, service, &test.recent);
    sheet.done()
}

/// Names the workflow of a job; GitLab has no names for its pipelines.
pub(super) fn of(workflow: &Text) -> String {
    if workflow.is_empty() { String::new() } else { format!(" of {workflow}") }
}

fn heading(sheet: &mut Sheet, behaviour: &Behaviour, name: &str) {
    let heading = trust::words(behaviour.trust).with(Tone::Plain, "  ").with(Tone::Strong, name.to_owned());
    sheet.line(heading.with(Tone::Plain, "  ").join(trust::rate(behaviour.known())));
}

fn behaviour(sheet: &mut Sheet, view: &View<'_>, behaviour: &Behaviour, recent: &[Glimpse]) {
    sheet.head("Behaviour");
    if !recent.is_empty() {
        let newest = recent.len().min(STRIP);
        sheet.fact("recent", trust::strip(recent, newest).with(Tone::Dim, "  a sign for each commit, the newest last"));
        sheet.fact("", trust::key(recent));
    }
    let rate = behaviour.rate();
    let known = match behaviour.known() {
        Some(known) => format!("{known}: {} of {} passed and failed", rate.hits, counted(rate.of, "commit")),
        None => "unknown, which is not 0%".to_owned(),
    };
    sheet.text("flaked", known);
    sheet.text("observed", behaviour.observed.words());
    let parts = [
        (behaviour.green, "green"),
        (behaviour.flaky, "flaky"),
        (behaviour.red, "red"),
        (behaviour.infrastructure, "failed by the machinery"),
        (behaviour.undecided, "undecided"),
    ];
    let kinds = parts.into_iter().filter(|(count, _)| *count > 0).map(|(count, words)| format!("{count} {words}"));
    sheet.text("commits", kinds.collect::<Vec<_>>().join(", "));
    let ran = match (behaviour.executions, behaviour.failures) {
        (1, 0) => "once, and passed".to_owned(),
        (1, _) => "once, and failed".to_owned(),
        (ran, 0) => format!("{ran} times, and passed every time"),
        (ran, failed) => format!("{ran} times, {failed} of them failed"),
    };
    sheet.text("ran", ran);
    if let Some(strength) = behaviour.strength {
        sheet.text("evidence", trust::evidence(strength));
    }
    if let Some(at) = behaviour.last_flake {
        sheet.text("last flake", format!("{} ({})", utc(at), ago(at, view.now)));
    }
}

fn suggestions(sheet: &mut Sheet, behaviour: &Behaviour, suggestions: &[Suggestion]) {
    if behaviour.trust >= Trust::Recovered {
        return;
    }
    sheet.head("Next steps, to copy with y; landfall runs none of them");
    if suggestions.is_empty() {
        sheet.line(Line::of(Tone::Dim, "  Nothing tells which tool runs this test."));
    }
    for Suggestion { purpose, tool, text } in suggestions {
        let line = Line::of(Tone::Plain, text.clone()).with(Tone::Dim, format!("  {tool}"));
        sheet.fact(purpose.words(), line);
    }
}

/// Names the newest runs that did not go well; where all did, the newest.
fn runs(sheet: &mut Sheet, view: &View<'_>, service: &ServiceReport, recent: &[Glimpse]) {
    let is_bad = |glimpse: &&Glimpse| !matches!(glimpse.colour, Colour::Green | Colour::Undecided);
    let bad: Vec<&Glimpse> = recent.iter().rev().filter(is_bad).take(RUNS).collect();
    let shown = if bad.is_empty() { recent.last().into_iter().collect() } else { bad };
    if shown.is_empty() {
        return;
    }
    sheet.head("Runs, newest first");
    let width = shown.iter().map(|glimpse| trust::outcome(glimpse.colour).width()).max().unwrap_or_default();
    for glimpse in shown {
        let run = service.reliability.run(glimpse.run);
        let number = run.map_or_else(|| glimpse.run.to_string(), |run| format!("#{}", run.number));
        let when = glimpse.at.map(|at| format!("  {} ({})", utc(at.at()), ago(at.at(), view.now))).unwrap_or_default();
        let line = Line::of(Tone::Plain, "  ").join(trust::outcome(glimpse.colour).fit(width, Align::Left));
        let line = line.with(Tone::Plain, format!("  {number}  {}", glimpse.sha.short(7))).with(Tone::Dim, when);
        sheet.line(line);
        if let Some(run) = run {
            sheet.line(Line::of(Tone::Dim, format!("    {}", Text::from(&run.url))));
        }
    }
}
