//! Whatever the network and the servers do, landfall is never wrong, and when they are well again it is right again.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::disallowed_methods,
    clippy::print_stderr,
    dead_code,
    reason = "tests"
)]

mod certificates;
mod claims;
mod counted;
mod fault;
mod keys;
mod lists;
#[path = "../support/loopback.rs"]
mod loopback;
mod mixed;
mod once;
mod proxy;
mod screen;
mod shown;
mod street;
mod table;
mod through;
#[path = "../pty/tty.rs"]
mod tty;
mod wire;
