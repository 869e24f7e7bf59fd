//! What the dashboard of the week keeps: in one history for a day, and by the writer in another for as long as by default.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use landfall::domain::{Fact, Look, Snapshot};
use landfall::store::{Retention, Store, Writer};
use rusqlite::Connection;
use tempfile::TempDir;

/// The shortest that can be chosen: at the end of the second day the oldest has gone for a day already.
const SHORT: Retention = Retention { days: 1, megabytes: 256 };
/// As the dashboard has it.
const SWEEPS: SignedDuration = SignedDuration::from_hours(1);
/// Longer than writing takes on a busy machine.
const PATIENCE: Duration = Duration::from_mins(1);

/// Both histories.
pub(crate) struct Kept {
    short: Option<Store>,
    long: Option<Writer>,
    folders: [TempDir; 2],
    /// What the clock shows, for the threads that write: they do not know of the time that is put forward.
    now: Arc<AtomicI64>,
    facts: Vec<Fact>,
    again: BTreeMap<String, Fact>,
    shelved: Vec<Look>,
    /// How many sweeps came to their end.
    pub(crate) sweeps: usize,
}

/// How large a history is.
#[derive(Debug, Clone)]
pub(crate) struct Size {
    /// Rows by table.
    pub(crate) rows: BTreeMap<String, i64>,
    /// The bytes of its pages.
    pub(crate) bytes: i64,
    /// The bytes of the log of writes.
    pub(crate) log: u64,
}

impl Kept {
    pub(crate) fn open(now: Timestamp) -> Self {
        let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
        let mut kept = Self {
            short: Some(Store::open(folders[0].path(), now, SHORT).unwrap()),
            long: None,
            folders,
            now: Arc::new(AtomicI64::new(now.as_microsecond())),
            facts: Vec::new(),
            again: BTreeMap::new(),
            shelved: Vec::new(),
            sweeps: 0,
        };
        kept.long = Some(kept.writer());
        kept
    }

    fn writer(&self) -> Writer {
        let now = self.now.clone();
        let clock = move || Timestamp::from_microsecond(now.load(Ordering::Relaxed)).unwrap();
        let store = Store::open(self.folders[1].path(), clock(), Retention::default()).unwrap();
        Writer::start(store, SWEEPS, clock, |trouble| assert_eq!(trouble, None)).unwrap()
    }

    /// Keeps facts. Of what is told again and again the newest is written, as by the writer.
    pub(crate) fn keep(&mut self, facts: Vec<Fact>) {
        for fact in facts {
            match &fact {
                Fact::Runs { service, .. } => drop(self.again.insert(service.to_string(), fact)),
                Fact::Answered(source, ..) => drop(self.again.insert(source.to_string(), fact)),
                _ => self.facts.push(fact),
            }
        }
    }

    pub(crate) fn shelve(&mut self, looks: Vec<Look>) {
        self.shelved.extend(looks);
    }

    /// Writes what there is. The writer does so on threads of its own, in real time; here a sweep comes after it by the
    /// same rule, and at once.
    pub(crate) fn write(&mut self, now: Timestamp) {
        self.now.store(now.as_microsecond(), Ordering::Relaxed);
        let (mut facts, shelved) = (std::mem::take(&mut self.facts), std::mem::take(&mut self.shelved));
        facts.extend(std::mem::take(&mut self.again).into_values());
        let store = self.short.as_mut().unwrap();
        store.keep(&facts, now).unwrap();
        store.shelve(&shelved).unwrap();
        if store.is_unswept(now, SWEEPS).unwrap() {
            while store.sweep(now).unwrap() {}
            self.sweeps += 1;
        }
        let writer = self.long.as_ref().unwrap();
        writer.keep(facts);
        writer.shelve(shelved);
    }

    /// Ends the writer, lets another one go on, and returns how large both histories are.
    pub(crate) fn sizes(&mut self) -> [Size; 2] {
        assert!(self.long.take().unwrap().finish(PATIENCE));
        self.long = Some(self.writer());
        self.folders.each_ref().map(|folder| size(folder.path()))
    }

    /// Ends all, and returns what the next process knows by each history.
    pub(crate) fn known(mut self, runs: usize, now: Timestamp) -> [Snapshot; 2] {
        assert!(self.long.take().unwrap().finish(PATIENCE));
        drop(self.short.take());
        self.folders.each_ref().map(|folder| {
            let mut store = Store::open(folder.path(), now, Retention::default()).unwrap();
            assert_eq!(store.warning(), None);
            let mut known = Snapshot::default();
            store.recall_each(runs, &mut |fact| known.recall(fact)).unwrap();
            store.remembered(usize::MAX).unwrap().into_iter().for_each(|fact| known.recall(fact));
            known
        })
    }
}

fn size(folder: &Path) -> Size {
    let file = Connection::open(folder.join("history.sqlite")).unwrap();
    let tables = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'";
    let mut tables = file.prepare(tables).unwrap();
    let names: Vec<String> = tables.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    let count = |name: &String| file.query_row(&format!("SELECT count(*) FROM {name}"), [], |row| row.get(0)).unwrap();
    let rows = names.iter().map(|name| (name.clone(), count(name))).collect();
    let bytes = "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size";
    let bytes = file.query_row(bytes, [], |row| row.get(0)).unwrap();
    let log = fs::metadata(folder.join("history.sqlite-wal")).map_or(0, |log| log.len());
    Size { rows, bytes, log }
}

/// Returns how many lines it takes to write down each part of what is known.
pub(crate) fn held_in(snapshot: &Snapshot) -> BTreeMap<String, usize> {
    let (text, mut held) = (format!("{snapshot:#?}"), BTreeMap::new());
    let mut part = "";
    for line in text.lines() {
        let field = line.strip_prefix("    ").filter(|field| field.starts_with(|c: char| c.is_ascii_lowercase()));
        part = field.and_then(|field| field.split(':').next()).unwrap_or(part);
        *held.entry(part.to_owned()).or_default() += 1;
    }
    held
}
