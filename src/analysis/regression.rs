//! Did it become slower? An alarm that noise, a single outlier and a cold cache do not set off.

use jiff::SignedDuration;

use super::spread::{median, nearest_rank};
use crate::domain::Sha;

/// The newest runs, compared with those before them.
const RECENT: usize = 5;
const BASELINE: usize = 30;

/// Fewer are no ground for an alarm.
const BASELINE_LEAST: usize = 10;
const RECENT_LEAST: usize = 3;

/// The shift must be so many deviations, of at least this share of the median each.
const DEVIATIONS: f64 = 2.5;
const LEAST_DEVIATION: f64 = 0.05;

/// It must be so large a share of the median, and so many seconds.
const LEAST_SHARE: f64 = 0.10;
const LEAST_SECONDS: f64 = 30.0;

/// The median absolute deviation of normal noise, as a standard deviation.
const MAD_TO_SIGMA: f64 = 1.4826;

/// What a comparison comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Drift {
    /// No shift that noise could not explain.
    Steady,
    /// Slower than before.
    Slower,
    /// Faster than before.
    Faster,
}

impl Drift {
    /// Returns the word for it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Steady => "steady",
            Self::Slower => "slower",
            Self::Faster => "faster",
        }
    }
}

/// Recent durations beside those before, in seconds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Comparison {
    /// What it comes to.
    pub drift: Drift,
    /// The median before.
    pub baseline: f64,
    /// The median of the distances from it.
    pub mad: f64,
    /// The deviation that the shift is measured by.
    pub sigma: f64,
    /// The median of the recent ones.
    pub recent: f64,
}

/// Compares recent durations with those before, in seconds; nothing where there are too few.
#[must_use]
pub fn compare(baseline: &[f64], recent: &[f64]) -> Option<Comparison> {
    if baseline.len() < BASELINE_LEAST || recent.len() < RECENT_LEAST {
        return None;
    }
    let middle = median(baseline)?;
    let distances: Vec<f64> = baseline.iter().map(|value| (value - middle).abs()).collect();
    let mad = median(&distances)?;
    let sigma = (MAD_TO_SIGMA * mad).max(LEAST_DEVIATION * middle);
    let recent = median(recent)?;
    let shift = recent - middle;
    let is_large =
        shift.abs() > DEVIATIONS * sigma && shift.abs() >= LEAST_SHARE * middle && shift.abs() >= LEAST_SECONDS;
    let mut sorted = baseline.to_vec();
    sorted.sort_by(f64::total_cmp);
    let drift = if is_large && recent > nearest_rank(&sorted, 90)? {
        Drift::Slower
    } else if is_large && recent < nearest_rank(&sorted, 10)? {
        Drift::Faster
    } else {
        Drift::Steady
    };
    Some(Comparison { drift, baseline: middle, mad, sigma, recent })
}

/// A run's commit, and how long it took.
#[derive(Debug, Clone, PartialEq)]
pub struct Timed {
    /// The commit.
    pub sha: Sha,
    /// How long it took.
    pub took: SignedDuration,
}

/// A shift, and the commits between which it began.
#[derive(Debug, Clone, PartialEq)]
pub struct Shift {
    /// The numbers.
    pub comparison: Comparison,
    /// The last commit that was as before, where one is known.
    pub before: Option<Sha>,
    /// The first commit that was not.
    pub first: Option<Sha>,
}

/// Compares the newest five runs with the thirty before them. `runs` are oldest first.
#[must_use]
pub fn regression(runs: &[Timed]) -> Option<Shift> {
    let seconds: Vec<f64> = runs.iter().map(|run| run.took.as_secs_f64()).collect();
    let (before, recent) = seconds.split_at_checked(seconds.len().checked_sub(RECENT)?)?;
    let baseline = before.get(before.len().saturating_sub(BASELINE)..).unwrap_or(before);
    let comparison = compare(baseline, recent)?;
    let halfway = f64::midpoint(comparison.baseline, comparison.recent);
    let is_new = |seconds: f64| match comparison.drift {
        Drift::Slower => seconds > halfway,
        Drift::Faster => seconds < halfway,
        Drift::Steady => false,
    };
    // The first of the recent runs that is new, and from there back as long as the runs before are new too.
    let mut first = before.len() + recent.iter().position(|&seconds| is_new(seconds)).unwrap_or(recent.len());
    while first > 0 && first < seconds.len() && seconds.get(first - 1).is_some_and(|&seconds| is_new(seconds)) {
        first -= 1;
    }
    let sha = |place: Option<usize>| place.and_then(|place| runs.get(place)).map(|run| run.sha.clone());
    let moved = matches!(comparison.drift, Drift::Slower | Drift::Faster);
    Some(Shift {
        comparison,
        before: sha(first.checked_sub(1).filter(|_| moved)),
        first: sha(Some(first).filter(|_| moved)),
    })
}
