//! Divergence: a row per run, image and tag; worst first, then newest.

use super::age::age;
use super::incident_rows;
use super::line::{Line, Tone};
use super::table::Column;
use super::verdict::{is_looked_at, row_words, word};
use super::{Met, Pane, Place, Scope, Search, Subject, View, newest_first, sorted, widest};
use crate::analysis::{Report, Row, ServiceReport, Verdict};
use crate::domain::{Moment, Run, TagTemplate};

pub(super) struct Divergence;

impl Pane for Divergence {
    fn name(&self) -> &'static str {
        "Divergence"
    }

    fn sorts(&self) -> &'static [&'static str] {
        &["worst", "newest", "service"]
    }

    fn columns(&self, scope: Scope<'_>) -> Vec<Column> {
        let name = widest(scope.report.services.iter().map(|service| service.service.name.as_str()), 12);
        let images = scope.report.services.iter().flat_map(|service| &service.service.images);
        let image = images.map(|image| image.repository.registry().len() + image.repository.repository().len() + 1);
        let image = image.max().unwrap_or(0).max(12);
        // An unknown verdict says in the same cell what was known last, and when.
        let unsure = scope.report.rows().any(|row| row.verdict == Verdict::Unknown && row.last_known.is_some());
        vec![
            Column::words("Verdict", if unsure { 18 } else { 14 }, 18, 0),
            Column::words("Service", name.min(14), name.min(32), 0),
            Column::words("Tag", 12, 28, 1),
            Column::number("Run", 7, 4),
            Column::words("Commit", 7, 7, 2),
            Column::words("Branch", 10, 20, 3),
            Column::number("Age", 5, 0),
            Column::words("Title", 16, 60, 5),
            Column::words("Image", image.min(36), image.min(56), 6),
        ]
    }

    fn order(&self, scope: Scope<'_>, sort: usize) -> Vec<Place> {
        let mut keyed = Vec::new();
        for (outer, service) in scope.report.services.iter().enumerate() {
            let rows = service.rows.iter().enumerate();
            keyed.extend(rows.map(|(inner, row)| (key(row, outer, sort), Place::new(outer, inner))));
        }
        [incident_rows::places(scope.report), sorted(keyed)].concat()
    }

    fn passes(&self, report: &Report, place: Place, search: &mut Search<'_>) -> bool {
        if let Some(incident) = incident_rows::find(report, place) {
            return incident_rows::passes(search, incident);
        }
        find(report, place).is_some_and(|(service, row)| {
            let shared = search.meet(Met::NONE, &[service.service.name.as_str(), service.service.repo.as_str()]);
            passes(search, shared, row)
        })
    }

    fn cells(&self, view: &View<'_>, place: Place) -> Vec<Line> {
        let Some((_, row)) = find(view.report, place) else { return Vec::new() };
        let run = &row.run;
        let template = || Line::of(Tone::Dim, row.template().map_or("", TagTemplate::as_str).to_owned());
        let branch = run.branch.as_ref().or(run.git_tag.as_ref()).map_or("", |branch| branch.as_str());
        vec![
            row_words(row, view.now),
            Line::of(Tone::Strong, row.service.name.to_string()),
            row.tag.as_ref().map_or_else(template, |tag| Line::of(Tone::Plain, tag.to_string())),
            Line::of(Tone::Dim, format!("#{}", run.number)),
            Line::of(Tone::Plain, run.sha.short(7).to_owned()),
            Line::of(Tone::Dim, branch.to_owned()),
            over(run).map_or_else(Line::new, |over| Line::of(Tone::Plain, age(over, view.now))),
            Line::of(Tone::Dim, run.title.to_string()),
            Line::of(Tone::Dim, row.image().map(ToString::to_string).unwrap_or_default()),
        ]
    }

    fn subject<'a>(&self, report: &'a Report, place: Place) -> Option<Subject<'a>> {
        let row = || find(report, place).map(|(service, row)| Subject::Row(service, row));
        incident_rows::subject(report, place).or_else(row)
    }

    fn banner(&self, view: &View<'_>, place: Place, width: usize) -> Option<[Line; 2]> {
        incident_rows::lines(view, place, width)
    }

    fn banners(&self, report: &Report) -> usize {
        report.incidents.len()
    }

    fn nothing(&self, report: &Report) -> &'static str {
        if report.services.iter().all(|service| service.seen_at.is_none()) {
            return "Looking: no list of runs was read yet.";
        }
        "No green run was to publish an image yet."
    }
}

fn find(report: &Report, place: Place) -> Option<(&ServiceReport, &Row)> {
    let service = report.services.get(place.outer())?;
    Some((service, service.rows.get(place.inner())?))
}

fn key(row: &Row, outer: usize, sort: usize) -> u64 {
    // What is being looked at is no trouble yet.
    let verdict = if is_looked_at(row) { Verdict::Pending } else { row.verdict };
    let worst = (verdict as u64) << 41;
    match sort {
        1 => newest_first(over(&row.run)),
        2 => (outer as u64) << 40,
        _ => worst | u64::from(row.settled) << 40 | newest_first(over(&row.run)),
    }
}

fn over(run: &Run) -> Option<jiff::Timestamp> {
    run.finished_at.or(run.started_at).or(run.created_at).map(Moment::at)
}

fn passes(search: &mut Search<'_>, shared: Met, row: &Row) -> bool {
    if search.is_over(shared) {
        return search.passes(shared);
    }
    let branch = row.run.branch.as_ref().or(row.run.git_tag.as_ref()).map_or("", |branch| branch.as_str());
    let tag = row.tag.as_ref().map_or("", |tag| tag.as_str());
    let image = row.image().map_or("", |image| image.repository());
    let fields = [tag, word(row.verdict), branch, row.run.sha.as_str(), row.run.title.as_str(), image];
    let met = search.meet(shared, &fields);
    search.passes(met)
}
