//! The demo's world has credentials of every severity, and the binary tells them all.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use std::collections::BTreeSet;

use assert_cmd::Command;
use landfall::analysis::Severity;
use serde_json::Value;

fn check(more: &[&str]) -> (Value, Option<i32>) {
    let arguments = [&["demo", "--check", "--format", "json"], more].concat();
    let output = Command::new(env!("CARGO_BIN_EXE_landfall")).args(arguments).output().unwrap();
    (serde_json::from_slice(&output.stdout).unwrap(), output.status.code())
}

#[test]
fn every_severity_is_there_and_told_by_whoever_knows() {
    let (report, code) = check(&["--credentials"]);
    assert_eq!(code, Some(1));
    let rows = report["credentials"].as_array().unwrap();
    let told: BTreeSet<&str> = rows.iter().map(|row| row["severity"].as_str().unwrap()).collect();
    let wanted: BTreeSet<&str> = Severity::ALL.iter().map(|severity| severity.word()).collect();
    assert_eq!(told, wanted, "{rows:#?}");
    let row = |name: &str| rows.iter().find(|row| row["name"] == name).unwrap_or(&Value::Null);
    assert_eq!(row("GHCR_TOKEN")["severity"], "expired");
    assert_eq!(row("GHCR_TOKEN")["owner"], "platform");
    assert_eq!(row("GHCR_TOKEN")["next_step"], "gh secret set GHCR_TOKEN --repo acme/checkout");
    assert_eq!(row("NPM_TOKEN")["severity"], "critical", "it is older than the token that it was made from");
    assert_eq!(row("old deployer")["severity"], "broken");
    assert_eq!(row("nightly export")["evidence"], "provider");
    assert_eq!(row("token for github")["kind"], "own token");
    assert!(row("token for github")["notes"].to_string().contains("above need: workflow"));
    assert_eq!(row("token for github")["severity"], "warning", "it may do more than it needs to");
    assert_eq!(row("harbor-robot")["source"], "vault");
    assert!(row("backup key")["stale_seconds"].as_u64() > Some(12 * 3_600), "nobody has looked for long");
    if cfg!(feature = "aws") {
        assert_eq!(row("shop/payments")["severity"], "broken", "its rotation is stuck");
        assert_eq!(row("shop/database")["severity"], "ok");
    }
    assert!(row("3 lists that could not be read")["reasons"][0].to_string().contains("404 Project Not Found"));
}

#[test]
fn what_breaks_first_is_told_with_who_reads_it_and_how_sure_that_is() {
    let (report, _) = check(&["--credentials"]);
    let schema: Value = serde_json::from_str(include_str!("../assets/schema/report.schema.json")).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let errors: Vec<String> = validator.iter_errors(&report).map(|error| error.to_string()).collect();
    assert!(errors.is_empty(), "{errors:?}");
    let rows = report["credentials"].as_array().unwrap();
    let row = |name: &str| rows.iter().find(|row| row["name"] == name).unwrap_or(&Value::Null);
    assert_eq!(row("GHCR_TOKEN")["first_to_break"]["words"], "next scheduled: nightly-release, Sun 02:00 UTC");
    let used: Vec<_> =
        row("GHCR_TOKEN")["used_by"].as_array().unwrap().iter().map(|it| (&it["pipeline"], &it["through"])).collect();
    assert_eq!(used[0], (&Value::from("nightly-release"), &Value::Null));
    assert_eq!(used[1], (&Value::from("release"), &Value::from(".github/workflows/image.yml")));
    assert_eq!(row("GHCR_TOKEN")["consumers"], serde_json::json!(["release.yml", "acme/checkout: nightly-release"]));
    assert_eq!(row("COSIGN_KEY")["first_to_break"]["name"], "nightly-release");
    assert_eq!(row("EXPORT_TOKEN")["expires_at"], row("nightly export")["expires_at"], "it is a copy of that one");
    assert_eq!(row("nightly export")["first_to_break"]["name"], "nightly export");
    assert_eq!(row("NPM_TOKEN")["used_by"][0]["job"], "lint");
    assert_eq!(row("CHAT_WEBHOOK")["first_to_break"], Value::Null, "nobody knows when it ends");
}

#[test]
fn nobody_looks_at_credentials_unasked() {
    let (report, _) = check(&[]);
    assert_eq!(report["credentials"], Value::Array(Vec::new()));
    assert_eq!(report["incidents"][0]["credentials"], Value::Array(Vec::new()));
}

#[test]
fn the_services_that_lost_their_push_credential_are_one_incident_which_names_it() {
    let (report, _) = check(&["--credentials"]);
    let incidents = report["incidents"].as_array().unwrap();
    assert_eq!(incidents.len(), 1, "{incidents:#?}");
    let incident = &incidents[0];
    assert_eq!(incident["basis"], "refused");
    assert_eq!(incident["services"], serde_json::json!(["cart", "checkout", "ledger"]));
    assert_eq!(incident["last_good_push"]["service"], "checkout");
    assert!(incident["evidence"].to_string().contains("denied: the access token of this robot account has expired"));
    assert_eq!(incident["credentials"][0]["name"], "GHCR_TOKEN");
    assert_eq!(incident["next_steps"][0], "gh secret set GHCR_TOKEN --repo acme/checkout");
    let images = report["images"].as_array().unwrap();
    let step = |service: &str| {
        let missing = |image: &&Value| image["service"] == service && image["verdict"] == "missing";
        images.iter().find(missing).unwrap()["next_steps"][0].as_str().unwrap()
    };
    let named = "GHCR_TOKEN could be the cause: gh secret set GHCR_TOKEN --repo acme/checkout";
    assert_eq!(step("checkout"), named);
    assert!(step("cart").starts_with("Renew the push credentials for "), "another repository's secret is not its own");
}

/// Every name that the demo's servers and its configuration give to a credential or to what reads it.
const NAMES: [&str; 17] = [
    "GHCR_TOKEN",
    "COSIGN_KEY",
    "CHAT_WEBHOOK",
    "NPM_TOKEN",
    "EXPORT_TOKEN",
    "nightly",
    "release.yml",
    "old deployer",
    "status page",
    "pager key",
    "harbor-robot",
    "shop/",
    "backup key",
    "cluster pull",
    "app private key",
    "platform\"",
    "wiki.example",
];

#[test]
fn names_are_left_out_where_that_is_asked_for() {
    let (report, _) = check(&["--credentials", "--redact-names"]);
    let told = format!("{}{}", report["credentials"], report["incidents"][0]["credentials"]);
    for name in NAMES.into_iter().chain(["acme"]) {
        assert!(!told.contains(name), "{name} in {told}");
    }
    let steps = report["images"].as_array().unwrap().iter().map(|image| image["next_steps"].to_string());
    let steps = steps.collect::<String>() + &report["incidents"].to_string();
    for name in NAMES {
        assert!(!steps.contains(name), "{name} in {steps}");
    }
    let rows = report["credentials"].as_array().unwrap();
    let expired = rows.iter().find(|row| row["severity"] == "expired").unwrap();
    let words = expired["first_to_break"]["words"].as_str().unwrap();
    assert!(words.starts_with("next scheduled: pipeline ") && words.ends_with(", Sun 02:00 UTC"), "{words}");
    let suspect = &report["incidents"][0]["credentials"][0];
    assert_eq!((&suspect["id"], &suspect["severity"]), (&expired["id"], &Value::from("expired")), "it is the same one");
}
