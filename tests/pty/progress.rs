//! How far a look has come is said on standard error, where that is a terminal, and nowhere else.

use std::fs;
use std::path::Path;
use std::process::Command;

use portable_pty::CommandBuilder;
use tempfile::TempDir;

use crate::tty::Tty;

/// Late enough that there is something to be told meanwhile.
const LOOK: [&str; 4] = ["demo", "--check", "--latency", "40"];

/// Starts the look, with one of its outputs in a file and the other on the terminal.
fn look(redirect: &str, file: &Path) -> Tty {
    let mut shell = CommandBuilder::new("sh");
    let binary = env!("CARGO_BIN_EXE_landfall");
    shell.args(["-c", &format!("exec {binary} {} {redirect}{}", LOOK.join(" "), file.display())]);
    Tty::start(shell, &[])
}

#[test]
fn progress_is_drawn_on_the_terminal_and_wiped_away_and_never_reaches_the_file() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("answer");
    let mut tty = look(">", &file);
    tty.until_shown("services settled");
    assert_eq!(tty.ended(), 1);
    assert_eq!(tty.text().trim(), "", "the last line is wiped away");
    let drawn = String::from_utf8_lossy(&tty.bytes).into_owned();
    assert!(drawn.ends_with("\r\u{1b}[K"), "{drawn:?}");
    let lines: Vec<&str> = drawn.split("\r\u{1b}[K").filter(|line| !line.is_empty()).collect();
    assert!(lines.len() > 1, "it goes on: {lines:?}");
    for line in &lines {
        let (settled, rest) = line.strip_prefix("looking: ").unwrap().split_once(" of ").unwrap();
        let all = rest.strip_suffix(" services settled").unwrap();
        assert!(settled.parse::<usize>().unwrap() <= all.parse().unwrap(), "{line}");
    }
    tty.is_as_found();
    let answer = fs::read_to_string(file).unwrap();
    assert!(answer.contains("missing") && !answer.contains("looking:"), "{answer}");
    assert!(!answer.contains('\u{1b}') && !answer.contains('\r'), "{answer:?}");
}

#[test]
fn where_standard_error_is_no_terminal_nothing_is_said_of_progress() {
    let output = Command::new(env!("CARGO_BIN_EXE_landfall")).args(LOOK).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
}

#[test]
fn where_only_the_answer_goes_to_the_terminal_nothing_is_said_of_progress() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("said");
    let mut tty = look("2>", &file);
    assert_eq!(tty.ended(), 1);
    assert!(!String::from_utf8_lossy(&tty.bytes).contains("looking:"), "{}", tty.text());
    assert_eq!(fs::read_to_string(file).unwrap(), "");
}
