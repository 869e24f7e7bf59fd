//! Commands that tell of credentials: what they are given, what is made of their answers, and what is refused.

use std::time::Duration;

use landfall::domain::{Batch, CredentialRecord, Evidence, Expiry, Failure, Renewal, Stage};
use landfall::source::{ExpirySource, Inventory};
use rstest::rstest;

use crate::{now, source};

async fn run(script: &str, env: &[&str], timeout: Duration) -> Result<Batch<CredentialRecord>, Failure> {
    let command = ["sh", "-c", script].map(str::to_owned).to_vec();
    let env = env.iter().map(ToString::to_string).collect();
    Inventory { id: source("vault"), command, env, timeout }.scan(now()).await.remove(0).found
}

async fn told(items: &str) -> Result<Batch<CredentialRecord>, Failure> {
    let json = format!(r#"{{"apiVersion":"landfall/credentials/v1","complete":true,"items":[{items}]}}"#);
    run(&format!("cat <<'END'\n{json}\nEND"), &[], Duration::from_secs(20)).await
}

#[tokio::test]
async fn items_are_read_as_they_are_meant_and_unknown_fields_left_out() {
    let full = r#"{"id":"kv/prod/pat","name":"docker-pat","kind":"secret","scope":"prod","expiresAt":"2026-12-01T00:00:00Z",
        "createdAt":null,"lastRotatedAt":"2026-01-01","rotateBy":"2026-11-30","renewal":"auto","evidence":"declared",
        "owner":"platform","consumers":["acme/web"],"future":{"field":1}}"#;
    let batch = told(&format!("{full}, {{\"id\":\"b\",\"never\":true}}, {{\"noid\":1}}")).await.unwrap();
    assert_eq!((batch.skipped, batch.complete), (1, true));
    let [pat, endless] = batch.items.as_slice() else { panic!("{batch:?}") };
    assert_eq!((pat.id.raw(), pat.name.as_str(), pat.place.as_str()), ("vault/kv/prod/pat", "docker-pat", "prod"));
    assert_eq!(pat.expiry, Expiry::At("2026-12-01T00:00:00Z".parse().unwrap()));
    assert_eq!((pat.renewal, pat.evidence), (Renewal::Auto, Evidence::Declared));
    assert_eq!((&endless.expiry, endless.name.as_str()), (&Expiry::Never, "b"));
}

#[rstest]
#[case("value")]
#[case("Token")]
#[case("PASSWORD")]
#[case("secret")]
#[tokio::test]
async fn an_item_that_holds_a_value_spoils_all_and_is_not_repeated(#[case] key: &str) {
    let failure = told(&format!(r#"{{"id":"a"}}, {{"id":"b","{key}":"CANARY"}}"#)).await.unwrap_err();
    assert!(matches!(failure, Failure::Malformed(_)), "{failure:?}");
    assert!(!format!("{failure:?}").contains("CANARY"));
}

#[rstest]
#[case::another_version(r#"{"apiVersion":"landfall/credentials/v2","complete":true,"items":[]}"#)]
#[case::no_json("<html>")]
#[case::nothing("")]
#[case::a_list("[]")]
#[tokio::test]
async fn an_answer_that_is_none_is_a_failure(#[case] answer: &str) {
    let failure = run(&format!("printf '%s' '{answer}'"), &[], Duration::from_secs(20)).await.unwrap_err();
    assert!(matches!(failure, Failure::Malformed(_)), "{failure:?}");
}

#[tokio::test]
async fn an_inventory_that_admits_errors_is_not_complete() {
    let json = r#"{"apiVersion":"landfall/credentials/v1","complete":true,"items":[],"errors":[{"code":"forbidden"}]}"#;
    let batch = run(&format!("printf '%s' '{json}'"), &[], Duration::from_secs(20)).await.unwrap();
    assert!(!batch.complete);
}

#[tokio::test]
async fn a_command_is_given_the_variables_that_were_named_and_no_other() {
    let script = r#"printf '{"apiVersion":"landfall/credentials/v1","complete":true,"items":[{"id":"%s"}]}' "$(env | cut -d= -f1 | sort | tr '\n' ' ')""#;
    let batch = run(script, &["CARGO_PKG_NAME"], Duration::from_secs(20)).await.unwrap();
    let given = batch.items[0].name.as_str();
    assert!(given.contains("PATH") && given.contains("CARGO_PKG_NAME"), "{given}");
    assert!(!given.contains("HOME") && !given.contains("CARGO_MANIFEST_DIR"), "{given}");
}

#[tokio::test]
async fn a_command_that_fails_or_is_not_there_says_so_without_its_words() {
    let failure = run("echo CANARY >&2; echo CANARY; exit 3", &[], Duration::from_secs(20)).await.unwrap_err();
    assert_eq!(failure.to_string(), "the answer proves nothing: the command of vault failed");
    let command = vec!["/nonexistent/inventory".to_owned()];
    let inventory = Inventory { id: source("vault"), command, env: Vec::new(), timeout: Duration::from_secs(20) };
    let failure = inventory.scan(now()).await.remove(0).found.unwrap_err();
    assert!(failure.to_string().contains("could not be started"), "{failure}");
}

#[tokio::test]
async fn a_flood_is_cut_and_a_command_that_hangs_ends_with_everything_it_started() {
    let failure = run("yes", &[], Duration::from_secs(20)).await.unwrap_err();
    assert!(matches!(failure, Failure::TooLarge { .. } | Failure::Ambiguous(_)), "{failure:?}");
    let folder = tempfile::tempdir().unwrap();
    let pid = folder.path().join("pid");
    let script = format!("trap '' TERM; sleep 600 & echo $! > {}; wait", pid.display());
    let failure = run(&script, &[], Duration::from_millis(500)).await.unwrap_err();
    assert!(matches!(failure, Failure::Unreachable { stage: Stage::Timeout, .. }), "{failure:?}");
    let pid = std::fs::read_to_string(pid).unwrap();
    // A signal is on its way for a moment; where it never comes the test runs out of time.
    let is_there = || {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", pid.trim())).unwrap_or_default();
        !stat.is_empty() && !stat.contains(") Z ")
    };
    while is_there() {
        tokio::task::yield_now().await;
    }
}
