//! The dashboard without its terminal: what its screen shows while servers and network fail, and once they are well.

use std::collections::{BTreeMap, BTreeSet};

use std::time::Duration;

use jiff::Timestamp;
use landfall::analysis::Verdict;
use landfall::app::{Act, Charset, Cmd, Key, Model, Msg, Settings, update};
use landfall::domain::{Fact, Observation, Probe, Seen, SourceId};
use landfall::poll::{Clock as _, Poller};
use landfall::runtime::{build, steady};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep};

use crate::claims::Truth;
use crate::counted::UnderWay;
use crate::fault::Host;
use crate::proxy::{Weather, calm};
use crate::screen::{Shown, landed_commits, rows};
use crate::street::{INTERVAL, Street, Town};
use crate::table::Rest;

/// Observations that may wait for the loop before their senders do, and those that are taken in at once.
const WAITING: usize = 256;
const AT_ONCE: usize = 64;

/// Where nothing is under way, time is put forward by this much at first, and by more the longer nothing happens.
const STEP: Duration = Duration::from_secs(2);

/// When everything is right again at the latest, counted from the end of the weather, and of the rest that a server wanted
/// or that its refusal led to: two of the intervals at which a service is looked at of which nothing runs.
pub(crate) const HEALS: Duration = INTERVAL.saturating_mul(2);

/// A rest that a server wanted and of which every moment is watched. Of a longer one only its end is.
const WATCHED: Duration = Duration::from_mins(3);

/// How many runs of a service are looked at.
pub(crate) const RUNS: usize = 5;
/// The two CI providers and the registry.
const SOURCES: usize = 3;

/// How long those may take who read which authorities this machine trusts.
const TRUST: Duration = Duration::from_secs(5);

/// Between two frames while answers come in.
const CALM: Duration = Duration::from_millis(100);

/// Large enough that every row is in sight.
const SIZE: (u16, u16) = (200, 110);

/// The dashboard's loop, as `runtime` runs it, with tokio's time put forward wherever everybody only waits.
pub(crate) struct Dashboard<'a> {
    town: &'a Town,
    pub(crate) street: &'a Street,
    model: Model,
    poller: Poller,
    inbox: mpsc::Receiver<Observation>,
    under_way: UnderWay,
    /// What was shown when all was well.
    known: BTreeMap<Place, Verdict>,
    /// The newest commit that landed, by service, when all was well.
    landed: BTreeMap<String, String>,
    truth: Truth,
    /// Why tags could not be looked at, and when.
    unseen: BTreeMap<String, String>,
    pub(crate) wrong: BTreeSet<String>,
}

impl<'a> Dashboard<'a> {
    /// Opens the dashboard, and begins to look.
    pub(crate) async fn open(town: &'a Town, street: &'a Street) -> Self {
        let config = &street.config;
        let (sender, inbox) = mpsc::channel(WAITING);
        let under_way = UnderWay::default();
        let sources = under_way.of(build(config).unwrap());
        let poller = Poller::start(sources, &config.services, steady(config), town.clock.clone(), sender);
        let settings = Settings { title: "landfall", charset: Charset::Unicode, browser: false };
        let model = Model::new(config.services.clone(), config.policy.clone(), settings, town.clock.now(), SIZE);
        let mut dashboard = Self {
            town,
            street,
            model,
            poller,
            inbox,
            under_way,
            known: BTreeMap::new(),
            landed: BTreeMap::new(),
            truth: Truth::default(),
            unseen: BTreeMap::new(),
            wrong: BTreeSet::new(),
        };
        for image in config.services.iter().flat_map(|service| &service.images) {
            dashboard.poller.warm(image.repository.clone());
        }
        let source = SourceId::own();
        let seen = Seen::Remembered(street.remembered.clone());
        dashboard.tell(Msg::Seen(vec![Observation { at: town.clock.now(), source, seen }]));
        let todo = dashboard.model.begin();
        dashboard.act(todo);
        // The authorities that this machine trusts are read by another thread, which takes no virtual time.
        let begun = Instant::now();
        while street.tally().asked().len() < SOURCES && begun.elapsed() < TRUST {
            sleep(Duration::from_millis(1)).await;
        }
        dashboard
    }

    fn now(&self) -> Timestamp {
        self.town.clock.now()
    }

    fn tell(&mut self, msg: Msg) {
        let todo = update(&mut self.model, msg);
        self.act(todo);
    }

    /// Presses a key. The loop owes it an answer at once, whatever the network does.
    pub(crate) fn press(&mut self, key: char) {
        self.tell(Msg::Acted(Act::Key(Key::Char(key))));
    }

    fn act(&mut self, todo: Vec<Cmd>) {
        for cmd in todo {
            match cmd {
                Cmd::Want(wanted) => self.poller.want(wanted),
                Cmd::Remember(facts) => facts.iter().for_each(|fact| self.remembered(fact)),
                _ => {}
            }
        }
    }

    /// Takes note of what a failing test has to tell.
    fn note(&mut self, batch: &[Observation]) {
        for observation in batch {
            let Seen::Tag(tag_ref, probe) = &observation.seen else { continue };
            let said = match probe {
                Probe::Unseen(failure) => format!("{failure} at {}", observation.at),
                Probe::Present(_) | Probe::Absent(_) => format!("answered at {}", observation.at),
            };
            self.unseen.insert(tag_ref.tag.to_string(), said);
        }
    }

    /// What is remembered as landed must have landed: later looks believe it.
    fn remembered(&mut self, fact: &Fact) {
        if let Fact::Landed(landed) = fact {
            self.truth.or(&self.town.servers);
            let (image, tag) = (landed.tag_ref.image.repository(), landed.tag_ref.tag.as_str());
            let service = image.rsplit('/').next().unwrap();
            if !self.truth.is(service, tag, Verdict::Landed) {
                self.wrong.insert(format!("{image}:{tag} is remembered as landed"));
            }
        }
    }

    /// Draws a frame, and notes whatever on it is wrong.
    fn frame(&mut self) -> Vec<Shown> {
        self.tell(Msg::Passed(self.now()));
        self.press('1');
        let overview = self.model.screen().text();
        self.press('2');
        let divergence = self.model.screen().text();
        if overview == divergence {
            self.wrong.insert("a key was not answered".to_owned());
        }
        let shown = rows(&divergence);
        // The world may have moved on.
        if !shown.iter().all(|row| self.truth.allows(&row.service, &row.tag, row.verdict)) {
            self.truth.or(&self.town.servers);
        }
        for row in &shown {
            let unsure = row.unsure && self.truth.is(&row.service, &row.tag, Verdict::Incomplete);
            if !self.truth.allows(&row.service, &row.tag, row.verdict) && !unsure {
                self.wrong.insert(format!("{row:?} is not so; {}", self.truth.deserved(&row.service, &row.tag)));
            }
        }
        self.nothing_is_lost(&shown, &overview);
        shown
    }

    /// What was known is still known, or it is said that it was.
    fn nothing_is_lost(&mut self, shown: &[Shown], overview: &str) {
        for service in self.services() {
            let theirs = || shown.iter().filter(|row| row.service == service);
            for row in theirs() {
                let Some(known) = self.known.get(&key(row)).copied() else { continue };
                let kept = match row.verdict {
                    _ if matches!(known, Verdict::Unknown | Verdict::Pending) => true,
                    Verdict::Unknown => row.last_known == Some(known),
                    said => said == known || self.truth.is(&service, &row.tag, said),
                };
                if !kept {
                    self.wrong.insert(format!("{row:?} was {known}"));
                }
            }
            // A new run takes the oldest one's place, and nothing else does.
            let new = theirs().filter(|row| !self.known.contains_key(&key(row))).count();
            // One that was not to publish takes nobody's place.
            let known =
                self.known.iter().filter(|(known, verdict)| known.0 == service && **verdict != Verdict::NotExpected);
            let gone: Vec<_> = known.filter(|(known, _)| !theirs().any(|row| key(row) == **known)).collect();
            if gone.len() > new {
                self.wrong.insert(format!("{gone:?} are gone, and {new} new ones came"));
            }
        }
        let now = landed_commits(overview);
        for (service, commit) in &self.landed {
            if now.get(service).is_none_or(|shown| shown == "none") {
                self.wrong.insert(format!("{commit} of {service} had landed, and now {:?} had", now.get(service)));
            }
        }
    }

    fn services(&self) -> Vec<String> {
        self.model.services().iter().map(|service| service.name.to_string()).collect()
    }

    /// Goes on for so long, or until `done`. Returns whether it was.
    pub(crate) async fn go_on(&mut self, time: Duration, done: impl Fn(&Truth, &[Shown]) -> bool) -> bool {
        let (begun, end) = (Instant::now(), Instant::now() + time);
        let mut batch = Vec::with_capacity(AT_ONCE);
        let (mut drawn, mut is_new, mut shown) = (Instant::now(), true, Vec::new());
        loop {
            tokio::select! {
                biased;
                _ = self.inbox.recv_many(&mut batch, AT_ONCE) => {
                    self.note(&batch);
                    self.tell(Msg::Seen(std::mem::take(&mut batch)));
                    is_new = true;
                    if drawn.elapsed() >= CALM {
                        shown = self.frame();
                        (drawn, is_new) = (Instant::now(), false);
                    }
                }
                () = quiet(self.street, &self.under_way) => {
                    if std::mem::take(&mut is_new) {
                        shown = self.frame();
                    }
                    self.tell(Msg::Passed(self.now()));
                    drawn = Instant::now();
                    if !done(&self.truth, &shown) {
                        self.truth.or(&self.town.servers);
                    }
                    if done(&self.truth, &shown) {
                        return true;
                    }
                    if drawn >= end {
                        return false;
                    }
                    skip(STEP.max((drawn - begun) / 20).min(end - drawn)).await;
                }
            }
        }
    }

    pub(crate) fn change(&self, weather: Weather) {
        self.street.change(weather);
    }

    /// Goes on until everything is as it deserves to be, and takes note of it.
    pub(crate) async fn settle(&mut self, time: Duration) {
        self.truth = Truth::of(&self.town.servers);
        let (tally, before) = (self.street.tally(), self.street.tally().asked());
        // Every service has a row for each of its runs, but for one whose project is gone.
        let least = (self.services().len() - 1) * self.street.config.policy.runs / 2;
        let right = |truth: &Truth, shown: &[Shown]| {
            let asked = tally.asked();
            shown.len() >= least
                && shown.iter().all(|row| truth.is(&row.service, &row.tag, row.verdict))
                && Host::POLLED.iter().all(|host| asked.get(host) > before.get(host))
        };
        if !self.go_on(time, right).await {
            let late = self.frame().into_iter().filter(|row| !self.truth.is(&row.service, &row.tag, row.verdict));
            let late: Vec<_> =
                late.map(|row| format!("{row:?} {}", self.truth.deserved(&row.service, &row.tag))).collect();
            self.wrong.extend(late.into_iter().map(|row| format!("after {time:?} still {row}")));
            self.wrong.insert(format!("it is {}, and of tags it was said: {:#?}", self.now(), self.unseen));
        }
        self.known = self.frame().iter().map(|row| (key(row), row.verdict)).collect();
        self.press('1');
        self.landed = landed_commits(&self.model.screen().text());
        self.landed.retain(|_, commit| !commit.is_empty() && commit != "none" && commit != "?");
    }

    /// Ends the weather, and goes on until everything is right again: within two intervals from then on, or from when every
    /// server allows it again to be asked, or from the end of our own rest after the last that went wrong.
    pub(crate) async fn heal(&mut self, rest: Rest) {
        self.change(calm());
        let ended = Instant::now();
        // What is under way still meets the fault.
        self.go_on(Duration::ZERO, |_, _| true).await;
        let tally = self.street.tally();
        let rested = tally.last().map_or(ended, |last| last + rest.time());
        let due = ended.max(rested).max(tally.allowed().unwrap_or(ended));
        let left = due.saturating_duration_since(Instant::now());
        if left <= WATCHED && tally.allowed() > Some(ended) {
            self.go_on(left, |_, _| false).await;
        } else {
            skip(left).await;
        }
        self.settle(HEALS).await;
    }

    /// Asks for everything anew, source by source.
    pub(crate) fn look_now(&mut self) {
        self.press('3');
        self.press('g');
        for _ in 0..SOURCES {
            self.press('R');
            self.press('j');
        }
    }
}

/// A row: service, tag and commit.
type Place = (String, String, String);

fn key(row: &Shown) -> Place {
    (row.service.clone(), row.tag.clone(), row.commit.clone())
}

/// Waits until no answer is under way but those that wait for time to pass. Where looks are under way that nobody is
/// at work on, that may be so, or another thread is: such as one that reads a secret's file.
async fn quiet(street: &Street, under_way: &UnderWay) {
    let mut times = 0;
    while times < if under_way.looks() == 0 { 3 } else { 40 } {
        sleep(Duration::from_micros(500)).await;
        times = if street.tally().busy() == 0 { times + 1 } else { 0 };
    }
}

/// Puts tokio's time forward.
async fn skip(time: Duration) {
    tokio::time::pause();
    tokio::time::advance(time).await;
    tokio::time::resume();
}
