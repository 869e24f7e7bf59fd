//! What waits to be written: the newest of each, so that it never grows beyond what there is to know.

use jiff::Timestamp;
use rusqlite::Connection;
use rustc_hash::FxHashMap;

use super::answers::{self, Answer, AnswerKey};
use crate::domain::{
    CredentialScope, Digest, Fact, ImageName, JobId, Look, Moment, RunKey, ServiceName, SourceId, TagRef,
};

/// Bytes of answers that may wait; they can be had again, and a disk that is full must not fill the memory.
const ANSWER_BYTES: usize = 16 << 20;

/// Facts that are written in one transaction, so that other processes need not wait long for their turn.
const FACTS: usize = 8_000;
/// Facts for which there is room while nothing waits.
const ROOM: usize = 256;
/// Bytes of answers that are.
const WRITTEN_BYTES: usize = 2 << 20;

/// What is written together.
#[derive(Debug, Default)]
pub(super) struct Changes {
    pub(super) facts: Vec<Fact>,
    pub(super) shelved: Vec<Look>,
    pub(super) answers: Vec<(AnswerKey, AnswerChange)>,
}

/// What becomes of an answer.
#[derive(Debug)]
pub(super) enum AnswerChange {
    Saved(Answer),
    Used,
    Forgotten,
}

impl AnswerChange {
    pub(super) fn apply(&self, to: &Connection, key: &AnswerKey, now: i64) -> rusqlite::Result<()> {
        match self {
            Self::Saved(answer) => answers::save(to, key, answer, now),
            Self::Used => answers::used(to, key, now),
            Self::Forgotten => answers::forget(to, key),
        }
    }

    fn bytes(&self) -> usize {
        match self {
            Self::Saved(answer) => answer.body.len(),
            Self::Used | Self::Forgotten => 0,
        }
    }
}

/// What a fact is about.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum About {
    Look(Look),
    Landed(TagRef, RunKey),
    Judged(ServiceName, RunKey, TagRef),
    Answered(SourceId),
    Failing(SourceId),
    Ended(RunKey),
    Retried(RunKey, u64),
    Arrived(ServiceName, RunKey),
    Deployed(ServiceName),
    Scanned(CredentialScope),
}

/// What waits about one thing.
#[derive(Debug)]
enum Waiting {
    Fact(Box<Fact>),
    /// What is stored goes on the shelf.
    Shelf,
    /// This is written, and then goes on the shelf.
    FactForTheShelf(Box<Fact>),
}

/// What waits to be written.
#[derive(Debug, Default)]
pub(super) struct Pending {
    waiting: FxHashMap<About, Waiting>,
    answers: FxHashMap<AnswerKey, AnswerChange>,
    bytes: usize,
}

impl Pending {
    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty() && self.answers.is_empty()
    }

    /// Takes in facts that came later than all that waits.
    pub(super) fn keep(&mut self, facts: Vec<Fact>) {
        for fact in facts {
            let about = about(&fact);
            let fact = match self.waiting.remove(&about) {
                Some(Waiting::Fact(before) | Waiting::FactForTheShelf(before)) => newer(*before, fact),
                Some(Waiting::Shelf) | None => fact,
            };
            self.waiting.insert(about, Waiting::Fact(Box::new(fact)));
        }
    }

    /// Takes in looks whose facts go on the shelf, as they are now.
    pub(super) fn shelve(&mut self, looks: Vec<Look>) {
        for look in looks {
            let about = About::Look(look);
            let waiting = match self.waiting.remove(&about) {
                Some(Waiting::Fact(fact) | Waiting::FactForTheShelf(fact)) => Waiting::FactForTheShelf(fact),
                Some(Waiting::Shelf) | None => Waiting::Shelf,
            };
            self.waiting.insert(about, waiting);
        }
    }

    /// Takes in what becomes of an answer; one that there is no room for is not kept.
    pub(super) fn answer(&mut self, key: AnswerKey, change: AnswerChange) {
        let before = self.answers.remove(&key);
        self.bytes -= before.as_ref().map_or(0, AnswerChange::bytes);
        let change = match (before, change) {
            // Saving counts as use.
            (Some(saved @ AnswerChange::Saved(_)), AnswerChange::Used) => saved,
            (Some(AnswerChange::Forgotten), AnswerChange::Used) => AnswerChange::Forgotten,
            (_, change) => change,
        };
        if self.bytes + change.bytes() <= ANSWER_BYTES {
            self.bytes += change.bytes();
            self.answers.insert(key, change);
        }
    }

    /// Takes back what could not be written. What came since is newer.
    pub(super) fn give_back(&mut self, changes: Changes) {
        let since = std::mem::take(self);
        self.keep(changes.facts);
        self.shelve(changes.shelved);
        changes.answers.into_iter().for_each(|(key, change)| self.answer(key, change));
        for (about, waiting) in since.waiting {
            match waiting {
                Waiting::Fact(fact) => self.keep(vec![*fact]),
                Waiting::Shelf => self.shelve(about.look().into_iter().collect()),
                Waiting::FactForTheShelf(fact) => {
                    self.keep(vec![*fact]);
                    self.shelve(about.look().into_iter().collect());
                }
            }
        }
        since.answers.into_iter().for_each(|(key, change)| self.answer(key, change));
    }

    /// Returns what is to be written next, and forgets it.
    pub(super) fn take(&mut self) -> Changes {
        let mut changes = Changes::default();
        let next: Vec<About> = self.waiting.keys().take(FACTS).cloned().collect();
        for about in next {
            match self.waiting.remove(&about) {
                Some(Waiting::Fact(fact)) => changes.facts.push(*fact),
                Some(Waiting::Shelf) => changes.shelved.extend(about.look()),
                Some(Waiting::FactForTheShelf(fact)) => {
                    changes.facts.push(*fact);
                    changes.shelved.extend(about.look());
                }
                None => {}
            }
        }
        // A start may leave much to write, once.
        if self.waiting.capacity() > 4 * self.waiting.len() + ROOM {
            self.waiting.shrink_to_fit();
        }
        let mut bytes = 0;
        let fits = |(_, change): &(&AnswerKey, &AnswerChange)| {
            bytes += change.bytes();
            bytes - change.bytes() < WRITTEN_BYTES
        };
        let next: Vec<AnswerKey> = self.answers.iter().take_while(fits).map(|(key, _)| *key).collect();
        for key in next {
            if let Some(change) = self.answers.remove(&key) {
                self.bytes -= change.bytes();
                changes.answers.push((key, change));
            }
        }
        changes
    }
}

impl About {
    fn look(self) -> Option<Look> {
        match self {
            Self::Look(look) => Some(look),
            Self::Landed(..)
            | Self::Judged(..)
            | Self::Answered(_)
            | Self::Failing(_)
            | Self::Ended(_)
            | Self::Retried(..)
            | Self::Arrived(..)
            | Self::Deployed(_)
            | Self::Scanned(_) => None,
        }
    }
}

fn about(fact: &Fact) -> About {
    let content = |look: fn(ImageName, Digest) -> Look, image: &ImageName, digest: &Digest| {
        About::Look(look(image.clone(), digest.clone()))
    };
    match fact {
        Fact::Runs { service, .. } => About::Look(Look::Runs(service.clone())),
        Fact::Jobs { run, .. } => About::Look(Look::Jobs(run.clone())),
        Fact::PushLog(run, JobId(job), _) => About::Look(Look::PushLog(run.clone(), JobId(*job))),
        Fact::Tag(fact) => About::Look(Look::Tag(fact.tag_ref.clone())),
        Fact::Manifest(image, digest, _) => content(Look::Manifest, image, digest),
        Fact::Config(image, digest, _) => content(Look::Config, image, digest),
        Fact::Blob(image, digest, _) => content(Look::Blob, image, digest),
        Fact::Readable(image, _) => About::Look(Look::Canary(image.clone())),
        Fact::Landed(landed) => About::Landed(landed.tag_ref.clone(), landed.run.clone()),
        Fact::Judged(judged) => About::Judged(judged.service.clone(), judged.run.clone(), judged.tag_ref.clone()),
        Fact::Answered(source, ..) => About::Answered(source.clone()),
        Fact::Failing(source, ..) => About::Failing(source.clone()),
        Fact::Ended(run) => About::Ended(run.key.clone()),
        Fact::Tries(ended, _) => About::Look(Look::Tries(ended.clone())),
        Fact::Reports(ended, _) => About::Look(Look::Reports(ended.clone())),
        Fact::Retried(run, JobId(job), _) => About::Retried(run.clone(), *job),
        Fact::Arrived(service, run, _) => About::Arrived(service.clone(), run.clone()),
        Fact::Deployed(service, ..) => About::Deployed(service.clone()),
        Fact::Scanned(scope, ..) => About::Scanned(scope.clone()),
    }
}

/// Returns the newer of two facts about the same; of what landed, with the earlier of their first moments.
fn newer(before: Fact, after: Fact) -> Fact {
    let is_older = moment(&after) < moment(&before);
    let (mut newer, older) = if is_older { (before, after) } else { (after, before) };
    if let (Fact::Landed(newer), Fact::Landed(older)) = (&mut newer, &older) {
        newer.since = newer.since.min(older.since);
    }
    newer
}

/// Returns how new a fact is. What never changes has no age.
fn moment(fact: &Fact) -> Option<Timestamp> {
    match fact {
        Fact::Runs { seen_at, .. } | Fact::Jobs { seen_at, .. } => Some(*seen_at),
        Fact::Tag(fact) => Some(fact.seen_at),
        Fact::Readable(_, at)
        | Fact::Answered(_, _, at)
        | Fact::Failing(_, _, at, _)
        | Fact::Deployed(_, _, at)
        | Fact::Scanned(_, _, at) => Some(*at),
        Fact::Landed(landed) => Some(landed.last_seen),
        Fact::Judged(judged) => Some(judged.since),
        Fact::Ended(run) => run.finished_at.map(Moment::at),
        Fact::PushLog(..)
        | Fact::Manifest(..)
        | Fact::Config(..)
        | Fact::Blob(..)
        | Fact::Tries(..)
        | Fact::Reports(..)
        | Fact::Retried(..)
        | Fact::Arrived(..) => None,
    }
}
