//! What `landfall doctor` found, graded: each sentence, its reason and its fix. No clock, no IO, no terminal.

mod ci;
mod expiry;
mod failure;
mod place;
mod registry;
mod store;
mod terminal;
mod token;

use crate::domain::{Health, SourceKind, Text};

pub use ci::{CiLook, Provider};
pub use expiry::ExpiryLook;
pub use place::{ConfigLook, Oddity};
pub use registry::{PushLook, RegistryLook};
pub use terminal::{Multiplexer, Stands, TerminalLook};

/// How one thing is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Grade {
    /// As it should be.
    Ok,
    /// It works, and is to be looked at.
    Warn,
    /// It could not be looked at.
    Unknown,
    /// It does not work.
    Fail,
}

impl Grade {
    /// Every grade, the worst first.
    pub const ALL: [Self; 4] = [Self::Fail, Self::Unknown, Self::Warn, Self::Ok];

    /// Returns its word.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warn => "warn",
            Self::Unknown => "unknown",
            Self::Fail => "fail",
        }
    }
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// What was looked at, in a word or two.
    pub name: Text,
    /// How it is.
    pub grade: Grade,
    /// What was found.
    pub says: Text,
    /// What that means, where it does not go without saying.
    pub why: Option<Text>,
    /// How to mend it.
    pub fix: Option<Text>,
}

impl Check {
    fn new(name: impl Into<Text>, grade: Grade, says: impl Into<Text>) -> Self {
        Self { name: name.into(), grade, says: says.into(), why: None, fix: None }
    }

    fn why(mut self, why: impl Into<Text>) -> Self {
        self.why = Some(why.into());
        self
    }

    fn fix(mut self, fix: impl Into<Text>) -> Self {
        self.fix = Some(fix.into());
        self
    }
}

/// What a section is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum About {
    /// The configuration.
    Config,
    /// A CI provider or a registry.
    Source(SourceKind),
    /// What is kept from one process to the next.
    Store,
    /// The terminal.
    Terminal,
}

/// What was looked at of one part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    /// What it is about.
    pub about: About,
    /// Its name: of a source the one in the configuration.
    pub name: Text,
    /// The head that people read.
    pub head: Text,
    /// What was looked at.
    pub checks: Vec<Check>,
    /// Of a source, what it was sent and how it would be asked.
    pub health: Option<Health>,
}

/// Everything that was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnosis {
    /// The parts, in the order in which they are told.
    pub sections: Vec<Section>,
}

impl Diagnosis {
    /// Returns how many things are so.
    #[must_use]
    pub fn count(&self, grade: Grade) -> usize {
        self.checks().filter(|check| check.grade == grade).count()
    }

    /// Returns the worst grade.
    #[must_use]
    pub fn worst(&self) -> Grade {
        self.checks().map(|check| check.grade).max().unwrap_or(Grade::Ok)
    }

    /// Returns the exit code: 1 where something does not work, else 3 where something could not be looked at, else 0.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        match self.worst() {
            Grade::Fail => 1,
            Grade::Unknown => 3,
            Grade::Ok | Grade::Warn => 0,
        }
    }

    fn checks(&self) -> impl Iterator<Item = &Check> {
        self.sections.iter().flat_map(|section| &section.checks)
    }
}

/// Returns a number of things in words.
fn counted(count: usize, one: &str, many: &str) -> String {
    if count == 1 { format!("1 {one}") } else { format!("{count} {many}") }
}
