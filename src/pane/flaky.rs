//! Flaky: a row a service, worst first. May it deploy continuously, or do flakes fail too many of its builds?

use super::line::{Line, Tone};
use super::table::Column;
use super::{
    Met, Pane, Place, Scope, Search, Subject, View, by_name, flaky_parts, service_name, sorted, trust, widest,
};
use crate::analysis::{Behaviour, GateVerdict, Report, ServiceReport, Trust};

pub(super) struct Flaky;

impl Pane for Flaky {
    fn name(&self) -> &'static str {
        "Flaky"
    }

    fn sorts(&self) -> &'static [&'static str] {
        &["worst", "rate", "name"]
    }

    fn columns(&self, scope: Scope<'_>) -> Vec<Column> {
        let services = || scope.report.services.iter();
        let name = widest(services().map(|service| service.service.name.as_str()), 12);
        let tests = services().any(|service| {
            let tests = &service.reliability.flakiness.tests;
            tests.steady > 0 || !tests.tests.is_empty()
        });
        let unread = services().any(|service| !service.reliability.coverage.unread.is_empty());
        vec![
            Column::words("Service", 12, name.min(32), 0),
            Column::words("Gate", 29, 29, 0),
            Column::number("Flaked", 13, 1),
            Column::number("To settle", 9, 3),
            Column::words("Firm", 7, 7, 4),
            Column::number("Ran again", 10, 5),
            Column::number("Unread", 6, 2).only_if(unread),
            Column::number("Jobs", 7, 7),
            Column::number("Tests", 9, 8).only_if(tests),
            Column::words("Worst job or test", 20, 60, 6),
        ]
    }

    fn order(&self, scope: Scope<'_>, sort: usize) -> Vec<Place> {
        let services = scope.report.services.iter().enumerate();
        let lower = |service: &ServiceReport| by_rate(service.reliability.flakiness.builds.failed_by_flake.lower());
        let keyed = services.map(|(outer, service)| {
            let key = match sort {
                1 => lower(service),
                2 => 0,
                _ => rank(service) << 32 | lower(service),
            };
            (key, Place::new(outer, 0))
        });
        let keyed: Vec<_> = keyed.collect();
        if sort == 2 {
            return by_name(keyed, |place| service_name(scope.report, place));
        }
        sorted(keyed)
    }

    fn passes(&self, report: &Report, place: Place, search: &mut Search<'_>) -> bool {
        report.services.get(place.outer()).is_some_and(|service| passes(search, service))
    }

    fn cells(&self, view: &View<'_>, place: Place) -> Vec<Line> {
        let Some(service) = view.report.services.get(place.outer()) else { return Vec::new() };
        let name = Line::of(Tone::Strong, service.service.name.to_string());
        let known = &service.reliability;
        if known.runs.is_empty() {
            let words = if known.is_assessed() { "- no run that is over" } else { "… reading" };
            return vec![name, Line::of(Tone::Dim, words)];
        }
        let (builds, tests) = (&known.flakiness.builds, &known.flakiness.tests);
        let needed = builds.gate.clean_builds_needed.map(|needed| format!("{needed} clean")).unwrap_or_default();
        vec![
            name,
            trust::gate(&builds.gate),
            trust::rate(builds.gate.builds.known()),
            Line::of(Tone::Dim, needed),
            trust::firmness(&builds.gate),
            Line::of(Tone::Dim, format!("{}/{}", builds.observed.reran, builds.observed.of)),
            unread(known.coverage.unread.len()),
            share(&known.flakiness.jobs, 0, |job| &job.behaviour),
            share(&tests.tests, tests.steady as usize, |test| &test.behaviour),
            worst(service),
        ]
    }

    fn subject<'a>(&self, report: &'a Report, place: Place) -> Option<Subject<'a>> {
        report.services.get(place.outer()).map(Subject::Builds)
    }

    fn nothing(&self, _report: &Report) -> &'static str {
        "No service is configured."
    }

    fn parts(&self) -> Option<&'static dyn Pane> {
        Some(&flaky_parts::FlakyParts)
    }
}

fn passes(search: &mut Search<'_>, service: &ServiceReport) -> bool {
    let gate = trust::gate(&service.reliability.flakiness.builds.gate).text();
    let met = search.meet(Met::NONE, &[service.service.name.as_str(), service.service.repo.as_str(), &gate]);
    search.passes(met)
}

fn rank(service: &ServiceReport) -> u64 {
    let gate = &service.reliability.flakiness.builds.gate;
    match gate.verdict {
        _ if service.reliability.runs.is_empty() => 6,
        GateVerdict::StayOnDelivery => u64::from(!gate.firm),
        GateVerdict::Unobserved => 2,
        GateVerdict::NotEnoughData => 3,
        GateVerdict::WithinLimit => 4 + u64::from(gate.firm),
    }
}

/// Returns a number that is lower the higher the rate is.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share of a million")]
pub(super) fn by_rate(lower: f64) -> u64 {
    1_000_000 - (lower.clamp(0.0, 1.0) * 1_000_000.0) as u64
}

fn unread(reports: usize) -> Line {
    if reports == 0 { Line::new() } else { Line::of(Tone::Warn, format!("! {reports}")) }
}

/// Returns those that may not be trusted; the rest, of which there may be ten thousand, is not looked at. They are in
/// the order of their rank: those that flaked, then by their state.
fn distrusted<T>(all: &[T], behaviour: fn(&T) -> &Behaviour) -> impl Iterator<Item = &T> {
    all.iter().take_while(move |one| behaviour(one).flaky > 0 || behaviour(one).trust < Trust::Recovered)
}

/// Returns what can be trusted least of all jobs and tests.
fn worst(service: &ServiceReport) -> Line {
    let flakiness = &service.reliability.flakiness;
    let jobs = distrusted(&flakiness.jobs, |job| &job.behaviour).map(|job| (&job.behaviour, &job.name));
    let tests = distrusted(&flakiness.tests.tests, |test| &test.behaviour).map(|test| (&test.behaviour, &test.name));
    let bad = jobs.chain(tests).filter(|(behaviour, _)| behaviour.trust < Trust::Recovered);
    let worst = bad.min_by_key(|(behaviour, _)| (behaviour.trust, by_rate(behaviour.rate().lower())));
    worst.map_or_else(Line::new, |(behaviour, name)| trust::named(behaviour.trust, name.as_str()))
}

/// Returns how many of these are broken or flaky, of how many: so many more always passed at once.
fn share<T>(all: &[T], steady: usize, behaviour: fn(&T) -> &Behaviour) -> Line {
    let bad = distrusted(all, behaviour).filter(|one| trust::is_finding(behaviour(one).trust)).count();
    match (bad, all.len() + steady) {
        (_, 0) => Line::new(),
        (0, of) => Line::of(Tone::Dim, format!("0/{of}")),
        (_, of) => Line::of(Tone::Bad, format!("{bad}/{of}")),
    }
}
