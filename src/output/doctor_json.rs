//! What `doctor` found as JSON, version 1: the keys and their order are the contract.

use jiff::Timestamp;
use serde::Serialize;

use crate::doctor::{About, Check, Diagnosis, Grade, Section};
use crate::domain::{Health, SourceKind, Text};

#[derive(Serialize)]
struct Document<'a> {
    schema_version: u8,
    generated_at: Timestamp,
    worst: &'static str,
    exit_code: u8,
    summary: Summary,
    sections: Vec<Part<'a>>,
}

#[derive(Serialize)]
struct Summary {
    ok: usize,
    warn: usize,
    unknown: usize,
    fail: usize,
}

#[derive(Serialize)]
struct Part<'a> {
    about: &'static str,
    name: &'a Text,
    checks: Vec<One<'a>>,
    source: Option<Source>,
}

#[derive(Serialize)]
struct One<'a> {
    check: &'a Text,
    result: &'static str,
    says: &'a Text,
    why: Option<&'a Text>,
    fix: Option<&'a Text>,
}

/// The figures of the Sources pane.
#[derive(Serialize)]
struct Source {
    requests_last_hour: u64,
    not_modified_last_hour: u64,
    requests: u64,
    not_modified: u64,
    billed: u64,
    cache_bytes: u64,
    clock_skew_seconds: Option<i64>,
    budget: Option<Budget>,
    gate: Gate,
    slowed: Option<f64>,
    next_look: Option<Timestamp>,
}

#[derive(Serialize)]
struct Budget {
    remaining: u64,
    limit: Option<u64>,
    resets_at: Option<Timestamp>,
}

#[derive(Serialize)]
struct Gate {
    state: &'static str,
    until: Option<Timestamp>,
    why: Option<Text>,
}

/// Writes all of it, with a line break at its end.
pub(super) fn write(diagnosis: &Diagnosis, generated_at: Timestamp) -> String {
    let count = |grade| diagnosis.count(grade);
    let document = Document {
        schema_version: 1,
        generated_at,
        worst: diagnosis.worst().word(),
        exit_code: diagnosis.exit_code(),
        summary: Summary {
            ok: count(Grade::Ok),
            warn: count(Grade::Warn),
            unknown: count(Grade::Unknown),
            fail: count(Grade::Fail),
        },
        sections: diagnosis.sections.iter().map(part).collect(),
    };
    // Every map key is a string and every value our own: nothing in it can be refused.
    let mut text = serde_json::to_string_pretty(&document).unwrap_or_default();
    text.push('\n');
    text
}

fn part(section: &Section) -> Part<'_> {
    Part {
        about: match section.about {
            About::Config => "config",
            About::Source(SourceKind::Ci) => "ci",
            About::Source(SourceKind::Registry) => "registry",
            About::Source(SourceKind::Expiry) => "expiry",
            About::Store => "store",
            About::Terminal => "terminal",
        },
        name: &section.name,
        checks: section.checks.iter().map(one).collect(),
        source: section.health.as_ref().map(source),
    }
}

fn one(check: &Check) -> One<'_> {
    let Check { name, grade, says, why, fix } = check;
    One { check: name, result: grade.word(), says, why: why.as_ref(), fix: fix.as_ref() }
}

fn source(health: &Health) -> Source {
    let Health { traffic, pace, .. } = health;
    Source {
        requests_last_hour: traffic.requests_last_hour,
        not_modified_last_hour: traffic.not_modified_last_hour,
        requests: traffic.requests,
        not_modified: traffic.not_modified,
        billed: traffic.billed,
        cache_bytes: traffic.cache_bytes,
        clock_skew_seconds: traffic.clock_skew.map(|skew| skew.as_secs()),
        budget: traffic.budget.as_ref().map(|budget| Budget {
            remaining: budget.remaining,
            limit: budget.limit,
            resets_at: budget.resets_at,
        }),
        gate: Gate {
            state: match (pace.stopped, &pace.closed) {
                (true, _) => "stopped",
                (false, Some(_)) => "closed",
                (false, None) => "open",
            },
            until: pace.closed.as_ref().map(|(until, _)| *until),
            why: pace.closed.as_ref().map(|(_, why)| why.to_string().into()),
        },
        slowed: pace.slowed.map(|tenths| f64::from(tenths) / 10.0),
        next_look: pace.next,
    }
}
