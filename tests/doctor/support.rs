//! Runs the command against whatever servers a test has, and looks for secrets in every byte that it prints.

use std::fs;
use std::path::Path;
use std::process::Output;

use serde_json::Value;
use tempfile::TempDir;

use crate::loopback::{Loopback, Seen, answer};

/// What every test has for a secret; its like must be nowhere.
pub(crate) const TOKEN: &str = "CANARY_d3adb33f_token";
pub(crate) const PASSWORD: &str = "CANARY_d3adb33f_password";

/// A home of its own, without anything of the machine's.
pub(crate) struct Home(pub(crate) TempDir);

/// What a run printed.
pub(crate) struct Said {
    pub(crate) code: i32,
    pub(crate) out: String,
}

impl Home {
    pub(crate) fn new() -> Self {
        let home = Self(TempDir::new().unwrap());
        home.write("token", TOKEN);
        home.write("password", PASSWORD);
        home
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    pub(crate) fn write(&self, name: &str, text: &str) -> String {
        use std::os::unix::fs::PermissionsExt as _;
        let path = self.path().join(name);
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        path.to_str().unwrap().to_owned()
    }

    /// Runs the command with these arguments and variables.
    pub(crate) async fn run(&self, arguments: &[&str], variables: &[(&str, &str)]) -> Said {
        let mut command = assert_cmd::Command::new(env!("CARGO_BIN_EXE_landfall"));
        command.env_clear().env("HOME", self.path()).envs(variables.iter().copied()).args(arguments);
        let output: Output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
        let bytes = [&output.stdout[..], &output.stderr[..]].concat();
        for secret in [TOKEN, PASSWORD, "CANARY", "Q0FOQVJZ"] {
            let found = bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
            assert!(!found, "{secret} in {}", String::from_utf8_lossy(&bytes));
        }
        assert!(!bytes.contains(&0x1b), "no escape sequence in {}", String::from_utf8_lossy(&bytes));
        Said { code: output.status.code().unwrap(), out: String::from_utf8(output.stdout).unwrap() }
    }

    /// Asks the doctor for JSON of a configuration, and returns it with the exit code.
    pub(crate) async fn examined(&self, config: &str, more: &[&str]) -> (i32, Value) {
        let path = self.write("config.toml", config);
        let arguments = [&["doctor", "--no-state", "--format", "json", "--config", &path], more].concat();
        let said = self.run(&arguments, &[]).await;
        let found: Value = serde_json::from_str(&said.out).unwrap_or_else(|error| panic!("{error}: {}", said.out));
        assert_eq!(found["exit_code"], said.code);
        (said.code, found)
    }
}

/// Returns a check by its section and name.
pub(crate) fn check<'a>(found: &'a Value, about: &str, name: &str) -> &'a Value {
    let sections = found["sections"].as_array().unwrap().iter().filter(|section| section["about"] == about);
    let mut checks = sections.flat_map(|section| section["checks"].as_array().unwrap());
    checks.find(|check| check["check"] == name).unwrap_or_else(|| panic!("no {name} of {about} in {found:#}"))
}

/// Returns the result of a check and what it says.
pub(crate) fn result(found: &Value, about: &str, name: &str) -> (String, String) {
    let check = check(found, about, name);
    (check["result"].as_str().unwrap().to_owned(), check["says"].as_str().unwrap().to_owned())
}

/// A configuration for a GitHub and an open registry at these places.
pub(crate) fn config(kind: &str, ci: &str, registry: &str) -> String {
    format!(
        r#"
[[ci]]
name = "ci"
kind = "{kind}"
url = "{ci}"
token = {{ file = "token" }}

[[registry]]
host = "{registry}"
plain_http = true
credential = {{ username = "ci", password = {{ file = "password" }} }}

[[service]]
name = "checkout"
ci = "ci"
repo = "acme/checkout"
[[service.image]]
repository = "{registry}/acme/checkout"
tags = ["sha-{{sha:7}}"]
"#
    )
}

/// One green run, as GitHub lists it.
pub(crate) const RUNS: &str = r#"{"total_count":1,"workflow_runs":[{"id":7,"run_number":7,"run_attempt":1,"event":"push",
"name":"release","path":".github/workflows/release.yml","head_branch":"main","status":"completed","conclusion":"success",
"head_sha":"0123456789012345678901234567890123456789","created_at":"2026-03-04T05:00:00Z"}]}"#;

/// A GitHub that knows the token, and says this of it in its headers.
pub(crate) async fn github(of_token: &'static [(&'static str, &'static str)]) -> Loopback {
    Loopback::answering(move |seen: &Seen| {
        let headers = [&[("content-type", "application/json")], of_token].concat();
        let body = if seen.path == "/rate_limit" { r#"{"resources":{"core":{}},"rate":{}}"# } else { RUNS };
        answer(200, &headers, body)
    })
    .await
}

/// A registry that wants a password with each request, and has three tags.
pub(crate) async fn registry() -> Loopback {
    Loopback::answering(|seen: &Seen| match seen.header("authorization") {
        None => answer(401, &[("www-authenticate", "Basic realm=\"here\"")], ""),
        Some(_) => {
            answer(200, &[("content-type", "application/json")], r#"{"name":"acme/checkout","tags":["a","b","c"]}"#)
        }
    })
    .await
}

/// A classic token that can read and no more, and ends in the far future.
pub(crate) const GOOD: &[(&str, &str)] =
    &[("x-oauth-scopes", "repo, read:org"), ("github-authentication-token-expiration", "2096-08-14 08:15:54 UTC")];
