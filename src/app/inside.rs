//! The parts of a row, shown in place of the pane's rows: the jobs and tests of one service.

use super::Model;
use super::list::List;
use crate::pane::{Filter, Identity, Pane};

/// What is shown of one row.
pub(super) struct Inside {
    /// The row.
    pub(super) identity: Identity,
    /// The view of its parts.
    pub(super) pane: &'static dyn Pane,
    pub(super) list: List,
    /// The filter of the pane's rows, which says nothing about parts.
    before: Filter,
}

/// Shows the parts of the selected row, where its pane has any, and returns whether it has.
pub(super) fn enter(model: &mut Model) -> bool {
    let Some(pane) = model.shown().parts() else { return false };
    let Some(identity) = model.selected().map(|subject| subject.identity()) else { return false };
    let before = std::mem::take(&mut model.filter);
    model.inside = Some(Inside { identity, pane, list: List::default(), before });
    true
}

/// Goes back to the rows of the pane, and returns whether it was anywhere else.
pub(super) fn leave(model: &mut Model) -> bool {
    let Some(inside) = model.inside.take() else { return false };
    model.filter = inside.before;
    true
}
