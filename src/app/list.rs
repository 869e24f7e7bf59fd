//! The rows of one pane: their order, which is selected, and which are in sight.

use crate::analysis::Report;
use crate::pane::{Column, Filter, Identity, Pane, Place, Scope};

/// The rows of one pane.
#[derive(Default)]
pub(super) struct List {
    /// Which of the pane's sorts.
    pub(super) sort: usize,
    pub(super) order: Vec<Place>,
    pub(super) columns: Vec<Column>,
    /// The selected row's place in the order.
    pub(super) at: usize,
    /// The first row in sight.
    pub(super) top: usize,
    /// What the selection holds on to when the order changes. At the first row nothing is held: whatever is worst
    /// comes first, and one wants to see it.
    held: Option<Identity>,
    /// The report's edition and the filter that the order is of; 0 for none.
    edition: u64,
    filter: Filter,
}

impl List {
    /// Returns the selected row.
    pub(super) fn place(&self) -> Option<Place> {
        self.order.get(self.at).copied()
    }

    /// Puts the rows in order where the report, the filter or the sort changed since.
    pub(super) fn arrange(&mut self, pane: &dyn Pane, scope: Scope<'_>, filter: &Filter, edition: u64) {
        let report = scope.report;
        let same_report = self.edition == edition;
        if same_report && self.filter == *filter {
            return;
        }
        if same_report && filter.narrows(&self.filter) {
            let mut search = filter.search();
            self.order.retain(|place| pane.passes(report, *place, &mut search));
        } else {
            self.order = pane.order(scope, filter, self.sort);
            self.columns = pane.columns(scope);
        }
        self.edition = edition;
        self.filter = filter.clone();
        if let Some(held) = &self.held {
            let same = |place: &Place| pane.subject(report, *place).is_some_and(|subject| subject.is(held));
            self.at = self.order.iter().position(same).unwrap_or(self.at);
        }
        self.at = self.at.min(self.order.len().saturating_sub(1));
    }

    /// Forgets the order, so that the next arranging makes it anew.
    pub(super) fn disarrange(&mut self) {
        self.edition = 0;
    }

    /// Selects the row at this place of the order, or the last.
    pub(super) fn select(&mut self, at: usize, pane: &dyn Pane, report: &Report) {
        self.at = at.min(self.order.len().saturating_sub(1));
        let subject = self.place().and_then(|place| pane.subject(report, place));
        self.held = if self.at == 0 { None } else { subject.map(|subject| subject.identity()) };
    }

    /// Selects what has this identity once the rows are in order.
    pub(super) fn hold(&mut self, identity: Identity) {
        self.held = Some(identity);
        self.disarrange();
    }

    /// Scrolls as little as brings the selection into sight.
    pub(super) fn scroll(&mut self, page: usize) {
        let last = self.order.len().saturating_sub(page);
        self.top = self.top.min(self.at).max((self.at + 1).saturating_sub(page)).min(last);
    }

    /// Returns the place in the order of the next finding after the selection, or before it; past the end the first.
    pub(super) fn finding(&self, pane: &dyn Pane, report: &Report, forward: bool) -> Option<usize> {
        let count = self.order.len();
        let is_finding = |at: &usize| {
            let place = self.order.get(*at).copied();
            place.and_then(|place| pane.subject(report, place)).is_some_and(|subject| subject.is_finding())
        };
        let step = |steps: usize| if forward { (self.at + steps) % count } else { (self.at + count - steps) % count };
        (1..=count).map(step).find(is_finding)
    }
}
