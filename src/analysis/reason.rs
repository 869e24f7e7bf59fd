//! What was found of a credential, and what is to be done about it: told apart, and as one sentence.

use std::fmt;

/// One thing that was found. It is shown as one sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason {
    /// What was found, such as `expires Sat 7 Mar 12:00`.
    pub found: String,
    /// By when somebody has to act, such as `by Fri 6 Mar 16:00 UTC`, where that is known.
    pub act: Option<String>,
}

impl Reason {
    /// Returns both with what is to be done first, for where the end of a line may be cut.
    #[must_use]
    pub fn act_first(&self) -> String {
        match &self.act {
            Some(act) => format!("act {act} · {}", self.found),
            None => self.found.clone(),
        }
    }
}

impl From<String> for Reason {
    fn from(found: String) -> Self {
        Self { found, act: None }
    }
}

impl From<&str> for Reason {
    fn from(found: &str) -> Self {
        found.to_owned().into()
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.act {
            Some(act) => write!(f, "{}: act {act}", self.found),
            None => f.write_str(&self.found),
        }
    }
}
