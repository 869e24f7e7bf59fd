//! However it ends, the terminal is as it was found.

use assert_cmd::Command;
use portable_pty::CommandBuilder;
use rustix::process::Signal;

use crate::tty::Tty;

#[test]
fn signals_end_it_in_order_with_the_customary_codes() {
    for (signal, code) in [(Signal::TERM, 143), (Signal::HUP, 129), (Signal::INT, 130), (Signal::QUIT, 131)] {
        let mut tty = Tty::demo();
        tty.until_shown("Overview");
        tty.signal(signal);
        assert_eq!(tty.ended(), code, "{signal:?}");
        tty.is_as_found();
    }
}

#[test]
fn control_c_quits() {
    let mut tty = Tty::demo();
    tty.until_shown("Overview");
    tty.send("\u{3}");
    assert_eq!(tty.ended(), 0);
    tty.is_as_found();
}

#[cfg(debug_assertions)]
#[test]
fn a_panic_gives_the_terminal_back_says_what_happened_once_and_ends_it() {
    for (command, said) in [(":panic\r", "asked to"), (":panic task\r", "asked to, in a task")] {
        let mut tty = Tty::demo();
        tty.until_shown("Overview");
        tty.send(command);
        assert_eq!(tty.ended(), 101, "{command:?}");
        tty.is_as_found();
        let text = tty.text();
        assert!(text.contains(said), "{text}");
        assert_eq!(text.matches("landfall fell over").count(), 1, "{text}");
    }
}

#[cfg(debug_assertions)]
#[test]
fn a_poller_that_falls_over_is_told_and_begins_anew() {
    let mut tty = Tty::demo();
    tty.until_shown("stale");
    tty.send(":panic poller\r");
    tty.until_shown("fell over and began anew");
    tty.send("3");
    tty.until_shown("Answered");
    tty.send("q");
    assert_eq!(tty.ended(), 0);
    tty.is_as_found();
}

#[test]
fn without_its_terminal_it_ends() {
    let mut tty = Tty::demo();
    tty.until_shown("Overview");
    tty.unplug();
    assert_eq!(tty.ended(), 129);
}

#[test]
fn a_capital_q_leaves_the_last_screen_in_the_scrollback() {
    let mut tty = Tty::demo();
    tty.until_shown("stale");
    tty.send("Q");
    assert_eq!(tty.ended(), 0);
    tty.is_as_found();
    let text = tty.scrolled();
    assert!(text.contains("1 Overview") && text.contains("stale"), "{text}");
}

#[test]
fn suspended_it_gives_the_terminal_to_the_shell_and_comes_back() {
    let mut shell = CommandBuilder::new("bash");
    shell.args(["--norc", "--noprofile", "-i"]);
    let mut tty = Tty::start(shell, &[("PS1", "ready> ")]);
    tty.until_shown("ready>");
    tty.send(&format!("{} demo\r", env!("CARGO_BIN_EXE_landfall")));
    tty.until("the dashboard", |screen| screen.alternate_screen() && screen.contents().contains("Overview"));
    tty.send("\u{1a}");
    tty.until("the shell", |screen| !screen.alternate_screen() && screen.contents().contains("Stopped"));
    assert!(!tty.screen().hide_cursor());
    tty.send("fg\r");
    tty.until("the dashboard again", |screen| screen.alternate_screen() && screen.contents().contains("Overview"));
    tty.send("q");
    tty.until("the shell again", |screen| !screen.alternate_screen());
    tty.send("exit\r");
    tty.ended();
}

#[test]
fn without_a_terminal_it_says_what_to_run_instead() {
    let output = Command::cargo_bin("landfall").unwrap().arg("demo").env("TERM", "xterm").output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(output.stdout.is_empty());
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(said.lines().count(), 1, "{said}");
    assert!(said.contains("`landfall check`"), "{said}");
}

#[test]
fn a_dumb_terminal_is_told_the_same() {
    let mut tty = Tty::landfall(&["demo"], &[("TERM", "dumb")]);
    assert_eq!(tty.ended(), 2);
    assert!(tty.text().replace('\n', "").contains("landfall check"), "{}", tty.text());
    tty.is_as_found();
}
