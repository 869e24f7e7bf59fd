//! When credentials are looked at: seldom, one source after the other, and sooner again where one gave no answer.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use jiff::SignedDuration;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::Clock;
use crate::domain::{CredentialScan, Observation, PipelineScan, Remedy, Seen};
use crate::source::ExpirySource;

/// The first look lets the lists of runs go first.
const BEFORE: Duration = Duration::from_secs(2);
/// What gave no answer is asked again after this, where that may help.
const AGAIN: Duration = Duration::from_mins(15);
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
            tokio::time::sleep(BEFORE).await;
            loop {
                let mut pause = every;
                for source in &sources {
                    let mut seen = scan(&**source, &*clock).await;
                    // What ends is shown before it is known who uses it: that takes more requests.
                    for last in [false, true] {
                        for observation in seen {
                            if may_help(&observation.seen) {
                                pause = pause.min(AGAIN);
                            }
                            if observations.send(observation).await.is_err() {
                                return;
                            }
                        }
                        seen = if last { Vec::new() } else { pipelines(&**source, &*clock).await };
                    }
                }
                // Many dashboards that start with the day do not ask in step for ever.
                tokio::time::sleep(pause.mul_f64(1.0 + fastrand::f64() / 10.0)).await;
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
    let scans = sources.iter().map(async |source| {
        let mut seen = scan(&**source, clock).await;
        seen.extend(pipelines(&**source, clock).await);
        seen
    });
    futures_util::future::join_all(scans).await.into_iter().flatten().collect()
}

/// A source that falls over, or hangs, leaves what was known as it was.
async fn scan(source: &dyn ExpirySource, clock: &dyn Clock) -> Vec<Observation> {
    let scanning = AssertUnwindSafe(source.scan(clock.now())).catch_unwind();
    let scans = tokio::time::timeout(PATIENCE, scanning).await;
    let scans: Vec<CredentialScan> = scans.ok().and_then(Result::ok).unwrap_or_default();
    let at = clock.now();
    let seen = |scan| Observation { at, source: source.id().clone(), seen: Seen::Credentials(scan) };
    scans.into_iter().map(seen).collect()
}

/// The same, for the pipelines that read what a source knows.
async fn pipelines(source: &dyn ExpirySource, clock: &dyn Clock) -> Vec<Observation> {
    let reading = AssertUnwindSafe(source.pipelines()).catch_unwind();
    let scans = tokio::time::timeout(PATIENCE, reading).await.ok().and_then(Result::ok).unwrap_or_default();
    let at = clock.now();
    let seen = |scan| Observation { at, source: source.id().clone(), seen: Seen::Pipelines(scan) };
    scans.into_iter().map(seen).collect()
}

fn may_help(seen: &Seen) -> bool {
    let (Seen::Credentials(CredentialScan { found: Err(failure), .. })
    | Seen::Pipelines(PipelineScan { found: Err(failure), .. })) = seen
    else {
        return false;
    };
    !matches!(failure.remedy(), Remedy::Fix)
}
