//! What `check` adds to the table where it is asked for: how much green and red can be trusted, and how long runs take.

use std::fmt::Write as _;

use jiff::{SignedDuration, Timestamp};
use unicode_width::UnicodeWidthStr as _;

use super::Style;
use super::age::age;
use super::style::{padded, paragraph};
use crate::analysis::{
    Against, Behaviour, Drift, OrderAdvice, Report, ServiceReport, Shift, Spread, Trust, TwoSpeeds, WorkflowDurations,
    minutes,
};

/// The jobs and tests of a service that are named one by one.
const NAMED: usize = 10;

/// Writes a line a service with its gate, then what of it can be trusted least.
pub(super) fn flaky(text: &mut String, report: &Report, now: Timestamp, style: Style) {
    let heading = ["FLAKY", "FLAKED", "RAN AGAIN", "UNREAD"].map(str::to_owned);
    let line = |service: &ServiceReport| {
        let builds = &service.reliability.flakiness.builds;
        let rate = builds.gate.builds.known().map_or_else(|| "?".to_owned(), |rate| rate.to_string());
        let again = format!("{} of {}", builds.observed.reran, builds.observed.of);
        let unread = service.reliability.coverage.unread.len();
        [service.service.name.to_string(), rate, again, if unread == 0 { "-".to_owned() } else { unread.to_string() }]
    };
    let lines: Vec<_> = report.services.iter().map(line).collect();
    for (line, service) in aligned(&heading, &lines, text, style).into_iter().zip(&report.services) {
        let _ = writeln!(text, "{line}");
        paragraph(text, "    ", &service.reliability.flakiness.builds.gate.words(), style);
        distrusted(text, service, now, style);
        for unread in service.reliability.coverage.unread.iter().take(NAMED) {
            let file = if unread.file.is_empty() { String::new() } else { format!(" in {}", unread.file) };
            let words = format!("report of {}{file} could not be read: {}", unread.job, unread.why);
            paragraph(text, "    ", &words, style);
        }
    }
}

fn distrusted(text: &mut String, service: &ServiceReport, now: Timestamp, style: Style) {
    let flakiness = &service.reliability.flakiness;
    let jobs = flakiness.jobs.iter().map(|job| ("job", &job.behaviour, &job.name));
    let tests = flakiness.tests.tests.iter().map(|test| ("test", &test.behaviour, &test.name));
    let mut bad: Vec<_> = jobs.chain(tests).filter(|(_, behaviour, _)| behaviour.trust < Trust::Recovered).collect();
    bad.sort_by(|(_, one, _), (_, two, _)| two.rate().lower().total_cmp(&one.rate().lower()));
    for (what, behaviour, name) in bad.iter().take(NAMED) {
        let rate = rate(behaviour);
        let last = behaviour.last_flake.map(|at| format!(", last {} ago", age(at, now))).unwrap_or_default();
        paragraph(text, "    ", &format!("{} {what} {name}: {rate}{last}", behaviour.trust.word()), style);
    }
    if bad.len() > NAMED {
        paragraph(text, "    ", &format!("and {} more", bad.len() - NAMED), style);
    }
}

fn rate(behaviour: &Behaviour) -> String {
    let times = if behaviour.failures == 1 { "once".to_owned() } else { format!("{} times", behaviour.failures) };
    let never = || format!("failed {times}, and never ran twice on one commit");
    behaviour.known().map_or_else(never, |rate| format!("flaked {rate}"))
}

/// Writes a line a workflow, then what stands out of it.
pub(super) fn durations(text: &mut String, report: &Report, style: Style) {
    let heading = ["DURATIONS", "WORKFLOW", "P50", "P95", "QUEUE", "RUNS", "LIMIT"].map(str::to_owned);
    let workflows = report.services.iter().flat_map(|service| {
        service.reliability.durations.iter().map(move |workflow| (&service.service.name, workflow))
    });
    let workflows: Vec<_> = workflows.collect();
    let none = || "-".to_owned();
    let p95 = |ran: Spread| format!("{}{}", if ran.p95_is_sure() { "" } else { "~" }, minutes(ran.p95));
    let lines: Vec<_> = workflows
        .iter()
        .map(|(name, workflow)| {
            let ran = workflow.ran;
            [
                name.to_string(),
                workflow.workflow.to_string(),
                ran.map_or_else(none, |ran| minutes(ran.p50)),
                ran.map_or_else(none, p95),
                workflow.waited.map_or_else(none, |waited| minutes(waited.p50)),
                ran.map_or_else(none, |ran| ran.of.to_string()),
                workflow.pipeline.map_or_else(none, |against| limit(against).to_owned()),
            ]
        })
        .collect();
    for (line, (_, workflow)) in aligned(&heading, &lines, text, style).into_iter().zip(&workflows) {
        let _ = writeln!(text, "{line}");
        for remark in remarks(workflow) {
            paragraph(text, "    ", &remark, style);
        }
    }
}

fn limit(against: Against) -> &'static str {
    match against {
        Against::Below => "under",
        Against::AtLimit => "at",
        Against::Above => "over",
    }
}

fn remarks(workflow: &WorkflowDurations) -> Vec<String> {
    let mut remarks = Vec::new();
    if let Some(shift) = workflow.shift.as_deref().filter(|shift| shift.comparison.drift == Drift::Slower) {
        remarks.push(slower(shift));
    }
    let steps = workflow.path.iter().flat_map(|path| path.steps.iter().map(move |step| (path.basis, step)));
    for (basis, step) in steps.filter(|(_, step)| step.parallelise) {
        let (name, ran) = (&step.name, minutes(step.ran));
        remarks.push(format!("{name} takes {ran} on the critical path ({}): parallelise?", basis.words()));
    }
    remarks.extend(workflow.two_speeds.as_deref().map(TwoSpeeds::words));
    remarks.extend(workflow.advice.iter().map(OrderAdvice::words));
    remarks
}

/// Says from what to what a workflow became slower, and between which commits.
fn slower(shift: &Shift) -> String {
    let took = |seconds: f64| SignedDuration::try_from_secs_f64(seconds).map(minutes).unwrap_or_default();
    let (before, now) = (took(shift.comparison.baseline), took(shift.comparison.recent));
    let range = match (&shift.before, &shift.first) {
        (Some(before), Some(first)) => format!(", in {}..{}", before.short(7), first.short(7)),
        (None, Some(first)) => format!(", since {}", first.short(7)),
        (_, None) => String::new(),
    };
    format!("slower: {before} before, {now} now{range}")
}

/// Writes the heading and returns the lines, column below column.
fn aligned<const N: usize>(
    heading: &[String; N],
    lines: &[[String; N]],
    text: &mut String,
    style: Style,
) -> Vec<String> {
    let width = |column: usize| {
        let cells = lines.iter().chain([heading]).filter_map(|line| line.get(column));
        cells.map(|cell| cell.width()).max().unwrap_or_default()
    };
    let widths: [usize; N] = std::array::from_fn(width);
    let join = |line: &[String; N]| {
        let cells: String = line.iter().zip(widths).map(|(cell, width)| padded(cell, width) + "  ").collect();
        style.cut(cells.trim_end())
    };
    let _ = writeln!(text, "\n{}", style.heading(&join(heading)));
    lines.iter().map(join).collect()
}
