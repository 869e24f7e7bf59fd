//! What can be done with what a row is about: its run and page, what is worth copying, and whether it is a finding.

use super::Subject;
use super::trust;
use super::utc;
use crate::analysis::{
    Against, Colour, Drift, GateVerdict, Glimpse, JobFlakiness, Row, ServiceReport, Shift, Suggestion, TestFlakiness,
    Trust, Verdict, WorkflowDurations, for_job, for_test, minutes, next_step,
};
use crate::domain::{Run, Text};

impl<'a> Subject<'a> {
    /// Returns the run that it is about.
    #[must_use]
    pub fn run(&self) -> Option<&'a Run> {
        match self {
            Self::Service(service) => service.newest_green.as_ref().map(|green| &green.run).or(service.newest.as_ref()),
            Self::Row(_, row) => Some(&row.run),
            Self::Source(_) | Self::Credential(_) | Self::Incident(_) => None,
            Self::Builds(service) => {
                let runs = &service.reliability.runs;
                runs.iter().find(|run| !run.state.is_success()).or(runs.first())
            }
            Self::Job(service, job) => return worst_run(service, &job.recent),
            Self::Test(service, test) => return worst_run(service, &test.recent),
            Self::Workflow(service, Some(workflow)) | Self::JobTime(service, workflow, _) => {
                service.reliability.runs.iter().find(|run| run.workflow == workflow.workflow)
            }
            Self::Workflow(service, None) => service.newest.as_ref(),
        }
        .map(|run| &**run)
    }

    /// Returns whether something is wrong with it.
    #[must_use]
    pub fn is_finding(&self) -> bool {
        match self {
            Self::Service(service) => service.newest_green.as_ref().is_some_and(|green| green.verdict.is_finding()),
            Self::Row(_, row) => row.verdict.is_finding(),
            Self::Source(source) => source.health.trouble().is_some(),
            Self::Credential(row) => row.urgency.severity.is_finding(),
            Self::Incident(_) => true,
            Self::Builds(service) => service.reliability.flakiness.builds.gate.verdict == GateVerdict::StayOnDelivery,
            Self::Job(_, job) => trust::is_finding(job.behaviour.trust),
            Self::Test(_, test) => trust::is_finding(test.behaviour.trust),
            Self::Workflow(_, workflow) => workflow.is_some_and(|workflow| {
                workflow.pipeline == Some(Against::Above) || is_slower(workflow.shift.as_deref())
            }),
            Self::JobTime(_, workflow, job) => is_slower(job.shift.as_deref()) || parallelise(workflow, &job.name),
        }
    }

    /// Returns its verdict, where it has one.
    #[must_use]
    pub fn verdict(&self) -> Option<Verdict> {
        match self {
            Self::Service(service) => service.newest_green.as_ref().map(|green| green.verdict),
            Self::Row(_, row) => Some(row.verdict),
            Self::Source(_)
            | Self::Credential(_)
            | Self::Incident(_)
            | Self::Builds(_)
            | Self::Job(..)
            | Self::Test(..)
            | Self::Workflow(..)
            | Self::JobTime(..) => None,
        }
    }

    /// Returns what one wants to paste elsewhere, best first: the image reference, the commit, the server's words, or
    /// what could be done about a flake.
    #[must_use]
    pub fn worth_copying(&self) -> Vec<String> {
        match self {
            Self::Service(_) => self.run().map(|run| run.sha.to_string()).into_iter().collect(),
            Self::Row(_, row) => vec![row.reference()],
            Self::Source(source) => vec![match (source.health.trouble(), &source.health.earlier) {
                (Some(trouble), _) => format!("{}: {trouble}", source.id),
                (None, Some((at, failure))) => format!("{}: {failure} (at {}, not asked since)", source.id, utc(*at)),
                (None, None) => source.id.to_string(),
            }],
            Self::Credential(row) => {
                let step = next_step(&row.record, row.urgency.severity);
                step.into_iter().chain([row.record.id.to_string()]).collect()
            }
            Self::Incident(incident) => incident.next_steps.clone(),
            Self::Builds(service) => {
                vec![format!("{}: {}", service.service.name, service.reliability.flakiness.builds.gate.words())]
            }
            Self::Job(service, job) => texts(job_suggestions(service, job), &job.name),
            Self::Test(_, test) => texts(test_suggestions(test), &test.name),
            Self::Workflow(service, workflow) => {
                let ran = workflow.and_then(|workflow| Some((workflow, workflow.ran?)));
                let words = ran.map(|(workflow, ran)| {
                    let (name, workflow) = (&service.service.name, &workflow.workflow);
                    format!("{name} {workflow}: p50 {}, p95 {} of {} runs", minutes(ran.p50), minutes(ran.p95), ran.of)
                });
                words.into_iter().collect()
            }
            Self::JobTime(_, _, job) => vec![job.name.to_string()],
        }
    }

    fn address(&self) -> Option<String> {
        let record = match self {
            Self::Credential(row) => &row.record,
            Self::Incident(incident) => {
                return incident.next_steps.iter().find(|step| step.starts_with("http")).cloned();
            }
            Self::Service(_)
            | Self::Row(..)
            | Self::Source(_)
            | Self::Builds(_)
            | Self::Job(..)
            | Self::Test(..)
            | Self::Workflow(..)
            | Self::JobTime(..) => return self.run().map(|run| run.url.to_string()),
        };
        let is_page = |text: &&Text| text.raw().starts_with("http");
        let pages = [record.runbook.as_ref(), record.url.as_ref(), record.replace.as_ref()];
        pages.into_iter().flatten().find(is_page).map(|page| page.raw().to_owned())
    }

    /// Returns the page for people, where it is a web address and nothing else.
    #[must_use]
    pub fn page(&self) -> Option<String> {
        let page = url::Url::parse(&self.address()?).ok()?;
        let address = Text::new(page.as_str());
        (matches!(page.scheme(), "http" | "https") && address.as_str() == page.as_str()).then(|| page.to_string())
    }
}

fn texts(suggestions: Vec<Suggestion>, name: &Text) -> Vec<String> {
    suggestions.into_iter().map(|suggestion| suggestion.text).chain([name.to_string()]).collect()
}

/// Returns what could be done about a job; nothing where there is nothing to be done.
pub(super) fn job_suggestions(service: &ServiceReport, job: &JobFlakiness) -> Vec<Suggestion> {
    if job.behaviour.trust >= Trust::Recovered {
        return Vec::new();
    }
    for_job(worst_run(service, &job.recent), service.service.trust.retries)
}

/// Returns what could be done about a test; nothing where there is nothing to be done, or nothing tells its tool.
pub(super) fn test_suggestions(test: &TestFlakiness) -> Vec<Suggestion> {
    if test.behaviour.trust >= Trust::Recovered { Vec::new() } else { for_test(test) }
}

/// Returns the newest run that did not go well, or else the newest.
fn worst_run<'a>(service: &'a ServiceReport, recent: &[Glimpse]) -> Option<&'a Run> {
    let newest = || recent.iter().rev();
    let bad = newest().find(|glimpse| matches!(glimpse.colour, Colour::Flaky | Colour::Red));
    let glimpse = bad.or_else(|| newest().next())?;
    service.reliability.run(glimpse.run).map(|run| &**run)
}

/// Returns whether something became slower.
pub(super) fn is_slower(shift: Option<&Shift>) -> bool {
    shift.is_some_and(|shift| shift.comparison.drift == Drift::Slower)
}

/// Returns whether a job stands on the critical path and takes long enough to be worth splitting.
pub(super) fn parallelise(workflow: &WorkflowDurations, job: &Text) -> bool {
    let steps = workflow.path.iter().flat_map(|path| &path.steps);
    steps.into_iter().any(|step| step.name == *job && step.parallelise)
}

/// Returns the rows of one run.
pub(super) fn rows_of<'a>(service: &'a ServiceReport, run: &Run) -> impl Iterator<Item = &'a Row> {
    let key = run.key.clone();
    service.rows.iter().filter(move |row| row.run.key == key)
}
