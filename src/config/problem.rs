//! What is wrong with a configuration: everything at once, each with its place and a way out.

use std::fmt;
use std::path::PathBuf;

use crate::domain::Text;

/// One thing that is wrong, or odd.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Line and column, from 1; `None` where it is not about one place.
    pub at: Option<(usize, usize)>,
    /// What is wrong. Never a secret's value.
    pub message: String,
    /// How to mend it.
    pub hint: Option<String>,
}

/// Everything that is wrong with one file, in its order.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct ConfigError {
    /// The file.
    pub path: PathBuf,
    /// What is wrong with it.
    pub problems: Vec<Problem>,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = Text::new(&self.path.to_string_lossy());
        for (index, problem) in self.problems.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            problem.write(f, &path)?;
        }
        Ok(())
    }
}

impl Problem {
    /// Returns a problem of the file as a whole.
    #[must_use]
    pub fn of_file(message: String) -> Self {
        Self { at: None, message, hint: None }
    }

    /// Writes `file:line:column: message`, and the hint on a line of its own.
    ///
    /// # Errors
    /// Those of the formatter.
    pub fn write(&self, f: &mut impl fmt::Write, path: &Text) -> fmt::Result {
        write!(f, "{path}")?;
        if let Some((line, column)) = self.at {
            write!(f, ":{line}:{column}")?;
        }
        write!(f, ": {}", self.message)?;
        self.hint.as_ref().map_or(Ok(()), |hint| write!(f, "\n  hint: {hint}"))
    }
}

/// Collects problems while a text is read, by their place in it.
pub(super) struct Problems<'t> {
    text: &'t str,
    wrong: Vec<(usize, Problem)>,
    odd: Vec<(usize, Problem)>,
}

impl<'t> Problems<'t> {
    /// Starts with none.
    pub(super) fn new(text: &'t str) -> Self {
        Self { text, wrong: Vec::new(), odd: Vec::new() }
    }

    /// Notes what is wrong at this byte of the text.
    pub(super) fn add(&mut self, at: usize, message: impl Into<String>, hint: Option<&str>) {
        let problem = self.problem(at, message.into(), hint);
        self.wrong.push((at, problem));
    }

    /// Notes what is allowed but should be known.
    pub(super) fn warn(&mut self, at: usize, message: impl Into<String>, hint: Option<&str>) {
        let problem = self.problem(at, message.into(), hint);
        self.odd.push((at, problem));
    }

    fn problem(&self, at: usize, message: String, hint: Option<&str>) -> Problem {
        let before = self.text.get(..at).unwrap_or(self.text);
        let line = before.matches('\n').count() + 1;
        let column = before.chars().rev().take_while(|&c| c != '\n').count() + 1;
        Problem { at: Some((line, column)), message, hint: hint.map(str::to_owned) }
    }

    /// Returns whether anything is wrong so far.
    pub(super) fn any(&self) -> bool {
        !self.wrong.is_empty()
    }

    /// Returns what is wrong and what is odd, each in the order of the text.
    pub(super) fn finish(self) -> (Vec<Problem>, Vec<Problem>) {
        let in_order = |mut list: Vec<(usize, Problem)>| {
            list.sort_by_key(|(at, _)| *at);
            list.into_iter().map(|(_, problem)| problem).collect()
        };
        (in_order(self.wrong), in_order(self.odd))
    }
}
