//! What the jobs of a run prove, and what they do not.

use landfall::analysis::Verdict;
use landfall::domain::{Batch, Conclusion, Failure, Globs, Job, JobId, Look, RunKey, RunState, Seen, Urgency};
use rstest::rstest;

use crate::world::{World, minutes_ago, now, sha};

const TAG: &str = "sha-0000000";
const DONE: RunState = RunState::Finished(Conclusion::Success);
const FAILED: RunState = RunState::Finished(Conclusion::Failure);
const SKIPPED: RunState = RunState::Finished(Conclusion::Skipped);

/// Jobs that ended so many minutes ago, where they are over.
fn jobs(named: &[(&str, RunState, i64)]) -> Batch<Job> {
    let job = |(id, (name, state, ended)): (u64, &(&str, RunState, i64))| Job {
        id: JobId(id),
        name: (*name).into(),
        stage: None,
        state: state.clone(),
        allow_failure: false,
        started_at: None,
        finished_at: state.is_finished().then(|| minutes_ago(*ended)).map(Into::into),
    };
    Batch { items: (1..).zip(named).map(job).collect(), skipped: 0, complete: true }
}

fn see(world: &mut World, run: &RunKey, batch: &Batch<Job>) {
    world.see(now(), Seen::Jobs(run.clone(), batch.clone().into()));
    for job in &batch.items {
        world.see(now(), Seen::PushLog(run.clone(), job.id, landfall::domain::PushLog::default()));
    }
}

fn globs(patterns: &[&str]) -> Globs {
    Globs::parse(&patterns.iter().map(ToString::to_string).collect::<Vec<_>>()).unwrap()
}

fn judged(push_job: &[&str], batch: &Batch<Job>) -> Verdict {
    let mut world = World::new().change(|service| service.push_job = globs(push_job));
    let run = world.run(7, 30);
    see(&mut world, &run, batch);
    world.gone(TAG).verdict(&run)
}

fn urgent_looks(world: &World) -> usize {
    let plan = landfall::analysis::plan(&world.snapshot, &world.service, &world.policy, now(), false);
    plan.iter().filter(|wanted| wanted.urgency < Urgency::Again).count()
}

#[rstest]
#[case::of_another_name(&["docker*"], "deploy", Verdict::Missing)]
#[case::that_would_push(&["deploy"], "deploy", Verdict::NotExpected)]
#[case::where_nobody_said_which_pushes(&[], "deploy", Verdict::Missing)]
fn a_manual_job_that_nobody_starts_is_not_waited_for(
    #[case] push_job: &[&str],
    #[case] name: &str,
    #[case] expected: Verdict,
) {
    let mut world = World::new().change(|service| service.push_job = globs(push_job));
    let run = world.run(7, 30);
    let batch = jobs(&[("docker push", DONE, 31), (name, RunState::Waiting, 0)]);
    for _ in 0..3 {
        see(&mut world, &run, &batch);
    }
    world.gone(TAG);
    assert_eq!(world.verdict(&run), expected);
    assert_eq!(urgent_looks(&world), 0, "a check would wait for it for ever");
}

#[rstest]
#[case::not_read_to_its_end(|batch: &mut Batch<Job>| batch.complete = false)]
#[case::with_a_job_that_could_not_be_read(|batch: &mut Batch<Job>| batch.skipped = 1)]
fn a_list_of_jobs_that_lacks_some_does_not_prove_that_nothing_was_to_be_pushed(#[case] cut: fn(&mut Batch<Job>)) {
    for named in [&[("docker lint", SKIPPED, 31)][..], &[("test", DONE, 31)], &[]] {
        for push_job in [&["docker*"][..], &[]] {
            let mut batch = jobs(named);
            cut(&mut batch);
            let verdict = judged(push_job, &batch);
            assert!(!matches!(verdict, Verdict::NotExpected), "{named:?} {push_job:?}");
        }
    }
}

#[test]
fn that_a_run_had_no_job_at_all_is_believed_when_it_is_said_twice() {
    let mut world = World::new().change(|service| service.push_job = globs(&[]));
    let run = world.run(7, 30);
    world.gone(TAG);
    let none = jobs(&[]);
    world.see(now(), Seen::Jobs(run.clone(), none.clone().into()));
    assert_eq!(world.verdict(&run), Verdict::Unknown);
    assert!(world.wants(|look| matches!(look, Look::Jobs(_))));
    world.see(now(), Seen::Jobs(run.clone(), none.into()));
    assert_eq!(world.verdict(&run), Verdict::NotExpected);
}

#[test]
fn a_skipped_job_that_only_sounds_like_a_push_proves_nothing() {
    assert_eq!(judged(&[], &jobs(&[("release notes", SKIPPED, 31), ("build", DONE, 31)])), Verdict::Unknown);
    assert_eq!(judged(&[], &jobs(&[("release notes", SKIPPED, 31), ("build", SKIPPED, 31)])), Verdict::NotExpected);
}

#[test]
fn where_nobody_said_which_job_pushes_the_grace_counts_from_the_last() {
    assert_eq!(judged(&[], &jobs(&[("docker lint", DONE, 31), ("build", DONE, 1)])), Verdict::Pending);
    assert_eq!(judged(&["docker*"], &jobs(&[("docker lint", DONE, 31), ("build", DONE, 1)])), Verdict::Missing);
}

#[test]
fn a_job_of_a_reusable_workflow_is_known_by_its_own_name() {
    let mut world = World::new();
    let run = world.run(7, 30);
    see(&mut world, &run, &jobs(&[("release / docker (amd64)", SKIPPED, 31)]));
    assert_eq!(world.gone(TAG).verdict(&run), Verdict::NotExpected);
}

#[test]
fn the_jobs_of_a_run_that_went_on_are_read_again() {
    let mut world = World::new();
    let run = world.run_with(7, 30, |run| run.state = FAILED);
    see(&mut world, &run, &jobs(&[("docker push", FAILED, 31)]));
    assert!(world.report().rows.is_empty());
    world.goes_on(&run, |run| {
        run.state = DONE;
        run.finished_at = Some(minutes_ago(1).into());
    });
    world.gone(TAG);
    assert_eq!(world.verdict(&run), Verdict::Unknown);
    assert!(!world.row(&run).settled);
    see(&mut world, &run, &jobs(&[("docker push", DONE, 1)]));
    assert_eq!(world.verdict(&run), Verdict::Pending);
}

#[test]
fn a_run_in_progress_is_not_judged_before_all_its_push_jobs_are_over() {
    let mut world = World::new();
    let run = world.run_with(7, 30, |run| run.state = RunState::Running);
    see(&mut world, &run, &jobs(&[("docker amd64", DONE, 31), ("docker arm64", RunState::Running, 0)]));
    world.pushed(TAG, "one", Some(&sha(6)));
    assert_eq!(world.verdict(&run), Verdict::Pending);
}

/// Where the first job that pushes is over, and the other, which needs it, is not: GitHub lists that one when its turn
/// comes, GitLab from the beginning.
#[rstest]
#[case::of_the_only_push_job(&[("test", RunState::Running, 0)], true)]
#[case::of_the_only_push_job_as_created(&[("test", RunState::Running, 0), ("docker index", RunState::Waiting, 0)], true)]
#[case::github(&[("docker amd64", DONE, 31)], true)]
#[case::gitlab(&[("docker amd64", DONE, 31), ("docker index", RunState::Waiting, 0)], true)]
#[case::github_half_read(&[("docker amd64", DONE, 31), ("docker index", DONE, 31)], false)]
fn a_push_job_whose_turn_has_not_come_is_waited_for(
    #[case] listed: &[(&str, RunState, i64)],
    #[case] complete: bool,
    #[values("absent", "old")] tag: &str,
) {
    let mut world = World::new();
    let before = world.run(6, 60);
    see(&mut world, &before, &jobs(&[("docker amd64", DONE, 61), ("docker index", DONE, 60), ("lint", DONE, 60)]));
    let run = world.run_with(7, 30, |run| (run.state, run.finished_at) = (RunState::Running, None));
    see(&mut world, &run, &Batch { complete, ..jobs(listed) });
    match tag {
        "absent" => world.gone(TAG),
        _ => world.pushed(TAG, "one", Some(&sha(6))),
    };
    assert_eq!(world.verdict(&run), Verdict::Pending);
    // Where all of them are over, it is judged.
    see(&mut world, &run, &jobs(&[("docker amd64", DONE, 31), ("docker index", DONE, 30), ("deploy", DONE, 1)]));
    assert_ne!(world.verdict(&run), Verdict::Pending);
}

#[test]
fn a_run_that_waits_for_a_person_after_its_push_is_judged() {
    let mut world = World::new();
    let run = world.run_with(7, 30, |run| run.state = RunState::Waiting);
    assert!(world.wants(|look| matches!(look, Look::Jobs(_))));
    see(&mut world, &run, &jobs(&[("docker push", DONE, 31), ("deploy", RunState::Waiting, 0)]));
    assert_eq!(world.gone(TAG).verdict(&run), Verdict::Missing);
}

#[test]
fn a_red_run_whose_jobs_could_not_be_read_is_unknown() {
    let mut world = World::new();
    let run = world.run_with(7, 30, |run| run.state = FAILED);
    world.see(now(), Seen::Failed(Look::Jobs(run.clone()), Failure::Forbidden("no".into())));
    assert_eq!(world.verdict(&run), Verdict::Unknown);
    let partial = Batch { complete: false, ..jobs(&[("test", FAILED, 31)]) };
    see(&mut world, &run, &partial);
    assert_eq!(world.verdict(&run), Verdict::Unknown);
}

#[test]
fn an_end_of_the_push_that_nobody_names_may_be_just_now_while_the_run_goes_on() {
    let mut world = World::new();
    let run = world.run_with(7, 30, |run| (run.state, run.finished_at) = (RunState::Running, None));
    let mut untold = jobs(&[("docker push", DONE, 31)]);
    untold.items.iter_mut().for_each(|job| (job.started_at, job.finished_at) = (None, None));
    see(&mut world, &run, &untold);
    assert_eq!(world.gone(TAG).verdict(&run), Verdict::Pending);
    let said = world.why(&run).evidence.join("\n");
    assert!(said.contains("ended as success, and nobody says when."), "{said}");
    world.goes_on(&run, |run| {
        (run.state, run.finished_at) = (RunState::Finished(Conclusion::Success), Some(minutes_ago(29).into()));
    });
    see(&mut world, &run, &jobs(&[("docker push", DONE, 31)]));
    assert_eq!(world.verdict(&run), Verdict::Missing, "it was over when the run was");
}
