//! The laboratory itself: that each set-up of the real registry lets in who may come in, and nobody else.

use reqwest::{Client, StatusCode};

use crate::certificates::Authority;
use crate::lab::IMAGE;
use crate::push::{DOCKER_LIST, DOCKER_MANIFEST, Image, Login, OCI_INDEX, Pusher};
use crate::registry::{ALICE, Access, Registry};
use crate::script::sha;
use crate::token::{TokenService, WRITER};

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs docker-registry: run tests/run"]
async fn an_open_registry_holds_what_was_pushed_and_loses_what_is_deleted() {
    let registry = Registry::open();
    let pusher = Pusher::new(&registry.url, IMAGE, Login::Anonymous, None);
    let amd = pusher.image(None, &Image::of("a", &sha('a'))).await;
    let arm = pusher.image(None, &Image::of("a", &sha('a')).on("linux", "arm64")).await;
    pusher.index("both", OCI_INDEX, &[amd.entry(), arm.entry()]).await;
    pusher.image(Some("old"), &Image::unlabelled("b").docker()).await;
    pusher.retag(&amd.digest, "alias").await;
    for (reference, accept) in
        [("both", OCI_INDEX), ("old", DOCKER_MANIFEST), ("alias", "*/*, application/vnd.oci.image.manifest.v1+json")]
    {
        assert_eq!(status(&registry, &format!("manifests/{reference}"), accept).await, StatusCode::OK, "{reference}");
    }
    let layer = format!("blobs/{}", amd.layers[0]);
    assert_eq!(status(&registry, &layer, "*/*").await, StatusCode::OK);
    registry.lose_blob(&amd.layers[0]);
    assert_eq!(status(&registry, &layer, "*/*").await, StatusCode::NOT_FOUND);
    registry.lose_manifest(IMAGE, &arm.digest);
    let child = format!("manifests/{}", arm.digest);
    assert_eq!(status(&registry, &child, "application/vnd.oci.image.manifest.v1+json").await, StatusCode::NOT_FOUND);
    registry.lose_tag(IMAGE, "both");
    assert_eq!(status(&registry, "manifests/both", OCI_INDEX).await, StatusCode::NOT_FOUND);
    let docker = pusher.image(None, &Image::unlabelled("c").docker()).await;
    pusher.index("list", DOCKER_LIST, &[docker.entry()]).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs docker-registry: run tests/run"]
async fn a_registry_with_passwords_asks_for_them_over_tls() {
    let authority = Authority::new();
    let registry = Registry::start(&Access::Password(&authority));
    let pem = authority.pem();
    let pusher = Pusher::new(&registry.url, IMAGE, Login::Basic(ALICE.0, ALICE.1), Some(&pem));
    pusher.image(Some("one"), &Image::of("a", &sha('a'))).await;
    let client = Client::builder().no_proxy();
    let trusting = client.tls_certs_merge([reqwest::Certificate::from_pem(pem.as_bytes()).unwrap()]).build().unwrap();
    let answer = trusting.get(format!("{}/v2/", registry.url)).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
    assert!(answer.headers()["www-authenticate"].to_str().unwrap().starts_with("Basic "));
    let stranger = Client::builder().no_proxy().build().unwrap();
    assert!(stranger.get(format!("{}/v2/", registry.url)).send().await.is_err(), "an authority that nobody knows");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs docker-registry: run tests/run"]
async fn a_registry_with_tokens_takes_those_of_its_service() {
    let tokens = TokenService::start().await;
    let certificate = tokens.certificate();
    let registry = Registry::start(&Access::Token { realm: tokens.realm(), certificate: &certificate });
    let pusher = Pusher::new(&registry.url, IMAGE, Login::Bearer(tokens.push_token(IMAGE)), None);
    pusher.image(Some("one"), &Image::of("a", &sha('a'))).await;
    let client = Client::builder().no_proxy().build().unwrap();
    let ask = |login: Option<(&'static str, &'static str)>| {
        let url = format!("{}?service=the-lab&scope=repository:{IMAGE}:pull", tokens.realm());
        let request = client.get(url);
        login.map_or_else(|| client.get(tokens.realm()), |(user, password)| request.basic_auth(user, Some(password)))
    };
    assert_eq!(ask(Some(("writer", "wrong"))).send().await.unwrap().status(), StatusCode::UNAUTHORIZED);
    let answer: serde_json::Value = ask(Some(WRITER)).send().await.unwrap().json().await.unwrap();
    let token = answer["token"].as_str().unwrap();
    let tags = format!("{}/v2/{IMAGE}/tags/list", registry.url);
    assert_eq!(client.get(&tags).bearer_auth(token).send().await.unwrap().status(), StatusCode::OK);
    assert_eq!(client.get(&tags).send().await.unwrap().status(), StatusCode::UNAUTHORIZED);
}

async fn status(registry: &Registry, path: &str, accept: &str) -> StatusCode {
    let client = Client::builder().no_proxy().build().unwrap();
    let url = format!("{}/v2/{IMAGE}/{path}", registry.url);
    client.get(url).header("accept", accept).send().await.unwrap().status()
}
