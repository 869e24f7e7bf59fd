//! The detail of one run, image and tag: the evidence chain, the facts, and the tags beside it.

use super::View;
use super::about::rows_of;
use super::age::{ago, utc};
use super::detail::{Paragraph, Sheet};
use super::line::{Line, Tone};
use super::verdict::{row_words, run_words};
use crate::analysis::{Row, ServiceReport, explain};
use crate::domain::{Run, Text};

pub(super) fn paragraphs(view: &View<'_>, service: &ServiceReport, row: &Row) -> Vec<Paragraph> {
    let mut sheet = Sheet::default();
    let heading = row_words(row, view.now).with(Tone::Plain, "  ").with(Tone::Strong, row.reference());
    sheet.line(heading);
    if let Some(since) = row.since {
        sheet.line(Line::of(Tone::Dim, format!("  since {} ({})", utc(since.at()), ago(since.at(), view.now))));
    }
    sheet.explanation(explain(view.snapshot, row, view.policy, view.now).within(&view.report.incidents, row));
    sheet.head("Image");
    image(&mut sheet, view, row);
    sheet.head("Run");
    run(&mut sheet, view, service, &row.run);
    let siblings: Vec<_> = rows_of(service, &row.run).filter(|other| !std::ptr::eq(*other, row)).collect();
    if !siblings.is_empty() {
        sheet.head("Tags of the same run");
        for sibling in siblings {
            sheet.line(sibling_words(view, sibling));
        }
    }
    sheet.done()
}

fn image(sheet: &mut Sheet, view: &View<'_>, row: &Row) {
    sheet.text("repository", row.image().map(ToString::to_string).unwrap_or_default());
    sheet.text(
        "tag",
        row.tag.as_ref().map_or_else(|| "cannot be filled in for this run".to_owned(), ToString::to_string),
    );
    if let Some(digest) = &row.digest {
        sheet.text("digest", digest.to_string());
    }
    if let Some(created) = row.created() {
        sheet.text("created", format!("{} ({})", utc(created), ago(created, view.now)));
    }
    if let Some(revision) = row.revision() {
        sheet.text("revision", revision.to_string());
    }
    let platforms: Vec<_> = row.platforms().iter().map(ToString::to_string).collect();
    sheet.text("platforms", platforms.join(", "));
}

/// Writes the facts of a run.
pub(super) fn run(sheet: &mut Sheet, view: &View<'_>, service: &ServiceReport, run: &Run) {
    let attempt = if run.key.attempt > 1 { format!(", attempt {}", run.key.attempt) } else { String::new() };
    let state = run_words(&run.state);
    let workflow = if run.workflow.is_empty() { String::new() } else { format!(" of {}", run.workflow) };
    sheet.fact("run", Line::of(Tone::Plain, format!("#{}{workflow}{attempt}  ", run.number)).join(state));
    let branch = run.branch.as_ref().map(|branch| format!(" on {branch}"));
    let branch = branch.or_else(|| run.git_tag.as_ref().map(|tag| format!(" for the tag {tag}")));
    sheet.text("started by", format!("{}{}", run.event.0, branch.unwrap_or_default()));
    sheet.text("commit", run.sha.to_string());
    sheet.text("title", run.title.to_string());
    if let Some(finished) = run.finished_at {
        sheet.text("finished", format!("{} ({})", utc(finished.at()), ago(finished.at(), view.now)));
    }
    sheet.text("page", Text::from(&run.url).to_string());
    sheet.text("project", format!("{} at {}", run.key.repo, service.service.ci));
}

fn sibling_words(view: &View<'_>, sibling: &Row) -> Line {
    let line = Line::of(Tone::Plain, "  ").join(row_words(sibling, view.now));
    let line = line.with(Tone::Plain, format!("  {}", sibling.reference()));
    match &sibling.digest {
        Some(digest) => line.with(Tone::Dim, format!("  {}", digest.short())),
        None => line,
    }
}
