//! GitLab's merged configuration of the default branch and its schedules: which variables jobs read, and when.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::api;
use super::gitlab::{GitLab, next};
use super::memo::Reading;
use super::pages;
use crate::domain::{Batch, Failure, Pipeline, RepoPath, Schedule};
use crate::http::{Answer, on_a_thread};
use crate::workflow;

/// How the configuration is called where nobody chose another name.
const FILE: &str = ".gitlab-ci.yml";

/// `GET /projects/:id/ci/lint`: what everything that is included and extended comes to.
#[derive(Deserialize)]
struct LintDto {
    #[serde(default)]
    valid: bool,
    merged_yaml: Option<String>,
    #[serde(default)]
    errors: Vec<String>,
}

/// A schedule of `GET /projects/:id/pipeline_schedules`. Its variables have values, and are not read.
#[derive(Deserialize)]
struct ScheduleDto {
    description: Option<String>,
    cron: String,
    cron_timezone: Option<String>,
    #[serde(default, deserialize_with = "api::moment")]
    next_run_at: Option<jiff::Timestamp>,
    #[serde(default = "yes")]
    active: bool,
}

fn yes() -> bool {
    true
}

/// Reads the pipeline of a project; the very one that was given last, where GitLab says that nothing changed.
pub(super) async fn read(gitlab: &GitLab, repo: &RepoPath) -> Result<Arc<Batch<Pipeline>>, Failure> {
    let address = |path: &str| {
        let url = gitlab.base.join(&format!("projects/{}/{path}", repo.as_str().replace('/', "%2F")));
        url.map(String::from).map_err(|error| Failure::Withheld(error.to_string().into()))
    };
    let first = address("ci/lint")?;
    let mut reading = Reading::new(gitlab);
    if let Some(known) = gitlab.merged.confirmed(&first, &mut reading).await {
        return Ok(known);
    }
    let merged = merged(&mut reading, first.clone()).await?;
    let schedules = schedules(&mut reading, address("pipeline_schedules?per_page=100")?).await;
    let is_known = schedules.is_ok();
    let items = on_a_thread(move || merged.map(|merged| pipeline(&merged, schedules))).await;
    let items = items.ok_or_else(|| Failure::Withheld("the configuration could not be read".into()))?;
    let batch = Arc::new(Batch { items: items.into_iter().collect(), skipped: 0, complete: true });
    if is_known {
        gitlab.merged.keep(first, &reading, 0, Arc::clone(&batch));
    }
    Ok(batch)
}

/// Returns the configuration, or why there is none to be read; nothing where the project has none.
async fn merged(reading: &mut Reading<'_, GitLab>, address: String) -> Result<Option<Result<String, String>>, Failure> {
    let answer = reading.get(address).await?;
    let lint: LintDto = api::json(&answer).inspect_err(|_| reading.distrust(&answer))?;
    let why = lint.errors.first().cloned();
    Ok(match lint.merged_yaml.filter(|merged| !merged.is_empty()) {
        Some(merged) => Some(Ok(merged)),
        None if why.as_ref().is_some_and(|why| why.contains("provide content of")) => None,
        None if lint.valid => None,
        None => Some(Err(format!("GitLab says that it is not valid: {}", why.unwrap_or_default()))),
    })
}

async fn schedules(reading: &mut Reading<'_, GitLab>, first: String) -> Result<Vec<Schedule>, Failure> {
    let read = |at: &str, answer: &Answer| {
        let list: Vec<&RawValue> = api::json(answer)?;
        let (items, skipped) = api::each(&list, |dto: ScheduleDto| Some(schedule(dto)));
        Ok(pages::Page { items, skipped, next: next(at, answer) })
    };
    let read = pages::read(first, reading, read, pages::everything).await?;
    if read.skipped > 0 || !read.complete {
        return Err(Failure::Malformed("the list of schedules was not read to its end".into()));
    }
    Ok(read.items)
}

fn schedule(dto: ScheduleDto) -> Schedule {
    Schedule {
        name: dto.description.filter(|name| !name.is_empty()).map(Into::into),
        cron: dto.cron.into(),
        zone: dto.cron_timezone.filter(|zone| !zone.is_empty()).map(Into::into),
        next_run_at: dto.next_run_at,
        switched_off: !dto.active,
    }
}

fn pipeline(merged: &Result<String, String>, schedules: Result<Vec<Schedule>, Failure>) -> Pipeline {
    let read = merged.as_ref().map_err(Clone::clone).and_then(|merged| workflow::uses(merged));
    let (uses, mut unread) = match read {
        Ok(uses) => (uses, None),
        Err(why) => (Vec::new(), Some(why)),
    };
    let schedules = schedules.unwrap_or_else(|failure| {
        unread = unread.take().or_else(|| Some(format!("its schedules were not read: {failure}")));
        Vec::new()
    });
    Pipeline {
        file: FILE.into(),
        name: FILE.into(),
        triggers: vec!["pipeline".into()],
        schedules,
        switched_off: false,
        uses,
        unread: unread.map(Into::into),
    }
}
