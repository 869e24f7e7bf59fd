//! What a landfall that ran for days would remember of the demo's world.

use super::counts::Server;
use super::stage::Stage;
use super::world::{Fate, Provider, Run, Service};
use crate::domain::{Digest, Fact, ImageName, Landed, RepoPath, RunKey, SourceId, Tag, TagRef};

/// How long a cleaned-away image was there, in seconds.
const STAYED: i64 = 3 * 86_400;

/// Returns the tags that landed and were cleaned away since.
pub(super) fn remembered(stage: &Stage) -> Vec<Fact> {
    let services = stage.world.services.iter();
    services
        .flat_map(|service| service.runs.iter().map(move |run| (service, run)))
        .filter(|(_, run)| run.fate == Fate::Pruned)
        .flat_map(|(service, run)| service.tags_of(run).into_iter().filter_map(|tag| landed(stage, service, run, &tag)))
        .map(Fact::Landed)
        .collect()
}

fn landed(stage: &Stage, service: &Service, run: &Run, tag: &str) -> Option<Landed> {
    let ci = match service.provider {
        Provider::GitHub => "github",
        Provider::GitLab => "gitlab",
    };
    let image = format!("{}/{}", stage.addresses.of(Server::Registry), service.image);
    let since = run.lands() + 30;
    Some(Landed {
        tag_ref: TagRef { image: ImageName::parse(&image).ok()?, tag: Tag::parse(tag).ok()? },
        run: RunKey {
            ci: SourceId::parse(ci).ok()?,
            repo: RepoPath::parse(&service.repo).ok()?,
            id: run.id,
            attempt: u32::try_from(run.attempt).ok()?,
        },
        digest: Digest::parse(&stage.shelf.built(&stage.world, service, run)?.root.digest).ok()?,
        since: stage.clock.moment(since),
        last_seen: stage.clock.moment(since.max((since + STAYED).min(-3_600))),
        proof: None,
    })
}
