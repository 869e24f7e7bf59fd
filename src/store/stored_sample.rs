//! The packed forms of what is read once of runs that are over: the jobs of every try, what logs say, what landed.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::packed::{Packer, Unpacker};
use super::stored_state;
use super::words::{Str, Unreadable, Words, moment};
use crate::domain::{Batch, JobExecution, JobId, LandedCommit, Moment, RetriedTest, RetryLog, Sha, Text};

impl Packer {
    pub(super) fn text(&mut self, text: &Text) -> &mut Self {
        self.bytes(Str::raw(text).0.as_bytes())
    }

    pub(super) fn at(&mut self, at: Option<Timestamp>) -> &mut Self {
        self.maybe(at, |to, at| to.number(at.as_microsecond()))
    }

    fn span(&mut self, span: Option<SignedDuration>) -> &mut Self {
        self.maybe(span, |to, span| to.number(i64::try_from(span.as_micros()).unwrap_or(i64::MAX)))
    }
}

impl Unpacker<'_> {
    pub(super) fn at(&mut self) -> Result<Option<Timestamp>, Unreadable> {
        self.maybe(|from| moment(from.number()?))
    }

    pub(super) fn small(&mut self) -> Option<u32> {
        u32::try_from(self.count()?).ok()
    }

    pub(super) fn is_so(&mut self) -> Option<bool> {
        match self.count()? {
            0 => Some(false),
            1 => Some(true),
            _ => None,
        }
    }

    fn span(&mut self) -> Result<Option<SignedDuration>, Unreadable> {
        self.maybe(|from| Some(SignedDuration::from_micros(from.number()?)))
    }
}

/// Returns the stored form of the jobs of every try, behind the moment that the run ended.
pub(super) fn write_tries(ended: Option<Timestamp>, jobs: &Batch<JobExecution>) -> Vec<u8> {
    let mut body = Packer::default();
    body.at(ended).count(jobs.skipped).count(jobs.complete.into()).count(jobs.items.len() as u64);
    for job in &jobs.items {
        let JobExecution { id, name, stage, attempt, state, failure_reason, allow_failure, .. } = job;
        let (word, other) = stored_state::write(state);
        body.count(id.0).text(name).maybe(stage.as_ref(), Packer::text).count((*attempt).into());
        body.count(word.into()).maybe(other, Packer::text);
        body.maybe(failure_reason.as_ref(), Packer::text).count((*allow_failure).into());
        body.at(job.created_at).at(job.started_at).at(job.finished_at).span(job.queued).span(job.took);
        body.maybe(job.needs.as_ref(), |body, needs| {
            body.count(needs.len() as u64);
            needs.iter().fold(body, Packer::text)
        });
    }
    body.finish()
}

pub(super) fn read_tries(body: &[u8], words: &mut Words) -> Option<(Option<Timestamp>, Batch<JobExecution>)> {
    let mut body = Unpacker::new(body);
    let ended = body.at().ok()?;
    let (skipped, complete, count) = (body.count()?, body.is_so()?, body.count()?);
    let items = (0..count).map(|_| read_job(&mut body, words)).collect::<Option<_>>()?;
    Some((ended, Batch { items, skipped, complete }))
}

fn read_job(body: &mut Unpacker<'_>, words: &mut Words) -> Option<JobExecution> {
    let id = JobId(body.count()?);
    let name = words.text(body.text()?);
    let stage = body.maybe(|body| Some(words.text(body.text()?))).ok()?;
    let attempt = body.small()?;
    let word = u8::try_from(body.count()?).ok()?;
    let other = body.maybe(|body| Some(words.text(body.text()?))).ok()?;
    let failure_reason = body.maybe(|body| Some(words.text(body.text()?))).ok()?;
    Some(JobExecution {
        id,
        name,
        stage,
        attempt,
        state: stored_state::read(word, other)?,
        failure_reason,
        allow_failure: body.is_so()?,
        created_at: body.at().ok()?,
        started_at: body.at().ok()?,
        finished_at: body.at().ok()?,
        queued: body.span().ok()?,
        took: body.span().ok()?,
        needs: body
            .maybe(|body| {
                let count = body.count()?;
                (0..count).map(|_| Some(words.text(body.text()?))).collect::<Option<Arc<[Text]>>>()
            })
            .ok()?,
    })
}

pub(super) fn write_retried(log: &RetryLog) -> Vec<u8> {
    let mut body = Packer::default();
    body.count(log.flaky.into()).count(log.reruns.into()).count(log.truncated.into()).count(log.tests.len() as u64);
    for RetriedTest { classname, name, failed, passed } in &log.tests {
        body.text(classname).text(name).count((*failed).into()).count((*passed).into());
    }
    body.finish()
}

pub(super) fn read_retried(body: &[u8], words: &mut Words) -> Option<RetryLog> {
    let mut body = Unpacker::new(body);
    let (flaky, reruns, truncated, count) = (body.small()?, body.small()?, body.is_so()?, body.count()?);
    let test = |_| {
        let (classname, name) = (words.text(body.text()?), words.text(body.text()?));
        Some(RetriedTest { classname, name, failed: body.small()?, passed: body.is_so()? })
    };
    let tests = (0..count).map(test).collect::<Option<_>>()?;
    Some(RetryLog { tests, flaky, reruns, truncated })
}

pub(super) fn write_arrival(commit: &LandedCommit) -> Vec<u8> {
    let mut body = Packer::default();
    body.bytes(commit.sha.as_str().as_bytes())
        .text(&commit.title)
        .at(commit.committed_at.map(Moment::at))
        .at(commit.run_created_at.map(Moment::at));
    body.finish()
}

pub(super) fn read_arrival(body: &[u8], landed_at: Timestamp) -> Option<LandedCommit> {
    let mut body = Unpacker::new(body);
    Some(LandedCommit {
        sha: Sha::parse(body.text()?).ok()?,
        title: Text::new(body.text()?),
        committed_at: body.at().ok()?.map(Moment::from),
        run_created_at: body.at().ok()?.map(Moment::from),
        landed_at: landed_at.into(),
    })
}
