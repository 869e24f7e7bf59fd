//! The real binary on a real pseudo-terminal: what it shows, and how it leaves.
#![expect(clippy::unwrap_used, clippy::panic, clippy::disallowed_methods, dead_code, reason = "tests")]

#[path = "pty/again.rs"]
mod again;
#[path = "pty/leaving.rs"]
mod leaving;
#[path = "support/marks.rs"]
mod marks;
#[path = "pty/progress.rs"]
mod progress;
#[path = "pty/showing.rs"]
mod showing;
#[path = "pty/tidy.rs"]
mod tidy;
#[path = "pty/tty.rs"]
mod tty;
