//! Who answers, for somebody who only glances at the screen.

use jiff::Timestamp;

use super::age::age;
use crate::analysis::{Report, SourceReport};
use crate::domain::SourceKind;

/// Who of the CI providers and registries answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answering {
    /// Everybody.
    All,
    /// So many of so many. Whoever was in trouble before this start and was not asked since is not among them.
    Few {
        /// How many answer.
        live: usize,
        /// How many there are.
        all: usize,
    },
    /// Nobody, and when the last answer of any came.
    Nobody(Option<Timestamp>),
}

/// Returns who answers. Whoever refuses one thing has answered, and whoever is kept for the user is not asked.
#[must_use]
pub fn answering(report: &Report, now: Timestamp) -> Answering {
    let asked = || report.sources.iter().filter(|source| source.health.kind != SourceKind::Expiry);
    let all = asked().count();
    let silent = asked().filter(|source| is_silent(source, now)).count();
    if silent == all && all > 0 {
        return Answering::Nobody(asked().filter_map(|source| source.health.last_ok).max());
    }
    let live = asked().filter(|source| !is_silent(source, now) && source.health.earlier.is_none()).count();
    if live == all { Answering::All } else { Answering::Few { live, all } }
}

/// Returns whether a source itself fails. One answer that fails among others that come would come and go.
fn is_silent(source: &SourceReport, now: Timestamp) -> bool {
    source.health.failure.is_some() && source.health.last_ok.is_none_or(|ok| ok > now || age(ok, now) != "now")
}
