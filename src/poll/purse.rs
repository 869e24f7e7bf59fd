//! What may still be asked of a source, by the budget that its answers tell: a fifth is kept for the user, and half of
//! that for nobody else.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::time::Instant;

use super::demand::Rate;
use super::moment::Moment;
use crate::domain::{Budget, Failure, SourceKind, Traffic};

/// One part in this many of a budget is kept for what the user asks, and for newest commits that were never seen; and one
/// part in this many of what is kept is the user's alone.
const RESERVED: u64 = 5;
const ALONE: u64 = 2;

/// One part in this many is kept from what no verdict depends on.
const NEEDED: u64 = 2;

/// What the background wants in this time may come all at once.
const AT_ONCE: Duration = Duration::from_mins(2);

/// No window is believed to last longer than this where its end is told; clocks may differ by the slack.
const LONGEST_WINDOW: SignedDuration = SignedDuration::from_hours(1);
const SLACK: SignedDuration = SignedDuration::from_mins(5);

/// Where a budget is used up and nobody knows until when, one look after this time tells.
const PROBE: Duration = Duration::from_mins(15);

/// What a look cost weighs this much in what looks cost: one part in so many.
const WEIGHT: u64 = 16;

/// A thousandth of a request is counted.
const WHOLE: u64 = 1000;

/// Who wants to spend.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Spender {
    /// The user asks.
    User,
    /// Nothing is known yet of a newest commit: nobody asked, but a screen without it tells nobody anything.
    Unseen,
    /// All else.
    Background,
}

/// One source's budget.
#[derive(Debug)]
pub(super) struct Purse {
    kind: SourceKind,
    /// What a look costs, in thousandths of a request.
    cost: u64,
    /// What a look costs that keeps fresh what is known: much of that is confirmed for nothing. Reckoned from so many.
    again: u64,
    agains: u64,
    /// The most that was charged up to the newest look's end; nothing before the first.
    charged: Option<u64>,
    told: Option<Budget>,
    window: Option<Window>,
}

#[derive(Debug, Clone, Copy)]
struct Window {
    limit: u64,
    remaining: u64,
    ends: Instant,
    /// When one look may find out whether the window has ended; `None` where its end is known.
    probe: Option<Instant>,
}

impl Window {
    fn reserve(&self) -> u64 {
        self.limit.div_ceil(RESERVED)
    }

    /// Returns whether one look may find out whether the window has ended.
    fn is_to_be_tried(&self, now: Instant) -> bool {
        self.probe.is_some_and(|probe| probe <= now)
    }
}

impl Purse {
    pub(super) fn new(kind: SourceKind) -> Self {
        Self { kind, cost: WHOLE, again: 0, agains: 0, charged: None, told: None, window: None }
    }

    /// Takes in what a source has sent and spent when a look has ended; `again` where that keeps fresh what is known.
    pub(super) fn learn(&mut self, traffic: &Traffic, again: bool, now: Moment) {
        // A request on its way counts until its answer shows that it does not: only what goes beyond all before was spent.
        let before = self.charged.unwrap_or_else(|| traffic.billed.saturating_sub(1));
        let spent = traffic.billed.saturating_sub(before).min(100);
        self.charged = Some(before.max(traffic.billed));
        self.cost = weighed(self.cost, spent, WEIGHT);
        if again {
            self.agains = self.agains.saturating_add(1);
            self.again = weighed(self.again, spent, self.agains.min(WEIGHT));
        }
        let Some(budget) = traffic.budget.as_ref().filter(|budget| self.told.as_ref() != Some(budget)) else { return };
        let same = |known: &Budget| match (known.resets_at, budget.resets_at) {
            (Some(one), Some(other)) => one.duration_since(other).abs() < SignedDuration::from_secs(5),
            (None, None) => budget.remaining <= known.remaining,
            (Some(_), None) | (None, Some(_)) => false,
        };
        let known = self.window.filter(|window| window.ends > now.at && self.told.as_ref().is_some_and(same));
        let (ends, probe) = known.map_or_else(|| self.end(budget.resets_at, now), |known| (known.ends, known.probe));
        let most = known.map_or(budget.remaining, |known| known.limit.max(budget.remaining));
        self.window = Some(Window { limit: budget.limit.unwrap_or(most), remaining: budget.remaining, ends, probe });
        self.told = Some(budget.clone());
    }

    /// Returns when a window ends, and whether somebody must find out. A wall clock that is wrong makes ends that
    /// cannot be.
    fn end(&self, told: Option<Timestamp>, now: Moment) -> (Instant, Option<Instant>) {
        let ahead = told.map(|end| end.duration_since(now.wall));
        match ahead.filter(|ahead| (-SLACK..=LONGEST_WINDOW + SLACK).contains(ahead)) {
            Some(ahead) => (now.at + Duration::try_from(ahead).unwrap_or_default().max(Duration::from_secs(10)), None),
            None => (now.at + self.usual(), Some(now.at + PROBE)),
        }
    }

    /// Returns how long a window lasts whose end nobody tells: Docker Hub counts pulls in six hours.
    fn usual(&self) -> Duration {
        match self.kind {
            SourceKind::Ci | SourceKind::Expiry => Duration::from_hours(1),
            SourceKind::Registry => Duration::from_hours(6),
        }
    }

    /// The machine slept, or its clock was set: windows may have ended meanwhile.
    pub(super) fn woke(&mut self, now: Instant) {
        if let Some(window) = &mut self.window {
            window.probe = Some(now);
        }
    }

    fn window(&self, now: Instant) -> Option<&Window> {
        self.window.as_ref().filter(|window| window.ends > now)
    }

    /// Returns whether one more look may be asked while so many are under way.
    pub(super) fn allows(&self, spender: Spender, under_way: usize, now: Instant) -> bool {
        let Some(window) = self.window(now) else { return true };
        let each = self.cost.div_ceil(WHOLE).max(1);
        let expected = u64::try_from(under_way).unwrap_or(u64::MAX).saturating_mul(each);
        let left = window.remaining.saturating_sub(expected);
        // A registry's budget counts pulls: without any left it still answers other questions.
        let (kept, is_free) = match spender {
            Spender::User => (0, self.kind == SourceKind::Registry),
            Spender::Unseen => (window.reserve().div_ceil(ALONE), self.kind == SourceKind::Registry),
            Spender::Background => (window.reserve(), false),
        };
        left > kept || (under_way == 0 && window.is_to_be_tried(now)) || is_free
    }

    /// Returns whether a look may be asked that nobody needs: while half of the budget is left, and more than the
    /// background wants of it, some of which may come at once.
    pub(super) fn allows_spare(&self, under_way: usize, wanted: Rate, now: Instant) -> bool {
        let Some(window) = self.window(now) else { return true };
        let each = self.cost.div_ceil(WHOLE).max(1);
        let expected = u64::try_from(under_way).unwrap_or(u64::MAX).saturating_mul(each);
        let left = window.remaining.saturating_sub(expected);
        let time = window.ends.saturating_duration_since(now) + AT_ONCE;
        let free = Rate::new(left.saturating_sub(window.reserve()), self.again, time);
        left > window.limit.div_ceil(NEEDED) && free.exceeds(wanted)
    }

    /// Returns from when on it may be asked again.
    pub(super) fn spare_until(&self, now: Instant) -> Option<Instant> {
        let window = self.window(now)?;
        (window.remaining <= window.limit.div_ceil(NEEDED)).then_some(window.ends)
    }

    /// Notes that a look sets out.
    pub(super) fn started(&mut self, now: Instant) {
        if let Some(window) = &mut self.window
            && window.remaining <= window.reserve()
            && window.is_to_be_tried(now)
        {
            window.probe = Some(now + PROBE);
        }
    }

    /// Returns until when all is kept for the user.
    pub(super) fn kept_until(&self, now: Instant) -> Option<Instant> {
        let window = self.window(now).filter(|window| window.remaining <= window.reserve())?;
        Some(window.probe.map_or(window.ends, |probe| probe.min(window.ends)))
    }

    /// Returns why what the user asks is not asked either: nothing is left at all.
    pub(super) fn spent(&self, now: Moment) -> Option<(Instant, Failure)> {
        let window = self.window(now.at).filter(|window| window.remaining == 0 && self.kind == SourceKind::Ci)?;
        let says = format!("none of the {} requests is left", window.limit);
        Some((window.ends, Failure::RateLimited { until: Some(now.wall_at(window.ends)), says: says.into() }))
    }

    /// Returns until when all is kept for the user alone.
    pub(super) fn alone_until(&self, now: Instant) -> Option<Instant> {
        let window = self.window(now)?;
        self.kept_until(now).filter(|_| window.remaining <= window.reserve().div_ceil(ALONE))
    }

    /// Returns why nothing is asked of its own accord.
    pub(super) fn kept_because(&self) -> Option<Failure> {
        let window = self.window.as_ref()?;
        let says = format!("{} of {} requests are left, kept for what you ask", window.remaining, window.limit);
        Some(Failure::Withheld(says.into()))
    }

    /// Returns how many looks that keep fresh what is known the budget allows until it starts anew, beyond what is kept;
    /// `None` where nobody knows.
    pub(super) fn allowed(&self, now: Instant) -> Option<Rate> {
        let window = self.window(now).filter(|_| self.agains > 0)?;
        let free = window.remaining.saturating_sub(window.reserve());
        let time = window.ends.saturating_duration_since(now).max(Duration::from_secs(10));
        Some(Rate::new(free, self.again, time))
    }

    /// Returns when the window ends.
    pub(super) fn ends(&self, now: Instant) -> Option<Instant> {
        self.window(now).map(|window| window.ends)
    }
}

/// Returns what a look costs where the newest one weighs one part in so many.
fn weighed(cost: u64, spent: u64, weight: u64) -> u64 {
    (cost * (weight - 1) + spent * WHOLE) / weight
}
