//! Fastest checks first, where the order costs time.

use landfall::analysis::{OrderAdvice, Policy, Rate, durations};
use landfall::domain::{Execution, Retries};

use crate::executions::{run, seconds, state};
use crate::timed;

/// Ten runs of a slow job and then a fast one that fails in so many of them.
fn runs(failing: u64, slow: i64, fast: i64) -> Vec<Execution> {
    (1..=20)
        .map(|id| {
            let mut lint = timed(id * 10 + 1, "lint", (slow + 1, slow + 2, slow + 2 + fast));
            let outcome = if id <= failing { "failure" } else { "success" };
            lint.state = state(outcome);
            let jobs = vec![timed(id * 10, "e2e", (0, 0, slow)), lint];
            Execution::of(&run(id, 1, &format!("c{id}"), outcome), true, Retries::Runs, Some(jobs))
        })
        .collect()
}

fn advice(runs: &[Execution]) -> Vec<OrderAdvice> {
    durations(runs, &Policy::default()).remove(0).advice
}

#[test]
fn a_fast_job_that_often_fails_after_a_slow_one_could_run_first() {
    let found = advice(&runs(4, 420, 20));
    let expected =
        OrderAdvice { fast: "lint".into(), fails: Rate::new(4, 20), slow: "e2e".into(), saves: seconds(420) };
    assert_eq!(found, [expected]);
    assert_eq!(found[0].words(), "lint fails in 20% (8–42) and runs after e2e (7:00): could it run first?");
}

#[test]
fn a_job_that_seldom_fails_or_is_slow_itself_stays_where_it_is() {
    assert_eq!(advice(&runs(2, 420, 20)), []);
    assert_eq!(advice(&runs(4, 420, 300)), []);
    assert_eq!(advice(&runs(4, 50, 5)), []);
}

#[test]
fn jobs_side_by_side_hold_each_other_up_in_nothing() {
    let mut runs = runs(4, 420, 20);
    for run in &mut runs {
        let created = run.jobs[0].created_at;
        let lint = &mut run.jobs[1];
        (lint.created_at, lint.started_at) = (created, created);
    }
    assert_eq!(advice(&runs), []);
}
