//! GitHub Actions, on github.com and Enterprise: routes by octocrab, over our own HTTP stack.

mod dto;

use std::convert::Infallible;
use std::sync::{Arc, OnceLock};

use async_trait::async_trait;
use http::{HeaderName, Request, Response, StatusCode, header};
use http_body_util::Full;
use jiff::Timestamp;
use octocrab::{AuthState, OctoBody, Octocrab, OctocrabBuilder};
use rustc_hash::FxHashSet;
use url::Url;

use super::api::{self, Api, ErrorDto, Kind};
use super::github_reports::{self, Once};
use super::memo::{Memo, Pages, Reading};
use super::pages::{self, Next, Page};
use super::{
    CiOptions, CiProvider, github_credentials, github_deployments, github_organization, github_pipelines, token_facts,
};
use crate::domain::{
    Batch, CredentialScan, Deployed, Failure, Globs, Job, JobExecution, JobId, Pipeline, PushLog, RepoPath, Reports,
    Run, RunKey, Service, SourceId, TokenReport, Traffic,
};
use crate::http::{Answer, Ask, Edition};
use dto::{JobDto, List, RateLimitDto, RunDto, TagDto};

/// How many pages of git tags are read where a tag template needs to know them.
const TAG_PAGES: usize = 3;

/// GitHub Actions.
#[derive(Debug)]
pub struct GitHub {
    pub(super) id: SourceId,
    base: Url,
    pub(super) api: Arc<Api>,
    /// Built on first use: it starts a task, which needs the runtime.
    routes: OnceLock<Octocrab>,
    runs: Memo<Batch<Arc<Run>>>,
    jobs: Memo<Arc<Batch<Job>>>,
    tags: Memo<Arc<GitTags>>,
    pub(super) pipelines: Memo<Arc<Batch<Pipeline>>>,
}

/// Git tags by name and commit.
type GitTags = FxHashSet<(String, String)>;

impl GitHub {
    /// Returns the provider at the API's address, such as `https://api.github.com`. Nothing is sent yet.
    ///
    /// # Errors
    /// Certificate authorities that cannot be read, in words for the user.
    pub fn new(options: CiOptions) -> Result<Self, String> {
        let (id, base) = (options.id.clone(), options.url.clone());
        let api = Arc::new(Api::new(options, base.clone())?);
        Ok(Self {
            id,
            base,
            api,
            routes: OnceLock::new(),
            runs: Memo::default(),
            jobs: Memo::default(),
            tags: Memo::default(),
            pipelines: Memo::default(),
        })
    }

    pub(super) async fn ask(&self, kind: Kind, route: String) -> Result<Answer, Failure> {
        let mut request = Request::new(OctoBody::empty());
        let withheld = |why: String| Failure::Withheld(why.into());
        *request.uri_mut() = route.parse().map_err(|_| withheld(format!("no address: {route}")))?;
        request.extensions_mut().insert(kind);
        let routes = self.routes.get_or_init(|| build(&self.api));
        let response = routes.execute(request).await.map_err(|error| withheld(error.to_string()))?;
        let outcome = response.into_parts().0.extensions.remove::<Result<Answer, Failure>>();
        outcome.unwrap_or_else(|| Err(withheld("the request was lost".to_owned())))
    }

    pub(super) fn route(&self, path: &str) -> String {
        format!("{}/{path}", self.base.as_str().trim_end_matches('/'))
    }

    /// A token goes to the origin of the API only, so a list that goes on elsewhere is not followed.
    pub(super) fn next(&self, answer: &Answer) -> Next {
        let Some(link) = pages::next_link(&answer.headers) else { return Next::End };
        match self.base.join(link) {
            Ok(next) if next.origin() == self.base.origin() => Next::At(next.into()),
            Ok(_) | Err(_) => Next::Elsewhere,
        }
    }

    pub(super) fn page<D, T>(&self, answer: &Answer, convert: impl Fn(D) -> Option<T>) -> Result<Page<T>, Failure>
    where
        D: for<'a> serde::Deserialize<'a>,
    {
        let list: List<'_> = api::json(answer)?;
        let (items, skipped) = api::each(&list.items, convert);
        Ok(Page { items, skipped, next: self.next(answer) })
    }

    /// GitHub does not say whether a push was one of a branch or a tag: a run was for a tag where one of that
    /// name points to its commit. Where this cannot be read, no run is said to be for a tag.
    async fn mark_tags(&self, service: &Service, runs: &mut [Arc<Run>], reading: &mut Reading<'_, Self>) {
        let tags = self.tags(service, reading).await;
        for run in runs {
            let Some(branch) = run.branch.as_ref().filter(|_| matches!(run.event.0.raw(), "push" | "create")) else {
                continue;
            };
            if tags.contains(&(branch.raw().to_owned(), run.sha.as_str().to_owned())) {
                let run = Arc::make_mut(run);
                run.git_tag = run.branch.take();
            }
        }
    }

    /// Returns the newest git tags and the commits that they point to, as far as they can be read.
    async fn tags(&self, service: &Service, reading: &mut Reading<'_, Self>) -> Arc<GitTags> {
        let first = self.route(&format!("repos/{}/tags?per_page=100", service.repo));
        let since = reading.place();
        if let Some(known) = self.tags.confirmed(&first, reading).await {
            return known;
        }
        let mut tags = GitTags::default();
        let mut route = first.clone();
        for _ in 0..TAG_PAGES {
            let Ok(answer) = reading.get(route).await else { break };
            let Ok(list) = api::json::<Vec<&serde_json::value::RawValue>>(&answer) else {
                reading.distrust(&answer);
                break;
            };
            tags.extend(api::each(&list, |tag: TagDto| Some((tag.name, tag.commit.sha))).0);
            let Next::At(next) = self.next(&answer) else { break };
            route = next;
        }
        let tags = Arc::new(tags);
        self.tags.keep(first, reading, since, Arc::clone(&tags));
        tags
    }
}

impl Pages for GitHub {
    async fn get(&self, address: String, known: Option<Edition>) -> Result<Answer, Failure> {
        self.ask(Kind::List(known), address).await
    }

    fn distrust(&self, answer: &Answer) {
        self.api.distrust(answer);
    }
}

#[async_trait]
impl CiProvider for GitHub {
    async fn runs(&self, service: &Service, count: usize) -> Result<Batch<Arc<Run>>, Failure> {
        let first = self.route(&listing(service, count));
        let question = pages::question(&first, service, count);
        let mut reading = Reading::new(self);
        if let Some(known) = self.runs.confirmed(&question, &mut reading).await {
            return Ok(known);
        }
        let page = |_: &str, answer: &Answer| self.page(answer, |run: RunDto| run.run(&self.id, &service.repo));
        let mut batch = pages::read(first, &mut reading, page, pages::newest(service, count)).await?;
        if pages::wants_git_tag(service) {
            self.mark_tags(service, &mut batch.items, &mut reading).await;
        }
        self.runs.reuse(&question, &mut batch.items);
        self.runs.keep(question, &reading, 0, batch.clone());
        Ok(batch)
    }

    async fn jobs(&self, run: &RunKey) -> Result<Arc<Batch<Job>>, Failure> {
        let path = format!("repos/{}/actions/runs/{}/attempts/{}/jobs?per_page=100", run.repo, run.id, run.attempt);
        let page = |_: &str, answer: &Answer| self.page(answer, |job: JobDto| Some(job.job()));
        pages::whole(&self.jobs, self.route(&path), self, page).await
    }

    async fn push_log(&self, run: &RunKey, job: JobId) -> Result<PushLog, Failure> {
        let path = format!("repos/{}/actions/jobs/{}/logs", run.repo, job.0);
        api::read_log(&self.ask(Kind::Log, self.route(&path)).await?, is_own_word)
    }

    async fn token(&self) -> Result<Option<TokenReport>, Failure> {
        let told = async {
            let answer = self.ask(Kind::Token, self.route("rate_limit")).await?;
            // Enterprise may have its limits switched off: it says so by a 404, and yet knows the token.
            let unlimited = answer.status == StatusCode::NOT_FOUND && token_facts::says_something(&answer.headers);
            if !unlimited {
                api::json::<RateLimitDto>(&answer)?;
            }
            Ok(token_facts::github(&answer.headers))
        };
        self.api.token(told).await
    }

    async fn tries(&self, run: &RunKey) -> Result<Batch<JobExecution>, Failure> {
        let path = format!("repos/{}/actions/runs/{}/jobs?filter=all&per_page=100", run.repo, run.id);
        let page = |_: &str, answer: &Answer| self.page(answer, |job: JobDto| Some(job.execution()));
        pages::read(self.route(&path), &mut Reading::new(&Once(self)), page, pages::everything).await
    }

    async fn reports(&self, run: &RunKey, names: &Globs) -> Result<Reports, Failure> {
        github_reports::reports(self, run, names).await
    }

    async fn deployments(&self, service: &Service, known: u64) -> Result<Deployed, Failure> {
        github_deployments::deployments(self, service, known).await
    }

    async fn credentials(&self, repo: &RepoPath, now: Timestamp) -> Vec<CredentialScan> {
        github_credentials::read(self, repo, now).await
    }

    async fn organization_credentials(&self, name: &str, now: Timestamp) -> Vec<CredentialScan> {
        github_organization::read(self, name, now).await
    }

    async fn pipelines(&self, repo: &RepoPath) -> Result<Arc<Batch<Pipeline>>, Failure> {
        github_pipelines::read(self, repo).await
    }

    fn traffic(&self) -> Traffic {
        self.api.traffic()
    }

    async fn renewed(&self) -> bool {
        self.api.renewed().await
    }
}

/// Returns whether an error is GitHub's own: it repeats its status, or names the page that explains it.
pub(super) fn is_own_word(error: &ErrorDto, status: &str) -> bool {
    let repeated = error.status.as_ref().is_some_and(|said| said.as_str() == Some(status));
    error.message.is_some() && (repeated || error.documentation_url.is_some())
}

/// The answer travels beside the response, not in it: no body is copied on its way through octocrab.
fn build(api: &Arc<Api>) -> Octocrab {
    let api = Arc::clone(api);
    let service = tower::service_fn(move |request: Request<OctoBody>| {
        let api = Arc::clone(&api);
        async move {
            let mut response = Response::new(Full::default());
            response.extensions_mut().insert(send(&api, &request).await);
            Ok::<Response<Full<bytes::Bytes>>, Infallible>(response)
        }
    });
    let Ok(octocrab) = OctocrabBuilder::new_empty().with_service(service).with_auth(AuthState::None).build();
    octocrab
}

async fn send(api: &Api, request: &Request<OctoBody>) -> Result<Answer, Failure> {
    let kind = request.extensions().get().copied().unwrap_or(Kind::List(None));
    let url = Url::parse(&request.uri().to_string()).map_err(|error| Failure::Withheld(error.to_string().into()))?;
    let accepted = if kind == Kind::File { "application/vnd.github.raw+json" } else { "application/vnd.github+json" };
    let ask = Ask::get(url)
        .header(header::ACCEPT, accepted)
        .header(HeaderName::from_static("x-github-api-version"), "2022-11-28");
    api.get(kind, ask).await
}

/// The route of one workflow's runs costs fewer pages where the configuration names exactly one file.
fn listing(service: &Service, count: usize) -> String {
    let file = match service.workflow.patterns() {
        [only] if is_workflow_file(only) => format!("workflows/{only}/"),
        _ => String::new(),
    };
    let wants_pull_requests = ["pull_request", "pull_request_target"]
        .iter()
        .any(|event| !service.event.patterns().is_empty() && service.event.matches(event));
    let per_page = pages::per_page(count);
    let exclude = if wants_pull_requests { "" } else { "&exclude_pull_requests=true" };
    format!("repos/{}/actions/{file}runs?per_page={per_page}{exclude}", service.repo)
}

fn is_workflow_file(pattern: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    let ends = [".yml", ".yaml"].iter().any(|end| pattern.ends_with(end));
    ends && pattern.bytes().all(plain)
}
