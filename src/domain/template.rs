//! Tag templates: how a run's commit, branch or number becomes the tag that it is to push.

use super::segment::{self, Placeholder, Segment};
use super::{Run, Tag, Text};

/// A tag template such as `sha-{sha:7}`, taken apart once so that filling it in is cheap.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TagTemplate {
    source: String,
    segments: Vec<Segment>,
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
        if source.is_empty() {
            return Err(TemplateError("the template is empty; an image tag has 1 to 128 characters".to_owned()));
        }
        let mut segments = Vec::new();
        let mut rest = source;
        while let Some((literal, hole)) = rest.split_once('{') {
            push_literal(&mut segments, literal)?;
            let (inside, after) = hole
                .split_once('}')
                .ok_or_else(|| TemplateError(format!("'{{{}' is never closed by a '}}'", Text::new(hole))))?;
            segments.push(segment::parse(inside)?);
            rest = after;
        }
        push_literal(&mut segments, rest)?;
        segments.shrink_to_fit();
        Ok(Self { source: source.to_owned(), segments })
    }

    /// Returns the tag that the run is to push.
    ///
    /// # Errors
    /// The run lacks what the template names (a branch, a git tag, a pull request), or the result is no valid tag.
    pub fn expand(&self, run: &Run) -> Result<Tag, TemplateError> {
        let mut written = String::with_capacity(64);
        self.write(run, &mut written)?;
        self.read(&written)
    }

    /// Appends what the run is to push, which may be no valid tag.
    ///
    /// # Errors
    /// The run lacks what the template names (a branch, a git tag, a pull request).
    pub fn write(&self, run: &Run, written: &mut String) -> Result<(), TemplateError> {
        self.segments.iter().try_for_each(|segment| segment.push(run, written))
    }

    /// Returns what was written as a tag.
    ///
    /// # Errors
    /// It is no valid tag.
    pub fn read(&self, written: &str) -> Result<Tag, TemplateError> {
        Tag::parse(written).map_err(|error| {
            let (shown, template) = (Text::new(written), &self.source);
            TemplateError(format!(
                "{template:?} gives \"{shown}\" for this run, which is no image tag: {}",
                error.why()
            ))
        })
    }

    /// Returns whether later runs move the tag on: it holds nothing that is unique to a commit or run.
    /// A date and a pull request's number are shared by several runs; a git tag is not moved.
    #[must_use]
    pub fn is_moving(&self) -> bool {
        !self.placeholders().any(|placeholder| match placeholder {
            Placeholder::Sha(_) | Placeholder::GitTag | Placeholder::RunNumber | Placeholder::RunId => true,
            Placeholder::Branch | Placeholder::PullRequest | Placeholder::Date(_) => false,
        })
    }

    /// Returns whether the tag names the commit itself (`{sha}`), so that a pull request's merge commit changes it.
    #[must_use]
    pub fn names_commit(&self) -> bool {
        self.placeholders().any(|placeholder| matches!(placeholder, Placeholder::Sha(_)))
    }

    /// Returns whether the tag names a git tag, which somebody may delete and give to another commit.
    #[must_use]
    pub fn names_git_tag(&self) -> bool {
        self.placeholders().any(|placeholder| matches!(placeholder, Placeholder::GitTag))
    }

    /// Returns the template as written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.source
    }

    fn placeholders(&self) -> impl Iterator<Item = &Placeholder> {
        self.segments.iter().filter_map(Segment::placeholder)
    }
}

fn push_literal(segments: &mut Vec<Segment>, literal: &str) -> Result<(), TemplateError> {
    let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-');
    if let Some(c) = literal.chars().find(|&c| !legal(c)) {
        let why = if c == '}' { "a '}' without its '{'" } else { "only letters, digits, '_', '.' and '-' are allowed" };
        return Err(TemplateError(format!("{c:?} cannot stand in an image tag: {why}")));
    }
    if segments.is_empty() && literal.starts_with(['.', '-']) {
        return Err(TemplateError("an image tag must start with a letter, a digit or '_'".to_owned()));
    }
    if literal.len() > 128 {
        return Err(TemplateError("an image tag has at most 128 characters".to_owned()));
    }
    if !literal.is_empty() {
        segments.push(Segment::Literal(literal.to_owned()));
    }
    Ok(())
}
