//! The registry says that there is no such tag.

use std::sync::Arc;

use landfall::analysis::Verdict;
use landfall::domain::{
    AuthKind, AuthStage, Claim, Conclusion, Failure, ImageName, Job, JobId, Landed, Look, Probe, PushLog, RunState,
    Seen, Tag, TagRef, Urgency,
};
use rstest::rstest;

use crate::world::{World, absent, digest, image, minutes_ago, now, sha, single, unreachable};

const TAG: &str = "sha-0000000";

fn failed_push() -> (World, landfall::domain::RunKey) {
    let mut world = World::new();
    let run = world.run(7, 30);
    world.job(&run, Conclusion::Success, 31).log(&run, &[]);
    (world, run)
}

#[test]
fn an_absent_tag_with_every_proof_is_missing() {
    let (mut world, run) = failed_push();
    world.gone(TAG);
    assert_eq!(world.verdict(&run), Verdict::Missing);
    assert!(world.row(&run).settled);
    assert!(world.why(&run).evidence.iter().any(|line| line.contains("Never claimed")));
}

#[test]
fn what_was_claimed_and_is_absent_says_so() {
    let (mut world, run) = failed_push();
    world.log(&run, &[(&image(), TAG, &digest("pushed"))]).gone(TAG);
    assert_eq!(world.verdict(&run), Verdict::Missing);
    assert!(world.why(&run).evidence.iter().any(|line| line.starts_with("Claimed but absent")));
}

#[test]
fn a_log_that_was_read_in_part_does_not_say_what_was_never_claimed() {
    let (mut world, run) = failed_push();
    let log = PushLog { available: true, truncated: true, ..PushLog::default() };
    world.see(now(), Seen::PushLog(run.clone(), JobId(run.id), log)).gone(TAG);
    assert!(world.why(&run).evidence.iter().any(|line| line.contains("what was read of the log")));
}

#[test]
fn one_look_is_not_enough_for_missing() {
    let (mut world, run) = failed_push();
    world.canary().tag(now(), TAG, absent());
    assert_eq!(world.verdict(&run), Verdict::Pending);
    assert!(!world.row(&run).settled);
}

#[test]
fn two_looks_too_close_together_count_as_one() {
    let (mut world, run) = failed_push();
    world.canary().tag(now(), TAG, absent()).tag(now(), TAG, absent());
    assert_eq!(world.verdict(&run), Verdict::Pending);
}

#[test]
fn without_proof_that_the_repository_can_be_read_it_is_unknown() {
    let (mut world, run) = failed_push();
    world.tag(minutes_ago(1), TAG, absent()).tag(now(), TAG, absent());
    assert_eq!(world.verdict(&run), Verdict::Unknown);
    assert!(world.wants(|look| matches!(look, Look::Canary(_))));
    let refused = Failure::Auth { stage: AuthStage::Registry, kind: AuthKind::InsufficientScope, says: "no".into() };
    world.see(now(), Seen::Canary(image(), Probe::Unseen(refused)));
    assert_eq!(world.verdict(&run), Verdict::Unknown);
}

#[test]
fn within_grace_of_the_push_jobs_end_it_is_pending() {
    let mut world = World::new();
    let run = world.run(7, 0);
    world.job(&run, Conclusion::Success, 1).log(&run, &[]).gone(TAG);
    assert_eq!(world.verdict(&run), Verdict::Pending);
}

#[test]
fn the_grace_is_measured_from_the_push_jobs_end_not_the_runs() {
    let mut world = World::new();
    let run = world.run(7, 0);
    world.job(&run, Conclusion::Success, 20).log(&run, &[]).gone(TAG);
    assert_eq!(world.verdict(&run), Verdict::Missing);
}

#[test]
fn a_skipped_or_cancelled_push_job_means_that_nothing_is_expected() {
    for conclusion in [Conclusion::Skipped, Conclusion::Cancelled] {
        let mut world = World::new();
        let run = world.run(7, 30);
        world.job(&run, conclusion, 31).gone(TAG);
        assert_eq!(world.verdict(&run), Verdict::NotExpected);
    }
}

#[test]
fn a_push_job_glob_that_matches_nothing_anywhere_is_unknown() {
    let (world, run) = failed_push();
    let mut world = world.change(|service| {
        service.push_job = landfall::domain::Globs::parse(&["publish".to_owned()]).unwrap();
    });
    world.gone(TAG);
    assert_eq!(world.verdict(&run), Verdict::Unknown);
}

#[test]
fn jobs_that_could_not_be_read_leave_it_unknown() {
    let mut world = World::new();
    let run = world.run(7, 30);
    world.gone(TAG);
    assert!(world.wants(|look| matches!(look, Look::Jobs(_))));
    let failure = Failure::Malformed("an HTML page".into());
    world.see(now(), Seen::Failed(Look::Jobs(run.clone()), failure));
    assert_eq!(world.verdict(&run), Verdict::Unknown);
}

#[test]
fn a_log_that_could_not_be_read_is_no_evidence_and_no_obstacle() {
    let mut world = World::new();
    let run = world.run(7, 30);
    world.job(&run, Conclusion::Success, 31).gone(TAG);
    assert_eq!(world.verdict(&run), Verdict::Unknown);
    let failure = Failure::NotFound("gone".into());
    world.see(now(), Seen::Failed(Look::PushLog(run.clone(), JobId(run.id)), failure));
    assert_eq!(world.verdict(&run), Verdict::Missing);
}

#[test]
fn another_services_image_that_the_same_job_pushed_is_where_it_belongs() {
    let (world, run) = failed_push();
    let theirs = ImageName::parse("registry.test/acme/worker").unwrap();
    let mut world = world.change(|service| service.claimed = Arc::new([image(), theirs.clone()].into()));
    world.log(&run, &[(&theirs, TAG, &digest("theirs"))]).gone(TAG);
    world.see(
        now(),
        Seen::Tag(
            TagRef { image: theirs, tag: Tag::parse(TAG).unwrap() },
            Probe::Present(Arc::new(crate::world::single("theirs"))),
        ),
    );
    assert_eq!(world.verdict(&run), Verdict::Missing);
}

#[test]
fn found_where_the_log_says_it_went_it_is_misrouted() {
    let (mut world, run) = failed_push();
    let typo = landfall::domain::ImageName::parse("registry.test/acme/chekout").unwrap();
    world.log(&run, &[(&typo, TAG, &digest("pushed"))]).gone(TAG);
    assert_eq!(world.verdict(&run), Verdict::Unknown);
    let there = TagRef { image: typo, tag: Tag::parse(TAG).unwrap() };
    assert!(world.wants(|look| *look == Look::Tag(there.clone())));
    world.see(now(), Seen::Tag(there, Probe::Present(single("pushed").into())));
    assert_eq!(world.verdict(&run), Verdict::Misrouted);
}

#[test]
fn a_part_for_one_platform_is_not_where_the_image_went() {
    let (mut world, run) = failed_push();
    let part = format!("{TAG}-arm64");
    world.log(&run, &[(&image(), &part, &digest("part"))]).gone(TAG);
    assert_eq!(world.verdict(&run), Verdict::Missing);
    assert!(world.why(&run).cause.unwrap().contains("what joins the parts under sha-0000000 was not"));
}

#[rstest]
#[case::set_out(image(), "denied: requested access", Verdict::Missing)]
#[case::named(ImageName::parse("mirror.test/acme/checkout").unwrap(), "failed to push registry.test/acme/checkout:x: denied", Verdict::Missing)]
#[case::of_something_else(ImageName::parse("mirror.test/acme/checkout").unwrap(), "denied: the cache", Verdict::Misrouted)]
fn what_went_to_a_mirror_too_is_missing_where_the_push_was_refused(
    #[case] set_out_for: ImageName,
    #[case] refusal: &str,
    #[case] expected: Verdict,
) {
    let (mut world, run) = failed_push();
    let mirror = ImageName::parse("mirror.test/acme/checkout").unwrap();
    let tag = Tag::parse(TAG).unwrap();
    let claim = Claim { image: Some(mirror.clone()), tag: Some(tag.clone()), digest: Some(digest("one")) };
    let log = PushLog {
        claims: vec![claim],
        destinations: vec![set_out_for],
        refusals: vec![refusal.into()],
        available: true,
        ..PushLog::default()
    };
    world.see(now(), Seen::PushLog(run.clone(), JobId(run.id), log)).gone(TAG);
    world.see(now(), Seen::Tag(TagRef { image: mirror, tag }, Probe::Present(single("one").into())));
    assert_eq!(world.verdict(&run), expected);
}

#[test]
fn while_a_run_of_the_same_commit_has_not_listed_its_push_job_nothing_is_wrong_with_the_configuration() {
    let (world, run) = failed_push();
    let mut world = world.change(|service| {
        service.push_job = landfall::domain::Globs::parse(&["publish".to_owned()]).unwrap();
    });
    let release = world.run_beside(RunState::Running);
    world.gone(TAG);
    assert_eq!(world.verdict(&run), Verdict::Pending);
    world.goes_on(&release, |release| release.state = RunState::Finished(landfall::domain::Conclusion::Success));
    assert_eq!(world.verdict(&run), Verdict::Unknown);
}

#[test]
fn what_landed_once_and_is_absent_twice_was_pruned() {
    let (mut world, run) = failed_push();
    let tag_ref = TagRef { image: image(), tag: Tag::parse(TAG).unwrap() };
    let landed = Landed {
        tag_ref,
        run: run.clone(),
        digest: digest("pushed"),
        since: minutes_ago(900),
        last_seen: minutes_ago(60),
        proof: None,
    };
    world.see(now(), Seen::Remembered(vec![landfall::domain::Fact::Landed(landed)])).gone(TAG);
    assert_eq!(world.verdict(&run), Verdict::Pruned);
}

#[test]
fn what_could_not_be_looked_at_says_what_helps_once() {
    let refused = |kind| Failure::Auth { stage: AuthStage::Token, kind, says: "no".into() };
    for (failure, helps) in [
        (refused(AuthKind::InsufficientScope), "Give landfall's credential the right to read it."),
        (
            refused(AuthKind::BadPassword),
            "Renew landfall's own credential for it; landfall reads it anew from the same place.",
        ),
        (Failure::RateLimited { until: None, says: "".into() }, "Wait; landfall keeps away until then."),
    ] {
        let (mut world, run) = failed_push();
        world.tag(now(), TAG, Probe::Unseen(failure.clone()));
        world.see(now(), Seen::Canary(image(), Probe::Unseen(failure)));
        assert_eq!(world.verdict(&run), Verdict::Unknown);
        assert_eq!(world.why(&run).next_steps, [helps]);
    }
    let mut world = World::new();
    let run = world.run(7, 30);
    world.pushed(TAG, "one", Some(&sha(7)));
    assert!(world.why(&run).next_steps.is_empty(), "what landed needs no help");
}

#[test]
fn a_registry_that_could_not_be_asked_is_unknown_and_keeps_what_was_known() {
    let (mut world, run) = failed_push();
    world.pushed(TAG, "pushed", Some(&sha(7)));
    assert_eq!(world.verdict(&run), Verdict::Landed);
    world.tag(now(), TAG, unreachable());
    let row = world.row(&run);
    assert_eq!(row.verdict, Verdict::Unknown);
    assert_eq!(row.last_known, Some((Verdict::Landed, now().into())));
}

#[test]
fn a_failure_between_two_absences_does_not_forget_the_first() {
    let (mut world, run) = failed_push();
    world.canary().tag(minutes_ago(2), TAG, absent()).tag(minutes_ago(1), TAG, unreachable());
    assert_eq!(world.verdict(&run), Verdict::Unknown);
    world.tag(now(), TAG, absent());
    assert_eq!(world.verdict(&run), Verdict::Missing);
}

#[test]
fn a_pull_requests_absent_tag_is_unknown_because_the_merge_commit_is_not_told() {
    let world = World::new().change(|service| {
        service.event = landfall::domain::Globs::parse(&["pull_request".to_owned()]).unwrap();
        service.branch = landfall::domain::Globs::parse(&[]).unwrap();
    });
    let mut world = world;
    let run = world.run_with(7, 30, |run| run.event = landfall::domain::Event("pull_request".into()));
    world.job(&run, Conclusion::Success, 31).log(&run, &[]).gone(TAG);
    assert_eq!(world.verdict(&run), Verdict::Unknown);
}

#[test]
fn a_failed_run_whose_push_job_succeeded_is_judged_and_another_is_not() {
    let mut world = World::new();
    let run = world.run_with(7, 30, |run| run.state = RunState::Finished(Conclusion::Failure));
    assert!(world.report().rows.is_empty());
    world.job(&run, Conclusion::Failure, 31);
    assert!(world.report().rows.is_empty());
    world.job(&run, Conclusion::Success, 31).log(&run, &[]).gone(TAG);
    assert_eq!(world.verdict(&run), Verdict::Missing);
}

#[test]
fn a_run_in_progress_is_judged_once_its_push_job_is_over() {
    let mut world = World::new();
    let run = world.run_with(7, 10, |run| {
        run.state = RunState::Running;
        run.finished_at = None;
    });
    assert_eq!(world.verdict(&run), Verdict::Pending);
    world.job(&run, Conclusion::Success, 5).log(&run, &[]).gone(TAG);
    assert_eq!(world.verdict(&run), Verdict::Missing);
}

#[test]
fn jobs_read_before_their_end_are_read_again_once_the_run_is_over() {
    let mut world = World::new();
    let run = world.run(7, 30);
    let running = Job {
        id: JobId(1),
        name: "docker push".into(),
        stage: None,
        state: RunState::Running,
        allow_failure: false,
        started_at: None,
        finished_at: None,
    };
    let batch = landfall::domain::Batch { items: vec![running], skipped: 0, complete: true };
    world.see(now(), Seen::Jobs(run.clone(), batch.into())).gone(TAG);
    assert_eq!(world.verdict(&run), Verdict::Unknown);
    assert!(!world.row(&run).settled);
}

#[test]
fn a_refusal_in_the_log_is_the_cause() {
    let (mut world, run) = failed_push();
    let refusals = vec!["denied: the token has expired".into()];
    let log = PushLog { refusals, available: true, ..PushLog::default() };
    world.see(now(), Seen::PushLog(run.clone(), JobId(run.id), log)).gone(TAG);
    assert!(world.why(&run).cause.unwrap().contains("token has expired"));
}

#[test]
fn nothing_is_asked_for_a_run_that_is_not_over() {
    let mut world = World::new().change(|service| service.push_job = landfall::domain::Globs::parse(&[]).unwrap());
    world.run_with(7, 10, |run| run.state = RunState::Waiting);
    let plan = landfall::analysis::plan(&world.snapshot, &world.service, &world.policy, now(), false);
    assert!(plan.iter().all(|wanted| wanted.urgency == Urgency::Again && matches!(wanted.look, Look::Runs(_))));
}

#[test]
fn what_another_attempt_of_the_run_left_there_was_pruned_as_well() {
    let (mut world, run) = failed_push();
    let first = |last_seen| Landed {
        tag_ref: TagRef { image: image(), tag: Tag::parse(TAG).unwrap() },
        run: landfall::domain::RunKey { attempt: 7, ..run.clone() },
        digest: digest("pushed"),
        since: minutes_ago(900),
        last_seen,
        proof: None,
    };
    let remembered = |landed| Seen::Remembered(vec![landfall::domain::Fact::Landed(landed)]);
    world.gone(TAG);
    world.see(now(), remembered(first(minutes_ago(40))));
    assert_eq!(world.verdict(&run), Verdict::Missing, "it was gone, or not, when this attempt pushed it anew");
    world.see(now(), remembered(first(minutes_ago(20))));
    assert_eq!(world.verdict(&run), Verdict::Pruned, "it was there after the only push");
}
