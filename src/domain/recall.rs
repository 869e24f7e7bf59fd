//! What of a snapshot is kept for later processes, and how it comes back. What this process saw itself is newer and stays.

use std::sync::Arc;

use jiff::Timestamp;
use rustc_hash::FxHashMap;

use super::{
    Absence, Digest, Fact, Fault, Health, ImageName, Landed, LandedRecord, Listing, Look, Probe, RunKey, Snapshot,
    SourceId, SourceKind, TagFact, TagRecord, TagRef,
};

impl Snapshot {
    /// Takes in what an earlier process kept.
    pub fn recall(&mut self, fact: Fact) {
        match fact {
            Fact::Runs { service, batch, seen_at } => {
                let listing = self.listings.entry(service).or_default();
                if listing.seen_at.is_none() {
                    let failure = listing.failure.take();
                    let (runs, complete, skipped) = (batch.items, batch.complete, batch.skipped);
                    for run in &runs {
                        self.samples.listed_before(run);
                    }
                    *listing =
                        Listing { runs, complete, skipped, seen_at: Some(seen_at), failure, ..Listing::default() };
                }
            }
            Fact::Jobs { run, batch, seen_at, looks } => {
                let record = self.runs.entry(run).or_default();
                if record.jobs.is_none() {
                    record.jobs = Some(batch);
                    (record.jobs_seen_at, record.jobs_looks) = (Some(seen_at.into()), looks);
                }
            }
            Fact::PushLog(run, job, log) => {
                self.runs.entry(run).or_default().logs_mut().read.entry(job).or_insert(log);
            }
            Fact::Tag(fact) => self.recall_tag(fact),
            Fact::Manifest(image, digest, known) => {
                recall_content(&mut self.images.entry(image).or_default().manifests, digest, known);
            }
            Fact::Config(image, digest, known) => {
                recall_content(&mut self.images.entry(image).or_default().configs, digest, known);
            }
            Fact::Blob(image, digest, known) => {
                recall_content(&mut self.images.entry(image).or_default().blobs, digest, known);
            }
            Fact::Readable(image, at) => {
                let record = self.images.entry(image).or_default();
                record.readable_at = record.readable_at.max(Some(at));
            }
            Fact::Landed(landed) => self.recall_landed(landed),
            Fact::Judged(judgement) => {
                let key = (judgement.run, judgement.tag_ref);
                self.judged.insert(key, (judgement.verdict, judgement.since));
            }
            Fact::Answered(source, kind, at) => {
                self.health.entry(source).or_insert_with(|| Health::new(kind)).recall_answer(at);
            }
            Fact::Failing(source, kind, at, failure) => {
                let health = self.health.entry(source).or_insert_with(|| Health::new(kind));
                match failure {
                    Some(failure) => health.recall_failure(at, failure),
                    None => health.recall_answer(at),
                }
            }
            Fact::Ended(run) => self.samples.is_kept(&run),
            Fact::Tries(ended, jobs) => self.samples.tried(&ended, jobs),
            Fact::Reports(ended, reports) => self.samples.reported(&ended, reports),
            Fact::Retried(run, job, log) => self.samples.logged(&run, job, &log),
            Fact::Arrived(service, run, mut commit) => {
                if let Some(known) = self.samples.run(&run).filter(|known| known.sha == commit.sha) {
                    commit.sha = known.sha.clone();
                    commit.title = if known.title == commit.title { known.title.clone() } else { commit.title };
                }
                self.arrivals.entry(service).or_default().note(run.id, commit);
            }
            Fact::Deployed(service, told, at) => self.deployments.entry(service).or_default().recall(at, told),
            Fact::Scanned(scope, list, at) => self.credentials.entry(scope).or_default().recall(at, list),
        }
    }

    /// Takes in what another snapshot recalled of anything but runs, their jobs and logs, while this one recalled those.
    pub fn recall_images(&mut self, others: Self) {
        self.images.extend(others.images);
        self.judged.extend(others.judged);
        self.health.extend(others.health);
        self.credentials.extend(others.credentials);
    }

    /// Returns the verdict over a row that was noted last, by its word, and since when it holds.
    #[must_use]
    pub fn judged(&self, run: &RunKey, tag_ref: &TagRef) -> Option<(&str, Timestamp)> {
        let (word, since) = self.judged.get(&(run.clone(), tag_ref.clone()))?;
        Some((word, *since))
    }

    /// Returns whether any verdict was noted.
    #[must_use]
    pub fn has_judged(&self) -> bool {
        !self.judged.is_empty()
    }

    /// Returns what is to be kept of what this look gave, as far as it said something.
    #[must_use]
    pub fn facts(&self, look: &Look) -> Vec<Fact> {
        match look {
            Look::Runs(service) => self.runs_fact(service).into_iter().collect(),
            Look::Jobs(run) => self.jobs_fact(run).into_iter().collect(),
            Look::PushLog(run, job) => {
                let log = self.runs.get(run).and_then(|record| record.log(*job));
                log.map(|log| Fact::PushLog(run.clone(), *job, log.clone())).into_iter().collect()
            }
            Look::Tag(tag_ref) => self.tag_facts(tag_ref),
            Look::Manifest(image, digest) => {
                let probe = self.images.get(image).and_then(|record| record.manifests.get(digest));
                let known = probe.and_then(said);
                known.map(|known| Fact::Manifest(image.clone(), digest.clone(), known)).into_iter().collect()
            }
            Look::Config(image, digest) => {
                let probe = self.images.get(image).and_then(|record| record.configs.get(digest));
                let known = probe.and_then(said);
                known.map(|known| Fact::Config(image.clone(), digest.clone(), known)).into_iter().collect()
            }
            Look::Blob(image, digest) => {
                let probe = self.images.get(image).and_then(|record| record.blobs.get(digest));
                let known = probe.and_then(said);
                known.map(|known| Fact::Blob(image.clone(), digest.clone(), known)).into_iter().collect()
            }
            Look::Canary(image) => self.readable_fact(image).into_iter().collect(),
            // What is read once is handed out by `unkept`.
            Look::Tries(_) | Look::Reports(_) | Look::Deployments(..) => Vec::new(),
        }
    }

    /// Returns when this source last answered, as it is kept.
    #[must_use]
    pub fn answered_fact(&self, source: &SourceId) -> Option<Fact> {
        let health = self.health.get(source)?;
        Some(Fact::Answered(source.clone(), health.kind, health.last_ok?))
    }

    /// Returns what is wrong with this CI provider or registry, or that nothing is, as it is kept; nothing where this
    /// process has found out neither.
    #[must_use]
    pub fn failing_fact(&self, source: &SourceId) -> Option<Fact> {
        let health = self.health.get(source)?;
        if health.kind == SourceKind::Expiry || health.earlier.is_some() {
            return None;
        }
        let (at, failure) = match &health.failure {
            // Nobody was asked.
            Some((_, failure)) if Fault::of(failure) == Fault::Unasked => return None,
            Some((at, failure)) => (*at, Some(failure.clone())),
            None => (health.last_ok?, None),
        };
        Some(Fact::Failing(source.clone(), health.kind, at, failure))
    }

    /// Forgets what earlier processes found wrong with any other sources: nobody asks those any more.
    pub fn keep_failures_of(&mut self, is_asked: impl Fn(&SourceId) -> bool) {
        for (source, health) in &mut self.health {
            health.earlier.take_if(|_| !is_asked(source));
        }
    }

    fn runs_fact(&self, service: &super::ServiceName) -> Option<Fact> {
        let listing = self.listings.get(service)?;
        let batch = super::Batch { items: listing.runs.clone(), skipped: listing.skipped, complete: listing.complete };
        Some(Fact::Runs { service: service.clone(), batch, seen_at: listing.seen_at? })
    }

    fn jobs_fact(&self, run: &RunKey) -> Option<Fact> {
        let record = self.runs.get(run)?;
        let (batch, seen_at) = (record.jobs.clone()?, record.jobs_seen_at?.at());
        // Jobs that the run has left behind must be read again, by the next process as well.
        let looks = if record.jobs_outdated { return None } else { record.jobs_looks };
        Some(Fact::Jobs { run: run.clone(), batch, seen_at, looks })
    }

    fn tag_facts(&self, tag_ref: &TagRef) -> Vec<Fact> {
        let Some(image) = self.images.get(&tag_ref.image) else { return Vec::new() };
        let Some(record) = image.tags.get(&tag_ref.tag) else { return Vec::new() };
        let known = match (&record.probe, record.last_known.as_deref()) {
            (Probe::Present(digest), _) => Some((record.seen_at, Ok(digest.clone()))),
            (Probe::Absent(absence), _) => Some((record.seen_at, Err(absence.clone()))),
            (Probe::Unseen(_), last_known) => last_known.cloned(),
        };
        let Some((seen_at, known)) = known else { return Vec::new() };
        let manifest = known.as_ref().ok().and_then(|digest| image.manifests.get(digest).and_then(said));
        let mut facts = Vec::with_capacity(3);
        if let (Ok(digest), Some(manifest)) = (&known, manifest) {
            facts.push(Fact::Manifest(tag_ref.image.clone(), digest.clone(), manifest));
        }
        facts.extend(self.readable_fact(&tag_ref.image));
        facts.push(Fact::Tag(TagFact {
            tag_ref: tag_ref.clone(),
            known,
            seen_at,
            changed_at: record.changed_at.min(seen_at),
            absent_since: record.absent_since,
            absent_looks: record.absent_looks,
        }));
        facts
    }

    fn readable_fact(&self, image: &ImageName) -> Option<Fact> {
        let at = self.images.get(image)?.readable_at?;
        Some(Fact::Readable(image.clone(), at))
    }

    fn recall_tag(&mut self, fact: TagFact) {
        let TagFact { tag_ref, known, seen_at, changed_at, absent_since, absent_looks } = fact;
        let image = self.images.entry(tag_ref.image).or_default();
        if image.tags.contains_key(&tag_ref.tag) {
            return;
        }
        let probe = match known {
            Ok(digest) => Probe::Present(digest),
            Err(absence) => Probe::Absent(absence),
        };
        let record = TagRecord { probe, seen_at, changed_at, last_known: None, absent_since, absent_looks };
        image.tags.insert(tag_ref.tag, record);
    }

    fn recall_landed(&mut self, landed: Landed) {
        let Landed { tag_ref, run, digest, since, last_seen, mut proof } = landed;
        let TagRef { image, tag } = tag_ref;
        let image = self.images.entry(image).or_default();
        if let Some(proof) = proof.as_mut().and_then(Arc::get_mut) {
            proof.share(image.landed.iter().next_back().map(|(.., last)| last));
        }
        let tag = image.tags.get_key_value(&tag).map_or(tag, |(known, _)| known.clone());
        image.landed.note(tag, run, LandedRecord { digest, since: since.into(), last_seen: last_seen.into(), proof });
    }
}

fn recall_content<T>(known: &mut FxHashMap<Digest, Probe<T>>, digest: Digest, kept: Result<T, Absence>) {
    known.entry(digest).or_insert_with(|| match kept {
        Ok(content) => Probe::Present(content),
        Err(absence) => Probe::Absent(absence),
    });
}

fn said<T: Clone>(probe: &Probe<T>) -> Option<Result<T, Absence>> {
    match probe {
        Probe::Present(content) => Some(Ok(content.clone())),
        Probe::Absent(absence) => Some(Err(absence.clone())),
        Probe::Unseen(_) => None,
    }
}
