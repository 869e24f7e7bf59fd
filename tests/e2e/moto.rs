//! A real moto, which answers as AWS does: secrets that rotate or are deleted, access keys and the registry's login.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use landfall::domain::{AwsLogin, CredentialRecord, SourceId, Standing};
use landfall::source::{Aws, AwsOptions, ExpirySource};
use serde_json::{Value, json};

use crate::beds::Bed;
use crate::lab::Lab;

/// Stands for every value; it must be nowhere.
const CANARY: &str = "CANARY-7f3e-value";
const KEYS: &str = "[tests]\naws_access_key_id = AKIATESTSTESTSTESTS1\naws_secret_access_key = CANARY-7f3e-secret\n\
                    aws_session_token = CANARY-7f3e-session\n";

struct Moto {
    bed: Bed,
    client: reqwest::Client,
}

impl Moto {
    async fn start() -> Self {
        let bed = Bed::start("moto", "moto_server", "/moto-api/data.json", |port| {
            ["-H".into(), "127.0.0.1".into(), "-p".into(), port.to_string()].into()
        })
        .await;
        Self { bed, client: reqwest::Client::builder().no_proxy().build().unwrap() }
    }

    /// Calls a service as it is set up here; moto looks at who is meant, and at no signature.
    async fn call(&self, service: &str, target: &str, body: String) -> (u16, String) {
        let scope = format!("AKIA/20260101/eu-central-1/{service}/aws4_request");
        let kind = if target.is_empty() { "application/x-www-form-urlencoded" } else { "application/x-amz-json-1.1" };
        let request = self
            .client
            .post(format!("{}/", self.bed.url))
            .header("authorization", format!("AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0"))
            .header("content-type", kind)
            .header("x-amz-target", target)
            .body(body);
        let answer = request.send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    }

    async fn secret(&self, name: &str) {
        let body = json!({ "Name": name, "SecretString": CANARY, "ClientRequestToken": "0".repeat(32) });
        let (status, said) = self.call("secretsmanager", "secretsmanager.CreateSecret", body.to_string()).await;
        assert_eq!(status, 200, "{said}");
    }

    async fn furnish(&self) {
        for name in ["app/db", "app/gone", "app/stuck"] {
            self.secret(name).await;
        }
        let body = json!({ "SecretId": "app/gone", "RecoveryWindowInDays": 7 }).to_string();
        assert_eq!(self.call("secretsmanager", "secretsmanager.DeleteSecret", body).await.0, 200);
        // The function is not there: the rotation begins, and never ends.
        let body = json!({
            "SecretId": "app/stuck",
            "RotationLambdaARN": "arn:aws:lambda:eu-central-1:123456789012:function:none",
            "RotationRules": { "AutomaticallyAfterDays": 10 },
            "ClientRequestToken": "1".repeat(32),
        });
        self.call("secretsmanager", "secretsmanager.RotateSecret", body.to_string()).await;
        for body in [
            "Action=CreateUser&Version=2010-05-08&UserName=ci",
            "Action=CreateAccessKey&Version=2010-05-08&UserName=ci",
        ] {
            assert_eq!(self.call("iam", "", body.to_owned()).await.0, 200);
        }
    }
}

#[tokio::test]
#[ignore = "needs moto_server of the Python package moto; `bash tests/run` installs it"]
async fn a_rotation_that_never_ends_is_stuck_and_a_key_grows_old() {
    let moto = Moto::start().await;
    moto.furnish().await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("credentials");
    std::fs::write(&file, KEYS).unwrap();
    let aws = Aws::new(AwsOptions {
        id: SourceId::parse("aws").unwrap(),
        regions: vec!["eu-central-1".into()],
        login: AwsLogin::Profile { name: "tests".into(), file: Some(file) },
        endpoint: Some(moto.bed.url.parse().unwrap()),
        secrets: true,
        access_keys: true,
        users: vec!["ci".into()],
        key_max_age: SignedDuration::from_hours(90 * 24),
        ecr: false,
        ca_pem: None,
        timeout: Duration::from_secs(20),
    })
    .unwrap();
    let now = Timestamp::now();
    let at = async |now: Timestamp| -> Vec<CredentialRecord> {
        let scans = aws.scan(now).await;
        scans.into_iter().flat_map(|scan| scan.found.unwrap().items).collect()
    };
    let stuck = |records: &[CredentialRecord]| {
        let record = records.iter().find(|record| record.name.as_str() == "app/stuck").unwrap();
        matches!(record.standing, Standing::Refused(_))
    };
    assert!(!stuck(&at(now).await), "it may still be under way");
    let later = at(now + SignedDuration::from_hours(2)).await;
    assert!(stuck(&later), "{later:#?}");
    let key = later.iter().find(|record| record.id.raw().starts_with("aws/iam/ci/")).unwrap();
    assert!(now.duration_since(key.created_at.unwrap()).abs() < SignedDuration::from_mins(10), "{key:?}");
    assert!(!format!("{later:?}").contains("CANARY"), "a value came through");
}

#[tokio::test]
#[ignore = "needs moto_server of the Python package moto; `bash tests/run` installs it"]
async fn what_ends_in_an_account_is_told_and_no_value_is_shown() {
    let moto = Moto::start().await;
    moto.furnish().await;
    let mut lab = Lab::shop("127.0.0.1:9").await;
    std::fs::write(lab.folder.path().join("aws-keys"), KEYS).unwrap();
    lab.add(&format!(
        "[[aws]]\nname = \"aws\"\nregions = \"eu-central-1\"\ncredentials = {{ profile = \"tests\", file = \"aws-keys\" }}\n\
         endpoint = \"{}\"\nsecrets = true\naccess_keys = true\nusers = \"ci\"\necr = true\n",
        moto.bed.url
    ));
    lab.set("timeout = \"2s\"", "timeout = \"20s\"");
    let checked = lab.check_with(&["--credentials"]).await;
    assert!(!checked.stdout.contains("CANARY") && !checked.stderr.contains("CANARY"), "{}", checked.stdout);
    let rows = checked.report["credentials"].as_array().unwrap();
    let row = |id: &str| {
        let found = rows.iter().find(|row| row["id"].as_str().unwrap().starts_with(id));
        found.unwrap_or_else(|| panic!("{id} in {rows:#?}"))
    };
    let login = row("aws/eu-central-1/ecr");
    assert_eq!((&login["severity"], &login["expires_at"]), (&json!("expired"), &json!("2015-01-01T00:00:00Z")));
    let gone = row("aws/eu-central-1/secrets/app/gone");
    assert!(gone["next_step"].as_str().unwrap().starts_with("aws secretsmanager restore-secret"), "{gone:#}");
    let left = gone["expires_at"].as_str().unwrap().parse::<Timestamp>().unwrap().duration_since(Timestamp::now());
    assert!((6..=7).contains(&(left.as_hours() / 24)), "{left:?}");
    assert_eq!(row("aws/eu-central-1/secrets/app/db")["severity"], "unknown", "nobody rotates it");
    assert_ne!(row("aws/eu-central-1/secrets/app/stuck")["rotate_by"], Value::Null);
    assert_eq!(row("aws/iam/ci/")["severity"], "ok", "a new key");
    let source = checked.report["sources"].as_array().unwrap().iter().find(|it| it["id"] == "aws").unwrap();
    assert_eq!((&source["state"], &source["requests"]), (&json!("ok"), &json!(4)), "{source}");
    let examined = lab.run(&["doctor", "--format", "json"]).await;
    assert!(examined.stdout.contains("\"aws\"") && !examined.stdout.contains("CANARY"), "{}", examined.stdout);
}
