//! The detail of a row: paragraphs that are wrapped to whatever width there is.

use super::line::{Line, Tone};
use super::{Subject, View, row_detail, service_detail, source_detail};
use crate::analysis::Explanation;

/// Cells before a fact's value.
const LABEL: usize = 13;

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

    pub(super) fn numbered(&mut self, sentences: Vec<String>) {
        for (place, sentence) in sentences.into_iter().enumerate() {
            let line = Line::of(Tone::Dim, format!("  {}  ", place + 1)).with(Tone::Plain, sentence);
            self.paragraphs.push(Paragraph { line, indent: 5 });
        }
    }

    /// Writes why a verdict is what it is; parts that say nothing are left out.
    pub(super) fn explanation(&mut self, explanation: Explanation) {
        let Explanation { evidence, to_be_sure, cause, next_steps } = explanation;
        if let Some(cause) = cause {
            self.head("Likely cause");
            self.paragraphs.push(Paragraph { line: Line::of(Tone::Plain, format!("  {cause}")), indent: 2 });
        }
        for (head, sentences) in [("Evidence", evidence), ("To be sure", to_be_sure), ("Next steps", next_steps)] {
            if !sentences.is_empty() {
                self.head(head);
                self.numbered(sentences);
            }
        }
    }

    pub(super) fn done(self) -> Vec<Paragraph> {
        self.paragraphs
    }
}
