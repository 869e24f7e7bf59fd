//! The one task that decides what is asked when. It never ends before the poller is dropped.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use backon::{BackoffBuilder as _, ExponentialBuilder};
use jiff::{SignedDuration, Timestamp};
use tokio::sync::{mpsc, watch};
use tokio::task::{Id, JoinError, JoinSet};

use super::ask::{Asker, failure_of, unanswered};
use super::bar::Bars;
use super::lane::{Lane, closes};
use super::queue::Queue;
use super::{Clock, Message, Progress, Rhythm};
use crate::domain::{Failure, ImageName, Look, Observation, Remedy, Seen, SourceId, Urgency};

/// The longest pause between tries.
const LONGEST_PAUSE: Duration = Duration::from_mins(5);

/// The pause after a failure that only a person can mend.
const FIX_PAUSE: SignedDuration = SignedDuration::from_mins(1);

/// At most one report of a source's traffic in this time.
const TRAFFIC_EVERY: SignedDuration = SignedDuration::from_secs(1);

/// Nobody receives observations any more.
struct Gone;

pub(super) struct Desk {
    asker: Asker,
    rhythm: Rhythm,
    clock: Arc<dyn Clock>,
    observations: mpsc::Sender<Observation>,
    report: watch::Sender<Progress>,
    queue: Queue,
    bars: Bars,
    under_way: JoinSet<Seen>,
    whose: HashMap<Id, (SourceId, Look)>,
    warming: JoinSet<()>,
    traffic_at: HashMap<SourceId, Timestamp>,
    taken: u64,
}

impl Desk {
    pub(super) fn new(
        asker: Asker,
        rhythm: Rhythm,
        clock: Arc<dyn Clock>,
        observations: mpsc::Sender<Observation>,
        report: watch::Sender<Progress>,
    ) -> Self {
        Self {
            asker,
            rhythm,
            clock,
            observations,
            report,
            queue: Queue::new(),
            bars: Bars::default(),
            under_way: JoinSet::new(),
            whose: HashMap::new(),
            warming: JoinSet::new(),
            traffic_at: HashMap::new(),
            taken: 0,
        }
    }

    pub(super) async fn run(mut self, mut inbox: mpsc::UnboundedReceiver<Message>) {
        loop {
            self.start_what_may();
            self.report.send_replace(Progress { taken: self.taken, busy: self.queue.busy() });
            let pause = self.queue.next_due().map(|due| due.duration_since(self.clock.now()));
            tokio::select! {
                message = inbox.recv() => match message {
                    Some(message) => {
                        if self.take(message).await.is_err() {
                            return;
                        }
                    }
                    None => return,
                },
                Some(ended) = self.under_way.join_next_with_id(), if !self.under_way.is_empty() => {
                    if self.ended(ended).await.is_err() {
                        return;
                    }
                }
                Some(_) = self.warming.join_next(), if !self.warming.is_empty() => {}
                () = sleep(pause), if pause.is_some() => {}
            }
        }
    }

    async fn take(&mut self, message: Message) -> Result<(), Gone> {
        self.taken = self.taken.saturating_add(1);
        match message {
            Message::Want(wanted) => {
                let now = self.clock.now();
                let (mut sources, mut barred) = (BTreeSet::new(), BTreeSet::new());
                for wanted in wanted {
                    let Some(whose) = self.asker.source_of(&wanted.look) else { continue };
                    if wanted.urgency == Urgency::Asked {
                        self.bars.lift(&wanted.look);
                    }
                    let image = wanted.look.image().filter(|image| self.bars.standing(image, now).is_some());
                    barred.extend(image.map(|image| (whose.0.clone(), image.clone())));
                    sources.insert(whose.0.clone());
                    self.queue.want(wanted, whose, &self.rhythm, now);
                }
                for source in sources {
                    self.turn_away(&source, now).await?;
                }
                for (source, image) in barred {
                    self.turn_away_from(&source, &image, now).await?;
                }
            }
            Message::Warm(image) => {
                let asker = self.asker.clone();
                self.warming.spawn(async move { asker.warm(&image).await });
            }
        }
        Ok(())
    }

    /// Gives up what waits for a source that is closed for longer than anybody waits.
    async fn turn_away(&mut self, source: &SourceId, now: Timestamp) -> Result<(), Gone> {
        let closed = self.queue.lane(source).and_then(|lane| lane.closed(now).cloned());
        let too_long = |until: &Timestamp| until.duration_since(now) > self.rhythm.patience;
        let Some((until, failure)) = closed.filter(|(until, _)| too_long(until)) else { return Ok(()) };
        let given_up = self.queue.give_up(source, until, |_| true);
        self.tell_all(source, given_up, &failure, now).await
    }

    /// Gives up what waits for a repository that refuses this credential.
    async fn turn_away_from(&mut self, source: &SourceId, image: &ImageName, now: Timestamp) -> Result<(), Gone> {
        let Some((until, failure)) = self.bars.standing(image, now).cloned() else { return Ok(()) };
        let given_up = self.queue.give_up(source, until, |look| look.image() == Some(image));
        self.tell_all(source, given_up, &failure, now).await
    }

    async fn tell_all(
        &self,
        source: &SourceId,
        looks: Vec<Look>,
        failure: &Failure,
        now: Timestamp,
    ) -> Result<(), Gone> {
        for look in looks {
            self.send(source, unanswered(look, failure.clone()), now).await?;
        }
        Ok(())
    }

    fn start_what_may(&mut self) {
        let now = self.clock.now();
        while let Some((source, look)) = self.queue.next(now) {
            let asker = self.asker.clone();
            let question = look.clone();
            let task = self.under_way.spawn(async move { asker.ask(question).await });
            self.whose.insert(task.id(), (source, look));
        }
    }

    /// Takes in the end of one look.
    async fn ended(&mut self, ended: Result<(Id, Seen), JoinError>) -> Result<(), Gone> {
        let (id, seen) = match ended {
            Ok((id, seen)) => (id, Some(seen)),
            Err(error) => (error.id(), None),
        };
        let Some((source, look)) = self.whose.remove(&id) else { return Ok(()) };
        let fault = || Failure::Withheld("a fault in landfall itself: the look panicked".into());
        let seen = seen.unwrap_or_else(|| unanswered(look.clone(), fault()));
        let now = self.clock.now();
        match failure_of(&seen).cloned() {
            None => {
                self.bars.lift(&look);
                self.queue.answered(&source, &look, now);
                self.send(&source, seen, now).await?;
            }
            Some(failure) => self.failed(&source, look, seen, &failure, now).await?,
        }
        self.tell_traffic(&source, now).await
    }

    /// Tries again, or reports the failure; where the whole source is closed or down, for all that waits for it.
    async fn failed(
        &mut self,
        source: &SourceId,
        look: Look,
        seen: Seen,
        failure: &Failure,
        now: Timestamp,
    ) -> Result<(), Gone> {
        let tries = self.queue.failed(source, &look, now);
        let closed = closes(failure, now);
        let pause = match (closed, failure.remedy()) {
            (Some(until), _) => until.duration_since(now),
            (None, Remedy::Retry | Remedy::Wait(_)) => self.backoff(tries),
            (None, Remedy::Fix) => FIX_PAUSE,
        };
        let until = now.saturating_add(pause).unwrap_or(now);
        let unreachable = matches!(failure, Failure::Unreachable { .. });
        let down = unreachable && self.queue.lane(source).is_some_and(|lane| lane.is_down(&self.rhythm, now));
        if let Some(lane) = self.queue.lane(source).filter(|_| closed.is_some() || down) {
            lane.close(until, failure);
        }
        let worth_waiting = failure.remedy() != Remedy::Fix && pause <= self.rhythm.patience;
        if worth_waiting && !down && tries < self.rhythm.attempts {
            self.queue.retry(source, look, until, now);
            return Ok(());
        }
        self.queue.end(&look, until);
        self.send(source, seen, now).await?;
        if closed.is_some() || down {
            let given_up = self.queue.give_up(source, until, |_| true);
            self.tell_all(source, given_up, failure, now).await?;
        }
        match self.bars.failed(&look, failure, until) {
            Some(image) => self.turn_away_from(source, &image, now).await,
            None => Ok(()),
        }
    }

    /// Returns a pause with full jitter that doubles with every try.
    fn backoff(&self, tries: u32) -> SignedDuration {
        let first = Duration::try_from(self.rhythm.backoff).unwrap_or(Duration::from_secs(1));
        let pauses = ExponentialBuilder::new().with_jitter().with_min_delay(first).with_max_delay(LONGEST_PAUSE);
        let doublings = usize::try_from(tries.saturating_sub(1).min(16)).unwrap_or_default();
        let pause = pauses.without_max_times().build().nth(doublings).unwrap_or(LONGEST_PAUSE);
        SignedDuration::try_from(pause).unwrap_or(FIX_PAUSE)
    }

    async fn tell_traffic(&mut self, source: &SourceId, now: Timestamp) -> Result<(), Gone> {
        let recent = self.traffic_at.get(source).is_some_and(|at| now.duration_since(*at) < TRAFFIC_EVERY);
        let Some(lane) = self.queue.lane(source).filter(|lane| !recent || Lane::is_quiet(lane)) else { return Ok(()) };
        let kind = lane.kind;
        let Some(traffic) = self.asker.traffic(source, kind) else { return Ok(()) };
        self.traffic_at.insert(source.clone(), now);
        self.send(source, Seen::Traffic(kind, traffic), now).await
    }

    async fn send(&self, source: &SourceId, seen: Seen, at: Timestamp) -> Result<(), Gone> {
        let observation = Observation { at, source: source.clone(), seen };
        self.observations.send(observation).await.map_err(|_| Gone)
    }
}

async fn sleep(pause: Option<SignedDuration>) {
    let pause = pause.map(|pause| Duration::try_from(pause.max(SignedDuration::ZERO)).unwrap_or_default());
    match pause {
        // A little later than due, so that what is due has become so.
        Some(pause) => tokio::time::sleep(pause.saturating_add(Duration::from_millis(1))).await,
        None => std::future::pending().await,
    }
}
