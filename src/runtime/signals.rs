//! Signals that end the process, or bring the dashboard back.

use std::io;
use std::process::exit;
use std::sync::Arc;
use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::mpsc;
use tokio::time::sleep;

use crate::terminal::{Last, Terminal};

/// How long the loop may take to end in order.
const PATIENCE: Duration = Duration::from_secs(1);

/// Signals that ask the process to end, and what is done last where it ends past everything else.
pub struct Ending {
    terminate: Signal,
    interrupt: Signal,
    hang_up: Signal,
    quit: Signal,
    pub(super) last: Last,
}

impl Ending {
    /// Listens from now on: none of these signals ends the process by itself any more.
    pub(super) fn listen() -> io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hang_up: signal(SignalKind::hangup())?,
            quit: signal(SignalKind::quit())?,
            last: Arc::new(|| {}),
        })
    }

    /// Waits for such a signal, and returns its exit code: 128 and its number.
    pub(super) async fn asked(&mut self) -> u8 {
        tokio::select! {
            _ = self.terminate.recv() => 143,
            _ = self.interrupt.recv() => 130,
            _ = self.hang_up.recv() => 129,
            _ = self.quit.recv() => 131,
        }
    }

    /// Ends the process at such a signal, whatever it is at.
    pub(super) fn end_at_once(mut self) {
        tokio::spawn(async move {
            let code = self.asked().await;
            (self.last)();
            exit(code.into());
        });
    }
}

/// What signals ask for.
pub(super) struct Signals {
    /// The exit code of the signal that asks to end: 128 and its number.
    pub(super) end: mpsc::Receiver<u8>,
    /// The shell, or somebody else, let the stopped process go on.
    pub(super) go_on: Signal,
}

impl Signals {
    /// Tells the loop from now on. Where it does not end in time, because the terminal takes no more bytes, the process
    /// ends without it.
    pub(super) fn tell(mut ending: Ending, terminal: Terminal) -> io::Result<Self> {
        let (asked, end) = mpsc::channel(1);
        let go_on = signal(SignalKind::from_raw(rustix::process::Signal::CONT.as_raw()))?;
        tokio::spawn(async move {
            let code = ending.asked().await;
            // A loop that is gone has ended by itself.
            let _ = asked.send(code).await;
            sleep(PATIENCE).await;
            terminal.end(code);
        });
        Ok(Self { end, go_on })
    }
}
