//! The report as JSON, version 1: the keys and their order are the contract.

use jiff::Timestamp;
use serde::{Serialize, Serializer};

use super::credentials::{self, Credential};
use super::durations::{self, Delivered, WorkflowTimes};
use super::flaky::Flaky;
use super::incidents::{self, Told};
use super::{Explain, Selection};
use crate::analysis::{Row, SourceReport, Verdict};
use crate::domain::{Digest, Event, ImageName, Moment, RepoPath, ServiceName, Sha, SourceId, SourceKind, Tag, Text};

#[derive(Serialize)]
struct Document<'a> {
    schema_version: u8,
    generated_at: Timestamp,
    complete: bool,
    summary: Summary,
    incidents: Vec<Told<'a>>,
    images: Images<'a>,
    flaky: Flaky<'a>,
    durations: Vec<WorkflowTimes<'a>>,
    delivery: Vec<Delivered<'a>>,
    credentials: Vec<Credential<'a>>,
    sources: Vec<Source<'a>>,
}

#[derive(Serialize)]
struct Summary {
    landed: usize,
    missing: usize,
    stale: usize,
    mismatch: usize,
    incomplete: usize,
    misrouted: usize,
    pruned: usize,
    pending: usize,
    not_expected: usize,
    unknown: usize,
}

/// The rows, each explained only when it is written.
struct Images<'a> {
    selection: &'a Selection,
    explain: Explain<'a>,
}

#[derive(Serialize)]
#[expect(clippy::struct_field_names, reason = "the contract's keys")]
struct Image<'a> {
    service: &'a ServiceName,
    ci: &'a SourceId,
    repo: &'a RepoPath,
    workflow: Option<&'a Text>,
    run_id: u64,
    run_number: u64,
    attempt: u32,
    event: &'a Text,
    branch: Option<&'a Text>,
    sha: &'a Sha,
    run_url: Text,
    run_finished_at: Option<Timestamp>,
    image: Option<&'a ImageName>,
    tag: Option<&'a Tag>,
    verdict: &'static str,
    verdict_since: Option<Timestamp>,
    digest: Option<&'a Digest>,
    created: Option<Timestamp>,
    revision: Option<Text>,
    platforms: Vec<String>,
    evidence: Vec<String>,
    cause: Option<String>,
    next_steps: Vec<String>,
    seen_at: Option<Timestamp>,
    settled: bool,
    to_be_sure: Vec<String>,
    last_known: Option<LastKnown>,
}

#[derive(Serialize)]
struct LastKnown {
    verdict: &'static str,
    at: Timestamp,
}

#[derive(Serialize)]
struct Source<'a> {
    id: &'a SourceId,
    kind: &'static str,
    state: &'static str,
    last_ok: Option<Timestamp>,
    failure: Option<String>,
    failed_at: Option<Timestamp>,
    requests: u64,
    not_modified: u64,
    budget_remaining: Option<u64>,
    skipped: u64,
}

/// Writes the report, with a line break at its end.
pub(super) fn write(selection: &Selection, explain: Explain<'_>, generated_at: Timestamp) -> String {
    let document = Document {
        schema_version: 1,
        generated_at,
        complete: selection.is_complete(),
        summary: summary(selection),
        incidents: incidents::of(selection.report(), generated_at),
        images: Images { selection, explain },
        flaky: Flaky::of(selection.report()),
        durations: durations::of(selection.report()),
        delivery: durations::delivery(selection.report()),
        credentials: credentials::of(selection.report()),
        sources: selection.report().sources.iter().map(source).collect(),
    };
    // Every map key is a string and every value our own: nothing in it can be refused.
    let mut text = serde_json::to_string_pretty(&document).unwrap_or_default();
    text.push('\n');
    text
}

impl Serialize for Images<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.selection.report().rows().map(|row| image(row, self.explain)))
    }
}

/// Returns the name of a workflow; GitLab gives a pipeline none.
pub(super) fn named(workflow: &Text) -> Option<&Text> {
    Some(workflow).filter(|name| !name.is_empty())
}

fn image<'a>(row: &'a Row, explain: Explain<'_>) -> Image<'a> {
    let run = &*row.run;
    let Event(event) = &run.event;
    let explanation = explain(row);
    Image {
        service: &row.service.name,
        ci: &run.key.ci,
        repo: &run.key.repo,
        workflow: named(&run.workflow),
        run_id: run.key.id,
        run_number: run.number,
        attempt: run.key.attempt,
        event,
        branch: run.branch.as_ref(),
        sha: &run.sha,
        run_url: Text::from(&run.url),
        run_finished_at: run.finished_at.map(Moment::at),
        image: row.image(),
        tag: row.tag.as_ref(),
        verdict: row.verdict.word(),
        verdict_since: row.since.map(Moment::at),
        digest: row.digest.as_ref(),
        created: row.created(),
        revision: row.revision(),
        platforms: row.platforms().iter().map(ToString::to_string).collect(),
        evidence: explanation.evidence,
        cause: explanation.cause,
        next_steps: explanation.next_steps,
        seen_at: row.seen_at.map(Moment::at),
        settled: row.settled,
        to_be_sure: explanation.to_be_sure,
        last_known: row.last_known.map(|(verdict, at)| LastKnown { verdict: verdict.word(), at: at.at() }),
    }
}

fn source(source: &SourceReport) -> Source<'_> {
    let health = &source.health;
    let failed = health.trouble().map(|trouble| (trouble.at, trouble.to_string()));
    let failed = failed.or_else(|| health.earlier.as_ref().map(|(at, failure)| (*at, failure.to_string())));
    let (failed_at, failure) = failed.unzip();
    Source {
        id: &source.id,
        kind: match health.kind {
            SourceKind::Ci => "ci",
            SourceKind::Registry => "registry",
            SourceKind::Expiry => "expiry",
        },
        state: match (health.trouble(), &health.earlier, health.last_ok) {
            (Some(_), ..) => "failing",
            (None, None, Some(_)) => "ok",
            (None, Some(_), _) | (None, None, None) => "unasked",
        },
        last_ok: health.last_ok,
        failure,
        failed_at,
        requests: health.traffic.requests,
        not_modified: health.traffic.not_modified,
        budget_remaining: health.traffic.budget.as_ref().map(|budget| budget.remaining),
        skipped: health.skipped,
    }
}

fn summary(selection: &Selection) -> Summary {
    let count = |verdict| selection.report().count(verdict);
    Summary {
        landed: count(Verdict::Landed),
        missing: count(Verdict::Missing),
        stale: count(Verdict::Stale),
        mismatch: count(Verdict::Mismatch),
        incomplete: count(Verdict::Incomplete),
        misrouted: count(Verdict::Misrouted),
        pruned: count(Verdict::Pruned),
        pending: count(Verdict::Pending),
        not_expected: count(Verdict::NotExpected),
        unknown: count(Verdict::Unknown),
    }
}
