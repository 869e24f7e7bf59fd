//! Is what the tag points to this commit's? By the revision label, by the log, and by the digests of other tags.

use jiff::{SignedDuration, Timestamp};

use super::Verdict;
use super::content::Content;
use super::context::{Context, Place, names_commit};
use super::moving;
use super::notes::Notes;
use super::proof::{OLD_FOR_A_WHILE, early};
use super::push::Logs;
use crate::domain::{Digest, ManifestKind, Probe, RevisionRule, Tag};

/// An image that says it was built longer than this before its run began is worth a look at the log.
const BUILT_EARLY: SignedDuration = SignedDuration::from_mins(5);

/// What speaks for or against the content being this commit's.
pub(super) struct Evidence<'e> {
    pub(super) tag: &'e Tag,
    pub(super) digest: &'e Digest,
    pub(super) label: Label<'e>,
    pub(super) claim: Claimed,
    /// Whether the log is still to be read.
    pub(super) log_waits: bool,
    /// Whether a part is gone: then it does not matter whose the rest is, unless something says that it is another's.
    pub(super) broken: bool,
}

/// Returns a verdict where the content is not this commit's.
pub(super) fn identity<'a>(
    ctx: &Context<'a>,
    place: &Place<'a>,
    evidence: &Evidence<'_>,
    notes: &mut impl Notes,
) -> Option<Verdict> {
    let Evidence { tag, digest, label, claim, log_waits, broken } = evidence;
    if place.template.is_moving()
        && let Some(verdict) = moving::judge(ctx, place, tag, *label, *claim, notes)
    {
        return Some(verdict);
    }
    if *claim == Claimed::Another {
        return Some(stale(ctx, place, tag, Older::beside(*label), notes));
    }
    if *label != Label::Agrees && *claim != Claimed::Agrees && !broken {
        let shared = ctx.image(place).filter(|image| image.is_shared(tag, digest));
        if let Some((older, theirs)) = shared.and_then(|image| ctx.older_owner(place, image, tag, digest)) {
            notes.say(|| {
                format!(
                    "{theirs}, the tag of older commit {} (run #{}), has the same digest.",
                    older.sha.short(12),
                    older.number
                )
            });
            // Two commits may build the same image, and the log of this push tells.
            return Some(if *log_waits { Verdict::Unknown } else { stale(ctx, place, tag, Older::Shared, notes) });
        }
    }
    match label {
        Label::Other(_) => {
            notes.step(|| "Find out what pushed this tag; do not deploy it as this commit.".to_owned());
            notes.step(|| "If the label is the base image's, label this image, or set revision to off.".to_owned());
            Some(Verdict::Mismatch)
        }
        Label::Doubtful(_) | Label::Inherited(_) if *claim == Claimed::Agrees => None,
        Label::Doubtful(_) | Label::Inherited(_) if *log_waits => Some(Verdict::Unknown),
        Label::Doubtful(_) | Label::Inherited(_) => {
            notes.step(|| "Label the image with its commit, or set revision to off.".to_owned());
            Some(Verdict::Mismatch)
        }
        Label::Lacking => {
            notes.step(|| "Find out what pushed this tag; do not deploy it as this commit.".to_owned());
            Some(Verdict::Mismatch)
        }
        Label::Agrees | Label::Absent | Label::NoCommit | Label::NotAsked | Label::Unread => None,
    }
}

/// How a tag came to what is not what this run pushed.
#[derive(Debug, Clone, Copy)]
pub(super) enum Older {
    /// It kept what it pointed to before.
    Kept,
    /// It has the same content as the tag of an older commit.
    Shared,
    /// It has content of this commit that is not this run's.
    Replaced,
}

impl Older {
    /// Returns what speaks from a label beside a digest that was not claimed.
    pub(super) fn beside(label: Label<'_>) -> Self {
        if label == Label::Agrees { Self::Replaced } else { Self::Kept }
    }
}

pub(super) fn stale(ctx: &Context<'_>, place: &Place<'_>, tag: &Tag, older: Older, notes: &mut impl Notes) -> Verdict {
    if let Some(verdict) = early(ctx, place, tag, OLD_FOR_A_WHILE, notes) {
        return verdict;
    }
    let (cause, step) = match older {
        Older::Kept => (
            "The push of this commit did not replace what the tag pointed to.",
            "Push the image of this commit again; until then the tag deploys older content.",
        ),
        Older::Shared => (
            "An older image was pushed under this commit's tag, or the two commits build the very same.",
            "Compare the two commits: where they differ, push this one's image; where not, label images with their commit.",
        ),
        Older::Replaced => (
            "Something else pushed this commit's tag: another attempt, or a run that is not watched.",
            "Find out what pushed the tag again; what this run pushed is not what it deploys.",
        ),
    };
    notes.cause(|| cause.to_owned());
    notes.step(|| step.to_owned());
    Verdict::Stale
}

/// The log is read where it can change the verdict or explain it, and nowhere else.
pub(super) fn worth_the_log(place: &Place<'_>, content: &Content<'_>, label: &Label<'_>) -> bool {
    let early = content.created.zip(place.run.started_at.or(place.run.created_at));
    let built_early = early.is_some_and(|(created, started)| started.at().duration_since(created) > BUILT_EARLY);
    let unlabelled = match label {
        Label::Absent | Label::NoCommit | Label::NotAsked | Label::Doubtful(_) | Label::Inherited(_) => true,
        Label::Agrees | Label::Other(_) | Label::Lacking | Label::Unread => false,
    };
    !content.unread && (place.run.key.attempt > 1 || unlabelled || built_early)
}

/// What the revision label or annotation says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Label<'a> {
    /// It names this commit.
    Agrees,
    /// It names another commit.
    Other(&'a str),
    /// It is a number, as of a build or a day, and the short id of another commit at best. The log tells.
    Doubtful(&'a str),
    /// The config's names another commit, as a base image's would, and the annotation of the same manifest names this
    /// one. The log tells.
    Inherited(&'a str),
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
    /// Returns the other commit that it names.
    pub(super) fn other(self) -> Option<&'a str> {
        match self {
            Self::Other(revision) | Self::Doubtful(revision) | Self::Inherited(revision) => Some(revision),
            Self::Agrees | Self::Lacking | Self::Absent | Self::NoCommit | Self::NotAsked | Self::Unread => None,
        }
    }

    pub(super) fn of(place: &Place<'_>, content: &Content<'a>) -> Self {
        // A pull request's image names the merge commit, which the API does not give.
        if place.spec.revision == RevisionRule::Off || place.run.event.is_pull_request() {
            return Self::NotAsked;
        }
        let mut labels = content.revisions.iter().copied();
        // One that is surely a commit's goes before a number.
        let others = || labels.clone().filter(|label| names_commit(label.raw(), &place.run.sha) == Some(false));
        if let Some(other) = others().find(|other| !is_number(other.raw())).or_else(|| others().next()) {
            if is_number(other.raw()) {
                return Self::Doubtful(other.as_str());
            }
            // The commit of such a run is that of the default branch, and what it builds may be another's.
            let is_sure = !place.run.event.is_workflow_run();
            return if is_sure { Self::Other(other.as_str()) } else { Self::NotAsked };
        }
        if let Some(inherited) = content.inherited {
            return Self::Inherited(inherited.as_str());
        }
        let required = place.spec.revision == RevisionRule::Require;
        let incomplete = content.unread || content.unseen;
        match labels.next().map(|label| names_commit(label.raw(), &place.run.sha)) {
            Some(Some(_)) => Self::Agrees,
            Some(None) | None if incomplete => Self::Unread,
            Some(None) | None if required => Self::Lacking,
            Some(None) => Self::NoCommit,
            None => Self::Absent,
        }
    }

    pub(super) fn say(self, place: &Place<'_>, created: Option<Timestamp>, notes: &mut impl Notes) {
        if let Some(created) = created {
            notes.say(|| format!("The image says that it was built at {created:.0}."));
        }
        let commit = place.run.sha.short(12);
        match self {
            Self::Agrees => notes.say(|| format!("Its revision label names this commit, {commit}.")),
            Self::Other(revision) => notes.say(|| format!("Its revision label names {revision}, not {commit}.")),
            Self::Doubtful(revision) => notes.say(|| {
                format!("Its revision label says {revision}, not {commit}, which may be a number and no commit.")
            }),
            Self::Inherited(revision) => notes.say(|| {
                format!(
                    "Its annotation names this commit, {commit}; its label names {revision}, which may be its base's."
                )
            }),
            Self::Lacking => notes.say(|| "It names no commit, and this image is required to.".to_owned()),
            Self::Absent => notes.say(|| "It has no revision label.".to_owned()),
            Self::NoCommit => notes.say(|| "Its revision label names no commit.".to_owned()),
            Self::NotAsked | Self::Unread => {}
        }
    }
}

fn is_number(text: &str) -> bool {
    text.len() < 40 && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
}

/// How the digest that the log claims compares with the one that is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Claimed {
    /// Nothing was claimed for this tag, or nobody looked.
    Nothing,
    /// The same digest, or that of a part of the index.
    Agrees,
    /// Another digest, and nothing that excuses it.
    Another,
    /// Another digest, but another run of the same commit may have pushed it too.
    PushedAgain,
}

impl Claimed {
    /// Returns whether the log claims what is there; `None` where it claims nothing, or nobody looked.
    pub(super) fn agrees(self) -> Option<bool> {
        match self {
            Self::Agrees => Some(true),
            Self::Another | Self::PushedAgain => Some(false),
            Self::Nothing => None,
        }
    }

    /// One push job may push the tag again after another: any of the digests will do. A line that names no
    /// repository may be about another image, and contradicts nothing. With it comes the digest that decides.
    pub(super) fn of<'l>(
        ctx: &Context<'_>,
        place: &Place<'_>,
        tag: &Tag,
        digest: &Digest,
        logs: &Logs<'l>,
    ) -> (Self, Option<&'l Digest>) {
        let claims = || logs.digests(&place.spec.repository, tag);
        let agrees = |claimed: &Digest| claimed == digest || is_part(ctx, place, digest, claimed);
        let agreeing = claims().map(|(_, claimed)| claimed).filter(|claimed| agrees(claimed)).last();
        if agreeing.is_some() {
            return (Self::Agrees, agreeing);
        }
        match claims().filter(|(named, _)| *named).last() {
            None => (Self::Nothing, None),
            Some((_, last)) if ctx.pushed_again(place) => (Self::PushedAgain, Some(last)),
            Some((_, last)) => (Self::Another, Some(last)),
        }
    }

    pub(super) fn say(self, tag: &Tag, claimed: Option<&Digest>, notes: &mut impl Notes) {
        let Some(claimed) = claimed else { return };
        match self {
            Self::Nothing => {}
            Self::Agrees => notes.say(|| format!("The log claims to have pushed {tag} as {claimed}, which agrees.")),
            Self::Another => {
                notes.say(|| format!("The log claims to have pushed {tag} as {claimed}, which is not what is there."));
            }
            Self::PushedAgain => notes
                .say(|| format!("The log claims {claimed}; another run of the same commit may have pushed {tag} too.")),
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
