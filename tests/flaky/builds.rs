//! Builds that failed because of a flake, by worked examples.

use landfall::analysis::{BuildFlakiness, GateVerdict, Policy, flakiness};
use landfall::domain::{Event, Execution, Retries, Strength};
use rstest::rstest;

use crate::executions::{job, listed, now, run};

/// Runs as `commit/run.attempt=outcome`, then `@event` and `#workflow` where they are not `push` and `ci`.
fn runs(written: &str) -> Vec<Execution> {
    let one = |written: &str| {
        let (written, workflow) = written.split_once('#').unwrap_or((written, "ci"));
        let (written, event) = written.split_once('@').unwrap_or((written, "push"));
        let (place, outcome) = written.split_once('=').unwrap();
        let (commit, place) = place.split_once('/').unwrap();
        let (id, attempt) = place.split_once('.').unwrap();
        let (id, attempt) = (id.parse().unwrap(), attempt.parse().unwrap());
        let mut run = run(id, attempt, commit, outcome.trim_end_matches('!'));
        run.workflow = workflow.into();
        run.event = Event(event.into());
        if !outcome.ends_with('!') {
            return listed(&run);
        }
        // A failure of which the jobs say that the runner was lost.
        let mut lost = job(id * 100 + u64::from(attempt), "test", attempt, "failed");
        lost.failure_reason = Some("runner_system_failure".into());
        let mut execution = Execution::of(&run, true, Retries::Runs, Some(vec![lost]));
        execution.earlier_unseen = false;
        execution
    };
    written.split_whitespace().map(one).collect()
}

fn judged(runs: &[Execution]) -> BuildFlakiness {
    flakiness(runs, &[], &Policy::default(), now()).builds
}

/// `flaky green red infra_recovered undecided`.
fn counts(builds: &BuildFlakiness) -> [u32; 5] {
    let counts = builds.counts;
    [counts.flaky, counts.green, counts.red, counts.infra_recovered, counts.undecided]
}

#[rstest]
#[case::the_base_case("a/1.1=failure a/1.2=success", [1, 0, 0, 0, 0], 1, "1 of 1")]
#[case::a_pass_first_did_not_fail_the_build("a/1.1=success a/2.1=failure", [1, 0, 0, 0, 0], 0, "0 of 1")]
#[case::other_code_is_never_a_flake("a/1.1=failure b/2.1=success", [0, 1, 1, 0, 0], 0, "0 of 2")]
#[case::red_twice("a/1.1=failure a/1.2=failure", [0, 0, 1, 0, 0], 0, "0 of 1")]
#[case::a_cancelled_second_try_leaves_it_red("a/1.1=failure a/1.2=cancelled", [0, 0, 1, 0, 0], 0, "0 of 1")]
#[case::cancelled_only("a/1.1=cancelled", [0, 0, 0, 0, 1], 0, "—")]
#[case::a_lost_runner_is_no_flake("a/1.1=failure! a/1.2=success", [0, 0, 0, 1, 0], 0, "0 of 1")]
#[case::a_time_out_is_a_failure("a/1.1=timed_out a/1.2=success", [1, 0, 0, 0, 0], 1, "1 of 1")]
#[case::two_runs_for_pull_requests(
    "a/1.1=failure@pull_request a/2.1=success@pull_request", [0, 1, 1, 0, 0], 0, "0 of 2"
)]
#[case::a_second_attempt_for_a_pull_request(
    "a/1.1=failure@pull_request a/1.2=success@pull_request", [1, 0, 0, 0, 0], 1, "1 of 1"
)]
#[case::three_attempts_are_one_flake("a/1.1=failure a/1.2=failure a/1.3=success", [1, 0, 0, 0, 0], 1, "1 of 1")]
#[case::workflows_are_not_comparable("a/1.1=failure#lint a/2.1=success#ci", [0, 1, 1, 0, 0], 0, "0 of 2")]
#[case::nothing("", [0, 0, 0, 0, 0], 0, "—")]
#[case::other_events_are_not_comparable("a/1.1=failure a/2.1=success@schedule", [0, 1, 1, 0, 0], 0, "0 of 2")]
#[case::two_scheduled_runs_are("a/1.1=failure@schedule a/2.1=success@schedule", [1, 0, 0, 0, 0], 1, "1 of 1")]
#[case::two_runs_by_hand_may_differ(
    "a/1.1=failure@workflow_dispatch a/2.1=success@workflow_dispatch", [0, 1, 1, 0, 0], 0, "0 of 2"
)]
#[case::a_lost_runner_alone("a/1.1=failure!", [0, 0, 0, 0, 1], 0, "—")]
#[case::a_lost_runner_and_then_red("a/1.1=failure! a/1.2=failure", [0, 0, 1, 0, 0], 0, "0 of 1")]
#[case::words_that_are_not_known("a/1.1=neutral b/2.1=skipped c/3.1=action_required", [0, 0, 0, 0, 3], 0, "—")]
#[case::still_running("a/1.1=running", [0, 0, 0, 0, 1], 0, "—")]
fn builds_are_sorted(
    #[case] written: &str,
    #[case] expected: [u32; 5],
    #[case] failed_by_flake: u32,
    #[case] shown: &str,
) {
    let builds = judged(&runs(written));
    assert_eq!(counts(&builds), expected);
    assert_eq!(builds.failed_by_flake.hits, failed_by_flake);
    assert_eq!(builds.failed_by_flake.to_string(), shown);
    assert_eq!(builds.gate.verdict, GateVerdict::NotEnoughData);
}

#[test]
fn six_of_a_hundred_builds_keep_a_service_on_continuous_delivery() {
    let mut written = String::new();
    for number in 0..100 {
        let first = if number < 6 {
            format!("s{number}/{number}.1=failure s{number}/{number}.2=success ")
        } else {
            format!("s{number}/{number}.1=success ")
        };
        written.push_str(&first);
    }
    let builds = judged(&runs(&written));
    assert_eq!(counts(&builds), [6, 94, 0, 0, 0]);
    assert_eq!(builds.failed_by_flake.to_string(), "6.0% (3–12)");
    assert_eq!((builds.gate.verdict, builds.gate.firm), (GateVerdict::StayOnDelivery, false));
    assert_eq!(builds.observed.words(), "6 of 100 commits ran more than once");
}

#[test]
fn evidence_keeps_its_strength() {
    let strength = |written: &str| judged(&runs(written)).strength;
    assert_eq!(strength("a/1.1=failure a/1.2=success"), Some(Strength::Strong));
    assert_eq!(strength("a/1.1=failure a/2.1=success"), Some(Strength::Medium));
    assert_eq!(strength("a/1.1=failure@pull_request a/2.1=success@pull_request"), Some(Strength::Weak));
    assert_eq!(strength("a/1.1=failure a/1.2=failure"), None);
    assert_eq!(judged(&runs("a/1.1=failure@pull_request a/2.1=success@pull_request")).weak, 1);
}

#[test]
fn commits_that_ran_only_once_leave_flakiness_unknown() {
    let words = |written: &str| judged(&runs(written)).observed.words();
    assert_eq!(words("a/1.1=failure b/2.1=success"), "none of 2 commits ran more than once: flakiness is unknown");
    assert_eq!(words("a/1.1=success"), "the one commit ran only once: flakiness is unknown");
    assert_eq!(words("a/1.1=cancelled"), "no commit was decided");
    assert_eq!(words("a/1.1=success a/2.1=success b/3.1=success"), "1 of 2 commits ran more than once");
    // Two runs for a pull request may have built different merges.
    assert_eq!(
        words("a/1.1=success@pull_request a/2.1=success@pull_request"),
        "the one commit ran only once: flakiness is unknown"
    );
}

#[test]
fn a_re_run_whose_first_try_was_not_looked_at_is_not_green() {
    let unseen = Execution::of(&run(1, 3, "a", "success"), true, Retries::Runs, None);
    let builds = judged(std::slice::from_ref(&unseen));
    assert_eq!((builds.counts.green, builds.counts.unseen, builds.failed_by_flake.of), (0, 1, 0));
    // Once the jobs of every attempt are known, it is what it was.
    let jobs = vec![job(1, "test", 1, "failed"), job(2, "test", 2, "failed"), job(3, "test", 3, "success")];
    let seen = Execution::of(&run(1, 3, "a", "success"), true, Retries::Runs, Some(jobs));
    for runs in [vec![unseen.clone(), seen.clone()], vec![seen, unseen]] {
        let builds = judged(&runs);
        assert_eq!((builds.counts.flaky, builds.counts.unseen, builds.failed_by_flake.hits), (1, 0, 1));
    }
}

#[test]
fn a_green_pipeline_at_gitlab_is_unseen_until_its_jobs_are_read() {
    let pipeline = run(1, 1, "a", "success");
    let listed = Execution::of(&pipeline, true, Retries::Jobs, None);
    assert_eq!(judged(std::slice::from_ref(&listed)).counts.unseen, 1);
    let green = Execution::of(&pipeline, true, Retries::Jobs, Some(vec![job(1, "test", 1, "success")]));
    for looks in [[listed.clone(), green.clone()], [green, listed.clone()]] {
        let counts = judged(&looks).counts;
        assert_eq!((counts.green, counts.unseen), (1, 0));
    }
    let jobs = vec![job(1, "test", 1, "failed"), job(2, "test", 2, "success")];
    let seen = Execution::of(&pipeline, true, Retries::Jobs, Some(jobs));
    let builds = judged(&[listed, seen]);
    assert_eq!((builds.counts.flaky, builds.failed_by_flake.hits), (1, 1));
    assert_eq!(builds.strength, Some(Strength::Strong));
}

#[test]
fn a_pipeline_in_progress_is_undecided_and_not_unseen() {
    let builds = judged(&[Execution::of(&run(1, 1, "a", "running"), true, Retries::Jobs, None)]);
    assert_eq!((builds.counts.undecided, builds.counts.unseen), (1, 0));
}

#[test]
fn a_job_that_may_fail_fails_no_build() {
    let mut canary = vec![job(1, "canary", 1, "failed"), job(2, "canary", 2, "success"), job(3, "test", 1, "success")];
    for job in &mut canary {
        job.allow_failure = job.name.raw() == "canary";
    }
    let builds = judged(&[Execution::of(&run(1, 1, "a", "success"), true, Retries::Jobs, Some(canary))]);
    assert_eq!(counts(&builds), [0, 1, 0, 0, 0]);
    // GitHub does not say which jobs may fail, but one that failed in a green run did.
    let jobs = vec![job(1, "canary", 1, "failure"), job(2, "test", 1, "success")];
    let mut again = jobs.clone();
    again.extend([job(3, "canary", 2, "failure"), job(4, "test", 2, "success")]);
    let builds = judged(&[Execution::of(&run(1, 2, "a", "success"), true, Retries::Runs, Some(again))]);
    assert_eq!(counts(&builds), [0, 1, 0, 0, 0]);
}

#[test]
fn red_builds_that_ran_once_are_told_to_the_gate() {
    let builds = judged(&runs("a/1.1=failure b/2.1=failure b/2.2=failure c/3.1=success"));
    assert_eq!((builds.gate.builds.red_once, builds.gate.builds.any_reran), (1, true));
}

#[test]
fn the_turns_of_the_main_line_are_a_side_signal() {
    let mut runs = runs("a/1.1=success b/2.1=failure c/3.1=success d/4.1=cancelled e/5.1=success");
    runs.extend(self::runs("f/6.1=failure@pull_request").into_iter().map(|run| Execution { mainline: false, ..run }));
    assert_eq!(judged(&runs).flips.flips, 2);
}
