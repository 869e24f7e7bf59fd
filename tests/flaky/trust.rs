//! The states of a test over time: easy to enter with two flakes, hard to leave.

use landfall::analysis::{Policy, Trust, flakiness};
use landfall::domain::TestRun;
use rstest::rstest;

use crate::executions::{days_ago, key, now, reported};

/// A history as `flaky|green|red@days ago`, one for each commit; `20*green@3` for twenty commits.
fn history(written: &str) -> Vec<TestRun> {
    let mut seen = Vec::new();
    for part in written.split_whitespace() {
        let (part, ago) = part.split_once('@').unwrap();
        let (count, word) = part.split_once('*').unwrap_or(("1", part));
        for _ in 0..count.parse::<u32>().unwrap() {
            let id = u64::try_from(seen.len()).unwrap();
            let cases = match word {
                "flaky" => "t=F t=P",
                "green" => "t=P",
                "red" => "t=F",
                other => panic!("{other}"),
            };
            let run = reported(&key(id, 1), &format!("c{id}"), "test", cases);
            seen.push(TestRun { at: Some(days_ago(ago.parse().unwrap())), ..run });
        }
    }
    seen
}

fn trust(written: &str) -> Trust {
    flakiness(&[], &history(written), &Policy::default(), now()).tests.tests[0].behaviour.trust
}

#[rstest]
#[case::green("3*green@1", Trust::Healthy)]
#[case::one_flake("green@5 flaky@4 green@3", Trust::Suspect)]
#[case::two_within_a_fortnight("flaky@20 flaky@6", Trust::Flaky)]
#[case::two_further_apart("flaky@21 flaky@6", Trust::Suspect)]
#[case::clean_for_long_but_on_few_commits("flaky@20 flaky@19 19*green@5", Trust::Flaky)]
#[case::clean_on_many_commits_but_not_for_long("flaky@9 flaky@6 40*green@1", Trust::Flaky)]
#[case::clean_for_both("flaky@20 flaky@19 20*green@5", Trust::Recovered)]
#[case::clean_exactly_as_long_as_it_takes("flaky@8 flaky@7 20*green@1", Trust::Recovered)]
#[case::one_flake_forgotten("flaky@20 20*green@5", Trust::Healthy)]
#[case::one_flake_after_recovery("flaky@40 flaky@39 20*green@20 flaky@2", Trust::Suspect)]
#[case::two_flakes_after_recovery("flaky@40 flaky@39 20*green@20 flaky@3 flaky@2", Trust::Flaky)]
#[case::red_three_times_and_never_green("3*red@1", Trust::Broken)]
#[case::red_twice("2*red@1", Trust::Failing)]
#[case::red_after_green("9*green@3 3*red@1", Trust::Failing)]
#[case::red_long_forgotten("red@20 20*green@3", Trust::Healthy)]
#[case::red_not_forgotten("red@20 19*green@3", Trust::Failing)]
#[case::a_red_commit_is_not_clean("flaky@20 flaky@19 19*green@5 red@4", Trust::Flaky)]
#[case::flaky_outlasts_a_green_fortnight("flaky@30 flaky@29 5*green@14", Trust::Flaky)]
fn a_history_comes_to_a_state(#[case] written: &str, #[case] expected: Trust) {
    assert_eq!(trust(written), expected);
}

#[test]
fn the_last_flake_is_remembered() {
    let behaviour =
        flakiness(&[], &history("flaky@20 flaky@9 green@1"), &Policy::default(), now()).tests.tests[0].behaviour;
    assert_eq!(behaviour.last_flake, Some(days_ago(9)));
}
