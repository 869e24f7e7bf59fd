//! Whether a refused credential was replaced: asked of the source every few seconds, and of nobody else.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::time::Instant;

use super::gate::PROBE;
use crate::domain::SourceId;

/// Between two looks at the credential.
const EVERY: Duration = Duration::from_secs(10);

/// Sources whose credential was refused.
#[derive(Debug, Default)]
pub(super) struct Renewals(BTreeMap<SourceId, Renewal>);

#[derive(Debug)]
struct Renewal {
    next: Instant,
    /// Credentials in a row that were new, and refused as well.
    in_vain: u32,
    asked: bool,
}

impl Renewals {
    /// Returns whether a source whose credential stands refused, or does not, is to be asked now.
    pub(super) fn is_due(&mut self, source: &SourceId, refused: bool, now: Instant) -> bool {
        if !refused {
            self.0.remove(source);
            return false;
        }
        if !self.0.contains_key(source) {
            self.0.insert(source.clone(), Renewal { next: now + EVERY, in_vain: 0, asked: false });
        }
        let Some(renewal) = self.0.get_mut(source).filter(|renewal| !renewal.asked && renewal.next <= now) else {
            return false;
        };
        renewal.asked = true;
        true
    }

    /// Notes the source's word. A credential that is new each time and refused each time is tried ever less often.
    pub(super) fn answered(&mut self, source: &SourceId, renewed: bool, now: Instant) {
        let Some(renewal) = self.0.get_mut(source) else { return };
        renewal.asked = false;
        renewal.in_vain += u32::from(renewed);
        let pause = EVERY.saturating_mul(1 << renewal.in_vain.saturating_sub(1).min(8)).min(PROBE);
        renewal.next = now + if renewed { pause } else { EVERY };
    }

    /// Returns when one is next to be asked.
    pub(super) fn next(&self) -> Option<Instant> {
        self.0.values().filter(|renewal| !renewal.asked).map(|renewal| renewal.next).min()
    }
}
