//! Shares of few observations, their intervals, and what they mean for deploying.

use landfall::analysis::{Builds, Flips, Gate, GateVerdict, Rate, builds_needed};
use proptest::prelude::{ProptestConfig, proptest};
use rstest::rstest;

fn gate(hits: u32, of: u32) -> Gate {
    Gate::judge(Builds { failed_by_flake: Rate::new(hits, of), red_once: 0, any_reran: true }, 0.05)
}

#[rstest]
#[case::nothing(0, 0, "—", (0.0, 1.0), (false, "not-enough-data", false))]
#[case::one_of_two_is_not_half(1, 2, "1 of 2", (0.0945, 0.9055), (true, "not-enough-data", false))]
#[case::one_clean_build_proves_nothing(0, 1, "0 of 1", (0.0, 0.7935), (false, "not-enough-data", false))]
#[case::one_flake_of_one(1, 1, "1 of 1", (0.2065, 1.0), (true, "not-enough-data", false))]
#[case::ten_clean_builds_allow_28(0, 10, "0.0% (0–28)", (0.0, 0.2775), (false, "not-enough-data", false))]
#[case::one_of_ten(1, 10, "10% (2–40)", (0.0179, 0.4042), (true, "not-enough-data", false))]
#[case::below_the_minimum(1, 19, "5.3% (1–25)", (0.0094, 0.2464), (true, "not-enough-data", false))]
#[case::exactly_five_is_not_over(1, 20, "5.0% (1–24)", (0.0089, 0.2361), (false, "within-limit", false))]
#[case::ten_percent(2, 20, "10% (3–30)", (0.0279, 0.301), (true, "stay-on-continuous-delivery", false))]
#[case::exactly_five_of_a_hundred(5, 100, "5.0% (2–11)", (0.0215, 0.1118), (false, "within-limit", false))]
#[case::six_percent(6, 100, "6.0% (3–12)", (0.0278, 0.1248), (true, "stay-on-continuous-delivery", false))]
#[case::twelve_percent_is_firm(12, 100, "12% (7–20)", (0.07, 0.1981), (true, "stay-on-continuous-delivery", true))]
#[case::one_build_short(0, 72, "0.0% (0–5)", (0.0, 0.0507), (false, "within-limit", false))]
#[case::the_least_that_proves_it(0, 73, "0.0% (0–5)", (0.0, 0.05), (false, "within-limit", true))]
#[case::one_flake_short(1, 109, "0.9% (0–5)", (0.0016, 0.0501), (false, "within-limit", false))]
#[case::one_flake_proven(1, 110, "0.9% (0–5)", (0.0016, 0.0497), (false, "within-limit", true))]
#[case::half(500, 1000, "50% (47–53)", (0.4691, 0.5309), (true, "stay-on-continuous-delivery", true))]
#[case::all(1000, 1000, "100% (100–100)", (0.9962, 1.0), (true, "stay-on-continuous-delivery", true))]
#[case::tenths_below_ten(5, 51, "9.8% (4–21)", (0.0426, 0.2098), (true, "stay-on-continuous-delivery", false))]
fn a_share_is_shown_and_judged(
    #[case] hits: u32,
    #[case] of: u32,
    #[case] shown: &str,
    #[case] (low, high): (f64, f64),
    #[case] (over, verdict, firm): (bool, &str, bool),
) {
    let rate = Rate::new(hits, of);
    assert_eq!(rate.to_string(), shown);
    let (found_low, found_high) = rate.interval();
    assert!((found_low - low).abs() < 0.000_051 && (found_high - high).abs() < 0.000_051, "{found_low} {found_high}");
    let gate = gate(hits, of);
    assert_eq!((gate.over, gate.verdict.word(), gate.firm), (over, verdict, firm));
}

#[rstest]
#[case(0, 73)]
#[case(1, 110)]
#[case(2, 142)]
#[case(3, 173)]
#[case(4, 202)]
#[case(5, 230)]
fn so_many_builds_prove_the_limit(#[case] flakes: u32, #[case] builds: u32) {
    assert_eq!(builds_needed(flakes, 0.05), Some(builds));
    assert!(gate(flakes, builds).firm);
    assert!(!gate(flakes, builds - 1).firm);
    assert_eq!(gate(flakes, builds).clean_builds_needed, None);
    assert_eq!(gate(flakes, 20).clean_builds_needed, Some(builds - 20));
}

#[test]
fn the_gate_says_why_and_how_much_is_lacking() {
    assert_eq!(
        gate(0, 7).words(),
        "not enough data: 7 of the 20 builds that a verdict needs; 66 more clean builds would settle it"
    );
    assert_eq!(
        gate(0, 72).words(),
        "within 5%: flakes failed 0.0% (0–5) of the builds; 1 more clean build would settle it"
    );
    assert_eq!(
        gate(0, 60).words(),
        "within 5%: flakes failed 0.0% (0–6) of the builds; 13 more clean builds would settle it"
    );
    assert_eq!(gate(0, 73).words(), "within 5%: flakes failed 0.0% (0–5) of the builds");
    assert_eq!(gate(12, 100).words(), "stay on Continuous Delivery: flakes failed 12% (7–20) of the builds, over 5%");
    let words = gate(6, 100).words();
    assert!(
        words.starts_with("stay on Continuous Delivery: flakes failed 6.0% (3–12) of the builds, over 5%; "),
        "{words}"
    );
}

#[test]
fn any_limit_is_exact_at_its_boundary() {
    let over = |hits, of, limit| {
        Gate::judge(Builds { failed_by_flake: Rate::new(hits, of), red_once: 0, any_reran: true }, limit).over
    };
    for (hits, of, limit) in
        [(1, 10, 0.1), (3, 10, 0.3), (7, 100, 0.07), (29, 100, 0.29), (57, 100, 0.57), (1, 40, 0.025)]
    {
        assert!(!over(hits, of, limit), "{hits} of {of} is exactly {limit}");
        assert!(over(hits + 1, of, limit) && !over(hits - 1, of, limit));
    }
    assert!(over(1, 1_000, 0.0) && !over(0, 1_000, 0.0) && !over(1_000, 1_000, 1.0));
}

#[test]
fn a_limit_of_zero_is_never_proven() {
    assert_eq!(builds_needed(0, 0.0), None);
    let gate = Gate::judge(Builds { failed_by_flake: Rate::new(0, 500), red_once: 0, any_reran: true }, 0.0);
    assert_eq!((gate.verdict, gate.firm, gate.clean_builds_needed), (GateVerdict::WithinLimit, false, None));
    assert_eq!(gate.words(), "within 0%: flakes failed 0.0% (0–1) of the builds");
}

#[test]
fn red_builds_that_never_ran_again_leave_it_unknown() {
    let judge =
        |red_once, any_reran| Gate::judge(Builds { failed_by_flake: Rate::new(0, 100), red_once, any_reran }, 0.05);
    let blind = judge(10, false);
    assert_eq!((blind.verdict, blind.firm), (GateVerdict::Unobserved, false));
    assert_eq!(blind.words(), "unknown: 10 red builds, and none was run again to see whether it was a flake");
    // With re-runs elsewhere the share stands, but it is not firm while those ten could have been flakes.
    let partly = judge(10, true);
    assert_eq!((partly.verdict, partly.firm), (GateVerdict::WithinLimit, false));
    assert!(judge(0, false).firm, "a hundred builds that were green at once were failed by nothing");
}

#[rstest]
#[case("FFFFF", 0)]
#[case("PPFFF", 1)]
#[case("PFPFF", 3)]
#[case("PFFFFF", 0)]
#[case("PF", 1)]
#[case("PFPFP", 4)]
#[case("", 0)]
#[case("P", 0)]
fn turns_are_counted_in_both_directions(#[case] oldest_first: &str, #[case] flips: u32) {
    let green: Vec<bool> = oldest_first.chars().map(|letter| letter == 'P').collect();
    let found = Flips::count(&green, 5);
    assert_eq!(found.flips, flips);
    assert!((found.score() - f64::from(flips) / 5.0).abs() < 1e-9);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_interval_holds_the_share_and_narrows_with_more_of_the_same(hits in 0_u32..500, more in 0_u32..500) {
        let rate = Rate::new(hits, hits + more);
        let (low, high) = rate.interval();
        assert!((0.0..=1.0).contains(&low) && (0.0..=1.0).contains(&high) && low <= high);
        if rate.of > 0 {
            let share = f64::from(hits) / f64::from(rate.of);
            assert!(low <= share + 1e-12 && share <= high + 1e-12);
            let (twice_low, twice_high) = Rate::new(2 * hits, 2 * rate.of).interval();
            assert!(twice_high - twice_low < high - low);
        }
    }

    #[test]
    fn one_more_clean_build_never_makes_a_verdict_worse(hits in 0_u32..40, more in 0_u32..200) {
        let before = gate(hits, hits + more);
        let after = gate(hits, hits + more + 1);
        assert!(before.over || !after.over);
        assert!(!(before.verdict == GateVerdict::WithinLimit && before.firm) || after.firm);
    }
}
