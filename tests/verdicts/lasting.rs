//! What was proven whole once stands, costs nothing more, and leaves the memory.

use std::sync::Arc;

use jiff::SignedDuration;
use landfall::analysis::{Asked, Verdict, judge, keepsakes, plan, sheddable};
use landfall::domain::{
    Absence, AbsenceCode, Conclusion, Fact, Look, Probe, RevisionRule, RunKey, Seen, Snapshot, Tag, TagRef, Urgency,
    Wanted,
};

use crate::world::{World, digest, image, index, minutes_ago, now, platform, sha, single, unreachable};

const TAGS: [&str; 3] = ["sha-00000001", "sha-00000002", "sha-00000003"];

/// Three green runs whose images landed and were looked at whole; the first is the oldest.
fn landed() -> (World, [RunKey; 3]) {
    let mut world = World::expecting(&["sha-{sha:8}"], &[]);
    let runs = [(1, 300), (2, 200), (3, 100)].map(|(number, ended)| world.run(number, ended));
    for (number, tag) in (1..).zip(TAGS) {
        world.pushed(tag, &format!("image{number}"), Some(&sha(number)));
    }
    (world, runs)
}

/// What the application does after a judgement: keeps what is new, and lets go of what is not needed.
fn keep(world: &mut World) -> Vec<Look> {
    let report = world.report();
    let kept = keepsakes(&world.snapshot, &report, now());
    world.see(now(), Seen::Remembered(kept));
    let sheddable = sheddable(&world.snapshot, &report);
    let mut let_go = world.snapshot.shed_runs(&sheddable.runs);
    for (image, tags) in &sheddable.tags {
        let_go.extend(world.snapshot.shed(image, tags));
    }
    let_go
}

fn wanted(world: &World, tag: &str) -> Vec<Wanted> {
    let wanted = plan(&world.snapshot, &world.service, &world.policy, now(), false);
    let of_tag = |wanted: &Wanted| matches!(&wanted.look, Look::Tag(tag_ref) if tag_ref.tag.as_str() == tag);
    wanted.into_iter().filter(of_tag).collect()
}

/// What the store gives back to the next process: the facts, and nothing that was let go.
fn restarted(world: &mut World) -> World {
    let mut next = World::expecting(&["sha-{sha:8}"], &[]);
    let report = world.report();
    let (snapshot, service) = (&world.snapshot, &world.service);
    let mut facts = snapshot.facts(&Look::Runs(service.name.clone()));
    let known = snapshot.image(&image()).unwrap();
    for (tag, run, record) in known.landed.iter() {
        facts.push(Fact::Landed(landfall::domain::Landed {
            tag_ref: TagRef { image: image(), tag: tag.clone() },
            run: run.clone(),
            digest: record.digest.clone(),
            since: record.since.at(),
            last_seen: record.last_seen.at(),
            proof: record.proof.clone(),
        }));
    }
    facts.extend(
        known.tags.keys().flat_map(|tag| snapshot.facts(&Look::Tag(TagRef { image: image(), tag: tag.clone() }))),
    );
    facts.extend(
        keepsakes(&Snapshot::default(), &report, now()).into_iter().filter(|fact| matches!(fact, Fact::Judged(_))),
    );
    next.see(now(), Seen::Remembered(facts));
    next
}

#[test]
fn older_images_that_are_proven_leave_the_memory_and_stay_landed() {
    let (mut world, runs) = landed();
    let before = runs.clone().map(|run| world.row(&run));
    let let_go = keep(&mut world);
    assert!(let_go.contains(&Look::Manifest(image(), digest("image1"))));
    assert!(let_go.contains(&Look::Blob(image(), digest("image2-layer"))));
    let known = world.snapshot.image(&image()).unwrap();
    assert_eq!((known.tags.len(), known.manifests.len(), known.configs.len(), known.blobs.len()), (1, 1, 1, 1));
    for (run, before) in runs.iter().zip(before) {
        let row = world.row(run);
        assert_eq!((row.verdict, row.settled), (Verdict::Landed, true));
        assert_eq!((row.digest, row.found), (before.digest, before.found));
        assert_eq!((row.seen_at, row.since), (before.seen_at, before.since));
    }
    assert!(keep(&mut world).is_empty(), "there is nothing more to let go");
}

#[test]
fn what_is_proven_costs_no_request_but_now_and_then_for_those_one_would_roll_back_to() {
    let mut world = World::expecting(&["sha-{sha:8}"], &[]);
    for number in 1..=8 {
        world.run(number, 100 * (9 - number).cast_signed());
        world.pushed(&format!("sha-{number:0>8}"), &format!("image{number}"), Some(&sha(number)));
    }
    keep(&mut world);
    assert!(world.report().settled);
    let again = |tag: &str| wanted(&world, tag).first().map(|wanted| (wanted.urgency, wanted.not_before.unwrap()));
    assert_eq!(again("sha-00000008"), Some((Urgency::Again, now() + SignedDuration::from_mins(30))));
    assert_eq!(again("sha-00000004"), Some((Urgency::Again, now() + SignedDuration::from_hours(1))));
    assert_eq!(again("sha-00000003"), None);
}

#[test]
fn the_next_process_knows_what_landed_without_asking() {
    let (mut world, runs) = landed();
    keep(&mut world);
    let next = restarted(&mut world);
    for run in &runs {
        let row = next.row(run);
        assert_eq!((row.verdict, row.settled), (Verdict::Landed, true), "{run:?}");
        assert!(next.why(run).evidence.iter().any(|sentence| sentence.contains("All of it was looked at")));
    }
    let urgent = plan(&next.snapshot, &next.service, &next.policy, now(), false);
    assert!(urgent.iter().all(|wanted| wanted.urgency == Urgency::Again), "{urgent:?}");
}

#[test]
fn what_is_proven_and_was_not_read_again_is_no_reason_to_doubt() {
    let (mut world, runs) = landed();
    keep(&mut world);
    let mut next = restarted(&mut world);
    next.tag(now(), TAGS[2], Probe::Present(Arc::new(single("image3"))));
    let why = next.why(&runs[2]);
    assert_eq!((next.verdict(&runs[2]), why.to_be_sure), (Verdict::Landed, vec![]));
    assert!(why.evidence.iter().any(|sentence| sentence.contains("All of it was looked at")), "{:?}", why.evidence);
}

#[test]
fn a_proven_image_that_goes_away_or_changes_is_judged_anew() {
    let (mut world, runs) = landed();
    keep(&mut world);
    world.gone(TAGS[0]);
    assert_eq!(world.verdict(&runs[0]), Verdict::Pruned);
    world.pushed(TAGS[1], "other", Some(&sha(9)));
    assert_eq!(world.verdict(&runs[1]), Verdict::Mismatch);
    world.tag(now(), TAGS[2], unreachable());
    let row = world.row(&runs[2]);
    assert_eq!((row.verdict, row.last_known), (Verdict::Unknown, Some((Verdict::Landed, now().into()))));
}

#[test]
fn a_proven_image_that_could_not_be_looked_at_again_is_unknown_and_says_what_it_was() {
    let (mut world, runs) = landed();
    keep(&mut world);
    world.tag(now(), TAGS[0], unreachable());
    let row = world.row(&runs[0]);
    assert_eq!((row.verdict, row.last_known), (Verdict::Unknown, Some((Verdict::Landed, now().into()))));
}

#[test]
fn what_points_to_something_that_was_not_read_yet_says_what_it_was() {
    let (mut world, runs) = landed();
    keep(&mut world);
    let unread = index("unread", &[("child", "linux/amd64")]);
    world.tag(now(), TAGS[0], Probe::Present(Arc::new(unread)));
    let row = world.row(&runs[0]);
    assert_eq!((row.verdict, row.settled), (Verdict::Unknown, false));
    assert_eq!(row.last_known, Some((Verdict::Landed, now().into())));
}

#[test]
fn a_part_that_goes_away_after_the_proof_is_seen_and_the_proof_is_withdrawn() {
    let mut world = World::expecting(&["sha-{sha:8}"], &[]);
    let run = world.run(1, 100);
    world.tag(now(), "sha-00000001", Probe::Present(index("fat", &[("image1", "linux/amd64")]).into()));
    world.see(now(), Seen::Manifest(image(), digest("image1"), Probe::Present(crate::world::single("image1").into())));
    world.whole("image1", "linux/amd64", Some(&sha(1)));
    keep(&mut world);
    assert_eq!(world.verdict(&run), Verdict::Landed);
    let gone = Probe::Absent(Absence { code: AbsenceCode::ManifestUnknown, says: "gone".into() });
    world.see(now(), Seen::Manifest(image(), digest("image1"), gone));
    assert_eq!(world.verdict(&run), Verdict::Incomplete);
    keep(&mut world);
    let known = world.snapshot.image(&image()).unwrap();
    let tag = Tag::parse("sha-00000001").unwrap();
    assert!(known.landed_for(tag.as_str(), &run).unwrap().1.proof.is_none());
    assert_eq!(restarted(&mut world).verdict(&run), Verdict::Unknown, "not landed on the strength of an old look");
}

#[test]
fn a_proof_for_other_demands_proves_nothing() {
    let (mut world, runs) = landed();
    keep(&mut world);
    let mut wider = world.change(|service| service.images[0].platforms = vec![platform("linux/arm64")]);
    assert_eq!(wider.verdict(&runs[0]), Verdict::Unknown);
    assert!(wanted(&wider, TAGS[0]).iter().any(|wanted| wanted.urgency < Urgency::Again));
    wider = wider.change(|service| {
        service.images[0].platforms.clear();
        service.images[0].revision = RevisionRule::Require;
    });
    assert_eq!(wider.verdict(&runs[0]), Verdict::Unknown);
}

#[test]
fn runs_that_left_the_list_leave_the_memory_with_all_that_hangs_on_them() {
    let (mut world, runs) = landed();
    world.job(&runs[0], Conclusion::Success, 301).log(&runs[0], &[]);
    keep(&mut world);
    let listed = world.snapshot.listing(&world.service.name).unwrap().runs.clone();
    let newest = landfall::domain::Batch { items: listed[..2].to_vec(), skipped: 0, complete: true };
    let name = world.service.name.clone();
    world.see(now(), Seen::Runs(name, newest));
    world.snapshot.tidy(&world.service.clone());
    let known = world.snapshot.image(&image()).unwrap();
    assert!(known.landed.iter().all(|(_, run, _)| *run != runs[0]));
    assert!(!known.points_to(&Tag::parse(TAGS[0]).unwrap(), &digest("image1")));
    assert!(world.snapshot.run(&runs[0]).is_none());
    assert_eq!(world.report().rows.len(), 2);
}

#[test]
fn a_list_that_was_read_in_part_makes_no_run_disappear() {
    let (mut world, runs) = landed();
    let listed = world.snapshot.listing(&world.service.name).unwrap().runs.clone();
    let name = world.service.name.clone();
    for (skipped, complete) in [(0, false), (1, true)] {
        let newest = landfall::domain::Batch { items: listed[..1].to_vec(), skipped, complete };
        world.see(now(), Seen::Runs(name.clone(), newest));
        let keys: Vec<_> = world.report().rows.iter().map(|row| row.run.key.clone()).collect();
        assert_eq!(keys, [runs[2].clone(), runs[1].clone(), runs[0].clone()]);
    }
}

#[test]
fn a_list_that_comes_empty_makes_no_run_disappear_before_it_comes_empty_again() {
    let (mut world, runs) = landed();
    let name = world.service.name.clone();
    let see = |world: &mut World, minute: i64| {
        let none = landfall::domain::Batch { items: vec![], skipped: 0, complete: true };
        world.see(now() + SignedDuration::from_mins(minute), Seen::Runs(name.clone(), none));
        assert!(world.snapshot.tidy(&world.service.clone()).is_empty() || minute == 3);
        world.report()
    };
    let doubted = see(&mut world, 1);
    assert_eq!((doubted.rows.len(), doubted.settled, doubted.seen_at), (3, false, Some(now())));
    assert!(doubted.failure.unwrap().failure.to_string().contains("came empty"));
    let list = |wanted: &Wanted| matches!(wanted.look, Look::Runs(_));
    let plan = plan(&world.snapshot, &world.service, &world.policy, now(), false);
    let again = plan.into_iter().find(list).unwrap();
    assert_eq!(again.urgency, Urgency::Newest);
    assert_eq!(again.not_before, Some(now() + SignedDuration::from_mins(1) + world.policy.second_look));
    // Whatever else is listed in between takes the doubt away.
    world.listed_at(now() + SignedDuration::from_mins(1));
    assert!(world.report().failure.is_none());
    assert_eq!(see(&mut world, 2).rows.len(), 3);
    assert_eq!(world.verdict(&runs[0]), Verdict::Landed);
    let believed = see(&mut world, 3);
    assert_eq!((believed.rows.len(), believed.settled, believed.failure), (0, true, None));
}

#[test]
fn since_when_a_finding_holds_is_known_to_the_next_process() {
    let mut world = World::expecting(&["sha-{sha:8}"], &[]);
    let run = world.run(1, 100);
    world.job(&run, Conclusion::Success, 101).log(&run, &[]).gone(TAGS[0]);
    let since = world.row(&run).since.unwrap();
    keep(&mut world);
    let report = judge(&world.snapshot, &world.service, &world.policy, now() + SignedDuration::from_hours(5));
    assert_eq!(report.rows[0].since, Some(since));
    assert_eq!(since, minutes_ago(1).into());
    assert_eq!(
        world.snapshot.judged(&run, &TagRef { image: image(), tag: Tag::parse(TAGS[0]).unwrap() }),
        Some(("missing", since.at()))
    );
}

#[test]
fn a_canary_that_fails_later_leaves_what_was_known() {
    let mut world = World::expecting(&["sha-{sha:8}"], &[]);
    let run = world.run(1, 100);
    world.job(&run, Conclusion::Success, 101).log(&run, &[]).gone(TAGS[0]);
    keep(&mut world);
    world.see(now(), Seen::Canary(image(), unreachable()));
    let later = now() + SignedDuration::from_mins(20);
    world.tag(later, TAGS[0], crate::world::absent());
    let report = judge(&world.snapshot, &world.service, &world.policy, later);
    assert_eq!(
        (report.rows[0].verdict, report.rows[0].last_known),
        (Verdict::Unknown, Some((Verdict::Missing, now().into())))
    );
}

#[test]
fn whoever_asks_for_an_answer_gets_new_looks_at_lists_newest_commits_findings_and_the_named_commit() {
    let (mut world, runs) = landed();
    let failed = world.run(4, 50);
    world.job(&failed, Conclusion::Success, 51).log(&failed, &[]).gone("sha-00000004");
    let newest = world.run(5, 20);
    world.pushed("sha-00000005", "image5", Some(&sha(5)));
    keep(&mut world);
    world.policy.asked = Some(Asked { at: now() + SignedDuration::from_secs(1), commit: None });
    let urgent = |world: &World| {
        let wanted = plan(&world.snapshot, &world.service, &world.policy, now(), false);
        let urgent = wanted.into_iter().filter(|wanted| wanted.urgency < Urgency::Again);
        let named = urgent.map(|wanted| match wanted.look {
            Look::Runs(_) => "list".to_owned(),
            Look::Tag(tag_ref) => tag_ref.tag.to_string(),
            look => format!("{look:?}"),
        });
        named.collect::<Vec<_>>()
    };
    assert_eq!(urgent(&world), ["list", "sha-00000005", "sha-00000004"]);
    world.policy.asked.as_mut().unwrap().commit = Some("00000002".to_owned());
    assert_eq!(urgent(&world), ["list", "sha-00000005", "sha-00000004", TAGS[1]]);
    assert_eq!((world.verdict(&newest), world.verdict(&runs[0])), (Verdict::Landed, Verdict::Landed));
}

/// A newer commit whose tag points to what an older one landed with, whose looks were let go.
fn stale() -> (World, RunKey) {
    let mut world = World::expecting(&["sha-{sha:8}"], &[]);
    let older = world.run(1, 300);
    world.job(&older, Conclusion::Success, 301).log(&older, &[]).pushed(TAGS[0], "one", None);
    let newer = world.run(2, 60);
    world.job(&newer, Conclusion::Success, 61).log(&newer, &[]).pushed(TAGS[1], "one", None);
    keep(&mut world);
    keep(&mut world);
    assert!(!world.snapshot.image(&image()).unwrap().tags.contains_key(TAGS[0]));
    assert_eq!(world.verdict(&newer), Verdict::Stale);
    (world, newer)
}

#[test]
fn what_is_stale_stays_so_when_the_older_tag_cannot_be_looked_at_any_more() {
    let (mut world, newer) = stale();
    world.tag(now(), TAGS[0], unreachable());
    assert_eq!(world.verdict(&newer), Verdict::Stale);
    let (mut world, newer) = stale();
    world.gone(TAGS[0]);
    assert_eq!(world.verdict(&newer), Verdict::Stale, "the older one was pruned");
    let (mut world, newer) = stale();
    let mut world = restarted(&mut world);
    world.job(&newer, Conclusion::Success, 61).log(&newer, &[]).pushed(TAGS[1], "one", None);
    world.tag(now(), TAGS[0], unreachable());
    assert_eq!(world.verdict(&newer), Verdict::Stale, "in the next process");
}

#[test]
fn a_look_that_failed_is_not_when_the_registry_last_said_something() {
    let (mut world, runs) = landed();
    world.tag(now() + SignedDuration::from_mins(5), TAGS[2], unreachable());
    let row = world.row(&runs[2]);
    assert_eq!((row.verdict, row.seen_at), (Verdict::Unknown, Some(now().into())));
}

#[test]
fn what_was_given_other_content_is_no_way_back_whatever_is_last_known_of_it() {
    let (mut world, [_, older, run]) = landed();
    keep(&mut world);
    world.tag(now(), TAGS[2], Probe::Present(single("another").into()));
    let row = world.row(&run);
    let last_known = row.last_known.map(|(verdict, _)| verdict);
    assert_eq!(
        (row.verdict, last_known, row.digest),
        (Verdict::Unknown, Some(Verdict::Landed), Some(digest("another")))
    );
    let report = world.report();
    assert_eq!(report.newest_landed.map(|run| run.key.clone()), Some(older.clone()));
    assert_eq!(report.way_back.map(|run| run.key.clone()), Some(older.clone()));
    world.tag(now(), TAGS[2], unreachable());
    assert_eq!(world.report().way_back.map(|run| run.key.clone()), Some(older), "nor when nobody can look again");
}
