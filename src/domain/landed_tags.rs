//! What landed in one repository of images: each tag, for each run that it landed for.

use super::record::insert;
use super::{Digest, ImageRecord, LandedRecord, RunKey, Tag, TagRecord};

/// Tags that landed once, in the order of their runs. There are as many as runs, of all repositories together very
/// many: they take no more room than they need.
#[derive(Debug, Clone, Default)]
pub struct LandedTags(Vec<LandedTag>);

#[derive(Debug, Clone)]
struct LandedTag {
    run: RunKey,
    tag: Tag,
    record: LandedRecord,
}

impl LandedTag {
    /// Runs of one repository differ in their numbers, which lie nearer than letters.
    fn place(&self) -> (u64, &str, &RunKey) {
        (self.run.id, self.tag.as_str(), &self.run)
    }
}

impl LandedTags {
    /// Returns each with its run and what is known of it, in the order of the runs.
    #[must_use]
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (&Tag, &RunKey, &LandedRecord)> {
        self.0.iter().map(|landing| (&landing.tag, &landing.run, &landing.record))
    }

    pub(super) fn get_mut(&mut self, tag: &Tag, run: &RunKey) -> Option<&mut LandedRecord> {
        let place = self.find(tag.as_str(), run).ok()?;
        self.0.get_mut(place).map(|landing| &mut landing.record)
    }

    /// Takes in what is known of a tag and a run, unless something newer is.
    pub(super) fn note(&mut self, tag: Tag, run: RunKey, record: LandedRecord) {
        match self.find(tag.as_str(), &run) {
            Ok(place) => {
                if let Some(known) = self.0.get_mut(place).filter(|known| known.record.last_seen <= record.last_seen) {
                    known.record = record;
                }
            }
            Err(place) => insert(&mut self.0, place, LandedTag { run, tag, record }),
        }
    }

    pub(super) fn retain(&mut self, stays: impl Fn(&RunKey) -> bool) {
        self.0.retain(|landing| stays(&landing.run));
    }

    pub(super) fn shrink_to_fit(&mut self) {
        self.0.shrink_to_fit();
    }

    /// Returns what a tag landed with last.
    fn newest(&self, tag: &Tag) -> Option<&Digest> {
        let landed = self.0.iter().filter(|landing| landing.tag == *tag).map(|landing| &landing.record);
        landed.max_by_key(|record| record.last_seen).map(|record| &record.digest)
    }

    /// Returns the tags that landed with this digest.
    fn landed_with(&self, digest: &Digest) -> impl Iterator<Item = &Tag> {
        self.0.iter().filter(move |landing| landing.record.digest == *digest).map(|landing| &landing.tag)
    }

    fn find(&self, tag: &str, run: &RunKey) -> Result<usize, usize> {
        self.0.binary_search_by(|known| known.place().cmp(&(run.id, tag, run)))
    }
}

impl ImageRecord {
    /// Returns what is known of a tag that landed once for this run, and the tag.
    #[must_use]
    pub fn landed_for(&self, tag: &str, run: &RunKey) -> Option<(&Tag, &LandedRecord)> {
        let landing = self.landed.0.get(self.landed.find(tag, run).ok()?)?;
        Some((&landing.tag, &landing.record))
    }

    /// Returns what is known of a tag that landed once for any attempt of this run, by the newest that did.
    #[must_use]
    pub fn landed_for_any_attempt(&self, tag: &str, run: &RunKey) -> Option<&LandedRecord> {
        let same = |known: &RunKey| known.id == run.id && known.repo == run.repo && known.ci == run.ci;
        let landings = self.landed.0.iter().filter(|landing| same(&landing.run) && landing.tag.as_str() == tag);
        landings.map(|landing| &landing.record).max_by_key(|record| record.last_seen)
    }

    /// Returns whether the tag points to this digest, or did before it went away, by the newest look that said where. Of a
    /// tag whose looks were let go that is what it landed with last.
    #[must_use]
    pub fn points_to(&self, tag: &Tag, digest: &Digest) -> bool {
        let known = self.tags.get(tag).and_then(TagRecord::digest);
        known.or_else(|| self.landed.newest(tag)) == Some(digest)
    }

    /// Returns whether another tag than this one was seen to point to this digest.
    #[must_use]
    pub fn is_shared(&self, tag: &Tag, digest: &Digest) -> bool {
        let known = self.tags.iter().filter(|(_, known)| known.digest() == Some(digest)).map(|(tag, _)| tag);
        known.chain(self.landed.landed_with(digest)).any(|other| other != tag)
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::domain::{Absence, AbsenceCode, Failure, Probe, RepoPath, SourceId};

    fn tag(name: &str) -> Option<Tag> {
        Tag::parse(name).ok()
    }

    fn run(id: u64, attempt: u32) -> Option<RunKey> {
        let (ci, repo) = (SourceId::parse("github").ok()?, RepoPath::parse("acme/app").ok()?);
        Some(RunKey { ci, repo, id, attempt })
    }

    fn digest(byte: u8) -> Digest {
        Digest::sha256([byte; 32])
    }

    fn image(landed: &[(&str, u64, u8)]) -> ImageRecord {
        let mut image = ImageRecord::default();
        let at = Timestamp::UNIX_EPOCH;
        for &(name, id, byte) in landed {
            let record = LandedRecord { digest: digest(byte), since: at.into(), last_seen: at.into(), proof: None };
            if let Some((tag, run)) = tag(name).zip(run(id, 1)) {
                image.landed.note(tag, run, record);
            }
        }
        image
    }

    #[test]
    fn what_landed_is_found_by_its_tag_and_its_run_alone() {
        let image = image(&[("latest", 2, 2), ("sha-1", 1, 3), ("latest", 1, 1)]);
        let found = |name: &str, id, attempt| {
            let found = image.landed_for(name, &run(id, attempt)?)?;
            Some((found.0.clone(), found.1.digest.as_bytes().first().copied()?))
        };
        assert_eq!(found("latest", 1, 1), tag("latest").map(|tag| (tag, 1)));
        assert_eq!(found("latest", 2, 1), tag("latest").map(|tag| (tag, 2)));
        assert_eq!(found("sha-1", 1, 1), tag("sha-1").map(|tag| (tag, 3)));
        assert_eq!(found("sha-1", 2, 1), None);
        assert_eq!(found("sha-1", 1, 2), None);
    }

    #[test]
    fn a_tag_points_to_where_it_landed_until_a_look_says_otherwise() {
        let mut image = image(&[("old", 1, 1), ("new", 2, 1), ("alone", 3, 3)]);
        let (old, alone) = (tag("old"), tag("alone"));
        let points = |image: &ImageRecord, tag: &Option<Tag>, byte| {
            tag.as_ref().is_some_and(|tag| image.points_to(tag, &digest(byte)))
        };
        assert!(points(&image, &old, 1) && !points(&image, &old, 2));
        assert!(old.as_ref().is_some_and(|tag| image.is_shared(tag, &digest(1))));
        assert!(alone.is_some_and(|tag| !image.is_shared(&tag, &digest(3))));
        let mut see = |probe| {
            let record = TagRecord::new(Timestamp::UNIX_EPOCH, probe);
            image.tags.extend(old.clone().map(|tag| (tag, record)));
            image.clone()
        };
        let failed = see(Probe::Unseen(Failure::Withheld("".into())));
        assert!(points(&failed, &old, 1), "a look that failed says nothing");
        let gone = see(Probe::Absent(Absence { code: AbsenceCode::ManifestUnknown, says: "".into() }));
        assert!(points(&gone, &old, 1), "what it was is known all the same");
        let moved = see(Probe::Present(digest(2)));
        assert!(points(&moved, &old, 2) && !points(&moved, &old, 1));
    }
}
