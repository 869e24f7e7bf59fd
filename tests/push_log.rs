//! Logs of push jobs in, claims out: one log a tool, and the lines that only look like claims.
#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::fmt::Write;
use std::fs;
use std::path::Path;

use landfall::domain::PushLog;
use landfall::push_log::parse;
use proptest::prelude::{ProptestConfig, any, prop, proptest};
use rstest::rstest;

fn fixture(name: &str) -> PushLog {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/push_log").join(name);
    parse(&fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display())), None)
}

/// `REPOSITORY:TAG@DIGEST` with the digest's first digit; what is not named is `-`.
fn claims(log: &PushLog) -> Vec<String> {
    let word = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
    let one = |claim: &landfall::domain::Claim| {
        let digest = claim.digest.as_ref().map(|digest| digest.short().chars().take(1).collect());
        let image = claim.image.as_ref().map(ToString::to_string);
        format!("{}:{}@{}", word(image), word(claim.tag.as_ref().map(ToString::to_string)), word(digest))
    };
    log.claims.iter().map(one).collect()
}

#[rstest]
#[case::docker_on_github("github_docker.log", &["ghcr.io/acme/checkout:sha-1a2b3c4@1", "ghcr.io/acme/checkout:main@1"])]
#[case::buildx("github_buildx.log", &["ghcr.io/acme/checkout:sha-1a2b3c4@2", "ghcr.io/acme/checkout:latest@2"])]
#[case::a_tag_that_failed_on_the_way("github_buildx_partial.log", &["ghcr.io/acme/checkout:main@3"])]
#[case::naming_alone_is_no_push("github_not_pushed.log", &[])]
#[case::imagetools_vertex_that_failed("github_imagetools.log", &["ghcr.io/acme/checkout:1.2@4"])]
#[case::masked_names("github_masked.log", &["-:v1.2.3@5", "-:-@6"])]
#[case::docker_on_gitlab("gitlab_docker.log", &["registry.gitlab.example/platform/pay/api/api:1a2b3c4d@7"])]
#[case::a_line_in_two_pieces("gitlab_timestamps.log", &["registry.gitlab.example/platform/pay/api:latest@9"])]
#[case::kaniko_and_its_cache("gitlab_kaniko.log", &["registry.gitlab.example/platform/pay/api:1a2b3c4d@c"])]
#[case::kaniko_told_not_to_push("kaniko_no_push.log", &[])]
#[case::kaniko_and_an_immutable_tag("kaniko_immutable.log", &[])]
#[case::podman_builds_pulls_and_pushes("podman.log", &["quay.io/acme/checkout:1.0@-"])]
#[case::podman_whose_digest_file_is_printed("podman_digestfile.log", &["quay.io/acme/checkout:1.0@3"])]
#[case::podman_whose_digest_file_is_not("podman_digest_unread.log", &["quay.io/acme/checkout:1.0@-"])]
#[case::buildah_in_a_script_of_which_nobody_knows_what_printed_the_digest("buildah_script.log", &["quay.io/acme/checkout:1.0@-"])]
#[case::buildah_that_says_more("buildah_debug.log", &["quay.io/acme/checkout:1.0@6", "quay.io/acme/checkout:old@7"])]
#[case::push_to_registry("push_to_registry.log", &["quay.io/acme/checkout:1.0@8", "quay.io/acme/checkout:latest@8"])]
#[case::skopeo_named_by_its_script("skopeo_script.log", &["quay.io/acme/checkout:1.0@-"])]
#[case::ko("ko.log", &["ghcr.io/acme/checkout:latest@a", "ghcr.io/acme/checkout:-@a"])]
#[case::crane("crane.log", &["ghcr.io/acme/checkout:1.0@b", "ghcr.io/acme/checkout:-@b"])]
#[case::pushes_side_by_side("side_by_side.log", &["-:v1@1", "-:v1@2", "ghcr.io/acme/c:v1@3"])]
#[case::a_group_that_people_named("own_group.log", &["ghcr.io/acme/checkout:v1@1"])]
#[case::a_script_without_colours("plain_script.log", &[])]
#[case::tools_that_print_no_digest("jib.log", &[
    "ghcr.io/acme/checkout:1.0@-", "ghcr.io/acme/checkout:-@-", "quay.io/acme/checkout:1.0@-",
])]
#[case::a_refused_push_claims_nothing("github_denied.log", &[])]
fn each_tool_is_read(#[case] name: &str, #[case] expected: &[&str]) {
    let log = fixture(name);
    assert_eq!(claims(&log), expected);
    assert!(log.available && !log.truncated);
}

#[test]
fn a_digest_file_is_about_the_push_that_named_it_and_no_other() {
    let (one, other) = ("3".repeat(64), "4".repeat(64));
    let log = format!(
        "+ podman push --digestfile /run/digest quay.io/acme/checkout:1.0\nWriting manifest to image destination\n\
         + podman push quay.io/acme/worker:1.0\nWriting manifest to image destination\n\
         + cat /run/digest\nsha256:{one}\n\
         + cat /run/digest | tee /run/copy > /dev/null\nsha256:{other}\n"
    );
    let claimed = claims(&parse(log.as_bytes(), None));
    assert_eq!(claimed, ["quay.io/acme/checkout:1.0@-", "quay.io/acme/worker:1.0@-"]);
}

#[rstest]
#[case::an_expired_token("github_denied.log", &["denied: Your authorization token has expired. Reauthenticate and try again."])]
#[case::another_step_and_a_base_image("github_docker.log", &[])]
#[case::a_base_image_of_buildx("github_buildx.log", &[])]
#[case::after_another_command("gitlab_docker.log", &[])]
#[case::an_immutable_tag("kaniko_immutable.log", &["Immutable tag error ignored"])]
#[case::without_the_login("github_buildx_partial.log", &["https://***@ghcr.io/v2/acme/checkout", "buildx failed with"])]
fn refusals_are_those_of_the_push(#[case] name: &str, #[case] expected: &[&str]) {
    let log = fixture(name);
    assert_eq!(log.refusals.len(), expected.len(), "{:?}", log.refusals);
    for (line, words) in log.refusals.iter().zip(expected) {
        assert!(line.as_str().contains(words), "{line} lacks {words}");
    }
}

#[rstest]
#[case("github_not_pushed.log", "No output specified")]
#[case("kaniko_no_push.log", "--no-push")]
fn a_push_that_nobody_asked_for_is_told(#[case] name: &str, #[case] words: &str) {
    let log = fixture(name);
    assert!(log.no_push.iter().any(|line| line.as_str().contains(words)), "{:?}", log.no_push);
}

#[test]
fn where_a_push_set_out_for_is_kept_even_when_it_never_arrived() {
    let log = fixture("github_denied.log");
    let named: Vec<String> = log.destinations.iter().map(ToString::to_string).collect();
    assert_eq!(named, ["ghcr.io/acme/checkout"]);
    assert!(fixture("gitlab_kaniko.log").destinations.iter().all(|image| !image.repository().ends_with("cache")));
}

#[rstest]
#[case("denied: installation not allowed to Create organization package")]
#[case("unauthorized: authentication required")]
#[case("no basic auth credentials")]
#[case("server message: insufficient_scope: authorization failed")]
#[case("name unknown: The repository with name 'checkout' does not exist in the registry with id '***'")]
#[case("tag invalid: The image tag 'v1' already exists and cannot be overwritten because the repository is immutable.")]
#[case("received unexpected HTTP status: 500 Internal Server Error")]
#[case("toomanyrequests: too many failed login attempts for username or IP address")]
#[case("denied: adding 9.0 MiB of storage resource, which will exceed the configured upper limit of 1.0 MiB.")]
fn a_refusal_counts_only_once_the_push_began(#[case] line: &str) {
    let before = parse(format!("{line}\nThe push refers to repository [ghcr.io/acme/a]\n").as_bytes(), None);
    assert_eq!(before.refusals, []);
    let after = parse(format!("The push refers to repository [ghcr.io/acme/a]\n{line}\n").as_bytes(), None);
    assert_eq!(after.refusals.len(), 1);
}

#[rstest]
#[case(r#"time="2026-03-04T05:06:07Z" level=error msg="response completed with error" err.code="BLOB_UNKNOWN""#)]
#[case("toomanyrequests: You have reached your pull rate limit as 'acme'")]
#[case("5f70bf18a086: Layer already exists")]
#[case("rm: cannot remove 'x': Permission denied")]
#[case("error: failed to push some refs to 'https://example.com/acme/checkout.git'")]
#[case("+ echo denied: requested access to the resource is denied")]
#[case("##[debug]denied: requested access to the resource is denied")]
fn usual_noise_is_no_refusal(#[case] line: &str) {
    let log = parse(format!("The push refers to repository [ghcr.io/acme/a]\n{line}\n").as_bytes(), None);
    assert_eq!(log.refusals, []);
}

#[test]
fn lines_cut_at_the_gap_are_not_read_and_nothing_is_carried_across_it() {
    let digest = format!("sha256:{}", "1".repeat(64));
    let head = format!("The push refers to repository [ghcr.io/acme/a]\nv1: digest: {digest} size: 7");
    let tail = format!("latest: digest: {digest} size: 7\nv2: digest: {digest} size: 7\n");
    let log = parse(head.as_bytes(), Some(tail.as_bytes()));
    assert_eq!(claims(&log), ["-:v2@1"]);
    assert!(log.truncated);
}

#[test]
fn hostile_logs_are_bounded() {
    let digest = format!("sha256:{}", "1".repeat(64));
    let mut log = String::new();
    for number in 0..5_000 {
        writeln!(log, "The push refers to repository [ghcr.io/acme/a{number}]").unwrap();
        writeln!(log, "v{number}: digest: {digest} size: 7\ndenied: {number}").unwrap();
    }
    writeln!(log, "The push refers to repository [ghcr.io/acme/long] {}", "x".repeat(3_000)).unwrap();
    let log = parse(log.as_bytes(), None);
    assert_eq!((log.claims.len(), log.refusals.len()), (200, 8));
    assert!(log.destinations.len() <= 200);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn arbitrary_bytes_never_panic(head in any::<Vec<u8>>(), tail in any::<Option<Vec<u8>>>()) {
        let _ = parse(&head, tail.as_deref());
    }

    #[test]
    fn pieces_of_real_lines_never_panic(pieces in prop::collection::vec(prop::sample::select(PIECES), 0..60)) {
        let log = pieces.concat();
        let _ = parse(log.as_bytes(), None);
        let _ = parse(log.as_bytes(), Some(log.as_bytes()));
    }
}

const PIECES: &[&str] = &[
    "\n",
    "\r",
    "2026-03-04T05:06:07Z ",
    "00O+",
    "##[group]Run ",
    "##[endgroup]",
    "\u{1b}[36;1m",
    "\u{1b}[",
    "#1 ",
    "0.1 ",
    "The push refers to repository [",
    "]",
    "ghcr.io/acme/é",
    ":v1",
    ": digest: ",
    "@",
    "sha256:",
    "1111111111111111111111111111111111111111111111111111111111111111",
    " size: 1",
    "pushing manifest for ",
    "pushing ",
    " to ",
    "DONE",
    "Pushing image to ",
    "Pushed ",
    "failed to push ",
    ": ",
    "denied",
    "shell: ",
    "with:",
    "podman push ",
    "--digestfile ",
    "cat d",
    "docker://",
    "$ ",
    "+ ",
    "Writing manifest to image destination",
    "time=\"",
    "\" level=info msg=\"",
];
