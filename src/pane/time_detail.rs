//! The detail of a workflow's or job's durations: how long, since when, what people wait for, what could be done.

use super::View;
use super::about::{is_slower, parallelise};
use super::delivery;
use super::detail::{Paragraph, Sheet};
use super::flaky_detail::of;
use super::line::{Line, Tone};
use super::took::{against, nearly_all, trend, typical};
use crate::analysis::{
    CriticalPath, Drift, JobDurations, OrderAdvice, PathStep, ServiceReport, Shift, Spread, TwoSpeeds,
    WorkflowDurations, counted, minutes,
};

/// The cells of a trend that has the width of the detail.
const TREND: usize = 50;

pub(super) fn workflow(
    view: &View<'_>,
    service: &ServiceReport,
    workflow: Option<&WorkflowDurations>,
) -> Vec<Paragraph> {
    let mut sheet = Sheet::default();
    let name = Line::of(Tone::Strong, service.service.name.to_string());
    let Some(workflow) = workflow else {
        sheet.line(name);
        sheet.line(Line::of(Tone::Dim, "  No run that is over is known yet."));
        delivery::paragraphs(&mut sheet, service);
        return sheet.done();
    };
    let limit = view.policy.slow_pipeline;
    let standing = workflow.pipeline.map(|standing| against(standing, limit).with(Tone::Plain, "  "));
    let heading = standing.unwrap_or_default().join(name);
    sheet.line(heading.with(Tone::Dim, format!("  {}", workflow.workflow)));
    sheet.head("Successful runs of the main line, in minutes and seconds");
    times(&mut sheet, (workflow.ran, workflow.waited), &workflow.trend);
    if let Some((time, standing)) = workflow.newest {
        sheet.fact("newest", Line::of(Tone::Plain, format!("{}  ", minutes(time))).join(against(standing, limit)));
    }
    drift(&mut sheet, workflow.shift.as_deref());
    two_speeds(&mut sheet, workflow.two_speeds.as_deref());
    if let Some(path) = &workflow.path {
        critical_path(&mut sheet, path);
    }
    sheet.sentences("Fastest checks first", workflow.advice.iter().map(OrderAdvice::words).collect());
    delivery::paragraphs(&mut sheet, service);
    sheet.done()
}

pub(super) fn job(
    view: &View<'_>,
    service: &ServiceReport,
    workflow: &WorkflowDurations,
    job: &JobDurations,
) -> Vec<Paragraph> {
    let mut sheet = Sheet::default();
    let standing = job.stage_limit.map(|standing| against(standing, view.policy.slow_stage).with(Tone::Plain, "  "));
    sheet.line(standing.unwrap_or_default().with(Tone::Strong, job.name.to_string()));
    let stage = job.stage.as_ref().map(|stage| format!(", stage {stage}")).unwrap_or_default();
    let (of, name) = (of(&workflow.workflow), &service.service.name);
    sheet.line(Line::of(Tone::Dim, format!("  a job{of} in {name}{stage}")));
    sheet.head("In successful runs of the main line, in minutes and seconds");
    times(&mut sheet, (job.ran, job.waited), &job.trend);
    drift(&mut sheet, job.shift.as_deref());
    two_speeds(&mut sheet, job.two_speeds.as_deref());
    if let Some(path) = &workflow.path {
        let (mark, words) = if parallelise(workflow, &job.name) {
            (Tone::Warn, "on it, and long: parallelise?")
        } else if path.steps.iter().any(|step| step.name == job.name) {
            (Tone::Plain, "on it")
        } else {
            (Tone::Dim, "not on it: nobody waits for this job")
        };
        sheet.fact("path", Line::of(mark, words));
        critical_path(&mut sheet, path);
    }
    let advice = workflow.advice.iter().filter(|advice| advice.fast == job.name || advice.slow == job.name);
    sheet.sentences("Fastest checks first", advice.map(OrderAdvice::words).collect());
    sheet.done()
}

fn times(sheet: &mut Sheet, (ran, waited): (Option<Spread>, Option<Spread>), all: &[jiff::SignedDuration]) {
    let Some(ran) = ran else {
        sheet.line(Line::of(Tone::Dim, "  none is known"));
        return;
    };
    sheet.fact("run", spread(ran).with(Tone::Dim, format!("  of {}", counted(ran.of, "run"))));
    if !ran.p95_is_sure() {
        sheet.fact("", Line::of(Tone::Dim, "~ fewer than 20: p95 is little more than the greatest"));
    }
    match waited {
        Some(waited) => {
            sheet.fact("queue", spread(waited).with(Tone::Dim, format!("  of {}", counted(waited.of, "run"))));
        }
        None => sheet.fact("queue", Line::of(Tone::Dim, "unknown")),
    }
    let (least, most) = (all.iter().min(), all.iter().max());
    if let (Some(least), Some(most), true) = (least, most, all.len() > 1) {
        let range = format!("  oldest first, {} to {}", minutes(*least), minutes(*most));
        sheet.fact("trend", Line::of(Tone::Plain, trend(all, TREND)).with(Tone::Dim, range));
    }
}

fn spread(spread: Spread) -> Line {
    let p50 = typical(Some(spread), None, None).text();
    Line::of(Tone::Plain, format!("p50 {}  p95 ", p50.trim())).join(nearly_all(Some(spread)))
}

fn drift(sheet: &mut Sheet, shift: Option<&Shift>) {
    let Some(shift) = shift else {
        sheet.fact("drift", Line::of(Tone::Dim, "unknown: fewer than 15 runs to compare"));
        return;
    };
    let comparison = &shift.comparison;
    let seconds = |seconds: f64| minutes(jiff::SignedDuration::try_from_secs_f64(seconds).unwrap_or_default());
    let (before, now) = (seconds(comparison.baseline), seconds(comparison.recent));
    let words = match comparison.drift {
        Drift::Steady => Line::of(Tone::Plain, format!("→ steady: {before} before, {now} now")),
        Drift::Slower => Line::of(Tone::Bad, "↑ slower: ").with(Tone::Plain, format!("{before} before, {now} now")),
        Drift::Faster => Line::of(Tone::Good, "↓ faster: ").with(Tone::Plain, format!("{before} before, {now} now")),
    };
    sheet.fact("drift", words);
    let between = match (&shift.before, &shift.first) {
        (Some(before), Some(first)) => format!("after {}, from {} on", before.short(12), first.short(12)),
        (None, Some(first)) => format!("from {} on", first.short(12)),
        (_, None) => return,
    };
    let tone = if is_slower(Some(shift)) { Tone::Strong } else { Tone::Plain };
    sheet.fact("commits", Line::of(tone, between));
}

fn two_speeds(sheet: &mut Sheet, speeds: Option<&TwoSpeeds>) {
    if let Some(speeds) = speeds {
        sheet.fact("two speeds", Line::of(Tone::Warn, "! ").with(Tone::Plain, speeds.words()));
    }
}

fn critical_path(sheet: &mut Sheet, path: &CriticalPath) {
    sheet.head("Critical path of the newest run");
    sheet.line(Line::of(Tone::Dim, format!("  {}", path.basis.words())));
    for (place, PathStep { name, stage, ran, parallelise, .. }) in path.steps.iter().enumerate() {
        let stage = stage.as_ref().map(|stage| format!("{stage}: ")).unwrap_or_default();
        let line =
            Line::of(Tone::Dim, format!("  {}  ", place + 1)).with(Tone::Plain, format!("{:>8}  ", minutes(*ran)));
        let line = line.with(Tone::Dim, stage).with(Tone::Plain, name.to_string());
        sheet.line(if *parallelise { line.with(Tone::Warn, "  parallelise?") } else { line });
    }
    sheet.line(Line::of(Tone::Dim, format!("  =  {:>8}  together", minutes(path.total))));
}
