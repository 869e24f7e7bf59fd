//! The tokens and keys by which people reach a GitHub organization: two lists, second pages, closed ones, hostile names.

use std::sync::Arc;

use http::Method;
use landfall::domain::{CredentialKind, CredentialScan, Expiry, LastUse, Standing};
use landfall::source::{CiCredentials, CiProvider, ExpirySource, GitHub};

use crate::ci::{options, token};
use crate::loopback::{Loopback, Seen, answer};
use crate::{found, ids, now, source};

const JSON: (&str, &str) = ("content-type", "application/json");
const TOKENS: &str = r#"[
  {"id":25381,"owner":{"login":"octocat"},"repository_selection":"all","access_granted_at":"2026-05-16T08:47:09.000-07:00",
   "permissions":{"organization":{"members":"read"},"repository":{"contents":"write","metadata":"read","packages":"admin"}},
   "token_id":98716,"token_name":"ghcr push","token_expired":false,
   "token_expires_at":"2026-12-16T08:47:09.000-07:00","token_last_used_at":null},
  {"id":2,"owner":{"login":"hubot"},"token_name":"for \u001b[2Jever\u202e","token_expired":false,"token_expires_at":null,
   "token_last_used_at":"2026-01-10T00:00:00Z"},
  {"id":3,"token_expired":true,"token_expires_at":"2026-11-01T00:00:00Z"},
  {"id":4,"token_name":""},
  {"id":"five"}]"#;
const AUTHORISED: &str = r#"[
  {"login":"octocat","credential_id":161195,"credential_type":"personal access token","token_last_eight":"CANARY12",
   "credential_authorized_at":"2026-01-26T19:06:43Z","credential_accessed_at":"2026-11-26T19:06:43Z",
   "authorized_credential_note":"deploy","authorized_credential_expires_at":"2026-11-30T10:00:00Z",
   "scopes":["repo","read:org","write:packages"]},
  {"login":"hubot","credential_id":2,"credential_type":"SSH key","fingerprint":"CANARY","authorized_credential_title":"laptop",
   "authorized_credential_expires_at":null}]"#;

async fn read(server: &Loopback) -> Vec<CredentialScan> {
    let folder = tempfile::tempdir().unwrap();
    let github = GitHub::new(options(server.url.clone(), Some(token(&folder, "ghp_CANARY")))).unwrap();
    github.organization_credentials("acme", now()).await
}

fn world(seen: &Seen) -> axum::response::Response {
    match seen.path.as_str() {
        "/orgs/acme/personal-access-tokens?per_page=100" => {
            let next = format!(
                "<http://{}/orgs/acme/personal-access-tokens?page=2>; rel=\"next\"",
                seen.header("host").unwrap()
            );
            answer(200, &[JSON, ("link", &next)], TOKENS)
        }
        "/orgs/acme/personal-access-tokens?page=2" => answer(200, &[JSON], r#"[{"id":99,"token_name":"second page"}]"#),
        "/orgs/acme/credential-authorizations?per_page=100" => answer(200, &[JSON], AUTHORISED),
        other => panic!("{other} is asked for"),
    }
}

#[tokio::test]
async fn fine_grained_tokens_tell_whose_they_are_when_they_end_and_what_they_may_change() {
    let server = Loopback::answering(world).await;
    let scans = read(&server).await;
    let batch = found(&scans, "ci/acme/fine_grained_tokens").as_ref().unwrap();
    let names: Vec<_> = batch.items.iter().map(|record| record.name.as_str().to_owned()).collect();
    assert_eq!(names, ["ghcr push", "for ever", "fine-grained token 3", "fine-grained token 4", "second page"]);
    assert_eq!((batch.skipped, batch.complete), (1, true));
    let [push, ever, ended, bare, _] = batch.items.as_slice() else { panic!("{batch:?}") };
    assert_eq!(push.id.raw(), "ci/acme/fine_grained_tokens/25381");
    assert_eq!(push.expiry, Expiry::At("2026-12-16T15:47:09Z".parse().unwrap()));
    assert_eq!((&push.owner, &push.last_use), (&Some("octocat".into()), &LastUse::Untold));
    assert_eq!(push.notes, ["It reaches more than reading: contents, packages.".into()]);
    assert_eq!(ever.expiry, Expiry::Never);
    let revoked = "GitHub revokes what nobody used for a year: unless it is used, by 2027-01-10.";
    assert_eq!(ever.notes, [revoked.into()]);
    assert!(matches!(ended.standing, Standing::Ended(_)));
    assert_eq!(bare.expiry, Expiry::Untold, "a key that is not there says nothing");
}

#[tokio::test]
async fn what_was_authorised_for_single_sign_on_tells_its_end_and_nothing_of_its_value() {
    let server = Loopback::answering(world).await;
    let scans = read(&server).await;
    let batch = found(&scans, "ci/acme/authorizations").as_ref().unwrap();
    assert_eq!(ids(batch), ["ci/acme/authorizations/161195", "ci/acme/authorizations/2"]);
    let [classic, key] = batch.items.as_slice() else { panic!("{batch:?}") };
    assert_eq!((classic.name.as_str(), &classic.kind), ("deploy", &CredentialKind::AccessToken));
    assert_eq!(classic.expiry, Expiry::At("2026-11-30T10:00:00Z".parse().unwrap()));
    assert_eq!(classic.last_use, LastUse::At("2026-11-26T19:06:43Z".parse().unwrap()));
    assert_eq!(classic.notes, ["It reaches more than reading: repo, write:packages.".into()]);
    assert_eq!((key.kind.word(), &key.expiry), ("SSH key", &Expiry::Untold));
    assert!(!format!("{scans:?}").contains("CANARY"));
    assert!(server.seen().iter().all(|seen| seen.method == Method::GET));
}

#[tokio::test]
async fn lists_that_only_others_are_shown_say_so_and_the_repositories_are_read_all_the_same() {
    let server = Loopback::answering(|seen| match seen.path.split('?').next().unwrap() {
        "/orgs/acme/personal-access-tokens" => {
            answer(403, &[JSON], r#"{"message":"Resource not accessible by personal access token"}"#)
        }
        "/orgs/acme" => answer(200, &[JSON], r#"{"login":"acme"}"#),
        "/repos/acme/web/actions/secrets" => answer(200, &[JSON], r#"{"secrets":[{"name":"GHCR_TOKEN"}]}"#),
        _ => answer(404, &[JSON], r#"{"message":"Not Found"}"#),
    })
    .await;
    let folder = tempfile::tempdir().unwrap();
    let github = GitHub::new(options(server.url.clone(), Some(token(&folder, "ghp_x")))).unwrap();
    let credentials = CiCredentials {
        id: source("ci"),
        repos: vec![landfall::domain::RepoPath::parse("acme/web").unwrap()],
        organizations: vec!["acme".to_owned()],
        provider: Arc::new(github),
        leave: Arc::new(()),
    };
    let scans = credentials.scan(now()).await;
    for (scope, who) in [
        ("ci/acme/fine_grained_tokens", "a GitHub App"),
        ("ci/acme/authorizations", "an owner of an organization with SAML"),
    ] {
        let batch = found(&scans, scope).as_ref().unwrap();
        let [list] = batch.items.as_slice() else { panic!("{batch:?}") };
        assert!(matches!(&list.standing, Standing::OutOfReach(told) if told.raw().starts_with(who)), "{list:?}");
        assert!(!batch.complete, "what was known of it is kept");
        let urgency = landfall::analysis::urgency(list, &landfall::domain::Hours::default(), now());
        assert_eq!(urgency.severity, landfall::analysis::Severity::Notice, "another look would tell no more");
    }
    assert_eq!(ids(found(&scans, "ci/acme/web/actions").as_ref().unwrap()), ["ci/acme/web/actions/GHCR_TOKEN"]);
}

/// What both lists say to a token: `reached`, `closed` for a notice, or the failure; and how often the organization itself
/// is asked for. Each status is what is answered: to the tokens, the authorizations, the organization.
async fn outcome(secret: &str, statuses: [u16; 3]) -> ([String; 2], usize) {
    let server = Loopback::answering(move |seen| {
        let [tokens, authorised, organization] = statuses;
        let (status, whole) = match seen.path.split('?').next().unwrap() {
            "/orgs/acme/personal-access-tokens" => (tokens, "[]"),
            "/orgs/acme/credential-authorizations" => (authorised, "[]"),
            "/orgs/acme" => (organization, r#"{"login":"acme"}"#),
            other => panic!("{other} is asked for"),
        };
        answer(status, &[JSON], if status == 200 { whole } else { r#"{"message":"No"}"# })
    })
    .await;
    let folder = tempfile::tempdir().unwrap();
    let github = GitHub::new(options(server.url.clone(), Some(token(&folder, secret)))).unwrap();
    let scans = github.organization_credentials("acme", now()).await;
    let told = ["ci/acme/fine_grained_tokens", "ci/acme/authorizations"].map(|scope| match found(&scans, scope) {
        Ok(batch) if batch.items.is_empty() => "reached".to_owned(),
        Ok(batch) if matches!(batch.items[0].standing, Standing::OutOfReach(_)) => "closed".to_owned(),
        Ok(batch) => panic!("{batch:?}"),
        Err(failure) => failure.to_string(),
    });
    (told, server.seen().iter().filter(|seen| seen.path == "/orgs/acme").count())
}

#[tokio::test]
async fn only_an_organization_that_is_there_has_lists_out_of_reach() {
    let absent = "the organization acme was not found";
    let unknown = "whether there is an organization acme is not known";
    for (secret, statuses, wanted, asked) in [
        ("ghp_x", [403, 200, 200], ["closed", "reached"], 0),
        ("ghp_x", [403, 404, 200], ["closed", "closed"], 1),
        ("ghp_x", [404, 404, 200], ["closed", "closed"], 1),
        ("ghp_x", [404, 404, 404], [absent, absent], 1),
        ("ghp_x", [403, 404, 404], [absent, absent], 1),
        ("ghp_x", [404, 404, 400], [unknown, unknown], 1),
        ("ghp_x", [403, 404, 403], ["access forbidden", unknown], 1),
        ("ghp_x", [200, 403, 200], ["reached", "access forbidden"], 0),
        ("ghs_x", [200, 404, 200], ["reached", "closed"], 1),
        ("ghs_x", [403, 404, 200], ["access forbidden", "closed"], 1),
        ("ghs_x", [404, 404, 200], ["not found", "closed"], 1),
        ("ghs_x", [404, 404, 404], [absent, absent], 1),
    ] {
        let (told, requests) = outcome(secret, statuses).await;
        let is_so = told.iter().zip(wanted).all(|(told, wanted)| told.contains(wanted));
        assert!(is_so && requests == asked, "{secret} {statuses:?}: {told:?}, asked {requests} times");
    }
}
