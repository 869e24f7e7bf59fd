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
