//! Several absent tags of one repository: its list is read once instead of a look for each.

use jiff::{SignedDuration, Timestamp};
use landfall::analysis::{Asked, Verdict, plan};
use landfall::domain::{
    Batch, Conclusion, Failure, ImageName, Look, Probe, RunKey, Seen, Tag, TagRef, Urgency, Wanted,
};

use crate::world::{World, absent, image, minutes_ago, now, sha};

const TAGS: [&str; 2] = ["sha-0000000", "run-7"];

/// A run whose two tags are absent with every proof.
fn two_absent() -> (World, RunKey) {
    let mut world = World::expecting(&["sha-{sha:7}", "run-{run_number}"], &[]);
    let run = world.run(7, 30);
    world.job(&run, Conclusion::Success, 31).log(&run, &[]);
    world.gone(TAGS[0]).gone(TAGS[1]);
    (world, run)
}

fn after(seconds: i64) -> Timestamp {
    now() + SignedDuration::from_secs(seconds)
}

fn listed(world: &mut World, at: Timestamp, tags: &[&str], complete: bool) {
    let items = tags.iter().map(|tag| Tag::parse(tag).unwrap()).collect();
    world.see(at, Seen::Canary(image(), Probe::Present(Batch { items, skipped: 0, complete })));
}

fn wanted(world: &World, at: Timestamp) -> Vec<Wanted> {
    plan(&world.snapshot, &world.service, &world.policy, at, false)
}

/// Returns how urgently, and from when on, a tag is wanted.
fn look_for(wanted: &[Wanted], name: &str) -> (Urgency, Option<Timestamp>) {
    let is_it = |look: &Look| matches!(look, Look::Tag(TagRef { tag, .. }) if tag.as_str() == name);
    let of: Vec<_> = wanted.iter().filter(|wanted| is_it(&wanted.look)).collect();
    assert_eq!(of.len(), 1, "{of:?}");
    (of[0].urgency, of[0].not_before)
}

/// Returns from when on the list is wanted.
fn list(wanted: &[Wanted]) -> Vec<Option<Timestamp>> {
    wanted.iter().filter(|wanted| matches!(wanted.look, Look::Canary(_))).map(|wanted| wanted.not_before).collect()
}

#[test]
fn two_absent_tags_are_looked_for_by_one_list() {
    let (world, _) = two_absent();
    let wanted = wanted(&world, now());
    assert_eq!(list(&wanted), [Some(after(60))], "when the first of them would have been looked for");
    for tag in TAGS {
        assert_eq!(look_for(&wanted, tag), (Urgency::Again, Some(after(3_600))), "{tag}");
    }
}

#[test]
fn one_absent_tag_is_looked_for_itself() {
    let mut world = World::new();
    let run = world.run(7, 30);
    world.job(&run, Conclusion::Success, 31).log(&run, &[]).gone(TAGS[0]);
    let wanted = wanted(&world, now());
    assert_eq!((list(&wanted), look_for(&wanted, TAGS[0])), (vec![], (Urgency::Again, Some(after(60)))));
}

#[test]
fn a_tag_that_two_runs_of_one_commit_wait_for_is_one() {
    let mut world = World::new();
    let first = world.run_with(7, 40, |run| run.sha = sha(0));
    let second = world.run_with(8, 30, |run| run.sha = sha(0));
    for run in [first, second] {
        world.job(&run, Conclusion::Success, 31).log(&run, &[]);
    }
    world.gone(TAGS[0]);
    let wanted = wanted(&world, now());
    let looks = wanted.iter().filter(|wanted| matches!(wanted.look, Look::Tag(_))).count();
    assert_eq!((looks, list(&wanted)), (2, vec![]));
}

#[test]
fn a_tag_that_the_list_names_is_looked_for_at_once() {
    let (mut world, _) = two_absent();
    for complete in [true, false] {
        listed(&mut world, after(60), &[TAGS[1], "other"], complete);
        let wanted = wanted(&world, after(60));
        if complete {
            assert_eq!(look_for(&wanted, TAGS[1]), (Urgency::Depth, Some(after(60))));
            assert_eq!(look_for(&wanted, TAGS[0]), (Urgency::Again, Some(after(3_600))));
        } else {
            assert_eq!(look_for(&wanted, TAGS[1]), (Urgency::Again, Some(after(60))), "each for itself, as before");
        }
    }
}

#[test]
fn a_list_that_lacks_them_spares_looking_and_says_nothing_else() {
    let (mut world, run) = two_absent();
    let before = (world.verdict(&run), world.row(&run).seen_at);
    listed(&mut world, after(60), &["other"], true);
    let wanted = wanted(&world, after(60));
    assert_eq!(list(&wanted), [Some(after(180))], "the absence is two minutes old, and so is the pause");
    assert_eq!(look_for(&wanted, TAGS[0]), (Urgency::Again, Some(after(3_600))));
    assert_eq!((world.verdict(&run), world.row(&run).seen_at), before, "seen when the tag itself was");
}

#[test]
fn no_number_of_lists_makes_a_tag_missing_that_was_looked_for_once() {
    let mut world = World::expecting(&["sha-{sha:7}", "run-{run_number}"], &[]);
    let run = world.run(7, 30);
    world.job(&run, Conclusion::Success, 31).log(&run, &[]);
    world.tag(minutes_ago(9), TAGS[0], absent()).tag(minutes_ago(9), TAGS[1], absent());
    for minutes in (0..9).rev() {
        listed(&mut world, minutes_ago(minutes), &[], true);
    }
    assert_eq!(world.verdict(&run), Verdict::Pending);
    let (urgency, _) = look_for(&wanted(&world, now()), TAGS[0]);
    assert!(urgency < Urgency::Again, "the look that decides is not spared");
}

#[test]
fn a_list_that_is_cut_short_or_was_refused_spares_nothing() {
    let failure = Failure::Withheld("not now".into());
    let cases = [
        Probe::Present(Batch { items: vec![], skipped: 0, complete: false }),
        Probe::Present(Batch { items: vec![], skipped: 1, complete: true }),
        Probe::Unseen(failure),
    ];
    for probe in cases {
        let (mut world, _) = two_absent();
        world.see(after(1), Seen::Canary(image(), probe.clone()));
        assert_eq!(look_for(&wanted(&world, after(1)), TAGS[0]), (Urgency::Again, Some(after(60))), "{probe:?}");
    }
}

#[test]
fn who_waits_for_an_answer_gets_each_tags_own() {
    let (mut world, _) = two_absent();
    world.policy.asked = Some(Asked { at: minutes_ago(5), commit: None });
    let wanted = wanted(&world, now());
    assert_eq!((list(&wanted), look_for(&wanted, TAGS[0]).1), (vec![], Some(after(60))));
}

#[test]
fn a_registry_whose_lists_have_hundreds_of_pages_is_not_asked_for_one() {
    let ghcr = ImageName::parse("ghcr.io/acme/checkout").unwrap();
    let theirs = ghcr.clone();
    let (world, _) = two_absent();
    let mut world = world.change(|service| service.images[0].repository = theirs);
    let all = Batch { items: vec![], skipped: 0, complete: true };
    world.see(now(), Seen::Canary(ghcr.clone(), Probe::Present(all)));
    for tag in TAGS {
        for at in [minutes_ago(1), now()] {
            world.see(at, Seen::Tag(TagRef { image: ghcr.clone(), tag: Tag::parse(tag).unwrap() }, absent()));
        }
    }
    let wanted = wanted(&world, now());
    assert_eq!((list(&wanted), look_for(&wanted, TAGS[0]).1), (vec![], Some(after(60))));
}
