//! Where the log says that the image went, if not where it is expected.

use super::Verdict;
use super::context::{Context, Place, names_commit};
use super::notes::Notes;
use super::push::Logs;
use crate::domain::{Claim, ImageName, Look, Probe, Tag, TagRef};

/// Looks where the log says that the image went.
pub(super) fn elsewhere(
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
        // One job may push the images of several services; each of them is where it belongs.
        if image != expected && ctx.service.claimed.contains(image) {
            return false;
        }
        if ctx.service.expects(place.run, image, claimed) {
            return false;
        }
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
