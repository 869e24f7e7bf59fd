//! What it takes to believe that a tag is absent: that this credential can read the repository, and a second look.

use jiff::{SignedDuration, Timestamp};

use super::Verdict;
use super::context::{Context, Place};
use super::notes::Notes;
use crate::domain::{Look, Moment, Probe, Tag, TagRecord, TagRef, Urgency};

/// Returns a verdict where nothing shows that this credential can read the repository: a 404 can hide a 403.
pub(super) fn unreadable(
    ctx: &Context<'_>,
    place: &Place<'_>,
    tag: &Tag,
    record: &TagRecord,
    notes: &mut impl Notes,
) -> Option<Verdict> {
    let image = &place.spec.repository;
    let known = ctx.image(place);
    let readable_at = known.and_then(|known| known.readable_at);
    let canary = known.and_then(|known| known.canary.as_ref());
    let look = || Look::Canary(image.clone());
    if readable_at.is_some_and(|at| record.seen_at.duration_since(at).abs() <= ctx.policy.canary) {
        notes.say(|| format!("The same credential read {image}, so the answer is not a hidden refusal."));
        return None;
    }
    match canary {
        None if readable_at.is_none() => {
            notes.want(place.urgency, None, look);
            Some(Verdict::Unknown)
        }
        Some(Probe::Unseen(failure)) => {
            notes.say(|| format!("Whether this credential may read {image} is not shown: {failure}."));
            notes.mend(failure);
            notes.unsure(|| format!("Let landfall's credential list the tags of {image}: a 404 can hide a 403."));
            notes.want(Urgency::Again, None, look);
            again(place, tag, record, notes);
            Some(Verdict::Unknown)
        }
        Some(Probe::Absent(absence)) => {
            let before =
                readable_at.or_else(|| known?.landed.iter().map(|(.., landed)| landed.last_seen).max().map(Moment::at));
            notes.unsure(|| format!("Let landfall's credential list the tags of {image}: a 404 can hide a 403."));
            if let Some(before) = before {
                notes.say(|| {
                    let code = absence.code;
                    format!("The repository is unknown too ({code}), and was not at {before:.0}: deleted, or hidden.")
                });
                notes.want(Urgency::Again, Some(record.seen_at), look);
                again(place, tag, record, notes);
                return Some(Verdict::Unknown);
            }
            notes.say(|| {
                let code = absence.code;
                format!("The repository is unknown too ({code}): new, misspelt, or hidden, which is less sure.")
            });
            None
        }
        // Without an answer yet in this process: an earlier one could read it.
        Some(Probe::Present(_)) | None => {
            notes.want(Urgency::Again, Some(record.seen_at), look);
            let since = record.absent_since.unwrap_or(record.seen_at);
            let shown = readable_at.is_some_and(|at| since.duration_since(at) <= ctx.policy.canary);
            notes.say(|| format!("The same credential could read {image} when the tag was first absent."));
            (!shown).then_some(Verdict::Unknown)
        }
    }
}

/// Returns whether the tag was absent twice, the second time a while after the first and not before `graced`.
pub(super) fn absent_twice(
    ctx: &Context<'_>,
    place: &Place<'_>,
    tag: &Tag,
    record: &TagRecord,
    graced: Option<Timestamp>,
    notes: &mut impl Notes,
) -> bool {
    let since = record.absent_since.unwrap_or(record.seen_at);
    let apart = since.saturating_add(ctx.policy.second_look).unwrap_or(since);
    let second = graced.map_or(apart, |graced| graced.max(apart));
    if record.absent_looks >= 2 && last_answer(record) >= second {
        notes.say(|| format!("It was absent in {} looks since {since:.0}.", record.absent_looks));
        return true;
    }
    notes.say(|| "It was absent, and another look decides.".to_owned());
    notes.want(place.urgency, Some(second), || look(place, tag));
    false
}

/// What may be seen of a push that is not long over.
pub(super) const OLD_FOR_A_WHILE: &str = "A registry may serve the old digest for a while";

/// Returns a verdict where the tag was not looked at since the grace of the push was over: what it points to may be
/// what the push left behind, or what was there before it.
pub(super) fn early(
    ctx: &Context<'_>,
    place: &Place<'_>,
    tag: &Tag,
    what: &str,
    notes: &mut impl Notes,
) -> Option<Verdict> {
    let over = ctx.grace_ends(place.run)?;
    if ctx.now < over {
        notes.say(|| format!("{what}; the grace lasts until {over:.0}."));
        return Some(Verdict::Pending);
    }
    let record = ctx.image(place)?.tags.get(tag)?;
    if last_answer(record) >= over {
        return None;
    }
    notes.say(|| format!("It was not looked at since the grace was over at {over:.0}, and another look decides."));
    notes.want(place.urgency, Some(over), || look(place, tag));
    Some(Verdict::Pending)
}

/// Returns when the registry last said something of the tag: later looks may have failed.
fn last_answer(record: &TagRecord) -> Timestamp {
    match (&record.probe, record.last_known.as_deref()) {
        (Probe::Unseen(_), Some((at, _))) => *at,
        (Probe::Present(_) | Probe::Absent(_) | Probe::Unseen(_), _) => record.seen_at,
    }
}

/// Looks again later: the pause grows with the age of the absence.
pub(super) fn again(place: &Place<'_>, tag: &Tag, record: &TagRecord, notes: &mut impl Notes) {
    let since = record.absent_since.unwrap_or(record.seen_at);
    notes.want(Urgency::Again, Some(next_look(place, record.seen_at, since)), || look(place, tag));
}

/// Returns when a tag that is not as it should be, and was seen so since then, is looked at again. The pause is as long
/// as that is ago: from 15 seconds to ten minutes for the newest commit, to an hour for those that one would roll back
/// to, and an hour and more for others, which hardly anybody pushes again.
pub(super) fn next_look(place: &Place<'_>, seen_at: Timestamp, since: Timestamp) -> Timestamp {
    match place.urgency {
        Urgency::Newest => soon(seen_at, since),
        _ if place.is_recent => within(seen_at, since, 300, 3_600),
        _ => within(seen_at, since, 3_600, 6 * 3_600),
    }
}

/// Returns when a tag that is still to come, or that somebody waits for, is looked at again.
pub(super) fn soon(seen_at: Timestamp, since: Timestamp) -> Timestamp {
    within(seen_at, since, 15, 600)
}

fn within(seen_at: Timestamp, since: Timestamp, least: i64, most: i64) -> Timestamp {
    let pause = seen_at.duration_since(since).as_secs().clamp(least, most);
    seen_at.saturating_add(SignedDuration::from_secs(pause)).unwrap_or(seen_at)
}

pub(super) fn look(place: &Place<'_>, tag: &Tag) -> Look {
    Look::Tag(TagRef { image: place.spec.repository.clone(), tag: tag.clone() })
}
