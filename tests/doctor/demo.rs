//! The demo's world: every kind of check there is, against servers that speak the real protocols.

use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;
use landfall::demo::{Servers, World};
use serde_json::Value;

use crate::support::{Home, check, result};

async fn servers() -> (Servers, String, Vec<String>) {
    #[expect(clippy::disallowed_methods, reason = "the command under test reads the clock as well")]
    let now = Timestamp::now();
    let servers = Servers::start(World::incident().unwrap(), Duration::ZERO, now).await.unwrap();
    let file = servers.config_file().unwrap();
    let secret = |name: &str| std::fs::read_to_string(file.parent().unwrap().join(name)).unwrap();
    let secrets = ["github-token", "gitlab-token", "registry-password"].map(secret);
    let path = file.to_str().unwrap().to_owned();
    (servers, path, secrets.into())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_demos_configuration_is_examined_whole() {
    let (_servers, config, secrets) = servers().await;
    let home = Home::new();
    let said = home.run(&["doctor", "--config", &config, "--format", "json"], &[]).await;
    assert_eq!(said.code, 1, "{}", said.out);
    let found: Value = serde_json::from_str(&said.out).unwrap();
    let schema = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/schema/doctor.schema.json");
    let schema: Value = serde_json::from_slice(&std::fs::read(schema).unwrap()).unwrap();
    let validator = jsonschema::options().should_validate_formats(true).build(&schema).unwrap();
    let faults: Vec<String> = validator.iter_errors(&found).map(|fault| fault.to_string()).collect();
    assert!(faults.is_empty(), "{faults:?}");

    assert_eq!(check(&found, "ci", "rights")["why"].as_str().unwrap().split('.').next(), Some("Above need: workflow"));
    assert_eq!(result(&found, "ci", "runs of cart").0, "ok");
    assert_eq!(result(&found, "ci", "runs of legacy-crm").0, "fail");
    assert_eq!(result(&found, "registry", "login").0, "ok", "one repository is closed to it, and not the registry");
    assert_eq!(result(&found, "registry", "acme/cart").0, "ok");
    let (refused, says) = result(&found, "registry", "acme-security/vault-bridge");
    assert!(refused == "fail" && says.starts_with("refused: "), "{says}");
    let gitlab = &found["sections"][2];
    assert_eq!(
        (&gitlab["name"], &gitlab["checks"][2]["result"]),
        (&"gitlab".into(), &"warn".into()),
        "it ends in days"
    );
    let source = &found["sections"][1]["source"];
    assert_eq!((&source["gate"]["state"], &source["budget"]["limit"]), (&"open".into(), &5_000.into()));
    assert!(source["next_look"].is_string() && source["requests_last_hour"].as_u64().unwrap() >= 8, "{source}");

    let table = home.run(&["doctor", "--config", &config], &[("LANG", "C.UTF-8")]).await;
    assert_eq!(table.code, 1);
    for secret in secrets {
        assert!(!said.out.contains(&secret) && !table.out.contains(&secret));
    }
    for line in
        ["  ✓ ok       token", "  ! warn     rights", "  ✗ fail     runs of legacy-crm", "    budget left    4,9"]
    {
        assert!(table.out.lines().any(|said| said.starts_with(line)), "{line}:\n{}", table.out);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_that_the_history_knows_cost_no_more_than_a_304() {
    let (_servers, config, _) = servers().await;
    let home = Home::new();
    let state = home.path().join("state");
    let state = state.to_str().unwrap();
    home.run(&["check", "--config", &config, "--state", state], &[]).await;
    let said = home.run(&["doctor", "--config", &config, "--state", state, "--format", "json"], &[]).await;
    let found: Value = serde_json::from_str(&said.out).unwrap();
    let github = &found["sections"][1]["source"];
    assert!(github["not_modified"].as_u64().unwrap() >= 2, "{github}");
    assert_eq!(result(&found, "store", "history").0, "ok");
}
