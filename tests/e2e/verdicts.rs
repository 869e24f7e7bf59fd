//! Each verdict on the content of a tag, its state made for real in the registry.

use serde_json::json;
use tokio::process::Command;

use crate::lab::{IMAGE, Lab};
use crate::push::{DOCKER_LIST, Image, Login, OCI_INDEX, Pusher};
use crate::script::{Run, sha, tag};

const BOTH: &str = "platforms = [\"linux/amd64\", \"linux/arm64\"]";

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs docker-registry: run tests/run"]
async fn a_tag_with_this_commits_content_landed() {
    let (lab, _registry, pusher) = Lab::open().await;
    let (a, b) = (sha('a'), sha('b'));
    lab.ci.runs("acme/shop", [Run::green(2, &b), Run::green(1, &a)]);
    let image = pusher.image(Some(&tag(&a)), &Image::of("a", &a)).await;
    pusher.image(Some(&tag(&b)), &Image::of("b", &b).docker()).await;
    let checked = lab.check().await;
    checked.says(&a, "landed", 0);
    checked.says(&b, "landed", 0);
    let row = checked.row(&a);
    assert_eq!(row["digest"], image.digest, "{row:#}");
    assert_eq!(row["revision"], a);
    assert_eq!(row["tag"], tag(&a));
    assert_eq!(row["platforms"], json!(["linux/amd64"]));
    assert_eq!(row["service"], "shop");
    assert_eq!(checked.report["complete"], true);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs docker-registry and skopeo: run tests/run"]
async fn an_image_that_another_tool_converted_and_pushed_landed() {
    let (lab, registry, pusher) = Lab::open().await;
    let a = sha('a');
    lab.ci.runs("acme/shop", [Run::green(1, &a)]);
    pusher.image(Some("candidate"), &Image::of("a", &a)).await;
    let place = |tag: &str| format!("docker://{}/{IMAGE}:{tag}", registry.host);
    let skopeo = Command::new("skopeo")
        .args(["copy", "--quiet", "--insecure-policy", "--src-tls-verify=false", "--dest-tls-verify=false"])
        .args(["--format", "v2s2", &place("candidate"), &place(&tag(&a))])
        .output();
    let skopeo = skopeo.await.expect("skopeo is installed (apt-get install skopeo); `bash tests/run` sees to it");
    assert!(skopeo.status.success(), "{}", String::from_utf8_lossy(&skopeo.stderr));
    lab.check().await.says(&a, "landed", 0);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs docker-registry: run tests/run"]
async fn an_index_with_an_attestation_landed_when_each_platform_is_whole() {
    let (mut lab, registry, pusher) = Lab::open().await;
    lab.service("both", &registry.host, BOTH);
    let a = sha('a');
    lab.ci.runs("acme/both", [Run::green(1, &a)]);
    lab.ci.runs("acme/shop", []);
    let amd = pusher.image(None, &Image::of("a", &a)).await;
    let arm = pusher.image(None, &Image::of("a", &a).on("linux", "arm64")).await;
    let proof = pusher.image(None, &Image::unlabelled("provenance").on("unknown", "unknown")).await;
    pusher.index(&tag(&a), OCI_INDEX, &[amd.entry(), arm.entry(), proof.attestation_of(&amd)]).await;
    let checked = lab.check().await;
    checked.says(&a, "landed", 0);
    assert_eq!(checked.row(&a)["platforms"], json!(["linux/amd64", "linux/arm64"]));
    registry.lose_manifest(IMAGE, &proof.digest);
    lab.check().await.says(&a, "landed", 0);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs docker-registry: run tests/run"]
async fn a_tag_that_was_never_pushed_is_missing() {
    let (lab, _registry, pusher) = Lab::open().await;
    let (a, b) = (sha('a'), sha('b'));
    lab.ci.runs("acme/shop", [Run::green(2, &b), Run::green(1, &a)]);
    pusher.image(Some(&tag(&a)), &Image::of("a", &a)).await;
    let checked = lab.check().await;
    checked.says(&b, "missing", 1);
    checked.says(&a, "landed", 1);
    assert_eq!(checked.row(&b)["digest"], json!(null));
    assert!(checked.evidence(&b).contains(&tag(&b)), "{}", checked.evidence(&b));
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs docker-registry: run tests/run"]
async fn a_repository_that_nobody_pushed_to_is_missing_its_tags() {
    let (lab, _registry, _pusher) = Lab::open().await;
    let a = sha('a');
    lab.ci.runs("acme/shop", [Run::green(1, &a)]);
    lab.check().await.says(&a, "missing", 1);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs docker-registry: run tests/run"]
async fn a_new_tag_on_an_older_commits_content_is_stale() {
    let (lab, _registry, pusher) = Lab::open().await;
    let (a, b) = (sha('a'), sha('b'));
    lab.ci.runs("acme/shop", [Run::green(2, &b), Run::green(1, &a)]);
    let old = pusher.image(Some(&tag(&a)), &Image::unlabelled("a")).await;
    pusher.retag(&old.digest, &tag(&b)).await;
    let checked = lab.check().await;
    checked.says(&b, "stale", 1);
    checked.says(&a, "landed", 1);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs docker-registry: run tests/run"]
async fn a_tag_with_another_digest_than_the_log_claims_is_stale() {
    let (lab, registry, pusher) = Lab::open().await;
    let a = sha('a');
    let claimed = format!("sha256:{}", "c".repeat(64));
    let to = format!("{}/{IMAGE}", registry.host);
    let log = format!("The push refers to repository [{to}]\n{}: digest: {claimed} size: 527\n", tag(&a));
    lab.ci.runs("acme/shop", [Run::green(1, &a).logging(log)]);
    pusher.image(Some(&tag(&a)), &Image::unlabelled("a")).await;
    let checked = lab.check().await;
    checked.says(&a, "stale", 1);
    assert!(checked.evidence(&a).contains(&claimed[..19]), "{}", checked.evidence(&a));
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs docker-registry: run tests/run"]
async fn a_tag_whose_label_names_another_commit_is_a_mismatch() {
    let (lab, _registry, pusher) = Lab::open().await;
    let (a, other) = (sha('a'), sha('f'));
    lab.ci.runs("acme/shop", [Run::green(1, &a)]);
    pusher.image(Some(&tag(&a)), &Image::of("a", &other)).await;
    let checked = lab.check().await;
    checked.says(&a, "mismatch", 1);
    assert_eq!(checked.row(&a)["revision"], other);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs docker-registry: run tests/run"]
async fn an_image_that_lost_a_layer_or_its_config_is_incomplete() {
    let (lab, registry, pusher) = Lab::open().await;
    let (a, b, c) = (sha('a'), sha('b'), sha('c'));
    lab.ci.runs("acme/shop", [Run::green(3, &c), Run::green(2, &b), Run::green(1, &a)]);
    let no_layer = pusher.image(Some(&tag(&a)), &Image::of("a", &a)).await;
    let no_config = pusher.image(Some(&tag(&b)), &Image::of("b", &b).docker()).await;
    pusher.image(Some(&tag(&c)), &Image::of("c", &c)).await;
    registry.lose_blob(&no_layer.layers[0]);
    registry.lose_blob(&no_config.config);
    let checked = lab.check().await;
    checked.says(&a, "incomplete", 1);
    checked.says(&b, "incomplete", 1);
    checked.says(&c, "landed", 1);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs docker-registry: run tests/run"]
async fn an_index_that_lost_a_child_or_its_layer_is_incomplete() {
    let (lab, registry, pusher) = Lab::open().await;
    let (a, b) = (sha('a'), sha('b'));
    lab.ci.runs("acme/shop", [Run::green(2, &b), Run::green(1, &a)]);
    for (sha, media_type) in [(&a, OCI_INDEX), (&b, DOCKER_LIST)] {
        let docker = |image: Image| if media_type == DOCKER_LIST { image.docker() } else { image };
        let amd = pusher.image(None, &docker(Image::of(sha, sha))).await;
        let arm = pusher.image(None, &docker(Image::of(sha, sha).on("linux", "arm64"))).await;
        pusher.index(&tag(sha), media_type, &[amd.entry(), arm.entry()]).await;
        if media_type == OCI_INDEX {
            registry.lose_manifest(IMAGE, &arm.digest);
        } else {
            registry.lose_blob(&arm.layers[0]);
        }
    }
    let checked = lab.check().await;
    checked.says(&a, "incomplete", 1);
    checked.says(&b, "incomplete", 1);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs docker-registry: run tests/run"]
async fn a_tag_without_an_expected_platform_is_incomplete() {
    let (mut lab, registry, pusher) = Lab::open().await;
    lab.service("both", &registry.host, BOTH);
    let (index, single, empty) = (sha('a'), sha('b'), sha('c'));
    lab.ci.runs("acme/shop", []);
    lab.ci.runs("acme/both", [Run::green(3, &empty), Run::green(2, &single), Run::green(1, &index)]);
    let amd = pusher.image(None, &Image::of("a", &index)).await;
    pusher.index(&tag(&index), OCI_INDEX, &[amd.entry()]).await;
    pusher.image(Some(&tag(&single)), &Image::of("b", &single)).await;
    pusher.index(&tag(&empty), OCI_INDEX, &[]).await;
    let checked = lab.check().await;
    for sha in [&index, &single, &empty] {
        checked.says(sha, "incomplete", 1);
    }
    assert!(checked.evidence(&index).contains("linux/arm64"), "{}", checked.evidence(&index));
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs docker-registry: run tests/run"]
async fn an_index_that_passes_one_platform_off_as_another_is_incomplete() {
    let (mut lab, registry, pusher) = Lab::open().await;
    lab.service("both", &registry.host, BOTH);
    let a = sha('a');
    lab.ci.runs("acme/shop", []);
    lab.ci.runs("acme/both", [Run::green(1, &a)]);
    let amd = pusher.image(None, &Image::of("a", &a)).await;
    let also = pusher.image(None, &Image { layers: vec!["again".into()], ..Image::of("a", &a) }).await;
    pusher.index(&tag(&a), OCI_INDEX, &[amd.entry(), also.entry_for("linux", "arm64")]).await;
    lab.check().await.says(&a, "incomplete", 1);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs docker-registry: run tests/run"]
async fn an_image_that_went_where_the_log_says_is_misrouted() {
    let (lab, registry, pusher) = Lab::open().await;
    let (a, b) = (sha('a'), sha('b'));
    pusher.image(Some(&tag(&a)), &Image::of("a", &a)).await;
    let elsewhere = Pusher::new(&registry.url, "acme/shopp", Login::Anonymous, None);
    let image = elsewhere.image(Some(&tag(&b)), &Image::of("b", &b)).await;
    let log = format!(
        "The push refers to repository [{}/acme/shopp]\n{}: digest: {} size: {}\n",
        registry.host,
        tag(&b),
        image.digest,
        image.size
    );
    lab.ci.runs("acme/shop", [Run::green(2, &b).logging(log), Run::green(1, &a)]);
    let checked = lab.check().await;
    checked.says(&b, "misrouted", 1);
    assert!(checked.evidence(&b).contains("acme/shopp"), "{}", checked.evidence(&b));
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs docker-registry: run tests/run"]
async fn a_tag_that_landed_and_is_gone_was_pruned() {
    let (lab, registry, pusher) = Lab::open().await;
    let (a, b) = (sha('a'), sha('b'));
    lab.ci.runs("acme/shop", [Run::green(2, &b), Run::green(1, &a)]);
    pusher.image(Some(&tag(&a)), &Image::of("a", &a)).await;
    let state = lab.folder.path().join("known");
    let state = ["--state", state.to_str().unwrap()];
    let before = lab.check_with(&state).await;
    before.says(&a, "landed", 1);
    before.says(&b, "missing", 1);
    pusher.image(Some("other"), &Image::of("other", &a)).await;
    registry.lose_tag(IMAGE, &tag(&a));
    let after = lab.check_with(&state).await;
    after.says(&a, "pruned", 1);
    after.says(&b, "missing", 1);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs docker-registry: run tests/run"]
async fn a_second_check_rests_on_the_first_and_looks_in_full_at_a_commit_that_is_named() {
    let (lab, registry, pusher) = Lab::open().await;
    let a = sha('a');
    lab.ci.runs("acme/shop", [Run::green(1, &a)]);
    let image = pusher.image(Some(&tag(&a)), &Image::of("a", &a)).await;
    let state = lab.folder.path().join("known");
    let state = ["--state", state.to_str().unwrap()];
    lab.check_with(&state).await.says(&a, "landed", 0);
    let requests = |checked: &crate::lab::Checked| {
        let sources = checked.report["sources"].as_array().unwrap();
        sources.iter().map(|source| source["requests"].as_u64().unwrap()).sum::<u64>()
    };
    let second = lab.check_with(&state).await;
    second.says(&a, "landed", 0);
    assert!(requests(&second) <= 3, "one list, one tag, and how the registry wants to be asked: {}", requests(&second));
    registry.lose_blob(&image.layers[0]);
    let named = lab.check_with(&[state[0], state[1], "--sha", &a]).await;
    named.says(&a, "incomplete", 1);
}
