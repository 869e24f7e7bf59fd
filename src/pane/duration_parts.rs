//! Within Durations: the runs of one workflow, and its jobs, slowest first.

use super::about::{is_slower, parallelise};
use super::line::{Line, Tone};
use super::table::Column;
use super::took::{self, TREND};
use super::{Identity, Met, Pane, Place, Scope, Search, Subject, View, by_name, sorted, widest};
use crate::analysis::{JobDurations, Report, ServiceReport, Spread, WorkflowDurations, minutes};
use crate::domain::Text;

pub(super) struct DurationParts;

/// So many rows of one workflow come before those of the next.
const APART: usize = 1 << 16;

/// One row: the runs as a whole, or one of their jobs.
type Part<'a> = (&'a WorkflowDurations, Option<&'a JobDurations>);

impl Pane for DurationParts {
    fn name(&self) -> &'static str {
        "Durations"
    }

    fn sorts(&self) -> &'static [&'static str] {
        &["slowest", "path", "name"]
    }

    fn columns(&self, scope: Scope<'_>) -> Vec<Column> {
        let Some((_, workflow)) = workflow(scope) else { return Vec::new() };
        let name = widest(workflow.jobs.iter().map(|job| job.name.as_str()), 15);
        let has_stages = workflow.jobs.iter().any(|job| job.stage.is_some());
        let stages = workflow.jobs.iter().filter_map(|job| job.stage.as_ref()).map(Text::as_str);
        let stage = widest(stages, 6);
        vec![
            Column::words("", 4, 4, 6),
            Column::words("Job", 13, name.min(64), 0),
            Column::words("Stage", stage.min(8), stage.min(20), 4).only_if(has_stages),
            Column::number("p50  ", 10, 0),
            Column::number("p95", 8, 1),
            Column::number("Queue", 6, 2),
            Column::words("Critical path", 13, 13, 1),
            Column::words("Trend", TREND, TREND, 3),
            Column::number("Runs", 4, 5),
            Column::words("What stands out", 16, 40, 7),
        ]
    }

    fn order(&self, scope: Scope<'_>, sort: usize) -> Vec<Place> {
        let Some((place, workflow)) = workflow(scope) else { return Vec::new() };
        let mut keyed = Vec::new();
        for inner in 0..=workflow.jobs.len() {
            let key = job(workflow, inner).map_or(0, |job| 1 + key(workflow, job, sort));
            keyed.push((key, Place::new(place.outer(), place.inner() * APART + inner)));
        }
        if sort == 2 {
            return by_name(keyed, |place| job(workflow, place.inner() % APART).map(|job| &job.name));
        }
        sorted(keyed)
    }

    fn passes(&self, report: &Report, place: Place, search: &mut Search<'_>) -> bool {
        find(report, place).is_some_and(|(_, part)| passes(search, part))
    }

    fn cells(&self, view: &View<'_>, place: Place) -> Vec<Line> {
        let Some((_, (workflow, job))) = find(view.report, place) else { return Vec::new() };
        let what = |what: &'static str| Line::of(Tone::Dim, what);
        let runs = |ran: Option<Spread>| Line::of(Tone::Dim, ran.map(|ran| ran.of.to_string()).unwrap_or_default());
        let Some(job) = job else {
            let path = workflow.path.as_ref().map(|path| minutes(path.total)).unwrap_or_default();
            return vec![
                what("run"),
                Line::of(Tone::Strong, "the whole run"),
                Line::new(),
                took::typical(workflow.ran, workflow.pipeline, workflow.shift.as_deref()),
                took::nearly_all(workflow.ran),
                took::waited(workflow.waited),
                Line::of(Tone::Dim, path),
                Line::of(Tone::Plain, took::trend(&workflow.trend, TREND)),
                runs(workflow.ran),
                Line::new(),
            ];
        };
        vec![
            what("job"),
            Line::of(Tone::Plain, job.name.to_string()),
            Line::of(Tone::Dim, job.stage.as_ref().map(ToString::to_string).unwrap_or_default()),
            took::typical(job.ran, job.stage_limit, job.shift.as_deref()),
            took::nearly_all(job.ran),
            took::waited(job.waited),
            on_path(workflow, job),
            Line::of(Tone::Plain, took::trend(&job.trend, TREND)),
            runs(job.ran),
            remark(job),
        ]
    }

    fn subject<'a>(&self, report: &'a Report, place: Place) -> Option<Subject<'a>> {
        find(report, place).map(|(service, part)| match part {
            (workflow, None) => Subject::Workflow(service, Some(workflow)),
            (workflow, Some(job)) => Subject::JobTime(service, workflow, job),
        })
    }

    fn nothing(&self, _report: &Report) -> &'static str {
        "No run of it that is over is known yet."
    }

    fn notes(&self, view: &View<'_>, within: &Identity) -> Vec<Line> {
        let scope = Scope { report: view.report, within: Some(within) };
        let Some((_, service)) = scope.service() else { return Vec::new() };
        let name = Line::of(Tone::Strong, service.service.name.to_string());
        let Some((_, workflow)) = workflow(scope) else { return vec![name] };
        let name = name.with(Tone::Plain, format!("  {}  ", workflow.workflow));
        let standing = workflow.pipeline.map(|against| took::against(against, view.policy.slow_pipeline));
        let of = match workflow.ran.map(|ran| ran.of) {
            None => "no successful run of the main line is known".to_owned(),
            Some(1) => "by one successful run of the main line".to_owned(),
            Some(of) => format!("by {of} successful runs of the main line"),
        };
        vec![name.join(standing.unwrap_or_default()).with(Tone::Dim, format!("  {of}"))]
    }
}

/// Returns the workflow whose parts the rows are, and its place.
fn workflow(scope: Scope<'_>) -> Option<(Place, &WorkflowDurations)> {
    let Some(Identity::Workflow(_, Some(name))) = scope.within else { return None };
    let (outer, service) = scope.service()?;
    let mut workflows = service.reliability.durations.iter().enumerate();
    let (inner, workflow) = workflows.find(|(_, workflow)| workflow.workflow == *name)?;
    Some((Place::new(outer, inner), workflow))
}

fn job(workflow: &WorkflowDurations, inner: usize) -> Option<&JobDurations> {
    workflow.jobs.get(inner.checked_sub(1)?)
}

fn find(report: &Report, place: Place) -> Option<(&ServiceReport, Part<'_>)> {
    let service = report.services.get(place.outer())?;
    let workflow = service.reliability.durations.get(place.inner() / APART)?;
    Some((service, (workflow, job(workflow, place.inner() % APART))))
}

fn key(workflow: &WorkflowDurations, job: &JobDurations, sort: usize) -> u64 {
    const LONGEST: u64 = u32::MAX as u64;
    let took = job.ran.and_then(|ran| u64::try_from(ran.p50.as_secs()).ok());
    let slowest = took.map_or(LONGEST, |took| LONGEST - 1 - took.min(LONGEST - 1));
    let steps = workflow.path.iter().flat_map(|path| &path.steps);
    let on_path = steps.into_iter().position(|step| step.name == job.name);
    let step = on_path.and_then(|step| u64::try_from(step).ok()).unwrap_or(LONGEST);
    if sort == 1 { step << 16 | slowest >> 16 } else { slowest }
}

fn passes(search: &mut Search<'_>, (workflow, job): Part<'_>) -> bool {
    let met = match job {
        None => search.meet(Met::NONE, &["the whole run", workflow.workflow.as_str()]),
        Some(job) => {
            let stage = job.stage.as_ref().map_or("", |stage| stage.as_str());
            let slower = if is_slower(job.shift.as_deref()) { "slower" } else { "" };
            search.meet(Met::NONE, &["job", job.name.as_str(), stage, slower, &on_path(workflow, job).text()])
        }
    };
    search.passes(met)
}

/// Returns whether people wait for the job, and whether it is worth splitting.
fn on_path(workflow: &WorkflowDurations, job: &JobDurations) -> Line {
    let mut steps = workflow.path.iter().flat_map(|path| &path.steps);
    if parallelise(workflow, &job.name) {
        Line::of(Tone::Warn, "parallelise?")
    } else if steps.any(|step| step.name == job.name) {
        Line::of(Tone::Plain, "on the path")
    } else {
        Line::new()
    }
}

fn remark(job: &JobDurations) -> Line {
    match job.shift.as_deref().filter(|shift| is_slower(Some(shift))) {
        Some(shift) => {
            let since = shift.first.as_ref().map(|sha| format!(" since {}", sha.short(7))).unwrap_or_default();
            Line::of(Tone::Bad, format!("↑ slower{since}"))
        }
        None if job.two_speeds.is_some() => Line::of(Tone::Warn, "does a cache miss?"),
        None => Line::new(),
    }
}
