//! Incidents: rows of their own, above all others, that can be selected and opened like them.

use super::age::ago;
use super::line::{Line, Tone};
use super::{Met, Place, Search, Subject, View};
use crate::analysis::{Incident, Report};

/// Returns the places of the incidents.
pub(super) fn places(report: &Report) -> Vec<Place> {
    (0..report.incidents.len()).map(|at| Place::new(usize::MAX, at)).collect()
}

/// Returns the incident at this place, where it is one.
pub(super) fn find(report: &Report, place: Place) -> Option<&Incident> {
    place.is_incident().then(|| report.incidents.get(place.inner())).flatten()
}

/// Returns what it is about.
pub(super) fn subject(report: &Report, place: Place) -> Option<Subject<'_>> {
    find(report, place).map(Subject::Incident)
}

/// Returns whether it passes the filter.
pub(super) fn passes(search: &mut Search<'_>, incident: &Incident) -> bool {
    let mut met = search.meet(Met::NONE, &["incident", incident.scope.as_str(), incident.basis.word()]);
    for service in &incident.services {
        met = search.meet(met, &[service.as_str()]);
    }
    search.passes(met)
}

/// Returns its lines.
pub(super) fn lines(view: &View<'_>, place: Place, width: usize) -> Option<[Line; 2]> {
    let incident = find(view.report, place)?;
    let title = Line::of(Tone::Bad, format!("✗ {}", incident.title(view.now)));
    let fits = title.width() <= width;
    let title = if fits { title } else { Line::of(Tone::Bad, format!("✗ {}", incident.brief(view.now))) };
    let good = match &incident.last_good {
        Some(good) => {
            format!("last good push {} {}, {}", good.service, good.commit.short(7), ago(good.at, view.now))
        }
        None => "no good push is known".to_owned(),
    };
    let mut more = Line::of(Tone::Plain, format!("  {good}"));
    if let Some(suspect) = incident.suspects.first() {
        more = more.with(Tone::Dim, " · suspect ").with(Tone::Bad, format!("{} ({})", suspect.name, suspect.severity));
    }
    if let Some(step) = incident.next_steps.first() {
        more = more.with(Tone::Dim, " · next ").with(Tone::Plain, step.clone());
    }
    Some([title, more])
}
