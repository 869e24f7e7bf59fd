//! What stands in the registry: every repository with its tags over time, its manifests and its blobs.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};
use rustc_hash::FxHashMap;

use super::image::{Image, Manifest, Recipe, build, shared_layers};
use super::layer::Layer;
use super::scenario::sha;
use super::world::{Fate, Run, Service, World};

/// The registry's content. What a service pushed is built when somebody first asks for it.
#[derive(Debug)]
pub(super) struct Shelf {
    start: Timestamp,
    stocks: Vec<OnceLock<Stock>>,
}

/// What the runs of one service left behind.
#[derive(Debug, Default)]
struct Stock {
    repositories: BTreeMap<String, Repository>,
    /// What every run built, for its log and for what is remembered.
    built: FxHashMap<u64, Image>,
}

/// One repository of images.
#[derive(Debug, Default)]
pub(super) struct Repository {
    /// The digests that a tag points to, each from its moment on.
    tags: BTreeMap<String, Vec<(i64, String)>>,
    manifests: FxHashMap<String, (i64, Manifest)>,
    blobs: FxHashMap<String, Bytes>,
}

impl Shelf {
    /// Returns a shelf for the world. It is filled at once only where the first question must not wait for it.
    pub(super) fn new(world: &World, start: Timestamp) -> Self {
        let shelf = Self { start, stocks: world.services.iter().map(|_| OnceLock::new()).collect() };
        if !world.lively {
            for service in &world.services {
                shelf.stock(world, service);
            }
        }
        shelf
    }

    /// Returns the repository.
    pub(super) fn repository(&self, world: &World, name: &str) -> Option<&Repository> {
        self.stock(world, world.owner(name)?)?.repositories.get(name)
    }

    /// Returns what the run built.
    pub(super) fn built(&self, world: &World, service: &Service, run: &Run) -> Option<&Image> {
        self.stock(world, service)?.built.get(&run.id)
    }

    fn stock(&self, world: &World, service: &Service) -> Option<&Stock> {
        let place = world.services.iter().position(|one| one.name == service.name)?;
        Some(self.stocks.get(place)?.get_or_init(|| Stock::new(service, self.start)))
    }
}

impl Stock {
    /// Builds and pushes what every run of the service is to push.
    fn new(service: &Service, start: Timestamp) -> Self {
        let mut stock = Self::default();
        stock.repositories.insert(service.image.clone(), Repository::default());
        let share = |platform: &String| (platform.clone(), shared_layers(&service.name, platform));
        let platforms: Vec<_> = service.platforms.iter().map(share).collect();
        let mut before = None;
        for run in service.runs.iter().rev().filter(|run| run.fate.pushes()) {
            let image = build(&recipe(service, run, &platforms, start));
            stock.push(service, run, &image, before.as_ref());
            if run.fate == Fate::Landed {
                before = Some(image.root.digest.clone());
            }
            stock.built.insert(run.id, image);
        }
        stock
    }

    fn push(&mut self, service: &Service, run: &Run, image: &Image, before: Option<&String>) {
        let path = match run.fate {
            Fate::Misrouted => service.typo.as_ref().unwrap_or(&service.image),
            Fate::Landed | Fate::Mismatch | Fate::LostChild | Fate::LostLayer | Fate::Stale => &service.image,
            Fate::Denied
            | Fate::Pruned
            | Fate::Skipped
            | Fate::Failed
            | Fate::Cancelled
            | Fate::PullRequest
            | Fate::Scheduled => return,
        };
        let repository = self.repositories.entry(path.clone()).or_default();
        let old = before.filter(|_| run.fate == Fate::Stale);
        if old.is_none() {
            repository.keep(run, image);
        }
        let digest = old.unwrap_or(&image.root.digest);
        for tag in service.tags_of(run) {
            repository.tags.entry(tag).or_default().push((run.lands(), digest.clone()));
        }
    }
}

impl Repository {
    fn keep(&mut self, run: &Run, image: &Image) {
        let lost_child = if run.fate == Fate::LostChild { image.children.get(1) } else { None };
        for manifest in image.children.iter().chain([&image.root]) {
            if lost_child.is_none_or(|lost| lost.digest != manifest.digest) {
                self.manifests.insert(manifest.digest.clone(), (run.lands(), manifest.clone()));
            }
        }
        let own_layer = image.parts.last().and_then(|parts| parts.layers.last());
        let lost_layer = own_layer.filter(|_| run.fate == Fate::LostLayer);
        for (digest, blob) in &image.blobs {
            if lost_layer != Some(digest) {
                self.blobs.insert(digest.clone(), blob.clone());
            }
        }
    }

    /// Returns the manifest that a tag or digest leads to at this moment.
    pub(super) fn manifest(&self, reference: &str, now: i64) -> Option<&Manifest> {
        let digest = if reference.starts_with("sha256:") { reference } else { self.pointed(reference, now)? };
        self.manifests.get(digest).filter(|(from, _)| *from <= now).map(|(_, manifest)| manifest)
    }

    /// Returns the blob.
    pub(super) fn blob(&self, digest: &str) -> Option<&Bytes> {
        self.blobs.get(digest)
    }

    /// Returns the tags that exist at this moment, in the specification's order.
    pub(super) fn tags(&self, now: i64) -> impl Iterator<Item = &str> {
        self.tags.keys().map(String::as_str).filter(move |tag| self.pointed(tag, now).is_some())
    }

    fn pointed(&self, tag: &str, now: i64) -> Option<&str> {
        let history = self.tags.get(tag)?;
        history.iter().filter(|(from, _)| *from <= now).max_by_key(|(from, _)| *from).map(|(_, digest)| digest.as_str())
    }
}

fn recipe<'a>(
    service: &'a Service,
    run: &'a Run,
    platforms: &'a [(String, [Layer; 2])],
    start: Timestamp,
) -> Recipe<'a> {
    let host = service.provider.site();
    Recipe {
        service: &service.name,
        source: format!("{host}/{}", service.repo),
        revision: if run.fate == Fate::Mismatch { sha(&run.sha) } else { run.sha.clone() },
        title: &run.title,
        created: (start + SignedDuration::from_secs(run.ends() - 20)).to_string(),
        media: service.media,
        platforms,
    }
}
