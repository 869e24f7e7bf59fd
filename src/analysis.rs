//! What was seen, judged: pure functions from a snapshot to a report. No clock, no IO, no words for panes.

mod absence;
mod breaks;
mod cadence;
mod check_order;
mod consumers;
mod content;
mod context;
mod counted;
mod credentials;
mod critical_path;
mod day;
mod delivery;
mod divergence;
mod duration;
mod evidence;
mod executions;
mod explain;
mod flaky;
mod flaky_build;
mod flaky_job;
mod flaky_test;
mod gate;
mod glimpse;
mod identity;
mod incident;
mod incident_words;
mod interest;
mod keepsake;
mod landings;
mod lasting;
mod misrouted;
mod moving;
mod next_credential_step;
mod next_run;
mod notes;
mod plan;
mod proof;
mod push;
mod pushes;
mod reading;
mod reason;
mod redacted;
mod refused;
mod regression;
mod reliability;
mod remedy;
mod report;
mod severity;
mod shed;
mod source_words;
mod spread;
mod suggestion;
mod suspects;
mod tag_list;
mod test_evidence;
mod test_tool;
mod transition;
mod trust;
mod two_speeds;
mod walk;
mod wilson;
mod working_time;

use std::sync::Arc;

use jiff::Timestamp;

use crate::domain::{Service, Snapshot};

pub use breaks::{Breaks, FirstToBreak};
pub use cadence::{Freshness, cadence};
pub use check_order::OrderAdvice;
pub use consumers::{Confidence, Consumer};
pub use counted::counted;
pub use credentials::{CredentialPolicy, CredentialReport, credential_counts, credentials};
pub use critical_path::{CriticalPath, PathBasis, PathStep, critical_path};
pub use delivery::{Basis, Delivery, Figure, Frequency, Often, by_deployments, by_landed_images};
pub use divergence::{confirm, judge};
pub use duration::{Against, JobDurations, WorkflowDurations, durations};
pub use evidence::Colour;
pub use explain::explain;
pub use flaky::{Flakiness, flakiness};
pub use flaky_build::{BuildCounts, BuildFlakiness};
pub use flaky_job::JobFlakiness;
pub use flaky_test::{TestFlakiness, TestsFlakiness, UnnamedFlakes};
pub use gate::{Builds, Gate, GateVerdict, builds_needed};
pub use glimpse::Glimpse;
pub use incident::{Incident, IncidentBasis, LastGoodPush, incidents};
pub use interest::Interest;
pub use keepsake::{keepsakes, newly_arrived};
pub use next_credential_step::next_step;
pub use plan::{plan, plan_list};
pub use reading::{Depth, readings};
pub use reason::Reason;
pub use regression::{Comparison, Drift, Shift, Timed, compare, regression};
pub use reliability::{Coverage, DeploymentsReport, Reliability, UnreadReport, assess, reliability, renewed};
pub use remedy::what_helps;
pub use report::{Asked, Explanation, Green, Policy, Report, Row, ServiceReport, SourceReport, TagPlace, Verdict};
pub use severity::{Severity, Urgency, urgency};
pub use shed::{Sheddable, sheddable};
pub use source_words::{
    SourceFigure, budget_words, clock, is_scarce, pace_figures, percent, resets, second, skewed, slower, thousands,
    traffic_figures, utc,
};
pub use spread::{Spread, minutes};
pub use suggestion::{Purpose, Suggestion, for_job, for_test};
pub use suspects::Suspect;
pub use transition::Flips;
pub use trust::{Behaviour, Observed, Trust};
pub use two_speeds::TwoSpeeds;
pub use wilson::Rate;
pub use working_time::{act_by, is_working, team_time, time_left, time_past};

/// Judges everything that was seen: did it land? `judge` does one service alone, where only that one changed; `assess`
/// adds how much it can be trusted.
#[must_use]
pub fn analyse(snapshot: &Snapshot, services: &[Arc<Service>], policy: &Policy, now: Timestamp) -> Report {
    let mut report = Report {
        services: services.iter().map(|service| judge(snapshot, service, policy, now)).collect(),
        sources: sources(snapshot),
        ..Report::default()
    };
    report.incidents = incidents(snapshot, &report, policy, now);
    report
}

/// Returns how every source is doing.
#[must_use]
pub fn sources(snapshot: &Snapshot) -> Vec<SourceReport> {
    snapshot.health().iter().map(|(id, health)| SourceReport { id: id.clone(), health: health.clone() }).collect()
}
