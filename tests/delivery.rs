//! How often and how fast changes arrive, with what each figure was measured by.
#![expect(clippy::unwrap_used, reason = "tests")]

use jiff::{SignedDuration, Timestamp};
use landfall::analysis::{Basis, Delivery, Often, Rate, by_deployments, by_landed_images};
use landfall::domain::{Deployment, LandedCommit, Sha};
use rstest::rstest;

fn now() -> Timestamp {
    "2026-03-30T12:00:00Z".parse().unwrap()
}

fn hours_ago(hours: i64) -> Timestamp {
    now() - SignedDuration::from_hours(hours)
}

fn long_ago() -> Timestamp {
    hours_ago(24 * 365)
}

fn sha(number: u64) -> Sha {
    Sha::parse(&format!("{number:0>40x}")).unwrap()
}

fn landed(number: u64, hours: i64) -> LandedCommit {
    LandedCommit {
        sha: sha(number),
        title: format!("Change {number}").as_str().into(),
        committed_at: None,
        run_created_at: Some((hours_ago(hours) - SignedDuration::from_mins(20)).into()),
        landed_at: hours_ago(hours).into(),
    }
}

fn deployed(id: u64, commit: u64, hours: i64, succeeded: bool) -> Deployment {
    let finished_at = hours_ago(hours);
    let committed_at = Some(finished_at - SignedDuration::from_hours(5));
    Deployment { id, sha: sha(commit), committed_at, finished_at, succeeded }
}

fn of_images(landed: &[LandedCommit]) -> Delivery {
    by_landed_images(landed, long_ago(), now())
}

fn of_deployments(deployments: &[Deployment]) -> Delivery {
    by_deployments(deployments, long_ago(), now())
}

/// One landing every so many hours, for twelve weeks.
fn every(hours: i64) -> Vec<LandedCommit> {
    let count = (24 * 7 * 12 - 1) / hours + 1;
    (0..count).map(|number| landed(u64::try_from(number).unwrap(), 1 + number * hours)).collect()
}

#[rstest]
#[case(6, Often::Daily)]
#[case(48, Often::Daily)]
#[case(24 * 5, Often::Weekly)]
#[case(24 * 7, Often::Weekly)]
#[case(24 * 14, Often::Monthly)]
#[case(24 * 90, Often::Rarely)]
fn how_often_is_the_median_of_weeks(#[case] hours: i64, #[case] expected: Often) {
    let frequency = of_images(&every(hours)).frequency.unwrap();
    assert_eq!((frequency.value.often, frequency.value.weeks, frequency.basis), (expected, 12, Basis::LandedImages));
}

#[test]
fn many_changes_on_one_day_are_not_daily() {
    let burst: Vec<LandedCommit> = (0..50).map(|number| landed(number, 30)).collect();
    let frequency = of_images(&burst).frequency.unwrap().value;
    assert_eq!((frequency.often, frequency.count), (Often::Rarely, 50));
}

#[test]
fn weeks_before_watching_began_are_not_empty_weeks() {
    let changes: Vec<LandedCommit> = (0..14).map(|day| landed(u64::try_from(day).unwrap(), 1 + day * 24)).collect();
    let since = hours_ago(24 * 15);
    let frequency = by_landed_images(&changes, since, now()).frequency.unwrap().value;
    assert_eq!((frequency.often, frequency.weeks), (Often::Daily, 2));
    assert!((frequency.per_week - 7.0).abs() < 1e-9);
    assert_eq!(by_landed_images(&changes, hours_ago(24 * 6), now()).frequency, None);
}

#[test]
fn a_commit_that_landed_under_several_tags_landed_once_and_at_its_first() {
    let delivery = of_images(&[landed(1, 10), landed(1, 12), landed(1, 11)]);
    assert_eq!(delivery.frequency.unwrap().value.count, 1);
    let lead = delivery.lead_time.unwrap();
    assert_eq!((lead.value.p50, lead.value.of), (SignedDuration::from_mins(20), 1));
}

#[test]
fn lead_time_says_what_it_is_measured_from() {
    let by_run = of_images(&[landed(1, 10)]).lead_time.unwrap();
    assert_eq!(by_run.basis, Basis::RunCreated);
    let committed = LandedCommit { committed_at: Some(hours_ago(13).into()), ..landed(1, 10) };
    let by_commit = of_images(&[committed]).lead_time.unwrap();
    assert_eq!((by_commit.basis, by_commit.value.p50), (Basis::CommitTime, SignedDuration::from_hours(3)));
}

#[test]
fn a_commit_from_the_future_has_no_lead_time() {
    let odd = LandedCommit { committed_at: Some(hours_ago(1).into()), run_created_at: None, ..landed(1, 10) };
    assert_eq!(of_images(&[odd]).lead_time, None);
}

#[test]
fn a_revert_that_lands_soon_is_a_failed_change_by_proxy() {
    let revert = |hours| LandedCommit { title: "Revert \"Change 1\"".into(), ..landed(9, hours) };
    let failures = |seen: &[LandedCommit]| of_images(seen).change_failure.unwrap();
    let found = failures(&[landed(1, 30), landed(2, 20), revert(10)]);
    assert_eq!((found.value, found.basis), (Rate::new(1, 3), Basis::Reverted));
    assert!(found.basis.is_proxy() && found.basis.words().starts_with("proxy"));
    assert_eq!(failures(&[landed(1, 60), landed(2, 20), revert(10)]).value, Rate::new(0, 3), "two days later");
    assert_eq!(failures(&[landed(1, 30), revert(40)]).value, Rate::new(0, 2), "a revert before the change");
}

#[test]
fn nothing_that_landed_measures_nothing() {
    let delivery = of_images(&[]);
    assert_eq!((delivery.lead_time, delivery.change_failure, delivery.recovery), (None, None, None));
    assert_eq!(delivery.frequency.unwrap().value.count, 0);
    assert_eq!(of_deployments(&[]).change_failure, None);
}

#[test]
fn deployments_are_measured_as_deployments() {
    let line =
        [deployed(1, 1, 100, true), deployed(2, 2, 50, true), deployed(2, 2, 50, true), deployed(3, 2, 40, true)];
    let delivery = of_deployments(&line);
    let frequency = delivery.frequency.unwrap();
    assert_eq!((frequency.value.count, frequency.basis), (3, Basis::Deployments));
    let lead = delivery.lead_time.unwrap();
    assert_eq!((lead.value.of, lead.value.p50, lead.basis), (2, SignedDuration::from_hours(5), Basis::CommitTime));
}

#[test]
fn failed_and_taken_back_deployments_are_failed_changes_by_proxy() {
    let failures = |line: &[Deployment]| of_deployments(line).change_failure.unwrap();
    let line =
        [deployed(1, 1, 100, true), deployed(2, 2, 50, false), deployed(3, 3, 40, true), deployed(4, 1, 30, true)];
    let found = failures(&line);
    assert_eq!((found.value, found.basis), (Rate::new(2, 4), Basis::FailedOrTakenBack));
    let late = [deployed(1, 1, 100, true), deployed(3, 3, 80, true), deployed(4, 1, 30, true)];
    assert_eq!(failures(&late).value, Rate::new(0, 3), "two days later it is no rollback");
    let same = [deployed(1, 1, 100, true), deployed(2, 1, 99, true)];
    assert_eq!(failures(&same).value, Rate::new(0, 2), "the same commit again is none");
}

#[test]
fn recovery_is_from_the_first_failure_to_the_next_success() {
    let line = [
        deployed(1, 1, 100, true),
        deployed(2, 2, 50, false),
        deployed(3, 3, 45, false),
        deployed(4, 4, 42, true),
        deployed(5, 5, 10, false),
    ];
    let found = of_deployments(&line).recovery.unwrap();
    assert_eq!((found.value, found.basis), (SignedDuration::from_hours(8), Basis::NextSuccess));
    let mut reversed = line.to_vec();
    reversed.reverse();
    assert_eq!(of_deployments(&reversed), of_deployments(&line));
    assert_eq!(of_deployments(&[deployed(1, 1, 10, false)]).recovery, None);
}
