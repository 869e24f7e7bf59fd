//! May this service deploy continuously? Above a share of builds that flakes failed: stay on Continuous Delivery.

use std::fmt;

use super::{Policy, Rate};

/// No run of builds that anybody waits for is longer.
const LONGEST_WAIT: u32 = 1_000_000;

/// The limit in millionths, so that exactly 5 % is exactly 5 %.
const MILLION: u32 = 1_000_000;

/// What the share of builds failed by flakes means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum GateVerdict {
    /// Too few builds.
    NotEnoughData,
    /// Builds were red, and none was ever run again: whether flakes failed them cannot be known.
    Unobserved,
    /// Not over the limit.
    WithinLimit,
    /// Over the limit.
    StayOnDelivery,
}

impl GateVerdict {
    /// Returns the word that reports use.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::NotEnoughData => "not-enough-data",
            Self::Unobserved => "unobserved",
            Self::WithinLimit => "within-limit",
            Self::StayOnDelivery => "stay-on-continuous-delivery",
        }
    }
}

/// The builds of one service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Builds {
    /// Builds failed by flakes, of those that were decided.
    pub failed_by_flake: Rate,
    /// Red builds that ran once only: any of them may have been failed by a flake.
    pub red_once: u32,
    /// Whether any build ran more than once.
    pub any_reran: bool,
}

impl Builds {
    /// Returns the share of builds that flakes failed; `None` where it is not known, which is not 0 %: no build was
    /// decided, or some were red and none was ever run again.
    #[must_use]
    pub fn known(&self) -> Option<Rate> {
        let blind = self.red_once > 0 && !self.any_reran;
        Some(self.failed_by_flake).filter(|rate| rate.of > 0 && !blind)
    }
}

/// The gate of one service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gate {
    /// What it was judged by.
    pub builds: Builds,
    /// What it means.
    pub verdict: GateVerdict,
    /// Whether the share itself, as counted, is over the limit, however few builds there are.
    pub over: bool,
    /// Whether the whole interval lies on one side of the limit, also if every red build that ran once was a flake.
    pub firm: bool,
    /// How many more builds without a flake would prove the service within the limit.
    pub clean_builds_needed: Option<u32>,
    limit: u32,
}

impl Default for Gate {
    /// Returns the gate of a service of which nothing is known.
    fn default() -> Self {
        Self::judge(Builds::default(), Policy::default().flaky_gate)
    }
}

impl Gate {
    /// Fewer builds are no ground for a verdict.
    pub const BUILDS: u32 = 20;

    /// Judges the builds of a service. `limit` is a share, 0 to 1.
    #[must_use]
    pub fn judge(builds: Builds, limit: f64) -> Self {
        let limit = millionths(limit);
        let rate = builds.failed_by_flake;
        let worst = Rate::new(rate.hits.saturating_add(builds.red_once), rate.of);
        let over = is_over(rate, limit);
        let verdict = if rate.of < Self::BUILDS {
            GateVerdict::NotEnoughData
        } else if over {
            GateVerdict::StayOnDelivery
        } else if builds.red_once > 0 && !builds.any_reran {
            GateVerdict::Unobserved
        } else {
            GateVerdict::WithinLimit
        };
        let share = f64::from(limit) / f64::from(MILLION);
        let firm = match verdict {
            GateVerdict::NotEnoughData | GateVerdict::Unobserved => false,
            GateVerdict::WithinLimit => worst.interval().1 <= share,
            GateVerdict::StayOnDelivery => rate.lower() > share,
        };
        let proven = verdict == GateVerdict::WithinLimit && firm;
        let needed = builds_to_prove(worst.hits, limit).map(|builds| builds.saturating_sub(rate.of));
        Self { builds, verdict, over, firm, clean_builds_needed: needed.filter(|_| !proven), limit }
    }

    /// Returns the verdict with its reason.
    #[must_use]
    pub fn words(&self) -> String {
        let Builds { failed_by_flake: rate, red_once, .. } = self.builds;
        let limit = Limit(self.limit);
        let reason = match self.verdict {
            GateVerdict::NotEnoughData => {
                format!("not enough data: {} of the {} builds that a verdict needs", rate.of, Self::BUILDS)
            }
            GateVerdict::Unobserved => {
                let once = if red_once == 1 { "1 red build".to_owned() } else { format!("{red_once} red builds") };
                return format!("unknown: {once}, and none was run again to see whether it was a flake");
            }
            GateVerdict::WithinLimit => format!("within {limit}: flakes failed {rate} of the builds"),
            GateVerdict::StayOnDelivery => {
                format!("stay on Continuous Delivery: flakes failed {rate} of the builds, over {limit}")
            }
        };
        match self.clean_builds_needed.filter(|_| !self.firm) {
            Some(1) => format!("{reason}; 1 more clean build would settle it"),
            Some(needed) => format!("{reason}; {needed} more clean builds would settle it"),
            None => reason,
        }
    }
}

/// A share in millionths, written as a percentage without needless zeros.
struct Limit(u32);

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fraction = format!("{:04}", self.0 % 10_000);
        let fraction = fraction.trim_end_matches('0');
        let point = if fraction.is_empty() { "" } else { "." };
        write!(f, "{}{point}{fraction}%", self.0 / 10_000)
    }
}

/// Returns the fewest builds, so many of them failed by flakes, of which the whole interval is within the limit.
#[must_use]
pub fn builds_needed(flakes: u32, limit: f64) -> Option<u32> {
    builds_to_prove(flakes, millionths(limit))
}

fn builds_to_prove(flakes: u32, limit: u32) -> Option<u32> {
    let share = f64::from(limit) / f64::from(MILLION);
    let proves = |of: u32| Rate::new(flakes, of).interval().1 <= share;
    // More builds with the same flakes only lower the interval.
    let (mut low, mut high) = (flakes.max(1), LONGEST_WAIT.max(flakes));
    if !proves(high) {
        return None;
    }
    while low < high {
        let middle = low + (high - low) / 2;
        if proves(middle) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    Some(high)
}

fn is_over(rate: Rate, limit: u32) -> bool {
    u64::from(rate.hits) * u64::from(MILLION) > u64::from(limit) * u64::from(rate.of)
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and a million after the clamp")]
fn millionths(share: f64) -> u32 {
    (share.clamp(0.0, 1.0) * f64::from(MILLION)).round() as u32
}
