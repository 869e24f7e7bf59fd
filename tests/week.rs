//! A week of a dashboard that is left alone, with everything that can happen in one.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::expect_used, dead_code, reason = "tests")]

#[path = "week/kept.rs"]
mod kept;
#[path = "support/week.rs"]
mod sources;
#[path = "support/world.rs"]
mod world;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use landfall::analysis::{Interest, Policy, Row, Verdict, judge, plan};
use landfall::app::settle;
use landfall::domain::{Observation, Pace, Seen, Service, Snapshot};
use landfall::poll::{Clock, Poller, Rhythm, Sources};
use tokio::sync::mpsc;
use tokio::time::Instant;

use kept::{Kept, Size, held_in};
use sources::{Fault, Server, Times};

const MINUTE: Duration = Duration::from_mins(1);
const HOUR: Duration = Duration::from_hours(1);
const DAY: Duration = Duration::from_hours(24);

/// Services where nothing happens, services with a run every few hours, and services of a provider with few requests.
const STILL: usize = 12;
const BUSY: usize = 4;
const TIGHT: usize = 4;

/// One list in five is read every minute, the others every ten.
fn interval(place: usize) -> Duration {
    if place.is_multiple_of(5) { MINUTE } else { MINUTE * 10 }
}

/// What goes wrong, and when.
const FAULTS: [(Fault, Duration, Duration); 5] = [
    (Fault::Limit, DAY, Duration::from_mins(24 * 60 + 10)),
    (Fault::RegistryDown, Duration::from_hours(40), Duration::from_hours(41)),
    (Fault::Down, Duration::from_hours(60), Duration::from_hours(61)),
    (Fault::BadToken, Duration::from_hours(90), Duration::from_mins(90 * 60 + 30)),
    (Fault::Limit, Duration::from_hours(120), Duration::from_mins(120 * 60 + 5)),
];

/// When the machine sleeps for eight hours.
const SLEEP: Duration = Duration::from_hours(72);
/// When the wall clock is three hours behind.
const BEHIND: (Duration, Duration) = (Duration::from_hours(100), Duration::from_hours(104));

/// What is remembered of each run that is over.
const REMEMBERED: [&str; 2] = ["arrivals", "samples"];
/// The tables that have rows for each run, for as long as runs are kept.
const OF_RUNS: [&str; 10] =
    ["arrival", "content", "jobs", "judged", "landed", "log", "sample", "tag", "tag_seen", "verdict"];
/// How many bytes the log of writes may keep, and a little more while it is written.
const LOG: u64 = 5 << 20;
/// Of how many runs what is known is read back, as the dashboard does.
const DEEP: usize = 40;

struct Wall(Arc<Times>);

impl Clock for Wall {
    fn now(&self) -> Timestamp {
        let behind = (BEHIND.0..BEHIND.1).contains(&self.0.elapsed());
        self.0.now() - if behind { SignedDuration::from_hours(3) } else { SignedDuration::ZERO }
    }
}

/// The dashboard without a screen.
struct Dashboard {
    services: Vec<Arc<Service>>,
    policies: Vec<Policy>,
    interest: Interest,
    snapshot: Snapshot,
    poller: Poller,
    wall: Wall,
    inbox: mpsc::Receiver<Observation>,
    /// When the list of each service was last answered.
    answered: Vec<Duration>,
    paces: Vec<Pace>,
    kept: Kept,
}

impl Dashboard {
    fn start(server: &Arc<Server>) -> Self {
        let services = server.services();
        let idle = |place| SignedDuration::try_from(interval(place)).unwrap();
        // Services without a run are looked at as often as the others, so that the cadence can be counted.
        let quiet = |place| idle(place) / 3;
        let policy = |place| Policy { idle: idle(place), quiet: quiet(place), ..Policy::default() };
        let policies = (0..services.len()).map(policy).collect();
        let rhythm = Rhythm {
            runs: 20,
            ci_in_flight: 4,
            registry_in_flight: 4,
            attempts: 1,
            backoff: SignedDuration::from_secs(1),
            patience: SignedDuration::ZERO,
        };
        let mut sources = Sources::default();
        for (id, ci) in server.providers() {
            sources.ci.insert(id, ci);
        }
        let (id, registry) = server.registry();
        sources.registries.insert(id, registry);
        let (sender, inbox) = mpsc::channel(256);
        let clock = Arc::new(Wall(server.times.clone()));
        let poller = Poller::start(sources, &services, rhythm, clock, sender);
        Self {
            interest: Interest::new(&services),
            answered: vec![Duration::ZERO; services.len()],
            services,
            policies,
            snapshot: Snapshot::default(),
            poller,
            wall: Wall(server.times.clone()),
            inbox,
            paces: Vec::new(),
            kept: Kept::open(server.times.now()),
        }
    }

    fn want(&self, places: &BTreeSet<usize>) {
        let now = self.wall.now();
        let plan = |place: &usize| plan(&self.snapshot, &self.services[*place], &self.policies[*place], now, false);
        let wanted = places.iter().flat_map(plan);
        self.poller.want(wanted.collect());
    }

    fn all(&self) -> BTreeSet<usize> {
        (0..self.services.len()).collect()
    }

    fn take(&mut self, observation: Observation) -> Vec<usize> {
        let (answered, source) = (observation.seen.answers(), observation.source.clone());
        let places = self.interest.of(&observation.seen);
        match &observation.seen {
            Seen::Runs(..) => places.iter().for_each(|place| self.answered[*place] = self.wall.0.elapsed()),
            Seen::Pace(_, pace) => self.paces.push(pace.clone()),
            _ => {}
        }
        self.snapshot.absorb(observation);
        if let Some(look) = answered {
            let facts = self.snapshot.facts(&look).into_iter();
            self.kept.keep(facts.chain(self.snapshot.answered_fact(&source)).collect());
        }
        places
    }

    /// Judges every service, and keeps what follows from it. What is no longer at hand is to be asked for again where it is
    /// wanted.
    fn settle(&mut self) {
        let (now, mut shelved) = (self.wall.now(), Vec::new());
        for (service, policy) in self.services.iter().zip(&self.policies) {
            shelved.extend(self.snapshot.tidy(service));
            let judged = judge(&self.snapshot, service, policy, now);
            let settled = settle(&mut self.snapshot, &judged, true, now);
            self.kept.keep(settled.facts);
            shelved.extend(settled.shelved);
        }
        self.poller.let_go(shelved.clone());
        self.kept.shelve(shelved);
        self.kept.keep(self.snapshot.unkept());
        self.kept.write(now);
    }

    /// Lets time pass. Every minute all is planned anew, as the dashboard does; less often where nothing has
    /// happened for an hour, so that a week does not take all day.
    async fn pass(&mut self, time: Duration) {
        let end = Instant::now() + time;
        let mut round = tokio::time::interval(if is_eventful(self.wall.0.elapsed()) { MINUTE } else { time });
        loop {
            let mut batch = Vec::new();
            tokio::select! {
                biased;
                _ = self.inbox.recv_many(&mut batch, 64) => {
                    let mut places = BTreeSet::new();
                    for observation in batch {
                        places.extend(self.take(observation));
                    }
                    self.want(&places);
                }
                _ = round.tick() => self.want(&self.all()),
                () = tokio::time::sleep_until(end) => return,
            }
        }
    }
}

/// Whether something is wrong then, or was until two intervals before.
fn is_troubled(at: Duration, interval: Duration) -> bool {
    FAULTS.iter().any(|(_, from, to)| (*from..*to + interval * 2).contains(&at))
}

/// Whether something happens then, or did in the hour before.
fn is_eventful(at: Duration) -> bool {
    let moments = [Duration::ZERO, SLEEP, BEHIND.0, BEHIND.1].map(|moment| (moment, moment));
    let faults = FAULTS.iter().map(|(_, from, to)| (*from, *to));
    moments.into_iter().chain(faults).any(|(from, to)| (from.saturating_sub(MINUTE * 10)..to + HOUR).contains(&at))
}

#[tokio::test(start_paused = true)]
async fn a_week_passes_and_every_list_stays_fresh_within_its_budget() {
    let server = Server::new(STILL, BUSY, TIGHT, &FAULTS, SLEEP);
    let mut dashboard = Dashboard::start(&server);
    let (mut sizes, mut held) = (Vec::new(), Vec::new());
    for round in 1..=7 * 24 * 6 {
        dashboard.pass(MINUTE * 10).await;
        if round % 3 == 0 || is_eventful(server.times.elapsed()) {
            dashboard.settle();
        }
        if round % (24 * 6) == 0 {
            sizes.push(dashboard.kept.sizes());
            held.push(held_in(&dashboard.snapshot));
        }
        let now = server.times.elapsed();
        for (place, answered) in dashboard.answered.iter().enumerate() {
            let age = now.saturating_sub(*answered);
            let slowed = if place < STILL + BUSY { 1 } else { 3 };
            let fresh = is_troubled(now, interval(place)) || age <= interval(place) * 3 * slowed;
            assert!(fresh, "list {place} is {age:?} old after {now:?}");
        }
        assert!(dashboard.paces.last().is_none_or(|pace| pace.waiting + pace.under_way < 60));
    }
    server.hold_the_budgets();
    for place in 0..STILL {
        let asked = server.asked(place);
        let week = usize::try_from((DAY * 7).as_secs() / interval(place).as_secs()).unwrap();
        assert!((week * 95 / 100..=week * 105 / 100).contains(&asked), "list {place} was asked {asked} times");
    }
    does_not_grow(&held[1], &held[6]);
    stays_as_large(&sizes[1], &sizes[6]);
    assert!((150..200).contains(&dashboard.kept.sweeps), "{} sweeps in 176 hours", dashboard.kept.sweeps);
    dashboard.settle();
    let now = dashboard.wall.now();
    for (service, policy) in dashboard.services.iter().zip(&dashboard.policies) {
        let report = judge(&dashboard.snapshot, service, policy, now);
        let is_good = |verdict| matches!(verdict, Verdict::Landed | Verdict::Pending);
        assert!(report.failure.is_none() && report.rows.iter().all(|row| is_good(row.verdict)), "{report:?}");
        assert!(!report.rows.is_empty());
    }
    assert!(dashboard.paces.iter().any(|pace| pace.stopped));
    assert!(dashboard.paces.iter().any(|pace| pace.slowed.is_some_and(|tenths| tenths > 11)));
    for known in dashboard.kept.known(DEEP, now) {
        for (service, policy) in dashboard.services.iter().zip(&dashboard.policies) {
            let [here, there] = [&dashboard.snapshot, &known].map(|snapshot| told(snapshot, service, policy, now));
            assert_eq!(here, there, "{} after a restart", service.name);
        }
    }
}

/// Returns what a snapshot tells of a service.
fn told(snapshot: &Snapshot, service: &Arc<Service>, policy: &Policy, now: Timestamp) -> Vec<String> {
    let report = judge(snapshot, service, policy, now);
    let row = |row: &Row| format!("{:?} {:?} {} {}", row.run.key, row.tag, row.verdict, row.settled);
    report.rows.iter().map(row).collect()
}

/// Looks whether memory is as it was, but for what is remembered of each run that is over: that has bounds of its own, and
/// they are further away than a week.
fn does_not_grow(before: &BTreeMap<String, usize>, after: &BTreeMap<String, usize>) {
    for (part, lines) in after {
        let most = if REMEMBERED.contains(&part.as_str()) { before[part] * 7 / 2 } else { before[part] * 6 / 5 };
        assert!(*lines <= most, "{part} takes {lines} lines, and took {} on the second day", before[part]);
    }
}

/// Looks whether the history of one day is as large as it was, and the other holds no more than there is to know.
fn stays_as_large(before: &[Size; 2], after: &[Size; 2]) {
    for (table, rows) in &after[0].rows {
        let known = before[0].rows[table];
        assert!(*rows <= known * 5 / 4 + 8, "{table} has {rows} rows, and had {known} on the second day");
    }
    assert!(after[0].bytes <= before[0].bytes * 5 / 4, "{} bytes, and {} before", after[0].bytes, before[0].bytes);
    for (table, rows) in &after[1].rows {
        let known = before[1].rows[table];
        let most = if OF_RUNS.contains(&table.as_str()) { known * 7 / 2 + 8 } else { known + 2 };
        assert!(*rows <= most, "{table} has {rows} rows, and had {known} on the second day");
    }
    assert!(after.iter().all(|size| size.log <= LOG), "{after:?}");
}
