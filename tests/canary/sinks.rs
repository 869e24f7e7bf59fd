//! Servers that point elsewhere: whatever they say, the place that they point to is told no secret.

use axum::response::Response;
use rstest::rstest;
use serde_json::json;

use crate::loopback::{Loopback, Seen, answer};
use crate::world::World;

const JSON: (&str, &str) = ("content-type", "application/json");

/// How a server points to the sink.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Trick {
    /// Every answer is this redirect.
    Redirect(u16),
    /// Every list goes on there.
    NextPage,
    /// The token service is there.
    Realm,
    /// The token service is there, with a user in its address.
    RealmWithUser,
    /// Two token services, the second one there.
    TwoRealms,
    /// Logs, archives and blobs lie there, as they may.
    Stores,
}

/// A place that keeps what it is told, and tells a token to whoever asks.
async fn sink() -> Loopback {
    Loopback::answering(|_| answer(200, &[JSON], json!({ "token": "from the sink" }).to_string())).await
}

async fn pointing(trick: Trick, sink: &Loopback) -> Loopback {
    // A token service on the registry's own host is no stranger.
    let to = format!("http://{}", sink.host().replace("127.0.0.1", "localhost"));
    Loopback::answering(move |seen| point(seen, trick, &to)).await
}

fn point(seen: &Seen, trick: Trick, to: &str) -> Response {
    let there = format!("{to}{}", seen.path);
    let path = seen.path.split('?').next().unwrap_or_default();
    if let Trick::Redirect(status) = trick {
        return answer(status, &[("location", &there)], "");
    }
    if path.starts_with("/v2/") && seen.header("authorization").is_none() {
        let realm = match trick {
            Trick::Realm => format!("Bearer realm=\"{to}/token\",service=\"s\""),
            Trick::RealmWithUser => format!("Bearer realm=\"{}\",service=\"s\"", to.replace("//", "//user:word@")),
            Trick::TwoRealms => {
                format!("Bearer realm=\"http://{}/token\",realm=\"{to}/token\"", seen.header("host").unwrap())
            }
            Trick::Redirect(_) | Trick::NextPage | Trick::Stores => "Basic realm=\"s\"".to_owned(),
        };
        return answer(401, &[JSON, ("www-authenticate", &realm)], oci("UNAUTHORIZED"));
    }
    let link = format!("<{there}>; rel=\"next\"");
    let next: &[(&str, &str)] =
        if trick == Trick::NextPage { &[JSON, ("link", &link), ("location", &there)] } else { &[JSON] };
    match path {
        "/token" => answer(200, &[JSON], json!({ "token": "issued" }).to_string()),
        _ if path.contains("/manifests/") => answer(200, &[("content-type", MANIFEST)], manifest()),
        _ if path.ends_with("/tags/list") => answer(200, next, json!({ "tags": ["a"] }).to_string()),
        _ if trick == Trick::Stores && ["/logs", "/trace", "/zip"].iter().any(|end| path.ends_with(end)) => {
            answer(302, &[("location", &there)], "")
        }
        _ if trick == Trick::Stores && path.contains("/blobs/") => answer(307, &[("location", &there)], ""),
        _ if path.ends_with("/jobs") => answer(200, next, jobs(path)),
        _ if path.ends_with("/artifacts") => answer(200, next, artifacts()),
        _ if path.ends_with("/runs") => answer(200, next, runs()),
        _ if path.ends_with("/pipelines") => answer(200, next, pipelines()),
        _ => answer(200, next, "[]"),
    }
}

const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";

fn manifest() -> String {
    let digest = |digit: &str| format!("sha256:{}", digit.repeat(64));
    json!({
        "schemaVersion": 2, "mediaType": MANIFEST,
        "config": { "mediaType": "application/vnd.oci.image.config.v1+json", "digest": digest("a"), "size": 2 },
        "layers": [{ "mediaType": "application/vnd.oci.image.layer.v1.tar+gzip", "digest": digest("b"), "size": 2 }],
    })
    .to_string()
}

fn oci(code: &str) -> String {
    json!({ "errors": [{ "code": code, "message": "no" }] }).to_string()
}

fn runs() -> String {
    json!({ "total_count": 1, "workflow_runs": [{
        "id": 1, "run_number": 1, "run_attempt": 1, "name": "release", "path": ".github/workflows/release.yml",
        "event": "push", "head_branch": "main", "head_sha": "a".repeat(40), "display_title": "One",
        "html_url": "https://ci.test/1", "status": "completed", "conclusion": "success",
        "created_at": "2026-03-04T05:00:00Z", "updated_at": "2026-03-04T05:10:00Z",
    }] })
    .to_string()
}

fn pipelines() -> String {
    json!([{
        "id": 1, "iid": 1, "sha": "a".repeat(40), "ref": "main", "status": "success", "source": "push",
        "web_url": "https://ci.test/1", "created_at": "2026-03-04T05:00:00Z", "updated_at": "2026-03-04T05:10:00Z",
    }])
    .to_string()
}

fn jobs(path: &str) -> String {
    let job = json!({
        "id": 11, "run_attempt": 1, "name": "docker push", "status": "completed", "conclusion": "success",
        "stage": "push", "started_at": "2026-03-04T05:01:00Z", "completed_at": "2026-03-04T05:09:00Z",
        "finished_at": "2026-03-04T05:09:00Z",
    });
    if path.starts_with("/api/v4") {
        let mut job = job;
        *job.get_mut("status").unwrap() = "success".into();
        return json!([job]).to_string();
    }
    json!({ "total_count": 1, "jobs": [job] }).to_string()
}

fn artifacts() -> String {
    json!({ "total_count": 1, "artifacts": [{
        "id": 21, "name": "junit", "size_in_bytes": 100, "expired": false, "created_at": "2026-03-04T05:08:00Z",
    }] })
    .to_string()
}

#[rstest]
#[case::moved(Trick::Redirect(301), false)]
#[case::found(Trick::Redirect(302), false)]
#[case::temporary(Trick::Redirect(307), false)]
#[case::permanent(Trick::Redirect(308), false)]
#[case::next_page(Trick::NextPage, false)]
#[case::realm(Trick::Realm, false)]
#[case::realm_with_user(Trick::RealmWithUser, false)]
#[case::two_realms(Trick::TwoRealms, false)]
#[case::stores(Trick::Stores, true)]
#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_pointed_to_is_told_no_secret(#[case] trick: Trick, #[case] is_asked: bool) {
    let sink = sink().await;
    let servers = [
        pointing(trick, &sink).await,
        pointing(trick, &sink).await,
        pointing(trick, &sink).await,
        pointing(trick, &sink).await,
    ];
    let world = World::new([&servers[0], &servers[1], &servers[2], &servers[3]]);
    for arguments in [&["check", "--flaky", "--durations", "--credentials"][..], &["doctor"]] {
        assert!(!world.run(arguments).await.is_empty());
    }
    let sent = servers.iter().flat_map(Loopback::seen).filter(|seen| seen.header("authorization").is_some()).count();
    assert!(sent > 0, "no server was told anything");
    for seen in sink.seen() {
        assert!(["GET", "HEAD"].contains(&seen.method.as_str()), "{} {}", seen.method, seen.path);
        for name in ["authorization", "private-token", "job-token", "x-vault-token", "cookie", "proxy-authorization"] {
            assert_eq!(seen.header(name), None, "{trick:?}: {}", seen.path);
        }
        world.is_clean("the sink", format!("{seen:?}").as_bytes());
    }
    assert!(!is_asked || sink.asked() > 0, "{trick:?}: nobody came");
}
