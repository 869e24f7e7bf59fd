//! Secrets from variables, files and commands, and the logins that Docker and Podman keep.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use landfall::auth::{Keychain, Login, LoginFiles};
use landfall::domain::SecretSource;
use landfall::http::{read_secret, secret_exposed};
use rstest::rstest;
use secrecy::ExposeSecret;
use tempfile::TempDir;

async fn from_file(content: &[u8]) -> Result<String, String> {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("token");
    fs::write(&path, content).unwrap();
    let read = read_secret(&SecretSource::File(path)).await;
    read.map(|secret| secret.expose_secret().to_owned()).map_err(|error| error.to_string())
}

fn shell(script: &str) -> SecretSource {
    SecretSource::Command(["sh", "-c", script].map(str::to_owned).to_vec())
}

#[rstest]
#[case(b"token", Ok("token"))]
#[case(b"  token \r\n", Ok("token"))]
#[case(b"\xef\xbb\xbftoken\n", Ok("token"))]
#[case(b" \n", Err("empty"))]
#[case(b"CANARY\nsecond", Err("line breaks"))]
#[case(b"CANARY\x1b[2J", Err("control"))]
#[case(b"CANARY\xff", Err("UTF-8"))]
#[tokio::test]
async fn a_token_file_holds_one_clean_line(#[case] content: &[u8], #[case] want: Result<&str, &str>) {
    match (from_file(content).await, want) {
        (Ok(got), Ok(want)) => assert_eq!(got, want),
        (Err(got), Err(want)) => assert!(got.contains(want) && !got.contains("CANARY"), "{got}"),
        (got, want) => panic!("{got:?} is not {want:?}"),
    }
}

#[tokio::test]
async fn what_is_no_file_is_not_waited_for() {
    let folder = TempDir::new().unwrap();
    let pipe = folder.path().join("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    for path in [pipe, folder.path().to_owned(), folder.path().join("absent")] {
        read_secret(&SecretSource::File(path)).await.unwrap_err();
    }
    let huge = from_file(&vec![b'x'; 1 << 20]).await.unwrap_err();
    assert!(huge.contains("more than"), "{huge}");
}

#[test]
fn a_file_that_others_can_read_is_warned_of() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("token");
    fs::write(&path, "token").unwrap();
    for (mode, warned) in [(0o600, false), (0o400, false), (0o640, true), (0o604, true)] {
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        assert_eq!(secret_exposed(&SecretSource::File(path.clone())).is_some(), warned, "{mode:o}");
    }
}

#[test]
fn what_mends_a_file_that_others_can_read_can_be_pasted_whatever_its_name() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("o'hara's token");
    fs::write(&path, "token").unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    let source = SecretSource::File(path);
    let warning = secret_exposed(&source).unwrap();
    let (_, pasted) = warning.split_once("): ").unwrap();
    assert!(Command::new("sh").args(["-c", pasted]).status().unwrap().success(), "{warning}");
    assert_eq!(secret_exposed(&source), None);
}

#[tokio::test]
async fn a_commands_first_line_is_the_secret() {
    let secret = read_secret(&shell("printf 'token\\nlogin: me\\n'")).await.unwrap();
    assert_eq!(secret.expose_secret(), "token");
    assert!(!format!("{secret:?}").contains("token"));
}

#[tokio::test]
async fn a_failing_command_does_not_tell_what_it_printed() {
    for script in ["echo CANARY; echo CANARY >&2; exit 1", "true", "printf '\\n'", "head -c 200000 /dev/zero"] {
        let error = read_secret(&shell(script)).await.unwrap_err().to_string();
        assert!(error.contains("sh") && !error.contains("CANARY"), "{error}");
    }
    let absent = read_secret(&SecretSource::Command(vec!["landfall-no-such-command".to_owned()])).await;
    assert!(absent.unwrap_err().to_string().contains("was not found"));
}

#[tokio::test(start_paused = true)]
async fn a_command_that_hangs_is_ended_after_ten_seconds() {
    let error = read_secret(&shell("sleep 600")).await.unwrap_err().to_string();
    assert!(error.contains("longer than 10 s"), "{error}");
}

fn write(folder: &Path, name: &str, text: &str) -> PathBuf {
    let path = folder.join(name);
    fs::write(&path, text).unwrap();
    path
}

fn user(login: Option<Login>) -> String {
    match login {
        Some(Login::Basic(user, _)) => user,
        Some(Login::IdentityToken(_)) => "<token>".to_owned(),
        None => "nobody".to_owned(),
    }
}

#[tokio::test]
async fn a_changed_login_file_is_read_again() {
    let folder = TempDir::new().unwrap();
    let absent = folder.path().join("absent.json");
    let path = write(folder.path(), "config.json", r#"{"auths":{"reg.io":{"auth":"b25lOnB3"}}}"#);
    let keychain = Keychain::new(LoginFiles(vec![absent, path]));
    assert_eq!(user(keychain.login("reg.io", "a").await.unwrap()), "one");
    write(folder.path(), "config.json", r#"{"auths":{"reg.io":{"username":"two-two","password":"pw"}}}"#);
    assert_eq!(user(keychain.login("reg.io", "a").await.unwrap()), "two-two");
    assert_eq!(user(keychain.login("other.io", "a").await.unwrap()), "nobody");
}

#[tokio::test]
async fn a_broken_login_file_is_named_and_not_quoted() {
    let folder = TempDir::new().unwrap();
    for text in [r#"{"auths":{"reg.io":{"auth":"CANARY"#, r#"{"auths":"CANARY"}"#] {
        let path = write(folder.path(), "config.json", text);
        let keychain = Keychain::new(LoginFiles(vec![path]));
        let error = keychain.login("reg.io", "a").await.unwrap_err().to_string();
        assert!(error.contains("config.json") && !error.contains("CANARY"), "{error}");
    }
}

/// Helpers are found through PATH, so the test runs itself once more with another.
#[tokio::test]
async fn helpers_are_asked_and_never_quoted() {
    const INNER: &str = "LANDFALL_TEST_HELPERS";
    let Some(folder) = std::env::var_os(INNER).map(PathBuf::from) else {
        let folder = TempDir::new().unwrap();
        let script = "#!/bin/sh\nread server\necho \"$server\" >> \"$(dirname \"$0\")/asked\"\ncase \"$server\" in\n\
            good.io) echo '{\"Username\":\"helped\",\"Secret\":\"pw\"}';;\n\
            token.io) echo '{\"Username\":\"<token>\",\"Secret\":\"idt\"}';;\n\
            none.io) echo 'credentials not found in native keychain'; exit 1;;\n\
            *) echo CANARY; echo CANARY >&2; exit 1;;\nesac\n";
        let helper = write(folder.path(), "docker-credential-test", script);
        fs::set_permissions(&helper, fs::Permissions::from_mode(0o755)).unwrap();
        let path = format!("{}:{}", folder.path().display(), std::env::var("PATH").unwrap());
        let mut inner = Command::new(std::env::current_exe().unwrap());
        inner.args(["--exact", "secrets::helpers_are_asked_and_never_quoted", "--nocapture"]);
        let output = inner.env("PATH", path).env(INNER, folder.path()).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        return;
    };
    let helpers = r#""good.io":"test","token.io":"test","none.io":"test","bad.io":"test","lost.io":"absent-one""#;
    let text = format!(r#"{{"auths":{{"marked.io":{{}}}},"credHelpers":{{{helpers}}},"credsStore":"absent-store"}}"#);
    let keychain = Keychain::new(LoginFiles(vec![write(&folder, "config.json", &text)]));
    for _ in 0..2 {
        assert_eq!(user(keychain.login("good.io", "a").await.unwrap()), "helped");
    }
    assert_eq!(fs::read_to_string(folder.join("asked")).unwrap(), "good.io\n");
    assert_eq!(user(keychain.login("token.io", "a").await.unwrap()), "<token>");
    assert_eq!(user(keychain.login("none.io", "a").await.unwrap()), "nobody");
    assert_eq!(user(keychain.login("elsewhere.io", "a").await.unwrap()), "nobody");
    for host in ["bad.io", "lost.io", "marked.io"] {
        let error = keychain.login(host, "a").await.unwrap_err().to_string();
        assert!(error.contains(host) && !error.contains("CANARY"), "{error}");
    }
    for _ in 0..3 {
        keychain.login("bad.io", "b").await.unwrap_err();
    }
    let asked = fs::read_to_string(folder.join("asked")).unwrap();
    assert_eq!(asked.matches("bad.io").count(), 1, "one that failed is left alone for a while");
}
