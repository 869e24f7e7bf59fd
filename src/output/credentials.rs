//! The report's `credentials`, and the section of the table that tells of them.

use std::fmt::Write as _;

use jiff::Timestamp;
use serde::Serialize;

use super::Style;
use super::style::paragraph;
use crate::analysis::{self, Consumer, CredentialReport, Report, Severity, credential_counts, next_step};
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
    reasons: Vec<String>,
    notes: Vec<String>,
    owner: Option<&'a Text>,
    runbook: Option<&'a Text>,
    consumers: Vec<String>,
    used_by: Vec<UsedBy<'a>>,
    first_to_break: Option<FirstToBreak<'a>>,
    unsure: &'a [String],
    next_step: Option<String>,
    failure: Option<String>,
}

/// A job that reads it, or may do so.
#[derive(Serialize)]
struct UsedBy<'a> {
    repository: &'a Text,
    pipeline: &'a Text,
    file: &'a Text,
    job: Option<&'a Text>,
    through: Option<&'a Text>,
    confidence: &'static str,
    rules_decide: bool,
    next_run: Option<Timestamp>,
    why: Option<&'a Text>,
}

#[derive(Serialize)]
struct FirstToBreak<'a> {
    name: &'a Text,
    repository: &'a Text,
    at: Option<Timestamp>,
    sure: bool,
    words: String,
}

fn used_by(consumer: &Consumer) -> UsedBy<'_> {
    UsedBy {
        repository: &consumer.repo,
        pipeline: &consumer.pipeline.name,
        file: &consumer.pipeline.file,
        job: consumer.job.as_ref(),
        through: consumer.through.as_ref(),
        confidence: consumer.confidence.word(),
        rules_decide: consumer.decided,
        next_run: consumer.next_run,
        why: consumer.why.as_ref(),
    }
}

fn first_to_break(first: &analysis::FirstToBreak) -> FirstToBreak<'_> {
    let analysis::FirstToBreak { name, repo, at, is_sure, .. } = first;
    FirstToBreak { name, repository: repo, at: *at, sure: *is_sure, words: first.words() }
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
        reasons: row.urgency.reasons.iter().map(ToString::to_string).collect(),
        notes: row.urgency.hints.iter().cloned().chain(record.notes.iter().map(ToString::to_string)).collect(),
        owner: record.owner.as_ref(),
        runbook: record.runbook.as_ref(),
        consumers: row.consumers(),
        used_by: row.breaks.consumers.iter().map(used_by).collect(),
        first_to_break: row.breaks.first.as_ref().map(first_to_break),
        unsure: &row.breaks.unsure,
        next_step: next_step(record, row.urgency.severity),
        failure: row.failure.as_ref().map(ToString::to_string),
    }
}

/// Writes the counts, then every credential of which something is to be done or not known.
pub(super) fn section(text: &mut String, report: &Report, style: Style) {
    let _ = writeln!(text, "\n{}", style.heading("CREDENTIALS"));
    paragraph(text, "", &credential_counts(&report.credentials, usize::MAX), style);
    for row in &report.credentials {
        if row.urgency.severity >= Severity::Ok && row.stale.is_none() {
            continue;
        }
        let record = &row.record;
        let words = format!("{} {} {} ({})", row.urgency.severity, record.kind.word(), record.name, record.place);
        paragraph(text, "  ", &words, style);
        let step = next_step(record, row.urgency.severity);
        let first = row.breaks.first.as_ref().map(analysis::FirstToBreak::words);
        let reason = row.urgency.reasons.first().map(ToString::to_string);
        for words in reason.iter().chain(&first).chain(&step) {
            paragraph(text, "      ", words, style);
        }
    }
    text.push('\n');
}
