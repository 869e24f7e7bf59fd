//! A tag that later runs move on: whose turn is it, and did the tag move?

use super::Verdict;
use super::absence::{not_to_push, still_to_push};
use super::context::{Context, Place};
use super::identity::{Claimed, Label, Older, stale};
use super::notes::Notes;
use super::proof::{OLD_FOR_A_WHILE, early};
use super::push::{self, Jobs};
use crate::domain::{Look, Tag};

/// Returns a verdict where a moving tag's content is not this run's; `None` where nothing says that it is not.
pub(super) fn judge<'a>(
    ctx: &Context<'a>,
    place: &Place<'a>,
    tag: &Tag,
    label: Label<'_>,
    claim: Claimed,
    notes: &mut impl Notes,
) -> Option<Verdict> {
    if !matches!(label, Label::Other(_)) && claim != Claimed::Another {
        return None;
    }
    let owner = label.other().and_then(|revision| ctx.run_of_revision(place, tag, revision));
    if let Some((owner, true)) = owner {
        notes.say(|| format!("Superseded: the tag moved on to run #{}.", owner.number));
        return Some(Verdict::NotExpected);
    }
    if owner.is_none()
        && let Some(verdict) = moved_on(ctx, place, tag, notes)
    {
        return Some(verdict);
    }
    match push::jobs(ctx, place, place.urgency, notes) {
        Jobs::NotYet => return Some(Verdict::Unknown),
        Jobs::Unseen => {
            notes.unsure(|| "Its jobs must be read: a skipped push job leaves the tag where it was.".to_owned());
            return Some(Verdict::Unknown);
        }
        Jobs::Seen(jobs) => {
            let push_jobs = ctx.push_jobs(&jobs.items);
            if let Some(verdict) = not_to_push(ctx, place, tag, (jobs, &push_jobs), notes) {
                return Some(verdict);
            }
        }
    }
    if let Some(verdict) = still_to_push(ctx, place, tag, notes) {
        return Some(verdict);
    }
    if owner.is_some() || claim == Claimed::Another {
        return Some(stale(ctx, place, tag, Older::beside(label), notes));
    }
    early(ctx, place, tag, OLD_FOR_A_WHILE, notes)
}

/// Returns a verdict where a newer run may have moved the tag on, or one that is not listed.
fn moved_on(ctx: &Context<'_>, place: &Place<'_>, tag: &Tag, notes: &mut impl Notes) -> Option<Verdict> {
    if let Some(newer) = ctx.may_have_moved(place, tag) {
        notes.say(|| format!("Run #{} is newer, is {}, and may have moved the tag on.", newer.number, newer.state));
        return Some(if newer.state.is_finished() { Verdict::Unknown } else { Verdict::Pending });
    }
    let listing = ctx.snapshot.listing(&ctx.service.name)?;
    let changed_at = ctx.image(place).and_then(|image| image.tags.get(tag)).map(|record| record.changed_at);
    if let Some(changed_at) =
        changed_at.filter(|changed_at| listing.seen_at.is_none_or(|seen_at| seen_at < *changed_at))
    {
        notes.say(|| "The tag changed after the runs were listed; a newer run may have moved it on.".to_owned());
        notes.want(place.urgency, Some(changed_at), || Look::Runs(ctx.service.name.clone()));
        return Some(Verdict::Unknown);
    }
    (listing.skipped > 0).then(|| {
        notes.say(|| "Some runs could not be read, and one of them may have moved the tag on.".to_owned());
        notes.unsure(|| "Every run must be read.".to_owned());
        Verdict::Unknown
    })
}
