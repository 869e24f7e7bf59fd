//! Durations: a row a workflow, slowest first. How long do people wait for its runs, and does that change?

use super::about::{is_slower, parallelise};
use super::line::{Line, Tone};
use super::table::Column;
use super::took::{self, TREND};
use super::{Met, Pane, Place, Scope, Search, Subject, View, by_name, duration_parts, service_name, sorted, widest};
use crate::analysis::{Against, Report, ServiceReport, WorkflowDurations, minutes};

pub(super) struct Durations;

impl Pane for Durations {
    fn name(&self) -> &'static str {
        "Durations"
    }

    fn sorts(&self) -> &'static [&'static str] {
        &["slowest", "drift", "name"]
    }

    fn columns(&self, scope: Scope<'_>) -> Vec<Column> {
        let services = || scope.report.services.iter();
        let name = widest(services().map(|service| service.service.name.as_str()), 12);
        let workflows = services().flat_map(|service| &service.reliability.durations);
        let named = workflows.clone().any(|workflow| !workflow.workflow.is_empty());
        let workflow = widest(workflows.map(|workflow| workflow.workflow.as_str()), 8);
        let several = services().any(|service| service.reliability.durations.len() > 1);
        vec![
            Column::words("Service", 12, name.min(32), 0),
            Column::words("Workflow", 8, workflow.min(24), if several { 1 } else { 7 }).only_if(named),
            Column::words("Typical run", 14, 14, 0),
            Column::number("p50  ", 10, 0),
            Column::number("p95", 8, 1),
            Column::number("Queue", 6, 2),
            Column::words("Trend", TREND, TREND, 3),
            Column::number("Newest", 8, 5),
            Column::number("Runs", 4, 6),
            Column::words("What stands out", 24, 60, 4),
        ]
    }

    fn order(&self, scope: Scope<'_>, sort: usize) -> Vec<Place> {
        let mut keyed = Vec::new();
        for (outer, service) in scope.report.services.iter().enumerate() {
            let workflows = &service.reliability.durations;
            for inner in 0..workflows.len().max(1) {
                keyed.push((key(workflows.get(inner), sort), Place::new(outer, inner)));
            }
        }
        if sort == 2 {
            return by_name(keyed, |place| service_name(scope.report, place));
        }
        sorted(keyed)
    }

    fn passes(&self, report: &Report, place: Place, search: &mut Search<'_>) -> bool {
        find(report, place).is_some_and(|(service, workflow)| passes(search, service, workflow))
    }

    fn cells(&self, view: &View<'_>, place: Place) -> Vec<Line> {
        let Some((service, workflow)) = find(view.report, place) else { return Vec::new() };
        let name = Line::of(Tone::Strong, service.service.name.to_string());
        let Some(workflow) = workflow else {
            let words = if service.reliability.is_assessed() { "- no run yet" } else { "… reading" };
            return vec![name, Line::new(), Line::of(Tone::Dim, words)];
        };
        let limit = view.policy.slow_pipeline;
        let newest = workflow.newest.map_or_else(Line::new, |(time, against)| {
            let is_over = against == Against::Above;
            let (tone, mark) = if is_over { (Tone::Warn, "!") } else { (Tone::Dim, "") };
            Line::of(tone, format!("{mark}{}", minutes(time)))
        });
        vec![
            name,
            Line::of(Tone::Dim, workflow.workflow.to_string()),
            workflow
                .pipeline
                .map_or_else(|| Line::of(Tone::Dim, "- no green run"), |against| took::against(against, limit)),
            took::typical(workflow.ran, workflow.pipeline, workflow.shift.as_deref()),
            took::nearly_all(workflow.ran),
            took::waited(workflow.waited),
            Line::of(Tone::Plain, took::trend(&workflow.trend, TREND)),
            newest,
            Line::of(Tone::Dim, workflow.ran.map(|ran| ran.of.to_string()).unwrap_or_default()),
            remark(workflow),
        ]
    }

    fn subject<'a>(&self, report: &'a Report, place: Place) -> Option<Subject<'a>> {
        find(report, place).map(|(service, workflow)| Subject::Workflow(service, workflow))
    }

    fn nothing(&self, _report: &Report) -> &'static str {
        "No service is configured."
    }

    fn parts(&self) -> Option<&'static dyn Pane> {
        Some(&duration_parts::DurationParts)
    }
}

fn find(report: &Report, place: Place) -> Option<(&ServiceReport, Option<&WorkflowDurations>)> {
    let service = report.services.get(place.outer())?;
    Some((service, service.reliability.durations.get(place.inner())))
}

fn key(workflow: Option<&WorkflowDurations>, sort: usize) -> u64 {
    const LONGEST: u64 = u32::MAX as u64;
    let Some(workflow) = workflow else { return u64::MAX };
    let took = workflow.ran.and_then(|ran| u64::try_from(ran.p50.as_secs()).ok());
    let slowest = took.map_or(LONGEST, |took| LONGEST - 1 - took.min(LONGEST - 1));
    let steady = u64::from(!is_slower(workflow.shift.as_deref()));
    if sort == 1 { steady << 32 | slowest } else { slowest << 1 | steady }
}

fn passes(search: &mut Search<'_>, service: &ServiceReport, workflow: Option<&WorkflowDurations>) -> bool {
    let name = workflow.map_or("", |workflow| workflow.workflow.as_str());
    let slower = workflow.is_some_and(|workflow| is_slower(workflow.shift.as_deref()));
    let over = workflow.is_some_and(|workflow| workflow.pipeline == Some(Against::Above));
    let words = [if slower { "slower" } else { "" }, if over { "over" } else { "" }];
    let fields = [service.service.name.as_str(), service.service.repo.as_str(), name, words[0], words[1]];
    let met = search.meet(Met::NONE, &fields);
    search.passes(met)
}

/// Returns the one thing that is most worth knowing of a workflow.
fn remark(workflow: &WorkflowDurations) -> Line {
    if let Some(shift) = workflow.shift.as_deref().filter(|shift| is_slower(Some(shift))) {
        let since = shift.first.as_ref().map(|sha| format!(" since {}", sha.short(7))).unwrap_or_default();
        return Line::of(Tone::Bad, format!("↑ slower{since}"));
    }
    if let Some(job) = workflow.jobs.iter().find(|job| is_slower(job.shift.as_deref())) {
        return Line::of(Tone::Bad, format!("↑ slower: {}", job.name));
    }
    let steps = workflow.path.iter().flat_map(|path| &path.steps);
    let slow = steps.into_iter().filter(|step| parallelise(workflow, &step.name)).max_by_key(|step| step.ran);
    if let Some(step) = slow {
        return Line::of(Tone::Warn, format!("parallelise? {} {}", minutes(step.ran), step.name));
    }
    if workflow.two_speeds.is_some() {
        return Line::of(Tone::Warn, "two speeds: does a cache miss?");
    }
    match workflow.advice.first() {
        Some(advice) => Line::of(Tone::Dim, format!("could {} run first?", advice.fast)),
        None => Line::new(),
    }
}
