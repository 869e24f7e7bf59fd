//! Names that many rows share, each written once: providers, repositories, images, services, verdicts.

use std::sync::Arc;

use arcstr::ArcStr;
use rusqlite::Connection;
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use super::sum;
use super::words::{Built, Words};
use crate::domain::{Frame, ImageName, RepoPath, RevisionRule, RunKey, ServiceName, SourceId};

/// What a name is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Kind {
    Source = 1,
    /// A repository at a provider, as `provider owner/name`.
    Place = 2,
    Image = 3,
    Service = 4,
    Verdict = 5,
    Frame = 6,
}

/// How a row names another: by its number, and by its sum.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Mark {
    pub(super) id: i64,
    pub(super) sum: i64,
}

/// Every name that was read or written so far.
#[derive(Debug, Default)]
pub(super) struct Names {
    marks: FxHashMap<Kind, FxHashMap<Box<str>, Mark>>,
    sources: Known<SourceId>,
    places: Known<Place>,
    images: Known<ImageName>,
    services: Known<ServiceName>,
    verdicts: Known<ArcStr>,
    frames: Known<Arc<Frame>>,
    shared: Shared,
    newest: i64,
}

impl Names {
    /// Reads the names that were written since the last time, by whichever process.
    pub(super) fn load(&mut self, connection: &Connection) -> rusqlite::Result<()> {
        let mut statement = connection.prepare_cached("SELECT id, kind, text, sum FROM name WHERE id > ?1")?;
        let mut rows = statement.query([self.newest])?;
        let mut words = Words::default();
        while let Some(row) = rows.next()? {
            let (id, kind, kept) = (row.get(0)?, row.get::<_, i64>(1)?, row.get(3)?);
            let Ok(text) = row.get_ref(2)?.as_str() else { continue };
            if sum::of_name(id, kind, text) == kept
                && let Some(kind) = Kind::of(kind)
            {
                self.newest = self.newest.max(id);
                self.learn(Mark { id, sum: kept }, kind, text, &mut words);
            }
        }
        Ok(())
    }

    /// Returns whether no name was written since they were last read.
    pub(super) fn are_all(&self, connection: &Connection) -> rusqlite::Result<bool> {
        let newest = connection.query_row("SELECT max(id) FROM name", [], |row| row.get::<_, Option<i64>>(0))?;
        Ok(newest.is_none_or(|newest| newest <= self.newest))
    }

    /// Returns the mark of a name, if it was ever written.
    pub(super) fn find(&mut self, to: &Connection, kind: Kind, text: &str) -> rusqlite::Result<Option<Mark>> {
        let known = |names: &Self| names.marks.get(&kind).and_then(|marks| marks.get(text)).copied();
        if let Some(mark) = known(self) {
            return Ok(Some(mark));
        }
        self.load(to)?;
        Ok(known(self))
    }

    /// Returns the mark of a name, and writes it where it is new. To be called while nobody else can write.
    pub(super) fn mark(&mut self, to: &Connection, kind: Kind, text: &str) -> rusqlite::Result<Mark> {
        if let Some(mark) = self.find(to, kind, text)? {
            return Ok(mark);
        }
        to.prepare_cached("INSERT INTO name (kind, text, sum) VALUES (?1, ?2, 0)")?.execute((kind as i64, text))?;
        let id = to.last_insert_rowid();
        let mark = Mark { id, sum: sum::of_name(id, kind as i64, text) };
        to.prepare_cached("UPDATE name SET sum = ?2 WHERE id = ?1")?.execute((id, mark.sum))?;
        self.learn(mark, kind, text, &mut Words::default());
        Ok(mark)
    }

    pub(super) fn image_mark(&mut self, to: &Connection, image: &ImageName) -> rusqlite::Result<Mark> {
        self.mark(to, Kind::Image, &image.to_string())
    }

    pub(super) fn place(&mut self, to: &Connection, run: &RunKey) -> rusqlite::Result<Mark> {
        self.mark(to, Kind::Place, &place_text(run))
    }

    /// Forgets all of it: what was written was undone.
    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    pub(super) fn source(&self, id: i64) -> Option<&(SourceId, i64)> {
        self.sources.get(&id)
    }

    pub(super) fn place_of(&self, id: i64) -> Option<&(Place, i64)> {
        self.places.get(&id)
    }

    pub(super) fn image(&self, id: i64) -> Option<&(ImageName, i64)> {
        self.images.get(&id)
    }

    pub(super) fn service(&self, id: i64) -> Option<&(ServiceName, i64)> {
        self.services.get(&id)
    }

    pub(super) fn verdict(&self, id: i64) -> Option<&(ArcStr, i64)> {
        self.verdicts.get(&id)
    }

    pub(super) fn frame(&self, id: i64) -> Option<&(Arc<Frame>, i64)> {
        self.frames.get(&id)
    }

    fn learn(&mut self, mark: Mark, kind: Kind, text: &str, words: &mut Words) {
        let Mark { id, sum } = mark;
        let learnt = match kind {
            Kind::Source => learn(&mut self.sources, id, self.shared.source(text), sum),
            Kind::Place => learn(&mut self.places, id, self.shared.place(text), sum),
            Kind::Image => learn(&mut self.images, id, ImageName::parse(text).ok(), sum),
            Kind::Service => learn(&mut self.services, id, ServiceName::parse(text).ok(), sum),
            Kind::Verdict => learn(&mut self.verdicts, id, Some(text.into()), sum),
            Kind::Frame => learn(&mut self.frames, id, read_frame(text, words).map(Arc::new), sum),
        };
        if learnt {
            self.marks.entry(kind).or_default().insert(text.into(), mark);
        }
    }
}

/// Each provider's name is one, however many repositories it has.
#[derive(Debug, Default)]
struct Shared(FxHashMap<Box<str>, SourceId>);

impl Shared {
    fn source(&mut self, name: &str) -> Option<SourceId> {
        if let Some(known) = self.0.get(name) {
            return Some(known.clone());
        }
        let source = SourceId::parse(name).ok()?;
        self.0.insert(name.into(), source.clone());
        Some(source)
    }

    fn place(&mut self, text: &str) -> Option<Place> {
        let (ci, repo) = text.split_once(' ')?;
        Some((self.source(ci)?, RepoPath::parse(repo).ok()?))
    }
}

/// A repository at a provider.
type Place = (SourceId, RepoPath);
/// Names of one kind by their numbers, each with its sum.
type Known<T> = FxHashMap<i64, (T, i64)>;

fn learn<T>(known: &mut Known<T>, id: i64, name: Option<T>, sum: i64) -> bool {
    let Some(name) = name else { return false };
    known.insert(id, (name, sum));
    true
}

/// Neither half can hold a blank.
pub(super) fn place_text(run: &RunKey) -> String {
    format!("{} {}", run.ci, run.repo)
}

impl Kind {
    fn of(number: i64) -> Option<Self> {
        let all = [Self::Source, Self::Place, Self::Image, Self::Service, Self::Verdict, Self::Frame];
        all.into_iter().find(|kind| *kind as i64 == number)
    }
}

#[derive(Serialize, Deserialize)]
struct StoredFrame<'a> {
    #[serde(borrow, default)]
    w: Vec<Built<'a>>,
    r: &'a str,
    #[serde(default)]
    p: Vec<Built<'a>>,
}

/// Returns the text of what proofs have in common.
pub(super) fn frame_text(frame: &Frame) -> Option<String> {
    let wanted = frame.wanted.iter().map(Built::of).collect();
    let platforms = frame.platforms.iter().map(Built::of).collect();
    let stored = StoredFrame { w: wanted, r: frame.rule.word(), p: platforms };
    serde_json::to_string(&stored).ok()
}

fn read_frame(text: &str, words: &mut Words) -> Option<Frame> {
    let stored: StoredFrame<'_> = serde_json::from_str(text).ok()?;
    Some(Frame {
        wanted: stored.w.iter().map(|built| words.platform(built)).collect(),
        rule: RevisionRule::ALL.into_iter().find(|rule| rule.word() == stored.r)?,
        platforms: stored.p.iter().map(|built| words.platform(built)).collect(),
    })
}
