//! The report's `incidents`, and what stands above the rows of the table.

use std::fmt::Write as _;

use jiff::Timestamp;
use serde::Serialize;

use super::Style;
use super::style::paragraph;
use crate::analysis::{Incident, Report, Suspect};
use crate::domain::{ImageName, ServiceName, Sha, SourceId, Text};

#[derive(Serialize)]
pub(super) struct Told<'a> {
    title: String,
    scope: &'a Text,
    basis: &'static str,
    since: Timestamp,
    services: &'a [ServiceName],
    images: &'a [ImageName],
    runs: usize,
    evidence: &'a [String],
    last_good_push: Option<Good<'a>>,
    credentials: Vec<Suspected<'a>>,
    next_steps: &'a [String],
}

#[derive(Serialize)]
struct Good<'a> {
    service: &'a ServiceName,
    image: &'a ImageName,
    sha: &'a Sha,
    at: Timestamp,
}

#[derive(Serialize)]
struct Suspected<'a> {
    source: Option<&'a SourceId>,
    id: &'a Text,
    name: &'a Text,
    severity: &'static str,
    reason: Option<&'a str>,
    why: &'a str,
    next_step: Option<&'a str>,
}

/// Returns every incident, the one with the most services first.
pub(super) fn of(report: &Report, now: Timestamp) -> Vec<Told<'_>> {
    report.incidents.iter().map(|incident| told(incident, now)).collect()
}

fn told(incident: &Incident, now: Timestamp) -> Told<'_> {
    Told {
        title: incident.title(now),
        scope: &incident.scope,
        basis: incident.basis.word(),
        since: incident.since,
        services: &incident.services,
        images: &incident.images,
        runs: incident.runs(),
        evidence: &incident.evidence,
        last_good_push: incident.last_good.as_ref().map(|good| Good {
            service: &good.service,
            image: &good.image,
            sha: &good.commit,
            at: good.at,
        }),
        credentials: incident.suspects.iter().map(suspected).collect(),
        next_steps: &incident.next_steps,
    }
}

fn suspected(suspect: &Suspect) -> Suspected<'_> {
    Suspected {
        source: suspect.source.as_ref(),
        id: &suspect.id,
        name: &suspect.name,
        severity: suspect.severity.word(),
        reason: suspect.reason.as_deref(),
        why: &suspect.why,
        next_step: suspect.next_step.as_deref(),
    }
}

/// Writes each incident: what it is, what it rests on, who could be the cause, and what to do next.
pub(super) fn write(text: &mut String, report: &Report, now: Timestamp, style: Style) {
    for incident in &report.incidents {
        for line in style.wrap(0, &format!("INCIDENT: {}", incident.title(now))) {
            let _ = writeln!(text, "{}", style.fault(&line));
        }
        for sentence in &incident.evidence {
            paragraph(text, "    ", sentence, style);
        }
        for suspect in &incident.suspects {
            let (name, severity, why) = (&suspect.name, suspect.severity, &suspect.why);
            let reason = suspect.reason.as_deref().map(|reason| format!("{reason}; ")).unwrap_or_default();
            paragraph(text, "    suspect: ", &format!("{name} ({severity}): {reason}{why}"), style);
        }
        for step in &incident.next_steps {
            paragraph(text, "    next: ", step, style);
        }
        text.push('\n');
    }
}
