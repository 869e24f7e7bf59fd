//! GitHub: names and ages of secrets and keys, closed lists, second pages.

use http::Method;
use landfall::domain::{
    CredentialKind, CredentialRecord, Evidence, Expiry, Failure, LastUse, Level, Reach, RepoPath, Standing,
};
use landfall::source::{CiProvider, GitHub};

use crate::ci::{options, token};
use crate::loopback::{Loopback, Seen, answer};
use crate::{found, ids, now};

const JSON: (&str, &str) = ("content-type", "application/json");
const SECRETS: &str = r#"{"total_count":2,"secrets":[
  {"name":"GHCR_TOKEN","created_at":"2025-01-10T14:59:22Z","updated_at":"2026-10-01T10:00:00Z"},
  {"name":"BARE","created_at":null}, {"nameless":true}]}"#;

fn world(seen: &Seen) -> axum::response::Response {
    let path = seen.path.split('?').next().unwrap();
    let body = match path.strip_prefix("/repos/acme/web/").unwrap_or_default() {
        "actions/secrets" => SECRETS,
        "actions/organization-secrets" => r#"{"secrets":[{"name":"NPM","created_at":"2026-01-10T14:59:22Z"}]}"#,
        "environments" => r#"{"total_count":1,"environments":[{"name":"prod/eu 1"}]}"#,
        "environments/prod%2Feu%201/secrets" => r#"{"secrets":[{"name":"KEY","created_at":"2026-01-10T14:59:22Z"}]}"#,
        "keys" => {
            r#"[{"id":7,"key":"ssh-rsa CANARY","title":"deployer","read_only":false,"enabled":false,"added_by":"octo",
                 "created_at":"2024-07-10T10:00:00Z","last_used":"2026-11-27T11:30:00Z"},{"id":8,"title":""}]"#
        }
        _ => return answer(403, &[JSON], r#"{"message":"Resource not accessible by personal access token"}"#),
    };
    answer(200, &[JSON], body)
}

async fn read(server: &Loopback) -> Vec<landfall::domain::CredentialScan> {
    let folder = tempfile::tempdir().unwrap();
    let github = GitHub::new(options(server.url.clone(), Some(token(&folder, "ghp_CANARY")))).unwrap();
    github.credentials(&RepoPath::parse("acme/web").unwrap(), now()).await
}

#[tokio::test]
async fn secrets_are_names_and_ages_and_their_end_is_not_known() {
    let server = Loopback::answering(world).await;
    let scans = read(&server).await;
    let batch = found(&scans, "ci/acme/web/actions").as_ref().unwrap();
    assert_eq!(ids(batch), ["ci/acme/web/actions/GHCR_TOKEN", "ci/acme/web/actions/BARE"]);
    assert_eq!((batch.skipped, batch.complete), (1, true));
    let record = &batch.items[0];
    let wanted = CredentialRecord {
        place: "acme/web, Actions".into(),
        evidence: Evidence::Age,
        created_at: Some("2025-01-10T14:59:22Z".parse().unwrap()),
        rotated_at: Some("2026-10-01T10:00:00Z".parse().unwrap()),
        replace: Some("gh secret set GHCR_TOKEN --repo acme/web".into()),
        reach: Some(Reach { repos: vec![RepoPath::parse("acme/web").unwrap()], level: Level::Repository }),
        ..CredentialRecord::new("ci/acme/web/actions/GHCR_TOKEN", "GHCR_TOKEN", CredentialKind::Secret, now())
    };
    assert_eq!(*record, wanted);
    assert_eq!(batch.items[1].expiry, Expiry::Untold);
}

#[tokio::test]
async fn environments_are_read_one_by_one_and_organization_secrets_are_the_organizations() {
    let server = Loopback::answering(world).await;
    let scans = read(&server).await;
    let batch = found(&scans, "ci/acme/web/environments/prod/eu 1").as_ref().unwrap();
    assert_eq!(ids(batch), ["ci/acme/web/environments/prod/eu 1/KEY"]);
    assert_eq!(batch.items[0].replace, Some("gh secret set KEY --repo acme/web --env 'prod/eu 1'".into()));
    let batch = found(&scans, "ci/acme/web/organization").as_ref().unwrap();
    assert_eq!(ids(batch), ["ci/acme/organization/NPM"]);
    assert_eq!(batch.items[0].consumers, ["acme/web".into()]);
}

#[tokio::test]
async fn deploy_keys_tell_their_age_their_last_use_and_whether_they_are_switched_off() {
    let server = Loopback::answering(world).await;
    let scans = read(&server).await;
    let batch = found(&scans, "ci/acme/web/keys").as_ref().unwrap();
    let [key, nameless] = batch.items.as_slice() else { panic!("{batch:?}") };
    assert!(matches!(key.standing, Standing::Refused(_)));
    assert_eq!(key.last_use, LastUse::At("2026-11-27T11:30:00Z".parse().unwrap()));
    assert_eq!(key.owner, Some("octo".into()));
    assert_eq!((nameless.name.as_str(), &nameless.last_use), ("key 8", &LastUse::Untold));
}

#[tokio::test]
async fn a_list_that_is_closed_is_a_failure_and_not_an_empty_list() {
    let server = Loopback::answering(world).await;
    assert!(matches!(found(&read(&server).await, "ci/acme/web/dependabot"), Err(Failure::Forbidden(_))));
    let hidden = Loopback::answering(|_| answer(404, &[JSON], r#"{"message":"Not Found"}"#)).await;
    let scans = read(&hidden).await;
    assert_eq!(scans.len(), 5);
    assert!(scans.iter().all(|scan| matches!(scan.found, Err(Failure::NotFound(_)))), "{scans:?}");
}

#[tokio::test]
async fn only_reads_are_sent_and_no_value_comes_through() {
    let server = Loopback::answering(world).await;
    let scans = read(&server).await;
    assert!(server.seen().iter().all(|seen| seen.method == Method::GET));
    assert!(!format!("{scans:?}").contains("CANARY"));
}

#[tokio::test]
async fn a_second_page_that_fails_leaves_the_list_incomplete() {
    let server = Loopback::answering(|seen| {
        if seen.path.contains("page=2") {
            return answer(502, &[], "");
        }
        let link = format!("<http://{}/x?page=2>; rel=\"next\"", seen.header("host").unwrap());
        answer(200, &[JSON, ("link", &link)], SECRETS)
    })
    .await;
    let scans = read(&server).await;
    let batch = found(&scans, "ci/acme/web/actions").as_ref().unwrap();
    assert_eq!((batch.items.len(), batch.complete), (2, false));
}

#[tokio::test]
async fn once_nothing_more_can_be_asked_the_other_repositories_are_left_alone() {
    use landfall::source::{CiCredentials, ExpirySource};

    let limited =
        Loopback::answering(|_| answer(429, &[JSON, ("retry-after", "60")], r#"{"message":"slow down"}"#)).await;
    let scan = async |server: &Loopback| {
        let provider = std::sync::Arc::new(GitHub::new(options(server.url.clone(), None)).unwrap());
        let repos = ["acme/web", "acme/api"].map(|repo| RepoPath::parse(repo).unwrap()).to_vec();
        CiCredentials {
            id: crate::source("ci"),
            repos,
            organizations: Vec::new(),
            provider,
            leave: std::sync::Arc::new(()),
        }
        .scan(now())
        .await
    };
    let scans = scan(&limited).await;
    assert!(limited.seen().iter().all(|seen| seen.path.contains("acme/web")), "the second was asked too");
    assert!(matches!(found(&scans, "ci/every repository"), Err(Failure::RateLimited { .. })));
    let open = Loopback::answering(world).await;
    let scans = scan(&open).await;
    assert!(open.seen().iter().any(|seen| seen.path.contains("acme/api")));
    assert_eq!(found(&scans, "ci/every repository").as_ref().unwrap().items, []);
}

#[tokio::test]
async fn a_token_that_is_refused_is_sent_once_and_whoever_keeps_the_source_closed_is_heard() {
    use std::sync::Arc;

    use landfall::source::{CiCredentials, ExpirySource, Leave};

    struct Closed;
    impl Leave for Closed {
        fn refusal(&self, _: &landfall::domain::SourceId) -> Option<Failure> {
            Some(Failure::Withheld("closed".into()))
        }
    }

    let refused = Loopback::answering(|_| answer(401, &[JSON], r#"{"message":"Bad credentials"}"#)).await;
    let with = |leave: Arc<dyn Leave>| {
        let provider = Arc::new(GitHub::new(options(refused.url.clone(), None)).unwrap());
        let repos = ["acme/web", "acme/api"].map(|repo| RepoPath::parse(repo).unwrap()).to_vec();
        CiCredentials { id: crate::source("ci"), repos, organizations: vec!["acme".into()], provider, leave }
    };
    let closed = with(Arc::new(Closed));
    let scans = closed.scan(now()).await;
    assert!(matches!(&closed.pipelines().await[..], [one] if one.found.is_err()), "it is told, once");
    assert!(refused.seen().is_empty(), "{:?}", refused.seen());
    assert!(matches!(found(&scans, "ci/every repository"), Err(Failure::Withheld(_))));
    let scans = with(Arc::new(())).scan(now()).await;
    assert_eq!(refused.seen().len(), 1, "{:?}", refused.seen());
    assert!(matches!(found(&scans, "ci/every repository"), Err(Failure::Auth { .. })));
    assert!(scans.iter().all(|scan| scan.found.is_err()));
    let one = GitHub::new(options(refused.url.clone(), None)).unwrap();
    assert_eq!(one.credentials(&RepoPath::parse("acme/web").unwrap(), now()).await.len(), 1);
    assert_eq!(refused.seen().len(), 2, "{:?}", refused.seen());
}
