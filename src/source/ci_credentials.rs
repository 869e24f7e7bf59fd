//! What the watched repositories of one CI provider hold, and which pipelines read it, one repository after the other.

use std::ops::ControlFlow;
use std::sync::Arc;

use async_trait::async_trait;
use jiff::Timestamp;

use super::{CiProvider, ExpirySource, Leave};
use crate::domain::{Batch, CredentialScan, Failure, Fault, PipelineScan, RepoPath, SourceId};

/// The secrets, keys and tokens of repositories: names and dates.
pub struct CiCredentials {
    /// The provider's name in the configuration.
    pub id: SourceId,
    /// The repositories, each once.
    pub repos: Vec<RepoPath>,
    /// The organizations whose people's tokens are asked for, each once.
    pub organizations: Vec<String>,
    /// The provider.
    pub provider: Arc<dyn CiProvider>,
    /// Whether it may be asked; before each repository.
    pub leave: Arc<dyn Leave>,
}

/// Whose lists are read.
enum Owner<'a> {
    Organization(&'a str),
    Repository(&'a RepoPath),
}

/// Returns whether the next repository would meet the same: asking on would only do harm.
pub(super) fn is_of_all(failure: &Failure) -> bool {
    matches!(failure, Failure::RateLimited { .. } | Failure::Auth { .. } | Failure::Unreachable { .. })
}

/// Returns whether the next list of the same repository would meet the same. A token that does not reach one list may
/// reach another.
pub(super) fn meets_all(scan: &CredentialScan) -> bool {
    let meets_all = |failure: &Failure| is_of_all(failure) && Fault::of(failure) != Fault::Own;
    scan.found.as_ref().is_err_and(meets_all)
}

/// Takes in how one list was read, and says whether to ask for the next.
pub(super) fn take(scans: &mut Vec<CredentialScan>, scan: CredentialScan) -> ControlFlow<()> {
    let stops = meets_all(&scan);
    scans.push(scan);
    if stops { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
}

#[async_trait]
impl ExpirySource for CiCredentials {
    fn id(&self) -> &SourceId {
        &self.id
    }

    /// Nobody waits for these: one request at a time leaves the rest of the connections to runs and jobs.
    async fn scan(&self, now: Timestamp) -> Vec<CredentialScan> {
        let mut scans = Vec::new();
        let mut stopped = None;
        let owners = self.organizations.iter().map(|name| Owner::Organization(name));
        for owner in owners.chain(self.repos.iter().map(Owner::Repository)) {
            stopped = self.leave.refusal(&self.id);
            if stopped.is_some() {
                break;
            }
            scans.extend(match owner {
                Owner::Organization(name) => self.provider.organization_credentials(name, now).await,
                Owner::Repository(repo) => self.provider.credentials(repo, now).await,
            });
            stopped =
                scans.iter().find_map(|scan| scan.found.as_ref().err().filter(|failure| is_of_all(failure)).cloned());
            if stopped.is_some() {
                break;
            }
        }
        // What was not asked keeps what was known of it; that it was not asked is told once.
        let found = stopped.map_or_else(|| Ok(Batch { items: Vec::new(), skipped: 0, complete: true }), Err);
        scans.push(CredentialScan { scope: format!("{}/every repository", self.id).into(), found });
        scans
    }

    async fn pipelines(&self) -> Vec<PipelineScan> {
        let mut scans = Vec::new();
        for repo in &self.repos {
            if let Some(refusal) = self.leave.refusal(&self.id) {
                scans.push(PipelineScan { repo: repo.clone(), found: Err(refusal) });
                break;
            }
            let found = self.provider.pipelines(repo).await;
            let stopped = found.as_ref().is_err_and(is_of_all);
            scans.push(PipelineScan { repo: repo.clone(), found });
            if stopped {
                break;
            }
        }
        scans
    }
}
