//! How long runs and jobs take: typical times, alarms, critical paths, advice.
#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

#[path = "support/executions.rs"]
#[expect(dead_code, reason = "reports are for the tests of flakiness")]
mod executions;

#[path = "duration/advice.rs"]
mod advice;
#[path = "duration/path.rs"]
mod path;
#[path = "duration/shift.rs"]
mod shift;
#[path = "duration/workflows.rs"]
mod workflows;

use jiff::SignedDuration;
use landfall::domain::{Execution, JobExecution, Retries};

use executions::{days_ago, job, run, seconds};

/// A job that was created, started and ended so many seconds after its run started.
fn timed(id: u64, name: &str, (created, started, ended): (i64, i64, i64)) -> JobExecution {
    let mut job = job(id, name, 1, "success");
    let at = |after: i64| Some(days_ago(1) + seconds(after));
    (job.created_at, job.started_at, job.finished_at) = (at(created), at(started), at(ended));
    job
}

/// A green run of one job that took so many seconds.
fn took(id: u64, time: i64) -> Execution {
    let jobs = vec![timed(id, "test", (0, 0, time))];
    Execution::of(&run(id, 1, &format!("c{id}"), "success"), true, Retries::Runs, Some(jobs))
}

fn all(times: &[i64]) -> Vec<SignedDuration> {
    times.iter().map(|&time| seconds(time)).collect()
}
