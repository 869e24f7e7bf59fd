//! Everything that was seen, in one place with one owner. `absorb` is the only way in.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use rustc_hash::{FxHashMap, FxHashSet};

use super::{
    Absence, Batch, Digest, Failure, Health, ImageConfig, ImageName, Job, JobId, Landed, Look, Manifest, Observation,
    Probe, PushLog, Run, RunKey, Seen, ServiceName, SourceId, SourceKind, Tag, TagRef,
};

/// Everything that was seen.
#[derive(Debug, Clone, Default)]
pub struct Snapshot {
    listings: FxHashMap<ServiceName, Listing>,
    runs: FxHashMap<RunKey, RunRecord>,
    images: FxHashMap<ImageName, ImageRecord>,
    health: BTreeMap<SourceId, Health>,
}

/// The newest runs of a service.
#[derive(Debug, Clone, Default)]
pub struct Listing {
    /// The runs, newest first.
    pub runs: Vec<Arc<Run>>,
    /// Whether the list was read as far as was wanted.
    pub complete: bool,
    /// How many of its items could not be read.
    pub skipped: u64,
    /// When it was last read.
    pub seen_at: Option<Timestamp>,
    /// The last failure to read it; cleared by the next answer.
    pub failure: Option<Miss>,
}

/// A look that failed: when, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Miss {
    /// When it failed.
    pub at: Timestamp,
    /// How it failed.
    pub failure: Failure,
}

/// What is known of one run beyond the list.
#[derive(Debug, Clone, Default)]
pub struct RunRecord {
    /// Its jobs.
    pub jobs: Option<Batch<Job>>,
    /// When its jobs were last read.
    pub jobs_seen_at: Option<Timestamp>,
    /// How many reads in a row gave these very jobs.
    pub jobs_looks: u32,
    /// Whether the run went on after its jobs were read.
    pub jobs_outdated: bool,
    /// Why its jobs could not be read.
    pub jobs_failure: Option<Miss>,
    /// What the logs of its jobs say.
    pub logs: FxHashMap<JobId, PushLog>,
    /// Why a log could not be read.
    pub log_failures: FxHashMap<JobId, Miss>,
}

/// What is known of one repository of images.
#[derive(Debug, Clone, Default)]
pub struct ImageRecord {
    /// Tags that were looked for.
    pub tags: FxHashMap<Tag, TagRecord>,
    /// Manifests by digest. What was present once and fails now keeps its content.
    pub manifests: FxHashMap<Digest, Probe<Arc<Manifest>>>,
    /// Config blobs by digest.
    pub configs: FxHashMap<Digest, Probe<ImageConfig>>,
    /// Blobs by digest.
    pub blobs: FxHashMap<Digest, Probe<()>>,
    /// When this credential was last shown to be able to read the repository, and how many tags it listed.
    pub readable_at: Option<Timestamp>,
    /// The last answer to a list of tags.
    pub canary: Option<Probe<Batch<Tag>>>,
    /// Tags that landed once, by tag and run.
    pub landed: FxHashMap<(Tag, RunKey), Landed>,
    /// Every digest that a tag of this repository was seen to point to, and the tags that were seen there last.
    pub tagged: FxHashMap<Digest, FxHashSet<Tag>>,
}

/// What is known of one tag.
#[derive(Debug, Clone)]
pub struct TagRecord {
    /// The newest answer.
    pub probe: Probe<Digest>,
    /// When it came.
    pub seen_at: Timestamp,
    /// When an answer first said what the newest one says.
    pub changed_at: Timestamp,
    /// The newest answer that said something, and when it came, where the newest one did not.
    pub last_known: Option<(Timestamp, Result<Digest, Absence>)>,
    /// When the tag was first seen absent, in an unbroken row of answers.
    pub absent_since: Option<Timestamp>,
    /// How many answers in that row said so.
    pub absent_looks: u32,
}

impl Snapshot {
    /// Takes in one answer, and returns whether it changed what is known (beyond ages and counters).
    pub fn absorb(&mut self, observation: Observation) -> bool {
        let Observation { at, source, seen } = observation;
        match seen {
            Seen::Runs(service, batch) => self.absorb_runs(at, &source, service, batch),
            Seen::Jobs(run, batch) => {
                self.answered(&source, SourceKind::Ci, at, Some(batch.skipped));
                let record = self.runs.entry(run).or_default();
                record.jobs_failure = None;
                record.jobs_seen_at = Some(at);
                let caught_up = std::mem::take(&mut record.jobs_outdated);
                let changed = replace(&mut record.jobs, Some(batch));
                record.jobs_looks = if changed { 1 } else { record.jobs_looks.saturating_add(1) };
                changed || caught_up || record.jobs_looks <= 3
            }
            Seen::PushLog(run, job, log) => {
                self.answered(&source, SourceKind::Ci, at, None);
                let record = self.runs.entry(run).or_default();
                record.log_failures.remove(&job);
                record.logs.insert(job, log.clone()) != Some(log)
            }
            Seen::Failed(look, failure) => self.absorb_failure(at, source, look, failure),
            Seen::Tag(tag_ref, probe) => self.absorb_tag(at, &source, tag_ref, probe),
            Seen::Manifest(image, digest, probe) => {
                self.probed(&source, at, &probe);
                let record = self.images.entry(image).or_default();
                note_readable(record, at, &probe);
                keep(&mut record.manifests, digest, probe)
            }
            Seen::Config(image, digest, probe) => {
                self.probed(&source, at, &probe);
                keep(&mut self.images.entry(image).or_default().configs, digest, probe)
            }
            Seen::Blob(image, digest, probe) => {
                self.probed(&source, at, &probe);
                keep(&mut self.images.entry(image).or_default().blobs, digest, probe)
            }
            Seen::Canary(image, probe) => {
                self.probed(&source, at, &probe);
                let record = self.images.entry(image).or_default();
                note_readable(record, at, &probe);
                replace(&mut record.canary, Some(probe))
            }
            Seen::Traffic(kind, traffic) => {
                let health = self.health.entry(source).or_insert_with(|| Health::new(kind));
                replace(&mut health.traffic, traffic)
            }
            Seen::Remembered(landed) => {
                for landed in landed {
                    let record = self.images.entry(landed.tag_ref.image.clone()).or_default();
                    record.landed.insert((landed.tag_ref.tag.clone(), landed.run.clone()), landed);
                }
                true
            }
        }
    }

    /// Returns the newest runs of a service.
    #[must_use]
    pub fn listing(&self, service: &ServiceName) -> Option<&Listing> {
        self.listings.get(service)
    }

    /// Returns what is known of a run beyond the list.
    #[must_use]
    pub fn run(&self, key: &RunKey) -> Option<&RunRecord> {
        self.runs.get(key)
    }

    /// Returns what is known of a repository of images.
    #[must_use]
    pub fn image(&self, name: &ImageName) -> Option<&ImageRecord> {
        self.images.get(name)
    }

    /// Returns every repository of images of which something is known.
    pub fn images(&self) -> impl Iterator<Item = (&ImageName, &ImageRecord)> {
        self.images.iter()
    }

    /// Returns the health of every source, by name.
    #[must_use]
    pub fn health(&self) -> &BTreeMap<SourceId, Health> {
        &self.health
    }

    fn absorb_runs(&mut self, at: Timestamp, source: &SourceId, service: ServiceName, batch: Batch<Arc<Run>>) -> bool {
        self.answered(source, SourceKind::Ci, at, Some(batch.skipped));
        let listing = self.listings.entry(service).or_default();
        for run in &batch.items {
            let before = listing.runs.iter().find(|known| known.key == run.key);
            let went_on =
                before.is_some_and(|known| (&known.state, known.finished_at) != (&run.state, run.finished_at));
            if let Some(record) = self.runs.get_mut(&run.key).filter(|_| went_on) {
                record.jobs_outdated = record.jobs.is_some();
            }
        }
        let recovered = listing.failure.take().is_some() || listing.seen_at.is_none();
        listing.seen_at = Some(at);
        listing.skipped = batch.skipped;
        listing.complete = batch.complete;
        replace(&mut listing.runs, batch.items) || recovered
    }

    fn absorb_failure(&mut self, at: Timestamp, source: SourceId, look: Look, failure: Failure) -> bool {
        let miss = Miss { at, failure };
        let health = self.health.entry(source).or_insert_with(|| Health::new(SourceKind::Ci));
        health.failure = Some((at, miss.failure.clone()));
        match look {
            Look::Runs(service) => self.listings.entry(service).or_default().failure = Some(miss),
            Look::Jobs(run) => self.runs.entry(run).or_default().jobs_failure = Some(miss),
            Look::PushLog(run, job) => {
                self.runs.entry(run).or_default().log_failures.insert(job, miss);
            }
            Look::Tag(_) | Look::Manifest(..) | Look::Config(..) | Look::Blob(..) | Look::Canary(_) => {}
        }
        true
    }

    fn absorb_tag(&mut self, at: Timestamp, source: &SourceId, tag_ref: TagRef, probe: Probe<Arc<Manifest>>) -> bool {
        self.probed(source, at, &probe);
        let TagRef { image, tag } = tag_ref;
        let record = self.images.entry(image).or_default();
        note_readable(record, at, &probe);
        let probe = match probe {
            Probe::Present(manifest) => {
                let digest = manifest.digest.clone();
                record.tagged.entry(digest.clone()).or_default().insert(tag.clone());
                record.manifests.insert(digest.clone(), Probe::Present(manifest));
                Probe::Present(digest)
            }
            Probe::Absent(absence) => Probe::Absent(absence),
            Probe::Unseen(failure) => Probe::Unseen(failure),
        };
        if let Some(known) = record.tags.get_mut(&tag) {
            // Where the tag pointed before says nothing of where it points now.
            if let (Probe::Present(before), Probe::Present(_) | Probe::Absent(_)) = (&known.probe, &probe)
                && probe != known.probe
                && let Some(tags) = record.tagged.get_mut(before)
            {
                tags.remove(&tag);
            }
            return known.absorb(at, probe);
        }
        record.tags.insert(tag, TagRecord::new(at, probe));
        true
    }

    fn answered(&mut self, source: &SourceId, kind: SourceKind, at: Timestamp, skipped: Option<u64>) {
        let health = self.health.entry(source.clone()).or_insert_with(|| Health::new(kind));
        health.last_ok = Some(at);
        health.failure = None;
        health.skipped = skipped.unwrap_or(health.skipped);
    }

    fn probed<T>(&mut self, source: &SourceId, at: Timestamp, probe: &Probe<T>) {
        match probe {
            Probe::Present(_) | Probe::Absent(_) => self.answered(source, SourceKind::Registry, at, None),
            Probe::Unseen(failure) => {
                let health = self.health.entry(source.clone()).or_insert_with(|| Health::new(SourceKind::Registry));
                health.failure = Some((at, failure.clone()));
            }
        }
    }
}

impl TagRecord {
    fn new(at: Timestamp, probe: Probe<Digest>) -> Self {
        let absent = matches!(probe, Probe::Absent(_));
        Self {
            probe,
            seen_at: at,
            changed_at: at,
            last_known: None,
            absent_since: absent.then_some(at),
            absent_looks: u32::from(absent),
        }
    }

    fn absorb(&mut self, at: Timestamp, probe: Probe<Digest>) -> bool {
        match &probe {
            Probe::Absent(_) => {
                self.absent_since.get_or_insert(at);
                self.absent_looks = self.absent_looks.saturating_add(1);
                self.last_known = None;
            }
            Probe::Present(_) => {
                self.absent_since = None;
                self.absent_looks = 0;
                self.last_known = None;
            }
            Probe::Unseen(_) => match &self.probe {
                Probe::Present(digest) => self.last_known = Some((self.seen_at, Ok(digest.clone()))),
                Probe::Absent(absence) => self.last_known = Some((self.seen_at, Err(absence.clone()))),
                Probe::Unseen(_) => {}
            },
        }
        self.seen_at = at;
        let counts = matches!(probe, Probe::Absent(_)) && self.absent_looks <= 3;
        let changed = replace(&mut self.probe, probe);
        if changed {
            self.changed_at = at;
        }
        changed || counts
    }
}

/// A manifest or a list that came is proof that this credential may read the repository.
fn note_readable<T>(record: &mut ImageRecord, at: Timestamp, probe: &Probe<T>) {
    if matches!(probe, Probe::Present(_)) {
        record.readable_at = Some(at);
    }
}

/// Content under a digest cannot change: a failed look never replaces what was read.
fn keep<T: PartialEq>(known: &mut FxHashMap<Digest, Probe<T>>, digest: Digest, probe: Probe<T>) -> bool {
    match known.get_mut(&digest) {
        Some(Probe::Present(_) | Probe::Absent(_)) if matches!(probe, Probe::Unseen(_)) => false,
        Some(slot) => replace(slot, probe),
        None => {
            known.insert(digest, probe);
            true
        }
    }
}

fn replace<T: PartialEq>(slot: &mut T, value: T) -> bool {
    let changed = *slot != value;
    *slot = value;
    changed
}
