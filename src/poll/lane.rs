//! One source's looks: how many at once, which first, and whether the source may be asked at all.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use tokio::time::Instant;

use super::Rhythm;
use super::ahead::Ahead;
use super::cadence::Stretch;
use super::demand::Rate;
use super::gate::{Because, Gate};
use super::moment::Moment;
use super::patient::Closing;
use super::purse::{Purse, Spender};
use super::tell::Told;
use crate::domain::{Failure, Look, Pace, SourceKind, Urgency};

/// What is wanted is compared with the budget at most once in this time.
const ADJUSTED: Duration = Duration::from_secs(5);

/// … and not before a source has been asked for so long.
const SETTLING: Duration = Duration::from_mins(1);

/// Looks in the background go two abreast, so that only two find out that a token expired or that too much was asked …
const ABREAST: usize = 2;
/// … and more only where more than a dozen wait for each.
const BACKLOG: usize = 12;

/// Looks that nobody needs go one in so many at once: a place is soon free for one that somebody does.
const SPARE: usize = 4;

/// For so long whoever asks something besides waits for the look that finds out whether a source is open again.
const TRIED: Duration = Duration::from_mins(1);

/// A look's place in the order: urgency first; for the newest commits what most other looks follow from; then age.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Turn {
    urgency: Urgency,
    stage: u8,
    /// Counts from nothing again after four billion looks.
    age: u32,
}

impl Turn {
    pub(super) fn new(urgency: Urgency, look: &Look, age: u32) -> Self {
        Self { urgency, stage: if urgency == Urgency::Newest { stage(look) } else { 0 }, age }
    }
}

/// Returns how many looks come before this one on the way from a list of runs to a verdict: the longest way goes
/// first.
fn stage(look: &Look) -> u8 {
    match look {
        Look::Runs(_) => 0,
        Look::Tag(_) => 1,
        Look::Manifest(..) | Look::Jobs(_) => 2,
        Look::Config(..) | Look::PushLog(..) => 3,
        Look::Blob(..) | Look::Canary(_) => 4,
        // No verdict follows from these.
        Look::Tries(_) | Look::Reports(_) | Look::Deployments(..) => 5,
    }
}

/// One source's looks.
pub(super) struct Lane {
    /// Which of the lanes it is.
    pub(super) number: u16,
    pub(super) kind: SourceKind,
    pub(super) gate: Gate,
    pub(super) purse: Purse,
    pub(super) closing: Closing,
    pub(super) stretch: Stretch,
    pub(super) told: Told,
    pub(super) ahead: Ahead,
    /// By how much the background is slowed down on the whole, in tenths.
    pub(super) slowed: Option<u32>,
    /// What the background wants, if nothing slowed it down.
    pub(super) wanted: Rate,
    steady: bool,
    most: usize,
    under_way: usize,
    /// How many of those are in the background, and how many for a newest commit.
    background: usize,
    newest: usize,
    /// How many of those nobody needs.
    spare: usize,
    /// How many of those that wait nobody needs.
    unneeded: usize,
    waiting: BTreeMap<Turn, Waiting>,
    adjusted: Option<Instant>,
}

/// Why a source is not asked of its own accord.
pub(super) struct Closed {
    pub(super) until: Instant,
    pub(super) why: Failure,
    /// Whether we asked too much of it, so that what is due is merely late.
    pub(super) limit: bool,
    /// Whether that is not sure yet.
    pub(super) doubted: bool,
    /// When an earlier process was told, where this one was not.
    pub(super) told_before: Option<Timestamp>,
}

/// A look that is due.
pub(super) struct Waiting {
    pub(super) look: Look,
    /// Whether it was never answered.
    pub(super) unseen: bool,
    /// Whether it was told already that it cannot be asked.
    pub(super) told: bool,
}

impl Lane {
    pub(super) fn new(number: u16, kind: SourceKind, rhythm: &Rhythm) -> Self {
        let most = match kind {
            SourceKind::Ci => rhythm.ci_in_flight,
            SourceKind::Registry => rhythm.registry_in_flight,
            SourceKind::Expiry => 1,
        };
        Self {
            number,
            kind,
            gate: Gate::default(),
            purse: Purse::new(kind),
            closing: Closing::default(),
            stretch: Stretch::NONE,
            told: Told::default(),
            ahead: Ahead::default(),
            slowed: None,
            wanted: Rate::default(),
            steady: rhythm.is_steady(),
            most: most.max(1),
            under_way: 0,
            background: 0,
            newest: 0,
            spare: 0,
            unneeded: 0,
            waiting: BTreeMap::new(),
            adjusted: None,
        }
    }

    /// Returns the most urgent look that may be asked now. `held`: only what a newest commit needs.
    pub(super) fn next(&mut self, held: bool, now: Instant) -> Option<(Urgency, Look)> {
        let mut turn = None;
        for (&place, waiting) in &self.waiting {
            let urgency = place.urgency;
            if held && urgency > Urgency::Newest {
                break;
            }
            if self.may(urgency, waiting.unseen, now) {
                turn = Some(place);
                break;
            }
            // Behind these, all are treated alike.
            if urgency > Urgency::Newest {
                break;
            }
        }
        let turn = turn?;
        Some((turn.urgency, self.take(turn)?.look))
    }

    /// Notes that somebody sets out to the source.
    pub(super) fn set_out(&mut self, urgency: Urgency, now: Instant) {
        self.gate.started(now);
        self.closing.started(now);
        self.purse.started(now);
        self.under_way = self.under_way.saturating_add(1);
        self.background += usize::from(urgency.is_background());
        self.newest += usize::from(urgency <= Urgency::Newest);
        self.spare += usize::from(urgency == Urgency::Spare);
    }

    /// Notes that somebody is back.
    pub(super) fn back(&mut self, urgency: Urgency) {
        self.under_way = self.under_way.saturating_sub(1);
        self.background = self.background.saturating_sub(usize::from(urgency.is_background()));
        self.newest = self.newest.saturating_sub(usize::from(urgency <= Urgency::Newest));
        self.spare = self.spare.saturating_sub(usize::from(urgency == Urgency::Spare));
    }

    /// Returns whether what a newest commit needs waits or is under way.
    pub(super) fn serves_newest(&self) -> bool {
        self.newest > 0 || self.waiting.first_key_value().is_some_and(|(turn, _)| turn.urgency <= Urgency::Newest)
    }

    /// Returns how many looks are under way that keep fresh what is known.
    pub(super) fn background_under_way(&self) -> usize {
        self.background.saturating_sub(self.spare)
    }

    /// Returns how many of the looks that wait are needed for anything.
    fn needed(&self) -> usize {
        self.waiting.len().saturating_sub(self.unneeded)
    }

    fn may(&self, urgency: Urgency, unseen: bool, now: Instant) -> bool {
        if !self.steady {
            return self.under_way < self.patient_width(now) && self.closing.closed(now).is_none();
        }
        if urgency == Urgency::Spare {
            let is_open = self.gate.shut(now).is_none() && self.gate.width(self.most, now) == self.most;
            let room = self.spare < (self.most / SPARE).max(1) && self.under_way < self.most;
            return is_open && room && self.purse.allows_spare(self.under_way, self.wanted, now);
        }
        if urgency.is_background() && self.background_under_way() >= ABREAST.max(self.needed() / BACKLOG) {
            return false;
        }
        let by_user = urgency <= Urgency::Opened;
        let spender = if by_user {
            Spender::User
        } else if urgency == Urgency::Newest && unseen {
            Spender::Unseen
        } else {
            Spender::Background
        };
        let room = if by_user {
            // Who only opened a row does not insist.
            (urgency == Urgency::Asked || self.gate.shut(now).is_none()) && self.has_room_for_the_user(now)
        } else {
            self.under_way < self.gate.width(self.most, now)
        };
        room && self.purse.allows(spender, self.under_way, now)
    }

    /// A registry's login is tried a few at a time by whoever sends it.
    fn patient_width(&self, now: Instant) -> usize {
        if self.kind == SourceKind::Ci { self.closing.width(self.most, now) } else { self.most }
    }

    /// What the user asks goes ahead of a source that is only tried now and then, alone; and beside looks that nobody
    /// waits for.
    fn has_room_for_the_user(&self, now: Instant) -> bool {
        if self.gate.shut(now).is_some() {
            return self.under_way == 0 && !self.gate.is_limited(now);
        }
        let width = self.gate.width(self.most, now);
        let beside = width == self.most && self.under_way == width && self.background == width;
        self.under_way < width || beside
    }

    /// Returns why nothing can be asked now, whoever wants it.
    pub(super) fn closed(&self, now: Moment) -> Option<Closed> {
        if let Some(shut) = self.gate.shut(now.at) {
            let (limit, doubted) = (shut.because == Because::Limit, shut.because == Because::Doubt);
            let why = dated(&shut.why, shut.until, now);
            return Some(Closed { until: shut.until, why, limit, doubted, told_before: shut.told_before() });
        }
        let (until, why) = self.purse.spent(now)?;
        Some(Closed { until, why, limit: true, doubted: false, told_before: None })
    }

    /// Returns until when not even what was never seen is asked, and why, where the budget is kept for the user alone.
    pub(super) fn kept_alone(&self, now: Moment) -> Option<(Instant, Failure)> {
        let until = self.purse.alone_until(now.at).filter(|until| *until > now.at && self.kind == SourceKind::Ci)?;
        Some((until, self.purse.kept_because()?))
    }

    /// Returns how the source is being asked, but for when it is next asked in the background.
    pub(super) fn pace(&self, now: Moment) -> Pace {
        Pace {
            closed: self.kept_closed(now).map(|(until, why)| (now.wall_at(until), why)),
            stopped: self.gate.is_refused(),
            next: None,
            slowed: self.slowed,
            waiting: self.needed(),
            under_way: self.under_way,
        }
    }

    /// Returns when the source is next asked in the background. `due` is when the next look is.
    pub(super) fn next_in_background(&self, due: Option<Instant>, now: Moment) -> Option<Timestamp> {
        let until = self.kept_closed(now).map(|(until, _)| until);
        let due = if self.needed() == 0 { due } else { until.or(Some(now.at)) };
        due.map(|due| now.wall_at(until.map_or(due, |until| until.max(due))))
    }

    fn kept_closed(&self, now: Moment) -> Option<(Instant, Failure)> {
        let kept = || Some((self.purse.kept_until(now.at)?, self.purse.kept_because()?));
        self.gate.last_shut().map(|shut| (shut.until, dated(&shut.why, shut.until, now))).or_else(kept)
    }

    /// Returns until when nothing is to be asked besides the looks that nobody waits for either, and why.
    pub(super) fn keeps_out(&self, now: Moment) -> Option<(Instant, Failure)> {
        if !self.steady {
            return self.closing.closed(now.at).cloned();
        }
        if let Some(shut) = self.gate.any_shut() {
            let doubt = || Failure::Ambiguous("the credential was refused once, and is tried once more".into());
            let why = if shut.because == Because::Doubt { doubt() } else { dated(&shut.why, shut.until, now) };
            return Some((shut.until + TRIED, why));
        }
        let until = self.purse.kept_until(now.at)?;
        let says = self.purse.kept_because()?.to_string().into();
        Some((until, Failure::RateLimited { until: Some(now.wall_at(until)), says }))
    }

    /// Returns when the background need not be slowed down any more.
    pub(super) fn calms(&self, now: Instant) -> Option<Instant> {
        self.purse.ends(now).filter(|_| self.stretch != Stretch::NONE)
    }

    pub(super) fn is_calm_again(&self, now: Instant) -> bool {
        self.stretch != Stretch::NONE && self.purse.ends(now).is_none()
    }

    /// Returns whether it is time to compare what is wanted with the budget, and notes that it is done.
    pub(super) fn is_to_be_adjusted(&mut self, now: Instant) -> bool {
        // What the first looks cost says nothing of later ones, most of which are confirmed for nothing.
        let next = *self.adjusted.get_or_insert(now + SETTLING);
        let due = now >= next;
        if due {
            self.adjusted = Some(now + ADJUSTED);
        }
        due
    }

    /// Returns when a look that waits may be asked, if nothing happens before.
    pub(super) fn reopens(&self, now: Instant) -> Option<Instant> {
        if self.waiting.is_empty() {
            return None;
        }
        if !self.steady {
            let closed = self.closing.closed(now).map(|(until, _)| *until);
            let may = self.under_way < self.patient_width(now);
            return if may { closed } else { self.closing.widens(now) };
        }
        let kept = self.purse.kept_until(now).filter(|until| *until > now);
        let spare = self.purse.spare_until(now).filter(|_| self.needed() < self.waiting.len());
        [self.gate.widens(now), kept, spare].into_iter().flatten().min()
    }

    pub(super) fn wait(&mut self, turn: Turn, waiting: Waiting) {
        if self.waiting.insert(turn, waiting).is_none() {
            self.unneeded += usize::from(turn.urgency == Urgency::Spare);
        }
    }

    pub(super) fn remove(&mut self, turn: Turn) -> bool {
        self.take(turn).is_some()
    }

    fn take(&mut self, turn: Turn) -> Option<Waiting> {
        let waiting = self.waiting.remove(&turn)?;
        self.unneeded = self.unneeded.saturating_sub(usize::from(turn.urgency == Urgency::Spare));
        Some(waiting)
    }

    /// Takes out which looks wait.
    pub(super) fn clear(&mut self, which: impl Fn(Urgency, &Waiting) -> bool) -> Vec<Look> {
        let out = self.waiting.extract_if(.., |turn, waiting| which(turn.urgency, waiting));
        let (mut looks, mut unneeded) = (Vec::new(), 0);
        for (turn, waiting) in out {
            unneeded += usize::from(turn.urgency == Urgency::Spare);
            looks.push(waiting.look);
        }
        self.unneeded = self.unneeded.saturating_sub(unneeded);
        looks
    }

    /// Returns whether nothing waits or is under way.
    pub(super) fn is_quiet(&self) -> bool {
        self.under_way == 0 && self.needed() == 0
    }
}

/// Returns the failure with the moment from which on the source is asked again, where it only told that it was asked
/// too much.
fn dated(why: &Failure, until: Instant, now: Moment) -> Failure {
    match why {
        Failure::RateLimited { says, .. } => {
            Failure::RateLimited { until: Some(now.wall_at(until)), says: says.clone() }
        }
        Failure::Auth { .. }
        | Failure::Forbidden(_)
        | Failure::NotFound(_)
        | Failure::Unreachable { .. }
        | Failure::Malformed(_)
        | Failure::TooLarge { .. }
        | Failure::Ambiguous(_)
        | Failure::Withheld(_) => why.clone(),
    }
}
