//! The detail of an incident: what it rests on, which credentials could be the cause, and what to do next.

use super::View;
use super::age::{ago, utc};
use super::credentials::tone;
use super::detail::{Paragraph, Sheet};
use super::line::{Line, Tone};
use super::overview::standing_words;
use crate::analysis::Incident;

pub(super) fn paragraphs(view: &View<'_>, incident: &Incident) -> Vec<Paragraph> {
    let mut sheet = Sheet::default();
    sheet.line(Line::of(Tone::Bad, format!("✗ {}", incident.title(view.now))));
    let since = format!("  since {} ({})", utc(incident.since), ago(incident.since, view.now));
    sheet.line(Line::of(Tone::Dim, since));
    sheet.sentences("Evidence", incident.evidence.clone());
    suspects(&mut sheet, view, incident);
    sheet.sentences("Next steps", incident.next_steps.clone());
    if let Some(good) = &incident.last_good {
        sheet.head("Last good push");
        sheet.text("service", good.service.to_string());
        sheet.text("commit", good.commit.to_string());
        sheet.text("image", good.image.to_string());
        sheet.text("pushed", format!("{} ({})", utc(good.at), ago(good.at, view.now)));
    }
    sheet.head("Services");
    for service in &view.report.services {
        if incident.services.contains(&service.service.name) {
            let line = Line::of(Tone::Plain, "  ").join(standing_words(service, view));
            sheet.line(line.with(Tone::Plain, format!("  {}", service.service.name)));
        }
    }
    sheet.done()
}

fn suspects(sheet: &mut Sheet, view: &View<'_>, incident: &Incident) {
    sheet.head("Credentials that could be the cause");
    for suspect in &incident.suspects {
        let line = Line::of(Tone::Plain, "  ").with(tone(suspect.severity), suspect.severity.word());
        let line = line.with(Tone::Strong, format!("  {}", suspect.name));
        sheet.line(line.with(Tone::Dim, format!("  {}", suspect.id)));
        for words in suspect.reason.iter().chain([&suspect.why]) {
            sheet.line(Line::of(Tone::Plain, format!("    {words}")));
        }
    }
    if incident.suspects.is_empty() {
        let words = if view.report.credentials.is_empty() {
            "  none was looked at"
        } else {
            "  none of those that are known: declare the one that pushes as [[credential]]"
        };
        sheet.line(Line::of(Tone::Dim, words));
    }
}
