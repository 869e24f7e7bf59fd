//! The day in a tag that carries a date. A build that goes over midnight, or is run again a day later, pushes another tag
//! than the run's start tells, and so does a runner whose clock is set to another zone.

use super::Verdict;
use super::context::{Context, Place, names_commit};
use super::notes::{Notes, Silent};
use super::push;
use super::walk::Found;
use crate::domain::Tag;

/// Of which day the tag is that a run pushed.
pub(super) enum Day {
    /// Of the day on which the run started, or it carries no date.
    Start,
    /// The log names the tag, which is of another day.
    Told(Tag),
    /// The log may name it, and is not read yet.
    Waiting,
    /// The push was over on another day than the run started, and no log says of which day the tag is.
    Open,
}

/// Returns of which day the tag is that the place's run pushed, where `tag` is that of its start.
pub(super) fn of<'a>(ctx: &Context<'a>, place: &Place<'a>, tag: &Tag, notes: &mut impl Notes) -> Day {
    if !place.template.is_dated() {
        return Day::Start;
    }
    let run = place.run;
    let started = run.created_at.or(run.started_at);
    let Some((started, ended)) = started.zip(ctx.push_ended(run)) else { return Day::Start };
    let spans = place.template.expand_at(run, ended).is_ok_and(|last| last != *tag);
    // Elsewhere the log is read where the tag is absent, and tells then.
    let logs = if spans { push::log_of(ctx, place, notes) } else { push::log_of(ctx, place, &mut Silent) };
    let image = &place.spec.repository;
    if logs.tags(image).any(|claimed| claimed == tag) {
        return Day::Start;
    }
    let others = logs.tags(image).filter(|claimed| place.template.gives(run, claimed, (started.at(), ended)));
    match others.last() {
        Some(other) => Day::Told(other.clone()),
        None if spans && logs.waiting => Day::Waiting,
        None if spans => Day::Open,
        None => Day::Start,
    }
}

/// Returns whether a verdict may be about the tag of the wrong day.
pub(super) fn is_in_doubt(place: &Place<'_>, verdict: Verdict, found: &Found) -> bool {
    let revision = found.content.as_ref().and_then(|content| content.revision.as_ref());
    let is_ours = revision.is_some_and(|revision| names_commit(revision.text().raw(), &place.run.sha) == Some(true));
    match verdict {
        Verdict::Missing => true,
        Verdict::Stale | Verdict::Mismatch | Verdict::Incomplete | Verdict::Landed => {
            place.template.is_moving() && !is_ours
        }
        Verdict::Misrouted | Verdict::Pruned | Verdict::Pending | Verdict::NotExpected | Verdict::Unknown => false,
    }
}
