//! Docker Hub, where reading a manifest by GET counts as a pull.

use http::Method;
use landfall::domain::{Digest, Failure, ImageName, Probe, SourceId, Tag, TagRef};
use landfall::source::{Oci, OciOptions, Registry};
use rstest::rstest;

use crate::loopback::{Loopback, answer};
use crate::registry::{digest, envelope, options, word};

const BODY: &str = "{}";

/// A stand-in for Docker Hub with so many pulls left of a hundred.
async fn hub(left: u32) -> (Loopback, Oci) {
    let server = Loopback::answering(move |seen| {
        let (left, digest) = (format!("{left};w=21600"), digest(BODY).to_string());
        let budget = [("ratelimit-limit", "100;w=21600"), ("ratelimit-remaining", left.as_str())];
        let kind = ("content-type", "application/vnd.example+json");
        match (seen.path.ends_with("gone"), seen.method == Method::HEAD) {
            (true, true) => answer(404, &budget, ""),
            (true, false) => envelope(404, "MANIFEST_UNKNOWN", "manifest unknown"),
            (false, _) => answer(200, &[budget[0], budget[1], kind, ("docker-content-digest", &digest)], BODY),
        }
    })
    .await;
    let oci = Oci::new(OciOptions { address: Some(server.url.clone()), ..options("docker.io") }).unwrap();
    (server, oci)
}

fn image() -> ImageName {
    ImageName::parse("docker.io/acme/app").unwrap()
}

fn tag(name: &str) -> TagRef {
    TagRef { image: image(), tag: Tag::parse(name).unwrap() }
}

fn pulls(server: &Loopback) -> usize {
    server.seen().iter().filter(|seen| seen.method == Method::GET).count()
}

#[tokio::test]
async fn a_digest_is_pulled_once_and_looked_for_by_head_from_then_on() {
    let (server, oci) = hub(80).await;
    for name in ["v1", "v2", "v1"] {
        assert_eq!(word(&oci.tag(&tag(name)).await), "present");
    }
    let digest: Digest = digest(BODY);
    assert_eq!(word(&oci.manifest(&image(), &digest).await), "present");
    assert_eq!((pulls(&server), server.asked()), (1, 5));
}

#[tokio::test]
async fn the_last_fifth_of_the_pulls_is_left_for_real_pulls() {
    let (server, oci) = hub(20).await;
    let probe = oci.tag(&tag("v1")).await;
    let Probe::Unseen(Failure::Withheld(why)) = probe else { panic!("{probe:?}") };
    assert!(why.as_str().contains("20 more pulls"), "{why}");
    assert_eq!((pulls(&server), server.asked()), (0, 1));
}

#[tokio::test]
async fn what_is_not_there_is_absent_by_the_word_of_a_get() {
    let (server, oci) = hub(80).await;
    assert_eq!(word(&oci.tag(&tag("gone")).await), "MANIFEST_UNKNOWN");
    assert_eq!(pulls(&server), 1);
}

#[rstest]
#[case("reg.example.com/path")]
#[case("user@reg.example.com")]
#[case("reg.example.com:99999")]
#[case("reg.example.com?x")]
fn what_is_no_host_is_refused(#[case] name: &str) {
    assert!(SourceId::parse(name).is_ok_and(|_| Oci::new(options(name)).is_err()));
}
