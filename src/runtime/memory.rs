//! What landed once, kept from one process to the next. Without it everything works, and nothing is known as pruned.

use std::io::Write as _;
use std::path::PathBuf;
use std::thread;

use super::SystemClock;
use crate::domain::Fact;
use crate::poll::Clock as _;
use crate::store::{Store, StoreError};

/// Takes what landed. It never blocks.
pub(super) type Keep = Box<dyn FnMut(Vec<Fact>) + Send>;

/// The history, where there is one.
pub(super) struct Memory {
    /// What landed once.
    pub(super) landed: Vec<Fact>,
    store: Option<Store>,
    warning: Option<String>,
}

impl Memory {
    /// Opens the history in this folder. What keeps it from being used is a warning, never an obstacle.
    pub(super) async fn open(dir: Option<PathBuf>) -> Self {
        let Some(dir) = dir else { return Self::without(None) };
        let opened = tokio::task::spawn_blocking(move || {
            let store = Store::open(&dir, SystemClock.now())?;
            let landed = store.recall()?;
            Ok::<_, StoreError>((store, landed))
        });
        match opened.await {
            Ok(Ok((store, landed))) => {
                let warning = store.warning().map(ToOwned::to_owned);
                Self { landed, store: Some(store), warning }
            }
            Ok(Err(error)) => Self::without(Some(format!("going on without a history: {error}"))),
            Err(_) => Self::without(Some("going on without a history: opening it panicked".to_owned())),
        }
    }

    fn without(warning: Option<String>) -> Self {
        Self { landed: Vec::new(), store: None, warning }
    }

    /// Says on standard error what is odd about the history.
    pub(super) fn warn(&self) {
        if let Some(warning) = &self.warning {
            say(warning);
        }
    }

    /// Remembers what landed.
    pub(super) async fn keep(self, landed: Vec<Fact>) {
        let Some(mut store) = self.store.filter(|_| !landed.is_empty()) else { return };
        let kept = tokio::task::spawn_blocking(move || store.keep(&landed));
        if let Ok(Err(error)) = kept.await {
            say(&format!("what landed could not be remembered: {error}"));
        }
    }

    /// Returns a keeper that writes on a thread of its own.
    pub(super) fn keeper(self) -> Keep {
        let Some(mut store) = self.store else { return Box::new(|_| {}) };
        let (sender, inbox) = std::sync::mpsc::channel::<Vec<Fact>>();
        thread::spawn(move || {
            for landed in inbox {
                // A history that cannot be written now may be writable later; the screen must not be disturbed.
                let _ = store.keep(&landed);
            }
        });
        Box::new(move |landed| {
            let _ = sender.send(landed);
        })
    }
}

fn say(text: &str) {
    // Nobody is left to tell where standard error is gone.
    let _ = writeln!(std::io::stderr(), "landfall: {text}");
}
