//! What stands between an absent tag and `missing`: other runs, other images, other times.

use std::num::NonZeroU64;

use jiff::SignedDuration;
use landfall::analysis::{Verdict, judge, plan};
use landfall::domain::{
    Absence, AbsenceCode, Batch, Conclusion, Failure, Globs, ImageName, ImageSpec, Job, JobId, Landed, Look, Probe,
    PushLog, RunKey, RunState, Seen, Tag, TagRef, TagTemplate, Urgency,
};

use crate::world::{World, absent, digest, image, minutes_ago, now, sha, single, unreachable};

const TAG: &str = "sha-0000000";

fn pushed_green() -> (World, RunKey) {
    let mut world = World::new();
    let run = world.run(7, 30);
    world.job(&run, Conclusion::Success, 31).log(&run, &[]);
    (world, run)
}

fn sibling() -> ImageName {
    ImageName::parse("registry.test/acme/worker").unwrap()
}

/// A service of two images, each with the same tag.
fn of_two_images() -> World {
    World::new().change(|service| {
        let spec = ImageSpec { repository: sibling(), ..service.images[0].clone() };
        service.images.push(spec);
    })
}

#[test]
fn a_sibling_that_is_expected_itself_is_not_where_this_one_went() {
    let mut world = of_two_images();
    let run = world.run(7, 30);
    world.job(&run, Conclusion::Success, 31).log(&run, &[(&sibling(), TAG, &digest("worker"))]).gone(TAG);
    let there = TagRef { image: sibling(), tag: Tag::parse(TAG).unwrap() };
    world.see(now(), Seen::Tag(there, Probe::Present(single("worker").into())));
    assert_eq!(world.verdict(&run), Verdict::Missing);
}

#[test]
fn another_tag_that_is_expected_itself_is_not_where_this_one_went() {
    let mut world = World::expecting(&["sha-{sha:7}", "{sha}"], &[]);
    let run = world.run(7, 30);
    let full = sha(7).as_str().to_owned();
    world.job(&run, Conclusion::Success, 31).log(&run, &[(&image(), &full, &digest("one"))]);
    world.gone(TAG).tag(now(), &full, Probe::Present(single("one").into()));
    assert_eq!(world.verdict(&run), Verdict::Missing);
}

#[test]
fn misrouted_needs_the_same_proof_of_absence() {
    let (mut world, run) = pushed_green();
    let typo = ImageName::parse("registry.test/acme/chekout").unwrap();
    world.log(&run, &[(&typo, TAG, &digest("pushed"))]).tag(minutes_ago(1), TAG, absent());
    let there = TagRef { image: typo, tag: Tag::parse(TAG).unwrap() };
    world.see(now(), Seen::Tag(there, Probe::Present(single("pushed").into())));
    assert_eq!(world.verdict(&run), Verdict::Unknown);
    world.canary();
    assert_eq!(world.verdict(&run), Verdict::Pending);
    world.tag(now(), TAG, absent());
    assert_eq!(world.verdict(&run), Verdict::Misrouted);
}

#[test]
fn within_the_grace_what_is_elsewhere_may_still_be_copied_here() {
    let mut world = World::new();
    let run = world.run(7, 1);
    let staging = ImageName::parse("registry.test/staging/checkout").unwrap();
    world.job(&run, Conclusion::Success, 1).log(&run, &[(&staging, TAG, &digest("pushed"))]).gone(TAG);
    let there = TagRef { image: staging, tag: Tag::parse(TAG).unwrap() };
    world.see(now(), Seen::Tag(there, Probe::Present(single("pushed").into())));
    assert_eq!(world.verdict(&run), Verdict::Pending);
}

#[test]
fn two_looks_within_the_grace_do_not_prove_what_is_there_after_it() {
    let mut world = World::new();
    let run = world.run(7, 3);
    world.job(&run, Conclusion::Success, 3).log(&run, &[]).canary();
    world.tag(minutes_ago(3), TAG, absent()).tag(minutes_ago(2), TAG, absent());
    assert_eq!(world.verdict(&run), Verdict::Pending);
    let plan = plan(&world.snapshot, &world.service, &world.policy, now(), false);
    assert!(plan.iter().any(|wanted| matches!(wanted.look, Look::Tag(_)) && wanted.urgency < Urgency::Again));
    world.tag(now(), TAG, absent());
    assert_eq!(world.verdict(&run), Verdict::Missing);
}

#[test]
fn another_run_of_the_same_commit_may_still_push_it() {
    let mut world = World::new().change(|service| service.push_job = Globs::parse(&[]).unwrap());
    let lint = world.run(7, 30);
    world.job(&lint, Conclusion::Success, 31).log(&lint, &[]).gone(TAG);
    assert_eq!(world.verdict(&lint), Verdict::Missing);
    let release = world.run_beside(RunState::Running);
    assert_eq!(world.verdict(&lint), Verdict::Pending);
    world.goes_on(&release, |run| {
        run.state = RunState::Finished(Conclusion::Success);
        run.finished_at = Some(minutes_ago(1).into());
    });
    assert_eq!(world.verdict(&lint), Verdict::Pending, "the grace of the later run counts");
}

#[test]
fn another_run_of_the_same_commit_whose_push_is_over_is_not_waited_for() {
    let (mut world, run) = pushed_green();
    let other = world.run_beside(RunState::Waiting);
    world.gone(TAG);
    assert_eq!(world.verdict(&run), Verdict::Pending);
    world.job(&other, Conclusion::Success, 20).log(&other, &[]);
    assert_eq!(world.verdict(&run), Verdict::Missing);
}

fn legs(world: &mut World, run: &RunKey, legs: &[(&str, Conclusion)]) {
    let job = |(id, (name, conclusion)): (u64, &(&str, Conclusion))| Job {
        id: JobId(id),
        name: (*name).into(),
        stage: None,
        state: RunState::Finished(conclusion.clone()),
        allow_failure: false,
        started_at: None,
        finished_at: Some(minutes_ago(31).into()),
    };
    let items: Vec<Job> = (1..).zip(legs).map(job).collect();
    for job in &items {
        let log = PushLog { available: true, ..PushLog::default() };
        world.see(now(), Seen::PushLog(run.clone(), job.id, log));
    }
    world.see(now(), Seen::Jobs(run.clone(), Batch { items, skipped: 0, complete: true }.into()));
}

#[test]
fn the_failed_leg_of_a_red_matrix_is_no_finding() {
    let mut world = of_two_images();
    let run = world.run_with(7, 30, |run| run.state = RunState::Finished(Conclusion::Failure));
    legs(&mut world, &run, &[("docker (checkout)", Conclusion::Failure), ("docker (worker)", Conclusion::Success)]);
    assert_eq!(world.gone(TAG).verdict(&run), Verdict::NotExpected);
}

#[test]
fn a_leg_that_was_skipped_may_be_the_one_that_pushes_this_image() {
    let skipped = [("docker checkout", Conclusion::Skipped), ("docker worker", Conclusion::Success)];
    let mut world = of_two_images();
    let run = world.run(7, 30);
    legs(&mut world, &run, &skipped);
    assert_eq!(world.gone(TAG).verdict(&run), Verdict::Unknown);
    let mut world = World::new();
    let run = world.run(7, 30);
    legs(&mut world, &run, &skipped);
    assert_eq!(world.gone(TAG).verdict(&run), Verdict::Missing);
}

fn unknown_repository() -> Seen {
    let absence = Absence { code: AbsenceCode::NameUnknown, says: "repository name not known to registry".into() };
    Seen::Canary(image(), Probe::Absent(absence))
}

#[test]
fn a_repository_that_is_new_or_hidden_is_missing_with_its_doubt_said() {
    let (mut world, run) = pushed_green();
    world.tag(minutes_ago(1), TAG, absent()).tag(now(), TAG, absent()).see(now(), unknown_repository());
    assert_eq!(world.verdict(&run), Verdict::Missing);
    assert!(world.why(&run).to_be_sure.iter().any(|line| line.contains("a 404 can hide a 403")));
}

#[test]
fn a_repository_that_could_be_read_and_is_unknown_now_may_be_hidden() {
    let (mut world, run) = pushed_green();
    world.see(
        minutes_ago(20),
        Seen::Canary(image(), Probe::Present(Batch { items: vec![], skipped: 0, complete: true })),
    );
    world.tag(minutes_ago(1), TAG, absent()).tag(now(), TAG, absent()).see(now(), unknown_repository());
    assert_eq!(world.verdict(&run), Verdict::Unknown);
}

#[test]
fn pruned_needs_proof_that_the_repository_can_still_be_read() {
    let (mut world, run) = pushed_green();
    let landed = Landed {
        tag_ref: TagRef { image: image(), tag: Tag::parse(TAG).unwrap() },
        run: run.clone(),
        digest: digest("pushed"),
        since: minutes_ago(900),
        last_seen: minutes_ago(60),
        proof: None,
    };
    world.see(now(), Seen::Remembered(vec![landfall::domain::Fact::Landed(landed)]));
    world.tag(minutes_ago(1), TAG, absent()).tag(now(), TAG, absent());
    assert_eq!(world.verdict(&run), Verdict::Unknown);
    world.see(now(), unknown_repository());
    assert_eq!(world.verdict(&run), Verdict::Unknown);
    world.see(now(), Seen::Canary(image(), Probe::Unseen(Failure::Forbidden("no".into()))));
    assert_eq!(world.verdict(&run), Verdict::Unknown);
    world.canary();
    assert_eq!(world.verdict(&run), Verdict::Pruned);
}

#[test]
fn a_failed_look_does_not_make_two_looks_out_of_one_moment() {
    let (mut world, run) = pushed_green();
    world.canary().tag(minutes_ago(1), TAG, absent()).tag(minutes_ago(1), TAG, absent());
    world.tag(now(), TAG, unreachable());
    let row = world.row(&run);
    assert_eq!((row.verdict, row.last_known), (Verdict::Unknown, Some((Verdict::Pending, minutes_ago(1).into()))));
}

#[test]
fn an_end_in_the_future_is_waited_for() {
    let (mut world, run) = pushed_green();
    world.job(&run, Conclusion::Success, -10).gone(TAG);
    assert_eq!(world.verdict(&run), Verdict::Pending);
    let later = now() + SignedDuration::from_mins(13);
    world
        .tag(later, TAG, absent())
        .see(later, Seen::Canary(image(), Probe::Present(Batch { items: vec![], skipped: 0, complete: true })));
    let report = judge(&world.snapshot, &world.service, &world.policy, later);
    assert_eq!(report.rows[0].verdict, Verdict::Missing);
}

#[test]
fn a_tag_of_a_pull_request_is_judged_by_its_number() {
    let mut world = World::new().change(|service| {
        service.event = Globs::parse(&["pull_request".to_owned()]).unwrap();
        service.branch = Globs::parse(&[]).unwrap();
        service.images[0].tags = vec![TagTemplate::parse("pr-{pr}").unwrap()];
    });
    let run = world.run_with(7, 30, |run| {
        run.event = landfall::domain::Event("pull_request".into());
        run.pull_request = NonZeroU64::new(12);
    });
    world.job(&run, Conclusion::Success, 31).log(&run, &[]).gone("pr-12");
    assert_eq!(world.verdict(&run), Verdict::Missing);
}

#[test]
fn even_where_no_time_must_lie_between_them_two_looks_are_needed() {
    let (mut world, run) = pushed_green();
    world.policy.second_look = SignedDuration::ZERO;
    world.canary().tag(now(), TAG, absent());
    assert_eq!(world.verdict(&run), Verdict::Pending);
    world.tag(now(), TAG, absent());
    assert_eq!(world.verdict(&run), Verdict::Missing);
}

#[test]
fn a_tag_that_came_and_went_is_absent_for_the_first_time() {
    let (mut world, run) = pushed_green();
    world.gone(TAG).pushed(TAG, "one", Some(&sha(7)));
    world.policy.second_look = SignedDuration::ZERO;
    world.tag(now(), TAG, absent());
    assert_eq!(world.verdict(&run), Verdict::Pending);
}

#[test]
fn proof_of_the_right_to_read_that_is_too_old_is_none() {
    let (mut world, run) = pushed_green();
    world.see(
        minutes_ago(20),
        Seen::Canary(image(), Probe::Present(Batch { items: vec![], skipped: 0, complete: true })),
    );
    world.tag(minutes_ago(1), TAG, absent()).tag(now(), TAG, absent());
    assert_eq!(world.verdict(&run), Verdict::Unknown);
    assert!(world.wants(|look| *look == Look::Canary(image())));
}

#[test]
fn another_digest_at_the_other_place_is_not_what_was_pushed() {
    let (mut world, run) = pushed_green();
    let typo = ImageName::parse("registry.test/acme/chekout").unwrap();
    world.log(&run, &[(&typo, TAG, &digest("pushed"))]).gone(TAG);
    let there = TagRef { image: typo, tag: Tag::parse(TAG).unwrap() };
    world.see(now(), Seen::Tag(there, Probe::Present(single("another").into())));
    assert_eq!(world.verdict(&run), Verdict::Missing);
}
