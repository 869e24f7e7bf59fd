//! What breaks when a credential ends: the pipelines that read it, and the one whose scheduled run comes first after the
//! end.

use std::sync::Arc;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use rustc_hash::{FxHashMap, FxHashSet};

use super::CredentialReport;
use super::consumers::{Consumer, Repository, Shelf, consumers, declared_consumers};
use super::credentials::CredentialPolicy;
use super::next_run::next_run;
use super::working_time::{team_time, team_zone};
use crate::domain::{
    CredentialKind, CredentialRecord, Expiry, Hours, Level, PipelineList, Snapshot, SourceId, Standing, Text,
};

/// A run that is nearer than this is told by its weekday alone.
const THIS_WEEK: SignedDuration = SignedDuration::from_hours(6 * 24);

/// Who reads a credential, and what that means when it ends.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Breaks {
    /// Who reads it, the surest first.
    pub consumers: Vec<Consumer>,
    /// What breaks first, where its end is known and somebody reads it.
    pub first: Option<FirstToBreak>,
    /// What is not known of who reads it: a sentence each.
    pub unsure: Vec<String>,
}

/// What breaks first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FirstToBreak {
    /// The pipeline, or its schedule where that has a name.
    pub name: Text,
    /// Its repository.
    pub repo: Text,
    /// When it is scheduled; none where no schedule leads to it.
    pub at: Option<Timestamp>,
    /// Whether it surely reads the credential.
    pub is_sure: bool,
    /// What is said of it before its name, and behind it.
    pub(super) begins: &'static str,
    pub(super) follows: String,
}

impl FirstToBreak {
    /// Returns all of that in words, in the team's time.
    #[must_use]
    pub fn words(&self) -> String {
        let Self { begins, name, follows, .. } = self;
        format!("{begins}{name}{follows}")
    }
}

/// Finds out for every row who reads it, and what breaks first.
pub(super) fn join(rows: &mut [CredentialReport], snapshot: &Snapshot, policy: &CredentialPolicy, now: Timestamp) {
    let repositories: FxHashMap<(&SourceId, String), &PipelineList> = snapshot
        .pipelines()
        .map(|((source, repo), list)| ((source, repo.as_str().to_ascii_lowercase()), list))
        .collect();
    let shelves: FxHashSet<Shelf> = rows.iter().flat_map(shelves).collect();
    let found: Vec<Breaks> = rows
        .iter()
        .map(|row| match (&row.source, &row.record.reach) {
            (Some(source), Some(reach)) => {
                let mut breaks = Breaks::default();
                for repo in &reach.repos {
                    let key = (source, repo.as_str().to_ascii_lowercase());
                    let repository = Repository { source, repo, shelves: &shelves };
                    read(&mut breaks, &row.record, &reach.level, &repository, repositories.get(&key).copied());
                }
                breaks
            }
            (None, _) => declared(row, snapshot, policy, &shelves),
            (Some(_), None) => Breaks::default(),
        })
        .collect();
    for (row, breaks) in rows.iter_mut().zip(found) {
        row.breaks = breaks;
    }
    hand_up(rows);
    for row in rows {
        row.breaks.consumers.sort_by(|one, other| one.rank().cmp(&other.rank()));
        row.breaks.first = first(&row.record, &mut row.breaks.consumers, &policy.hours, now);
    }
}

fn shelves(row: &CredentialReport) -> Vec<Shelf> {
    let (Some(source), Some(reach)) = (&row.source, &row.record.reach) else { return Vec::new() };
    reach.repos.iter().map(|repo| Shelf::of(source, repo, &reach.level, row.record.name.raw())).collect()
}

/// Adds the readers of one repository.
fn read(
    breaks: &mut Breaks,
    record: &CredentialRecord,
    level: &Level,
    repository: &Repository<'_>,
    list: Option<&PipelineList>,
) {
    let repo = repository.repo;
    let Some(list) = list.filter(|list| list.known.is_some()) else {
        let why = list.and_then(|list| list.failure.as_ref()).map(|miss| format!(": {}", miss.failure));
        let why = why.unwrap_or_default();
        breaks.unsure.push(format!("who uses it in {repo} is not known, its pipelines were not read{why}"));
        return;
    };
    if let Some(miss) = &list.failure {
        breaks.unsure.push(format!("the pipelines of {repo} are as they were last read: {}", miss.failure));
    } else if list.known.as_ref().is_some_and(|batch| !batch.complete || batch.skipped > 0) {
        breaks.unsure.push(format!("not all pipelines of {repo} were read"));
    }
    let found = consumers(record, level, repository, list.pipelines());
    if found.is_empty() && record.kind == CredentialKind::Variable {
        let words = format!("no job of {repo} names it, yet GitLab hands it to each: a program may read it unnamed");
        breaks.unsure.push(words);
    }
    breaks.consumers.extend(found);
}

/// What is declared may name a copy that nobody could list; the pipelines that would read it are known all the same.
fn declared(
    row: &CredentialReport,
    snapshot: &Snapshot,
    policy: &CredentialPolicy,
    shelves: &FxHashSet<Shelf>,
) -> Breaks {
    let mut breaks = Breaks::default();
    let declared = policy.declared.iter().find(|declared| declared.name == row.record.name);
    if let Some(declared) = declared.filter(|declared| !declared.copies.patterns().is_empty()) {
        for ((source, repo), list) in snapshot.pipelines() {
            let repository = Repository { source, repo, shelves };
            breaks.consumers.extend(declared_consumers(declared, &repository, list.pipelines()));
        }
    }
    breaks
}

/// Whoever reads a copy breaks when the credential ends that it was made from.
fn hand_up(rows: &mut [CredentialReport]) {
    let copies: Vec<(Text, Vec<Consumer>)> = rows
        .iter()
        .filter_map(|row| Some((row.record.upstream.clone()?, row.breaks.consumers.clone())))
        .filter(|(_, consumers)| !consumers.is_empty())
        .collect();
    for (upstream, consumers) in copies {
        if let Some(row) = rows.iter_mut().find(|row| row.record.id == upstream) {
            let known = &mut row.breaks.consumers;
            let new: Vec<_> = consumers.into_iter().filter(|consumer| !known.contains(consumer)).collect();
            known.extend(new);
        }
    }
}

/// Returns what breaks first after the end, or after now where it has ended. Those that surely read it come before those
/// that perhaps do.
fn first(record: &CredentialRecord, consumers: &mut [Consumer], hours: &Hours, now: Timestamp) -> Option<FirstToBreak> {
    let is_refused = matches!(record.standing, Standing::Refused(_) | Standing::Ended(_));
    let end = match record.expiry {
        Expiry::At(at) if !is_refused => at.max(now),
        Expiry::At(_) | Expiry::Never | Expiry::Untold | Expiry::Unreadable(_) if is_refused => now,
        Expiry::At(_) | Expiry::Never | Expiry::Untold | Expiry::Unreadable(_) => return None,
    };
    let mut scheduled: Option<(bool, Timestamp, Text, Text)> = None;
    for consumer in &mut *consumers {
        let pipeline = Arc::clone(&consumer.pipeline);
        if pipeline.switched_off || !consumer.follows_schedules || consumer.is_unread() {
            continue;
        }
        for schedule in pipeline.schedules.iter().filter(|schedule| !schedule.switched_off) {
            match next_run(schedule, end) {
                Ok(at) => {
                    consumer.next_run = Some(consumer.next_run.map_or(at, |known| known.min(at)));
                    let name = schedule.name.clone().unwrap_or_else(|| pipeline.name.clone());
                    let candidate = (!consumer.is_sure(), at, name, consumer.repo.clone());
                    if scheduled.as_ref().is_none_or(|known| candidate < *known) {
                        scheduled = Some(candidate);
                    }
                }
                Err(why) => consumer.why = Some(why.into()),
            }
        }
    }
    let has_ended = end == now;
    if let Some((unsure, at, name, repo)) = scheduled {
        let begins = match (unsure, has_ended) {
            (false, false) => "first to break: ",
            (false, true) => "next scheduled: ",
            (true, false) => "may be first to break: ",
            (true, true) => "may break next: ",
        };
        let follows = format!(", {}", run_time(hours, at, now));
        return Some(FirstToBreak { name, repo, at: Some(at), is_sure: !unsure, begins, follows });
    }
    unscheduled(consumers)
}

/// Nothing scheduled follows: the first pipeline breaks whenever it starts, and one that surely runs before one that may.
fn unscheduled(consumers: &[Consumer]) -> Option<FirstToBreak> {
    let runs = consumers.iter().filter(|it| !it.is_unread() && !it.pipeline.switched_off);
    let consumer = runs.min_by_key(|it| !it.is_sure())?;
    let name = consumer.pipeline.name.clone();
    let may = if consumer.is_sure() { "breaks" } else { "may break" };
    let follows = format!(" {may} with {}", consumer.starts());
    let (repo, is_sure) = (consumer.repo.clone(), consumer.is_sure());
    Some(FirstToBreak { name, repo, at: None, is_sure, begins: "", follows })
}

/// Returns a moment as the team reads it.
fn run_time(hours: &Hours, at: Timestamp, now: Timestamp) -> String {
    let name = team_zone(hours, at);
    if at.duration_since(now) >= THIS_WEEK {
        return format!("{} {name}", team_time(hours, at, now));
    }
    let zone = hours.zones.first().cloned().unwrap_or(TimeZone::UTC);
    format!("{} {name}", at.to_zoned(zone).strftime("%a %H:%M"))
}
