//! How the newest commits came out at a job or test: a short strip, each with the run to look at.

use jiff::Timestamp;

use super::evidence::{Colour, Evidence};
use crate::domain::{Moment, Sha};

/// The commits of a strip.
const COMMITS: usize = 20;

/// How one commit came out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Glimpse {
    /// The commit.
    pub sha: Sha,
    /// The provider's id of the newest run that says so.
    pub run: u64,
    /// When that was.
    pub at: Option<Moment>,
    /// What it comes to.
    pub colour: Colour,
}

/// Returns how the newest commits came out, oldest first.
pub(super) fn strip<'a>(commits: impl Iterator<Item = (&'a Sha, &'a Evidence)>) -> Vec<Glimpse> {
    let mut seen: Vec<_> = commits.map(|(sha, evidence)| (evidence.moment(), sha, evidence)).collect();
    seen.sort_unstable_by_key(|(moment, sha, _)| (*moment, *sha));
    let newest = seen.split_off(seen.len().saturating_sub(COMMITS));
    let glimpse = |((at, run), sha, evidence): ((Option<Timestamp>, u64), &Sha, &Evidence)| Glimpse {
        sha: sha.clone(),
        run,
        at: at.map(Moment::from),
        colour: evidence.judge().colour,
    };
    let mut strip: Vec<Glimpse> = newest.into_iter().map(glimpse).collect();
    // It lies where the wider ones lay.
    strip.shrink_to_fit();
    strip
}
