//! What is a refused login and what is not, and how landfall finds out that it is over.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use landfall::auth::LoginFiles;
use landfall::domain::{AuthKind, AuthStage, CredentialSource, TagRef};
use landfall::source::{Oci, OciOptions, Registry as _};

use crate::auth::{auth, folder};
use crate::loopback::{Loopback, answer};
use crate::registry::{
    OCI_MANIFEST, PASSWORD, envelope, guarded, manifest, named, options, served, tag, with_password, word,
};

#[tokio::test]
async fn an_open_registry_that_wants_a_token_after_all_refuses_no_password() {
    let server = Loopback::answering(|seen| match seen.header("authorization") {
        None if !seen.path.starts_with("/token") => envelope(404, "NAME_UNKNOWN", "repository name not known"),
        Some(_) | None => guarded(seen, |_| served(OCI_MANIFEST, &manifest())),
    })
    .await;
    let folder = folder();
    let oci = with_password(&server, &folder);
    for name in ["v1", "v2"] {
        assert_eq!(word(&oci.tag(&tag(&server, name)).await), "present");
    }
}

#[tokio::test]
async fn only_who_asks_for_a_password_says_that_it_is_wrong() {
    for (challenged, kind) in [("Basic realm=\"reg\"", AuthKind::BadPassword), ("", AuthKind::Unknown)] {
        let server = Loopback::answering(move |seen| match seen.header("authorization") {
            Some(_) => answer(401, &[("www-authenticate", challenged)], "<html>Sign in</html>"),
            None => envelope(404, "NAME_UNKNOWN", "repository name not known"),
        })
        .await;
        let folder = folder();
        let probe = with_password(&server, &folder).tag(&tag(&server, "v1")).await;
        assert_eq!(auth(probe), (AuthStage::Registry, kind), "{challenged}");
    }
}

#[tokio::test]
async fn an_identity_token_that_nobody_asked_for_makes_no_answer_a_refusal() {
    let server = Loopback::answering(|_| envelope(404, "MANIFEST_UNKNOWN", "manifest unknown")).await;
    let folder = folder();
    let file = folder.path().join("config.json");
    let host = server.host();
    std::fs::write(&file, format!(r#"{{"auths":{{"{host}":{{"identitytoken":"{PASSWORD}"}}}}}}"#)).unwrap();
    let login_files = Some(LoginFiles(vec![file]));
    let oci = Oci::new(OciOptions { credential: CredentialSource::Docker, login_files, ..options(&host) }).unwrap();
    assert_eq!(word(&oci.tag(&tag(&server, "v1")).await), "MANIFEST_UNKNOWN");
}

#[tokio::test]
async fn a_token_service_that_was_named_by_somebody_else_is_forgotten() {
    let sink = Loopback::answering(|_| answer(200, &[], r#"{"token":"t"}"#)).await;
    let realm = format!(r#"Bearer realm="http://localhost:{}/token""#, sink.url.port().unwrap());
    let between = Arc::new(AtomicBool::new(true));
    let is_between = Arc::clone(&between);
    let server = Loopback::answering(move |seen| {
        if is_between.load(Ordering::SeqCst) {
            return answer(401, &[("www-authenticate", &realm)], "");
        }
        guarded(seen, |_| served(OCI_MANIFEST, &manifest()))
    })
    .await;
    let folder = folder();
    let oci = with_password(&server, &folder);
    assert_eq!(word(&oci.tag(&tag(&server, "v1")).await), "not asked");
    assert_eq!(server.asked(), 1, "and it is asked no more than once for that");
    between.store(false, Ordering::SeqCst);
    assert_eq!(word(&oci.tag(&tag(&server, "v1")).await), "present");
}

#[tokio::test]
async fn a_token_service_that_is_known_by_somebody_elses_word_costs_one_more_question() {
    let sink = Loopback::answering(|_| answer(200, &[], r#"{"token":"t"}"#)).await;
    let realm = format!(r#"Bearer realm="http://localhost:{}/token""#, sink.url.port().unwrap());
    let server = Loopback::answering(move |seen| match seen.path.as_str() {
        "/v2/acme/app/manifests/first" => answer(401, &[("www-authenticate", &realm)], ""),
        _ => guarded(seen, |_| served(OCI_MANIFEST, &manifest())),
    })
    .await;
    let folder = folder();
    let oci = with_password(&server, &folder);
    assert_eq!(word(&oci.tag(&tag(&server, "good")).await), "present");
    // Its answer names another service, which is not asked: there is a token yet.
    assert_eq!(word(&oci.tag(&tag(&server, "first")).await), "unauthorized");
    let other = TagRef { image: named(&server, "acme/other"), ..tag(&server, "good") };
    assert_eq!(word(&oci.tag(&other).await), "present");
    assert_eq!(sink.asked(), 0);
}
