//! The stored forms of a run's jobs, and of what a job's log says.

use serde::{Deserialize, Serialize};

use super::stored_state;
use super::words::{Str, Words, maybe, moment};
use crate::domain::{Batch, Claim, Digest, ImageName, Job, JobId, Moment, PushLog, Tag};

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct Jobs<'a> {
    #[serde(borrow, rename = "j")]
    items: Vec<StoredJob<'a>>,
    #[serde(rename = "k")]
    skipped: u64,
    #[serde(rename = "x")]
    complete: bool,
}

#[derive(Debug, Serialize, Deserialize)]
struct StoredJob<'a> {
    #[serde(rename = "i")]
    id: u64,
    #[serde(borrow, rename = "n")]
    name: Str<'a>,
    #[serde(rename = "g", default, skip_serializing_if = "Option::is_none")]
    stage: Option<Str<'a>>,
    #[serde(rename = "s")]
    state: u8,
    #[serde(rename = "o", default, skip_serializing_if = "Option::is_none")]
    other: Option<Str<'a>>,
    #[serde(rename = "f", default, skip_serializing_if = "std::ops::Not::not")]
    allow_failure: bool,
    #[serde(rename = "d", default, skip_serializing_if = "Option::is_none")]
    started: Option<i64>,
    #[serde(rename = "z", default, skip_serializing_if = "Option::is_none")]
    finished: Option<i64>,
    /// Nothing: the page for people, which is kept no longer. Those who read it before ask that there is one.
    #[serde(rename = "u", skip_deserializing)]
    page: &'a str,
}

pub(super) fn write_jobs(batch: &Batch<Job>) -> serde_json::Result<String> {
    let items = batch.items.iter().map(stored_job).collect();
    serde_json::to_string(&Jobs { items, skipped: batch.skipped, complete: batch.complete })
}

fn stored_job(job: &Job) -> StoredJob<'_> {
    let Job { id, name, stage, state, allow_failure, started_at, finished_at } = job;
    let (state, other) = stored_state::write(state);
    StoredJob {
        id: id.0,
        name: Str::raw(name),
        stage: stage.as_ref().map(Str::raw),
        state,
        other: other.map(Str::raw),
        allow_failure: *allow_failure,
        started: started_at.map(Moment::as_microsecond),
        finished: finished_at.map(Moment::as_microsecond),
        page: "",
    }
}

pub(super) fn read_jobs(body: &[u8], words: &mut Words) -> Option<Batch<Job>> {
    let stored: Jobs<'_> = serde_json::from_slice(body).ok()?;
    let mut job = |stored: &StoredJob<'_>| {
        Some(Job {
            id: JobId(stored.id),
            name: words.text(&stored.name.0),
            stage: stored.stage.as_ref().map(|stage| words.text(&stage.0)),
            state: stored_state::read(stored.state, stored.other.as_ref().map(Str::text))?,
            allow_failure: stored.allow_failure,
            started_at: maybe(stored.started, moment).ok()?.map(Moment::from),
            finished_at: maybe(stored.finished, moment).ok()?.map(Moment::from),
        })
    };
    let mut items: Vec<Job> = stored.items.iter().map(&mut job).collect::<Option<_>>()?;
    items.shrink_to_fit();
    Some(Batch { items, skipped: stored.skipped, complete: stored.complete })
}

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct Log<'a> {
    #[serde(borrow, rename = "c", skip_serializing_if = "Vec::is_empty")]
    claims: Vec<StoredClaim<'a>>,
    #[serde(rename = "d", skip_serializing_if = "Vec::is_empty")]
    destinations: Vec<String>,
    #[serde(rename = "r", skip_serializing_if = "Vec::is_empty")]
    refusals: Vec<Str<'a>>,
    #[serde(rename = "n", skip_serializing_if = "Vec::is_empty")]
    no_push: Vec<Str<'a>>,
    #[serde(rename = "t", skip_serializing_if = "std::ops::Not::not")]
    truncated: bool,
    #[serde(rename = "a")]
    available: bool,
}

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct StoredClaim<'a> {
    #[serde(rename = "i", skip_serializing_if = "Option::is_none")]
    image: Option<String>,
    #[serde(borrow, rename = "t", skip_serializing_if = "Option::is_none")]
    tag: Option<Str<'a>>,
    #[serde(rename = "d", skip_serializing_if = "Option::is_none")]
    digest: Option<String>,
}

pub(super) fn write_log(log: &PushLog) -> serde_json::Result<String> {
    serde_json::to_string(&Log {
        claims: log.claims.iter().map(stored_claim).collect(),
        destinations: log.destinations.iter().map(ToString::to_string).collect(),
        refusals: log.refusals.iter().map(Str::raw).collect(),
        no_push: log.no_push.iter().map(Str::raw).collect(),
        truncated: log.truncated,
        available: log.available,
    })
}

fn stored_claim(claim: &Claim) -> StoredClaim<'_> {
    let Claim { image, tag, digest } = claim;
    StoredClaim {
        image: image.as_ref().map(ToString::to_string),
        tag: tag.as_ref().map(|tag| Str::of(tag.as_str())),
        digest: digest.as_ref().map(ToString::to_string),
    }
}

pub(super) fn read_log(body: &[u8]) -> Option<PushLog> {
    let stored: Log<'_> = serde_json::from_slice(body).ok()?;
    let claim = |stored: &StoredClaim<'_>| {
        Some(Claim {
            image: maybe(stored.image.as_deref(), |image| ImageName::parse(image).ok()).ok()?,
            tag: maybe(stored.tag.as_ref(), |tag| Tag::parse(&tag.0).ok()).ok()?,
            digest: maybe(stored.digest.as_deref(), |digest| Digest::parse(digest).ok()).ok()?,
        })
    };
    Some(PushLog {
        claims: stored.claims.iter().map(claim).collect::<Option<_>>()?,
        destinations: stored.destinations.iter().map(|name| ImageName::parse(name).ok()).collect::<Option<_>>()?,
        refusals: stored.refusals.iter().map(Str::text).collect(),
        no_push: stored.no_push.iter().map(Str::text).collect(),
        truncated: stored.truncated,
        available: stored.available,
        // Kept apart, for longer.
        retries: None,
    })
}
