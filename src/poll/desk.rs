//! The one task that decides what is asked when. It never ends before the poller is dropped.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use rustc_hash::FxHashMap;
use tokio::sync::{mpsc, watch};
use tokio::task::{Id, JoinError, JoinSet};
use tokio::time::{Instant, sleep_until};

use super::ask::{Asker, failure_of, unanswered};
use super::bar::{Bars, Pass};
use super::gate::Ended;
use super::moment::Moment;
use super::outbox::Outbox;
use super::queue::Queue;
use super::renewal::Renewals;
use super::tell::EVERY;
use super::{Clock, Inbox, Message, Progress, Rhythm};
use crate::domain::{Failure, ImageName, Look, Observation, Seen, SourceId, Urgency, Wanted};
use crate::http::supervised;

/// Looks at sources that nobody configured are answered once in this time.
const STRANGE: Duration = Duration::from_hours(1);

/// Nobody receives observations any more.
pub(super) struct Gone;

pub(super) struct Desk {
    pub(super) asker: Asker,
    pub(super) rhythm: Rhythm,
    clock: Arc<dyn Clock>,
    pub(super) outbox: Outbox,
    report: watch::Sender<Progress>,
    pub(super) queue: Queue,
    pub(super) bars: Bars,
    pub(super) errands: JoinSet<Done>,
    pub(super) whose: HashMap<Id, Errand>,
    pub(super) renewals: Renewals,
    warmed: BTreeSet<SourceId>,
    /// Looks at sources that nobody configured, and when they were answered.
    strange: FxHashMap<Look, Instant>,
    pub(super) before: Moment,
}

/// What somebody is sent for.
pub(super) enum Errand {
    Look { source: SourceId, look: Look, started: Instant },
    Warm(SourceId),
    Renewal(SourceId),
}

/// What the desk waits for.
enum Event {
    Message(Message),
    Ended(Result<(Id, Done), JoinError>),
    Due,
}

/// What they bring.
pub(super) enum Done {
    Seen(Seen),
    Warm,
    Renewed(bool),
}

impl Desk {
    pub(super) fn new(
        asker: Asker,
        rhythm: Rhythm,
        clock: Arc<dyn Clock>,
        observations: mpsc::Sender<Observation>,
        report: watch::Sender<Progress>,
    ) -> Self {
        let now = Moment { wall: clock.now(), at: Instant::now() };
        Self {
            asker,
            rhythm,
            clock,
            outbox: Outbox::new(observations),
            report,
            queue: Queue::new(rhythm, now.at),
            bars: Bars::default(),
            errands: JoinSet::new(),
            whose: HashMap::new(),
            renewals: Renewals::default(),
            warmed: BTreeSet::new(),
            strange: FxHashMap::default(),
            before: now,
        }
    }

    pub(super) async fn run(mut self, inbox: &mut Inbox) {
        let mut now = self.now();
        loop {
            if self.go_on(now).await.is_err() {
                return;
            }
            let progress = Progress { taken: inbox.taken, busy: self.queue.busy() };
            self.report.send_if_modified(|known| std::mem::replace(known, progress) != progress);
            let wakes = self.wakes(now.at);
            let event = tokio::select! {
                message = inbox.next() => match message {
                    Some(message) => Event::Message(message),
                    None => return,
                },
                Some(done) = self.errands.join_next_with_id(), if !self.errands.is_empty() => Event::Ended(done),
                () = sleep_until(wakes.unwrap_or(now.at)), if wakes.is_some() => Event::Due,
            };
            now = self.now();
            let done = match event {
                Event::Message(message) => self.take(message, now).await,
                Event::Ended(done) => self.ended(done, now).await,
                Event::Due => Ok(()),
            };
            if done.is_err() {
                return;
            }
        }
    }

    fn now(&self) -> Moment {
        Moment { wall: self.clock.now(), at: Instant::now() }
    }

    /// Returns when there is something to do, if nothing happens before.
    fn wakes(&mut self, now: Instant) -> Option<Instant> {
        let due = self.queue.next_due(now);
        if !self.rhythm.is_steady() {
            return due;
        }
        let told = self.queue.lanes.values().filter_map(|lane| lane.told.wakes());
        let calmer = self.queue.lanes.values().filter_map(|lane| lane.calms(now));
        due.into_iter().chain(told).chain(calmer).chain(self.renewals.next()).chain(self.outbox.due()).min()
    }

    /// Does what is due.
    async fn go_on(&mut self, now: Moment) -> Result<(), Gone> {
        if self.rhythm.is_steady() {
            self.wake_up(now);
        }
        self.queue.promote(now.at);
        self.start_what_may(now).await?;
        for (source, lane) in &self.queue.lanes {
            self.asker.note_door(source, lane.keeps_out(now));
        }
        if self.rhythm.is_steady() {
            self.hand_over(now).await?;
            self.say_what_cannot_be_asked(now).await?;
            self.look_for_new_credentials(now.at);
            self.tell_paces(None, now).await?;
        }
        Ok(())
    }

    async fn take(&mut self, message: Message, now: Moment) -> Result<(), Gone> {
        match message {
            Message::Want(wanted) if self.rhythm.is_steady() => {
                for wanted in wanted {
                    if let Some((source, wanted)) = self.known(wanted, now).await? {
                        self.queue.want(wanted, &source, now);
                    }
                }
                Ok(())
            }
            Message::Want(wanted) => self.want_patiently(wanted, now).await,
            Message::LetGo(looks) => {
                self.queue.let_go(&looks);
                Ok(())
            }
            Message::Limited(limits) => {
                if self.rhythm.is_steady() {
                    self.begin_limited(limits, now);
                }
                Ok(())
            }
            Message::Warm(image) => {
                self.warm(image, now);
                Ok(())
            }
            Message::Tell => self.tell_everything(now).await,
            #[cfg(debug_assertions)]
            #[expect(clippy::panic, reason = "who goes on after a panic is tested by having one")]
            Message::FallOver => panic!("asked to, in the poller"),
        }
    }

    /// Returns whose look is wanted. One that nobody configured is answered at once, and not every time.
    pub(super) async fn known(&mut self, wanted: Wanted, now: Moment) -> Result<Option<(SourceId, Wanted)>, Gone> {
        let Some((source, kind)) = self.asker.source_of(&wanted.look) else { return Ok(None) };
        let Some(seen) = self.asker.stranger(&wanted.look, &source, kind) else {
            self.queue.open(&source, kind);
            return Ok(Some((source, wanted)));
        };
        let Wanted { look, urgency, .. } = wanted;
        self.strange.retain(|_, at| now.at < *at + STRANGE);
        if urgency == Urgency::Asked || !self.strange.contains_key(&look) {
            self.strange.insert(look, now.at);
            self.send(&source, seen, now).await?;
        }
        Ok(None)
    }

    /// Gets ready. Where nobody waits, one repository stands for all of its registry: a login that is refused must
    /// not be refused for each.
    fn warm(&mut self, image: ImageName, now: Moment) {
        let look = Look::Canary(image.clone());
        let Some((source, kind)) = self.asker.source_of(&look) else { return };
        if self.asker.stranger(&look, &source, kind).is_some()
            || self.queue.lane(&source).is_some_and(|lane| lane.gate.shut(now.at).is_some())
            || (self.rhythm.is_steady() && !self.warmed.insert(source.clone()))
        {
            return;
        }
        if self.rhythm.is_steady() {
            self.queue.open(&source, kind);
            self.queue.set_out(&source, Urgency::Newest, now.at);
        }
        let asker = self.asker.clone();
        let warming = async move {
            asker.warm(&image).await;
            Done::Warm
        };
        self.send_out(warming, Errand::Warm(source));
    }

    pub(super) fn send_out(&mut self, task: impl Future<Output = Done> + Send + 'static, errand: Errand) {
        let task = self.errands.spawn(supervised(task));
        self.whose.insert(task.id(), errand);
    }

    async fn start_what_may(&mut self, now: Moment) -> Result<(), Gone> {
        while let Some((source, urgency, look)) = self.queue.next(now.at) {
            let by_user = urgency == Urgency::Asked;
            let pass = if self.rhythm.is_steady() { self.bars.pass(&look, by_user, now.at) } else { Pass::Go };
            match pass {
                Pass::Go => {
                    self.queue.set_out(&source, urgency, now.at);
                    let asker = self.asker.clone();
                    let question = look.clone();
                    let asking = async move { Done::Seen(asker.ask(question).await) };
                    self.send_out(asking, Errand::Look { source, look, started: now.at });
                }
                Pass::Wait(until, Some(why)) if by_user || !self.queue.was_told(&look) => {
                    self.queue.end(&look, until, true);
                    self.send(&source, unanswered(look, why), now).await?;
                }
                Pass::Wait(until, _) => self.queue.retry(&source, look, until, now.at),
            }
        }
        Ok(())
    }

    /// Takes in the end of one errand.
    async fn ended(&mut self, ended: Result<(Id, Done), JoinError>, now: Moment) -> Result<(), Gone> {
        let (id, done) = match ended {
            Ok((id, done)) => (id, Some(done)),
            Err(error) => (error.id(), None),
        };
        match (self.whose.remove(&id), done) {
            (Some(Errand::Look { source, look, started }), done) => {
                let fault = || Failure::Withheld("a fault in landfall itself: the look panicked".into());
                let seen = match done {
                    Some(Done::Seen(seen)) => seen,
                    Some(Done::Warm | Done::Renewed(_)) | None => unanswered(look.clone(), fault()),
                };
                self.came_back(&source, &look, started, seen, now).await
            }
            (Some(Errand::Warm(source)), _) => {
                if let Some(lane) = self.queue.lane(&source).filter(|_| self.rhythm.is_steady()) {
                    lane.back(Urgency::Newest);
                }
                Ok(())
            }
            (Some(Errand::Renewal(source)), done) => {
                self.renewed(&source, matches!(done, Some(Done::Renewed(true))), now.at);
                Ok(())
            }
            (None, _) => Ok(()),
        }
    }

    /// Takes in what a look brought.
    async fn came_back(
        &mut self,
        source: &SourceId,
        look: &Look,
        started: Instant,
        seen: Seen,
        now: Moment,
    ) -> Result<(), Gone> {
        let ended = Ended { look, started, now };
        match (failure_of(&seen).cloned(), self.rhythm.is_steady()) {
            (None, true) => self.answered_steadily(source, seen, &ended).await?,
            (None, false) => self.answered_patiently(source, seen, &ended).await?,
            (Some(failure), true) => self.failed_steadily(source, seen, &failure, &ended).await?,
            (Some(failure), false) => self.failed_patiently(source, seen, &failure, ended).await?,
        }
        // Of what goes out together with others it is told then.
        if self.outbox.due().is_none() { self.tell_state(source, now).await } else { Ok(()) }
    }

    /// Hands over the answers that are held, once nobody is under way any more, or they were held for long enough.
    async fn hand_over(&mut self, now: Moment) -> Result<(), Gone> {
        if self.outbox.due().is_some_and(|due| self.whose.is_empty() || due <= now.at) {
            self.outbox.send_held().await?;
        }
        for source in self.outbox.take_untold() {
            self.tell_state(&source, now).await?;
        }
        Ok(())
    }

    /// Tells how a source is doing that has just answered.
    async fn tell_state(&mut self, source: &SourceId, now: Moment) -> Result<(), Gone> {
        self.tell_traffic(source, now).await?;
        if self.rhythm.is_steady() { self.tell_paces(Some(source), now).await } else { Ok(()) }
    }

    async fn tell_traffic(&mut self, source: &SourceId, now: Moment) -> Result<(), Gone> {
        let Some(lane) = self.queue.lane(source) else { return Ok(()) };
        let recent = lane.told.traffic.is_some_and(|at| now.at < at + EVERY);
        if recent && !lane.is_quiet() {
            return Ok(());
        }
        let kind = lane.kind;
        let Some(traffic) = self.asker.traffic(source, kind) else { return Ok(()) };
        lane.told.traffic = Some(now.at);
        self.send(source, Seen::Traffic(kind, traffic), now).await
    }

    pub(super) async fn tell_all(
        &mut self,
        source: &SourceId,
        looks: Vec<Look>,
        failure: &Failure,
        now: Moment,
    ) -> Result<(), Gone> {
        for look in looks {
            self.send(source, unanswered(look, failure.clone()), now).await?;
        }
        Ok(())
    }

    pub(super) async fn send(&mut self, source: &SourceId, seen: Seen, now: Moment) -> Result<(), Gone> {
        self.outbox.send(Observation { at: now.wall, source: source.clone(), seen }).await
    }
}
