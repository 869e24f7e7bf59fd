//! GitHub's deployments to one environment, and how each ended: a list, and once for each deployment its statuses.

use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::api;
use super::github::GitHub;
use super::github_reports::Once;
use super::memo::{Pages as _, Reading};
use crate::domain::{Deployed, Deployment, Failure, Service, Sha};

/// The newest deployments that are looked at, each with a request of its own until it is over.
const MOST: usize = 30;

/// A deployment without an end that is older is waited for no more: many are never ended.
const FORGOTTEN: SignedDuration = SignedDuration::from_hours(3 * 24);

/// `GET /repos/{repo}/deployments`.
#[derive(Deserialize)]
struct DeploymentDto {
    id: u64,
    sha: String,
    created_at: Option<Timestamp>,
}

/// `GET /repos/{repo}/deployments/{id}/statuses`.
#[derive(Deserialize)]
struct StatusDto {
    state: String,
    created_at: Timestamp,
}

/// Returns the newest deployments to the service's environment that are newer than `known`, and how each ended.
///
/// # Errors
/// The list, or the statuses of one of them, could not be read.
pub(super) async fn deployments(github: &GitHub, service: &Service, known: u64) -> Result<Deployed, Failure> {
    let environment = service.trust.environment.as_ref().map_or("", |name| name.raw());
    let environment: String = url::form_urlencoded::byte_serialize(environment.as_bytes()).collect();
    let path = format!("repos/{}/deployments?environment={environment}&per_page={MOST}", service.repo);
    let mut reading = Reading::new(github);
    let answer = reading.get(github.route(&path)).await?;
    let list: Vec<&RawValue> = api::json(&answer).inspect_err(|_| reading.distrust(&answer))?;
    let (listed, skipped) = api::each(&list, Some::<DeploymentDto>);
    let place = service.deployments().unwrap_or_default();
    let mut told = Deployed { place, over: Vec::new(), open: None, skipped };
    let latest = listed.iter().filter_map(|dto| dto.created_at).max();
    for dto in listed.into_iter().filter(|dto| dto.id > known) {
        let Ok(sha) = Sha::parse(&dto.sha) else {
            told.skipped += 1;
            continue;
        };
        let path = format!("repos/{}/deployments/{}/statuses?per_page=100", service.repo, dto.id);
        let answer = Once(github).get(github.route(&path), None).await?;
        let statuses: Vec<StatusDto> = api::json(&answer)?;
        match end(&statuses) {
            Some((finished_at, succeeded)) => {
                told.over.push(Deployment { id: dto.id, sha, committed_at: None, finished_at, succeeded });
            }
            None if is_forgotten(&dto, latest) => {}
            None => told.open = Some(told.open.map_or(dto.id, |open: u64| open.min(dto.id))),
        }
    }
    Ok(told)
}

/// Returns when a deployment ended, and whether it succeeded: by the first status that says so. What it is called
/// later, such as `inactive` once another took its place, changes nothing.
fn end(statuses: &[StatusDto]) -> Option<(Timestamp, bool)> {
    let ends = statuses.iter().filter_map(|status| match status.state.as_str() {
        "success" => Some((status.created_at, true)),
        "failure" | "error" => Some((status.created_at, false)),
        _ => None,
    });
    ends.min()
}

/// One without an end, and newer ones long after it.
fn is_forgotten(dto: &DeploymentDto, latest: Option<Timestamp>) -> bool {
    dto.created_at.zip(latest).is_some_and(|(created, latest)| latest.duration_since(created) > FORGOTTEN)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn what_a_deployment_is_called_after_its_end_changes_nothing() {
        let statuses = |words: &[&str]| -> Vec<StatusDto> {
            let at = |minute| Timestamp::from_second(60 * i64::from(minute)).unwrap();
            let status =
                |(minute, state): (u8, &&str)| StatusDto { state: (*state).to_owned(), created_at: at(minute) };
            (1..).zip(words).map(status).collect()
        };
        let minute = |words: &[&str]| end(&statuses(words)).map(|(at, succeeded)| (at.as_second() / 60, succeeded));
        assert_eq!(minute(&[]), None);
        assert_eq!(minute(&["queued", "in_progress"]), None);
        assert_eq!(minute(&["in_progress", "success", "inactive"]), Some((2, true)));
        assert_eq!(minute(&["in_progress", "failure", "inactive"]), Some((2, false)));
        assert_eq!(minute(&["error"]), Some((1, false)));
        assert_eq!(minute(&["a new word"]), None);
    }
}
