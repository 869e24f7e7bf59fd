//! What the user asks for: the looks behind a row, ahead of everything else.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use crate::analysis::{Report, Row};
use crate::domain::{Look, Service, TagRef, Urgency, Wanted};
use crate::pane::Subject;

/// What was looked at within this time need not be looked at again for being opened.
const FRESH: SignedDuration = SignedDuration::from_secs(10);

/// Returns the looks that bring this row up to date, as `R` wants them.
pub(super) fn at(report: &Report, subject: Subject<'_>) -> Vec<Wanted> {
    let looks: Vec<Look> = match (subject, subject.service()) {
        (_, Some(service)) => of(&service.service, &subject.rows()),
        (Subject::Incident(incident), None) => {
            let services = report.services.iter();
            let stopped = services.filter(|service| incident.services.contains(&service.service.name));
            stopped.flat_map(|service| of(&service.service, &Subject::Service(service).rows())).collect()
        }
        (Subject::Source(source), None) => {
            let id = source.id.as_str();
            let services = report.services.iter();
            let depend = services.filter(|service| {
                let mut images = service.service.images.iter();
                service.service.ci.as_str() == id || images.any(|image| image.repository.registry() == id)
            });
            depend.flat_map(|service| of(&service.service, &Subject::Service(service).rows())).collect()
        }
        // Credentials are looked at all together.
        (_, None) => Vec::new(),
    };
    let urgent = |look| Wanted { look, urgency: Urgency::Asked, not_before: None };
    looks.into_iter().map(urgent).collect()
}

/// Returns the looks that a row is opened with: those of its own service, where they are not fresh. A source or an
/// incident, whose services may be many, is only looked at where the user insists.
pub(super) fn into(subject: Subject<'_>, now: Timestamp) -> Vec<Wanted> {
    let Some(service) = subject.service() else { return Vec::new() };
    let not_before = Some(now.saturating_sub(FRESH).unwrap_or(now));
    let ahead = |look| Wanted { look, urgency: Urgency::Opened, not_before };
    of(&service.service, &subject.rows()).into_iter().map(ahead).collect()
}

fn of(service: &Arc<Service>, rows: &[&Row]) -> Vec<Look> {
    let tags = rows.iter().filter_map(|row| Some(TagRef { image: row.image()?.clone(), tag: row.tag.clone()? }));
    std::iter::once(Look::Runs(service.name.clone())).chain(tags.map(Look::Tag)).collect()
}
