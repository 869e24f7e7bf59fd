//! The configuration: where it is, and what is odd about it.

use super::{About, Check, Grade, Section};

/// What was seen of the configuration.
#[derive(Debug)]
pub struct ConfigLook {
    /// The file.
    pub path: String,
    /// Who named it.
    pub named_by: String,
    /// What it holds, in numbers.
    pub holds: String,
    /// What is allowed but should be known.
    pub odd: Vec<Oddity>,
    /// Secrets that others on this machine can read.
    pub exposed: Vec<String>,
}

/// Something odd in a configuration.
#[derive(Debug)]
pub struct Oddity {
    /// Line and column, from 1.
    pub at: Option<(usize, usize)>,
    /// What it is.
    pub message: String,
    /// How to mend it.
    pub hint: Option<String>,
}

impl ConfigLook {
    /// Returns what that means.
    #[must_use]
    pub fn section(&self) -> Section {
        let mut checks = vec![Check::new("file", Grade::Ok, format!("{}, named by {}", self.path, self.named_by))];
        checks.push(Check::new("content", Grade::Ok, self.holds.clone()));
        checks.extend(self.odd.iter().map(|Oddity { at, message, hint }| {
            let place = at.map(|(line, column)| format!("{line}:{column}: ")).unwrap_or_default();
            let check = Check::new("content", Grade::Warn, format!("{place}{message}"));
            if let Some(hint) = hint { check.fix(hint.clone()) } else { check }
        }));
        checks.extend(self.exposed.iter().map(|warning| Check::new("secrets", Grade::Warn, warning.clone())));
        Section { about: About::Config, name: "config".into(), head: "Configuration".into(), checks, health: None }
    }
}
