//! Panes: one view each of the one report, in words and tones. No colours, no terminal, no clock.
//!
//! A pane gives the order of its rows once, when the report or the sort changes; a filter lets some of them pass; only
//! the rows that are in sight are turned into words, so that a hundred thousand of them scroll as well as ten.

mod about;
mod age;
mod answering;
mod builds_detail;
mod credential_detail;
mod credentials;
mod delivery;
mod detail;
mod divergence;
mod duration_parts;
mod durations;
mod filter;
mod flaky;
mod flaky_detail;
mod flaky_parts;
mod incident_detail;
mod incident_rows;
mod line;
mod overview;
mod passing;
mod row_detail;
mod service_detail;
mod source_detail;
mod sources;
mod subject;
mod table;
mod time_detail;
mod took;
mod totals;
mod trust;
mod verdict;

use jiff::Timestamp;

use crate::analysis::{Policy, Report, ServiceReport};
use crate::domain::{ServiceName, Snapshot};

pub use age::{age, ago, utc};
pub use answering::{Answering, answering};
pub use detail::{Paragraph, detail};
pub use filter::{Filter, Met, Search};
pub use line::{Align, Line, Span, Tone};
pub use passing::Passing;
pub use subject::{Identity, Subject};
pub use table::{Column, Layout};
pub use totals::{Tally, totals, trouble};
pub use trust::legend as trust_legend;
pub use verdict::legend;

/// Everything that words are made from.
#[derive(Clone, Copy)]
pub struct View<'a> {
    /// What was judged.
    pub report: &'a Report,
    /// What was seen, for the evidence.
    pub snapshot: &'a Snapshot,
    /// What it was judged by.
    pub policy: &'a Policy,
    /// The moment that is shown.
    pub now: Timestamp,
}

/// Where a row of a pane stands in the report: which service or source, and which of its rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    outer: u32,
    inner: u32,
}

impl Place {
    fn new(outer: usize, inner: usize) -> Self {
        let narrow = |place| u32::try_from(place).unwrap_or(u32::MAX);
        Self { outer: narrow(outer), inner: narrow(inner) }
    }

    fn outer(self) -> usize {
        self.outer as usize
    }

    /// Returns whether it is that of an incident, which stands above the rows and has no cells.
    #[must_use]
    pub fn is_incident(self) -> bool {
        self.outer == u32::MAX
    }

    /// Returns whether it belongs to the same service or source.
    #[must_use]
    pub fn is_beside(self, other: Self) -> bool {
        self.outer == other.outer
    }

    fn inner(self) -> usize {
        self.inner as usize
    }
}

/// What the rows of a pane are made of.
#[derive(Clone, Copy)]
pub struct Scope<'a> {
    /// What was judged.
    pub report: &'a Report,
    /// The row whose parts the rows are, where they are parts.
    pub within: Option<&'a Identity>,
}

impl<'a> Scope<'a> {
    /// Returns the service whose parts the rows are, and its place.
    fn service(&self) -> Option<(usize, &'a ServiceReport)> {
        let name = self.within?.service()?;
        self.report.services.iter().enumerate().find(|(_, service)| service.service.name == *name)
    }
}

/// One view of the report. Panes hold nothing.
pub trait Pane: Sync {
    /// Returns its name, as the tab shows it.
    fn name(&self) -> &'static str;

    /// Returns the ways to sort it by name, the default first.
    fn sorts(&self) -> &'static [&'static str];

    /// Returns its columns; their widths depend on nothing that scrolls.
    fn columns(&self, scope: Scope<'_>) -> Vec<Column>;

    /// Returns all of its rows in order, by the sort of this place in `sorts`.
    fn order(&self, scope: Scope<'_>, sort: usize) -> Vec<Place>;

    /// Returns whether the row passes the filter that is searched for.
    fn passes(&self, report: &Report, place: Place, search: &mut Search<'_>) -> bool;

    /// Returns one row's words, a cell for each column.
    fn cells(&self, view: &View<'_>, place: Place) -> Vec<Line>;

    /// Returns what the row is about; `None` where it is not there any more.
    fn subject<'a>(&self, report: &'a Report, place: Place) -> Option<Subject<'a>>;

    /// Returns what stands in place of rows where there are none at all.
    fn nothing(&self, report: &Report) -> &'static str;

    /// Returns the lines of an incident that stands above the rows: what it is, in about `width` cells, and what is known
    /// of it, for where there is room. Nothing for a row.
    fn banner(&self, _view: &View<'_>, _place: Place, _width: usize) -> Option<[Line; 2]> {
        None
    }

    /// Returns how many incidents stand above the rows while nothing is filtered.
    fn banners(&self, _report: &Report) -> usize {
        0
    }

    /// Returns how many lines below the rows belong to the selected one.
    fn foot_lines(&self) -> usize {
        0
    }

    /// Returns what stands in those lines: what a row has no room for.
    fn foot(&self, _view: &View<'_>, _place: Place) -> Vec<Line> {
        Vec::new()
    }

    /// Returns the view of a row's parts, where rows have parts: they open before the row's detail does.
    fn parts(&self) -> Option<&'static dyn Pane> {
        None
    }

    /// Returns what stands above the rows: what they are parts of, and what is to be known of all of them.
    fn notes(&self, _view: &View<'_>, _within: &Identity) -> Vec<Line> {
        Vec::new()
    }
}

/// The panes, in the order of their tabs.
pub const PANES: [&dyn Pane; 6] = [
    &overview::Overview,
    &divergence::Divergence,
    &sources::Sources,
    &flaky::Flaky,
    &durations::Durations,
    &credentials::Credentials,
];

/// Sorts places by a number, lowest first; ties keep the report's order.
fn sorted(mut keyed: Vec<(u64, Place)>) -> Vec<Place> {
    keyed.sort_by_key(|(key, _)| *key);
    keyed.into_iter().map(|(_, place)| place).collect()
}

/// Sorts places by name; those of one name by their number, lowest first.
fn by_name<N: Ord>(mut keyed: Vec<(u64, Place)>, name: impl Fn(Place) -> N) -> Vec<Place> {
    keyed.sort_unstable_by(|one, other| (name(one.1), one).cmp(&(name(other.1), other)));
    keyed.into_iter().map(|(_, place)| place).collect()
}

/// Returns the name of the service at a place of the report.
fn service_name(report: &Report, place: Place) -> Option<&ServiceName> {
    report.services.get(place.outer()).map(|service| &service.service.name)
}

/// Returns a number that is lower the newer the moment is; no moment comes last.
fn newest_first(time: Option<Timestamp>) -> u64 {
    const LATEST: u64 = (1 << 40) - 1;
    let seconds = time.and_then(|time| u64::try_from(time.as_second()).ok()).unwrap_or(0);
    LATEST.saturating_sub(seconds)
}

/// Returns the widest of these names, but no less than `least`.
fn widest<'a>(names: impl Iterator<Item = &'a str>, least: usize) -> usize {
    use unicode_width::UnicodeWidthStr;
    names.map(UnicodeWidthStr::width).max().unwrap_or(0).max(least)
}
