//! Is what the tag points to this commit's, and is it whole?

use jiff::Timestamp;

use super::Verdict;
use super::context::{Context, Place, names_commit};
use super::counted::counted;
use super::notes::Notes;
use crate::domain::{
    Child, Descriptor, Digest, Failure, ImageConfig, ImageRecord, Look, Manifest, ManifestKind, Platform, Probe, Tag,
    Text, Urgency,
};

/// What was found behind a tag.
#[derive(Default)]
pub(super) struct Content<'a> {
    /// Something needed is gone or wrong.
    pub(super) broken: bool,
    /// Something needed could not be looked at.
    pub(super) unseen: bool,
    /// Manifests or configs are still to be read.
    pub(super) unread: bool,
    /// The commits that the image and its parts name, in annotations and labels; the first found first.
    pub(super) revisions: Vec<&'a Text>,
    /// A label that names another commit beside an annotation of the same manifest that names this one: a label may be
    /// that of the base image, and an annotation is nobody else's.
    pub(super) inherited: Option<&'a Text>,
    /// When it was built, by its own word.
    pub(super) created: Option<Timestamp>,
    /// What it runs on.
    pub(super) platforms: Vec<Platform>,
    /// How many layers were there.
    pub(super) layers: u32,
}

impl<'a> Content<'a> {
    /// Returns the verdict on wholeness alone.
    pub(super) fn wholeness(&self) -> Verdict {
        if self.broken {
            Verdict::Incomplete
        } else if self.unseen || self.unread {
            Verdict::Unknown
        } else {
            Verdict::Landed
        }
    }

    fn names(&mut self, revision: Option<&'a Text>) {
        self.revisions.extend(revision.filter(|revision| !self.revisions.contains(revision)));
    }
}

/// Looks at everything behind a digest.
pub(super) fn inspect<'a>(
    ctx: &Context<'a>,
    place: &Place<'a>,
    tag: &Tag,
    digest: &Digest,
    notes: &mut impl Notes,
) -> Content<'a> {
    let image = ctx.image(place);
    let looked_at = image.and_then(|image| image.tags.get(tag)).map(|record| record.seen_at);
    let mut inspection = Inspection { place, image, looked_at, content: Content::default() };
    if let Some(manifest) = inspection.manifest(digest, "The manifest", notes) {
        inspection.content.names(manifest.revision.as_ref());
        inspection.content.created = manifest.created;
        match &manifest.kind {
            ManifestKind::Image { config, layers } => {
                inspection.single(manifest.revision.as_ref(), config, layers, notes);
            }
            ManifestKind::Index(children) => inspection.index(children, notes),
            ManifestKind::Other(media_type) => {
                inspection.content.unseen = true;
                notes.say(|| format!("The tag points to {media_type}, which is neither an image nor an index."));
                notes.unsure(|| "Point the tag template at an image; this media type is not read.".to_owned());
            }
        }
    }
    inspection.content
}

struct Inspection<'c, 'a> {
    place: &'c Place<'a>,
    image: Option<&'a ImageRecord>,
    /// When the tag was last looked at. What may have changed is looked at again after that.
    looked_at: Option<Timestamp>,
    content: Content<'a>,
}

impl<'a> Inspection<'_, 'a> {
    fn manifest(&mut self, digest: &Digest, what: &str, notes: &mut impl Notes) -> Option<&'a Manifest> {
        let name = &self.place.spec.repository;
        let look = || Look::Manifest(name.clone(), digest.clone());
        match self.image.and_then(|image| image.manifests.get(digest)) {
            Some(Probe::Present(manifest)) => Some(manifest),
            Some(Probe::Absent(absence)) => {
                self.content.broken = true;
                notes.say(|| format!("{what} {} is gone: {}.", digest.short(), absence.code));
                notes.want(Urgency::Again, self.looked_at, look);
                None
            }
            Some(Probe::Unseen(failure)) => {
                self.blind(what, digest, failure, notes);
                notes.want(Urgency::Again, None, look);
                None
            }
            None => {
                self.content.unread = true;
                notes.want(self.place.urgency, None, look);
                None
            }
        }
    }

    fn single(
        &mut self,
        annotation: Option<&Text>,
        config: &Descriptor,
        layers: &'a [Descriptor],
        notes: &mut impl Notes,
    ) {
        self.layers(layers, "the image", notes);
        let Some(config) = self.config(config, notes) else { return };
        self.describe(annotation, config);
        let Some(built) = &config.platform else {
            if !self.place.spec.platforms.is_empty() {
                self.content.unseen = true;
                notes.say(|| "The image does not say what platform it is for.".to_owned());
            }
            return;
        };
        self.content.platforms.push(built.clone());
        for wanted in self.place.spec.platforms.iter().filter(|wanted| !built.serves(wanted)) {
            self.content.broken = true;
            notes.say(|| format!("The image is for {built} alone; {wanted} is expected and absent."));
        }
    }

    fn index(&mut self, children: &'a [Child], notes: &mut impl Notes) {
        let images = || children.iter().filter(|child| !child.attestation);
        let platforms = images().filter_map(|child| child.platform.clone());
        self.content.platforms.extend(platforms);
        notes.say(|| {
            let listed: Vec<String> = self.content.platforms.iter().map(ToString::to_string).collect();
            let platforms = if listed.is_empty() { String::new() } else { format!(": {}", listed.join(", ")) };
            format!("It is an index of {}{platforms}.", counted(images().count(), "image"))
        });
        if images().next().is_none() {
            self.content.broken = true;
            notes.say(|| "The index lists no image at all.".to_owned());
        }
        let expected = &self.place.spec.platforms;
        let listed = |wanted: &&Platform| {
            images().any(|child| child.platform.as_ref().is_some_and(|platform| platform.serves(wanted)))
        };
        let unlisted: Vec<&Platform> = expected.iter().filter(|wanted| !listed(wanted)).collect();
        let needed = |child: &&Child| match &child.platform {
            Some(platform) => expected.is_empty() || expected.iter().any(|wanted| platform.serves(wanted)),
            None => expected.is_empty() || !unlisted.is_empty(),
        };
        let before = self.content.platforms.len();
        let mut all_known = true;
        for child in images().filter(needed) {
            let built = self.child(child, notes);
            if child.platform.is_none() {
                all_known &= built.is_some();
                self.content.platforms.extend(built);
            }
        }
        // An entry that names no platform is what its config says that it is.
        let found = self.content.platforms.get(before..).unwrap_or_default();
        for wanted in unlisted.into_iter().filter(|wanted| !found.iter().any(|built| built.serves(wanted))) {
            self.content.broken |= all_known;
            self.content.unseen |= !all_known;
            notes.say(|| format!("The index lists no image for {wanted}, which is expected."));
        }
    }

    /// Looks at one entry of an index, and returns what it was built for.
    fn child(&mut self, child: &'a Child, notes: &mut impl Notes) -> Option<Platform> {
        let claimed = child.platform.as_ref();
        let name = claimed.map_or_else(|| "unnamed platform".to_owned(), ToString::to_string);
        let manifest = self.manifest(&child.digest, &format!("The {name} manifest"), notes)?;
        if self.place.urgency == Urgency::Newest {
            // Clean-ups delete what has no tag of its own, also long after it landed.
            let look = || Look::Manifest(self.place.spec.repository.clone(), child.digest.clone());
            notes.want(Urgency::Again, self.looked_at, look);
        }
        self.content.names(manifest.revision.as_ref());
        let (config, layers) = match &manifest.kind {
            ManifestKind::Image { config, layers } => (config, layers),
            ManifestKind::Index(_) => {
                let why = "an index inside an index is not looked into, so whether it is whole is not known";
                return self.not_read(&format!("The index entry for {name} is an index again; {why}."), notes);
            }
            ManifestKind::Other(media_type) => {
                return self.not_read(
                    &format!("The index entry for {name} is {media_type}, which is no image and is not read."),
                    notes,
                );
            }
        };
        self.layers(layers, &name, notes);
        let config = self.config(config, notes)?;
        self.describe(manifest.revision.as_ref(), config);
        if let (Some(claimed), Some(built)) = (claimed, &config.platform)
            && !built.serves(claimed)
        {
            self.content.broken = true;
            notes.say(|| format!("The index says {claimed}, but the image under it was built for {built}."));
        }
        config.platform.clone()
    }

    fn not_read(&mut self, sentence: &str, notes: &mut impl Notes) -> Option<Platform> {
        self.content.unseen = true;
        notes.say(|| sentence.to_owned());
        notes.unsure(|| "Every entry of the index must point to an image.".to_owned());
        None
    }

    fn describe(&mut self, annotation: Option<&Text>, config: &'a ImageConfig) {
        let names = |revision: Option<&Text>| names_commit(revision?.raw(), &self.place.run.sha);
        let label = config.revision.as_ref();
        if names(annotation) == Some(true) && names(label) == Some(false) {
            self.content.inherited = self.content.inherited.or(label);
        } else {
            self.content.names(label);
        }
        self.content.created = self.content.created.or(config.created);
    }

    fn config(&mut self, config: &Descriptor, notes: &mut impl Notes) -> Option<&'a ImageConfig> {
        let name = &self.place.spec.repository;
        let look = || Look::Config(name.clone(), config.digest.clone());
        match self.image.and_then(|image| image.configs.get(&config.digest)) {
            Some(Probe::Present(config)) => Some(config),
            Some(Probe::Absent(absence)) => {
                self.content.broken = true;
                notes.say(|| format!("The config blob {} is gone: {}.", config.digest.short(), absence.code));
                notes.want(Urgency::Again, self.looked_at, look);
                None
            }
            Some(Probe::Unseen(failure)) => {
                self.blind("The config blob", &config.digest, failure, notes);
                notes.want(Urgency::Again, None, look);
                None
            }
            None => {
                self.content.unread = true;
                notes.want(self.place.urgency, None, look);
                None
            }
        }
    }

    /// Layers that were not looked at yet leave the verdict standing, unsettled; the row says so.
    fn layers(&mut self, layers: &[Descriptor], whose: &str, notes: &mut impl Notes) {
        let name = &self.place.spec.repository;
        let (mut waiting, mut all_seen) = (0_usize, true);
        for layer in layers.iter().filter(|layer| !layer.foreign) {
            let look = || Look::Blob(name.clone(), layer.digest.clone());
            match self.image.and_then(|image| image.blobs.get(&layer.digest)) {
                Some(Probe::Present(())) => self.content.layers = self.content.layers.saturating_add(1),
                Some(Probe::Absent(_)) => {
                    self.content.broken = true;
                    notes.say(|| format!("A layer of {whose} is gone: {} ({} bytes).", layer.digest, layer.size));
                    notes.want(Urgency::Again, self.looked_at, look);
                }
                Some(Probe::Unseen(failure)) => {
                    all_seen = false;
                    self.blind("A layer", &layer.digest, failure, notes);
                    notes.want(Urgency::Again, None, look);
                }
                None => {
                    waiting = waiting.saturating_add(1);
                    notes.want(self.place.depth, None, look);
                }
            }
        }
        if waiting > 0 {
            let verb = if waiting == 1 { "was" } else { "were" };
            notes.unsure(|| format!("{} of {whose} {verb} not looked at yet.", counted(waiting, "layer")));
        } else if all_seen {
            notes.say(|| match layers.len() {
                1 => format!("The one layer of {whose} was looked at."),
                count => format!("All {count} layers of {whose} were looked at."),
            });
        }
    }

    fn blind(&mut self, what: &str, digest: &Digest, failure: &Failure, notes: &mut impl Notes) {
        self.content.unseen = true;
        notes.say(|| format!("{what} {} could not be looked at: {failure}.", digest.short()));
        notes.unsure(|| format!("{what} {} must be looked at.", digest.short()));
        notes.mend(failure);
    }
}
