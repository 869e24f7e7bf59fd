//! What a snapshot need not hold any longer: what lies behind images that are proven whole, and runs no longer listed.

use std::sync::Arc;

use rustc_hash::FxHashSet;

use super::{Digest, ImageName, ImageRecord, Look, ManifestKind, Probe, Run, RunKey, Service, Snapshot, Tag, TagRef};

impl Snapshot {
    /// Lets go of what lies behind tags of this repository that landed and are proven; the proof stays. Returns the
    /// looks whose answers were let go.
    pub fn shed(&mut self, image: &ImageName, proven: &[(Tag, RunKey)]) -> Vec<Look> {
        let Some(record) = self.images.get_mut(image) else { return Vec::new() };
        let mut let_go = Vec::new();
        for (tag, run) in proven {
            let Some(landed) = record.landed.get_mut(tag, run) else { continue };
            let Some(known) = record.tags.get(tag) else { continue };
            if landed.proof.is_some() && known.probe == Probe::Present(landed.digest.clone()) {
                landed.last_seen = landed.last_seen.max(known.seen_at.into());
                record.tags.remove(tag);
                let_go.push(Look::Tag(TagRef { image: image.clone(), tag: tag.clone() }));
            }
        }
        if !let_go.is_empty() {
            sweep(image, record, &mut let_go);
        }
        let_go
    }

    /// Lets go of the jobs and logs of runs that nothing more is to be learnt from. Returns the looks that gave them.
    pub fn shed_runs(&mut self, runs: &[RunKey]) -> Vec<Look> {
        let mut let_go = Vec::new();
        for run in runs {
            let Some(record) = self.runs.remove(run) else { continue };
            let_go.push(Look::Jobs(run.clone()));
            let_go.extend(record.logs().map(|(job, _)| Look::PushLog(run.clone(), job)));
        }
        if self.runs.capacity() > 4 * self.runs.len() + 64 {
            self.runs.shrink_to_fit();
        }
        let_go
    }

    /// Lets go of everything about runs that left the service's list since the last call, but for those that another
    /// service still lists. Returns the looks whose answers were let go.
    pub fn tidy(&mut self, service: &Service) -> Vec<Look> {
        let Some(listing) = self.listings.get_mut(&service.name) else { return Vec::new() };
        let left = std::mem::take(&mut listing.left);
        if left.is_empty() {
            return Vec::new();
        }
        let listed = |run: &Arc<Run>| {
            let elsewhere = |listing: &super::Listing| listing.runs.iter().any(|known| known.key == run.key);
            self.listings.values().any(elsewhere)
        };
        let left: Vec<Arc<Run>> = left.into_iter().filter(|run| !listed(run)).collect();
        let keys: Vec<RunKey> = left.iter().map(|run| run.key.clone()).collect();
        let mut let_go = self.shed_runs(&keys);
        let gone: FxHashSet<&RunKey> = keys.iter().collect();
        self.judged.retain(|(run, _), _| !gone.contains(run));
        let still: Vec<Arc<Run>> =
            self.listings.get(&service.name).map(|listing| listing.runs.clone()).unwrap_or_default();
        for spec in &service.images {
            let Some(record) = self.images.get_mut(&spec.repository) else { continue };
            record.landed.retain(|run| !gone.contains(run));
            for template in &spec.tags {
                for tag in left.iter().filter_map(|run| template.expand(run).ok()) {
                    let wanted = still.iter().any(|run| template.expand(run).is_ok_and(|other| other == tag));
                    if !wanted {
                        record.tags.remove(&tag);
                        let_go.push(Look::Tag(TagRef { image: spec.repository.clone(), tag }));
                    }
                }
            }
            sweep(&spec.repository, record, &mut let_go);
        }
        let_go
    }
}

/// Drops the manifests, configs and blobs that no tag in memory leads to.
fn sweep(image: &ImageName, record: &mut ImageRecord, let_go: &mut Vec<Look>) {
    let mut manifests: FxHashSet<Digest> = FxHashSet::default();
    for known in record.tags.values() {
        if let Probe::Present(digest) = &known.probe {
            manifests.insert(digest.clone());
        }
        if let Some((_, Ok(digest))) = known.last_known.as_deref() {
            manifests.insert(digest.clone());
        }
    }
    let children: Vec<Digest> = manifests.iter().flat_map(|digest| children(record, digest)).collect();
    manifests.extend(children);
    let mut content: FxHashSet<Digest> = FxHashSet::default();
    for digest in &manifests {
        if let Some(Probe::Present(manifest)) = record.manifests.get(digest)
            && let ManifestKind::Image { config, layers } = &manifest.kind
        {
            content.insert(config.digest.clone());
            content.extend(layers.iter().map(|layer| layer.digest.clone()));
        }
    }
    let mut drop_all = |known: &Digest, kept: &FxHashSet<Digest>, look: fn(ImageName, Digest) -> Look| {
        let stays = kept.contains(known);
        if !stays {
            let_go.push(look(image.clone(), known.clone()));
        }
        stays
    };
    record.manifests.retain(|digest, _| drop_all(digest, &manifests, Look::Manifest));
    record.configs.retain(|digest, _| drop_all(digest, &content, Look::Config));
    record.blobs.retain(|digest, _| drop_all(digest, &content, Look::Blob));
    record.shrink();
}

fn children(record: &ImageRecord, digest: &Digest) -> Vec<Digest> {
    match record.manifests.get(digest) {
        Some(Probe::Present(manifest)) => match &manifest.kind {
            ManifestKind::Index(children) => children.iter().map(|child| child.digest.clone()).collect(),
            ManifestKind::Image { .. } | ManifestKind::Other(_) => Vec::new(),
        },
        Some(Probe::Absent(_) | Probe::Unseen(_)) | None => Vec::new(),
    }
}
