//! What the tests of both CI providers share: a service, options, fixtures, and runs written as one line each.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use landfall::domain::{
    Batch, Globs, ImageName, ImageSpec, Job, RepoPath, RevisionRule, Run, RunKey, SecretSource, Service, ServiceName,
    SourceId, TagTemplate,
};
use landfall::source::CiOptions;
use url::Url;

pub(crate) fn fixture(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(path);
    std::fs::read_to_string(&path).unwrap()
}

/// A token in a file that lives as long as the folder.
pub(crate) fn token(folder: &tempfile::TempDir, value: &str) -> SecretSource {
    let path = folder.path().join("token");
    std::fs::write(&path, value).unwrap();
    SecretSource::File(path)
}

pub(crate) fn options(url: Url, token: Option<SecretSource>) -> CiOptions {
    let id = SourceId::parse("ci").unwrap();
    CiOptions { id, url, token, ca_pem: None, in_flight: 4, timeout: Duration::from_secs(5), archive: None }
}

pub(crate) fn service(repo: &str, workflow: &[&str], event: &[&str], tag: &str) -> Service {
    let globs =
        |patterns: &[&str]| Globs::parse(&patterns.iter().map(ToString::to_string).collect::<Vec<_>>()).unwrap();
    Service {
        name: ServiceName::parse("checkout").unwrap(),
        ci: SourceId::parse("ci").unwrap(),
        repo: RepoPath::parse(repo).unwrap(),
        workflow: globs(workflow),
        branch: globs(&[]),
        event: globs(event),
        push_job: globs(&[]),
        images: vec![ImageSpec {
            repository: ImageName::parse("ghcr.io/acme/checkout").unwrap(),
            tags: vec![TagTemplate::parse(tag).unwrap()],
            platforms: Vec::new(),
            revision: RevisionRule::Auto,
        }],
        claimed: Arc::default(),
        trust: landfall::domain::TrustSpec::default(),
    }
}

pub(crate) fn key(repo: &str, id: u64, attempt: u32) -> RunKey {
    RunKey { ci: SourceId::parse("ci").unwrap(), repo: RepoPath::parse(repo).unwrap(), id, attempt }
}

fn word<T: ToString>(value: Option<T>) -> String {
    value.map_or_else(|| "-".to_owned(), |value| value.to_string())
}

/// `ID.ATTEMPT #NUMBER WORKFLOW FILE EVENT BRANCH TAG PULL STATE STARTED FINISHED`.
pub(crate) fn runs(batch: &Batch<Arc<Run>>) -> Vec<String> {
    let one = |run: &Arc<Run>| {
        let (file, branch, tag) =
            (word(run.workflow_file.as_ref()), word(run.branch.as_ref()), word(run.git_tag.as_ref()));
        let (started, finished) = (word(run.started_at), word(run.finished_at));
        let Run { key, number, workflow, event, state, .. } = &**run;
        let (id, attempt, pull) = (key.id, key.attempt, word(run.pull_request));
        format!(
            "{id}.{attempt} #{number} '{workflow}' {file} {} {branch} {tag} {pull} {state} {started} {finished}",
            event.0
        )
    };
    batch.items.iter().map(one).collect()
}

/// `ID NAME STAGE STATE ALLOWED STARTED FINISHED`.
pub(crate) fn jobs(batch: &Batch<Job>) -> Vec<String> {
    let one = |job: &Job| {
        let Job { id, name, state, allow_failure, .. } = job;
        let (started, finished) = (word(job.started_at), word(job.finished_at));
        format!("{} '{name}' {} {state} {allow_failure} {started} {finished}", id.0, word(job.stage.as_ref()))
    };
    batch.items.iter().map(one).collect()
}
