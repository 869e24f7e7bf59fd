//! What the jobs of a run and their logs say about the push. Asked for only where it can change or explain a verdict.

use jiff::{SignedDuration, Timestamp};

use super::cadence::in_progress;
use super::context::{Context, Place, left_out};
use super::notes::Notes;
use crate::domain::{Batch, Claim, Digest, ImageName, Job, Look, PushLog, Tag, Text, Urgency};

/// How many jobs' logs are read where no name and no glob says which one pushes.
const LOGS_AT_MOST: usize = 5;

/// How often a finished run must give the same jobs before those that are not over are believed to stay so: a manual
/// job waits for ever, and a provider may forget to end one.
const BELIEVED: u32 = 3;

/// And one without any job, which can hardly be.
const BELIEVED_EMPTY: u32 = 2;

/// A log that is not there this long after its job's end will not come.
const LOG_LAG: SignedDuration = SignedDuration::from_mins(2);

/// What is known of a run's jobs.
pub(super) enum Jobs<'a> {
    /// Not asked yet.
    NotYet,
    /// Could not be read.
    Unseen,
    /// Read.
    Seen(&'a Batch<Job>),
}

/// What is known of the logs of the jobs that push.
#[derive(Default)]
pub(super) struct Logs<'a> {
    pub(super) read: Vec<&'a PushLog>,
    /// Whether a log is still to be read.
    pub(super) waiting: bool,
    /// Whether a log is not to be read, or could not be.
    pub(super) in_part: bool,
}

/// Returns the jobs of the place's run; wants them where they are not known.
pub(super) fn jobs<'a>(ctx: &Context<'a>, place: &Place<'a>, urgency: Urgency, notes: &mut impl Notes) -> Jobs<'a> {
    let record = ctx.record(place.run);
    let look = || Look::Jobs(place.run.key.clone());
    let seen = record.and_then(|record| Some((record, record.jobs.as_ref()?, record.jobs_seen_at?.at())));
    if let Some((record, jobs, seen_at)) = seen {
        let over = place.run.state.is_finished();
        let open = ctx.any_push_job(&jobs.items, |job| !job.state.is_finished());
        let empty = jobs.items.is_empty() && record.jobs_looks < BELIEVED_EMPTY;
        if record.jobs_outdated || (over && (empty || (open && record.jobs_looks < BELIEVED))) {
            notes.want(urgency, Some(later(seen_at, SignedDuration::from_secs(2))), look);
            return Jobs::NotYet;
        }
        // Jobs that are over never change; those of a run in progress are read again.
        if !over || open || is_partial(jobs) {
            let pause = if in_progress(place.run, ctx.now) { ctx.policy.running } else { ctx.policy.idle };
            notes.want(Urgency::Again, Some(later(seen_at, pause)), look);
        }
        return Jobs::Seen(jobs);
    }
    if let Some(miss) = record.and_then(|record| record.jobs_failure.as_deref()) {
        notes.say(|| format!("The jobs of the run could not be read: {}.", miss.failure));
        notes.mend(&miss.failure);
        notes.want(Urgency::Again, None, look);
        return Jobs::Unseen;
    }
    notes.want(urgency, None, look);
    Jobs::NotYet
}

/// Returns what the logs of these jobs say; wants those that are not known.
pub(super) fn logs<'a>(
    ctx: &Context<'a>,
    place: &Place<'a>,
    push_jobs: &[&'a Job],
    urgency: Urgency,
    notes: &mut impl Notes,
) -> Logs<'a> {
    let mut logs = Logs::default();
    let record = ctx.record(place.run);
    let finished = push_jobs.iter().filter(|job| job.state.is_finished() && !left_out(place.run, job));
    logs.in_part = finished.clone().count() > LOGS_AT_MOST;
    for job in finished.take(LOGS_AT_MOST) {
        let look = || Look::PushLog(place.run.key.clone(), job.id);
        if let Some(log) = record.and_then(|record| record.log(job.id)) {
            logs.read.push(log);
            if let Some(end) = job.finished_at.filter(|_| !log.available) {
                notes.want(Urgency::Again, Some(later(end.at(), LOG_LAG)), look);
            }
        } else if let Some(miss) = record.and_then(|record| record.log_failure(job.id)) {
            logs.in_part = true;
            notes.say(|| format!("The log of job {} could not be read: {}.", job.name, miss.failure));
            notes.want(Urgency::Again, None, look);
        } else {
            logs.waiting = true;
            notes.want(urgency, None, look);
        }
    }
    logs
}

/// Returns what the logs of the run's push jobs say, whichever those are.
pub(super) fn log_of<'a>(ctx: &Context<'a>, place: &Place<'a>, notes: &mut impl Notes) -> Logs<'a> {
    match jobs(ctx, place, place.depth, notes) {
        Jobs::Seen(jobs) => logs(ctx, place, &ctx.push_jobs(&jobs.items), place.depth, notes),
        Jobs::NotYet => Logs { waiting: true, ..Logs::default() },
        Jobs::Unseen => Logs::default(),
    }
}

impl<'a> Logs<'a> {
    /// Returns the last digest that the logs claim for this very tag.
    pub(super) fn claimed(&self, image: &ImageName, tag: &Tag) -> Option<&'a Digest> {
        self.digests(image, tag).map(|(_, digest)| digest).last()
    }

    /// Returns every digest that the logs claim for this very tag, and whether the line names the repository.
    pub(super) fn digests(&self, image: &ImageName, tag: &Tag) -> impl Iterator<Item = (bool, &'a Digest)> {
        let ours = self.claims_of(image).filter(move |claim| claim.tag.as_ref() == Some(tag));
        ours.filter_map(|claim| Some((claim.image.is_some(), claim.digest.as_ref()?)))
    }

    /// Returns every tag that the logs claim for this repository, in order, with or without a digest.
    pub(super) fn tags(&self, image: &ImageName) -> impl Iterator<Item = &'a Tag> {
        self.claims_of(image).filter_map(|claim| claim.tag.as_ref())
    }

    /// Returns every claim for this repository: a line that names none may be about it.
    fn claims_of(&self, image: &ImageName) -> impl Iterator<Item = &'a Claim> {
        self.claims().filter(move |claim| claim.image.as_ref().is_none_or(|claimed| claimed == image))
    }

    /// Returns every claim, in order.
    pub(super) fn claims(&self) -> impl Iterator<Item = &'a Claim> {
        self.read.iter().flat_map(|log| &log.claims)
    }

    /// Returns every line that names a refusal.
    pub(super) fn refusals(&self) -> impl Iterator<Item = &'a Text> {
        self.read.iter().flat_map(|log| &log.refusals)
    }

    /// Returns every line that says that nothing was to be pushed.
    pub(super) fn no_push(&self) -> impl Iterator<Item = &'a Text> {
        self.read.iter().flat_map(|log| &log.no_push)
    }

    /// Returns where the push set out for, other than the expected repository.
    pub(super) fn elsewhere(&self, image: &ImageName) -> Option<&'a ImageName> {
        self.read.iter().flat_map(|log| &log.destinations).find(|destination| *destination != image)
    }

    /// Returns whether the push set out for this repository.
    pub(super) fn sets_out_for(&self, image: &ImageName) -> bool {
        self.read.iter().flat_map(|log| &log.destinations).any(|destination| destination == image)
    }

    /// Returns whether some of what the logs say was not read.
    pub(super) fn in_part(&self) -> bool {
        self.in_part || self.read.iter().any(|log| log.truncated)
    }

    /// Returns whether a log was there to be read.
    pub(super) fn any(&self) -> bool {
        self.read.iter().any(|log| log.available)
    }
}

fn later(at: Timestamp, pause: SignedDuration) -> Timestamp {
    at.saturating_add(pause).unwrap_or(at)
}

/// Returns whether a list of jobs may lack some: what is not in it proves nothing.
pub(super) fn is_partial(jobs: &Batch<Job>) -> bool {
    !jobs.complete || jobs.skipped > 0
}

/// Whether a run that is not green still counts, because its push job succeeded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pushed {
    /// Not asked yet.
    NotYet,
    /// Could not be read.
    Unseen,
    /// It does not count.
    No,
    /// It counts.
    Yes,
}

/// Returns whether a run that is not green still counts. In a run in progress all its push jobs must be over: what
/// one of several has pushed is not yet whole.
pub(super) fn pushed_all_the_same<'a>(ctx: &Context<'a>, place: &Place<'a>, notes: &mut impl Notes) -> Pushed {
    if ctx.guesses() {
        return Pushed::No;
    }
    let batch = match jobs(ctx, place, Urgency::Depth, notes) {
        Jobs::NotYet => return Pushed::NotYet,
        Jobs::Unseen => return Pushed::Unseen,
        Jobs::Seen(batch) => batch,
    };
    // A job that needs others may be listed only when those are over.
    let all_over = || !ctx.any_push_job(&batch.items, |job| !job.state.is_finished());
    let over = place.run.state.is_finished() || (!is_partial(batch) && all_over() && !ctx.may_yet_push(place, batch));
    if over && ctx.any_push_job(&batch.items, |job| job.state.is_success()) {
        Pushed::Yes
    } else if is_partial(batch) {
        notes.say(|| "Not all jobs of the run could be read.".to_owned());
        Pushed::Unseen
    } else {
        Pushed::No
    }
}

/// Says when the push was over, by its jobs where they are known.
pub(super) fn say_push_end(ctx: &Context<'_>, jobs: &Batch<Job>, place: &Place<'_>, notes: &mut impl Notes) {
    let push_jobs = ctx.push_jobs(&jobs.items);
    notes.say(|| match (push_jobs.first(), ctx.push_ended(place.run)) {
        (Some(job), Some(end)) if end >= ctx.now => {
            format!("Push job {} ended as {}, and nobody says when.", job.name, job.state)
        }
        (Some(job), Some(end)) => format!("Push job {} ended as {} at {end:.0}.", job.name, job.state),
        (None, Some(end)) => format!("The run ended at {end:.0}; its push job is not known."),
        (_, None) => "Nobody says when the push ended.".to_owned(),
    });
}
