//! The jobs that a run had to wait for: by needs, by stages, by times.

use landfall::analysis::{Against, CriticalPath, PathBasis, Policy, critical_path};
use landfall::domain::JobExecution;

use crate::executions::{job, seconds};
use crate::timed;

fn needing(id: u64, name: &str, time: i64, needs: &[&str]) -> JobExecution {
    let mut job = job(id, name, 1, "success");
    job.took = Some(seconds(time));
    job.needs = Some(needs.iter().map(|name| (*name).into()).collect());
    job
}

fn staged(id: u64, name: &str, stage: &str, time: i64) -> JobExecution {
    let mut job = job(id, name, 1, "success");
    job.took = Some(seconds(time));
    job.stage = Some(stage.into());
    job
}

fn path(jobs: &[JobExecution]) -> CriticalPath {
    critical_path(&jobs.iter().collect::<Vec<_>>(), Policy::default().slow_stage).unwrap()
}

fn names(path: &CriticalPath) -> Vec<&str> {
    path.steps.iter().map(|step| step.name.as_str()).collect()
}

fn worth_splitting(path: &CriticalPath) -> Vec<&str> {
    path.steps.iter().filter(|step| step.parallelise).map(|step| step.name.as_str()).collect()
}

#[test]
fn the_longest_way_through_the_needs_is_the_path() {
    let path = path(&[
        needing(1, "build", 240, &[]),
        needing(2, "unit", 180, &["build"]),
        needing(3, "e2e", 420, &["build"]),
        needing(4, "deploy", 60, &["unit", "e2e"]),
    ]);
    assert_eq!(names(&path), ["build", "e2e", "deploy"]);
    assert_eq!((path.total, path.basis), (seconds(720), PathBasis::Needs));
    assert_eq!(worth_splitting(&path), ["e2e"]);
    assert_eq!(Against::limit(path.total, Policy::default().slow_pipeline), Against::Above);
}

#[test]
fn exactly_five_minutes_are_not_over() {
    assert_eq!(worth_splitting(&path(&[needing(1, "x", 300, &[])])), Vec::<&str>::new());
    assert_eq!(worth_splitting(&path(&[needing(1, "x", 301, &[])])), ["x"]);
}

#[test]
fn a_slow_job_beside_the_path_is_not_worth_splitting() {
    let path = path(&[needing(1, "slow", 400, &[]), needing(2, "a", 250, &[]), needing(3, "b", 250, &["a"])]);
    assert_eq!(names(&path), ["a", "b"]);
    assert_eq!(worth_splitting(&path), Vec::<&str>::new());
}

#[test]
fn variants_are_needed_by_the_name_of_their_job() {
    let path = path(&[
        needing(1, "test (linux)", 100, &[]),
        needing(2, "test (mac)", 200, &[]),
        needing(3, "tests-report", 900, &[]),
        needing(4, "deploy", 800, &["test"]),
    ]);
    assert_eq!(names(&path), ["test (mac)", "deploy"]);
}

#[test]
fn jobs_that_need_each_other_in_a_circle_are_left_out() {
    let path = path(&[needing(1, "a", 100, &["b"]), needing(2, "b", 100, &["a"]), needing(3, "c", 10, &[])]);
    assert_eq!(names(&path), ["c"]);
    let circle = [needing(1, "a", 100, &["a"])];
    assert_eq!(critical_path(&circle.iter().collect::<Vec<_>>(), seconds(300)), None);
}

#[test]
fn stages_run_in_the_order_in_which_their_jobs_were_created() {
    let path = path(&[
        staged(9, "retried build", "build", 200),
        staged(1, "build", "build", 100),
        staged(2, "unit", "test", 50),
        staged(3, "e2e", "test", 400),
        staged(4, "deploy", "deploy", 60),
    ]);
    assert_eq!(names(&path), ["retried build", "e2e", "deploy"]);
    assert_eq!((path.total, path.basis), (seconds(660), PathBasis::Stages));
    assert_eq!(worth_splitting(&path), ["e2e"]);
}

#[test]
fn without_needs_a_job_waited_for_the_last_that_ended_before_it_was_created() {
    let path = path(&[
        timed(1, "build", (0, 10, 250)),
        timed(2, "lint", (0, 12, 40)),
        timed(3, "unit", (251, 255, 435)),
        timed(4, "e2e", (251, 300, 720)),
        timed(5, "deploy", (721, 722, 782)),
    ]);
    assert_eq!(names(&path), ["build", "e2e", "deploy"]);
    assert_eq!(path.basis, PathBasis::Times);
    assert_eq!(
        path.steps.iter().map(|step| step.waited).collect::<Vec<_>>(),
        [Some(seconds(10)), Some(seconds(49)), Some(seconds(1))]
    );
    assert_eq!(path.total, seconds(240 + 420 + 60));
}

#[test]
fn a_job_that_ended_in_the_second_in_which_another_was_created_came_before_it() {
    assert_eq!(names(&path(&[timed(1, "a", (0, 0, 100)), timed(2, "b", (100, 100, 200))])), ["a", "b"]);
}

#[test]
fn jobs_of_no_length_do_not_go_round_in_a_circle() {
    let path = path(&[timed(1, "a", (5, 5, 5)), timed(2, "b", (5, 5, 5)), timed(3, "c", (5, 5, 5))]);
    assert_eq!(path.steps.len(), 3);
}

#[test]
fn jobs_that_were_left_out_or_are_not_over_are_on_no_path() {
    let mut skipped = timed(1, "deploy", (0, 0, 900));
    skipped.state = crate::executions::state("skipped");
    let mut running = timed(2, "e2e", (0, 0, 900));
    running.state = crate::executions::state("running");
    assert_eq!(names(&path(&[skipped.clone(), running, timed(3, "a", (0, 0, 10))])), ["a"]);
    assert_eq!(critical_path(&[&skipped], seconds(300)), None);
    assert_eq!(critical_path(&[], seconds(300)), None);
}

#[test]
fn a_path_says_what_it_is_known_from() {
    let words = [PathBasis::Needs, PathBasis::Stages, PathBasis::Times].map(PathBasis::words);
    assert_eq!(words, ["by what each job needs", "by the order of stages", "inferred from when jobs were created"]);
}

#[test]
fn jobs_that_nobody_knows_the_creation_of_make_no_path() {
    let mut jobs = [timed(1, "build", (0, 0, 60)), timed(2, "test", (60, 61, 200))];
    assert_eq!(names(&path(&jobs)), ["build", "test"]);
    jobs[1].created_at = None;
    let found = critical_path(&jobs.iter().collect::<Vec<_>>(), Policy::default().slow_stage);
    assert_eq!(found, None, "what it waited for is not known, and not nothing");
    assert_eq!(names(&path(&jobs[1..])), ["test"], "a single job is its own path");
}
