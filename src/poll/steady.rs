//! How failures are met where nobody waits: each is told at once, and a source that fails is asked ever less.

use tokio::time::Instant;

use super::Limited;
use super::desk::{Desk, Done, Errand, Gone};
use super::fault::pause;
use super::gate::{Because, Ended};
use super::lane::{Closed, Waiting};
use super::moment::Moment;
use super::patient::{FIX_PAUSE, first};
use crate::domain::{Failure, Fault, Look, Observation, Pace, Remedy, Seen, SourceId, SourceKind, Urgency};

impl Desk {
    /// Where the machine has slept, what waits for a moment on the wall waits no longer.
    pub(super) fn wake_up(&mut self, now: Moment) {
        let before = std::mem::replace(&mut self.before, now);
        if before.slept_until(now) {
            for lane in self.queue.lanes.values_mut() {
                lane.gate.try_now(now.at);
                lane.purse.woke(now.at);
            }
            self.queue.recover(|_, _| true, now.at);
        }
        let calmed = self.queue.lanes.iter().filter(|(_, lane)| lane.is_calm_again(now.at));
        for source in calmed.map(|(source, _)| source.clone()).collect::<Vec<_>>() {
            self.queue.adjust(&source, now.at);
        }
    }

    pub(super) async fn answered_steadily(
        &mut self,
        source: &SourceId,
        seen: Seen,
        ended: &Ended<'_>,
    ) -> Result<(), Gone> {
        let Ended { look, now, .. } = *ended;
        self.queue.answered(source, look, now);
        self.learn(source, look, now);
        self.lives(source, ended);
        if self.bars.lift(look) {
            self.queue.recover(|_, other| other.image() == look.image(), now.at);
        }
        if self.queue.state(look).is_some_and(|state| state.urgency.is_background()) {
            self.outbox.hold(Observation { at: now.wall, source: source.clone(), seen }, now.at);
            return Ok(());
        }
        self.send(source, seen, now).await
    }

    /// Tells the failure, and leaves the source, the repository or the look alone for a while; whichever it was.
    pub(super) async fn failed_steadily(
        &mut self,
        source: &SourceId,
        seen: Seen,
        failure: &Failure,
        ended: &Ended<'_>,
    ) -> Result<(), Gone> {
        let Ended { look, now, .. } = *ended;
        let tries = self.queue.failed(source, look);
        self.learn(source, look, now);
        self.bars.ended(look);
        let fault = Fault::of(failure);
        let of_repository = fault == Fault::Repository || (fault == Fault::Login && self.bars.bars(look));
        let ruling = if of_repository {
            self.bars.refused(failure, ended)
        } else {
            self.queue.lane(source).and_then(|lane| lane.gate.failed(failure, fault, ended))
        };
        if of_repository || fault == Fault::Own {
            self.lives(source, ended);
        }
        match ruling {
            Some(ruling) if ruling.quiet => self.queue.retry(source, look.clone(), ruling.until, now.at),
            Some(ruling) => {
                self.queue.end(look, ruling.until, true);
                self.send(source, seen, now).await?;
                self.answer_the_user(source, now).await?;
            }
            None => {
                let pause = match failure.remedy() {
                    Remedy::Retry | Remedy::Wait(_) => {
                        pause(first(&self.rhythm), tries, self.queue.longest_pause(look))
                    }
                    Remedy::Fix => FIX_PAUSE,
                };
                self.queue.end(look, now.at + pause, false);
                self.send(source, seen, now).await?;
            }
        }
        Ok(())
    }

    fn learn(&mut self, source: &SourceId, look: &Look, now: Moment) {
        let urgency = self.queue.state(look).map(|state| state.urgency);
        let again = matches!(urgency, Some(Urgency::Watched | Urgency::Again));
        let Some(lane) = self.queue.lane(source) else { return };
        let Some(traffic) = self.asker.traffic(source, lane.kind) else { return };
        lane.purse.learn(&traffic, again, now);
        if lane.is_to_be_adjusted(now.at) {
            self.queue.adjust(source, now.at);
        }
    }

    /// Notes that a source lives. Whose login was refused while another's was not is left alone for itself.
    fn lives(&mut self, source: &SourceId, ended: &Ended<'_>) {
        let Some(opened) = self.queue.lane(source).and_then(|lane| lane.gate.lives(ended)) else { return };
        let refused = matches!(opened.because, Because::Doubt | Because::Refusal);
        if let Some(image) =
            opened.look().and_then(Look::image).filter(|image| refused && ended.look.image() != Some(image))
        {
            let now = ended.now.at;
            self.bars.stop(image, opened.why.clone(), now, opened.leaves_alone(now));
        }
        self.queue.recover(|theirs, _| theirs == source, ended.now.at);
    }

    /// One look of the user's was let through to find out: what it found is the answer to the others.
    async fn answer_the_user(&mut self, source: &SourceId, now: Moment) -> Result<(), Gone> {
        let asked = |urgency, _: &_| urgency == Urgency::Asked;
        let Some(Closed { until, why, .. }) = self.queue.lane(source).and_then(|lane| lane.closed(now)) else {
            return Ok(());
        };
        let looks = self.queue.turn_away(source, until, asked);
        self.tell_all(source, looks, &why, now).await
    }

    /// Tells what is due and cannot be asked, once each: all of it where the source gives no answer. Under a limit
    /// only what somebody waits for: the rest is merely late.
    pub(super) async fn say_what_cannot_be_asked(&mut self, now: Moment) -> Result<(), Gone> {
        let closed = self.queue.lanes.iter().filter_map(|(source, lane)| Some((source.clone(), lane.closed(now)?)));
        for (source, Closed { until, why, limit, doubted, told_before }) in closed.collect::<Vec<_>>() {
            if doubted {
                continue;
            }
            let looks = self.queue.turn_away(&source, until, |urgency, waiting| match urgency {
                Urgency::Asked => limit,
                // Who only opened a row keeps seeing what is known, with its age, where it is merely late.
                Urgency::Opened => !(waiting.told || limit),
                Urgency::Spare => false,
                Urgency::Newest
                | Urgency::NewestLayers
                | Urgency::Depth
                | Urgency::Layers
                | Urgency::Watched
                | Urgency::Again => !(waiting.told || limit && urgency.is_background()),
            });
            // It is no newer for being told once more.
            let told = Moment { wall: told_before.unwrap_or(now.wall), ..now };
            self.tell_all(&source, looks, &why, told).await?;
        }
        let kept = self.queue.lanes.iter().filter_map(|(source, lane)| Some((source.clone(), lane.kept_alone(now)?)));
        for (source, (until, why)) in kept.collect::<Vec<_>>() {
            let unseen = |urgency, waiting: &Waiting| urgency == Urgency::Newest && waiting.unseen && !waiting.told;
            let looks = self.queue.turn_away(&source, until, unseen);
            self.tell_all(&source, looks, &why, now).await?;
        }
        Ok(())
    }

    /// Takes in which sources told an earlier process that it asked too much.
    pub(super) fn begin_limited(&mut self, limits: Vec<Limited>, now: Moment) {
        for Limited { source, kind, at, limit } in limits {
            self.queue.open(&source, kind);
            if let Some(lane) = self.queue.lane(&source) {
                lane.gate.begin_limited(at, &limit, now);
            }
        }
    }

    pub(super) fn look_for_new_credentials(&mut self, now: Instant) {
        let mut due = Vec::new();
        for (source, lane) in &self.queue.lanes {
            let by_repository = lane.kind == SourceKind::Registry && self.bars.any_refused(source.as_str());
            if self.renewals.is_due(source, lane.gate.is_refused() || by_repository, now) {
                due.push((source.clone(), lane.kind));
            }
        }
        for (source, kind) in due {
            let asker = self.asker.clone();
            let id = source.clone();
            let asking = async move { Done::Renewed(asker.renewed(&id, kind).await) };
            self.send_out(asking, Errand::Renewal(source));
        }
    }

    /// Takes in whether a source has another credential: then one look tells at once.
    pub(super) fn renewed(&mut self, source: &SourceId, renewed: bool, now: Instant) {
        self.renewals.answered(source, renewed, now);
        if !renewed {
            return;
        }
        if let Some(lane) = self.queue.lane(source) {
            lane.gate.try_now(now);
        }
        self.bars.try_now(source.as_str(), now);
        self.queue.recover(|theirs, _| theirs == source, now);
    }

    /// Tells the pace of every source where it is news; of that which has just answered also lesser news.
    pub(super) async fn tell_paces(&mut self, answered: Option<&SourceId>, now: Moment) -> Result<(), Gone> {
        let mut news = Vec::new();
        for (source, lane) in &mut self.queue.lanes {
            let answered = answered == Some(source);
            if !lane.told.is_due(answered, now.at) {
                continue;
            }
            let pace = lane.pace(now);
            if lane.told.is_news(&pace, answered, now.at) {
                news.push((source.clone(), lane.kind, pace));
            }
        }
        for (source, kind, pace) in news {
            self.tell_pace(&source, kind, pace, now).await?;
        }
        Ok(())
    }

    /// Tells the traffic and the pace of every source, news or not.
    pub(super) async fn tell_everything(&mut self, now: Moment) -> Result<(), Gone> {
        // What was wanted last is not weighed against the budget yet.
        for source in self.queue.lanes.keys().cloned().collect::<Vec<_>>() {
            self.queue.adjust(&source, now.at);
        }
        let lanes = self.queue.lanes.iter().map(|(source, lane)| (source.clone(), lane.kind, lane.pace(now)));
        for (source, kind, pace) in lanes.collect::<Vec<_>>() {
            if let Some(traffic) = self.asker.traffic(&source, kind) {
                self.send(&source, Seen::Traffic(kind, traffic), now).await?;
            }
            self.tell_pace(&source, kind, pace, now).await?;
        }
        Ok(())
    }

    async fn tell_pace(
        &mut self,
        source: &SourceId,
        kind: SourceKind,
        mut pace: Pace,
        now: Moment,
    ) -> Result<(), Gone> {
        let due = self.queue.next_in_background(source, now.at);
        pace.next = self.queue.lane(source).and_then(|lane| lane.next_in_background(due, now));
        self.send(source, Seen::Pace(kind, pace), now).await
    }
}
