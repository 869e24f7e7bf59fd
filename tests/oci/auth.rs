//! Logging in: what is asked how often, where a login goes, and what a refusal is called.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use landfall::auth::LoginFiles;
use landfall::domain::{AuthKind, AuthStage, CredentialSource, Failure, Probe, SecretSource};
use landfall::source::{Oci, OciOptions, Registry};
use rstest::rstest;
use tokio::task::JoinSet;

use crate::loopback::{Loopback, Seen, answer};
use crate::registry::{
    OCI_MANIFEST, PASSWORD, anonymous, challenge, envelope, guarded, image, manifest, named, options, served,
    some_digest, tag, with_password, word,
};

pub(crate) fn folder() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

fn kinds(server: &Loopback) -> (usize, usize) {
    let tokens = server.seen().iter().filter(|seen| seen.path.starts_with("/token")).count();
    (server.asked() - tokens, tokens)
}

pub(crate) fn auth<T: std::fmt::Debug>(probe: Probe<T>) -> (AuthStage, AuthKind) {
    match probe {
        Probe::Unseen(Failure::Auth { stage, kind, .. }) => (stage, kind),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn sixteen_cold_looks_cost_one_challenge_and_one_token() {
    let server = Loopback::answering(|seen| guarded(seen, |_| served(OCI_MANIFEST, &manifest()))).await;
    let folder = folder();
    let oci = Arc::new(with_password(&server, &folder));
    let mut looks = JoinSet::new();
    for number in 0..16 {
        let (oci, tag) = (Arc::clone(&oci), tag(&server, &format!("v{number}")));
        looks.spawn(async move { word(&oci.tag(&tag).await) });
    }
    assert!(looks.join_all().await.iter().all(|word| word == "present"));
    assert_eq!(kinds(&server), (1 + 16, 1));
    let scope = server.seen().iter().find(|seen| seen.path.starts_with("/token")).unwrap().path.clone();
    assert_eq!(scope, "/token?service=reg&scope=repository%3Aacme%2Fapp%3Apull");
}

#[tokio::test]
async fn warming_leaves_one_trip_for_the_look() {
    let server = Loopback::answering(|seen| guarded(seen, |_| served(OCI_MANIFEST, &manifest()))).await;
    let folder = folder();
    let oci = with_password(&server, &folder);
    oci.warm(&image(&server)).await;
    assert_eq!(kinds(&server), (1, 1));
    assert_eq!(word(&oci.tag(&tag(&server, "v1")).await), "present");
    assert_eq!(kinds(&server), (2, 1));
}

#[tokio::test]
async fn an_open_registry_is_asked_once() {
    let server = Loopback::answering(|_| served(OCI_MANIFEST, &manifest())).await;
    anonymous(&server).tag(&tag(&server, "v1")).await;
    assert_eq!(server.asked(), 1);
}

#[tokio::test]
async fn a_wrong_password_is_tried_once_and_never_repeated() {
    let server = Loopback::answering(|seen| {
        if seen.path.starts_with("/token") {
            envelope(401, "UNAUTHORIZED", "incorrect username or password")
        } else {
            challenge(seen, "")
        }
    })
    .await;
    let folder = folder();
    let oci = with_password(&server, &folder);
    for _ in 0..3 {
        let probe = oci.tag(&tag(&server, "v1")).await;
        assert!(!format!("{probe:?}").contains(PASSWORD));
        assert_eq!(auth(probe), (AuthStage::Token, AuthKind::BadPassword));
    }
    assert_eq!(kinds(&server), (1, 1));
}

/// A registry whose token service refuses every password.
async fn refusing_tokens() -> Loopback {
    Loopback::answering(|seen| if seen.path.starts_with("/token") { answer(401, &[], "") } else { challenge(seen, "") })
        .await
}

#[tokio::test]
async fn a_login_refused_everywhere_is_not_carried_from_repository_to_repository() {
    let server = refusing_tokens().await;
    let folder = folder();
    let oci = with_password(&server, &folder);
    for number in 0..20 {
        oci.tags(&named(&server, &format!("acme/app{number}"))).await;
    }
    assert_eq!(kinds(&server).1, 3);
}

/// Asks about twenty repositories at once, and returns what all of them answer, and how often the password was sent.
async fn twenty_at_once(server: &Loopback) -> (String, usize) {
    let folder = folder();
    let oci = with_password(server, &folder);
    let asked = (0..20).map(async |number| oci.tags(&named(server, &format!("acme/app{number}"))).await);
    let words: Vec<String> = futures_util::future::join_all(asked).await.iter().map(word).collect();
    let is_password = |seen: &&Seen| seen.header("authorization").is_some_and(|sent| sent.starts_with("Basic "));
    assert!(words.iter().all(|word| *word == words[0]), "all have the same answer: {words:?}");
    (words[0].clone(), server.seen().iter().filter(is_password).count())
}

#[tokio::test]
async fn twenty_repositories_at_once_do_not_make_twenty_failed_logins() {
    let tokens = refusing_tokens().await;
    let (said, sent) = twenty_at_once(&tokens).await;
    assert!(said == "unauthorized" && (1..=6).contains(&sent), "{said}: {sent}");
    let basic = Loopback::answering(|_| answer(401, &[("www-authenticate", "Basic realm=\"reg\"")], "")).await;
    let (said, sent) = twenty_at_once(&basic).await;
    assert!(said == "unauthorized" && (1..=6).contains(&sent), "{said}: {sent}");
    let good = Loopback::answering(|seen| guarded(seen, |_| envelope(404, "NAME_UNKNOWN", "none"))).await;
    assert_eq!(twenty_at_once(&good).await, ("NAME_UNKNOWN".to_owned(), 20), "one token for each");
}

#[tokio::test]
async fn a_server_in_trouble_accepts_no_password() {
    let troubled = AtomicBool::new(true);
    let server = Loopback::answering(move |seen| match seen.header("authorization") {
        Some(_) if troubled.swap(false, Ordering::SeqCst) => answer(502, &[], "bad gateway"),
        Some(_) | None => answer(401, &[("www-authenticate", "Basic realm=\"reg\"")], ""),
    })
    .await;
    let (folder, mut sent) = (folder(), 0);
    let oci = with_password(&server, &folder);
    for number in 0..20 {
        oci.tags(&named(&server, &format!("acme/app{number}"))).await;
        sent = server.seen().iter().filter(|seen| seen.header("authorization").is_some()).count();
    }
    assert_eq!(sent, 4, "the one that was lost, and three that were refused");
}

#[tokio::test]
async fn a_basic_registry_gets_the_password_and_a_refusal_is_remembered() {
    let refuse = Arc::new(AtomicBool::new(false));
    let refusing = Arc::clone(&refuse);
    let server = Loopback::answering(move |seen| match seen.header("authorization") {
        Some(basic) if basic.starts_with("Basic ") && !refusing.load(Ordering::SeqCst) => {
            served(OCI_MANIFEST, &manifest())
        }
        _ => answer(401, &[("www-authenticate", "Basic realm=\"reg\"")], ""),
    })
    .await;
    let folder = folder();
    let oci = with_password(&server, &folder);
    assert_eq!(word(&oci.tag(&tag(&server, "v1")).await), "present");
    refuse.store(true, Ordering::SeqCst);
    for _ in 0..3 {
        let probe = oci.tag(&tag(&server, "v1")).await;
        assert_eq!(auth(probe), (AuthStage::Registry, AuthKind::BadPassword));
    }
    assert_eq!(server.asked(), 3);
    let without = anonymous(&server).tag(&tag(&server, "v1")).await;
    assert_eq!(auth(without), (AuthStage::Registry, AuthKind::Absent));
}

#[rstest]
#[case(r#",error="insufficient_scope""#, AuthKind::InsufficientScope, 1)]
#[case(r#",error="invalid_token""#, AuthKind::InvalidToken, 2)]
#[case("", AuthKind::Unknown, 1)]
#[tokio::test]
async fn the_registrys_own_error_tells_what_is_wrong(
    #[case] more: &'static str,
    #[case] kind: AuthKind,
    #[case] tokens: usize,
) {
    let server = Loopback::answering(move |seen| {
        if seen.path.starts_with("/token") {
            answer(200, &[], r#"{"access_token":"t"}"#)
        } else {
            challenge(seen, more)
        }
    })
    .await;
    let folder = folder();
    let probe = with_password(&server, &folder).tag(&tag(&server, "v1")).await;
    assert_eq!(auth(probe), (AuthStage::Registry, kind));
    assert_eq!(kinds(&server).1, tokens);
}

#[rstest]
#[case(403, r#"{"errors":[{"code":"DENIED","message":"denied"}]}"#, "forbidden")]
#[case(401, r#"{"details":"personal access token is expired"}"#, "unauthorized")]
#[case(429, "", "rate limited")]
#[case(503, "", "unreachable")]
#[case(404, r#"{"errors":[{"code":"NAME_UNKNOWN"}]}"#, "ambiguous")]
#[case(200, "<html><title>Maintenance</title></html>", "unreadable")]
#[case(200, r#"{"token":"","access_token":null}"#, "unreadable")]
#[case(200, r#"{"token":"a\r\nb"}"#, "unreadable")]
#[tokio::test]
async fn a_token_service_in_trouble_is_never_absence(
    #[case] status: u16,
    #[case] body: &'static str,
    #[case] want: &str,
) {
    let server = Loopback::answering(move |seen| {
        if seen.path.starts_with("/token") { answer(status, &[], body) } else { challenge(seen, "") }
    })
    .await;
    let folder = folder();
    let probe = with_password(&server, &folder).tag(&tag(&server, "v1")).await;
    assert_eq!(word(&probe), want, "{probe:?}");
}

#[tokio::test]
async fn an_expired_login_is_called_expired() {
    let server = Loopback::answering(|seen| {
        if seen.path.starts_with("/token") {
            answer(401, &[], r#"{"details":"personal access token is expired"}"#)
        } else {
            challenge(seen, "")
        }
    })
    .await;
    let folder = folder();
    let probe = with_password(&server, &folder).tag(&tag(&server, "v1")).await;
    assert_eq!(auth(probe), (AuthStage::Token, AuthKind::Expired));
}

#[tokio::test]
async fn a_token_that_went_bad_is_replaced_once() {
    let issued = Mutex::new(0);
    let server = Loopback::answering(move |seen| {
        let mut issued = issued.lock().unwrap();
        if seen.path.starts_with("/token") {
            *issued += 1;
            return answer(200, &[], format!(r#"{{"token":"t{issued}","expires_in":300}}"#));
        }
        match seen.header("authorization") {
            // The first token is good for one look only.
            Some("Bearer t1") if seen.path.ends_with("v1") => served(OCI_MANIFEST, &manifest()),
            Some("Bearer t2") => served(OCI_MANIFEST, &manifest()),
            _ => challenge(seen, ""),
        }
    })
    .await;
    let oci = anonymous(&server);
    for name in ["v1", "v2", "v3"] {
        assert_eq!(word(&oci.tag(&tag(&server, name)).await), "present", "{name}");
    }
    assert_eq!(kinds(&server), (5, 2));
}

/// A registry on 127.0.0.1 whose token service is at `localhost`, which is another host.
async fn estranged(sink: &Loopback) -> Loopback {
    let realm = format!("http://localhost:{}/token", sink.url.port().unwrap());
    let value = format!(r#"Bearer realm="{realm}",service="reg""#);
    Loopback::answering(move |seen: &Seen| match seen.header("authorization") {
        Some("Bearer t") => served(OCI_MANIFEST, &manifest()),
        _ => answer(401, &[("www-authenticate", &value)], ""),
    })
    .await
}

#[tokio::test]
async fn a_strange_token_service_never_gets_the_login() {
    let sink = Loopback::answering(|_| answer(200, &[], r#"{"token":"t"}"#)).await;
    let server = estranged(&sink).await;
    let folder = folder();
    let Probe::Unseen(failure) = with_password(&server, &folder).tag(&tag(&server, "v1")).await else { panic!("seen") };
    assert!(matches!(failure, Failure::Withheld(_)) && failure.to_string().contains("localhost"), "{failure}");
    assert_eq!(sink.asked(), 0);
}

#[tokio::test]
async fn a_strange_token_service_may_be_asked_without_a_login_or_by_leave() {
    let sink = Loopback::answering(|_| answer(200, &[], r#"{"token":"t"}"#)).await;
    let server = estranged(&sink).await;
    assert_eq!(word(&anonymous(&server).tag(&tag(&server, "v1")).await), "present");
    assert_eq!(sink.seen()[0].header("authorization"), None);
    let folder = folder();
    let file = folder.path().join("password");
    std::fs::write(&file, PASSWORD).unwrap();
    let credential = CredentialSource::Basic { username: "ci".to_owned(), password: SecretSource::File(file) };
    let allowed = OciOptions { credential, realm_hosts: vec!["localhost".to_owned()], ..options(&server.host()) };
    assert_eq!(word(&Oci::new(allowed).unwrap().tag(&tag(&server, "v1")).await), "present");
    assert!(sink.seen()[1].header("authorization").is_some());
}

#[tokio::test]
async fn a_redirect_for_a_blob_carries_no_token() {
    let sink = Loopback::answering(|_| answer(200, &[], "blob")).await;
    let there = sink.at("blob").to_string();
    let server = Loopback::answering(move |seen| guarded(seen, |_| answer(307, &[("location", &there)], ""))).await;
    let folder = folder();
    let oci = with_password(&server, &folder);
    assert_eq!(word(&oci.blob(&image(&server), &some_digest()).await), "present");
    assert_eq!(sink.seen()[0].header("authorization"), None);
}

#[tokio::test]
async fn what_an_open_registry_hides_from_strangers_is_asked_again_with_the_login() {
    let server = Loopback::answering(|seen| match seen.header("authorization") {
        Some(_) => served(OCI_MANIFEST, &manifest()),
        None => envelope(404, "NAME_UNKNOWN", "repository name not known"),
    })
    .await;
    let folder = folder();
    assert_eq!(word(&with_password(&server, &folder).tag(&tag(&server, "v1")).await), "present");
}

#[tokio::test]
async fn a_scheme_that_is_not_spoken_is_named() {
    let server = Loopback::answering(|_| answer(401, &[("www-authenticate", "Negotiate")], "")).await;
    let Probe::Unseen(failure) = anonymous(&server).tag(&tag(&server, "v1")).await else { panic!("seen") };
    assert!(failure.to_string().contains("Negotiate"), "{failure}");
}

#[tokio::test]
async fn a_password_that_cannot_be_read_is_our_own_failure() {
    let server = Loopback::answering(|seen| challenge(seen, "")).await;
    let credential = CredentialSource::Basic {
        username: "ci".to_owned(),
        password: SecretSource::Env("LANDFALL_TEST_NOT_SET".to_owned()),
    };
    let oci = Oci::new(OciOptions { credential, ..options(&server.host()) }).unwrap();
    assert_eq!(auth(oci.tag(&tag(&server, "v1")).await).0, AuthStage::Local);
}

#[tokio::test]
async fn an_identity_token_is_exchanged_by_post_and_never_shown() {
    let server = Loopback::answering(|seen| match (seen.path.as_str(), seen.header("authorization")) {
        ("/token", None) if seen.body.ends_with(b"refresh_token=CANARY%2Bd3adb33f") => {
            answer(200, &[], r#"{"access_token":"good","expires_in":"300"}"#)
        }
        (_, Some("Bearer good")) => served(OCI_MANIFEST, &manifest()),
        _ => challenge(seen, ""),
    })
    .await;
    let folder = folder();
    let file = folder.path().join("config.json");
    let entry = format!(r#"{{"auths":{{"{}":{{"identitytoken":"CANARY+d3adb33f"}}}}}}"#, server.host());
    std::fs::write(&file, entry).unwrap();
    let credential = CredentialSource::Docker;
    let login_files = Some(LoginFiles(vec![file]));
    let oci = Oci::new(OciOptions { credential, login_files, ..options(&server.host()) }).unwrap();
    assert_eq!(word(&oci.tag(&tag(&server, "v1")).await), "present");
    assert!(!format!("{oci:?}").contains("CANARY"));
}

#[tokio::test]
async fn a_token_is_renewed_a_fifth_of_its_life_early() {
    let server = Loopback::answering(|seen| {
        if seen.path.starts_with("/token") {
            return answer(200, &[], r#"{"token":"good","expires_in":100}"#);
        }
        guarded(seen, |_| served(OCI_MANIFEST, &manifest()))
    })
    .await;
    let oci = anonymous(&server);
    for (later, tokens) in [(0, 1), (79, 1), (2, 2)] {
        tokio::time::pause();
        tokio::time::advance(Duration::from_secs(later)).await;
        tokio::time::resume();
        assert_eq!(word(&oci.tag(&tag(&server, "v1")).await), "present");
        assert_eq!(kinds(&server).1, tokens, "{later} s later");
    }
}

#[tokio::test]
async fn a_right_that_is_lacking_is_not_asked_for_twice() {
    let server = Loopback::answering(|seen| {
        if seen.path.starts_with("/token") {
            return answer(200, &[], r#"{"token":"good","expires_in":300}"#);
        }
        guarded(seen, |seen| {
            if seen.path.contains("/blobs/") {
                return challenge(seen, r#",error="insufficient_scope""#);
            }
            served(OCI_MANIFEST, &manifest())
        })
    })
    .await;
    let folder = folder();
    let oci = with_password(&server, &folder);
    assert_eq!(word(&oci.tag(&tag(&server, "v1")).await), "present");
    let probe = oci.blob(&image(&server), &some_digest()).await;
    assert_eq!(auth(probe), (AuthStage::Registry, AuthKind::InsufficientScope));
    assert_eq!(kinds(&server), (3, 1));
}
