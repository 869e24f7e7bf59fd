//! The evidence chain of one row, in plain sentences in the order it was looked at.

use jiff::Timestamp;

use super::absence::RENEW;
use super::context::Context;
use super::walk::walk;
use super::{Explanation, Incident, Policy, Row, Verdict};
use crate::domain::Snapshot;

/// Explains one row. A row that is no longer listed has an empty explanation.
#[must_use]
pub fn explain(snapshot: &Snapshot, row: &Row, policy: &Policy, now: Timestamp) -> Explanation {
    let mut explanation = Explanation::default();
    let ctx = Context::new(snapshot, &row.service, policy, now);
    let place = ctx.places().find(|place| place.run.key == row.run.key && place.at == row.place);
    if let Some(place) = place {
        walk(&ctx, &place, &mut explanation);
    }
    explanation
}

impl Explanation {
    /// Returns it with what is to be done about the incident that the row is a part of, in place of what a refusal alone
    /// would suggest: the incident knows which credential of the service it could be.
    #[must_use]
    pub fn within(mut self, incidents: &[Incident], row: &Row) -> Self {
        let is_part = |incident: &&Incident| {
            incident.pushes.iter().any(|(run, image)| *run == row.run.key && row.image() == Some(image))
        };
        let stops = matches!(row.verdict, Verdict::Missing | Verdict::Stale);
        let step = incidents.iter().filter(|_| stops).find(is_part).and_then(|incident| {
            let mut theirs = incident.suspects.iter().filter(|it| it.services.contains(&row.service.name));
            let suspect = theirs.find(|suspect| suspect.next_step.is_some())?;
            Some(format!("{} could be the cause: {}", suspect.name, suspect.next_step.as_ref()?))
        });
        if let Some(step) = step {
            self.next_steps.retain(|step| !step.starts_with(RENEW));
            self.next_steps.insert(0, step);
        }
        self
    }
}
