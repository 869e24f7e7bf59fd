//! One incident instead of forty rows: several images of one registry stop landing at about the same time, while the
//! registry itself answers.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use rustc_hash::FxHashMap;

use super::counted::counted;
use super::incident_words::{evidence, next_steps};
use super::pushes::{Landings, Pushes, Stop};
use super::suspects::{Suspect, suspects};
use super::{Policy, Report};
use crate::domain::{ImageName, RunKey, ServiceName, Sha, Snapshot, Text};

/// Stops that are no further apart than this belong together.
const WINDOW: SignedDuration = SignedDuration::from_mins(60);

/// What an incident rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IncidentBasis {
    /// Images that are not there, and logs that do not say why.
    Suspected,
    /// The log of at least one push, in which the registry refuses its credential.
    Refused,
}

impl IncidentBasis {
    /// Returns its word.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Suspected => "suspected",
            Self::Refused => "refused",
        }
    }
}

/// The newest push before an incident that is known to have landed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastGoodPush {
    /// Whose.
    pub service: ServiceName,
    /// The image.
    pub image: ImageName,
    /// The commit.
    pub commit: Sha,
    /// When the push was over.
    pub at: Timestamp,
}

/// Several images of one registry that stopped landing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Incident {
    /// The registry's host, and the first part of the images' paths where they share it: `ghcr.io/acme`.
    pub scope: Text,
    /// What it rests on.
    pub basis: IncidentBasis,
    /// When the first push was over that did not land.
    pub since: Timestamp,
    /// The images that do not land.
    pub images: Vec<ImageName>,
    /// Whose they are.
    pub services: Vec<ServiceName>,
    /// Every push that did not land: its run and its image.
    pub pushes: Vec<(RunKey, ImageName)>,
    /// A sentence each; lines of logs among them.
    pub evidence: Vec<String>,
    /// The newest push before it that landed, where one is known.
    pub last_good: Option<LastGoodPush>,
    /// The credentials that could be the cause, the worst first.
    pub suspects: Vec<Suspect>,
    /// What to do next; landfall does none of it.
    pub next_steps: Vec<String>,
}

impl Incident {
    /// Returns what it is in one line. The day is named where it is not today's.
    #[must_use]
    pub fn title(&self, now: Timestamp) -> String {
        let (scope, word) = (&self.scope, self.basis.word());
        let day = |at: Timestamp| at.as_second().div_euclid(24 * 60 * 60);
        let form = if day(self.since) == day(now) { "%H:%M UTC" } else { "%-d %b %H:%M UTC" };
        format!("push credentials of {scope} {word} since {} ({})", self.since.strftime(form), self.extent())
    }

    /// Returns how many runs did not land.
    #[must_use]
    pub fn runs(&self) -> usize {
        self.pushes.iter().map(|(run, _)| run).collect::<BTreeSet<_>>().len()
    }

    /// Returns the same in fewer letters.
    #[must_use]
    pub fn brief(&self, now: Timestamp) -> String {
        self.title(now).replacen("push credentials of", "pushes to", 1).replacen(" UTC", "", 1)
    }

    /// Returns how much it concerns. Services are counted; one that pushes several images says so.
    fn extent(&self) -> String {
        let services = counted(self.services.len(), "service");
        if self.services.len() > 1 { services } else { format!("{services}, {}", counted(self.images.len(), "image")) }
    }
}

/// Returns the incidents, the one with the most services first.
///
/// An image stops with a run whose tag the registry denies, twice and to a credential that can read the repository:
/// `missing`, or `stale` with a refusal in the log. A log that reports the push as done, or another reason, clears the
/// credential. Two images that stop within an hour of each other open an incident; what stops later joins it. `unknown`
/// opens none, but what was found before it still counts beside one that is sure.
///
/// It closes by itself: an image that lands again is out of it, and once one that was refused lands, so is everything
/// that stopped before. What no log calls refused is out of it when any image of the namespace lands.
#[must_use]
pub fn incidents(snapshot: &Snapshot, report: &Report, policy: &Policy, now: Timestamp) -> Vec<Incident> {
    let pushes = Pushes::of(snapshot, report, policy, now);
    let mut incidents = Vec::new();
    for host in pushes.hosts() {
        let all = pushes.on(host);
        let namespaces: BTreeSet<_> = all.stops.iter().map(|stop| namespace(&stop.image)).collect();
        let own: Vec<_> = namespaces
            .iter()
            .filter_map(|namespace| {
                let group = all.only(*namespace);
                Some((scope(host, *namespace), members(&group)?, group))
            })
            .collect();
        let everywhere = members(&all).filter(|members| {
            let spread: BTreeSet<_> = members.iter().map(|stop| namespace(&stop.image)).collect();
            let landed_since =
                members.first().is_some_and(|stop| all.landings.iter().any(|landings| landings.any_after(stop.at)));
            spread.len() > 1 && (!landed_since || own.is_empty())
        });
        match everywhere {
            Some(members) => incidents.extend(incident(scope(host, None), &members, &all, report)),
            None => incidents.extend(
                own.iter().filter_map(|(scope, members, group)| incident(scope.clone(), members, group, report)),
            ),
        }
    }
    incidents.sort_by(|one, other| (other.services.len(), &one.scope).cmp(&(one.services.len(), &other.scope)));
    incidents
}

/// Returns the first part of an image's path, where it has several.
fn namespace(image: &ImageName) -> Option<&str> {
    image.repository().split_once('/').map(|(first, _)| first)
}

fn scope(host: &str, namespace: Option<&str>) -> Text {
    namespace.map_or_else(|| host.into(), |namespace| format!("{host}/{namespace}").into())
}

/// What happened to the images of a host or a namespace.
pub(super) struct Group<'a> {
    pub(super) stops: Vec<&'a Stop>,
    pub(super) landings: Vec<&'a Landings<'a>>,
}

impl<'a> Group<'a> {
    /// Returns what happened to the images of one namespace.
    fn only(&self, of: Option<&str>) -> Self {
        Self {
            stops: self.stops.iter().filter(|stop| namespace(&stop.image) == of).copied().collect(),
            landings: self.landings.iter().filter(|landings| namespace(landings.image) == of).copied().collect(),
        }
    }

    /// Returns the stops that nothing contradicts which landed since, the oldest first.
    fn standing(&self) -> Vec<&'a Stop> {
        let mut own: FxHashMap<&ImageName, Vec<&Landings<'_>>> = FxHashMap::default();
        for landings in &self.landings {
            own.entry(landings.image).or_default().push(landings);
        }
        let own = |stop: &Stop| own.get(&stop.image).into_iter().flatten();
        let (silent, refused): (Vec<&Stop>, Vec<&Stop>) =
            self.stops.iter().copied().partition(|stop| stop.refusals.is_empty());
        let landed_since = |stop: &Stop| own(stop).any(|landings| landings.any_since(stop.at));
        // When a credential that had been refused was last seen to work again.
        let after = |stop: &Stop| {
            own(stop).flat_map(|landings| landings.pushes()).map(|(at, _)| at).filter(|at| *at > stop.at).min()
        };
        // Where all of them landed since, none of them stands, whatever worked again.
        let is_over = refused.iter().all(|stop| landed_since(stop));
        let again = if is_over { None } else { refused.iter().filter_map(|stop| after(stop)).max() };
        // Nearly always something landed since the last of them, which is as good as the newest that landed.
        let last = silent.iter().map(|stop| stop.at).max();
        let newest = last.and_then(|last| {
            let since = self.landings.iter().any(|landings| landings.any_since(last)).then_some(last);
            since.or_else(|| self.landings.iter().filter_map(|landings| landings.last()).max())
        });
        let stands = |stop: &&&'a Stop| {
            if stop.refusals.is_empty() {
                newest.is_none_or(|newest| newest < stop.at)
            } else {
                !landed_since(stop) && again.is_none_or(|again| again < stop.at)
            }
        };
        let mut standing: Vec<&'a Stop> = self.stops.iter().filter(stands).copied().collect();
        standing.sort_by_key(|stop| stop.at);
        standing
    }
}

/// Returns the stops of an incident: those that begin with two images within the window, and everything after.
fn members<'a>(group: &Group<'a>) -> Option<Vec<&'a Stop>> {
    let standing: Vec<&'a Stop> = group.standing();
    let mut clusters = standing.chunk_by(|one, next| next.at.duration_since(one.at) <= WINDOW);
    let opens = |cluster: &&[&Stop]| {
        cluster.iter().map(|stop| &stop.image).collect::<BTreeSet<_>>().len() > 1
            && cluster.iter().any(|stop| stop.is_sure)
    };
    let first = clusters.find(opens)?.first()?.at;
    Some(standing.into_iter().filter(|stop| stop.at >= first).collect())
}

fn incident<'a>(scope: Text, members: &[&Stop], group: &Group<'a>, report: &Report) -> Option<Incident> {
    let since = members.first()?.at;
    let images: BTreeSet<_> = members.iter().map(|stop| &stop.image).collect();
    let services: BTreeSet<_> = members.iter().map(|stop| &stop.service.name).collect();
    let refused = members.iter().any(|stop| !stop.refusals.is_empty());
    let basis = if refused { IncidentBasis::Refused } else { IncidentBasis::Suspected };
    let last_before = |landings: &&Landings<'a>| {
        let (at, run) = landings.pushes().filter(|(at, _)| *at < since).max_by_key(|(at, _)| *at)?;
        Some((at, landings.service, landings.image, run))
    };
    let theirs = group.landings.iter().filter(|landings| images.contains(landings.image)).filter_map(last_before);
    let newest = theirs.max_by_key(|(at, ..)| *at);
    let newest = newest.or_else(|| group.landings.iter().filter_map(last_before).max_by_key(|(at, ..)| *at));
    let last_good = newest.map(|(at, service, image, run)| LastGoodPush {
        service: service.name.clone(),
        image: image.clone(),
        commit: run.sha.clone(),
        at,
    });
    let suspects = suspects(&report.credentials, members);
    Some(Incident {
        evidence: evidence(members, &group.landings, last_good.as_ref()),
        next_steps: next_steps(&scope, basis, members, &suspects),
        scope,
        basis,
        since,
        images: images.into_iter().cloned().collect(),
        services: services.into_iter().cloned().collect(),
        pushes: members.iter().map(|stop| (stop.run.key.clone(), stop.image.clone())).collect(),
        last_good,
        suspects,
    })
}
