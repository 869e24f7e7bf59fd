//! When credentials are looked at: seldom, one source after the other, and sooner again where one gave no answer, or where
//! what it told of ends by then.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use jiff::{SignedDuration, Timestamp};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::Clock;
use crate::domain::{CredentialRecord, CredentialScan, Expiry, Observation, Remedy, Seen};
use crate::source::ExpirySource;

/// The first look lets the lists of runs go first.
const BEFORE: Duration = Duration::from_secs(2);
/// What gave no answer is asked again after this, where that may help.
const AGAIN: Duration = Duration::from_mins(15);
/// What ends is looked at again by then, but not sooner than after this.
const SOONEST: Duration = Duration::from_mins(10);
/// Nobody waits longer than this for one source.
const PATIENCE: Duration = Duration::from_mins(15);

/// Looks at credentials again and again. Dropping it ends that.
pub struct ExpiryWatch(JoinHandle<()>);

impl ExpiryWatch {
    /// Starts looking, `every` so long.
    #[must_use]
    pub fn start(
        sources: Vec<Arc<dyn ExpirySource>>,
        every: SignedDuration,
        clock: Arc<dyn Clock>,
        observations: mpsc::Sender<Observation>,
    ) -> Self {
        let every = Duration::try_from(every).unwrap_or(AGAIN);
        Self(tokio::spawn(async move {
            for source in &sources {
                let known = source.traffic().map(|(kind, traffic)| Seen::Traffic(kind, traffic));
                let known = known.map(|seen| Observation { at: clock.now(), source: source.id().clone(), seen });
                if let Some(known) = known
                    && observations.send(known).await.is_err()
                {
                    return;
                }
            }
            let mut due = vec![Instant::now() + BEFORE; sources.len()];
            while let Some(next) = due.iter().min().copied() {
                tokio::time::sleep_until(next).await;
                for (source, due) in sources.iter().zip(&mut due) {
                    if *due > Instant::now() {
                        continue;
                    }
                    let mut pause = every;
                    for observation in scan(&**source, &*clock).await {
                        pause = pause.min(sooner(&observation.seen, clock.now()).unwrap_or(every));
                        if observations.send(observation).await.is_err() {
                            return;
                        }
                    }
                    // Many dashboards that start with the day do not ask in step for ever.
                    *due = Instant::now() + pause.mul_f64(1.0 + fastrand::f64() / 10.0);
                }
            }
        }))
    }
}

impl Drop for ExpiryWatch {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Looks once at everything that these know.
pub async fn scan_once(sources: &[Arc<dyn ExpirySource>], clock: &dyn Clock) -> Vec<Observation> {
    let scans = sources.iter().map(|source| scan(&**source, clock));
    futures_util::future::join_all(scans).await.into_iter().flatten().collect()
}

/// A source that falls over, or hangs, leaves what was known as it was.
async fn scan(source: &dyn ExpirySource, clock: &dyn Clock) -> Vec<Observation> {
    let scanning = AssertUnwindSafe(source.scan(clock.now())).catch_unwind();
    let scans = tokio::time::timeout(PATIENCE, scanning).await;
    let scans: Vec<CredentialScan> = scans.ok().and_then(Result::ok).unwrap_or_default();
    let at = clock.now();
    let seen = |seen| Observation { at, source: source.id().clone(), seen };
    // With it the source is known to be one; what its lists tell of its health comes after.
    let traffic = source.traffic().map(|(kind, traffic)| Seen::Traffic(kind, traffic));
    traffic.into_iter().chain(scans.into_iter().map(Seen::Credentials)).map(seen).collect()
}

/// Returns after what time another look tells more than this one, where that is sooner than usual: a list that gave no
/// answer may give one, and what was to end may have been renewed.
fn sooner(seen: &Seen, now: Timestamp) -> Option<Duration> {
    let Seen::Credentials(CredentialScan { found, .. }) = seen else { return None };
    let batch = match found {
        Ok(batch) => batch,
        Err(failure) => return (!matches!(failure.remedy(), Remedy::Fix)).then_some(AGAIN),
    };
    let until = |record: &CredentialRecord| match record.expiry {
        Expiry::At(end) if end > now => Duration::try_from(end.duration_since(now)).ok().map(|left| left.max(SOONEST)),
        Expiry::At(_) if record.kind.is_own() => Some(AGAIN),
        Expiry::At(_) | Expiry::Never | Expiry::Untold | Expiry::Unreadable(_) => None,
    };
    batch.items.iter().filter_map(until).min()
}
