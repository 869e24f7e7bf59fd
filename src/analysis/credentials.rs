//! Every credential, the worst first: what was seen of its copies, joined with what is declared and with the credential
//! that each was copied from.

use std::fmt;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::breaks::{self, Breaks};
use super::consumers::Consumer;
use super::counted::counted;
use super::next_credential_step::ASKS_AGAIN;
use super::redacted::redact;
use super::severity::{Severity, Urgency, urgency};
use crate::domain::{
    CredentialKind, CredentialRecord, DeclaredCredential, Evidence, Expiry, Failure, Hours, Remedy, Renewal, Snapshot,
    SourceId, Text,
};

/// What credentials are judged by.
#[derive(Debug, Clone)]
pub struct CredentialPolicy {
    /// When the team is at work.
    pub hours: Hours,
    /// What the configuration declares.
    pub declared: Vec<DeclaredCredential>,
    /// The age at which what has no known end is to be replaced.
    pub max_age: Option<SignedDuration>,
    /// How far apart looks stand; what was not seen for twice as long is stale.
    pub every: SignedDuration,
    /// Whether names are left out.
    pub redact: bool,
}

impl Default for CredentialPolicy {
    fn default() -> Self {
        Self {
            hours: Hours::default(),
            declared: Vec::new(),
            max_age: None,
            every: SignedDuration::from_hours(6),
            redact: false,
        }
    }
}

/// One row: a credential, or lists of them that could not be read.
#[derive(Debug, Clone)]
pub struct CredentialReport {
    /// Who told of it; nobody of what is only declared.
    pub source: Option<SourceId>,
    /// The credential, with everything that is declared of it.
    pub record: Arc<CredentialRecord>,
    /// How urgent it is, and why.
    pub urgency: Urgency,
    /// For how long it was not seen, where that is longer than it should be.
    pub stale: Option<SignedDuration>,
    /// Why its list could not be read the last time.
    pub failure: Option<Failure>,
    /// Who reads it, and what breaks first when it ends.
    pub breaks: Breaks,
    /// What it was before its names were taken out of it. Only incidents look for suspects by it; nothing shows it.
    pub(super) named: Option<Named>,
}

/// Who told of a credential and what it is, with all names.
#[derive(Clone)]
pub(super) struct Named {
    pub(super) source: Option<SourceId>,
    pub(super) record: Arc<CredentialRecord>,
}

impl fmt::Debug for Named {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Named(…)")
    }
}

impl CredentialReport {
    /// Returns whether nobody can say that it is well: exit code 3.
    #[must_use]
    pub fn is_unsure(&self) -> bool {
        self.urgency.severity == Severity::Unknown || self.stale.is_some()
    }

    /// Returns everybody who uses it, once: who is declared, then the pipelines that read it, or may do so by what is
    /// known of them.
    #[must_use]
    pub fn consumers(&self) -> Vec<String> {
        let declared = &self.record.consumers;
        let is_new = |consumer: &&Consumer| {
            !consumer.is_unread() && !declared.iter().any(|declared| consumer.is_called(declared.as_str()))
        };
        let mut all: Vec<String> = declared.iter().map(ToString::to_string).collect();
        for consumer in self.breaks.consumers.iter().filter(is_new) {
            let words = format!("{}: {}", consumer.repo, consumer.pipeline.name);
            if !all.contains(&words) {
                all.push(words);
            }
        }
        all
    }

    /// Returns who is declared to use it and is none of the pipelines that were found to read it.
    #[must_use]
    pub fn only_declared(&self) -> Vec<&Text> {
        let is_found = |declared: &&Text| {
            let mut found = self.breaks.consumers.iter().filter(|consumer| !consumer.is_unread());
            found.any(|consumer| consumer.is_called(declared.as_str()))
        };
        self.record.consumers.iter().filter(|declared| !is_found(declared)).collect()
    }
}

/// Judges every credential that was seen or is declared.
#[must_use]
pub fn credentials(snapshot: &Snapshot, policy: &CredentialPolicy, now: Timestamp) -> Vec<CredentialReport> {
    let seen: Vec<Arc<CredentialRecord>> =
        snapshot.credentials().flat_map(|(_, list)| list.records.iter().cloned()).collect();
    let mut rows = Vec::new();
    for ((source, scope), list) in snapshot.credentials() {
        let failure = list.failure.as_ref().map(|miss| miss.failure.clone());
        for record in &list.records {
            if known_already(&mut rows, source, record) {
                continue;
            }
            let (record, declared) = with_declared(record, policy, &seen);
            let mut urgency = urgency(&record, &policy.hours, now);
            if let Some(words) = half_rotated(&record, declared, &seen) {
                urgency.reasons.insert(0, words.into());
                urgency.severity = urgency.severity.min(Severity::Critical);
            }
            let unseen = now.duration_since(record.observed_at);
            let stale = (unseen > policy.every * 2).then_some(unseen);
            let failure = failure.clone();
            rows.push(CredentialReport {
                source: Some(source.clone()),
                record: Arc::new(record),
                urgency,
                stale,
                failure,
                breaks: Breaks::default(),
                named: None,
            });
        }
        if let Some(failure) = failure.filter(|_| list.records.is_empty()) {
            let at = list.failure.as_ref().map_or(now, |miss| miss.at);
            unread(&mut rows, source, scope, failure, at);
        }
    }
    let uncopied =
        policy.declared.iter().filter(|declared| !seen.iter().any(|record| declared.is_copied_to(&record.id)));
    rows.extend(uncopied.map(|declared| {
        let record = Arc::new(on_its_own(declared, now));
        let urgency = urgency(&record, &policy.hours, now);
        let breaks = Breaks::default();
        CredentialReport { source: None, record, urgency, stale: None, failure: None, breaks, named: None }
    }));
    rows.sort_by(|one, other| rank(one).cmp(&rank(other)));
    breaks::join(&mut rows, snapshot, policy, now);
    if policy.redact {
        redact(&mut rows);
    }
    rows
}

/// Which counts become one number first where there is no room for all of them.
const LEAST: [&str; 4] = ["never", "notice", "ok", "overdue"];

/// Says how many there are of each severity, the worst first; or that there is none. Where `width` letters are too few
/// the least urgent become one number.
#[must_use]
pub fn credential_counts(rows: &[CredentialReport], width: usize) -> String {
    let count = |severity| rows.iter().filter(|row| row.urgency.severity == severity).count();
    let severities = Severity::ALL.into_iter().map(|severity| (count(severity), severity.word()));
    let stale = rows.iter().filter(|row| row.stale.is_some()).count();
    let mut parts: Vec<_> = severities.filter(|(count, _)| *count > 0).collect();
    if parts.is_empty() {
        return "no credential was seen".to_owned();
    }
    let mut others = 0;
    // What is stale is counted by its severity too.
    let written = |parts: &[(usize, &str)], others: usize| {
        let rest = (others > 0).then(|| counted(others, "other"));
        let stale = (stale > 0).then(|| format!("{stale} stale"));
        let parts = parts.iter().map(|(count, word)| format!("{count} {word}"));
        parts.chain(rest).chain(stale).collect::<Vec<_>>().join(" · ")
    };
    for least in LEAST {
        if written(&parts, others).chars().count() <= width {
            break;
        }
        others += parts.extract_if(.., |(_, word)| *word == least).map(|(count, _)| count).sum::<usize>();
    }
    written(&parts, others)
}

/// One credential may be told by several lists, as an organization's secret is by each repository that it reaches.
fn known_already(rows: &mut [CredentialReport], source: &SourceId, record: &CredentialRecord) -> bool {
    let same = |row: &&mut CredentialReport| row.record.id == record.id && row.source.as_ref() == Some(source);
    let Some(row) = rows.iter_mut().find(same) else { return false };
    let known = Arc::make_mut(&mut row.record);
    let new = record.consumers.iter().filter(|it| !known.consumers.contains(it)).cloned().collect::<Vec<_>>();
    known.consumers.extend(new);
    if let (Some(known), Some(more)) = (&mut known.reach, &record.reach) {
        known.repos.extend(more.repos.iter().filter(|repo| !known.repos.contains(repo)).cloned().collect::<Vec<_>>());
    }
    true
}

/// Landfall's own come first, since what they cannot see nobody is told of; then the worst, then what ends first.
fn rank(row: &CredentialReport) -> (bool, Severity, Timestamp, &Text) {
    let end = match row.record.expiry {
        Expiry::At(at) => at,
        Expiry::Never | Expiry::Untold | Expiry::Unreadable(_) => row.record.due().unwrap_or(Timestamp::MAX),
    };
    (!row.record.kind.is_own(), row.urgency.severity, end, &row.record.id)
}

/// Lists of one source that are closed for the same reason are one row: forty of them would hide what can be done.
fn unread(rows: &mut Vec<CredentialReport>, source: &SourceId, scope: &Text, failure: Failure, at: Timestamp) {
    let id = format!("{source}: {}", failure.label());
    if let Some(row) = rows.iter_mut().find(|row| row.record.id.raw() == id) {
        let record = Arc::make_mut(&mut row.record);
        record.notes.push(scope.clone());
        record.name = format!("{} lists that could not be read", record.notes.len()).into();
        return;
    }
    let kind = CredentialKind::list();
    let mut record = CredentialRecord::new(id, scope.clone(), kind, at);
    (record.place, record.evidence) = (source.as_str().into(), Evidence::Probe);
    record.notes.push(scope.clone());
    if failure.remedy() != Remedy::Fix {
        record.replace = Some(ASKS_AGAIN.into());
    }
    let reasons = vec![format!("could not look: {failure}").into()];
    let urgency = Urgency { severity: Severity::Unknown, reasons, hints: Vec::new(), act_by: None };
    rows.push(CredentialReport {
        source: Some(source.clone()),
        record: Arc::new(record),
        urgency,
        stale: None,
        failure: Some(failure),
        breaks: Breaks::default(),
        named: None,
    });
}

/// Adds what is declared of a copy. What its provider tells of its end is believed first.
fn with_declared<'p>(
    record: &CredentialRecord,
    policy: &'p CredentialPolicy,
    seen: &[Arc<CredentialRecord>],
) -> (CredentialRecord, Option<&'p DeclaredCredential>) {
    let mut record = record.clone();
    let declared = policy.declared.iter().find(|declared| declared.is_copied_to(&record.id));
    record.upstream = record.upstream.or_else(|| declared?.upstream.clone());
    // What it was copied from ends for the copy as well.
    let upstream = record.upstream.as_ref().and_then(|id| seen.iter().find(|other| other.id == *id));
    if let Some(upstream) = upstream.filter(|_| matches!(record.expiry, Expiry::Untold)) {
        record.expiry.clone_from(&upstream.expiry);
        record.evidence = if matches!(record.expiry, Expiry::Untold) { record.evidence } else { upstream.evidence };
    }
    if let Some(declared) = declared {
        if matches!(record.expiry, Expiry::Untold) {
            record.expiry.clone_from(&declared.expiry);
            let tells = !matches!(declared.expiry, Expiry::Untold) || declared.rotate_by.is_some();
            record.evidence = if tells { Evidence::Declared } else { record.evidence };
        }
        record.rotate_by = record.rotate_by.or(declared.rotate_by);
        record.max_age = record.max_age.or(declared.max_age);
        record.owner = declared.owner.clone().or(record.owner);
        record.runbook = declared.runbook.clone().or(record.runbook);
        record.consumers.extend(declared.consumers.iter().cloned());
        if record.renewal == Renewal::Untold {
            record.renewal = declared.renewal;
        }
    }
    let has_no_end = matches!(record.expiry, Expiry::Untold) && record.rotate_by.is_none() && !record.kind.is_own();
    if has_no_end && record.max_age.is_none() && record.age_from().is_some() {
        record.max_age = policy.max_age;
    }
    (record, declared)
}

/// Says that a copy is older than the credential that it was made from, where it is: whoever reads it gets the old value.
fn half_rotated(
    record: &CredentialRecord,
    declared: Option<&DeclaredCredential>,
    seen: &[Arc<CredentialRecord>],
) -> Option<String> {
    let copied = record.age_from()?;
    let upstream = record.upstream.as_ref().and_then(|id| seen.iter().find(|other| other.id == *id));
    let made = upstream.and_then(|upstream| upstream.age_from()).or_else(|| declared?.created_at)?;
    let name = upstream.map(|upstream| &upstream.name).or_else(|| declared.map(|declared| &declared.name))?;
    (copied < made).then(|| format!("holds the value from before {name} was replaced: put the new one here too"))
}

fn on_its_own(declared: &DeclaredCredential, now: Timestamp) -> CredentialRecord {
    let kind = CredentialKind::parse(declared.kind.raw());
    let mut record =
        CredentialRecord::new(format!("declared/{}", declared.name.raw()), declared.name.clone(), kind, now);
    record.place = "declared in the configuration".into();
    record.expiry.clone_from(&declared.expiry);
    record.evidence = Evidence::Declared;
    record.renewal = declared.renewal;
    (record.created_at, record.rotate_by, record.max_age) = (declared.created_at, declared.rotate_by, declared.max_age);
    record.upstream.clone_from(&declared.upstream);
    record.owner.clone_from(&declared.owner);
    record.runbook.clone_from(&declared.runbook);
    record.consumers.clone_from(&declared.consumers);
    record
}
