//! The stored form of a service's runs: one JSON object, column by column, so that hundreds are read in a moment.

use std::fmt::Write as _;
use std::num::NonZeroU64;
use std::sync::Arc;

use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use super::names::place_text;
use super::stored_state;
use super::words::{Str, Words, maybe, moment};
use crate::domain::{Batch, Event, Moment, RepoPath, Run, RunKey, Sha, SourceId, Text};

/// Each column has one entry a run, newest first. One that says nothing of any run is left out.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct Runs<'a> {
    /// What stands in many runs, each once: workflows, events, branches, places.
    #[serde(borrow, rename = "w")]
    words: Vec<Str<'a>>,
    /// What every page's address begins with.
    #[serde(rename = "p")]
    pages: Str<'a>,
    #[serde(rename = "i")]
    ids: Vec<u64>,
    #[serde(rename = "a", skip_serializing_if = "first_attempts")]
    attempts: Vec<u32>,
    #[serde(rename = "n")]
    numbers: Vec<u64>,
    #[serde(rename = "y")]
    workflows: Vec<usize>,
    #[serde(rename = "f", skip_serializing_if = "silent")]
    files: Vec<Option<usize>>,
    #[serde(rename = "e")]
    events: Vec<usize>,
    #[serde(rename = "b", skip_serializing_if = "silent")]
    branches: Vec<Option<usize>>,
    #[serde(rename = "g", skip_serializing_if = "silent")]
    git_tags: Vec<Option<usize>>,
    #[serde(rename = "r", skip_serializing_if = "silent")]
    pull_requests: Vec<Option<u64>>,
    #[serde(rename = "h")]
    shas: Vec<Str<'a>>,
    #[serde(rename = "t")]
    titles: Vec<Str<'a>>,
    /// What the page's address ends with.
    #[serde(rename = "u")]
    urls: Vec<Str<'a>>,
    #[serde(rename = "s")]
    states: Vec<u8>,
    /// The provider's own word, where it is none of ours.
    #[serde(rename = "o", skip_serializing_if = "silent")]
    others: Vec<Option<usize>>,
    #[serde(rename = "c", skip_serializing_if = "silent")]
    created: Vec<Option<i64>>,
    #[serde(rename = "m", skip_serializing_if = "silent")]
    committed: Vec<Option<i64>>,
    #[serde(rename = "d", skip_serializing_if = "silent")]
    started: Vec<Option<i64>>,
    #[serde(rename = "z", skip_serializing_if = "silent")]
    finished: Vec<Option<i64>>,
    /// The place of a run that is another than the first one's.
    #[serde(rename = "l", skip_serializing_if = "silent")]
    elsewhere: Vec<Option<usize>>,
    #[serde(rename = "k")]
    skipped: u64,
    #[serde(rename = "x")]
    complete: bool,
}

fn silent<T>(column: &[Option<T>]) -> bool {
    column.iter().all(Option::is_none)
}

fn first_attempts(column: &[u32]) -> bool {
    column.iter().all(|attempt| *attempt == 1)
}

/// Numbers the words of one service.
#[derive(Default)]
struct Index<'a> {
    numbers: FxHashMap<Str<'a>, usize>,
    words: Vec<Str<'a>>,
}

impl<'a> Index<'a> {
    fn of(&mut self, word: Str<'a>) -> usize {
        *self.numbers.entry(word).or_insert_with_key(|word| {
            self.words.push(word.clone());
            self.words.len() - 1
        })
    }

    fn text(&mut self, text: &'a Text) -> usize {
        self.of(Str::raw(text))
    }
}

/// Returns the stored form. The first run's place is not in it.
pub(super) fn write(batch: &Batch<Arc<Run>>) -> serde_json::Result<String> {
    let mut index = Index::default();
    let first = batch.items.first().map(|run| &run.key);
    let urls: Vec<String> = batch.items.iter().map(|run| run.url.to_string()).collect();
    let pages = shared_start(&urls);
    let mut stored =
        Runs { pages: Str::of(pages), skipped: batch.skipped, complete: batch.complete, ..Runs::default() };
    for (run, url) in batch.items.iter().zip(&urls) {
        let elsewhere = first.filter(|first| (&first.ci, &first.repo) != (&run.key.ci, &run.key.repo));
        let (state, other) = stored_state::write(&run.state);
        stored.ids.push(run.key.id);
        stored.attempts.push(run.key.attempt);
        stored.numbers.push(run.number);
        stored.workflows.push(index.text(&run.workflow));
        stored.files.push(run.workflow_file.as_ref().map(|file| index.text(file)));
        stored.events.push(index.text(&run.event.0));
        stored.branches.push(run.branch.as_ref().map(|branch| index.text(branch)));
        stored.git_tags.push(run.git_tag.as_ref().map(|tag| index.text(tag)));
        stored.pull_requests.push(run.pull_request.map(NonZeroU64::get));
        stored.shas.push(Str::of(run.sha.as_str()));
        stored.titles.push(Str::raw(&run.title));
        stored.urls.push(Str::of(url.get(pages.len()..).unwrap_or_default()));
        stored.states.push(state);
        stored.others.push(other.map(|other| index.text(other)));
        stored.created.push(run.created_at.map(Moment::as_microsecond));
        stored.committed.push(run.committed_at.map(Moment::as_microsecond));
        stored.started.push(run.started_at.map(Moment::as_microsecond));
        stored.finished.push(run.finished_at.map(Moment::as_microsecond));
        stored.elsewhere.push(elsewhere.map(|_| index.of(Str(place_text(&run.key).into()))));
    }
    stored.words = index.words;
    serde_json::to_string(&stored)
}

/// Returns the runs, if every one can be read. `place` is the first one's.
pub(super) fn read(body: &[u8], place: Option<(&SourceId, &RepoPath)>, words: &mut Words) -> Option<Batch<Arc<Run>>> {
    // The whole is known to be text at once; piece by piece that takes longer.
    let stored: Runs<'_> = serde_json::from_str(std::str::from_utf8(body).ok()?).ok()?;
    let texts: Vec<Text> = stored.words.iter().map(|word| words.text(&word.0)).collect();
    let word = |index: usize| texts.get(index).cloned();
    let mut url = String::new();
    let mut items = Vec::with_capacity(stored.ids.len());
    for (row, id) in stored.ids.iter().enumerate() {
        let (ci, repo) = match said(&stored.elsewhere, row) {
            Some(index) => elsewhere(&stored.words.get(index)?.0)?,
            None => place.map(|(ci, repo)| (ci.clone(), repo.clone()))?,
        };
        let attempt = stored.attempts.get(row).copied().unwrap_or(1);
        url.clear();
        // Writing to a String cannot fail.
        let _ = write!(url, "{}{}", stored.pages.0, stored.urls.get(row)?.0);
        items.push(Arc::new(Run {
            key: RunKey { ci, repo, id: *id, attempt },
            number: *stored.numbers.get(row)?,
            workflow: word(*stored.workflows.get(row)?)?,
            workflow_file: maybe(said(&stored.files, row), word).ok()?,
            event: Event(word(*stored.events.get(row)?)?),
            branch: maybe(said(&stored.branches, row), word).ok()?,
            git_tag: maybe(said(&stored.git_tags, row), word).ok()?,
            pull_request: said(&stored.pull_requests, row).and_then(NonZeroU64::new),
            sha: Sha::parse(&stored.shas.get(row)?.0).ok()?,
            title: stored.titles.get(row)?.text(),
            url: words.page(&url),
            state: stored_state::read(*stored.states.get(row)?, maybe(said(&stored.others, row), word).ok()?)?,
            created_at: maybe(said(&stored.created, row), moment).ok()?.map(Moment::from),
            committed_at: maybe(said(&stored.committed, row), moment).ok()?.map(Moment::from),
            started_at: maybe(said(&stored.started, row), moment).ok()?.map(Moment::from),
            finished_at: maybe(said(&stored.finished, row), moment).ok()?.map(Moment::from),
        }));
    }
    Some(Batch { items, skipped: stored.skipped, complete: stored.complete })
}

fn said<T: Copy>(column: &[Option<T>], row: usize) -> Option<T> {
    column.get(row).copied().flatten()
}

fn elsewhere(place: &str) -> Option<(SourceId, RepoPath)> {
    let (ci, repo) = place.split_once(' ')?;
    Some((SourceId::parse(ci).ok()?, RepoPath::parse(repo).ok()?))
}

/// Returns what the addresses of all pages begin with.
fn shared_start(urls: &[String]) -> &str {
    let mut urls = urls.iter();
    let Some(first) = urls.next() else { return "" };
    let shortest = urls.fold(first.len(), |length, url| {
        let same = first.bytes().zip(url.bytes()).take(length);
        same.take_while(|(one, other)| one == other).count()
    });
    let whole = (0..=shortest).rev().find_map(|length| first.get(..length));
    whole.unwrap_or_default()
}
