//! The report's `credentials`, and the section of the table that tells of them.

use std::fmt::Write as _;

use jiff::Timestamp;
use serde::Serialize;

use super::Style;
use super::style::paragraph;
use crate::analysis::{CredentialReport, Report, Severity, credential_counts, next_step};
use crate::domain::{Expiry, LastUse, SourceId, Text};

#[derive(Serialize)]
pub(super) struct Credential<'a> {
    id: &'a Text,
    name: &'a Text,
    kind: &'a str,
    place: &'a Text,
    source: Option<&'a SourceId>,
    severity: &'static str,
    expires_at: Option<Timestamp>,
    never_expires: bool,
    rotate_by: Option<Timestamp>,
    act_by: Option<Timestamp>,
    evidence: &'static str,
    observed_at: Timestamp,
    stale_seconds: Option<i64>,
    created_at: Option<Timestamp>,
    rotated_at: Option<Timestamp>,
    last_used_at: Option<Timestamp>,
    reasons: &'a [String],
    notes: Vec<String>,
    owner: Option<&'a Text>,
    runbook: Option<&'a Text>,
    consumers: &'a [Text],
    next_step: Option<String>,
    failure: Option<String>,
}

/// Returns every credential, the worst first.
pub(super) fn of(report: &Report) -> Vec<Credential<'_>> {
    report.credentials.iter().map(credential).collect()
}

fn credential(row: &CredentialReport) -> Credential<'_> {
    let record = &*row.record;
    Credential {
        id: &record.id,
        name: &record.name,
        kind: record.kind.word(),
        place: &record.place,
        source: row.source.as_ref(),
        severity: row.urgency.severity.word(),
        expires_at: match record.expiry {
            Expiry::At(at) => Some(at),
            Expiry::Never | Expiry::Untold | Expiry::Unreadable(_) => None,
        },
        never_expires: record.expiry == Expiry::Never,
        rotate_by: record.rotate_by,
        act_by: row.urgency.act_by,
        evidence: record.evidence.word(),
        observed_at: record.observed_at,
        stale_seconds: row.stale.map(|stale| stale.as_secs()),
        created_at: record.created_at,
        rotated_at: record.rotated_at,
        last_used_at: match record.last_use {
            LastUse::At(at) => Some(at),
            LastUse::Never | LastUse::Untold => None,
        },
        reasons: &row.urgency.reasons,
        notes: row.urgency.hints.iter().cloned().chain(record.notes.iter().map(ToString::to_string)).collect(),
        owner: record.owner.as_ref(),
        runbook: record.runbook.as_ref(),
        consumers: &record.consumers,
        next_step: next_step(record, row.urgency.severity),
        failure: row.failure.as_ref().map(ToString::to_string),
    }
}

/// Writes the counts, then every credential of which something is to be done or not known.
pub(super) fn section(text: &mut String, report: &Report, style: Style) {
    let _ = writeln!(text, "{}", style.heading("CREDENTIALS"));
    paragraph(text, "", &credential_counts(&report.credentials), style);
    for row in &report.credentials {
        if row.urgency.severity >= Severity::Ok && row.stale.is_none() {
            continue;
        }
        let record = &row.record;
        let words = format!("{} {} {} ({})", row.urgency.severity, record.kind.word(), record.name, record.place);
        paragraph(text, "  ", &words, style);
        let step = next_step(record, row.urgency.severity);
        for words in row.urgency.reasons.iter().take(1).chain(&step) {
            paragraph(text, "      ", words, style);
        }
    }
    text.push('\n');
}
