//! Everything that was seen, in one place with one owner. `absorb` is the only way in.

use std::collections::BTreeMap;
use std::sync::Arc;

use arcstr::ArcStr;
use jiff::Timestamp;
use rustc_hash::{FxHashMap, FxHashSet};

use super::change::Arrivals;
use super::record::replace;
use super::sample::Samples;
use super::{
    Batch, CredentialList, CredentialScan, CredentialScope, Deployed, Deployments, Digest, Fact, Failure, Health,
    ImageName, ImageRecord, LandedCommit, Listing, Look, Manifest, Miss, Observation, Part, PipelineList,
    PipelineScope, Probe, Run, RunKey, RunRecord, Sample, Seen, Service, ServiceName, SourceId, SourceKind, TagRecord,
    TagRef, Text,
};

/// Everything that was seen.
#[derive(Debug, Clone, Default)]
pub struct Snapshot {
    pub(super) listings: FxHashMap<ServiceName, Listing>,
    pub(super) runs: FxHashMap<RunKey, RunRecord>,
    pub(super) images: FxHashMap<ImageName, ImageRecord>,
    pub(super) health: BTreeMap<SourceId, Health>,
    /// What is remembered of runs that are over.
    pub(super) samples: Samples,
    /// The commits of each service that landed.
    pub(super) arrivals: FxHashMap<ServiceName, Arrivals>,
    /// What is known of the deployments of each service.
    pub(super) deployments: FxHashMap<ServiceName, Deployments>,
    /// What the user should know about landfall itself.
    notices: BTreeMap<Part, Text>,
    /// What is known of each list of credentials.
    pub(super) credentials: BTreeMap<CredentialScope, CredentialList>,
    /// What is known of the pipelines of each repository.
    pipelines: BTreeMap<PipelineScope, PipelineList>,
    /// The verdicts that were noted, and since when each holds.
    pub(super) judged: FxHashMap<(RunKey, TagRef), (ArcStr, Timestamp)>,
}

impl Snapshot {
    /// Takes in one answer, and returns whether it changed what is known (beyond ages and counters).
    pub fn absorb(&mut self, observation: Observation) -> bool {
        let Observation { at, source, seen } = observation;
        match seen {
            Seen::Runs(service, batch) => self.absorb_runs(at, &source, service, batch),
            Seen::Jobs(run, batch) => {
                self.answered(&source, SourceKind::Ci, at, || Look::Jobs(run.clone())).skipped = batch.skipped;
                self.samples.touch(&run);
                let record = self.runs.entry(run).or_default();
                record.jobs_failure = None;
                record.jobs_seen_at = Some(at.into());
                let caught_up = std::mem::take(&mut record.jobs_outdated);
                let changed = replace(&mut record.jobs, Some(batch));
                record.jobs_looks = if changed { 1 } else { record.jobs_looks.saturating_add(1) };
                changed || caught_up || record.jobs_looks <= 3
            }
            Seen::PushLog(run, job, log) => {
                self.answered(&source, SourceKind::Ci, at, || Look::PushLog(run.clone(), job));
                if let Some(retries) = &log.retries {
                    self.samples.logged(&run, job, retries);
                    self.samples.keep(Fact::Retried(run.clone(), job, retries.clone()));
                }
                let record = self.runs.entry(run).or_default();
                let logs = record.logs_mut();
                logs.failures.remove(&job);
                logs.read.insert(job, log.clone()) != Some(log)
            }
            Seen::Failed(look, failure) => self.absorb_failure(at, source, look, failure),
            Seen::Tag(tag_ref, probe) => self.absorb_tag(at, &source, tag_ref, probe),
            Seen::Manifest(image, digest, probe) => {
                self.probed(&source, at, &probe, || Look::Manifest(image.clone(), digest.clone()));
                let record = self.images.entry(image).or_default();
                note_readable(record, at, &probe);
                keep(&mut record.manifests, digest, probe)
            }
            Seen::Config(image, digest, probe) => {
                self.probed(&source, at, &probe, || Look::Config(image.clone(), digest.clone()));
                keep(&mut self.images.entry(image).or_default().configs, digest, probe)
            }
            Seen::Blob(image, digest, probe) => {
                self.probed(&source, at, &probe, || Look::Blob(image.clone(), digest.clone()));
                keep(&mut self.images.entry(image).or_default().blobs, digest, probe)
            }
            Seen::Canary(image, probe) => {
                self.probed(&source, at, &probe, || Look::Canary(image.clone()));
                let record = self.images.entry(image).or_default();
                note_readable(record, at, &probe);
                if matches!(probe, Probe::Present(_)) {
                    record.listed_at = Some(at);
                }
                replace(&mut record.canary, Some(probe))
            }
            Seen::Tries(ended, jobs) => {
                self.answered(&source, SourceKind::Ci, at, || Look::Tries(ended.clone()));
                self.samples.tried(&ended, jobs.clone());
                self.samples.keep(Fact::Tries(ended, jobs));
                true
            }
            Seen::Reports(ended, reports) => {
                self.answered(&source, SourceKind::Ci, at, || Look::Reports(ended.clone()));
                self.samples.reported(&ended, reports.clone());
                self.samples.keep(Fact::Reports(ended, reports));
                true
            }
            Seen::Deployments(service, known, told) => {
                self.answered(&source, SourceKind::Ci, at, || Look::Deployments(service.clone(), known));
                self.absorb_deployments(at, service, told)
            }
            Seen::Traffic(kind, traffic) => {
                let health = self.health.entry(source).or_insert_with(|| Health::new(kind));
                replace(&mut health.traffic, traffic)
            }
            Seen::Pace(kind, pace) => {
                let health = self.health.entry(source).or_insert_with(|| Health::new(kind));
                replace(&mut health.pace, pace)
            }
            Seen::Credentials(scan) => self.absorb_credentials(at, source, scan),
            Seen::CredentialLists(lists) => self.keep_credentials_of(&lists),
            Seen::Pipelines(scan) => self.pipelines.entry((source, scan.repo)).or_default().absorb(at, scan.found),
            Seen::Notice(part, Some(words)) => self.notices.insert(part, words.clone()) != Some(words),
            Seen::Notice(part, None) => self.notices.remove(&part).is_some(),
            Seen::Remembered(facts) => {
                for fact in facts {
                    self.recall(fact);
                }
                true
            }
            Seen::Recalled => {
                self.samples.all_kept();
                false
            }
        }
    }

    /// Puts what earlier processes kept in the place of what is known, before any source was asked. What landfall says of
    /// itself stays.
    pub fn begin_with(&mut self, kept: Self) {
        *self = Self { notices: std::mem::take(&mut self.notices), ..kept };
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

    /// Returns what is remembered of the runs of a service's workflows that are over, newest first.
    pub fn samples<'a>(&'a self, service: &'a Service) -> impl Iterator<Item = &'a Sample> {
        self.samples.of(service)
    }

    /// Returns what was learnt of runs that are over since the last call, and is to be kept for later processes.
    pub fn unkept(&mut self) -> Vec<Fact> {
        self.samples.unkept()
    }

    /// Returns the commits of a service that landed, in the order of their runs.
    pub fn arrivals(&self, service: &ServiceName) -> impl Iterator<Item = &LandedCommit> {
        self.arrivals.get(service).into_iter().flat_map(Arrivals::commits)
    }

    /// Returns whether it is remembered that what a run pushed for a service landed.
    #[must_use]
    pub fn has_arrived(&self, service: &ServiceName, run: &RunKey) -> bool {
        self.arrivals.get(service).is_some_and(|arrivals| arrivals.knows(run.id))
    }

    /// Returns what is known of the deployments of a service.
    #[must_use]
    pub fn deployments(&self, service: &ServiceName) -> Option<&Deployments> {
        self.deployments.get(service)
    }

    /// Returns two numbers that differ from earlier ones where anything changed since: what is remembered of a service's
    /// runs, and what of it landed or was deployed.
    #[must_use]
    pub fn remembered(&self, service: &Service) -> (u64, u64) {
        let landed = self.arrivals.get(&service.name).map_or(0, |arrivals| arrivals.edition);
        let deployed = self.deployments.get(&service.name).map_or(0, |deployments| deployments.edition);
        (self.samples.edition(service), landed + deployed)
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

    /// Returns what the user should know about landfall itself.
    #[must_use]
    pub fn notices(&self) -> &BTreeMap<Part, Text> {
        &self.notices
    }

    /// Returns what is known of each list of credentials, by its source and place.
    pub fn credentials(&self) -> impl Iterator<Item = (&CredentialScope, &CredentialList)> {
        self.credentials.iter()
    }

    /// Returns what is known of the pipelines of each repository that was asked for them.
    pub fn pipelines(&self) -> impl Iterator<Item = (&PipelineScope, &PipelineList)> {
        self.pipelines.iter()
    }

    fn absorb_runs(&mut self, at: Timestamp, source: &SourceId, service: ServiceName, batch: Batch<Arc<Run>>) -> bool {
        self.answered(source, SourceKind::Ci, at, || Look::Runs(service.clone())).skipped = batch.skipped;
        let listing = self.listings.entry(service).or_default();
        let batch = listing.completed(batch);
        let is_emptied = batch.items.is_empty() && !listing.runs.is_empty();
        if is_emptied && listing.emptied_at.is_none() {
            let failure = Failure::Ambiguous("the list of runs came empty, and another look decides".into());
            (listing.emptied_at, listing.failure) = (Some(at), Some(Miss { at, failure }));
            return true;
        }
        listing.emptied_at = None;
        let same = listing.runs.len() == batch.items.len()
            && listing.runs.iter().zip(&batch.items).all(|(known, run)| Arc::ptr_eq(known, run));
        if !same {
            let listed: FxHashSet<&RunKey> = batch.items.iter().map(|run| &run.key).collect();
            listing.left.extend(listing.runs.iter().filter(|run| !listed.contains(&run.key)).cloned());
        }
        for run in batch.items.iter().filter(|_| !same) {
            self.samples.listed(run);
            let before = listing.runs.iter().find(|known| known.key == run.key);
            let went_on =
                before.is_some_and(|known| (&known.state, known.finished_at) != (&run.state, run.finished_at));
            if let Some(record) = self.runs.get_mut(&run.key).filter(|_| went_on) {
                record.jobs_outdated = record.jobs.is_some();
            }
        }
        let first = listing.seen_at.replace(at).is_none();
        let recovered = listing.failure.take().is_some() || first;
        listing.skipped = batch.skipped;
        listing.complete = batch.complete;
        let changed = !same && replace(&mut listing.runs, batch.items);
        if changed && !first {
            listing.changed_at = Some(at);
        }
        changed || recovered
    }

    fn absorb_deployments(&mut self, at: Timestamp, service: ServiceName, told: Deployed) -> bool {
        let known = self.deployments.entry(service.clone()).or_default();
        let changed = known.absorb(at, told);
        self.samples.keep(Fact::Deployed(service, known.told(), at));
        changed
    }

    fn absorb_credentials(&mut self, at: Timestamp, source: SourceId, scan: CredentialScan) -> bool {
        // How CI providers and registries are doing, lists of runs and tags tell.
        if let Some(health) = self.health.get_mut(&source).filter(|health| health.kind == SourceKind::Expiry) {
            health.listed(at, scan.found.as_ref().map(drop));
        }
        let was_read = scan.found.is_ok();
        let scope = (source, scan.scope);
        let list = self.credentials.entry(scope.clone()).or_default();
        let changed = list.absorb(at, scan.found);
        if was_read {
            self.samples.keep(Fact::Scanned(scope, list.told(), at));
        }
        changed
    }

    /// Lets go of all other lists. One source may be asked in several ways, each with lists of its own.
    fn keep_credentials_of(&mut self, lists: &[(SourceId, Option<Vec<Text>>)]) -> bool {
        let before = self.credentials.len();
        let closed = self.credentials.iter().filter(|(_, list)| list.failure.is_some());
        let closed: Vec<CredentialScope> = closed.map(|(scope, _)| scope.clone()).collect();
        // What lies in a list that is closed may be there as before.
        let is_within = |source: &SourceId, scope: &Text| {
            let beneath = |list: &Text| scope.raw().strip_prefix(list.raw()).is_some_and(|rest| rest.starts_with('/'));
            closed.iter().any(|(of, list)| of == source && beneath(list))
        };
        self.credentials.retain(|(source, scope), _| {
            let mut of_source = lists.iter().filter(|(known, _)| known == source);
            let is_told = |lists: &Vec<Text>| lists.contains(scope) || is_within(source, scope);
            of_source.any(|(_, lists)| lists.as_ref().is_none_or(is_told))
        });
        before != self.credentials.len()
    }

    fn absorb_failure(&mut self, at: Timestamp, source: SourceId, look: Look, failure: Failure) -> bool {
        let miss = Miss { at, failure };
        let health = self.health.entry(source).or_insert_with(|| Health::new(SourceKind::Ci));
        health.failed(at, &miss.failure, || look.clone());
        match look {
            Look::Runs(service) => self.listings.entry(service).or_default().failure = Some(miss),
            Look::Jobs(run) => self.runs.entry(run).or_default().jobs_failure = Some(miss.into()),
            Look::PushLog(run, job) => {
                self.runs.entry(run).or_default().logs_mut().failures.insert(job, miss);
            }
            Look::Tries(ended) => self.samples.untried(&ended.run, miss.at, miss.failure),
            Look::Reports(ended) => self.samples.unreported(&ended.run, miss.at, miss.failure),
            Look::Deployments(service, _) => self.deployments.entry(service).or_default().missed(miss),
            Look::Tag(_) | Look::Manifest(..) | Look::Config(..) | Look::Blob(..) | Look::Canary(_) => {}
        }
        true
    }

    fn absorb_tag(&mut self, at: Timestamp, source: &SourceId, tag_ref: TagRef, probe: Probe<Arc<Manifest>>) -> bool {
        self.probed(source, at, &probe, || Look::Tag(tag_ref.clone()));
        let TagRef { image, tag } = tag_ref;
        let record = self.images.entry(image).or_default();
        note_readable(record, at, &probe);
        let probe = match probe {
            Probe::Present(manifest) => {
                let digest = manifest.digest.clone();
                record.manifests.insert(digest.clone(), Probe::Present(manifest));
                Probe::Present(digest)
            }
            Probe::Absent(absence) => Probe::Absent(absence),
            Probe::Unseen(failure) => Probe::Unseen(failure),
        };
        if let Some(known) = record.tags.get_mut(&tag) {
            return known.absorb(at, probe);
        }
        record.tags.insert(tag, TagRecord::new(at, probe));
        true
    }

    fn answered(
        &mut self,
        source: &SourceId,
        kind: SourceKind,
        at: Timestamp,
        look: impl FnOnce() -> Look,
    ) -> &mut Health {
        let health = self.health.entry(source.clone()).or_insert_with(|| Health::new(kind));
        health.answered(at, look);
        health
    }

    fn probed<T>(&mut self, source: &SourceId, at: Timestamp, probe: &Probe<T>, look: impl FnOnce() -> Look) {
        let health = self.health.entry(source.clone()).or_insert_with(|| Health::new(SourceKind::Registry));
        match probe {
            Probe::Present(_) | Probe::Absent(_) => health.answered(at, look),
            Probe::Unseen(failure) => health.failed(at, failure, look),
        }
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
