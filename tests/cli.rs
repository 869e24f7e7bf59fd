//! The binary as a process: what it prints where, and its exit code.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::fs;
use std::path::Path;

use assert_cmd::Command;
use rstest::rstest;
use tempfile::TempDir;

const GOOD: &str = r#"
[[ci]]
name = "github"
kind = "github"
token = { env = "LANDFALL_TEST_TOKEN" }

[[service]]
name = "checkout"
ci = "github"
repo = "acme/checkout"
[[service.image]]
repository = "ghcr.io/acme/checkout"
tags = ["sha-{sha:7}", "latest"]
"#;

struct Home(TempDir);

struct Said {
    code: i32,
    out: String,
    err: String,
}

impl Home {
    fn new() -> Self {
        Self(TempDir::new().unwrap())
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn write(&self, name: &str, text: &str) -> String {
        let path = self.path().join(name);
        fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    }

    fn run(&self, arguments: &[&str]) -> Said {
        self.run_with(arguments, &[])
    }

    fn run_with(&self, arguments: &[&str], variables: &[(&str, &str)]) -> Said {
        let mut command = Command::new(env!("CARGO_BIN_EXE_landfall"));
        command.env_clear().env("HOME", self.path()).envs(variables.iter().copied()).args(arguments);
        let output = command.output().unwrap();
        Said {
            code: output.status.code().unwrap(),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

#[test]
fn without_a_configuration_three_lines_say_what_to_do_next() {
    let said = Home::new().run(&[]);
    assert_eq!((said.code, said.out.as_str()), (2, ""));
    assert_eq!(said.err.lines().count(), 3, "{}", said.err);
    for what in ["landfall demo", "landfall init", "landfall/config.toml"] {
        assert!(said.err.contains(what), "{}", said.err);
    }
}

#[test]
fn init_writes_a_good_configuration_once_and_never_again() {
    let home = Home::new();
    let path = home.run(&["config", "path"]).out;
    let said = home.run(&["init"]);
    assert_eq!(said.code, 0, "{}", said.err);
    let written = fs::read_to_string(path.trim_end()).unwrap();
    assert_eq!(home.run_with(&["config", "check"], &[("GITHUB_TOKEN", "x")]).code, 0);

    let again = home.run(&["init"]);
    assert_eq!(again.code, 2);
    assert!(again.err.contains("is there already"), "{}", again.err);
    assert_eq!(fs::read_to_string(path.trim_end()).unwrap(), written);
}

#[test]
fn the_argument_wins_over_the_environment_which_wins_over_the_folder() {
    let home = Home::new();
    let by_environment = [("LANDFALL_CONFIG", "/nowhere/b.toml")];
    assert_eq!(
        home.run_with(&["config", "path", "--config", "/nowhere/a.toml"], &by_environment).out,
        "/nowhere/a.toml\n"
    );
    assert_eq!(home.run_with(&["config", "path"], &by_environment).out, "/nowhere/b.toml\n");
    let by_folder = home.run(&["config", "path"]).out;
    assert!(by_folder.starts_with(home.path().to_str().unwrap()), "{by_folder}");
}

#[test]
fn a_named_configuration_that_is_not_there_is_an_error() {
    let said = Home::new().run(&["check", "--config", "/nowhere/a.toml"]);
    assert_eq!(said.code, 2);
    assert!(said.err.contains("/nowhere/a.toml: cannot be read"), "{}", said.err);
}

#[test]
fn a_configuration_that_is_not_text_is_an_error() {
    let home = Home::new();
    let path = home.path().join("binary.toml");
    fs::write(&path, [0xff, 0xfe, 0x00]).unwrap();
    let said = home.run(&["config", "check", "--config", path.to_str().unwrap()]);
    assert_eq!(said.code, 2);
    assert!(said.err.contains("cannot be read"), "{}", said.err);
}

#[test]
fn config_check_names_every_mistake_with_its_place() {
    let home = Home::new();
    let path = home.write("bad.toml", "[poll]\nrunning = 3\n[polcy]\n");
    let said = home.run(&["config", "check", "--config", &path]);
    assert_eq!((said.code, said.out.as_str()), (2, ""));
    for place in [":2:11:", ":3:2:", "did you mean `policy`?", "no [[service]]"] {
        assert!(said.err.contains(place), "{place}: {}", said.err);
    }
}

#[test]
fn config_check_warns_of_tokens_that_cannot_be_read_here() {
    let home = Home::new();
    let token = home.write("token", "secret");
    #[cfg(unix)]
    fs::set_permissions(&token, std::os::unix::fs::PermissionsExt::from_mode(0o644)).unwrap();
    let in_file = GOOD.replace("env = \"LANDFALL_TEST_TOKEN\"", "file = \"token\"");
    let said = home.run(&["config", "check", "--config", &home.write("file.toml", &in_file)]);
    assert_eq!(said.code, 0, "{}", said.err);
    assert!(said.out.contains("others may read") && said.out.contains("good: 1 service, 2 tags"), "{}", said.out);

    let path = home.write("env.toml", GOOD);
    assert!(home.run(&["config", "check", "--config", &path]).out.contains("LANDFALL_TEST_TOKEN is not set here"));
    let set = home.run_with(&["config", "check", "--config", &path], &[("LANDFALL_TEST_TOKEN", "hunter2")]);
    assert_eq!(set.out.lines().count(), 1, "{}", set.out);
}

#[test]
fn config_show_names_where_secrets_are_and_never_what_they_are() {
    let home = Home::new();
    let path = home.write("config.toml", GOOD);
    let said = home.run_with(&["config", "show", "--config", &path], &[("LANDFALL_TEST_TOKEN", "hunter2")]);
    assert_eq!(said.code, 0, "{}", said.err);
    assert!(said.out.contains("LANDFALL_TEST_TOKEN") && !said.out.contains("hunter2"), "{}", said.out);
    let again = home.run(&["config", "check", "--config", &home.write("shown.toml", &said.out)]);
    assert_eq!(again.code, 0, "{}", again.err);
}

#[test]
fn config_schema_prints_the_published_schema() {
    let said = Home::new().run(&["config", "schema"]);
    let published = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/schema/config.schema.json");
    assert_eq!((said.code, said.out), (0, fs::read_to_string(published).unwrap()));
}

#[rstest]
#[case(&["chekc"], "unrecognized subcommand")]
#[case(&["check", "--format", "yaml"], "possible values: table, json")]
#[case(&["check", "--wait", "soon"], "write it as 10s, 2m or 1h30m")]
#[case(&["check", "--sha", "1a2b3"], "7 to 64 hex digits")]
#[case(&["check", "--fail-on", "missing,broken"], "the verdicts are missing, stale")]
#[case(&["demo", "--check", "--serve-only"], "cannot be used with")]
#[case(&["demo", "--config", "a.toml"], "brings its own configuration")]
#[case(&["--state", "a", "--no-state"], "cannot be used with")]
#[case(&["config", "check", "--token", "x"], "unexpected argument")]
fn a_wrong_command_line_exits_with_2_and_says_why(#[case] arguments: &[&str], #[case] why: &str) {
    let said = Home::new().run(arguments);
    assert_eq!((said.code, said.out.as_str()), (2, ""));
    assert!(said.err.contains(why), "{}", said.err);
}

#[test]
fn a_service_that_is_not_configured_is_a_wrong_command_line() {
    let home = Home::new();
    let path = home.write("config.toml", GOOD);
    let said = home.run(&["check", "--config", &path, "--service", "chekout"]);
    assert_eq!(said.code, 2);
    assert!(said.err.contains("no service is named \"chekout\"") && said.err.contains("checkout"), "{}", said.err);
}

#[test]
fn the_text_of_check_documents_its_exit_codes() {
    let said = Home::new().run(&["check", "--help"]);
    assert_eq!(said.code, 0);
    for code in ["  0  ", "  1  ", "  2  ", "  3  "] {
        assert!(said.out.contains(code), "{}", said.out);
    }
}

#[cfg(target_os = "linux")]
#[test]
fn its_heap_is_set_as_the_project_says() {
    let project = Path::new(env!("CARGO_MANIFEST_DIR"));
    let settings: toml::Table = fs::read_to_string(project.join(".cargo/config.toml")).unwrap().parse().unwrap();
    let wanted = settings.get("env").and_then(|env| env.get("JEMALLOC_SYS_WITH_MALLOC_CONF")?.as_str()).unwrap();
    let asked =
        Command::cargo_bin("landfall").unwrap().arg("--version").env("MALLOC_CONF", "confirm_conf:true").output();
    let told = String::from_utf8(asked.unwrap().stderr).unwrap();
    for setting in wanted.split(',') {
        assert!(told.contains(&format!("Set conf value: {setting}")), "{setting} is not in\n{told}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn an_answer_that_cannot_be_written_is_told() {
    let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_landfall"));
    let ended = command.args(["config", "schema"]).stdout(full).output().unwrap();
    let said = String::from_utf8_lossy(&ended.stderr).into_owned();
    assert_eq!(ended.status.code(), Some(2), "{said}");
    assert!(said.starts_with("landfall: the answer cannot be written to standard output: "), "{said}");
}
