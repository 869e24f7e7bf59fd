//! The faces of `check` and `doctor`: what was asked for of a report, its exit code, and the formats that it is printed
//! in.

mod age;
mod credentials;
mod doctor;
mod doctor_json;
mod durations;
mod findings;
mod flaky;
mod incidents;
mod json;
mod number;
mod sections;
mod selection;
mod style;
mod table;

use jiff::Timestamp;

use crate::analysis::{Explanation, Row};
use crate::doctor::Diagnosis;

pub use selection::Selection;
pub use style::Style;

/// Explains a row. Called for the rows that a format explains, once each.
pub type Explain<'a> = &'a dyn Fn(&Row) -> Explanation;

/// Returns the report of the published schema (`assets/schema/report.schema.json`), version 1.
#[must_use]
pub fn json(selection: &Selection, explain: Explain<'_>, generated_at: Timestamp) -> String {
    json::write(selection, explain, generated_at)
}

/// Returns aligned text for people: findings first, then a line a service, then the totals.
#[must_use]
pub fn table(selection: &Selection, explain: Explain<'_>, generated_at: Timestamp, style: Style) -> String {
    table::write(selection, explain, generated_at, style)
}

/// What the table has beside verdicts, where it is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Sections {
    /// How much green and red can be trusted.
    pub flaky: bool,
    /// How long runs take.
    pub durations: bool,
    /// When credentials end.
    pub credentials: bool,
}

/// Returns the sections that were asked for, as aligned text to stand below the table.
#[must_use]
pub fn sections(selection: &Selection, asked: Sections, now: Timestamp, style: Style) -> String {
    let mut text = String::new();
    if asked.flaky {
        sections::flaky(&mut text, selection.report(), now, style);
    }
    if asked.durations {
        sections::durations(&mut text, selection.report(), style);
    }
    if asked.credentials {
        credentials::section(&mut text, selection.report(), style);
    }
    text
}

/// Returns what `doctor` found as text for people: a section a part, a line a check. Without `unicode` it is ASCII.
#[must_use]
pub fn doctor_table(diagnosis: &Diagnosis, style: Style, unicode: bool) -> String {
    doctor::write(diagnosis, style, unicode)
}

/// Returns what `doctor` found, as the published schema (`assets/schema/doctor.schema.json`) has it, version 1.
#[must_use]
pub fn doctor_json(diagnosis: &Diagnosis, generated_at: Timestamp) -> String {
    doctor_json::write(diagnosis, generated_at)
}
