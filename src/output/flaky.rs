//! The report's `flaky`: how much the builds, jobs and tests of every service can be trusted.

use jiff::Timestamp;
use serde::Serialize;

use super::json::named;
use super::number::Proportion;
use crate::analysis::{
    Behaviour, BuildCounts, Colour, Coverage, Gate, Glimpse, JobFlakiness, Report, ServiceReport, Suggestion,
    TestFlakiness, Trust, UnreadReport, for_job, for_test,
};
use crate::domain::{Moment, RepoPath, ServiceName, Sha, SourceId, Strength, Text};

#[derive(Serialize)]
pub(super) struct Flaky<'a> {
    runs: Vec<ServiceBuilds<'a>>,
    jobs: Vec<FlakyJob<'a>>,
    tests: Vec<FlakyTest<'a>>,
}

impl<'a> Flaky<'a> {
    /// Returns what is known of every service. Tests that never failed are counted, not listed.
    pub(super) fn of(report: &'a Report) -> Self {
        let services = || report.services.iter();
        let jobs =
            services().flat_map(|service| service.reliability.flakiness.jobs.iter().map(move |job| (service, job)));
        let tests = services().flat_map(|service| {
            let tests = service.reliability.flakiness.tests.tests.iter();
            tests.filter(|test| test.behaviour.failures > 0).map(move |test| (service, test))
        });
        Self {
            runs: services().map(builds).collect(),
            jobs: jobs.map(|(service, one)| job(service, one)).collect(),
            tests: tests.map(|(service, one)| test(service, one)).collect(),
        }
    }
}

#[derive(Serialize)]
struct ServiceBuilds<'a> {
    service: &'a ServiceName,
    ci: &'a SourceId,
    repo: &'a RepoPath,
    gate: GateState,
    flaked: Proportion,
    builds: Counts,
    commits: Ran,
    weak_commits: u32,
    evidence: Option<&'static str>,
    turns: Turns,
    coverage: Covered<'a>,
}

#[derive(Serialize)]
struct GateState {
    verdict: &'static str,
    firm: bool,
    over: bool,
    clean_builds_needed: Option<u32>,
    words: String,
}

impl From<&Gate> for GateState {
    fn from(gate: &Gate) -> Self {
        Self {
            verdict: gate.verdict.word(),
            firm: gate.firm,
            over: gate.over,
            clean_builds_needed: gate.clean_builds_needed,
            words: gate.words(),
        }
    }
}

#[derive(Serialize)]
struct Counts {
    green: u32,
    flaky: u32,
    red: u32,
    red_once: u32,
    infra_recovered: u32,
    undecided: u32,
    unseen: u32,
}

/// Commits that ran more than once, of those that were decided.
#[derive(Serialize)]
struct Ran {
    reran: u32,
    of: u32,
}

#[derive(Serialize)]
struct Turns {
    turns: u32,
    window: u32,
}

#[derive(Serialize)]
struct Covered<'a> {
    runs: usize,
    jobs_read: usize,
    jobs_failure: Option<String>,
    reports_looked_for: Option<usize>,
    reports_failure: Option<String>,
    reports_read: usize,
    reports_in_part: u32,
    reports_ignored: u32,
    tests: usize,
    unread: Vec<Unread<'a>>,
    unnamed: Vec<Unnamed<'a>>,
}

#[derive(Serialize)]
struct Unread<'a> {
    run_id: u64,
    attempt: u32,
    run_url: Option<Text>,
    job: &'a Text,
    file: &'a Text,
    why: String,
}

/// Flakes that a log counts without naming the test.
#[derive(Serialize)]
struct Unnamed<'a> {
    workflow: Option<&'a Text>,
    job: &'a Text,
    commits: u32,
    flakes: u32,
}

fn builds(service: &ServiceReport) -> ServiceBuilds<'_> {
    let builds = &service.reliability.flakiness.builds;
    let BuildCounts { flaky, green, red, infra_recovered, undecided, unseen } = builds.counts;
    let red_once = builds.gate.builds.red_once;
    ServiceBuilds {
        service: &service.service.name,
        ci: &service.service.ci,
        repo: &service.service.repo,
        gate: GateState::from(&builds.gate),
        flaked: Proportion::of(builds.failed_by_flake, builds.gate.builds.known()),
        builds: Counts { green, flaky, red, red_once, infra_recovered, undecided, unseen },
        commits: Ran { reran: builds.observed.reran, of: builds.observed.of },
        weak_commits: builds.weak,
        evidence: builds.strength.map(Strength::word),
        turns: Turns { turns: builds.flips.flips, window: builds.flips.window },
        coverage: covered(service),
    }
}

fn covered(service: &ServiceReport) -> Covered<'_> {
    let known = &*service.reliability;
    let Coverage { jobs_read, jobs_failure, reports_looked_for, reports_failure, reports_read, unread } =
        &known.coverage;
    let tests = &known.flakiness.tests;
    let unread = unread.iter().map(|UnreadReport { run, job, file, why }| Unread {
        run_id: run.id,
        attempt: run.attempt,
        run_url: known.run(run.id).map(|run| Text::from(&run.url)),
        job,
        file,
        why: why.to_string(),
    });
    let unnamed = tests.unnamed.iter().map(|unnamed| {
        let (workflow, job) = &unnamed.job;
        Unnamed { workflow: named(workflow), job, commits: unnamed.commits, flakes: unnamed.flakes }
    });
    Covered {
        runs: known.runs.len(),
        jobs_read: *jobs_read,
        jobs_failure: jobs_failure.as_ref().map(|miss| miss.failure.to_string()),
        reports_looked_for: *reports_looked_for,
        reports_failure: reports_failure.as_ref().map(|miss| miss.failure.to_string()),
        reports_read: *reports_read,
        reports_in_part: tests.cut,
        reports_ignored: tests.ignored_as_infrastructure,
        tests: tests.tests.len() + tests.steady as usize,
        unread: unread.collect(),
        unnamed: unnamed.collect(),
    }
}

#[derive(Serialize)]
struct FlakyJob<'a> {
    service: &'a ServiceName,
    workflow: Option<&'a Text>,
    job: &'a Text,
    allow_failure: bool,
    #[serde(flatten)]
    behaved: Behaved,
    recent: Vec<Recent<'a>>,
    next_steps: Vec<Step>,
}

#[derive(Serialize)]
struct FlakyTest<'a> {
    service: &'a ServiceName,
    workflow: Option<&'a Text>,
    job: &'a Text,
    classname: &'a Text,
    name: &'a Text,
    file: Option<&'a Text>,
    message: Option<&'a str>,
    #[serde(flatten)]
    behaved: Behaved,
    recent: Vec<Recent<'a>>,
    next_steps: Vec<Step>,
}

#[derive(Serialize)]
struct Behaved {
    state: &'static str,
    flaked: Proportion,
    commits: Outcomes,
    executions: u32,
    failures: u32,
    evidence: Option<&'static str>,
    last_flake: Option<Timestamp>,
}

#[derive(Serialize)]
struct Outcomes {
    green: u32,
    flaky: u32,
    red: u32,
    infrastructure: u32,
    undecided: u32,
    weak: u32,
    reran: u32,
}

impl From<&Behaviour> for Behaved {
    fn from(behaviour: &Behaviour) -> Self {
        let Behaviour { green, flaky, red, infrastructure, undecided, weak, observed, .. } = *behaviour;
        Self {
            state: behaviour.trust.word(),
            flaked: Proportion::of(behaviour.rate(), behaviour.known()),
            commits: Outcomes { green, flaky, red, infrastructure, undecided, weak, reran: observed.reran },
            executions: behaviour.executions,
            failures: behaviour.failures,
            evidence: behaviour.strength.map(Strength::word),
            last_flake: behaviour.last_flake,
        }
    }
}

#[derive(Serialize)]
struct Recent<'a> {
    sha: &'a Sha,
    run_id: u64,
    run_url: Option<Text>,
    at: Option<Timestamp>,
    outcome: &'static str,
}

fn recent<'a>(service: &'a ServiceReport, glimpses: &'a [Glimpse]) -> Vec<Recent<'a>> {
    let recent = |glimpse: &'a Glimpse| Recent {
        sha: &glimpse.sha,
        run_id: glimpse.run,
        run_url: service.reliability.run(glimpse.run).map(|run| Text::from(&run.url)),
        at: glimpse.at.map(Moment::at),
        outcome: glimpse.colour.word(),
    };
    glimpses.iter().map(recent).collect()
}

#[derive(Serialize)]
struct Step {
    purpose: &'static str,
    tool: &'static str,
    text: String,
}

/// What could be done, where there is anything to be done.
fn steps(behaviour: &Behaviour, suggestions: impl FnOnce() -> Vec<Suggestion>) -> Vec<Step> {
    if behaviour.trust >= Trust::Recovered {
        return Vec::new();
    }
    let step = |Suggestion { purpose, tool, text }| Step { purpose: purpose.word(), tool, text };
    suggestions().into_iter().map(step).collect()
}

fn job<'a>(service: &'a ServiceReport, job: &'a JobFlakiness) -> FlakyJob<'a> {
    let bad = |glimpse: &&Glimpse| matches!(glimpse.colour, Colour::Flaky | Colour::Red);
    let run = job.recent.iter().rev().find(bad).and_then(|glimpse| service.reliability.run(glimpse.run));
    FlakyJob {
        service: &service.service.name,
        workflow: named(&job.workflow),
        job: &job.name,
        allow_failure: job.allow_failure,
        behaved: Behaved::from(&job.behaviour),
        recent: recent(service, &job.recent),
        next_steps: steps(&job.behaviour, || for_job(run.map(|run| &**run), service.service.trust.retries)),
    }
}

fn test<'a>(service: &'a ServiceReport, test: &'a TestFlakiness) -> FlakyTest<'a> {
    let (workflow, job) = &test.job;
    FlakyTest {
        service: &service.service.name,
        workflow: named(workflow),
        job,
        classname: &test.classname,
        name: &test.name,
        file: test.file.as_ref(),
        message: test.message.as_deref(),
        behaved: Behaved::from(&test.behaviour),
        recent: recent(service, &test.recent),
        next_steps: steps(&test.behaviour, || for_test(test)),
    }
}
