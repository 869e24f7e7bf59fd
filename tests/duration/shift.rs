//! Alarms that a durable shift sets off, and noise does not.

use landfall::analysis::{Drift, Timed, TwoSpeeds, compare, regression};
use proptest::prelude::{ProptestConfig, prop, proptest};
use rstest::rstest;

use crate::executions::{seconds, sha};

const NOISE: [f64; 10] = [300.0, 310.0, 295.0, 305.0, 290.0, 300.0, 315.0, 298.0, 302.0, 307.0];
const CACHE: [f64; 10] = [120.0, 118.0, 122.0, 119.0, 300.0, 310.0, 121.0, 305.0, 120.0, 298.0];

#[rstest]
#[case::steady(&NOISE, &[303.0, 299.0, 306.0], Drift::Steady, (301.0, 5.0, 15.05, 303.0))]
#[case::one_spike(&NOISE, &[303.0, 900.0, 306.0], Drift::Steady, (301.0, 5.0, 15.05, 306.0))]
#[case::a_quarter_more(&NOISE, &[380.0, 376.0, 384.0], Drift::Slower, (301.0, 5.0, 15.05, 380.0))]
#[case::eight_percent_more(&NOISE, &[325.0, 326.0, 327.0], Drift::Steady, (301.0, 5.0, 15.05, 326.0))]
#[case::a_short_job(&[50.0; 10], &[70.0; 3], Drift::Steady, (50.0, 0.0, 2.5, 70.0))]
#[case::no_noise_at_all(&[300.0; 10], &[301.0, 301.0, 302.0], Drift::Steady, (300.0, 0.0, 15.0, 301.0))]
#[case::a_step_without_noise(&[300.0; 10], &[360.0, 361.0, 362.0], Drift::Slower, (300.0, 0.0, 15.0, 361.0))]
#[case::faster(&NOISE, &[200.0, 205.0, 198.0], Drift::Faster, (301.0, 5.0, 15.05, 200.0))]
#[case::a_cache_that_hits_and_misses(&CACHE, &[302.0, 299.0, 305.0], Drift::Steady, (121.5, 3.0, 6.075, 302.0))]
fn recent_runs_are_compared_with_those_before(
    #[case] baseline: &[f64],
    #[case] recent: &[f64],
    #[case] drift: Drift,
    #[case] (middle, mad, sigma, newest): (f64, f64, f64, f64),
) {
    let found = compare(baseline, recent).unwrap();
    assert_eq!(found.drift, drift);
    for (found, expected) in [(found.baseline, middle), (found.mad, mad), (found.sigma, sigma), (found.recent, newest)]
    {
        assert!((found - expected).abs() < 1e-9, "{found} is not {expected}");
    }
}

#[test]
fn too_little_history_gives_no_verdict() {
    assert_eq!(compare(&NOISE[..9], &[400.0; 3]), None);
    assert_eq!(compare(&NOISE, &[400.0; 2]), None);
    assert_eq!(compare(&[], &[]), None);
    assert_eq!(regression(&line(&[300; 14])), None);
    assert_eq!(regression(&line(&[300; 15])).unwrap().comparison.drift, Drift::Steady);
}

fn line(times: &[i64]) -> Vec<Timed> {
    (0..)
        .zip(times)
        .map(|(number, &time): (usize, &i64)| Timed { sha: sha(&format!("c{number}")), took: seconds(time) })
        .collect()
}

fn range(times: &[i64]) -> (Option<String>, Option<String>) {
    let shift = regression(&line(times)).unwrap();
    let runs = line(times);
    let name = |wanted: landfall::domain::Sha| {
        let place = runs.iter().position(|run| run.sha == wanted).unwrap();
        format!("c{place}")
    };
    (shift.before.map(name), shift.first.map(name))
}

fn step(before: usize, after: usize) -> Vec<i64> {
    let mut times = vec![300; before];
    times.extend(vec![420; after]);
    times
}

#[test]
fn an_alarm_names_the_commits_between_which_it_began() {
    let pair = |one: &str, two: &str| (Some(one.to_owned()), Some(two.to_owned()));
    assert_eq!(range(&step(20, 5)), pair("c19", "c20"));
    // The fifth of the recent runs is new, two of them are not yet.
    assert_eq!(range(&step(20, 3)), pair("c19", "c20"));
    // The step began before the recent runs.
    assert_eq!(range(&step(20, 7)), pair("c19", "c20"));
    // A single fast run in between is no end of it.
    let mut times = step(20, 5);
    times[22] = 300;
    assert_eq!(range(&times), pair("c19", "c20"));
}

#[test]
fn no_alarm_names_no_commits() {
    assert_eq!(range(&[300; 25]), (None, None));
}

#[test]
fn only_the_thirty_runs_before_the_recent_ones_are_the_baseline() {
    let mut times = vec![900; 40];
    times.extend([300; 30]);
    times.extend([420; 5]);
    assert_eq!(regression(&line(&times)).unwrap().comparison.drift, Drift::Slower);
}

#[test]
fn two_heaps_of_durations_are_seen() {
    let speeds = |times: &[i64]| TwoSpeeds::of(&crate::all(times));
    let found = speeds(&[120, 118, 122, 119, 300, 310, 121, 305, 120, 298]).unwrap();
    assert_eq!((found.fast, found.slow, found.slow_runs, found.of), (seconds(120), seconds(300), 4, 10));
    assert_eq!(found.words(), "4 of 10 runs take 5:00, the others 2:00: does a cache miss?");
    assert_eq!(speeds(&[120, 118, 122, 119, 120, 121, 121, 123, 120, 900]), None, "one outlier is no heap");
    assert_eq!(speeds(&[300, 310, 295, 305, 290, 300, 315, 298, 302, 307]), None, "noise is no heap");
    assert_eq!(speeds(&[10, 11, 10, 12, 10, 30, 31, 30, 32, 31]), None, "twenty seconds are not worth a word");
    assert_eq!(speeds(&[120, 118, 300, 310, 121]), None, "five runs show nothing");
    assert_eq!(speeds(&[100, 150, 200, 250, 300, 350, 400, 450, 500, 550]), None, "an even spread has no gap");
    let heaps = [100, 101, 102, 150, 151, 152, 200, 201, 202, 250, 251, 252];
    assert_eq!(speeds(&heaps), None, "four heaps are not two");
    assert_eq!(speeds(&[]), None);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn equal_times_never_alarm(time in 1_i64..10_000, count in 15_usize..60) {
        assert_eq!(regression(&line(&vec![time; count])).unwrap().comparison.drift, Drift::Steady);
    }

    #[test]
    fn an_alarm_is_about_thirty_seconds_and_a_tenth_at_least(times in prop::collection::vec(1_i64..2_000, 15..40)) {
        let shift = regression(&line(&times)).unwrap();
        let found = shift.comparison;
        if found.drift != Drift::Steady {
            let moved = (found.recent - found.baseline).abs();
            assert!(moved >= 30.0 && moved * 10.0 >= found.baseline);
            assert!(shift.first.is_some());
        }
    }
}
