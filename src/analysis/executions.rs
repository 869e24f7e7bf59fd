//! What is remembered of a service's runs, as the evidence that it is judged by.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use crate::domain::{
    Execution, FoundReport, JobExecution, JobId, Moment, Retries, RetryLog, Run, RunKey, RunRecord, Sample, Service,
    Snapshot, TestEvidence, TestRun, Text,
};

/// Returns a run under all of its attempts, each as far as it is known.
pub(super) fn execution(snapshot: &Snapshot, service: &Service, sample: &Sample) -> Execution {
    let of = |run: &Arc<Run>| attempt(snapshot, service, sample, run);
    let mut execution = of(&sample.run);
    for before in &sample.learnt().before {
        execution.merge(of(before));
    }
    execution
}

fn attempt(snapshot: &Snapshot, service: &Service, sample: &Sample, run: &Arc<Run>) -> Execution {
    let retries = service.trust.retries;
    let mainline = service.is_to_publish(run);
    let read = sample.learnt().tries.as_ref().filter(|read| read.of == crate::domain::Ended::of(run, retries));
    let Some(read) = read else {
        return Execution::of(run, mainline, retries, jobs_of_the_verdict(snapshot, retries, run));
    };
    let mut execution = Execution::of(run, mainline, retries, Some(read.value.items.clone()));
    execution.earlier_unseen |= !read.value.complete || read.value.skipped > 0;
    if retries == Retries::Jobs {
        execution.took = busy(&execution.newest_jobs());
    }
    execution
}

/// Returns the jobs that were read for the verdict. GitLab's list leaves out what was tried again, and says nothing of
/// whether there was any.
fn jobs_of_the_verdict(snapshot: &Snapshot, retries: Retries, run: &Run) -> Option<Vec<JobExecution>> {
    let batch = snapshot.run(&run.key)?.jobs.as_ref()?;
    let is_whole = batch.complete && batch.skipped == 0 && batch.items.iter().all(|job| job.state.is_finished());
    if retries == Retries::Jobs || !is_whole {
        return None;
    }
    let of = |job| JobExecution { attempt: run.key.attempt, ..JobExecution::of(job) };
    Some(batch.items.iter().map(of).collect())
}

/// Returns for how long any of the jobs ran: what GitLab calls the duration of a pipeline, which its lists leave out.
fn busy(jobs: &[&JobExecution]) -> Option<SignedDuration> {
    let mut spans: Vec<(Timestamp, Timestamp)> =
        jobs.iter().filter_map(|job| Some((job.started_at?, job.finished_at?))).collect();
    spans.sort_unstable();
    let (first, _) = spans.first()?;
    let (mut total, mut until) = (SignedDuration::ZERO, *first);
    for (start, end) in spans {
        total = total.saturating_add(end.duration_since(start.max(until)).max(SignedDuration::ZERO));
        until = until.max(end);
    }
    Some(total)
}

/// Returns what the tests of a run left behind in reports and logs.
pub(super) fn tests(snapshot: &Snapshot, retries: Retries, sample: &Sample, execution: &Execution) -> Vec<TestRun> {
    let run = &sample.run;
    let evidence = |attempt: u32, job: &Text, file: &Text, at, evidence| TestRun {
        run: RunKey { attempt, ..run.key.clone() },
        workflow: run.workflow.clone(),
        sha: run.sha.clone(),
        event: run.event.clone(),
        job: job.clone(),
        file: file.clone(),
        at,
        evidence,
    };
    let mut found = Vec::new();
    let nothing = Text::default();
    for report in sample.reports(retries).into_iter().flat_map(|reports| &reports.0) {
        let attempt = try_of(report, retries, execution);
        let at = report.at.or(run.finished_at.map(Moment::at));
        found.extend(
            report
                .summary
                .as_ref()
                .map(|summary| evidence(attempt, &report.job, &nothing, at, TestEvidence::Summary(summary.clone()))),
        );
        let unread = report
            .unread
            .iter()
            .map(|(file, why)| evidence(attempt, &report.job, file, at, TestEvidence::Unreadable(why.clone())));
        found.extend(unread);
    }
    for (id, log) in logs(snapshot, sample) {
        let Some(job) = execution.jobs.iter().find(|job| job.id == id) else { continue };
        let at = job.finished_at.or(run.finished_at.map(Moment::at));
        found.push(evidence(job.attempt, &job.name, &nothing, at, TestEvidence::Log(log)));
    }
    found
}

/// Returns the try that wrote a report. GitHub does not say which of them uploaded an artifact, but when; GitLab's
/// report is of the newest try of each job.
fn try_of(report: &FoundReport, retries: Retries, execution: &Execution) -> u32 {
    let known = match retries {
        Retries::Runs => report.at.and_then(|at| execution.try_at(at)),
        Retries::Jobs => execution.jobs.iter().filter(|job| job.name == report.job).map(|job| job.attempt).max(),
    };
    known.unwrap_or(execution.run.attempt)
}

fn logs(snapshot: &Snapshot, sample: &Sample) -> Vec<(JobId, Arc<RetryLog>)> {
    let mut logs = sample.learnt().logs.clone();
    let read = snapshot.run(&sample.run.key).into_iter().flat_map(RunRecord::logs);
    logs.extend(read.filter_map(|(job, log)| Some((job, log.retries.clone()?))));
    logs.into_iter().collect()
}
