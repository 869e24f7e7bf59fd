//! Sources that tell how many of their looks are under way: whoever puts time forward must not outrun them.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use landfall::domain::{
    Batch, Digest, Failure, ImageConfig, ImageName, Job, JobId, Manifest, Probe, PushLog, Run, RunKey, Service, Tag,
    TagRef, Traffic,
};
use landfall::poll::Sources;
use landfall::source::{CiProvider, Registry};

/// How many looks are under way.
#[derive(Clone, Default)]
pub(crate) struct UnderWay(Arc<AtomicUsize>);

impl UnderWay {
    pub(crate) fn looks(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }

    /// Returns the sources, counted.
    pub(crate) fn of(&self, sources: Sources) -> Sources {
        let ci = |source| Arc::new(Counted { source, under_way: self.clone() }) as Arc<dyn CiProvider>;
        let registry = |source| Arc::new(Counted { source, under_way: self.clone() }) as Arc<dyn Registry>;
        Sources {
            ci: sources.ci.into_iter().map(|(id, source)| (id, ci(source))).collect(),
            registries: sources.registries.into_iter().map(|(id, source)| (id, registry(source))).collect(),
            doors: sources.doors,
        }
    }

    async fn count<T>(&self, look: impl Future<Output = T>) -> T {
        self.0.fetch_add(1, Ordering::Relaxed);
        let _ended = Ended(self);
        look.await
    }
}

/// A look may be dropped before its end.
struct Ended<'a>(&'a UnderWay);

impl Drop for Ended<'_> {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Ordering::Relaxed);
    }
}

struct Counted<S: ?Sized> {
    source: Arc<S>,
    under_way: UnderWay,
}

#[async_trait]
impl CiProvider for Counted<dyn CiProvider> {
    async fn runs(&self, service: &Service, count: usize) -> Result<Batch<Arc<Run>>, Failure> {
        self.under_way.count(self.source.runs(service, count)).await
    }

    async fn jobs(&self, run: &RunKey) -> Result<Arc<Batch<Job>>, Failure> {
        self.under_way.count(self.source.jobs(run)).await
    }

    async fn push_log(&self, run: &RunKey, job: JobId) -> Result<PushLog, Failure> {
        self.under_way.count(self.source.push_log(run, job)).await
    }

    async fn renewed(&self) -> bool {
        self.under_way.count(self.source.renewed()).await
    }

    fn traffic(&self) -> Traffic {
        self.source.traffic()
    }
}

#[async_trait]
impl Registry for Counted<dyn Registry> {
    async fn tag(&self, tag_ref: &TagRef) -> Probe<Arc<Manifest>> {
        self.under_way.count(self.source.tag(tag_ref)).await
    }

    async fn manifest(&self, image: &ImageName, digest: &Digest) -> Probe<Arc<Manifest>> {
        self.under_way.count(self.source.manifest(image, digest)).await
    }

    async fn config(&self, image: &ImageName, digest: &Digest) -> Probe<ImageConfig> {
        self.under_way.count(self.source.config(image, digest)).await
    }

    async fn blob(&self, image: &ImageName, digest: &Digest) -> Probe<()> {
        self.under_way.count(self.source.blob(image, digest)).await
    }

    async fn tags(&self, image: &ImageName) -> Probe<Batch<Tag>> {
        self.under_way.count(self.source.tags(image)).await
    }

    async fn warm(&self, image: &ImageName) {
        self.under_way.count(self.source.warm(image)).await;
    }

    async fn renewed(&self) -> bool {
        self.under_way.count(self.source.renewed()).await
    }

    fn traffic(&self) -> Traffic {
        self.source.traffic()
    }
}
