//! What was seen of one build, job or test at one commit, whatever order it came in.

use jiff::Timestamp;

use crate::domain::{Event, Outcome, Strength};

/// Which runs of one commit may be compared with each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Scope {
    /// All that were pushed.
    Push,
    /// All that were scheduled.
    Schedule,
    /// All of the merge queue.
    MergeGroup,
    /// This run only: another one for a pull request, or by hand, may have built something else.
    Alone(u64),
}

impl Scope {
    pub(super) fn of(event: &Event, run: u64) -> Self {
        match event.0.raw() {
            "push" => Self::Push,
            "schedule" => Self::Schedule,
            "merge_group" => Self::MergeGroup,
            _ => Self::Alone(run),
        }
    }
}

/// What all that was seen at one commit comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Colour {
    /// Passed and failed.
    Flaky,
    /// Failed only.
    Red,
    /// Passed only.
    Green,
    /// The machinery failed, and nothing else speaks against the code.
    Infrastructure,
    /// Nothing that says anything.
    Undecided,
}

impl Colour {
    /// Returns the word for it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Flaky => "flaky",
            Self::Red => "red",
            Self::Green => "green",
            Self::Infrastructure => "infrastructure",
            Self::Undecided => "undecided",
        }
    }
}

/// What one run says.
#[derive(Debug, Clone, Copy)]
struct Tally {
    scope: Scope,
    run: u64,
    passed: u32,
    failed: u32,
}

/// Everything that was seen at one commit.
#[derive(Debug, Default)]
pub(super) struct Evidence {
    runs: Vec<Tally>,
    infrastructure: bool,
    at: Option<Timestamp>,
    newest: u64,
}

/// What it comes to.
#[derive(Debug, Clone, Copy)]
pub(super) struct Seen {
    pub(super) colour: Colour,
    /// How sure it is that the same code passed and failed, also where that is too weak to call it flaky.
    pub(super) strength: Option<Strength>,
    pub(super) executions: u32,
    pub(super) failures: u32,
    /// Whether runs that may be compared ran more than once.
    pub(super) reran: bool,
    pub(super) at: Option<Timestamp>,
}

impl Evidence {
    pub(super) fn add(&mut self, scope: Scope, run: u64, outcome: Outcome, at: Option<Timestamp>) {
        match outcome {
            Outcome::Passed => self.add_many(scope, run, (1, 0), at),
            Outcome::Failed => self.add_many(scope, run, (0, 1), at),
            Outcome::Infrastructure => self.infrastructure = true,
            Outcome::Undecided => {}
        }
        (self.at, self.newest) = (self.at.max(at), self.newest.max(run));
    }

    /// Adds passes and failures.
    pub(super) fn add_many(&mut self, scope: Scope, run: u64, (passed, failed): (u32, u32), at: Option<Timestamp>) {
        (self.at, self.newest) = (self.at.max(at), self.newest.max(run));
        match self.runs.iter_mut().find(|tally| tally.scope == scope && tally.run == run) {
            Some(tally) => {
                tally.passed = tally.passed.saturating_add(passed);
                tally.failed = tally.failed.saturating_add(failed);
            }
            None => self.runs.push(Tally { scope, run, passed, failed }),
        }
    }

    /// Returns whether this run passed and failed.
    pub(super) fn knows_flake(&self, run: u64) -> bool {
        self.runs.iter().any(|tally| tally.run == run && tally.passed > 0 && tally.failed > 0)
    }

    /// Returns when it was last seen, and the newest run.
    pub(super) fn moment(&self) -> (Option<Timestamp>, u64) {
        (self.at, self.newest)
    }

    pub(super) fn judge(&self) -> Seen {
        let both = |(passed, failed): (u32, u32)| passed > 0 && failed > 0;
        let all = self.sum(|_| true);
        let strength = if self.runs.iter().any(|run| both((run.passed, run.failed))) {
            Some(Strength::Strong)
        } else if self.runs.iter().any(|run| both(self.sum(|other| other.scope == run.scope))) {
            Some(Strength::Medium)
        } else {
            both(all).then_some(Strength::Weak)
        };
        let colour = match (strength, all) {
            (Some(Strength::Strong | Strength::Medium), _) => Colour::Flaky,
            (_, (_, 1..)) => Colour::Red,
            (_, (1.., 0)) if !self.infrastructure => Colour::Green,
            _ if self.infrastructure => Colour::Infrastructure,
            _ => Colour::Undecided,
        };
        let reran = self.runs.iter().any(|run| {
            let (passed, failed) = self.sum(|other| other.scope == run.scope);
            passed.saturating_add(failed) > 1
        });
        Seen { colour, strength, executions: all.0.saturating_add(all.1), failures: all.1, reran, at: self.at }
    }

    fn sum(&self, counts: impl Fn(&Tally) -> bool) -> (u32, u32) {
        self.runs.iter().filter(|run| counts(run)).fold((0_u32, 0_u32), |(passed, failed), run| {
            (passed.saturating_add(run.passed), failed.saturating_add(run.failed))
        })
    }
}
