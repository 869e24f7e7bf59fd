//! Registries that want to know who asks: what a right, a wrong and a poor credential make of the verdicts.

use axum::http::StatusCode;

use crate::certificates::Authority;
use crate::guarded::{Guarded, guarded};
use crate::lab::{IMAGE, Lab};
use crate::proxy::{Fault, Proxy, Rule};
use crate::push::{Image, Login, Pusher};
use crate::registry::{ALICE, Access, Registry};
use crate::script::{Run, sha, tag};
use crate::serve::Sink;
use crate::token::{GUEST, Mood, READER, WRITER};

/// A registry with tokens that holds the image of commit a and not that of commit b.
async fn with_tokens(login: (&str, &str)) -> Guarded {
    guarded(login, |_| String::new(), [Run::green(2, &sha('b')), Run::green(1, &sha('a'))]).await
}

/// The same with passwords and TLS; `trusted` says whether the binary is told of the authority.
async fn with_passwords(login: (&str, &str), trusted: bool) -> (Lab, Registry) {
    let authority = Authority::new();
    let registry = Registry::start(&Access::Password(&authority));
    let login_of_ci = Login::Basic(ALICE.0, ALICE.1);
    let pusher = Pusher::new(&registry.url, IMAGE, login_of_ci, Some(&authority.pem()));
    pusher.image(Some(&tag(&sha('a'))), &Image::of("a", &sha('a'))).await;
    let mut lab = Lab::new().await;
    let file = lab.folder.path().join("ca.pem");
    std::fs::write(&file, authority.pem()).unwrap();
    let more = if trusted { format!("ca_file = \"{}\"", file.display()) } else { String::new() };
    lab.locked_registry(&registry.host, login, &more);
    lab.service("shop", &registry.host, "");
    lab.ci.runs("acme/shop", [Run::green(2, &sha('b')), Run::green(1, &sha('a'))]);
    (lab, registry)
}

/// Holds that neither the tag that is there nor the one that is not is judged, and returns why.
async fn judges_nothing(lab: &Lab) -> String {
    let checked = lab.check().await;
    assert_eq!(checked.report["complete"], false, "{:#}", checked.report);
    checked.could_not_look(&sha('a'));
    checked.could_not_look(&sha('b'))
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs docker-registry: run tests/run"]
async fn with_a_password_and_our_own_authority_verdicts_are_sure() {
    let (lab, _registry) = with_passwords(ALICE, true).await;
    let checked = lab.check().await;
    checked.says(&sha('a'), "landed", 1);
    checked.says(&sha('b'), "missing", 1);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs docker-registry: run tests/run"]
async fn a_wrong_password_proves_nothing() {
    let (lab, _registry) = with_passwords((ALICE.0, "wrong-horse"), true).await;
    judges_nothing(&lab).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs docker-registry: run tests/run"]
async fn a_certificate_of_an_unknown_authority_proves_nothing() {
    let (lab, _registry) = with_passwords(ALICE, false).await;
    let why = judges_nothing(&lab).await;
    assert!(why.to_lowercase().contains("tls") || why.contains("certificate"), "{why}");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs docker-registry: run tests/run"]
async fn whoever_may_write_or_only_read_can_be_sure() {
    for login in [WRITER, READER] {
        let Guarded { lab, tokens, .. } = &with_tokens(login).await;
        let checked = lab.check().await;
        checked.says(&sha('a'), "landed", 1);
        checked.says(&sha('b'), "missing", 1);
        assert!(tokens.asked() <= 2, "a token is asked for once, not {} times", tokens.asked());
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs docker-registry: run tests/run"]
async fn whoever_may_not_read_can_be_sure_of_nothing() {
    let Guarded { lab, .. } = &with_tokens(GUEST).await;
    judges_nothing(lab).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs docker-registry: run tests/run"]
async fn a_password_that_the_token_service_refuses_proves_nothing_and_is_tried_once() {
    let Guarded { lab, tokens, .. } = &with_tokens((WRITER.0, "wrong-horse")).await;
    let why = judges_nothing(lab).await;
    assert!(why.contains("incorrect username or password"), "the service's own words are shown: {why}");
    assert_eq!(tokens.asked(), 1, "a wrong password is not tried again");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs docker-registry: run tests/run"]
async fn an_expired_token_proves_nothing_and_the_registrys_words_are_shown() {
    let Guarded { lab, tokens, .. } = &with_tokens(WRITER).await;
    let body = r#"{"errors":[{"code":"UNAUTHORIZED","message":"personal access token is expired"}]}"#;
    tokens.be(Mood::Broken(StatusCode::UNAUTHORIZED, "application/json", body));
    let why = judges_nothing(lab).await;
    assert!(why.contains("personal access token is expired"), "{why}");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs docker-registry: run tests/run"]
async fn a_broken_token_service_proves_nothing() {
    let Guarded { lab, tokens, .. } = &with_tokens(WRITER).await;
    let page = "<html><body>Sign in</body></html>";
    let moods = [
        Mood::Broken(StatusCode::SERVICE_UNAVAILABLE, "text/plain", "back soon"),
        Mood::Broken(StatusCode::OK, "text/html", page),
        Mood::Broken(StatusCode::NOT_FOUND, "text/html", page),
        Mood::Broken(StatusCode::FORBIDDEN, "application/json", r#"{"errors":[{"code":"DENIED","message":"no"}]}"#),
        Mood::Broken(StatusCode::TOO_MANY_REQUESTS, "text/plain", "slow down"),
        Mood::Broken(StatusCode::OK, "application/json", r#"{"token":"#),
        Mood::Broken(StatusCode::OK, "application/json", r#"{"token":"garbage","expires_in":300}"#),
    ];
    for mood in moods {
        tokens.be(mood);
        judges_nothing(lab).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs docker-registry: run tests/run"]
async fn a_token_service_that_is_down_proves_nothing() {
    let Guarded { lab, tokens, .. } = &mut with_tokens(WRITER).await;
    tokens.stop();
    judges_nothing(lab).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs docker-registry: run tests/run"]
async fn a_token_service_that_sends_us_elsewhere_does_not_send_our_password_along() {
    let Guarded { lab, tokens, .. } = &with_tokens(WRITER).await;
    let sink = Sink::start().await;
    tokens.be(Mood::Redirecting(format!("{}/steal", sink.url())));
    judges_nothing(lab).await;
    for seen in sink.seen() {
        let lower = seen.to_lowercase();
        for credential in ["authorization", "basic ", "bearer ", WRITER.1, "d3jpdgvy"] {
            assert!(!lower.contains(credential), "{seen}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs docker-registry: run tests/run"]
async fn a_blob_that_lies_elsewhere_is_fetched_without_our_token() {
    let Guarded { tokens, registry, .. } = &with_tokens(WRITER).await;
    let store = Registry::open();
    let copy = Pusher::new(&store.url, IMAGE, Login::Anonymous, None);
    // The same bytes as in the registry that guards them.
    let pusher = Pusher::new(&registry.url, IMAGE, Login::Bearer(tokens.push_token(IMAGE)), None);
    let image = Image::of("c", &sha('c'));
    assert_eq!(copy.image(None, &image).await.digest, pusher.image(Some(&tag(&sha('c'))), &image).await.digest);
    let proxy = Proxy::before(&registry.url).await;
    let mut lab = Lab::new().await;
    lab.locked_registry(proxy.host(), WRITER, "plain_http = true");
    lab.service("shop", proxy.host(), "");
    lab.ci.runs("acme/shop", [Run::green(1, &sha('c'))]);
    proxy.break_by([Rule::any("/blobs/", Fault::Redirect(store.url.clone()))]);
    lab.check().await.says(&sha('c'), "landed", 0);
    let sink = Sink::start().await;
    proxy.break_by([Rule::any("/blobs/", Fault::Redirect(sink.url()))]);
    lab.check().await.could_not_look(&sha('c'));
    assert!(!sink.seen().is_empty(), "the redirect is followed");
    for seen in sink.seen() {
        assert!(!seen.to_lowercase().contains("authorization"), "{seen}");
    }
}
