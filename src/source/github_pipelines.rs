//! GitHub's workflows on the default branch: what they read of secrets, when they start, and which are switched off.

use std::sync::Arc;

use rustc_hash::FxHashMap;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::api::{self, FILE_CAP, Kind};
use super::ci_credentials::is_of_all;
use super::github::GitHub;
use super::memo::Reading;
use super::pages;
use crate::domain::{Batch, Failure, Pipeline, RepoPath};
use crate::http::{Answer, on_a_thread};
use crate::workflow;

/// Where workflows lie.
const FOLDER: &str = ".github/workflows";
/// How many files of a repository are read.
const FILES: usize = 100;
/// How many bytes of them in all.
const BYTES: u64 = 8 << 20;

/// An entry of `GET /repos/{repo}/contents/.github/workflows`. Its addresses may hold tokens, and are not read.
#[derive(Deserialize)]
struct EntryDto {
    path: String,
    sha: String,
    #[serde(default)]
    size: u64,
    #[serde(rename = "type")]
    kind: String,
}

impl EntryDto {
    fn is_workflow(&self) -> bool {
        let ends = [".yml", ".yaml"].iter().any(|end| self.path.ends_with(end));
        let is_object = !self.sha.is_empty() && self.sha.bytes().all(|byte| byte.is_ascii_hexdigit());
        self.kind == "file" && ends && is_object
    }
}

/// A workflow of `GET /repos/{repo}/actions/workflows`.
#[derive(Deserialize)]
struct StateDto {
    path: String,
    state: String,
}

/// Reads the workflows of a repository; the very ones that were given last, where GitHub says that nothing changed.
pub(super) async fn read(github: &GitHub, repo: &RepoPath) -> Result<Arc<Batch<Pipeline>>, Failure> {
    let first = github.route(&format!("repos/{repo}/contents/{FOLDER}"));
    let mut reading = Reading::new(github);
    if let Some(known) = github.pipelines.confirmed(&first, &mut reading).await {
        return Ok(known);
    }
    let listed = listed(&mut reading, first.clone()).await;
    if let Some(failure) = listed.as_ref().err().filter(|failure| is_of_all(failure)) {
        return Err(failure.clone());
    }
    let states = states(github, repo, &mut reading).await;
    let (entries, skipped) = match (listed, &states) {
        (Ok(listed), _) => listed,
        // The folder is absent, or hidden from this token: who may list workflows knows which.
        (Err(Failure::NotFound(_)), Ok(states)) if states.keys().all(|path| !path.starts_with(FOLDER)) => {
            (Vec::new(), 0)
        }
        (Err(failure), _) => return Err(failure),
    };
    let files = files(github, repo, entries).await?;
    let made = on_a_thread(move || workflow::pipelines(&files)).await;
    let mut items = made.ok_or_else(|| Failure::Withheld("the workflows could not be read".into()))?;
    for pipeline in &mut items {
        let state = states.as_ref().ok().and_then(|states| states.get(pipeline.file.raw()));
        pipeline.switched_off = state.is_some_and(|state| state.starts_with("disabled"));
    }
    let batch = Arc::new(Batch { items, skipped, complete: skipped == 0 });
    if batch.complete && states.is_ok() {
        github.pipelines.keep(first, &reading, 0, Arc::clone(&batch));
    }
    Ok(batch)
}

async fn listed(reading: &mut Reading<'_, GitHub>, address: String) -> Result<(Vec<EntryDto>, u64), Failure> {
    let answer = reading.get(address).await?;
    let list: Vec<&RawValue> = api::json(&answer).inspect_err(|_| reading.distrust(&answer))?;
    let (entries, skipped) = api::each(&list, |entry: EntryDto| Some(entry));
    Ok((entries.into_iter().filter(EntryDto::is_workflow).collect(), skipped))
}

/// Returns what GitHub does with each workflow, by its path. Where it does not say, every one is taken to run.
async fn states(
    github: &GitHub,
    repo: &RepoPath,
    reading: &mut Reading<'_, GitHub>,
) -> Result<FxHashMap<String, String>, Failure> {
    let first = github.route(&format!("repos/{repo}/actions/workflows?per_page=100"));
    let page = |_: &str, answer: &Answer| github.page(answer, |it: StateDto| Some((it.path, it.state)));
    let read = pages::read(first, reading, page, pages::everything).await?;
    Ok(read.items.into_iter().filter(|(_, state)| state != "deleted").collect())
}

/// A workflow's path, and what is in it, or why that is not known.
type File = (String, Result<Vec<u8>, String>);

/// Returns every file that is to be read.
///
/// # Errors
/// Why one of them did not come: it is better to know what they said before than half of what they say now.
async fn files(github: &GitHub, repo: &RepoPath, entries: Vec<EntryDto>) -> Result<Vec<File>, Failure> {
    let (mut files, mut left) = (Vec::new(), BYTES);
    for (place, entry) in entries.into_iter().enumerate() {
        let content = if place >= FILES {
            Err(format!("it was not read: only {FILES} files of a repository are"))
        } else if entry.size > left.min(FILE_CAP) {
            Err("it was not read: it is too long, or all workflows of its repository are together".to_owned())
        } else {
            left -= entry.size;
            // What lies under a hash never changes: it is asked for in full once.
            let address = github.route(&format!("repos/{repo}/git/blobs/{}", entry.sha));
            Ok(api::body(&github.ask(Kind::File, address).await?)?.to_vec())
        };
        files.push((entry.path, content));
    }
    Ok(files)
}
