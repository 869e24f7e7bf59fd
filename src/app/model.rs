//! The one owner of everything that is known and shown.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::inside::Inside;
use super::kept_health::KeptHealth;
use super::list::{self, List};
use super::overlay::Overlay;
use super::past::Past;
use super::rounds::Rounds;
use super::{Charset, Cmd, Screen, credentials, detail, header, seen};
use crate::analysis::{CredentialPolicy, Interest, Policy, Report, ServiceReport, analyse};
use crate::domain::{Health, Service, ServiceName, Snapshot, SourceId, SourceKind};
use crate::pane::{Filter, Identity, Line, PANES, Pane, Scope, Subject, Tally, View};

/// What the terminal and its user allow; it stays the same from start to end.
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    /// What stands in the corner: `landfall`, or `landfall demo`.
    pub title: &'static str,
    /// Which characters may be sent.
    pub charset: Charset,
    /// Whether a web browser can be opened where the user sits.
    pub browser: bool,
}

/// Observations may be a little ahead of the moment that is told next; a clock this far behind was set back.
const SET_BACK: SignedDuration = SignedDuration::from_secs(5);

/// Everything that is known and shown.
pub struct Model {
    pub(super) settings: Settings,
    pub(super) services: Vec<Arc<Service>>,
    /// The sources that they name.
    pub(super) named: BTreeMap<SourceId, SourceKind>,
    pub(super) policy: Policy,
    pub(super) credential_policy: CredentialPolicy,
    /// When credentials were last judged.
    pub(super) credentials_at: Timestamp,
    pub(super) interest: Interest,
    pub(super) snapshot: Snapshot,
    pub(super) report: Report,
    pub(super) tally: Tally,
    /// Counts whatever changes the order of rows.
    pub(super) edition: u64,
    pub(super) now: Timestamp,
    /// Since when the screen stands still.
    pub(super) frozen: Option<Timestamp>,
    /// Services that changed while the screen stood still.
    pub(super) unjudged: BTreeSet<usize>,
    pub(super) rounds: Rounds,
    /// Whether a service or a credential was judged since incidents were.
    pub(super) incidents_are_due: bool,
    pub(super) past: Past,
    pub(super) kept_health: KeptHealth,
    pub(super) pane: usize,
    pub(super) lists: [List; PANES.len()],
    /// The parts of a row that are shown in place of the pane's rows.
    pub(super) inside: Option<Inside>,
    pub(super) filter: Filter,
    pub(super) overlay: Overlay,
    /// What the last key led to; gone with the next.
    pub(super) message: Option<Line>,
    /// How often in a row something was copied from the same subject.
    pub(super) copies: usize,
    /// Columns and rows.
    pub(super) size: (usize, usize),
}

impl Model {
    /// Returns what is known before anybody was asked. `size` is the terminal's columns and rows.
    #[must_use]
    pub fn new(
        services: Vec<Arc<Service>>,
        policy: Policy,
        settings: Settings,
        now: Timestamp,
        size: (u16, u16),
    ) -> Self {
        let snapshot = Snapshot::default();
        let mut report = analyse(&snapshot, &services, &policy, now);
        let named = seen::named(&services);
        report.sources = seen::sources(&snapshot, &named);
        let mut model = Self {
            settings,
            credential_policy: CredentialPolicy::default(),
            credentials_at: now,
            interest: Interest::new(&services),
            services,
            named,
            policy,
            snapshot,
            tally: Tally::of(&report),
            report,
            edition: 1,
            now,
            frozen: None,
            unjudged: BTreeSet::new(),
            rounds: Rounds::new(now),
            incidents_are_due: false,
            past: Past::Unread,
            kept_health: KeptHealth::default(),
            pane: 0,
            lists: std::array::from_fn(|_| List::default()),
            inside: None,
            filter: Filter::default(),
            overlay: Overlay::None,
            message: None,
            copies: 0,
            size: (usize::from(size.0), usize::from(size.1)),
        };
        model.arrange();
        model
    }

    /// Returns the model that judges credentials by this.
    #[must_use]
    pub fn judging(mut self, policy: CredentialPolicy) -> Self {
        self.credential_policy = policy;
        credentials::judge(&mut self);
        self.arrange();
        self
    }

    /// Returns what credentials are judged by.
    #[must_use]
    pub fn credential_policy(&self) -> &CredentialPolicy {
        &self.credential_policy
    }

    /// Returns the services, in the configuration's order.
    #[must_use]
    pub fn services(&self) -> &[Arc<Service>] {
        &self.services
    }

    /// Returns how every source is doing that anything is known of.
    #[must_use]
    pub fn health(&self) -> &BTreeMap<SourceId, Health> {
        self.snapshot.health()
    }

    /// Takes in what earlier processes kept, before any source was asked. `judged` is what `analysis::judge` says of it,
    /// service by service, so that somebody else may do that meanwhile; what follows for the memory, `begin` returns. How
    /// much a service can be trusted is told once what is remembered of its runs came, or `Seen::Recalled`.
    pub fn recall(&mut self, kept: Snapshot, judged: Vec<ServiceReport>) {
        seen::recall(self, kept, judged);
    }

    /// Returns the first looks that are wanted; of many services for a few, and the others are due.
    pub fn begin(&mut self) -> Vec<Cmd> {
        seen::plan_all(self)
    }

    /// Returns whether more is to be done than a key may wait for: rows to be looked at for a filter, or services to be
    /// judged and planned anew.
    #[must_use]
    pub fn is_behind(&self) -> bool {
        !self.list().is_whole() || self.rounds.are_behind()
    }

    /// Looks at the next few rows for the filter; after them, judges and plans the next few of the services that are due.
    pub fn catch_up(&mut self) -> Vec<Cmd> {
        if self.list().is_whole() {
            return seen::catch_up(self);
        }
        let (shown, height) = (self.shown(), self.page());
        let list = shown_list(&mut self.inside, &mut self.lists, self.pane);
        list.look_on(shown, &self.report, list::AT_ONCE);
        list.scroll(height);
        Vec::new()
    }

    /// Returns when something may change without anybody acting or answering.
    #[must_use]
    pub fn wakes_at(&self) -> Timestamp {
        self.rounds.next(&self.report, self.now)
    }

    /// Returns the screen.
    #[must_use]
    pub fn screen(&self) -> Screen {
        super::screen(self)
    }

    pub(super) fn view(&self) -> View<'_> {
        let now = self.frozen.unwrap_or(self.now);
        View { report: &self.report, snapshot: &self.snapshot, policy: &self.policy, now }
    }

    /// Returns the pane whose rows are on the screen.
    pub(super) fn shown(&self) -> &'static dyn Pane {
        self.inside.as_ref().map_or(self.tab(), |inside| inside.pane)
    }

    /// Returns the pane whose tab is marked.
    pub(super) fn tab(&self) -> &'static dyn Pane {
        PANES.get(self.pane).copied().unwrap_or(PANES[0])
    }

    pub(super) fn list(&self) -> &List {
        let [first, ..] = &self.lists;
        let tab = self.lists.get(self.pane).unwrap_or(first);
        self.inside.as_ref().map_or(tab, |inside| &inside.list)
    }

    pub(super) fn list_mut(&mut self) -> &mut List {
        shown_list(&mut self.inside, &mut self.lists, self.pane)
    }

    /// Returns the row whose parts are shown.
    pub(super) fn within(&self) -> Option<&Identity> {
        self.inside.as_ref().map(|inside| &inside.identity)
    }

    /// Selects the row at this place of the order, or the last.
    pub(super) fn select(&mut self, row: usize) {
        let pane = self.shown();
        shown_list(&mut self.inside, &mut self.lists, self.pane).select(row, pane, &self.report);
    }

    /// Looks at all rows that may pass the filter and were not looked at yet.
    pub(super) fn look_through(&mut self) {
        if !self.list().is_whole() {
            let pane = self.shown();
            shown_list(&mut self.inside, &mut self.lists, self.pane).look_on(pane, &self.report, usize::MAX);
        }
    }

    /// Returns what the selected row is about.
    pub(super) fn selected(&self) -> Option<Subject<'_>> {
        self.shown().subject(&self.report, self.list().place()?)
    }

    /// Returns the services that are on the screen.
    pub(super) fn on_screen(&self) -> BTreeSet<ServiceName> {
        let (list, pane) = (self.list(), self.shown());
        let in_sight = list.order().iter().skip(list.top).take(self.page());
        let subjects = in_sight.filter_map(|place| pane.subject(&self.report, *place));
        subjects.filter_map(|subject| Some(subject.service()?.service.name.clone())).collect()
    }

    /// Takes in what time it is. A clock that was set back is followed; what was to happen by the old one is forgotten.
    pub(super) fn tell_time(&mut self, now: Timestamp) {
        if self.now.duration_since(now) > SET_BACK {
            self.rounds = Rounds::begun(now);
            self.now = now;
        }
        self.now = self.now.max(now);
    }

    /// Returns what stands above the rows of a row's parts, wrapped to so many cells.
    pub(super) fn notes(&self, width: usize) -> Vec<Line> {
        let Some(within) = self.within() else { return Vec::new() };
        let notes = self.shown().notes(&self.view(), within).into_iter();
        let mut lines: Vec<_> = notes.flat_map(|note| note.wrap(width.saturating_sub(2), 2)).collect();
        lines.truncate(self.size.1 / 4);
        lines
    }

    /// Returns how many lines below the rows tell more of the selected one: none where its detail is open beside them.
    pub(super) fn foot_lines(&self) -> usize {
        let is_open = matches!(self.overlay, Overlay::Detail { .. });
        if is_open { 0 } else { self.shown().foot_lines() }
    }

    /// Returns how many rows of the pane are in sight.
    pub(super) fn page(&self) -> usize {
        let width = detail::rows_width(self);
        // An incident has a second line where there is room for it.
        let banners = self.shown().banners(&self.report) * (super::screen::banner_lines(width) - 1);
        let chrome = header::height(self) + 2 + self.notes(width).len() + banners + self.foot_lines();
        self.size.1.saturating_sub(chrome).max(1)
    }

    /// Brings the pane's order up to date with the report, the filter and the size.
    pub(super) fn arrange(&mut self) {
        let (pane, height, edition) = (self.shown(), self.page(), self.edition);
        let within = self.inside.as_ref().map(|inside| inside.identity.clone());
        let scope = Scope { report: &self.report, within: within.as_ref() };
        let list = shown_list(&mut self.inside, &mut self.lists, self.pane);
        list.arrange(pane, scope, &self.filter, edition);
        list.scroll(height);
    }
}

#[expect(clippy::indexing_slicing, reason = "the place is brought into the array on the same line")]
fn shown_list<'a>(inside: &'a mut Option<Inside>, lists: &'a mut [List; PANES.len()], pane: usize) -> &'a mut List {
    inside.as_mut().map_or(&mut lists[pane.min(PANES.len() - 1)], |inside| &mut inside.list)
}
