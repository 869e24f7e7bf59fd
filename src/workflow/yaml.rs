//! YAML as far as pipelines are written in it, within limits: size, depth, and how far aliases unfold.

use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};
use saphyr_parser::{Event, Parser, Tag};

use crate::domain::JobEnvironment;

/// No file that is longer is read.
const BYTES: usize = 2 << 20;
/// Nothing stands deeper.
const DEPTH: usize = 64;
/// What a file weighs at most where its aliases are written out: a byte is one, and everything that stands in it `NODE`.
const WEIGHT: usize = 8 << 20;
/// What one thing weighs besides its text.
const NODE: usize = 64;

/// One thing that stands in a file. Where an alias stands for it, it is shared.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Node {
    /// A text, a number, a truth: as it is written.
    Scalar(String),
    /// One after the other.
    Sequence(Vec<Arc<Node>>),
    /// By key, in the order that they are written in.
    Mapping(Vec<(String, Arc<Node>)>),
}

impl Node {
    /// Returns what stands under a key.
    pub(super) fn get(&self, key: &str) -> Option<&Node> {
        self.entries().iter().find(|(name, _)| name == key).map(|(_, node)| &**node)
    }

    /// Returns what stands in a mapping; nothing of anything else.
    pub(super) fn entries(&self) -> &[(String, Arc<Node>)] {
        match self {
            Self::Mapping(entries) => entries,
            Self::Scalar(_) | Self::Sequence(_) => &[],
        }
    }

    /// Returns what stands in a sequence; nothing of anything else.
    pub(super) fn items(&self) -> &[Arc<Node>] {
        match self {
            Self::Sequence(items) => items,
            Self::Scalar(_) | Self::Mapping(_) => &[],
        }
    }

    /// Returns a text.
    pub(super) fn text(&self) -> Option<&str> {
        match self {
            Self::Scalar(text) => Some(text),
            Self::Sequence(_) | Self::Mapping(_) => None,
        }
    }

    /// Returns the environment that a job names; one whose name holds `mark` is computed when it runs.
    pub(super) fn environment(&self, mark: &str) -> JobEnvironment {
        let name = match self.get("environment") {
            Some(Self::Scalar(name)) => Some(name.as_str()),
            Some(node) => node.get("name").and_then(Self::text),
            None => None,
        };
        match name {
            Some(name) if name.contains(mark) => JobEnvironment::Computed,
            Some(name) if !name.is_empty() => JobEnvironment::Named(name.into()),
            Some(_) | None => JobEnvironment::Unset,
        }
    }

    /// Shows every text that stands in it, keys aside.
    pub(super) fn each_text<'a>(&'a self, mut show: impl FnMut(&'a str)) {
        let mut left = vec![self];
        while let Some(node) = left.pop() {
            match node {
                Self::Scalar(text) => show(text),
                Self::Sequence(items) => left.extend(items.iter().rev().map(|node| &**node)),
                Self::Mapping(entries) => left.extend(entries.iter().rev().map(|(_, node)| &**node)),
            }
        }
    }
}

/// Reads one document.
///
/// # Errors
/// Why it is not read, in words: what is wrong with it and in which line, or which limit it is over.
pub(super) fn parse(bytes: &[u8]) -> Result<Arc<Node>, String> {
    if bytes.len() > BYTES {
        return Err(format!("it is longer than {} MiB", BYTES >> 20));
    }
    let text = std::str::from_utf8(bytes).map_err(|_| "it is no UTF-8".to_owned())?;
    let mut parser = Parser::new_from_str(text.strip_prefix('\u{feff}').unwrap_or(text));
    let mut tree = Tree::default();
    while let Some(event) = parser.next_event() {
        let (event, span) = event.map_err(|error| format!("line {}: {}", error.marker().line(), error.info()))?;
        tree.take(event).map_err(|why| format!("line {}: {why}", span.start.line()))?;
    }
    tree.root.ok_or_else(|| "it is empty".to_owned())
}

/// What has begun and not ended yet.
struct Open {
    anchor: usize,
    weight: usize,
    /// How deep what stands in it goes.
    height: usize,
    inside: Inside,
}

enum Inside {
    Sequence(Vec<Arc<Node>>),
    Mapping { entries: Vec<(String, Arc<Node>)>, keys: FxHashSet<String>, key: Option<String> },
}

impl Open {
    fn new(anchor: usize, inside: Inside) -> Self {
        Self { anchor, weight: NODE, height: 0, inside }
    }
}

/// What is whole: itself, its weight, and how deep it goes.
#[derive(Clone)]
struct Whole(Arc<Node>, usize, usize);

#[derive(Default)]
struct Tree {
    open: Vec<Open>,
    anchors: FxHashMap<usize, Whole>,
    root: Option<Arc<Node>>,
    weight: usize,
}

impl Tree {
    fn take(&mut self, event: Event<'_>) -> Result<(), String> {
        match event {
            Event::DocumentStart(_) if self.root.is_some() => Err("it holds several documents".to_owned()),
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentStart(_) | Event::DocumentEnd => {
                Ok(())
            }
            Event::Scalar(text, _, anchor, tag) => {
                plain(tag.as_deref())?;
                let weight = NODE + text.len();
                self.scalar(text.into_owned(), anchor, weight)
            }
            Event::Alias(anchor) => self.alias(anchor),
            Event::SequenceStart(anchor, tag) => {
                self.begin(tag.as_deref(), Open::new(anchor, Inside::Sequence(Vec::new())))
            }
            Event::MappingStart(anchor, tag) => {
                let inside = Inside::Mapping { entries: Vec::new(), keys: FxHashSet::default(), key: None };
                self.begin(tag.as_deref(), Open::new(anchor, inside))
            }
            Event::SequenceEnd | Event::MappingEnd => self.end(),
        }
    }

    /// Returns whether a key comes next.
    fn wants_key(&self) -> bool {
        matches!(self.open.last(), Some(Open { inside: Inside::Mapping { key: None, .. }, .. }))
    }

    fn scalar(&mut self, text: String, anchor: usize, weight: usize) -> Result<(), String> {
        if !self.wants_key() {
            return self.put(anchor, Whole(Arc::new(Node::Scalar(text)), weight, 0));
        }
        self.weigh(weight)?;
        if anchor > 0 {
            self.anchors.insert(anchor, Whole(Arc::new(Node::Scalar(text.clone())), weight, 0));
        }
        let Some(Open { inside: Inside::Mapping { keys, key, .. }, .. }) = self.open.last_mut() else { return Ok(()) };
        if !keys.insert(text.clone()) {
            return Err(format!("the key {text:?} stands there twice"));
        }
        *key = Some(text);
        Ok(())
    }

    fn alias(&mut self, anchor: usize) -> Result<(), String> {
        if self.wants_key() {
            return Err("an alias stands for a key".to_owned());
        }
        let Some(whole) = self.anchors.get(&anchor).cloned() else {
            return Err("an alias stands for something that it is itself a part of".to_owned());
        };
        if self.open.len() + whole.2 > DEPTH {
            return Err(format!("it goes deeper than {DEPTH}"));
        }
        self.put(0, whole)
    }

    fn begin(&mut self, tag: Option<&Tag>, open: Open) -> Result<(), String> {
        plain(tag)?;
        if self.wants_key() {
            return Err("a key is a list or a mapping".to_owned());
        }
        if self.open.len() >= DEPTH {
            return Err(format!("it goes deeper than {DEPTH}"));
        }
        self.open.push(open);
        Ok(())
    }

    fn end(&mut self) -> Result<(), String> {
        let Some(Open { anchor, weight, height, inside }) = self.open.pop() else { return Ok(()) };
        self.weigh(NODE)?;
        let node = match inside {
            Inside::Sequence(items) => Node::Sequence(items),
            Inside::Mapping { entries, .. } => Node::Mapping(entries),
        };
        // What is in it was weighed when it was put there.
        self.weight -= weight;
        self.put(anchor, Whole(Arc::new(node), weight, height + 1))
    }

    fn put(&mut self, anchor: usize, whole: Whole) -> Result<(), String> {
        self.weigh(whole.1)?;
        if anchor > 0 {
            self.anchors.insert(anchor, whole.clone());
        }
        let Whole(node, weight, height) = whole;
        let Some(open) = self.open.last_mut() else {
            self.root = Some(node);
            return Ok(());
        };
        open.weight += weight;
        open.height = open.height.max(height);
        match &mut open.inside {
            Inside::Sequence(items) => items.push(node),
            Inside::Mapping { entries, key, .. } => entries.extend(key.take().map(|key| (key, node))),
        }
        Ok(())
    }

    fn weigh(&mut self, weight: usize) -> Result<(), String> {
        self.weight += weight;
        if self.weight > WEIGHT { Err("its aliases unfold to more than is read".to_owned()) } else { Ok(()) }
    }
}

/// What has a tag of its own means something that nobody here knows.
fn plain(tag: Option<&Tag>) -> Result<(), String> {
    const KNOWN: [&str; 7] = ["str", "int", "float", "bool", "null", "map", "seq"];
    let is_odd = |tag: &&Tag| !(tag.is_yaml_core_schema() && KNOWN.contains(&tag.suffix.as_str()));
    tag.filter(is_odd).map_or(Ok(()), |tag| Err(format!("the tag {tag} is not known")))
}
