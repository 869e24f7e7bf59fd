//! Facts that were dated by a clock that was ahead: nobody knows when they were seen.

use jiff::{SignedDuration, Timestamp};

use super::{Fact, Judgement, Landed, TagFact};

/// What is dated ahead of the clock counts as this old: all that is looked at again from time to time is due then.
const OLD: SignedDuration = SignedDuration::from_hours(1);

impl Fact {
    /// Returns what may be believed of a fact now. What is dated ahead of now counts as seen long ago, so that nothing
    /// takes it for fresh; that a tag was absent, and that somebody could be asked, is forgotten then, for a verdict rests
    /// on when that was.
    #[must_use]
    pub fn believed(self, now: Timestamp) -> Option<Self> {
        let old = now.saturating_sub(OLD).unwrap_or(now);
        let seen = |at: Timestamp| if at > now { old } else { at };
        Some(match self {
            Self::Runs { service, batch, seen_at } => Self::Runs { service, batch, seen_at: seen(seen_at) },
            Self::Jobs { run, batch, seen_at, looks } => Self::Jobs { run, batch, seen_at: seen(seen_at), looks },
            Self::Tag(fact) => {
                let TagFact { seen_at, changed_at, .. } = fact;
                if seen_at > now && fact.known.is_err() {
                    return None;
                }
                Self::Tag(TagFact { seen_at: seen(seen_at), changed_at: seen(changed_at), ..fact })
            }
            Self::Landed(landed) => {
                let last_seen = seen(landed.last_seen);
                Self::Landed(Landed { since: landed.since.min(last_seen), last_seen, ..landed })
            }
            Self::Judged(judgement) => Self::Judged(Judgement { since: judgement.since.min(now), ..judgement }),
            Self::Deployed(service, deployed, at) => Self::Deployed(service, deployed, seen(at)),
            Self::Scanned(scope, batch, at) => Self::Scanned(scope, batch, seen(at)),
            Self::Readable(_, at) | Self::Answered(_, _, at) | Self::Failing(_, _, at, _) if at > now => return None,
            fact @ (Self::PushLog(..)
            | Self::Manifest(..)
            | Self::Config(..)
            | Self::Blob(..)
            | Self::Readable(..)
            | Self::Answered(..)
            | Self::Failing(..)
            | Self::Ended(_)
            | Self::Tries(..)
            | Self::Reports(..)
            | Self::Retried(..)
            | Self::Arrived(..)) => fact,
        })
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use crate::domain::{Absence, AbsenceCode, Digest, ImageName, SourceId, SourceKind, Tag, TagRef};

    fn at(minute: i64) -> Timestamp {
        Timestamp::from_second(minute * 60).unwrap()
    }

    fn tag(known: Result<Digest, Absence>, seen: i64) -> Fact {
        let tag_ref = TagRef { image: ImageName::parse("ghcr.io/acme/app").unwrap(), tag: Tag::parse("one").unwrap() };
        let absent_since = known.is_err().then(|| at(seen - 5));
        let (seen_at, absent_looks) = (at(seen), u32::from(known.is_err()) * 2);
        Fact::Tag(TagFact { tag_ref, known, seen_at, changed_at: at(seen - 5), absent_since, absent_looks })
    }

    #[test]
    fn what_is_dated_ahead_is_old_and_an_absence_is_forgotten() {
        let there = || Ok(Digest::parse(&format!("sha256:{:064}", 1)).unwrap());
        let gone = || Err(Absence { code: AbsenceCode::ManifestUnknown, says: "no".into() });
        let known = tag(there(), 110).believed(at(100));
        assert!(matches!(known, Some(Fact::Tag(fact)) if fact.seen_at == at(40) && fact.changed_at == at(40)));
        assert_eq!(tag(gone(), 110).believed(at(100)), None);
        for known in [there(), gone()] {
            assert_eq!(tag(known.clone(), 99).believed(at(100)), Some(tag(known, 99)), "what is not stays as it is");
        }
        let answered = |minute| Fact::Answered(SourceId::parse("github").unwrap(), SourceKind::Ci, at(minute));
        assert_eq!(answered(101).believed(at(100)), None);
        assert_eq!(answered(100).believed(at(100)), Some(answered(100)));
    }
}
