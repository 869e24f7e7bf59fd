//! The evidence chain of one row, in plain sentences in the order it was looked at.

use jiff::Timestamp;

use super::context::Context;
use super::walk::walk;
use super::{Explanation, Policy, Row};
use crate::domain::Snapshot;

/// Explains one row. A row that is no longer listed has an empty explanation.
#[must_use]
pub fn explain(snapshot: &Snapshot, row: &Row, policy: &Policy, now: Timestamp) -> Explanation {
    let mut explanation = Explanation::default();
    let ctx = Context::new(snapshot, &row.service, policy, now);
    let place = ctx.places().find(|place| {
        place.run.key == row.run.key && place.image_index == row.image_index && place.tag_index == row.tag_index
    });
    if let Some(place) = place {
        walk(&ctx, &place, &mut explanation);
    }
    explanation
}
