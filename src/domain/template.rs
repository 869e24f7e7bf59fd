//! Tag templates: how a run's commit, branch or number becomes the tag that it is to push.

use super::{Run, Tag};

/// A tag template such as `sha-{sha:7}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TagTemplate {
    source: String,
}

/// Why a template is refused, or cannot be filled in for a run.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct TemplateError(pub String);

impl TagTemplate {
    /// Returns the template.
    ///
    /// # Errors
    /// An unknown placeholder or filter (the known ones are listed), or text that no tag may hold.
    pub fn parse(source: &str) -> Result<Self, TemplateError> {
        Ok(Self { source: source.to_owned() })
    }

    /// Returns the tag that the run is to push.
    ///
    /// # Errors
    /// The run lacks what the template names (a branch, a git tag, a pull request), or the result is no valid tag.
    pub fn expand(&self, run: &Run) -> Result<Tag, TemplateError> {
        let _ = run;
        Err(TemplateError(self.source.clone()))
    }

    /// Returns whether later runs move the tag on: it holds nothing that is unique to a commit or run.
    #[must_use]
    pub fn is_moving(&self) -> bool {
        false
    }

    /// Returns whether the tag names the commit itself (`{sha}`), so that a pull request's merge commit changes it.
    #[must_use]
    pub fn names_commit(&self) -> bool {
        false
    }

    /// Returns the template as written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.source
    }
}
