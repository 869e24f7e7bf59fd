//! Landfall's own tokens and logins: accepted, ended, refused, or not looked at.

use std::sync::Arc;

use landfall::domain::{Batch, CredentialRecord, Expiry, Failure, ImageName, Renewal, SecretSource, Standing};
use landfall::source::{ExpirySource, GitHub, GitLab, Oci, OciOptions, OwnLogin, OwnToken};

use crate::ci::{fixture, options, token};
use crate::loopback::{Loopback, answer};
use crate::{now, source};

const JSON: (&str, &str) = ("content-type", "application/json");
const LIMITS: &str = r#"{"resources":{"core":{"limit":5000}}}"#;

async fn scan(own: impl ExpirySource) -> Result<Batch<CredentialRecord>, Failure> {
    let mut scans = own.scan(now()).await;
    assert_eq!(scans.len(), 1);
    scans.remove(0).found
}

async fn github(server: &Loopback, value: &str) -> Result<Batch<CredentialRecord>, Failure> {
    let folder = tempfile::tempdir().unwrap();
    let provider = GitHub::new(options(server.url.clone(), Some(token(&folder, value)))).unwrap();
    scan(OwnToken { id: source("github"), from: "a file".into(), provider: Arc::new(provider), leave: Arc::new(()) })
        .await
}

#[tokio::test]
async fn githubs_header_tells_the_end_and_scopes_above_need_are_noted() {
    let headers = [
        JSON,
        ("github-authentication-token-expiration", "2026-11-29 02:00:00 UTC"),
        ("x-oauth-scopes", "repo, read:org, workflow"),
    ];
    let server = Loopback::answering(move |_| answer(200, &headers, LIMITS)).await;
    let batch = github(&server, "ghp_CANARY").await.unwrap();
    let record = &batch.items[0];
    assert_eq!(record.expiry, Expiry::At("2026-11-29T02:00:00Z".parse().unwrap()));
    let above = Standing::AboveNeed("scopes above need: workflow".into());
    assert_eq!((&record.standing, record.id.raw()), (&above, "own/github"));
    let notes: Vec<_> = record.notes.iter().map(landfall::domain::Text::as_str).collect();
    assert!(notes.iter().any(|note| note.contains("above need: workflow.")), "{notes:?}");
    assert!(!format!("{batch:?}").contains("CANARY"));
}

#[tokio::test]
async fn without_that_header_only_tokens_that_would_have_one_are_endless() {
    let server = Loopback::answering(|_| answer(200, &[JSON], LIMITS)).await;
    let expiry = async |value| github(&server, value).await.unwrap().items[0].expiry.clone();
    assert_eq!(expiry("ghp_x").await, Expiry::Never);
    assert_eq!(expiry("github_pat_x").await, Expiry::Never);
    assert_eq!(expiry("gho_x").await, Expiry::Untold);
    assert_eq!(expiry("ghs_x").await, Expiry::Untold);
    assert_eq!(github(&server, "ghs_x").await.unwrap().items[0].renewal, Renewal::Auto);
}

#[tokio::test]
async fn a_refusal_is_told_of_the_credential_and_any_other_failure_is_not() {
    let refused = Loopback::answering(|_| answer(401, &[JSON], fixture("github/bad_credentials.json"))).await;
    let batch = github(&refused, "ghp_x").await.unwrap();
    assert!(matches!(batch.items[0].standing, Standing::Refused(_)));
    let broken = Loopback::answering(|_| answer(502, &[], "")).await;
    assert!(matches!(github(&broken, "ghp_x").await, Err(Failure::Unreachable { .. })));
    let page = Loopback::answering(|_| answer(200, &[("content-type", "text/html")], "<html>log in</html>")).await;
    assert!(matches!(github(&page, "ghp_x").await, Err(Failure::Malformed(_))));
}

#[tokio::test]
async fn gitlab_says_that_a_token_has_expired_and_when_one_will() {
    let own = async |server: &Loopback| {
        let folder = tempfile::tempdir().unwrap();
        let provider = GitLab::new(options(server.url.clone(), Some(token(&folder, "glpat-x")))).unwrap();
        scan(OwnToken {
            id: source("gitlab"),
            from: "a file".into(),
            provider: Arc::new(provider),
            leave: Arc::new(()),
        })
        .await
        .unwrap()
        .items
    };
    let body =
        r#"{"error":"invalid_token","error_description":"Token is expired. You can either do re-authorization."}"#;
    let expired = Loopback::answering(move |_| answer(401, &[JSON], body)).await;
    assert!(matches!(own(&expired).await[0].standing, Standing::Ended(_)));
    let body = r#"{"id":1,"expires_at":"2026-12-01","scopes":["read_api"],"active":true,"revoked":false}"#;
    let living = Loopback::answering(move |_| answer(200, &[JSON], body)).await;
    assert_eq!(own(&living).await[0].expiry, Expiry::At("2026-12-01T00:00:00Z".parse().unwrap()));
}

#[tokio::test]
async fn a_token_that_cannot_be_read_here_is_refused_and_none_at_all_is_no_row() {
    let server = Loopback::answering(|_| answer(200, &[JSON], LIMITS)).await;
    let own = async |secret| {
        let provider = GitHub::new(options(server.url.clone(), secret)).unwrap();
        scan(OwnToken { id: source("github"), from: "there".into(), provider: Arc::new(provider), leave: Arc::new(()) })
            .await
            .unwrap()
            .items
    };
    let missing = SecretSource::File("/nonexistent/landfall/token".into());
    assert!(matches!(own(Some(missing)).await[0].standing, Standing::Refused(_)));
    assert_eq!(own(None).await, []);
}

#[tokio::test]
async fn a_registry_that_wants_no_login_is_no_row_and_one_that_is_down_is_a_failure() {
    let open = Loopback::answering(|_| answer(200, &[], "{}")).await;
    let own = async |server: &Loopback| {
        let registry = Oci::new(OciOptions {
            host: source(&server.host()),
            plain_http: true,
            credential: landfall::domain::CredentialSource::Anonymous,
            ca_pem: None,
            in_flight: 2,
            timeout: std::time::Duration::from_secs(5),
            realm_hosts: Vec::new(),
            login_files: None,
            address: None,
        });
        let image = ImageName::parse(&format!("{}/acme/web", server.host())).unwrap();
        scan(OwnLogin { id: source(&server.host()), image, registry: Arc::new(registry.unwrap()), leave: Arc::new(()) })
            .await
    };
    assert_eq!(own(&open).await.unwrap().items, []);
    let down = Loopback::answering(|_| answer(503, &[], "")).await;
    assert!(matches!(own(&down).await, Err(Failure::Unreachable { .. })));
}
