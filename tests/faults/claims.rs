//! What may be said of the demo's world, and what is wrong.

use std::collections::BTreeMap;

use landfall::analysis::{Report, Row, Verdict};
use landfall::demo::Servers;

/// What the world deserves to be said of it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Truth(BTreeMap<(String, String), Vec<Verdict>>);

impl Truth {
    pub(crate) fn of(servers: &Servers) -> Self {
        let mut truth = Self::default();
        truth.or(servers);
        truth
    }

    /// Adds what the world deserves by now: what changes while it is looked at may be told either way.
    pub(crate) fn or(&mut self, servers: &Servers) {
        for deserved in servers.deserved() {
            let verdicts = self.0.entry((deserved.service, short(&deserved.tag))).or_default();
            if !verdicts.contains(&deserved.verdict) {
                verdicts.push(deserved.verdict);
            }
        }
    }

    /// Returns whether exactly this is deserved.
    pub(crate) fn is(&self, service: &str, tag: &str, said: Verdict) -> bool {
        match self.0.get(&(service.to_owned(), short(tag))) {
            Some(verdicts) => verdicts.contains(&said),
            None if moves(service, tag) => {
                matches!(said, Verdict::Landed | Verdict::NotExpected | Verdict::Pending)
            }
            None => said == Verdict::NotExpected,
        }
    }

    /// Returns whether this may be said by somebody who cannot see everything.
    pub(crate) fn allows(&self, service: &str, tag: &str, said: Verdict) -> bool {
        match said {
            Verdict::Unknown | Verdict::Pending => true,
            // The registry's word that it is not there stands by itself; only the log can tell that it is elsewhere.
            Verdict::Missing if self.is(service, tag, Verdict::Misrouted) => true,
            // That the label names another commit is so; only that commit's own tag can tell that it is an older one's.
            Verdict::Mismatch if self.is(service, tag, Verdict::Stale) => true,
            _ => self.is(service, tag, said),
        }
    }

    /// Returns in words what is deserved.
    pub(crate) fn deserved(&self, service: &str, tag: &str) -> String {
        let deserved = self.0.get(&(service.to_owned(), short(tag)));
        deserved.map_or_else(|| "deserves nothing".to_owned(), |verdicts| format!("deserves {verdicts:?}"))
    }

    /// Returns the rows of a report that `right` refuses.
    pub(crate) fn wrong(&self, report: &Report, right: impl Fn(&Row) -> bool) -> Vec<String> {
        let wrong = report.rows().filter(|row| !right(row));
        let told = wrong.map(|row| {
            let (service, tag) = (row.service.name.as_str(), row.tag.as_ref().unwrap().as_str());
            format!("{service} {tag} is {} and {}", row.verdict, self.deserved(service, tag))
        });
        told.collect()
    }
}

/// Returns a tag as far as the screen shows it.
fn short(tag: &str) -> String {
    tag.trim_end_matches('…').chars().take(27).collect()
}

/// The one service with a moving tag is healthy: of its branches' tags nothing bad may be said.
fn moves(service: &str, tag: &str) -> bool {
    service == "storefront" && !tag.starts_with("sha-")
}
