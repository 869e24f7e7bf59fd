//! An image that landed and was looked at whole once: what was found then stands until the registry says otherwise.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::Verdict;
use super::context::{Context, Place, names_commit};
use super::counted::counted;
use super::notes::Notes;
use super::proof::look;
use super::walk::Found;
use crate::domain::{Digest, LandedRecord, Look, Proof, Revision, Tag, Urgency};

/// How long after the last look the newest landed tag is looked at again.
const NEWEST_AGAIN: SignedDuration = SignedDuration::from_mins(30);

/// How long after the last look those are that one would roll back to.
const RECENT_AGAIN: SignedDuration = SignedDuration::from_hours(1);

/// What was found once, and still answers what is asked today.
#[derive(Clone, Copy)]
pub(super) struct Lasting<'a> {
    pub(super) record: &'a LandedRecord,
    proof: &'a Arc<Proof>,
}

impl<'a> Lasting<'a> {
    /// Returns what was found of this tag for this run. It proves nothing where the configuration asks for something
    /// else by now.
    pub(super) fn of(ctx: &Context<'a>, place: &Place<'a>, tag: &Tag) -> Option<Self> {
        Self::answering(place, ctx.image(place)?.landed_for(tag.as_str(), &place.run.key)?.1)
    }

    /// Returns what is known of a tag that landed for this run, where it answers what is asked.
    pub(super) fn answering(place: &Place<'_>, record: &'a LandedRecord) -> Option<Self> {
        let proof = record.proof.as_ref()?;
        proof.answers(place.spec).then_some(Self { record, proof })
    }

    /// Returns whether it was this digest that was looked at whole.
    pub(super) fn is_of(&self, digest: &Digest) -> bool {
        self.record.digest == *digest
    }

    /// Returns the verdict that it was, and when that was last seen.
    pub(super) fn last_known(self) -> (Verdict, Timestamp) {
        (Verdict::Landed, self.record.last_seen.at())
    }

    /// Tells what was found. `seen_at` is when the tag was last seen to point there.
    pub(super) fn tell(
        &self,
        place: &Place<'a>,
        seen_at: Timestamp,
        found: &mut Found,
        notes: &mut impl Notes,
    ) -> Verdict {
        let Self { record, proof } = self;
        found.since = Some(record.since.at());
        found.seen_at = Some(seen_at);
        found.digest = Some(record.digest.clone());
        found.content = Some(Arc::clone(proof));
        if let Some(created) = proof.created {
            notes.say(|| format!("The image says that it was built at {created:.0}."));
        }
        notes.say(|| match proof.revision.as_ref().map(Revision::text) {
            Some(revision) if names_commit(revision.raw(), &place.run.sha) == Some(true) => {
                format!("Its revision label names this commit, {}.", place.run.sha.short(12))
            }
            Some(revision) => format!("Its revision label says {revision}."),
            None => "It has no revision label.".to_owned(),
        });
        if proof.claimed == Some(true) {
            notes.say(|| "The log of the push claims the same digest.".to_owned());
        }
        notes.say(|| {
            let listed: Vec<String> = proof.frame.platforms.iter().map(ToString::to_string).collect();
            let (layers, since) = (proof.layers, record.since);
            let layers = counted(layers, "layer");
            format!("All of it was looked at after it landed at {since:.0}: {}, {layers}.", listed.join(", "))
        });
        Verdict::Landed
    }
}

/// Wants the looks that find out when a landed tag goes away or moves: often for the newest, seldom for those that one
/// would roll back to, never for older ones.
pub(super) fn look_again(ctx: &Context<'_>, place: &Place<'_>, tag: &Tag, seen_at: Timestamp, notes: &mut impl Notes) {
    if ctx.is_asked(place) && ctx.is_too_old(seen_at) {
        // Somebody waits for it as for the newest commit.
        notes.want(Urgency::Newest, None, || look(place, tag));
        return;
    }
    let pause = match place.urgency {
        Urgency::Newest => NEWEST_AGAIN,
        _ if place.is_recent => RECENT_AGAIN,
        _ => return,
    };
    // A clock that was set back must not keep it from being looked at.
    let seen_at = seen_at.min(ctx.now);
    notes.want(Urgency::Again, Some(seen_at.saturating_add(pause).unwrap_or(seen_at)), || look(place, tag));
}

/// Notes of a walk over what is proven already: whatever was not read again is wanted without any hurry, and is no reason to
/// doubt.
pub(super) struct Unhurried<'n, N>(pub(super) &'n mut N, pub(super) Timestamp);

impl<N: Notes> Notes for Unhurried<'_, N> {
    fn say(&mut self, sentence: impl FnOnce() -> String) {
        self.0.say(sentence);
    }

    fn want(&mut self, urgency: Urgency, not_before: Option<Timestamp>, look: impl FnOnce() -> Look) {
        let later = self.1.saturating_add(NEWEST_AGAIN).unwrap_or(self.1);
        match urgency {
            Urgency::Asked | Urgency::Opened | Urgency::Watched | Urgency::Again | Urgency::Spare => {
                self.0.want(urgency, not_before, look);
            }
            Urgency::Newest | Urgency::NewestLayers | Urgency::Depth | Urgency::Layers => {
                self.0.want(Urgency::Again, Some(not_before.map_or(later, |at| at.max(later))), look);
            }
        }
    }

    fn cause(&mut self, sentence: impl FnOnce() -> String) {
        self.0.cause(sentence);
    }

    fn step(&mut self, sentence: impl FnOnce() -> String) {
        self.0.step(sentence);
    }
}
