//! How urgent one credential is, and why: standing, end, policy, in words. The thresholds follow its lifetime.

use std::fmt;

use jiff::{SignedDuration, Timestamp};

use super::Reason;
use super::working_time::{act_by, is_working, team_time, team_zone, time_left, time_past};
use crate::domain::{CredentialKind, CredentialRecord, Expiry, Hours, LastUse, Renewal, Standing};

const DAY: SignedDuration = SignedDuration::from_hours(24);
/// A manual one that lives longer than this is critical on its last day, whatever its lifetime.
const LONG: SignedDuration = SignedDuration::from_hours(72);
/// Unused for so long it is perhaps nobody's.
const UNUSED: SignedDuration = SignedDuration::from_hours(90 * 24);
/// A clock may be off by this without a certificate being said to be from the future.
const SKEW: SignedDuration = SignedDuration::from_mins(5);

/// How urgent a credential is, the worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Severity {
    /// It has ended.
    Expired,
    /// It was refused, revoked, or is not valid yet.
    Broken,
    /// It ends within a day, or a tenth of its life.
    Critical,
    /// It ends within a week, or a quarter of its life.
    Warning,
    /// Nobody knows when it ends.
    Unknown,
    /// It is older than somebody wants it to be.
    Overdue,
    /// It ends within a month, or a third of its life, or will be overdue soon.
    Notice,
    /// Nothing is to be done.
    Ok,
    /// It has no end, by the word of whoever knows.
    Never,
}

impl Severity {
    /// Every severity, the worst first.
    pub const ALL: [Self; 9] = [
        Self::Expired,
        Self::Broken,
        Self::Critical,
        Self::Warning,
        Self::Unknown,
        Self::Overdue,
        Self::Notice,
        Self::Ok,
        Self::Never,
    ];

    /// Returns its word.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Expired => "expired",
            Self::Broken => "broken",
            Self::Critical => "critical",
            Self::Warning => "warning",
            Self::Unknown => "unknown",
            Self::Overdue => "overdue",
            Self::Notice => "notice",
            Self::Ok => "ok",
            Self::Never => "never",
        }
    }

    /// Returns whether it is a finding: `check --credentials` gives 1 for it.
    #[must_use]
    pub fn is_finding(self) -> bool {
        match self {
            Self::Expired | Self::Broken | Self::Critical | Self::Warning | Self::Overdue => true,
            Self::Unknown | Self::Notice | Self::Ok | Self::Never => false,
        }
    }

    /// Returns the next worse one on the way to the end.
    fn worse(self) -> Self {
        match self {
            Self::Ok | Self::Never => Self::Notice,
            Self::Notice => Self::Warning,
            Self::Warning => Self::Critical,
            Self::Critical | Self::Expired | Self::Broken | Self::Unknown | Self::Overdue => self,
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

/// What a credential's dates mean now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Urgency {
    /// How urgent it is.
    pub severity: Severity,
    /// A sentence for everything that was found, the worst first.
    pub reasons: Vec<Reason>,
    /// What may help to decide what to do, and changes nothing.
    pub hints: Vec<String>,
    /// Until when somebody has to start, in the team's working time; nothing where it has no end or renews itself.
    pub act_by: Option<Timestamp>,
}

/// Judges one credential.
#[must_use]
pub fn urgency(record: &CredentialRecord, hours: &Hours, now: Timestamp) -> Urgency {
    let mut found = Vec::new();
    let (ends, act_by) = end(record, hours, now);
    // A right too many can wait for what is as urgent and has an end.
    let (before, after) = match record.standing {
        Standing::AboveNeed(_) => (None, standing(record)),
        _ => (standing(record), None),
    };
    found.extend(before);
    found.extend(ends);
    found.extend(after);
    found.extend(policy(record, now));
    found.extend(not_yet(record, now));
    if let Expiry::Unreadable(words) = &record.expiry {
        found.push((Severity::Unknown, format!("its end cannot be read: {words}").into()));
    }
    // Of a list that is out of reach there is no end that anybody could declare.
    let knows_nothing = matches!(record.expiry, Expiry::Untold)
        && record.rotate_by.is_none()
        && record.max_age.is_none()
        && !matches!(record.standing, Standing::OutOfReach(_));
    let is_accepted = matches!(record.standing, Standing::Accepted | Standing::AboveNeed(_));
    if knows_nothing && record.renewal == Renewal::Auto && is_accepted {
        found.push((Severity::Ok, "was accepted, and is renewed by a program".into()));
    } else if knows_nothing {
        let words = "no expiry is known and no policy is set: declare expires_at, rotate_by or max_age_days for it";
        found.push((Severity::Unknown, words.into()));
    }
    found.sort_by_key(|(severity, _)| *severity);
    let severity = found.first().map_or(Severity::Unknown, |(severity, _)| *severity);
    let reasons = found.into_iter().map(|(_, words)| words).collect();
    Urgency { severity, reasons, hints: hints(record, now), act_by }
}

type Found = Option<(Severity, Reason)>;

fn standing(record: &CredentialRecord) -> Found {
    let said = |words: &str, says: &crate::domain::Text| {
        Reason::from(if says.is_empty() { words.to_owned() } else { format!("{words}: {says}") })
    };
    match &record.standing {
        Standing::Accepted | Standing::Untried => None,
        Standing::AboveNeed(what) => {
            let what = if what.is_empty() { "rights above need" } else { what.as_str() };
            Some((Severity::Warning, what.into()))
        }
        Standing::OutOfReach(who) => {
            let who = if who.is_empty() { "others than us" } else { who.as_str() };
            Some((Severity::Notice, format!("is only shown to {who}").into()))
        }
        Standing::Refused(says) => Some((Severity::Broken, said("it was refused", says))),
        Standing::Ended(says) => Some((Severity::Expired, said("it was refused because it has ended", says))),
    }
}

fn end(record: &CredentialRecord, hours: &Hours, now: Timestamp) -> (Found, Option<Timestamp>) {
    let at = match record.expiry {
        Expiry::At(at) => at,
        Expiry::Never => return (Some((Severity::Never, "it has no end".into())), None),
        Expiry::Untold | Expiry::Unreadable(_) => return (None, None),
    };
    let zone = team_zone(hours, at);
    let moment = team_time(hours, at, now);
    if at <= now {
        let ago = time_past(now.duration_since(at));
        return (Some((Severity::Expired, format!("expired {moment} {zone}, {ago} ago").into())), None);
    }
    let left = at.duration_since(now);
    let mut severity = by_time_left(record, left);
    let off_hours = if is_working(hours, at) { "" } else { " (off hours)" };
    if record.renewal == Renewal::Auto {
        let words = format!("expires {moment} {zone}{off_hours}, and is renewed by a program");
        return (Some((severity, words.into())), None);
    }
    let act_by = act_by(hours, at);
    // Where the clock is put forward or back in between, both moments need their zone.
    let same = act_by.is_some_and(|by| team_zone(hours, by) == zone);
    let found = format!("expires {moment}{}{off_hours}", if same { String::new() } else { format!(" {zone}") });
    let by = act_by.map(|by| format!("{} {}", team_time(hours, by, now), team_zone(hours, by)));
    let is_late = act_by.is_none_or(|by| by <= now);
    severity = if is_late { severity.worse() } else { severity };
    let act = match by {
        Some(by) if is_late => format!("now, it was to be done by {by}"),
        Some(by) => format!("by {by}"),
        None => "now, no working time is left before it".to_owned(),
    };
    (Some((severity, Reason { found, act: Some(act) })), act_by)
}

/// A fixed threshold would call a token of one hour critical all its life: a part of the lifetime is the limit, where
/// the lifetime is known.
fn by_time_left(record: &CredentialRecord, left: SignedDuration) -> Severity {
    let life = record.lifetime();
    let limit = |fixed: SignedDuration, part: i32| life.map_or(fixed, |life| fixed.min(life / part));
    let is_short = life.is_some_and(|life| life < LONG);
    let critical = if record.renewal == Renewal::Auto || is_short { limit(DAY, 10) } else { DAY };
    if left <= critical {
        Severity::Critical
    } else if left <= limit(DAY * 7, 4) {
        Severity::Warning
    } else if left <= limit(DAY * 30, 3) {
        Severity::Notice
    } else {
        Severity::Ok
    }
}

fn policy(record: &CredentialRecord, now: Timestamp) -> Vec<(Severity, Reason)> {
    let mut found = Vec::new();
    if let Some(by) = record.rotate_by {
        let notice = record.age_from().map_or(DAY * 30, |from| (by.duration_since(from) / 5).min(DAY * 30));
        let left = by.duration_since(now);
        found.push(if by <= now {
            (Severity::Overdue, format!("was to be replaced {} ago", time_past(-left)).into())
        } else if left <= notice && record.renewal != Renewal::Auto {
            (Severity::Notice, format!("is to be replaced within {}", time_left(left)).into())
        } else {
            (Severity::Ok, format!("is to be replaced in {}", time_left(left)).into())
        });
    }
    if let Some(max) = record.max_age {
        let Some(from) = record.age_from() else {
            found.push((
                Severity::Unknown,
                format!("may grow {} old, and nobody says when it was made", time_left(max)).into(),
            ));
            return found;
        };
        let age = now.duration_since(from);
        let words = format!("is {} old, and may grow {} old", time_past(age), time_left(max)).into();
        found.push(if age >= max {
            (Severity::Overdue, words)
        } else if age >= max / 5 * 4 {
            (Severity::Notice, words)
        } else {
            (Severity::Ok, words)
        });
    }
    found
}

fn not_yet(record: &CredentialRecord, now: Timestamp) -> Found {
    let dated =
        matches!(record.kind, CredentialKind::Certificate | CredentialKind::SshCertificate | CredentialKind::Jwt);
    let from = record.created_at.filter(|from| dated && from.duration_since(now) > SKEW)?;
    Some((Severity::Broken, format!("is not valid yet, but in {}", time_left(from.duration_since(now))).into()))
}

fn hints(record: &CredentialRecord, now: Timestamp) -> Vec<String> {
    match record.last_use {
        LastUse::At(at) if now.duration_since(at) <= SignedDuration::from_hours(1) => {
            vec!["It was used within the last hour: let the old one live until the new one is in place.".to_owned()]
        }
        LastUse::At(at) if now.duration_since(at) > UNUSED => {
            let ago = time_past(now.duration_since(at));
            vec![format!(
                "It was last used {ago} ago: perhaps nobody needs it, and it is to be deleted rather than replaced."
            )]
        }
        LastUse::Never => vec!["It was never used: perhaps nobody needs it, and it is to be deleted.".to_owned()],
        LastUse::At(_) | LastUse::Untold => Vec::new(),
    }
}
