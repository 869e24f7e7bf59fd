//! Overview: a row a service, worst first. Did the newest green commit land, and if not, what did?

use super::about::rows_of;
use super::age::age;
use super::incident_rows;
use super::line::{Line, Tone};
use super::table::Column;
use super::verdict::{row_words, run_glyph, run_words, tone, was, word, words};
use super::{
    Met, Pane, Place, Scope, Search, Subject, View, by_name, newest_first, service_name, sorted, took, trust, widest,
};
use crate::analysis::{Against, Freshness, Gate, Green, Report, ServiceReport, Shift, Spread, Verdict};
use crate::domain::{Miss, Moment, Run};

pub(super) struct Overview;

/// How a typical time is written.
type Typical = fn(Option<Spread>, Option<Against>, Option<&Shift>) -> Line;

/// What can be said of a service as a whole.
pub(super) enum Standing<'a> {
    /// Its runs were not read yet.
    Looking,
    /// Its runs could never be read.
    Unread(&'a Miss),
    /// None of its runs is green and was to publish.
    NothingGreen,
    /// The newest green run, and the failure where the list was not read anew since.
    Green(&'a Green, Option<&'a Miss>),
}

pub(super) fn standing(service: &ServiceReport) -> Standing<'_> {
    match (&service.newest_green, service.seen_at, &service.failure) {
        (Some(green), _, failure) => Standing::Green(green, failure.as_ref()),
        (None, None, None) => Standing::Looking,
        (None, _, Some(miss)) => Standing::Unread(miss),
        (None, Some(_), None) => Standing::NothingGreen,
    }
}

/// Returns how a service's verdict is written. One that rests on an old list says how old.
pub(super) fn standing_words(service: &ServiceReport, view: &View<'_>) -> Line {
    match standing(service) {
        Standing::Looking => Line::of(Tone::Dim, "… looking"),
        Standing::Unread(miss) => Line::of(Tone::Warn, format!("? unknown ({})", miss.failure.label())),
        Standing::NothingGreen => Line::of(Tone::Dim, "- no green run"),
        Standing::Green(green, None) if service.freshness != Freshness::Live && green.verdict != Verdict::Unknown => {
            words(green.verdict, green.settled).join(old(service, view))
        }
        Standing::Green(green, None) => {
            let mut rows = rows_of(service, &green.run).filter(|row| row.verdict == green.verdict);
            let known = rows.find(|row| row.last_known.is_some() && row.verdict == Verdict::Unknown);
            known.map_or_else(|| words(green.verdict, green.settled), |row| row_words(row, view.now))
        }
        Standing::Green(green, Some(miss)) => {
            let known = if green.verdict == Verdict::Unknown {
                rows_of(service, &green.run).find_map(|row| row.last_known).map(|(verdict, when)| (verdict, when.at()))
            } else {
                Some((green.verdict, service.seen_at.unwrap_or(miss.at)))
            };
            let was = known.map_or_else(Line::new, |(verdict, when)| was(verdict, when, view.now));
            words(Verdict::Unknown, true).join(was)
        }
    }
}

/// Says how old a row is that was not read anew when it should have been.
fn old(service: &ServiceReport, view: &View<'_>) -> Line {
    let Some(seen_at) = service.seen_at else { return Line::new() };
    let age = age(seen_at, view.now);
    match service.freshness {
        Freshness::Live => Line::new(),
        Freshness::Stale => Line::of(Tone::Dim, format!(" ({age})")),
        Freshness::Outdated => Line::of(Tone::Warn, format!(" ({age} old)")),
    }
}

fn rank(service: &ServiceReport) -> u64 {
    let place = |verdict| Verdict::ALL.iter().position(|other| *other == verdict).unwrap_or(0) as u64 * 4;
    match standing(service) {
        Standing::Green(green, None) if green.verdict == Verdict::Unknown && !green.settled => place(Verdict::Pending),
        Standing::Green(green, failure) => {
            let unsure = place(Verdict::Landed).saturating_sub(u64::from(!green.settled));
            let rank = if green.verdict == Verdict::Landed { unsure } else { place(green.verdict) };
            if failure.is_some() { rank.min(place(Verdict::Unknown)) } else { rank }
        }
        Standing::Unread(_) => place(Verdict::Unknown) + 1,
        Standing::Looking => place(Verdict::Pending) + 1,
        Standing::NothingGreen => place(Verdict::Pending) + 2,
    }
}

impl Pane for Overview {
    fn name(&self) -> &'static str {
        "Overview"
    }

    fn sorts(&self) -> &'static [&'static str] {
        &["worst", "newest", "behind", "name"]
    }

    fn columns(&self, scope: Scope<'_>) -> Vec<Column> {
        let services = || scope.report.services.iter();
        let name = widest(services().map(|service| service.service.name.as_str()), 12);
        let repo = widest(services().map(|service| service.service.repo.as_str()), 10);
        let unknown = |service: &ServiceReport| rank(service) / 4 == Verdict::Unknown as u64;
        let unsure = services()
            .any(|service| service.failure.is_some() || unknown(service) || service.freshness != Freshness::Live);
        vec![
            Column::words("Service", name.min(16), name.min(32), 0),
            Column::words("CI", 2, 2, 3).stands_in(),
            Column::words("CI", 9, 11, 6),
            Column::words("Verdict", if unsure { 18 } else { 14 }, if unsure { 24 } else { 14 }, 0),
            Column::words("Commit", 7, 7, 1),
            Column::words("Title", 16, 60, 7),
            Column::words("Landed", 7, 7, 2),
            Column::number("Behind", 6, 3),
            Column::number("Since", 5, 0),
            Column::words("Flakes", 7, 8, 4).stands_in(),
            Column::words("Flake gate", 30, 30, 9),
            Column::number("p50", 5, 5).stands_in(),
            Column::number("p50  ", 10, 8),
            Column::words("Branch", 10, 20, 11),
            Column::words("Repository", repo.min(16), repo.min(48), 10),
        ]
    }

    fn order(&self, scope: Scope<'_>, sort: usize) -> Vec<Place> {
        let services = scope.report.services.iter().enumerate();
        let behind = |service: &ServiceReport| 0xffff - service.behind.unwrap_or(0).min(0xffff) as u64;
        let finished = |service: &ServiceReport| service.newest_green.as_ref().and_then(|green| green.run.finished_at);
        let keyed: Vec<_> = services
            .map(|(outer, service)| {
                let key = match sort {
                    1 => newest_first(finished(service).map(Moment::at)),
                    2 => behind(service) << 16 | rank(service),
                    3 => 0,
                    _ => rank(service) << 16 | behind(service),
                };
                (key, Place::new(outer, 0))
            })
            .collect();
        if sort == 3 {
            let named = by_name(keyed, |place| service_name(scope.report, place));
            return [incident_rows::places(scope.report), named].concat();
        }
        [incident_rows::places(scope.report), sorted(keyed)].concat()
    }

    fn passes(&self, report: &Report, place: Place, search: &mut Search<'_>) -> bool {
        match incident_rows::find(report, place) {
            Some(incident) => incident_rows::passes(search, incident),
            None => report.services.get(place.outer()).is_some_and(|service| passes(search, service)),
        }
    }

    fn cells(&self, view: &View<'_>, place: Place) -> Vec<Line> {
        let Some(service) = view.report.services.get(place.outer()) else { return Vec::new() };
        let green = service.newest_green.as_ref().map(|green| &*green.run);
        let shown = green.or(service.newest.as_deref());
        let commit = |run: Option<&Run>| run.map_or_else(String::new, |run| run.sha.short(7).to_owned());
        let title = shown.map_or("", |run| run.title.as_str()).to_owned();
        let branch = shown.and_then(|run| run.branch.as_ref().or(run.git_tag.as_ref()));
        vec![
            Line::of(Tone::Strong, service.service.name.to_string()),
            service.newest.as_ref().map_or_else(Line::new, |run| run_glyph(&run.state)),
            service.newest.as_ref().map_or_else(Line::new, |run| run_words(&run.state)),
            standing_words(service, view),
            Line::of(Tone::Plain, commit(green)),
            Line::of(Tone::Dim, title),
            landed(service),
            behind(service),
            since(service, view),
            flake_gate(service, trust::gate_share),
            flake_gate(service, trust::gate_alone),
            typical_run(service, took::roughly),
            typical_run(service, took::typical),
            Line::of(Tone::Dim, branch.map_or("", |branch| branch.as_str()).to_owned()),
            Line::of(Tone::Dim, service.service.repo.to_string()),
        ]
    }

    fn subject<'a>(&self, report: &'a Report, place: Place) -> Option<Subject<'a>> {
        let service = || report.services.get(place.outer()).map(Subject::Service);
        incident_rows::subject(report, place).or_else(service)
    }

    fn banner(&self, view: &View<'_>, place: Place, width: usize) -> Option<[Line; 2]> {
        incident_rows::lines(view, place, width)
    }

    fn banners(&self, report: &Report) -> usize {
        report.incidents.len()
    }

    fn nothing(&self, _report: &Report) -> &'static str {
        "No service is configured."
    }
}

fn passes(search: &mut Search<'_>, service: &ServiceReport) -> bool {
    let mut met = search.meet(Met::NONE, &[service.service.name.as_str(), service.service.repo.as_str()]);
    for run in service.newest.iter().chain(service.newest_green.as_ref().map(|green| &green.run)) {
        let branch = run.branch.as_ref().or(run.git_tag.as_ref()).map_or("", |branch| branch.as_str());
        met = search.meet(met, &[run.sha.as_str(), branch, run.title.as_str()]);
    }
    if let Some(green) = &service.newest_green {
        met = search.meet(met, &[word(green.verdict)]);
        for row in rows_of(service, &green.run) {
            met = search.meet(met, &[row.tag.as_ref().map_or("", |tag| tag.as_str())]);
        }
    }
    search.passes(met)
}

fn landed(service: &ServiceReport) -> Line {
    match &service.newest_landed {
        Some(run) => Line::of(Tone::Plain, run.sha.short(7).to_owned()),
        // One that could not be looked at may have landed.
        None if service.rows.iter().any(|row| row.verdict == Verdict::Unknown) => Line::of(Tone::Dim, "?"),
        None if service.newest_green.is_some() => Line::of(Tone::Dim, "none"),
        None => Line::new(),
    }
}

fn behind(service: &ServiceReport) -> Line {
    match service.behind {
        Some(0) => Line::of(Tone::Dim, "0"),
        Some(behind) => {
            let worst = service.newest_green.as_ref().map_or(Tone::Plain, |green| tone(green.verdict));
            Line::of(worst, behind.to_string())
        }
        None => Line::new(),
    }
}

/// May it deploy continuously? Nothing where no run is known by which that could be told.
fn flake_gate(service: &ServiceReport, written: fn(&Gate) -> Line) -> Line {
    let known = &service.reliability;
    if known.runs.is_empty() { Line::new() } else { written(&known.flakiness.builds.gate) }
}

/// How long its slowest workflow takes, and where that drifts.
fn typical_run(service: &ServiceReport, written: Typical) -> Line {
    let slowest = service.reliability.durations.iter().max_by_key(|workflow| workflow.ran.map(|ran| ran.p50));
    let ran = slowest.filter(|workflow| workflow.ran.is_some());
    ran.map_or_else(Line::new, |workflow| written(workflow.ran, workflow.pipeline, workflow.shift.as_deref()))
}

/// Since when nothing lands; where all is well, since when the newest green run is over.
fn since(service: &ServiceReport, view: &View<'_>) -> Line {
    let over = service.newest_green.as_ref().and_then(|green| green.run.finished_at);
    match (service.since, over) {
        (Some(since), _) => Line::of(Tone::Plain, age(since, view.now)),
        (None, Some(over)) => Line::of(Tone::Dim, age(over.at(), view.now)),
        (None, None) => Line::new(),
    }
}
