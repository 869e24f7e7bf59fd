//! What was seen, kept from one process to the next. Without it everything works, and nothing is known as pruned.

use std::io::Write as _;
use std::path::PathBuf;

use jiff::SignedDuration;

use super::SystemClock;
use crate::domain::Fact;
use crate::poll::Clock as _;
use crate::store::{Retention, Store, StoreError, Writer};

/// How long ago the last sweep may be while the dashboard is up.
const SWEEPS: SignedDuration = SignedDuration::from_hours(1);

/// Takes what is to be remembered. It never blocks.
pub(super) type Keep = Box<dyn FnMut(Vec<Fact>) + Send>;

/// The history, where there is one.
pub(super) struct Memory {
    /// What earlier processes kept.
    pub(super) facts: Vec<Fact>,
    store: Option<Store>,
    warning: Option<String>,
}

impl Memory {
    /// Opens the history in this folder. What keeps it from being used is a warning, never an obstacle.
    pub(super) async fn open(dir: Option<PathBuf>) -> Self {
        let Some(dir) = dir else { return Self::without(None) };
        let opened = tokio::task::spawn_blocking(move || {
            let mut store = Store::open(&dir, SystemClock.now(), Retention::default())?;
            let facts = store.recall()?;
            Ok::<_, StoreError>((store, facts))
        });
        match opened.await {
            Ok(Ok((store, facts))) => {
                let warning = store.warning().map(ToOwned::to_owned);
                Self { facts, store: Some(store), warning }
            }
            Ok(Err(error)) => Self::without(Some(format!("going on without a history: {error}"))),
            Err(_) => Self::without(Some("going on without a history: opening it panicked".to_owned())),
        }
    }

    fn without(warning: Option<String>) -> Self {
        Self { facts: Vec::new(), store: None, warning }
    }

    /// Says on standard error what is odd about the history.
    pub(super) fn warn(&self) {
        if let Some(warning) = &self.warning {
            say(warning);
        }
    }

    /// Remembers what was seen.
    pub(super) async fn keep(self, facts: Vec<Fact>) {
        let Some(mut store) = self.store.filter(|_| !facts.is_empty()) else { return };
        let kept = tokio::task::spawn_blocking(move || store.keep(&facts, SystemClock.now()));
        if let Ok(Err(error)) = kept.await {
            say(&format!("what was seen could not be remembered: {error}"));
        }
    }

    /// Returns a keeper that writes on threads of its own. When it is dropped, what it was given is on the disk, or the
    /// disk is too slow to wait for.
    pub(super) fn keeper(self) -> Keep {
        let Some(store) = self.store else { return Box::new(|_| {}) };
        // A history that cannot be written now may be writable later; the screen must not be disturbed.
        let writer = Writer::start(store, SWEEPS, || SystemClock.now(), |_| {});
        let Ok(writer) = writer else { return Box::new(|_| {}) };
        Box::new(move |facts| writer.keep(facts))
    }
}

fn say(text: &str) {
    // Nobody is left to tell where standard error is gone.
    let _ = writeln!(std::io::stderr(), "landfall: {text}");
}
