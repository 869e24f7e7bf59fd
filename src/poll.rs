//! When things are asked: cadence, order, single flight, backoff. The one owner of retry.

mod ahead;
mod ask;
mod away;
mod bar;
mod cadence;
mod demand;
mod desk;
mod doors;
mod expiry;
mod fault;
mod gate;
mod hold;
mod known;
mod lane;
mod moment;
mod outbox;
mod patient;
mod proof;
mod purse;
mod queue;
mod renewal;
mod steady;
mod tell;
mod tick;

use std::collections::BTreeMap;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

use crate::domain::{Failure, Health, ImageName, Look, Observation, Part, Seen, Service, SourceId, SourceKind, Wanted};
use crate::http::caught;
use crate::source::{CiProvider, Registry};

use ask::Asker;
use desk::Desk;

pub use doors::Doors;
pub use expiry::{ExpiryWatch, scan_once};

/// The pause before another desk takes the place of one that fell over.
const RECOVERY: Duration = Duration::from_secs(1);

/// After this time at work nobody needs to know any more that one fell over.
const RECOVERED: Duration = Duration::from_hours(1);

/// Everybody who can be asked.
#[derive(Clone, Default)]
pub struct Sources {
    /// CI providers by their name in the configuration.
    pub ci: BTreeMap<SourceId, Arc<dyn CiProvider>>,
    /// Registries by host.
    pub registries: BTreeMap<SourceId, Arc<dyn Registry>>,
    /// Which of them are closed, once they are polled.
    pub doors: Doors,
}

/// Tells the time. The dashboard and `check` give the system's, tests one that follows paused time.
pub trait Clock: Send + Sync + 'static {
    /// Returns the current time.
    fn now(&self) -> Timestamp;
}

/// How hard to try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rhythm {
    /// How many runs of a service to list.
    pub runs: usize,
    /// Looks under way per CI provider.
    pub ci_in_flight: usize,
    /// Looks under way per registry.
    pub registry_in_flight: usize,
    /// How often a look is tried before its failure is reported. At least 1.
    pub attempts: u32,
    /// The first pause before another try; it doubles, with jitter, up to five minutes.
    pub backoff: SignedDuration,
    /// How long a source may ask us to wait, or fail without a single answer, before what waits for it is given up.
    pub patience: SignedDuration,
}

#[cfg(test)]
impl Rhythm {
    /// One look at a time, and no patience.
    const ALONE: Self = Self {
        runs: 1,
        ci_in_flight: 1,
        registry_in_flight: 1,
        attempts: 1,
        backoff: SignedDuration::ZERO,
        patience: SignedDuration::ZERO,
    };
}

/// Asks what is wanted and sends what was seen. Dropping it stops every look.
pub struct Poller {
    messages: mpsc::UnboundedSender<Message>,
    sent: AtomicU64,
    progress: watch::Receiver<Progress>,
    task: JoinHandle<()>,
}

/// How far the poller has come.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Progress {
    /// Messages taken in.
    taken: u64,
    /// Looks more urgent than `Urgency::Again` that wait or are under way.
    busy: usize,
}

enum Message {
    Want(Vec<Wanted>),
    LetGo(Vec<Look>),
    Limited(Vec<Limited>),
    Warm(ImageName),
    Tell,
    #[cfg(debug_assertions)]
    FallOver,
}

/// A source that told an earlier process that it asked too much.
struct Limited {
    source: SourceId,
    kind: SourceKind,
    at: Timestamp,
    limit: Failure,
}

/// What comes in; it outlives the desk that takes it in.
struct Inbox {
    messages: mpsc::UnboundedReceiver<Message>,
    taken: u64,
}

impl Inbox {
    async fn next(&mut self) -> Option<Message> {
        let message = self.messages.recv().await?;
        self.taken = self.taken.saturating_add(1);
        Some(message)
    }
}

impl Rhythm {
    /// Returns whether nobody waits for the answers, as in a dashboard that stays up for months. Then a failure is
    /// told at once and the source is spared: looks are spread over their intervals, a budget is shared with others,
    /// and where a source or a credential fails, a single look at a time finds out whether that is over.
    fn is_steady(&self) -> bool {
        self.patience <= SignedDuration::ZERO
    }
}

impl Poller {
    /// Starts asking. Observations come out of `observations`, in the order of their answers.
    #[must_use]
    pub fn start(
        sources: Sources,
        services: &[Arc<Service>],
        rhythm: Rhythm,
        clock: Arc<dyn Clock>,
        observations: mpsc::Sender<Observation>,
    ) -> Self {
        let (messages, received) = mpsc::unbounded_channel();
        let (report, progress) = watch::channel(Progress::default());
        let asker = Asker::new(sources, services, rhythm.runs);
        let (wall, told) = (clock.clone(), observations.clone());
        let tell = async move |fell_over: bool| {
            let words = fell_over.then(|| "fell over and began anew: a bug in landfall".into());
            // Where nobody receives it nobody waits for the next desk either.
            let _ = told.send(Observation::own(wall.now(), Seen::Notice(Part::Poller, words))).await;
        };
        let desk = move || Desk::new(asker.clone(), rhythm, clock.clone(), observations.clone(), report.clone());
        let task = tokio::spawn(keep_at_work(desk, Inbox { messages: received, taken: 0 }, tell));
        Self { messages, sent: AtomicU64::new(0), progress, task }
    }

    /// Takes in what is wanted. A look that is already waiting or under way is not asked twice; one that was
    /// answered is asked again only where `not_before` lies after the answer; one that failed only when its
    /// backoff is over. `Urgency::Asked` overrides both. Where nobody waits, what is due in more than five minutes in the
    /// background is to be wanted again by then: of what lies so far ahead the look itself is not kept.
    pub fn want(&self, wanted: Vec<Wanted>) {
        if !wanted.is_empty() {
            self.send(Message::Want(wanted));
        }
    }

    /// Notes that what these looks gave is not at hand any more: where they are wanted again, they are asked again.
    pub fn let_go(&self, looks: Vec<Look>) {
        if !looks.is_empty() {
            self.send(Message::LetGo(looks));
        }
    }

    /// Takes in how sources were doing when an earlier process asked them, before anything is wanted. Who told that one
    /// that it asked too much is not asked before the time that it told, an hour at most, or the rest of a minute where
    /// it told none; anything else is tried, for it may have been mended. Where somebody waits, everything is.
    pub fn begin_with(&self, health: &BTreeMap<SourceId, Health>) {
        let limited = health.iter().filter_map(|(source, Health { kind, earlier, .. })| match earlier {
            Some((at, limit @ Failure::RateLimited { .. })) => {
                Some(Limited { source: source.clone(), kind: *kind, at: *at, limit: limit.clone() })
            }
            Some(_) | None => None,
        });
        let limited: Vec<Limited> = limited.collect();
        if !limited.is_empty() {
            self.send(Message::Limited(limited));
        }
    }

    /// Gets a registry ready to be asked about a repository, before anything of it is wanted.
    pub fn warm(&self, image: ImageName) {
        self.send(Message::Warm(image));
    }

    /// Has what every source was sent, and how it is being asked, told once more, news or not.
    pub fn tell(&self) {
        self.send(Message::Tell);
    }

    /// Falls over, so that a test can see who goes on.
    #[cfg(debug_assertions)]
    pub fn fall_over(&self) {
        self.send(Message::FallOver);
    }

    /// Waits until nothing more urgent than `Urgency::Again` waits or is under way.
    /// Observations must be received meanwhile.
    pub async fn idle(&self) {
        let mut progress = self.progress.clone();
        let sent = self.sent.load(Ordering::Relaxed);
        // The sender is gone only where the poller has ended, and then nothing is under way.
        let _ = progress.wait_for(|progress| progress.taken >= sent && progress.busy == 0).await;
    }

    fn send(&self, message: Message) {
        if self.messages.send(message).is_ok() {
            self.sent.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// Keeps a desk at work. Where one falls over that is told for an hour, and another takes its place; what was wanted of
/// the first is wanted of the second with the next plan.
async fn keep_at_work(desk: impl Fn() -> Desk, mut inbox: Inbox, tell: impl AsyncFn(bool)) {
    let mut fell_over = false;
    loop {
        let work = async {
            if fell_over {
                tell(true).await;
            }
            let mut work = pin!(desk().run(&mut inbox));
            if fell_over {
                tokio::select! {
                    () = &mut work => return,
                    () = tokio::time::sleep(RECOVERED) => tell(false).await,
                }
            }
            work.await;
        };
        if caught(work).await.is_some() {
            return;
        }
        fell_over = true;
        tokio::time::sleep(RECOVERY).await;
    }
}

impl Drop for Poller {
    fn drop(&mut self) {
        self.task.abort();
    }
}
