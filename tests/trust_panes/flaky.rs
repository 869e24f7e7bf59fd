//! Services by their gate, and the builds, jobs and tests of one.

use std::sync::Arc;

use landfall::domain::ServiceName;
use landfall::pane::{Identity, PANES};

use crate::reliable::report;
use crate::{FLAKY, Looked, builds};

fn job(name: &str) -> Identity {
    Identity::Job(ServiceName::parse("checkout").unwrap(), ("release".into(), name.into()))
}

fn test(name: &str) -> Identity {
    let names = ("checkout::orders".into(), name.into(), None);
    Identity::Test(ServiceName::parse("checkout").unwrap(), ("release".into(), "e2e (chrome)".into()), names)
}

#[test]
fn services_stand_by_their_gate_worst_first() {
    insta::assert_snapshot!(Looked::new(report()).tab(FLAKY, 80), @r"
    Service       Gate                                  Flaked  To settle  Unread
    checkout      ✗ stay on Continuous Delivery     18% (9–32)  297 clean     ! 2
    ledger        ? unknown: nothing ran again               —  176 clean
    search        … not enough data                8.3% (1–35)   98 clean
    gateway       ✓ within the limit               3.3% (1–17)   80 clean
    cart          ✓ within the limit                0.8% (0–5)
    newcomer      - no run that is over
    ");
}

#[test]
fn a_wide_screen_has_the_worst_job_or_test_too() {
    insta::assert_snapshot!(Looked::new(report()).tab(FLAKY, 200), @r"
    Service       Gate                                  Flaked  To settle  Firm      Ran again  Unread     Jobs      Tests  Worst job or test
    checkout      ✗ stay on Continuous Delivery     18% (9–32)  297 clean  firm           7/40     ! 2      1/4        2/5  ✗ payment::refuses_an_expired_card
    ledger        ? unknown: nothing ran again               —  176 clean                 0/26
    search        … not enough data                8.3% (1–35)   98 clean                 1/12              0/4             ~ e2e (chrome)
    gateway       ✓ within the limit               3.3% (1–17)   80 clean  not yet        1/30              0/4             ~ e2e (chrome)
    cart          ✓ within the limit                0.8% (0–5)             firm          1/120              0/4
    newcomer      - no run that is over
    ");
}

#[test]
fn the_smallest_screen_keeps_the_gate_and_the_rate() {
    insta::assert_snapshot!(Looked::new(report()).tab(FLAKY, 60), @r"
    Service       Gate                                  Flaked
    checkout      ✗ stay on Continuous Delivery     18% (9–32)
    ledger        ? unknown: nothing ran again               —
    search        … not enough data                8.3% (1–35)
    gateway       ✓ within the limit               3.3% (1–17)
    cart          ✓ within the limit                0.8% (0–5)
    newcomer      - no run that is over
    ");
}

#[test]
fn within_a_service_its_jobs_and_tests_are_ranked_by_the_lower_end_of_their_rate() {
    insta::assert_snapshot!(Looked::new(report()).parts(FLAKY, &builds("checkout"), 80), @r"
    checkout  ✗ stay on Continuous Delivery: flakes failed 18% (9–32) of the
      builds, over 5%
    7 of 40 commits ran more than once · 2 test reports could not be read
          Job or test      State               Flaked   Last  Recent commits
    runs  all builds       ✗ stay          18% (9–32)
    job   e2e (chrome)     ≈ flaky         18% (9–32)    11h  ••≈••••✗••≈••••≈•≈≈•
    test  dates_are_in_o…  ≈ flaky         15% (5–36)    11h  •••••••••••••••≈•≈≈•
    test  rounds_half_to…  ~ suspect      5.0% (1–24)     2d  ••••••••••≈•••••••••
    test  refuses_an_exp…  ✗ broken                 —     5h                  ✗✗✗✗
    job   build            ✓ healthy                —         ••••••••••••••••••••
    job   docker push      ✓ healthy                —         ••••••••••••••••••••
    job   unit             ✓ healthy                —         ••••••••••••••••••••
    test  adds_a_coupon …  ✓ healthy                —
    test  asks_once  pay…  ✓ healthy                —
    ");
}

#[test]
fn within_a_service_a_wide_screen_tells_the_job_the_class_and_the_evidence() {
    insta::assert_snapshot!(Looked::new(report()).parts(FLAKY, &builds("checkout"), 200), @r"
    checkout  ✗ stay on Continuous Delivery: flakes failed 18% (9–32) of the builds, over 5%
    7 of 40 commits ran more than once · 2 test reports could not be read
          Job or test                       State               Flaked   Last  Recent commits         Commits  In the job      Evidence  Class
    runs  all builds                        ✗ stay          18% (9–32)                                   7/40                  strong
    job   e2e (chrome)                      ≈ flaky         18% (9–32)    11h  ••≈••••✗••≈••••≈•≈≈•      7/40                  strong    release
    test  dates_are_in_order  delivery      ≈ flaky         15% (5–36)    11h  •••••••••••••••≈•≈≈•      3/20  e2e (chrome)    strong    checkout::orders
    test  rounds_half_to_even  orders       ~ suspect      5.0% (1–24)     2d  ••••••••••≈•••••••••      1/20  e2e (chrome)    strong    checkout::orders
    test  refuses_an_expired_card  payment  ✗ broken                 —     5h                  ✗✗✗✗       0/4  e2e (chrome)              checkout::orders
    job   build                             ✓ healthy                —         ••••••••••••••••••••      0/40                            release
    job   docker push                       ✓ healthy                —         ••••••••••••••••••••      0/38                            release
    job   unit                              ✓ healthy                —         ••••••••••••••••••••      0/40                            release
    test  adds_a_coupon  orders             ✓ healthy                —                                   0/20  e2e (chrome)              checkout::orders
    test  asks_once  payment                ✓ healthy                —                                   0/20  e2e (chrome)              checkout::orders
    ");
}

#[test]
fn within_a_service_the_smallest_screen_keeps_name_state_and_rate() {
    insta::assert_snapshot!(Looked::new(report()).parts(FLAKY, &builds("checkout"), 60), @r"
    checkout  ✗ stay on Continuous Delivery: flakes failed 18%
      (9–32) of the builds, over 5%
    7 of 40 commits ran more than once · 2 test reports could
      not be read
    Job or test              State               Flaked   Last
    all builds               ✗ stay          18% (9–32)
    e2e (chrome)             ≈ flaky         18% (9–32)    11h
    dates_are_in_order  de…  ≈ flaky         15% (5–36)    11h
    rounds_half_to_even  o…  ~ suspect      5.0% (1–24)     2d
    refuses_an_expired_car…  ✗ broken                 —     5h
    build                    ✓ healthy                —
    docker push              ✓ healthy                —
    unit                     ✓ healthy                —
    adds_a_coupon  orders    ✓ healthy                —
    asks_once  payment       ✓ healthy                —
    ");
}

#[test]
fn the_detail_of_the_builds_says_what_was_read_and_what_could_not_be() {
    insta::assert_snapshot!(Looked::new(report()).detail(&builds("checkout"), 77), @r#"
    checkout  how much its green and red can be trusted
      ✗ stay on Continuous Delivery: flakes failed 18% (9–32) of the builds, over
      5%

    Builds
      flaked      18% (9–32)  failed at first and passed without a change
      observed    7 of 40 commits ran more than once
      they were   31 green, 7 flaky, 2 red
      red once    2, any of which may have been a flake: it ran only once
      evidence    strong: tries within one run
      turned      4 times among the newest 50 builds of the main line: a weak
                  sign

    What was read
      jobs        every try in 40 of 40 runs
      reports     20 read, looked for in 40 of 40 runs
      tests       5
                  4 of 20 commits ran more than once

    Test reports that could not be read, which is not "no tests"
      ! e2e (chrome)  junit.xml  run #13: the file declares a document type
      (DTD), which is refused
      ! e2e (chrome)  junit.xml  run #10: the file is empty
    "#);
}

#[test]
fn where_nothing_ran_again_the_detail_says_that_flakes_are_unknown() {
    insta::assert_snapshot!(Looked::new(report()).detail(&builds("ledger"), 77), @r"
    ledger  how much its green and red can be trusted
      ? unknown: 4 red builds, and none was run again to see whether it was a
      flake

    Builds
      flaked      unknown, which is not 0%
      observed    none of 26 commits ran more than once: flakiness is unknown
      they were   22 green, 4 red
      red once    4, any of which may have been a flake: it ran only once
      turned      8 times among the newest 50 builds of the main line: a weak
                  sign

    What was read
      jobs        every try in 0 of 26 runs; in the others a job that was tried
                  again is not seen
      reports     none: the configuration names no test reports
    ");
}

#[test]
fn the_detail_of_a_job_names_its_runs_and_what_could_be_done() {
    insta::assert_snapshot!(Looked::new(report()).detail(&job("e2e (chrome)"), 77), @r"
    ≈ flaky  e2e (chrome)  18% (9–32)
      a job of release in checkout

    Behaviour
      recent      ••≈••••✗••≈••••≈•≈≈•  a sign for each commit, the newest last
                  • green  ≈ flaky  ✗ red
      flaked      18% (9–32): 7 of 40 commits passed and failed
      observed    7 of 40 commits ran more than once
      commits     31 green, 7 flaky, 2 red
      ran         47 times, 9 of them failed
      evidence    strong: tries within one run
      last flake  2026-03-30 00:24:49 UTC (11h ago)

    Next steps, to copy with y; landfall runs none of them
      run again   gh run rerun 39 --repo acme/checkout  gh
      quarantine  continue-on-error: true  GitHub Actions

    Runs, newest first
      ≈ flaky  #39  3033386  2026-03-30 00:24:49 UTC (11h ago)
        https://ci.test/acme/checkout/runs/39
      ≈ flaky  #38  3033376  2026-03-29 18:24:49 UTC (17h ago)
        https://ci.test/acme/checkout/runs/38
      ≈ flaky  #36  3033356  2026-03-29 06:24:49 UTC (29h ago)
        https://ci.test/acme/checkout/runs/36
      ≈ flaky  #31  3033306  2026-03-28 00:21:49 UTC (2d ago)
        https://ci.test/acme/checkout/runs/31
      ✗ red    #28  3032376  2026-03-27 06:08:05 UTC (3d ago)
        https://ci.test/acme/checkout/runs/28
      ≈ flaky  #23  3032326  2026-03-26 00:22:01 UTC (4d ago)
        https://ci.test/acme/checkout/runs/23
    ");
}

#[test]
fn the_detail_of_a_test_has_its_message_and_the_words_of_its_tool() {
    insta::assert_snapshot!(Looked::new(report()).detail(&test("delivery::dates_are_in_order"), 77), @r#"
    ≈ flaky  delivery::dates_are_in_order  15% (5–36)
      a test in the job e2e (chrome) of release in checkout

    Behaviour
      recent      •••••••••••••••≈•≈≈•  a sign for each commit, the newest last
                  • green  ≈ flaky
      flaked      15% (5–36): 3 of 20 commits passed and failed
      observed    3 of 20 commits ran more than once
      commits     17 green, 3 flaky
      ran         23 times, 3 of them failed
      evidence    strong: tries within one run
      last flake  2026-03-30 00:25:39 UTC (11h ago)
      class       checkout::orders

    Its newest failure says
      assertion failed: left == right
        left: 3
       right: 2

    Next steps, to copy with y; landfall runs none of them
      run again   cargo nextest run --retries 3 -E
                  'test(=delivery::dates_are_in_order)'  nextest
      shuffle     cargo +nightly test -- -Z unstable-options --shuffle  libtest
      quarantine  #[ignore = "flaky"]  libtest

    Runs, newest first
      ≈ flaky  #39  3033386  2026-03-30 00:25:39 UTC (11h ago)
        https://ci.test/acme/checkout/runs/39
      ≈ flaky  #38  3033376  2026-03-29 18:25:39 UTC (17h ago)
        https://ci.test/acme/checkout/runs/38
      ≈ flaky  #36  3033356  2026-03-29 06:25:39 UTC (29h ago)
        https://ci.test/acme/checkout/runs/36
    "#);
}

#[test]
fn a_healthy_job_has_nothing_to_be_done() {
    insta::assert_snapshot!(Looked::new(report()).detail(&job("build"), 77), @r"
    ✓ healthy  build  —
      a job of release in checkout

    Behaviour
      recent      ••••••••••••••••••••  a sign for each commit, the newest last
                  • green
      flaked      unknown, which is not 0%
      observed    none of 40 commits ran more than once: flakiness is unknown
      commits     40 green
      ran         40 times, and passed every time

    Runs, newest first
      • green  #40  3033396  2026-03-30 06:02:43 UTC (5h ago)
        https://ci.test/acme/checkout/runs/40
    ");
}

#[test]
fn tests_that_always_passed_are_counted_where_they_are_not_listed() {
    let mut report = report();
    let service = report.services.iter_mut().find(|service| service.service.name.as_str() == "checkout").unwrap();
    Arc::make_mut(&mut service.reliability).flakiness.tests.steady = 1_200;
    let looked = Looked::new(report);
    assert!(looked.tab(FLAKY, 200).contains("2/1205"), "{}", looked.tab(FLAKY, 200));
    assert!(looked.parts(FLAKY, &builds("checkout"), 200).contains("1200 more tests always passed"));
    assert!(looked.detail(&builds("checkout"), 100).contains("1205, of which 1200 always passed at once"));
}

#[test]
fn a_filter_finds_a_state_and_a_name_and_leaves_out() {
    let looked = Looked::new(report());
    let within = builds("checkout");
    let parts = PANES[FLAKY].parts().unwrap();
    let count = |filter: &str| looked.order(parts, Some(&within), filter, 0).len();
    assert_eq!([count(""), count("flaky"), count("test !healthy"), count("e2e job")], [10, 2, 3, 1]);
    let services = |filter: &str| looked.order(PANES[FLAKY], None, filter, 0).len();
    assert_eq!([services(""), services("delivery"), services("within"), services("search")], [6, 1, 2, 1]);
}
