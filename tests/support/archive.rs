//! An archive in memory that counts what is asked of it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use landfall::http::{Archive, KeptAnswer};

/// An archive in memory; its own key, so that a test may have two.
#[derive(Debug)]
pub(crate) struct Shelf {
    key: [u8; 32],
    kept: Mutex<BTreeMap<String, KeptAnswer>>,
    calls: Mutex<Vec<&'static str>>,
}

impl Shelf {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self { key: [7; 32], kept: Mutex::default(), calls: Mutex::default() })
    }

    /// Returns every answer that it holds, by name.
    pub(crate) fn all(&self) -> BTreeMap<String, KeptAnswer> {
        self.kept.lock().unwrap().clone()
    }

    /// Changes every answer that it holds.
    pub(crate) fn change(&self, change: impl Fn(&mut KeptAnswer)) {
        self.kept.lock().unwrap().values_mut().for_each(change);
    }

    /// Returns what it was asked to write since the last time.
    pub(crate) fn written(&self) -> Vec<&'static str> {
        std::mem::take(&mut self.calls.lock().unwrap())
    }
}

impl Archive for Shelf {
    fn key(&self) -> [u8; 32] {
        self.key
    }

    fn load(&self, name: &str) -> Option<KeptAnswer> {
        self.kept.lock().unwrap().get(name).cloned()
    }

    fn save(&self, name: &str, kept: &KeptAnswer) {
        self.calls.lock().unwrap().push("save");
        self.kept.lock().unwrap().insert(name.to_owned(), kept.clone());
    }

    fn forget(&self, name: &str) {
        self.calls.lock().unwrap().push("forget");
        self.kept.lock().unwrap().remove(name);
    }
}
