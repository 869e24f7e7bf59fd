//! Several absent tags of one repository cost one request a round: the demo's registry counts them.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use jiff::SignedDuration;
use landfall::analysis::{Verdict, judge, plan};
use landfall::config;
use landfall::demo::{Kind, Server, Servers, World};
use landfall::domain::{Look, Observation, Seen, SourceId, Urgency};
use landfall::poll::Clock as _;
use landfall::runtime::{Oneshot, SystemClock, build, patient};

#[tokio::test(flavor = "multi_thread")]
async fn a_round_over_absent_tags_is_one_list() {
    let servers = Servers::start(World::incident().unwrap(), Duration::ZERO, SystemClock.now()).await.unwrap();
    let mut config = config::parse(&servers.config_toml(), Path::new("demo.toml")).unwrap().config;
    config.policy.second_look = SignedDuration::from_millis(50);
    let config = config.only(&["checkout".to_owned()]).unwrap();
    let sources = build(&config).unwrap();
    let oneshot = Oneshot {
        services: &config.services,
        policy: &config.policy,
        rhythm: patient(&config),
        clock: Arc::new(SystemClock),
        wait: SignedDuration::ZERO,
        depth: None,
    };
    let mut snapshot = oneshot.look(sources.clone(), servers.remembered(), &mut ()).await;
    let service = config.services.first().unwrap();
    let image = service.images.first().unwrap().repository.clone();
    let missing = |snapshot: &_, at| {
        let rows = judge(snapshot, service, &config.policy, at).rows;
        rows.into_iter().filter(|row| row.verdict == Verdict::Missing).count()
    };
    let start = SystemClock.now();
    let absent = missing(&snapshot, start);
    assert!(absent >= 2, "{absent} tags are absent");

    let host = SourceId::parse(image.registry()).unwrap();
    let before = servers.requests(Server::Registry);
    let mut now = start;
    for round in 0..3 {
        let wanted = plan(&snapshot, service, &config.policy, now, false);
        let lists: Vec<_> = wanted.iter().filter(|wanted| wanted.look == Look::Canary(image.clone())).collect();
        let list = lists.first().and_then(|list| list.not_before).unwrap();
        let known = &snapshot.image(&image).unwrap().tags;
        let is_absent = |look: &Look| match look {
            Look::Tag(tag_ref) => known.get(&tag_ref.tag).is_some_and(|known| known.absent_looks > 0),
            _ => false,
        };
        let again = wanted.iter().filter(|wanted| is_absent(&wanted.look));
        let soonest = again.filter_map(|wanted| wanted.not_before).min();
        assert!(lists.iter().all(|list| list.urgency == Urgency::Again));
        assert!(soonest.unwrap() > list, "round {round}: no absent tag is looked for before the list");
        now = list.max(now);
        let probe = sources.registries.get(&host).unwrap().tags(&image).await;
        snapshot.absorb(Observation { at: now, source: host.clone(), seen: Seen::Canary(image.clone(), probe) });
    }
    let after = servers.requests(Server::Registry);
    let more = |kind| after.get(&kind).copied().unwrap_or_default() - before.get(&kind).copied().unwrap_or_default();
    assert_eq!((more(Kind::Tags), more(Kind::Tag)), (3, 0), "instead of {absent} looks in each of three rounds");
    assert_eq!(missing(&snapshot, now), absent, "and nothing is judged by it");
}
