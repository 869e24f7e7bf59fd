//! Sources that are asked while time stands still.

use std::sync::Arc;
use std::sync::mpsc::{Sender, channel};

use async_trait::async_trait;
use landfall::domain::{
    Batch, Deployed, Digest, Failure, Globs, ImageConfig, ImageName, Job, JobExecution, JobId, Manifest, Probe,
    PushLog, Reports, Run, RunKey, Service, Tag, TagRef, Traffic,
};
use landfall::poll::Sources;
use landfall::source::{CiProvider, Registry};

/// Returns the same sources; while one of them is asked, paused time does not leap.
pub(crate) fn sources(sources: Sources) -> Sources {
    let ci = sources.ci.into_iter().map(|(id, inner)| (id, Arc::new(StillCi(inner)) as Arc<dyn CiProvider>));
    let registries =
        sources.registries.into_iter().map(|(id, inner)| (id, Arc::new(StillRegistry(inner)) as Arc<dyn Registry>));
    Sources { ci: ci.collect(), registries: registries.collect(), doors: sources.doors }
}

/// Time stands still as long as this is held: it leaps only where no thread is at work.
fn hold() -> Sender<()> {
    let (held, ended) = channel();
    tokio::task::spawn_blocking(move || ended.recv().unwrap_err());
    held
}

struct StillCi(Arc<dyn CiProvider>);

#[async_trait]
impl CiProvider for StillCi {
    async fn runs(&self, service: &Service, count: usize) -> Result<Batch<Arc<Run>>, Failure> {
        let _held = hold();
        self.0.runs(service, count).await
    }

    async fn jobs(&self, run: &RunKey) -> Result<Arc<Batch<Job>>, Failure> {
        let _held = hold();
        self.0.jobs(run).await
    }

    async fn push_log(&self, run: &RunKey, job: JobId) -> Result<PushLog, Failure> {
        let _held = hold();
        self.0.push_log(run, job).await
    }

    async fn tries(&self, run: &RunKey) -> Result<Batch<JobExecution>, Failure> {
        let _held = hold();
        self.0.tries(run).await
    }

    async fn reports(&self, run: &RunKey, names: &Globs) -> Result<Reports, Failure> {
        let _held = hold();
        self.0.reports(run, names).await
    }

    async fn deployments(&self, service: &Service, known: u64) -> Result<Deployed, Failure> {
        let _held = hold();
        self.0.deployments(service, known).await
    }

    fn traffic(&self) -> Traffic {
        self.0.traffic()
    }
}

struct StillRegistry(Arc<dyn Registry>);

#[async_trait]
impl Registry for StillRegistry {
    async fn tag(&self, tag_ref: &TagRef) -> Probe<Arc<Manifest>> {
        let _held = hold();
        self.0.tag(tag_ref).await
    }

    async fn manifest(&self, image: &ImageName, digest: &Digest) -> Probe<Arc<Manifest>> {
        let _held = hold();
        self.0.manifest(image, digest).await
    }

    async fn config(&self, image: &ImageName, digest: &Digest) -> Probe<ImageConfig> {
        let _held = hold();
        self.0.config(image, digest).await
    }

    async fn blob(&self, image: &ImageName, digest: &Digest) -> Probe<()> {
        let _held = hold();
        self.0.blob(image, digest).await
    }

    async fn tags(&self, image: &ImageName) -> Probe<Batch<Tag>> {
        let _held = hold();
        self.0.tags(image).await
    }

    async fn warm(&self, image: &ImageName) {
        let _held = hold();
        self.0.warm(image).await;
    }

    fn traffic(&self) -> Traffic {
        self.0.traffic()
    }
}
