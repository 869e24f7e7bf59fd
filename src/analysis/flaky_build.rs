//! Which builds failed because of a flake: red at first, and green later without a change of code.

use std::collections::{BTreeMap, BTreeSet};

use super::evidence::{Colour, Evidence, Scope};
use super::gate::{Builds, Gate};
use super::transition::Flips;
use super::trust::Observed;
use super::{Policy, Rate};
use crate::domain::{Execution, Outcome, Sha, Strength, Text};

/// The builds of the main line among which turns are counted.
const WINDOW: u32 = 50;

/// How the builds of a service came out. A build is what ran for one commit, workflow and event; each run for a pull
/// request is its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct BuildCounts {
    /// Builds that passed and failed.
    pub flaky: u32,
    /// Builds that only passed.
    pub green: u32,
    /// Builds that only failed.
    pub red: u32,
    /// Builds that the machinery failed and that passed then.
    pub infra_recovered: u32,
    /// Builds that say nothing.
    pub undecided: u32,
    /// Builds whose first tries were not looked at, so that it is not known whether they failed.
    pub unseen: u32,
}

/// How far the green and red of a service's builds can be trusted.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct BuildFlakiness {
    /// How the builds came out.
    pub counts: BuildCounts,
    /// Builds failed by flakes, of those that were decided.
    pub failed_by_flake: Rate,
    /// How many commits ran more than once.
    pub observed: Observed,
    /// Commits whose separate runs for a pull request, or by hand, came out differently: weak evidence, counted
    /// nowhere else.
    pub weak: u32,
    /// The strongest evidence of a flake.
    pub strength: Option<Strength>,
    /// How often the main line turned.
    pub flips: Flips,
    /// What it means for deploying.
    pub gate: Gate,
}

/// What makes a build: the commit first, so that the builds of one stand together.
type Key<'a> = (&'a Sha, &'a Text, &'a Text, Scope);

/// Judges the builds of one service. Each run is given once, in the order of their ids.
pub(super) fn builds(executions: &[Execution], policy: &Policy) -> BuildFlakiness {
    let mut groups: BTreeMap<Key<'_>, Vec<&Execution>> = BTreeMap::new();
    for run in executions {
        let key = (&run.sha, &run.workflow, &run.event.0, Scope::of(&run.event, run.run.id));
        groups.entry(key).or_default().push(run);
    }
    let mut counts = BuildCounts::default();
    let mut builds = Builds::default();
    let mut strength = None;
    let (mut decided, mut reran) = (BTreeSet::new(), BTreeSet::new());
    let mut pulls: BTreeMap<(&Sha, &Text, &Text), BTreeSet<bool>> = BTreeMap::new();
    for ((sha, workflow, event, scope), runs) in &groups {
        let build = Build::of(*scope, runs);
        let Some(is_red) = build.count(&mut counts) else { continue };
        decided.insert(*sha);
        builds.failed_by_flake.of += 1;
        builds.failed_by_flake.hits += u32::from(build.failed_by_flake());
        builds.red_once += u32::from(is_red && !build.reran);
        strength = strength.max(build.strength.filter(|_| build.colour == Colour::Flaky));
        if build.reran {
            reran.insert(*sha);
        }
        if matches!(scope, Scope::Alone(_)) && build.colour != Colour::Flaky {
            pulls.entry((sha, workflow, event)).or_default().insert(is_red);
        }
    }
    builds.any_reran = !reran.is_empty();
    let weak = pulls.values().filter(|outcomes| outcomes.len() > 1).count();
    let count = |set: &BTreeSet<&Sha>| u32::try_from(set.len()).unwrap_or(u32::MAX);
    BuildFlakiness {
        counts,
        failed_by_flake: builds.failed_by_flake,
        observed: Observed { reran: count(&reran), of: count(&decided) },
        weak: u32::try_from(weak).unwrap_or(u32::MAX),
        strength: strength.or((weak > 0).then_some(Strength::Weak)),
        flips: flips(executions),
        gate: Gate::judge(builds, policy.flaky_gate),
    }
}

/// What ran for one commit, workflow and event.
struct Build {
    colour: Colour,
    strength: Option<Strength>,
    reran: bool,
    recovered: bool,
    unseen: bool,
    first: Option<Outcome>,
}

impl Build {
    fn of(scope: Scope, runs: &[&Execution]) -> Self {
        let mut tries: Vec<(u64, u32, Outcome)> = Vec::new();
        let mut evidence = Evidence::default();
        for run in runs {
            for &(round, outcome) in &run.tries {
                tries.push((run.run.id, round, outcome));
                evidence.add(scope, run.run.id, outcome, run.finished_at);
            }
        }
        let seen = evidence.judge();
        let any = |wanted| tries.iter().any(|(_, _, outcome)| *outcome == wanted);
        Self {
            colour: seen.colour,
            strength: seen.strength,
            reran: seen.reran,
            recovered: any(Outcome::Infrastructure) && any(Outcome::Passed),
            unseen: runs.iter().any(|run| run.earlier_unseen && run.ended != Outcome::Undecided),
            first: tries.iter().map(|(_, _, outcome)| *outcome).find(|outcome| outcome.is_decisive()),
        }
    }

    fn failed_by_flake(&self) -> bool {
        self.colour == Colour::Flaky && self.first == Some(Outcome::Failed)
    }

    /// Counts the build, and returns whether it is red, where it was decided at all.
    fn count(&self, counts: &mut BuildCounts) -> Option<bool> {
        let (slot, red) = match self.colour {
            Colour::Flaky => (&mut counts.flaky, Some(false)),
            Colour::Red | Colour::Green | Colour::Infrastructure | Colour::Undecided if self.unseen => {
                (&mut counts.unseen, None)
            }
            Colour::Green => (&mut counts.green, Some(false)),
            Colour::Red => (&mut counts.red, Some(true)),
            Colour::Infrastructure if self.recovered => (&mut counts.infra_recovered, Some(false)),
            Colour::Infrastructure | Colour::Undecided => (&mut counts.undecided, None),
        };
        *slot += 1;
        red
    }
}

fn flips(executions: &[Execution]) -> Flips {
    let mut line: Vec<_> = executions
        .iter()
        .filter(|run| run.mainline && run.ended.is_decisive())
        .map(|run| (run.run.id, run.ended == Outcome::Passed))
        .collect();
    line.sort_unstable();
    Flips::count(&line.iter().map(|(_, green)| *green).collect::<Vec<_>>(), WINDOW)
}
