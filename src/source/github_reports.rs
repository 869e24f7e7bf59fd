//! GitHub's test reports: the artifacts of a run that the configuration names, each an archive somewhere else.

mod dto;

use http::StatusCode;

use super::api::{self, ErrorDto, Kind};
use super::artifact::unpack;
use super::github::{GitHub, is_own_word};
use super::memo::{Pages, Reading};
use super::pages;
use crate::domain::{Failure, FoundReport, Globs, Reports, RunKey, Text, Unreadable};
use crate::http::{Answer, Edition, on_a_thread, says};
use dto::ArtifactDto;

/// Artifacts of one run that are read.
const ARTIFACTS: usize = 30;

/// Larger archives are not even asked for.
const MEGABYTES: u64 = 16;

/// Reads pages that never change once the run is over: they are not remembered.
pub(super) struct Once<'a>(pub(super) &'a GitHub);

impl Pages for Once<'_> {
    async fn get(&self, address: String, _: Option<Edition>) -> Result<Answer, Failure> {
        self.0.ask(Kind::Once, address).await
    }

    fn distrust(&self, _: &Answer) {}
}

/// Returns the reports of every try of a run.
pub(super) async fn reports(github: &GitHub, run: &RunKey, names: &Globs) -> Result<Reports, Failure> {
    let path = format!("repos/{}/actions/runs/{}/artifacts?per_page=100", run.repo, run.id);
    let page = |_: &str, answer: &Answer| github.page(answer, Some::<ArtifactDto>);
    let listed = pages::read(github.route(&path), &mut Reading::new(&Once(github)), page, pages::everything).await?;
    if !listed.complete {
        return Err(Failure::Ambiguous("the list of artifacts was read in part only".into()));
    }
    let mut found = Vec::new();
    for artifact in listed.items.into_iter().filter(|artifact| names.matches(&artifact.name)) {
        found.push(if found.len() < ARTIFACTS {
            read(github, run, &artifact).await?
        } else {
            unread(run, &artifact, Unreadable::TooManyFiles(ARTIFACTS))
        });
    }
    Ok(Reports(found))
}

async fn read(github: &GitHub, run: &RunKey, artifact: &ArtifactDto) -> Result<FoundReport, Failure> {
    if artifact.expired {
        return Ok(unread(run, artifact, Unreadable::Expired));
    }
    if artifact.size_in_bytes > MEGABYTES << 20 {
        return Ok(unread(run, artifact, too_large()));
    }
    let path = format!("repos/{}/actions/artifacts/{}/zip", run.repo, artifact.id);
    let answer = match github.ask(Kind::Archive, github.route(&path)).await {
        Ok(answer) => answer,
        Err(Failure::TooLarge { .. }) => return Ok(unread(run, artifact, too_large())),
        Err(failure) => return Err(failure),
    };
    match answer.status {
        StatusCode::OK if api::is_page(&answer.body) => {
            return Err(Failure::Malformed(says(&answer.headers, &answer.body)));
        }
        StatusCode::OK => {}
        StatusCode::NOT_FOUND | StatusCode::GONE if is_gone(&answer) => {
            return Ok(unread(run, artifact, Unreadable::Expired));
        }
        StatusCode::FORBIDDEN if api::is_refused(&answer) => {
            let words = says(&answer.headers, &answer.body);
            return Ok(unread(run, artifact, Unreadable::NotGiven(words)));
        }
        _ => return Err(api::failure(&answer)),
    }
    let unpacked = on_a_thread(move || unpack(&answer.body)).await;
    let unpacked = unpacked.ok_or_else(|| Failure::Withheld("an archive could not be unpacked".into()))?;
    Ok(FoundReport {
        job: kind_of(run, artifact),
        at: artifact.created_at,
        summary: unpacked.summary.map(Into::into),
        unread: unpacked.unread,
    })
}

/// Returns whether a 404 is GitHub's own word, or that of its store, which answers in XML: what stands in between
/// answers 404 as well.
fn is_gone(answer: &Answer) -> bool {
    if answer.elsewhere {
        return answer.body.starts_with(b"\xef\xbb\xbf<?xml") || answer.body.starts_with(b"<?xml");
    }
    let said = serde_json::from_slice::<ErrorDto>(&answer.body);
    said.is_ok_and(|said| is_own_word(&said, answer.status.as_str()))
}

fn too_large() -> Unreadable {
    Unreadable::TooLarge(usize::try_from(MEGABYTES).unwrap_or(usize::MAX))
}

fn unread(run: &RunKey, artifact: &ArtifactDto, why: Unreadable) -> FoundReport {
    let unread = vec![(Text::default(), why)];
    FoundReport { job: kind_of(run, artifact), at: artifact.created_at, summary: None, unread }
}

/// The name of an artifact often holds the number of its run, without which the same job's reports have the same name.
fn kind_of(run: &RunKey, artifact: &ArtifactDto) -> Text {
    artifact.name.replace(&run.id.to_string(), "*").into()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use crate::domain::{RepoPath, SourceId};

    #[test]
    fn what_only_tells_one_run_from_another_is_no_part_of_the_name() {
        let ci = SourceId::parse("github").unwrap();
        let run = RunKey { ci, repo: RepoPath::parse("acme/shop").unwrap(), id: 19_482_000_123, attempt: 1 };
        let named = |name: &str| ArtifactDto {
            id: 1,
            name: name.to_owned(),
            size_in_bytes: 0,
            expired: false,
            created_at: None,
        };
        assert_eq!(kind_of(&run, &named("junit-linux-19482000123")).as_str(), "junit-linux-*");
        assert_eq!(kind_of(&run, &named("junit-linux-3")).as_str(), "junit-linux-3");
    }
}
