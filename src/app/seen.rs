//! Takes in what was seen: only the services that it concerns are judged and planned anew.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;

use super::past::Past;
use super::{Cmd, Model, Settled, credentials, incidents, settle};
use crate::analysis::{self, ServiceReport, SourceReport};
use crate::domain::{Health, Look, Observation, Seen, Service, Snapshot, SourceId, SourceKind, Urgency};
use crate::pane::Tally;

pub(super) fn absorb(model: &mut Model, observations: Vec<Observation>) -> Vec<Cmd> {
    let (mut concerned, mut confirmed) = (BTreeSet::new(), BTreeSet::new());
    let (mut facts, mut again) = (Vec::new(), Vec::new());
    let tells_of_credentials =
        observations.iter().any(|it| matches!(it.seen, Seen::Credentials(_) | Seen::Pipelines(_)));
    for observation in observations {
        model.now = model.now.max(observation.at);
        let concerns = model.interest.of(&observation.seen);
        model.past.absorb(&observation.seen, &concerns);
        let answered = observation.seen.answers();
        let (source, at) = (observation.source.clone(), observation.at);
        let is_new = model.snapshot.absorb(observation);
        match answered {
            Some(Look::Runs(_)) if !is_new => confirmed.extend(concerns),
            _ => concerned.extend(concerns),
        }
        if answered.is_some() {
            again.extend(model.kept_health.answered(&source, at, &model.snapshot));
        }
        match model.kept_health.failing(&source, &model.snapshot) {
            Some((fact, true)) => facts.push(fact),
            Some((fact, false)) => again.push(fact),
            None => {}
        }
        let seen = answered.into_iter().flat_map(|look| model.snapshot.facts(&look));
        if is_new { facts.extend(seen) } else { again.extend(seen) }
    }
    if model.frozen.is_none() && tells_of_credentials {
        credentials::judge(model);
    }
    look_at_sources(model);
    let mut todo = Vec::new();
    if !again.is_empty() {
        todo.push(Cmd::RememberAgain(again));
    }
    if !facts.is_empty() {
        todo.push(Cmd::Remember(facts));
    }
    confirmed.retain(|place| !concerned.contains(place));
    let calm = merely_confirmed(model, &confirmed);
    concerned.extend(confirmed.difference(&calm));
    todo.extend(plan_lists(model, &calm));
    todo.extend(renew_some(model, concerned));
    todo
}

/// Takes in that the lists of these services named the same runs once more. Returns those for which that is all.
fn merely_confirmed(model: &mut Model, places: &BTreeSet<usize>) -> BTreeSet<usize> {
    if model.frozen.is_some() {
        return BTreeSet::new();
    }
    let Model { report, snapshot, .. } = model;
    let mut is_all = |place| report.services.get_mut(place).is_some_and(|report| analysis::confirm(report, snapshot));
    places.iter().copied().filter(|place| is_all(*place)).collect()
}

/// Plans when the lists of these services are read again.
fn plan_lists(model: &Model, places: &BTreeSet<usize>) -> Option<Cmd> {
    if places.is_empty() {
        return None;
    }
    let on_screen = model.on_screen();
    let services = places.iter().filter_map(|place| model.services.get(*place));
    let wanted = services.map(|service| {
        let is_shown = on_screen.contains(&service.name);
        analysis::plan_list(&model.snapshot, service, &model.policy, model.now, is_shown)
    });
    Some(Cmd::Want(wanted.collect()))
}

/// Takes in all that earlier processes kept, and the verdicts by it.
pub(super) fn recall(model: &mut Model, kept: Snapshot, judged: Vec<ServiceReport>) {
    model.snapshot.begin_with(kept);
    model.snapshot.keep_failures_of(|source| model.named.contains_key(source));
    model.past = Past::Coming(BTreeSet::new());
    if model.frozen.is_some() {
        model.unjudged.extend(0..model.services.len());
        return;
    }
    for (slot, judged) in model.report.services.iter_mut().zip(judged) {
        put(slot, &mut model.tally, judged);
    }
    model.edition += 1;
    look_at_sources(model);
    credentials::judge(model);
    incidents::judge(model);
}

/// Tells anew how the sources are doing, unless the screen stands still.
fn look_at_sources(model: &mut Model) {
    if model.frozen.is_some() {
        return;
    }
    let sources = sources(&model.snapshot, &model.named);
    let is_same = |(old, new): (&SourceReport, &SourceReport)| {
        let order = |source: &SourceReport| (source.health.trouble().is_some(), source.health.earlier.is_some());
        old.id == new.id && order(old) == order(new)
    };
    let old = std::mem::replace(&mut model.report.sources, sources);
    let new = &model.report.sources;
    model.edition += u64::from(old.len() != new.len() || !old.iter().zip(new).all(is_same));
}

pub(super) fn pass(model: &mut Model, now: Timestamp) -> Vec<Cmd> {
    model.tell_time(now);
    credentials::pass(model);
    // A round may take longer than one pass, and more may be due by the next.
    incidents::catch_up(model);
    model.rounds.pass(&model.report, model.now);
    let todo = catch_up(model);
    incidents::catch_up(model);
    todo
}

pub(super) fn plan_all(model: &mut Model) -> Vec<Cmd> {
    renew_some(model, 0..model.services.len())
}

/// Judges and plans the next few of the services that are due.
pub(super) fn catch_up(model: &mut Model) -> Vec<Cmd> {
    let next = model.rounds.take();
    renew(model, &next)
}

/// Judges and plans these services, or the first few of many: the others are due, and come after the next keys.
fn renew_some(model: &mut Model, places: impl IntoIterator<Item = usize>) -> Vec<Cmd> {
    model.rounds.owe(places);
    catch_up(model)
}

/// Judges whatever changed while the screen stood still.
pub(super) fn thaw(model: &mut Model) -> Vec<Cmd> {
    model.frozen = None;
    model.report.sources = sources(&model.snapshot, &model.named);
    model.edition += 1;
    credentials::judge(model);
    let unjudged = std::mem::take(&mut model.unjudged);
    let todo = renew_some(model, unjudged);
    incidents::catch_up(model);
    todo
}

/// Judges these services anew, and plans what is to be looked at next for them.
fn renew(model: &mut Model, places: &BTreeSet<usize>) -> Vec<Cmd> {
    let mut todo = judge(model, places).todo();
    let on_screen = model.on_screen();
    let mut wanted = Vec::new();
    for service in places.iter().filter_map(|place| model.services.get(*place)) {
        let is_shown = on_screen.contains(&service.name);
        wanted.extend(analysis::plan(&model.snapshot, service, &model.policy, model.now, is_shown));
        if model.past.is_read() {
            let depth = analysis::Depth::Reports;
            wanted.extend(analysis::readings(&model.snapshot, service, depth, Urgency::Spare, model.now));
        }
    }
    if !wanted.is_empty() {
        todo.push(Cmd::Want(wanted));
    }
    todo
}

impl Settled {
    fn todo(self) -> Vec<Cmd> {
        let Self { facts, shelved } = self;
        let mut todo = Vec::new();
        if !facts.is_empty() {
            todo.push(Cmd::Remember(facts));
        }
        if !shelved.is_empty() {
            todo.push(Cmd::Shelve(shelved));
        }
        todo
    }
}

/// Judges these services anew; while the screen stands still, only notes that they are to be.
fn judge(model: &mut Model, places: &BTreeSet<usize>) -> Settled {
    let (mut facts, mut shelved) = (Vec::new(), Vec::new());
    for &place in places {
        let Some(service) = model.services.get(place) else { continue };
        shelved.extend(model.snapshot.tidy(service));
        if model.frozen.is_none() {
            let mut judged = analysis::judge(&model.snapshot, service, &model.policy, model.now);
            let past_is_read = model.past.tells_of(place);
            let settled = settle(&mut model.snapshot, &judged, past_is_read, model.now);
            facts.extend(settled.facts);
            shelved.extend(settled.shelved);
            if let Some(slot) = model.report.services.get_mut(place) {
                let known = &slot.reliability;
                judged.reliability = if past_is_read {
                    analysis::renewed(known, &model.snapshot, &judged, &model.policy, model.now)
                } else {
                    known.clone()
                };
                model.edition += u64::from(!reads_the_same(slot, &judged));
                put(slot, &mut model.tally, judged);
            }
        }
    }
    facts.extend(model.snapshot.unkept());
    if model.frozen.is_some() {
        model.unjudged.extend(places);
    } else {
        model.incidents_are_due |= !places.is_empty();
    }
    Settled { facts, shelved }
}

/// Puts a judgement in the place of the one before.
fn put(slot: &mut ServiceReport, tally: &mut Tally, judged: ServiceReport) {
    tally.remove(slot);
    tally.add(&judged);
    *slot = judged;
}

/// Returns whether two reports of a service lead to the same rows in the same order.
fn reads_the_same(old: &ServiceReport, new: &ServiceReport) -> bool {
    let green = |report: &ServiceReport| report.newest_green.as_ref().map(|green| (green.verdict, green.settled));
    let places = |report: &ServiceReport| (report.behind, report.failure.is_some(), report.seen_at.is_some());
    Arc::ptr_eq(&old.reliability, &new.reliability)
        && old.newest == new.newest
        && green(old) == green(new)
        && places(old) == places(new)
        && old.rows.len() == new.rows.len()
        && old.rows.iter().zip(&new.rows).all(|(old, new)| {
            (old.verdict, old.settled, &old.tag) == (new.verdict, new.settled, &new.tag)
                && old.place == new.place
                && (Arc::ptr_eq(&old.run, &new.run) || old.run == new.run)
        })
}

/// Returns which sources the services name.
pub(super) fn named(services: &[Arc<Service>]) -> BTreeMap<SourceId, SourceKind> {
    let mut named = BTreeMap::new();
    for service in services {
        named.insert(service.ci.clone(), SourceKind::Ci);
        let registries = service.images.iter().map(|image| image.repository.source());
        named.extend(registries.map(|registry| (registry, SourceKind::Registry)));
    }
    named
}

/// Returns how every source is doing; those that the services name and that nobody asked yet are among them.
pub(super) fn sources(snapshot: &Snapshot, named: &BTreeMap<SourceId, SourceKind>) -> Vec<SourceReport> {
    let mut sources = analysis::sources(snapshot);
    let known: BTreeSet<_> = sources.iter().map(|source| source.id.clone()).collect();
    let unasked = named.iter().filter(|(id, _)| !known.contains(id));
    sources.extend(unasked.map(|(id, kind)| SourceReport { id: id.clone(), health: Health::new(*kind) }));
    sources.sort_by(|one, other| one.id.cmp(&other.id));
    sources
}
