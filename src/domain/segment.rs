//! The pieces of a tag template: literal text, placeholders, and the filters behind them.

use std::fmt::Write as _;

use jiff::Timestamp;
use jiff::fmt::strtime;

use super::{Run, TemplateError, Text};

const PLACEHOLDERS: &str = "{sha} {sha:7} {branch} {tag} {run_number} {run_id} {pr} {date:%Y%m%d}";
const FILTERS: &str = "|slug |tagsafe |lower";

/// One piece of a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Segment {
    /// Text that stands in every tag.
    Literal(String),
    /// What differs from run to run.
    Hole(Placeholder, Vec<Filter>),
}

/// What of a run stands in its tag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Placeholder {
    /// The first digits of the commit, or all.
    Sha(Option<usize>),
    /// The branch.
    Branch,
    /// The git tag.
    GitTag,
    /// The number that people see.
    RunNumber,
    /// The provider's id.
    RunId,
    /// The pull or merge request's number.
    PullRequest,
    /// When the run started, in UTC, in this strftime format.
    Date(String),
}

/// What makes a value fit for a tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Filter {
    /// GitLab's `CI_COMMIT_REF_SLUG`.
    Slug,
    /// Docker's metadata action.
    TagSafe,
    /// Lower case.
    Lower,
}

/// Reads what stands between the braces.
pub(super) fn parse(inside: &str) -> Result<Segment, TemplateError> {
    let mut parts = inside.split('|');
    let placeholder = placeholder(parts.next().unwrap_or_default())?;
    let filters = parts.map(filter).collect::<Result<_, _>>()?;
    Ok(Segment::Hole(placeholder, filters))
}

fn placeholder(written: &str) -> Result<Placeholder, TemplateError> {
    let (name, argument) = match written.split_once(':') {
        Some((name, argument)) => (name, Some(argument)),
        None => (written, None),
    };
    match (name, argument) {
        ("sha", None) => Ok(Placeholder::Sha(None)),
        ("sha", Some(digits)) => match digits.parse() {
            Ok(length @ 4..=64) => Ok(Placeholder::Sha(Some(length))),
            Ok(_) | Err(_) => {
                Err(TemplateError(format!("{{sha:{}}} takes a number of digits from 4 to 64", Text::new(digits))))
            }
        },
        ("branch", None) => Ok(Placeholder::Branch),
        ("tag", None) => Ok(Placeholder::GitTag),
        ("run_number", None) => Ok(Placeholder::RunNumber),
        ("run_id", None) => Ok(Placeholder::RunId),
        ("pr", None) => Ok(Placeholder::PullRequest),
        ("date", Some(format)) if !format.is_empty() => date(format),
        ("date", _) => Err(TemplateError("{date} needs a format, as in {date:%Y%m%d}".to_owned())),
        ("branch" | "tag" | "run_number" | "run_id" | "pr", Some(_)) => {
            Err(TemplateError(format!("{{{name}}} takes no argument after ':'")))
        }
        _ => Err(TemplateError(format!(
            "unknown placeholder {{{}}}; the known ones are {PLACEHOLDERS} with the filters {FILTERS}",
            Text::new(written)
        ))),
    }
}

fn date(format: &str) -> Result<Placeholder, TemplateError> {
    strtime::format(format, Timestamp::UNIX_EPOCH)
        .map_err(|error| TemplateError(format!("{{date:{}}} is no date format: {error}", Text::new(format))))?;
    Ok(Placeholder::Date(format.to_owned()))
}

fn filter(name: &str) -> Result<Filter, TemplateError> {
    match name {
        "slug" => Ok(Filter::Slug),
        "tagsafe" => Ok(Filter::TagSafe),
        "lower" => Ok(Filter::Lower),
        _ => Err(TemplateError(format!("unknown filter |{}; the known ones are {FILTERS}", Text::new(name)))),
    }
}

impl Segment {
    /// Returns the placeholder, where it is one.
    pub(super) fn placeholder(&self) -> Option<&Placeholder> {
        match self {
            Self::Hole(placeholder, _) => Some(placeholder),
            Self::Literal(_) => None,
        }
    }

    /// Appends what the run has for this piece.
    pub(super) fn push(&self, run: &Run, tag: &mut String) -> Result<(), TemplateError> {
        match self {
            Self::Literal(text) => tag.push_str(text),
            Self::Hole(placeholder, filters) => match filters.split_last() {
                None => placeholder.push(run, tag)?,
                Some((last, before)) => {
                    let mut value = String::new();
                    placeholder.push(run, &mut value)?;
                    for filter in before {
                        let unfiltered = std::mem::take(&mut value);
                        filter.push(&unfiltered, tag.is_empty(), &mut value);
                    }
                    last.push(&value, tag.is_empty(), tag);
                }
            },
        }
        Ok(())
    }
}

impl Placeholder {
    fn push(&self, run: &Run, out: &mut String) -> Result<(), TemplateError> {
        match self {
            Self::Sha(length) => out.push_str(run.sha.short(length.unwrap_or(usize::MAX))),
            Self::Branch => out.push_str(run.branch.as_ref().ok_or_else(|| lacks("{branch}", "branch"))?.raw()),
            Self::GitTag => out.push_str(run.git_tag.as_ref().ok_or_else(|| lacks("{tag}", "git tag"))?.raw()),
            Self::RunNumber => number(out, run.number),
            Self::RunId => number(out, run.key.id),
            Self::PullRequest => {
                number(out, run.pull_request.ok_or_else(|| lacks("{pr}", "pull or merge request"))?.get());
            }
            Self::Date(format) => {
                let started = run.started_at.or(run.created_at).ok_or_else(|| lacks("{date}", "starting time"))?;
                let date = strtime::format(format, started.at()).map_err(|error| TemplateError(error.to_string()))?;
                out.push_str(&date);
            }
        }
        Ok(())
    }
}

fn number(out: &mut String, number: u64) {
    // Writing to a String cannot fail.
    let _ = write!(out, "{number}");
}

fn lacks(placeholder: &str, what: &str) -> TemplateError {
    TemplateError(format!("the tag needs {placeholder}, and the run names no {what}"))
}

impl Filter {
    /// Appends the filtered value. `opens` says that it is the first of the tag.
    fn push(self, value: &str, opens: bool, out: &mut String) {
        match self {
            Self::Slug => slug(value, out),
            Self::TagSafe => tag_safe(value, opens, out),
            Self::Lower => out.push_str(&value.to_lowercase()),
        }
    }
}

/// GitLab's rule: lower case, a dash for each character but 0-9 and a-z, cut to 63, no dashes at the ends.
fn slug(value: &str, out: &mut String) {
    let start = out.len();
    let lower = value.to_lowercase();
    let dashed = lower.chars().take(63).map(|c| if c.is_ascii_lowercase() || c.is_ascii_digit() { c } else { '-' });
    out.extend(dashed.skip_while(|&c| c == '-'));
    while out.len() > start && out.ends_with('-') {
        out.pop();
    }
}

/// Docker's rule: one dash for each run of characters that no tag may hold. What no tag may start with is dropped
/// at the start of the tag only: behind other text it stays.
fn tag_safe(value: &str, opens: bool, out: &mut String) {
    let mut replaced = false;
    let dashed = value.chars().filter_map(|c| {
        let legal = c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
        let repeats = !legal && replaced;
        replaced = !legal;
        (!repeats).then_some(if legal { c } else { '-' })
    });
    out.extend(dashed.skip_while(|&c| opens && matches!(c, '.' | '-')).take(128));
}
