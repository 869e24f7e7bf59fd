//! The walk over the evidence of one run × image × tag, in the order in which it is looked at.

use std::sync::Arc;

use jiff::Timestamp;

use super::content;
use super::context::{Context, Place};
use super::day::Day;
use super::identity::{Claimed, Evidence, Label, identity, worth_the_log};
use super::lasting::{Lasting, Unhurried, look_again};
use super::notes::{Notes, Silent};
use super::proof::{early, next_look};
use super::push::{self, Logs, Pushed};
use super::{Verdict, absence, day};
use crate::domain::{
    Conclusion, Digest, Frame, Look, Moment, Probe, Proof, Publishes, Run, RunState, Tag, TagRecord, TagRef,
    TemplateError, Urgency,
};

/// What a walk found.
#[derive(Default)]
pub(super) struct Found {
    pub(super) tag: Option<Tag>,
    pub(super) digest: Option<Digest>,
    /// What was found behind the digest.
    pub(super) content: Option<Arc<Proof>>,
    pub(super) since: Option<Timestamp>,
    /// When the registry last said what the verdict rests on.
    pub(super) seen_at: Option<Timestamp>,
    pub(super) last_known: Option<(Verdict, Timestamp)>,
}

/// Walks over the evidence. `None`: the run leaves no row, because it failed before it could publish.
pub(super) fn walk<'a>(ctx: &Context<'a>, place: &Place<'a>, notes: &mut impl Notes) -> Option<(Verdict, Found)> {
    let run = place.run;
    let mut found = Found::default();
    notes.say(|| describe(run));
    if place.publishes.is_no() {
        found.tag = place.template.expand(run).ok();
        notes.say(|| format!("It was not to publish: {}.", ctx.service.why_not(run).unwrap_or_default()));
        return Some((Verdict::NotExpected, found));
    }
    match &run.state {
        RunState::Waiting | RunState::Running => {
            if push::pushed_all_the_same(ctx, place, notes) != Pushed::Yes {
                found.tag = place.template.expand(run).ok();
                notes.say(|| "Nothing is expected before its push is over.".to_owned());
                return Some((Verdict::Pending, found));
            }
            notes.say(|| "Its push job has succeeded already.".to_owned());
        }
        RunState::Finished(Conclusion::Success) => {}
        RunState::Finished(_) => match push::pushed_all_the_same(ctx, place, notes) {
            Pushed::NotYet | Pushed::No => return None,
            Pushed::Yes => {
                notes.say(|| "Its push job succeeded, so the image is expected all the same.".to_owned());
            }
            Pushed::Unseen => {
                found.tag = place.template.expand(run).ok();
                notes.unsure(|| "Its jobs must be read: the push job may have succeeded.".to_owned());
                return Some((Verdict::Unknown, found));
            }
        },
    }
    let known = match Known::of(ctx, place) {
        Ok(known) => known,
        Err(error) => {
            notes.say(|| format!("The tag {} cannot be filled in for this run: {error}.", place.template.as_str()));
            notes.unsure(|| "Limit the service to runs that have what the template names.".to_owned());
            return Some((Verdict::Unknown, found));
        }
    };
    let image = &place.spec.repository;
    let (known, day_is_open) = match day::of(ctx, place, &known.tag, notes) {
        Day::Start => (known, false),
        Day::Told(told) => {
            notes.say(|| format!("The log names {image}:{told}, which is of another day than {}.", known.tag));
            (Known::named(ctx, place, told), false)
        }
        Day::Open => (known, true),
        Day::Waiting => {
            found.tag = Some(known.tag);
            notes
                .unsure(|| "The log of the push job was not read yet; it may tell of which day the tag is.".to_owned());
            return Some((Verdict::Unknown, found));
        }
    };
    found.tag = Some(known.tag.clone());
    notes.say(|| format!("{image}:{} is expected.", known.tag));
    let verdict = tagged(ctx, place, known, &mut found, notes);
    if day_is_open && day::is_in_doubt(place, verdict, &found) {
        notes.say(|| {
            "Its push was over on another day than it started, so the tag may carry another date; no log tells."
                .to_owned()
        });
        notes.unsure(|| "Let the log name what was pushed, or put the commit in the tag instead of a date.".to_owned());
        notes.retract();
        return Some((Verdict::Unknown, found));
    }
    // Where something was pushed, it was to publish.
    if matches!(verdict, Verdict::Missing | Verdict::Stale) && place.publishes == Publishes::Untold {
        notes.say(|| "The run names no branch, and only some branches publish here: perhaps it was not to.".to_owned());
        notes.unsure(|| "The page of the run may tell its branch.".to_owned());
        notes.retract();
        return Some((Verdict::Unknown, found));
    }
    Some((verdict, found))
}

/// What is known of the tag that the run is to push.
struct Known<'a> {
    tag: Tag,
    record: Option<&'a TagRecord>,
    lasting: Option<Lasting<'a>>,
}

impl<'a> Known<'a> {
    /// A tag that is known already is not made anew.
    fn of(ctx: &Context<'a>, place: &Place<'a>) -> Result<Self, TemplateError> {
        let image = ctx.image(place);
        ctx.written(place, |written| {
            let landed = image.and_then(|image| image.landed_for(written, &place.run.key));
            let looked = image.and_then(|image| image.tags.get_key_value(written));
            let tag = landed.map(|(tag, _)| tag).or(looked.map(|(tag, _)| tag));
            Ok(Self {
                tag: tag.cloned().map_or_else(|| place.template.read(written), Ok)?,
                record: looked.map(|(_, record)| record),
                lasting: landed.and_then(|(_, record)| Lasting::answering(place, record)),
            })
        })
    }

    /// Returns the same of a tag that the log names.
    fn named(ctx: &Context<'a>, place: &Place<'a>, tag: Tag) -> Self {
        let record = ctx.image(place).and_then(|image| image.tags.get(&tag));
        Self { record, lasting: Lasting::of(ctx, place, &tag), tag }
    }
}

fn describe(run: &Run) -> String {
    let attempt = if run.key.attempt > 1 { format!(", attempt {}", run.key.attempt) } else { String::new() };
    let workflow = if run.workflow.is_empty() { String::new() } else { format!(" of {}", run.workflow) };
    match (&run.state, run.finished_at) {
        (RunState::Finished(conclusion), Some(end)) => {
            format!("Run #{}{attempt}{workflow} ended as {conclusion} at {end:.0}.", run.number)
        }
        (state, _) => format!("Run #{}{attempt}{workflow} is {state}.", run.number),
    }
}

fn tagged<'a>(
    ctx: &Context<'a>,
    place: &Place<'a>,
    known: Known<'a>,
    found: &mut Found,
    notes: &mut impl Notes,
) -> Verdict {
    let Known { tag, record, lasting } = known;
    let tag = &tag;
    if (place.template.is_moving() || place.template.names_git_tag())
        && let Some(owner) = ctx.newer_owner(place, tag)
    {
        let how = if place.template.is_moving() { "moves" } else { "was given to another commit" };
        notes.say(|| format!("Superseded: {tag} {how}, and run #{} is newer.", owner.number));
        return Verdict::NotExpected;
    }
    let look = || Look::Tag(TagRef { image: place.spec.repository.clone(), tag: tag.clone() });
    let Some(record) = record else {
        if let Some(lasting) = lasting {
            let (digest, seen_at) = (&lasting.record.digest, lasting.record.last_seen);
            notes.say(|| format!("The tag pointed to {digest}, seen at {seen_at:.0}."));
            look_again(ctx, place, tag, seen_at.at(), notes);
            return lasting.tell(place, seen_at.at(), found, notes);
        }
        notes.unsure(|| "The registry was not asked yet.".to_owned());
        notes.want(place.urgency, None, look);
        return Verdict::Unknown;
    };
    found.seen_at = match (&record.probe, record.last_known.as_deref()) {
        (Probe::Present(_) | Probe::Absent(_), _) => Some(record.seen_at),
        (Probe::Unseen(_), Some((at, _))) => Some(*at),
        (Probe::Unseen(_), None) => lasting.map(|lasting| lasting.record.last_seen.at()),
    };
    match &record.probe {
        Probe::Present(digest) => {
            found.since = Some(record.changed_at);
            found.digest = Some(digest.clone());
            notes.say(|| format!("The tag points to {digest}, seen at {:.0}.", record.seen_at));
            let verdict = match lasting.filter(|lasting| lasting.is_of(digest)) {
                Some(lasting) => still_there(ctx, place, tag, lasting, record.seen_at, found, notes),
                None => present(ctx, place, tag, digest, found, notes),
            };
            if verdict == Verdict::Unknown {
                // It points to something else by now, which is not known yet.
                found.last_known = lasting.map(Lasting::last_known).or_else(|| noted(ctx, place, tag));
            }
            if verdict == Verdict::Landed {
                look_again(ctx, place, tag, record.seen_at, notes);
            } else if ctx.is_too_old(record.seen_at) {
                // Somebody waits for it as for the newest commit.
                notes.want(Urgency::Newest, None, look);
            } else {
                let again = next_look(place, record.seen_at, record.changed_at);
                notes.want(Urgency::Again, Some(again), look);
            }
            verdict
        }
        Probe::Absent(absence) => {
            found.since = record.absent_since;
            let verdict = absence::judge(ctx, place, tag, record, absence, notes);
            // That nothing was to be pushed is the word of the run's jobs, and not the registry's.
            let stands = verdict == Verdict::NotExpected && !ctx.is_asked(place);
            if ctx.is_too_old(record.seen_at) && !stands {
                notes.want(Urgency::Newest, None, look);
            }
            if verdict == Verdict::Unknown {
                found.last_known = noted(ctx, place, tag);
            }
            verdict
        }
        Probe::Unseen(failure) => {
            notes.say(|| {
                format!("{} could not be asked at {:.0}: {failure}.", place.spec.repository.registry(), record.seen_at)
            });
            notes.unsure(|| format!("{}:{tag} must be looked at.", place.spec.repository));
            notes.mend(failure);
            notes.want(Urgency::Again, None, look);
            // A newer answer, of another digest or of none, says that it is not as it was.
            let proven = lasting.filter(|_| record.last_known.is_none()).map(Lasting::last_known);
            found.last_known = last_known(ctx, place, tag, record).or(proven).or_else(|| noted(ctx, place, tag));
            if let Some((verdict, at)) = found.last_known {
                notes.say(|| format!("Last known: {verdict}, at {at:.0}."));
            }
            Verdict::Unknown
        }
    }
}

/// Judges what was looked at whole once and has the same digest still. What is not in memory any more need not be
/// looked at again; what is there may say by now that a part is gone.
fn still_there<'a>(
    ctx: &Context<'a>,
    place: &Place<'a>,
    tag: &Tag,
    lasting: Lasting<'a>,
    seen_at: Timestamp,
    found: &mut Found,
    notes: &mut impl Notes,
) -> Verdict {
    let digest = &lasting.record.digest;
    if ctx.image(place).is_none_or(|image| !image.manifests.contains_key(digest)) {
        return lasting.tell(place, seen_at, found, notes);
    }
    match present(ctx, place, tag, digest, found, &mut Unhurried(notes, seen_at)) {
        Verdict::Unknown => lasting.tell(place, seen_at, found, notes),
        verdict => verdict,
    }
}

/// Returns the finding that was noted last, and when this credential could last read the repository.
fn noted(ctx: &Context<'_>, place: &Place<'_>, tag: &Tag) -> Option<(Verdict, Timestamp)> {
    let (image, tag) = (place.spec.repository.clone(), tag.clone());
    let (word, since) = ctx.snapshot.judged(&place.run.key, &TagRef { image, tag })?;
    let verdict = Verdict::parse(word).filter(|verdict| verdict.is_finding())?;
    let readable_at = ctx.image(place).and_then(|image| image.readable_at);
    Some((verdict, readable_at.map_or(since, |at| at.max(since))))
}

/// Returns the verdict that the newest answer gave which said something.
fn last_known(ctx: &Context<'_>, place: &Place<'_>, tag: &Tag, record: &TagRecord) -> Option<(Verdict, Timestamp)> {
    let (at, known) = record.last_known.as_deref()?;
    let lasting = Lasting::of(ctx, place, tag);
    let verdict = match known {
        Ok(digest) if lasting.is_some_and(|lasting| lasting.is_of(digest)) => Verdict::Landed,
        Ok(digest) => present(ctx, place, tag, digest, &mut Found::default(), &mut Silent),
        Err(absence) => absence::judge(ctx, place, tag, record, absence, &mut Silent),
    };
    (verdict != Verdict::Unknown).then_some((verdict, *at))
}

fn present<'a>(
    ctx: &Context<'a>,
    place: &Place<'a>,
    tag: &Tag,
    digest: &Digest,
    found: &mut Found,
    notes: &mut impl Notes,
) -> Verdict {
    let mut content = content::inspect(ctx, place, tag, digest, notes);
    let label = Label::of(place, &content);
    label.say(place, content.created, notes);
    let logs = if worth_the_log(place, &content, &label) { push::log_of(ctx, place, notes) } else { Logs::default() };
    let (claim, claimed) = Claimed::of(ctx, place, tag, digest, &logs);
    claim.say(tag, claimed, notes);
    found.content = Some(Arc::new(Proof {
        frame: Arc::new(Frame {
            wanted: place.spec.platforms.as_slice().into(),
            rule: place.spec.revision,
            platforms: std::mem::take(&mut content.platforms).into(),
        }),
        created: content.created.map(Moment::from),
        revision: content.revisions.first().map(|revision| (*revision).into()),
        layers: content.layers,
        claimed: claim.agrees(),
    }));
    let evidence = Evidence { tag, digest, label, claim, log_waits: logs.waiting, broken: content.broken };
    let verdict = identity(ctx, place, &evidence, notes).unwrap_or_else(|| content.wholeness());
    if verdict == Verdict::Incomplete {
        let early = early(ctx, place, tag, "A registry may show a push in parts for a while", notes);
        if early.is_none() {
            in_parts(place, tag, notes);
        }
        return early.unwrap_or(verdict);
    }
    verdict
}

fn in_parts(place: &Place<'_>, tag: &Tag, notes: &mut impl Notes) {
    let image = &place.spec.repository;
    notes.cause(|| "A part was never built or pushed, or a clean-up deleted it since.".to_owned());
    notes.step(|| {
        format!("Build and push {image}:{tag} again from the same commit, for all platforms; until then it cannot be pulled whole.")
    });
    notes.step(|| format!("Look at the clean-up rules of {image}: they may delete what has no tag of its own."));
}
