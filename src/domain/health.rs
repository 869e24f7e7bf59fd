//! How each source is doing: a failure keeps what was seen before, with its age.

use std::collections::BTreeMap;
use std::fmt;

use jiff::{SignedDuration, Timestamp};

use rustc_hash::FxHashSet;

use super::{Failure, Fault, Look, Topic};

/// No more looks than these are told apart where one thing is refused.
const LOOKS: usize = 1000;

/// What was refused is asked for again within this time, or nobody wants it any more.
const REMEMBERED: SignedDuration = SignedDuration::from_hours(1);

/// An answer that came longer ago says nothing of those of now.
const AMONG: SignedDuration = SignedDuration::from_mins(1);

/// What a source is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SourceKind {
    /// A CI provider.
    Ci,
    /// An OCI registry.
    Registry,
    /// A store of secrets, asked when they end.
    Expiry,
}

/// The health of one source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Health {
    /// What it is.
    pub kind: SourceKind,
    /// When it last answered a look.
    pub last_ok: Option<Timestamp>,
    /// The last failure of the source itself and when it happened; cleared by the next answer, whatever it is about.
    pub failure: Option<(Timestamp, Failure)>,
    /// What an earlier process last found wrong with the source itself; gone once this one has asked.
    pub earlier: Option<(Timestamp, Failure)>,
    /// What it refuses while it answers for the rest, by what that is about.
    pub refused: BTreeMap<Topic, Refused>,
    /// How many items of lists could not be read, in the newest lists.
    pub skipped: u64,
    /// What was sent and spent.
    pub traffic: Traffic,
    /// How it is being asked at the moment.
    pub pace: Pace,
}

impl Health {
    /// Returns the health of a source that was not asked yet.
    #[must_use]
    pub fn new(kind: SourceKind) -> Self {
        Self {
            kind,
            last_ok: None,
            failure: None,
            earlier: None,
            refused: BTreeMap::new(),
            skipped: 0,
            traffic: Traffic::default(),
            pace: Pace::default(),
        }
    }

    /// Returns how far its clock is ahead of ours, where that is more than a minute either way.
    #[must_use]
    pub fn clock_is_off(&self) -> Option<SignedDuration> {
        self.traffic.clock_skew.filter(|skew| skew.abs() > SignedDuration::from_mins(1))
    }

    /// Returns what is wrong, where anything is: with the source itself before what it refuses.
    #[must_use]
    pub fn trouble(&self) -> Option<Trouble<'_>> {
        if let Some((at, failure)) = &self.failure {
            return Some(Trouble { at: *at, failure, topic: None, others: 0 });
        }
        let (topic, Refused { at, failure, .. }) = self.refused.first_key_value()?;
        Some(Trouble { at: *at, failure, topic: Some(topic), others: self.refused.len() - 1 })
    }

    /// Takes in when an earlier process had an answer.
    pub(super) fn recall_answer(&mut self, at: Timestamp) {
        self.last_ok = self.last_ok.max(Some(at));
        self.earlier.take_if(|(failed_at, _)| *failed_at <= at);
    }

    /// Takes in what was wrong when an earlier process asked. Whoever has answered since is well.
    pub(super) fn recall_failure(&mut self, at: Timestamp, failure: Failure) {
        if self.failure.is_none() && self.last_ok < Some(at) {
            self.earlier = Some((at, failure));
        }
    }

    /// Takes note of an answer.
    pub(super) fn answered(&mut self, at: Timestamp, look: impl FnOnce() -> Look) {
        self.last_ok = Some(at);
        (self.failure, self.earlier) = (None, None);
        if self.refused.is_empty() {
            return;
        }
        let look = look();
        if let Some(refused) = self.refused.get_mut(&look.topic()) {
            refused.looks.remove(&look);
        }
        let is_remembered = |refused: &Refused| at.duration_since(refused.at).abs() < REMEMBERED;
        self.refused.retain(|_, refused| !refused.looks.is_empty() && is_remembered(refused));
    }

    /// Takes note of a look without an answer.
    pub(super) fn failed(&mut self, at: Timestamp, failure: &Failure, look: impl FnOnce() -> Look) {
        self.earlier = None;
        // One bad answer among good ones says nothing of the rest.
        let since_answer = self.last_ok.map(|ok| at.duration_since(ok));
        let is_among_others = since_answer.is_some_and(|since| (SignedDuration::ZERO..AMONG).contains(&since));
        let is_odd = failure.is_bad_answer() && is_among_others;
        if !is_odd && !Fault::of(failure).is_of_one_thing() {
            self.failure = Some((at, failure.clone()));
            return;
        }
        if !is_odd {
            // Whoever refuses one thing is neither down nor asked too much.
            self.failure.take_if(|(_, failure)| matches!(Fault::of(failure), Fault::Silence | Fault::Limit));
        }
        let look = look();
        // Registries that list no tags are no worse than others.
        if matches!(look, Look::Canary(_)) && Fault::of(failure) == Fault::Repository {
            return;
        }
        let new = || Refused { at, failure: failure.clone(), looks: FxHashSet::default() };
        let refused = self.refused.entry(look.topic()).or_insert_with(new);
        (refused.at, refused.failure) = (at, failure.clone());
        if refused.looks.len() < LOOKS {
            refused.looks.insert(look);
        }
    }

    /// Takes note of how one list was read. A list that was read says nothing of another that failed in the same look.
    pub(super) fn listed(&mut self, at: Timestamp, found: Result<(), &Failure>) {
        self.earlier = None;
        match found {
            Ok(()) => {
                self.last_ok = Some(at);
                self.failure.take_if(|(failed_at, _)| *failed_at < at);
            }
            Err(failure) => self.failure = Some((at, failure.clone())),
        }
    }
}

/// What is wrong with a source.
#[derive(Debug, Clone, Copy)]
pub struct Trouble<'a> {
    /// When that was last seen.
    pub at: Timestamp,
    /// Why there was no answer.
    pub failure: &'a Failure,
    /// What was asked for, where the source answers for the rest; the first of several by name.
    pub topic: Option<&'a Topic>,
    /// How many more are refused.
    pub others: usize,
}

impl Trouble<'_> {
    /// Returns the server's own words, where it has any, and what they are about: where they are cut short, the latter
    /// goes first.
    #[must_use]
    pub fn in_brief(&self) -> String {
        let says = self.failure.in_brief();
        self.about().map_or_else(|| says.clone(), |about| format!("{says} ({about})"))
    }

    fn about(&self) -> Option<String> {
        let others = if self.others > 0 { format!(" and {} more", self.others) } else { String::new() };
        self.topic.map(|topic| format!("{topic}{others}"))
    }
}

impl fmt::Display for Trouble<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(about) = self.about() {
            write!(f, "{about}: ")?;
        }
        self.failure.fmt(f)
    }
}

/// What a source refuses of one thing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// When it last did.
    pub at: Timestamp,
    /// Why.
    pub failure: Failure,
    /// Which looks it refused and has not answered since.
    looks: FxHashSet<Look>,
}

/// What was sent to a source since the start, and what that cost.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Traffic {
    /// Requests sent, token requests and redirects included.
    pub requests: u64,
    /// Answers that were 304.
    pub not_modified: u64,
    /// Requests in the last hour; the oldest minute counts whole or not at all.
    pub requests_last_hour: u64,
    /// Answers in the last hour that were 304.
    pub not_modified_last_hour: u64,
    /// Requests that count against the budget: all that went to the source itself, but for those answered by a 304
    /// that stated a remaining budget which had not fallen. Where nothing is stated, everything counts.
    pub billed: u64,
    /// Bytes of remembered answers that are held in memory.
    pub cache_bytes: u64,
    /// How far the source's clock is ahead of ours, to the second: the median of its last few answers.
    pub clock_skew: Option<SignedDuration>,
    /// What the newest answers' headers say of the budget.
    pub budget: Option<Budget>,
}

/// A rate-limit budget as a provider's headers tell it. Once its window is over, all of it is there again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Budget {
    /// Requests left.
    pub remaining: u64,
    /// Requests allowed in a window.
    pub limit: Option<u64>,
    /// When the window starts anew, by our clock; none where that is not known, or no request was made since.
    pub resets_at: Option<Timestamp>,
}

/// How a source is being asked at the moment: what waits for it, and why it is not asked at once.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Pace {
    /// Until when nothing is asked of its own accord, and why.
    pub closed: Option<(Timestamp, Failure)>,
    /// Whether the credential was refused: until there is a new one, the source is only tried now and then.
    pub stopped: bool,
    /// When it is next asked in the background.
    pub next: Option<Timestamp>,
    /// How many times longer than usual the pauses in the background are, to keep within the budget; in tenths, so
    /// that 25 is two and a half times. `None` where they are as usual.
    pub slowed: Option<u32>,
    /// Looks that are due and wait.
    pub waiting: usize,
    /// Looks under way.
    pub under_way: usize,
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use crate::domain::{AuthKind, AuthStage, ServiceName, Stage, Tag, TagRef};

    fn at(minute: i64) -> Timestamp {
        Timestamp::from_second(minute * 60).unwrap()
    }

    fn runs(service: &str) -> Look {
        Look::Runs(ServiceName::parse(service).unwrap())
    }

    fn said(health: &Health) -> Option<String> {
        health.trouble().map(|trouble| trouble.to_string())
    }

    #[test]
    fn what_is_refused_stays_until_it_answers_itself_whatever_else_does() {
        let mut health = Health::new(SourceKind::Ci);
        let gone = Failure::NotFound("no such repository".into());
        health.failed(at(0), &gone, || runs("b"));
        health.failed(at(0), &gone, || runs("c"));
        for minute in 0..50 {
            health.answered(at(minute), || runs("a"));
            let words = "runs of b and 1 more: not found, or hidden from this credential: no such repository";
            assert_eq!(said(&health).as_deref(), Some(words));
        }
        health.answered(at(50), || runs("b"));
        assert_eq!(health.trouble().unwrap().in_brief(), "no such repository (runs of c)");
        health.answered(at(60), || runs("a"));
        assert_eq!(said(&health), None, "nobody has asked for it in an hour");
    }

    #[test]
    fn a_bad_answer_is_that_looks_own_while_others_are_good() {
        let error = Failure::Unreachable { stage: Stage::Server(500), says: "boom".into() };
        for (bad, words) in [(Failure::Malformed("a page of HTML".into()), "a page of HTML"), (error, "boom")] {
            let mut health = Health::new(SourceKind::Registry);
            for minute in 0..10 {
                health.answered(at(minute), || runs("a"));
                health.failed(at(minute), &bad, || runs("b"));
                assert_eq!(health.failure, None, "it does not come and go with the order of answers");
                assert_eq!(health.trouble().unwrap().in_brief(), format!("{words} (runs of b)"));
            }
            health.failed(at(10), &bad, || runs("a"));
            assert!(health.failure.is_some(), "nobody had an answer for a minute");
            health.answered(at(11), || runs("b"));
            assert_eq!(said(&health), None);
        }
    }

    #[test]
    fn what_is_wrong_with_the_source_comes_first_and_goes_with_any_answer() {
        let mut health = Health::new(SourceKind::Ci);
        health.failed(at(0), &Failure::Forbidden("no".into()), || runs("b"));
        health.failed(at(1), &Failure::Unreachable { stage: Stage::Dns, says: "".into() }, || runs("a"));
        assert_eq!(said(&health).as_deref(), Some("the host's name was not found"));
        health.failed(at(2), &Failure::Forbidden("no".into()), || runs("b"));
        assert_eq!(said(&health).as_deref(), Some("runs of b: access forbidden: no"), "it is not down");
        let login = Failure::Auth { stage: AuthStage::Api, kind: AuthKind::Expired, says: "".into() };
        health.failed(at(3), &login, || runs("a"));
        health.failed(at(4), &Failure::Forbidden("no".into()), || runs("b"));
        assert!(health.trouble().unwrap().topic.is_none(), "and the login is no better for it");
        health.answered(at(5), || runs("a"));
        assert_eq!(health.trouble().unwrap().topic, Some(&runs("b").topic()));
    }

    #[test]
    fn a_registry_that_lists_no_tags_is_no_worse_for_it() {
        let mut health = Health::new(SourceKind::Registry);
        let image = crate::domain::ImageName::parse("ghcr.io/acme/shop").unwrap();
        health.failed(at(0), &Failure::Forbidden("no".into()), || Look::Canary(image.clone()));
        assert_eq!(said(&health), None);
        let tag = |tag| Look::Tag(TagRef { image: image.clone(), tag: Tag::parse(tag).unwrap() });
        health.failed(at(0), &Failure::Forbidden("no".into()), || tag("one"));
        assert_eq!(said(&health).as_deref(), Some("acme/shop: access forbidden: no"));
        health.answered(at(1), || tag("two"));
        assert!(said(&health).is_some(), "a registry may forbid a tag that is not there, and show the others");
        health.answered(at(2), || tag("one"));
        assert_eq!(said(&health), None);
    }
}
