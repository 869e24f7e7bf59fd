//! Tags that later runs move on, and tags that several runs or jobs push.

use landfall::analysis::{Verdict, plan};
use landfall::domain::{
    Batch, Claim, Conclusion, Event, Globs, Job, JobId, Look, PushLog, RunKey, RunState, Seen, Tag, Urgency,
};
use rstest::rstest;

use crate::world::{World, digest, image, minutes_ago, now, sha, unreachable};

const TAG: &str = "sha-0000000";

/// A service whose runs push the tag of their branch; run 6 did, and run 7 ended after it.
fn two_runs() -> (World, RunKey, RunKey) {
    let mut world = World::expecting(&["{branch}"], &[]);
    let older = world.run(6, 60);
    let run = world.run(7, 30);
    world.job(&older, Conclusion::Success, 61).log(&older, &[]);
    (world, older, run)
}

#[test]
fn a_skipped_push_leaves_the_tag_to_the_run_before() {
    let (mut world, older, run) = two_runs();
    world.pushed("main", "one", Some(&sha(6)));
    assert_eq!(world.verdict(&run), Verdict::Unknown);
    assert!(world.wants(|look| *look == Look::Jobs(run.clone())));
    world.job(&run, Conclusion::Skipped, 31);
    assert_eq!(world.verdict(&run), Verdict::NotExpected);
    assert_eq!(world.verdict(&older), Verdict::Landed);
}

#[test]
fn a_run_that_names_no_branch_can_be_seen_to_land_and_is_never_said_to_be_missing() {
    let mut world = World::new();
    let run = world.run_with(7, 30, |run| run.branch = None);
    world.job(&run, Conclusion::Success, 31).log(&run, &[]).canary().gone(TAG);
    assert_eq!(world.verdict(&run), Verdict::Unknown);
    let why = world.why(&run);
    let said = why.evidence.join("\n");
    assert!(said.contains("The run names no branch, and only some branches publish here"), "{said}");
    assert_eq!((why.cause, why.next_steps), (None, Vec::new()), "perhaps there is nothing to be done");
    let mut world = World::new();
    let run = world.run_with(7, 30, |run| run.branch = None);
    world.pushed(TAG, "one", Some(&sha(7))).whole("one", "linux/amd64", Some(&sha(7)));
    assert_eq!(world.verdict(&run), Verdict::Landed);
    let mut any = World::new().change(|service| service.branch = Globs::parse(&[]).unwrap());
    let run = any.run_with(7, 30, |run| run.branch = None);
    any.job(&run, Conclusion::Success, 31).log(&run, &[]).canary().gone(TAG);
    assert_eq!(any.verdict(&run), Verdict::Missing, "where every branch publishes it need name none");
}

#[test]
fn a_newer_run_that_names_no_branch_takes_no_moving_tag_over() {
    let mut world = World::expecting(&["latest"], &[]);
    let run = world.run(7, 30);
    world.job(&run, Conclusion::Success, 31).log(&run, &[]);
    let newer = world.run_with(8, 20, |run| run.branch = None);
    world.job(&newer, Conclusion::Success, 21).log(&newer, &[]).gone("latest");
    assert_eq!(world.verdict(&run), Verdict::Missing, "it may not have been to push it");
    assert_eq!(world.verdict(&newer), Verdict::Unknown);
    assert_eq!(world.report().newest_green.unwrap().run.key, run);
}

#[test]
fn where_the_newest_run_left_its_push_out_the_absent_tag_is_missed_by_the_run_before() {
    let (mut world, older, run) = two_runs();
    world.job(&run, Conclusion::Skipped, 31).gone("main");
    assert_eq!(world.verdict(&run), Verdict::NotExpected);
    assert_eq!(world.verdict(&older), Verdict::Missing);
}

#[rstest]
#[case::in_progress(RunState::Running, Verdict::Pending)]
#[case::red(RunState::Finished(Conclusion::Failure), Verdict::Unknown)]
#[case::not_begun(RunState::Waiting, Verdict::Stale)]
fn a_newer_run_may_have_moved_the_tag_on(#[case] state: RunState, #[case] expected: Verdict) {
    let (mut world, _, run) = two_runs();
    world.job(&run, Conclusion::Success, 31).log(&run, &[(&image(), "main", &digest("seven"))]);
    world.run_with(8, 1, |newer| newer.state = state);
    world.pushed("main", "eight", None);
    assert_eq!(world.verdict(&run), expected);
}

#[test]
fn a_newer_run_that_waits_for_a_person_after_its_push_may_have_moved_the_tag_on() {
    let (mut world, _, run) = two_runs();
    world.job(&run, Conclusion::Success, 31).log(&run, &[(&image(), "main", &digest("seven"))]);
    let newer = world.run_with(8, 1, |newer| newer.state = RunState::Waiting);
    world.job(&newer, Conclusion::Success, 2).pushed("main", "eight", None);
    assert_eq!(world.verdict(&run), Verdict::Pending);
}

#[test]
fn what_changed_after_the_runs_were_listed_is_not_judged_before_they_are_listed_again() {
    let (mut world, _, run) = two_runs();
    world.job(&run, Conclusion::Success, 31).log(&run, &[]);
    let at = now() + jiff::SignedDuration::from_secs(5);
    world.pushed_at(at, "main", "eight", Some(&sha(8)));
    assert_eq!(world.verdict(&run), Verdict::Unknown);
    let plan = plan(&world.snapshot, &world.service, &world.policy, at, false);
    let relist = plan.iter().find(|wanted| matches!(wanted.look, Look::Runs(_)) && wanted.urgency < Urgency::Again);
    assert_eq!(relist.unwrap().not_before, Some(at));
    world.listed_at(at);
    assert_eq!(world.verdict(&run), Verdict::Mismatch);
    world.run_with(8, 0, |run| run.state = RunState::Running);
    assert_eq!(world.verdict(&run), Verdict::NotExpected);
}

#[test]
fn a_failed_look_at_a_tag_that_moves_is_no_change_of_it() {
    let (mut world, older, run) = two_runs();
    world.job(&run, Conclusion::Success, 31).log(&run, &[]);
    let later = |minutes: i64| now() + jiff::SignedDuration::from_mins(minutes);
    // Nobody could look, and nothing is known from before.
    world.tag(now(), "main", unreachable());
    let row = world.row(&run);
    assert_eq!((row.verdict, row.last_known), (Verdict::Unknown, None));
    assert_eq!(world.verdict(&older), Verdict::NotExpected);
    world.listed_at(later(1)).pushed_at(later(1), "main", "eight", Some(&sha(8)));
    assert_eq!((world.verdict(&run), world.row(&run).since), (Verdict::Mismatch, Some(later(1).into())));
    // Nobody could look for a while, and it is as it was.
    world.tag(later(2), "main", unreachable());
    let row = world.row(&run);
    assert_eq!((row.verdict, row.last_known), (Verdict::Unknown, Some((Verdict::Mismatch, later(1).into()))));
    world.pushed_at(later(3), "main", "eight", Some(&sha(8)));
    assert_eq!((world.verdict(&run), world.row(&run).since), (Verdict::Mismatch, Some(later(1).into())));
    world.pushed_at(later(4), "main", "seven", Some(&sha(7)));
    assert_eq!(world.verdict(&run), Verdict::Landed);
}

#[test]
fn where_a_run_could_not_be_read_an_unknown_commit_may_be_its() {
    let (mut world, _, run) = two_runs();
    world.job(&run, Conclusion::Success, 31).log(&run, &[]).pushed("main", "eight", Some(&sha(8)));
    assert_eq!(world.verdict(&run), Verdict::Mismatch);
    world.skip_a_run();
    assert_eq!(world.verdict(&run), Verdict::Unknown);
}

#[test]
fn another_branchs_newer_commit_under_this_branchs_tag_is_a_mismatch() {
    let (world, _, run) = two_runs();
    let mut world = world.change(|service| service.branch = Globs::parse(&[]).unwrap());
    world.job(&run, Conclusion::Success, 31).log(&run, &[]);
    world.run_with(8, 10, |run| run.branch = Some("feature".into()));
    world.pushed("main", "eight", Some(&sha(8)));
    assert_eq!(world.verdict(&run), Verdict::Mismatch);
}

#[test]
fn a_run_that_is_not_to_publish_supersedes_nothing() {
    let mut world = World::expecting(&["latest"], &[]);
    let run = world.run(7, 30);
    world.job(&run, Conclusion::Success, 31).log(&run, &[]);
    world.run_with(8, 10, |run| run.branch = Some("feature".into()));
    world.pushed("latest", "eight", Some(&sha(8)));
    assert_eq!(world.verdict(&run), Verdict::Mismatch);
}

#[test]
fn within_the_grace_a_commit_that_is_not_listed_may_be_the_old_one() {
    let mut world = World::expecting(&["{branch}"], &[]);
    let run = world.run(7, 1);
    world.job(&run, Conclusion::Success, 1).pushed("main", "one", Some(&sha(3)));
    assert_eq!(world.verdict(&run), Verdict::Pending);
}

#[test]
fn a_quick_workflow_of_the_same_commit_does_not_make_the_tag_stale() {
    let (world, _, lint) = two_runs();
    let mut world = world.change(|service| service.push_job = Globs::parse(&[]).unwrap());
    world.job(&lint, Conclusion::Success, 31).log(&lint, &[]).pushed("main", "one", Some(&sha(6)));
    assert_eq!(world.verdict(&lint), Verdict::Stale);
    world.run_beside(RunState::Running);
    assert_eq!(world.verdict(&lint), Verdict::Pending);
}

#[test]
fn of_two_runs_of_one_commit_either_may_push_last() {
    let mut world = World::new();
    let one = world.run(7, 30);
    let two = world.run_with(8, 28, |run| run.sha = sha(7));
    world.job(&one, Conclusion::Success, 20).log(&one, &[(&image(), TAG, &digest("one"))]);
    world.job(&two, Conclusion::Success, 29).log(&two, &[(&image(), TAG, &digest("two"))]);
    world.pushed(TAG, "one", None);
    assert_eq!(world.verdict(&one), Verdict::Landed);
    assert_eq!(world.verdict(&two), Verdict::Landed);
}

#[test]
fn of_two_jobs_that_push_the_tag_either_may_be_listed_last() {
    for (first, second) in [("index", "amd"), ("amd", "index")] {
        let mut world = World::new();
        let run = world.run(7, 30);
        world.job(&run, Conclusion::Success, 31);
        world.log(&run, &[(&image(), TAG, &digest(first)), (&image(), TAG, &digest(second))]);
        world.pushed(TAG, "index", None);
        assert_eq!(world.verdict(&run), Verdict::Landed, "{first} then {second}");
        let agrees = format!("pushed {TAG} as {}, which agrees", digest("index"));
        assert!(world.why(&run).evidence.iter().any(|line| line.contains(&agrees)), "{first} then {second}");
    }
}

#[test]
fn a_claim_that_names_no_repository_contradicts_nothing() {
    let mut world = World::new();
    let run = world.run(7, 30);
    world.job(&run, Conclusion::Success, 31).pushed(TAG, "one", None);
    let claim = Claim { image: None, tag: Some(Tag::parse(TAG).unwrap()), digest: Some(digest("another image's")) };
    let log = PushLog { claims: vec![claim], available: true, ..PushLog::default() };
    world.see(now(), Seen::PushLog(run.clone(), JobId(run.id), log));
    assert_eq!(world.verdict(&run), Verdict::Landed);
}

#[test]
fn a_shared_digest_is_not_judged_before_the_log_is_read() {
    let mut world = World::expecting(&["sha-{sha:8}"], &[]);
    world.run(6, 60);
    let run = world.run(7, 30);
    world.pushed("sha-00000006", "one", None).pushed("sha-00000007", "one", None);
    assert_eq!(world.verdict(&run), Verdict::Unknown);
    world.job(&run, Conclusion::Success, 31);
    assert_eq!(world.verdict(&run), Verdict::Unknown);
    world.log(&run, &[]);
    assert_eq!(world.verdict(&run), Verdict::Stale);
    assert!(world.why(&run).cause.unwrap().ends_with("or the two commits build the very same."));
}

#[test]
fn where_an_older_tag_pointed_before_does_not_count() {
    let mut world = World::expecting(&["sha-{sha:8}"], &[]);
    world.run(6, 60);
    let run = world.run(7, 30);
    world.job(&run, Conclusion::Success, 31).log(&run, &[]);
    world.pushed("sha-00000006", "one", None).pushed("sha-00000007", "one", None);
    assert_eq!(world.verdict(&run), Verdict::Stale);
    world.pushed("sha-00000006", "two", None);
    assert_eq!(world.verdict(&run), Verdict::Landed);
}

#[test]
fn a_log_that_came_late_is_looked_for_once_more() {
    let mut world = World::new();
    let run = world.run(7, 0);
    let job = Job {
        id: JobId(1),
        name: "docker push".into(),
        stage: None,
        state: RunState::Finished(Conclusion::Success),
        allow_failure: false,
        started_at: None,
        finished_at: Some(now().into()),
    };
    world.see(now(), Seen::Jobs(run.clone(), Batch { items: vec![job], skipped: 0, complete: true }.into()));
    world.see(now(), Seen::PushLog(run.clone(), JobId(1), PushLog::default())).pushed(TAG, "one", None);
    let plan = plan(&world.snapshot, &world.service, &world.policy, now(), false);
    let again = plan.iter().find(|wanted| matches!(wanted.look, Look::PushLog(..))).unwrap();
    assert_eq!((again.urgency, again.not_before), (Urgency::Again, Some(minutes_ago(-2))));
}

#[test]
fn a_second_attempt_is_worth_the_log_even_where_the_label_agrees() {
    let mut world = World::new();
    let run = world.run_with(7, 30, |run| run.key.attempt = 2);
    let second = RunKey { attempt: 2, ..run };
    world.pushed(TAG, "one", Some(&sha(7)));
    assert!(world.wants(|look| *look == Look::Jobs(second.clone())));
    world.job(&second, Conclusion::Success, 31).log(&second, &[(&image(), TAG, &digest("two"))]);
    assert_eq!(world.verdict(&second), Verdict::Stale);
    assert!(world.why(&second).cause.unwrap().starts_with("Something else pushed this commit's tag"));
}

#[test]
fn the_image_of_a_pull_request_names_a_merge_that_nobody_tells() {
    let mut world = World::new().change(|service| {
        service.event = Globs::parse(&["pull_request".to_owned()]).unwrap();
        service.branch = Globs::parse(&[]).unwrap();
    });
    let run = world.run_with(7, 30, |run| run.event = Event("pull_request".into()));
    world.job(&run, Conclusion::Success, 31).log(&run, &[]).pushed(TAG, "one", Some(&sha(99)));
    assert_eq!(world.verdict(&run), Verdict::Landed);
}
