//! How often a service's list of runs is read, and from when on it counts as old.

use jiff::{SignedDuration, Timestamp};
use landfall::analysis::{Freshness, cadence, judge, plan};
use landfall::domain::{Look, RunState};

use crate::world::{World, now};

fn pause(world: &World, at: Timestamp, on_screen: bool) -> SignedDuration {
    cadence(world.snapshot.listing(&world.service.name).unwrap(), &world.policy, at, on_screen)
}

/// A world whose newest run ended so many minutes ago, listed then.
fn ended(minutes: i64) -> World {
    let mut world = World::new();
    world.run(1, minutes);
    world
}

#[test]
fn a_list_is_read_by_what_happens_in_it() {
    let seconds = SignedDuration::from_secs;
    let mut running = World::new();
    running.run_with(1, -5, |run| run.state = RunState::Running);
    assert_eq!((pause(&running, now(), true), pause(&running, now(), false)), (seconds(5), seconds(10)));
    assert_eq!(pause(&ended(1), now(), false), seconds(15), "just changed");
    let later = now() + SignedDuration::from_mins(3);
    assert_eq!(pause(&ended(1), later, true), seconds(60), "nothing happens");
    assert_eq!(pause(&ended(25 * 60), later, true), seconds(300), "quiet for a day");
    assert_eq!(pause(&ended(8 * 24 * 60), later, true), seconds(900), "quiet for a week");
}

#[test]
fn a_run_that_waits_for_days_does_not_keep_the_pace_up() {
    let mut world = World::new();
    world.run_with(1, 3 * 24 * 60, |run| (run.state, run.finished_at) = (RunState::Waiting, None));
    assert_eq!(pause(&world, now() + SignedDuration::from_mins(3), true), SignedDuration::from_secs(300));
}

#[test]
fn a_clock_that_was_set_back_keeps_nothing_from_being_looked_at() {
    let world = ended(1);
    let before = now() - SignedDuration::from_hours(3);
    let wanted = plan(&world.snapshot, &world.service, &world.policy, before, false);
    let list = wanted.iter().find(|wanted| matches!(wanted.look, Look::Runs(_))).unwrap();
    assert!(list.not_before.unwrap() <= before + SignedDuration::from_secs(60));
}

#[test]
fn after_three_intervals_it_is_stale_and_after_ten_outdated() {
    let world = ended(30);
    let fresh = |seconds| {
        judge(&world.snapshot, &world.service, &world.policy, now() + SignedDuration::from_secs(seconds)).freshness
    };
    assert_eq!([fresh(0), fresh(180), fresh(181), fresh(600), fresh(601)].map(|it| it as u8), [0, 0, 1, 1, 2]);
    assert_eq!(fresh(181), Freshness::Stale);
    let mut world = World::new();
    world.run_with(1, 1, |run| (run.state, run.finished_at) = (RunState::Running, None));
    let fresh = |seconds| {
        judge(&world.snapshot, &world.service, &world.policy, now() + SignedDuration::from_secs(seconds)).freshness
    };
    let intervals = "a run in progress is looked at every ten seconds";
    assert_eq!([fresh(0), fresh(30), fresh(31), fresh(101)].map(|it| it as u8), [0, 0, 1, 2], "{intervals}");
}
