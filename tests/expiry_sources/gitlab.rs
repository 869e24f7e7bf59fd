//! GitLab: ends of tokens and keys, replaced ones, and variables by their keys alone.

use http::Method;
use landfall::domain::{CredentialScan, Expiry, Failure, LastUse, RepoPath, Standing};
use landfall::source::{CiProvider, GitLab};

use crate::ci::{options, token};
use crate::loopback::{Loopback, Seen, answer};
use crate::{found, ids, now};

const JSON: (&str, &str) = ("content-type", "application/json");
const TOKENS: &str = r#"[
  {"id":1,"name":"push","revoked":false,"active":false,"expires_at":"2026-11-01","created_at":"2025-11-01T00:00:00Z"},
  {"id":2,"name":"push","revoked":false,"active":true,"expires_at":"2026-11-28","last_used_at":"2026-11-27T00:00:00.000Z"},
  {"id":3,"name":"gone","revoked":true,"active":false,"expires_at":"2027-11-01"},
  {"id":4,"name":"dead","revoked":false,"active":false,"expires_at":"2026-11-27"},
  {"id":5,"name":"endless","revoked":false,"active":true,"expires_at":null},
  {"id":6,"name":"odd","revoked":false,"active":true,"expires_at":"2026-02-30"}]"#;
const VARIABLES: &str = r#"{"data":{"project":{"ciVariables":{"pageInfo":{"hasNextPage":false},"nodes":[
  {"key":"TOKEN","environmentScope":"*","protected":true,"value":"CANARY"},
  {"key":"TOKEN","environmentScope":"prod","protected":false}]}}}}"#;

fn world(seen: &Seen) -> axum::response::Response {
    let path = seen.path.split('?').next().unwrap();
    let body = match path {
        "/api/v4/projects/acme%2Fshop%2Fweb/access_tokens" => TOKENS,
        "/api/v4/projects/acme%2Fshop%2Fweb/deploy_tokens" => {
            r#"[{"id":9,"name":"pull","username":"u","token":"CANARY","expires_at":"2027-01-01T10:00:00.000Z","expired":false}]"#
        }
        "/api/v4/projects/acme%2Fshop%2Fweb/deploy_keys" => {
            r#"[{"id":3,"title":"deployer","key":"ssh-rsa CANARY","can_push":true,"created_at":"2024-01-01T00:00:00Z"}]"#
        }
        "/api/graphql" => VARIABLES,
        "/api/v4/groups/acme%2Fshop/access_tokens" => "[]",
        _ => return answer(403, &[JSON], r#"{"message":"403 Forbidden"}"#),
    };
    answer(200, &[JSON], body)
}

async fn read(server: &Loopback) -> Vec<CredentialScan> {
    let folder = tempfile::tempdir().unwrap();
    let gitlab = GitLab::new(options(server.url.clone(), Some(token(&folder, "glpat-CANARY")))).unwrap();
    gitlab.credentials(&RepoPath::parse("acme/shop/web").unwrap(), now()).await
}

#[tokio::test]
async fn tokens_die_at_the_first_moment_of_their_day_and_replaced_ones_are_left_out() {
    let server = Loopback::answering(world).await;
    let scans = read(&server).await;
    let batch = found(&scans, "ci/acme/shop/web/access_tokens").as_ref().unwrap();
    let ended: Vec<_> = batch.items.iter().map(|it| (it.name.as_str(), &it.expiry, &it.standing)).collect();
    let [push, dead, endless, odd] = ended.as_slice() else { panic!("{ended:?}") };
    assert_eq!(*push, ("push", &Expiry::At("2026-11-28T00:00:00Z".parse().unwrap()), &Standing::Untried));
    assert_eq!(dead.0, "dead");
    assert!(matches!(dead.2, Standing::Ended(_)));
    assert_eq!((endless.0, endless.1), ("endless", &Expiry::Never));
    assert!(matches!(odd.1, Expiry::Unreadable(_)));
    assert_eq!(batch.items[0].last_use, LastUse::At("2026-11-27T00:00:00Z".parse().unwrap()));
}

#[tokio::test]
async fn a_deploy_key_whose_end_is_left_out_is_not_endless() {
    let server = Loopback::answering(world).await;
    let scans = read(&server).await;
    let key = &found(&scans, "ci/acme/shop/web/deploy_keys").as_ref().unwrap().items[0];
    assert_eq!(key.expiry, Expiry::Untold);
    let pull = &found(&scans, "ci/acme/shop/web/deploy_tokens").as_ref().unwrap().items[0];
    assert_eq!(pull.expiry, Expiry::At("2027-01-01T10:00:00Z".parse().unwrap()));
}

#[tokio::test]
async fn variables_are_asked_for_by_graphql_and_never_by_the_list_that_gives_values() {
    let server = Loopback::answering(world).await;
    let scans = read(&server).await;
    let batch = found(&scans, "ci/acme/shop/web/variables").as_ref().unwrap();
    assert_eq!(ids(batch), ["ci/acme/shop/web/variables/TOKEN", "ci/acme/shop/web/variables/TOKEN/prod"]);
    let seen = server.seen();
    assert!(seen.iter().all(|seen| seen.method == Method::GET));
    assert!(!seen.iter().any(|seen| seen.path.starts_with("/api/v4/") && seen.path.contains("variables")));
    let asked = seen.iter().find(|seen| seen.path.starts_with("/api/graphql")).unwrap();
    assert!(asked.path.contains("environmentScope") && !asked.path.contains("value+"), "{}", asked.path);
    assert!(!format!("{scans:?}").contains("CANARY"), "a value came through");
}

#[tokio::test]
async fn hidden_variables_and_a_closed_group_are_failures() {
    let server = Loopback::answering(world).await;
    assert!(matches!(found(&read(&server).await, "ci/acme/shop/deploy_tokens"), Err(Failure::Forbidden(_))));
    assert_eq!(found(&read(&server).await, "ci/acme/shop/access_tokens").as_ref().unwrap().items.len(), 0);
    for hidden in [r#"{"data":{"project":null}}"#, r#"{"data":{"project":{"ciVariables":null}}}"#, r#"{"data":null}"#] {
        let server = Loopback::answering(move |_| answer(200, &[JSON], hidden)).await;
        let scans = read(&server).await;
        assert!(matches!(found(&scans, "ci/acme/shop/web/variables"), Err(Failure::NotFound(_))), "{hidden}");
    }
    let odd = Loopback::answering(|_| answer(200, &[JSON], r#"{"errors":[{"message":"Invalid token"}]}"#)).await;
    assert!(matches!(found(&read(&odd).await, "ci/acme/shop/web/variables"), Err(Failure::Ambiguous(_))));
}

#[tokio::test]
async fn a_token_that_is_refused_is_sent_once() {
    let server = Loopback::answering(|_| answer(401, &[JSON], r#"{"message":"401 Unauthorized"}"#)).await;
    let scans = read(&server).await;
    assert_eq!(server.seen().len(), 1, "{:?}", server.seen());
    assert!(matches!(&scans[..], [CredentialScan { found: Err(Failure::Auth { .. }), .. }]), "{scans:?}");
}
