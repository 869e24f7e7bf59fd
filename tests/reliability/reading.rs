//! Which runs are read once, in which order, and when one that failed is asked for again.

use jiff::SignedDuration;
use landfall::analysis::{Depth, readings};
use landfall::domain::{
    Conclusion, Deployed, Deployment, Ended, Failure, Globs, Look, Reports, RunKey, RunState, Seen, Sha, Stage, Urgency,
};

use crate::read::{end, job, tries};
use crate::world::{World, now};

fn wanted_at(world: &World, depth: Depth, later: SignedDuration) -> Vec<Look> {
    let wanted = readings(&world.snapshot, &world.service, depth, Urgency::Spare, now() + later);
    assert!(wanted.iter().all(|wanted| wanted.urgency == Urgency::Spare));
    wanted.into_iter().map(|wanted| wanted.look).collect()
}

fn wanted(world: &World) -> Vec<Look> {
    wanted_at(world, Depth::Reports, SignedDuration::ZERO)
}

/// Three runs that are over, oldest first, and one in progress.
fn three() -> (World, [RunKey; 3]) {
    let mut world = World::new();
    let runs = [1, 2, 3].map(|number| world.run(number, 100 - i64::try_from(number).unwrap()));
    world.run_with(4, 0, |run| (run.state, run.finished_at) = (RunState::Running, None));
    (world, runs)
}

fn passed(run: &RunKey) -> Seen {
    tries(end(run), vec![job(run.id * 10, "test", 1, Conclusion::Success, 60, 3)])
}

#[test]
fn the_newest_runs_are_read_first_and_none_is_read_twice() {
    let (mut world, runs) = three();
    let newest_first: Vec<Look> = runs.iter().rev().map(|run| Look::Tries(end(run))).collect();
    assert_eq!(wanted(&world), newest_first[..2], "the next follows when these are answered");
    world.see(now(), passed(&runs[2]));
    assert_eq!(wanted(&world), newest_first[1..]);
    world.see(now(), passed(&runs[0])).see(now(), passed(&runs[1]));
    assert_eq!(wanted(&world), []);
    assert_eq!(wanted_at(&world, Depth::Reports, SignedDuration::from_hours(24 * 30)), [], "not later either");
}

#[test]
fn reports_are_looked_for_only_where_the_configuration_names_them_and_somebody_wants_them() {
    let (mut world, runs) = three();
    for run in &runs {
        world.see(now(), passed(run));
    }
    assert_eq!(wanted(&world), []);
    let mut world = world.change(|service| service.trust.reports = Globs::parse(&["junit".to_owned()]).ok());
    assert_eq!(wanted_at(&world, Depth::Tries, SignedDuration::ZERO), []);
    assert_eq!(wanted(&world)[0], Look::Reports(end(&runs[2])));
    for run in &runs {
        world.see(now(), Seen::Reports(end(run), Reports::default().into()));
    }
    assert_eq!(wanted(&world), [], "that there are none is an answer");
}

#[test]
fn another_attempt_is_read_when_it_is_over() {
    let (mut world, runs) = three();
    for run in &runs {
        world.see(now(), passed(run));
    }
    world.goes_on(&runs[0], |run| {
        run.key.attempt = 2;
        run.state = RunState::Running;
        run.finished_at = None;
    });
    assert_eq!(wanted(&world), []);
    world.goes_on(&RunKey { attempt: 2, ..runs[0].clone() }, |run| {
        run.state = RunState::Finished(Conclusion::Success);
        run.finished_at = Some(now().into());
    });
    assert_eq!(wanted(&world), [Look::Tries(Ended { run: RunKey { attempt: 2, ..runs[0].clone() }, at: None })]);
}

#[test]
fn a_run_that_was_left_out_is_not_read() {
    let mut world = World::new();
    world.run_with(1, 60, |run| run.state = RunState::Finished(Conclusion::Skipped));
    assert_eq!(wanted(&world), []);
}

#[test]
fn a_long_past_is_asked_for_piece_by_piece() {
    let mut world = World::new();
    for number in 1..=20 {
        world.run(number, 100 - i64::try_from(number).unwrap());
    }
    assert_eq!(wanted(&world).len(), 2);
    let asked = readings(&world.snapshot, &world.service, Depth::Tries, Urgency::Layers, now());
    assert_eq!(asked.len(), 6, "where somebody waits for it");
}

#[test]
fn what_failed_is_asked_again_later_and_the_later_the_less_it_helps() {
    let (mut world, runs) = three();
    world.see(now(), passed(&runs[0])).see(now(), passed(&runs[1]));
    let fails = |world: &mut World, failure: Failure| {
        world.see(now(), Seen::Failed(Look::Tries(end(&runs[2])), failure));
    };
    let after = |world: &World, minutes| wanted_at(world, Depth::Tries, SignedDuration::from_mins(minutes)).len();
    fails(&mut world, Failure::Unreachable { stage: Stage::Timeout, says: "late".into() });
    assert_eq!((after(&world, 0), after(&world, 14), after(&world, 15)), (0, 0, 1));
    fails(&mut world, Failure::Forbidden("no".into()));
    assert_eq!((after(&world, 15), after(&world, 59), after(&world, 60)), (0, 0, 1));
    fails(&mut world, Failure::NotFound("gone".into()));
    assert_eq!((after(&world, 60), after(&world, 60 * 24)), (0, 1));
    world.see(now(), passed(&runs[2]));
    assert_eq!(after(&world, 60 * 24), 0);
}

#[test]
fn deployments_are_asked_for_once_an_hour_from_the_last_one_that_is_over() {
    let (world, _) = three();
    let mut world = world.change(|service| service.trust.environment = Some("production".into()));
    let looks = |world: &World, minutes| -> Vec<u64> {
        let wanted = wanted_at(world, Depth::Tries, SignedDuration::from_mins(minutes));
        let known = |look: Look| if let Look::Deployments(_, known) = look { Some(known) } else { None };
        wanted.into_iter().filter_map(known).collect()
    };
    assert_eq!(looks(&world, 0), [0]);
    let over = |id| Deployment {
        id,
        sha: Sha::parse(&"a".repeat(40)).unwrap(),
        committed_at: None,
        finished_at: now(),
        succeeded: true,
    };
    let name = world.service.name.clone();
    let place = world.service.deployments().unwrap();
    let told = Deployed { place: place.clone(), over: vec![over(7), over(9)], open: Some(8), skipped: 0 };
    world.see(now(), Seen::Deployments(name.clone(), 0, told));
    assert_eq!(looks(&world, 59), [0; 0]);
    assert_eq!(looks(&world, 60), [7], "the one after it goes on");
    world.see(
        now(),
        Seen::Deployments(name.clone(), 7, Deployed { place, over: vec![over(8)], open: None, skipped: 0 }),
    );
    assert_eq!(looks(&world, 60), [9]);
    let again = now() + SignedDuration::from_hours(1);
    let wanted = readings(&world.snapshot, &world.service, Depth::Tries, Urgency::Spare, again);
    assert_eq!(wanted[0].not_before, Some(again), "one that finds nothing new is the same look, and was answered");
    world.see(now(), Seen::Failed(Look::Deployments(name, 9), Failure::Forbidden("no".into())));
    let known = world.snapshot.deployments(&world.service.name).unwrap();
    assert_eq!(known.over().count(), 3, "a failure takes nothing away");
    assert_eq!(looks(&world, 60), [9], "what was refused is asked for again after an hour");
}

#[test]
fn a_source_that_cannot_be_asked_is_not_asked_for_run_after_run() {
    let mut world = World::new();
    let runs: Vec<RunKey> = (1..=8).map(|number| world.run(number, 100 - i64::try_from(number).unwrap())).collect();
    let away = |stage| Failure::Unreachable { stage, says: "".into() };
    for run in runs[5..].iter().rev() {
        world.see(now(), Seen::Failed(Look::Tries(end(run)), away(Stage::Connect)));
    }
    assert_eq!(wanted(&world), []);
    let later = SignedDuration::from_mins(15);
    assert_eq!(wanted_at(&world, Depth::Reports, later), [Look::Tries(end(&runs[7])), Look::Tries(end(&runs[6]))]);
    for run in runs[5..].iter().rev() {
        world.see(now(), Seen::Failed(Look::Tries(end(run)), away(Stage::Server(500))));
    }
    assert_eq!(wanted(&world), [Look::Tries(end(&runs[4])), Look::Tries(end(&runs[3]))], "broken for these runs only");
}

#[test]
fn reports_that_cannot_be_read_keep_nobody_from_reading_jobs() {
    let mut world = World::new().change(|service| service.trust.reports = Globs::parse(&["junit".to_owned()]).ok());
    let runs: Vec<RunKey> = (1..=8).map(|number| world.run(number, 100 - i64::try_from(number).unwrap())).collect();
    for run in runs[5..].iter().rev() {
        let failure = Failure::Unreachable { stage: Stage::Connect, says: "".into() };
        world.see(now(), passed(run)).see(now(), Seen::Failed(Look::Reports(end(run)), failure));
    }
    assert_eq!(wanted(&world), [Look::Tries(end(&runs[4])), Look::Tries(end(&runs[3]))]);
}
