//! One run seen several times: what is put together from looks at its list entry and at its jobs.

use landfall::domain::{Execution, Outcome, Retries, number_retries};

use rstest::rstest;

use crate::executions::{days_ago, job, run, seconds, state};

#[rstest]
#[case("success", None, Outcome::Passed)]
#[case("success", Some("runner_system_failure"), Outcome::Passed)]
#[case("failure", None, Outcome::Failed)]
#[case("failure", Some("script_failure"), Outcome::Failed)]
#[case("failure", Some("job_execution_timeout"), Outcome::Failed)]
#[case("failure", Some("runner_system_failure"), Outcome::Infrastructure)]
#[case("failure", Some("stuck_or_timeout_failure"), Outcome::Infrastructure)]
#[case("failure", Some("api_failure"), Outcome::Infrastructure)]
#[case("failure", Some("scheduler_failure"), Outcome::Infrastructure)]
#[case("failure", Some("data_integrity_failure"), Outcome::Infrastructure)]
#[case("timed_out", None, Outcome::Failed)]
#[case("timed_out", Some("runner_lost"), Outcome::Infrastructure)]
#[case("startup_failure", None, Outcome::Infrastructure)]
#[case("cancelled", None, Outcome::Undecided)]
#[case("skipped", None, Outcome::Undecided)]
#[case("neutral", None, Outcome::Undecided)]
#[case("a word of tomorrow", None, Outcome::Undecided)]
#[case("running", None, Outcome::Undecided)]
fn each_end_says_what_it_says(#[case] word: &str, #[case] reason: Option<&str>, #[case] expected: Outcome) {
    assert_eq!(Outcome::of(&state(word), reason), expected);
}

#[test]
fn the_first_tries_of_retried_jobs_are_a_try_of_the_pipeline() {
    let mut jobs = vec![
        job(5, "e2e", 1, "success"),
        job(1, "build", 1, "success"),
        job(2, "test", 1, "failed"),
        job(3, "test", 1, "failed"),
        job(4, "test", 1, "success"),
    ];
    number_retries(&mut jobs);
    let execution = Execution::of(&run(1, 1, "a", "success"), true, Retries::Jobs, Some(jobs));
    let tries: Vec<_> = execution.tries.iter().copied().collect();
    assert_eq!(tries, [(1, Outcome::Failed), (2, Outcome::Failed), (3, Outcome::Passed)]);
    let names: Vec<_> = execution.newest_jobs().iter().map(|job| (job.id.0, job.name.raw())).collect();
    assert_eq!(names, [(1, "build"), (4, "test"), (5, "e2e")]);
}

#[test]
fn an_attempt_that_ran_failed_jobs_only_keeps_the_others() {
    let jobs = vec![job(1, "build", 1, "success"), job(2, "test", 1, "failure"), job(3, "test", 2, "success")];
    let execution = Execution::of(&run(1, 2, "a", "success"), true, Retries::Runs, Some(jobs));
    assert_eq!(execution.tries.iter().copied().collect::<Vec<_>>(), [(1, Outcome::Failed), (2, Outcome::Passed)]);
    assert!(!execution.earlier_unseen);
}

#[test]
fn an_attempt_with_an_open_or_cancelled_job_is_not_called_passed() {
    for word in ["cancelled", "running"] {
        let jobs = vec![job(1, "build", 1, "success"), job(2, "test", 1, word), job(3, "test", 2, "success")];
        let execution = Execution::of(&run(1, 2, "a", "success"), true, Retries::Runs, Some(jobs));
        assert_eq!(execution.tries.first(), Some(&(1, Outcome::Undecided)), "{word}");
    }
    let jobs = vec![job(1, "build", 1, "success"), job(2, "deploy", 1, "skipped"), job(3, "deploy", 2, "success")];
    let execution = Execution::of(&run(1, 2, "a", "success"), true, Retries::Runs, Some(jobs));
    assert_eq!(execution.tries.first(), Some(&(1, Outcome::Passed)));
}

#[test]
fn jobs_say_why_a_run_failed_where_the_run_does_not() {
    let mut lost = job(1, "test", 1, "failed");
    lost.failure_reason = Some("runner_system_failure".into());
    let listed = Execution::of(&run(1, 1, "a", "failure"), true, Retries::Runs, None);
    let looked = Execution::of(&run(1, 1, "a", "failure"), true, Retries::Runs, Some(vec![lost.clone()]));
    let mut together = listed.clone();
    together.merge(looked.clone());
    let mut other_way = looked.clone();
    other_way.merge(listed);
    assert_eq!(together.tries.iter().copied().collect::<Vec<_>>(), [(1, Outcome::Infrastructure)]);
    assert_eq!(together.tries, other_way.tries);
    // One job that failed by itself is enough to blame the code.
    let both =
        Execution::of(&run(1, 1, "a", "failure"), true, Retries::Runs, Some(vec![lost, job(2, "lint", 1, "failed")]));
    assert_eq!(both.ended, Outcome::Failed);
}

#[test]
fn a_try_that_was_seen_running_is_over_once_it_was_seen_over() {
    let mut early =
        Execution::of(&run(1, 1, "a", "running"), true, Retries::Runs, Some(vec![job(1, "test", 1, "running")]));
    let late = Execution::of(&run(1, 1, "a", "success"), true, Retries::Runs, Some(vec![job(1, "test", 1, "success")]));
    early.merge(late.clone());
    assert_eq!(early.tries, late.tries);
    assert_eq!(early.jobs, late.jobs);
}

#[test]
fn times_are_those_of_the_provider_or_measured_and_never_negative() {
    let mut early = job(1, "test", 1, "success");
    early.created_at = Some(days_ago(1) + seconds(5));
    early.started_at = Some(days_ago(1));
    early.finished_at = Some(days_ago(1) + seconds(90));
    assert_eq!((early.waited(), early.ran()), (Some(seconds(0)), Some(seconds(90))));
    early.queued = Some(seconds(7));
    early.took = Some(seconds(80));
    assert_eq!((early.waited(), early.ran()), (Some(seconds(7)), Some(seconds(80))));
    assert_eq!((job(2, "x", 1, "success").waited(), job(2, "x", 1, "success").ran()), (None, None));
}

#[test]
fn a_run_that_was_tried_again_ran_for_no_time_that_compares() {
    let first = Execution::of(&run(1, 1, "a", "success"), true, Retries::Runs, None);
    assert_eq!(first.ran(), Some(seconds(600)));
    let second = Execution::of(&run(1, 2, "a", "success"), true, Retries::Runs, None);
    assert_eq!(second.ran(), None);
    let said = Execution { took: Some(seconds(300)), ..second };
    assert_eq!(said.ran(), Some(seconds(300)));
}

fn timed(id: u64, name: &str, attempt: u32, (start, end): (i64, i64)) -> landfall::domain::JobExecution {
    let mut job = job(id, name, attempt, "success");
    job.started_at = Some(days_ago(1) + seconds(start));
    job.finished_at = Some(days_ago(1) + seconds(end));
    job
}

#[test]
fn a_moment_belongs_to_the_try_that_was_under_way() {
    let jobs = vec![
        timed(1, "lint", 1, (0, 30)),
        timed(2, "test", 1, (0, 120)),
        timed(3, "lint", 2, (0, 30)),
        timed(4, "test", 2, (300, 420)),
    ];
    let execution = Execution::of(&run(1, 2, "a", "success"), true, Retries::Runs, Some(jobs));
    let try_at = |after: i64| execution.try_at(days_ago(1) + seconds(after));
    assert_eq!(
        [try_at(-1), try_at(0), try_at(299), try_at(300), try_at(9_000)],
        [None, Some(1), Some(1), Some(2), Some(2)]
    );
    assert_eq!(execution.fresh_jobs().iter().map(|job| job.id.0).collect::<Vec<_>>(), [1, 2, 4]);
    let alone = Execution::of(&run(1, 1, "a", "success"), true, Retries::Runs, None);
    assert_eq!(alone.try_at(days_ago(1)), Some(1));
    let unseen = Execution::of(&run(1, 2, "a", "success"), true, Retries::Runs, None);
    assert_eq!(unseen.try_at(days_ago(1)), None);
}

#[test]
fn a_job_that_was_listed_twice_was_tried_once() {
    let mut jobs = vec![job(7, "test", 1, "success"), job(7, "test", 1, "success"), job(8, "test", 1, "success")];
    number_retries(&mut jobs);
    assert_eq!(jobs.iter().map(|job| (job.id.0, job.attempt)).collect::<Vec<_>>(), [(7, 1), (8, 2)]);
}
