//! When credentials are looked at: seldom, one source after the other, and sooner again where one gave no answer, or where
//! what it told of ends by then.

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::sync::{Notify, mpsc};
use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::Clock;
use super::doors::Doors;
use crate::domain::{
    CredentialRecord, CredentialScan, Expiry, Failure, Observation, PipelineScan, Remedy, Seen, Standing, Text,
};
use crate::http::caught;
use crate::source::{ExpirySource, Leave as _};

/// The first look lets the lists of runs go first.
const BEFORE: Duration = Duration::from_secs(2);
/// What gave no answer is asked again after this, where that may help.
const AGAIN: Duration = Duration::from_mins(15);
/// What ends is looked at again by then, but not sooner than after this.
const SOONEST: Duration = Duration::from_mins(10);
/// Nobody waits longer than this for one source.
const PATIENCE: Duration = Duration::from_mins(15);

/// What a closed source kept from being looked at is not looked at again sooner than after this: one may open and close.
const FLOOR: Duration = Duration::from_mins(5);

/// Looks at credentials again and again. Dropping it ends that.
pub struct ExpiryWatch {
    task: JoinHandle<()>,
    asked: Arc<Notify>,
}

impl ExpiryWatch {
    /// Starts looking, `every` so long; and where a source gave no answer while it was closed, once more when it is opened.
    #[must_use]
    pub fn start(
        sources: Vec<Arc<dyn ExpirySource>>,
        every: SignedDuration,
        clock: Arc<dyn Clock>,
        observations: mpsc::Sender<Observation>,
        doors: &Doors,
    ) -> Self {
        let every = Duration::try_from(every).unwrap_or(AGAIN);
        let begin = Instant::now();
        let turn = |source| Turn { source, due: begin + BEFORE, lists: None, shut_out: None };
        let turns = sources.into_iter().map(turn).collect();
        let asked = Arc::new(Notify::new());
        let (woken, doors) = (asked.clone(), doors.clone());
        let watch = async move { watch(turns, every, &*clock, (&woken, &doors), &observations).await };
        Self { task: tokio::spawn(watch), asked }
    }

    /// Looks at everything now, one source after the other.
    pub fn look_now(&self) {
        self.asked.notify_one();
    }
}

impl Drop for ExpiryWatch {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// One source, and when it is looked at next.
struct Turn {
    source: Arc<dyn ExpirySource>,
    due: Instant,
    /// Which lists it had the last time.
    lists: Option<Vec<Text>>,
    /// When the source was closed at the end of the last look, so that it may not have given all that it was to.
    shut_out: Option<Instant>,
}

impl Turn {
    /// Looks at the source, and says when it does next. Returns whether anybody still listens.
    async fn look(
        &mut self,
        every: Duration,
        clock: &dyn Clock,
        doors: &Doors,
        observations: &mpsc::Sender<Observation>,
    ) -> bool {
        let mut pause = every;
        let scans = scan(&*self.source, clock).await;
        self.lists = lists_of(&scans).or(self.lists.take());
        // What ends is shown before it is known who uses it: that takes more requests.
        for seen in [Some(scans), None] {
            let seen = match seen {
                Some(scans) => scans,
                None => pipelines(&*self.source, clock).await,
            };
            for observation in seen {
                pause = pause.min(sooner(&observation.seen, clock.now()).unwrap_or(every));
                if observations.send(observation).await.is_err() {
                    return false;
                }
            }
        }
        self.shut_out = doors.refusal(self.source.id()).map(|_| Instant::now());
        // Many dashboards that start with the day do not ask in step for ever.
        self.due = Instant::now() + pause.mul_f64(1.0 + fastrand::f64() / 10.0);
        true
    }

    /// What was shut out is looked at again once the source is open.
    fn catch_up(&mut self, doors: &Doors) {
        if let Some(at) = self.shut_out.filter(|_| doors.refusal(self.source.id()).is_none()) {
            (self.due, self.shut_out) = (self.due.min(at + FLOOR), None);
        }
    }
}

async fn watch(
    mut turns: Vec<Turn>,
    every: Duration,
    clock: &dyn Clock,
    (asked, doors): (&Notify, &Doors),
    observations: &mpsc::Sender<Observation>,
) {
    for Turn { source, .. } in &turns {
        let known = source.traffic().map(|(kind, traffic)| Seen::Traffic(kind, traffic));
        let known = known.map(|seen| Observation { at: clock.now(), source: source.id().clone(), seen });
        if let Some(known) = known
            && observations.send(known).await.is_err()
        {
            return;
        }
    }
    loop {
        let lists = turns.iter().map(|turn| (turn.source.id().clone(), turn.lists.clone())).collect();
        if observations.send(Observation::own(clock.now(), Seen::CredentialLists(lists))).await.is_err() {
            return;
        }
        let mut news = doors.news();
        for turn in &mut turns {
            turn.catch_up(doors);
        }
        let Some(due) = turns.iter().map(|turn| turn.due).min() else { return };
        tokio::select! {
            () = tokio::time::sleep_until(due) => {}
            () = asked.notified() => {
                let now = Instant::now();
                for turn in &mut turns {
                    turn.due = turn.due.min(now);
                }
            }
            () = news.came() => {}
        }
        while let Some(turn) = turns.iter_mut().find(|turn| turn.due <= Instant::now()) {
            if !turn.look(every, clock, doors, observations).await {
                return;
            }
        }
    }
}

/// Looks once at everything that these know.
pub async fn scan_once(sources: &[Arc<dyn ExpirySource>], clock: &dyn Clock) -> Vec<Observation> {
    let scans = sources.iter().map(async |source| {
        let mut seen = scan(&**source, clock).await;
        seen.extend(pipelines(&**source, clock).await);
        seen
    });
    let scans = futures_util::future::join_all(scans).await;
    let lists = sources.iter().zip(&scans).map(|(source, scans)| (source.id().clone(), lists_of(scans))).collect();
    let whole = Observation::own(clock.now(), Seen::CredentialLists(lists));
    scans.into_iter().flatten().chain([whole]).collect()
}

/// Returns which lists a source has, if it came to its end. One that is closed to the token is there as well; where one
/// gave no answer, or a login is refused, there may be more than were told.
fn lists_of(scans: &[Observation]) -> Option<Vec<Text>> {
    let told = scans.iter().filter_map(|observation| match &observation.seen {
        Seen::Credentials(scan) => Some(scan),
        _ => None,
    });
    let is_shut_out = |record: &CredentialRecord| {
        record.kind.is_own() && matches!(record.standing, Standing::Refused(_) | Standing::Ended(_))
    };
    let scope = |scan: &CredentialScan| {
        let is_whole = match &scan.found {
            Ok(batch) => !batch.items.iter().any(is_shut_out),
            Err(failure) => matches!(failure, Failure::Forbidden(_) | Failure::NotFound(_)),
        };
        is_whole.then(|| scan.scope.clone())
    };
    let lists: Option<Vec<Text>> = told.map(scope).collect();
    lists.filter(|lists| !lists.is_empty())
}

/// A source that falls over says so, and like one that hangs leaves what was known as it was.
async fn scan(source: &dyn ExpirySource, clock: &dyn Clock) -> Vec<Observation> {
    let scans = match tokio::time::timeout(PATIENCE, caught(source.scan(clock.now()))).await {
        Ok(scans) => scans.unwrap_or_else(|| vec![fell_over(source)]),
        Err(_) => Vec::new(),
    };
    let at = clock.now();
    let seen = |seen| Observation { at, source: source.id().clone(), seen };
    // With it the source is known to be one; what its lists tell of its health comes after.
    let traffic = source.traffic().map(|(kind, traffic)| Seen::Traffic(kind, traffic));
    traffic.into_iter().chain(scans.into_iter().map(Seen::Credentials)).map(seen).collect()
}

fn fell_over(source: &dyn ExpirySource) -> CredentialScan {
    let found = Err(Failure::Withheld("a fault in landfall itself: the scan panicked".into()));
    CredentialScan { scope: format!("{}/scan", source.id()).into(), found }
}

/// The same, of the pipelines that read what a source knows.
async fn pipelines(source: &dyn ExpirySource, clock: &dyn Clock) -> Vec<Observation> {
    let reading = tokio::time::timeout(PATIENCE, caught(source.pipelines())).await;
    let seen: Vec<Seen> = match reading {
        Ok(Some(scans)) => scans.into_iter().map(Seen::Pipelines).collect(),
        Ok(None) => vec![Seen::Credentials(fell_over(source))],
        Err(_) => Vec::new(),
    };
    let at = clock.now();
    seen.into_iter().map(|seen| Observation { at, source: source.id().clone(), seen }).collect()
}

/// Returns after what time another look tells more than this one, where that is sooner than usual: a list that gave no
/// answer may give one, and what was to end may have been renewed.
fn sooner(seen: &Seen, now: Timestamp) -> Option<Duration> {
    let again = |failure: &Failure| (!matches!(failure.remedy(), Remedy::Fix)).then_some(AGAIN);
    let batch = match seen {
        Seen::Credentials(CredentialScan { found: Ok(batch), .. }) => batch,
        Seen::Credentials(CredentialScan { found: Err(failure), .. })
        | Seen::Pipelines(PipelineScan { found: Err(failure), .. }) => return again(failure),
        _ => return None,
    };
    let until = |record: &CredentialRecord| match record.expiry {
        Expiry::At(end) if end > now => Duration::try_from(end.duration_since(now)).ok().map(|left| left.max(SOONEST)),
        Expiry::At(_) if record.kind.is_own() => Some(AGAIN),
        Expiry::At(_) | Expiry::Never | Expiry::Untold | Expiry::Unreadable(_) => None,
    };
    batch.items.iter().filter_map(until).min()
}
