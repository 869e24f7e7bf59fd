//! What one dashboard was told, the next one knows: the same history, two processes.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use tempfile::TempDir;

use crate::tty::Tty;

const LIMIT: &str = "HTTP/1.1 429 Too Many Requests\r\nretry-after: 600\r\ncontent-type: application/json\r\n\
                     content-length: 23\r\nconnection: close\r\n\r\n{\"message\":\"slow down\"}";

/// A CI provider that has had enough for ten minutes, and how often it was asked all the same.
fn limited() -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let asked = Arc::new(AtomicUsize::new(0));
    let count = asked.clone();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let (mut stream, mut head, mut byte) = (stream, Vec::new(), [0]);
            while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).is_ok_and(|length| length == 1) {
                head.extend(byte);
            }
            if !head.is_empty() {
                count.fetch_add(1, Ordering::SeqCst);
            }
            // Whoever hung up is asked again by nobody.
            let _ = stream.write_all(LIMIT.as_bytes());
        }
    });
    (url, asked)
}

fn config(url: &str) -> String {
    format!(
        "[[ci]]\nname = \"ci\"\nkind = \"github\"\nurl = \"{url}\"\ntoken = {{ env = \"LANDFALL_TEST_TOKEN\" }}\n\
         [[service]]\nname = \"shop\"\nci = \"ci\"\nrepo = \"acme/shop\"\n\
         [[service.image]]\nrepository = \"registry.invalid/acme/shop\"\ntags = [\"{{sha}}\"]\n"
    )
}

#[test]
fn the_next_dashboard_says_that_a_limit_lasts_and_asks_nothing_before_it_is_over() {
    let folder = TempDir::new().unwrap();
    let (url, asked) = limited();
    let path = folder.path().join("landfall.toml");
    fs::write(&path, config(&url)).unwrap();
    let state = folder.path().join("state");
    let arguments = ["--config", path.to_str().unwrap(), "--state", state.to_str().unwrap()];
    let start = || Tty::landfall(&arguments, &[("LANDFALL_TEST_TOKEN", "a-token-of-a-test")]);
    let mut first = start();
    first.send("3");
    first.until_shown("rate limited");
    first.send("q");
    assert_eq!(first.ended(), 0);
    let before = asked.load(Ordering::SeqCst);
    assert!(before > 0);
    let mut second = start();
    second.send("3");
    second.until_shown("rate limited");
    second.send("R");
    second.listen(Duration::from_secs(3));
    assert!(second.text().contains("rate limited"), "{}", second.text());
    assert_eq!(asked.load(Ordering::SeqCst), before + 1, "who insists is told once whether it is so still");
    second.send("R");
    second.listen(Duration::from_secs(1));
    second.send("q");
    assert_eq!(second.ended(), 0);
    assert_eq!(asked.load(Ordering::SeqCst), before + 1);
}

#[test]
fn a_state_folder_that_others_can_reach_into_is_told_by_the_dashboard_and_by_a_check() {
    let folder = TempDir::new().unwrap();
    // Nobody answers, so nothing else is to be told.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let path = folder.path().join("landfall.toml");
    fs::write(&path, config(&format!("http://{}", silent.local_addr().unwrap()))).unwrap();
    let state = folder.path().join("state");
    fs::create_dir(&state).unwrap();
    fs::set_permissions(&state, fs::Permissions::from_mode(0o755)).unwrap();
    let arguments = ["--config", path.to_str().unwrap(), "--state", state.to_str().unwrap()];
    let mut tty = Tty::landfall(&arguments, &[("LANDFALL_TEST_TOKEN", "a-token-of-a-test")]);
    tty.until_shown("! folder  others on this machine may reach into");
    tty.send("q");
    assert_eq!(tty.ended(), 0);
    let (url, _) = limited();
    fs::write(&path, config(&url)).unwrap();
    let mut check = Command::new(env!("CARGO_BIN_EXE_landfall"));
    let said = check.arg("check").args(arguments).env("LANDFALL_TEST_TOKEN", "a-token-of-a-test").output().unwrap();
    let said = String::from_utf8_lossy(&said.stderr).into_owned();
    assert!(said.contains("landfall: warning: others on this machine may reach into the folder"), "{said}");
    assert!(said.contains(&format!("chmod 700 {}", state.display())), "{said}");
}
