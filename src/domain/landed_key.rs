//! Finds what landed of a tag for a run, by the tag as it is written: no key is built for it.

use std::borrow::Borrow;
use std::hash::{Hash, Hasher};

use super::{ImageRecord, LandedRecord, RunKey, Tag};

/// A key of `ImageRecord::landed`, owned or borrowed.
trait LandedKey {
    fn parts(&self) -> (&str, &RunKey);
}

impl LandedKey for (Tag, RunKey) {
    #[inline]
    fn parts(&self) -> (&str, &RunKey) {
        (self.0.as_str(), &self.1)
    }
}

impl LandedKey for (&str, &RunKey) {
    #[inline]
    fn parts(&self) -> (&str, &RunKey) {
        *self
    }
}

// As the pair of a tag and a run does it.
impl Hash for dyn LandedKey + '_ {
    #[inline]
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.parts().hash(state);
    }
}

impl PartialEq for dyn LandedKey + '_ {
    #[inline]
    fn eq(&self, other: &Self) -> bool {
        let ((tag, run), (other_tag, other_run)) = (self.parts(), other.parts());
        // Runs of one repository differ in their numbers, which lie nearer than letters.
        run.id == other_run.id && tag == other_tag && run == other_run
    }
}

impl Eq for dyn LandedKey + '_ {}

impl<'a> Borrow<dyn LandedKey + 'a> for (Tag, RunKey) {
    #[inline]
    fn borrow(&self) -> &(dyn LandedKey + 'a) {
        self
    }
}

impl ImageRecord {
    /// Returns what is known of a tag that landed once for this run, and the tag.
    #[must_use]
    pub fn landed_for(&self, tag: &str, run: &RunKey) -> Option<(&Tag, &LandedRecord)> {
        if self.landed.is_empty() {
            return None;
        }
        let key: &dyn LandedKey = &(tag, run);
        self.landed.get_key_value(key).map(|((tag, _), record)| (tag, record))
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::domain::{Digest, RepoPath, SourceId};

    #[test]
    fn what_landed_is_found_by_its_tag_and_its_run_alone() {
        let tag = |name: &str| Tag::parse(name).ok();
        let run = |id, attempt| {
            let (ci, repo) = (SourceId::parse("github").ok()?, RepoPath::parse("acme/app").ok()?);
            Some(RunKey { ci, repo, id, attempt })
        };
        let mut image = ImageRecord::default();
        let at = Timestamp::UNIX_EPOCH;
        for (name, id, byte) in [("latest", 1, 1), ("latest", 2, 2), ("sha-1", 1, 3)] {
            let record = LandedRecord { digest: Digest::sha256([byte; 32]), since: at, last_seen: at, proof: None };
            image.landed.extend(tag(name).zip(run(id, 1)).map(|key| (key, record)));
        }
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
}
