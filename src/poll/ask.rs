//! One look, asked of the source that can answer it.

use std::sync::Arc;

use rustc_hash::FxHashMap;
use tokio::time::Instant;

use super::Sources;
use crate::domain::{
    Ended, Failure, Globs, ImageName, Look, Probe, Seen, Service, ServiceName, SourceId, SourceKind, Traffic,
};
use crate::source::CiProvider;

/// Knows whom to ask.
#[derive(Clone)]
pub(super) struct Asker {
    sources: Arc<Sources>,
    services: Arc<FxHashMap<ServiceName, Arc<Service>>>,
    runs: usize,
}

impl Asker {
    /// Returns an asker for these services; `runs` of each are listed.
    pub(super) fn new(sources: Sources, services: &[Arc<Service>], runs: usize) -> Self {
        let services = services.iter().map(|service| (service.name.clone(), service.clone())).collect();
        Self { sources: Arc::new(sources), services: Arc::new(services), runs }
    }

    /// Returns who answers this look, and what kind of source that is.
    pub(super) fn source_of(&self, look: &Look) -> Option<(SourceId, SourceKind)> {
        match look {
            Look::Runs(service) | Look::Deployments(service, _) => {
                self.services.get(service).map(|service| (service.ci.clone(), SourceKind::Ci))
            }
            Look::Jobs(run) | Look::PushLog(run, _) => Some((run.ci.clone(), SourceKind::Ci)),
            Look::Tries(ended) | Look::Reports(ended) => Some((ended.run.ci.clone(), SourceKind::Ci)),
            Look::Tag(_) | Look::Manifest(..) | Look::Config(..) | Look::Blob(..) | Look::Canary(_) => {
                look.image().map(registry_of)
            }
        }
    }

    /// Asks, and returns what was seen: an answer, or why there is none.
    pub(super) async fn ask(&self, look: Look) -> Seen {
        match look {
            Look::Runs(service) => self.runs(service).await,
            Look::Jobs(run) => {
                let Some(ci) = self.sources.ci.get(&run.ci) else { return nobody(Look::Jobs(run)) };
                match ci.jobs(&run).await {
                    Ok(batch) => Seen::Jobs(run, batch),
                    Err(failure) => Seen::Failed(Look::Jobs(run), failure),
                }
            }
            Look::PushLog(run, job) => {
                let Some(ci) = self.sources.ci.get(&run.ci) else { return nobody(Look::PushLog(run, job)) };
                match ci.push_log(&run, job).await {
                    Ok(log) => Seen::PushLog(run, job, log),
                    Err(failure) => Seen::Failed(Look::PushLog(run, job), failure),
                }
            }
            Look::Tries(ended) => self.tries(ended).await,
            Look::Reports(ended) => self.reports(ended).await,
            Look::Deployments(service, known) => self.deployments(service, known).await,
            Look::Tag(_) | Look::Manifest(..) | Look::Config(..) | Look::Blob(..) | Look::Canary(_) => {
                self.probe(look).await
            }
        }
    }

    /// Returns the answer to a look whose source nobody configured.
    pub(super) fn stranger(&self, look: &Look, source: &SourceId, kind: SourceKind) -> Option<Seen> {
        match kind {
            SourceKind::Ci => (!self.sources.ci.contains_key(source)).then(|| nobody(look.clone())),
            SourceKind::Registry => {
                let why = || format!("{source} is not among the configured registries").into();
                let known = self.sources.registries.contains_key(source);
                (!known).then(|| unanswered(look.clone(), Failure::Withheld(why())))
            }
            SourceKind::Expiry => Some(nobody(look.clone())),
        }
    }

    /// Returns whether a source has another credential than that which was refused last.
    pub(super) async fn renewed(&self, source: &SourceId, kind: SourceKind) -> bool {
        match kind {
            SourceKind::Ci => match self.sources.ci.get(source) {
                Some(ci) => ci.renewed().await,
                None => false,
            },
            SourceKind::Registry => match self.sources.registries.get(source) {
                Some(registry) => registry.renewed().await,
                None => false,
            },
            SourceKind::Expiry => false,
        }
    }

    async fn probe(&self, look: Look) -> Seen {
        let host = self.source_of(&look).map(|(host, _)| host);
        let Some(registry) = host.and_then(|host| self.sources.registries.get(&host)) else { return nobody(look) };
        match look {
            Look::Tag(tag_ref) => {
                let probe = registry.tag(&tag_ref).await;
                Seen::Tag(tag_ref, probe)
            }
            Look::Manifest(image, digest) => {
                let probe = registry.manifest(&image, &digest).await;
                Seen::Manifest(image, digest, probe)
            }
            Look::Config(image, digest) => {
                let probe = registry.config(&image, &digest).await;
                Seen::Config(image, digest, probe)
            }
            Look::Blob(image, digest) => {
                let probe = registry.blob(&image, &digest).await;
                Seen::Blob(image, digest, probe)
            }
            Look::Canary(image) => {
                let probe = registry.tags(&image).await;
                Seen::Canary(image, probe)
            }
            Look::Runs(_)
            | Look::Jobs(_)
            | Look::PushLog(..)
            | Look::Tries(_)
            | Look::Reports(_)
            | Look::Deployments(..) => nobody(look),
        }
    }

    /// Notes until when a source is closed to what nobody waits for, and why.
    pub(super) fn note_door(&self, source: &SourceId, closed: Option<(Instant, Failure)>) {
        self.sources.doors.note(source, closed);
    }

    /// Gets the image's registry ready to be asked.
    pub(super) async fn warm(&self, image: &ImageName) {
        if let Some(registry) = self.sources.registries.get(&image.source()) {
            registry.warm(image).await;
        }
    }

    /// Returns what a source's connections have sent and spent.
    pub(super) fn traffic(&self, source: &SourceId, kind: SourceKind) -> Option<Traffic> {
        match kind {
            SourceKind::Ci => self.sources.ci.get(source).map(|ci| ci.traffic()),
            SourceKind::Registry => self.sources.registries.get(source).map(|registry| registry.traffic()),
            SourceKind::Expiry => None,
        }
    }

    async fn tries(&self, ended: Ended) -> Seen {
        let Some(ci) = self.sources.ci.get(&ended.run.ci) else { return nobody(Look::Tries(ended)) };
        match ci.tries(&ended.run).await {
            Ok(jobs) => Seen::Tries(ended, Arc::new(jobs)),
            Err(failure) => Seen::Failed(Look::Tries(ended), failure),
        }
    }

    /// Whatever any service of the repository names a report is read, for all of them.
    async fn reports(&self, ended: Ended) -> Seen {
        let Some(ci) = self.sources.ci.get(&ended.run.ci) else { return nobody(Look::Reports(ended)) };
        let run = &ended.run;
        let theirs = self.services.values().filter(|service| (&service.ci, &service.repo) == (&run.ci, &run.repo));
        let names = theirs.filter_map(|service| service.trust.reports.as_ref()).flat_map(Globs::patterns);
        let names: Vec<String> = names.cloned().collect();
        let Ok(names) = Globs::parse(&names) else {
            return unanswered(Look::Reports(ended), Failure::Withheld("the names of reports are no globs".into()));
        };
        match ci.reports(run, &names).await {
            Ok(reports) => Seen::Reports(ended, Arc::new(reports)),
            Err(failure) => Seen::Failed(Look::Reports(ended), failure),
        }
    }

    fn service(&self, name: &ServiceName) -> Option<(&Service, &Arc<dyn CiProvider>)> {
        let service = self.services.get(name)?;
        Some((service, self.sources.ci.get(&service.ci)?))
    }

    async fn deployments(&self, name: ServiceName, known: u64) -> Seen {
        let Some((service, ci)) = self.service(&name) else { return nobody(Look::Deployments(name, known)) };
        match ci.deployments(service, known).await {
            Ok(told) => Seen::Deployments(name, known, told),
            Err(failure) => Seen::Failed(Look::Deployments(name, known), failure),
        }
    }

    async fn runs(&self, name: ServiceName) -> Seen {
        let Some((service, ci)) = self.service(&name) else { return nobody(Look::Runs(name)) };
        match ci.runs(service, self.runs).await {
            Ok(batch) => Seen::Runs(name, batch),
            Err(failure) => Seen::Failed(Look::Runs(name), failure),
        }
    }
}

/// Returns a look's answer where there was none.
pub(super) fn unanswered(look: Look, failure: Failure) -> Seen {
    match look {
        Look::Runs(_)
        | Look::Jobs(_)
        | Look::PushLog(..)
        | Look::Tries(_)
        | Look::Reports(_)
        | Look::Deployments(..) => Seen::Failed(look, failure),
        Look::Tag(tag_ref) => Seen::Tag(tag_ref, Probe::Unseen(failure)),
        Look::Manifest(image, digest) => Seen::Manifest(image, digest, Probe::Unseen(failure)),
        Look::Config(image, digest) => Seen::Config(image, digest, Probe::Unseen(failure)),
        Look::Blob(image, digest) => Seen::Blob(image, digest, Probe::Unseen(failure)),
        Look::Canary(image) => Seen::Canary(image, Probe::Unseen(failure)),
    }
}

/// Returns why there was no answer, where there was none.
pub(super) fn failure_of(seen: &Seen) -> Option<&Failure> {
    match seen {
        Seen::Failed(_, failure)
        | Seen::Tag(_, Probe::Unseen(failure))
        | Seen::Manifest(_, _, Probe::Unseen(failure))
        | Seen::Config(_, _, Probe::Unseen(failure))
        | Seen::Blob(_, _, Probe::Unseen(failure))
        | Seen::Canary(_, Probe::Unseen(failure)) => Some(failure),
        Seen::Tag(..)
        | Seen::Manifest(..)
        | Seen::Config(..)
        | Seen::Blob(..)
        | Seen::Canary(..)
        | Seen::Runs(..)
        | Seen::Jobs(..)
        | Seen::PushLog(..)
        | Seen::Tries(..)
        | Seen::Reports(..)
        | Seen::Deployments(..)
        | Seen::Traffic(..)
        | Seen::Pace(..)
        | Seen::Credentials(_)
        | Seen::CredentialLists(_)
        | Seen::Pipelines(_)
        | Seen::Remembered(_)
        | Seen::Recalled
        | Seen::Notice(..) => None,
    }
}

fn registry_of(image: &ImageName) -> (SourceId, SourceKind) {
    (image.source(), SourceKind::Registry)
}

fn nobody(look: Look) -> Seen {
    Seen::Failed(look, Failure::Withheld("the configuration names no such CI provider".into()))
}
