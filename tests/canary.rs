//! No secret is shown, kept or handed on: the real binary against servers that send back whatever they are sent.
#![expect(clippy::unwrap_used, clippy::panic, clippy::disallowed_methods, reason = "tests")]

#[expect(dead_code, reason = "shared with tests that need more of it")]
#[path = "support/loopback.rs"]
mod loopback;
#[path = "canary/parrot.rs"]
mod parrot;
#[path = "canary/sinks.rs"]
mod sinks;
#[expect(dead_code, reason = "shared with tests that need more of it")]
#[path = "pty/tty.rs"]
mod tty;
#[path = "canary/world.rs"]
mod world;

use std::fs;
use std::time::Duration;

use parrot::Parrots;
use portable_pty::CommandBuilder;
use tty::Tty;
use world::World;

#[tokio::test(flavor = "multi_thread")]
async fn no_command_shows_a_secret_and_the_history_keeps_none() {
    let parrots = Parrots::start().await;
    let world = World::new(parrots.servers());
    for arguments in [
        &["check", "--format", "json", "--flaky", "--durations", "--credentials"][..],
        &["check", "--format", "table", "--flaky", "--durations", "--credentials"],
        &["doctor", "--format", "json"],
        &["doctor", "--format", "table"],
        &["config", "show"],
        &["config", "check"],
    ] {
        parrots.forget();
        let said = world.run(arguments).await;
        assert!(!said.is_empty(), "{arguments:?} said nothing");
        world.is_clean(&format!("{arguments:?}"), said.as_bytes());
    }
    let repeated = parrots.repeated();
    assert!(repeated.iter().all(|count| *count > 2), "{repeated:?} requests carried a secret");
    world.is_kept_clean();
    world.children_saw_nothing();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_screen_shows_no_secret_and_neither_does_a_panic() {
    let parrots = Parrots::start().await;
    let world = World::new(parrots.servers());
    let (seen, world) = tokio::task::spawn_blocking(move || {
        let variables = world.variables();
        let variables: Vec<(&str, &str)> = variables.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let mut tty = Tty::start(world.command(CommandBuilder::new(env!("CARGO_BIN_EXE_landfall"))), &variables);
        tty.until_shown("Overview");
        tty.until("an answer", |screen| screen.contents().contains("unknown") || screen.contents().contains("refused"));
        let pid = tty.pid();
        let limits = fs::read_to_string(format!("/proc/{pid}/limits")).unwrap();
        let cores = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap().to_owned();
        assert_eq!(cores.split_whitespace().filter(|word| *word == "0").count(), 2, "{cores}");
        for keys in [
            "\r", "\u{1b}", "2", "\r", "\u{1b}", "3", "\r", "j", "j", "\u{1b}", "6", "\r", "j", "y", "\u{1b}", "o", "R",
        ] {
            tty.send(keys);
            tty.listen(Duration::from_millis(150));
        }
        tty.send(":panic task\r");
        assert_eq!(tty.ended(), 101);
        (std::mem::take(&mut tty.bytes), world)
    })
    .await
    .unwrap();
    assert!(String::from_utf8_lossy(&seen).contains("landfall"), "it said something at its end");
    world.is_clean("the terminal", &seen);
    world.is_kept_clean();
    world.children_saw_nothing();
}
