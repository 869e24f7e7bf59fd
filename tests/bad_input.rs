//! Bad input, met by the binary as a process: each has its clear words, and an exit code that is never 0 or 1.
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "tests")]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use assert_cmd::Command;
use serde_json::Value;
use tempfile::TempDir;

/// A configuration in which all is well, but that nobody listens at its addresses.
const GOOD: &str = r#"
[poll]
timeout = "2s"

[[ci]]
name = "github"
kind = "github"
url = "http://127.0.0.1:9"
token = { env = "BAD_INPUT_TOKEN" }

[[registry]]
host = "127.0.0.1:9"
plain_http = true
credential = "anonymous"

[[service]]
name = "shop"
ci = "github"
repo = "acme/shop"

[[service.image]]
repository = "127.0.0.1:9/acme/shop"
tags = ["sha-{sha:7}"]
"#;

struct Home(TempDir);

/// How the binary ended: its exit code, and what it said.
struct End {
    code: i32,
    stdout: String,
    stderr: String,
}

impl Home {
    fn new() -> Self {
        Self(TempDir::new().unwrap())
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn write(&self, config: &str) -> PathBuf {
        let path = self.path().join("landfall.toml");
        fs::write(&path, config).unwrap();
        path
    }

    /// Runs the binary; it sees no home and no environment but these.
    fn run(&self, arguments: &[&str], environment: &[(&str, &str)]) -> End {
        let mut command = Command::cargo_bin("landfall").unwrap();
        command.env_clear().env("HOME", self.path()).env("NO_PROXY", "*").envs(environment.iter().copied());
        let output = command.args(arguments).timeout(std::time::Duration::from_secs(30)).output().unwrap();
        End {
            code: output.status.code().expect("no signal"),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    fn check(&self, config: &str) -> End {
        let path = self.write(config);
        let arguments = ["check", "--format", "json", "--config", path.to_str().unwrap()];
        self.run(&arguments, &[("BAD_INPUT_TOKEN", "ghp_0123")])
    }
}

/// Holds that a configuration is refused with exit 2, and that these words are among the reasons.
#[track_caller]
fn refused(config: &str, words: &[&str]) {
    let end = Home::new().check(config);
    assert_eq!(end.code, 2, "{}\n{}", end.stdout, end.stderr);
    assert_eq!(end.stdout, "", "what went wrong is said on standard error");
    for word in words {
        assert!(end.stderr.contains(word), "{word:?} in:\n{}", end.stderr);
    }
    assert!(!end.stderr.contains("panicked"), "{}", end.stderr);
}

#[test]
fn without_a_configuration_the_binary_says_what_to_do_next() {
    let end = Home::new().run(&[], &[]);
    assert_eq!(end.code, 2, "{}", end.stderr);
    assert!(end.stderr.contains("landfall demo") && end.stderr.contains("landfall init"), "{}", end.stderr);
    assert!(end.stderr.lines().count() <= 4, "{}", end.stderr);
    let end = Home::new().run(&["check"], &[]);
    assert_eq!(end.code, 2, "{}", end.stderr);
}

#[test]
fn a_configuration_that_is_not_there_or_cannot_be_read_is_named() {
    let home = Home::new();
    let end = home.run(&["check", "--config", "/nowhere/landfall.toml"], &[]);
    assert_eq!(end.code, 2);
    assert!(end.stderr.contains("/nowhere/landfall.toml"), "{}", end.stderr);
    let folder = home.path().to_str().unwrap();
    let end = home.run(&["check", "--config", folder], &[]);
    assert_eq!(end.code, 2);
    assert!(end.stderr.contains(folder), "{}", end.stderr);
    let path = home.path().join("landfall.toml");
    fs::write(&path, [b'#', 0xff, 0xfe, b'\n']).unwrap();
    let end = home.run(&["check", "--config", path.to_str().unwrap()], &[]);
    assert_eq!(end.code, 2);
    assert!(end.stderr.contains("landfall.toml"), "{}", end.stderr);
}

#[test]
fn the_doctor_does_not_pretend_to_leave_names_out() {
    let home = Home::new();
    let path = home.write(GOOD);
    let end = home.run(&["doctor", "--redact-names", "--config", path.to_str().unwrap()], &[]);
    assert_eq!((end.code, end.stdout.as_str()), (2, ""));
    assert!(end.stderr.contains("leave --redact-names out"), "{}", end.stderr);
}

#[test]
fn what_is_no_toml_is_named_with_its_line() {
    refused("[poll\nidle = 1", &["landfall.toml:1"]);
}

#[test]
fn an_unknown_key_is_named_with_line_column_and_the_known_ones() {
    refused(&GOOD.replace("timeout", "timeuot"), &["landfall.toml:3:1", "timeuot", "timeout"]);
}

#[test]
fn a_bad_template_is_named_with_the_placeholders_that_there_are() {
    refused(&GOOD.replace("sha-{sha:7}", "sha-{shaa}"), &["{shaa}", "{branch}", "landfall.toml:"]);
    refused(&GOOD.replace("sha-{sha:7}", "sha-{sha"), &["landfall.toml:"]);
}

#[test]
fn a_tag_that_no_registry_takes_is_refused() {
    refused(&GOOD.replace("sha-{sha:7}", "not a tag!"), &["landfall.toml:", "not a tag!"]);
}

#[test]
fn a_ci_that_nobody_configured_is_named() {
    refused(&GOOD.replace("ci = \"github\"", "ci = \"gihtub\""), &["gihtub", "github", "landfall.toml:"]);
}

#[test]
fn a_token_written_into_the_configuration_is_refused_and_not_repeated() {
    let end = Home::new().check(&GOOD.replace("{ env = \"BAD_INPUT_TOKEN\" }", "\"ghp_secret0123\""));
    assert_eq!(end.code, 2);
    assert!(!end.stderr.contains("ghp_secret0123"), "{}", end.stderr);
    assert!(end.stderr.contains("env"), "the way out is named: {}", end.stderr);
}

#[test]
fn every_error_is_said_at_once() {
    let config = GOOD.replace("timeout", "timeuot").replace("{sha:7}", "{shaa}").replace("acme/shop\"\n\n", "\"\n\n");
    refused(&config, &["timeuot", "{shaa}"]);
}

#[test]
fn a_token_that_is_empty_or_not_set_is_named() {
    let home = Home::new();
    let path = home.write(GOOD);
    for environment in [vec![], vec![("BAD_INPUT_TOKEN", "")], vec![("BAD_INPUT_TOKEN", " \n")]] {
        let arguments = ["check", "--format", "json", "--config", path.to_str().unwrap()];
        let end = home.run(&arguments, &environment);
        assert!([2, 3].contains(&end.code), "{}\n{}", end.stdout, end.stderr);
        let said = format!("{}{}", end.stdout, end.stderr);
        assert!(said.contains("BAD_INPUT_TOKEN"), "{said}");
    }
}

#[test]
fn a_token_file_that_others_may_read_is_warned_of() {
    let home = Home::new();
    let file = home.path().join("token");
    fs::write(&file, "ghp_fromfile0123\n").unwrap();
    let config = GOOD.replace("{ env = \"BAD_INPUT_TOKEN\" }", &format!("{{ file = \"{}\" }}", file.display()));
    for (mode, warned) in [(0o644, true), (0o600, false)] {
        fs::set_permissions(&file, fs::Permissions::from_mode(mode)).unwrap();
        let end = home.check(&config);
        assert_eq!(end.code, 3, "{}\n{}", end.stdout, end.stderr);
        let named = end.stderr.contains(file.to_str().unwrap());
        assert_eq!(named, warned, "mode {mode:o}: {}", end.stderr);
        assert!(!end.stderr.contains("ghp_fromfile0123") && !end.stdout.contains("ghp_fromfile0123"));
    }
}

#[test]
fn a_host_that_cannot_be_reached_is_no_finding() {
    let end = Home::new().check(GOOD);
    assert_eq!(end.code, 3, "{}\n{}", end.stdout, end.stderr);
    let report: Value = serde_json::from_str(&end.stdout).unwrap();
    assert_eq!(report["complete"], false);
    assert_eq!(report["summary"]["missing"], 0);
    assert!(end.stdout.contains("no connection"), "{}", end.stdout);
}

#[test]
fn a_host_whose_name_has_no_address_is_no_finding() {
    let end = Home::new().check(&GOOD.replace("http://127.0.0.1:9\"", "https://ci.invalid\""));
    assert_eq!(end.code, 3, "{}\n{}", end.stdout, end.stderr);
    assert!(end.stdout.contains("name was not found"), "{}", end.stdout);
}

#[test]
fn a_service_that_nobody_configured_cannot_be_asked_for() {
    let home = Home::new();
    let path = home.write(GOOD);
    let end = home.run(&["check", "--service", "shopp", "--config", path.to_str().unwrap()], &[]);
    assert_eq!(end.code, 2, "{}", end.stderr);
    assert!(end.stderr.contains("shopp") && end.stderr.contains("shop"), "{}", end.stderr);
}

#[test]
fn a_wrong_command_line_is_refused() {
    for arguments in [
        &["check", "--format", "yaml"][..],
        &["check", "--sha", "xyz"],
        &["check", "--wait", "soon"],
        &["check", "--fail-on", "everything"],
        &["chekc"],
    ] {
        let end = Home::new().run(arguments, &[]);
        assert_eq!(end.code, 2, "{arguments:?}: {}", end.stderr);
        assert_eq!(end.stdout, "");
    }
}
