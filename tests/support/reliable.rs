//! Services whose green and red can be trusted more or less, each in its own way.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use landfall::analysis::{
    Coverage, Freshness, Policy, Reliability, Report, ServiceReport, UnreadReport, by_landed_images, durations,
    flakiness,
};
use landfall::domain::{
    Execution, Globs, ImageName, ImageSpec, JobExecution, LandedCommit, Moment, RepoPath, Retries, RevisionRule, Run,
    RunKey, Service, ServiceName, SourceId, TagTemplate, TestCase, TestEvidence, TestReport, TestResult, TestRun, Text,
    TrustSpec, Unreadable,
};

use crate::executions::{evidence, job, now, run, seconds};

/// Between two commits.
const APART: i64 = 6;

pub(crate) fn service(name: &str, retries: Retries) -> Arc<Service> {
    Arc::new(Service {
        name: ServiceName::parse(name).unwrap(),
        ci: SourceId::parse("github").unwrap(),
        repo: RepoPath::parse(&format!("acme/{name}")).unwrap(),
        workflow: Globs::parse(&[]).unwrap(),
        branch: Globs::parse(&[]).unwrap(),
        event: Globs::parse(&[]).unwrap(),
        push_job: Globs::parse(&[]).unwrap(),
        images: vec![ImageSpec {
            repository: ImageName::parse(&format!("ghcr.io/acme/{name}")).unwrap(),
            tags: vec![TagTemplate::parse("sha-{sha:7}").unwrap()],
            platforms: Vec::new(),
            revision: RevisionRule::Auto,
        }],
        claimed: Arc::default(),
        trust: TrustSpec { retries, ..TrustSpec::default() },
    })
}

/// How one commit came out.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Came {
    Green,
    Red,
    /// Red at first, and green when it was tried again.
    Flaked,
}

/// The commits of one service, oldest first: how each came out, and how long its end-to-end tests took.
pub(crate) struct Story {
    pub(crate) name: &'static str,
    pub(crate) retries: Retries,
    pub(crate) commits: Vec<(Came, i64)>,
    /// Whether jobs are known.
    pub(crate) looked: bool,
}

impl Story {
    pub(crate) fn of(name: &'static str, count: usize, came: impl Fn(usize) -> Came) -> Self {
        let commits = (0..count).map(|place| (came(place), 240)).collect();
        Self { name, retries: Retries::Runs, commits, looked: true }
    }

    pub(crate) fn taking(mut self, took: impl Fn(usize) -> i64) -> Self {
        self.commits.iter_mut().enumerate().for_each(|(place, (_, time))| *time = took(place));
        self
    }

    fn begins(&self, place: usize) -> Timestamp {
        let ago = i64::try_from(self.commits.len() - place).unwrap() * APART;
        now() - SignedDuration::from_hours(ago)
    }

    fn run(&self, place: usize) -> Run {
        let (came, _) = self.commits[place];
        let attempt = if came == Came::Flaked { 2 } else { 1 };
        let id = u64::try_from(place).unwrap() + 1;
        let outcome = if came == Came::Red { "failure" } else { "success" };
        let plain = run(id, attempt, &format!("{place:03}{}", self.name), outcome);
        let begins = self.begins(place);
        let jobs = self.jobs(place);
        Run {
            key: RunKey { repo: RepoPath::parse(&format!("acme/{}", self.name)).unwrap(), ..plain.key.clone() },
            workflow: "release".into(),
            url: format!("https://ci.test/acme/{}/runs/{id}", self.name).into(),
            created_at: Some(begins.into()),
            started_at: Some((begins + seconds(4)).into()),
            finished_at: jobs.iter().filter_map(|job| job.finished_at).max().map(Into::into),
            ..plain
        }
    }

    /// Build, then unit tests and end-to-end tests side by side, then the push.
    fn jobs(&self, place: usize) -> Vec<JobExecution> {
        let (came, e2e) = self.commits[place];
        let first = if came == Came::Green { "success" } else { "failure" };
        let id = u64::try_from(place).unwrap() * 100;
        let begins = self.begins(place);
        let timed = |id: u64, name: &str, attempt: u32, word: &str, (created, took): (i64, i64)| {
            let mut job = job(id, name, attempt, word);
            let at = |after: i64| Some(begins + seconds(after));
            (job.created_at, job.started_at, job.finished_at) = (at(created), at(created + 9), at(created + 9 + took));
            job
        };
        let mut jobs = vec![
            timed(id + 1, "build", 1, "success", (4, 150)),
            timed(id + 2, "unit", 1, "success", (164, 70)),
            timed(id + 3, "e2e (chrome)", 1, first, (164, e2e)),
        ];
        if came == Came::Flaked {
            jobs.push(timed(id + 4, "e2e (chrome)", 2, "success", (1_000, e2e)));
        }
        if came != Came::Red {
            let since = jobs.last().and_then(|job| job.finished_at).unwrap().duration_since(begins).as_secs();
            let attempt = if came == Came::Flaked { 2 } else { 1 };
            jobs.push(timed(id + 5, "docker push", attempt, "success", (since + 1, 40)));
        }
        jobs
    }

    fn executions(&self) -> Vec<Execution> {
        let of = |place| {
            let jobs = self.looked.then(|| self.jobs(place));
            Execution::of(&self.run(place), true, self.retries, jobs)
        };
        (0..self.commits.len()).map(of).collect()
    }

    /// Judges it, with these test reports.
    pub(crate) fn judged(&self, tests: &[TestRun], policy: &Policy) -> ServiceReport {
        let executions = self.executions();
        let mut runs: Vec<Arc<Run>> = (0..self.commits.len()).map(|place| Arc::new(self.run(place))).collect();
        let landed: Vec<LandedCommit> =
            runs.iter().filter(|run| run.state.is_success()).map(|run| landed(run)).collect();
        let since = runs.first().and_then(|run| run.created_at).map_or_else(now, Moment::at);
        runs.reverse();
        let unread = tests.iter().filter_map(|run| match &run.evidence {
            TestEvidence::Unreadable(why) => {
                let TestRun { run, job, file, .. } = run.clone();
                Some(UnreadReport { run, job, file, why: why.clone() })
            }
            _ => None,
        });
        let mut known = Reliability::default();
        known.coverage = Coverage {
            jobs_read: if self.looked { runs.len() } else { 0 },
            reports_looked_for: (!tests.is_empty()).then_some(runs.len()),
            reports_read: tests.iter().filter(|run| matches!(run.evidence, TestEvidence::Report(_))).count(),
            unread: unread.collect(),
            ..Coverage::default()
        };
        known.runs = runs;
        known.flakiness = flakiness(&executions, tests, policy, now());
        known.durations = durations(&executions, policy);
        known.landings = by_landed_images(&landed, since, now());
        report_of(&service(self.name, self.retries), known)
    }

    /// The report of one commit's end-to-end tests: `class name=P`, one each.
    pub(crate) fn tested(&self, place: usize, cases: &[(&str, &str, TestResult, u32)]) -> TestRun {
        let mut report = TestReport::default();
        for (classname, name, result, flaky) in cases {
            let case = TestCase {
                suite: "",
                host: "",
                classname,
                name,
                file: None,
                result: *result,
                flaky: *flaky,
                reruns: 0,
                seconds: None,
                message: (*result != TestResult::Passed || *flaky > 0)
                    .then_some("assertion failed: left == right\n  left: 3\n right: 2"),
            };
            report.push(&case).unwrap();
        }
        self.evidence(place, TestEvidence::Report(Arc::new(report)))
    }

    pub(crate) fn unreadable(&self, place: usize, why: Unreadable) -> TestRun {
        self.evidence(place, TestEvidence::Unreadable(why))
    }

    fn evidence(&self, place: usize, of: TestEvidence) -> TestRun {
        let run = self.run(place);
        let at = run.finished_at;
        let job: Text = "e2e (chrome)".into();
        TestRun {
            at: at.map(Into::into),
            sha: run.sha,
            workflow: "release".into(),
            job,
            ..evidence(&run.key, "c0", "x", of)
        }
    }
}

fn landed(run: &Run) -> LandedCommit {
    LandedCommit {
        sha: run.sha.clone(),
        title: run.title.clone(),
        committed_at: None,
        run_created_at: run.created_at,
        landed_at: run.finished_at.unwrap(),
    }
}

pub(crate) fn report_of(service: &Arc<Service>, known: Reliability) -> ServiceReport {
    ServiceReport {
        service: service.clone(),
        rows: Vec::new(),
        newest: known.runs.first().cloned(),
        newest_green: None,
        newest_landed: None,
        way_back: None,
        behind: None,
        since: None,
        seen_at: Some(now()),
        freshness: Freshness::Live,
        failure: None,
        complete: true,
        skipped: 0,
        settled: true,
        reliability: Arc::new(known),
    }
}

/// Tests of a Rust service, of which one is flaky, one suspect, one broken and one healthy.
fn checkout_tests(story: &Story) -> Vec<TestRun> {
    use TestResult::{Failed, Passed};
    let cases = |place: usize| {
        let rounds = if place == 30 { (Passed, 2) } else { (Passed, 0) };
        let dates = if matches!(place, 35 | 37 | 38) { (Passed, 1) } else { (Passed, 0) };
        let broken = if place >= 36 { (Failed, 0) } else { (TestResult::Skipped, 0) };
        story.tested(
            place,
            &[
                ("checkout::orders", "orders::adds_a_coupon", Passed, 0),
                ("checkout::orders", "orders::rounds_half_to_even", rounds.0, rounds.1),
                ("checkout::orders", "delivery::dates_are_in_order", dates.0, dates.1),
                ("checkout::orders", "payment::refuses_an_expired_card", broken.0, broken.1),
                ("checkout::orders", "payment::asks_once", Passed, 0),
            ],
        )
    };
    let mut all: Vec<TestRun> = (20..40).map(cases).collect();
    all.push(story.unreadable(12, Unreadable::Dtd));
    all.push(story.unreadable(9, Unreadable::Empty));
    all
}

/// Every way in which a gate can stand, and a service of which nothing is known.
pub(crate) fn report() -> Report {
    let policy = Policy::default();
    let checkout = Story::of("checkout", 40, |place| match place {
        5 | 12 | 22 | 30 | 35 | 37 | 38 => Came::Flaked,
        8 | 27 => Came::Red,
        _ => Came::Green,
    })
    .taking(|place| if place < 34 { 300 + i64::try_from(place % 5).unwrap() * 6 } else { 480 });
    let cart = Story::of("cart", 120, |place| if place == 50 { Came::Flaked } else { Came::Green });
    let gateway = Story::of("gateway", 30, |place| if place == 20 { Came::Flaked } else { Came::Green })
        .taking(|place| if place % 3 == 0 { 330 } else { 150 });
    let mut ledger = Story::of("ledger", 26, |place| if place % 6 == 3 { Came::Red } else { Came::Green });
    ledger.looked = false;
    let search = Story::of("search", 12, |place| if place == 4 { Came::Flaked } else { Came::Green });
    let newcomer = report_of(&service("newcomer", Retries::Runs), Reliability::default());
    let tests = checkout_tests(&checkout);
    let services = vec![
        cart.judged(&[], &policy),
        checkout.judged(&tests, &policy),
        gateway.judged(&[], &policy),
        ledger.judged(&[], &policy),
        newcomer,
        search.judged(&[], &policy),
    ];
    Report { services, ..Report::default() }
}
