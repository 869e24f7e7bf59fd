//! GitLab CI, on any host: endpoints by the gitlab crate, over our own HTTP stack.

mod dto;

use std::sync::Arc;

use async_trait::async_trait;
use gitlab::api::common::SortOrder;
use gitlab::api::endpoint_prelude::{Endpoint, QueryParams};
use gitlab::api::personal_access_tokens::PersonalAccessTokenSelf;
use gitlab::api::projects::jobs::JobTrace;
use gitlab::api::projects::pipelines::{PipelineJobs, PipelineOrderBy, PipelineScope, PipelineTestReport, Pipelines};
use http::header;
use jiff::Timestamp;
use rustc_hash::FxHashSet;
use serde_json::value::RawValue;
use url::Url;

use super::api::{self, Api, ErrorDto, Kind};
use super::memo::{Memo, Pages, Reading};
use super::pages::{self, Next, Page};
use super::{
    CiOptions, CiProvider, gitlab_credentials, gitlab_deployments, gitlab_pipelines, gitlab_reports, token_facts,
};
use crate::domain::{
    Batch, CredentialScan, Deployed, Failure, Globs, Job, JobExecution, JobId, Pipeline, PushLog, RepoPath, Reports,
    Run, RunKey, Service, SourceId, TokenReport, Traffic, number_retries,
};
use crate::http::{Answer, Ask, Edition, on_a_thread};
pub(super) use dto::TokenDto;
use dto::{IdDto, JobDto, PipelineDto};

/// GitLab CI.
#[derive(Debug)]
pub struct GitLab {
    pub(super) id: SourceId,
    /// `<instance>/api/v4/`.
    pub(super) base: Url,
    api: Api,
    runs: Memo<Batch<Arc<Run>>>,
    jobs: Memo<Arc<Batch<Job>>>,
    tagged: Memo<Arc<FxHashSet<u64>>>,
    pub(super) merged: Memo<Arc<Batch<Pipeline>>>,
}

impl GitLab {
    /// Returns the provider at the instance's address, such as `https://gitlab.com`. Nothing is sent yet.
    ///
    /// # Errors
    /// Certificate authorities that cannot be read, or an address that none can be built on, in words for the user.
    pub fn new(options: CiOptions) -> Result<Self, String> {
        let instance = options.url.as_str().trim_end_matches('/');
        let base = Url::parse(&format!("{instance}/api/v4/")).map_err(|error| format!("{instance}: {error}"))?;
        let id = options.id.clone();
        let api = Api::new(options, base.clone())?;
        Ok(Self {
            id,
            base,
            api,
            runs: Memo::default(),
            jobs: Memo::default(),
            tagged: Memo::default(),
            merged: Memo::default(),
        })
    }

    /// Returns the address of an endpoint: the path with its project encoded, and the parameters.
    pub(super) fn address(&self, endpoint: &impl Endpoint, more: &QueryParams<'_>) -> Result<String, Failure> {
        let joined = self.base.join(&endpoint.endpoint());
        let mut url = joined.map_err(|error| Failure::Withheld(error.to_string().into()))?;
        endpoint.parameters().add_to_url(&mut url);
        more.add_to_url(&mut url);
        Ok(url.as_str().trim_end_matches('?').to_owned())
    }

    pub(super) async fn ask(&self, kind: Kind, address: &str) -> Result<Answer, Failure> {
        let url = Url::parse(address).map_err(|error| Failure::Withheld(error.to_string().into()))?;
        let accepted = match kind {
            Kind::List(_) | Kind::Once | Kind::Token => "application/json",
            Kind::Archive | Kind::File => "application/octet-stream",
            Kind::Log => "text/plain",
        };
        self.api.get(kind, Ask::get(url).header(header::ACCEPT, accepted)).await
    }

    fn pipelines(&self, service: &Service, count: usize, scope: Option<PipelineScope>) -> Result<String, Failure> {
        let mut endpoint = Pipelines::builder();
        endpoint.project(service.repo.as_str()).order_by(PipelineOrderBy::Id).sort(SortOrder::Descending);
        if let Some(scope) = scope {
            endpoint.scope(scope);
        }
        self.address(&endpoint.build().map_err(withheld)?, &per_page(pages::per_page(count)))
    }

    /// The list does not say which pipelines ran for a tag; the same list asked for tags alone does. Where it
    /// cannot be read, no run is said to be for a tag.
    async fn mark_tags(&self, service: &Service, runs: &mut [Arc<Run>], reading: &mut Reading<'_, Self>) {
        let Ok(address) = self.pipelines(service, 100, Some(PipelineScope::Tags)) else { return };
        let oldest = runs.iter().map(|run| run.key.id).min().unwrap_or_default();
        let Ok(tagged) = self.tagged(address, oldest, reading).await else { return };
        for run in runs.iter_mut().filter(|run| tagged.contains(&run.key.id)) {
            let run = Arc::make_mut(run);
            run.git_tag = run.branch.take();
        }
    }

    /// Returns the pipelines that ran for a tag, back to this one.
    async fn tagged(
        &self,
        address: String,
        oldest: u64,
        reading: &mut Reading<'_, Self>,
    ) -> Result<Arc<FxHashSet<u64>>, Failure> {
        let question = format!("{address} {oldest}");
        let since = reading.place();
        if let Some(known) = self.tagged.confirmed(&question, reading).await {
            return Ok(known);
        }
        let until_oldest = |ids: &mut Vec<u64>, id| {
            ids.push(id);
            if id <= oldest { pages::Enough::Yes } else { pages::Enough::No }
        };
        let page = |at: &str, answer: &Answer| page(at, answer, |pipeline: IdDto| Some(pipeline.id));
        let batch = pages::read(address, reading, page, until_oldest).await?;
        let tagged = Arc::new(batch.items.into_iter().collect());
        self.tagged.keep(question, reading, since, Arc::clone(&tagged));
        Ok(tagged)
    }
}

impl Pages for GitLab {
    async fn get(&self, address: String, known: Option<Edition>) -> Result<Answer, Failure> {
        self.ask(Kind::List(known), &address).await
    }

    fn distrust(&self, answer: &Answer) {
        self.api.distrust(answer);
    }
}

/// Reads pages that never change once the pipeline is over: they are not remembered.
struct Once<'a>(&'a GitLab);

impl Pages for Once<'_> {
    async fn get(&self, address: String, _: Option<Edition>) -> Result<Answer, Failure> {
        self.0.ask(Kind::Once, &address).await
    }

    fn distrust(&self, _: &Answer) {}
}

#[async_trait]
impl CiProvider for GitLab {
    async fn runs(&self, service: &Service, count: usize) -> Result<Batch<Arc<Run>>, Failure> {
        let first = self.pipelines(service, count, None)?;
        let question = pages::question(&first, service, count);
        let mut reading = Reading::new(self);
        if let Some(known) = self.runs.confirmed(&question, &mut reading).await {
            return Ok(known);
        }
        let convert = |pipeline: PipelineDto| pipeline.run(&self.id, &service.repo);
        let page = |at: &str, answer: &Answer| page(at, answer, convert);
        let mut batch = pages::read(first, &mut reading, page, pages::newest(service, count)).await?;
        if pages::wants_git_tag(service) {
            self.mark_tags(service, &mut batch.items, &mut reading).await;
        }
        self.runs.reuse(&question, &mut batch.items);
        self.runs.keep(question, &reading, 0, batch.clone());
        Ok(batch)
    }

    async fn jobs(&self, run: &RunKey) -> Result<Arc<Batch<Job>>, Failure> {
        let endpoint =
            PipelineJobs::builder().project(run.repo.as_str()).pipeline(run.id).include_retried(false).build();
        let first = self.address(&endpoint.map_err(withheld)?, &per_page(100))?;
        let page = |at: &str, answer: &Answer| page(at, answer, |job: JobDto| Some(job.job()));
        pages::whole(&self.jobs, first, self, page).await
    }

    async fn push_log(&self, run: &RunKey, job: JobId) -> Result<PushLog, Failure> {
        let endpoint = JobTrace::builder().project(run.repo.as_str()).job(job.0).build().map_err(withheld)?;
        let address = self.address(&endpoint, &QueryParams::default())?;
        api::read_log(&self.ask(Kind::Log, &address).await?, is_own_word)
    }

    async fn token(&self) -> Result<Option<TokenReport>, Failure> {
        let told = async {
            let endpoint = PersonalAccessTokenSelf::builder().build().map_err(withheld)?;
            let address = self.address(&endpoint, &QueryParams::default())?;
            api::json::<TokenDto>(&self.ask(Kind::Token, &address).await?).map(token_facts::gitlab)
        };
        self.api.token(told).await
    }

    async fn tries(&self, run: &RunKey) -> Result<Batch<JobExecution>, Failure> {
        let endpoint =
            PipelineJobs::builder().project(run.repo.as_str()).pipeline(run.id).include_retried(true).build();
        let first = self.address(&endpoint.map_err(withheld)?, &per_page(100))?;
        let page = |at: &str, answer: &Answer| page(at, answer, |job: JobDto| Some(job.execution()));
        let mut batch = pages::read(first, &mut Reading::new(&Once(self)), page, pages::everything).await?;
        number_retries(&mut batch.items);
        Ok(batch)
    }

    async fn reports(&self, run: &RunKey, names: &Globs) -> Result<Reports, Failure> {
        let endpoint = PipelineTestReport::builder().project(run.repo.as_str()).pipeline(run.id).build();
        let address = self.address(&endpoint.map_err(withheld)?, &QueryParams::default())?;
        let answer = self.ask(Kind::Once, &address).await?;
        let names = names.clone();
        let read = on_a_thread(move || gitlab_reports::read(&answer, &names)).await;
        read.unwrap_or_else(|| Err(Failure::Withheld("a test report could not be read".into())))
    }

    async fn deployments(&self, service: &Service, _known: u64) -> Result<Deployed, Failure> {
        gitlab_deployments::deployments(self, service).await
    }

    async fn credentials(&self, repo: &RepoPath, now: Timestamp) -> Vec<CredentialScan> {
        gitlab_credentials::read(self, repo, now).await
    }

    async fn pipelines(&self, repo: &RepoPath) -> Result<Arc<Batch<Pipeline>>, Failure> {
        gitlab_pipelines::read(self, repo).await
    }

    fn traffic(&self) -> Traffic {
        self.api.traffic()
    }

    async fn renewed(&self) -> bool {
        self.api.renewed().await
    }
}

/// Returns whether an error is GitLab's own: its words begin with its status.
fn is_own_word(error: &ErrorDto, status: &str) -> bool {
    let words = [&error.message, &error.error].into_iter().flatten().filter_map(serde_json::Value::as_str);
    words.into_iter().any(|words| words.starts_with(status))
}

fn page<D, T>(address: &str, answer: &Answer, convert: impl Fn(D) -> Option<T>) -> Result<Page<T>, Failure>
where
    D: for<'a> serde::Deserialize<'a>,
{
    let list: Vec<&RawValue> = api::json(answer)?;
    let (items, skipped) = api::each(&list, convert);
    Ok(Page { items, skipped, next: next(address, answer) })
}

/// Instances behind a proxy write addresses of their own into `Link`: only the page's number is taken from it.
pub(super) fn next(address: &str, answer: &Answer) -> Next {
    let named = answer.headers.get("x-next-page").and_then(|page| page.to_str().ok());
    let linked = || {
        let link = Url::parse(pages::next_link(&answer.headers)?).ok()?;
        link.query_pairs().find(|(name, _)| name == "page").map(|(_, page)| page.into_owned())
    };
    let page = named.map(str::to_owned).or_else(linked).filter(|page| !page.is_empty());
    let (Some(page), Ok(mut url)) = (page, Url::parse(address)) else { return Next::End };
    let others: Vec<_> = url.query_pairs().filter(|(name, _)| name != "page").map(own).collect();
    url.query_pairs_mut().clear().extend_pairs(others).append_pair("page", &page);
    Next::At(url.into())
}

fn own((name, value): (std::borrow::Cow<'_, str>, std::borrow::Cow<'_, str>)) -> (String, String) {
    (name.into_owned(), value.into_owned())
}

pub(super) fn per_page(count: usize) -> QueryParams<'static> {
    let mut parameters = QueryParams::default();
    parameters.push("per_page", count as u64);
    parameters
}

pub(super) fn withheld(error: impl std::fmt::Display) -> Failure {
    Failure::Withheld(error.to_string().into())
}
