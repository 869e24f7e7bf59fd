//! Who is asked: CI providers and registries behind two traits. A source knows `domain` and `http`, never a pane.

mod absence;
mod api;
mod artifact;
#[cfg(feature = "aws")]
mod aws;
#[cfg(feature = "aws")]
mod aws_call;
#[cfg(feature = "aws")]
mod aws_ecr;
#[cfg(feature = "aws")]
mod aws_keys;
#[cfg(feature = "aws")]
mod aws_login;
#[cfg(feature = "aws")]
mod aws_secrets;
#[cfg(feature = "aws")]
mod aws_xml;
mod ci_credentials;
mod credential_files;
mod endpoint;
mod github;
mod github_credentials;
mod github_deployments;
mod github_organization;
mod github_pipelines;
mod github_reports;
mod gitlab;
mod gitlab_credentials;
mod gitlab_deployments;
mod gitlab_pipelines;
mod gitlab_reports;
mod inventory;
mod manifest;
mod memo;
mod oci;
mod own_credentials;
mod pages;
mod registry_logins;
mod shell;
mod ssh_certificate;
mod token;
mod token_facts;
mod vault;
mod vault_approle;
mod vault_call;
mod vault_kv;
mod vault_pki;
mod vault_token;
mod x509;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use url::Url;

use crate::domain::{
    Batch, CredentialScan, Deployed, Digest, Failure, Globs, ImageConfig, ImageName, Job, JobExecution, JobId,
    LoginReport, Manifest, Pipeline, PipelineScan, Probe, PushLog, RepoPath, Reports, Rights, Run, RunKey,
    SecretSource, Service, SourceId, SourceKind, Tag, TagRef, TokenReport, Traffic,
};
use crate::http::Archive;

#[cfg(feature = "aws")]
pub use aws::{Aws, AwsOptions};
pub use ci_credentials::CiCredentials;
pub use credential_files::CredentialFiles;
pub use endpoint::Endpoints;
pub use github::GitHub;
pub use gitlab::GitLab;
pub use inventory::Inventory;
pub use oci::{Oci, OciOptions};
pub use own_credentials::OwnToken;
pub use registry_logins::{OwnLogin, PushLogin};
pub use vault::{Vault, VaultOptions};

/// How a CI provider is reached.
#[derive(Debug, Clone)]
pub struct CiOptions {
    /// Its name in the configuration.
    pub id: SourceId,
    /// The API's address on GitHub, the instance's on GitLab.
    pub url: Url,
    /// Where its token comes from, read when it is first needed; `None` for anonymous.
    pub token: Option<SecretSource>,
    /// More certificate authorities, PEM.
    pub ca_pem: Option<Vec<u8>>,
    /// Requests in flight at most.
    pub in_flight: usize,
    /// From a request's start to the last byte of its answer.
    pub timeout: Duration,
    /// Where its lists outlive the process; `None` for nowhere.
    pub archive: Option<Arc<dyn Archive>>,
}

/// A CI provider.
#[async_trait]
pub trait CiProvider: Send + Sync {
    /// Returns the newest runs of the service's workflow, newest first, reading pages until `count` runs that are
    /// to publish were found, the list ends, or ten pages were read. Runs that are filtered out and stand between
    /// them are kept.
    async fn runs(&self, service: &Service, count: usize) -> Result<Batch<Arc<Run>>, Failure>;

    /// Returns all jobs of this attempt of a run: the very list that was given last, where nothing has changed since.
    async fn jobs(&self, run: &RunKey) -> Result<Arc<Batch<Job>>, Failure>;

    /// Returns what the log of a finished job says that it pushed. An absent log is an answer, not a failure.
    async fn push_log(&self, run: &RunKey, job: JobId) -> Result<PushLog, Failure>;

    /// Returns what is known of the token, by one request that costs nothing; `None` where there is no token.
    ///
    /// # Errors
    /// The token cannot be read here.
    async fn token(&self) -> Result<Option<TokenReport>, Failure> {
        Err(Failure::Withheld("this provider says nothing of its tokens".into()))
    }

    /// Returns the jobs of every try of a run that is over, where the provider knows them.
    async fn tries(&self, run: &RunKey) -> Result<Batch<JobExecution>, Failure> {
        Err(Failure::NotFound(format!("{} does not tell the tries of {}", run.ci, run.id).into()))
    }

    /// Returns what the tests of a run that is over left behind under names that the globs match. What is there and
    /// cannot be read is among it; a failure is of the whole look, and worth another.
    async fn reports(&self, run: &RunKey, names: &Globs) -> Result<Reports, Failure> {
        let names = names.patterns().join(", ");
        Err(Failure::NotFound(format!("{} does not keep the reports {names} of {}", run.ci, run.id).into()))
    }

    /// Returns the newest deployments to the service's environment. How those up to the id `known` ended is not asked.
    async fn deployments(&self, service: &Service, _known: u64) -> Result<Deployed, Failure> {
        Err(Failure::NotFound(format!("{} does not tell the deployments of {}", service.ci, service.repo).into()))
    }

    /// Returns what a repository holds of secrets, keys and tokens, list by list: names and dates, never values. A list
    /// that is closed to the token is a failure, and not an empty list.
    async fn credentials(&self, _repo: &RepoPath, _now: Timestamp) -> Vec<CredentialScan> {
        Vec::new()
    }

    /// Returns the tokens and keys by which people reach an organization, list by list, as far as the provider tells them
    /// to this token: names and dates, never values.
    async fn organization_credentials(&self, _name: &str, _now: Timestamp) -> Vec<CredentialScan> {
        Vec::new()
    }

    /// Returns what a repository's pipelines on its default branch read of secrets, and when they start: the very list
    /// that was given last, where nothing has changed since.
    async fn pipelines(&self, repo: &RepoPath) -> Result<Arc<Batch<Pipeline>>, Failure> {
        Err(Failure::NotFound(format!("the pipelines of {repo} are not told").into()))
    }

    /// Returns whether the credential is another one than that which was refused last. Nothing is sent.
    async fn renewed(&self) -> bool {
        false
    }

    /// Returns what was sent and spent so far.
    fn traffic(&self) -> Traffic;
}

/// Whoever knows whether a source that is polled may be asked something besides.
pub trait Leave: Send + Sync {
    /// Returns why the source is not to be asked just now: it refuses the credential, was asked too much or does not
    /// answer, or what is left of its budget is kept for the user. Nothing where it may be asked.
    fn refusal(&self, source: &SourceId) -> Option<Failure>;
}

/// Nobody polls it, so that it may always be asked.
impl Leave for () {
    fn refusal(&self, _source: &SourceId) -> Option<Failure> {
        None
    }
}

/// Whoever knows when credentials end. It only reads, and never holds a value.
#[async_trait]
pub trait ExpirySource: Send + Sync {
    /// Returns its name: that of the CI provider, the registry or the place.
    fn id(&self) -> &SourceId;

    /// Returns everything that it knows, list by list. What could not be read is a failure of its list.
    async fn scan(&self, now: Timestamp) -> Vec<CredentialScan>;

    /// Returns what it is and what was sent and spent so far, where it has connections of its own: a source then that is
    /// shown among the others.
    fn traffic(&self) -> Option<(SourceKind, Traffic)> {
        None
    }

    /// Returns which pipelines read what it knows, repository by repository, where it knows that too.
    async fn pipelines(&self) -> Vec<PipelineScan> {
        Vec::new()
    }
}

/// An OCI registry, read by the distribution specification.
#[async_trait]
pub trait Registry: Send + Sync {
    /// Returns the manifest that the tag points to: one GET with every media type accepted.
    async fn tag(&self, tag_ref: &TagRef) -> Probe<Arc<Manifest>>;

    /// Returns the manifest with this digest.
    async fn manifest(&self, image: &ImageName, digest: &Digest) -> Probe<Arc<Manifest>>;

    /// Returns what the config blob with this digest says.
    async fn config(&self, image: &ImageName, digest: &Digest) -> Probe<ImageConfig>;

    /// Returns whether the blob is there: one HEAD.
    async fn blob(&self, image: &ImageName, digest: &Digest) -> Probe<()>;

    /// Returns the first page of the repository's tags.
    async fn tags(&self, image: &ImageName) -> Probe<Batch<Tag>>;

    /// Gets ready to ask about a repository: the challenge and the token, before any answer is needed.
    async fn warm(&self, image: &ImageName);

    /// Returns how the registry wants a repository's requests, and the login that is used; where it wants tokens, one
    /// was got.
    ///
    /// # Errors
    /// What kept it from being found out, a refused login among them.
    async fn login(&self, _image: &ImageName) -> Result<LoginReport, Failure> {
        Err(Failure::Withheld("this registry says nothing of its logins".into()))
    }

    /// Returns what the login that is used may do in a repository, as far as tokens of the registry tell: one GET at its
    /// token service, nothing at the registry. To be asked rarely, after `login`.
    ///
    /// # Errors
    /// What kept it from being found out, a refused login among them.
    async fn rights(&self, _image: &ImageName) -> Result<Rights, Failure> {
        Ok(Rights::Untold("this registry says nothing of rights".into()))
    }

    /// Returns whether a login is another one than that which was refused last. Nothing is sent.
    async fn renewed(&self) -> bool {
        false
    }

    /// Returns what was sent and spent so far.
    fn traffic(&self) -> Traffic;
}
