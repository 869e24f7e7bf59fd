//! The walk over the evidence of one run × image × tag, in the order in which it is looked at.

use jiff::{SignedDuration, Timestamp};

use super::content::{self, Content};
use super::context::{Context, Place, names_commit};
use super::notes::{Notes, Silent};
use super::push::{self, Jobs, Logs, Pushed};
use super::{Verdict, absence};
use crate::domain::{
    Conclusion, Digest, Look, ManifestKind, Platform, Probe, RevisionRule, Run, RunState, Tag, TagRecord, TagRef, Text,
    Urgency,
};

/// An image that says it was built longer than this before its run began is worth a look at the log.
const BUILT_EARLY: SignedDuration = SignedDuration::from_mins(5);

/// How long after the last look a landed tag of the newest run is looked at again.
const LANDED_AGAIN: SignedDuration = SignedDuration::from_mins(30);

/// What a walk found.
#[derive(Default)]
pub(super) struct Found<'a> {
    pub(super) tag: Option<Tag>,
    pub(super) digest: Option<Digest>,
    pub(super) created: Option<Timestamp>,
    pub(super) revision: Option<&'a Text>,
    pub(super) platforms: Vec<Platform>,
    pub(super) since: Option<Timestamp>,
    pub(super) last_known: Option<(Verdict, Timestamp)>,
}

/// Walks over the evidence. `None`: the run leaves no row, because it failed before it could publish.
pub(super) fn walk<'a>(ctx: &Context<'a>, place: &Place<'a>, notes: &mut impl Notes) -> Option<(Verdict, Found<'a>)> {
    let run = place.run;
    let mut found = Found::default();
    notes.say(|| describe(run));
    if let Some(why) = ctx.service.filtered(run) {
        found.tag = place.template.expand(run).ok();
        notes.say(|| format!("It was not to publish: {why}."));
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
    let tag = match place.template.expand(run) {
        Ok(tag) => tag,
        Err(error) => {
            notes.say(|| format!("The tag {} cannot be filled in for this run: {error}.", place.template.as_str()));
            notes.unsure(|| "Limit the service to runs that have what the template names.".to_owned());
            return Some((Verdict::Unknown, found));
        }
    };
    found.tag = Some(tag.clone());
    notes.say(|| format!("{}:{tag} is expected.", place.spec.repository));
    let verdict = tagged(ctx, place, &tag, &mut found, notes);
    Some((verdict, found))
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
    tag: &Tag,
    found: &mut Found<'a>,
    notes: &mut impl Notes,
) -> Verdict {
    if place.template.is_moving()
        && let Some(owner) = ctx.newer_owner(place, tag)
    {
        notes.say(|| format!("Superseded: {tag} moves, and run #{} is newer.", owner.number));
        return Verdict::NotExpected;
    }
    let look = || Look::Tag(TagRef { image: place.spec.repository.clone(), tag: tag.clone() });
    let Some(record) = ctx.image(place).and_then(|image| image.tags.get(tag)) else {
        notes.unsure(|| "The registry was not asked yet.".to_owned());
        notes.want(place.urgency, None, look);
        return Verdict::Unknown;
    };
    match &record.probe {
        Probe::Present(digest) => {
            found.since = Some(record.changed_at);
            found.digest = Some(digest.clone());
            notes.say(|| format!("The tag points to {digest}, seen at {:.0}.", record.seen_at));
            let verdict = present(ctx, place, tag, digest, found, notes);
            if place.urgency == Urgency::Newest || verdict != Verdict::Landed {
                let again = record.seen_at.saturating_add(pause(verdict)).unwrap_or(record.seen_at);
                notes.want(Urgency::Again, Some(again), look);
            }
            verdict
        }
        Probe::Absent(absence) => {
            found.since = record.absent_since;
            absence::judge(ctx, place, tag, record, absence, notes)
        }
        Probe::Unseen(failure) => {
            notes.say(|| {
                format!("{} could not be asked at {:.0}: {failure}.", place.spec.repository.registry(), record.seen_at)
            });
            notes.unsure(|| format!("{}:{tag} must be looked at.", place.spec.repository));
            notes.want(Urgency::Again, None, look);
            found.last_known = last_known(ctx, place, tag, record);
            if let Some((verdict, at)) = found.last_known {
                notes.say(|| format!("Last known: {verdict}, at {at:.0}."));
            }
            Verdict::Unknown
        }
    }
}

fn pause(verdict: Verdict) -> SignedDuration {
    if verdict == Verdict::Landed { LANDED_AGAIN } else { SignedDuration::from_mins(1) }
}

/// Returns the verdict that the newest answer gave which said something.
fn last_known(ctx: &Context<'_>, place: &Place<'_>, tag: &Tag, record: &TagRecord) -> Option<(Verdict, Timestamp)> {
    let (at, known) = record.last_known.as_ref()?;
    let verdict = match known {
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
    found: &mut Found<'a>,
    notes: &mut impl Notes,
) -> Verdict {
    let mut content = content::inspect(ctx, place, digest, notes);
    found.created = content.created;
    found.revision = content.revision;
    found.platforms = std::mem::take(&mut content.platforms);
    let label = Label::of(place, &content);
    label.say(place, content.created, notes);
    let logs = if worth_the_log(place, &content, &label) { log_of_push(ctx, place, notes) } else { Logs::default() };
    let claimed = logs.claimed(&place.spec.repository, tag);
    let claim = Claimed::of(ctx, place, digest, claimed);
    claim.say(tag, claimed, notes);
    identity(ctx, place, digest, &label, claim, notes).unwrap_or_else(|| content.wholeness())
}

/// Returns a verdict where the content is not this commit's.
fn identity(
    ctx: &Context<'_>,
    place: &Place<'_>,
    digest: &Digest,
    label: &Label<'_>,
    claim: Claimed,
    notes: &mut impl Notes,
) -> Option<Verdict> {
    if let Label::Other(revision) = label
        && place.template.is_moving()
        && let Some((owner, newer)) = ctx.run_of_revision(place, revision)
    {
        if newer {
            notes.say(|| format!("Superseded: the tag moved on to run #{}.", owner.number));
            return Some(Verdict::NotExpected);
        }
        return Some(stale(ctx, place, notes));
    }
    if claim == Claimed::Another {
        return Some(stale(ctx, place, notes));
    }
    if *label != Label::Agrees && claim != Claimed::Agrees {
        let shared = ctx.image(place).and_then(|image| image.tagged.get(digest)).filter(|tags| tags.len() > 1);
        if let Some((older, theirs)) = shared.and_then(|tags| ctx.older_owner(place, tags)) {
            notes.say(|| {
                format!(
                    "{theirs}, the tag of older commit {} (run #{}), has the same digest.",
                    older.sha.short(12),
                    older.number
                )
            });
            return Some(stale(ctx, place, notes));
        }
    }
    match label {
        Label::Other(_) | Label::Lacking => {
            notes.step(|| "Find out what pushed this tag; do not deploy it as this commit.".to_owned());
            Some(Verdict::Mismatch)
        }
        Label::Agrees | Label::Absent | Label::NoCommit | Label::NotAsked | Label::Unread => None,
    }
}

fn stale(ctx: &Context<'_>, place: &Place<'_>, notes: &mut impl Notes) -> Verdict {
    let over = ctx.push_ended(place.run).and_then(|end| end.checked_add(ctx.policy.grace).ok());
    if let Some(over) = over.filter(|over| ctx.now < *over) {
        notes.say(|| format!("A registry may serve the old digest for a while; the grace lasts until {over:.0}."));
        return Verdict::Pending;
    }
    notes.cause(|| "The push of this commit did not replace what the tag pointed to.".to_owned());
    notes.step(|| "Push the image of this commit again; until then the tag deploys older content.".to_owned());
    Verdict::Stale
}

/// The log is read where it can change the verdict or explain it, and nowhere else.
fn worth_the_log(place: &Place<'_>, content: &Content<'_>, label: &Label<'_>) -> bool {
    let early = content.created.zip(place.run.started_at.or(place.run.created_at));
    let built_early = early.is_some_and(|(created, started)| started.duration_since(created) > BUILT_EARLY);
    let unlabelled = matches!(label, Label::Absent | Label::NoCommit | Label::NotAsked);
    !content.unread && (place.run.key.attempt > 1 || unlabelled || built_early)
}

fn log_of_push<'a>(ctx: &Context<'a>, place: &Place<'a>, notes: &mut impl Notes) -> Logs<'a> {
    match push::jobs(ctx, place, place.depth, notes) {
        Jobs::Seen(jobs) => push::logs(ctx, place, &ctx.push_jobs(&jobs.items), place.depth, notes),
        Jobs::NotYet | Jobs::Unseen => Logs::default(),
    }
}

/// What the revision label or annotation says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Label<'a> {
    /// It names this commit.
    Agrees,
    /// It names another commit.
    Other(&'a str),
    /// There is none, and one is required.
    Lacking,
    /// There is none.
    Absent,
    /// It names no commit.
    NoCommit,
    /// It is not looked at.
    NotAsked,
    /// Not everything that may carry it was read.
    Unread,
}

impl<'a> Label<'a> {
    fn of(place: &Place<'_>, content: &Content<'a>) -> Self {
        // A pull request's image names the merge commit, which the API does not give.
        if place.spec.revision == RevisionRule::Off || place.run.event.is_pull_request() {
            return Self::NotAsked;
        }
        let labels = content.revision.into_iter().chain(content.other_revision);
        let other = labels.clone().find(|label| names_commit(label.raw(), &place.run.sha) == Some(false));
        if let Some(other) = other {
            return Self::Other(other.as_str());
        }
        let required = place.spec.revision == RevisionRule::Require;
        let incomplete = content.unread || content.unseen;
        match labels.clone().next().map(|label| names_commit(label.raw(), &place.run.sha)) {
            Some(Some(_)) => Self::Agrees,
            Some(None) | None if incomplete => Self::Unread,
            Some(None) | None if required => Self::Lacking,
            Some(None) => Self::NoCommit,
            None => Self::Absent,
        }
    }

    fn say(self, place: &Place<'_>, created: Option<Timestamp>, notes: &mut impl Notes) {
        if let Some(created) = created {
            notes.say(|| format!("The image says that it was built at {created:.0}."));
        }
        let commit = place.run.sha.short(12);
        match self {
            Self::Agrees => notes.say(|| format!("Its revision label names this commit, {commit}.")),
            Self::Other(revision) => notes.say(|| format!("Its revision label names {revision}, not {commit}.")),
            Self::Lacking => notes.say(|| "It names no commit, and this image is required to.".to_owned()),
            Self::Absent => notes.say(|| "It has no revision label.".to_owned()),
            Self::NoCommit => notes.say(|| "Its revision label names no commit.".to_owned()),
            Self::NotAsked | Self::Unread => {}
        }
    }
}

/// How the digest that the log claims compares with the one that is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Claimed {
    /// Nothing was claimed for this tag, or nobody looked.
    Nothing,
    /// The same digest, or that of a part of the index.
    Agrees,
    /// Another digest, and nothing that excuses it.
    Another,
    /// Another digest, but a newer run of the same commit may have pushed again.
    PushedAgain,
}

impl Claimed {
    fn of(ctx: &Context<'_>, place: &Place<'_>, digest: &Digest, claimed: Option<&Digest>) -> Self {
        let Some(claimed) = claimed else { return Self::Nothing };
        if claimed == digest || is_part(ctx, place, digest, claimed) {
            Self::Agrees
        } else if ctx.pushed_again(place) {
            Self::PushedAgain
        } else {
            Self::Another
        }
    }

    fn say(self, tag: &Tag, claimed: Option<&Digest>, notes: &mut impl Notes) {
        let Some(claimed) = claimed else { return };
        match self {
            Self::Nothing => {}
            Self::Agrees => notes.say(|| format!("The log claims to have pushed {tag} as {claimed}, which agrees.")),
            Self::Another => {
                notes.say(|| format!("The log claims to have pushed {tag} as {claimed}, which is not what is there."));
            }
            Self::PushedAgain => notes.say(|| {
                format!("The log claims {claimed}; a newer run of the same commit may have pushed {tag} again.")
            }),
        }
    }
}

/// Returns whether the log's digest is that of an image inside the index that is there.
fn is_part(ctx: &Context<'_>, place: &Place<'_>, digest: &Digest, claimed: &Digest) -> bool {
    let manifest = ctx.image(place).and_then(|image| image.manifests.get(digest));
    match manifest {
        Some(Probe::Present(manifest)) => match &manifest.kind {
            ManifestKind::Index(children) => children.iter().any(|child| child.digest == *claimed),
            ManifestKind::Image { .. } | ManifestKind::Other(_) => false,
        },
        Some(Probe::Absent(_) | Probe::Unseen(_)) | None => false,
    }
}
