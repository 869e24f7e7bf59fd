//! The tag is there. Is it this commit's, and is it whole?

use landfall::analysis::{Verdict, plan};
use landfall::domain::{
    Absence, AbsenceCode, Conclusion, Look, Probe, RevisionRule, RunKey, Seen, TagTemplate, Urgency,
};
use rstest::rstest;

use crate::world::{World, digest, image, index, minutes_ago, now, sha, single, unreachable};

const TAG: &str = "sha-0000000";

fn green() -> (World, RunKey) {
    let mut world = World::new();
    let run = world.run(7, 30);
    (world, run)
}

fn gone<T>() -> Probe<T> {
    Probe::Absent(Absence { code: AbsenceCode::BlobUnknown, says: "".into() })
}

#[test]
fn this_commits_whole_image_landed_without_a_look_at_jobs_or_logs() {
    let (mut world, run) = green();
    world.pushed(TAG, "one", Some(&sha(7)));
    assert_eq!(world.verdict(&run), Verdict::Landed);
    assert!(world.row(&run).settled);
    assert!(!world.wants(|look| matches!(look, Look::Jobs(_) | Look::PushLog(..))));
}

#[test]
fn layers_that_were_not_looked_at_leave_it_unsettled() {
    let (mut world, run) = green();
    world.tag(now(), TAG, Probe::Present(single("one").into()));
    let config = landfall::domain::ImageConfig { revision: Some(sha(7).as_str().into()), ..Default::default() };
    world.see(now(), Seen::Config(image(), digest("one-config"), Probe::Present(config)));
    assert_eq!(world.verdict(&run), Verdict::Landed);
    assert!(!world.row(&run).settled);
    assert!(world.wants(|look| matches!(look, Look::Blob(..))));
}

#[test]
fn a_label_of_another_commit_is_a_mismatch() {
    let (mut world, run) = green();
    world.pushed(TAG, "one", Some(&sha(99)));
    assert_eq!(world.verdict(&run), Verdict::Mismatch);
}

#[rstest]
#[case::short("0000000", Verdict::Landed)]
#[case::dirty("00000007cccccccc-dirty", Verdict::Landed)]
#[case::another("1234567", Verdict::Mismatch)]
#[case::no_commit("main", Verdict::Landed)]
fn a_label_is_compared_as_a_commit_id(#[case] label: &str, #[case] expected: Verdict) {
    let (mut world, run) = green();
    world.job(&run, Conclusion::Success, 31).log(&run, &[]).pushed(TAG, "one", Some(&sha(7)));
    let config = landfall::domain::ImageConfig { created: None, revision: Some(label.into()), platform: None };
    world.see(now(), Seen::Config(image(), digest("one-config"), Probe::Present(config)));
    assert_eq!(world.verdict(&run), expected);
}

#[rstest]
#[case::a_day("20261130")]
#[case::a_build("1234567.3")]
fn a_number_is_another_commit_unless_the_log_claims_what_is_there(#[case] label: &str) {
    for (claimed, expected) in [("one", Verdict::Landed), ("two", Verdict::Stale)] {
        let (mut world, run) = green();
        world.job(&run, Conclusion::Success, 31).pushed(TAG, "one", Some(&sha(7)));
        let config = landfall::domain::ImageConfig { created: None, revision: Some(label.into()), platform: None };
        world.see(now(), Seen::Config(image(), digest("one-config"), Probe::Present(config)));
        assert!(!world.row(&run).settled, "{label}: the log tells");
        world.log(&run, &[(&image(), TAG, &digest(claimed))]);
        assert_eq!(world.verdict(&run), expected, "{label}");
    }
}

#[rstest]
#[case::ours("one", true, Verdict::Landed)]
#[case::another("two", true, Verdict::Stale)]
#[case::no_annotation("one", false, Verdict::Mismatch)]
fn a_base_images_label_beside_an_annotation_of_this_commit_is_decided_by_the_log(
    #[case] claimed: &str,
    #[case] annotated: bool,
    #[case] expected: Verdict,
) {
    let (mut world, run) = green();
    let revision = annotated.then(|| sha(7).as_str().into());
    let manifest = landfall::domain::Manifest { revision, ..single("one") };
    world.tag(now(), TAG, Probe::Present(manifest.into())).whole("one", "linux/amd64", Some(&sha(99)));
    assert_eq!(world.row(&run).settled, !annotated, "the log tells");
    world.job(&run, Conclusion::Success, 31).log(&run, &[(&image(), TAG, &digest(claimed))]);
    assert_eq!(world.verdict(&run), expected);
    world.log(&run, &[]);
    assert_eq!(world.verdict(&run), Verdict::Mismatch, "without a claim nothing speaks for it");
}

#[test]
fn an_annotation_of_the_index_says_nothing_of_a_foreign_part() {
    let (mut world, run) = green();
    let mut both = index("both", &[("amd", "linux/amd64"), ("arm", "linux/arm64")]);
    both.revision = Some(sha(7).as_str().into());
    world.tag(now(), TAG, Probe::Present(both.into()));
    for (name, built_for, commit) in [("amd", "linux/amd64", 7), ("arm", "linux/arm64", 99)] {
        world.see(now(), Seen::Manifest(image(), digest(name), Probe::Present(single(name).into())));
        world.whole(name, built_for, Some(&sha(commit)));
    }
    world.job(&run, Conclusion::Success, 31).log(&run, &[(&image(), TAG, &digest("both"))]);
    assert_eq!(world.verdict(&run), Verdict::Mismatch);
}

#[test]
fn a_uuid_is_no_commit() {
    let (mut world, run) = green();
    world.job(&run, Conclusion::Success, 31).log(&run, &[]).pushed(TAG, "one", Some(&sha(7)));
    let revision = Some("de305d54-75b4-431b-adb2-eb6b9e546014".into());
    let config = landfall::domain::ImageConfig { created: None, revision, platform: None };
    world.see(now(), Seen::Config(image(), digest("one-config"), Probe::Present(config)));
    assert_eq!(world.verdict(&run), Verdict::Landed);
}

#[test]
fn of_a_run_that_another_workflow_began_nobody_knows_the_commit() {
    let mut world = World::new().change(|service| {
        service.event = landfall::domain::Globs::parse(&["workflow_run".to_owned()]).unwrap();
    });
    let run = world.run_with(7, 30, |run| run.event = landfall::domain::Event("workflow_run".into()));
    world.job(&run, Conclusion::Success, 31).log(&run, &[]).gone(TAG);
    assert_eq!(world.verdict(&run), Verdict::Unknown, "the tag may be another commit's");
    world.pushed(TAG, "one", Some(&sha(99)));
    assert_eq!(world.verdict(&run), Verdict::Landed, "and so may the label");
}

#[test]
fn a_git_tag_that_was_given_to_another_commit_belongs_to_that() {
    let mut world = World::expecting(&["{tag}"], &[])
        .change(|service| service.branch = landfall::domain::Globs::parse(&[]).unwrap());
    let tagged = |run: &mut landfall::domain::Run| run.git_tag = Some("v1.0".into());
    let (first, second) = (world.run_with(6, 60, tagged), world.run_with(7, 30, tagged));
    world.pushed("v1.0", "two", Some(&sha(7)));
    assert_eq!(world.verdict(&second), Verdict::Landed, "{:?}", world.why(&second).evidence);
    assert_eq!(world.verdict(&first), Verdict::NotExpected, "{:?}", world.why(&first).evidence);
    world.tag(now(), "latest", Probe::Present(std::sync::Arc::new(crate::world::single("two"))));
    assert_eq!(world.verdict(&second), Verdict::Landed, "the first one's tag is its own");
}

#[test]
fn a_required_label_that_lacks_is_a_mismatch() {
    let (world, run) = green();
    let mut world = world.change(|service| service.images[0].revision = RevisionRule::Require);
    world.job(&run, Conclusion::Success, 31).log(&run, &[]).pushed(TAG, "one", None);
    assert_eq!(world.verdict(&run), Verdict::Mismatch);
}

#[test]
fn without_a_label_the_log_is_read_before_it_is_settled() {
    let (mut world, run) = green();
    world.pushed(TAG, "one", None);
    assert!(!world.row(&run).settled);
    world.job(&run, Conclusion::Success, 31);
    assert!(!world.row(&run).settled);
    world.log(&run, &[(&image(), TAG, &digest("one"))]);
    assert!(world.row(&run).settled);
    assert_eq!(world.verdict(&run), Verdict::Landed);
}

#[test]
fn another_digest_than_the_log_claims_is_stale() {
    let (mut world, run) = green();
    world.job(&run, Conclusion::Success, 31).log(&run, &[(&image(), TAG, &digest("new"))]).pushed(TAG, "one", None);
    assert_eq!(world.verdict(&run), Verdict::Stale);
}

#[test]
fn the_digest_of_a_part_of_the_index_agrees() {
    let (mut world, run) = green();
    world.tag(now(), TAG, Probe::Present(index("both", &[("amd", "linux/amd64")]).into()));
    world.see(now(), Seen::Manifest(image(), digest("amd"), Probe::Present(single("amd").into())));
    world.whole("amd", "linux/amd64", None).job(&run, Conclusion::Success, 31);
    world.log(&run, &[(&image(), TAG, &digest("amd"))]);
    assert_eq!(world.verdict(&run), Verdict::Landed);
}

#[test]
fn a_second_run_of_the_same_commit_may_have_pushed_again() {
    let (mut world, run) = green();
    world.run_with(8, 20, |run| run.sha = sha(7));
    world.job(&run, Conclusion::Success, 31).log(&run, &[(&image(), TAG, &digest("new"))]).pushed(TAG, "one", None);
    assert_eq!(world.verdict(&run), Verdict::Landed);
}

fn shared(label: Option<u64>, claimed: Option<&str>) -> Verdict {
    let mut world = World::expecting(&["sha-{sha:8}"], &[]);
    let older = world.run(6, 60);
    let run = world.run(7, 30);
    let label = label.map(sha);
    world.pushed("sha-00000006", "one", label.as_ref()).pushed("sha-00000007", "one", label.as_ref());
    world.job(&run, Conclusion::Success, 31).job(&older, Conclusion::Success, 61).log(&older, &[]);
    let claim = claimed.map(digest);
    let image = image();
    let claims: Vec<_> = claim.iter().map(|digest| (&image, "sha-00000007", digest)).collect();
    world.log(&run, &claims);
    world.verdict(&run)
}

#[rstest]
#[case::unlabelled(None, None, Verdict::Stale)]
#[case::labelled_with_the_older(Some(6), None, Verdict::Stale)]
#[case::labelled_with_this(Some(7), None, Verdict::Landed)]
#[case::reproducible_build(None, Some("one"), Verdict::Landed)]
fn an_older_commits_digest_is_stale_unless_something_speaks_for_it(
    #[case] label: Option<u64>,
    #[case] claimed: Option<&str>,
    #[case] expected: Verdict,
) {
    assert_eq!(shared(label, claimed), expected);
}

#[test]
fn a_moving_tag_belongs_to_the_newest_run_alone() {
    let mut world = World::expecting(&["{branch}"], &[]);
    let older = world.run(6, 60);
    let run = world.run(7, 30);
    world.pushed("main", "one", Some(&sha(7)));
    assert_eq!(world.verdict(&run), Verdict::Landed);
    assert_eq!(world.verdict(&older), Verdict::NotExpected);
}

#[test]
fn a_moving_tag_left_behind_is_stale_after_the_grace() {
    let mut world = World::expecting(&["{branch}"], &[]);
    world.run(6, 60);
    let run = world.run(7, 30);
    world.pushed("main", "one", Some(&sha(6))).job(&run, Conclusion::Success, 31);
    assert_eq!(world.verdict(&run), Verdict::Stale);
    let fresh = world.run(8, 1);
    world.job(&fresh, Conclusion::Success, 1);
    assert_eq!(world.verdict(&fresh), Verdict::Pending);
}

#[test]
fn a_tag_that_was_looked_at_before_the_push_was_over_is_not_blamed_on_it() {
    let mut world = World::expecting(&["{branch}"], &[]);
    world.run(6, 60);
    let run = world.run(7, 30);
    world.job(&run, Conclusion::Success, 31).pushed_at(minutes_ago(40), "main", "one", Some(&sha(6)));
    assert_eq!(world.verdict(&run), Verdict::Pending);
    let is_tag = |look: &Look| matches!(look, Look::Tag(_));
    let plan = plan(&world.snapshot, &world.service, &world.policy, now(), false);
    let look = plan.iter().find(|wanted| is_tag(&wanted.look) && wanted.urgency == Urgency::Newest).unwrap();
    assert_eq!(look.not_before, Some(minutes_ago(29)));
    // Nor where nobody could look since.
    world.tag(minutes_ago(1), "main", unreachable());
    let row = world.row(&run);
    assert_eq!((row.verdict, row.last_known.map(|(verdict, _)| verdict)), (Verdict::Unknown, Some(Verdict::Pending)));
    world.pushed("main", "one", Some(&sha(6)));
    assert_eq!(world.verdict(&run), Verdict::Stale);
}

#[test]
fn a_moving_tag_that_a_run_in_progress_took_on_is_superseded() {
    let mut world = World::expecting(&["{branch}"], &[]);
    let run = world.run(7, 30);
    world.run_with(8, 1, |run| run.state = landfall::domain::RunState::Running);
    world.pushed("main", "one", Some(&sha(8)));
    assert_eq!(world.verdict(&run), Verdict::NotExpected);
}

fn two_platforms(arm: Option<Probe<()>>, arm_built_for: &str) -> Verdict {
    let mut world = World::new();
    let run = world.run(7, 30);
    world.tag(now(), TAG, Probe::Present(index("both", &[("amd", "linux/amd64"), ("arm", "linux/arm64")]).into()));
    world.see(now(), Seen::Manifest(image(), digest("amd"), Probe::Present(single("amd").into())));
    world.whole("amd", "linux/amd64", Some(&sha(7)));
    let arm = match arm {
        None => Probe::Present(single("arm").into()),
        Some(Probe::Absent(absence)) => Probe::Absent(absence),
        Some(Probe::Unseen(failure)) => Probe::Unseen(failure),
        Some(Probe::Present(())) => unreachable!(),
    };
    world.see(now(), Seen::Manifest(image(), digest("arm"), arm)).whole("arm", arm_built_for, Some(&sha(7)));
    world.verdict(&run)
}

#[test]
fn every_child_of_an_index_must_be_there_and_be_what_the_index_says() {
    assert_eq!(two_platforms(None, "linux/arm64"), Verdict::Landed);
    assert_eq!(two_platforms(Some(gone()), "linux/arm64"), Verdict::Incomplete);
    assert_eq!(two_platforms(Some(unreachable()), "linux/arm64"), Verdict::Unknown);
    assert_eq!(two_platforms(None, "linux/amd64"), Verdict::Incomplete);
}

#[test]
fn an_expected_platform_that_the_index_does_not_list_is_incomplete() {
    let mut world = World::expecting(&["sha-{sha:7}"], &["linux/amd64", "linux/arm64"]);
    let run = world.run(7, 30);
    world.tag(now(), TAG, Probe::Present(index("both", &[("amd", "linux/amd64")]).into()));
    assert_eq!(world.verdict(&run), Verdict::Incomplete);
}

#[test]
fn what_cannot_be_pulled_is_incomplete_and_not_stale_for_being_like_an_older_one() {
    let mut world = World::expecting(&["sha-{sha:8}"], &[]);
    let runs = [world.run(6, 60), world.run(7, 30)];
    for (run, tag) in runs.iter().zip(["sha-00000006", "sha-00000007"]) {
        world.job(run, Conclusion::Success, 61).log(run, &[]);
        world.tag(now(), tag, Probe::Present(index("empty", &[]).into()));
    }
    for run in &runs {
        assert_eq!(world.verdict(run), Verdict::Incomplete);
        let said = world.why(run).evidence.join("\n");
        assert!(said.contains("It is an index of 0 images.\nThe index lists no image at all."), "{said}");
    }
}

#[test]
fn an_index_of_nothing_is_incomplete() {
    let (mut world, run) = green();
    world.tag(now(), TAG, Probe::Present(index("empty", &[]).into()));
    assert_eq!(world.verdict(&run), Verdict::Incomplete);
}

#[rstest]
#[case::gone(gone(), Verdict::Incomplete)]
#[case::not_seen(unreachable(), Verdict::Unknown)]
fn a_layer_decides_too(#[case] probe: Probe<()>, #[case] expected: Verdict) {
    let (mut world, run) = green();
    let is_seen = !matches!(probe, Probe::Unseen(_));
    world.tag(now(), TAG, Probe::Present(single("one").into()));
    world.see(now(), Seen::Blob(image(), digest("one-layer"), probe));
    let config = landfall::domain::ImageConfig { revision: Some(sha(7).as_str().into()), ..Default::default() };
    world.see(now(), Seen::Config(image(), digest("one-config"), Probe::Present(config)));
    assert_eq!(world.verdict(&run), expected);
    let said = world.why(&run).evidence.iter().any(|line| line == "The one layer of the image was looked at.");
    assert_eq!(said, is_seen);
}

#[test]
fn what_was_built_long_before_its_run_is_worth_the_log() {
    let (mut world, run) = green();
    world.pushed(TAG, "one", Some(&sha(7)));
    let config = landfall::domain::ImageConfig {
        created: Some(minutes_ago(600)),
        revision: Some(sha(7).as_str().into()),
        platform: None,
    };
    world.see(now(), Seen::Config(image(), digest("one-config"), Probe::Present(config)));
    assert!(world.wants(|look| matches!(look, Look::Jobs(_))));
    assert_eq!(world.verdict(&run), Verdict::Landed);
}

#[test]
fn a_template_that_the_run_cannot_fill_in_is_unknown() {
    let (world, run) = green();
    let world = world.change(|service| service.images[0].tags = vec![TagTemplate::parse("pr-{pr}").unwrap()]);
    assert_eq!(world.verdict(&run), Verdict::Unknown);
}
