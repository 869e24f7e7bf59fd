//! Signals that end the dashboard, or bring it back.

use std::io;
use std::process::exit;
use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::mpsc;
use tokio::time::sleep;

use crate::terminal::Terminal;

/// How long the loop may take to end in order.
const PATIENCE: Duration = Duration::from_secs(1);

/// What signals ask for.
pub(super) struct Signals {
    /// The exit code of the signal that asks to end: 128 and its number.
    pub(super) end: mpsc::Receiver<u8>,
    /// The shell, or somebody else, let the stopped process go on.
    pub(super) go_on: Signal,
}

impl Signals {
    /// Listens from now on. Where the loop does not end in time, because the terminal takes no more bytes,
    /// the process ends without it.
    pub(super) fn listen(terminal: Terminal) -> io::Result<Self> {
        let (asked, end) = mpsc::channel(1);
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        let mut hang_up = signal(SignalKind::hangup())?;
        let go_on = signal(SignalKind::from_raw(rustix::process::Signal::CONT.as_raw()))?;
        tokio::spawn(async move {
            let code = tokio::select! {
                _ = terminate.recv() => 143,
                _ = interrupt.recv() => 130,
                _ = hang_up.recv() => 129,
            };
            // A loop that is gone has ended by itself.
            let _ = asked.send(code).await;
            sleep(PATIENCE).await;
            terminal.drop_raw_mode();
            exit(code.into());
        });
        Ok(Self { end, go_on })
    }
}
