//! Parts of an image: which are needed, and what one look at them proves.

use landfall::analysis::{Verdict, plan};
use landfall::domain::{
    Absence, AbsenceCode, Descriptor, ImageConfig, Look, Manifest, ManifestKind, Probe, RunKey, Seen, Urgency,
};
use rstest::rstest;

use crate::world::{World, digest, image, index, minutes_ago, now, platform, sha, single, unreachable};

const TAG: &str = "sha-0000000";

fn gone<T>() -> Probe<T> {
    Probe::Absent(Absence { code: AbsenceCode::BlobUnknown, says: "".into() })
}

fn child(world: &mut World, name: &str) {
    world.see(now(), Seen::Manifest(image(), digest(name), Probe::Present(single(name).into())));
}

/// An index of which the platform of every entry is left out.
fn unnamed(name: &str, children: &[(&str, &str)]) -> Manifest {
    let mut manifest = index(name, children);
    if let ManifestKind::Index(children) = &mut manifest.kind {
        children.iter_mut().filter(|child| !child.attestation).for_each(|child| child.platform = None);
    }
    manifest
}

fn of_unnamed(read: &[(&str, &str)]) -> Verdict {
    let mut world = World::expecting(&["sha-{sha:7}"], &["linux/amd64", "linux/arm64"]);
    let run = world.run(7, 30);
    world.tag(now(), TAG, Probe::Present(unnamed("both", &[("one", "x/y"), ("two", "x/y")]).into()));
    for (name, built_for) in read {
        child(&mut world, name);
        world.whole(name, built_for, Some(&sha(7)));
    }
    world.verdict(&run)
}

#[test]
fn entries_that_name_no_platform_are_what_their_configs_say() {
    assert_eq!(of_unnamed(&[("one", "linux/amd64"), ("two", "linux/arm64")]), Verdict::Landed);
    assert_eq!(of_unnamed(&[("one", "linux/amd64"), ("two", "linux/s390x")]), Verdict::Incomplete);
    assert_eq!(of_unnamed(&[("one", "linux/amd64")]), Verdict::Unknown);
}

#[rstest]
#[case::an_index(ManifestKind::Index(Vec::new()), "is an index again")]
#[case::something_else(ManifestKind::Other("text/spdx+json".into()), "is text/spdx+json, which is no image")]
fn an_entry_that_is_no_image_is_unknown_and_says_so(#[case] kind: ManifestKind, #[case] sentence: &str) {
    let mut world = World::new();
    let run = world.run(7, 30);
    world.tag(now(), TAG, Probe::Present(index("outer", &[("inner", "linux/amd64")]).into()));
    let inner = Manifest { digest: digest("inner"), kind, revision: None, created: None };
    world.see(now(), Seen::Manifest(image(), digest("inner"), Probe::Present(inner.into())));
    assert_eq!(world.verdict(&run), Verdict::Unknown);
    let why = world.why(&run);
    assert!(why.evidence.iter().any(|said| said.contains(sentence)), "{:#?}", why.evidence);
    assert!(!why.to_be_sure.is_empty());
}

#[test]
fn an_expected_platform_that_the_config_does_not_name_is_not_taken_for_there() {
    let mut world = World::expecting(&["sha-{sha:7}"], &["linux/amd64"]);
    let run = world.run(7, 30);
    world.pushed(TAG, "one", Some(&sha(7)));
    assert_eq!(world.verdict(&run), Verdict::Landed);
    let config = ImageConfig { revision: Some(sha(7).as_str().into()), ..ImageConfig::default() };
    world.see(now(), Seen::Config(image(), digest("one-config"), Probe::Present(config)));
    assert_eq!(world.verdict(&run), Verdict::Unknown);
}

#[rstest]
#[case::first(["1234567aaaaa", "0000000", ""])]
#[case::second(["0000000", "1234567aaaaa", ""])]
#[case::between_two_ways_to_name_this_one(["0000000", "1234567aaaaa", "00000007"])]
#[case::last(["0000000", "00000007", "1234567aaaaa"])]
fn one_part_that_names_another_commit_is_enough_for_a_mismatch(#[case] labels: [&str; 3]) {
    let mut world = World::new();
    let run = world.run(7, 30);
    let names = ["amd", "arm", "s390x"];
    let platforms = ["linux/amd64", "linux/arm64", "linux/s390x"];
    let children: Vec<_> = names.into_iter().zip(platforms).collect();
    world.tag(now(), TAG, Probe::Present(index("all", &children).into()));
    for ((name, built_for), label) in children.iter().zip(labels) {
        child(&mut world, name);
        world.whole(name, built_for, None);
        let revision = (!label.is_empty()).then(|| label.into());
        let config = ImageConfig { created: None, revision, platform: Some(platform(built_for)) };
        world.see(now(), Seen::Config(image(), digest(&format!("{name}-config")), Probe::Present(config)));
    }
    assert_eq!(world.verdict(&run), Verdict::Mismatch);
}

fn without_its_layer(ended: i64) -> (World, RunKey) {
    let mut world = World::new();
    let run = world.run(7, ended);
    world.pushed(TAG, "one", Some(&sha(7)));
    world.see(now(), Seen::Blob(image(), digest("one-layer"), gone()));
    (world, run)
}

#[test]
fn within_the_grace_a_part_that_is_absent_may_still_come() {
    let (world, run) = without_its_layer(1);
    assert_eq!(world.verdict(&run), Verdict::Pending);
    let (world, run) = without_its_layer(30);
    assert_eq!(world.verdict(&run), Verdict::Incomplete);
}

#[test]
fn an_image_in_parts_says_why_and_what_to_do() {
    let (world, run) = without_its_layer(30);
    let why = world.why(&run);
    assert_eq!(why.cause.as_deref(), Some("A part was never built or pushed, or a clean-up deleted it since."));
    assert!(why.next_steps.iter().any(|step| step.contains(&format!("push {}:{TAG} again", image()))), "{why:?}");
    let (early, run) = without_its_layer(1);
    assert_eq!((early.why(&run).cause, early.why(&run).next_steps), (None, vec![]), "it may still come");
}

#[test]
fn a_part_that_was_absent_is_looked_at_again_after_its_tag() {
    let (mut world, run) = without_its_layer(30);
    let at = now() + jiff::SignedDuration::from_mins(1);
    world.tag(at, TAG, Probe::Present(single("one").into()));
    let plan = plan(&world.snapshot, &world.service, &world.policy, at, false);
    let layer = Look::Blob(image(), digest("one-layer"));
    assert!(plan.iter().any(|wanted| wanted.look == layer && wanted.not_before == Some(at)), "{plan:?}");
    world.see(at, Seen::Blob(image(), digest("one-layer"), Probe::Present(())));
    assert_eq!(world.verdict(&run), Verdict::Landed);
}

#[test]
fn the_parts_of_the_newest_landed_index_are_looked_at_again_with_its_tag() {
    let mut world = World::new();
    let run = world.run(7, 30);
    world.tag(minutes_ago(5), TAG, Probe::Present(index("both", &[("amd", "linux/amd64")]).into()));
    child(&mut world, "amd");
    world.whole("amd", "linux/amd64", Some(&sha(7)));
    assert_eq!(world.verdict(&run), Verdict::Landed);
    let plan = plan(&world.snapshot, &world.service, &world.policy, now(), false);
    let again = plan.iter().find(|wanted| wanted.look == Look::Manifest(image(), digest("amd"))).unwrap();
    assert_eq!((again.urgency, again.not_before), (Urgency::Again, Some(minutes_ago(5))));
    world.see(now(), Seen::Manifest(image(), digest("amd"), gone()));
    assert_eq!(world.verdict(&run), Verdict::Incomplete);
}

#[test]
fn layers_that_no_registry_need_hold_are_not_looked_for() {
    let mut world = World::new();
    let run = world.run(7, 30);
    let mut manifest = single("one");
    if let ManifestKind::Image { layers, .. } = &mut manifest.kind {
        layers.push(Descriptor { digest: digest("foreign"), size: 10, foreign: true });
    }
    world.tag(now(), TAG, Probe::Present(manifest.into())).whole("one", "linux/amd64", Some(&sha(7)));
    assert_eq!(world.verdict(&run), Verdict::Landed);
    assert!(world.row(&run).settled);
}

#[test]
fn a_failed_look_at_a_part_does_not_forget_what_it_was() {
    let mut world = World::new();
    let run = world.run(7, 30);
    world.pushed(TAG, "one", Some(&sha(7)));
    world.see(now(), Seen::Config(image(), digest("one-config"), unreachable()));
    world.see(now(), Seen::Blob(image(), digest("one-layer"), unreachable()));
    assert_eq!(world.verdict(&run), Verdict::Landed);
}
