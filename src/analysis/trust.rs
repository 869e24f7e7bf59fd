//! How a job or test behaved over its commits: its counts, its rate, and the state it is in.

use std::cmp::Ordering;

use jiff::{SignedDuration, Timestamp};

use super::Rate;
use super::evidence::{Colour, Seen};
use crate::domain::Strength;

/// Two flaky commits within this time are no accident.
const MEMORY: SignedDuration = SignedDuration::from_hours(14 * 24);

/// Clean for so long, and over so many commits: recovered.
const CLEAN_FOR: SignedDuration = SignedDuration::from_hours(7 * 24);
const CLEAN_COMMITS: u32 = 20;

/// Red on so many commits and never green: broken.
const BROKEN: u32 = 3;

/// The state of a job or test, worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Trust {
    /// Red on three commits or more, never green.
    Broken,
    /// Passed and failed on the same code on two commits within 14 days, and not recovered since.
    Flaky,
    /// Passed and failed on the same code once; or more often, but on weak evidence.
    Suspect,
    /// Red on a commit, with no sign of a flake.
    Failing,
    /// Was flaky; clean for 7 days and 20 commits since.
    Recovered,
    /// Green, as far as it was decided.
    Healthy,
    /// Nothing was decided.
    Unknown,
}

impl Trust {
    /// Returns the word for it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Broken => "broken",
            Self::Flaky => "flaky",
            Self::Suspect => "suspect",
            Self::Failing => "failing",
            Self::Recovered => "recovered",
            Self::Healthy => "healthy",
            Self::Unknown => "unknown",
        }
    }
}

/// How many commits ran more than once, of those that were decided. Where none did, no flake could be seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Observed {
    /// Commits that ran more than once.
    pub reran: u32,
    /// Commits that were decided.
    pub of: u32,
}

impl Observed {
    /// Returns the sentence that stands beside every rate.
    #[must_use]
    pub fn words(self) -> String {
        let Self { reran, of } = self;
        match (reran, of) {
            (_, 0) => "no commit was decided".to_owned(),
            (0, 1) => "the one commit ran only once: flakiness is unknown".to_owned(),
            (0, _) => format!("none of {of} commits ran more than once: flakiness is unknown"),
            _ => format!("{reran} of {of} commits ran more than once"),
        }
    }
}

/// How a job or test behaved over its commits.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Behaviour {
    /// Commits on which it passed and failed.
    pub flaky: u32,
    /// Commits on which it only failed.
    pub red: u32,
    /// Commits on which it only passed.
    pub green: u32,
    /// Commits on which the machinery failed it.
    pub infrastructure: u32,
    /// Commits that say nothing.
    pub undecided: u32,
    /// Commits on which only weak evidence says that it flakes.
    pub weak: u32,
    /// How often it ran and was decided.
    pub executions: u32,
    /// How often it failed.
    pub failures: u32,
    /// How many commits ran it more than once.
    pub observed: Observed,
    /// The strongest evidence of a flake.
    pub strength: Option<Strength>,
    /// When it flaked last.
    pub last_flake: Option<Timestamp>,
    /// The state it is in.
    pub trust: Trust,
}

impl Behaviour {
    /// Returns the flaky commits of those that were decided.
    #[must_use]
    pub fn rate(&self) -> Rate {
        Rate::new(self.flaky, self.flaky + self.red + self.green)
    }

    /// Returns the same, where it is known: `None` where no commit ran it more than once, which is not 0 %.
    #[must_use]
    pub fn known(&self) -> Option<Rate> {
        Some(self.rate()).filter(|rate| rate.of > 0 && self.observed.reran > 0)
    }

    /// Orders by how little it can be trusted: the lower end of the rate first, then the state.
    pub(super) fn rank(&self, other: &Self) -> Ordering {
        let by_rate = self.rate().lower().total_cmp(&other.rate().lower());
        by_rate.then_with(|| other.trust.cmp(&self.trust)).then_with(|| self.failures.cmp(&other.failures))
    }

    /// Sums up what was seen, commit by commit.
    pub(super) fn of(mut seen: Vec<Seen>, now: Timestamp) -> Self {
        seen.sort_by_key(|seen| (seen.at, seen.colour == Colour::Flaky));
        let mut all = Self {
            flaky: 0,
            red: 0,
            green: 0,
            infrastructure: 0,
            undecided: 0,
            weak: 0,
            executions: 0,
            failures: 0,
            observed: Observed::default(),
            strength: None,
            last_flake: None,
            trust: Trust::Unknown,
        };
        for commit in &seen {
            all.count(commit);
        }
        all.trust = all.state(&Course::of(&seen, now), now);
        all
    }

    fn count(&mut self, commit: &Seen) {
        let decided = match commit.colour {
            Colour::Flaky => &mut self.flaky,
            Colour::Red => &mut self.red,
            Colour::Green => &mut self.green,
            Colour::Infrastructure => &mut self.infrastructure,
            Colour::Undecided => &mut self.undecided,
        };
        *decided += 1;
        self.weak += u32::from(commit.strength == Some(Strength::Weak));
        self.executions = self.executions.saturating_add(commit.executions);
        self.failures = self.failures.saturating_add(commit.failures);
        let is_decided = matches!(commit.colour, Colour::Flaky | Colour::Red | Colour::Green);
        self.observed.of += u32::from(is_decided);
        self.observed.reran += u32::from(is_decided && commit.reran);
        self.strength = self.strength.max(commit.strength);
        if commit.colour == Colour::Flaky {
            self.last_flake = self.last_flake.max(commit.at);
        }
    }

    fn state(&self, course: &Course, now: Timestamp) -> Trust {
        let never_green = self.flaky == 0 && self.green == 0;
        if matches!(course.flakes, Trust::Suspect | Trust::Flaky) {
            course.flakes
        } else if never_green && self.red >= BROKEN {
            Trust::Broken
        } else if self.weak > 0 {
            Trust::Suspect
        } else if self.red > 0 && !course.red.is_over(Some(now)) {
            Trust::Failing
        } else if self.flaky + self.green == 0 {
            Trust::Unknown
        } else {
            course.flakes
        }
    }
}

/// The clean stretch since something went wrong.
#[derive(Debug, Default)]
struct Stretch {
    since: Option<Timestamp>,
    commits: u32,
}

impl Stretch {
    /// Returns whether it is long enough to forget what went wrong.
    fn is_over(&self, at: Option<Timestamp>) -> bool {
        self.commits >= CLEAN_COMMITS && apart(self.since, at).is_some_and(|apart| apart >= CLEAN_FOR)
    }

    fn begin(&mut self, at: Option<Timestamp>) {
        *self = Self { since: at, commits: 0 };
    }
}

/// The course of things, oldest first: it takes two flakes to be flaky, and a long clean stretch to get over it.
#[derive(Debug)]
struct Course {
    flakes: Trust,
    flake: Stretch,
    red: Stretch,
}

impl Course {
    fn of(seen: &[Seen], now: Timestamp) -> Self {
        let mut course = Self { flakes: Trust::Healthy, flake: Stretch::default(), red: Stretch::default() };
        for commit in seen {
            match commit.colour {
                Colour::Flaky => course.flaked(commit.at),
                Colour::Red => course.red.begin(commit.at),
                Colour::Green => {
                    course.flake.commits += 1;
                    course.red.commits += 1;
                    course.recover(commit.at);
                }
                Colour::Infrastructure | Colour::Undecided => {}
            }
        }
        course.recover(Some(now));
        course
    }

    fn flaked(&mut self, at: Option<Timestamp>) {
        let soon = apart(self.flake.since, at).is_none_or(|apart| apart <= MEMORY);
        self.flakes = match self.flakes {
            Trust::Flaky => Trust::Flaky,
            Trust::Suspect if soon => Trust::Flaky,
            Trust::Broken | Trust::Suspect | Trust::Failing | Trust::Recovered | Trust::Healthy | Trust::Unknown => {
                Trust::Suspect
            }
        };
        self.flake.begin(at);
    }

    fn recover(&mut self, at: Option<Timestamp>) {
        if self.flake.is_over(at) {
            self.flakes = match self.flakes {
                Trust::Flaky | Trust::Recovered => Trust::Recovered,
                Trust::Broken | Trust::Suspect | Trust::Failing | Trust::Healthy | Trust::Unknown => Trust::Healthy,
            };
        }
    }
}

fn apart(earlier: Option<Timestamp>, later: Option<Timestamp>) -> Option<SignedDuration> {
    Some(later?.duration_since(earlier?))
}
