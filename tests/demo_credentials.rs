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
    assert!(row("3 lists that could not be read")["reasons"][0].to_string().contains("404 Project Not Found"));
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
}

#[test]
fn names_are_left_out_where_that_is_asked_for() {
    let (report, _) = check(&["--credentials", "--redact-names"]);
    let text = report["credentials"].to_string();
    assert!(text.contains("expired") && !text.contains("GHCR_TOKEN") && !text.contains("acme"), "{text}");
}
