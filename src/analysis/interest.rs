//! Which services an observation concerns, so that only those are judged anew.

use std::collections::BTreeSet;
use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::domain::{Concerned, Fact, ImageName, Look, RepoPath, RunKey, Seen, Service, ServiceName, SourceId};

/// An index from what is seen to the services that it concerns.
#[derive(Debug, Clone, Default)]
pub struct Interest {
    by_name: FxHashMap<ServiceName, usize>,
    by_repo: FxHashMap<(SourceId, RepoPath), Vec<usize>>,
    by_image: FxHashMap<ImageName, Vec<usize>>,
    count: usize,
}

impl Interest {
    /// Builds the index; services are named by their place in the list.
    #[must_use]
    pub fn new(services: &[Arc<Service>]) -> Self {
        let mut interest = Self { count: services.len(), ..Self::default() };
        for (place, service) in services.iter().enumerate() {
            interest.by_name.insert(service.name.clone(), place);
            interest.by_repo.entry((service.ci.clone(), service.repo.clone())).or_default().push(place);
            for spec in &service.images {
                let places = interest.by_image.entry(spec.repository.clone()).or_default();
                if places.last() != Some(&place) {
                    places.push(place);
                }
            }
        }
        interest
    }

    /// Returns the places of the services that this concerns.
    #[must_use]
    pub fn of(&self, seen: &Seen) -> Vec<usize> {
        match seen {
            Seen::Runs(service, _) | Seen::Deployments(service, ..) => self.named(service),
            Seen::Jobs(run, _) | Seen::PushLog(run, ..) => self.with_run(run),
            Seen::Tries(ended, _) | Seen::Reports(ended, _) => self.with_run(&ended.run),
            Seen::Tag(tag_ref, _) => self.with_image(&tag_ref.image),
            Seen::Manifest(image, ..) | Seen::Config(image, ..) | Seen::Blob(image, ..) | Seen::Canary(image, _) => {
                self.with_image(image)
            }
            Seen::Failed(look, _) => self.asked_by(look),
            Seen::Traffic(..)
            | Seen::Pace(..)
            | Seen::Credentials(_)
            | Seen::CredentialLists(_)
            | Seen::Pipelines(_)
            | Seen::Notice(..) => Vec::new(),
            Seen::Remembered(facts) => self.remembered(facts),
            Seen::Recalled => (0..self.count).collect(),
        }
    }

    /// What is remembered of runs concerns the services of their repository alone; it is much, and comes piece by piece.
    fn remembered(&self, facts: &[Fact]) -> Vec<usize> {
        let mut places = BTreeSet::new();
        for fact in facts {
            match fact.concerns() {
                Some(Concerned::Repo(ci, repo)) => places.extend(self.in_repo(ci, repo)),
                Some(Concerned::Service(service)) => places.extend(self.named(service)),
                None => return (0..self.count).collect(),
            }
        }
        places.into_iter().collect()
    }

    fn asked_by(&self, look: &Look) -> Vec<usize> {
        match look {
            Look::Runs(service) | Look::Deployments(service, _) => self.named(service),
            Look::Jobs(run) | Look::PushLog(run, _) => self.with_run(run),
            Look::Tries(ended) | Look::Reports(ended) => self.with_run(&ended.run),
            Look::Tag(tag_ref) => self.with_image(&tag_ref.image),
            Look::Manifest(image, _) | Look::Config(image, _) | Look::Blob(image, _) | Look::Canary(image) => {
                self.with_image(image)
            }
        }
    }

    fn named(&self, service: &ServiceName) -> Vec<usize> {
        self.by_name.get(service).copied().into_iter().collect()
    }

    fn with_run(&self, run: &RunKey) -> Vec<usize> {
        self.in_repo(&run.ci, &run.repo)
    }

    fn in_repo(&self, ci: &SourceId, repo: &RepoPath) -> Vec<usize> {
        self.by_repo.get(&(ci.clone(), repo.clone())).cloned().unwrap_or_default()
    }

    /// An image that no service names was looked at because a log named it: any service may wait for it.
    fn with_image(&self, image: &ImageName) -> Vec<usize> {
        self.by_image.get(image).cloned().unwrap_or_else(|| (0..self.count).collect())
    }
}
