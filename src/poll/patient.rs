//! How failures are met where somebody waits for the answer: a few tries, and then all that waits is given up.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::SignedDuration;
use tokio::time::Instant;

use super::Rhythm;
use super::desk::{Desk, Gone};
use super::fault::pause;
use super::gate::Ended;
use super::moment::Moment;
use super::proof::Proof;
use crate::domain::{AuthStage, Failure, Fault, ImageName, Remedy, Seen, SourceId, Urgency, Wanted};

/// How many failures in a row, without an answer between, make a source count as down.
const DOWN_AFTER: u32 = 3;

/// How long a source that only fails is trusted to come back.
const TRUSTED: SignedDuration = SignedDuration::from_secs(2);

/// The longest pause between tries.
const LONGEST_PAUSE: Duration = Duration::from_mins(5);

/// The pause after a failure that only a person can mend, or whose end nobody tells.
pub(super) const FIX_PAUSE: Duration = Duration::from_mins(1);

/// How many looks go to a source that gave no answer yet, and may find that it refuses the token.
const BEFORE_PROOF: usize = 4;

/// Whether a source is worth waiting for.
#[derive(Debug, Default)]
pub(super) struct Closing {
    closed: Option<(Instant, Failure)>,
    failing_since: Option<Instant>,
    failures: u32,
    proof: Proof,
}

impl Closing {
    /// Returns until when the source is closed, and why.
    pub(super) fn closed(&self, now: Instant) -> Option<&(Instant, Failure)> {
        self.closed.as_ref().filter(|(until, _)| *until > now)
    }

    /// Returns how many looks may be under way, of so many at most.
    pub(super) fn width(&self, most: usize, now: Instant) -> usize {
        self.proof.width(BEFORE_PROOF, most, now)
    }

    /// Returns when more may set out than now, if nothing is answered before.
    pub(super) fn widens(&self, now: Instant) -> Option<Instant> {
        self.proof.widens(now)
    }

    pub(super) fn started(&mut self, now: Instant) {
        self.proof.started(now);
    }

    fn answered(&mut self) {
        (self.failing_since, self.failures, self.proof) = (None, 0, Proof::Answered);
    }

    fn failed(&mut self, now: Instant) {
        self.failing_since.get_or_insert(now);
        self.failures = self.failures.saturating_add(1);
    }

    /// Closes until then, if it is not closed for longer already.
    fn close(&mut self, until: Instant, failure: &Failure) {
        if self.closed.as_ref().is_none_or(|(known, _)| *known < until) {
            self.closed = Some((until, failure.clone()));
        }
    }

    /// Returns whether the source only fails, for longer than it is trusted to come back.
    fn is_down(&self, patience: Duration, now: Instant) -> bool {
        let trusted = patience.min(Duration::try_from(TRUSTED).unwrap_or_default());
        self.failures >= DOWN_AFTER && self.failing_since.is_some_and(|since| now.duration_since(since) >= trusted)
    }
}

impl Desk {
    /// Takes in what is wanted. What cannot be asked soon is answered at once.
    pub(super) async fn want_patiently(&mut self, wanted: Vec<Wanted>, now: Moment) -> Result<(), Gone> {
        let (mut sources, mut barred) = (BTreeSet::new(), BTreeSet::new());
        for wanted in wanted {
            let Some((source, wanted)) = self.known(wanted, now).await? else { continue };
            if wanted.urgency == Urgency::Asked {
                self.bars.lift(&wanted.look);
            }
            let image = wanted.look.image().filter(|image| self.bars.standing(image, now.at).is_some());
            barred.extend(image.map(|image| (source.clone(), image.clone())));
            self.queue.want(wanted, &source, now);
            sources.insert(source);
        }
        for source in sources {
            self.turn_away(&source, now).await?;
        }
        for (source, image) in barred {
            self.turn_away_from(&source, &image, now).await?;
        }
        Ok(())
    }

    pub(super) async fn answered_patiently(
        &mut self,
        source: &SourceId,
        seen: Seen,
        ended: &Ended<'_>,
    ) -> Result<(), Gone> {
        self.bars.lift(ended.look);
        self.queue.answered(source, ended.look, ended.now);
        if let Some(lane) = self.queue.lane(source) {
            lane.closing.answered();
        }
        self.send(source, seen, ended.now).await
    }

    /// Gives up what waits for a source that is closed for longer than anybody waits.
    async fn turn_away(&mut self, source: &SourceId, now: Moment) -> Result<(), Gone> {
        let Some((until, failure)) = self.closed_for_long(source, now.at) else { return Ok(()) };
        let given_up = self.queue.give_up(source, until, |_| true);
        self.tell_all(source, given_up, &failure, now).await
    }

    /// Returns until when a source is closed, and why, where that is longer than anybody waits.
    fn closed_for_long(&mut self, source: &SourceId, now: Instant) -> Option<(Instant, Failure)> {
        let longest = patience(&self.rhythm);
        let closed = self.queue.lane(source).and_then(|lane| lane.closing.closed(now).cloned());
        closed.filter(|(until, _)| until.duration_since(now) > longest)
    }

    /// Gives up what waits for a repository that refuses this credential.
    async fn turn_away_from(&mut self, source: &SourceId, image: &ImageName, now: Moment) -> Result<(), Gone> {
        let Some((until, failure)) = self.bars.standing(image, now.at) else { return Ok(()) };
        let given_up = self.queue.give_up(source, until, |look| look.image() == Some(image));
        self.tell_all(source, given_up, &failure, now).await
    }

    /// Tries again, or reports the failure; where the whole source is closed or down, for all that waits for it.
    pub(super) async fn failed_patiently(
        &mut self,
        source: &SourceId,
        seen: Seen,
        failure: &Failure,
        ended: Ended<'_>,
    ) -> Result<(), Gone> {
        let Ended { look, now, .. } = ended;
        let tries = self.queue.failed(source, look);
        let backoff = pause(first(&self.rhythm), tries, LONGEST_PAUSE);
        // A limit that is over at once by the server's word is one all the same.
        let closed = closes(failure, now).map(|closed| closed.max(backoff));
        let pause = match (closed, failure.remedy()) {
            (Some(closed), _) => closed,
            (None, Remedy::Retry | Remedy::Wait(_)) => backoff,
            (None, Remedy::Fix) => FIX_PAUSE,
        };
        let until = now.at + pause;
        let mut down = false;
        if let Some(lane) = self.queue.lane(source) {
            lane.closing.failed(now.at);
            down =
                matches!(failure, Failure::Unreachable { .. }) && lane.closing.is_down(patience(&self.rhythm), now.at);
            if closed.is_some() || down {
                lane.closing.close(until, failure);
            }
        }
        // What set out before its source was closed would wait for as long as that.
        let is_open = self.closed_for_long(source, now.at).is_none();
        let worth_waiting = is_open && failure.remedy() != Remedy::Fix && pause <= patience(&self.rhythm);
        if worth_waiting && !down && tries < self.rhythm.attempts {
            self.queue.retry(source, look.clone(), until, now.at);
            return Ok(());
        }
        self.queue.end(look, until, false);
        self.send(source, seen, now).await?;
        if closed.is_some() || down {
            let given_up = self.queue.give_up(source, until, |_| true);
            self.tell_all(source, given_up, failure, now).await?;
        }
        if !matches!(Fault::of(failure), Fault::Repository | Fault::Login) {
            return Ok(());
        }
        match self.bars.closed_by(failure, &ended, until) {
            Some(image) => self.turn_away_from(source, &image, now).await,
            None => Ok(()),
        }
    }
}

/// Returns how long a failure closes the whole source: a rate limit, or an API that refuses the token.
fn closes(failure: &Failure, now: Moment) -> Option<Duration> {
    match failure {
        Failure::RateLimited { until, .. } => Some(until.map_or(FIX_PAUSE, |until| now.until(until))),
        Failure::Auth { stage: AuthStage::Api | AuthStage::Local, .. } => Some(FIX_PAUSE),
        Failure::Auth { stage: AuthStage::Token | AuthStage::Registry, .. }
        | Failure::Forbidden(_)
        | Failure::NotFound(_)
        | Failure::Unreachable { .. }
        | Failure::Malformed(_)
        | Failure::TooLarge { .. }
        | Failure::Ambiguous(_)
        | Failure::Withheld(_) => None,
    }
}

fn patience(rhythm: &Rhythm) -> Duration {
    Duration::try_from(rhythm.patience).unwrap_or_default()
}

/// Returns the first pause between tries.
pub(super) fn first(rhythm: &Rhythm) -> Duration {
    Duration::try_from(rhythm.backoff).unwrap_or(Duration::from_secs(1))
}

#[cfg(test)]
mod tests {
    use super::super::proof::FIRST;
    use super::*;

    #[test]
    fn a_few_look_first_and_the_others_wait_for_an_answer_but_not_for_long() {
        let (mut closing, start) = (Closing::default(), Instant::now());
        assert_eq!((closing.width(8, start), closing.width(1, start), closing.widens(start)), (4, 1, None));
        closing.started(start);
        assert_eq!((closing.width(8, start), closing.widens(start)), (4, Some(start + FIRST)));
        assert_eq!(closing.width(8, start + FIRST), 8, "a slow source keeps nobody waiting");
        assert_eq!(closing.widens(start + FIRST), None);
        closing.failed(start);
        assert_eq!(closing.width(8, start), 4, "a failure proves nothing");
        closing.answered();
        assert_eq!((closing.width(8, start), closing.widens(start)), (8, None));
    }
}
