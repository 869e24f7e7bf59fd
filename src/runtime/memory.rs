//! What was seen, kept from one process to the next. Without it everything works, and begins from nothing.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::SignedDuration;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::SystemClock;
use crate::config::History;
use crate::domain::{Fact, Look, Snapshot, unhex};
use crate::http::{self, KeptAnswer};
use crate::poll::Clock as _;
use crate::store::{self, Answer, Retention, Store, StoreError, Writer};

/// How long ago the last sweep may be while the dashboard is up, and where a check comes by.
const SWEEPS: SignedDuration = SignedDuration::from_hours(1);
const SWEEPS_OF_A_CHECK: SignedDuration = SignedDuration::from_hours(24);

/// How many times deeper than is looked at what hangs on runs is read: several workflows may share a repository.
const DEEPER: usize = 2;

/// How many runs of each repository are remembered: as many builds as prove five flakes to be few.
const RUNS: usize = 250;

/// How many repositories what is remembered of runs is read ahead.
const AHEAD: usize = 16;

/// How long the end waits for the disk.
const PATIENCE: Duration = Duration::from_secs(2);

/// Is told what keeps the history from being used, and with nothing that it can be used again.
pub(super) type Tell = Box<dyn Fn(Option<String>) + Send>;

/// Who asks: a dashboard that stays up, or a check that ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stay {
    Long,
    Short,
}

/// What was kept, and who keeps more.
pub(super) struct Opened<T> {
    /// What earlier processes kept.
    pub(super) kept: T,
    pub(super) memory: Memory,
}

/// What earlier processes kept is gathered in it.
pub(super) trait Gather: Default + Send + 'static {
    fn gather(&mut self, fact: Fact);

    /// Returns what was kept, with what hangs on so many runs.
    fn read(store: &mut Store, runs: usize) -> Result<Self, StoreError> {
        let (mut kept, now) = (Self::default(), SystemClock.now());
        store.recall_each(runs, &mut |fact| {
            if let Some(fact) = fact.believed(now) {
                kept.gather(fact);
            }
        })?;
        Ok(kept)
    }
}

impl Gather for Vec<Fact> {
    fn gather(&mut self, fact: Fact) {
        self.push(fact);
    }
}

impl Gather for Snapshot {
    fn gather(&mut self, fact: Fact) {
        self.recall(fact);
    }

    /// Somebody waits for the first frame, and nobody else works meanwhile.
    fn read(store: &mut Store, runs: usize) -> Result<Self, StoreError> {
        let (mut kept, mut others, now) = (Self::default(), Self::default(), SystemClock.now());
        let recall = |snapshot: &mut Self, fact: Fact| {
            if let Some(fact) = fact.believed(now) {
                snapshot.recall(fact);
            }
        };
        store.recall_beside(runs, &mut |fact| recall(&mut kept, fact), &mut |fact| recall(&mut others, fact))?;
        kept.recall_images(others);
        Ok(kept)
    }
}

/// For whom nothing of it matters.
impl Gather for () {
    fn gather(&mut self, _fact: Fact) {}
}

/// How long what was seen once more waits for something new to be written with, and how much of it: then it goes with the
/// next that is seen. A little less than two beats of looks.
const LATER: Duration = Duration::from_secs(55);
const MUCH: usize = 1_000;

/// The history, where there is one.
#[derive(Default)]
pub(super) struct Memory {
    writer: Option<Writer>,
    /// What was seen once more, and since when it waits: nobody need wake up for each.
    later: Vec<Fact>,
    since: Option<Instant>,
}

impl Memory {
    /// Begins to open the history in this folder, on a thread of its own. What keeps it from being used is told, and is
    /// never an obstacle. `runs` is how many of a service are looked at.
    pub(super) fn open<T: Gather>(
        dir: Option<PathBuf>,
        history: History,
        runs: usize,
        stay: Stay,
        tell: Tell,
    ) -> JoinHandle<Opened<T>> {
        tokio::task::spawn_blocking(move || {
            let Some(dir) = dir else { return Self::of(Vec::new()) };
            match read(&dir, history, runs, stay, tell) {
                Ok(opened) => opened,
                Err((tell, why)) => {
                    tell(Some(format!("going on without a history: {why}")));
                    Self::of(Vec::new())
                }
            }
        })
    }

    /// Returns facts that come from nowhere and go nowhere.
    pub(super) fn of<T: Gather>(facts: Vec<Fact>) -> Opened<T> {
        let mut kept = T::default();
        for fact in facts {
            kept.gather(fact);
        }
        Opened { kept, memory: Self::default() }
    }

    /// Keeps what was seen. It never blocks.
    pub(super) fn keep(&mut self, facts: Vec<Fact>) {
        self.catch_up();
        if let Some(writer) = &self.writer {
            writer.keep(facts);
        }
    }

    /// Keeps what was seen once more, as it was, about once a minute or with what is new. It never blocks.
    #[expect(clippy::disallowed_methods, reason = "how long something waited is no matter of the wall clock")]
    pub(super) fn keep_again(&mut self, facts: Vec<Fact>) {
        self.later.extend(facts);
        let since = *self.since.get_or_insert_with(Instant::now);
        if since.elapsed() >= LATER || self.later.len() >= MUCH {
            self.catch_up();
        }
    }

    /// Keeps what these looks gave, but not at hand. It never blocks.
    pub(super) fn shelve(&mut self, looks: Vec<Look>) {
        self.catch_up();
        if let Some(writer) = &self.writer {
            writer.shelve(looks);
        }
    }

    fn catch_up(&mut self) {
        self.since = None;
        let later = std::mem::take(&mut self.later);
        if let Some(writer) = self.writer.as_ref().filter(|_| !later.is_empty()) {
            writer.keep(later);
        }
    }

    /// Begins to read back what is remembered of runs that are over, repository by repository; nothing is written until
    /// all of it was taken. Where there is no history, nothing comes.
    pub(super) fn remembered(&self) -> mpsc::Receiver<Vec<Fact>> {
        let (give, remembered) = mpsc::channel(AHEAD);
        if let Some(writer) = &self.writer {
            // A dashboard or check that does not wait any more has ended.
            writer.remembered(RUNS, move |piece| drop(give.blocking_send(piece)));
        }
        remembered
    }

    /// Returns where answers go that are asked for again conditionally.
    pub(super) fn archive(&self) -> Option<Arc<dyn http::Archive>> {
        let archive = self.writer.as_ref()?.archive()?;
        Some(Arc::new(Answers(archive)))
    }

    /// Waits until everything is written, but not for long. Returns whether it is.
    pub(super) fn finish(mut self) -> bool {
        self.catch_up();
        self.writer.take().is_none_or(|writer| writer.finish(PATIENCE))
    }
}

impl Drop for Memory {
    fn drop(&mut self) {
        self.catch_up();
    }
}

fn read<T: Gather>(
    dir: &Path,
    history: History,
    runs: usize,
    stay: Stay,
    tell: Tell,
) -> Result<Opened<T>, (Tell, String)> {
    let retention = Retention { days: history.days, megabytes: history.megabytes };
    let opened = Store::open(dir, SystemClock.now(), retention).and_then(|mut store| {
        let kept = T::read(&mut store, DEEPER * runs)?;
        Ok::<_, StoreError>((store, kept))
    });
    let (store, kept) = match opened {
        Ok(opened) => opened,
        Err(error) => return Err((tell, error.to_string())),
    };
    if let Some(warning) = store.warning() {
        tell(Some(warning.to_owned()));
    }
    let sweeps = match stay {
        Stay::Long => SWEEPS,
        Stay::Short => SWEEPS_OF_A_CHECK,
    };
    match Writer::start(store, sweeps, || SystemClock.now(), tell) {
        Ok(writer) => Ok(Opened { kept, memory: Memory { writer: Some(writer), later: Vec::new(), since: None } }),
        // What was kept is known all the same.
        Err(_) => Ok(Opened { kept, memory: Memory::default() }),
    }
}

/// Joins what the HTTP stack keeps to where the history keeps it.
#[derive(Debug)]
struct Answers(store::Archive);

impl http::Archive for Answers {
    fn key(&self) -> [u8; 32] {
        self.0.secret()
    }

    fn load(&self, name: &str) -> Option<KeptAnswer> {
        let Answer { etag, last_modified, headers, body } = self.0.load(&unhex(name)?)?;
        Some(KeptAnswer { etag, last_modified, headers, body: body.into() })
    }

    fn save(&self, name: &str, kept: &KeptAnswer) {
        if let Some(key) = unhex(name) {
            let KeptAnswer { etag, last_modified, headers, body } = kept.clone();
            self.0.save(key, Answer { etag, last_modified, headers, body: body.to_vec() });
        }
    }

    fn forget(&self, name: &str) {
        if let Some(key) = unhex(name) {
            self.0.forget(key);
        }
    }
}
