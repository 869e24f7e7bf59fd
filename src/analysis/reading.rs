//! What is read once of runs that are over, to tell how much their green and red can be trusted.

use jiff::{SignedDuration, Timestamp};

use crate::domain::{
    Conclusion, Deployments, Ended, Failure, Look, Miss, RunState, Sample, Service, Snapshot, Stage, Urgency, Wanted,
};

/// The newest runs that are read.
const RUNS: usize = 100;

/// Looks that are wanted at once: the next follow when these are answered, so that no service waits for another's past.
/// What nobody waits for goes by fewer, because in a large world each wish takes room.
const AT_ONCE: usize = 6;
const AT_ONCE_IN_BACKGROUND: usize = 2;

/// Whoever cannot be asked for so many runs cannot be asked the same for the others.
const REFUSED: usize = 3;

/// The pauses after a failure, by what can be done about it: wait, mend something, hardly anything.
const AGAIN: SignedDuration = SignedDuration::from_mins(15);
const AGAIN_WHEN_MENDED: SignedDuration = SignedDuration::from_hours(1);
const AGAIN_ALL_THE_SAME: SignedDuration = SignedDuration::from_hours(24);

/// Between two looks at the deployments of a service.
const AGAIN_DEPLOYMENTS: SignedDuration = SignedDuration::from_hours(1);

/// How much is to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// The jobs of every try.
    Tries,
    /// Those, and the test reports where the configuration names them.
    Reports,
}

/// Returns the looks at runs that are over and that were not read yet, newest first. Each is answered once and for
/// all: with nothing left, nothing is wanted but the deployments, once an hour.
#[must_use]
pub fn readings(snapshot: &Snapshot, service: &Service, depth: Depth, urgency: Urgency, now: Timestamp) -> Vec<Wanted> {
    let undated = |look| Wanted { look, urgency, not_before: None };
    let mut wanted: Vec<Wanted> = deployments(snapshot, service, urgency, now).into_iter().collect();
    let (mut tries, mut reports) = (0, 0);
    let at_once = if urgency.is_background() { AT_ONCE_IN_BACKGROUND } else { AT_ONCE };
    for sample in snapshot.samples(service).take(RUNS).filter(|sample| ran(sample)) {
        let ended = Ended::of(&sample.run, service.trust.retries);
        let learnt = sample.learnt();
        let is_refused = |miss: &Miss| is_of_source(&miss.failure) && !may(Some(miss), now);
        tries += usize::from(learnt.tries_failure.as_ref().is_some_and(is_refused));
        reports += usize::from(learnt.reports_failure.as_ref().is_some_and(is_refused));
        let unread = sample.tries(service.trust.retries).is_none();
        if unread && tries < REFUSED && may(learnt.tries_failure.as_ref(), now) {
            wanted.push(undated(Look::Tries(ended.clone())));
        }
        let asks = depth == Depth::Reports && service.trust.reports.is_some() && reports < REFUSED;
        if asks && sample.reports(service.trust.retries).is_none() && may(learnt.reports_failure.as_ref(), now) {
            wanted.push(undated(Look::Reports(ended)));
        }
        if wanted.len() >= at_once {
            break;
        }
    }
    wanted
}

/// Deployments go on: they are asked for again and again, but seldom. Each time but the first the look is dated: one that
/// found nothing new is the same look, and was answered.
fn deployments(snapshot: &Snapshot, service: &Service, urgency: Urgency, now: Timestamp) -> Option<Wanted> {
    let place = service.deployments()?;
    let known = snapshot.deployments(&service.name).filter(|known| known.place == place || known.seen_at.is_none());
    let is_fresh = |seen: Timestamp| now.duration_since(seen).abs() < AGAIN_DEPLOYMENTS;
    let seen_at = known.and_then(|known| known.seen_at);
    let due = seen_at.is_none_or(|seen| !is_fresh(seen));
    let may = may(known.and_then(|known| known.failure.as_ref()), now);
    let look = || Look::Deployments(service.name.clone(), known.map_or(0, Deployments::known_to));
    let not_before = seen_at.and_then(|seen| seen.saturating_add(AGAIN_DEPLOYMENTS).ok());
    (due && may).then(|| Wanted { look: look(), urgency, not_before })
}

/// A run that was left out left nothing behind.
fn ran(sample: &Sample) -> bool {
    sample.run.state != RunState::Finished(Conclusion::Skipped)
}

/// Returns whether a failure says that the source cannot be asked, whatever for. A server may be broken for one run.
fn is_of_source(failure: &Failure) -> bool {
    match failure {
        Failure::Auth { .. } | Failure::RateLimited { .. } => true,
        Failure::Unreachable { stage, .. } => !matches!(stage, Stage::Server(_)),
        Failure::Forbidden(_)
        | Failure::NotFound(_)
        | Failure::Malformed(_)
        | Failure::TooLarge { .. }
        | Failure::Ambiguous(_)
        | Failure::Withheld(_) => false,
    }
}

/// Returns whether a look may be asked, or asked again.
fn may(miss: Option<&Miss>, now: Timestamp) -> bool {
    let Some(Miss { at, failure }) = miss else { return true };
    let pause = match failure {
        Failure::NotFound(_) | Failure::TooLarge { .. } => AGAIN_ALL_THE_SAME,
        Failure::Auth { .. } | Failure::Forbidden(_) | Failure::Malformed(_) | Failure::Withheld(_) => {
            AGAIN_WHEN_MENDED
        }
        Failure::RateLimited { .. } | Failure::Unreachable { .. } | Failure::Ambiguous(_) => AGAIN,
    };
    now.duration_since(*at).abs() >= pause
}
