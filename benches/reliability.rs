//! How long it takes to judge how far one service can be trusted, by 250 runs of 15 jobs and 2,000 tests each, and to
//! find that nothing changed.
#![expect(clippy::unwrap_used, reason = "a bench")]

use std::path::Path;
use std::sync::{Arc, OnceLock};

use divan::Bencher;
use jiff::{SignedDuration, Timestamp};
use landfall::analysis::{Depth, Policy, Reliability, ServiceReport, judge, readings, reliability, renewed};
use landfall::config;
use landfall::domain::{
    Batch, Conclusion, Ended, Event, FoundReport, JobExecution, JobId, Observation, Reports, Run, RunKey, RunState,
    Seen, Service, Sha, Snapshot, TestCase, TestReport, TestResult, TestSummary, Urgency,
};

const RUNS: u64 = 250;
const JOBS: u64 = 15;
const TESTS: u32 = 2_000;

#[global_allocator]
static HEAP: landfall::runtime::Heap = landfall::runtime::HEAP;

fn main() {
    divan::main();
}

fn now() -> Timestamp {
    "2026-03-30T12:00:00Z".parse().unwrap()
}

fn minutes_ago(minutes: u64) -> Timestamp {
    now() - SignedDuration::from_mins(i64::try_from(minutes).unwrap())
}

fn service() -> Arc<Service> {
    let text = "[[ci]]\nname = 'github'\nkind = 'github'\n[[service]]\nname = 'shop'\nci = 'github'\nrepo = 'acme/shop'\n\
                reports = 'junit*'\n[[service.image]]\nrepository = 'ghcr.io/acme/shop'\ntags = ['{sha:7}']\n";
    config::parse(text, Path::new("config.toml")).unwrap().config.services.remove(0)
}

fn run(service: &Service, id: u64) -> Run {
    let started_at = Some(minutes_ago(40 * (RUNS - id) + 20));
    Run {
        key: RunKey { ci: service.ci.clone(), repo: service.repo.clone(), id, attempt: 1 },
        number: id,
        workflow: "release".into(),
        workflow_file: Some("release.yml".into()),
        event: Event("push".into()),
        branch: Some("main".into()),
        git_tag: None,
        pull_request: None,
        sha: Sha::parse(&format!("{id:0>40x}")).unwrap(),
        title: "Change something".into(),
        url: "https://ci.test/run".into(),
        state: RunState::Finished(if id.is_multiple_of(9) { Conclusion::Failure } else { Conclusion::Success }),
        created_at: started_at.map(Into::into),
        committed_at: None,
        started_at: started_at.map(Into::into),
        finished_at: Some(minutes_ago(40 * (RUNS - id)).into()),
    }
}

fn job(run: &Run, number: u64) -> JobExecution {
    let failed = run.key.id.is_multiple_of(9) && number == 3;
    let took = i64::try_from(60 + number * 20 + run.key.id % 7).unwrap();
    JobExecution {
        id: JobId(run.key.id * 100 + number),
        name: format!("job {number}").as_str().into(),
        stage: None,
        attempt: 1,
        state: RunState::Finished(if failed { Conclusion::Failure } else { Conclusion::Success }),
        failure_reason: None,
        allow_failure: false,
        created_at: run.started_at.map(Into::into),
        started_at: run.started_at.map(Into::into),
        finished_at: run.started_at.map(|start| start.at() + SignedDuration::from_secs(took)),
        queued: None,
        took: None,
        needs: None,
    }
}

fn summary(run: &Run) -> TestSummary {
    let mut report = TestReport::default();
    for number in 0..TESTS {
        let name = format!("test {number}");
        let fails = (u64::from(number) * 7 + run.key.id * 31).is_multiple_of(1_997);
        let result = if fails { TestResult::Failed } else { TestResult::Passed };
        let (suite, host, classname, file) = ("", "", "shop", None);
        let (flaky, reruns, seconds, message) = (0, 0, None, None);
        let case = TestCase { suite, host, classname, name: &name, file, result, flaky, reruns, seconds, message };
        report.push(&case).unwrap();
    }
    TestSummary::of(&[report])
}

struct Seat {
    service: Arc<Service>,
    snapshot: Snapshot,
    report: ServiceReport,
}

fn seat() -> &'static Seat {
    static SEAT: OnceLock<Seat> = OnceLock::new();
    SEAT.get_or_init(|| {
        let service = service();
        let mut snapshot = Snapshot::default();
        let mut see = |seen| snapshot.absorb(Observation { at: now(), source: service.ci.clone(), seen });
        let runs: Vec<Arc<Run>> = (1..=RUNS).rev().map(|id| Arc::new(run(&service, id))).collect();
        see(Seen::Runs(service.name.clone(), Batch { items: runs.clone(), skipped: 0, complete: true }));
        for run in &runs {
            let ended = Ended { run: run.key.clone(), at: None };
            let items = (0..JOBS).map(|number| job(run, number)).collect();
            see(Seen::Tries(ended.clone(), Arc::new(Batch { items, skipped: 0, complete: true })));
            let found = FoundReport {
                job: "junit".into(),
                at: run.finished_at.map(Into::into),
                summary: Some(Arc::new(summary(run))),
                unread: Vec::new(),
            };
            see(Seen::Reports(ended, Arc::new(Reports(vec![found]))));
        }
        let report = judge(&snapshot, &service, &Policy::default(), now());
        Seat { service, snapshot, report }
    })
}

#[divan::bench]
fn all_of_it(bencher: Bencher<'_, '_>) {
    let Seat { snapshot, report, .. } = seat();
    bencher.bench(|| -> Reliability { reliability(snapshot, report, &Policy::default(), now()) });
}

#[divan::bench]
fn nothing_changed(bencher: Bencher<'_, '_>) {
    let Seat { snapshot, report, .. } = seat();
    let known = renewed(&Arc::default(), snapshot, report, &Policy::default(), now());
    bencher.bench(|| -> Arc<Reliability> { renewed(&known, snapshot, report, &Policy::default(), now()) });
}

#[divan::bench]
fn nothing_left_to_read(bencher: Bencher<'_, '_>) {
    let Seat { snapshot, service, .. } = seat();
    bencher.bench(|| readings(snapshot, service, Depth::Reports, Urgency::Spare, now()).len());
}
