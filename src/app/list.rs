//! The rows of one pane: their order, which is selected, and which are in sight.

use crate::analysis::Report;
use crate::pane::{Column, Filter, Identity, Pane, Passing, Place, Scope};

/// Rows that are looked at in one go for a filter: a key waits for no more of them.
pub(super) const AT_ONCE: usize = 4_096;

/// The rows of one pane.
#[derive(Default)]
pub(super) struct List {
    /// Which of the pane's sorts.
    pub(super) sort: usize,
    /// Every row, in order.
    all: Vec<Place>,
    /// Those that pass the filter, in the same order, where there is a filter.
    passing: Option<Passing>,
    pub(super) columns: Vec<Column>,
    /// The selected row's place in the order.
    pub(super) at: usize,
    /// The first row in sight.
    pub(super) top: usize,
    /// What the selection holds on to when the order changes. At the first row nothing is held: whatever is worst
    /// comes first, and one wants to see it.
    held: Option<Held>,
    /// Whether the order is by the sort.
    is_sorted: bool,
    /// The report's edition that the order is of, and the filter.
    edition: u64,
    filter: Filter,
}

/// What the selection holds on to.
struct Held {
    identity: Identity,
    /// Where its row was in the report, once it was found.
    place: Option<Place>,
}

impl List {
    /// Returns the rows that pass the filter, in order.
    pub(super) fn order(&self) -> &[Place] {
        self.passing.as_ref().map_or(&self.all, Passing::rows)
    }

    /// Returns whether every row was looked at that may pass the filter.
    pub(super) fn is_whole(&self) -> bool {
        self.passing.as_ref().is_none_or(Passing::is_whole)
    }

    /// Returns the selected row.
    pub(super) fn place(&self) -> Option<Place> {
        self.order().get(self.at).copied()
    }

    /// Puts the rows in order where the report, the filter or the sort changed since.
    pub(super) fn arrange(&mut self, pane: &dyn Pane, scope: Scope<'_>, filter: &Filter, edition: u64) {
        let report = scope.report;
        let (same_report, same_filter) = (self.edition == edition, self.filter == *filter);
        let same_order = same_report && self.is_sorted;
        if same_order && same_filter {
            return;
        }
        if !same_report {
            self.columns = pane.columns(scope);
        }
        if !same_order {
            self.all = pane.order(scope, self.sort);
        }
        // After a key the first of them are seen at once. Where the report alone changed, nothing that passes may be missing.
        let count = if self.is_sorted && same_filter { usize::MAX } else { AT_ONCE };
        self.passing = match self.passing.take() {
            _ if filter.is_empty() => None,
            Some(before) if same_order && filter.narrows(&self.filter) => Some(before.narrowed()),
            Some(_) | None => Some(Passing::none_of(self.all.clone())),
        };
        (self.is_sorted, self.edition) = (true, edition);
        self.filter = filter.clone();
        self.look_on(pane, report, count);
    }

    /// Looks at the next rows that may pass the filter.
    pub(super) fn look_on(&mut self, pane: &dyn Pane, report: &Report, count: usize) {
        if let Some(passing) = &mut self.passing {
            passing.look(pane, report, &self.filter, count);
        }
        self.at = self.find_held(pane, report).unwrap_or(self.at).min(self.order().len().saturating_sub(1));
    }

    /// Returns the place in the order of what the selection holds on to, where it passes.
    fn find_held(&mut self, pane: &dyn Pane, report: &Report) -> Option<usize> {
        let held = self.held.as_ref()?;
        let is_held = |place: &Place| pane.subject(report, *place).is_some_and(|subject| subject.is(&held.identity));
        let rows = self.order();
        if let Some(place) = held.place.filter(is_held) {
            return rows.iter().position(|row| *row == place);
        }
        // Of a service the rows may have moved, but never to another one.
        let may_be = |row: &Place| match held.place {
            Some(place) if held.identity.service().is_some() => row.is_beside(place),
            Some(_) | None => true,
        };
        let found = rows.iter().position(|row| may_be(row) && is_held(row))?;
        let place = rows.get(found).copied();
        self.held.as_mut()?.place = place;
        Some(found)
    }

    /// Forgets the order, so that the next arranging makes it anew.
    pub(super) fn disarrange(&mut self) {
        self.is_sorted = false;
    }

    /// Selects the row at this place of the order, or the last that was found.
    pub(super) fn select(&mut self, at: usize, pane: &dyn Pane, report: &Report) {
        self.at = at.min(self.order().len().saturating_sub(1));
        let place = self.place().filter(|_| self.at > 0);
        let subject = place.and_then(|place| pane.subject(report, place));
        self.held = subject.map(|subject| Held { identity: subject.identity(), place });
    }

    /// Selects what has this identity once the rows are in order.
    pub(super) fn hold(&mut self, identity: Identity) {
        self.held = Some(Held { identity, place: None });
        self.disarrange();
    }

    /// Scrolls as little as brings the selection into sight.
    pub(super) fn scroll(&mut self, page: usize) {
        let last = self.order().len().saturating_sub(page);
        self.top = self.top.min(self.at).max((self.at + 1).saturating_sub(page)).min(last);
    }

    /// Returns the place in the order of the next finding after the selection, or before it; past the end the first.
    pub(super) fn finding(&self, pane: &dyn Pane, report: &Report, forward: bool) -> Option<usize> {
        let (order, count) = (self.order(), self.order().len());
        let is_finding = |at: &usize| {
            let place = order.get(*at).copied();
            place.and_then(|place| pane.subject(report, place)).is_some_and(|subject| subject.is_finding())
        };
        let step = |steps: usize| if forward { (self.at + steps) % count } else { (self.at + count - steps) % count };
        (1..=count).map(step).find(is_finding)
    }
}
