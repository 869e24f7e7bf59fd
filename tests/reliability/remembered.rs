//! What the lists of runs alone tell, and that nothing is judged twice.

use std::sync::Arc;

use jiff::SignedDuration;
use landfall::analysis::{GateVerdict, Rate, Report, assess, reliability, renewed};
use landfall::domain::{Batch, Conclusion, RunKey, RunState, Seen};

use crate::world::{World, digest, image, minutes_ago, now};

/// A run that failed, and passed when it was tried again.
fn flaked(world: &mut World, number: u64, ended: i64) -> RunKey {
    let key = world.run_with(number, ended, |run| run.state = RunState::Finished(Conclusion::Failure));
    world.goes_on(&key, |run| {
        run.key.attempt = 2;
        run.state = RunState::Finished(Conclusion::Success);
        run.finished_at = Some((minutes_ago(ended) + SignedDuration::from_mins(5)).into());
    });
    RunKey { attempt: 2, ..key }
}

fn judged(world: &World) -> landfall::analysis::Reliability {
    reliability(&world.snapshot, &world.report(), &world.policy, now())
}

#[test]
fn a_run_that_failed_and_passed_when_it_was_tried_again_is_a_build_that_a_flake_failed() {
    let mut world = World::new();
    world.run(1, 300);
    flaked(&mut world, 2, 200);
    let found = judged(&world);
    assert_eq!(found.runs.len(), 2);
    assert_eq!(found.flakiness.builds.failed_by_flake, Rate::new(1, 2));
    assert_eq!(found.flakiness.builds.gate.verdict, GateVerdict::NotEnoughData);
}

#[test]
fn a_run_in_progress_is_not_counted() {
    let mut world = World::new();
    world.run(1, 300);
    world.run_with(2, 0, |run| (run.state, run.finished_at) = (RunState::Running, None));
    assert_eq!(judged(&world).runs.len(), 1);
}

#[test]
fn runs_that_left_the_list_are_still_counted() {
    let mut world = World::new();
    let first = world.run(1, 300);
    world.run(2, 200);
    let name = world.service.name.clone();
    let mut items = world.snapshot.listing(&name).expect("a list").runs.clone();
    items.retain(|run| run.key != first);
    world.see(now(), Seen::Runs(name, Batch { items, skipped: 0, complete: true }));
    world.snapshot.tidy(&world.service.clone());
    assert_eq!(judged(&world).runs.len(), 2);
}

#[test]
fn a_run_that_another_list_brings_as_it_is_known_is_held_once() {
    let mut world = World::new();
    world.run(1, 300);
    assert_eq!(world.snapshot.unkept().len(), 1);
    let (name, service) = (world.service.name.clone(), world.service.clone());
    let items =
        world.snapshot.listing(&name).expect("a list").runs.iter().map(|run| Arc::new((**run).clone())).collect();
    world.see(now(), Seen::Runs(name.clone(), Batch { items, skipped: 0, complete: true }));
    let listed = world.snapshot.listing(&name).and_then(|listing| listing.runs.first()).expect("a run");
    let held = &world.snapshot.samples(&service).next().expect("a run that is over").run;
    assert!(Arc::ptr_eq(listed, held));
    assert!(world.snapshot.unkept().is_empty());
}

#[test]
fn runs_of_a_workflow_that_is_not_watched_are_not_counted() {
    let mut world = World::new().change(|service| {
        service.workflow = landfall::domain::Globs::parse(&["release.yml".to_owned()]).unwrap();
    });
    world.run(1, 300);
    world.run_with(2, 200, |run| (run.workflow, run.workflow_file) = ("nightly".into(), None));
    assert_eq!(judged(&world).runs.len(), 1);
}

#[test]
fn nothing_is_judged_again_before_anything_of_the_service_changes() {
    let mut world = World::new();
    world.run(1, 300);
    let first = renewed(&Arc::default(), &world.snapshot, &world.report(), &world.policy, now());
    world.listed_at(now() + SignedDuration::from_secs(30));
    let soon = now() + SignedDuration::from_secs(60);
    let same = renewed(&first, &world.snapshot, &world.report(), &world.policy, soon);
    assert!(Arc::ptr_eq(&first, &same));
    world.run(2, 200);
    let other = renewed(&first, &world.snapshot, &world.report(), &world.policy, soon);
    assert!(!Arc::ptr_eq(&first, &other));
    let later = now() + SignedDuration::from_hours(2);
    let aged = renewed(&other, &world.snapshot, &world.report(), &world.policy, later);
    assert!(!Arc::ptr_eq(&other, &aged), "what recovers by the time alone is judged by the time");
}

#[test]
fn how_long_a_commit_took_to_land_is_measured_from_its_run_to_the_first_sight_of_its_image() {
    let mut world = World::new();
    let run = world.run(1, 60);
    world.job(&run, Conclusion::Success, 60).pushed_at(minutes_ago(58), "sha-0000000", "one", None);
    world.log(&run, &[(&image(), "sha-0000000", &digest("one"))]).canary();
    let found = judged(&world);
    let lead = found.landings.lead_time.expect("it landed");
    assert_eq!(lead.value.p50, SignedDuration::from_mins(6), "it ended then, and was there whenever it was looked at");
    let mut report = Report { services: vec![world.report()], ..Report::default() };
    assess(&mut report, &world.snapshot, &world.policy, now());
    assert_eq!(report.services.first().map(|service| &*service.reliability), Some(&found));
}

#[test]
fn a_long_past_is_judged_anew_every_few_seconds_while_it_is_being_read() {
    let mut world = World::new();
    for number in 1..=60 {
        world.run(number, 1000 - i64::try_from(number).unwrap());
    }
    let first = renewed(&Arc::default(), &world.snapshot, &world.report(), &world.policy, now());
    world.run(61, 3);
    let at = |seconds| now() + SignedDuration::from_secs(seconds);
    let soon = renewed(&first, &world.snapshot, &world.report(), &world.policy, at(4));
    assert!(Arc::ptr_eq(&first, &soon));
    let later = renewed(&first, &world.snapshot, &world.report(), &world.policy, at(5));
    assert_eq!(later.runs.len(), 61);
}
