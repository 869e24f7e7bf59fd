//! Credentials: what ends next, the worst first, and who says so.

use super::age::age;
use super::line::{Line, Tone};
use super::table::Column;
use super::{Met, Pane, Place, Scope, Search, Subject, View, sorted, widest};
use crate::analysis::{CredentialReport, FirstToBreak, Reason, Report, Severity, next_step, time_left, time_past};
use crate::domain::Expiry;

pub(super) struct Credentials;

impl Pane for Credentials {
    fn name(&self) -> &'static str {
        "Credentials"
    }

    fn sorts(&self) -> &'static [&'static str] {
        &["severity", "name", "place"]
    }

    fn columns(&self, scope: Scope<'_>) -> Vec<Column> {
        let rows = || scope.report.credentials.iter();
        let name = widest(rows().map(|row| row.record.name.as_str()), 10);
        let place = widest(rows().map(|row| row.record.place.as_str()), 10);
        vec![
            Column::words("Severity", 10, 10, 0),
            Column::words("Credential", name.min(16), name.min(26), 0),
            Column::words("Kind", 12, 15, 5),
            Column::words("Place", place.min(14), place.min(50), 3),
            Column::number("Left", 11, 0),
            Column::words("Evidence", 8, 8, 4),
            Column::number("Seen", 5, 6),
            Column::words("Why", 18, 200, 2),
        ]
    }

    fn order(&self, scope: Scope<'_>, sort: usize) -> Vec<Place> {
        let mut order: Vec<_> = scope.report.credentials.iter().enumerate().collect();
        match sort {
            1 => order.sort_by(|(_, one), (_, two)| one.record.name.cmp(&two.record.name)),
            2 => order.sort_by(|(_, one), (_, two)| one.record.place.cmp(&two.record.place)),
            // They are judged in this order.
            _ => {}
        }
        sorted((0..).zip(order.into_iter().map(|(outer, _)| Place::new(outer, 0))).collect())
    }

    fn passes(&self, report: &Report, place: Place, search: &mut Search<'_>) -> bool {
        report.credentials.get(place.outer()).is_some_and(|row| passes(search, row))
    }

    fn cells(&self, view: &View<'_>, place: Place) -> Vec<Line> {
        let Some(row) = view.report.credentials.get(place.outer()) else { return Vec::new() };
        let record = &row.record;
        let why = row.urgency.reasons.first().map(ToString::to_string).unwrap_or_default();
        let seen = age(record.observed_at, view.now);
        vec![
            severity_words(row),
            Line::of(Tone::Strong, record.name.to_string()),
            Line::of(Tone::Dim, record.kind.word().to_owned()),
            Line::of(Tone::Plain, record.place.to_string()),
            left(row, view),
            Line::of(Tone::Dim, record.evidence.word()),
            Line::of(if row.stale.is_some() { Tone::Warn } else { Tone::Dim }, seen),
            match &row.breaks.first {
                Some(first) => {
                    Line::of(tone(row.urgency.severity), why).with(Tone::Plain, format!(" · {}", first.words()))
                }
                None => Line::of(tone(row.urgency.severity), why),
            },
        ]
    }

    fn foot_lines(&self) -> usize {
        3
    }

    /// A row has no room for all of it on a narrow screen: what, where and how long; by when to act; what breaks first, or
    /// else what to do.
    fn foot(&self, view: &View<'_>, place: Place) -> Vec<Line> {
        let Some(row) = view.report.credentials.get(place.outer()) else { return Vec::new() };
        let record = &row.record;
        let urgent = tone(row.urgency.severity);
        let place =
            Line::of(Tone::Strong, record.name.to_string()).with(Tone::Plain, format!(" · {} · ", record.place));
        let reason = row.urgency.reasons.first().map(Reason::act_first).unwrap_or_default();
        let unseen = row.stale.map(|stale| format!("not seen for {} · ", time_past(stale))).unwrap_or_default();
        let step = || next_step(record, row.urgency.severity).map(|step| format!("next: {step}"));
        let last = row.breaks.first.as_ref().map(FirstToBreak::words).or_else(step).unwrap_or_default();
        vec![
            place.join(left(row, view)),
            Line::of(Tone::Warn, unseen).with(urgent, reason),
            Line::of(Tone::Plain, last),
        ]
    }

    fn subject<'a>(&self, report: &'a Report, place: Place) -> Option<Subject<'a>> {
        report.credentials.get(place.outer()).map(Subject::Credential)
    }

    fn nothing(&self, _report: &Report) -> &'static str {
        "No credential was seen yet. They are looked at a moment after the start, and then every few hours."
    }
}

fn passes(search: &mut Search<'_>, row: &CredentialReport) -> bool {
    let record = &row.record;
    let stale = if row.stale.is_some() { "stale" } else { "" };
    let owner = record.owner.as_ref().map_or("", |owner| owner.as_str());
    let fields = [record.name.as_str(), record.kind.word(), record.place.as_str(), owner, stale];
    let mut met = search.meet(Met::NONE, &fields);
    met = search.meet(met, &[row.urgency.severity.word(), record.evidence.word(), record.id.as_str()]);
    search.passes(met)
}

/// Returns how long it is until the end; of what has no known one, until it is to be replaced.
fn left(row: &CredentialReport, view: &View<'_>) -> Line {
    let tone = tone(row.urgency.severity);
    match row.record.expiry {
        Expiry::At(at) if at <= view.now => Line::of(tone, "ended"),
        Expiry::At(at) => Line::of(tone, time_left(at.duration_since(view.now))),
        Expiry::Never => Line::of(tone, "no end"),
        Expiry::Untold | Expiry::Unreadable(_) => match row.record.due() {
            Some(due) if due <= view.now => Line::of(tone, "overdue"),
            Some(due) => Line::of(tone, time_left(due.duration_since(view.now))),
            None => Line::of(Tone::Dim, "?"),
        },
    }
}

/// Returns the severity with a sign of its own, so that no colour is needed to tell it.
pub(super) fn severity_words(row: &CredentialReport) -> Line {
    let severity = row.urgency.severity;
    // What was well when it was last seen is not known to be well.
    if row.stale.is_some() && matches!(severity, Severity::Notice | Severity::Ok | Severity::Never) {
        return Line::of(Tone::Warn, "? stale");
    }
    let glyph = match severity {
        Severity::Expired | Severity::Broken => "✗",
        Severity::Critical | Severity::Warning => "!",
        Severity::Unknown => "?",
        Severity::Overdue => "≠",
        Severity::Notice => "◐",
        Severity::Ok => "✓",
        Severity::Never => "∅",
    };
    Line::of(tone(severity), format!("{glyph} {severity}"))
}

pub(super) fn tone(severity: Severity) -> Tone {
    match severity {
        Severity::Expired | Severity::Broken | Severity::Critical => Tone::Bad,
        Severity::Warning | Severity::Unknown | Severity::Overdue => Tone::Warn,
        Severity::Notice => Tone::Info,
        Severity::Ok => Tone::Good,
        Severity::Never => Tone::Dim,
    }
}
