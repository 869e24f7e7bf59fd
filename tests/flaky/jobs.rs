//! Jobs that pass and fail on the same code, by worked examples.

use landfall::analysis::{JobFlakiness, Policy, Trust, flakiness};
use landfall::domain::{Event, Execution, JobExecution, Retries, Strength, number_retries};
use rstest::rstest;

use crate::executions::{days_ago, job, now, run, seconds};

/// Jobs as `commit/id name=status:reason`; those of one commit belong to one pipeline.
fn pipelines(written: &[&str]) -> Vec<Execution> {
    let mut found: Vec<(String, Vec<JobExecution>)> = Vec::new();
    for line in written {
        let (place, said) = line.split_once(' ').unwrap();
        let (commit, id) = place.split_once('/').unwrap();
        let (name, said) = said.split_once('=').unwrap();
        let (status, reason) = said.split_once(':').unwrap_or((said, ""));
        let mut job = job(id.parse().unwrap(), name, 1, status);
        job.failure_reason = Some(reason).filter(|reason| !reason.is_empty()).map(Into::into);
        match found.iter_mut().find(|(known, _)| known == commit) {
            Some((_, jobs)) => jobs.push(job),
            None => found.push((commit.to_owned(), vec![job])),
        }
    }
    let numbered = (1..).zip(found);
    numbered
        .map(|(id, (commit, mut jobs))| {
            number_retries(&mut jobs);
            Execution::of(&run(id, 1, &commit, "success"), true, Retries::Jobs, Some(jobs))
        })
        .collect()
}

fn judged(runs: &[Execution]) -> Vec<JobFlakiness> {
    flakiness(runs, &[], &Policy::default(), now()).jobs
}

/// `name: flaky green red infra undecided rate`.
fn lines(runs: &[Execution]) -> Vec<String> {
    let line = |job: &JobFlakiness| {
        let seen = &job.behaviour;
        let rate = seen.rate();
        let (flaky, green, red) = (seen.flaky, seen.green, seen.red);
        format!("{}: {flaky} {green} {red} {} {} {rate}", job.name, seen.infrastructure, seen.undecided)
    };
    let mut lines: Vec<String> = judged(runs).iter().map(line).collect();
    lines.sort();
    lines
}

#[rstest]
#[case::a_retry(&["a/1 rspec=failed:script_failure", "a/2 rspec=success"], &["rspec: 1 0 0 0 0 1 of 1"])]
#[case::a_retry_listed_the_other_way(&["a/2 rspec=success", "a/1 rspec=failed"], &["rspec: 1 0 0 0 0 1 of 1"])]
#[case::a_runner_that_was_lost(
    &["a/1 rspec=failed:runner_system_failure", "a/2 rspec=success"], &["rspec: 0 0 0 1 0 —"]
)]
#[case::variants_are_different_jobs(
    &["a/1 test (linux)=success", "a/2 test (windows)=failed"],
    &["test (linux): 0 1 0 0 0 0 of 1", "test (windows): 0 0 1 0 0 0 of 1"]
)]
#[case::nothing_decided(
    &["a/1 deploy=skipped", "a/2 e2e=manual", "a/3 bench=canceled"],
    &["bench: 0 0 0 0 1 —", "deploy: 0 0 0 0 1 —", "e2e: 0 0 0 0 1 —"]
)]
#[case::one_of_ten_commits(
    &["a/1 it=failed", "a/2 it=success", "b/3 it=success", "c/4 it=success", "d/5 it=success", "e/6 it=success",
      "f/7 it=success", "g/8 it=success", "h/9 it=success", "i/10 it=success", "j/11 it=success"],
    &["it: 1 9 0 0 0 10% (2–40)"]
)]
#[case::a_time_out_in_the_code(&["a/1 it=failed:job_execution_timeout", "a/2 it=success"], &["it: 1 0 0 0 0 1 of 1"])]
fn jobs_are_sorted(#[case] written: &[&str], #[case] expected: &[&str]) {
    assert_eq!(lines(&pipelines(written)), expected);
}

#[test]
fn a_job_that_may_fail_is_still_flaky() {
    let mut runs = pipelines(&["a/1 canary=failed", "a/2 canary=success"]);
    for job in runs.iter_mut().flat_map(|run| &mut run.jobs) {
        job.allow_failure = true;
    }
    assert_eq!(lines(&runs), ["canary: 1 0 0 0 0 1 of 1"]);
    assert!(judged(&runs).iter().all(|job| job.allow_failure));
}

fn timed(mut job: JobExecution, start: i64, end: i64) -> JobExecution {
    job.started_at = Some(days_ago(1) + seconds(start));
    job.finished_at = Some(days_ago(1) + seconds(end));
    job
}

#[test]
fn what_a_second_attempt_carried_over_did_not_run_again() {
    let jobs = vec![
        timed(job(1, "lint", 1, "success"), 0, 30),
        timed(job(2, "lint", 2, "success"), 0, 30),
        timed(job(3, "test", 1, "failure"), 0, 120),
        timed(job(4, "test", 2, "success"), 300, 420),
    ];
    let runs = [Execution::of(&run(1, 2, "a", "success"), true, Retries::Runs, Some(jobs))];
    assert_eq!(lines(&runs), ["lint: 0 1 0 0 0 0 of 1", "test: 1 0 0 0 0 1 of 1"]);
    let executions =
        |name: &str| judged(&runs).iter().find(|job| job.name.raw() == name).map(|job| job.behaviour.executions);
    assert_eq!((executions("lint"), executions("test")), (Some(1), Some(2)));
}

#[test]
fn jobs_of_one_name_side_by_side_are_no_retries_of_each_other() {
    let jobs = vec![job(1, "test", 1, "failure"), job(2, "test", 1, "success")];
    let runs = [Execution::of(&run(1, 1, "a", "failure"), true, Retries::Runs, Some(jobs))];
    assert_eq!(lines(&runs), ["test: 0 0 1 0 0 0 of 1"]);
}

#[test]
fn runs_for_pull_requests_make_a_job_suspect_and_no_more() {
    let one = |id, outcome: &str| {
        let mut run = run(id, 1, "a", outcome);
        run.event = Event("pull_request".into());
        Execution::of(&run, false, Retries::Runs, Some(vec![job(id, "test", 1, outcome)]))
    };
    let jobs = judged(&[one(1, "failure"), one(2, "success")]);
    let [test] = &jobs[..] else { panic!("{jobs:?}") };
    assert_eq!((test.behaviour.flaky, test.behaviour.weak, test.behaviour.trust), (0, 1, Trust::Suspect));
    assert_eq!(test.behaviour.strength, Some(Strength::Weak));
    assert_eq!(test.behaviour.observed.reran, 0);
}

#[test]
fn a_pushed_and_a_scheduled_run_of_one_commit_are_weak_evidence() {
    let one = |id, outcome: &str, event: &str| {
        let mut run = run(id, 1, "a", outcome);
        run.event = Event(event.into());
        Execution::of(&run, true, Retries::Runs, Some(vec![job(id, "test", 1, outcome)]))
    };
    let jobs = judged(&[one(1, "failure", "push"), one(2, "success", "schedule")]);
    assert_eq!(jobs.first().map(|job| (job.behaviour.flaky, job.behaviour.strength)), Some((0, Some(Strength::Weak))));
}

#[test]
fn separate_pushes_of_one_commit_are_medium_evidence() {
    let one = |id, outcome: &str| {
        Execution::of(&run(id, 1, "a", outcome), true, Retries::Runs, Some(vec![job(id, "test", 1, outcome)]))
    };
    let jobs = judged(&[one(1, "failure"), one(2, "success")]);
    assert_eq!(
        jobs.first().map(|job| (job.behaviour.flaky, job.behaviour.strength)),
        Some((1, Some(Strength::Medium)))
    );
}

#[test]
fn one_try_of_a_job_whose_first_try_was_not_looked_at_is_not_green() {
    let second =
        Execution::of(&run(1, 2, "a", "success"), true, Retries::Runs, Some(vec![job(2, "test", 2, "success")]));
    assert_eq!(judged(std::slice::from_ref(&second)), []);
    let first =
        Execution::of(&run(1, 1, "a", "failure"), true, Retries::Runs, Some(vec![job(1, "test", 1, "failure")]));
    assert_eq!(lines(&[second, first]), ["test: 1 0 0 0 0 1 of 1"]);
}
