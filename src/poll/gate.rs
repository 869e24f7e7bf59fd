//! Whether a source may be asked at all: after a rate limit, a refused credential or an outage it is not, and then
//! one look finds out whether that is over.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use rustc_hash::FxHashSet;
use tokio::time::Instant;

use super::fault::pause;
use super::moment::Moment;
use super::proof::Proof;
use crate::domain::{Failure, Fault, Look};

/// How many failures in a row, without an answer between, make a source count as down.
const DOWN_AFTER: u32 = 3;

/// The first and the longest time that a rate limit closes for, where the server does not say.
const LIMIT: Duration = Duration::from_mins(1);
const LONGEST_LIMIT: Duration = Duration::from_mins(15);

/// The first by the wall's clock.
const SHORTEST: SignedDuration = SignedDuration::from_mins(1);
/// What an earlier process was told longer ago says nothing of now.
const LONGEST_TOLD: SignedDuration = SignedDuration::from_hours(1);

/// The longest pause between tries of a source that is down: two intervals of a run in progress.
const LONGEST_DOWN: Duration = Duration::from_secs(20);

/// After this time a refused credential is tried once more before it is believed to be refused.
pub(super) const DOUBT: Duration = Duration::from_secs(2);

/// A refused credential is tried after this time all the same: the server may have been wrong. Each time that it is
/// refused again makes that twice as long, up to the longest.
pub(super) const PROBE: Duration = Duration::from_mins(15);
const LONGEST_PROBE: Duration = Duration::from_hours(1);

/// By so much whoever was refused goes behind the others: it may have been refused for itself alone.
const BEHIND: Duration = Duration::from_secs(1);

/// A refusal longer ago than this says nothing of a credential that is accepted now.
const TOGETHER: Duration = Duration::from_mins(2);

/// For so long an answer shows that a source answers.
const ANSWERS: Duration = Duration::from_mins(1);

/// How many looks are remembered whose refusals were their own.
const REMEMBERED: usize = 64;

/// Whether a source may be asked.
#[derive(Debug, Default)]
pub(super) struct Gate {
    shut: Option<Shut>,
    proof: Proof,
    /// Rate limits in a row without a word about their end.
    limits: u32,
    /// Refusals in a row of a credential that is believed to be bad.
    refusals: u32,
    failures: u32,
    /// When it last answered, and what was the first to fail since.
    answered: Option<Instant>,
    silent: Option<Look>,
    /// Tries in a row of a source that is down.
    tries: u32,
    /// Looks that were refused while others were answered.
    own: FxHashSet<Look>,
}

/// Why and until when.
#[derive(Debug)]
pub(super) struct Shut {
    pub(super) because: Because,
    pub(super) why: Failure,
    since: Instant,
    pub(super) until: Instant,
    pub(super) by: By,
}

/// Who was told.
#[derive(Debug)]
pub(super) enum By {
    /// The look that failed.
    Look(Look),
    /// An earlier process, at that moment.
    Earlier(Timestamp),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Because {
    /// Too many requests.
    Limit,
    /// It does not answer.
    Down,
    /// A credential was refused once.
    Doubt,
    /// And once more.
    Refusal,
}

/// What a source's failure means for the look that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ruling {
    /// When it may be asked again.
    pub(super) until: Instant,
    /// Whether nobody is told yet.
    pub(super) quiet: bool,
}

/// A look that has ended.
pub(super) struct Ended<'a> {
    pub(super) look: &'a Look,
    pub(super) started: Instant,
    pub(super) now: Moment,
}

impl Gate {
    /// Returns how many looks may be under way, of so many at most.
    pub(super) fn width(&self, most: usize, now: Instant) -> usize {
        match &self.shut {
            Some(shut) if shut.until > now => 0,
            Some(_) => 1,
            // A source that was never asked is asked one thing first.
            None => self.proof.width(1, most, now),
        }
    }

    /// Returns when more looks may set out than now, if nothing is answered before.
    pub(super) fn widens(&self, now: Instant) -> Option<Instant> {
        match &self.shut {
            Some(shut) => Some(shut.until).filter(|until| *until > now),
            None => self.proof.widens(now),
        }
    }

    /// Returns why it is shut, if it is.
    pub(super) fn shut(&self, now: Instant) -> Option<&Shut> {
        self.shut.as_ref().filter(|shut| shut.until > now)
    }

    /// Returns why it is shut, or was until somebody set out to try, whether or not that is in doubt.
    pub(super) fn any_shut(&self) -> Option<&Shut> {
        self.shut.as_ref()
    }

    /// Returns the same where it is in no doubt.
    pub(super) fn last_shut(&self) -> Option<&Shut> {
        self.shut.as_ref().filter(|shut| shut.because != Because::Doubt)
    }

    /// Returns whether it is shut or being tried because the credential was refused.
    pub(super) fn is_refused(&self) -> bool {
        self.shut.as_ref().is_some_and(|shut| shut.because == Because::Refusal)
    }

    /// Returns whether this process was told a limit that is not over. Of one that an earlier process was told nobody knows
    /// whether it is that of the credential of today.
    pub(super) fn is_limited(&self, now: Instant) -> bool {
        self.shut(now).is_some_and(|shut| shut.because == Because::Limit && shut.look().is_some())
    }

    /// Takes in a limit that an earlier process was told at that moment: it is not asked any sooner for our having
    /// started. One that is dated ahead of the clock, or more than an hour ago, is not believed.
    pub(super) fn begin_limited(&mut self, at: Timestamp, limit: &Failure, now: Moment) {
        let Failure::RateLimited { until: told, .. } = limit else { return };
        let shortest = at.saturating_add(SHORTEST).unwrap_or(at);
        let until = now.due(told.unwrap_or(at).max(shortest));
        let age = now.wall.duration_since(at);
        let is_dated = (-SHORTEST..=LONGEST_TOLD).contains(&age);
        if !is_dated || until <= now.at || self.shut.is_some() {
            return;
        }
        self.limits = told.is_none().into();
        let (because, why) = (Because::Limit, limit.clone());
        self.shut = Some(Shut { because, why, since: now.at, until, by: By::Earlier(at) });
    }

    pub(super) fn started(&mut self, now: Instant) {
        self.proof.started(now);
    }

    /// The credential is another one, or the machine has slept: one look tells at once.
    pub(super) fn try_now(&mut self, now: Instant) {
        self.own.clear();
        self.refusals = 0;
        if let Some(shut) = &mut self.shut {
            shut.until = shut.until.min(now);
        }
    }

    /// Notes that the source lives, and returns what was shut until now and is open.
    pub(super) fn lives(&mut self, ended: &Ended<'_>) -> Option<Shut> {
        self.proof = Proof::Answered;
        (self.failures, self.tries) = (0, 0);
        (self.answered, self.silent) = (Some(ended.now.at), None);
        self.own.remove(ended.look);
        // What set out before it was shut proves that it is not down, and nothing else.
        let proves = |shut: &mut Shut| ended.started >= shut.since || shut.because == Because::Down;
        let opened = self.shut.take_if(proves);
        if self.shut.is_none() {
            (self.limits, self.refusals) = (0, 0);
        }
        if let Some(shut) = &opened
            && matches!(shut.because, Because::Doubt | Because::Refusal)
            && let Some(by) = shut.look().filter(|by| *by != ended.look)
        {
            if self.own.len() >= REMEMBERED {
                self.own.clear();
            }
            self.own.insert(by.clone());
        }
        opened
    }

    /// Notes a failure. Returns what it means for the look, where that is the source's fault and not the look's own.
    pub(super) fn failed(&mut self, failure: &Failure, fault: Fault, ended: &Ended<'_>) -> Option<Ruling> {
        if let Some(shut) = self.shut.as_mut().filter(|shut| ended.started < shut.since) {
            return shut.failed_late(failure, fault, ended.now);
        }
        let now = ended.now.at;
        let before = self.shut.as_ref().map(|shut| shut.because);
        let early = self.shut.as_ref().map(|shut| shut.until).filter(|until| ended.started < *until);
        let (because, until) = match fault {
            Fault::Limit => (Because::Limit, now + self.limit(failure, ended.now)),
            Fault::Login if self.own.contains(ended.look) => return None,
            Fault::Login => match before {
                // Whoever insists before the time makes nobody else wait any longer.
                Some(Because::Refusal) => (Because::Refusal, early.unwrap_or_else(|| now + self.probe())),
                Some(Because::Doubt) => (Because::Refusal, now + self.probe()),
                Some(Because::Limit | Because::Down) | None => (Because::Doubt, now + DOUBT),
            },
            Fault::Silence => {
                let is_alone = self.is_of_one_repository(failure, ended);
                self.silent.get_or_insert_with(|| ended.look.clone());
                if before.is_none() && is_alone {
                    return None;
                }
                self.failures = self.failures.saturating_add(1);
                if before.is_none() && self.failures < DOWN_AFTER {
                    return None;
                }
                self.tries = self.tries.saturating_add(1);
                let again = now + pause(Duration::from_secs(1), self.tries, LONGEST_DOWN);
                match before {
                    Some(Because::Refusal) => (Because::Refusal, now + PROBE),
                    Some(Because::Doubt) => (Because::Doubt, again),
                    Some(Because::Limit | Because::Down) | None => (Because::Down, again),
                }
            }
            Fault::Repository | Fault::Own | Fault::Unasked => return None,
        };
        // Who only does not answer was refused nothing: the words stay those of the refusal.
        let why = match self.shut.take() {
            Some(shut) if fault == Fault::Silence && because != Because::Down => shut.why,
            Some(_) | None => failure.clone(),
        };
        self.shut = Some(Shut { because, why, since: now, until, by: By::Look(ended.look.clone()) });
        let behind = if because == Because::Refusal { BEHIND } else { Duration::ZERO };
        Some(Ruling { until: until + behind, quiet: because == Because::Doubt })
    }

    /// Returns whether only one repository gets such answers from a source that answered others a moment ago.
    fn is_of_one_repository(&self, failure: &Failure, ended: &Ended<'_>) -> bool {
        let answers = self.answered.is_some_and(|at| ended.now.at.duration_since(at) < ANSWERS);
        let is_first = self.silent.as_ref().is_none_or(|first| is_beside(first, ended.look));
        failure.is_bad_answer() && answers && is_first
    }

    /// Returns how long a credential rests that was refused once more.
    fn probe(&mut self) -> Duration {
        let pause = doubled(PROBE, self.refusals, LONGEST_PROBE);
        self.refusals = self.refusals.saturating_add(1);
        pause
    }

    /// Returns how long a rate limit shuts.
    fn limit(&mut self, failure: &Failure, now: Moment) -> Duration {
        if let Some(told) = told(failure, now) {
            return told.max(LIMIT);
        }
        let pause = doubled(LIMIT, self.limits, LONGEST_LIMIT);
        self.limits = self.limits.saturating_add(1);
        pause
    }
}

impl Shut {
    /// Returns the look that was told, where this process was.
    pub(super) fn look(&self) -> Option<&Look> {
        match &self.by {
            By::Look(look) => Some(look),
            By::Earlier(_) => None,
        }
    }

    /// Returns when an earlier process was told, where this one was not.
    pub(super) fn told_before(&self) -> Option<Timestamp> {
        match self.by {
            By::Look(_) => None,
            By::Earlier(at) => Some(at),
        }
    }

    /// Returns until when whose login was refused is left alone, where another one is accepted now. A refusal of long
    /// ago says nothing of a login that may be good again, and one look tells.
    pub(super) fn leaves_alone(&self, now: Instant) -> Instant {
        if now < self.since + TOGETHER { now + PROBE } else { now }
    }

    /// A look failed that had set out before this was shut: it tells nothing new, but perhaps a longer limit.
    fn failed_late(&mut self, failure: &Failure, fault: Fault, now: Moment) -> Option<Ruling> {
        match fault {
            Fault::Limit => {
                let until = now.at + told(failure, now).unwrap_or(LIMIT).max(LIMIT);
                if self.until < until {
                    (self.because, self.until, self.why) = (Because::Limit, until, failure.clone());
                }
                Some(Ruling { until: self.until, quiet: false })
            }
            Fault::Login => Some(Ruling { until: self.until.max(now.at), quiet: self.because != Because::Refusal }),
            Fault::Silence if self.because == Because::Down => {
                Some(Ruling { until: self.until.max(now.at + Duration::from_secs(1)), quiet: false })
            }
            Fault::Silence | Fault::Repository | Fault::Own | Fault::Unasked => None,
        }
    }
}

/// Returns whether two looks are about one repository, as far as they tell.
fn is_beside(one: &Look, other: &Look) -> bool {
    let (one, other) = (one.topic(), other.topic());
    one == other || one.image().is_some_and(|image| other.image() == Some(image))
}

fn doubled(first: Duration, times: u32, longest: Duration) -> Duration {
    first.saturating_mul(1 << times.min(8)).min(longest)
}

/// Returns how long the server wants not to be asked, where it says so.
fn told(failure: &Failure, now: Moment) -> Option<Duration> {
    let Failure::RateLimited { until, .. } = failure else { return None };
    until.map(|until| now.until(until)).filter(|told| !told.is_zero())
}
