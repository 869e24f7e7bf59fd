//! The detail of a row: paragraphs that are wrapped to whatever width there is.

use super::line::{Line, Tone};
use super::{
    Subject, View, builds_detail, credential_detail, flaky_detail, incident_detail, row_detail, service_detail,
    source_detail, time_detail,
};
use crate::analysis::Explanation;

/// Cells before a fact's value.
const LABEL: usize = 14;

/// One paragraph.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Paragraph {
    /// Its words.
    pub line: Line,
    /// How far all lines but the first are indented.
    pub indent: usize,
}

/// Returns everything that is known of what a row is about.
#[must_use]
pub fn detail(view: &View<'_>, subject: Subject<'_>) -> Vec<Paragraph> {
    match subject {
        Subject::Service(service) => service_detail::paragraphs(view, service),
        Subject::Row(service, row) => row_detail::paragraphs(view, service, row),
        Subject::Source(source) => source_detail::paragraphs(view, source),
        Subject::Credential(row) => credential_detail::paragraphs(view, row),
        Subject::Incident(incident) => incident_detail::paragraphs(view, incident),
        Subject::Builds(service) => builds_detail::paragraphs(view, service),
        Subject::Job(service, job) => flaky_detail::job(view, service, job),
        Subject::Test(service, test) => flaky_detail::test(view, service, test),
        Subject::Workflow(service, workflow) => time_detail::workflow(view, service, workflow),
        Subject::JobTime(service, workflow, job) => time_detail::job(view, service, workflow, job),
    }
}

/// Paragraphs as they are put together.
#[derive(Default)]
pub(super) struct Sheet {
    paragraphs: Vec<Paragraph>,
}

impl Sheet {
    pub(super) fn line(&mut self, line: Line) {
        self.paragraphs.push(Paragraph { line, indent: 2 });
    }

    pub(super) fn head(&mut self, head: &'static str) {
        if !self.paragraphs.is_empty() {
            self.paragraphs.push(Paragraph::default());
        }
        self.paragraphs.push(Paragraph { line: Line::of(Tone::Strong, head), indent: 0 });
    }

    pub(super) fn fact(&mut self, label: &'static str, value: Line) {
        if value.spans.is_empty() {
            return;
        }
        let label = Line::of(Tone::Dim, format!("  {label:<width$}", width = LABEL - 2));
        self.paragraphs.push(Paragraph { line: label.join(value), indent: LABEL });
    }

    pub(super) fn text(&mut self, label: &'static str, value: impl Into<String>) {
        self.fact(label, Line::of(Tone::Plain, value.into()));
    }

    /// Writes numbered sentences under a head; nothing where there are none.
    pub(super) fn sentences(&mut self, head: &'static str, sentences: Vec<String>) {
        if sentences.is_empty() {
            return;
        }
        self.head(head);
        for (place, sentence) in sentences.into_iter().enumerate() {
            let line = Line::of(Tone::Dim, format!("  {}  ", place + 1)).with(Tone::Plain, sentence);
            self.paragraphs.push(Paragraph { line, indent: 5 });
        }
    }

    pub(super) fn cause(&mut self, cause: Option<String>) {
        if let Some(cause) = cause {
            self.head("Likely cause");
            self.line(Line::of(Tone::Plain, format!("  {cause}")));
        }
    }

    /// Writes why a verdict is what it is, in the order it was looked at.
    pub(super) fn explanation(&mut self, explanation: Explanation) {
        self.cause(explanation.cause);
        self.sentences("Evidence", explanation.evidence);
        self.sentences("To be sure", explanation.to_be_sure);
        self.sentences("Next steps", explanation.next_steps);
    }

    pub(super) fn done(self) -> Vec<Paragraph> {
        self.paragraphs
    }
}
