//! Neither the order of what was seen nor what was seen twice makes a difference, and more tries make nothing less sure.

use landfall::analysis::{Policy, flakiness};
use landfall::domain::{Event, Execution, JobExecution, Retries, TestRun};
use proptest::prelude::{Just, ProptestConfig, Strategy, prop, proptest};

use crate::executions::{days_ago, job, key, now, reported, run};

const OUTCOMES: [&str; 6] = ["success", "failure", "timed_out", "cancelled", "skipped", "running"];
const EVENTS: [&str; 4] = ["push", "schedule", "pull_request", "workflow_dispatch"];
const CASES: [&str; 6] =
    ["t=P u=F", "t=F u=P", "t=P+1f", "t=F+1r u=S", "t=E t=P", "t=F t=F t=F t=F t=F t=F t=F t=F t=F t=F"];

/// Looks at runs: id, attempt, outcome, event and whether the jobs were read. The id decides commit and event.
fn looks() -> impl Strategy<Value = Vec<Execution>> {
    let look = (1_u64..8, 1_u32..4, 0..OUTCOMES.len(), 0..3_u8, 0..OUTCOMES.len()).prop_map(
        |(id, attempt, outcome, kind, job_outcome)| {
            let mut run = run(id, attempt, &format!("c{}", id % 3), OUTCOMES[outcome]);
            run.event = Event(EVENTS[usize::try_from(id % 4).unwrap()].into());
            let jobs = || -> Vec<JobExecution> {
                (1..=attempt)
                    .map(|attempt| job(id * 10 + u64::from(attempt), "test", attempt, OUTCOMES[job_outcome]))
                    .collect()
            };
            let (retries, jobs) = match kind {
                0 => (Retries::Runs, None),
                1 => (Retries::Runs, Some(jobs())),
                _ => (Retries::Jobs, Some(jobs())),
            };
            Execution::of(&run, id % 2 == 0, retries, jobs)
        },
    );
    prop::collection::vec(look, 0..14)
}

fn seen() -> impl Strategy<Value = Vec<TestRun>> {
    let one = (1_u64..6, 1_u32..3, 0..CASES.len(), 0..2_u8).prop_map(|(id, attempt, cases, variant)| {
        let run =
            reported(&key(id, attempt), &format!("c{}", id % 3), ["linux", "mac"][usize::from(variant)], CASES[cases]);
        // What a file holds is decided by its place, or it would not be the same file.
        let file = format!("{cases}.xml");
        TestRun { file: file.as_str().into(), at: Some(days_ago(i64::try_from(id).unwrap())), ..run }
    });
    prop::collection::vec(one, 0..14)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn the_order_of_looks_makes_no_difference(
        (runs, shuffled) in looks().prop_flat_map(|runs| (Just(runs.clone()), Just(runs).prop_shuffle()))
    ) {
        let judge = |runs: &[Execution]| flakiness(runs, &[], &Policy::default(), now());
        assert_eq!(judge(&runs), judge(&shuffled));
    }

    #[test]
    fn looks_that_are_given_twice_count_once(runs in looks()) {
        let judge = |runs: &[Execution]| flakiness(runs, &[], &Policy::default(), now());
        let twice: Vec<Execution> = runs.iter().chain(runs.iter().rev()).cloned().collect();
        assert_eq!(judge(&runs), judge(&twice));
    }

    #[test]
    fn the_order_of_reports_makes_no_difference_and_neither_do_duplicates(
        (seen, shuffled) in seen().prop_flat_map(|seen| (Just(seen.clone()), Just(seen).prop_shuffle()))
    ) {
        let judge = |seen: &[TestRun]| flakiness(&[], seen, &Policy::default(), now()).tests;
        assert_eq!(judge(&seen), judge(&shuffled));
        let twice: Vec<TestRun> = seen.iter().chain(&shuffled).cloned().collect();
        assert_eq!(judge(&seen), judge(&twice));
    }

    #[test]
    fn a_later_attempt_never_makes_a_flake_less_sure(runs in looks(), id in 1_u64..8, outcome in 0..OUTCOMES.len()) {
        let judge = |runs: &[Execution]| flakiness(runs, &[], &Policy::default(), now());
        let before = judge(&runs);
        let mut later = run(id, 9, &format!("c{}", id % 3), OUTCOMES[outcome]);
        later.event = Event(EVENTS[usize::try_from(id % 4).unwrap()].into());
        let mut more = runs.clone();
        more.push(Execution::of(&later, id % 2 == 0, Retries::Runs, Some(vec![job(id * 10 + 9, "test", 9, OUTCOMES[outcome])])));
        let after = judge(&more);
        assert!(after.builds.strength >= before.builds.strength);
        assert!(after.builds.counts.flaky >= before.builds.counts.flaky);
        assert!(after.builds.failed_by_flake.hits >= before.builds.failed_by_flake.hits);
        for (old, new) in before.jobs.iter().filter_map(|old| Some((old, after.jobs.iter().find(|new| new.name == old.name)?))) {
            assert!(new.behaviour.strength >= old.behaviour.strength);
            assert!(new.behaviour.flaky >= old.behaviour.flaky);
        }
    }

    #[test]
    fn another_report_never_makes_a_flake_less_sure(seen in seen(), cases in 0_usize..4) {
        let judge = |seen: &[TestRun]| flakiness(&[], seen, &Policy::default(), now()).tests;
        let before = judge(&seen);
        let mut more = seen.clone();
        more.push(reported(&key(1, 9), "c1", "linux", CASES[cases]));
        let after = judge(&more);
        for old in &before.tests {
            let new = after.tests.iter().find(|new| (&new.job, &new.name) == (&old.job, &old.name)).unwrap();
            assert!(new.behaviour.strength >= old.behaviour.strength);
            assert!(new.behaviour.flaky >= old.behaviour.flaky);
        }
    }
}
