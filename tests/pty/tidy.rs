//! However the demo ends, the folder with its secrets is gone.

use std::fs;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use crate::tty::Tty;

/// Where the demo may leave something.
struct Ground(TempDir);

impl Ground {
    fn new() -> Self {
        Self(TempDir::new().unwrap())
    }

    fn tty(&self, args: &[&str]) -> Tty {
        Tty::landfall(args, &[("TMPDIR", self.0.path().to_str().unwrap())])
    }

    /// Starts it with nobody who looks.
    fn start(&self, args: &[&str]) -> Child {
        let mut command = Command::new(env!("CARGO_BIN_EXE_landfall"));
        command.args(args).env("TMPDIR", self.0.path()).stdin(Stdio::null());
        command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
    }

    fn left(&self) -> Vec<PathBuf> {
        fs::read_dir(self.0.path()).unwrap().map(|entry| entry.unwrap().path()).collect()
    }

    fn until_furnished(&self) {
        for _ in 0..4_000 {
            if !self.left().is_empty() {
                return;
            }
            sleep(Duration::from_millis(10));
        }
        panic!("there never was a folder");
    }

    #[track_caller]
    fn is_clean(&self, about: &str) {
        assert_eq!(self.left(), Vec::<PathBuf>::new(), "{about}");
    }
}

#[test]
fn without_its_terminal_it_leaves_nothing() {
    let ground = Ground::new();
    let mut tty = ground.tty(&["demo"]);
    tty.until_shown("Overview");
    assert_eq!(ground.left().len(), 1);
    tty.unplug();
    assert_eq!(tty.ended(), 129);
    ground.is_clean("the terminal closed");
}

#[test]
fn a_server_without_its_terminal_leaves_nothing() {
    let ground = Ground::new();
    let mut tty = ground.tty(&["demo", "--serve-only"]);
    tty.until_shown("landfall check");
    tty.unplug();
    tty.ended();
    ground.is_clean("the terminal closed");
}

#[test]
fn after_a_signal_it_leaves_nothing() {
    for (signal, code) in [(Signal::TERM, 143), (Signal::HUP, 129), (Signal::INT, 130)] {
        let ground = Ground::new();
        let mut tty = ground.tty(&["demo"]);
        tty.until_shown("Overview");
        tty.signal(signal);
        assert_eq!(tty.ended(), code, "{signal:?}");
        ground.is_clean(&format!("{signal:?}"));
    }
}

/// The configuration of one service that nobody will tell anything of.
fn configuration(folder: &TempDir) -> String {
    let file = folder.path().join("config.toml");
    let text = "[[ci]]\nname = \"github\"\nkind = \"github\"\nurl = \"http://127.0.0.1:9\"\nplain_http = true\n\n\
        [[service]]\nname = \"web\"\nci = \"github\"\nrepo = \"acme/web\"\n\n\
        [[service.image]]\nrepository = \"localhost:9/acme/web\"\ntags = \"{sha}\"\n";
    fs::write(&file, text).unwrap();
    file.to_str().unwrap().to_owned()
}

#[test]
fn a_signal_ends_what_waits_for_a_terminal_that_takes_no_bytes() {
    let folder = TempDir::new().unwrap();
    let config = configuration(&folder);
    let plain: &[&str] = &["--no-state", "--config", &config];
    for args in [plain, &["demo"]] {
        for (signal, code) in [(Signal::TERM, 143), (Signal::HUP, 129), (Signal::INT, 130)] {
            let ground = Ground::new();
            let mut tty = Tty::jammed(args, &[("TMPDIR", ground.0.path().to_str().unwrap())]);
            tty.until_raw();
            tty.signal(signal);
            assert_eq!(tty.ended(), code, "{args:?} {signal:?}");
            tty.is_as_found();
            ground.is_clean(&format!("{args:?} {signal:?}"));
        }
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_signal_ends_what_cannot_say_why_it_does_not_begin() {
    let folder = TempDir::new().unwrap();
    let config = configuration(&folder);
    for (signal, code) in [(Signal::TERM, 143), (Signal::HUP, 129), (Signal::INT, 130)] {
        let mut tty = Tty::jammed(&["--no-state", "--config", &config], &[("TERM", "dumb")]);
        tty.until_caught(signal);
        tty.signal(signal);
        assert_eq!(tty.ended(), code, "{signal:?}");
        tty.is_as_found();
        let ground = Ground::new();
        let environment = [("TERM", "dumb"), ("TMPDIR", ground.0.path().to_str().unwrap())];
        let mut tty = Tty::jammed(&["demo"], &environment);
        ground.until_furnished();
        tty.signal(signal);
        assert_eq!(tty.ended(), code, "{signal:?}");
        ground.is_clean(&format!("{signal:?}"));
    }
}

#[test]
fn a_look_or_a_server_that_is_told_to_end_leaves_nothing() {
    let looking: &[&str] = &["demo", "--check", "--latency", "20000"];
    let serving: &[&str] = &["demo", "--serve-only"];
    for (signal, code) in [(Signal::TERM, 143), (Signal::HUP, 129), (Signal::INT, 130)] {
        for (args, code) in [(looking, code), (serving, 0)] {
            let ground = Ground::new();
            let mut child = ground.start(args);
            ground.until_furnished();
            kill_process(Pid::from_child(&child), signal).unwrap();
            let ended = child.wait().unwrap();
            ground.is_clean(&format!("{args:?} {signal:?}"));
            // One that was still starting ends like the others.
            assert!([Some(code), Some(128 + signal.as_raw())].contains(&ended.code()), "{args:?} {signal:?}: {ended}");
        }
    }
}

#[cfg(debug_assertions)]
#[test]
fn after_a_panic_it_leaves_nothing() {
    for command in [":panic\r", ":panic task\r"] {
        let ground = Ground::new();
        let mut tty = ground.tty(&["demo"]);
        tty.until_shown("Overview");
        tty.send(command);
        assert_eq!(tty.ended(), 101, "{command:?}");
        ground.is_clean(command);
    }
}
