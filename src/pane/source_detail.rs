//! The detail of a source: its health, its traffic, and who depends on it.

use jiff::Timestamp;

use super::View;
use super::age::{ago, utc};
use super::detail::{Paragraph, Sheet};
use super::line::{Line, Tone};
use super::sources::{kind, state_words};
use crate::analysis::{SourceFigure, SourceReport, pace_figures, thousands, traffic_figures};
use crate::domain::{Failure, Health, Refused, Remedy, SourceKind, Trouble};

/// So many of what is refused are told one by one.
const SHOWN: usize = 20;

pub(super) fn paragraphs(view: &View<'_>, source: &SourceReport) -> Vec<Paragraph> {
    let mut sheet = Sheet::default();
    let health = &source.health;
    let heading = state_words(source).with(Tone::Plain, "  ").with(Tone::Strong, source.id.to_string());
    sheet.line(heading.with(Tone::Dim, format!("  {}", kind(source))));
    match (health.trouble(), &health.earlier) {
        (Some(Trouble { at, failure, topic: None, .. }), _) => last_failure(&mut sheet, view, at, failure, ""),
        (None, Some((at, failure))) => last_failure(&mut sheet, view, *at, failure, ", before this start"),
        (Some(_) | None, _) => {}
    }
    refused(&mut sheet, view, health);
    sheet.head("Health");
    let answered = health.last_ok.map(|at| format!("{} ({})", utc(at), ago(at, view.now)));
    sheet.text("last answer", answered.unwrap_or_else(|| "never".to_owned()));
    if health.skipped > 0 {
        sheet.text("unreadable", format!("{} items of its newest lists", thousands(health.skipped)));
    }
    dependants(&mut sheet, view, source);
    sheet.head("Traffic");
    figures(&mut sheet, traffic_figures(health));
    sheet.head("Pace");
    figures(&mut sheet, pace_figures(health));
    if health.pace.stopped {
        sheet.text("", "R tries once.");
    }
    sheet.done()
}

fn last_failure(sheet: &mut Sheet, view: &View<'_>, at: Timestamp, failure: &Failure, more: &str) {
    sheet.head("Last failure");
    sheet.text("in words", failure.to_string());
    sheet.text("when", format!("{} ({}){more}", utc(at), ago(at, view.now)));
    sheet.text("what helps", remedy(failure.remedy()));
}

/// What is refused while the source answers for the rest.
fn refused(sheet: &mut Sheet, view: &View<'_>, health: &Health) {
    let Some(first) = health.refused.values().next() else { return };
    sheet.head("Refused");
    for (topic, Refused { at, failure, .. }) in health.refused.iter().take(SHOWN) {
        sheet.line(Line::of(Tone::Plain, format!("  {topic}: {failure} ({})", ago(*at, view.now))));
    }
    let left = health.refused.len().saturating_sub(SHOWN);
    if left > 0 {
        sheet.line(Line::of(Tone::Dim, format!("  and {left} more")));
    }
    sheet.text("what helps", remedy(first.failure.remedy()));
}

fn figures(sheet: &mut Sheet, figures: Vec<SourceFigure>) {
    for SourceFigure { name, words, scarce } in figures {
        sheet.fact(name, Line::of(if scarce { Tone::Warn } else { Tone::Plain }, words));
    }
}

fn remedy(remedy: Remedy) -> String {
    match remedy {
        Remedy::Retry => "Asking again may help; landfall does so, ever more slowly.".to_owned(),
        Remedy::Wait(Some(until)) => format!("Waiting: landfall asks again at {}.", utc(until)),
        Remedy::Wait(None) => "Waiting; landfall asks again later.".to_owned(),
        Remedy::Fix => "Somebody must mend it; asking again would not help. R asks once more.".to_owned(),
    }
}

fn dependants(sheet: &mut Sheet, view: &View<'_>, source: &SourceReport) {
    let id = source.id.as_str();
    let depends = view.report.services.iter().filter(|service| match source.health.kind {
        SourceKind::Ci => service.service.ci.as_str() == id,
        SourceKind::Registry => service.service.images.iter().any(|image| image.repository.registry() == id),
        SourceKind::Expiry => false,
    });
    let names: Vec<_> = depends.map(|service| service.service.name.as_str()).collect();
    if names.is_empty() {
        return;
    }
    sheet.head("Services that depend on it");
    let shown = names.iter().take(40).copied().collect::<Vec<_>>().join(", ");
    let more = if names.len() > 40 { format!(" and {} more", names.len() - 40) } else { String::new() };
    sheet.line(Line::of(Tone::Plain, format!("  {shown}{more}")));
}
