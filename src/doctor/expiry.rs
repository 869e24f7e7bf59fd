//! A store of secrets: whether its token is accepted, what that may do, and whether each list can be read.

use jiff::Timestamp;

use super::{About, Check, Grade, Section, counted, failure};
use crate::analysis::{Severity, urgency};
use crate::domain::{CredentialRecord, CredentialScan, Health, Hours, SourceId, SourceKind, Standing, Text};

/// What was seen of a store of secrets.
#[derive(Debug)]
pub struct ExpiryLook<'a> {
    /// Its name in the configuration.
    pub id: &'a SourceId,
    /// What it is and where, in words.
    pub what: String,
    /// Its lists; `None` where no answer came in time.
    pub scans: Option<Vec<CredentialScan>>,
    /// What it was sent.
    pub health: Option<Health>,
}

impl ExpiryLook<'_> {
    /// Returns what that means.
    #[must_use]
    pub fn section(&self, hours: &Hours, now: Timestamp) -> Section {
        let checks = match &self.scans {
            None => vec![Check::new("lists", Grade::Unknown, "no answer in time")],
            Some(scans) => scans.iter().flat_map(|scan| checks(scan, hours, now)).collect(),
        };
        Section {
            about: About::Source(SourceKind::Expiry),
            name: self.id.as_str().into(),
            head: format!("Store of secrets {} ({})", self.id, self.what).into(),
            checks,
            health: self.health.clone(),
        }
    }
}

fn checks(scan: &CredentialScan, hours: &Hours, now: Timestamp) -> Vec<Check> {
    let is_own = scan.scope.raw().starts_with("own/");
    let name = if is_own { "token" } else { scan.scope.as_str() };
    match &scan.found {
        Err(failure) => vec![failure::check(name.to_owned(), "", failure)],
        Ok(batch) if is_own => batch.items.iter().map(|record| own(record, hours, now)).collect(),
        Ok(batch) => {
            let count = counted(batch.items.len(), "credential", "credentials");
            let skipped = match batch.skipped {
                0 => String::new(),
                skipped => format!(", and {skipped} that could not be read"),
            };
            let more = if batch.complete { "" } else { ", and more than were read" };
            let says = format!("can be read: {count}{skipped}{more}");
            let grade = if batch.skipped > 0 { Grade::Warn } else { Grade::Ok };
            vec![Check::new(name, grade, says)]
        }
    }
}

fn own(record: &CredentialRecord, hours: &Hours, now: Timestamp) -> Check {
    let urgency = urgency(record, hours, now);
    let grade = match (urgency.severity, &record.standing) {
        (Severity::Expired | Severity::Broken, _) => Grade::Fail,
        (_, Standing::Untried) => Grade::Unknown,
        // One that leaks and never ends does harm for ever.
        (Severity::Critical | Severity::Warning | Severity::Overdue | Severity::Never, _) => Grade::Warn,
        (Severity::Unknown | Severity::Notice | Severity::Ok, _) => Grade::Ok,
    };
    let stands = match record.standing {
        Standing::Accepted | Standing::AboveNeed(_) => "accepted; ",
        Standing::Untried | Standing::OutOfReach(_) => "could not be tried; ",
        Standing::Refused(_) | Standing::Ended(_) => "",
    };
    // What else is not known of a dead one helps nobody.
    let told = if grade == Grade::Fail { 1 } else { usize::MAX };
    let said = urgency.reasons.iter().take(told).map(ToString::to_string).collect::<Vec<_>>().join("; ");
    let says = format!("from {}: {stands}{said}", record.place);
    let check = Check::new("token", grade, says);
    let notes = record.notes.iter().map(Text::as_str).collect::<Vec<_>>().join(" ");
    let check = if notes.is_empty() { check } else { check.why(notes) };
    match (&record.replace, grade) {
        (Some(replace), Grade::Warn) => check.fix(replace.clone()),
        (None, Grade::Warn) => check.fix("Make one with an end, and with no more rights than the README names."),
        (_, Grade::Fail) => check.fix("Make a new one and put it in the same place; landfall reads it anew."),
        (_, Grade::Ok | Grade::Unknown) => check,
    }
}
