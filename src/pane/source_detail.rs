//! The detail of a source: its health, its traffic, and who depends on it.

use super::View;
use super::age::{ago, utc};
use super::detail::{Paragraph, Sheet};
use super::line::{Line, Tone};
use super::sources::{budget_words, kind, skewed, slower, state_words, thousands};
use crate::analysis::SourceReport;
use crate::domain::{Remedy, SourceKind};

pub(super) fn paragraphs(view: &View<'_>, source: &SourceReport) -> Vec<Paragraph> {
    let mut sheet = Sheet::default();
    let health = &source.health;
    let heading = state_words(source).with(Tone::Plain, "  ").with(Tone::Strong, source.id.to_string());
    sheet.line(heading.with(Tone::Dim, format!("  {}", kind(source))));
    if let Some((at, failure)) = &health.failure {
        sheet.head("Last failure");
        sheet.text("in words", failure.to_string());
        sheet.text("when", format!("{} ({})", utc(*at), ago(*at, view.now)));
        sheet.text("what helps", remedy(failure.remedy()));
    }
    sheet.head("Health");
    let answered = health.last_ok.map(|at| format!("{} ({})", utc(at), ago(at, view.now)));
    sheet.text("last answer", answered.unwrap_or_else(|| "never".to_owned()));
    if health.skipped > 0 {
        sheet.text("unreadable", format!("{} items of its newest lists", thousands(health.skipped)));
    }
    dependants(&mut sheet, view, source);
    sheet.head("Traffic");
    let traffic = &health.traffic;
    sheet.text("last hour", sent(traffic.requests_last_hour, traffic.not_modified_last_hour));
    sheet.text("since start", sent(traffic.requests, traffic.not_modified));
    sheet.text("billed", format!("{} count against the budget", thousands(traffic.billed)));
    if traffic.cache_bytes > 0 {
        sheet.text(
            "remembered",
            format!("{} kB of answers that are asked for conditionally", traffic.cache_bytes / 1000),
        );
    }
    if let Some(budget) = &health.traffic.budget {
        let resets = budget.resets_at.map(|at| format!(", starts anew at {}", utc(at))).unwrap_or_default();
        sheet.fact("budget left", budget_words(budget).with(Tone::Plain, resets));
    }
    pace(&mut sheet, source);
    sheet.done()
}

fn sent(requests: u64, not_modified: u64) -> String {
    format!("{} requests, {} of them answered by 304", thousands(requests), thousands(not_modified))
}

fn pace(sheet: &mut Sheet, source: &SourceReport) {
    let pace = &source.health.pace;
    sheet.head("Pace");
    if pace.stopped {
        sheet.text(
            "stopped",
            "the credential was refused; it goes on by itself once there is another, and R tries once",
        );
    } else if let Some((until, why)) = &pace.closed {
        sheet.text("gate", format!("closed until {}: {why}", utc(*until)));
    } else {
        sheet.text("gate", "open");
    }
    if let Some(slower) = slower(source) {
        sheet.text("slowed", slower);
    }
    if pace.under_way + pace.waiting > 0 {
        sheet.text("now", format!("{} looks under way, {} due and waiting", pace.under_way, pace.waiting));
    }
    if let Some(next) = pace.next {
        sheet.text("next look", utc(next));
    }
    if let Some(skew) = source.health.traffic.clock_skew {
        let words = skewed(source).unwrap_or_else(|| format!("agrees, to {} s", skew.abs().as_secs().max(1)));
        sheet.text("clock", words);
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
