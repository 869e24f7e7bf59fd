//! How often and how fast changes arrive, each figure with what it was measured by.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

use super::Rate;
use super::spread::{Spread, median};
use crate::domain::{Deployment, LandedCommit, Moment, Sha};

/// The time that is looked back on: twelve whole weeks.
const WEEKS: i64 = 12;
const WEEK: SignedDuration = SignedDuration::from_hours(7 * 24);
const DAY: i64 = 86_400;

/// A change that is taken back within this time failed.
const TAKEN_BACK: SignedDuration = SignedDuration::from_hours(24);

/// What a figure was measured by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Basis {
    /// Successful deployments to the environment.
    Deployments,
    /// Images that landed: ready to be deployed, which is not deployed.
    LandedImages,
    /// From the commit's own time.
    CommitTime,
    /// From the creation of the first run, where the commit's time is not known.
    RunCreated,
    /// A stand-in: deployments that failed, or that went back to an older commit within 24 hours.
    FailedOrTakenBack,
    /// A stand-in: commits whose revert landed within 24 hours.
    Reverted,
    /// A stand-in: from a failed deployment to the next success in the environment.
    NextSuccess,
}

impl Basis {
    /// Returns the words that stand beside the figure.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Deployments => "by successful deployments",
            Self::LandedImages => "by landed images, not deployments",
            Self::CommitTime => "from the commit",
            Self::RunCreated => "from the creation of the run",
            Self::FailedOrTakenBack => "proxy: deployments that failed or were taken back within 24 hours",
            Self::Reverted => "proxy: commits whose revert landed within 24 hours",
            Self::NextSuccess => "proxy: from a failed deployment to the next success",
        }
    }

    /// Returns whether it only stands in for what the figure is meant to be.
    #[must_use]
    pub fn is_proxy(self) -> bool {
        match self {
            Self::FailedOrTakenBack | Self::Reverted | Self::NextSuccess => true,
            Self::Deployments | Self::LandedImages | Self::CommitTime | Self::RunCreated => false,
        }
    }
}

/// How often changes arrive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Often {
    /// On three days or more of the median week.
    Daily,
    /// In the median week.
    Weekly,
    /// In the median four weeks.
    Monthly,
    /// Less often.
    Rarely,
}

impl Often {
    /// Returns the word for it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Daily => "daily",
            Self::Weekly => "weekly",
            Self::Monthly => "monthly",
            Self::Rarely => "rarely",
        }
    }
}

/// A figure, and what it was measured by.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Figure<T> {
    /// The figure.
    pub value: T,
    /// What it was measured by.
    pub basis: Basis,
}

/// How often changes arrive.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Frequency {
    /// The bucket.
    pub often: Often,
    /// Arrivals for each week that was looked back on.
    pub per_week: f64,
    /// How many arrivals.
    pub count: u32,
    /// How many weeks.
    pub weeks: u32,
}

/// How often and how fast the changes of one service arrive. What could not be measured is absent.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Delivery {
    /// How often.
    pub frequency: Option<Figure<Frequency>>,
    /// How long a change takes; the shorter half and nearly all.
    pub lead_time: Option<Figure<Spread>>,
    /// How many changes failed.
    pub change_failure: Option<Figure<Rate>>,
    /// How long it took to recover, in the middle.
    pub recovery: Option<Figure<SignedDuration>>,
}

/// Sums up by images that landed. `since` is when watching began: no week before it is counted as empty.
#[must_use]
pub fn by_landed_images(landed: &[LandedCommit], since: Timestamp, now: Timestamp) -> Delivery {
    let mut first: BTreeMap<&Sha, &LandedCommit> = BTreeMap::new();
    for commit in landed {
        let known = first.entry(&commit.sha).or_insert(commit);
        if commit.landed_at < known.landed_at {
            *known = commit;
        }
    }
    let commits: Vec<&LandedCommit> = first.into_values().collect();
    let times: Vec<Timestamp> = commits.iter().map(|commit| commit.landed_at.at()).collect();
    let lead = |start: fn(&LandedCommit) -> Option<Timestamp>| {
        Spread::of(commits.iter().filter_map(|commit| later(start(commit)?, commit.landed_at.at())).collect())
    };
    let lead_time = lead(|commit| commit.committed_at.map(Moment::at))
        .map(|value| Figure { value, basis: Basis::CommitTime })
        .or_else(|| {
            lead(|commit| commit.run_created_at.map(Moment::at)).map(|value| Figure { value, basis: Basis::RunCreated })
        });
    Delivery {
        frequency: frequency(&times, since, now).map(|value| Figure { value, basis: Basis::LandedImages }),
        lead_time,
        change_failure: reverted(&commits).map(|value| Figure { value, basis: Basis::Reverted }),
        recovery: None,
    }
}

/// Sums up by the deployments to one environment, in whatever order.
#[must_use]
pub fn by_deployments(deployments: &[Deployment], since: Timestamp, now: Timestamp) -> Delivery {
    let unique: BTreeMap<(Timestamp, u64), &Deployment> =
        deployments.iter().map(|deployment| ((deployment.finished_at, deployment.id), deployment)).collect();
    let line: Vec<&Deployment> = unique.into_values().collect();
    let good: Vec<&&Deployment> = line.iter().filter(|deployment| deployment.succeeded).collect();
    let times: Vec<Timestamp> = good.iter().map(|deployment| deployment.finished_at).collect();
    let mut arrived = BTreeSet::new();
    let leads = good.iter().filter(|deployment| arrived.insert(&deployment.sha));
    let leads = leads.filter_map(|deployment| later(deployment.committed_at?, deployment.finished_at)).collect();
    let failed = line.iter().filter(|deployment| !deployment.succeeded).count() + taken_back(&good);
    let count = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
    let change_failure = (!line.is_empty()).then(|| Rate::new(count(failed), count(line.len())));
    Delivery {
        frequency: frequency(&times, since, now).map(|value| Figure { value, basis: Basis::Deployments }),
        lead_time: Spread::of(leads).map(|value| Figure { value, basis: Basis::CommitTime }),
        change_failure: change_failure.map(|value| Figure { value, basis: Basis::FailedOrTakenBack }),
        recovery: recovery(&line).map(|value| Figure { value, basis: Basis::NextSuccess }),
    }
}

fn later(start: Timestamp, end: Timestamp) -> Option<SignedDuration> {
    Some(end.duration_since(start)).filter(|time| !time.is_negative())
}

/// Counts days with an arrival in each whole week, back from now to the beginning.
fn frequency(times: &[Timestamp], since: Timestamp, now: Timestamp) -> Option<Frequency> {
    let watched = now.duration_since(since).as_secs() / WEEK.as_secs();
    let weeks = watched.min(WEEKS);
    if weeks < 1 {
        return None;
    }
    let mut days: Vec<BTreeSet<i64>> = (0..weeks).map(|_| BTreeSet::new()).collect();
    let mut count = 0_u32;
    for time in times {
        let ago = now.duration_since(*time).as_secs();
        if let Some(week) =
            usize::try_from(ago / WEEK.as_secs()).ok().filter(|_| ago >= 0).and_then(|week| days.get_mut(week))
        {
            week.insert(time.as_second().div_euclid(DAY));
            count += 1;
        }
    }
    #[expect(clippy::cast_precision_loss, reason = "seven days a week")]
    let a_week: Vec<f64> = days.iter().map(|days| days.len() as f64).collect();
    let a_month: Vec<f64> = a_week.chunks_exact(4).map(|weeks| weeks.iter().sum()).collect();
    let middle = median(&a_week)?;
    let often = if middle >= 3.0 {
        Often::Daily
    } else if middle >= 1.0 {
        Often::Weekly
    } else if median(&a_month).is_some_and(|middle| middle >= 1.0) {
        Often::Monthly
    } else {
        Often::Rarely
    };
    let weeks = u32::try_from(weeks).ok()?;
    Some(Frequency { often, per_week: f64::from(count) / f64::from(weeks), count, weeks })
}

/// Counts successful deployments that went back to a commit deployed before, soon after the one they replace.
fn taken_back(good: &[&&Deployment]) -> usize {
    let mut seen = BTreeSet::new();
    let mut count = 0;
    for (place, deployment) in good.iter().enumerate() {
        let before = place.checked_sub(1).and_then(|place| good.get(place));
        let went_back = before.is_some_and(|before| {
            let soon = deployment.finished_at.duration_since(before.finished_at) <= TAKEN_BACK;
            before.sha != deployment.sha && soon && seen.contains(&deployment.sha)
        });
        count += usize::from(went_back);
        seen.insert(&deployment.sha);
    }
    count
}

/// Returns the median time from the first failure of a row to the next success.
fn recovery(line: &[&Deployment]) -> Option<SignedDuration> {
    let mut broken: Option<Timestamp> = None;
    let mut times = Vec::new();
    for deployment in line {
        if deployment.succeeded {
            times.extend(broken.take().map(|since| deployment.finished_at.duration_since(since)));
        } else {
            broken.get_or_insert(deployment.finished_at);
        }
    }
    Spread::of(times).map(|times| times.p50)
}

/// Counts commits that another one, titled `Revert "…"`, took back soon after.
fn reverted(commits: &[&LandedCommit]) -> Option<Rate> {
    let is_of = |revert: &LandedCommit, commit: &LandedCommit| {
        let title = revert.title.raw().strip_prefix("Revert \"").and_then(|title| title.strip_suffix('"'));
        let soon = || later(commit.landed_at.at(), revert.landed_at.at()).is_some_and(|time| time <= TAKEN_BACK);
        title == Some(commit.title.raw()) && soon()
    };
    let failed = commits.iter().filter(|commit| commits.iter().any(|revert| is_of(revert, commit))).count();
    let count = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
    (!commits.is_empty()).then(|| Rate::new(count(failed), count(commits.len())))
}
