//! Whether a login may push, by what the registry's tokens say. Nothing is pushed, nor begun.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::Method;
use landfall::domain::{
    Batch, CredentialRecord, CredentialSource, Failure, ImageName, Probe, SecretSource, Standing, Tag, TagRef,
};
use landfall::source::{ExpirySource, Oci, OciOptions, OwnLogin, PushLogin, Registry};

use crate::loopback::{Loopback, Seen, answer};
use crate::{now, source};

const JSON: (&str, &str) = ("content-type", "application/json");

/// A token that allows this in acme/web. Nobody checks its signature but a registry.
fn token(actions: &str, mark: &str) -> String {
    let payload =
        format!(r#"{{"sub":"{mark}","access":[{{"type":"repository","name":"acme/web","actions":[{actions}]}}]}}"#);
    format!("e30.{}.CANARY{mark}", URL_SAFE_NO_PAD.encode(payload))
}

/// A registry whose token service says this of who asks for pushes.
async fn guarded(pushing: impl Fn() -> axum::response::Response + Send + Sync + 'static) -> Loopback {
    Loopback::answering(move |seen: &Seen| {
        if seen.path.starts_with("/token") {
            if seen.path.contains("push") {
                return pushing();
            }
            return answer(200, &[JSON], format!(r#"{{"token":"{}"}}"#, token(r#""pull""#, "PULL")));
        }
        if seen.header("authorization").is_none_or(|value| !value.starts_with("Bearer ")) {
            let host = seen.header("host").unwrap();
            let wants = format!(r#"Bearer realm="http://{host}/token",service="reg""#);
            return answer(401, &[JSON, ("www-authenticate", &wants)], "{}");
        }
        answer(404, &[JSON], r#"{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown"}]}"#)
    })
    .await
}

async fn allowing(actions: &'static str) -> Loopback {
    guarded(move || answer(200, &[JSON], format!(r#"{{"token":"{}"}}"#, token(actions, "PUSH")))).await
}

fn oci(server: &Loopback, folder: &tempfile::TempDir) -> Arc<Oci> {
    let file = folder.path().join("password");
    std::fs::write(&file, "hunter2").unwrap();
    let password = SecretSource::File(file);
    let options = OciOptions {
        host: source(&server.host()),
        plain_http: true,
        credential: CredentialSource::Basic { username: "robot".to_owned(), password },
        ca_pem: None,
        in_flight: 2,
        timeout: std::time::Duration::from_secs(5),
        realm_hosts: Vec::new(),
        login_files: None,
        address: None,
    };
    Arc::new(Oci::new(options).unwrap())
}

fn image(server: &Loopback) -> ImageName {
    ImageName::parse(&format!("{}/acme/web", server.host())).unwrap()
}

type Found = Result<Batch<CredentialRecord>, Failure>;

async fn own(server: &Loopback) -> Found {
    let folder = tempfile::tempdir().unwrap();
    let login = OwnLogin {
        id: source(&server.host()),
        image: image(server),
        registry: oci(server, &folder),
        leave: Arc::new(()),
    };
    login.scan(now()).await.remove(0).found
}

async fn pushing(server: &Loopback) -> Found {
    let folder = tempfile::tempdir().unwrap();
    let login = PushLogin { id: source(&server.host()), images: vec![image(server)], registry: oci(server, &folder) };
    login.scan(now()).await.remove(0).found
}

fn told(found: &Found) -> (&Standing, String) {
    let record = &found.as_ref().unwrap().items[0];
    (&record.standing, record.notes.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))
}

#[tokio::test]
async fn a_login_that_may_only_pull_is_all_that_landfall_needs_and_cannot_push() {
    let server = allowing(r#""pull""#).await;
    let found = own(&server).await;
    let (standing, notes) = told(&found);
    assert_eq!(standing, &Standing::Accepted);
    assert!(notes.contains("It may pull from") && notes.contains("not push there"), "{notes}");
    let found = pushing(&server).await;
    let (standing, _) = told(&found);
    assert_eq!(standing, &Standing::Refused(format!("it may not push to {}", image(&server)).into()));
}

#[tokio::test]
async fn a_login_that_may_push_is_above_landfalls_need_and_what_pipelines_need() {
    let server = allowing(r#""pull","push""#).await;
    let found = own(&server).await;
    assert!(told(&found).1.contains("Rights above need: it may push to"), "{found:?}");
    let found = pushing(&server).await;
    let (standing, notes) = told(&found);
    assert_eq!(standing, &Standing::Accepted);
    assert!(notes.contains("It may push to"), "{notes}");
    assert!(!format!("{found:?}").contains("CANARY") && !format!("{found:?}").contains("hunter2"));
}

#[tokio::test]
async fn where_tokens_cannot_be_read_push_is_unverified_and_nothing_is_claimed() {
    let server = guarded(|| answer(200, &[JSON], r#"{"token":"djE6b3BhcXVl"}"#)).await;
    for found in [own(&server).await, pushing(&server).await] {
        let (standing, notes) = told(&found);
        assert_eq!(standing, &Standing::Accepted);
        assert_eq!(notes, "Push unverified: the registry's tokens cannot be read.");
    }
}

#[tokio::test]
async fn a_service_that_refuses_the_whole_scope_says_that_it_may_not_push() {
    let server = guarded(|| answer(403, &[JSON], r#"{"errors":[{"code":"DENIED","message":"denied"}]}"#)).await;
    assert!(told(&own(&server).await).1.contains("not push there"));
    assert!(matches!(told(&pushing(&server).await).0, Standing::Refused(_)));
}

#[tokio::test]
async fn a_service_that_fails_for_a_push_leaves_the_login_accepted_and_the_push_unverified() {
    let server = guarded(|| answer(503, &[JSON], "{}")).await;
    let found = own(&server).await;
    let (standing, notes) = told(&found);
    assert_eq!(standing, &Standing::Accepted);
    assert!(notes.starts_with("Push unverified: "), "{notes}");
    assert!(matches!(pushing(&server).await, Err(Failure::Unreachable { .. })));
}

#[tokio::test]
async fn a_refused_password_is_told_of_the_login() {
    let server = Loopback::answering(|seen| {
        let wants = format!(r#"Bearer realm="http://{}/token",service="reg""#, seen.header("host").unwrap());
        answer(401, &[JSON, ("www-authenticate", &wants)], "{}")
    })
    .await;
    for found in [own(&server).await, pushing(&server).await] {
        assert!(matches!(told(&found).0, Standing::Refused(_)), "{found:?}");
    }
    let basic = Loopback::answering(|_| answer(401, &[JSON, ("www-authenticate", "Basic realm=\"x\"")], "{}")).await;
    for found in [own(&basic).await, pushing(&basic).await] {
        assert!(matches!(told(&found).0, Standing::Refused(_)), "{found:?}");
    }
}

#[tokio::test]
async fn a_registry_with_passwords_alone_is_asked_with_one_and_push_stays_unverified() {
    let server = Loopback::answering(|seen| match seen.header("authorization") {
        None => answer(401, &[JSON, ("www-authenticate", "Basic realm=\"x\"")], "{}"),
        Some(_) => answer(200, &[JSON], r#"{"name":"acme/web","tags":[]}"#),
    })
    .await;
    let found = pushing(&server).await;
    let (standing, notes) = told(&found);
    assert_eq!(standing, &Standing::Accepted);
    assert_eq!(notes, "Push unverified: the registry takes passwords and gives no tokens.");
}

#[tokio::test]
async fn a_token_that_allows_pushes_is_neither_sent_nor_kept() {
    let server = allowing(r#""pull","push""#).await;
    let folder = tempfile::tempdir().unwrap();
    let registry = oci(&server, &folder);
    registry.login(&image(&server)).await.unwrap();
    registry.rights(&image(&server)).await.unwrap();
    let tag = TagRef { image: image(&server), tag: Tag::parse("v1").unwrap() };
    assert!(matches!(registry.tag(&tag).await, Probe::Absent(_)));
    let seen = server.seen();
    assert!(seen.iter().all(|seen| seen.method == Method::GET), "{seen:?}");
    let asked: Vec<_> = seen.iter().filter(|seen| seen.path.starts_with("/token")).map(|seen| &seen.path).collect();
    assert_eq!(asked.len(), 2, "one to read, one to be looked at: {asked:?}");
    let sent: Vec<_> = seen.iter().filter(|seen| seen.path.contains("manifests")).collect();
    assert!(sent.iter().all(|seen| seen.header("authorization").unwrap().ends_with("CANARYPULL")), "{sent:?}");
    assert_eq!(sent.len(), 1);
}
