//! What the watched repositories of one CI provider hold, one repository after the other.

use std::sync::Arc;

use async_trait::async_trait;
use jiff::Timestamp;

use super::{CiProvider, ExpirySource};
use crate::domain::{CredentialScan, RepoPath, SourceId};

/// The secrets, keys and tokens of repositories: names and dates.
pub struct CiCredentials {
    /// The provider's name in the configuration.
    pub id: SourceId,
    /// The repositories, each once.
    pub repos: Vec<RepoPath>,
    /// The provider.
    pub provider: Arc<dyn CiProvider>,
}

#[async_trait]
impl ExpirySource for CiCredentials {
    fn id(&self) -> &SourceId {
        &self.id
    }

    /// Nobody waits for these: one request at a time leaves the rest of the connections to runs and jobs.
    async fn scan(&self, now: Timestamp) -> Vec<CredentialScan> {
        let mut scans = Vec::new();
        for repo in &self.repos {
            scans.extend(self.provider.credentials(repo, now).await);
        }
        scans
    }
}
