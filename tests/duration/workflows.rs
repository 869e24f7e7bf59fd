//! Typical times, waiting, trend and limits, workflow by workflow.

use landfall::analysis::{Against, Drift, Policy, Spread, WorkflowDurations, durations};
use landfall::domain::{Execution, Retries};
use rstest::rstest;

use crate::executions::{job, run, seconds};
use crate::{all, timed, took};

fn judged(runs: &[Execution]) -> Vec<WorkflowDurations> {
    durations(runs, &Policy::default())
}

fn only(runs: &[Execution]) -> WorkflowDurations {
    let mut found = judged(runs);
    assert_eq!(found.len(), 1, "{found:?}");
    found.remove(0)
}

#[test]
fn percentiles_are_by_nearest_rank() {
    let spread = |times: &[i64]| Spread::of(all(times)).unwrap();
    let ten = spread(&[100, 90, 80, 70, 60, 50, 40, 30, 20, 10]);
    assert_eq!((ten.p50, ten.p95, ten.of), (seconds(50), seconds(100), 10));
    let one = spread(&[42]);
    assert_eq!((one.p50, one.p95, one.of), (seconds(42), seconds(42), 1));
    assert_eq!(Spread::of(Vec::new()), None);
}

#[test]
fn the_95th_percentile_of_few_runs_is_unsure() {
    let spread = |count: usize| Spread::of(all(&vec![7; count])).unwrap();
    assert!(!spread(19).p95_is_sure());
    assert!(spread(20).p95_is_sure());
}

#[rstest]
#[case(599, Against::Below)]
#[case(600, Against::AtLimit)]
#[case(601, Against::Above)]
fn ten_minutes_are_the_limit_of_a_pipeline(#[case] time: i64, #[case] expected: Against) {
    let found = only(&[took(1, time)]);
    assert_eq!(found.pipeline, Some(expected));
    assert_eq!(found.newest, Some((seconds(time), expected)));
}

#[test]
fn the_typical_run_is_judged_and_the_newest_beside_it() {
    let found = only(&[took(1, 100), took(2, 110), took(3, 900)]);
    assert_eq!((found.pipeline, found.newest), (Some(Against::Below), Some((seconds(900), Against::Above))));
    assert_eq!(found.trend, all(&[100, 110, 900]));
}

#[test]
fn runs_that_failed_or_are_not_of_the_main_line_are_left_out() {
    let red = Execution::of(&run(2, 1, "c2", "failure"), true, Retries::Runs, Some(vec![timed(2, "test", (0, 0, 5))]));
    let cancelled =
        Execution::of(&run(3, 1, "c3", "cancelled"), true, Retries::Runs, Some(vec![timed(3, "test", (0, 0, 5))]));
    let elsewhere = Execution { mainline: false, ..took(4, 5) };
    let found = only(&[took(1, 100), red, cancelled, elsewhere]);
    assert_eq!(found.trend, all(&[100]));
    assert_eq!(found.jobs[0].ran.unwrap().of, 1);
}

#[test]
fn the_newest_hundred_runs_count_in_whatever_order_they_came() {
    let mut runs: Vec<Execution> = (1..=120).map(|id| took(id, i64::try_from(id).unwrap())).collect();
    runs.reverse();
    runs.extend(runs.clone());
    let found = only(&runs);
    assert_eq!((found.ran.unwrap().of, found.trend.first()), (100, Some(&seconds(21))));
    assert_eq!(found.newest.unwrap().0, seconds(120));
}

#[test]
fn a_run_lasts_from_its_start_to_the_end_of_its_last_job() {
    let jobs = vec![timed(1, "build", (0, 20, 100)), timed(2, "test", (101, 130, 280))];
    let mut run = run(1, 1, "a", "success");
    // A run's own update may come long after its last job.
    run.finished_at = run.started_at.map(|start| (start.at() + seconds(5_000)).into());
    let found = only(&[Execution::of(&run, true, Retries::Runs, Some(jobs))]);
    assert_eq!(found.trend, all(&[280]));
    assert_eq!(found.waited.unwrap().p50, seconds(20));
    let waits: Vec<_> =
        found.jobs.iter().map(|job| (job.name.as_str(), job.waited.unwrap().p50, job.ran.unwrap().p50)).collect();
    assert_eq!(waits, [("test", seconds(29), seconds(150)), ("build", seconds(20), seconds(80))]);
}

#[test]
fn the_provider_s_own_times_outweigh_measured_ones() {
    let mut pipeline = took(1, 900);
    pipeline.took = Some(seconds(500));
    pipeline.queued = Some(seconds(3));
    let found = only(&[pipeline]);
    assert_eq!((found.trend, found.waited.unwrap().p50), (all(&[500]), seconds(3)));
}

#[test]
fn a_run_that_was_tried_again_in_part_is_no_fast_run() {
    let jobs = vec![job(1, "test", 1, "failure"), job(2, "test", 2, "success")];
    let again = Execution::of(&run(1, 2, "a", "success"), true, Retries::Runs, Some(jobs));
    let found = only(&[again, took(2, 100)]);
    assert_eq!(found.trend, all(&[100]));
}

#[test]
fn workflows_are_apart() {
    let nightly = Execution { workflow: "nightly".into(), ..took(2, 5_000) };
    let found = judged(&[took(1, 100), nightly]);
    assert_eq!(
        found.iter().map(|one| (one.workflow.as_str(), one.trend.len())).collect::<Vec<_>>(),
        [("ci", 1), ("nightly", 1)]
    );
}

#[test]
fn an_alarm_of_a_job_stands_with_the_job() {
    let runs: Vec<Execution> = (1..=25)
        .map(|id| {
            let slow = if id > 20 { 420 } else { 300 };
            let jobs = vec![timed(id * 10, "e2e", (0, 0, slow)), timed(id * 10 + 1, "long", (0, 0, 1_000))];
            Execution::of(&run(id, 1, &format!("c{id}"), "success"), true, Retries::Runs, Some(jobs))
        })
        .collect();
    let found = only(&runs);
    assert_eq!(found.shift.unwrap().comparison.drift, Drift::Steady);
    let e2e = found.jobs.iter().find(|job| job.name.as_str() == "e2e").unwrap();
    let shift = e2e.shift.as_ref().unwrap();
    assert_eq!(shift.comparison.drift, Drift::Slower);
    assert_eq!(shift.before, Some(crate::executions::sha("c20")));
    assert_eq!(e2e.stage_limit, Some(Against::AtLimit));
}

#[test]
fn the_path_is_that_of_the_newest_green_run_with_jobs() {
    let bare = Execution::of(&run(9, 1, "c9", "success"), true, Retries::Runs, None);
    let found = only(&[took(1, 100), took(2, 200), bare]);
    assert_eq!(found.path.unwrap().total, seconds(200));
}

#[test]
fn no_runs_say_nothing() {
    assert_eq!(judged(&[]), []);
    let red = Execution::of(&run(2, 1, "c2", "failure"), true, Retries::Runs, None);
    let found = only(&[red]);
    assert_eq!((found.ran, found.pipeline, found.newest, found.path), (None, None, None, None));
}

#[test]
fn the_path_is_that_of_a_run_that_was_not_tried_again() {
    let mut again = timed(42, "e2e", (900, 900, 1_000));
    again.attempt = 2;
    let jobs = vec![timed(40, "build", (0, 0, 60)), timed(41, "unit", (60, 60, 300)), again];
    let tried = Execution::of(&run(4, 2, "c4", "success"), true, Retries::Runs, Some(jobs));
    let names = |runs: &[Execution]| {
        let path = only(runs).path.unwrap();
        path.steps.iter().map(|step| step.name.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(names(&[took(1, 60), tried.clone()]), ["test"]);
    assert_eq!(names(&[tried]), ["build", "unit", "e2e"], "where there is no other");
}
