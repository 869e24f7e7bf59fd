//! Tag templates: how a run's commit, branch or number becomes the tag that it is to push.

use jiff::civil::DateTime;
use jiff::fmt::strtime::BrokenDownTime;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::segment::{self, Placeholder, Segment};
use super::{Run, Tag, Text};

/// A run is not looked at for longer than this, day by day.
const DAYS: usize = 45;

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

    /// Returns whether the tag carries a date, which follows when the run pushes.
    #[must_use]
    pub fn is_dated(&self) -> bool {
        self.placeholders().any(|placeholder| matches!(placeholder, Placeholder::Date(_)))
    }

    /// Returns the tag that the run is to push, were it to start at this moment.
    ///
    /// # Errors
    /// As [`expand`](Self::expand).
    pub fn expand_at(&self, run: &Run, at: Timestamp) -> Result<Tag, TemplateError> {
        self.expand(&Run { started_at: Some(at.into()), ..run.clone() })
    }

    /// Returns whether the run may have pushed this tag between the two moments, or within a day of them: clocks are set to
    /// any zone.
    #[must_use]
    pub fn gives(&self, run: &Run, tag: &Tag, (first, last): (Timestamp, Timestamp)) -> bool {
        let day = SignedDuration::from_hours(24);
        let first = first.checked_sub(day).unwrap_or(first);
        let last = last.checked_add(day).unwrap_or(last);
        if let Some(named) = self.moment(run, tag).and_then(|named| named.to_zoned(TimeZone::UTC).ok()) {
            return (first..=last).contains(&named.timestamp());
        }
        let days = std::iter::successors(Some(first), |at| at.checked_add(day).ok()).take_while(|at| *at <= last);
        days.take(DAYS).any(|at| self.expand_at(run, at).is_ok_and(|given| given == *tag))
    }

    /// Returns the moment that the tag names, where the template holds one date that can be read back.
    fn moment(&self, run: &Run, tag: &Tag) -> Option<DateTime> {
        let date = |segment: &Segment| matches!(segment.placeholder(), Some(Placeholder::Date(_)));
        let (before, rest) = self.segments.split_at_checked(self.segments.iter().position(date)?)?;
        let (Segment::Hole(Placeholder::Date(format), _), after) = rest.split_first()? else { return None };
        let (mut start, mut end) = (String::new(), String::new());
        before.iter().try_for_each(|segment| segment.push(run, &mut start)).ok()?;
        after.iter().try_for_each(|segment| segment.push(run, &mut end)).ok()?;
        let named = tag.as_str().strip_prefix(&start)?.strip_suffix(&end)?;
        let named = BrokenDownTime::parse(format, named).ok()?;
        Some(DateTime::from_parts(named.to_date().ok()?, named.to_time().unwrap_or_default()))
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
