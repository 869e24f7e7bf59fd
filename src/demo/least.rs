//! The least requests that the protocols allow for the world's verdicts: what no verdict can be sure without.

use std::collections::{BTreeMap, BTreeSet};

use super::counts::Kind;
use super::image::Image;
use super::jobs::{State, state};
use super::stage::Stage;
use super::world::{Access, Fate, Run, Service, Workflow};

/// Returns the least requests by kind: one page of runs a service, one challenge, one token a repository, and for
/// every run what proves its verdict, each digest once.
pub(super) fn least(stage: &Stage) -> BTreeMap<Kind, u64> {
    let mut least = BTreeMap::from([(Kind::Challenge, 1)]);
    let now = stage.clock.now();
    for service in stage.world.services.iter().filter(|service| !service.gone && service.access == Access::Open) {
        let mut blobs = BTreeSet::new();
        add(&mut least, Kind::Runs, 1);
        add(&mut least, Kind::Token, 1);
        let over = |run: &&Run| run.workflow == Workflow::Release && matches!(state(run, now), State::Over(_));
        for run in service.runs_at(now).filter(over) {
            let Some(image) = stage.shelf.built(&stage.world, service, run) else {
                // Only its jobs can tell that a green run was not to push.
                add(&mut least, Kind::Jobs, u64::from(run.fate == Fate::Skipped));
                continue;
            };
            one(&mut least, &mut blobs, service, run.fate, image);
        }
        add(&mut least, Kind::Blob, blobs.len() as u64);
    }
    least
}

fn one<'a>(
    least: &mut BTreeMap<Kind, u64>,
    blobs: &mut BTreeSet<&'a String>,
    service: &Service,
    fate: Fate,
    image: &'a Image,
) {
    let platforms = service.platforms.len() as u64;
    let is_index = platforms > 1;
    let child = u64::from(is_index);
    add(least, Kind::Tag, 1);
    match fate {
        Fate::Landed => {
            add(least, Kind::Manifest, platforms * child);
            add(least, Kind::Config, platforms);
            blobs.extend(image.parts.iter().flat_map(|parts| &parts.layers));
        }
        Fate::Mismatch => {
            add(least, Kind::Manifest, child);
            add(least, Kind::Config, 1);
        }
        Fate::LostChild => add(least, Kind::Manifest, 1),
        Fate::LostLayer => {
            add(least, Kind::Manifest, child);
            blobs.extend(image.parts.last().and_then(|parts| parts.layers.last()));
        }
        Fate::Pruned => add(least, Kind::Tag, 1),
        // Two looks, the job that was to push, and its log, which on GitHub is somewhere else.
        Fate::Denied | Fate::Misrouted => {
            add(least, Kind::Tag, 1);
            add(least, Kind::Jobs, 1);
            add(least, Kind::Log, 1);
            add(least, Kind::LogFile, 1);
        }
        // The image that a stale tag was put on is known from its own tag; the others push nothing.
        Fate::Stale | Fate::Skipped | Fate::Failed | Fate::Cancelled | Fate::PullRequest | Fate::Scheduled => {}
    }
}

fn add(least: &mut BTreeMap<Kind, u64>, kind: Kind, count: u64) {
    *least.entry(kind).or_default() += count;
}
