//! What the rows of a service add up to.

use landfall::analysis::{Verdict, keepsakes, newly_arrived};
use landfall::domain::{Conclusion, Event, Fact, Seen};

use crate::world::{World, minutes_ago, now, sha};

fn incident() -> World {
    let mut world = World::expecting(&["sha-{sha:8}"], &[]);
    for (number, ended) in [(5, 400), (6, 300), (7, 200), (8, 100)] {
        let run = world.run(number, ended);
        world.job(&run, Conclusion::Success, ended + 1).log(&run, &[]);
    }
    world.pushed("sha-00000005", "five", Some(&sha(5))).pushed("sha-00000006", "six", Some(&sha(6)));
    world.gone("sha-00000007").gone("sha-00000008");
    world
}

#[test]
fn it_says_how_far_behind_and_since_when() {
    let report = incident().report();
    assert_eq!(report.newest_landed.unwrap().number, 6);
    assert_eq!(report.behind, Some(2));
    assert_eq!(report.since, Some(minutes_ago(200)));
    assert_eq!(report.newest_green.unwrap().verdict, Verdict::Missing);
    assert!(report.settled);
}

#[test]
fn how_far_behind_is_not_known_where_one_could_not_be_looked_at() {
    let mut world = incident();
    world.tag(now(), "sha-00000007", crate::world::unreachable());
    assert_eq!(world.report().behind, None);
}

#[test]
fn while_nobody_can_look_the_last_known_landed_and_since_when_stay() {
    let mut world = incident();
    let (landed, since) = (world.report().newest_landed, world.report().since);
    for tag in ["sha-00000005", "sha-00000006", "sha-00000007", "sha-00000008"] {
        world.tag(now(), tag, crate::world::unreachable());
    }
    let report = world.report();
    assert!(report.rows.iter().all(|row| row.verdict == Verdict::Unknown));
    assert_eq!((report.newest_landed, report.since, report.behind), (landed, since, None));
    assert_eq!(report.way_back.unwrap().number, 6);
}

#[test]
fn one_rolls_back_to_what_is_green() {
    let mut world = incident();
    let run = world.run_with(9, 10, |run| {
        run.state = landfall::domain::RunState::Finished(Conclusion::Failure);
    });
    world.job(&run, Conclusion::Success, 11).pushed("sha-00000009", "nine", Some(&sha(9)));
    let report = world.report();
    assert_eq!((report.newest_landed.unwrap().number, report.way_back.unwrap().number), (9, 6));
}

#[test]
fn filtered_runs_are_not_expected_and_do_not_count() {
    let mut world = incident();
    let run = world.run_with(9, 10, |run| run.event = Event("pull_request".into()));
    let other = world.run_with(10, 5, |run| run.branch = Some("feature".into()));
    assert_eq!(world.verdict(&run), Verdict::NotExpected);
    assert_eq!(world.verdict(&other), Verdict::NotExpected);
    assert_eq!(world.report().behind, Some(2));
}

#[test]
fn only_the_newest_publishing_runs_are_judged() {
    let mut world = incident();
    world.policy.runs = 2;
    assert_eq!(world.report().rows.len(), 2);
}

#[test]
fn what_landed_is_to_be_remembered_once() {
    let mut world = incident();
    let worth_keeping = |world: &World| {
        let report = world.report();
        [keepsakes(&world.snapshot, &report, now()), newly_arrived(&world.snapshot, &report)].concat()
    };
    let kept = worth_keeping(&world);
    let landed = |fact: &&Fact| matches!(fact, Fact::Landed(_));
    assert_eq!((kept.len(), kept.iter().filter(landed).count()), (6, 2), "two landed and arrived, two missing");
    world.see(now(), Seen::Remembered(kept));
    assert_eq!(worth_keeping(&world), []);
}
