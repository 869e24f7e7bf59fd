//! Workflows by how long they take, and the jobs of one.

use landfall::domain::ServiceName;
use landfall::pane::Identity;

use crate::reliable::report;
use crate::{DURATIONS, Looked, runs};

#[test]
fn workflows_stand_by_how_long_they_take_slowest_first() {
    insta::assert_snapshot!(Looked::new(report()).tab(DURATIONS, 80), @r"
    Service       Typical run          p50         p95   Queue  Trend
    checkout      ✓ under 10:00       8:51 ↑     11:39    0:13  ▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁██
    cart          ✓ under 10:00       7:39 →      7:39    0:13  ▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁
    ledger        ✓ under 10:00       7:39 →      7:39          ▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁
    search        ✓ under 10:00       7:39       ~7:39    0:13  ▁▁▁▁▁▁▁▁▁▁▁
    gateway       ✓ under 10:00       6:09 →      9:09    0:13  █▁█▁█▁█▁██▁█▁██▁█▁
    newcomer      - no run yet
    ");
}

#[test]
fn a_wide_screen_says_what_stands_out() {
    insta::assert_snapshot!(Looked::new(report()).tab(DURATIONS, 200), @r"
    Service       Workflow  Typical run          p50         p95   Queue  Trend                 Newest  Runs  What stands out
    checkout      release   ✓ under 10:00       8:51 ↑     11:39    0:13  ▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁██    !11:39    31  ↑ slower since 3033346
    cart          release   ✓ under 10:00       7:39 →      7:39    0:13  ▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁      7:39    99
    ledger        release   ✓ under 10:00       7:39 →      7:39          ▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁      7:39    22
    search        release   ✓ under 10:00       7:39       ~7:39    0:13  ▁▁▁▁▁▁▁▁▁▁▁             7:39    11
    gateway       release   ✓ under 10:00       6:09 →      9:09    0:13  █▁█▁█▁█▁██▁█▁██▁█▁      6:09    29  two speeds: does a cache miss?
    newcomer                - no run yet
    ");
}

#[test]
fn the_smallest_screen_keeps_both_percentiles() {
    insta::assert_snapshot!(Looked::new(report()).tab(DURATIONS, 60), @r"
    Service       Typical run          p50         p95   Queue
    checkout      ✓ under 10:00       8:51 ↑     11:39    0:13
    cart          ✓ under 10:00       7:39 →      7:39    0:13
    ledger        ✓ under 10:00       7:39 →      7:39
    search        ✓ under 10:00       7:39       ~7:39    0:13
    gateway       ✓ under 10:00       6:09 →      9:09    0:13
    newcomer      - no run yet
    ");
}

#[test]
fn within_a_workflow_its_jobs_stand_with_the_critical_path() {
    insta::assert_snapshot!(Looked::new(report()).parts(DURATIONS, &runs("checkout"), 80), @r"
    checkout  release  ✓ under 10:00  by 31 successful runs of the main line
    Job                 p50         p95   Queue  Critical path  Trend
    the whole run      8:51 ↑     11:39    0:13  11:10          ▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁██
    e2e (chrome)      !5:12 ↑      8:00    0:09  parallelise?   ▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁███
    build              2:30 →      2:30    0:09  on the path    ▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁
    unit               1:10 →      1:10    0:09                 ▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁
    docker push        0:40 →      0:40    0:09  on the path    ▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁
    ");
}

#[test]
fn within_a_workflow_a_wide_screen_has_every_trend() {
    insta::assert_snapshot!(Looked::new(report()).parts(DURATIONS, &runs("checkout"), 200), @r"
    checkout  release  ✓ under 10:00  by 31 successful runs of the main line
          Job                   p50         p95   Queue  Critical path  Trend               Runs  What stands out
    run   the whole run        8:51 ↑     11:39    0:13  11:10          ▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁██    31
    job   e2e (chrome)        !5:12 ↑      8:00    0:09  parallelise?   ▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁███    38  ↑ slower since 3033346
    job   build                2:30 →      2:30    0:09  on the path    ▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁    38
    job   unit                 1:10 →      1:10    0:09                 ▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁    38
    job   docker push          0:40 →      0:40    0:09  on the path    ▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁    38
    ");
}

#[test]
fn within_a_workflow_the_smallest_screen_keeps_the_path() {
    insta::assert_snapshot!(Looked::new(report()).parts(DURATIONS, &runs("checkout"), 60), @r"
    checkout  release  ✓ under 10:00  by 31 successful runs of
      the main line
    Job                 p50         p95   Queue  Critical path
    the whole run      8:51 ↑     11:39    0:13  11:10
    e2e (chrome)      !5:12 ↑      8:00    0:09  parallelise?
    build              2:30 →      2:30    0:09  on the path
    unit               1:10 →      1:10    0:09
    docker push        0:40 →      0:40    0:09  on the path
    ");
}

#[test]
fn the_detail_of_a_workflow_shows_the_path_and_how_it_is_known() {
    insta::assert_snapshot!(Looked::new(report()).detail(&runs("checkout"), 77), @r"
    ✓ under 10:00  checkout  release

    Successful runs of the main line, in minutes and seconds
      run         p50 8:51  p95 11:39  of 31 runs
      queue       p50 0:13  p95 0:13  of 38 runs
      trend       ▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁███  oldest first, 8:39 to 11:39
      newest      11:39  ✗ over 10:00
      drift       ↑ slower: 8:51 before, 11:39 now
      commits     after 303333636865, from 303334636865 on

    Critical path of the newest run
      inferred from when jobs were created
      1      2:30  build
      2      8:00  e2e (chrome)  parallelise?
      3      0:40  docker push
      =     11:10  together

    Landed images
      frequency   daily: 27 in 1 week  by landed images, not deployments
      lead time   p50 9 min, p95 25 min of 38 changes  from the creation of the
                  run
      failures    0.0% (0–9)  proxy: commits whose revert landed within 24 hours

    Deployments
      They are not read: the configuration names no `environment`.
    ");
}

#[test]
fn two_heaps_of_durations_raise_a_suspicion() {
    insta::assert_snapshot!(Looked::new(report()).detail(&runs("gateway"), 77), @r"
    ✓ under 10:00  gateway  release

    Successful runs of the main line, in minutes and seconds
      run         p50 6:09  p95 9:09  of 29 runs
      queue       p50 0:13  p95 0:13  of 30 runs
      trend       █▁▁█▁▁█▁▁█▁▁█▁▁█▁▁█▁█▁▁█▁▁█▁▁  oldest first, 6:09 to 9:09
      newest      6:09  ✓ under 10:00
      drift       → steady: 6:09 before, 6:09 now
      two speeds  ! 10 of 29 runs take 9:09, the others 6:09: does a cache miss?

    Critical path of the newest run
      inferred from when jobs were created
      1      2:30  build
      2      2:30  e2e (chrome)
      3      0:40  docker push
      =      5:40  together

    Landed images
      frequency   daily: 28 in 1 week  by landed images, not deployments
      lead time   p50 6 min, p95 9 min of 30 changes  from the creation of the
                  run
      failures    0.0% (0–11)  proxy: commits whose revert landed within 24 hours

    Deployments
      They are not read: the configuration names no `environment`.
    ");
}

#[test]
fn an_alarm_names_the_commits_between_which_it_began() {
    let job = Identity::JobTime(ServiceName::parse("checkout").unwrap(), ("release".into(), "e2e (chrome)".into()));
    insta::assert_snapshot!(Looked::new(report()).detail(&job, 77), @r"
    ✗ over 5:00  e2e (chrome)
      a job of release in checkout

    In successful runs of the main line, in minutes and seconds
      run         p50 5:12  p95 8:00  of 38 runs
      queue       p50 0:09  p95 0:09  of 38 runs
      trend       ▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁██████  oldest first, 5:00 to
                  8:00
      drift       ↑ slower: 5:12 before, 8:00 now
      commits     after 303333636865, from 303334636865 on
      path        on it, and long: parallelise?

    Critical path of the newest run
      inferred from when jobs were created
      1      2:30  build
      2      8:00  e2e (chrome)  parallelise?
      3      0:40  docker push
      =     11:10  together
    ");
}
