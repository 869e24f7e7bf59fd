//! The registry says that there is no such tag. Is the image missing, or is there a better explanation?

use jiff::Timestamp;

use super::Verdict;
use super::context::{Context, Place, left_out};
use super::misrouted::{elsewhere, part};
use super::notes::Notes;
use super::proof::{absent_twice, again, look, soon, unreadable};
use super::push::{self, Jobs, Logs};
use crate::domain::{Absence, AbsenceCode, Batch, Job, Tag, TagRecord, Urgency};

/// How the step begins that a refusal alone suggests, whichever credential it was.
pub(super) const RENEW: &str = "Renew the push credentials for";

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
    if let Some(verdict) = not_to_push(ctx, place, tag, (jobs, &push_jobs), notes) {
        return verdict;
    }
    push::say_push_end(ctx, jobs, place, notes);
    let logs = push::logs(ctx, place, &push_jobs, place.urgency, notes);
    say_logs(place, tag, &logs, notes);
    let elsewhere = elsewhere(ctx, place, tag, &logs, notes);
    if let Some(verdict) = within_grace(ctx, place, tag, &push_jobs, notes) {
        return verdict;
    }
    if logs.waiting || elsewhere == Some(Verdict::Unknown) {
        return Verdict::Unknown;
    }
    if elsewhere.is_none()
        && let Some(verdict) = not_sure_to_push(ctx, place, tag, &push_jobs, &logs, notes)
    {
        again(place, tag, record, notes);
        return verdict;
    }
    if logs.claimed(&place.spec.repository, tag).is_some() {
        notes.cause(|| {
            "The push was reported as done, and the registry lost it, deleted it, or never had it.".to_owned()
        });
    }
    if let Some(verdict) = not_proven(ctx, place, tag, record, notes) {
        return verdict;
    }
    let image = &place.spec.repository;
    if absence.code == AbsenceCode::NameUnknown {
        notes.cause(|| format!("The registry knows no repository {image}, or hides it from this credential."));
    }
    if elsewhere.is_none() {
        notes.step(|| format!("Push {image}:{tag} again from the same commit, and watch the push step's own output."));
    }
    again(place, tag, record, notes);
    elsewhere.unwrap_or(Verdict::Missing)
}

/// The last two proofs: this credential can read the repository, and the tag was absent twice, the
/// second time after the grace.
fn not_proven(
    ctx: &Context<'_>,
    place: &Place<'_>,
    tag: &Tag,
    record: &TagRecord,
    notes: &mut impl Notes,
) -> Option<Verdict> {
    let graced = ctx.push_ended(place.run).and_then(|end| end.checked_add(ctx.policy.grace).ok());
    unreadable(ctx, place, tag, record, notes)
        .or_else(|| (!absent_twice(ctx, place, tag, record, graced, notes)).then_some(Verdict::Pending))
}

/// Returns a verdict where the run may have been to push other tags than this one.
fn not_sure_to_push(
    ctx: &Context<'_>,
    place: &Place<'_>,
    tag: &Tag,
    push_jobs: &[&Job],
    logs: &Logs<'_>,
    notes: &mut impl Notes,
) -> Option<Verdict> {
    if place.run.event.is_pull_request() && place.template.names_commit() {
        notes.say(|| {
            "For a pull request the tag may carry the merge commit's id, which the API does not give.".to_owned()
        });
        notes.unsure(|| "Push with the head commit's id in the tag, or let the log name what was pushed.".to_owned());
        return Some(Verdict::Unknown);
    }
    if place.run.event.is_workflow_run()
        && place.template.names_commit()
        && logs.claimed(&place.spec.repository, tag).is_none()
    {
        notes.say(|| {
            "Another workflow's end began this run, and GitHub does not say for which commit: the tag may carry another's."
                .to_owned()
        });
        notes.unsure(|| "Let the log name what was pushed, or push in the workflow that builds.".to_owned());
        return Some(Verdict::Unknown);
    }
    let skipped = push_jobs.iter().find(|job| left_out(place.run, job))?;
    if ctx.service.images.len() < 2 || logs.claimed(&place.spec.repository, tag).is_some() {
        return None;
    }
    notes.say(|| format!("Job {} was {}, and may be the one that was to push this.", skipped.name, skipped.state));
    notes.unsure(|| "Make each image a service of its own, whose push_job names its own job.".to_owned());
    Some(Verdict::Unknown)
}

fn pruned(
    ctx: &Context<'_>,
    place: &Place<'_>,
    tag: &Tag,
    record: &TagRecord,
    notes: &mut impl Notes,
) -> Option<Verdict> {
    let image = ctx.image(place)?;
    // An attempt that pushed nothing anew takes over what another one left there.
    let taken_over = || {
        let landed = image.landed_for_any_attempt(tag.as_str(), &place.run.key)?;
        ctx.push_ended(place.run).filter(|end| *end <= landed.last_seen.at()).map(|_| landed)
    };
    let landed = image.landed_for(tag.as_str(), &place.run.key).map(|(_, landed)| landed).or_else(taken_over)?;
    notes.say(|| {
        let (digest, since, last_seen) = (landed.digest.short(), landed.since, landed.last_seen);
        format!("It had landed: {digest} was seen there from {since:.0} until {last_seen:.0}.")
    });
    if let Some(verdict) = unreadable(ctx, place, tag, record, notes) {
        return Some(verdict);
    }
    if !absent_twice(ctx, place, tag, record, None, notes) {
        return Some(Verdict::Pending);
    }
    notes.cause(|| "Retention, a clean-up or a person removed the tag after it had landed.".to_owned());
    notes.step(|| format!("Look at the retention rules of {} and at who deleted the tag.", place.spec.repository));
    again(place, tag, record, notes);
    Some(Verdict::Pruned)
}

/// Returns a verdict where the run's jobs say that it was not to push, or do not say that it was.
pub(super) fn not_to_push(
    ctx: &Context<'_>,
    place: &Place<'_>,
    tag: &Tag,
    (jobs, push_jobs): (&Batch<Job>, &[&Job]),
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
        if let Some(verdict) = still_to_push(ctx, place, tag, notes) {
            return Some(verdict);
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
    let failed = |job: &&&Job| job.state.is_finished() && !job.state.is_success() && !left_out(place.run, job);
    if let Some(job) = push_jobs.iter().find(failed).filter(|_| !place.run.state.is_success()) {
        notes.say(|| {
            format!("Job {} ended as {}, and the run is not green: nobody takes it for pushed.", job.name, job.state)
        });
        return Some(Verdict::NotExpected);
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
        let read = if logs.in_part() { "what was read of the log" } else { "the log" };
        notes.say(|| format!("Never claimed: {read} names no push of {image}:{tag}."));
    } else {
        notes.say(|| "There is no log to say what was pushed.".to_owned());
    }
    for line in logs.refusals() {
        notes.say(|| format!("The log says: {line}"));
    }
    if let Some(line) = logs.refusals().next() {
        notes.cause(|| format!("The push was refused, and the job went on: {line}"));
        notes.step(|| format!("{RENEW} {} and run the job again.", image.registry()));
    }
    if let Some(line) = logs.no_push().next() {
        notes.say(|| format!("The log says: {line}"));
        notes.cause(|| "The build was not told to push.".to_owned());
    }
    if let Some(part) = part(image, tag, logs) {
        notes.say(|| format!("The log claims {part}, which is a part for one platform."));
        notes.cause(|| format!("A part was pushed, {part}, and what joins the parts under {tag} was not."));
    }
    if let Some(destination) = logs.elsewhere(image) {
        notes.say(|| format!("The push set out for {destination}."));
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
    if let Some(verdict) = still_to_push(ctx, place, tag, notes) {
        return Some(verdict);
    }
    let still_running = !place.run.state.is_finished() && push_jobs.iter().any(|job| !job.state.is_finished());
    let over = ctx.same_tag(place, tag).filter_map(|run| ctx.within_grace(run)).max();
    if over.is_none() && !still_running {
        return None;
    }
    notes.say(|| match over {
        Some(over) => format!("The grace of {:#} lasts until {over:.0}.", ctx.policy.grace),
        None => "Not all its push jobs are over.".to_owned(),
    });
    notes.want(Urgency::Again, soon_after(ctx, place, tag, end), || look(place, tag));
    Some(Verdict::Pending)
}

/// Returns `pending` where another run of the same commit may still push the tag.
pub(super) fn still_to_push(
    ctx: &Context<'_>,
    place: &Place<'_>,
    tag: &Tag,
    notes: &mut impl Notes,
) -> Option<Verdict> {
    let other = ctx.still_to_push(place, tag)?;
    notes.say(|| format!("Run #{} of the same commit is not over, and may push it.", other.number));
    let next = ctx.push_ended(place.run).and_then(|end| soon_after(ctx, place, tag, end));
    notes.want(Urgency::Again, next, || look(place, tag));
    Some(Verdict::Pending)
}

/// Returns when a tag whose push ended then is looked at again; `None` where it was never looked at.
fn soon_after(ctx: &Context<'_>, place: &Place<'_>, tag: &Tag, end: Timestamp) -> Option<Timestamp> {
    let seen_at = ctx.image(place)?.tags.get(tag)?.seen_at;
    Some(soon(seen_at, end))
}
