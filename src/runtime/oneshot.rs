//! One look at everything, until nothing is left that could change a verdict: the loop of `check`.

use std::collections::BTreeSet;
use std::future::pending;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use jiff::SignedDuration;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep, sleep_until};

use crate::analysis::{Depth, Interest, Policy, Row, Verdict, judge, plan, readings};
use crate::domain::{Fact, Look, Observation, Publishes, Seen, Service, Snapshot, Urgency};
use crate::poll::{Clock, Poller, Rhythm, Sources};

/// How many answers may wait to be taken in.
const INBOX: usize = 256;

/// How often verdicts that depend on the time are judged anew while waiting for them to become final.
const PULSE: Duration = Duration::from_secs(1);

/// What one look is to cover, and how.
pub struct Oneshot<'a> {
    /// The services.
    pub services: &'a [Arc<Service>],
    /// What is judged by.
    pub policy: &'a Policy,
    /// How hard to try.
    pub rhythm: Rhythm,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// How long to keep looking until every verdict is final, at most; zero for one look, however long it takes.
    pub wait: SignedDuration,
    /// What is read of runs that are over and that nobody has read yet; `None` for nothing that no verdict needs.
    pub depth: Option<Depth>,
}

/// Is told how a look goes on.
pub trait Watcher {
    /// These services, by their place, were touched by answers.
    fn touched(&mut self, snapshot: &Snapshot, places: &BTreeSet<usize>);

    /// This look was answered.
    fn answered(&mut self, _look: Look) {}
}

impl Watcher for () {
    fn touched(&mut self, _snapshot: &Snapshot, _places: &BTreeSet<usize>) {}
}

impl Oneshot<'_> {
    /// Looks, and returns everything that was seen.
    pub async fn look(&self, sources: Sources, remembered: Vec<Fact>, watcher: &mut dyn Watcher) -> Snapshot {
        let (sender, mut inbox) = mpsc::channel(INBOX);
        let poller = Poller::start(sources, self.services, self.rhythm, self.clock.clone(), sender);
        let images: BTreeSet<_> =
            self.services.iter().flat_map(|service| &service.images).map(|spec| spec.repository.clone()).collect();
        for image in images {
            poller.warm(image);
        }
        let mut looking =
            Looking { oneshot: self, interest: Interest::new(self.services), snapshot: Snapshot::default() };
        looking.remember(remembered);
        // By the steady clock: one that is set back meanwhile must not make it longer.
        let wait = Duration::try_from(self.wait).ok().filter(|wait| !wait.is_zero());
        let up = wait.and_then(|wait| Instant::now().checked_add(wait));
        let mut over = pin!(async {
            match up {
                Some(up) => sleep_until(up).await,
                None => pending().await,
            }
        });
        let all = || (0..self.services.len()).collect::<BTreeSet<usize>>();
        let mut touched = all();
        let mut swept = false;
        loop {
            looking.want(&touched, &poller);
            touched.clear();
            let waits = tokio::select! {
                biased;
                Some(observation) = inbox.recv() => {
                    looking.take(observation, &mut touched, watcher);
                    false
                }
                () = poller.idle() => true,
                // Whoever waits so long gets what is known by then, however slow a source is.
                () = &mut over => return looking.snapshot,
            };
            while let Ok(observation) = inbox.try_recv() {
                looking.take(observation, &mut touched, watcher);
            }
            watcher.touched(&looking.snapshot, &touched);
            if !waits || !touched.is_empty() {
                swept = false;
                continue;
            }
            // An answer about one service's image may be what another waits for: nothing is left only where nobody
            // wants more.
            if !std::mem::replace(&mut swept, true) {
                touched = all();
                continue;
            }
            touched = looking.not_final();
            if touched.is_empty() {
                return looking.snapshot;
            }
            tokio::select! {
                () = &mut over => return looking.snapshot,
                Some(observation) = inbox.recv() => looking.take(observation, &mut touched, watcher),
                () = sleep(PULSE) => {}
            }
        }
    }
}

struct Looking<'a> {
    oneshot: &'a Oneshot<'a>,
    interest: Interest,
    snapshot: Snapshot,
}

impl Looking<'_> {
    fn remember(&mut self, remembered: Vec<Fact>) {
        // What an earlier process remembered is no answer of a source; the name is not kept.
        let seen = Seen::Remembered(remembered);
        self.snapshot.absorb(Observation::own(self.oneshot.clock.now(), seen));
    }

    fn take(&mut self, observation: Observation, touched: &mut BTreeSet<usize>, watcher: &mut dyn Watcher) {
        if let Some(look) = observation.seen.answers() {
            watcher.answered(look);
        }
        let concerned = self.interest.of(&observation.seen);
        self.snapshot.absorb(observation);
        touched.extend(concerned);
    }

    /// Wants what these services lack; while waiting for final verdicts also what may have changed since.
    fn want(&self, places: &BTreeSet<usize>, poller: &Poller) {
        let now = self.oneshot.clock.now();
        let keep_looking = !self.oneshot.wait.is_zero();
        for service in places.iter().filter_map(|place| self.oneshot.services.get(*place)) {
            let mut wanted = plan(&self.snapshot, service, self.oneshot.policy, now, false);
            wanted.retain(|wanted| keep_looking || !wanted.urgency.is_background());
            if let Some(depth) = self.oneshot.depth {
                wanted.extend(readings(&self.snapshot, service, depth, Urgency::Layers, now));
            }
            poller.want(wanted);
        }
    }

    /// Returns the services some of whose verdicts are not final.
    fn not_final(&self) -> BTreeSet<usize> {
        if self.oneshot.wait.is_zero() {
            return BTreeSet::new();
        }
        let now = self.oneshot.clock.now();
        let services = self.oneshot.services.iter().enumerate();
        let open = services.filter(|(_, service)| {
            let report = judge(&self.snapshot, service, self.oneshot.policy, now);
            // No look tells the branch of a run that names none.
            let is_told = |row: &Row| service.publishes(&row.run) != Publishes::Untold;
            let open = |row: &Row| match row.verdict {
                Verdict::Pending => true,
                Verdict::Unknown => is_told(row),
                Verdict::Landed
                | Verdict::Missing
                | Verdict::Stale
                | Verdict::Mismatch
                | Verdict::Incomplete
                | Verdict::Misrouted
                | Verdict::Pruned
                | Verdict::NotExpected => false,
            };
            report.failure.is_some() || !report.settled || report.rows.iter().any(open)
        });
        open.map(|(place, _)| place).collect()
    }
}
