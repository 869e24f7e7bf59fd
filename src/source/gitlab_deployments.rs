//! GitLab's deployments to one environment: one list tells how each ended.

use gitlab::api::common::SortOrder;
use gitlab::api::projects::deployments::{DeploymentOrderBy, Deployments};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::api;
use super::gitlab::{GitLab, per_page, withheld};
use super::memo::Reading;
use crate::domain::{Deployed, Deployment, Failure, Service, Sha};

/// The newest deployments that are read: one page.
const MOST: usize = 100;

/// `GET /projects/:id/deployments`.
#[derive(Deserialize)]
struct DeploymentDto {
    id: u64,
    sha: String,
    status: String,
    updated_at: Option<Timestamp>,
    deployable: Option<DeployableDto>,
}

/// The job that deploys.
#[derive(Deserialize)]
struct DeployableDto {
    finished_at: Option<Timestamp>,
    commit: Option<CommitDto>,
}

#[derive(Deserialize)]
struct CommitDto {
    committed_date: Option<Timestamp>,
    created_at: Option<Timestamp>,
}

/// Returns the newest deployments to the service's environment.
///
/// # Errors
/// The list could not be read.
pub(super) async fn deployments(gitlab: &GitLab, service: &Service) -> Result<Deployed, Failure> {
    let environment = service.trust.environment.as_ref().map_or("", |name| name.raw());
    let endpoint = Deployments::builder()
        .project(service.repo.as_str())
        .environment(environment)
        .order_by(DeploymentOrderBy::Id)
        .sort(SortOrder::Descending)
        .build();
    let first = gitlab.address(&endpoint.map_err(withheld)?, &per_page(MOST))?;
    let mut reading = Reading::new(gitlab);
    let answer = reading.get(first).await?;
    let list: Vec<&RawValue> = api::json(&answer).inspect_err(|_| reading.distrust(&answer))?;
    let (listed, skipped) = api::each(&list, Some::<DeploymentDto>);
    let place = service.deployments().unwrap_or_default();
    let mut told = Deployed { place, over: Vec::new(), open: None, skipped };
    for dto in listed {
        match (dto.status.as_str(), dto.deployment()) {
            ("success" | "failed", Some(deployment)) => told.over.push(deployment),
            ("success" | "failed", None) => told.skipped += 1,
            // Whatever it is called, the list tells it again next time.
            _ => {}
        }
    }
    Ok(told)
}

impl DeploymentDto {
    /// Returns the deployment as one that is over, or nothing where its commit or its end cannot be read.
    fn deployment(&self) -> Option<Deployment> {
        let commit = self.deployable.as_ref().and_then(|job| job.commit.as_ref());
        Some(Deployment {
            id: self.id,
            sha: Sha::parse(&self.sha).ok()?,
            committed_at: commit.and_then(|commit| commit.committed_date.or(commit.created_at)),
            finished_at: self.deployable.as_ref().and_then(|job| job.finished_at).or(self.updated_at)?,
            succeeded: self.status == "success",
        })
    }
}
