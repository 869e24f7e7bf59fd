//! Which rows pass a filter. A hundred thousand of them take longer than a key may wait: they are looked at a few at a
//! time.

use std::vec::IntoIter;

use super::{Filter, Pane, Place};
use crate::analysis::Report;

/// The rows that pass a filter, in order, as far as they were looked at.
#[derive(Debug, Clone, Default)]
pub struct Passing {
    rows: Vec<Place>,
    rest: IntoIter<Place>,
}

impl Passing {
    /// Returns the same of these rows, none of which was looked at.
    #[must_use]
    pub fn none_of(rows: Vec<Place>) -> Self {
        Self { rows: Vec::new(), rest: rows.into_iter() }
    }

    /// Returns the same for a filter that nothing passes which did not pass this one: rows that were left out stay so.
    #[must_use]
    pub fn narrowed(self) -> Self {
        let mut rows = self.rows;
        rows.extend(self.rest);
        Self::none_of(rows)
    }

    /// Looks at the next `count` rows.
    pub fn look(&mut self, pane: &dyn Pane, report: &Report, filter: &Filter, count: usize) {
        let mut search = filter.search();
        let next = self.rest.by_ref().take(count);
        self.rows.extend(next.filter(|place| pane.passes(report, *place, &mut search)));
    }

    /// Returns the rows that pass.
    #[must_use]
    pub fn rows(&self) -> &[Place] {
        &self.rows
    }

    /// Returns whether every row was looked at.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.rest.as_slice().is_empty()
    }
}
