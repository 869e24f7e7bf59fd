//! What landfall ought to say about the demo's world: told by the world's author, not found out.

use globset::Glob;

use super::jobs::{State, state};
use super::world::{Access, Fate, Run, Service, Workflow, World};
use crate::analysis::Verdict;

/// How long after its push an absent tag is not yet missing, by default, in seconds.
const GRACE: i64 = 120;

/// The verdict that one run and tag deserve.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deserved {
    /// The service's name.
    pub service: String,
    /// The provider's run id.
    pub run: u64,
    /// The expected tag.
    pub tag: String,
    /// The verdict.
    pub verdict: Verdict,
}

/// Returns the verdicts of all successful runs of the watched workflow, for tags that name one commit.
pub(super) fn deserved(world: &World, now: i64) -> Vec<Deserved> {
    let mut all = Vec::new();
    for service in world.services.iter().filter(|service| !service.gone) {
        let watched = service.runs_at(now).filter(|run| run.workflow == Workflow::Release);
        for run in watched.filter(|run| !matches!(run.fate, Fate::Failed | Fate::Cancelled)) {
            let tags = service.tags_of(run).into_iter().zip(&service.tags);
            for (tag, _) in tags.filter(|(_, template)| template.contains("{sha")) {
                let verdict = verdict(service, run, now);
                all.push(Deserved { service: service.name.clone(), run: run.id, tag, verdict });
            }
        }
    }
    all
}

fn verdict(service: &Service, run: &Run, now: i64) -> Verdict {
    if !matches!(state(run, now), State::Over(_)) {
        return Verdict::Pending;
    }
    let matches = |pattern: &String| Glob::new(pattern).is_ok_and(|glob| glob.compile_matcher().is_match(&run.branch));
    if !run.fate.pushes() || !(service.branches.is_empty() || service.branches.iter().any(matches)) {
        return Verdict::NotExpected;
    }
    if service.access != Access::Open {
        return Verdict::Unknown;
    }
    let early = now < run.ends() + GRACE;
    match run.fate {
        Fate::Landed if now >= run.lands() => Verdict::Landed,
        Fate::Landed | Fate::Denied if early => Verdict::Pending,
        Fate::Landed | Fate::Denied => Verdict::Missing,
        Fate::Stale => Verdict::Stale,
        Fate::Mismatch => Verdict::Mismatch,
        Fate::LostChild | Fate::LostLayer => Verdict::Incomplete,
        Fate::Misrouted => Verdict::Misrouted,
        Fate::Pruned => Verdict::Pruned,
        Fate::Skipped | Fate::Failed | Fate::Cancelled | Fate::PullRequest | Fate::Scheduled => Verdict::NotExpected,
    }
}
