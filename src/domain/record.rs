//! What is known of one service's list, one run, one repository of images, one tag.

use std::sync::Arc;

use jiff::Timestamp;
use rustc_hash::{FxHashMap, FxHashSet};

use super::{
    Absence, Batch, Digest, Failure, ImageConfig, Job, JobId, LandedTags, Manifest, Moment, Probe, Proof, PushLog, Run,
    Tag,
};

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
    /// When it came empty, with runs known from before, which stay until it comes empty again.
    pub emptied_at: Option<Timestamp>,
    /// When its runs last changed.
    pub changed_at: Option<Timestamp>,
    /// Runs that were listed, are not any more, and were not let go yet.
    pub left: Vec<Arc<Run>>,
}

impl Listing {
    /// Returns the batch with the runs that are known and that it may lack: a list that was read in part does not say
    /// that they are gone.
    pub(super) fn completed(&self, mut batch: Batch<Arc<Run>>) -> Batch<Arc<Run>> {
        if batch.complete && batch.skipped == 0 {
            return batch;
        }
        let read: FxHashSet<u64> = batch.items.iter().map(|run| run.key.id).collect();
        let known = self.runs.iter().filter(|run| !read.contains(&run.key.id)).cloned();
        let before = batch.items.len();
        batch.items.extend(known);
        if batch.items.len() > before {
            batch.items.sort_by_key(|run| std::cmp::Reverse(run.key.id));
        }
        batch
    }
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
    pub jobs: Option<Arc<Batch<Job>>>,
    /// When its jobs were last read.
    pub jobs_seen_at: Option<Moment>,
    /// How many reads in a row gave these very jobs.
    pub jobs_looks: u32,
    /// Whether the run went on after its jobs were read.
    pub jobs_outdated: bool,
    /// Why its jobs could not be read.
    pub jobs_failure: Option<Box<Miss>>,
    /// What the logs of its jobs say. Of most runs none is read.
    pub(super) logs: Option<Box<JobLogs>>,
}

/// What is known of the logs of a run's jobs.
#[derive(Debug, Clone, Default)]
pub(super) struct JobLogs {
    pub(super) read: FxHashMap<JobId, PushLog>,
    /// Why a log could not be read.
    pub(super) failures: FxHashMap<JobId, Miss>,
}

impl RunRecord {
    /// Returns what the logs of its jobs say.
    pub fn logs(&self) -> impl Iterator<Item = (JobId, &PushLog)> {
        self.logs.iter().flat_map(|logs| &logs.read).map(|(job, log)| (*job, log))
    }

    /// Returns what the log of a job says.
    #[must_use]
    pub fn log(&self, job: JobId) -> Option<&PushLog> {
        self.logs.as_ref()?.read.get(&job)
    }

    /// Returns why the log of a job could not be read.
    #[must_use]
    pub fn log_failure(&self, job: JobId) -> Option<&Miss> {
        self.logs.as_ref()?.failures.get(&job)
    }

    pub(super) fn logs_mut(&mut self) -> &mut JobLogs {
        self.logs.get_or_insert_default()
    }
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
    /// When this credential was last shown to be able to read the repository.
    pub readable_at: Option<Timestamp>,
    /// When a list of its tags last came.
    pub listed_at: Option<Timestamp>,
    /// The last answer to a list of tags.
    pub canary: Option<Probe<Batch<Tag>>>,
    /// Tags that landed once, each for a run.
    pub landed: LandedTags,
}

impl ImageRecord {
    /// Gives back the room of what was let go.
    pub(super) fn shrink(&mut self) {
        self.tags.shrink_to_fit();
        self.manifests.shrink_to_fit();
        self.configs.shrink_to_fit();
        self.blobs.shrink_to_fit();
        self.landed.shrink_to_fit();
    }
}

/// What is known of one tag.
#[derive(Debug, Clone)]
pub struct TagRecord {
    /// The newest answer.
    pub probe: Probe<Digest>,
    /// When it came.
    pub seen_at: Timestamp,
    /// When an answer first said what the newest one says that said something; failed looks in between change nothing.
    pub changed_at: Timestamp,
    /// The newest answer that said something, and when it came, where the newest one did not.
    pub last_known: Option<Box<(Timestamp, Result<Digest, Absence>)>>,
    /// When the tag was first seen absent, in an unbroken row of answers.
    pub absent_since: Option<Timestamp>,
    /// How many answers in that row said so.
    pub absent_looks: u32,
}

/// What is known of a tag that landed once for a run.
#[derive(Debug, Clone)]
pub struct LandedRecord {
    /// The digest that it had.
    pub digest: Digest,
    /// When it was first seen landed.
    pub since: Moment,
    /// When it was last seen landed.
    pub last_seen: Moment,
    /// What was found behind the digest when all of it was looked at.
    pub proof: Option<Arc<Proof>>,
}

impl TagRecord {
    /// Returns where the tag points, by the newest answer that said something.
    #[must_use]
    pub fn digest(&self) -> Option<&Digest> {
        match (&self.probe, self.last_known.as_deref()) {
            (Probe::Present(digest), _) | (Probe::Unseen(_), Some((_, Ok(digest)))) => Some(digest),
            (Probe::Absent(_), _) | (Probe::Unseen(_), Some((_, Err(_))) | None) => None,
        }
    }

    pub(super) fn new(at: Timestamp, probe: Probe<Digest>) -> Self {
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

    pub(super) fn absorb(&mut self, at: Timestamp, probe: Probe<Digest>) -> bool {
        let said = match (&self.probe, &self.last_known) {
            (Probe::Present(digest), _) => Some(Box::new((self.seen_at, Ok(digest.clone())))),
            (Probe::Absent(absence), _) => Some(Box::new((self.seen_at, Err(absence.clone())))),
            (Probe::Unseen(_), last_known) => last_known.clone(),
        };
        let is_same = match (&probe, said.as_deref()) {
            (Probe::Present(digest), Some((_, Ok(known)))) => digest == known,
            (Probe::Absent(_), Some((_, Err(_)))) | (Probe::Unseen(_), Some(_)) => true,
            (Probe::Present(_) | Probe::Absent(_) | Probe::Unseen(_), _) => false,
        };
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
            Probe::Unseen(_) => self.last_known = said,
        }
        self.seen_at = at;
        let counts = matches!(probe, Probe::Absent(_)) && self.absent_looks <= 3;
        let changed = replace(&mut self.probe, probe);
        if !is_same {
            self.changed_at = at;
        }
        changed || counts
    }
}

/// Puts a value in its slot, and returns whether it is another.
pub(super) fn replace<T: PartialEq>(slot: &mut T, value: T) -> bool {
    let changed = *slot != value;
    *slot = value;
    changed
}

/// Puts a value at its place in a list of which there are very many: none takes much more room than it needs.
pub(super) fn insert<T>(list: &mut Vec<T>, place: usize, value: T) {
    const SPARE: usize = 4;
    if list.len() == list.capacity() {
        list.reserve_exact(SPARE + list.len() / 8);
    }
    list.insert(place, value);
}
