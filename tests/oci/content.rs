//! What registries hold: images, indexes, configs, tags, in the shapes that they come in.

use landfall::domain::{ManifestKind, Platform};
use landfall::source::Registry;

use crate::loopback::{Loopback, answer};
use crate::registry::{
    OCI_INDEX, OCI_MANIFEST, anonymous, digest, image, manifest, present, served, some_digest, tag, word,
};

const DOCKER_MANIFEST: &str = "application/vnd.docker.distribution.manifest.v2+json";
const DOCKER_LIST: &str = "application/vnd.docker.distribution.manifest.list.v2+json";

#[tokio::test]
async fn an_image_is_read_whole_with_its_annotations() {
    let server = Loopback::answering(|_| served(OCI_MANIFEST, &manifest())).await;
    let seen = present(anonymous(&server).tag(&tag(&server, "v1")).await);
    assert_eq!(seen.digest, digest(manifest()));
    assert_eq!(seen.revision.as_ref().unwrap().as_str(), "abc");
    assert_eq!(seen.created.unwrap().to_string(), "2026-01-02T03:04:05Z");
    let ManifestKind::Image { config, layers } = &seen.kind else { panic!("{seen:?}") };
    assert_eq!((&config.digest, layers.len(), layers[0].size), (&digest("config"), 1, 5));
}

#[tokio::test]
async fn without_a_digest_header_the_digest_is_the_contents() {
    let server = Loopback::answering(|_| answer(200, &[("content-type", OCI_MANIFEST)], manifest())).await;
    assert_eq!(present(anonymous(&server).tag(&tag(&server, "v1")).await).digest, digest(manifest()));
}

#[tokio::test]
async fn dockers_types_are_read_like_oci() {
    let foreign = some_digest();
    let body = format!(
        r#"{{"schemaVersion":2,"mediaType":"{DOCKER_MANIFEST}","config":{{"digest":"{foreign}","size":1}},
        "layers":[{{"mediaType":"application/vnd.docker.image.rootfs.foreign.diff.tar.gzip","digest":"{foreign}"}}]}}"#
    );
    let server = Loopback::answering(move |_| served(DOCKER_MANIFEST, &body)).await;
    let seen = present(anonymous(&server).tag(&tag(&server, "v1")).await);
    let ManifestKind::Image { layers, .. } = &seen.kind else { panic!("{seen:?}") };
    assert!(layers[0].foreign);
}

#[tokio::test]
async fn attestations_in_an_index_are_known_as_such() {
    let child = some_digest();
    let body = format!(
        r#"{{"schemaVersion":2,"manifests":[
        {{"digest":"{child}","platform":{{"os":"linux","architecture":"arm64","variant":"v8"}}}},
        {{"digest":"{child}","platform":{{"os":"unknown","architecture":"unknown"}}}},
        {{"digest":"{child}","annotations":{{"vnd.docker.reference.type":"attestation-manifest"}}}},
        {{"digest":"{child}","platform":null}}]}}"#
    );
    for kind in [OCI_INDEX, DOCKER_LIST, "text/plain"] {
        let body = body.clone();
        let server = Loopback::answering(move |_| served(kind, &body)).await;
        let seen = present(anonymous(&server).tag(&tag(&server, "v1")).await);
        let ManifestKind::Index(children) = &seen.kind else { panic!("{seen:?}") };
        assert_eq!(children.iter().map(|child| child.attestation).collect::<Vec<_>>(), [false, true, true, false]);
        assert_eq!(children[0].platform, Platform::parse("linux/arm64/v8"));
    }
}

#[tokio::test]
async fn an_index_of_null_is_empty() {
    let server = Loopback::answering(|_| served(OCI_INDEX, r#"{"schemaVersion":2,"manifests":null}"#)).await;
    let seen = present(anonymous(&server).tag(&tag(&server, "v1")).await);
    assert_eq!(seen.kind, ManifestKind::Index(Vec::new()));
}

#[tokio::test]
async fn an_index_with_an_unreadable_entry_is_not_read_as_a_shorter_one() {
    let body = r#"{"schemaVersion":2,"manifests":[{"digest":"md5:abc","platform":null}]}"#;
    let server = Loopback::answering(|_| served(OCI_INDEX, body)).await;
    assert_eq!(word(&anonymous(&server).tag(&tag(&server, "v1")).await), "unreadable");
}

#[tokio::test]
async fn a_document_that_is_image_and_index_at_once_is_neither() {
    let body = format!(
        r#"{{"schemaVersion":2,"config":{{"digest":"{0}"}},"layers":[],"manifests":[{{"digest":"{0}"}}]}}"#,
        some_digest()
    );
    for kind in [OCI_INDEX, OCI_MANIFEST] {
        let body = body.clone();
        let server = Loopback::answering(move |_| served(kind, &body)).await;
        assert_eq!(word(&anonymous(&server).tag(&tag(&server, "v1")).await), "unreadable");
    }
}

#[tokio::test]
async fn schema_1_is_something_else_and_keeps_its_stated_digest() {
    let stated = some_digest().to_string();
    let kind = "application/vnd.docker.distribution.manifest.v1+prettyjws";
    let headers = [("content-type", kind), ("docker-content-digest", stated.as_str())].map(|(k, v)| (k, v.to_owned()));
    let server = Loopback::answering(move |_| {
        let headers = headers.each_ref().map(|(name, value)| (*name, value.as_str()));
        answer(200, &headers, r#"{"schemaVersion":1,"fsLayers":[]}"#)
    })
    .await;
    let seen = present(anonymous(&server).tag(&tag(&server, "v1")).await);
    assert!(matches!(seen.kind, ManifestKind::Other(_)));
    assert_eq!(seen.digest, some_digest());
}

#[tokio::test]
async fn a_config_says_when_what_and_for_which_platform() {
    let config = r#"{"created":"2026-01-02T03:04:05.123456789Z","architecture":"amd64","os":"linux","variant":"",
        "config":{"Labels":{"org.opencontainers.image.revision":"abc","other":"x"}},"rootfs":null,"history":[{}]}"#;
    let server = Loopback::answering(move |_| answer(200, &[], config)).await;
    let seen = present(anonymous(&server).config(&image(&server), &digest(config)).await);
    assert_eq!(seen.revision.unwrap().as_str(), "abc");
    assert_eq!(seen.platform, Platform::parse("linux/amd64"));
    assert!(seen.created.is_some());
}

#[tokio::test]
async fn odd_fields_of_a_config_are_unknown_and_no_failure() {
    for config in [
        r#"{"created":"0001-01-01T00:00:00Z","config":null}"#,
        r#"{"created":"yesterday","config":{"Labels":null},"os":null}"#,
        r#"{"created":5,"config":{"Labels":{"org.opencontainers.image.revision":["x"]}},"architecture":"a b","os":"x"}"#,
    ] {
        let server = Loopback::answering(move |_| answer(200, &[], config)).await;
        let seen = present(anonymous(&server).config(&image(&server), &digest(config)).await);
        assert_eq!(seen, landfall::domain::ImageConfig::default(), "{config}");
    }
}

const NEXT: &[(&str, &str)] = &[("link", "</v2/acme/app/tags/list?last=b>; rel=\"next\"")];

#[tokio::test]
async fn a_tag_list_cut_short_proves_nothing() {
    let hundred = format!(r#"{{"tags":[{}]}}"#, vec![r#""t""#; 100].join(","));
    for (headers, body, items, skipped, complete) in [
        (&[][..], r#"{"name":"acme/app","tags":["a","b"]}"#.to_owned(), 2, 0, true),
        (NEXT, r#"{"tags":["a","b"]}"#.to_owned(), 2, 0, false),
        (&[][..], hundred, 100, 0, false),
        (&[][..], r#"{"tags":null}"#.to_owned(), 0, 0, true),
        (&[][..], r#"{"tags":["a",5,null,"no tag!"]}"#.to_owned(), 1, 3, true),
    ] {
        let server = Loopback::answering(move |_| answer(200, headers, body.clone())).await;
        let seen = present(anonymous(&server).tags(&image(&server)).await);
        assert_eq!((seen.items.len(), seen.skipped, seen.complete), (items, skipped, complete));
    }
}

#[tokio::test]
async fn a_list_without_tags_in_it_is_no_list() {
    let server = Loopback::answering(|_| answer(200, &[], r#"{"name":"acme/app"}"#)).await;
    assert_eq!(word(&anonymous(&server).tags(&image(&server)).await), "unreadable");
}

#[tokio::test]
async fn an_unchanged_manifest_is_not_sent_again() {
    let server = Loopback::answering(|seen| match seen.header("if-none-match") {
        Some(_) => answer(304, &[], ""),
        None => answer(200, &[("etag", "\"x\""), ("content-type", OCI_MANIFEST)], manifest()),
    })
    .await;
    let oci = anonymous(&server);
    let first = present(oci.tag(&tag(&server, "v1")).await);
    assert_eq!(present(oci.tag(&tag(&server, "v1")).await), first);
    assert_eq!((oci.traffic().requests, oci.traffic().not_modified), (2, 1));
}
