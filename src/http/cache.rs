//! Answers that were complete once, asked for again only by their mark: `ETag` or `Last-Modified`.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use http::HeaderMap;
use rustc_hash::FxHashMap;

use super::archive::Archive;
use super::kept::{Edition, Kept};
use super::key::{Key, Namer};
use super::{Answer, Ask};

#[derive(Debug, Default)]
struct Held {
    entries: FxHashMap<String, (u64, Arc<Kept>)>,
    bytes: usize,
    uses: u64,
    editions: u64,
}

/// Remembered answers, bounded by bytes; the longest unused goes first. What the archive has is not gone with it, and of
/// what it has the body is not held here once nobody needs it.
#[derive(Debug)]
pub(super) struct Cache {
    limit: usize,
    namer: Namer,
    archive: Option<Arc<dyn Archive>>,
    held: Mutex<Held>,
}

impl Cache {
    pub(super) fn new(limit: usize, archive: Option<Arc<dyn Archive>>) -> Self {
        let archive = archive.filter(|_| limit > 0);
        let namer = Namer::new(archive.as_ref().map(|archive| archive.key()));
        Self { limit, namer, archive, held: Mutex::default() }
    }

    pub(super) fn key(&self, ask: &Ask) -> Key {
        self.namer.name(ask)
    }

    /// Returns what is remembered, in memory or in the archive; without its body only as the edition that is known.
    pub(super) fn get(&self, key: &Key, known: Option<Edition>) -> Option<Arc<Kept>> {
        let found = self.held().find(key);
        if let Some(kept) = &found
            && (kept.body.is_some() || known == Some(kept.edition))
        {
            return found;
        }
        let mut whole = self.archived(key)?;
        if let Some(bare) = found.as_ref().filter(|bare| whole.is_as(bare)) {
            whole.edition = bare.edition;
            return Some(Arc::new(whole));
        }
        let whole = Arc::new(whole);
        self.held().replace(self.limit, &key.name, found.as_ref(), &whole);
        Some(whole)
    }

    /// Returns what the archive has, as an edition of its own.
    fn archived(&self, key: &Key) -> Option<Kept> {
        let archived = self.archive_of(key)?.load(&key.name)?;
        let edition = self.held().edition();
        Kept::restored(archived, edition)
    }

    /// Remembers a complete answer that carries a mark, and says in it as which edition.
    pub(super) fn put(&self, key: &Key, answer: &mut Answer) {
        let edition = self.held().edition();
        let kept = if self.limit == 0 { None } else { Kept::of(answer, edition, key.lasting) };
        let Some(kept) = kept.map(Arc::new) else { return self.forget(key) };
        let before = self.held().find(key);
        if before.as_ref().is_none_or(|before| before.differs(&kept)) {
            self.save(key, &kept, before.is_some());
        }
        answer.edition = Some(edition);
        self.store(key, &kept);
    }

    pub(super) fn forget(&self, key: &Key) {
        let was_there = self.held().remove(&key.name);
        if let Some(archive) = self.archive_of(key).filter(|_| was_there) {
            archive.forget(&key.name);
        }
    }

    /// Forgets one edition, here and in the archive; a newer one stays.
    pub(super) fn distrust(&self, edition: Edition) {
        let mut held = self.held();
        let found = held.entries.iter().find(|(_, (_, kept))| kept.edition == edition);
        let Some((name, lasting)) = found.map(|(name, (_, kept))| (name.clone(), kept.lasting)) else { return };
        held.remove(&name);
        drop(held);
        if let Some(archive) = self.archive.as_ref().filter(|_| lasting) {
            archive.forget(&name);
        }
    }

    /// Returns the remembered answer that a 304 confirmed; nothing where it must be asked for in full after all. What is
    /// newer in the 304 replaces what was remembered: another mark stands for the same edition, another link makes it a
    /// new one.
    ///
    /// As the edition that is known it comes without its body where that is not at hand.
    pub(super) fn confirm(
        &self,
        key: &Key,
        kept: &Arc<Kept>,
        known: Option<Edition>,
        newest: &HeaderMap,
    ) -> Option<Answer> {
        let mut kept = Arc::clone(kept);
        if let Some(mut newer) = kept.renewed(newest, || self.held().edition()) {
            if newer.body.is_none() {
                newer.body = self.archived(key).filter(|whole| whole.is_as(&kept))?.body;
            }
            if newer.has_other_marks(&kept) {
                self.save(key, &newer, true);
            }
            kept = Arc::new(newer);
            self.store(key, &kept);
        } else if known == Some(kept.edition) && kept.may_go() {
            let is_archived = self.archived(key).is_some_and(|whole| !whole.differs(&kept));
            let lighter = if is_archived { kept.without_body() } else { kept.missed() };
            self.held().replace(self.limit, &key.name, Some(&kept), &Arc::new(lighter));
        }
        Some(kept.confirmed(newest))
    }

    /// Returns how many bytes are held in memory.
    pub(super) fn bytes(&self) -> u64 {
        self.held().bytes as u64
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn archive_of(&self, key: &Key) -> Option<&Arc<dyn Archive>> {
        self.archive.as_ref().filter(|_| key.lasting)
    }

    /// Archives an answer; where it may not be, the one before it goes too.
    fn save(&self, key: &Key, kept: &Kept, was_there: bool) {
        let Some(archive) = self.archive_of(key) else { return };
        match kept.archived() {
            Some(answer) => archive.save(&key.name, &answer),
            None if was_there => archive.forget(&key.name),
            None => {}
        }
    }

    fn store(&self, key: &Key, kept: &Arc<Kept>) {
        self.held().insert(self.limit, &key.name, kept);
    }
}

impl Held {
    fn find(&mut self, key: &Key) -> Option<Arc<Kept>> {
        self.uses += 1;
        let now = self.uses;
        let (used, kept) = self.entries.get_mut(&key.name)?;
        *used = now;
        Some(Arc::clone(kept))
    }

    fn remove(&mut self, name: &str) -> bool {
        let dropped = self.entries.remove(name);
        if let Some((_, kept)) = &dropped {
            self.bytes = self.bytes.saturating_sub(kept.weight());
        }
        dropped.is_some()
    }

    /// Puts one answer in the place of the one that was found, or of none, unless another came there meanwhile.
    fn replace(&mut self, limit: usize, name: &str, found: Option<&Arc<Kept>>, kept: &Arc<Kept>) {
        let now = self.entries.get(name).map(|(_, kept)| Arc::as_ptr(kept));
        if now == found.map(Arc::as_ptr) {
            self.insert(limit, name, kept);
        }
    }

    fn insert(&mut self, limit: usize, name: &str, kept: &Arc<Kept>) {
        self.remove(name);
        let weight = kept.weight();
        if weight > limit {
            return;
        }
        while self.bytes + weight > limit {
            let oldest = self.entries.iter().min_by_key(|(_, (used, _))| *used).map(|(name, _)| name.clone());
            let Some(oldest) = oldest else { break };
            self.remove(&oldest);
        }
        self.uses += 1;
        self.bytes += weight;
        self.entries.insert(name.to_owned(), (self.uses, Arc::clone(kept)));
    }

    fn edition(&mut self) -> Edition {
        self.editions += 1;
        Edition(self.editions)
    }
}
