//! The registry says that there is no such tag. Is the image missing, or is there a better explanation?

use super::Verdict;
use super::context::{Context, Place, left_out, names_commit};
use super::notes::Notes;
use super::push::{self, Jobs, Logs};
use crate::domain::{Absence, AbsenceCode, Batch, Claim, ImageName, Job, Look, Probe, Tag, TagRecord, TagRef, Urgency};

/// Judges an absent tag. `missing` needs every proof; each one that lacks gives a weaker word.
pub(super) fn judge<'a, N: Notes>(
    ctx: &Context<'a>,
    place: &Place<'a>,
    tag: &Tag,
    record: &TagRecord,
    absence: &Absence,
    notes: &mut N,
) -> Verdict {
    notes.say(|| {
        format!("{} answered {} for {tag} at {:.0}.", place.spec.repository.registry(), absence.code, record.seen_at)
    });
    if let Some(verdict) = pruned(ctx, place, tag, record, notes) {
        return verdict;
    }
    let jobs = match push::jobs(ctx, place, place.urgency, notes) {
        Jobs::NotYet => return Verdict::Unknown,
        Jobs::Unseen => {
            notes.unsure(|| "Its jobs must be read: a skipped push job would explain the absence.".to_owned());
            again(place, tag, record, notes);
            return Verdict::Unknown;
        }
        Jobs::Seen(jobs) => jobs,
    };
    let push_jobs = ctx.push_jobs(&jobs.items);
    if let Some(verdict) = not_to_push(ctx, place, jobs, &push_jobs, notes) {
        return verdict;
    }
    push::say_push_end(ctx, jobs, place, notes);
    let logs = push::logs(ctx, place, &push_jobs, place.urgency, notes);
    say_logs(place, tag, &logs, notes);
    if let Some(verdict) = elsewhere(ctx, place, tag, &logs, notes) {
        return verdict;
    }
    if let Some(verdict) = within_grace(ctx, place, tag, &push_jobs, notes) {
        return verdict;
    }
    if place.run.event.is_pull_request() && place.template.names_commit() {
        notes.say(|| {
            "For a pull request the tag may carry the merge commit's id, which the API does not give.".to_owned()
        });
        notes.unsure(|| "Push with the head commit's id in the tag, or let the log name what was pushed.".to_owned());
        return Verdict::Unknown;
    }
    if logs.waiting {
        return Verdict::Unknown;
    }
    if logs.claimed(&place.spec.repository, tag).is_some() {
        notes.cause(|| {
            "The push was reported as done, and the registry lost it, deleted it, or never had it.".to_owned()
        });
    }
    proven(ctx, place, tag, record, absence, notes)
}

fn pruned(
    ctx: &Context<'_>,
    place: &Place<'_>,
    tag: &Tag,
    record: &TagRecord,
    notes: &mut impl Notes,
) -> Option<Verdict> {
    let landed = ctx.image(place)?.landed.get(&(tag.clone(), place.run.key.clone()))?;
    notes.say(|| {
        let (digest, since, last_seen) = (landed.digest.short(), landed.since, landed.last_seen);
        format!("It had landed: {digest} was seen there from {since:.0} until {last_seen:.0}.")
    });
    if !twice(ctx, place, tag, record, notes) {
        return Some(Verdict::Pending);
    }
    notes.cause(|| "Retention, a clean-up or a person removed the tag after it had landed.".to_owned());
    notes.step(|| format!("Look at the retention rules of {} and at who deleted the tag.", place.spec.repository));
    again(place, tag, record, notes);
    Some(Verdict::Pruned)
}

fn not_to_push(
    ctx: &Context<'_>,
    place: &Place<'_>,
    jobs: &Batch<Job>,
    push_jobs: &[&Job],
    notes: &mut impl Notes,
) -> Option<Verdict> {
    let none_ran = push_jobs.iter().all(|job| left_out(place.run, job));
    if none_ran && push::is_partial(jobs) {
        notes.say(|| "Not all jobs of the run could be read; one of the others may push.".to_owned());
        notes.unsure(|| "Its jobs must be read: a skipped push job would explain the absence.".to_owned());
        return Some(Verdict::Unknown);
    }
    if push_jobs.is_empty() {
        let globs = ctx.service.push_job.patterns().join(", ");
        if ctx.guesses() || ctx.push_job_is_known() {
            notes.say(|| "This run had no push job, so it was not to publish.".to_owned());
            return Some(Verdict::NotExpected);
        }
        notes.say(|| format!("No job of any run is named like push_job ({globs})."));
        notes.unsure(|| "Correct push_job in the configuration.".to_owned());
        return Some(Verdict::Unknown);
    }
    let names = || {
        let names: Vec<String> = push_jobs.iter().map(|job| format!("{} was {}", job.name, job.state)).collect();
        names.join(", ")
    };
    if none_ran && ctx.guesses() && jobs.items.iter().any(|job| !left_out(place.run, job)) {
        notes.say(|| format!("By their names these jobs push, and they did not run: {}.", names()));
        notes.unsure(|| "Name the job that pushes as push_job in the configuration.".to_owned());
        return Some(Verdict::Unknown);
    }
    none_ran.then(|| {
        notes.say(|| format!("No image was to be pushed: {}.", names()));
        Verdict::NotExpected
    })
}

fn say_logs(place: &Place<'_>, tag: &Tag, logs: &Logs<'_>, notes: &mut impl Notes) {
    if logs.waiting {
        notes.unsure(|| "The log of the push job was not read yet.".to_owned());
        return;
    }
    let image = &place.spec.repository;
    if let Some(digest) = logs.claimed(image, tag) {
        notes.say(|| format!("Claimed but absent: the log says that it pushed {tag} as {digest}."));
    } else if logs.any() {
        notes.say(|| format!("Never claimed: the log names no push of {image}:{tag}."));
    } else {
        notes.say(|| "There is no log to say what was pushed.".to_owned());
    }
    for line in logs.refusals() {
        notes.say(|| format!("The log says: {line}"));
    }
    if let Some(line) = logs.refusals().next() {
        notes.cause(|| format!("The push was refused, and the job went on: {line}"));
        notes.step(|| format!("Renew the push credentials for {} and run the job again.", image.registry()));
    }
    if let Some(line) = logs.no_push().next() {
        notes.say(|| format!("The log says: {line}"));
        notes.cause(|| "The build was not told to push.".to_owned());
    }
    if let Some(destination) = logs.elsewhere(image) {
        notes.say(|| format!("The push set out for {destination}."));
    }
}

/// Looks where the log says that the image went.
fn elsewhere(
    ctx: &Context<'_>,
    place: &Place<'_>,
    tag: &Tag,
    logs: &Logs<'_>,
    notes: &mut impl Notes,
) -> Option<Verdict> {
    let expected = &place.spec.repository;
    let sha = &place.run.sha;
    let other = |claim: &&Claim| {
        let image = claim.image.as_ref().unwrap_or(expected);
        let Some(claimed) = &claim.tag else { return false };
        let commit = claimed
            .as_str()
            .split(['-', '_', '.'])
            .any(|part| part.len() >= 7 && names_commit(part, sha) == Some(true));
        if image == expected { claimed != tag && commit } else { claimed == tag || commit }
    };
    let claim = logs.claims().filter(other).last()?;
    let image: ImageName = claim.image.as_ref().unwrap_or(expected).clone();
    let tag_ref = TagRef { image, tag: claim.tag.clone()? };
    let found = ctx.snapshot.image(&tag_ref.image).and_then(|image| image.tags.get(&tag_ref.tag));
    match found.map(|found| &found.probe) {
        None => {
            notes.want(place.urgency, None, || Look::Tag(tag_ref.clone()));
            Some(Verdict::Unknown)
        }
        Some(Probe::Present(digest)) if claim.digest.as_ref().is_none_or(|claimed| claimed == digest) => {
            notes.say(|| format!("It is at {tag_ref} instead, as {}.", digest.short()));
            notes.cause(|| format!("The push went to {tag_ref}; {expected}:{tag} is expected."));
            notes.step(|| "Correct the destination in the pipeline, or the image in the configuration.".to_owned());
            Some(Verdict::Misrouted)
        }
        Some(Probe::Present(_) | Probe::Absent(_)) => {
            notes.say(|| format!("The log names {tag_ref}, but it is not there either."));
            None
        }
        Some(Probe::Unseen(failure)) => {
            notes.say(|| format!("The log names {tag_ref}, which could not be looked at: {failure}."));
            None
        }
    }
}

fn within_grace(
    ctx: &Context<'_>,
    place: &Place<'_>,
    tag: &Tag,
    push_jobs: &[&Job],
    notes: &mut impl Notes,
) -> Option<Verdict> {
    let Some(end) = ctx.push_ended(place.run) else {
        notes.unsure(|| "Nobody says when the push ended, so the grace cannot be measured.".to_owned());
        return Some(Verdict::Unknown);
    };
    let over = end.saturating_add(ctx.policy.grace).unwrap_or(jiff::Timestamp::MAX);
    let still_running = !place.run.state.is_finished() && push_jobs.iter().any(|job| !job.state.is_finished());
    (still_running || ctx.now < over).then(|| {
        notes.say(|| format!("The grace of {:#} lasts until {over:.0}.", ctx.policy.grace));
        let next = ctx.image(place).and_then(|image| image.tags.get(tag)).map(|record| next_look(record.seen_at, end));
        notes.want(Urgency::Again, next, || look(place, tag));
        Verdict::Pending
    })
}

/// The last two proofs: this credential can read the repository, and the tag was absent twice.
fn proven(
    ctx: &Context<'_>,
    place: &Place<'_>,
    tag: &Tag,
    record: &TagRecord,
    absence: &Absence,
    notes: &mut impl Notes,
) -> Verdict {
    if let Some(verdict) = unreadable(ctx, place, tag, record, notes) {
        return verdict;
    }
    let image = &place.spec.repository;
    if !twice(ctx, place, tag, record, notes) {
        return Verdict::Pending;
    }
    if absence.code == AbsenceCode::NameUnknown {
        notes.cause(|| format!("The repository {image} does not exist."));
    }
    notes.step(|| format!("Push {image}:{tag} again from the same commit, and watch the push step's own output."));
    again(place, tag, record, notes);
    Verdict::Missing
}

/// Returns a verdict where nothing shows that this credential can read the repository: a 404 can hide a 403.
fn unreadable(
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
        None => {
            notes.want(place.urgency, None, look);
            Some(Verdict::Unknown)
        }
        Some(Probe::Unseen(failure)) => {
            notes.say(|| format!("Whether this credential may read {image} is not shown: {failure}."));
            notes.unsure(|| format!("Let landfall's credential list the tags of {image}: a 404 can hide a 403."));
            notes.want(Urgency::Again, None, look);
            again(place, tag, record, notes);
            Some(Verdict::Unknown)
        }
        Some(Probe::Absent(absence)) => {
            notes.say(|| format!("The repository is unknown too ({}): new, misspelt, or hidden.", absence.code));
            None
        }
        Some(Probe::Present(_)) => {
            notes.want(Urgency::Again, Some(record.seen_at), look);
            let since = record.absent_since.unwrap_or(record.seen_at);
            let shown = readable_at.is_some_and(|at| since.duration_since(at) <= ctx.policy.canary);
            notes.say(|| format!("The same credential could read {image} when the tag was first absent."));
            (!shown).then_some(Verdict::Unknown)
        }
    }
}

fn twice(ctx: &Context<'_>, place: &Place<'_>, tag: &Tag, record: &TagRecord, notes: &mut impl Notes) -> bool {
    let since = record.absent_since.unwrap_or(record.seen_at);
    let second = since.saturating_add(ctx.policy.second_look).unwrap_or(since);
    if record.absent_looks >= 2 && record.seen_at >= second {
        notes.say(|| format!("It was absent in {} looks since {since:.0}.", record.absent_looks));
        return true;
    }
    notes.say(|| "It was absent in one look; a second look decides.".to_owned());
    notes.want(place.urgency, Some(second), || look(place, tag));
    false
}

/// Looks again later: the pause doubles with the age of the absence, from 15 seconds to ten minutes.
fn again(place: &Place<'_>, tag: &Tag, record: &TagRecord, notes: &mut impl Notes) {
    let since = record.absent_since.unwrap_or(record.seen_at);
    notes.want(Urgency::Again, Some(next_look(record.seen_at, since)), || look(place, tag));
}

fn next_look(seen_at: jiff::Timestamp, since: jiff::Timestamp) -> jiff::Timestamp {
    let pause = seen_at.duration_since(since).as_secs().clamp(15, 600);
    seen_at.saturating_add(jiff::SignedDuration::from_secs(pause)).unwrap_or(seen_at)
}

fn look(place: &Place<'_>, tag: &Tag) -> Look {
    Look::Tag(TagRef { image: place.spec.repository.clone(), tag: tag.clone() })
}
