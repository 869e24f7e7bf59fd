//! What the jobs of every try, test reports and logs add, and that none of it changes a verdict.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use landfall::analysis::{Rate, Reliability, reliability};
use landfall::domain::{
    Batch, Conclusion, Ended, Failure, FoundReport, Globs, JobExecution, JobId, Look, PushLog, Reports, RetriedTest,
    Retries, RetryLog, Run, RunKey, RunState, Seen, TestCase, TestReport, TestResult, TestSummary, Unreadable,
};

use crate::world::{World, digest, image, minutes_ago, now};

pub(crate) fn judged(world: &World) -> Reliability {
    reliability(&world.snapshot, &world.report(), &world.policy, now())
}

/// A job that began so many minutes ago and took so many.
pub(crate) fn job(id: u64, name: &str, attempt: u32, conclusion: Conclusion, began: i64, took: i64) -> JobExecution {
    JobExecution {
        id: JobId(id),
        name: name.into(),
        stage: None,
        attempt,
        state: RunState::Finished(conclusion),
        failure_reason: None,
        allow_failure: false,
        created_at: Some(minutes_ago(began + 1)),
        started_at: Some(minutes_ago(began)),
        finished_at: Some(minutes_ago(began - took)),
        queued: None,
        took: None,
        needs: None,
    }
}

pub(crate) fn tries(of: Ended, items: Vec<JobExecution>) -> Seen {
    Seen::Tries(of, Arc::new(Batch { items, skipped: 0, complete: true }))
}

pub(crate) fn end(run: &RunKey) -> Ended {
    Ended { run: run.clone(), at: None }
}

fn summary(cases: &[(&str, TestResult)]) -> Arc<TestSummary> {
    let mut report = TestReport::default();
    for &(name, result) in cases {
        let case = TestCase {
            suite: "",
            host: "",
            classname: "shop",
            name,
            file: None,
            result,
            flaky: 0,
            reruns: 0,
            seconds: None,
            message: None,
        };
        report.push(&case).unwrap();
    }
    Arc::new(TestSummary::of(&[report]))
}

fn found(at: Option<Timestamp>, cases: &[(&str, TestResult)]) -> FoundReport {
    FoundReport { job: "junit".into(), at, summary: Some(summary(cases)), unread: Vec::new() }
}

/// A run of two attempts, of which only the second was ever listed.
fn second_attempt(world: &mut World) -> RunKey {
    let first = world.run_with(1, 60, |run| run.key.attempt = 2);
    let jobs = vec![
        job(11, "test", 1, Conclusion::Failure, 90, 5),
        job(12, "docker push", 1, Conclusion::Skipped, 85, 0),
        job(13, "test", 2, Conclusion::Success, 65, 3),
        job(14, "docker push", 2, Conclusion::Success, 62, 2),
    ];
    let run = RunKey { attempt: 2, ..first };
    world.see(now(), tries(end(&run), jobs));
    run
}

#[test]
fn an_attempt_that_was_never_listed_is_not_known_until_the_jobs_of_every_try_are_read() {
    let mut world = World::new();
    world.run_with(1, 60, |run| run.key.attempt = 2);
    let before = judged(&world);
    assert_eq!((before.flakiness.builds.counts.unseen, before.flakiness.builds.counts.green), (1, 0));
    assert_eq!(before.coverage.jobs_read, 0);
    let mut world = World::new();
    second_attempt(&mut world);
    let after = judged(&world);
    assert_eq!(after.flakiness.builds.counts.flaky, 1);
    assert_eq!(after.flakiness.builds.failed_by_flake, Rate::new(1, 1));
    assert_eq!(after.coverage.jobs_read, 1);
    let flaky: Vec<_> = after.flakiness.jobs.iter().map(|job| (job.name.as_str(), job.behaviour.flaky)).collect();
    assert_eq!(flaky, [("test", 1), ("docker push", 0)]);
}

#[test]
fn an_older_attempt_changes_no_verdict() {
    let mut world = World::new();
    let run = second_attempt(&mut world);
    world.job(&run, Conclusion::Success, 60).pushed("sha-0000000", "one", None);
    let before = world.verdict(&run);
    let rows = format!("{:?}", world.report().rows);
    let skipped = job(12, "docker push", 1, Conclusion::Skipped, 85, 0);
    world.see(now(), tries(end(&run), vec![skipped]));
    assert_eq!(world.verdict(&run), before);
    assert_eq!(format!("{:?}", world.report().rows), rows);
    assert!(!world.wants(|look| matches!(look, Look::Tries(_) | Look::Reports(_))), "no verdict wants them");
}

#[test]
fn what_a_pipeline_said_before_it_ended_anew_is_not_believed_any_more() {
    let mut world = World::new().change(|service| service.trust.retries = Retries::Jobs);
    let run = world.run_with(1, 60, |run| run.state = RunState::Finished(Conclusion::Failure));
    let first = Ended { run: run.clone(), at: Some(minutes_ago(60)) };
    world.see(now(), tries(first, vec![job(11, "test", 1, Conclusion::Failure, 64, 4)]));
    assert_eq!(judged(&world).flakiness.builds.counts.red, 1);
    world.goes_on(&run, |run: &mut Run| {
        run.state = RunState::Finished(Conclusion::Success);
        run.finished_at = Some(minutes_ago(30).into());
    });
    let counts = judged(&world).flakiness.builds.counts;
    assert_eq!((counts.unseen, counts.green, counts.red), (1, 0, 0), "it is green, after nobody knows how many tries");
    let second = Ended { run, at: Some(minutes_ago(30)) };
    let both = vec![job(11, "test", 1, Conclusion::Failure, 64, 4), job(12, "test", 2, Conclusion::Success, 33, 3)];
    world.see(now(), tries(second, both));
    assert_eq!(judged(&world).flakiness.builds.counts.flaky, 1);
}

#[test]
fn a_pipeline_takes_as_long_as_any_of_its_jobs_runs() {
    let mut world = World::new().change(|service| service.trust.retries = Retries::Jobs);
    let run = world.run(1, 60);
    let of = Ended { run, at: Some(minutes_ago(60)) };
    // Two at once for ten minutes, a wait of five, and five more; the first try of the second job is no part of it.
    let jobs = vec![
        job(11, "unit", 1, Conclusion::Success, 90, 10),
        job(12, "e2e", 1, Conclusion::Failure, 120, 7),
        job(13, "e2e", 2, Conclusion::Success, 88, 8),
        job(14, "publish", 1, Conclusion::Success, 75, 5),
    ];
    world.see(now(), tries(of, jobs));
    let found = judged(&world);
    let ran = found.durations[0].ran.unwrap();
    assert_eq!(ran.p50, SignedDuration::from_mins(15));
}

#[test]
fn jobs_that_were_read_in_part_leave_open_what_was_not_seen() {
    let mut world = World::new();
    let run = world.run(1, 60);
    let items = vec![job(11, "test", 1, Conclusion::Success, 65, 3)];
    world.see(now(), Seen::Tries(end(&run), Arc::new(Batch { items, skipped: 0, complete: false })));
    assert_eq!(judged(&world).flakiness.builds.counts.unseen, 1);
}

#[test]
fn a_test_that_failed_in_one_attempt_and_passed_in_the_next_is_a_flake_of_that_test() {
    let mut world = World::new().change(|service| service.trust.reports = Globs::parse(&["junit*".to_owned()]).ok());
    let run = second_attempt(&mut world);
    let (pass, fail) = (TestResult::Passed, TestResult::Failed);
    let reports = Reports(vec![
        found(Some(minutes_ago(84)), &[("adds", pass), ("sums", fail)]),
        found(Some(minutes_ago(61)), &[("adds", pass), ("sums", pass)]),
    ]);
    world.see(now(), Seen::Reports(end(&run), Arc::new(reports)));
    let found = judged(&world);
    let tests: Vec<_> = found.flakiness.tests.tests.iter().map(|it| (it.name.as_str(), it.behaviour.flaky)).collect();
    assert_eq!(tests, [("sums", 1)]);
    assert_eq!(found.flakiness.tests.steady, 1);
    assert_eq!(found.flakiness.tests.observed.words(), "1 of 1 commits ran more than once");
    assert_eq!((found.coverage.reports_looked_for, found.coverage.reports_read), (Some(1), 2));
    let glimpse = &found.flakiness.tests.tests[0].recent[0];
    assert_eq!(found.run(glimpse.run).map(|run| run.number), Some(1), "the run of a flake can be opened");
}

#[test]
fn a_report_that_could_not_be_read_is_counted_with_its_reason() {
    let mut world = World::new().change(|service| service.trust.reports = Globs::parse(&["junit*".to_owned()]).ok());
    assert_eq!(judged(&world).coverage.reports_looked_for, Some(0));
    let run = world.run(1, 60);
    let unread = vec![("".into(), Unreadable::Expired)];
    let lost = FoundReport { job: "junit".into(), at: None, summary: None, unread };
    world.see(now(), Seen::Reports(end(&run), Arc::new(Reports(vec![lost]))));
    let found = judged(&world);
    assert_eq!((found.coverage.reports_looked_for, found.coverage.reports_read), (Some(1), 0));
    assert_eq!(found.flakiness.tests.unreadable, 1);
    let unread: Vec<_> = found.coverage.unread.iter().map(|it| (it.run.id, it.job.as_str(), &it.why)).collect();
    assert_eq!(unread, [(1001, "junit", &Unreadable::Expired)]);
}

#[test]
fn reports_that_nobody_asked_for_are_said_to_be_neither_read_nor_missing() {
    let mut world = World::new();
    world.run(1, 60);
    assert_eq!(judged(&world).coverage.reports_looked_for, None);
}

#[test]
fn marks_of_a_retry_in_a_log_that_was_read_anyhow_count() {
    let mut world = World::new();
    let run = world.run(1, 60);
    world.see(now(), tries(end(&run), vec![job(11, "docker push", 1, Conclusion::Success, 65, 3)]));
    let test = RetriedTest { classname: "shop".into(), name: "sums".into(), failed: 1, passed: true };
    let marks = RetryLog { tests: vec![test], flaky: 1, reruns: 0, truncated: false };
    let log = PushLog { available: true, retries: Some(Arc::new(marks)), ..PushLog::default() };
    world.see(now(), Seen::PushLog(run.clone(), JobId(11), log));
    let flaky: Vec<_> = judged(&world).flakiness.tests.tests.iter().map(|test| test.behaviour.flaky).collect();
    assert_eq!(flaky, [1]);
    // It stays when what the verdict needed of the run is let go.
    world.snapshot.shed_runs(&[run]);
    assert_eq!(judged(&world).flakiness.tests.tests.len(), 1);
}

#[test]
fn what_could_not_be_read_is_said_and_keeps_what_was_known() {
    let mut world = World::new();
    let run = second_attempt(&mut world);
    let refused = || Failure::Forbidden("no".into());
    world.see(now(), Seen::Failed(Look::Tries(end(&run)), refused()));
    world.see(now(), Seen::Failed(Look::Reports(end(&run)), refused()));
    let found = judged(&world);
    assert_eq!(found.flakiness.builds.counts.flaky, 1);
    assert_eq!(found.coverage.jobs_failure.map(|miss| miss.failure), Some(refused()));
    assert_eq!(found.coverage.reports_failure.map(|miss| miss.failure), Some(refused()));
}

#[test]
fn a_commit_that_landed_is_remembered_when_its_run_is_gone_from_the_list() {
    let mut world = World::new();
    let run = world.run(1, 60);
    world.job(&run, Conclusion::Success, 60).pushed_at(minutes_ago(59), "sha-0000000", "one", None);
    world.log(&run, &[(&image(), "sha-0000000", &digest("one"))]).canary();
    let report = world.report();
    let facts = landfall::app::settle(&mut world.snapshot, &report, true, now()).facts;
    assert!(facts.iter().any(|fact| matches!(fact, landfall::domain::Fact::Arrived(..))));
    let name = world.service.name.clone();
    // An empty list is believed when it comes twice.
    for _ in 0..2 {
        world.see(now(), Seen::Runs(name.clone(), Batch { items: Vec::new(), skipped: 0, complete: true }));
    }
    let service = world.service.clone();
    world.snapshot.tidy(&service);
    assert!(world.report().rows.is_empty());
    assert_eq!(judged(&world).landings.lead_time.map(|figure| figure.value.of), Some(1));
}
