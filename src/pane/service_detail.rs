//! The detail of a service: its newest green commit, and the way back to what landed last.

use super::about::rows_of;
use super::age::{ago, utc};
use super::detail::{Paragraph, Sheet};
use super::line::{Line, Tone};
use super::overview::{Standing, standing, standing_words};
use super::verdict::{row_words, run_words};
use super::{View, row_detail};
use crate::analysis::{Row, ServiceReport, explain};

pub(super) fn paragraphs(view: &View<'_>, service: &ServiceReport) -> Vec<Paragraph> {
    let mut sheet = Sheet::default();
    sheet.line(heading(view, service));
    if let Some(since) = service.since {
        sheet.line(Line::of(Tone::Dim, format!("  nothing lands since {} ({})", utc(since), ago(since, view.now))));
    }
    listing(&mut sheet, view, service);
    let green = match standing(service) {
        Standing::Green(green, _) => Some(green),
        Standing::Looking | Standing::Unread(_) | Standing::NothingGreen => None,
    };
    let rows: Vec<_> = green.iter().flat_map(|green| rows_of(service, &green.run)).collect();
    if !rows.is_empty() {
        sheet.head("Newest green commit");
        for row in &rows {
            sheet.line(row_line(view, row));
        }
    }
    let worst = rows.iter().min_by_key(|row| row.verdict);
    let explained =
        worst.map(|row| explain(view.snapshot, row, view.policy, view.now).within(&view.report.incidents, row));
    let explained = explained.unwrap_or_default();
    // What to do comes before why: this is read by somebody who was woken up.
    sheet.cause(explained.cause);
    sheet.sentences("Next steps", explained.next_steps);
    way_back(&mut sheet, view, service);
    sheet.sentences("Evidence", explained.evidence);
    sheet.sentences("To be sure", explained.to_be_sure);
    if let Some(green) = green {
        sheet.head("Its run");
        row_detail::run(&mut sheet, view, service, &green.run);
    }
    if let Some(newest) = service.newest.as_ref().filter(|run| green.is_none_or(|green| green.run.key != run.key)) {
        sheet.head("Newest run");
        row_detail::run(&mut sheet, view, service, newest);
    }
    sheet.done()
}

fn row_line(view: &View<'_>, row: &Row) -> Line {
    let line = Line::of(Tone::Plain, "  ").join(row_words(row, view.now));
    line.with(Tone::Plain, format!("  {}", row.reference()))
}

fn heading(view: &View<'_>, service: &ServiceReport) -> Line {
    let line =
        standing_words(service, view).with(Tone::Plain, "  ").with(Tone::Strong, service.service.name.to_string());
    match service.behind {
        Some(behind) if behind > 0 => line.with(Tone::Plain, format!("  {behind} behind")),
        _ => line,
    }
}

fn listing(sheet: &mut Sheet, view: &View<'_>, service: &ServiceReport) {
    if let Some(miss) = &service.failure {
        sheet.head("Its runs could not be read");
        sheet.text("failure", format!("{} ({})", miss.failure, ago(miss.at, view.now)));
        let seen = service.seen_at.map(|at| format!("{} ({})", utc(at), ago(at, view.now)));
        sheet.text("last read", seen.unwrap_or_else(|| "never".to_owned()));
    }
}

fn way_back(sheet: &mut Sheet, view: &View<'_>, service: &ServiceReport) {
    let Some(landed) = &service.way_back else {
        if service.newest_green.is_some() {
            sheet.head("The way back");
            sheet.line(Line::of(Tone::Plain, "  None of the green runs that were looked at is known to have landed."));
        }
        return;
    };
    let current = service.newest_green.as_ref().is_some_and(|green| green.run.key == landed.key);
    sheet.head(if current { "What landed" } else { "The way back: the newest green commit that landed" });
    sheet.fact("run", Line::of(Tone::Plain, format!("#{}  ", landed.number)).join(run_words(&landed.state)));
    sheet.text("commit", landed.sha.to_string());
    sheet.text("title", landed.title.to_string());
    if let Some(finished) = landed.finished_at {
        sheet.text("finished", format!("{} ({})", utc(finished.at()), ago(finished.at(), view.now)));
    }
    for row in rows_of(service, landed) {
        sheet.fact("image", by_digest(row));
    }
}

/// Returns the reference that stays the same whatever becomes of the tag.
fn by_digest(row: &Row) -> Line {
    match (row.image(), &row.digest) {
        (Some(image), Some(digest)) => Line::of(Tone::Plain, format!("{image}@{digest}")),
        _ => Line::of(Tone::Plain, row.reference()),
    }
}
